//! Lists that are searched, filtered and paged. What is chosen stands in the address, so reloading
//! and sharing a link show the same.

use std::collections::BTreeMap;

use leptos::prelude::*;
use serde::de::DeserializeOwned;
use shared::admin::Page;

use crate::api;
use crate::browser;
use crate::nav::Nav;
use crate::remote::Remote;

/// Rows of a page.
const ROWS: &str = "50";

/// A list of the server's.
pub struct Listing<T: Clone + Send + Sync + 'static> {
    /// Path under the server, without a query.
    path: StoredValue<String>,
    /// Search and filters, by the names that the server knows them by.
    pub filters: RwSignal<BTreeMap<&'static str, String>>,
    /// Where the pages before this one began; the last is this one's.
    trail: RwSignal<Vec<String>>,
    pub page: Remote<Page<T>>,
    /// Whether the address shows what is chosen: of one list on a page only.
    in_address: bool,
    /// Of a list that comes whole: what of a row is searched, here and not on the server.
    searched: Option<fn(&T) -> String>,
}

impl<T: Clone + Send + Sync + 'static> Clone for Listing<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Clone + Send + Sync + 'static> Copy for Listing<T> {}

impl<T: Clone + Send + Sync + DeserializeOwned + 'static> Listing<T> {
    /// A list whose filters (`names`) stand in the address.
    #[must_use]
    pub fn new(path: &str, names: &[&'static str]) -> Self {
        let nav = expect_context::<Nav>();
        let chosen = names.iter().filter_map(|&name| Some((name, nav.parameter(name)?)));
        let filters = chosen.collect();
        let trail = nav.parameter("cursor").into_iter().collect();
        Self::in_address(Self::started(path, filters, trail, true, None), names)
    }

    /// A list that the server gives whole, on one page; its search `q` looks into `text`.
    #[must_use]
    pub fn whole(path: &str, text: fn(&T) -> String) -> Self {
        let nav = expect_context::<Nav>();
        let filters = nav.parameter("q").into_iter().map(|words| ("q", words)).collect();
        Self::in_address(Self::started(path, filters, Vec::new(), true, Some(text)), &["q"])
    }

    fn in_address(list: Self, names: &[&'static str]) -> Self {
        let nav = expect_context::<Nav>();
        let names = names.to_vec();
        // A link to the list, or the browser's back button, chooses anew.
        Effect::new(move |before: Option<()>| {
            let asked = nav.query.get();
            if before.is_some() && untrack(move || list.query()).trim_start_matches('?') != asked {
                let chosen = names.iter().filter_map(|&name| Some((name, nav.parameter(name)?)));
                list.trail.set(nav.parameter("cursor").into_iter().collect());
                list.filters.set(chosen.collect());
            }
        });
        list
    }

    /// A list inside a page that has another purpose.
    #[must_use]
    pub fn within(path: &str) -> Self {
        Self::started(path, BTreeMap::new(), Vec::new(), false, None)
    }

    fn started(
        path: &str,
        filters: BTreeMap<&'static str, String>,
        trail: Vec<String>,
        in_address: bool,
        searched: Option<fn(&T) -> String>,
    ) -> Self {
        let list = Self {
            path: StoredValue::new(path.to_owned()),
            filters: RwSignal::new(filters),
            trail: RwSignal::new(trail),
            page: Remote::new(),
            in_address,
            searched,
        };
        let nav = expect_context::<Nav>();
        // Every choice is one request; the first is made at once.
        Effect::new(move |before: Option<()>| {
            let query = list.query();
            if list.in_address {
                nav.set_query(query.trim_start_matches('?'));
            }
            if before.is_none() || list.searched.is_none() {
                list.fetch(&query);
            }
        });
        list
    }

    fn query(self) -> String {
        let cursor = self.trail.with(|trail| trail.last().cloned().unwrap_or_default());
        self.chosen(&[("cursor", &cursor)])
    }

    /// What is searched and filtered for, and `more`, as a query: what is listed on all pages
    /// together. Reads a signal.
    #[must_use]
    pub fn chosen(self, more: &[(&str, &str)]) -> String {
        self.filters.with(|filters| {
            let chosen = filters.iter().map(|(name, value)| (*name, value.as_str()));
            api::query(&chosen.chain(more.iter().copied()).collect::<Vec<_>>())
        })
    }

    /// Where the rows of this choice are.
    fn address(self, query: &str) -> Option<String> {
        let path = self.path.try_get_value()?;
        if self.searched.is_some() {
            return Some(path);
        }
        // A list inside a page may be narrowed for good by its path.
        let query = if path.contains('?') { query.replacen('?', "&", 1) } else { query.to_owned() };
        let mark = if path.contains('?') || !query.is_empty() { '&' } else { '?' };
        Some(format!("{path}{query}{mark}limit={ROWS}"))
    }

    fn fetch(self, query: &str) {
        if let Some(address) = self.address(query) {
            self.page.read(async move { api::get(&address).await });
        }
    }

    /// Reads the same page again, if it is still there.
    pub fn reload(self) {
        if !self.trail.is_disposed() {
            self.fetch(&untrack(move || self.query()));
        }
    }

    /// Reads the same page again without a sign of it: what is shown is touched only when it differs,
    /// and a button of a row that has the focus keeps it, if it has an id. For lists that are looked
    /// at while they change.
    pub async fn refresh(self)
    where
        T: PartialEq,
    {
        if self.path.try_get_value().is_none() {
            return;
        }
        let query = untrack(move || self.query());
        let Some(address) = self.address(&query) else { return };
        let read = api::get::<Page<T>>(&address).await;
        // The page may be closed by now, or another page of the list be shown.
        let same = || untrack(move || self.trail.try_get().is_some() && self.query() == query);
        if let Ok(page) = read
            && same()
            && untrack(move || self.page.get()).as_ref() != Some(&page)
        {
            let focused = browser::document().active_element().map(|element| element.id());
            self.page.set(page);
            request_animation_frame(move || {
                if let Some(element) = focused.as_deref().and_then(browser::by_id) {
                    browser::focus(&element);
                }
            });
        }
    }

    /// A filter's value; empty when it is not set. Reads a signal.
    #[must_use]
    pub fn filter(self, name: &'static str) -> String {
        self.filters.with(|filters| filters.get(name).cloned().unwrap_or_default())
    }

    /// Sets a filter and goes to the first page.
    pub fn set_filter(self, name: &'static str, value: String) {
        if untrack(move || self.filter(name)) == value {
            return;
        }
        self.trail.set(Vec::new());
        self.filters.update(|filters| {
            if value.is_empty() {
                filters.remove(name);
            } else {
                filters.insert(name, value);
            }
        });
    }

    /// Takes every filter away.
    pub fn clear(self) {
        self.trail.set(Vec::new());
        self.filters.set(BTreeMap::new());
    }

    /// Whether anything narrows the list. Reads a signal.
    #[must_use]
    pub fn is_narrowed(self) -> bool {
        self.filters.with(|filters| !filters.is_empty())
    }

    /// What there is to show: of a list that is searched here, the rows that have the words. Reads a
    /// signal of such a list only: others are drawn anew when their rows have come, not before.
    #[must_use]
    pub fn rows(self, page: Page<T>) -> Vec<T> {
        let Some(text) = self.searched else { return page.items };
        let words = self.filter("q").to_lowercase();
        page.items.into_iter().filter(|row| text(row).to_lowercase().contains(&words)).collect()
    }

    /// Whether the list has no row at all, or none that matches. Reads signals.
    #[must_use]
    pub fn shows_nothing(self) -> bool {
        let first = untrack(move || !self.has_previous());
        first && self.page.get().is_some_and(|page| self.rows(page).is_empty())
    }

    /// How many pages were turned to come here. Does not subscribe.
    #[must_use]
    pub fn page_number(self) -> usize {
        self.trail.with_untracked(Vec::len)
    }

    /// Whether there is a page before this one. Reads a signal.
    #[must_use]
    pub fn has_previous(self) -> bool {
        self.trail.with(|trail| !trail.is_empty())
    }

    /// Goes to the page after this one.
    pub fn next(self) {
        let next = self.page.get().and_then(|page| page.next_cursor);
        if let Some(cursor) = next {
            self.trail.update(|trail| trail.push(cursor));
        }
    }

    /// Goes to the page before this one.
    pub fn previous(self) {
        self.trail.update(|trail| {
            trail.pop();
        });
    }

    /// Puts a changed row in the place of the one that it was.
    pub fn replace(self, row: T, is_same: impl Fn(&T) -> bool) {
        // The page may be closed by now.
        if self.trail.is_disposed() {
            return;
        }
        if let Some(mut page) = untrack(move || self.page.get()) {
            if let Some(at) = page.items.iter().position(is_same) {
                page.items[at] = row;
            }
            self.page.set(page);
        }
    }
}
