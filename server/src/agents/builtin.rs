//! The provider without a model: composes the answer from the documents and speaks it word by word.

use std::collections::VecDeque;
use std::time::Duration;

use retrieval::Index;
use shared::{FinishReason, Role};

use super::{Delta, Prompt};

/// Longest time that the words of one answer take in all.
const LONGEST: Duration = Duration::from_secs(2);
/// Earlier questions that a follow-up may lean on.
const EARLIER: usize = 3;

/// The provider.
#[derive(Debug)]
pub(super) struct Builtin {
    word_delay: Duration,
}

/// An answer, word by word.
#[derive(Debug)]
pub struct Words {
    left: VecDeque<Delta>,
    delay: Duration,
    spoken: bool,
}

impl Builtin {
    pub(super) fn new(word_delay: Duration) -> Self {
        Self { word_delay }
    }

    /// `fallback` is said when nothing was found, unless it is empty.
    pub(super) fn answer(&self, documents: &Index, prompt: &Prompt, fallback: &str) -> Words {
        let mut earlier: Vec<&str> = prompt
            .history
            .iter()
            .rev()
            .filter(|(role, _)| *role == Role::User)
            .map(|(_, text)| text.as_str())
            .take(EARLIER)
            .collect();
        earlier.reverse();
        let mut composed = retrieval::compose(documents, &prompt.question, &earlier);
        if composed.is_nothing_found() && !fallback.is_empty() {
            fallback.clone_into(&mut composed.text);
        }
        let mut left: VecDeque<Delta> =
            composed.text.split_inclusive(' ').map(|word| Delta::Text(word.to_owned())).collect();
        let words = u32::try_from(left.len()).unwrap_or(u32::MAX).max(1);
        let delay =
            if prompt.streamed { self.word_delay.min(LONGEST / words) } else { Duration::ZERO };
        if !composed.sources.is_empty() {
            left.push_back(Delta::Sources(composed.sources));
        }
        left.push_back(Delta::Finish(FinishReason::Stop));
        Words { left, delay, spoken: false }
    }
}

impl Words {
    pub(super) fn has_ready(&self) -> bool {
        self.delay.is_zero() && !self.left.is_empty()
    }

    pub(super) async fn next(&mut self) -> Option<Delta> {
        let next = self.left.pop_front()?;
        if matches!(next, Delta::Text(_)) {
            if self.spoken && !self.delay.is_zero() {
                tokio::time::sleep(self.delay).await;
            }
            self.spoken = true;
        }
        Some(next)
    }
}
