//! Splits a stream of bytes into lines, wherever the network cut it.

/// Collects bytes and hands out whole lines.
///
/// Bytes may be split anywhere, also inside a UTF-8 character. A line ends at `\n`; a `\r` before
/// it is dropped. A line longer than the limit poisons the splitter: the sender is broken or
/// hostile and nothing after it can be trusted.
#[derive(Debug)]
pub struct LineSplitter {
    buffer: Vec<u8>,
    /// Where the next unread line begins in `buffer`.
    read: usize,
    /// How far `buffer` was searched for a line end.
    searched: usize,
    limit: usize,
}

/// A line was longer than the splitter allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong;

impl LineSplitter {
    /// A splitter that refuses lines of more than `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), read: 0, searched: 0, limit }
    }

    /// Adds bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.read > 0 {
            self.buffer.drain(..self.read);
            self.searched -= self.read;
            self.read = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole line without its end, or `None` until more bytes come.
    ///
    /// # Errors
    /// [`LineTooLong`] as soon as the line at hand exceeds the limit, ended or not.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, LineTooLong> {
        let end = self.buffer[self.searched..].iter().position(|&b| b == b'\n');
        let Some(end) = end.map(|at| at + self.searched) else {
            self.searched = self.buffer.len();
            // One byte more than the limit may be the `\r` of a line end still to come.
            return if self.buffer.len() - self.read > self.limit + 1 {
                Err(LineTooLong)
            } else {
                Ok(None)
            };
        };
        let start = self.read;
        self.read = end + 1;
        self.searched = self.read;
        let mut line = &self.buffer[start..end];
        if let [head @ .., b'\r'] = line {
            line = head;
        }
        if line.len() > self.limit { Err(LineTooLong) } else { Ok(Some(line)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines_of(chunks: &[&[u8]], limit: usize) -> Result<Vec<Vec<u8>>, LineTooLong> {
        let mut splitter = LineSplitter::new(limit);
        let mut lines = Vec::new();
        for chunk in chunks {
            splitter.push(chunk);
            while let Some(line) = splitter.next_line()? {
                lines.push(line.to_vec());
            }
        }
        Ok(lines)
    }

    #[test]
    fn a_line_may_reach_its_limit_and_not_pass_it() {
        assert_eq!(lines_of(&[b"abc\n"], 3).unwrap(), [b"abc"]);
        assert_eq!(lines_of(&[b"abc\r", b"\n"], 3).unwrap(), [b"abc"]);
        assert_eq!(lines_of(&[b"abcd\n"], 3), Err(LineTooLong));
        assert_eq!(lines_of(&[b"abcde"], 3), Err(LineTooLong), "an endless line is seen early");
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_where_the_network_cuts(
            lines in prop::collection::vec("[^\r\n]{0,20}", 0..10),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        ) {
            let whole: Vec<u8> = lines.iter().flat_map(|l| format!("{l}\n").into_bytes()).collect();
            let mut at: Vec<usize> = cuts.iter().map(|c| c.index(whole.len() + 1)).collect();
            at.extend([0, whole.len()]);
            at.sort_unstable();
            let chunks: Vec<&[u8]> = at.windows(2).map(|w| &whole[w[0]..w[1]]).collect();
            let got = lines_of(&chunks, 200).unwrap();
            let want: Vec<Vec<u8>> = lines.into_iter().map(String::into_bytes).collect();
            prop_assert_eq!(got, want);
        }
    }
}
