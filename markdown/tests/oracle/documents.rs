//! Documents of the subset that we and the oracle must read alike.
//!
//! Kept away on purpose: HTML, setext underlines, reference definitions, indented code, single
//! tildes, CJK punctuation beside emphasis marks.

use proptest::prelude::*;

const WORDS: &[&str] = &[
    "the",
    "answer",
    "is",
    "42",
    "C#",
    "snake_case",
    "2*3*4",
    "f(x)",
    "a[0]",
    "5 < 6",
    "AT&T",
    "e.g.",
    "“quoted”",
    "naïve",
    "中文",
    "日本語",
    "한국어",
    "שלום",
    "مرحبا",
    "🙂",
    "—",
    "\\*",
    "\\_",
    "\\[x\\]",
    "\\\\",
    "&amp;",
    "&lt;b&gt;",
    "&#42;",
    "&nbsp;",
    "100%",
    "it's",
    "x|y",
    "(note)",
    "#tag",
    "1.",
    "wow!",
    "a\\b",
    "::",
    "key:",
];

/// Marks without a partner, and some that find one by accident.
const STRAY: &[&str] = &[
    "*", "**", "_", "__", "`", "``", "[", "]", "![", "](", ")", "~~", "***", "*a", "b**", "_c",
    "d__",
];

const URLS: &[&str] = &[
    "https://example.com",
    "http://example.com/a_b_c?d=e&f=*g*#h",
    "https://example.com/x_(y)",
    "<https://example.com/a b>",
    "mailto:me@example.com",
    "tel:+123",
    "https://example.com/%20 \"a title\"",
    "https://example.com 'it\\'s'",
    "/relative",
    "javascript:alert(1)",
    "",
];

fn pick(from: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(from).prop_map(String::from)
}

/// One line of running text.
pub fn inline() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        12 => pick(WORDS),
        2 => pick(STRAY),
        2 => pick(&["`code`", "`` a`b ``", "` `", "`*x*`", "`a \\`", "``c``"]),
        1 => pick(&["<https://example.com/?q=*a*>", "<me@example.com>"]),
    ];
    let inline = leaf.prop_recursive(4, 24, 4, |inner| {
        let text = prop::collection::vec(inner, 1..4).prop_map(|parts| parts.join(" "));
        prop_oneof![
            3 => text.clone(),
            3 => (pick(&["*", "_", "**", "__", "***", "~~"]), text.clone(), prop::bool::weighted(0.9))
                .prop_map(|(mark, text, tidy)| {
                    if tidy { format!("{mark}{text}{mark}") } else { format!("{mark} {text}{mark}") }
                }),
            1 => (text.clone(), pick(URLS)).prop_map(|(text, url)| format!("[{text}]({url})")),
            1 => (text.clone(), pick(URLS)).prop_map(|(text, url)| format!("![{text}]({url})")),
            1 => (text.clone(), text).prop_map(|(a, b)| format!("{a}{b}")),
        ]
    });
    inline.prop_map(|text| {
        let text = spaced(text.trim());
        // A line must not begin a block by accident here; `soup` does that.
        format!("{}{text}", if text.starts_with(|c: char| c.is_alphabetic()) { "" } else { "Z" })
    })
}

/// Puts a space between a CJK letter and emphasis marks with punctuation on their other side: there
/// we read on purpose what the oracle does not.
fn spaced(text: &str) -> String {
    let letter = |c: Option<char>| c.is_some_and(|c| c >= '\u{2e80}' && c.is_alphabetic());
    let other = |c: Option<char>| c.is_some_and(|c| !c.is_alphanumeric() && !c.is_whitespace());
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(['*', '~']) {
        let (before, marked) = rest.split_at(start);
        out.push_str(before);
        let after = marked.trim_start_matches(&marked[..1]);
        let (last, next) = (out.chars().next_back(), after.chars().next());
        if letter(last) && other(next) {
            out.push(' ');
        }
        out.push_str(&marked[..marked.len() - after.len()]);
        if other(last) && letter(next) {
            out.push(' ');
        }
        rest = after;
    }
    out + rest
}

fn paragraph() -> impl Strategy<Value = Vec<String>> {
    let line = (inline(), pick(&["", "", "", " ", "  ", "   ", "\\"])).prop_map(|(a, b)| a + &b);
    prop::collection::vec(line, 1..4)
}

fn heading() -> impl Strategy<Value = Vec<String>> {
    (1..=6usize, inline(), pick(&["", "", " #", " ##  "]))
        .prop_map(|(level, text, end)| vec![format!("{} {text}{end}", "#".repeat(level))])
}

fn fence() -> impl Strategy<Value = Vec<String>> {
    let line = pick(&[
        "let x = 1;",
        "",
        "    indented",
        "  two",
        "# not a heading",
        "- no list",
        "``",
        "~~",
        "> no",
        "*a*",
        "a < b",
        "| a |",
        "\ttab",
        "&amp;",
    ]);
    (
        pick(&["```", "~~~", "````"]),
        pick(&["", "rust", "c++ title", "sh"]),
        prop::collection::vec(line, 0..5),
    )
        .prop_map(|(mark, info, mut lines)| {
            lines.insert(0, format!("{mark}{info}"));
            lines.push(mark);
            lines
        })
}

fn table() -> impl Strategy<Value = Vec<String>> {
    let cell = prop_oneof![
        4 => inline().prop_map(|text| text.replace('|', "\\|")),
        1 => pick(&["", "`a\\|b`", "**`x`**", "1"]),
    ];
    let rows =
        move |columns| prop::collection::vec(prop::collection::vec(cell.clone(), columns), 1..5);
    (1..4usize)
        .prop_flat_map(move |columns| {
            let aligns = prop::collection::vec(pick(&["---", ":--", "--:", ":-:", "-"]), columns);
            (aligns, rows(columns), prop::bool::ANY)
        })
        .prop_map(|(aligns, rows, extra)| {
            let line = |cells: &Vec<String>| format!("| {} |", cells.join(" | "));
            let mut lines = vec![line(&rows[0]), line(&aligns)];
            lines.extend(rows[1..].iter().map(line));
            if extra {
                lines.push(String::from("| short"));
                lines.push(String::from("| 1 | 2 | 3 | 4 | 5 |"));
            }
            lines
        })
}

fn list(item: impl Strategy<Value = Vec<Vec<String>>>) -> impl Strategy<Value = Vec<String>> {
    let marker = prop_oneof![
        pick(&["-", "*", "+"]),
        (0..1000u32, pick(&[".", ")"])).prop_map(|(number, mark)| format!("{number}{mark}")),
    ];
    let items = prop::collection::vec((item, pick(&["", "", "[ ] ", "[x] "])), 1..5);
    (marker, 1..4usize, items, prop::bool::ANY, prop::bool::ANY).prop_map(
        |(marker, space, items, loose, tasks)| {
            let mut lines = Vec::new();
            let indent = " ".repeat(marker.len() + space);
            for (blocks, task) in items {
                if loose && !lines.is_empty() {
                    lines.push(String::new());
                }
                let mut first = true;
                for (index, block) in blocks.into_iter().enumerate() {
                    if loose && index > 0 {
                        lines.push(String::new());
                    }
                    let plain = block[0].starts_with(|c: char| c.is_alphabetic());
                    for line in block {
                        let task = if first && tasks && plain { task.as_str() } else { "" };
                        lines.push(match (first, line.is_empty()) {
                            (true, _) => format!("{marker}{}{task}{line}", " ".repeat(space)),
                            (false, true) => line,
                            (false, false) => format!("{indent}{line}"),
                        });
                        first = false;
                    }
                }
            }
            lines
        },
    )
}

fn quote(blocks: impl Strategy<Value = Vec<Vec<String>>>) -> impl Strategy<Value = Vec<String>> {
    (blocks, pick(&["> ", "> ", ">"])).prop_map(|(blocks, mark)| {
        let lines = join(&blocks, &[true]);
        lines
            .into_iter()
            .map(|line| format!("{mark}{line}").trim_end_matches('\n').to_owned())
            .collect()
    })
}

/// The blocks one after the other; `gaps` says, round and round, where a blank line is between.
fn join(blocks: &[Vec<String>], gaps: &[bool]) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let gap = gaps[index % gaps.len()] || block.first().is_some_and(|line| line == "---");
        if index > 0 && gap {
            lines.push(String::new());
        }
        lines.extend(block.iter().cloned());
    }
    lines
}

/// A whole document.
pub fn document() -> impl Strategy<Value = String> {
    let rule = pick(&["---", "***", "* * *", "___"]).prop_map(|rule| vec![rule]);
    let leaf = prop_oneof![5 => paragraph(), 1 => heading(), 1 => fence(), 1 => table(), 1 => rule];
    let block = leaf.prop_recursive(3, 24, 4, |inner| {
        let blocks = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            2 => inner,
            2 => list(blocks.clone().prop_map(|mut blocks| {
                blocks.retain(|block| block[0] != "---" && block[0] != "* * *");
                if blocks.is_empty() { vec![vec![String::from("item")]] } else { blocks }
            })),
            1 => quote(blocks),
        ]
    });
    (prop::collection::vec(block, 1..6), prop::collection::vec(prop::bool::weighted(0.8), 1..6))
        .prop_map(|(blocks, gaps)| join(&blocks, &gaps).join("\n"))
}

/// Lines put together without a plan: markers, indentation and text in any order. No line is only
/// dashes or equals signs, and none is indented by four columns or more against what is open.
pub fn soup() -> impl Strategy<Value = String> {
    let prefix = prop::collection::vec(
        pick(&[
            "", "", "> ", ">", "- ", "* ", "1. ", "2. ", "10) ", "  ", "   ", "+  ", "# ", "### ",
        ]),
        0..3,
    )
    .prop_map(|parts| parts.concat());
    let text = prop_oneof![
        4 => inline(),
        2 => pick(&["", "", "a", "b  ", "***", "```", "~~~", "- [x] done", "1. [ ] open"]),
    ];
    prop::collection::vec((prefix, text).prop_map(|(a, b)| a + &b), 1..9)
        .prop_map(|lines| lines.join("\n") + "\n")
}
