//! A question as the words of the documents that it may mean.

use crate::lexicon::{Meant, Term};

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
    pub(crate) fn part(&self, terms: &[Term]) -> f32 {
        self.weight(terms) / self.mass.max(f32::MIN_POSITIVE)
    }

    /// The weight of the words that stand in `terms` (sorted).
    pub(crate) fn weight(&self, terms: &[Term]) -> f32 {
        self.known.iter().map(|word| word.weight * word.share(terms)).sum()
    }
}
