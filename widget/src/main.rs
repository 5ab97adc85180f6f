//! The chat widget, without its button: a Leptos app in the shadow root that the loader made.
//!
//! In: the loader's handle (`assets/chat-widget.js`), the visitor's acts, the server's events.
//! Out: the panel, and commands' answers to the page. Rooms that need no browser (`bars`, `form`,
//! `identity`, `look`, `model`, `news`, `palette`, `prompts`, `speech`, `text`, `transcript`) are plain Rust and tested natively; the others
//! exist in wasm alone.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))] // natively only tests enter the rooms

mod bars;
mod form;
mod identity;
mod look;
mod model;
mod news;
mod palette;
mod prompts;
mod speech;
mod text;
mod transcript;

#[cfg(target_arch = "wasm32")]
mod api;
#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod avoid;
#[cfg(target_arch = "wasm32")]
mod dom;
#[cfg(target_arch = "wasm32")]
mod engage;
#[cfg(target_arch = "wasm32")]
mod handle;
#[cfg(target_arch = "wasm32")]
mod introduce;
#[cfg(target_arch = "wasm32")]
mod keep;
#[cfg(target_arch = "wasm32")]
mod mount;
#[cfg(target_arch = "wasm32")]
mod show;
#[cfg(target_arch = "wasm32")]
mod sound;
#[cfg(target_arch = "wasm32")]
mod store;
#[cfg(target_arch = "wasm32")]
mod tabs;
#[cfg(target_arch = "wasm32")]
mod time;
#[cfg(target_arch = "wasm32")]
mod turn;
#[cfg(target_arch = "wasm32")]
mod view;
#[cfg(target_arch = "wasm32")]
mod words;

/// The loader calls `mount`; loading alone does nothing.
fn main() {}
