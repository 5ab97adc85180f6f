//! Reads CSV (RFC 4180) as it arrives, in bounded memory.
//!
//! What enters: chunks of bytes, of a request or a file. What leaves: one record after the other, each
//! with the line it begins on.

use std::fmt::Display;

use bytes::{Buf as _, Bytes, BytesMut};
use csv_core::ReadRecordResult;
use futures_util::{Stream, StreamExt as _};
use shared::limits;

/// Most cells of a line.
const CELLS: usize = 64;

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("the file did not arrive whole: {0}")]
    Broken(String),
    #[error("the file is longer than {} bytes", limits::ORDERS_FILE_BYTES)]
    TooLarge,
    #[error("is longer than {} bytes; perhaps a quote is not closed", limits::ORDERS_LINE_BYTES)]
    LineTooLong(u64),
    #[error("has more than {CELLS} cells")]
    TooManyCells(u64),
    #[error("has a quote that is not closed")]
    OpenQuote(u64),
}

/// A line of the file; with line ends in quotes it is several.
#[derive(Debug)]
pub struct Record {
    /// Where it begins, from 1 on.
    pub line: u64,
    /// None where the bytes are not UTF-8.
    pub cells: Vec<Option<String>>,
}

/// The records of a file.
pub struct Records<S> {
    source: S,
    chunk: Bytes,
    core: csv_core::Reader,
    cells: Box<[u8]>,
    ends: Box<[usize]>,
    line: u64,
    bytes: usize,
    is_done: bool,
}

impl<S> std::fmt::Debug for Records<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Records").field("line", &self.line).finish_non_exhaustive()
    }
}

impl<S, E> Records<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Display,
{
    pub fn new(source: S) -> Self {
        Self {
            source,
            chunk: Bytes::new(),
            core: csv_core::Reader::new(),
            cells: vec![0; limits::ORDERS_LINE_BYTES].into(),
            ends: vec![0; CELLS].into(),
            line: 1,
            bytes: 0,
            is_done: false,
        }
    }

    /// Takes the next chunk; none is left when it is empty afterwards.
    async fn fill(&mut self) -> Result<(), FileError> {
        while self.chunk.is_empty() && !self.is_done {
            match self.source.next().await {
                Some(Ok(chunk)) => self.chunk = chunk,
                Some(Err(error)) => return Err(FileError::Broken(error.to_string())),
                None => self.is_done = true,
            }
            self.bytes = self.bytes.saturating_add(self.chunk.len());
            if self.bytes > limits::ORDERS_FILE_BYTES {
                return Err(FileError::TooLarge);
            }
        }
        Ok(())
    }

    /// Passes over a mark of byte order. To be called once, before the first record.
    ///
    /// # Errors
    /// See [`FileError`].
    pub async fn skip_mark(&mut self) -> Result<(), FileError> {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        self.fill().await?;
        while self.chunk.len() < MARK.len() && !self.is_done {
            let mut begin = BytesMut::from(&std::mem::take(&mut self.chunk)[..]);
            self.fill().await?;
            begin.extend_from_slice(&self.chunk);
            self.chunk = begin.freeze();
        }
        if self.chunk.starts_with(MARK) {
            self.chunk.advance(MARK.len());
        }
        Ok(())
    }

    /// Passes over line ends: the rest of the one before, and empty lines.
    async fn skip_line_ends(&mut self) -> Result<(), FileError> {
        loop {
            self.fill().await?;
            let Some(first @ (b'\r' | b'\n')) = self.chunk.first().copied() else { return Ok(()) };
            self.line += u64::from(first == b'\n');
            self.chunk.advance(1);
        }
    }

    /// The next record.
    ///
    /// # Errors
    /// See [`FileError`].
    pub async fn next(&mut self) -> Result<Option<Record>, FileError> {
        self.skip_line_ends().await?;
        let line = self.line;
        let (mut written, mut ended, mut quotes) = (0, 0, 0);
        loop {
            let (result, read, wrote, ends) = self.core.read_record(
                &self.chunk,
                self.cells.get_mut(written..).unwrap_or_default(),
                self.ends.get_mut(ended..).unwrap_or_default(),
            );
            for byte in self.chunk.iter().take(read) {
                self.line += u64::from(*byte == b'\n');
                quotes += usize::from(*byte == b'"');
            }
            self.chunk.advance(read);
            written += wrote;
            ended += ends;
            match result {
                ReadRecordResult::InputEmpty => self.fill().await?,
                ReadRecordResult::OutputFull => return Err(FileError::LineTooLong(line)),
                ReadRecordResult::OutputEndsFull => return Err(FileError::TooManyCells(line)),
                ReadRecordResult::End => return Ok(None),
                // What is open at the end has swallowed every line up to it.
                ReadRecordResult::Record if self.is_done && quotes % 2 == 1 => {
                    return Err(FileError::OpenQuote(line));
                }
                ReadRecordResult::Record => return Ok(Some(self.record(line, ended))),
            }
        }
    }

    fn record(&self, line: u64, count: usize) -> Record {
        let mut start = 0;
        let cells = self.ends.iter().take(count).map(|end| {
            let cell = self.cells.get(start..*end).unwrap_or_default();
            start = *end;
            std::str::from_utf8(cell).ok().map(str::to_owned)
        });
        Record { line, cells: cells.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read = Result<Vec<(u64, Vec<Option<String>>)>, FileError>;

    /// Reads a text that arrives in chunks of so many bytes.
    fn read(text: &[u8], size: usize) -> Read {
        let chunks: Vec<Result<Bytes, String>> =
            text.chunks(size).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut records = Records::new(futures_util::stream::iter(chunks));
            records.skip_mark().await?;
            let mut all = Vec::new();
            while let Some(record) = records.next().await? {
                all.push((record.line, record.cells));
            }
            Ok(all)
        })
    }

    fn line(number: u64, cells: &[&str]) -> (u64, Vec<Option<String>>) {
        (number, cells.iter().map(|cell| Some((*cell).to_owned())).collect())
    }

    #[test]
    fn lines_are_numbered_as_an_editor_numbers_them() {
        let text = "\u{feff}\"a\",b\r\n\r\n1,\"x\r\ny\"\r\n2,\"say \"\"hi\"\"\"\n\n\n3,end";
        let expected = [
            line(1, &["a", "b"]),
            line(3, &["1", "x\r\ny"]),
            line(5, &["2", "say \"hi\""]),
            line(8, &["3", "end"]),
        ];
        for size in 1..text.len() + 1 {
            assert_eq!(read(text.as_bytes(), size).unwrap(), expected, "in chunks of {size}");
        }
    }

    #[test]
    fn what_is_no_text_is_told_cell_by_cell() {
        let read = read(b"a,b\n\xff,ok\n", 3).unwrap();
        assert_eq!(read[1].1, [None, Some("ok".to_owned())]);
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_is_in_memory() {
        let most = limits::ORDERS_LINE_BYTES;
        let endless = |end: usize| format!("a\n{}", "x".repeat(end));
        assert!(matches!(read(endless(most + 1).as_bytes(), 4096), Err(FileError::LineTooLong(2))));
        assert_eq!(read(endless(most - 1).as_bytes(), 4096).unwrap().len(), 2);
        let open = format!("a\n1\n\"{}", "2\n".repeat(most));
        assert!(matches!(read(open.as_bytes(), 4096), Err(FileError::LineTooLong(3))));
        let commas = ",".repeat(CELLS);
        assert!(matches!(read(commas.as_bytes(), 10), Err(FileError::TooManyCells(1))));
    }

    #[test]
    fn a_quote_that_is_open_at_the_end_is_refused() {
        assert!(matches!(read(b"a\n1\n\"2\n3\n", 4), Err(FileError::OpenQuote(3))));
        assert_eq!(read(b"a\n5\" pipe\n6\n", 4).unwrap().len(), 3, "elsewhere it is a character");
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_hostile(text in proptest::collection::vec(any::<u8>(), 0..300), size in 1usize..40) {
            let _ = read(&text, size);
        }

        #[test]
        fn the_chunks_do_not_matter(text in "[a\",\r\n]{0,60}", size in 1usize..9) {
            let (whole, parts) = (read(text.as_bytes(), 1000), read(text.as_bytes(), size));
            prop_assert_eq!(format!("{whole:?}"), format!("{parts:?}"));
        }
    }
}
