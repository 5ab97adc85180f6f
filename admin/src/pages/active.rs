//! Switching things on and off in the rows of their lists.

use std::sync::Arc;

use leptos::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::api;
use crate::draft::run;
use crate::listing::Listing;
use crate::ui::{ConfirmRequest, Toasts, confirm};

/// What is said of switching one kind of thing.
pub struct Switching<T: 'static> {
    /// The list's path, under which each has its id.
    pub path: &'static str,
    pub id: fn(&T) -> &str,
    /// What the question calls it.
    pub name: fn(&T) -> String,
    /// What follows from switching it off.
    pub off: &'static str,
    /// What is said when it is done.
    pub done: fn(&T, bool) -> String,
}

impl<T: Clone + Send + Sync + DeserializeOwned + 'static> Switching<T> {
    /// Switches on at once, and off after a question; the row shows what the server has then.
    pub fn set(&'static self, list: Listing<T>, row: &T, on: bool) {
        let toasts = expect_context::<Toasts>();
        let (id, name) = ((self.id)(row).to_owned(), (self.name)(row));
        let change = move || {
            let id = id.clone();
            let path = format!("{}/{id}", self.path);
            run(
                async move { api::patch::<T>(&path, &json!({ "is_active": on })).await },
                move |now| {
                    toasts.done((self.done)(&now, on));
                    list.replace(now, |one| (self.id)(one) == id);
                },
            );
        };
        if on {
            change();
            return;
        }
        confirm(ConfirmRequest {
            title: format!("Switch {name} off?"),
            text: self.off.to_owned(),
            action: "Switch off",
            type_to_confirm: None,
            is_dangerous: true,
            then: Arc::new(change),
        });
    }
}
