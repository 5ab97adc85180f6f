//! An answer while it arrives.
//!
//! What enters: pieces of text in order. What leaves: the same blocks as [`crate::parse`] gives for
//! the text so far, and from which block on they may differ from those the caller has drawn.
//!
//! A top-level block that a later one has followed is settled: no text to come can change it. So a
//! push reads again only from the start of the last one, and its cost is that block's length.

use crate::{Block, block, scan::cut};

/// A text that grows at its end, with its blocks.
#[derive(Debug, Default)]
pub struct Stream {
    text: String,
    blocks: Vec<Block>,
    /// How many of `blocks` are settled.
    settled: usize,
    /// Where in `text` the settled blocks end.
    settled_at: usize,
    /// First block that may differ from what the caller last took.
    changed: usize,
}

impl Stream {
    /// An empty answer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next piece of text. To spare work, join the pieces of one frame first.
    pub fn push(&mut self, piece: &str) {
        if piece.is_empty() {
            return;
        }
        self.text.push_str(piece);
        self.blocks.truncate(self.settled);
        self.changed = self.changed.min(self.settled);
        let mut read = block::read(cut(&self.text, self.settled_at, self.text.len()));
        self.blocks.append(&mut read.blocks);
        self.settled += read.settled;
        self.settled_at += read.settled_at;
    }

    /// What [`crate::parse`] gives for [`Stream::text`].
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The index of the first top-level block that may differ from what stood there at the last
    /// call; those before it are the same. Equals the number of blocks when nothing has changed.
    /// There may be fewer blocks than before: remove what was drawn from this index on, then draw
    /// the rest.
    pub fn take_changed(&mut self) -> usize {
        std::mem::replace(&mut self.changed, self.blocks.len())
    }

    /// The text so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}
