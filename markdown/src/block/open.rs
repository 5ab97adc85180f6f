//! The blocks that are open, and what they become when they close.

use crate::{
    Block, Item, inline,
    scan::{byte, cut, is_blank, trim_end, trim_start},
    table::Table,
};

/// The block at the end that lines are added to.
pub(super) enum Leaf {
    None,
    Paragraph(String),
    Fence(Fence),
    Table(Table),
}

pub(super) struct Fence {
    pub(super) mark: u8,
    pub(super) length: usize,
    pub(super) indent: usize,
    pub(super) language: String,
    pub(super) text: String,
    /// Whether `text` holds a line (which may be empty).
    pub(super) begun: bool,
}

/// An open quote, or an open list with its last item.
pub(super) struct Frame {
    /// `None` for a quote.
    pub(super) list: Option<List>,
    /// Of the quote, or of the last item.
    pub(super) blocks: Vec<Block>,
    /// The last line was blank.
    pub(super) blank: bool,
}

pub(super) struct List {
    pub(super) mark: u8,
    pub(super) number: Option<u32>,
    pub(super) loose: bool,
    pub(super) items: Vec<Item>,
    /// Columns that a line must be indented by to belong to the last item.
    pub(super) width: usize,
    /// The last item is empty and a blank line has ended it.
    pub(super) ended: bool,
    pub(super) checked: Option<bool>,
}

impl List {
    pub(super) fn end_item(&mut self, blocks: Vec<Block>) {
        self.items.push(Item { checked: self.checked.take(), blocks });
        self.ended = false;
    }
}

pub(super) struct Reader {
    pub(super) root: Vec<Block>,
    pub(super) frames: Vec<Frame>,
    pub(super) leaf: Leaf,
}

impl Reader {
    /// Closes what the line does not continue, for a new block.
    pub(super) fn begin(&mut self, matched: usize) {
        self.close(matched);
        if let Some(Frame { list: Some(list), blocks, blank: true }) = self.frames.last_mut() {
            list.loose |= !blocks.is_empty();
        }
    }

    pub(super) fn add(&mut self, block: Block) {
        match self.frames.last_mut() {
            Some(frame) => frame.blocks.push(block),
            None => self.root.push(block),
        }
    }

    /// Closes the leaf, and the containers from `depth` on.
    pub(super) fn close(&mut self, depth: usize) {
        match std::mem::replace(&mut self.leaf, Leaf::None) {
            Leaf::None => {}
            Leaf::Paragraph(text) => self.end_paragraph(&text),
            Leaf::Fence(Fence { language, text, .. }) => self.add(Block::Code { language, text }),
            Leaf::Table(table) => self.add(table.end()),
        }
        while self.frames.len() > depth {
            let Some(frame) = self.frames.pop() else {
                return;
            };
            self.add(match frame.list {
                None => Block::Quote(frame.blocks),
                Some(mut list) => {
                    list.end_item(frame.blocks);
                    Block::List { ordered: list.number, tight: !list.loose, items: list.items }
                }
            });
        }
    }

    fn end_paragraph(&mut self, text: &str) {
        let mut text = trim_end(text);
        if let Some(Frame { list: Some(list), blocks, .. }) = self.frames.last_mut()
            && blocks.is_empty()
            && let Some((checked, rest)) = task(text)
        {
            list.checked = Some(checked);
            text = rest;
        }
        self.add(Block::Paragraph(inline::parse(text)));
    }
}

/// The state and the text of a task.
fn task(text: &str) -> Option<(bool, &str)> {
    let checked = match byte(text, 1) {
        b' ' => false,
        b'x' | b'X' => true,
        _ => return None,
    };
    let rest = cut(text, 3, text.len());
    (byte(text, 0) == b'[' && byte(text, 2) == b']' && is_blank(byte(rest, 0)))
        .then(|| (checked, trim_start(rest)))
}
