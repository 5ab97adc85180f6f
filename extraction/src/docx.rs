//! DOCX: a word processor's document, read from its parts in memory.

mod document;
mod parts;
mod styles;
mod xml;

use crate::error::ExtractError;
use crate::{Deadline, Extracted, Limits, format};
use parts::Parts;
use styles::Styles;

pub(crate) fn extract(
    bytes: &[u8],
    limits: &Limits,
    deadline: Deadline,
) -> Result<Extracted, ExtractError> {
    format::expect("DOCX", bytes)?;
    let mut parts = Parts::open(bytes, limits)?;
    let Some(body) = parts.read("word/document.xml")? else {
        return Err(ExtractError::Malformed {
            format: "DOCX",
            what: "it holds no document, so it may be another kind of ZIP file",
        });
    };
    let mut part = |name| parts.read(name).map(Option::unwrap_or_default);
    let (style_part, number_part) = (part("word/styles.xml")?, part("word/numbering.xml")?);
    let core = part("docProps/core.xml")?;
    let styles = Styles::read(&style_part, &number_part, limits.depth, deadline)?;
    let markdown = document::render(&body, &styles, limits, deadline)?;
    Ok(Extracted { title: title(&core, limits.depth, deadline)?, markdown, half_rows: Vec::new() })
}

fn title(core: &str, depth: usize, deadline: Deadline) -> Result<Option<String>, ExtractError> {
    let (mut inside, mut title) = (false, String::new());
    xml::read(core, depth, deadline, |event| {
        match event {
            xml::Event::Open(tag) => inside = tag.name == "title",
            xml::Event::Close(_) => inside = false,
            xml::Event::Text(text) if inside => title.push_str(text),
            xml::Event::Text(_) => {}
        }
        Ok(())
    })?;
    Ok((!title.trim().is_empty()).then_some(title))
}
