//! The parts of a ZIP archive, none of which is unpacked beyond what is left of the limit.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::Limits;
use crate::error::ExtractError;
use crate::text::decode;

/// More parts than any document has, pictures included.
const MOST_PARTS: usize = 2000;
/// What each part's entry in the archive's directory begins with.
const ENTRY: &[u8] = b"PK\x01\x02";

pub(super) struct Parts<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    limit: usize,
    /// Of the limit, in bytes.
    left: usize,
}

impl<'a> Parts<'a> {
    pub(super) fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, ExtractError> {
        // Counted before the directory is read into memory.
        let entries = bytes.windows(ENTRY.len()).filter(|window| *window == ENTRY);
        if entries.take(MOST_PARTS + 1).count() > MOST_PARTS {
            return Err(ExtractError::TooManyParts { limit: MOST_PARTS });
        }
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
        if archive.len() > MOST_PARTS {
            return Err(ExtractError::TooManyParts { limit: MOST_PARTS });
        }
        Ok(Self { archive, limit: limits.unpacked, left: limits.unpacked })
    }

    /// A part's text; none when the archive has no such part.
    pub(super) fn read(&mut self, name: &str) -> Result<Option<String>, ExtractError> {
        let too_large = ExtractError::UnpacksTooLarge { limit: self.limit };
        let part = match self.archive.by_name(name) {
            Ok(part) => part,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(damaged(&error)),
        };
        let left = u64::try_from(self.left).unwrap_or(u64::MAX);
        if part.size() > left {
            return Err(too_large);
        }
        // What a part declares may be a lie.
        let mut bytes = Vec::new();
        part.take(left.saturating_add(1)).read_to_end(&mut bytes).map_err(|_| {
            ExtractError::Malformed { format: "DOCX", what: "one of its parts cannot be unpacked" }
        })?;
        self.left = self.left.checked_sub(bytes.len()).ok_or(too_large)?;
        Ok(Some(decode(&bytes, None)))
    }
}

fn damaged(error: &ZipError) -> ExtractError {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => ExtractError::Encrypted,
        ZipError::UnsupportedArchive(_) => ExtractError::Malformed {
            format: "DOCX",
            what: "it is packed in a way that word processors do not use",
        },
        _ => ExtractError::Malformed { format: "DOCX", what: "it is not a complete ZIP archive" },
    }
}
