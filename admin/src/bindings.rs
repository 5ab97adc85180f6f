//! Names of agents and data sources, for lists and choices that only know their ids.

use leptos::prelude::*;
use serde::Deserialize;
use shared::admin::Page;

use crate::api;
use crate::remote::Remote;

/// Most that are offered to choose from.
const MOST: &str = "200";

/// As much of an agent or a data source as a choice needs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Named {
    pub id: String,
    pub name: String,
}

/// What license keys can be bound to. Each list is read once something needs it.
#[derive(Clone, Copy)]
pub struct Bindings {
    pub agents: Names,
    pub data_sources: Names,
}

impl Bindings {
    #[must_use]
    pub fn new() -> Self {
        Self { agents: Names::of("/api/agents"), data_sources: Names::of("/api/data-sources") }
    }
}

/// The names in one list.
#[derive(Clone, Copy)]
pub struct Names {
    path: &'static str,
    list: Remote<Page<Named>>,
    asked: StoredValue<bool>,
}

impl Names {
    /// Those at this path, not read yet.
    #[must_use]
    pub fn of(path: &'static str) -> Self {
        Self { path, list: Remote::new(), asked: StoredValue::new(false) }
    }

    fn need(self) {
        if !self.asked.get_value() {
            self.asked.set_value(true);
            let path = format!("{}?limit={MOST}", self.path);
            self.list.read(async move { api::get(&path).await });
        }
    }

    /// The name with an id; the id itself while it is not known. Reads a signal.
    #[must_use]
    pub fn name(self, id: &str) -> String {
        self.need();
        let found =
            self.list.get().and_then(|page| page.items.into_iter().find(|one| one.id == id));
        found.map_or_else(|| id.to_owned(), |one| one.name)
    }

    /// Choices: `any` for none, then each by name.
    #[must_use]
    pub fn options(self, any: &'static str) -> Signal<Vec<(String, String)>> {
        self.need();
        Signal::derive(move || {
            let items = self.list.get().map(|page| page.items).unwrap_or_default();
            let named = items.into_iter().map(|one| (one.id, one.name));
            std::iter::once((String::new(), any.to_owned())).chain(named).collect()
        })
    }
}
