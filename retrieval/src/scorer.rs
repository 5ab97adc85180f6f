//! BM25: how much a passage says about a word, by how often the word stands in it.
//!
//! In: the terms of each passage. Out: for a word of a question, the passages that have one of its
//! terms. Where a passage has several, the best one counts: a word that may mean two things is
//! still one word.

use std::collections::HashMap;

use crate::lexicon::{Meant, Term};

/// How soon more of the same word says nothing more.
const K1: f32 = 1.2;
/// How much short passages are preferred, BM25's `b`: sections of a manual are short by nature, and
/// one that says more is no worse an answer.
const B: f32 = 0.5;

/// Which passages have a term, and what it counts there.
pub(crate) struct Scorer {
    postings: Vec<Vec<(u32, f32)>>,
}

impl Scorer {
    /// `passages`: the terms of each, each with how often it counts; `terms`: how many there are.
    pub(crate) fn new(passages: &[HashMap<Term, f32>], terms: usize) -> Self {
        let length = |passage: &HashMap<Term, f32>| passage.values().sum::<f32>();
        let mean = passages.iter().map(length).sum::<f32>() / passages.len().max(1) as f32;
        let mut postings = vec![Vec::new(); terms];
        for (at, passage) in (0_u32..).zip(passages) {
            let long = K1 * (1.0 - B + B * length(passage) / mean.max(f32::MIN_POSITIVE));
            for (term, times) in passage {
                if let Some(posting) = postings.get_mut(*term as usize) {
                    posting.push((at, times * (K1 + 1.0) / (times + long)));
                }
            }
        }
        Self { postings }
    }

    /// Adds to each passage's score what it says about `word`, times `factor`.
    pub(crate) fn add(&self, word: &Meant, factor: f32, scores: &mut [f32]) {
        let postings = |term: Term| self.postings.get(term as usize).into_iter().flatten();
        let mut found: Vec<(u32, f32)> = word
            .terms
            .iter()
            .flat_map(|(term, share)| postings(*term).map(move |(at, value)| (*at, value * share)))
            .collect();
        if word.terms.len() > 1 {
            found.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
            found.dedup_by_key(|(at, _)| *at);
        }
        for (at, value) in found {
            if let Some(score) = scores.get_mut(at as usize) {
                *score += factor * word.weight * value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(word: &Meant) -> [f32; 3] {
        let passages = [
            HashMap::from([(0, 1.0), (1, 3.0)]),
            HashMap::from([(0, 1.0), (2, 1.0)]),
            HashMap::from([(1, 4.0)]),
        ];
        let mut scores = [0.0; 3];
        Scorer::new(&passages, 3).add(word, 1.0, &mut scores);
        scores
    }

    #[test]
    fn short_passages_and_repeated_words_score_more() {
        let [long, short, none] =
            scores(&Meant { terms: vec![(0, 1.0)], weight: 1.0, is_word: true });
        assert!(short > long && long > 0.0 && none == 0.0);
        let [thrice, _, four_times] =
            scores(&Meant { terms: vec![(1, 1.0)], weight: 1.0, is_word: true });
        assert!(four_times > thrice);
    }

    #[test]
    fn a_passage_with_two_meanings_of_a_word_counts_the_better_one() {
        let one = scores(&Meant { terms: vec![(0, 1.0)], weight: 1.0, is_word: true });
        let both = scores(&Meant { terms: vec![(0, 1.0), (2, 0.5)], weight: 1.0, is_word: true });
        assert_eq!(one, both);
    }
}
