//! How much a file may unpack to, and how long that may take.

use std::cell::Cell;

use lopdf::{DecompressError, Error, Object, ObjectId, Stream};

use crate::Deadline;
use crate::error::ExtractError;

/// What is left for one file.
pub(super) struct Budget {
    limit: usize,
    left: usize,
    deadline: Deadline,
}

impl Budget {
    /// `limit` in bytes.
    pub(super) fn new(limit: usize, deadline: Deadline) -> Self {
        Self { limit, left: limit, deadline }
    }

    pub(super) fn check(&self) -> Result<(), ExtractError> {
        self.deadline.check()
    }

    /// What a stream holds; nothing when it is damaged.
    pub(super) fn unpack(&mut self, stream: &Stream) -> Result<Vec<u8>, ExtractError> {
        self.check()?;
        match stream.get_plain_content_with_limit(self.left) {
            Ok(bytes) => {
                self.spend(bytes.len())?;
                Ok(bytes)
            }
            Err(Error::Decompress(DecompressError::MemoryLimitExceeded { .. })) => {
                Err(ExtractError::UnpacksTooLarge { limit: self.limit })
            }
            Err(_) => Ok(Vec::new()),
        }
    }

    /// Counts bytes that are worked through, once more each time.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), ExtractError> {
        let too_large = ExtractError::UnpacksTooLarge { limit: self.limit };
        self.left = self.left.checked_sub(bytes).ok_or(too_large)?;
        Ok(())
    }
}

thread_local! {
    /// What object streams may still unpack to while this thread loads a file; none once they
    /// wanted more. `lopdf` only bounds each alone, and its filter is a function without state.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

pub(super) fn start_loading(limit: usize) {
    LEFT.set(Some(limit));
}

pub(super) fn exhausted() -> bool {
    LEFT.get().is_none()
}

/// Called by `lopdf` for every object, for an object stream before it is unpacked.
pub(super) fn on_load(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let left = LEFT.get()?;
    if let Object::Stream(stream) = object {
        if is(stream, b"Subtype", b"Image") {
            stream.content = Vec::new();
        } else if stream.dict.has_type(b"ObjStm") {
            let size = stream.get_plain_content_with_limit(left).map(|bytes| bytes.len());
            // Objects take several times the memory of their text.
            match size {
                Ok(size) => LEFT.set(left.checked_sub(size.saturating_mul(2))),
                Err(Error::Decompress(DecompressError::MemoryLimitExceeded { .. })) => {
                    LEFT.set(None);
                }
                Err(_) => {}
            }
            LEFT.get()?;
        }
    }
    Some((id, std::mem::replace(object, Object::Null)))
}

fn is(stream: &Stream, key: &[u8], name: &[u8]) -> bool {
    stream.dict.get(key).and_then(Object::as_name).is_ok_and(|found| found == name)
}
