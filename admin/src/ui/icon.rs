//! Drawings of 24 by 24 units in the colour of the text. A name says what it means, not what it shows.

use leptos::prelude::*;

/// A drawing beside a text that says the same; hidden from screen readers.
#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=path(name) />
        </svg>
    }
}

fn path(name: &str) -> &'static str {
    match name {
        "overview" => "M4 13h6V4H4zM14 20h6V11h-6zM14 4v4h6V4zM4 20h6v-4H4z",
        "key" => {
            "M15 7a4 4 0 1 0-3.5 5.9L8 16.5V19h2.5v-2H13v-2.5l1.2-1.3A4 4 0 0 0 15 7zM15.5 8h.01"
        }
        "chat" => "M4 5h16v11H9l-5 4z",
        "agent" => {
            "M7 9h10a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2zM12 9V5M12 4h.01M9.5 13.5h.01M14.5 13.5h.01M10 16.5h4"
        }
        "source" => {
            "M5 6c0-1.7 3.1-3 7-3s7 1.3 7 3-3.1 3-7 3-7-1.3-7-3zM5 6v12c0 1.7 3.1 3 7 3s7-1.3 7-3V6M5 12c0 1.7 3.1 3 7 3s7-1.3 7-3"
        }
        "product" => "M4 8l8-4 8 4v8l-8 4-8-4zM4 8l8 4 8-4M12 12v8",
        "order" => "M5 4h2l2 11h9l2-8H8M10 20h.01M17 20h.01",
        "license" => "M6 3h9l4 4v14H6zM15 3v4h4M9 12h7M9 16h5",
        "lock" => "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
        "hook" => {
            "M9 8a3.5 3.5 0 1 1 5 3l-2 4M15 16a3.5 3.5 0 1 1-1.5 4.5M9 12a3.5 3.5 0 1 0 3 6h5"
        }
        "bell" => "M6 17V11a6 6 0 0 1 12 0v6l1.5 2h-15zM10 21h4",
        "audit" => "M5 4h14v16H5zM9 9h6M9 13h6M9 17h3",
        "users" => {
            "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c0-3.3 2.7-6 6-6s6 2.7 6 6M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.5c1.8.9 3 2.9 3 5.5"
        }
        "settings" => {
            "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM19 12a7 7 0 0 0-.1-1.2l2-1.5-2-3.4-2.3.9a7 7 0 0 0-2.1-1.2L14.1 3h-4.2l-.4 2.6a7 7 0 0 0-2.1 1.2l-2.3-.9-2 3.4 2 1.5a7 7 0 0 0 0 2.4l-2 1.5 2 3.4 2.3-.9a7 7 0 0 0 2.1 1.2l.4 2.6h4.2l.4-2.6a7 7 0 0 0 2.1-1.2l2.3.9 2-3.4-2-1.5A7 7 0 0 0 19 12z"
        }
        "menu" => "M4 6h16M4 12h16M4 18h16",
        "close" => "M6 6l12 12M18 6L6 18",
        "add" => "M12 5v14M5 12h14",
        "search" => "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20",
        "copy" => "M9 9h11v11H9zM5 15H4V4h11v1",
        "check" => "M5 12.5l4.5 4.5L19 7.5",
        "trash" => "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
        "edit" => "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
        "eye" => {
            "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z"
        }
        "more" => "M12 6h.01M12 12h.01M12 18h.01",
        "up" => "M12 19V5M6 11l6-6 6 6",
        "down" => "M12 5v14M6 13l6 6 6-6",
        "left" => "M15 5l-7 7 7 7",
        "right" => "M9 5l7 7-7 7",
        "history" => "M4 12a8 8 0 1 0 2.5-5.8L4 8.5M4 4v4.5h4.5M12 8v4l3 2",
        "refresh" => "M20 11a8 8 0 1 0-1 5M20 5v6h-6",
        "warning" => "M12 4L2.5 20h19zM12 10v4M12 17h.01",
        "info" => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8h.01",
        "sun" => {
            "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4"
        }
        "moon" => "M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z",
        "out" => "M10 4H5v16h5M15 8l4 4-4 4M19 12H9",
        "user" => {
            "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c0-3.9 3.4-6.5 7.5-6.5s7.5 2.6 7.5 6.5"
        }
        "upload" => "M12 16V5M7 9l5-5 5 5M4 16v4h16v-4",
        "download" => "M12 4v11M7 11l5 5 5-5M4 20h16",
        "play" => "M7 5l12 7-12 7z",
        "phone" => "M8 3h8v18H8zM11 18h2",
        "desktop" => "M3 5h18v11H3zM9 20h6M12 16v4",
        "link" => {
            "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.700l1-1"
        }
        "file" => "M6 3h8l4 4v14H6zM14 3v4h4",
        "table" => "M4 5h16v14H4zM4 10h16M4 15h16M10 5v14",
        "thumb-up" => {
            "M7 11l4-8a2 2 0 0 1 2.500 2.500L13 9h5.500a2 2 0 0 1 2 2.300l-1 6.500a2 2 0 0 1-2 1.700H7zM7 11H3.500v8.500H7"
        }
        "thumb-down" => {
            "M7 13l4 8a2 2 0 0 0 2.500-2.500L13 15h5.500a2 2 0 0 0 2-2.300l-1-6.500a2 2 0 0 0-2-1.700H7zM7 13H3.500V4.500H7"
        }
        _ => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
    }
}
