//! Composes an answer from the documents' own sentences.
//!
//! Nothing is invented: what is said about the matter stands in a passage, in its order and in its
//! Markdown. Where the best passage covers too little of what was asked, the answer says that
//! nothing was found, in the language of the question. A short question may lean on the ones before it, but never be carried by
//! them alone.

use shared::Source;

use crate::index::{Index, Ranked};
use crate::markdown::{BlockKind, plain};
use crate::nothing::{Tongue, is_nothing_found};
use crate::passage::Passage;
use crate::query::Query;

/// The part of a question's weight that a passage must cover to answer it.
const FOUND: f32 = 0.5;
/// As [`FOUND`], for a passage that holds several words of the question: people wrap what they ask
/// in words of their own, but a foreign question seldom shares two with one passage.
const FOUND_BY_SEVERAL: f32 = 0.33;
/// The part of a passage's heading that is as good as several words: who names a section asks for
/// it.
const NAMED: f32 = 0.6;
/// A question with no more words than this may be a follow-up.
const SHORT: f32 = 2.0;
/// Passages that an answer draws on.
const SOURCES: usize = 3;
/// The part of the best passage's score that a further one needs.
const CLOSE: f32 = 0.7;
/// Length that an answer's main part aims at, in bytes.
const MAIN: usize = 1000;
/// Length of what a further passage adds, in bytes.
const FURTHER: usize = 260;
/// Longest snippet of a source, in characters.
const SNIPPET: usize = 300;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composed {
    /// Markdown.
    pub text: String,
    /// What it was drawn from, best first.
    pub sources: Vec<Source>,
    /// Whether the documents hold an answer.
    pub found: bool,
}

impl Composed {
    /// Whether something was asked that the documents do not answer.
    #[must_use]
    pub fn is_nothing_found(&self) -> bool {
        is_nothing_found(&self.text)
    }
}

/// Answers `question` from `index`; `earlier_questions` of the conversation, oldest first.
#[must_use]
pub fn compose(index: &Index, question: &str, earlier_questions: &[&str]) -> Composed {
    let earlier = earlier_questions
        .iter()
        .rev()
        .map(|question| index.query(question))
        .find(|query| !query.known.is_empty());
    let own = index.query(question);
    let tongue = || {
        let questions = [earlier_questions, &[question]].concat();
        Tongue::of(&questions, index.languages())
    };
    let (query, ranked) = if own.asks {
        let ranked = rank(index, &own, earlier.as_ref());
        (own, ranked)
    } else if let Some(earlier) = earlier.filter(|_| question.contains(['?', '？'])) {
        // "Why?" and "And then?" ask on.
        let ranked = rank(index, &earlier, None);
        (earlier, ranked)
    } else {
        return without_answer(tongue().nothing_asked());
    };
    match ranked.first() {
        Some(best) if answers(best) => answer(index, &query, &ranked),
        _ => without_answer(tongue().nothing_found()),
    }
}

fn rank(index: &Index, own: &Query, earlier: Option<&Query>) -> Vec<Ranked> {
    let earlier = earlier.filter(|_| own.words <= SHORT);
    index.rank(own, earlier, 2 * SOURCES)
}

fn answers(candidate: &Ranked) -> bool {
    let is_sure = candidate.terms > 1 || candidate.named >= NAMED;
    candidate.coverage >= if is_sure { FOUND_BY_SEVERAL } else { FOUND }
}

fn without_answer(text: &str) -> Composed {
    Composed { text: text.to_owned(), sources: Vec::new(), found: false }
}

fn answer(index: &Index, query: &Query, ranked: &[Ranked]) -> Composed {
    let mut parts = Vec::new();
    let mut sources: Vec<Source> = Vec::new();
    let best = ranked.first().map_or(0.0, |best| best.score);
    for candidate in ranked {
        let passage = index.passage(candidate.at);
        let is_first = sources.is_empty();
        let is_close = candidate.score >= CLOSE * best && answers(candidate);
        if sources.len() == SOURCES || !is_first && !is_close {
            break;
        }
        // Parts of one long section are one source.
        if sources.iter().any(|source| source.title == passage.title && source.url == passage.url) {
            continue;
        }
        let pieces = weighed(index, query, candidate.at);
        let picked = if is_first { main_part(passage, &pieces) } else { further_part(&pieces) };
        if picked.is_empty() {
            continue;
        }
        let quoted = quote(passage, &picked);
        let heading = if passage.heading.is_empty() { &passage.page } else { &passage.heading };
        parts.push(if is_first { quoted } else { format!("**{heading}**\n\n{quoted}") });
        sources.push(source(passage, &pieces));
    }
    Composed { text: parts.join("\n\n"), sources, found: true }
}

/// The passages that go with `question` to a model, best first. Those that hold an answer come
/// with the source to cite; the others may help a model and are not worth a reader's click.
#[must_use]
pub fn grounds<'a>(
    index: &'a Index,
    question: &str,
    limit: usize,
) -> Vec<(&'a Passage, Option<Source>)> {
    let query = index.query(question);
    let ranked = index.rank(&query, None, limit);
    let best = ranked.first().map_or(0.0, |best| best.score);
    let grounds = ranked.iter().map(|candidate| {
        let passage = index.passage(candidate.at);
        let cited = candidate.score >= CLOSE * best && answers(candidate);
        let source = || source(passage, &weighed(index, &query, candidate.at));
        (passage, cited.then(source))
    });
    grounds.collect()
}

fn source(passage: &Passage, pieces: &[Weighed<'_>]) -> Source {
    Source {
        title: passage.title.clone(),
        url: passage.url.clone(),
        snippet: snippet(passage, pieces),
        data_source_id: passage.data_source_id.clone(),
    }
}

/// A sentence, item, row or piece of code, and how much of the question it holds.
#[derive(Clone, Copy, Debug)]
struct Weighed<'a> {
    block: usize,
    piece: usize,
    kind: &'a BlockKind,
    text: &'a str,
    weight: f32,
}

fn weighed<'a>(index: &'a Index, query: &Query, at: usize) -> Vec<Weighed<'a>> {
    let passage = index.passage(at);
    let terms = index.piece_terms(at);
    let mut found = Vec::new();
    for (block, (read, terms)) in passage.blocks.iter().zip(terms).enumerate() {
        for (piece, (text, terms)) in read.pieces.iter().zip(terms).enumerate() {
            let weight = query.weight(terms);
            found.push(Weighed { block, piece, kind: &read.kind, text, weight });
        }
    }
    found
}

/// Numbers of pieces of the best passage, ascending: all of a short one, else its opening, what
/// holds most of the question, and what these lead to.
fn main_part(passage: &Passage, pieces: &[Weighed<'_>]) -> Vec<(usize, usize)> {
    if passage.text.len() <= MAIN {
        let kept = pieces.iter().filter(|piece| !is_idle_row(piece, pieces));
        return kept.map(|piece| (piece.block, piece.piece)).collect();
    }
    let mut picked: Vec<usize> = Vec::new();
    let mut left = MAIN;
    let take = |at: usize, left: &mut usize, picked: &mut Vec<usize>| {
        let fits = pieces.get(at).is_some_and(|piece| piece.text.len() <= *left);
        if fits && !picked.contains(&at) {
            *left -= pieces[at].text.len();
            picked.push(at);
        }
        fits
    };
    if pieces.first().is_some_and(|piece| *piece.kind == BlockKind::Paragraph) {
        take(0, &mut left, &mut picked);
    }
    let mut by_weight: Vec<usize> =
        (0..pieces.len()).filter(|&at| pieces[at].weight > 0.0).collect();
    by_weight.sort_by(|&a, &b| pieces[b].weight.total_cmp(&pieces[a].weight));
    for at in by_weight {
        take(at, &mut left, &mut picked);
    }
    // "For example:" is worth nothing without the example.
    for at in picked.clone() {
        let next = pieces.get(at + 1);
        let leads = pieces[at].text.ends_with(':')
            || next.is_some_and(|next| {
                *next.kind == BlockKind::Code && next.block != pieces[at].block
            });
        let Some(next) = next.filter(|_| leads) else { continue };
        for (at, piece) in pieces.iter().enumerate() {
            if piece.block == next.block && !take(at, &mut left, &mut picked) {
                break;
            }
        }
    }
    picked.sort_unstable();
    picked.into_iter().map(|at| (pieces[at].block, pieces[at].piece)).collect()
}

/// Whether a row of a table says little of what was asked, beside its best row.
fn is_idle_row(row: &Weighed<'_>, pieces: &[Weighed<'_>]) -> bool {
    if !matches!(row.kind, BlockKind::Table { .. }) {
        return false;
    }
    let same = pieces.iter().filter(|piece| piece.block == row.block);
    let best = same.map(|piece| piece.weight).fold(0.0, f32::max);
    row.weight < best / 2.0
}

/// Numbers of the one or two pieces that hold most of the question; no code, which says nothing
/// alone.
fn further_part(pieces: &[Weighed<'_>]) -> Vec<(usize, usize)> {
    let mut by_weight: Vec<&Weighed<'_>> = pieces
        .iter()
        .filter(|p| p.weight > 0.0 && *p.kind != BlockKind::Code && !p.text.ends_with(':'))
        .collect();
    by_weight.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let mut picked = Vec::new();
    let mut left = FURTHER;
    for piece in by_weight {
        if picked.is_empty() || piece.text.len() <= left {
            picked.push((piece.block, piece.piece));
            left = left.saturating_sub(piece.text.len());
        }
        if picked.len() == 2 {
            break;
        }
    }
    picked.sort_unstable();
    picked
}

/// The picked pieces as they stand in the passage.
fn quote(passage: &Passage, picked: &[(usize, usize)]) -> String {
    let quoted: Vec<String> = picked
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|chunk| {
            let (block, _) = *chunk.first()?;
            let pieces: Vec<usize> = chunk.iter().map(|(_, piece)| *piece).collect();
            Some(passage.blocks.get(block)?.quote(&pieces))
        })
        .collect();
    quoted.join("\n\n")
}

/// The passage from its most fitting sentence on, without Markdown.
fn snippet(passage: &Passage, pieces: &[Weighed<'_>]) -> String {
    let prose = |piece: &&Weighed<'_>| *piece.kind != BlockKind::Code;
    let best = pieces
        .iter()
        .filter(prose)
        .reduce(|best, piece| if piece.weight > best.weight { piece } else { best });
    let Some(best) = best else { return shortened(&passage.text) };
    let from = pieces
        .iter()
        .filter(prose)
        .filter(|piece| piece.block == best.block && piece.piece >= best.piece)
        .filter(|piece| !is_idle_row(piece, pieces));
    let texts: Vec<String> = from.map(|piece| plain(piece.text)).collect();
    shortened(&texts.join(" "))
}

fn shortened(text: &str) -> String {
    if text.chars().nth(SNIPPET).is_none() {
        return text.to_owned();
    }
    let cut: String = text.chars().take(SNIPPET - 1).collect();
    let kept = cut.rfind(char::is_whitespace).filter(|at| *at > cut.len() / 2).unwrap_or(cut.len());
    format!("{}…", cut[..kept].trim_end())
}
