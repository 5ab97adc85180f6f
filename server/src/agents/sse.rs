//! Reads server-sent events from bytes that may be split anywhere.

use shared::LineSplitter;

/// Longest line of an event stream, in bytes: an upstream that sends more is broken or hostile.
const LINE_BYTES: usize = 1024 * 1024;

/// Bytes in, `data` of whole events out.
#[derive(Debug)]
pub(super) struct EventReader {
    lines: LineSplitter,
    first: bool,
    data: Option<String>,
}

/// Why a stream cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    LineTooLong,
    NotUtf8,
}

impl EventReader {
    pub(super) fn new() -> Self {
        Self { lines: LineSplitter::new(LINE_BYTES), first: true, data: None }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.lines.push(bytes);
    }

    /// The `data` of the next event that has any; comments, names and ids are passed over.
    pub(super) fn next_event(&mut self) -> Result<Option<String>, Broken> {
        while let Some(line) = self.lines.next_line().map_err(|_| Broken::LineTooLong)? {
            let line = std::str::from_utf8(line).map_err(|_| Broken::NotUtf8)?;
            let line = if std::mem::take(&mut self.first) {
                line.strip_prefix('\u{feff}').unwrap_or(line)
            } else {
                line
            };
            if line.is_empty() {
                if let Some(data) = self.data.take() {
                    return Ok(Some(data));
                }
                continue;
            }
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            if name != "data" {
                continue;
            }
            let value = value.strip_prefix(' ').unwrap_or(value);
            match &mut self.data {
                Some(data) => {
                    // Many short lines can make an endless event as well as one long line.
                    if data.len() + value.len() > LINE_BYTES {
                        return Err(Broken::LineTooLong);
                    }
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            }
        }
        Ok(None)
    }

    /// The event that the stream's end cut off before its blank line, if any: many servers leave
    /// the last one out.
    pub(super) fn finish(&mut self) -> Option<String> {
        self.push(b"\n\n");
        self.next_event().ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(chunks: &[&[u8]]) -> Vec<String> {
        let mut reader = EventReader::new();
        let mut events = Vec::new();
        for chunk in chunks {
            reader.push(chunk);
            while let Some(event) = reader.next_event().unwrap() {
                events.push(event);
            }
        }
        events.extend(reader.finish());
        events
    }

    #[test]
    fn comments_names_line_ends_and_a_byte_order_mark_do_not_matter() {
        let text =
            "\u{feff}data: a\r\n\r\n: hi\n\nevent: x\nid: 1\ndata:b\ndata:  c\n\ndata\n\ndata: d";
        assert_eq!(read(&[text.as_bytes()]), ["a", "b\n c", "", "d"]);
    }

    #[test]
    fn an_endless_line_and_an_endless_event_are_refused() {
        let mut reader = EventReader::new();
        reader.push(&vec![b'x'; LINE_BYTES + 2]);
        assert_eq!(reader.next_event(), Err(Broken::LineTooLong));
        let mut reader = EventReader::new();
        for _ in 0..3 {
            reader.push(b"data: ");
            reader.push(&vec![b'x'; LINE_BYTES / 2]);
            reader.push(b"\n");
        }
        assert_eq!(reader.next_event(), Err(Broken::LineTooLong));
    }

    proptest! {
        #[test]
        fn events_do_not_depend_on_where_the_network_cuts(
            events in prop::collection::vec("[^\r\n]{1,30}", 1..6),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let whole: Vec<u8> =
                events.iter().flat_map(|e| format!("data: {e}\n\n").into_bytes()).collect();
            let mut at: Vec<usize> = cuts.iter().map(|c| c.index(whole.len() + 1)).collect();
            at.extend([0, whole.len()]);
            at.sort_unstable();
            let chunks: Vec<&[u8]> = at.windows(2).map(|w| &whole[w[0]..w[1]]).collect();
            prop_assert_eq!(read(&chunks), events);
        }

        #[test]
        fn no_bytes_make_it_panic(chunks in prop::collection::vec(any::<Vec<u8>>(), 0..8)) {
            let mut reader = EventReader::new();
            for chunk in &chunks {
                reader.push(chunk);
                while let Ok(Some(_)) = reader.next_event() {}
            }
        }
    }
}
