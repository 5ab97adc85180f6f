//! How much a file may unpack to, and how long that may take.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use lopdf::{DecompressError, Document, Error, LoadOptions, Object, ObjectId, Stream};

use super::malformed;
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

/// More objects than any document of the largest size has; each takes about 180 bytes.
const MOST_OBJECTS: usize = 2_000_000;

/// What loading a file may still cost.
#[derive(Clone, Copy)]
struct Loading {
    /// Of unpacked object streams.
    bytes: usize,
    objects: usize,
    deadline: Deadline,
    spent: Option<Spent>,
}

#[derive(Clone, Copy)]
enum Spent {
    Bytes,
    Objects,
    Time,
}

thread_local! {
    /// Of the file that this thread loads. `lopdf` bounds no more than each stream alone, and the
    /// filter that it calls on the way is a function without state.
    static LOADING: Cell<Option<Loading>> = const { Cell::new(None) };
}

/// Loads a file, within what loading may cost; `limit` in unpacked bytes.
pub(super) fn load(
    bytes: &[u8],
    limit: usize,
    deadline: Deadline,
) -> Result<Document, ExtractError> {
    let too_many = ExtractError::TooManyParts { limit: MOST_OBJECTS };
    if objects(bytes) > MOST_OBJECTS {
        return Err(too_many);
    }
    let loading = Loading { bytes: limit, objects: 2 * MOST_OBJECTS, deadline, spent: None };
    LOADING.set(Some(loading));
    let options = LoadOptions {
        filter: Some(on_load),
        max_decompressed_size: Some(limit),
        ..LoadOptions::default()
    };
    let loaded =
        panic::catch_unwind(AssertUnwindSafe(|| Document::load_mem_with_options(bytes, options)));
    let too_large = ExtractError::UnpacksTooLarge { limit };
    match (LOADING.take().and_then(|loading| loading.spent), loaded) {
        (Some(Spent::Bytes), _) => Err(too_large),
        (Some(Spent::Objects), _) => Err(too_many),
        (Some(Spent::Time), _) => Err(ExtractError::TimedOut),
        (None, Ok(Ok(document))) => Ok(document),
        (None, Ok(Err(error))) => Err(match error {
            Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => too_large,
            Error::InvalidPassword
            | Error::Decryption(_)
            | Error::UnsupportedSecurityHandler(_) => ExtractError::Encrypted,
            _ => malformed("it is not complete"),
        }),
        (None, Err(_)) => Err(malformed("it cannot be understood")),
    }
}

/// Called by `lopdf` for every object, for an object stream before it is unpacked.
fn on_load(id: ObjectId, object: &mut Object) -> Option<(ObjectId, Object)> {
    let mut loading = LOADING.get()?;
    let mut spent = loading.deadline.check().err().map(|_| Spent::Time);
    let mut count = weight(object);
    if let Object::Stream(stream) = object {
        if is(stream, b"Subtype", b"Image") {
            stream.content = Vec::new();
        } else if stream.dict.has_type(b"ObjStm") {
            match stream.get_plain_content_with_limit(loading.bytes) {
                Ok(bytes) => {
                    loading.bytes = loading.bytes.saturating_sub(bytes.len());
                    count += objects(&bytes);
                }
                Err(Error::Decompress(DecompressError::MemoryLimitExceeded { .. })) => {
                    spent = Some(Spent::Bytes);
                }
                Err(_) => {}
            }
        }
    }
    match loading.objects.checked_sub(count) {
        Some(left) => loading.objects = left,
        None => spent = spent.or(Some(Spent::Objects)),
    }
    loading.spent = spent;
    LOADING.set(Some(loading));
    if spent.is_some() {
        // The only way to stop `lopdf`, which else goes on with the file's next object: unwinds
        // to `load` without being reported as a panic.
        panic::resume_unwind(Box::new(()));
    }
    // Of some objects it keeps what it gave, of others what it gets back.
    Some((id, object.clone()))
}

/// How many objects stand in this text, roughly: where words, numbers, and brackets begin.
fn objects(text: &[u8]) -> usize {
    let is_space = |byte: u8| byte == 0 || byte.is_ascii_whitespace();
    let mut before = b' ';
    let mut count = 0;
    for &byte in text {
        let begins = is_space(before) && !is_space(byte);
        // Nothing has to stand between two numbers with signs.
        let marks = matches!(byte, b'/' | b'(' | b'<' | b'[' | b'-' | b'+' | b'.');
        count += usize::from(begins || marks);
        before = byte;
    }
    count
}

/// An object with all that stand in it; `lopdf` bounds how deep they stand.
fn weight(object: &Object) -> usize {
    match object {
        Object::Array(inner) => 1 + inner.iter().map(weight).sum::<usize>(),
        Object::Dictionary(inner) => {
            1 + inner.iter().map(|(_, object)| weight(object)).sum::<usize>()
        }
        Object::Stream(stream) => 1 + stream.dict.len(),
        _ => 1,
    }
}

fn is(stream: &Stream, key: &[u8], name: &[u8]) -> bool {
    stream.dict.get(key).and_then(Object::as_name).is_ok_and(|found| found == name)
}
