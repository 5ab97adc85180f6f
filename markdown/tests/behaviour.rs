//! What the parser promises beyond what the oracle can say.

use markdown::{Block, Inline, MAX_DEPTH, parse};

fn text(text: &str) -> Inline {
    Inline::Text(String::from(text))
}

fn paragraph(content: Vec<Inline>) -> Vec<Block> {
    vec![Block::Paragraph(content)]
}

fn link(url: &str, content: &str) -> Inline {
    Inline::Link { url: String::from(url), content: vec![text(content)] }
}

#[test]
fn raw_html_is_text() {
    for html in ["<b>bold</b>", "<script>alert(1)</script>", "<!-- c -->", "<br>", "<xs:element>"] {
        assert_eq!(parse(html), paragraph(vec![text(html)]));
    }
    assert_eq!(
        parse("<div title=\"*a*\">"),
        paragraph(vec![text("<div title=\""), Inline::Emphasis(vec![text("a")]), text("\">")])
    );
}

#[test]
fn an_unsafe_link_is_its_text() {
    for (source, shown) in [
        ("[a](javascript:alert(1))", "a"),
        ("[a](&#106;avascript:alert(1))", "a"),
        ("[a](java&#10;script:alert(1))", "a"),
        ("[a](<java script:alert(1)>)", "a"),
        ("[a](//evil.example)", "a"),
        ("[a](/relative)", "a"),
        ("[a]()", "a"),
        ("x [a](data:text/html,b) y", "x a y"),
        ("![alt](javascript:alert(1))", "alt"),
        ("<javascript:alert(1)>", "<javascript:alert(1)>"),
    ] {
        assert_eq!(parse(source), paragraph(vec![text(shown)]), "{source}");
    }
}

#[test]
fn bare_addresses_become_links_without_the_sentence_around_them() {
    for (source, url, rest) in [
        ("https://example.com.", "https://example.com", "."),
        ("https://example.com/a_(b)?c=d&e, f", "https://example.com/a_(b)?c=d&e", ", f"),
        ("https://example.com/a) b", "https://example.com/a", ") b"),
        ("HTTP://localhost:8080/x!", "HTTP://localhost:8080/x", "!"),
        ("https://例え.テスト/中文。次", "https://例え.テスト/中文", "。次"),
        ("https://example.com/\"quoted\"", "https://example.com/", "\"quoted\""),
        ("https://example.com/a|b", "https://example.com/a", "|b"),
    ] {
        assert_eq!(parse(source), paragraph(vec![link(url, url), text(rest)]), "{source}");
    }
    assert_eq!(
        parse("**https://example.com**"),
        paragraph(vec![Inline::Strong(vec![link("https://example.com", "https://example.com")])])
    );
    for source in ["xhttps://example.com", "https://", "https://?", "http:/a", "ftp://a.b"] {
        assert_eq!(parse(source), paragraph(vec![text(source)]), "{source}");
    }
}

#[test]
fn no_link_is_inside_another() {
    assert_eq!(
        parse("[see https://a.example now](https://b.example)"),
        paragraph(vec![link("https://b.example", "see https://a.example now")])
    );
    assert_eq!(
        parse("[<https://a.example>](https://b.example)"),
        paragraph(vec![link("https://b.example", "https://a.example")])
    );
}

#[test]
fn images_keep_their_description_as_plain_text() {
    assert_eq!(
        parse("![a *b* `c` [d](https://d.example)](https://i.example/x.png \"title\")"),
        paragraph(vec![Inline::Image {
            url: String::from("https://i.example/x.png"),
            alt: String::from("a b c d"),
        }])
    );
}

#[test]
fn setext_indented_code_and_references_are_plain_text() {
    assert_eq!(parse("Title\n==="), paragraph(vec![text("Title\n===")]));
    assert_eq!(parse("Title\n---"), vec![Block::Paragraph(vec![text("Title")]), Block::Rule]);
    assert_eq!(parse("    let x;"), paragraph(vec![text("let x;")]));
    assert_eq!(
        parse("[a]\n\n[a]: https://a.example"),
        vec![
            Block::Paragraph(vec![text("[a]")]),
            Block::Paragraph(vec![text("[a]: "), link("https://a.example", "https://a.example")]),
        ]
    );
}

#[test]
fn a_fence_indented_too_far_is_still_a_fence() {
    let code = |text: &str| Block::Code { language: String::from("js"), text: String::from(text) };
    assert_eq!(parse("     ```js\n     a\n       b\n     ```\nc").first(), Some(&code("a\n  b")));
}

#[test]
fn an_open_fence_runs_to_the_end() {
    let code =
        |text: &str| vec![Block::Code { language: String::from("rust"), text: String::from(text) }];
    assert_eq!(parse("```rust"), code(""));
    assert_eq!(parse("```rust\nfn a() {\n\n  # b"), code("fn a() {\n\n  # b"));
    assert_eq!(parse("```rust\na\n``"), code("a\n``"));
    assert_eq!(parse("```rust\na\n```"), code("a"));
}

#[test]
fn half_arrived_constructs_are_text() {
    for source in ["**bo", "[text](htt", "![alt", "`code", "~~str", "| a | b |", "[x", "<http"] {
        assert_eq!(parse(source), paragraph(vec![text(source)]), "{source}");
    }
}

#[test]
fn a_single_tilde_is_text() {
    let source = "约10~20元，30~40个 ~x~";
    assert_eq!(parse(source), paragraph(vec![text(source)]));
}

#[test]
fn emphasis_works_beside_cjk_punctuation() {
    for (source, strong, after) in [
        ("**注意（重要）**请看", "注意（重要）", "请看"),
        ("**“引用”**说", "“引用”", "说"),
        ("**中文。**下一句", "中文。", "下一句"),
        ("**「鍵」**は", "「鍵」", "は"),
        ("**`a`**를", "`a`", "를"),
    ] {
        let content = match strong.strip_prefix('`') {
            Some(code) => Inline::Code(String::from(code.trim_end_matches('`'))),
            None => text(strong),
        };
        let expected = paragraph(vec![Inline::Strong(vec![content]), text(after)]);
        assert_eq!(parse(source), expected, "{source}");
    }
    assert_eq!(
        parse("请按**“开始”**键"),
        paragraph(vec![text("请按"), Inline::Strong(vec![text("“开始”")]), text("键")])
    );
}

#[test]
fn rows_are_cut_to_the_columns_but_not_padded() {
    let [Block::Table { head, rows, .. }] =
        &parse("| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |")[..]
    else {
        panic!("one table");
    };
    assert_eq!(head.len(), 2);
    assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_table_may_follow_a_paragraph_at_once() {
    let blocks = parse("Here it is:\n| a | b |\n|:--|--:|\n| `x\\|y` | 2 |");
    let [Block::Paragraph(_), Block::Table { rows, .. }] = &blocks[..] else {
        panic!("a paragraph and a table: {blocks:?}");
    };
    assert_eq!(rows[0][0], [Inline::Code(String::from("x|y"))]);
}

#[test]
fn every_line_ending_ends_a_line() {
    let unix = "# a\n\n- b\n- c\n\n```\nd\ne\n```\nf\n";
    assert_eq!(parse(&unix.replace('\n', "\r\n")), parse(unix));
    assert_eq!(parse(&unix.replace('\n', "\r")), parse(unix));
}

#[test]
fn nothing_gives_nothing() {
    for source in ["", "\n", " \t\n\r\n\n", "\r"] {
        assert_eq!(parse(source), []);
    }
}

fn depth(blocks: &[Block]) -> usize {
    let inner = |block: &Block| match block {
        Block::Quote(blocks) => 1 + depth(blocks),
        Block::List { items, .. } => {
            1 + items.iter().map(|item| depth(&item.blocks)).max().unwrap_or(0)
        }
        Block::Paragraph(content) | Block::Heading { content, .. } => inline_depth(content),
        Block::Code { .. } | Block::Table { .. } | Block::Rule => 0,
    };
    blocks.iter().map(inner).max().unwrap_or(0)
}

fn inline_depth(inlines: &[Inline]) -> usize {
    let inner = |inline: &Inline| match inline {
        Inline::Emphasis(content)
        | Inline::Strong(content)
        | Inline::Strike(content)
        | Inline::Link { content, .. } => 1 + inline_depth(content),
        Inline::Text(_) | Inline::Code(_) | Inline::Image { .. } | Inline::Break => 0,
    };
    inlines.iter().map(inner).max().unwrap_or(0)
}

#[test]
fn nesting_ends_at_the_depth_promised_and_loses_no_text() {
    for (before, after) in
        [("> ", ""), ("- ", ""), ("1. ", ""), ("> - ", ""), ("**", "**"), ("*a ", "*")]
    {
        let source = format!("{}x{}", before.repeat(100_000), after.repeat(100_000));
        let blocks = parse(&source);
        assert_eq!(depth(&blocks), MAX_DEPTH, "{before}");
        assert!(format!("{blocks:?}").contains('x'), "{before}");
    }
    let source = format!("{}x{}", "[".repeat(100_000), "](https://a.example)".repeat(100_000));
    assert_eq!(depth(&parse(&source)), 1);
}
