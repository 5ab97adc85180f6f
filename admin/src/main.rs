//! The dashboard: everything an admin does, in the browser, over the same `/api` as everybody's.
//!
//! What enters: what the server's API answers. What leaves: requests to it. Rooms: `route` (which
//! page an address is), `nav` (going there), `api` (the only fetch), `session` (who is signed in),
//! `draft` and `changes` (edits that are not saved yet), `remote` and `listing` (what is shown
//! while it loads), `ui` (what pages are made of), `shell` (the frame around them), `pages`. Those without a browser are tested
//! natively. All text becomes text nodes: nothing here writes HTML.

#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))] // natively only tests enter the rooms
#![allow(clippy::needless_pass_by_value)] // a component owns what it is given

mod addresses;
mod alerts;
mod allowed;
mod changes;
mod format;
mod metadata;
mod route;
mod snippets;
mod trail;

#[cfg(target_arch = "wasm32")]
mod api;
#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod bindings;
#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(target_arch = "wasm32")]
mod draft;
#[cfg(target_arch = "wasm32")]
mod form_data;
#[cfg(target_arch = "wasm32")]
mod listing;
#[cfg(target_arch = "wasm32")]
mod nav;
#[cfg(target_arch = "wasm32")]
mod pages;
#[cfg(target_arch = "wasm32")]
mod remote;
#[cfg(target_arch = "wasm32")]
mod session;
#[cfg(target_arch = "wasm32")]
mod shell;
#[cfg(target_arch = "wasm32")]
mod ui;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

#[cfg(target_arch = "wasm32")]
fn main() {
    app::start();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
