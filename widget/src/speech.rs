//! What a screen reader hears of a growing answer: whole sentences, without Markdown's signs.

/// The end of the last finished sentence at or behind `from`, in bytes; `None` while there is none.
#[must_use]
pub fn finished(text: &str, from: usize) -> Option<usize> {
    let new = text.get(from..)?;
    let mut end = None;
    let mut before = ' ';
    for (at, c) in new.char_indices() {
        // A full stop ends a sentence once a space follows: "3.5" and "e.g" go on.
        let western = c.is_whitespace() && matches!(before, '.' | '!' | '?' | ':' | '…');
        if western || matches!(c, '\n' | '。' | '！' | '？') {
            end = Some(from + at + c.len_utf8());
        }
        before = c;
    }
    end.filter(|end| text.get(from..*end).is_some_and(|new| !new.trim().is_empty()))
}

/// `text` without the signs that only lay it out.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.trim().trim_start_matches(['#', '>', '-', '|', ' ']);
        let spoken = line.chars().filter(|c| !matches!(c, '*' | '`' | '|' | '~'));
        if !out.is_empty() && !line.is_empty() {
            out.push(' ');
        }
        out.extend(spoken);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_finished_sentences_are_spoken_and_each_once() {
        let text = "Version 3.5 is out. It is fa";
        let end = finished(text, 0).unwrap();
        assert_eq!(&text[..end], "Version 3.5 is out. ");
        assert_eq!(finished(text, end), None);
        assert_eq!(finished("今日は。明", 0), Some("今日は。".len()));
        assert_eq!(finished("no end yet", 0), None);
        assert_eq!(finished("short", 99), None, "a text that was replaced by a shorter one");
    }

    #[test]
    fn a_line_end_finishes_what_has_no_full_stop() {
        assert_eq!(finished("# Title\nText", 0), Some(8));
        assert_eq!(finished("\n\n", 0), None, "silence is not announced");
    }

    #[test]
    fn layout_is_not_read_out() {
        assert_eq!(plain("# **Bold** title\n- `code` item"), "Bold title code item");
    }
}
