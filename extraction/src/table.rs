//! CSV: rows as list items with their column names, or as questions with answers.

use crate::error::ExtractError;
use crate::page::{Page, one_line};
use crate::text::decode;
use crate::{Deadline, Extracted, Limits, format, questions_and_answers};

/// More columns than anyone reads in one row.
const MOST_COLUMNS: usize = 1000;
const QUESTION: [&str; 5] = ["question", "questions", "frage", "fragen", "q"];
const ANSWER: [&str; 6] = ["answer", "answers", "antwort", "antworten", "a", "reply"];

pub(crate) fn extract(
    bytes: &[u8],
    limits: &Limits,
    deadline: Deadline,
) -> Result<Extracted, ExtractError> {
    format::expect("CSV", bytes)?;
    let text = decode(bytes, None);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(&text))
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut row = csv::StringRecord::new();
    let mut next = |row: &mut csv::StringRecord| {
        reader
            .read_record(row)
            .map_err(|_| ExtractError::Malformed { format: "CSV", what: "a row cannot be read" })
    };
    if !next(&mut row)? {
        return Err(ExtractError::Blank);
    }
    if row.len() > MOST_COLUMNS {
        return Err(ExtractError::TooManyColumns { limit: MOST_COLUMNS });
    }
    let names: Vec<String> = row.iter().map(one_line).collect();
    let asked = column(&names, &QUESTION).zip(column(&names, &ANSWER));
    let (mut pairs, mut half_rows) = (Vec::new(), Vec::new());
    let mut page = Page::new(limits.text);
    let mut rows = 0;
    while next(&mut row)? {
        rows += 1;
        if rows > limits.rows {
            return Err(ExtractError::TooManyRows { limit: limits.rows });
        }
        deadline.check()?;
        match asked {
            Some((question, answer)) => {
                let cell = |at| row.get(at).unwrap_or_default().to_owned();
                let (question, answer) = (cell(question), cell(answer));
                if question.trim().is_empty() != answer.trim().is_empty() {
                    half_rows.extend(row.position().map(csv::Position::line));
                }
                pairs.push((question, answer));
            }
            None => page.item(1, None, &described(&names, &row))?,
        }
    }
    let markdown = if asked.is_some() { questions_and_answers(&pairs) } else { page.finish() };
    if markdown.len() > limits.text {
        return Err(ExtractError::TooMuchText { limit: limits.text });
    }
    Ok(Extracted { title: None, markdown, half_rows })
}

fn column(names: &[String], wanted: &[&str]) -> Option<usize> {
    names.iter().position(|name| wanted.contains(&name.to_lowercase().as_str()))
}

/// `Column: value; Column: value`, without empty cells.
fn described(names: &[String], row: &csv::StringRecord) -> String {
    let mut text = String::new();
    for (at, value) in row.iter().enumerate() {
        if value.trim().is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push_str("; ");
        }
        if let Some(name) = names.get(at).filter(|name| !name.is_empty()) {
            text.push_str(name);
            text.push_str(": ");
        }
        text.push_str(value.trim());
    }
    text
}

/// The mark that splits the first line most often outside of quotes; a comma when none does.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for byte in text.trim_start().bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if !quoted => {
                for (mark, count) in &mut counts {
                    *count += usize::from(*mark == byte);
                }
            }
            _ => {}
        }
    }
    // The first of equals wins, so they are looked at from the back.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(mark, _)| *mark)
}
