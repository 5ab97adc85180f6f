//! Sentences of a paragraph, with their Markdown intact.

/// Words before whose full stop a sentence does not end.
const SHORT: &[&str] = &["e.g", "i.e", "etc", "vs", "cf", "approx", "no", "dr", "mr", "mrs", "st"];

/// The sentences of one paragraph in their order; white space is collapsed.
pub(crate) fn sentences(paragraph: &str) -> Vec<String> {
    let text = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found = Vec::new();
    let mut start = 0;
    let mut guarded = Guard::default();
    for (at, c) in text.char_indices() {
        guarded.see(c);
        let end = at + c.len_utf8();
        let ends = match c {
            '。' | '！' | '？' => true,
            '.' | '!' | '?' | '…' => !is_short(&text[start..at], c),
            _ => false,
        };
        if ends && !guarded.inside() {
            let end = end + closers(&text[end..]);
            if is_between(c, &text[end..]) {
                push(&mut found, &text[start..end]);
                start = end;
            }
        }
    }
    push(&mut found, &text[start..]);
    found
}

fn push(found: &mut Vec<String>, sentence: &str) {
    let sentence = sentence.trim();
    if !sentence.is_empty() {
        found.push(sentence.to_owned());
    }
}

/// Whether the place lies in code or in bold text, which must not be torn apart.
#[derive(Default)]
struct Guard {
    code: bool,
    bold: bool,
    star: bool,
}

impl Guard {
    fn see(&mut self, c: char) {
        if c == '`' {
            self.code = !self.code;
        }
        if c == '*' && self.star && !self.code {
            self.bold = !self.bold;
        }
        self.star = c == '*' && !self.star;
    }

    fn inside(&self) -> bool {
        self.code || self.bold
    }
}

fn closers(rest: &str) -> usize {
    rest.find(|c| !matches!(c, ')' | '"' | '\'' | '”' | '’' | ']' | '」' | '』'))
        .unwrap_or(rest.len())
}

/// Whether a sentence can begin with `rest`.
fn is_between(end: char, rest: &str) -> bool {
    if matches!(end, '。' | '！' | '？') || rest.is_empty() {
        return true;
    }
    rest.strip_prefix(' ').and_then(|next| next.chars().next()).is_some_and(|c| !c.is_lowercase())
}

fn is_short(before: &str, end: char) -> bool {
    let word = before.rsplit([' ', '(']).next().unwrap_or("");
    end == '.' && (word.chars().count() == 1 || SHORT.contains(&word.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sentences_end_where_a_reader_ends_them() {
        let cases: [(&str, &[&str]); 6] = [
            ("One thing. Two\nthings! Three?", &["One thing.", "Two things!", "Three?"]),
            ("Use e.g. Caddy or nginx.", &["Use e.g. Caddy or nginx."]),
            ("Run `a. B` now. Then `C`.", &["Run `a. B` now.", "Then `C`."]),
            ("It is at example.com today.", &["It is at example.com today."]),
            ("鍵です。次です。", &["鍵です。", "次です。"]),
            ("**Never. Ever.** Do it (once.) Now.", &["**Never. Ever.** Do it (once.)", "Now."]),
        ];
        for (text, want) in cases {
            assert_eq!(sentences(text), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_lost(text in "\\PC{0,80}") {
            let flat = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(flat(&sentences(&text).concat()), flat(&text));
        }
    }
}
