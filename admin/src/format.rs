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
