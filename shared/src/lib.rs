//! What Natter's browser and server both believe.
//!
//! Every shape that crosses the wire stands here once: requests, stream events, the error body,
//! the widget's look, and the limits both sides check. No I/O, no clock, no randomness. The server
//! reads and writes these through serde; the widget through the browser's own JSON (`browser`
//! feature), because serde's JSON code alone would weigh a quarter of the widget.

/// `Debug` that shows no field: for shapes that hold keys, tokens, passwords or visitor ids.
macro_rules! debug_without_secrets {
    ($($name:ident),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}

pub mod admin;
pub mod admin_conversation;
pub mod agent;
pub mod alert;
#[cfg(feature = "browser")]
pub mod browser;
pub mod chat;
pub mod conversation;
pub mod data_source;
pub mod error;
pub mod event;
pub mod license;
pub mod license_key;
pub mod limits;
pub mod lines;
pub mod look;
pub mod order;
pub mod overview;
pub mod product;
pub mod widget;

pub use chat::{ChatAnswer, ChatRequest, Identity, Page};
pub use conversation::{Conversation, Feedback, Message, MessageStatus, Rating, Role, RunningTurn};
pub use error::{ErrorBody, ErrorCode, FieldErrors};
pub use event::{Event, FinishReason, Source, StreamEvent, ToolState, Usage};
pub use license_key::{LicenseKey, LicenseKeySettings};
pub use lines::LineSplitter;
pub use look::{FormField, FormFieldKind, Look, Position, PromptMode, Theme};
