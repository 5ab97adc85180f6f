//! A passage as terms: what ranking knows of it.

use std::collections::HashMap;

use crate::lexicon::{Reader, Term};
use crate::markdown::BlockKind;
use crate::passage::Passage;
use crate::query::Query;

/// How often a word of a passage's own heading counts.
const HEADING: f32 = 3.0;
/// How often a word of the headings above it, or of its document's title, counts.
const ABOVE: f32 = 1.0;

/// A passage as terms. Every list is sorted.
pub(crate) struct Reading {
    pub all: Vec<Term>,
    /// Of its own heading.
    pub heading: Vec<Term>,
    /// Of the headings above it.
    pub above: Vec<Term>,
    /// The first of the text.
    pub first: Option<Term>,
    /// Of each block, of each piece.
    pub blocks: Vec<Vec<Vec<Term>>>,
    /// Of each block, of its head, if it is a table.
    pub heads: Vec<Vec<Term>>,
}

impl Reading {
    /// A passage as terms, and how often each counts.
    pub(crate) fn of(passage: &Passage, reader: &mut Reader) -> (Self, HashMap<Term, f32>) {
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
        let blocks = passage.blocks.iter().map(|block| {
            block.pieces.iter().map(|piece| set(reader.read(piece, language))).collect()
        });
        let read = Self {
            blocks: blocks.collect(),
            heads,
            first: text.first().copied(),
            all: set(counted.keys().copied().collect()),
            heading: set(heading),
            above: set(above),
        };
        (read, counted)
    }

    /// The part of the question that one sentence holds, or one row with its table's head.
    pub(crate) fn together(&self, query: &Query) -> f32 {
        let pieces = self.blocks.iter().zip(&self.heads);
        let pieces =
            pieces.flat_map(|(pieces, head)| pieces.iter().map(move |piece| (piece, head)));
        let part = |(piece, head): (&Vec<Term>, &Vec<Term>)| {
            let words = query.known.iter();
            words.map(|word| word.weight * word.share(piece).max(word.share(head))).sum::<f32>()
        };
        pieces.map(part).fold(0.0, f32::max) / query.mass.max(f32::MIN_POSITIVE)
    }
}

fn set(mut terms: Vec<Term>) -> Vec<Term> {
    terms.sort_unstable();
    terms.dedup();
    terms
}
