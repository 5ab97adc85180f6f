//! Questions with their answers, as typed in by hand or found in a table.

use crate::page::{clean, escape};

/// Each question as a heading, its answer under it. Questions are plain text. Answers are Markdown;
/// their headings become bold lines, so that an answer stays under its question. Pairs that lack
/// either half are left out.
#[must_use]
pub fn questions_and_answers(pairs: &[(String, String)]) -> String {
    let mut text = String::new();
    for (question, answer) in pairs {
        let (heading, answer) = (escape(question), answer_body(answer));
        if heading.is_empty() || answer.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        let heading = match heading.strip_suffix('#') {
            Some(start) if !start.ends_with('\\') => format!("{start}\\#"),
            _ => heading,
        };
        text.push_str(&format!("## {heading}\n\n{answer}"));
    }
    text
}

/// An answer in which no line is a heading and no code block stays open.
fn answer_body(answer: &str) -> String {
    let answer = clean(answer);
    let mut lines: Vec<String> = Vec::new();
    let mut fence: Option<String> = None;
    for line in answer.trim().lines() {
        let start = line.trim_start();
        if let Some(open) = &fence {
            let closes = start.starts_with(open.as_str())
                && start.trim_end().chars().all(|c| open.starts_with(c));
            lines.push(line.to_owned());
            if closes {
                fence = None;
            }
            continue;
        }
        fence = fence_of(start);
        lines.push(without_heading(line, lines.last().map_or("", String::as_str)));
    }
    if let Some(open) = fence {
        lines.push(open);
    }
    lines.join("\n").trim_end().to_owned()
}

fn fence_of(start: &str) -> Option<String> {
    let mark = start.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = start.chars().take_while(|&c| c == mark).count();
    let info = start.get(length..).unwrap_or_default();
    (length >= 3 && !(mark == '`' && info.contains('`'))).then(|| mark.to_string().repeat(length))
}

/// `# Title` → `**Title**`; an underline of `=` or `-` loses its meaning.
fn without_heading(line: &str, before: &str) -> String {
    let start = line.trim_start_matches([' ', '\t']);
    let text = start.trim_start_matches('#');
    let level = start.len() - text.len();
    if (1..=6).contains(&level) && (text.is_empty() || text.starts_with([' ', '\t'])) {
        let text = text.trim().trim_end_matches('#').trim_end();
        return if text.is_empty() { String::new() } else { format!("**{}**", text.replace('*', "")) };
    }
    let underline = start.trim_end();
    let one_of = |mark: u8| !underline.is_empty() && underline.bytes().all(|b| b == mark);
    if !before.trim().is_empty() && (one_of(b'=') || one_of(b'-')) {
        return String::new();
    }
    line.to_owned()
}
