//! The characters: cutting text without a panic, classes of characters, escapes and entities.

use crate::steps::step;

/// `text[from..to]`, or nothing where that is no whole piece. (Indexing would bring the panic
/// message and its formatting into the download.)
pub(crate) fn cut(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or("")
}

/// The byte at `at`; `\0` past the end.
pub(crate) fn byte(text: &str, at: usize) -> u8 {
    text.as_bytes().get(at).copied().unwrap_or(0)
}

/// How often the byte at `at` stands there in a row.
pub(crate) fn run(text: &str, at: usize) -> usize {
    let mark = byte(text, at);
    let rest = text.as_bytes().get(at..).unwrap_or(&[]);
    let length = rest.iter().position(|b| *b != mark).unwrap_or(rest.len());
    step(length);
    length
}

/// The text without the spaces and tabs around it. (The patterns of `str::trim_matches` are copied
/// into the download once per use; this is there once.)
pub(crate) fn trim(text: &str) -> &str {
    trim_start(trim_end(text))
}

/// The text without the spaces and tabs before it.
pub(crate) fn trim_start(text: &str) -> &str {
    let mut start = 0;
    while is_blank(byte(text, start)) {
        start += 1;
    }
    step(start);
    cut(text, start, text.len())
}

/// The text without the spaces and tabs after it.
pub(crate) fn trim_end(text: &str) -> &str {
    let mut end = text.len();
    while end > 0 && is_blank(byte(text, end - 1)) {
        end -= 1;
    }
    step(text.len() - end);
    cut(text, 0, end)
}

/// A space or a tab.
pub(crate) fn is_blank(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

/// Punctuation and symbols, as emphasis judges its neighbours. Outside ASCII these are the blocks
/// that answers use, not the whole of Unicode: its tables weigh more than this crate.
pub(crate) fn is_punctuation(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_punctuation();
    }
    matches!(c,
        '\u{a1}'..='\u{a9}' | '\u{ab}' | '\u{ac}' | '\u{ae}'..='\u{b1}' | '\u{b4}'
        | '\u{b6}'..='\u{b8}' | '\u{bb}' | '\u{bf}' | '×' | '÷'
        | '\u{5be}' | '\u{5c0}' | '\u{5c3}' | '\u{5f3}' | '\u{5f4}'
        | '\u{60c}' | '\u{61b}' | '\u{61d}'..='\u{61f}' | '\u{66a}'..='\u{66d}' | '\u{6d4}'
        | '\u{964}' | '\u{965}' | '\u{e3f}'
        | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{20a0}'..='\u{20c0}'
        | '\u{2190}'..='\u{245f}' | '\u{2500}'..='\u{2775}' | '\u{2794}'..='\u{2bff}'
        | '\u{3001}'..='\u{3004}' | '\u{3008}'..='\u{3020}' | '\u{3030}' | '\u{30fb}'
        | '\u{fe30}'..='\u{fe6b}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}'
        | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}' | '\u{1f000}'..='\u{1faff}')
}

/// Letters and punctuation of the scripts written without spaces that `**` has trouble with.
pub(crate) fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe4f}'
        | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

/// The entities that models use; any other is text.
const ENTITIES: [(&str, char); 24] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("hellip", '…'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("bull", '•'),
    ("middot", '·'),
    ("times", '×'),
    ("deg", '°'),
    ("euro", '€'),
    ("rarr", '→'),
];

/// The character that the entity at `at` (an `&`) stands for, and where the entity ends.
pub(crate) fn entity(text: &str, at: usize) -> Option<(char, usize)> {
    let mut end = at + 1;
    while byte(text, end).is_ascii_alphanumeric() || byte(text, end) == b'#' {
        end += 1;
        // The longest is `&#1114111;`.
        if end > at + 10 {
            return None;
        }
    }
    step(end - at);
    let name = cut(text, at + 1, end);
    if byte(text, end) != b';' {
        return None;
    }
    let decoded = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => ENTITIES.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((decoded, end + 1))
}

fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() {
        return None;
    }
    let mut code = 0u32;
    for c in digits.chars() {
        // At most nine digits come in, so this does not overflow by much and saturates when it does.
        code = code.saturating_mul(radix).saturating_add(c.to_digit(radix)?);
    }
    Some(char::from_u32(code).filter(|c| *c != '\0').unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// The text with its backslash escapes and entities resolved.
pub(crate) fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut skip_to = 0;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        if !escaped && c == '\\' && byte(text, at + 1).is_ascii_punctuation() {
            escaped = true;
            continue;
        }
        match if c == '&' && !escaped { entity(text, at) } else { None } {
            Some((decoded, end)) => {
                plain.push(decoded);
                skip_to = end;
            }
            None => plain.push(c),
        }
        escaped = false;
    }
    step(text.len());
    plain
}

#[cfg(test)]
mod tests {
    use super::{entity, unescape};

    #[test]
    fn common_and_numeric_entities_are_decoded() {
        for (text, plain) in [
            ("&amp;&lt;&gt;&quot;&apos;", "&<>\"'"),
            ("a&nbsp;b", "a\u{a0}b"),
            ("&#65;&#x1F600;&#X41;", "A😀A"),
            ("&amp;lt;", "&lt;"),
        ] {
            assert_eq!(unescape(text), plain);
        }
    }

    #[test]
    fn impossible_entities_become_the_replacement_or_stay_text() {
        for (text, plain) in [
            ("&#0;", "\u{fffd}"),
            ("&#xD800;", "\u{fffd}"),
            ("&#9999999;", "\u{fffd}"),
            ("&unknown;", "&unknown;"),
            ("&amp", "&amp"),
            ("&;&#;&#x;&#x", "&;&#;&#x;&#x"),
            ("&#99999999999999999999;", "&#99999999999999999999;"),
            ("&#-1;", "&#-1;"),
            ("&é;", "&é;"),
        ] {
            assert_eq!(unescape(text), plain);
        }
        assert_eq!(entity("&", 0), None);
    }

    #[test]
    fn a_backslash_frees_punctuation_and_nothing_else() {
        assert_eq!(unescape(r"\*\\\a\&amp;\é"), r"*\\a&amp;\é");
    }
}
