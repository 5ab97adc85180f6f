//! Misspelt and shortened words.

/// Whether one letter was added, left out, changed or swapped with the next.
pub(crate) fn is_one_slip(a: &str, b: &str) -> bool {
    if a.len().abs_diff(b.len()) > 4 {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same..], &b[same..]);
    match (a, b) {
        ([], [_]) | ([_], []) => true,
        ([x, rest_a @ ..], [y, rest_b @ ..]) => {
            rest_a == rest_b
                || a == rest_b
                || rest_a == b
                || matches!((rest_a, rest_b), ([xx, a @ ..], [yy, b @ ..])
                    if x == yy && y == xx && a == b)
        }
        _ => false,
    }
}

/// Whether `term` begins with `stem` and goes on for no more letters than that has: postgres,
/// postgresql; photo, photograph.
pub(crate) fn is_longer_form(stem: &str, term: &str) -> bool {
    term.strip_prefix(stem).is_some_and(|rest| rest.chars().count() <= stem.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_forgiven_and_two_are_not() {
        for slip in ["widgit", "wdiget", "widgett", "wiget", "idget", "widge"] {
            assert!(is_one_slip(slip, "widget") && is_one_slip("widget", slip), "{slip}");
        }
        for other in ["wodgit", "widget", "", "widgetry"] {
            assert!(!is_one_slip(other, "widget"), "{other}");
        }
    }

    #[test]
    fn a_longer_form_goes_on_for_a_few_letters() {
        assert!(is_longer_form("postgres", "postgresql"));
        assert!(is_longer_form("photo", "photograph"));
        assert!(!is_longer_form("post", "postgresql") && !is_longer_form("ostgres", "postgresql"));
    }
}
