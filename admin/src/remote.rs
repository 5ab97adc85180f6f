//! What a page shows of the server: nothing yet, something, or why not.

use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::Failure;

/// How far the reading of something is.
#[derive(Clone, Debug, PartialEq)]
pub enum Load<T> {
    Waiting,
    Ready(T),
    Failed(Failure),
}

/// Something that is read from the server, and may be read again.
pub struct Remote<T: Clone + Send + Sync + 'static> {
    pub state: RwSignal<Load<T>>,
    /// A reading is on its way; what was read before stays until it arrives.
    pub busy: RwSignal<bool>,
    /// Grows with each reading: an answer that was overtaken is dropped.
    round: StoredValue<u32>,
}

impl<T: Clone + Send + Sync + 'static> Clone for Remote<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Clone + Send + Sync + 'static> Copy for Remote<T> {}

impl<T: Clone + Send + Sync + 'static> Remote<T> {
    /// Nothing, until [`Self::read`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: RwSignal::new(Load::Waiting),
            busy: RwSignal::new(false),
            round: StoredValue::new(0),
        }
    }

    /// Reads once, now.
    pub fn load(reading: impl Future<Output = Result<T, Failure>> + 'static) -> Self {
        let remote = Self::new();
        remote.read(reading);
        remote
    }

    /// Reads; what is shown stays until the answer is there.
    pub fn read(self, reading: impl Future<Output = Result<T, Failure>> + 'static) {
        let Some(round) = self.round.try_get_value().map(|round| round + 1) else { return };
        self.round.set_value(round);
        self.busy.set(true);
        spawn_local(async move {
            let outcome = reading.await;
            // The page may be closed by now, or a later reading on its way.
            if self.round.try_get_value() != Some(round) {
                return;
            }
            self.busy.set(false);
            self.state.set(match outcome {
                Ok(value) => Load::Ready(value),
                Err(failure) => Load::Failed(failure),
            });
        });
    }

    /// What was read, if it is there. Reads a signal.
    #[must_use]
    pub fn get(self) -> Option<T> {
        self.state.with(|state| match state {
            Load::Ready(value) => Some(value.clone()),
            _ => None,
        })
    }

    /// Puts what an update answered in the place of what was read.
    pub fn set(self, value: T) {
        if let Some(round) = self.round.try_get_value() {
            self.round.set_value(round + 1);
            self.busy.set(false);
            self.state.set(Load::Ready(value));
        }
    }
}
