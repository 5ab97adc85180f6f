//! A form's values before they are saved: what was, what is, what is wrong with it.

use std::collections::BTreeMap;
use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use shared::FieldErrors;

use crate::api::Failure;
use crate::changes;
use crate::nav::Nav;
use crate::ui::{Bind, DialogState, Odd, Toasts};

/// What a form can edit: it is compared, sent, and put over a newer state field by field.
pub trait Form: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {}
impl<T: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static> Form for T {}

/// What becomes of edits when the server has something newer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edits {
    /// They stay, over what is newer.
    Kept,
    Dropped,
}

/// The edits of one thing.
pub struct Draft<T: Form> {
    /// As it is on the server.
    pub base: RwSignal<T>,
    /// As it stands in the form.
    pub now: RwSignal<T>,
    /// The version of `base`, where the thing has one.
    pub version: RwSignal<i64>,
    /// What is wrong, by field: from the shared check while typing, and from the server.
    pub errors: RwSignal<FieldErrors>,
    /// Why the last saving failed, when no field says it.
    pub failure: RwSignal<Option<Failure>>,
    pub saving: RwSignal<bool>,
    pub dirty: Memo<bool>,
    /// Grows each time that the form was refused, here or by the server.
    pub refused: RwSignal<u32>,
    /// By field: what was typed and is none of its values, and why.
    odd: RwSignal<BTreeMap<String, (String, String)>>,
    /// What is being saved: what is typed meanwhile is an edit of it.
    sent: StoredValue<Option<T>>,
    check: fn(&T, &mut FieldErrors),
}

impl<T: Form> Clone for Draft<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Form> Copy for Draft<T> {}

impl<T: Form> Draft<T> {
    /// A form of what is on the server; leaving the page with edits is asked about.
    #[must_use]
    pub fn new(base: T, version: i64, check: fn(&T, &mut FieldErrors)) -> Self {
        let draft = Self::made(base, version, check);
        expect_context::<Nav>().guard(draft.dirty);
        draft
    }

    /// A form of something new, in a dialog or on a page of its own purpose.
    #[must_use]
    pub fn of_new(base: T, check: fn(&T, &mut FieldErrors)) -> Self {
        Self::in_dialog(base, 0, check)
    }

    /// A form in a dialog, which asks before it throws edits away.
    #[must_use]
    pub fn in_dialog(base: T, version: i64, check: fn(&T, &mut FieldErrors)) -> Self {
        let draft = Self::made(base, version, check);
        if let Some(dialog) = use_context::<DialogState>() {
            Effect::new(move || dialog.edited.set(draft.dirty.get()));
            on_cleanup(move || {
                let _ = dialog.edited.try_set(false);
            });
        }
        draft
    }

    fn made(base: T, version: i64, check: fn(&T, &mut FieldErrors)) -> Self {
        let (base, now) = (RwSignal::new(base.clone()), RwSignal::new(base));
        let odd = RwSignal::new(BTreeMap::new());
        let dirty = Memo::new(move |_| {
            now.with(|now| base.with(|base| now != base)) || odd.with(|odd| !odd.is_empty())
        });
        Self {
            base,
            now,
            version: RwSignal::new(version),
            errors: RwSignal::default(),
            failure: RwSignal::new(None),
            saving: RwSignal::new(false),
            dirty,
            refused: RwSignal::new(0),
            odd,
            sent: StoredValue::new(None),
            check,
        }
    }

    /// One field of the form. `name` is its JSON name, under which complaints about it are found.
    #[must_use]
    pub fn field<V: Clone + Send + Sync + 'static>(
        self,
        name: &'static str,
        get: impl Fn(&T) -> V + Copy + Send + Sync + 'static,
        set: impl Fn(&mut T, V) + Copy + Send + Sync + 'static,
    ) -> Bind<V> {
        Bind {
            name,
            get: Signal::derive(move || self.now.with(get)),
            set: Callback::new(move |value| {
                self.edit(name, |now| set(now, value));
            }),
            error: self.complaint(name),
            odd: self.odd(name),
        }
    }

    /// What is wrong with one field, as one text.
    #[must_use]
    pub fn complaint(self, name: impl Into<String>) -> Signal<Option<String>> {
        let name = name.into();
        Signal::derive(move || {
            let odd = self.odd.with(|odd| odd.get(&name).map(|(_, why)| why.clone()));
            let errors = || self.errors.with(|errors| Some(errors.0.get(&name)?.join("; ")));
            odd.or_else(errors)
        })
    }

    /// Where a field keeps what is none of its values.
    #[must_use]
    pub fn odd(self, name: impl Into<String>) -> Odd {
        let name = StoredValue::new(name.into());
        let text = move || {
            name.with_value(|name| self.odd.with(|odd| odd.get(name).map(|(text, _)| text.clone())))
        };
        let set = move |typed: Option<(String, String)>| {
            let name = name.get_value();
            let had = self.odd.with_untracked(|odd| odd.contains_key(&name));
            match typed {
                Some(typed) => self.odd.update(|odd| drop(odd.insert(name, typed))),
                None if had => self.odd.update(|odd| drop(odd.remove(&name))),
                None => {}
            }
        };
        Odd { text: Signal::derive(text), set: Callback::new(set) }
    }

    /// The names of the fields that are complained about. Reads signals.
    #[must_use]
    pub fn wrong(self) -> Vec<String> {
        let mut names: Vec<String> = self.odd.with(|odd| odd.keys().cloned().collect());
        names.extend(self.errors.with(|errors| errors.0.keys().cloned().collect::<Vec<_>>()));
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Changes what stands in the form; `name` is the field that was changed.
    pub fn edit(self, name: &str, change: impl FnOnce(&mut T)) {
        self.now.update(change);
        self.recheck(name);
    }

    /// Looks again at the field that was changed, and at those that were complained about.
    fn recheck(self, changed: &str) {
        let mut found = FieldErrors::default();
        self.now.with_untracked(|now| (self.check)(now, &mut found));
        self.errors.update(|errors| {
            let known: Vec<String> = errors.0.keys().cloned().collect();
            errors.0.clear();
            for (name, whys) in found.0 {
                if name == changed || known.contains(&name) {
                    errors.0.insert(name, whys);
                }
            }
        });
    }

    /// Every complaint of the shared check; true when there is none.
    pub fn is_fine(self) -> bool {
        let mut found = FieldErrors::default();
        self.now.with_untracked(|now| (self.check)(now, &mut found));
        let fine = found.0.is_empty() && self.odd.with_untracked(BTreeMap::is_empty);
        self.errors.set(found);
        if !fine {
            self.refuse();
        }
        fine
    }

    fn refuse(self) {
        self.refused.update(|times| *times += 1);
        crate::ui::focus_first_error();
    }

    /// The changed fields alone, with the version: the body of a partial update.
    #[must_use]
    pub fn patch(self) -> Value {
        let mut body: Map<String, Value> = self
            .base
            .with_untracked(|base| self.now.with_untracked(|now| changes::between(base, now)));
        body.insert("version".to_owned(), self.version.get_untracked().into());
        Value::Object(body)
    }

    /// Takes what the server has now for what was. After a saving, edits are what was typed since.
    pub fn rebase(self, value: T, version: i64, edits: Edits) {
        let now = match edits {
            Edits::Dropped => value.clone(),
            Edits::Kept => {
                // While something else is still being saved, all of it is an edit.
                let sent = self.sent.get_value().filter(|_| !self.saving.get_untracked());
                let before = sent.unwrap_or_else(|| self.base.get_untracked());
                let mine = self.now.with_untracked(|now| changes::between(&before, now));
                changes::over(&value, mine).unwrap_or_else(|| value.clone())
            }
        };
        if !self.saving.get_untracked() {
            self.sent.set_value(None);
        }
        self.version.set(version);
        self.errors.set(FieldErrors::default());
        self.failure.set(None);
        if edits == Edits::Dropped {
            self.odd.set(BTreeMap::new());
        }
        self.base.set(value);
        self.now.set(now);
    }

    /// Takes what the server has now, after something that was not the saving of this form. Where
    /// somebody else has changed what is edited here, nothing is taken: saving will tell of it.
    pub fn refresh(self, value: T, version: i64) {
        let theirs = serde_json::to_value(&value).unwrap_or_default();
        let stands_against = self.base.with_untracked(|base| {
            let mine = self.now.with_untracked(|now| serde_json::to_value(now)).unwrap_or_default();
            let mine = changes::since(base, &mine);
            changes::since(base, &theirs).iter().any(|field| mine.contains(field))
        });
        if stands_against || self.failure.with_untracked(Option::is_some) {
            return;
        }
        let errors = self.errors.get_untracked();
        self.rebase(value, version, Edits::Kept);
        self.errors.set(errors);
    }

    /// Undoes every edit.
    pub fn reset(self) {
        self.rebase(self.base.get_untracked(), self.version.get_untracked(), Edits::Dropped);
    }

    /// Runs a saving: shows that it runs, and what came of it. `done` gets the answer.
    pub fn save<R: 'static>(
        self,
        saving: impl Future<Output = Result<R, Failure>> + 'static,
        done: impl FnOnce(R) + 'static,
    ) {
        if self.saving.get_untracked() {
            return;
        }
        self.saving.set(true);
        self.failure.set(None);
        self.sent.set_value(Some(self.now.get_untracked()));
        spawn_local(async move {
            let outcome = saving.await;
            // The page may be closed by now.
            if self.saving.try_set(false).is_some() {
                return;
            }
            match outcome {
                Ok(answer) => done(answer),
                Err(failure) => self.failed(failure),
            }
        });
    }

    /// Shows why a saving failed: at its fields where it names some.
    pub fn failed(self, failure: Failure) {
        self.sent.set_value(None);
        self.errors.set(failure.fields.clone());
        self.failure.set(Some(failure));
        self.refuse();
    }
}

/// What answers a conflict: takes the thing as the server has it now, and what becomes of the edits.
#[must_use]
pub fn theirs<R: DeserializeOwned>(
    take: impl Fn(R, Edits) + Send + Sync + 'static,
) -> Callback<(Value, Edits)> {
    Callback::new(move |(now, edits)| {
        if let Ok(now) = serde_json::from_value(now) {
            take(now, edits);
        }
    })
}

/// Runs something that is not a form's: says at the edge of the page what came of it.
pub fn run<R: 'static>(
    acting: impl Future<Output = Result<R, Failure>> + 'static,
    done: impl FnOnce(R) + 'static,
) {
    spawn_local(async move {
        match acting.await {
            Ok(answer) => done(answer),
            // Not from a context: this may have been called when an answer came, where there is none.
            Err(failure) => {
                if let Some(toasts) = Toasts::here() {
                    toasts.failed(&failure);
                }
            }
        }
    });
}
