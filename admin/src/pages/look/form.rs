//! A look as the form of what it belongs to has it.

use leptos::prelude::*;
use shared::look::Look;

use crate::draft::{Draft, Form};
use crate::ui::{Bind, Odd};

/// A change of the look.
type Change = Box<dyn FnOnce(&mut Look) + Send + Sync>;

/// Whose look it is, is forgotten: the forms are the same, and are compiled once.
#[derive(Clone, Copy)]
pub struct LookForm {
    now: Memo<Look>,
    complaint: Callback<String, Signal<Option<String>>>,
    odd: Callback<String, Odd>,
    change: Callback<(String, Change)>,
    /// Where the server finds the look, and names complaints by: `ui` or `widget.ui`.
    place: &'static str,
}

impl LookForm {
    /// The look at `place` of what `draft` edits. `now` copies it, `edit` gives way to it if it is
    /// there.
    #[must_use]
    pub fn of<T: Form>(
        draft: Draft<T>,
        place: &'static str,
        now: fn(&T) -> Look,
        edit: fn(&mut T) -> Option<&mut Look>,
    ) -> Self {
        Self {
            now: Memo::new(move |_| draft.now.with(now)),
            complaint: Callback::new(move |name: String| draft.complaint(name)),
            odd: Callback::new(move |name: String| draft.odd(name)),
            change: Callback::new(move |(name, change): (String, Change)| {
                draft.edit(&name, |all| edit(all).map_or((), change));
            }),
            place,
        }
    }

    /// One option. `name` is its JSON name within the look.
    #[must_use]
    pub fn field<V: Clone + Send + Sync + 'static>(
        self,
        name: &'static str,
        get: impl Fn(&Look) -> V + Copy + Send + Sync + 'static,
        set: impl Fn(&mut Look, V) + Copy + Send + Sync + 'static,
    ) -> Bind<V> {
        let path = StoredValue::new(format!("{}.{name}", self.place));
        Bind {
            name,
            get: Signal::derive(move || self.now.with(get)),
            set: Callback::new(move |value: V| {
                self.change.run((path.get_value(), Box::new(move |look| set(look, value))));
            }),
            error: self.complaint.run(path.get_value()),
            odd: self.odd.run(path.get_value()),
        }
    }

    /// Takes another look over whole.
    pub fn take(self, look: Look) {
        self.change.run((self.place.to_owned(), Box::new(move |mine| *mine = look)));
    }

    /// The look as it stands. Reads a signal.
    #[must_use]
    pub fn get(self) -> Look {
        self.now.get()
    }
}
