//! A form's values before they are saved: what was, what is, what is wrong with it.

use std::future::Future;

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Serialize;
use serde_json::{Map, Value};
use shared::FieldErrors;

use crate::api::Failure;
use crate::changes;
use crate::nav::Nav;
use crate::ui::{Bind, Toasts};

/// The edits of one thing.
pub struct Draft<T: Clone + PartialEq + Send + Sync + 'static> {
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
    check: fn(&T, &mut FieldErrors),
}

impl<T: Clone + PartialEq + Send + Sync + 'static> Clone for Draft<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Clone + PartialEq + Send + Sync + 'static> Copy for Draft<T> {}

impl<T: Clone + PartialEq + Serialize + Send + Sync + 'static> Draft<T> {
    /// A form of what is on the server; leaving the page with edits is asked about.
    #[must_use]
    pub fn new(base: T, version: i64, check: fn(&T, &mut FieldErrors)) -> Self {
        let draft = Self::in_dialog(base, version, check);
        expect_context::<Nav>().guard(draft.dirty);
        draft
    }

    /// A form of something new, which may be left as it is.
    #[must_use]
    pub fn unguarded(base: T, check: fn(&T, &mut FieldErrors)) -> Self {
        Self::in_dialog(base, 0, check)
    }

    /// A form of what is on the server, which may be left as it is.
    #[must_use]
    pub fn in_dialog(base: T, version: i64, check: fn(&T, &mut FieldErrors)) -> Self {
        let (base, now) = (RwSignal::new(base.clone()), RwSignal::new(base));
        let dirty = Memo::new(move |_| now.with(|now| base.with(|base| now != base)));
        Self {
            base,
            now,
            version: RwSignal::new(version),
            errors: RwSignal::default(),
            failure: RwSignal::new(None),
            saving: RwSignal::new(false),
            dirty,
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
            error: Signal::derive(move || self.errors.with(|errors| complaint(errors, name))),
        }
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
        let fine = found.0.is_empty();
        self.errors.set(found);
        if !fine {
            crate::ui::focus_first_error();
        }
        fine
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

    /// Takes what the server has now for what was; edits are gone.
    pub fn rebase(self, value: T, version: i64) {
        self.version.set(version);
        self.errors.set(FieldErrors::default());
        self.failure.set(None);
        self.base.set(value.clone());
        self.now.set(value);
    }

    /// Undoes every edit.
    pub fn reset(self) {
        self.rebase(self.base.get_untracked(), self.version.get_untracked());
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
        self.errors.set(failure.fields.clone());
        self.failure.set(Some(failure));
        crate::ui::focus_first_error();
    }
}

/// What is wrong with one field, as one text.
#[must_use]
pub fn complaint(errors: &FieldErrors, name: &str) -> Option<String> {
    errors.0.get(name).map(|whys| whys.join("; "))
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
