//! Markdown: as it is, without its front matter.

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
    let title = matter.and_then(matter_title).or_else(|| first_heading(body));
    Ok(Extracted { title, markdown: body.to_owned() })
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

/// The first `#` line or underlined line outside of code.
fn first_heading(body: &str) -> Option<String> {
    let mut fence: Option<&str> = None;
    let mut before = "";
    for line in body.lines() {
        let start = line.trim_start();
        let marks = ["```", "~~~"].into_iter().find(|marks| start.starts_with(marks));
        match (fence, marks) {
            (None, Some(marks)) => fence = Some(marks),
            (Some(open), Some(marks)) if open == marks => fence = None,
            (None, None) => {
                let text = start.trim_start_matches('#');
                let level = start.len() - text.len();
                if (1..=6).contains(&level) && text.starts_with([' ', '\t']) {
                    return Some(plain(text.trim().trim_end_matches('#')));
                }
                if line.len() > 2 && line.trim_end().bytes().all(|b| b == b'=') && !before.is_empty()
                {
                    return Some(plain(before));
                }
            }
            _ => {}
        }
        before = start.trim_end();
    }
    None
}

/// Without the commonest marks.
fn plain(heading: &str) -> String {
    heading.replace(['`', '*', '\\'], "").trim().to_owned()
}
