//! Lines into paragraphs and headings, by their places and sizes.

use std::collections::BTreeMap;

use crate::error::ExtractError;
use crate::page::{Page, one_line};

/// Text this much larger than most of the document is a heading.
const LARGER: f32 = 1.15;
/// A longer heading is none, in bytes.
const LONGEST_HEADING: usize = 200;
/// Headings smaller than the fourth size share its level.
const DEEPEST: usize = 4;
/// How many sizes apart two lines' feet are at most within a paragraph, where a document has too
/// few lines to tell.
const GAP: f32 = 1.6;
/// So many lines tell: a gap this much larger than most ends a paragraph.
const TELLING: usize = 20;
const LARGER_GAP: f32 = 1.3;
const LARGEST_GAP: f32 = 2.7;

pub(super) struct Line {
    pub text: String,
    /// Its foot, from the page's lower edge, and how large it is, in points.
    pub y: f32,
    pub size: f32,
    /// Counted from 0.
    pub page: usize,
}

struct Paragraph {
    text: String,
    size: i32,
    lines: usize,
}

pub(super) fn render(lines: Vec<Line>, limit: usize) -> Result<String, ExtractError> {
    let body = usual_size(&lines);
    let gap = largest_gap(&lines);
    let paragraphs = paragraphs(lines, gap);
    let mut sizes: Vec<i32> = paragraphs
        .iter()
        .filter(|paragraph| is_heading(paragraph, body))
        .map(|paragraph| paragraph.size)
        .collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes.dedup();
    let mut page = Page::new(limit);
    for paragraph in &paragraphs {
        if is_heading(paragraph, body) {
            let rank = sizes.iter().position(|&size| size == paragraph.size).unwrap_or(0);
            page.heading((rank + 1).min(DEEPEST), &paragraph.text)?;
        } else {
            match bullet(&paragraph.text) {
                Some(text) => page.item(1, None, text)?,
                None => page.paragraph(0, &paragraph.text)?,
            }
        }
    }
    Ok(page.finish())
}

/// In half points, so that sizes that differ by rounding are one.
fn halves(size: f32) -> i32 {
    (size * 2.0).round().clamp(0.0, 2000.0) as i32
}

/// The size of most of the text.
fn usual_size(lines: &[Line]) -> i32 {
    let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
    for line in lines {
        *counts.entry(halves(line.size)).or_default() += line.text.len();
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(0, |(size, _)| size)
}

/// In sizes of the text: beyond the usual distance of two lines, which is the middle one.
fn largest_gap(lines: &[Line]) -> f32 {
    let mut gaps: Vec<f32> = lines
        .iter()
        .zip(lines.iter().skip(1))
        .filter(|(a, b)| a.page == b.page && halves(a.size) == halves(b.size))
        .map(|(a, b)| (a.y - b.y) / b.size.max(1.0))
        .filter(|gap| (0.5..LARGEST_GAP).contains(gap))
        .collect();
    gaps.sort_unstable_by(f32::total_cmp);
    match gaps.get(gaps.len() / 2) {
        Some(usual) if gaps.len() >= TELLING => (usual * LARGER_GAP).min(LARGEST_GAP),
        _ => GAP,
    }
}

fn is_heading(paragraph: &Paragraph, body: i32) -> bool {
    paragraph.size as f32 > body as f32 * LARGER
        && paragraph.lines <= 3
        && paragraph.text.len() <= LONGEST_HEADING
        && bullet(&paragraph.text).is_none()
        && paragraph.text.chars().any(char::is_alphabetic)
}

fn bullet(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(['•', '◦', '▪', '●', '‣', '·', '\u{f0b7}'])?.trim_start();
    (!rest.is_empty()).then_some(rest)
}

fn paragraphs(lines: Vec<Line>, gap: f32) -> Vec<Paragraph> {
    let mut found: Vec<Paragraph> = Vec::new();
    let mut before: Option<Line> = None;
    for line in lines {
        let text = without_ligatures(&one_line(&line.text));
        if text.is_empty() {
            continue;
        }
        let size = halves(line.size);
        match (&before, found.last_mut()) {
            (Some(before), Some(open)) if continues(before, &line, open, &text, gap) => {
                join(&mut open.text, &text);
                open.lines += 1;
            }
            _ => found.push(Paragraph { text, size, lines: 1 }),
        }
        before = Some(line);
    }
    found
}

fn continues(before: &Line, line: &Line, open: &Paragraph, text: &str, gap: f32) -> bool {
    let same_size = (halves(line.size) - open.size).abs() <= 1;
    if !same_size || bullet(text).is_some() {
        return false;
    }
    let down = before.y - line.y;
    if before.page == line.page && down >= 0.0 {
        return down < gap * line.size.max(1.0);
    }
    // Over the end of a column or a page goes what is not finished.
    let unfinished = !open.text.ends_with(['.', '!', '?', ':', '…', '"', '”']);
    unfinished && text.starts_with(char::is_lowercase)
}

/// A word that was divided at the line's end becomes one again.
fn join(text: &mut String, next: &str) {
    let stem = text.strip_suffix(['-', '\u{2010}', '\u{ad}']);
    let divided = stem.is_some_and(|stem| stem.ends_with(char::is_lowercase))
        && next.starts_with(char::is_lowercase);
    if divided {
        text.pop();
    } else if !(text.ends_with(is_unspaced) && next.starts_with(is_unspaced)) {
        text.push(' ');
    }
    text.push_str(next);
}

/// Of scripts that put no spaces between words: Chinese and Japanese.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}')
}

/// Search looks for `find`, not for `ﬁnd`.
fn without_ligatures(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'ﬀ' => plain.push_str("ff"),
            'ﬁ' => plain.push_str("fi"),
            'ﬂ' => plain.push_str("fl"),
            'ﬃ' => plain.push_str("ffi"),
            'ﬄ' => plain.push_str("ffl"),
            'ﬅ' | 'ﬆ' => plain.push_str("st"),
            '\u{ad}' => plain.push('-'),
            c => plain.push(c),
        }
    }
    plain
}
