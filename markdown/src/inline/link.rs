//! The addresses in running text: `](url "title")`, `<url>`, `<mail@address>` and bare URLs.

use crate::{
    safe_url,
    scan::{byte, cut, is_punctuation, unescape},
    steps::step,
};

/// CommonMark asks for at least three levels of parentheses in a URL.
const MAX_PARENTHESES: usize = 32;

/// The URL of the `(url "title")` at `at`, and where that ends. Nothing shows the title, so it is
/// passed over.
pub(super) fn tail(text: &str, at: usize) -> Option<(String, usize)> {
    if byte(text, at) != b'(' {
        return None;
    }
    let start = skip_space(text, at + 1);
    let (url, end) = match byte(text, start) {
        b'<' => {
            let end = until(text, start + 1, b'>', *b"<\n")?;
            (cut(text, start + 1, end), end + 1)
        }
        _ => {
            let end = destination_end(text, start)?;
            (cut(text, start, end), end)
        }
    };
    let mut close = skip_space(text, end);
    if close > end {
        let (quote, forbidden) = match byte(text, close) {
            quote @ (b'"' | b'\'') => (quote, [0; 2]),
            b'(' => (b')', [b'('; 2]),
            _ => (0, [0; 2]),
        };
        if quote != 0 {
            close = skip_space(text, until(text, close + 1, quote, forbidden)? + 1);
        }
    }
    (byte(text, close) == b')').then(|| (unescape(url), close + 1))
}

fn skip_space(text: &str, mut at: usize) -> usize {
    while matches!(byte(text, at), b' ' | b'\t' | b'\n') {
        step(1);
        at += 1;
    }
    at
}

/// Where the next `end` is that no backslash precedes, with none of `forbidden` before it.
fn until(text: &str, mut at: usize, end: u8, forbidden: [u8; 2]) -> Option<usize> {
    while at < text.len() {
        step(1);
        match byte(text, at) {
            b if b == end => return Some(at),
            b if b == forbidden[0] || b == forbidden[1] => return None,
            b'\\' if byte(text, at + 1).is_ascii_punctuation() => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// The end of a URL that stands without angle brackets: its parentheses are balanced.
fn destination_end(text: &str, mut at: usize) -> Option<usize> {
    let mut open = 0;
    while at < text.len() {
        step(1);
        match byte(text, at) {
            b'(' if open == MAX_PARENTHESES => return None,
            b'(' => open += 1,
            b')' if open == 0 => break,
            b')' => open -= 1,
            b'\\' if byte(text, at + 1).is_ascii_punctuation() => at += 1,
            b if b <= b' ' || b == 0x7f => break,
            _ => {}
        }
        at += 1;
    }
    (open == 0).then_some(at)
}

/// The URL of the `<…>` at `at`, and where that ends. What is no safe address stays text with its
/// brackets: `<xs:element>` is code that the model forgot to mark.
pub(super) fn angle(text: &str, at: usize) -> Option<(String, usize)> {
    let mut end = at + 1;
    while byte(text, end) != b'>' {
        step(1);
        if byte(text, end) <= b' ' || byte(text, end) == b'<' {
            return None;
        }
        end += 1;
    }
    let inner = cut(text, at + 1, end);
    let url = if is_mail(inner) {
        let mut url = String::from("mailto:");
        url.push_str(inner);
        url
    } else {
        String::from(inner)
    };
    Some((safe_url(&url)?, end + 1))
}

fn is_mail(text: &str) -> bool {
    // Of the name, until the `@` has come; then of the label of the domain.
    let (mut length, mut in_domain) = (0, false);
    let mut last = 0;
    for b in text.bytes() {
        let ends_label = b == b'@' || b == b'.';
        match b {
            b'@' if in_domain || length == 0 => return false,
            b'@' => in_domain = true,
            _ if b.is_ascii_alphanumeric() => {}
            _ if !in_domain
                && !matches!(
                    b,
                    b'"' | b'(' | b')' | b',' | b':' | b';' | b'<' | b'>' | b'['..=b']'
                ) =>
            {
                if !b.is_ascii_punctuation() {
                    return false;
                }
            }
            b'-' if length > 0 => {}
            b'.' if length > 0 && last != b'-' => {}
            _ => return false,
        }
        length = if ends_label && in_domain { 0 } else { length + 1 };
        if in_domain && length > 63 {
            return false;
        }
        last = b;
    }
    in_domain && length > 0 && last != b'-'
}

/// The `http://` or `https://` URL at `at`, and where it ends: without the punctuation that belongs
/// to the sentence.
pub(super) fn bare(text: &str, at: usize) -> Option<(String, usize)> {
    let starts = |start: &str| cut(text, at, at + start.len()).eq_ignore_ascii_case(start);
    let start = at
        + match () {
            () if starts("http://") => 7,
            () if starts("https://") => 8,
            () => return None,
        };
    let before = cut(text, 0, at).bytes().next_back().unwrap_or(b' ');
    let first = cut(text, start, text.len()).chars().next().unwrap_or(' ');
    if before.is_ascii_alphanumeric() || is_punctuation(first) || is_foreign(first) {
        return None;
    }
    let mut end = text.len();
    // Closing parentheses that no opening one in the URL asks for.
    let mut surplus = 0isize;
    for (offset, c) in cut(text, start, text.len()).char_indices() {
        step(1);
        match c {
            '(' => surplus -= 1,
            ')' => surplus += 1,
            '*' | '"' | '<' | '>' | '[' | ']' | '`' | '\\' | '^' | '{' | '|' | '}' => {
                end = start + offset;
                break;
            }
            c if c <= ' ' || is_foreign(c) => {
                end = start + offset;
                break;
            }
            _ => {}
        }
    }
    loop {
        step(1);
        match byte(text, end - 1) {
            b')' if surplus > 0 => surplus -= 1,
            b'?' | b'!' | b'.' | b',' | b':' | b';' | b'_' | b'~' | b'\'' => {}
            _ => break,
        }
        end -= 1;
    }
    Some((safe_url(cut(text, at, end))?, end))
}

/// White space, and the punctuation of scripts that set none around a URL.
fn is_foreign(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{2010}'..='\u{2027}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}')
}
