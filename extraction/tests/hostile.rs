//! Files that are made to hurt: each is refused, or read within the limits.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use extraction::{ExtractError, Extracted, Format, Limits, extract};
use proptest::prelude::*;
use support::{deflated, document, docx, file, page, page_with, paragraph, pdf, read, stream, zip};

const FORMATS: [Format; 6] =
    [Format::Markdown, Format::Html, Format::Text, Format::Pdf, Format::Docx, Format::Csv];
const MIB: usize = 1 << 20;

/// Whether a result keeps its promises.
fn holds(found: &Result<Extracted, ExtractError>, limits: &Limits) {
    if let Ok(found) = found {
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        assert!(!found.markdown.contains(control));
        assert!(found.markdown.len() <= limits.text);
        let title = found.title.as_deref().unwrap_or("t");
        assert!(!title.contains(char::is_control) && !title.is_empty());
    }
}

#[test]
fn a_larger_file_is_not_even_looked_at() {
    let limits = Limits { bytes: 10, ..support::limits() };
    for format in FORMATS {
        assert_eq!(
            extract(format, &[b'a'; 11], &limits),
            Err(ExtractError::TooLarge { limit: 10 })
        );
    }
}

#[test]
fn a_zip_bomb_is_refused_before_it_is_unpacked() {
    let limits = Limits { unpacked: MIB, ..support::limits() };
    let bomb = zip(&[("word/document.xml", &vec![b' '; 64 * MIB])]);
    assert_eq!(
        extract(Format::Docx, &bomb, &limits),
        Err(ExtractError::UnpacksTooLarge { limit: MIB })
    );
}

#[test]
fn a_zip_bomb_that_lies_about_its_size_is_stopped_on_the_way() {
    let limits = Limits { unpacked: MIB, ..support::limits() };
    let real = 64 * MIB;
    let mut bomb = zip(&[("word/document.xml", &vec![b' '; real])]);
    let declared = u32::try_from(real).unwrap().to_le_bytes();
    let mut lies = 0;
    for at in 0..bomb.len() - 4 {
        if bomb[at..at + 4] == declared {
            bomb[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
            lies += 1;
        }
    }
    assert!(lies >= 1);
    let error = extract(Format::Docx, &bomb, &limits).unwrap_err();
    assert!(
        matches!(error, ExtractError::UnpacksTooLarge { .. } | ExtractError::Malformed { .. }),
        "{error}"
    );
}

#[test]
fn parts_that_together_unpack_too_large_are_refused() {
    let limits = Limits { unpacked: 3 * MIB, ..support::limits() };
    let styles = vec![b' '; 2 * MIB];
    let body = document(&" ".repeat(2 * MIB));
    let file = zip(&[("word/styles.xml", &styles), ("word/document.xml", body.as_bytes())]);
    let error = extract(Format::Docx, &file, &limits).unwrap_err();
    assert!(matches!(error, ExtractError::UnpacksTooLarge { .. }), "{error}");
}

#[test]
fn an_archive_with_many_parts_is_refused() {
    let names: Vec<String> = (0..2001).map(|at| format!("word/{at}")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    assert_eq!(read(Format::Docx, &zip(&parts)), Err(ExtractError::TooManyParts { limit: 2000 }));
}

#[test]
fn entities_are_never_expanded() {
    let laughs = "<!DOCTYPE d [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>".to_owned()
        + &document(&paragraph("&b;"));
    let file = zip(&[("word/document.xml", laughs.as_bytes())]);
    let error = read(Format::Docx, &file).unwrap_err();
    assert!(error.to_string().contains("document type"), "{error}");
}

#[test]
fn elements_nested_too_deep_are_refused_without_a_deep_stack() {
    let error = ExtractError::TooDeep { limit: 200 };
    assert_eq!(read(Format::Html, "<div>".repeat(1_000_000).as_bytes()), Err(error.clone()));
    assert_eq!(read(Format::Html, "<div>".repeat(2 * MIB).as_bytes()), Err(error.clone()));
    assert_eq!(read(Format::Html, "<ul><li>".repeat(100_000).as_bytes()), Err(error.clone()));
    assert_eq!(read(Format::Html, "<table><td>".repeat(100_000).as_bytes()), Err(error.clone()));
    assert_eq!(read(Format::Docx, &docx(&"<w:p>".repeat(1_000_000))), Err(error));
    let limits = support::limits();
    let unclosed: String = (0..100_000).map(|at| format!("<p><font size={at}>")).collect();
    holds(&extract(Format::Html, unclosed.as_bytes(), &limits), &limits);
    let formats = "<b><i><a href=x></p>".repeat(100_000);
    holds(&extract(Format::Html, formats.as_bytes(), &limits), &limits);
}

#[test]
fn megabytes_of_one_mark_are_read_or_refused() {
    let limits = support::limits();
    for mark in ["[", "<", "&", "\"", "*", "`", "#", "> ", "\n", "|", "a,", "<p>", "</p>", "<!--"] {
        let text = mark.repeat(2 * MIB / mark.len());
        for format in [Format::Markdown, Format::Html, Format::Text, Format::Csv] {
            holds(&extract(format, text.as_bytes(), &limits), &limits);
        }
    }
}

#[test]
fn a_cell_of_ten_megabytes_is_refused() {
    let csv = format!("a,b\n1,\"{}\"\n", "x".repeat(10 * MIB));
    let error = read(Format::Csv, csv.as_bytes()).unwrap_err();
    assert_eq!(error, ExtractError::TooMuchText { limit: 5 * MIB });
}

#[test]
fn a_table_of_millions_of_columns_is_refused() {
    let error = read(Format::Csv, "a,".repeat(MIB).as_bytes()).unwrap_err();
    assert!(error.to_string().contains("columns"), "{error}");
}

#[test]
fn wide_headers_do_not_multiply_what_comes_out() {
    let csv = format!("{}\n", "x".repeat(MIB)) + &"1\n".repeat(9_000);
    let error = read(Format::Csv, csv.as_bytes()).unwrap_err();
    assert_eq!(error, ExtractError::TooMuchText { limit: 5 * MIB });
    let rows = "<tr><td>a</td></tr>".repeat(50_000);
    let head = "<td></td>".repeat(50_000);
    let limits = support::limits();
    let page = format!("<table><tr>{head}</tr>{rows}</table>");
    holds(&extract(Format::Html, page.as_bytes(), &limits), &limits);
}

fn zeros(megabytes: usize) -> Vec<u8> {
    deflated((0..megabytes).map(|_| vec![b' '; MIB]))
}

#[test]
fn a_page_that_unpacks_to_gigabytes_is_refused() {
    let limits = Limits { unpacked: MIB, ..support::limits() };
    let too_large = Err(ExtractError::UnpacksTooLarge { limit: MIB });
    let once = page(stream("/Filter /FlateDecode", &zeros(64)), &[]);
    assert_eq!(extract(Format::Pdf, &once, &limits), too_large);
    let twice = deflated([zeros(64)].into_iter());
    let twice = page(stream("/Filter [/FlateDecode /FlateDecode]", &twice), &[]);
    assert_eq!(extract(Format::Pdf, &twice, &limits), too_large);
}

#[test]
fn object_streams_have_one_budget_together() {
    let limits = Limits { unpacked: 4 * MIB, ..support::limits() };
    let bomb = stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", &zeros(1));
    let file = page(stream("", b"BT ET"), &vec![bomb; 20]);
    assert_eq!(
        extract(Format::Pdf, &file, &limits),
        Err(ExtractError::UnpacksTooLarge { limit: 4 * MIB })
    );
}

#[test]
fn objects_that_would_take_gigabytes_are_refused_before_they_are_read() {
    let error = Err(ExtractError::TooManyParts { limit: 2_000_000 });
    for object in ["0 ", "0\0", "-0", ".1", "[]", "/a"] {
        let array = format!("[{}]", object.repeat(2_100_000)).into_bytes();
        let plain = page(stream("", b""), &[array]);
        assert_eq!(read(Format::Pdf, &plain), error, "{object:?}");
    }
    let packed = deflated([format!("9 0 [{}]", "0 ".repeat(4_100_000)).into_bytes()].into_iter());
    let packed = stream("/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode", &packed);
    assert_eq!(read(Format::Pdf, &page(stream("", b""), &[packed])), error);
}

#[test]
fn an_object_that_is_listed_a_thousand_times_is_not_kept_a_thousand_times() {
    let array = format!("1 0 obj\n[{}]\nendobj\n", "0 ".repeat(50_000));
    let mut file = format!("%PDF-1.4\n{array}").into_bytes();
    let start = file.len();
    file.extend(b"xref\n0 1001\n0000000000 65535 f \n");
    file.extend("0000000009 00000 n \n".repeat(1000).into_bytes());
    let end = format!("trailer\n<< /Size 1001 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF");
    file.extend(end.into_bytes());
    assert_eq!(read(Format::Pdf, &file), Err(ExtractError::TooManyParts { limit: 2_000_000 }));
}

#[test]
fn a_form_that_is_drawn_again_and_again_spends_the_budget() {
    // Each draws the next one a hundred times.
    let form = |next: usize| {
        let extra =
            format!("/Type /XObject /Subtype /Form /Resources << /XObject << /X {next} 0 R >> >>");
        stream(&extra, "/X Do ".repeat(100).as_bytes())
    };
    let forms: Vec<_> = (0..8).map(|at| form(7 + at % 7)).collect();
    let file = page_with("/XObject << /X 6 0 R >>", stream("", b"/X Do"), &forms);
    let error = read(Format::Pdf, &file).unwrap_err();
    assert!(matches!(error, ExtractError::UnpacksTooLarge { .. }), "{error}");
}

#[test]
fn a_character_table_of_one_huge_range_costs_nothing() {
    let table = "1 beginbfrange <00000000> <ffffffff> <0041> endbfrange \
        1 beginbfrange <00> <ff> <0041> endbfrange";
    let font = b"<< /Type /Font /Subtype /TrueType /ToUnicode 7 0 R \
        /Encoding /Identity-H >>"
        .to_vec();
    let program = stream("", b"BT /F1 9 Tf <0001> Tj ET");
    let file = page_with("/Font << /F1 6 0 R >>", program, &[font, stream("", table.as_bytes())]);
    assert_eq!(read(Format::Pdf, &file).unwrap().markdown, "AB");
}

#[test]
fn a_page_tree_that_is_a_circle_ends() {
    let kids = b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 2 0 R] /Count 2 >>".to_vec();
    let file = pdf(&[b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(), kids]);
    assert!(read(Format::Pdf, &file).is_err());
    let program = stream("", b"BT /F1 9 Tf (a) Tj ET");
    let itself = pdf(&[
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /Parent 3 0 R >>".to_vec(),
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R >>".to_vec(),
        program,
    ]);
    assert_eq!(read(Format::Pdf, &itself), Err(ExtractError::NoText));
}

#[test]
fn a_pdf_with_more_pages_than_allowed_is_refused() {
    let with = |pages: usize| {
        let kids: String = (0..pages).map(|at| format!("{} 0 R ", at + 3)).collect();
        let mut objects = vec![
            b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
            format!("<< /Type /Pages /Kids [{kids}] /Count {pages} >>").into_bytes(),
        ];
        objects.resize(pages + 2, b"<< /Type /Page /Parent 2 0 R >>".to_vec());
        read(Format::Pdf, &pdf(&objects))
    };
    assert_eq!(with(2001), Err(ExtractError::TooManyPages { limit: 2000 }));
    assert_eq!(with(2000), Err(ExtractError::NoText));
}

#[test]
fn deep_arrays_in_a_pdf_do_not_end_the_process() {
    let deep = "[".repeat(100_000).into_bytes();
    let limits = support::limits();
    let file = page(stream("", b"BT /F1 9 Tf (a) Tj ET"), std::slice::from_ref(&deep));
    holds(&extract(Format::Pdf, &file, &limits), &limits);
    let file = page(stream("", &deep), &[]);
    holds(&extract(Format::Pdf, &file, &limits), &limits);
    let parens = [b"(".repeat(100_000), b"<<".repeat(100_000)];
    holds(&extract(Format::Pdf, &page(stream("", b""), &parens), &limits), &limits);
}

#[test]
fn no_time_means_an_error_not_a_wait() {
    let limits = Limits { time: Duration::ZERO, ..support::limits() };
    let files = [
        (Format::Pdf, file("manual.pdf")),
        (Format::Docx, file("handbook.docx")),
        (Format::Html, b"<p>a".to_vec()),
    ];
    for (format, bytes) in files {
        assert_eq!(extract(format, &bytes, &limits), Err(ExtractError::TimedOut), "{format:?}");
    }
}

/// Small limits, so that they are met.
fn small() -> Limits {
    Limits { unpacked: 200_000, text: 400, depth: 20, ..support::limits() }
}

fn damaged(name: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let bytes = file(name);
    let length = bytes.len();
    let changes = prop::collection::vec((0..length, any::<u8>()), 0..12);
    (changes, length / 2..=length).prop_map(move |(changes, end)| {
        let mut bytes = bytes.clone();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        // Most keep their end, without which nothing is found.
        bytes.truncate(if end % 3 == 0 { end } else { length });
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_bytes_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        start in prop::sample::select(vec![&b""[..], b"%PDF-1.4\n", b"PK\x03\x04", b"\xff\xfe", b"<p>"]),
    ) {
        let bytes = [start, &bytes].concat();
        for format in FORMATS {
            holds(&extract(format, &bytes, &small()), &small());
        }
        prop_assert_ne!(Format::of("", None, &bytes), Some(Format::Csv));
    }

    #[test]
    fn no_page_makes_it_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<p>", "</p>", "<table>", "<tr>", "<td>", "</table>", "<ul>", "<li>", "</ul>", "<pre>",
            "</pre>", "a", " b\n", "<b>", "</b>", "<a>", "<h1>", "</h1>", "<template>", "<svg>",
            "</template>", "<select>", "<main>", "</body>", "<form>", "<summary>", "\u{b}", "&#0;",
            "<math>", "<title>", "<caption>", "<frameset>", "<p hidden>", "`", "|", "<option>",
        ]), 0..60)
    ) {
        holds(&extract(Format::Html, parts.concat().as_bytes(), &small()), &small());
    }

    #[test]
    fn no_program_makes_it_panic(program in "([-0-9./()<>\\[\\] a-f\n]{0,3}( (Tj|TJ|Td|Tm|cm|q|Q|Tf|Do|ID|T\\*)\n)?){0,20}") {
        let program = format!("BT /F1 9 Tf {program}");
        holds(&extract(Format::Pdf, &page(stream("", program.as_bytes()), &[]), &small()), &small());
    }

    #[test]
    fn a_damaged_pdf_is_read_or_refused(bytes in damaged("manual.pdf")) {
        holds(&extract(Format::Pdf, &bytes, &small()), &small());
    }

    #[test]
    fn a_damaged_packed_pdf_is_read_or_refused(bytes in damaged("packed.pdf")) {
        holds(&extract(Format::Pdf, &bytes, &small()), &small());
    }

    #[test]
    fn a_damaged_docx_is_read_or_refused(bytes in damaged("handbook.docx")) {
        holds(&extract(Format::Docx, &bytes, &small()), &small());
    }
}
