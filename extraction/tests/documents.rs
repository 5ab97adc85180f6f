//! PDF and DOCX: what a search index gets to see of them.
#![allow(clippy::unwrap_used)]

mod support;

use extraction::{ExtractError, Format};
use support::{document, docx, file, markdown, page, page_with, paragraph, read, stream, zip};

#[test]
fn a_document_of_a_word_processor_becomes_markdown() {
    let found = read(Format::Docx, &file("handbook.docx")).unwrap();
    assert_eq!(found.title.as_deref(), Some("Staff handbook"));
    assert_eq!(
        found.markdown,
        "# Holidays\n\nEveryone has thirty days & may carry over five.\n\n## Asking for days\n\n\
         1. Ask your lead\n2. Enter the days\n- No reason needed\n\n| Role | Days |\n| --- | --- |\n\
         | Engineer | 30 |\n| Lead \\| head | 32 |\n\nSeen"
    );
}

#[test]
fn headings_are_known_by_their_style_in_any_language() {
    let styles = r#"<w:styles xmlns:w="w">
        <w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>
        <w:style w:styleId="Own"><w:name w:val="Own"/><w:basedOn w:val="Deep"/></w:style>
        <w:style w:styleId="Deep"><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>
        <w:style w:styleId="A"><w:basedOn w:val="B"/></w:style>
        <w:style w:styleId="B"><w:basedOn w:val="A"/></w:style>
        <w:style w:styleId="Verzeichnis1"><w:name w:val="toc 1"/></w:style></w:styles>"#;
    let styled = |style, text| {
        format!(
            "<w:p><w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
        )
    };
    let body = [
        styled("berschrift1", "One"),
        styled("Verzeichnis1", "One 1"),
        styled("Own", "Three"),
        styled("A", "text"),
    ];
    let file = zip(&[
        ("word/styles.xml", styles.as_bytes()),
        ("word/document.xml", document(&body.concat()).as_bytes()),
    ]);
    assert_eq!(markdown(Format::Docx, file), "# One\n\n### Three\n\ntext");
}

#[test]
fn removed_and_hidden_words_are_not_found() {
    let body = "<w:p><w:del><w:r><w:t>no</w:t></w:r></w:del><w:r><w:t>yes </w:t></w:r>\
        <w:r><w:rPr><w:vanish/></w:rPr><w:t>no</w:t></w:r><w:r><w:t>&lt;b&#62; &amp; &lol;</w:t></w:r></w:p>";
    assert_eq!(markdown(Format::Docx, docx(body)), "yes \\<b> &");
}

#[test]
fn a_pdf_gets_its_headings_from_its_sizes() {
    for name in ["manual.pdf", "packed.pdf"] {
        let found = read(Format::Pdf, &file(name)).unwrap();
        assert_eq!(found.title.as_deref(), Some("Shop manual"));
        assert!(found.markdown.starts_with("# Returns and refunds\n\nYou can return"), "{found:?}");
        assert!(found.markdown.contains("\n\n## How long does a refund take?\n\nA refund takes"));
        assert!(found.markdown.contains("Größe, Äpfel,"), "{found:?}");
        assert!(found.markdown.contains("and Žižkov are written as they are."), "{found:?}");
    }
}

#[test]
fn a_pdf_without_text_is_told_from_a_broken_one() {
    assert_eq!(read(Format::Pdf, &file("scan.pdf")), Err(ExtractError::NoText));
    assert_eq!(read(Format::Pdf, &file("locked.pdf")), Err(ExtractError::Encrypted));
}

#[test]
fn lines_become_paragraphs_and_divided_words_whole() {
    let program = "BT /F1 10 Tf 12 TL 50 500 Td (A para-) Tj T* (graph of \\(two) Tj T* (lines\\).) Tj \
        0 -30 Td (Next) Tj ( one) Tj [(t) 20 (w) -300 (o)] TJ ET";
    assert_eq!(
        markdown(Format::Pdf, page(stream("", program.as_bytes()), &[])),
        "A paragraph of (two lines).\n\nNext onetw o"
    );
}

#[test]
fn widely_set_lines_are_paragraphs_too() {
    let mut program = String::from("BT /F1 10 Tf 50 590 Td");
    for at in 0..12 {
        program.push_str(&format!(" 0 -20 Td (line {at} goes) Tj 0 -20 Td (on.) Tj"));
        if at == 5 {
            program.push_str(" 0 -15 Td");
        }
    }
    let found = markdown(Format::Pdf, page(stream("", (program + " ET").as_bytes()), &[]));
    let paragraphs: Vec<&str> = found.split("\n\n").collect();
    assert_eq!(paragraphs.len(), 2, "{found}");
    assert!(paragraphs[0].ends_with("line 5 goes on."), "{found}");
}

#[test]
fn forms_and_character_tables_are_read() {
    let table = "begincmap 1 beginbfrange <01> <03> <0041> endbfrange \
        1 beginbfrange <04> <05> [<00660066> <d83dde00>] endbfrange 1 beginbfchar <06> <00df> endbfchar";
    let program = "q 1 0 0 1 0 100 cm /X Do Q";
    let form = "BT /F2 10 Tf 10 10 Td <010203040506> Tj ET";
    let more = [
        stream("/Type /XObject /Subtype /Form", form.as_bytes()),
        b"<< /Type /Font /Subtype /TrueType /ToUnicode 8 0 R >>".to_vec(),
        stream("", table.as_bytes()),
    ];
    let resources = "/Font << /F2 7 0 R >> /XObject << /X 6 0 R >>";
    let file = page_with(resources, stream("", program.as_bytes()), &more);
    assert_eq!(markdown(Format::Pdf, file), "ABCff😀ß");
}

#[test]
fn nested_tables_and_text_boxes_keep_their_words() {
    let cell = |inner: &str| format!("<w:tc>{inner}</w:tc>");
    let inner = format!("<w:tbl><w:tr>{}</w:tr></w:tbl>", cell(&paragraph("in")));
    let row = |a: &str, b: &str| format!("<w:tr>{}{}</w:tr>", cell(a), cell(b));
    let table = format!(
        "<w:tbl>{}{}</w:tbl>",
        row(&paragraph("a"), &paragraph("b")),
        row(&inner, &paragraph("z"))
    );
    let boxed = format!(
        "<w:p><w:r><w:txbxContent>{}</w:txbxContent><w:t>out</w:t></w:r></w:p>",
        paragraph("box")
    );
    assert_eq!(
        markdown(Format::Docx, docx(&(table + &boxed))),
        "| a | b |\n| --- | --- |\n| in | z |\n\nbox\n\nout"
    );
}
