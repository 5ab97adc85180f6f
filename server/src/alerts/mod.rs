//! Tells people and machines what has happened: the dashboard's bell, e-mail, webhooks.
//!
//! What enters: events, written with what they are about. What leaves: one line of the bell, one
//! delivery for each webhook that chose the event, one for each admin's address; each delivery is
//! tried until it succeeds or a day is over.

pub mod hooks;
mod mail;
mod send;
pub mod tell;

pub use mail::Mailer;
pub use send::Sender;

use serde_json::Value;
use shared::alert::{EVENTS, NOTABLE};

use crate::clock::Clock;
use crate::store::events::NewEvent;

/// What a test sends.
pub const TEST: &str = "webhook.test";

/// An event about a license key, or about none.
#[must_use]
pub fn event(clock: &Clock, kind: &str, license_key_id: Option<&str>, data: &Value) -> NewEvent {
    NewEvent {
        id: format!("evt_{}", clock.ulid()),
        kind: kind.to_owned(),
        license_key_id: license_key_id.map(str::to_owned),
        data: data.to_string(),
        created_at: clock.now_ms(),
    }
}
