//! A streamed answer shows, at every moment, what the text so far says, and redraws no more than it
//! must.

use markdown::{Block, Inline, Stream, parse};
use proptest::prelude::*;

/// Pieces of markup that make one another mean something else when they meet.
const PIECES: &[&str] = &[
    "\n",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    " ",
    "  ",
    "    ",
    "\t",
    "a",
    "word ",
    "**",
    "*",
    "_",
    "~~",
    "`",
    "```",
    "```\n",
    "~~~",
    "rust\n",
    "- ",
    "-",
    "1. ",
    "2) ",
    "10",
    ".",
    "> ",
    ">",
    "#",
    "## ",
    "---",
    "***\n",
    "|",
    "| a | b |\n",
    "|---|:-:|\n",
    "| 1 |",
    ":--",
    "[",
    "](",
    ")",
    "https://a.b",
    "http",
    "s://",
    "![",
    "<",
    ">",
    "me@x.y",
    "\\",
    "\\|",
    "&amp;",
    "&#1",
    "06;",
    ":",
    "javascript:",
    "data:x",
    "[ ] ",
    "[x] ",
    "中文",
    "（",
    "。",
    "🙂",
    "שלום",
    "\u{0}",
    "\u{a0}",
    "\"",
    "(",
];

fn pieces() -> impl Strategy<Value = Vec<String>> {
    let piece = prop_oneof![
        20 => prop::sample::select(PIECES).prop_map(String::from),
        1 => "(?s).{0,4}",
    ];
    prop::collection::vec(piece, 0..60)
}

/// Pushes the pieces and holds the stream to its promises after each.
fn hold(pieces: &[String], take_every: usize) -> Result<(), TestCaseError> {
    let mut stream = Stream::new();
    let mut text = String::new();
    let mut drawn: Vec<Block> = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        stream.push(piece);
        text.push_str(piece);
        prop_assert_eq!(stream.text(), &text);
        prop_assert_eq!(stream.blocks(), &parse(&text)[..], "after {:?}", text);
        if index % take_every == 0 {
            let changed = stream.take_changed();
            prop_assert!(changed <= stream.blocks().len() && changed <= drawn.len());
            drawn.truncate(changed);
            drawn.extend_from_slice(&stream.blocks()[changed..]);
            prop_assert_eq!(&drawn[..], stream.blocks(), "drawn, after {:?}", text);
            prop_assert_eq!(stream.take_changed(), stream.blocks().len());
        }
    }
    Ok(())
}

/// The text in pieces of the given sizes, round and round.
fn split(text: &str, sizes: &[usize]) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut chars = text.chars().peekable();
    for &size in sizes.iter().cycle() {
        if chars.peek().is_none() {
            break;
        }
        pieces.push(chars.by_ref().take(size).collect());
    }
    pieces
}

fn is_safe(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| url.starts_with(scheme))
        && !url.contains(|c: char| c.is_control() || c.is_whitespace())
}

fn safe_inlines(inlines: &[Inline]) -> bool {
    inlines.iter().all(|inline| match inline {
        Inline::Text(_) | Inline::Code(_) | Inline::Break => true,
        Inline::Emphasis(content) | Inline::Strong(content) | Inline::Strike(content) => {
            safe_inlines(content)
        }
        Inline::Link { url, content } => is_safe(url) && safe_inlines(content),
        Inline::Image { url, .. } => is_safe(url),
    })
}

fn safe_blocks(blocks: &[Block]) -> bool {
    blocks.iter().all(|block| match block {
        Block::Paragraph(content) | Block::Heading { content, .. } => safe_inlines(content),
        Block::List { items, .. } => items.iter().all(|item| safe_blocks(&item.blocks)),
        Block::Quote(blocks) => safe_blocks(blocks),
        Block::Table { head, rows, .. } => {
            head.iter().chain(rows.iter().flatten()).all(|cell| safe_inlines(cell))
        }
        Block::Code { .. } | Block::Rule => true,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stream_of_any_pieces_equals_its_whole(pieces in pieces(), take_every in 1..4usize) {
        hold(&pieces, take_every)?;
    }

    #[test]
    fn a_stream_of_single_characters_equals_its_whole(pieces in pieces()) {
        hold(&split(&pieces.concat(), &[1]), 1)?;
    }

    #[test]
    fn no_text_makes_an_unsafe_url(pieces in pieces(), text in "(?s).{0,100}") {
        prop_assert!(safe_blocks(&parse(&pieces.concat())));
        prop_assert!(safe_blocks(&parse(&text)));
    }

    #[test]
    fn no_address_in_a_link_makes_an_unsafe_url(
        url in "(javascript|JaVaScRiPt|data|vbscript|file|https|mailto|tel|&#106;avascript|java\\\\script)?[:&#;a-z0-9/\\\\ \t\n\u{0}-\u{20}\u{7f}-\u{a0}%(){1,3}]{0,20}",
    ) {
        for text in [format!("[a]({url})"), format!("![a](<{url}>)"), format!("<{url}>"), url] {
            prop_assert!(safe_blocks(&parse(&text)), "{text:?}");
        }
    }
}

#[test]
fn the_answers_of_the_corpus_stream_in_any_size_of_pieces() {
    let mut seen = 0;
    for entry in
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus")).expect("corpus")
    {
        let path = entry.expect("entry").path();
        let text = std::fs::read_to_string(&path).expect("readable");
        assert!(safe_blocks(&parse(&text)), "{}", path.display());
        for sizes in [&[3][..], &[17], &[1, 9, 40]] {
            if let Err(error) = hold(&split(&text, sizes), 1) {
                panic!("{}: {error}", path.display());
            }
        }
        seen += 1;
    }
    assert!(seen >= 20, "{seen} answers in the corpus");
}

#[test]
fn a_table_s_header_that_means_a_list_without_the_text_above_it_stays_a_header() {
    for header in ["2) |a", "     - |a", "    # a|b", "    > a|b"] {
        let text = format!("Text\n{header}\n|---|---|\n| 1 | 2 |\n\nafter\n\nlast");
        hold(&split(&text, &[1]), 1).unwrap_or_else(|error| panic!("{header}: {error}"));
        hold(&split(&text, &[9, 30]), 1).unwrap_or_else(|error| panic!("{header}: {error}"));
    }
}

#[test]
fn a_settled_block_is_not_drawn_again() {
    let mut stream = Stream::new();
    stream.push("# Title\n\nFirst.\n\nSec");
    assert_eq!(stream.take_changed(), 0);
    stream.push("ond");
    assert_eq!(stream.take_changed(), 2);
    stream.push(".\n\n- a");
    assert_eq!(stream.take_changed(), 2);
    stream.push("\n- b");
    assert_eq!(stream.take_changed(), 3);
    stream.push("");
    assert_eq!(stream.take_changed(), 4);
}

#[test]
fn blocks_that_merge_again_are_reported() {
    let mut stream = Stream::new();
    stream.push("one\n#");
    assert_eq!(stream.blocks().len(), 2);
    assert_eq!(stream.take_changed(), 0);
    stream.push("hash");
    assert_eq!(stream.blocks().len(), 1);
    assert_eq!(stream.take_changed(), 0);
}
