//! Builds small files for the tests.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::{Cursor, Write};

use extraction::{ExtractError, Extracted, Format, Limits, extract};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The usual limits without the clock's, which a slow machine would meet.
pub fn limits() -> Limits {
    Limits { time: std::time::Duration::from_secs(3600), ..Limits::default() }
}

pub fn read(format: Format, bytes: &[u8]) -> Result<Extracted, ExtractError> {
    extract(format, bytes, &limits())
}

pub fn markdown(format: Format, bytes: impl AsRef<[u8]>) -> String {
    read(format, bytes.as_ref()).unwrap().markdown
}

pub fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in parts {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A document with this inside of its body.
pub fn docx(body: &str) -> Vec<u8> {
    zip(&[("word/document.xml", document(body).as_bytes())])
}

pub fn document(body: &str) -> String {
    format!("<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:body>{body}</w:body></w:document>")
}

pub fn paragraph(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

/// A file of these objects, numbered from 1; the first is the catalog.
pub fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        writeln!(file, "{} 0 obj", at + 1).unwrap();
        file.extend(object);
        file.extend(b"\nendobj\n");
    }
    let start = file.len();
    write!(file, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
    for offset in offsets {
        writeln!(file, "{offset:010} 00000 n ").unwrap();
    }
    writeln!(file, "trailer\n<< /Size {} /Root 1 0 R >>", objects.len() + 1).unwrap();
    write!(file, "startxref\n{start}\n%%EOF").unwrap();
    file
}

pub fn stream(extra: &str, bytes: &[u8]) -> Vec<u8> {
    let mut object = format!("<< /Length {} {extra} >>\nstream\n", bytes.len()).into_bytes();
    object.extend(bytes);
    object.extend(b"\nendstream");
    object
}

/// A one-page file whose page runs `program`, in Helvetica as `F1`; more objects follow from 6 on.
pub fn page(program: Vec<u8>, more: &[Vec<u8>]) -> Vec<u8> {
    page_with("/Font << /F1 5 0 R >>", program, more)
}

/// As [`page`], with resources of its own.
pub fn page_with(resources: &str, program: Vec<u8>, more: &[Vec<u8>]) -> Vec<u8> {
    let mut objects = vec![
        b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 600] /Contents 4 0 R \
             /Resources << {resources} >> >>"
        )
        .into_bytes(),
        program,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
            .to_vec(),
    ];
    objects.extend_from_slice(more);
    pdf(&objects)
}

pub fn deflated(chunks: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for chunk in chunks {
        encoder.write_all(&chunk).unwrap();
    }
    encoder.finish().unwrap()
}

/// A file that [`tests/files/README.md`] lists.
pub fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/files/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}
