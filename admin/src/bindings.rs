//! Names of agents, data sources and plans, to choose from.

use leptos::prelude::*;
use serde::Deserialize;
use shared::admin::Page;

use crate::api::{self, Failure};
use crate::format;
use crate::remote::Remote;

/// How many are read at a time.
const PAGE: &str = "200";

/// As much of an agent, a data source or a plan as a choice needs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Named {
    pub id: String,
    pub name: String,
    /// Of a plan.
    pub product_name: Option<String>,
}

impl Named {
    /// Plans of two products may have one name.
    fn text(&self) -> String {
        let name = format::visible(&self.name);
        match &self.product_name {
            Some(product) => format!("{name} ({})", format::visible(product)),
            None => name,
        }
    }
}

/// All of them, page by page.
async fn all(path: &str) -> Result<Vec<Named>, Failure> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let query = api::query(&[("limit", PAGE), ("cursor", &cursor)]);
        let page: Page<Named> = api::get(&format!("{path}{query}")).await?;
        found.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = next,
            None => return Ok(found),
        }
    }
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
    list: Remote<Vec<Named>>,
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
            self.list.read(all(self.path));
        }
    }

    /// Choices: `any` for none, then each by name.
    #[must_use]
    pub fn options(self, any: &'static str) -> Signal<Vec<(String, String)>> {
        self.need();
        Signal::derive(move || {
            let items = self.list.get().unwrap_or_default();
            let named = items.into_iter().map(|one| (one.id.clone(), one.text()));
            std::iter::once((String::new(), any.to_owned())).chain(named).collect()
        })
    }
}
