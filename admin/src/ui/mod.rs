//! What pages are made of. Each part is usable by keyboard and screen reader by itself.

mod chart;
mod checks;
mod copy;
mod days;
mod dialog;
mod field;
mod icon;
mod list_field;
mod menu;
mod metadata;
mod moment;
mod number;
mod page;
mod pick;
mod prose;
mod secret;
mod table;
mod toast;

use leptos::prelude::*;
use wasm_bindgen::JsCast;

pub use chart::{BarChart, Series};
pub use checks::{CheckGroup, Checks};
pub use copy::{CopyButton, Snippet};
pub use days::{Days, Span, SpanFilter, span_label};
pub use dialog::{Asking, Confirm, ConfirmRequest, Dialog, DialogFoot, DialogState, confirm};
pub use field::{Choice, ColorField, Switch, TextArea, TextField, Toggle};
pub use icon::Icon;
pub use list_field::ListField;
pub use menu::Menu;
pub use metadata::MetadataField;
pub use moment::DateTimeField;
pub use number::{DecimalField, NumberField, Slider};
pub use page::{
    Badge, Card, EmptyState, FailureBox, Head, Meter, SaveBar, SaveFailure, Skeleton, Tabs, Tone,
    When,
};
pub use pick::KeyPicker;
pub use prose::{Outside, Prose, once_a_frame};
pub use secret::{Secret, SecretField};
pub use table::{Filter, NothingMatches, Paged, Search, Table};
pub use toast::{ToastStack, Toasts};

/// A value of a form: how it is read and set, and what is wrong with it.
pub struct Bind<V: Clone + Send + Sync + 'static> {
    /// The field's JSON name.
    pub name: &'static str,
    pub get: Signal<V>,
    pub set: Callback<V>,
    pub error: Signal<Option<String>>,
    pub odd: Odd,
}

/// What is typed into a field and is none of its values, such as letters in a number: the form keeps
/// it, also while its tab is not shown, and is not saved with it.
#[derive(Clone, Copy)]
pub struct Odd {
    /// As it was typed.
    pub text: Signal<Option<String>>,
    /// Takes the text with what is wrong with it; `None` = the field holds a value again.
    pub set: Callback<Option<(String, String)>>,
}

impl Odd {
    /// Of fields in which every text is a value.
    #[must_use]
    pub fn never() -> Self {
        Self { text: Signal::stored(None), set: Callback::new(|_| ()) }
    }
}

impl<V: Clone + Send + Sync + 'static> Clone for Bind<V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<V: Clone + Send + Sync + 'static> Copy for Bind<V> {}

impl<V: Clone + Send + Sync + 'static> Bind<V> {
    /// A value that stands in a signal of its own, without complaints.
    #[must_use]
    pub fn of(name: &'static str, signal: RwSignal<V>) -> Self {
        Self {
            name,
            get: signal.into(),
            set: Callback::new(move |value| signal.set(value)),
            error: Signal::stored(None),
            odd: Odd::never(),
        }
    }
}

/// What there is to choose from: `(value, what the reader sees)`.
#[must_use]
pub fn choices(all: &[(&str, &str)]) -> Signal<Vec<(String, String)>> {
    Signal::stored(all.iter().map(|&(value, text)| (value.to_owned(), text.to_owned())).collect())
}

/// An id that no other element of the page has.
#[must_use]
pub fn unique(prefix: &str) -> String {
    use std::cell::Cell;
    thread_local! { static NEXT: Cell<u32> = const { Cell::new(0) } }
    let number = NEXT.get();
    NEXT.set(number + 1);
    format!("{prefix}-{number}")
}

/// After the complaints are drawn, gives the first field that has one the focus.
pub fn focus_first_error() {
    request_animation_frame(|| {
        let found = crate::browser::document().query_selector("[aria-invalid=true]");
        if let Ok(Some(field)) = found
            && let Some(field) = field.dyn_ref::<web_sys::HtmlElement>()
        {
            let _ = field.focus();
        }
    });
}
