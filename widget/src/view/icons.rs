//! The signs, as strokes in a square of 24 units.

pub const DOWN: &str = "M6 9.5l6 6 6-6";
pub const CLOSE: &str = "M6 6l12 12M18 6L6 18";
pub const SOUND: &str = "M4 9.5v5h3.5l4.5 4v-13l-4.5 4zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11";
pub const SILENT: &str = "M4 9.5v5h3.5l4.5 4v-13l-4.5 4zM16 9.5l5 5m0-5l-5 5";
pub const NEW: &str = "M12 20h8M16.5 4.5l3 3L8 19l-4 1 1-4z";
pub const SEND: &str = "M12 19.5v-15M5.5 11L12 4.5l6.5 6.5";
pub const STOP: &str = "M8 8h8v8H8z";
pub const COPY: &str = "M9 9h11v11H9zM5 15H4V4h11v1";
pub const UP: &str = "M7 11v9H4v-9zM7 11l4-8c1.7 0 2.5 1 2.5 2.5L13 9.5h5.5c1 0 1.7.9 1.5 2l-1.3 7c-.1.9-.8 1.5-1.7 1.5H7";
pub const BAD: &str = "M7 13V4H4v9zM7 13l4 8c1.7 0 2.5-1 2.5-2.5L13 14.5h5.5c1 0 1.7-.9 1.5-2l-1.3-7c-.1-.9-.8-1.5-1.7-1.5H7";
pub const KEEP: &str = "M12 4v11M7 10.5l5 5 5-5M5 20h14";
pub const CHAT: &str = "M4 20l1.3-4a8 7.6 0 1 1 3.3 2.9z";
