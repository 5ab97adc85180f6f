//! XML as a row of events. Entities other than XML's own five are dropped, never expanded; a
//! document type is refused.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event as Raw};

use crate::Deadline;
use crate::error::ExtractError;

/// How many events pass between two looks at the clock.
const STEP: usize = 1024;

/// An element's start.
pub(super) struct Tag<'a> {
    /// Without its prefix.
    pub name: &'a str,
    raw: &'a BytesStart<'a>,
}

impl Tag<'_> {
    /// An attribute's value by its name without prefix; values with entities are left out.
    pub(super) fn value(&self, wanted: &str) -> Option<String> {
        self.raw.attributes().flatten().find_map(|attribute| {
            let found = attribute.key.local_name().as_ref() == wanted;
            found.then(|| attribute.value.into_owned())
        })
    }
}

pub(super) enum Event<'a> {
    Open(&'a Tag<'a>),
    /// With the element's name.
    Close(&'a str),
    Text(&'a str),
}

/// Reads a part to its end.
pub(super) fn read(
    text: &str,
    depth: usize,
    deadline: Deadline,
    mut take: impl FnMut(Event<'_>) -> Result<(), ExtractError>,
) -> Result<(), ExtractError> {
    let mut reader = Reader::from_str(text);
    let mut open = 0_usize;
    for count in 0_usize.. {
        if count.is_multiple_of(STEP) {
            deadline.check()?;
        }
        match reader.read_event().map_err(|_| malformed("its XML has errors"))? {
            Raw::Start(raw) => {
                open += 1;
                if open > depth {
                    return Err(ExtractError::TooDeep { limit: depth });
                }
                start(&raw, &mut take)?;
            }
            Raw::Empty(raw) => {
                start(&raw, &mut take)?;
                let name = raw.local_name();
                take(Event::Close(name.as_ref()))?;
            }
            Raw::End(raw) => {
                open = open.saturating_sub(1);
                let name = raw.local_name();
                take(Event::Close(name.as_ref()))?;
            }
            Raw::Text(raw) => take(Event::Text(&raw))?,
            Raw::CData(raw) => take(Event::Text(&raw))?,
            Raw::GeneralRef(raw) => {
                let mut buffer = [0; 4];
                let resolved = match raw.resolve_char_ref() {
                    Ok(Some(c)) => Some(&*c.encode_utf8(&mut buffer)),
                    _ => resolve_predefined_entity(&raw),
                };
                take(Event::Text(resolved.unwrap_or_default()))?;
            }
            Raw::DocType(_) => return Err(malformed("its XML declares a document type")),
            Raw::Eof if open > 0 => return Err(malformed("its XML ends too early")),
            Raw::Eof => break,
            Raw::Comment(_) | Raw::Decl(_) | Raw::PI(_) => {}
        }
    }
    Ok(())
}

fn start(
    raw: &BytesStart<'_>,
    take: &mut impl FnMut(Event<'_>) -> Result<(), ExtractError>,
) -> Result<(), ExtractError> {
    let name = raw.local_name();
    take(Event::Open(&Tag { name: name.as_ref(), raw }))
}

fn malformed(what: &'static str) -> ExtractError {
    ExtractError::Malformed { format: "DOCX", what }
}
