//! The small form under an answer that was found bad: what could be better?
//!
//! It stands in the message's row beside what is drawn there, so that it stays while the
//! conversation goes on. Whoever sends or leaves it returns to the thumb that opened it.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use super::icons;
use crate::dom::{append, element, icon_button, labelled, put, set, word};
use crate::text;
use crate::words::Words;

const FORM: &str = ".why";

/// Opens the form in a message's row, and moves the focus there.
pub fn open(row: &Element, words: &Words) {
    close(row);
    let form = element("div", "why");
    let label = labelled("label", "label", &words.get(text::COMMENT));
    let field = element("textarea", "field");
    set(&field, "rows", "2");
    set(&field, "dir", "auto");
    // Browsers count it as the server does.
    set(&field, "maxlength", &shared::limits::FEEDBACK_COMMENT_UNITS.to_string());
    append(&label, &field);
    append(&form, &label);
    let line = element("div", "choice");
    let send = labelled("button", "again", &words.get(text::SEND_FEEDBACK));
    set(&send, "type", "button");
    set(&send, "data-act", "comment");
    let leave = icon_button("act", &words.get(text::DISMISS), icons::CLOSE);
    set(&leave, "data-act", "unsaid");
    append(&line, &send);
    append(&line, &leave);
    append(&form, &line);
    append(row, &form);
    let field: HtmlElement = field.unchecked_into();
    let _ = field.focus();
    put(&form, "scrollTop", 0);
}

/// Takes the form away, if there is one; whether there was.
pub fn close(row: &Element) -> bool {
    let form = row.query_selector(FORM).ok().flatten();
    form.is_some_and(|form| row.remove_child(&form).is_ok())
}

/// Takes the form away and returns the focus to the thumb.
pub fn leave(row: &Element) {
    if close(row)
        && let Ok(Some(thumb)) = row.query_selector("[data-act=down]")
    {
        let thumb: HtmlElement = thumb.unchecked_into();
        let _ = thumb.focus();
    }
}

/// What is written in the form.
#[must_use]
pub fn written(row: &Element) -> String {
    let field = row.query_selector(".why textarea").ok().flatten();
    field.map(|field| word(&field, "value").trim().to_owned()).unwrap_or_default()
}

/// Puts thanks in the form's place.
pub fn thank(row: &Element, words: &Words) {
    leave(row);
    append(row, &labelled("p", "end why", &words.get(text::THANKS)));
}
