//! Thin handlers: each reads what its extractors proved, calls the logic, and shapes the answer.

pub mod admin_conversations;
pub mod api;
pub mod chat;
pub mod completions;
pub mod conversations;
pub mod dashboard;
pub mod demo;
pub mod edge;
pub mod embedded;
pub mod feedback;
pub mod guide;
pub mod health;
pub mod license;
pub mod metrics;
pub mod preview;
pub mod resume;
pub mod setup_page;
pub mod stop;
pub mod widget;
pub mod widget_files;
