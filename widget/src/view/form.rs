//! The form before a chat: the admin's questions, and what is wrong with the answers.
//!
//! In: the fields of the look. Out: nodes, and the answers by name. The words under a field are
//! tied to it, so that a screen reader reads both.

use shared::{FormField, FormFieldKind};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};

use crate::dom::{append, element, labelled, set, word};
use crate::form::{complaint, longest};
use crate::text;
use crate::words::Words;

/// Fills `root` with the questions.
pub fn draw(root: &Element, fields: &[FormField], words: &Words) {
    root.set_text_content(None);
    append(root, &labelled("p", "", &words.get(text::FORM_INTRO)));
    for (at, field) in fields.iter().enumerate() {
        append(root, &draw_field(field, at, fields.len(), words));
    }
    let start = labelled("button", "start", &words.get(text::FORM_START));
    set(&start, "type", "submit");
    append(root, &start);
}

fn draw_field(field: &FormField, at: usize, fields: usize, words: &Words) -> Element {
    let root = element("div", "ask");
    let name = match field.name.as_str() {
        _ if !field.label.is_empty() => field.label.clone(),
        "name" => words.get(text::FORM_NAME),
        "email" => words.get(text::FORM_EMAIL),
        other => other.to_owned(),
    };
    let label = element("label", "label");
    // Written as its own language wants, aligned as the form's.
    append(&label, &labelled("bdi", "", &name));
    if !field.required {
        let mark = [" (", &words.get(text::FORM_OPTIONAL), ")"].concat();
        append(&label, &labelled("span", "optional", &mark));
    }
    let input = draw_input(field);
    let (id, wrong_id) = (["f", &at.to_string()].concat(), ["w", &at.to_string()].concat());
    set(&label, "for", &id);
    set(&input, "id", &id);
    set(&input, "aria-describedby", &wrong_id);
    set(&input, "maxlength", &longest(field, fields).to_string());
    if field.required {
        set(&input, "aria-required", "true");
    }
    let wrong = element("p", "wrong");
    set(&wrong, "id", &wrong_id);
    for node in [&label, &input, &wrong] {
        append(&root, node);
    }
    root
}

fn draw_input(field: &FormField) -> Element {
    if field.kind == FormFieldKind::Choice {
        let select = element("select", "field");
        append(&select, &element("option", ""));
        for option in &field.options {
            append(&select, &labelled("option", "", option));
        }
        return select;
    }
    let input = element("input", "field");
    let is_email = field.kind == FormFieldKind::Email || field.name == "email";
    set(&input, "type", if is_email { "email" } else { "text" });
    set(&input, "dir", "auto");
    // What browsers may fill in by themselves.
    match field.name.as_str() {
        "name" => set(&input, "autocomplete", "name"),
        "email" => set(&input, "autocomplete", "email"),
        _ => {}
    }
    input
}

/// The fields' nodes, in their order.
fn inputs(root: &Element) -> Vec<HtmlElement> {
    let found = root.query_selector_all(".field").ok();
    let found = found.map(|found| js_sys::Array::from(&found));
    found.iter().flat_map(js_sys::Array::iter).map(JsCast::unchecked_into).collect()
}

/// Moves the focus to the first question.
pub fn focus(root: &Element) {
    if let Some(first) = inputs(root).first() {
        let _ = first.focus();
    }
}

/// Says under each field what is wrong with it and goes to the first such field; the answers, when
/// nothing is wrong.
#[must_use]
pub fn read(root: &Element, fields: &[FormField], words: &Words) -> Option<Vec<String>> {
    let (mut answers, mut first) = (Vec::new(), None);
    for (input, field) in inputs(root).into_iter().zip(fields) {
        let answer = word(&input, "value").trim().to_owned();
        let wrong = complaint(field, &answer);
        set(&input, "aria-invalid", if wrong.is_some() { "true" } else { "false" });
        if let Some(node) = input.next_element_sibling() {
            node.set_text_content(wrong.map(|key| words.get(key)).as_deref());
        }
        if wrong.is_some() && first.is_none() {
            first = Some(input);
        }
        answers.push(answer);
    }
    if let Some(first) = first {
        let _ = first.focus();
        return None;
    }
    Some(answers)
}
