//! Markdown: as it is, without its front matter.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::error::ExtractError;
use crate::page::clean;
use crate::text::decode;
use crate::{Extracted, Limits, format};

pub(crate) fn extract(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    format::expect("Markdown", bytes)?;
    let text = clean(&decode(bytes, None));
    let (matter, body) = front_matter(&text);
    let body = body.trim_matches('\n');
    if body.len() > limits.text {
        return Err(ExtractError::TooMuchText { limit: limits.text });
    }
    let title = matter.and_then(matter_title).or_else(|| {
        let first = headings(body).into_iter().next();
        first.map(|(_, text)| text)
    });
    Ok(Extracted { title, markdown: body.to_owned(), half_rows: Vec::new() })
}

/// What stands between `---` or `+++` at the very start, and the rest.
fn front_matter(text: &str) -> (Option<&str>, &str) {
    for fence in ["---", "+++"] {
        let Some(rest) = text.strip_prefix(fence).and_then(|rest| rest.strip_prefix('\n')) else {
            continue;
        };
        let mut at = 0;
        for line in rest.split_inclusive('\n') {
            if line.trim_end() == fence {
                let (matter, body) = (rest.get(..at), rest.get(at + line.len()..));
                // A text that opens with a rule has no keys before its next one.
                if matter.is_some_and(|matter| matter.contains([':', '='])) {
                    return (matter, body.unwrap_or_default());
                }
                break;
            }
            at += line.len();
        }
    }
    (None, text)
}

fn matter_title(matter: &str) -> Option<String> {
    let value = matter.lines().find_map(|line| {
        let (key, value) = line.split_once([':', '='])?;
        (key.trim() == "title").then_some(value.trim())
    })?;
    let value = value.trim_matches(['"', '\'']).trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// The text of the headings that cut a document, with their places; none of those within quotes
/// and lists.
pub(crate) fn headings(markdown: &str) -> Vec<(Range<usize>, String)> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let (mut found, mut open, mut depth) = (Vec::new(), None, 0_usize);
    for (event, range) in Parser::new_ext(markdown, options).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                if depth == 0 && matches!(tag, Tag::Heading { .. }) {
                    open = Some((range, String::new()));
                }
                depth += 1;
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    found.extend(open.take());
                }
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some((_, text)) = &mut open {
                    text.push_str(&part);
                }
            }
            Event::SoftBreak | Event::HardBreak => {
                if let Some((_, text)) = &mut open {
                    text.push(' ');
                }
            }
            _ => {}
        }
    }
    found
}
