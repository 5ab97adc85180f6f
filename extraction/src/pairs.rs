//! Questions with their answers, as typed in by hand or found in a table.

use crate::markdown::headings;
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
        // An answer may say where a name in brackets leads; a question holds no links.
        let heading = heading.replace('[', "\\[");
        text.push_str(&format!("## {heading}\n\n{answer}"));
    }
    text
}

/// The questions and answers that [`questions_and_answers`] has made this text of, as it holds them:
/// of them it makes the same text again.
#[must_use]
pub fn pairs_of(text: &str) -> Vec<(String, String)> {
    let mut found = headings(text).into_iter().peekable();
    let mut pairs = Vec::new();
    while let Some((range, question)) = found.next() {
        let end = found.peek().map_or(text.len(), |(next, _)| next.start);
        let answer = text.get(range.end..end).unwrap_or_default();
        pairs.push((question, answer.trim_matches('\n').trim_end().to_owned()));
    }
    pairs
}

/// An answer that neither opens a section nor swallows the next one.
fn answer_body(answer: &str) -> String {
    let answer = clean(answer);
    let answer = without_headings(answer.trim_matches('\n').trim_end());
    // Code that nobody closed goes on to the end of the document.
    for end in ["", "\n```", "\n~~~"] {
        let closed = format!("{answer}{end}");
        if stands_alone(&closed) {
            return closed;
        }
    }
    let paragraphs: Vec<String> = answer.split("\n\n").map(escape).collect();
    paragraphs.join("\n\n").trim().to_owned()
}

/// Headings as bold lines.
fn without_headings(answer: &str) -> String {
    let (mut text, mut copied) = (String::with_capacity(answer.len()), 0);
    for (range, heading) in headings(answer) {
        text.push_str(answer.get(copied..range.start).unwrap_or_default());
        let heading = escape(&heading);
        if !heading.is_empty() {
            text.push_str(&format!("\n**{heading}**\n"));
        }
        copied = range.end;
    }
    text.push_str(answer.get(copied..).unwrap_or_default());
    text.trim_matches('\n').trim_end().to_owned()
}

fn stands_alone(answer: &str) -> bool {
    let followed = format!("{answer}\n\n## next");
    matches!(headings(&followed).as_slice(), [(_, only)] if only == "next")
}
