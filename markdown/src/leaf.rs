//! The marks that begin a block: rule, heading, fence, list item.

use crate::{
    line::Line,
    scan::{byte, cut, run, trim, trim_end},
    steps::step,
};

/// `***`, `---` or `___`, also with spaces between.
pub(crate) fn is_rule(line: &Line, at: usize) -> bool {
    let mark = line.byte(at);
    if !matches!(mark, b'*' | b'-' | b'_') {
        return false;
    }
    let mut marks = 0;
    for b in cut(line.text, at, line.text.len()).bytes() {
        step(1);
        match b {
            b' ' | b'\t' => {}
            b if b == mark => marks += 1,
            _ => return false,
        }
    }
    marks >= 3
}

/// The level and text of an ATX heading at `at`.
pub(crate) fn heading<'a>(line: &Line<'a>, at: usize) -> Option<(u8, &'a str)> {
    let mut level = 0u8;
    while level < 7 && line.byte(at + usize::from(level)) == b'#' {
        level += 1;
    }
    let end = at + usize::from(level);
    if !(1..=6).contains(&level) || !matches!(line.byte(end), b' ' | b'\t' | b'\n') {
        return None;
    }
    let text = trim(cut(line.text, end, line.text.len()));
    let mut marks = 0;
    while text.len() > marks && byte(text, text.len() - marks - 1) == b'#' {
        marks += 1;
    }
    let open = cut(text, 0, text.len() - marks);
    step(line.text.len());
    // The closing marks count only after white space: `C#` is a language.
    let bare = trim_end(open);
    let closed = bare.len() < open.len() || open.is_empty();
    Some((level, if closed { bare } else { text }))
}

/// The mark and length of an opening fence at `at`, and the byte after it.
pub(crate) fn fence(line: &Line, at: usize) -> Option<(u8, usize)> {
    let mark = line.byte(at);
    if mark != b'`' && mark != b'~' {
        return None;
    }
    let length = run(line.text, at);
    let info = cut(line.text, at + length, line.text.len());
    step(info.len());
    (length >= 3 && (mark == b'~' || info.bytes().all(|b| b != b'`'))).then_some((mark, length))
}

/// What begins a list item.
pub(crate) struct Marker {
    /// `-`, `+`, `*`, `.` or `)`: items of one list have the same.
    pub(crate) mark: u8,
    pub(crate) number: Option<u32>,
    /// Length in bytes, without white space.
    pub(crate) length: usize,
}

/// The list marker at `at`.
pub(crate) fn marker(line: &Line, at: usize) -> Option<Marker> {
    let mut length = 0;
    let mut number = None;
    // Nine digits, so that no reader's integers overflow (CommonMark's own limit).
    while length < 9 && line.byte(at + length).is_ascii_digit() {
        number =
            Some(number.unwrap_or(0) * 10 + u32::from(line.byte(at + length).wrapping_sub(b'0')));
        length += 1;
    }
    let mark = line.byte(at + length);
    let is_mark = match number {
        Some(_) => matches!(mark, b'.' | b')'),
        None => matches!(mark, b'-' | b'+' | b'*'),
    };
    length += 1;
    (is_mark && matches!(line.byte(at + length), b' ' | b'\t' | b'\n')).then_some(Marker {
        mark,
        number,
        length,
    })
}
