//! Tables as CSV (RFC 4180), safe to open in a spreadsheet.
//!
//! What enters: cells. What leaves: lines of text. A cell that a spreadsheet would take for a formula
//! gets an apostrophe before it; [`plain`] takes it away again.

/// Adds a line.
pub fn write_line(out: &mut String, cells: &[String]) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_cell(out, cell);
    }
    out.push_str("\r\n");
}

/// What begins a formula, or lets one begin behind it; the wide signs do so in spreadsheets of East
/// Asia.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether a cell is a formula, or looks like one that was made a text.
fn is_guarded(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

fn write_cell(out: &mut String, cell: &str) {
    let guarded = is_guarded(cell);
    if !guarded && !cell.contains(['"', ',', '\n', '\r']) {
        out.push_str(cell);
        return;
    }
    out.push('"');
    if guarded {
        out.push('\'');
    }
    out.push_str(&cell.replace('"', "\"\""));
    out.push('"');
}

/// A cell as it was before it was made safe.
#[must_use]
pub fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_guarded(rest)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cell_is_quoted_when_it_must_be_and_never_a_formula() {
        for (cell, written) in [
            ("a b", "a b"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"\n", "\"say \"\"hi\"\"\n\""),
            ("=1+1", "\"'=1+1\""),
            ("-1", "\"'-1\""),
            ("@x", "\"'@x\""),
            ("\t=1", "\"'\t=1\""),
            ("\n=1", "\"'\n=1\""),
            ("＝1+1", "\"'＝1+1\""),
            ("'=1", "\"''=1\""),
            ("it's", "it's"),
        ] {
            let mut out = String::new();
            write_cell(&mut out, cell);
            assert_eq!(out, written);
        }
    }

    proptest! {
        #[test]
        fn what_was_made_safe_reads_back_as_it_was(cell in "['=+@＝＠\\n\\ta-]{0,6}") {
            let mut out = String::new();
            write_cell(&mut out, &cell);
            prop_assert_eq!(plain(out.trim_matches('"')), &cell);
        }
    }
}
