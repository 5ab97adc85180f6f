//! Ranks passages by how well they answer a question.
//!
//! BM25 proposes, with the words of headings weighing more; the order is then settled by how much
//! of the question a passage covers, because a passage that holds one rare word of it many times
//! answers less than one that holds all of them once.

use std::collections::HashMap;

use crate::language::Language;
use crate::lexicon::{Lexicon, Meant, Reader, Term};
use crate::markdown::BlockKind;
use crate::passage::Passage;
use crate::scorer::Scorer;
use crate::words::asked;

/// How often a word of a passage's own heading counts.
const HEADING: f32 = 3.0;
/// How often a word of the headings above it, or of its document's title, counts.
const ABOVE: f32 = 1.0;
/// How many of BM25's proposals are looked at closely.
const PROPOSALS: usize = 24;
/// Words of a question that count; the rest of a long one says little.
const ASKED: usize = 48;
/// What earlier questions count beside the one at hand.
const EARLIER: f32 = 0.5;
/// In how many passages a word counts as standing that no document knows: it speaks against an
/// answer, as a rare word that the passage lacks.
const UNKNOWN: f32 = 0.5;
/// How much a passage gains by what stands in the headings above it, beside what its own gives.
const ABOVE_CLOSE: f32 = 0.5;
/// How much it gains when the question names all of its heading.
const NAMED: f32 = 0.3;
/// What the opening of a document counts: it names what the sections say.
const OPENING: f32 = 0.8;
/// What a passage counts whose first word was asked for.
const BEGINS: f32 = 1.1;
/// How much less the last passage counts than the first.
const PLACE: f32 = 0.05;

/// Passages, ready to be searched.
pub struct Index {
    passages: Vec<Passage>,
    read: Vec<Read>,
    scorer: Scorer,
    lexicon: Lexicon,
    languages: Vec<Language>,
}

/// A passage as terms. Every list is sorted.
struct Read {
    all: Vec<Term>,
    /// Of its own heading.
    heading: Vec<Term>,
    /// Of the headings above it.
    above: Vec<Term>,
    /// The first of the text.
    first: Option<Term>,
    /// Of each block, of each piece.
    blocks: Vec<Vec<Vec<Term>>>,
    /// Of each block, of its head, if it is a table.
    heads: Vec<Vec<Term>>,
}

/// A passage that was found.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    pub passage: &'a Passage,
    /// Comparable within one search only.
    pub score: f32,
}

/// What a question is about.
#[derive(Debug, Default)]
pub(crate) struct Query {
    /// Words that stand in the documents.
    pub known: Vec<Meant>,
    /// Weight of all words, also of those that no document knows.
    pub mass: f32,
    pub words: f32,
    /// Whether anything is asked; thanks are no question.
    pub asks: bool,
}

impl Query {
    /// The part of the question that stands in `terms` (sorted), 0 to 1.
    fn part(&self, terms: &[Term]) -> f32 {
        weight(&self.known, terms) / self.mass.max(f32::MIN_POSITIVE)
    }
}

/// A passage with what spoke for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranked {
    pub at: usize,
    pub score: f32,
    /// The part of the question's weight that the passage covers, 0 to 1.
    pub coverage: f32,
    /// Words of the question that stand in the passage.
    pub terms: usize,
    /// The part of its heading that the question names, 0 to 1.
    pub named: f32,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("passages", &self.passages.len())
            .field("terms", &self.lexicon.len())
            .finish_non_exhaustive()
    }
}

fn set(mut terms: Vec<Term>) -> Vec<Term> {
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The part of `word` that stands in `terms` (sorted), 0 to 1.
fn share(word: &Meant, terms: &[Term]) -> f32 {
    let there = word.terms.iter().filter(|(term, _)| terms.binary_search(term).is_ok());
    there.map(|(_, share)| *share).fold(0.0, f32::max)
}

/// The weight of the words of `query` that stand in `terms` (sorted).
pub(crate) fn weight(query: &[Meant], terms: &[Term]) -> f32 {
    query.iter().map(|word| word.weight * share(word, terms)).sum()
}

/// A passage as terms, and how often each counts.
fn read(passage: &Passage, reader: &mut Reader) -> (Read, HashMap<Term, f32>) {
    let language = passage.language;
    let page = reader.read(&passage.page, language);
    let (above, own) = passage.heading.rsplit_once(" › ").unwrap_or(("", &passage.heading));
    // What opens a document stands under its title.
    let heading = if own.is_empty() { page.clone() } else { reader.read(own, language) };
    let above = [page, reader.read(above, language)].concat();
    let text = reader.read(&passage.text, language);
    let mut counted: HashMap<Term, f32> = HashMap::new();
    for (terms, times) in [(&heading, HEADING), (&above, ABOVE), (&text, 1.0)] {
        for term in terms {
            *counted.entry(*term).or_insert(0.0) += times;
        }
    }
    let heads = passage.blocks.iter().map(|block| match &block.kind {
        BlockKind::Table { head } => set(reader.read(head, language)),
        _ => Vec::new(),
    });
    let heads = heads.collect();
    let blocks = passage
        .blocks
        .iter()
        .map(|block| block.pieces.iter().map(|piece| set(reader.read(piece, language))).collect());
    let read = Read {
        blocks: blocks.collect(),
        heads,
        first: text.first().copied(),
        all: set(counted.keys().copied().collect()),
        heading: set(heading),
        above: set(above),
    };
    (read, counted)
}

impl Index {
    /// Reads the passages; their order decides between equals.
    #[must_use]
    pub fn new(passages: Vec<Passage>) -> Self {
        let mut reader = Reader::default();
        let (readings, counted): (Vec<Read>, Vec<_>) =
            passages.iter().map(|passage| read(passage, &mut reader)).unzip();
        readings.iter().for_each(|read| reader.count(&read.all));
        let lexicon = reader.finish();
        let scorer = Scorer::new(&counted, lexicon.len());
        let mut languages: Vec<Language> = passages.iter().filter_map(|p| p.language).collect();
        languages.sort_unstable();
        languages.dedup();
        Self { passages, read: readings, scorer, lexicon, languages }
    }

    /// The passages that answer best, best first; none that shares no word with the question.
    #[must_use]
    pub fn search(&self, question: &str, limit: usize) -> Vec<Hit<'_>> {
        let ranked = self.rank(&self.query(question), None, limit);
        ranked
            .into_iter()
            .map(|ranked| Hit { passage: &self.passages[ranked.at], score: ranked.score })
            .collect()
    }

    /// The languages of the documents.
    pub(crate) fn languages(&self) -> &[Language] {
        &self.languages
    }

    pub(crate) fn passage(&self, at: usize) -> &Passage {
        &self.passages[at]
    }

    /// The terms of each piece of each block of a passage, sorted.
    pub(crate) fn piece_terms(&self, at: usize) -> &[Vec<Vec<Term>>] {
        &self.read[at].blocks
    }

    /// What `question` is about.
    pub(crate) fn query(&self, question: &str) -> Query {
        let mut query = Query::default();
        for word in asked(question, &self.languages, ASKED) {
            let terms = self.lexicon.meant(&word);
            if terms.is_empty() && !word.speaks_when_unknown() {
                continue;
            }
            // Several languages may know the word: its commonest form says how rare it is.
            let is_exact = terms.iter().any(|(_, share)| *share == 1.0);
            let meant = terms.iter().filter(|(_, share)| !is_exact || *share == 1.0);
            let commonest = meant.map(|(term, _)| self.lexicon.passages(*term)).max();
            let idf = self.idf(commonest.map_or(UNKNOWN, |passages| passages as f32));
            let weight = word.says() * idf;
            query.mass += weight;
            query.words += word.words();
            query.asks |= !word.is_chatter;
            if !terms.is_empty() {
                query.known.push(Meant { terms, weight, is_word: word.is_word() });
            }
        }
        query
    }

    /// How much a term that stands in so many passages says, as BM25 has it.
    fn idf(&self, passages: f32) -> f32 {
        let all = (self.passages.len() as f32).max(passages);
        (1.0 + (all - passages + 0.5) / (passages + 0.5)).ln()
    }

    /// The best passages for `query`, best first; `earlier` only helps to choose.
    pub(crate) fn rank(&self, query: &Query, earlier: Option<&Query>, limit: usize) -> Vec<Ranked> {
        let mut scores = vec![0.0; self.passages.len()];
        for (query, factor) in [(Some(query), 1.0), (earlier, EARLIER)] {
            for word in query.iter().flat_map(|query| &query.known) {
                self.scorer.add(word, factor, &mut scores);
            }
        }
        let scored = scores.into_iter().enumerate().filter(|(_, score)| *score > 0.0);
        let mut ranked: Vec<Ranked> = scored
            .map(|(at, score)| Ranked { at, score, coverage: 0.0, terms: 0, named: 0.0 })
            .collect();
        best_first(&mut ranked, PROPOSALS);
        ranked.iter_mut().for_each(|candidate| self.settle(query, earlier, candidate));
        best_first(&mut ranked, limit);
        ranked
    }

    /// Looks closely at a proposal.
    fn settle(&self, query: &Query, earlier: Option<&Query>, candidate: &mut Ranked) {
        let read = &self.read[candidate.at];
        let part = |terms: &[Term]| query.part(terms);
        // What one sentence says together is meant together, and so is a row with its table's head.
        let rows = read.blocks.iter().zip(&read.heads);
        let pieces = rows.flat_map(|(pieces, head)| pieces.iter().map(move |piece| (piece, head)));
        let both = |(piece, head): (&Vec<Term>, &Vec<Term>)| {
            let better = |word: &Meant| share(word, piece).max(share(word, head));
            query.known.iter().map(|word| word.weight * better(word)).sum::<f32>()
        };
        let together = pieces.map(both).fold(0.0, f32::max) / query.mass.max(f32::MIN_POSITIVE);
        candidate.coverage = part(&read.all);
        candidate.named = self.named(query, &read.heading);
        candidate.terms =
            query.known.iter().filter(|word| word.is_word && share(word, &read.all) > 0.0).count();
        // A passage begins with what it is about, and a manual's basics stand in front. What opens
        // a document only names what follows.
        let begins = read.first.is_some_and(|first| {
            query.known.iter().any(|word| word.terms.iter().any(|(term, _)| *term == first))
        });
        let opens = self.passages[candidate.at].heading.is_empty();
        let stands = 1.0 - PLACE * candidate.at as f32 / self.read.len().max(1) as f32;
        candidate.score *= (0.25 + candidate.coverage + together)
            * (1.0 + part(&read.heading) + ABOVE_CLOSE * part(&read.above))
            * (1.0 + NAMED * candidate.named)
            * match (opens, begins) {
                (true, _) => OPENING,
                (false, true) => BEGINS,
                (false, false) => 1.0,
            }
            * (1.0 + EARLIER * earlier.map_or(0.0, |earlier| earlier.part(&read.all)))
            * stands;
    }

    /// The part of a heading that the question names, 0 to 1: "refund?" asks for "Refunds" and not
    /// for "Deductions for use".
    fn named(&self, query: &Query, heading: &[Term]) -> f32 {
        let (mut named, mut all) = (0.0, 0.0);
        for term in heading {
            let idf = self.idf(self.lexicon.passages(*term) as f32);
            let shares = query.known.iter().flat_map(|word| &word.terms);
            let share = shares.filter(|(known, _)| known == term).map(|(_, share)| *share);
            named += idf * share.fold(0.0, f32::max);
            all += idf;
        }
        named / f32::max(all, f32::MIN_POSITIVE)
    }
}

fn best_first(ranked: &mut Vec<Ranked>, limit: usize) {
    ranked.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.at.cmp(&b.at)));
    ranked.truncate(limit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passage::{Document, passages};

    fn index(markdown: &str) -> Index {
        Index::new(passages(&Document {
            data_source_id: "d".into(),
            name: "d".into(),
            url: None,
            markdown: markdown.into(),
        }))
    }

    #[test]
    fn a_misspelt_word_is_found() {
        let index = index("# Doc\n\n## A\n\nThe widget is round.\n\n## B\n\nThe server is fast.\n");
        assert_eq!(index.search("tell me about the wigdet", 5)[0].passage.heading, "A");
    }

    #[test]
    fn german_and_japanese_documents_are_found_in_their_own_forms() {
        let german = index(
            "# Handbuch\n\n## Sicherung\n\nDie Datenbank wird mit einem Befehl gesichert, und die Kopien liegen im Ordner.\n\n## Farben\n\nDie Farbe der Schaltfläche wird in der Konfiguration gesetzt und ist blau.\n",
        );
        assert_eq!(
            german.search("Welche Farben haben Schaltflächen?", 1)[0].passage.heading,
            "Farben"
        );
        let japanese = index(
            "# 手引き\n\n## 鍵\n\n鍵は管理画面で作成します。\n\n## 色\n\nボタンの色は設定で変更できます。\n",
        );
        assert_eq!(japanese.search("ボタンの色を変更したい", 1)[0].passage.heading, "色");
    }

    #[test]
    fn a_heading_weighs_more_than_a_mention() {
        let index = index(
            "# Doc\n\n## First\n\nColours are told of elsewhere and this is long.\n\n## Colours\n\nSet them where you like and this is long.\n",
        );
        assert_eq!(index.search("colours", 2)[0].passage.heading, "Colours");
    }
}
