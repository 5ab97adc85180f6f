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

/// What license keys can be bound to.
#[derive(Clone, Copy)]
pub struct Bindings {
    pub agents: Remote<Page<Named>>,
    pub data_sources: Remote<Page<Named>>,
}

impl Bindings {
    /// Reads both lists.
    #[must_use]
    pub fn read() -> Self {
        let list = |path: &str| {
            let path = format!("{path}?limit={MOST}");
            Remote::load(async move { api::get(&path).await })
        };
        Self { agents: list("/api/agents"), data_sources: list("/api/data-sources") }
    }

    /// The name with an id; the id itself when it is not known. Reads a signal.
    #[must_use]
    pub fn name(list: Remote<Page<Named>>, id: &str) -> String {
        let found = list.get().and_then(|page| page.items.into_iter().find(|one| one.id == id));
        found.map_or_else(|| id.to_owned(), |one| one.name)
    }

    /// Choices: `any` for none, then each by name.
    #[must_use]
    pub fn options(list: Remote<Page<Named>>, any: &'static str) -> Signal<Vec<(String, String)>> {
        Signal::derive(move || {
            let items = list.get().map(|page| page.items).unwrap_or_default();
            let named = items.into_iter().map(|one| (one.id, one.name));
            std::iter::once((String::new(), any.to_owned())).chain(named).collect()
        })
    }
}
