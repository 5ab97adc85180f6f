//! Linear time, whatever comes: the parser's steps on hostile texts.

use crate::{parse, steps};

/// As long as an answer may be.
const LONG: usize = 256 * 1024;

/// Steps that a byte may cost: the worst is an unclosed link, whose address is read again inside
/// each of the parentheses that may be open at once.
const PER_BYTE: usize = 45;

/// Texts that make careless parsers slow or overflow their stack: `unit` again and again, between
/// `before` and `after`.
const HOSTILE: &[(&str, &str, &str)] = &[
    ("", ">", "a"),
    ("", "> ", "a"),
    ("", ">\n", "a"),
    ("", "> > > > > > > > > > > > > > > > > > a\n", ""),
    ("", "- ", "a"),
    ("", "- a\n", ""),
    ("", "1. ", "a"),
    ("", "-\n\n", ""),
    ("- a\n", " ", "b"),
    ("- a\n", "\t", "b"),
    ("", " - a\n\n", ""),
    ("", "a\n- b\n> c\n", ""),
    ("", "#", " a"),
    ("# a ", "#", "b"),
    ("# a ", " #", "b"),
    ("", "```\n", ""),
    ("~~~", "~", "\n"),
    ("", "```a`\n", ""),
    ("", "* ", "a"),
    ("", "***\n", ""),
    ("", "*", "a"),
    ("", "*", ""),
    ("", "**a ", ""),
    ("", "*a **a ", ""),
    ("", "a** ", ""),
    ("", "*a_ ", ""),
    ("", "*a _b* c_ ", ""),
    ("", "a***b__c", ""),
    ("", "*a* **b** ***c*** ", ""),
    ("", "~~a", ""),
    ("", "_a__b___", ""),
    ("", "**中（", "）**文"),
    ("", "[", "a"),
    ("", "]", ""),
    ("", "![", "a"),
    ("", "[a](", ""),
    ("", "[a](b", ""),
    ("", "[a](<b", ""),
    ("", "[a](b \"", ""),
    ("", "[a](b '", ""),
    ("", "[a](b (", ""),
    ("", "[a](\\(", ""),
    ("", "[a](b \"c' (d", ""),
    ("", "[", "](https://a.b)"),
    ("", "![", "](https://a.b)"),
    ("", "[a](https://a.b)", ""),
    ("[", "[a](https://a.b)", "](https://a.b)"),
    ("![", "![a](https://a.b)", "](https://a.b)"),
    ("", "![a", ""),
    ("[a](", "(", "x"),
    ("[a](", " ", "x"),
    ("[a](<", "x", ""),
    ("", "`", "a"),
    ("", "`a``b```c````d`````e", ""),
    ("", "` `` ``` ", ""),
    ("", "\\`a`", ""),
    ("", "<", ""),
    ("", "<a:b", ""),
    ("", "<a@b", ""),
    ("<https://", "a", ""),
    ("", "http://", ""),
    ("", "https://a", ""),
    ("", "h", ""),
    ("https://a", ")", ""),
    ("https://a", "()", ""),
    ("https://a", ".", ""),
    ("", "&", ""),
    ("", "&#1", ""),
    ("", "&amp;", ""),
    ("", "\\", ""),
    ("", "a\\\n", ""),
    ("a", " ", "b"),
    ("a", " ", "\nb"),
    ("", "a  \n", ""),
    ("", "a|", "\n-|-\n"),
    ("a", "|a", "\n|-|\n"),
    ("", "|-", "\n"),
    ("", "|-\n", ""),
    ("", "|-|\n", ""),
    ("", "a|b\n-|-\n", ""),
    ("|a|b|\n|-|-|\n", "|c", ""),
    ("|a|b|\n|-|-|\n", "c\n", ""),
    ("", "\n", ""),
    ("", "\r", ""),
    ("", " \n", ""),
    ("", "\u{a0}", ""),
    ("", "中", ""),
    ("", "[ ] ", ""),
    ("", "- [ ] a\n", ""),
];

fn text_of(length: usize, (before, unit, after): &(&str, &str, &str)) -> String {
    let times = length.saturating_sub(before.len() + after.len()) / unit.len();
    format!("{before}{}{after}", unit.repeat(times))
}

fn steps_for(text: &str) -> usize {
    steps::take();
    let _blocks = parse(text);
    steps::take()
}

#[test]
fn hostile_texts_cost_steps_in_proportion_to_their_length() {
    for hostile in HOSTILE {
        let long = text_of(LONG, hostile);
        let whole = steps_for(&long);
        let part = steps_for(&text_of(LONG / 8, hostile));
        assert!(whole >= long.len(), "{hostile:?}: the work is not counted: {whole}");
        assert!(whole <= PER_BYTE * long.len(), "{hostile:?}: {whole} steps for {}", long.len());
        assert!(
            whole <= part * 10,
            "{hostile:?}: {part} steps grow to {whole} at 8 times the text"
        );
    }
}

#[test]
fn every_pair_of_hostile_texts_stays_within_the_budget() {
    for first in HOSTILE {
        for second in HOSTILE {
            let text = format!("{}{}", text_of(1024, first), text_of(1024, second));
            let steps = steps_for(&text);
            assert!(steps <= PER_BYTE * text.len(), "{first:?} {second:?}: {steps} steps");
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_text_stays_within_the_budget(text in "(?s).{0,2500}") {
        proptest::prop_assert!(steps_for(&text) <= PER_BYTE * (text.len() + 1));
    }

    #[test]
    fn any_markup_stays_within_the_budget(text in "[-+*_~`>#|:!\\[\\]()<&;\\\\\"' \t\r\n0-9.a-ch中。]{0,10000}") {
        proptest::prop_assert!(steps_for(&text) <= PER_BYTE * (text.len() + 1));
    }
}
