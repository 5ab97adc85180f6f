//! Markdown, plain text, CSV, HTML, pairs: what a search index gets to see of them.
#![allow(clippy::unwrap_used)]

mod support;

use extraction::{ExtractError, Format, Limits, extract, pairs_of, questions_and_answers};
use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use support::{markdown, read};

#[test]
fn a_file_is_known_by_its_ending_then_its_type_then_its_bytes() {
    assert_eq!(Format::of("a.PDF", Some("text/plain"), b"x"), Some(Format::Pdf));
    assert_eq!(Format::of("a", Some("text/html; charset=utf-8"), b"x"), Some(Format::Html));
    assert_eq!(Format::of("a", None, b"%PDF-1.7"), Some(Format::Pdf));
    assert_eq!(Format::of("a", None, b"\n<!DOCTYPE html>"), Some(Format::Html));
    assert_eq!(Format::of("a", None, b"words"), Some(Format::Text));
    assert_eq!(Format::of("a.exe", None, b"MZ\0\x01"), None);
    assert_eq!(Format::of("a.docx", None, b""), Some(Format::Docx));
    assert_eq!(Format::of("", None, &support::docx("")), Some(Format::Docx));
}

#[test]
fn a_file_that_is_something_else_than_its_name_says_is_told_so() {
    let error = read(Format::Pdf, &support::docx("")).unwrap_err().to_string();
    assert!(error.contains("called PDF") && error.contains("ZIP"), "{error}");
    for format in [Format::Text, Format::Markdown, Format::Csv, Format::Html, Format::Docx] {
        let error = read(format, b"%PDF-1.4 ...").unwrap_err();
        assert!(matches!(error, ExtractError::OtherFormat { .. }), "{format:?}: {error}");
    }
}

#[test]
fn markdown_stays_as_it_is_without_its_front_matter() {
    let found = read(
        Format::Markdown,
        b"\xef\xbb\xbf---\r\ntitle: \"The shop\"\r\ntags: [a]\r\n---\r\n# Hi\r\n\r\n*a*\tb\x07\r\n",
    )
    .unwrap();
    assert_eq!(found.markdown, "# Hi\n\n*a*\tb");
    assert_eq!(found.title.as_deref(), Some("The shop"));
    let found =
        read(Format::Markdown, b"---\n\nAbove\n\n---\n\n```\n# code\n```\n## `One` x\n").unwrap();
    assert!(found.markdown.starts_with("---\n\nAbove"), "{}", found.markdown);
    assert_eq!(found.title.as_deref(), Some("One x"));
}

#[test]
fn lines_of_plain_text_never_become_markup() {
    let text = "# one\n\n- two\n\n1. three\n\n```\nfour\n\na\n---\n\n<b>five</b>\n\n    six";
    let found = markdown(Format::Text, text);
    assert_eq!(
        found,
        "\\# one\n\n\\- two\n\n1\\. three\n\n\\`\\`\\` four\n\na ---\n\n\\<b>five\\</b>\n\nsix"
    );
}

#[test]
fn the_encodings_that_text_files_have_are_read() {
    let utf16: Vec<u8> =
        [0xfeff_u16].into_iter().chain("Größe".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(markdown(Format::Text, &utf16), "Größe");
    assert_eq!(markdown(Format::Text, b"Gr\xf6\xdfe \x80 5"), "Größe € 5");
    assert_eq!(markdown(Format::Text, "Größe"), "Größe");
    let odd = &utf16[..utf16.len() - 1];
    assert_eq!(markdown(Format::Text, odd), "Größ\u{fffd}");
}

#[test]
fn a_row_is_found_with_its_column_names() {
    let csv = "Name;Price;Note\r\n\"Mug; blue\";5,90;\r\nCup;3;\"two\nlines\"\r\n";
    assert_eq!(
        markdown(Format::Csv, csv),
        "- Name: Mug; blue; Price: 5,90\n- Name: Cup; Price: 3; Note: two lines"
    );
    assert_eq!(markdown(Format::Csv, "a\tb\n1\t2\n"), "- a: 1; b: 2");
    assert_eq!(markdown(Format::Csv, "a|b\n1|2\n"), "- a: 1; b: 2");
}

#[test]
fn a_table_of_questions_becomes_sections() {
    let csv =
        "Id,Frage,Antwort\n1,Wie lange?,Zwei Tage.\n2,Wo?,\n3,\"Was\n# ist?\",\"# Eins\n- a\"\n";
    assert_eq!(
        markdown(Format::Csv, csv),
        "## Wie lange?\n\nZwei Tage.\n\n## Was # ist?\n\n**Eins**\n- a"
    );
}

#[test]
fn a_longer_table_is_refused_with_its_limit() {
    let csv = "a,b\n".to_owned() + &"1,2\n".repeat(10_001);
    let error = read(Format::Csv, csv.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("10000 rows"), "{error}");
}

#[test]
fn an_answer_opens_no_section_of_its_own() {
    let pairs = [
        (
            "What\nis # this?".to_owned(),
            "One\n===\n\nTwo\n---\n### Three ###\n```\n# code\n".to_owned(),
        ),
        ("  ".to_owned(), "lost".to_owned()),
        ("# C#".to_owned(), "A language.".to_owned()),
    ];
    let text = questions_and_answers(&pairs);
    assert_eq!(headings(&text), ["What is # this?", "# C#"]);
    assert!(text.contains("**Three**") && text.contains("# code\n```"), "{text}");
}

const PAGE: &str = r##"<!doctype html><html><head><title> Shop
 help </title><style>x</style></head><body>
<header><h1>Logo</h1></header><nav>Menu</nav>
<main><header><h1>Returns &amp; refunds</h1></header>
<p>You can <b>return</b> a <a href="/p">product</a>.<br>Always*. <span hidden>no</span>
<i style="display: none">no</i><span aria-hidden="true">no</span></p>
<ul><li>One<ul><li>Inner</ul><li><p>Two</p><p>more</p></ul>
<ol><li>First<li>Second</ol>
<table><caption>Days</caption><tr><th>Card<th>Days<tr><td>Visa|x<td><p>5</p></table>
<pre><code>a &lt;b&gt;
  c</code></pre>
<img src=x alt="A parcel"><script>no()</script><form>no<button>no</button></form>
<details><summary>How long?</summary><p>Two days.</p></details>
</main><aside>no</aside><footer>no</footer></body></html>"##;

#[test]
fn a_pages_main_content_becomes_markdown() {
    let found = read(Format::Html, PAGE.as_bytes()).unwrap();
    assert_eq!(found.title.as_deref(), Some("Shop help"));
    assert_eq!(
        found.markdown,
        "# Returns & refunds\n\nYou can return a product. Always\\*.\n\n- One\n    - Inner\n- Two\n\n    \
         more\n1. First\n2. Second\n\nDays\n\n| Card | Days |\n| --- | --- |\n| Visa\\|x | 5 |\n\n\
         ```\na <b>\n  c\n```\n\nA parcel\n\n## How long?\n\nTwo days."
    );
}

#[test]
fn a_page_without_main_content_is_its_body_without_the_frame() {
    let page =
        "<body><header>no</header><nav>no</nav><div hidden>no</div><h2>A</h2>text<p>b</body>";
    assert_eq!(markdown(Format::Html, page), "## A\n\ntext\n\nb");
    assert_eq!(
        markdown(Format::Html, "<article><header><h1>A</h1></header>b</article>"),
        "# A\n\nb"
    );
    let wrapped = "<form><h1>A</h1>b<select><option>no</select></form>";
    assert_eq!(markdown(Format::Html, wrapped), "# A\n\nb");
    assert_eq!(markdown(Format::Html, "<main></main><p>Text"), "Text");
}

#[test]
fn a_table_that_only_places_things_is_no_table() {
    let page = "<table><tr><td><h2>A</h2>one</td><td><table><tr><th>x<th>y<tr><td>1<td>2</table>\
        <tr><td>two</table><p>three";
    assert_eq!(
        markdown(Format::Html, page),
        "## A\n\none\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n\ntwo\n\nthree"
    );
}

#[test]
fn blocks_within_code_are_its_lines() {
    let page = "<pre><div>a</div><div> b</div><h2>c</h2></pre>";
    assert_eq!(markdown(Format::Html, page), "```\na\n b\nc\n```");
}

#[test]
fn a_page_is_read_in_the_encoding_it_names() {
    let page = b"<html><head><meta charset=\"iso-8859-2\"></head><p>\xae\xedt</p>";
    assert_eq!(markdown(Format::Html, page), "Žít");
}

#[test]
fn text_that_passes_the_limit_is_refused_not_cut() {
    let limits = Limits { text: 100, ..Limits::default() };
    let words = "word ".repeat(50);
    for format in [Format::Text, Format::Markdown, Format::Html] {
        let error = extract(format, words.as_bytes(), &limits).unwrap_err();
        assert_eq!(error, ExtractError::TooMuchText { limit: 100 }, "{format:?}");
    }
}

/// The texts of the headings that cut a document: none of those within quotes and lists.
fn headings(markdown: &str) -> Vec<String> {
    let (mut found, mut inside, mut depth) = (Vec::new(), false, 0);
    for event in Parser::new_ext(markdown, options()) {
        match event {
            Event::Start(tag) => {
                if depth == 0 && matches!(tag, Tag::Heading { .. }) {
                    found.push(String::new());
                    inside = true;
                }
                depth += 1;
            }
            Event::End(_) => {
                depth -= 1;
                inside &= depth > 0;
            }
            Event::Text(text) if inside => found.last_mut().unwrap().push_str(&text),
            _ => {}
        }
    }
    found
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS
}

/// What a paragraph of plain text says once it is parsed; none when it became something else.
fn said(markdown: &str) -> Option<String> {
    let mut text = String::new();
    for event in Parser::new_ext(markdown, options()) {
        match event {
            Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
            Event::Text(part) => text.push_str(&part),
            _ => return None,
        }
    }
    Some(text)
}

const MARKS: &str = "[-#>|*+_`~\\[\\]()!&;:.=<1a/x\\\\ é]{0,30}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn plain_text_says_the_same_once_it_is_parsed(line in MARKS) {
        let expected = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if expected.is_empty() {
            return Ok(());
        }
        let found = markdown(Format::Text, &line);
        prop_assert_eq!(said(&found), Some(expected), "{}", found);
    }

    #[test]
    fn a_heading_says_the_same_once_it_is_parsed(line in MARKS) {
        let expected = line.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = questions_and_answers(&[(line, "x".to_owned())]);
        if !text.is_empty() {
            prop_assert_eq!(headings(&text), vec![expected], "{}", text);
        }
    }

    #[test]
    fn a_cell_stays_in_its_column(cell in MARKS) {
        let expected = cell.split_whitespace().collect::<Vec<_>>().join(" ");
        let safe = cell.replace('&', "&amp;").replace('<', "&lt;");
        let page = format!("<table><tr><th>a<th>b<tr><td>{safe}<td>z</table>");
        let found = markdown(Format::Html, page);
        let (mut cells, mut inside) = (Vec::new(), false);
        for event in Parser::new_ext(&found, options()) {
            match event {
                Event::Start(Tag::TableCell) => { cells.push(String::new()); inside = true; }
                Event::End(TagEnd::TableCell) => inside = false,
                Event::Text(text) if inside => cells.last_mut().unwrap().push_str(&text),
                _ => {}
            }
        }
        prop_assert_eq!(cells, vec!["a".to_owned(), "b".to_owned(), expected, "z".to_owned()]);
    }

    #[test]
    fn no_answer_adds_a_heading(answer in "([-#=>`~*<!a1. \t]{0,6}\n){0,8}") {
        let text = questions_and_answers(&[
            ("q".to_owned(), answer), ("r".to_owned(), "s".to_owned()),
        ]);
        let found = headings(&text);
        prop_assert!(found == ["q", "r"] || found == ["r"], "{:?} in {:?}", found, text);
    }

    #[test]
    fn pairs_come_back_as_the_text_holds_them(
        pairs in proptest::collection::vec((MARKS, "([-#=>`~*<!a1. \t\\\\\\[\\]:/]{0,6}\n){0,8}"), 0..4)
    ) {
        let text = questions_and_answers(&pairs);
        let back = pairs_of(&text);
        prop_assert_eq!(questions_and_answers(&back), text, "{:?}", back);
    }
}

#[test]
fn usual_pairs_come_back_as_they_were_written() {
    let pairs = [
        (
            "Is it open on *Sundays*?",
            "Yes, **from 10** to 4:\n\n- the shop\n- the cafe\n\n```sh\n## no heading\n```",
        ),
        ("C# or F#", "Either.\n\n| a | b |\n|---|---|\n| 1 | 2 |"),
        ("1. What?", "    indented code"),
        ("What is the [FAQ]?", "See [FAQ].\n\n[FAQ]: https://example.com/faq"),
    ]
    .map(|(question, answer)| (question.to_owned(), answer.to_owned()));
    assert_eq!(pairs_of(&questions_and_answers(&pairs)), pairs);
    assert!(pairs_of("").is_empty());
}

#[test]
fn the_charset_of_a_media_type_goes_before_what_a_page_says_of_itself() {
    let windows = b"<meta charset=utf-8><p>\xcf\xf0\xe8\xe2\xe5\xf2</p>".to_vec();
    let read = |bytes: Vec<u8>| String::from_utf8(bytes).map_or(String::new(), |text| text);
    let russian = extraction::in_utf8(windows.clone(), "text/html; Charset=\"windows-1251\"");
    assert!(read(russian).contains("Привет"));
    for silent in
        ["text/html", "text/html; charset=nonsense", "application/pdf; charset=utf-16", ""]
    {
        assert_eq!(extraction::in_utf8(windows.clone(), silent), windows, "{silent}");
    }
}
