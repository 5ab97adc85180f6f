//! Names of agents, data sources and plans, to choose from.

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
