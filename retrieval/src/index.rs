//! Ranks passages by how well they answer a question.
//!
//! BM25 proposes, with the words of headings weighing more; the order is then settled by how much
//! of the question a passage covers, because a passage that holds one rare word of it many times
//! answers less than one that holds all of them once.

use std::collections::{BTreeMap, HashMap};
use std::iter::repeat_n;

use bm25::{Embedder, EmbedderBuilder, Embedding, Scorer, TokenEmbedding, Tokenizer};

use crate::language::Language;
use crate::passage::Passage;
use crate::spelling::{is_longer_form, is_one_slip};
use crate::words::{Term, asked, number, terms};

/// How often a word of a passage's own heading counts.
const HEADING: usize = 3;
/// How often a word of its document's title counts.
const PAGE: usize = 1;
/// How much BM25 prefers short passages, its `b`: sections of a manual are short by nature, and one
/// that says more is no worse an answer.
const LENGTH: f32 = 0.5;
/// How many of BM25's proposals are looked at closely.
const PROPOSALS: usize = 24;
/// Fewer passages than this are weighed like so many.
const FEW: usize = 30;
/// Words of a question that count; the rest of a long one says little.
const ASKED: usize = 48;
/// What earlier questions count beside the one at hand.
const EARLIER: f32 = 0.3;
/// Shortest word that is taken for a misspelling, in characters.
const MISSPELT: usize = 5;

/// Passages, ready to be searched.
pub struct Index {
    passages: Vec<Passage>,
    read: Vec<Read>,
    scorer: Scorer<u32, Term>,
    /// In how many passages a term stands; by text, so that misspellings find their neighbours.
    vocabulary: BTreeMap<String, u32>,
    languages: Vec<Language>,
}

/// A passage as terms. Every list is sorted.
struct Read {
    all: Vec<Term>,
    heading: Vec<Term>,
    /// The first of the text.
    first: Option<Term>,
    /// Of each block, of each piece.
    blocks: Vec<Vec<Vec<Term>>>,
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
    /// Terms that stand in the documents, with their weight.
    pub known: Vec<(Term, f32)>,
    /// Weight of all words, also of those that no document knows.
    pub mass: f32,
    pub words: usize,
}

/// A passage with what spoke for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranked {
    pub at: usize,
    pub score: f32,
    /// The part of the question's weight that the passage covers, 0 to 1.
    pub coverage: f32,
    /// Terms of the question that stand in the passage.
    pub terms: usize,
}

/// Terms are cut before BM25 sees them: it gets them joined by spaces.
struct Prepared;

impl Tokenizer for Prepared {
    fn tokenize(&self, text: &str) -> Vec<String> {
        text.split(' ').filter(|term| !term.is_empty()).map(str::to_owned).collect()
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("passages", &self.passages.len())
            .field("terms", &self.vocabulary.len())
            .finish_non_exhaustive()
    }
}

fn numbers(terms: &[String]) -> Vec<Term> {
    let mut numbers: Vec<Term> = terms.iter().map(|term| number(term)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The weight of the terms of `query` that stand in `terms` (sorted).
pub(crate) fn weight(query: &[(Term, f32)], terms: &[Term]) -> f32 {
    query.iter().filter(|(term, _)| terms.binary_search(term).is_ok()).map(|(_, idf)| idf).sum()
}

fn count(query: &[(Term, f32)], terms: &[Term]) -> usize {
    query.iter().filter(|(term, _)| terms.binary_search(term).is_ok()).count()
}

impl Index {
    /// Reads the passages; their order decides between equals.
    #[must_use]
    pub fn new(passages: Vec<Passage>) -> Self {
        let mut vocabulary = BTreeMap::new();
        let mut read = Vec::with_capacity(passages.len());
        let mut prepared = Vec::with_capacity(passages.len());
        for passage in &passages {
            let language = passage.language;
            let page = terms(&passage.page, language);
            // What opens a document stands under its title.
            let heading = match passage.heading.as_str() {
                "" => page.clone(),
                heading => terms(heading, language),
            };
            let text = terms(&passage.text, language);
            let blocks = passage.blocks.iter().map(|block| {
                block.pieces.iter().map(|piece| numbers(&terms(piece, language))).collect()
            });
            let titles = repeat_n(&page, PAGE).chain(repeat_n(&heading, HEADING));
            let weighted: Vec<&str> = titles.chain([&text]).flatten().map(String::as_str).collect();
            prepared.push(weighted.join(" "));
            let first = text.first().cloned();
            let mut all = [page, heading.clone(), text].concat();
            read.push(Read {
                all: numbers(&all),
                heading: numbers(&heading),
                first: first.as_deref().map(number),
                blocks: blocks.collect(),
            });
            all.sort_unstable();
            all.dedup();
            for term in all {
                *vocabulary.entry(term).or_insert(0) += 1;
            }
        }
        let scorer = scorer(&prepared);
        let mut languages: Vec<Language> = passages.iter().filter_map(|p| p.language).collect();
        languages.sort_unstable();
        languages.dedup();
        Self { passages, read, scorer, vocabulary, languages }
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
            let mut known: Vec<(&str, u32)> = word
                .stems
                .iter()
                .filter_map(|stem| self.vocabulary.get_key_value(stem.as_str()))
                .map(|(stem, passages)| (stem.as_str(), *passages))
                .collect();
            if known.is_empty() && word.is_whole {
                continue;
            }
            if known.is_empty() {
                known.extend(word.stems.iter().find_map(|stem| self.neighbour(stem)));
            }
            // Several languages may know the word: its commonest form says how rare it is.
            let commonest = known.iter().map(|(_, passages)| *passages).max().unwrap_or(0);
            let idf = self.idf(commonest);
            query.mass += idf;
            query.words += 1;
            query.known.extend(known.iter().map(|(stem, _)| (number(stem), idf)));
        }
        query.known.sort_unstable_by_key(|(term, _)| *term);
        query.known.dedup_by_key(|(term, _)| *term);
        query
    }

    /// How much a term that stands in so many passages says, as BM25 has it.
    fn idf(&self, passages: u32) -> f32 {
        // In a handful of passages nothing is rare: a word that none of them knows must not outweigh
        // all that one of them does.
        let (all, some) = (self.passages.len().max(FEW) as f32, passages as f32);
        (1.0 + (all - some + 0.5) / (some + 0.5)).ln()
    }

    /// The commonest term that is one slip of the keys away from `stem`, or a longer form of it.
    fn neighbour(&self, stem: &str) -> Option<(&str, u32)> {
        stem.chars().nth(MISSPELT - 1)?;
        let first = stem.chars().next().filter(|c| c.is_alphabetic())?;
        // The first letter is seldom wrong, and the rest of the vocabulary need not be read.
        self.vocabulary
            .range(first.to_string()..)
            .take_while(|(term, _)| term.starts_with(first))
            .filter(|(term, _)| is_one_slip(stem, term) || is_longer_form(stem, term))
            .max_by_key(|(_, passages)| **passages)
            .map(|(term, passages)| (term.as_str(), *passages))
    }

    /// The best passages for `query`, best first; `earlier` only helps to choose.
    pub(crate) fn rank(&self, query: &Query, earlier: Option<&Query>, limit: usize) -> Vec<Ranked> {
        let mut scores: HashMap<u32, f32> = HashMap::new();
        for (query, weight) in [(Some(query), 1.0), (earlier, EARLIER)] {
            let Some(query) = query else { continue };
            let tokens =
                query.known.iter().map(|(term, _)| TokenEmbedding { index: *term, value: 1.0 });
            for found in self.scorer.matches(&Embedding(tokens.collect())) {
                *scores.entry(found.id).or_insert(0.0) += weight * found.score;
            }
        }
        let mut ranked: Vec<Ranked> = scores
            .into_iter()
            .map(|(id, score)| Ranked { at: id as usize, score, coverage: 0.0, terms: 0 })
            .collect();
        best_first(&mut ranked, PROPOSALS);
        for candidate in &mut ranked {
            let read = &self.read[candidate.at];
            let share =
                |terms: &[Term]| weight(&query.known, terms) / query.mass.max(f32::MIN_POSITIVE);
            let pieces = read.blocks.iter().flatten();
            // What one sentence says together is meant together.
            let together = pieces.map(|piece| share(piece)).fold(0.0, f32::max);
            candidate.coverage = share(&read.all);
            candidate.terms = count(&query.known, &read.all);
            // A passage begins with what it is about, and a manual's basics stand in front.
            let begins = read.first.is_some_and(|first| query.known.iter().any(|k| k.0 == first));
            let place = 1.0 - 0.1 * candidate.at as f32 / self.read.len().max(1) as f32;
            candidate.score *= (0.25 + 0.5 * candidate.coverage + together)
                * (1.0 + share(&read.heading))
                * match (begins, self.passages[candidate.at].heading.is_empty()) {
                    (true, true) => 1.4,
                    (true, false) => 1.2,
                    (false, _) => 1.0,
                }
                * place;
        }
        best_first(&mut ranked, limit);
        ranked
    }
}

fn best_first(ranked: &mut Vec<Ranked>, limit: usize) {
    ranked.sort_unstable_by(|a, b| b.score.total_cmp(&a.score).then(a.at.cmp(&b.at)));
    ranked.truncate(limit);
}

fn scorer(prepared: &[String]) -> Scorer<u32, Term> {
    let corpus: Vec<&str> = prepared.iter().map(String::as_str).collect();
    let embedder: Embedder<Term, Prepared> =
        EmbedderBuilder::with_tokenizer_and_fit_to_corpus(Prepared, &corpus).b(LENGTH).build();
    let mut scorer = Scorer::new();
    for (id, text) in (0_u32..).zip(corpus) {
        // One entry a term, sorted: the scorer looks for the first and adds in this order.
        let mut embedding = embedder.embed(text).0;
        embedding.sort_unstable_by_key(|token| token.index);
        embedding.dedup_by_key(|token| token.index);
        scorer.upsert(&id, Embedding(embedding));
    }
    scorer
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
