//! Ranks passages by how well they answer a question.
//!
//! BM25 proposes, with the words of headings weighing more; the order is then settled by how much
//! of the question a passage covers, because a passage that holds one rare word of it many times
//! answers less than one that holds all of them once.

use crate::language::Language;
use crate::lexicon::{Lexicon, Meant, Reader, Term};
use crate::passage::Passage;
use crate::query::Query;
use crate::reading::Reading;
use crate::scorer::Scorer;
use crate::synonyms::related;
use crate::words::{Kind, asked};

/// How many of BM25's proposals are looked at closely.
const PROPOSALS: usize = 24;
/// Fewer passages than this are weighed like so many.
const FEW: usize = 30;
/// Words of a question that count; the rest of a long one says little.
const ASKED: usize = 48;
/// What earlier questions count beside the one at hand.
const EARLIER: f32 = 0.5;
/// In how many passages a word counts as standing that no document knows: it speaks against an
/// answer, as a rare word that the passage lacks.
const UNKNOWN: f32 = 0.5;
/// How much a passage gains by what stands in the headings above it, beside what its own gives.
const ABOVE_CLOSE: f32 = 0.5;
/// What a word must count in a passage to speak for it being an answer: more than a synonym does.
const SURE: f32 = 0.72;
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
    read: Vec<Reading>,
    scorer: Scorer,
    lexicon: Lexicon,
    languages: Vec<Language>,
}

/// A passage that was found.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    pub passage: &'a Passage,
    /// Comparable within one search only.
    pub score: f32,
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

impl Index {
    /// Reads the passages; their order decides between equals.
    #[must_use]
    pub fn new(passages: Vec<Passage>) -> Self {
        let mut reader = Reader::default();
        let (readings, counted): (Vec<Reading>, Vec<_>) =
            passages.iter().map(|passage| Reading::of(passage, &mut reader)).unzip();
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
        let (mut unknown_kana, mut names) = (0.0, false);
        let related = related(question, &self.languages);
        for word in asked(question, &self.languages, ASKED) {
            let mut terms = self.lexicon.meant(&word);
            self.lexicon.add_related(&word, &related, &mut terms);
            let is_kana = word.kind == Kind::Kana;
            if terms.is_empty() && !word.speaks_when_unknown() {
                unknown_kana += if is_kana { word.says() * self.idf(UNKNOWN) } else { 0.0 };
                continue;
            }
            names |= !is_kana && !word.is_chatter;
            // Several languages may know the word: its commonest form says how rare it is.
            let is_exact = terms.iter().any(|(_, share)| *share == 1.0);
            let meant = terms.iter().filter(|(_, share)| !is_exact || *share == 1.0);
            let commonest = meant.map(|(term, _)| self.lexicon.passages(*term)).max();
            let idf = self.idf(commonest.map_or(UNKNOWN, |passages| passages as f32));
            let weight = word.says() * idf;
            query.mass += weight;
            query.words += word.words();
            query.asks |= !word.is_chatter && !word.is_small_number();
            if !terms.is_empty() {
                query.known.push(Meant { terms, weight, is_word: word.is_word() });
            }
        }
        // Beside words, unknown kana are grammar. Alone they are what is asked.
        if !names {
            query.mass += unknown_kana;
            query.asks |= unknown_kana > 0.0;
        }
        query
    }

    /// How much a term that stands in so many passages says, as BM25 has it.
    fn idf(&self, passages: f32) -> f32 {
        // In a handful of passages nothing is rare: a word that none of them knows must not outweigh
        // all that one of them does.
        let all = (self.passages.len().max(FEW) as f32).max(passages);
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
        // What one sentence says together is meant together.
        let together = read.together(query);
        candidate.coverage = part(&read.all);
        candidate.named = self.named(query, &read.heading);
        candidate.terms =
            query.known.iter().filter(|word| word.is_word && word.share(&read.all) > SURE).count();
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
    use crate::passage::{Document, Headings, passages};

    fn index(markdown: &str) -> Index {
        Index::new(passages(&Document {
            data_source_id: "d".into(),
            name: "d".into(),
            url: None,
            headings: Headings::Anchored,
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
