//! Numbers as people read them.

/// `12345` as `12,345`.
#[must_use]
pub fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::from(if number < 0 { "−" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `0.9951` as `99.5 %`; a share that is not whole is never shown as all or nothing.
#[must_use]
pub fn percent(share: f64) -> String {
    let tenths = (share * 1000.0).round();
    let tenths = if share < 1.0 { tenths.min(999.0) } else { tenths };
    let tenths = if share > 0.0 { tenths.max(1.0) } else { tenths };
    if tenths % 10.0 == 0.0 {
        format!("{:.0} %", tenths / 10.0)
    } else {
        format!("{:.1} %", tenths / 10.0)
    }
}

/// Milliseconds as `840 ms` or `1.2 s`.
#[must_use]
pub fn duration(ms: i64) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{:.1} s", ms as f64 / 1000.0) }
}

/// Bytes as `840 B`, `1.2 KB` or `3.4 MB`.
#[must_use]
pub fn bytes(bytes: i64) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{:.1} KB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// `1 key`, `2 keys`.
#[must_use]
pub fn plural(number: i64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// The whole number that a text is, with its thousands parted or not; nothing for an empty one.
///
/// # Errors
/// What is wrong with it. A point is refused: to some readers it parts thousands, to others decimals.
pub fn whole(text: &str) -> Result<Option<i64>, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let is_parted = |mark: char| {
        let mut groups = text.split(mark);
        groups.next().is_some_and(|first| (1..=3).contains(&first.len()))
            && groups.all(|group| group.len() == 3)
    };
    let plain = match text.chars().find(|c| !c.is_ascii_digit()) {
        None => text.to_owned(),
        Some(mark @ (',' | ' ' | '\u{a0}' | '\u{202f}' | '\'')) if is_parted(mark) => {
            text.split(mark).collect()
        }
        Some(_) => return Err("must be a whole number, such as 1000"),
    };
    plain.parse().map(Some).map_err(|_| "must be a whole number, and smaller")
}

/// The number that a text is, with a point or a comma before its decimals; nothing for an empty one.
///
/// # Errors
/// What is wrong with it.
pub fn decimal(text: &str) -> Result<Option<f64>, &'static str> {
    let text = text.trim().replace(',', ".");
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.map(Some).ok_or("must be a number, such as 0.7")
}

/// A field's JSON name as words: `ui.primaryColor` as `primary color`.
#[must_use]
pub fn words(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.chars().fold(String::new(), |mut words, letter| {
        match letter {
            '_' => words.push(' '),
            c if c.is_ascii_uppercase() => words.extend([' ', c.to_ascii_lowercase()]),
            c => words.push(c),
        }
        words
    })
}

/// A text as a reader sees it: without what is invisible, and with single spaces.
#[must_use]
pub fn visible(text: &str) -> String {
    let is_unseen = |c: &char| {
        matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
            || (c.is_control() && !c.is_whitespace())
    };
    let seen: String = text.chars().filter(|c| !is_unseen(c)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The top of a chart's axis: the next of 2, 4, 10, 20, 40, 100, … that nothing exceeds, so its middle
/// is a whole number as well.
#[must_use]
pub fn axis_top(most: f64) -> f64 {
    let mut unit = 1.0;
    loop {
        for step in [2.0, 4.0, 10.0] {
            if most <= step * unit || !most.is_finite() {
                return step * unit;
            }
        }
        unit *= 10.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number_that_nothing_exceeds() {
        let tops = [0.0, 1.0, 2.0, 3.0, 4.1, 10.0, 11.0, 399.0, 401.0].map(axis_top);
        assert_eq!(tops, [2.0, 2.0, 2.0, 4.0, 10.0, 10.0, 20.0, 400.0, 1000.0]);
        assert_eq!(axis_top(f64::NAN), 2.0, "and the page goes on");
    }

    #[test]
    fn a_number_is_what_was_typed_or_none() {
        for (text, number) in
            [("", None), (" 7 ", Some(7)), ("12,345", Some(12345)), ("1 000 000", Some(1_000_000))]
        {
            assert_eq!(whole(text), Ok(number), "{text}");
        }
        for odd in [
            "1.000",
            "1,00",
            "1e3",
            "-5",
            "12abc",
            "1,2345",
            ",5",
            "1,",
            "1,000 000",
            "99999999999999999999",
        ] {
            assert!(whole(odd).is_err(), "{odd}");
        }
        assert_eq!(decimal("0,7"), Ok(Some(0.7)));
        assert!(decimal("warm").is_err() && decimal("inf").is_err() && decimal("1,000.5").is_err());
    }

    #[test]
    fn what_cannot_be_seen_need_not_be_typed() {
        assert_eq!(visible("  Shop\u{200b} \u{202e} two\n"), "Shop two");
        assert_eq!(visible("日本 ä"), "日本 ä");
    }

    #[test]
    fn a_fields_name_is_read_as_words() {
        let names = ["expires_at", "ui.primaryColor", "licenses.grace_days"].map(words);
        assert_eq!(names, ["expires at", "primary color", "grace days"]);
    }

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1000), "1,000");
        assert_eq!(count(-1_234_567), "−1,234,567");
    }

    #[test]
    fn one_failure_in_a_million_is_not_a_hundred_percent() {
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.999_999), "99.9 %");
        assert_eq!(percent(0.000_001), "0.1 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.5), "50 %");
    }

    #[test]
    fn units_grow_with_the_number() {
        assert_eq!(duration(999), "999 ms");
        assert_eq!(duration(1000), "1.0 s");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1500), "1.5 KB");
        assert_eq!(bytes(2_500_000), "2.5 MB");
        assert_eq!(plural(1, "key", "keys"), "1 key");
        assert_eq!(plural(1200, "key", "keys"), "1,200 keys");
    }
}
