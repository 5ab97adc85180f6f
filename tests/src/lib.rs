//! Tools for tests of Natter as a whole.
//!
//! What they give: the real server on a random port ([`TestApp`]), on each database ([`Backend`],
//! [`both!`]), in front of a model server that does as it is told ([`FakeUpstream`]), and a client
//! that reads the stream line by line ([`Call`], [`Answer`]). Nothing here waits for time to pass:
//! a [`Gate`] says when the next piece comes, and [`patience`] only bounds a wait for an event.
//!
//! These are tools of tests: they panic, with the promise that was broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod app;
mod backend;
mod client;
mod gate;
mod property;
pub mod upstream;
mod website;

pub use app::TestApp;
pub use backend::Backend;
pub use client::{Answer, Call, Client, types};
pub use gate::{Gate, patience};
pub use property::for_all;
pub use upstream::{FakeUpstream, Reply};
pub use website::{WebPage, Website};
