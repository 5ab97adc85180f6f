//! The blocks: CommonMark's own way, line by line through a stack of open containers.
//!
//! What enters: text that begins where a top-level block may begin. What leaves: its blocks, and
//! where the last of them that more text could still change begins.
//!
//! A line first continues as many open quotes and items as it can, then may open new ones, and what
//! is left of it belongs to a leaf: paragraph, fence or table. Each line costs its length times at
//! most [`MAX_DEPTH`].

mod open;

use crate::{
    Block, MAX_DEPTH, inline, leaf,
    line::{Line, line_end},
    scan::{byte, cut, is_blank, run, trim, trim_start, unescape},
    steps::step,
    table::Table,
};
use open::{Fence, Frame, Leaf, List, Reader};

/// What a text says.
pub(crate) struct Read {
    pub(crate) blocks: Vec<Block>,
    /// How many of the blocks no further text can change.
    pub(crate) settled: usize,
    /// Where in the text those end.
    pub(crate) settled_at: usize,
}

/// Reads a text.
pub(crate) fn read(text: &str) -> Read {
    let mut reader = Reader::new();
    // Where the open top-level block began, and the line before the current one.
    let (mut began, mut previous, mut at) = (0, 0, 0);
    // Finished blocks that do not end before `began`: the paragraph above a table whose header says
    // something else when it is read without that paragraph.
    let mut held = 0;
    let mut settled = None;
    while at < text.len() {
        let (end, next) = line_end(text, at);
        // Until its end has come, a line may still turn out to be of another kind. (A `\r` at the end
        // of the text counts as an end: where a `\n` after it is read apart, it is a blank line
        // between blocks.)
        if next == end {
            settled = Some((reader.root.len() - held, began));
        }
        let finished = reader.root.len();
        let is_head = reader.line(cut(text, at, end));
        if reader.frames.is_empty() && matches!(reader.leaf, Leaf::None) {
            (began, held) = (next, 0);
        } else if reader.root.len() > finished {
            if !is_head {
                (began, held) = (at, 0);
            } else if is_text(cut(text, previous, at)) {
                (began, held) = (previous, 0);
            } else {
                held = 1;
            }
        }
        previous = at;
        at = next;
    }
    let (settled, settled_at) = settled.unwrap_or((reader.root.len() - held, began));
    reader.close(0);
    Read { blocks: reader.root, settled, settled_at }
}

/// Whether a line is a paragraph where no other is open: `2) a` goes on with one, and alone begins a
/// list.
fn is_text(line: &str) -> bool {
    let mut reader = Reader::new();
    reader.line(cut(line, 0, line_end(line, 0).0));
    matches!(reader.leaf, Leaf::Paragraph(_)) && reader.frames.is_empty()
}

impl Reader {
    fn new() -> Self {
        Self { root: Vec::new(), frames: Vec::new(), leaf: Leaf::None }
    }

    /// Reads one line. True when it made a table of the line before it.
    fn line(&mut self, text: &str) -> bool {
        let mut line = Line::new(text);
        let mut matched = self.continue_frames(&mut line);
        if matched == self.frames.len() && self.continue_fence(&mut line) {
            return false;
        }
        if line.is_blank() {
            self.blank(matched);
            return false;
        }
        let whole = self.begin_blocks(&mut line, &mut matched);
        let table = !whole && !line.is_blank() && self.text(&line, matched);
        for frame in &mut self.frames {
            frame.blank = false;
        }
        table
    }

    /// Consumes the marks and indentation of the open containers; how many go on.
    fn continue_frames(&self, line: &mut Line) -> usize {
        let mut matched = 0;
        for (index, frame) in self.frames.iter().enumerate() {
            let (indent, at) = line.indent();
            let blank = at >= line.text.len();
            match &frame.list {
                None if indent < 4 && line.byte(at) == b'>' => {
                    line.skip_marker(1);
                    line.skip_space(1);
                }
                Some(list) if blank || (indent >= list.width && !list.ended) => {
                    // A blank line inside an item: what is left of it is white space for a fence.
                    line.skip_space(list.width);
                }
                _ => return matched,
            }
            matched = index + 1;
        }
        matched
    }

    /// Gives the line to an open fence.
    fn continue_fence(&mut self, line: &mut Line) -> bool {
        let Leaf::Fence(fence) = &mut self.leaf else {
            return false;
        };
        let (indent, at) = line.indent();
        let length = if line.byte(at) == fence.mark { run(line.text, at) } else { 0 };
        let rest = cut(line.text, at + length, line.text.len());
        if length >= fence.length && indent <= fence.indent.max(3) && trim(rest).is_empty() {
            self.close(self.frames.len());
            return true;
        }
        if fence.begun {
            fence.text.push('\n');
        }
        fence.begun = true;
        line.skip_space(fence.indent);
        for _ in 0..line.pad() {
            fence.text.push(' ');
        }
        fence.text.push_str(line.rest());
        step(line.rest().len());
        true
    }

    fn blank(&mut self, matched: usize) {
        self.close(matched);
        if let Some(Frame { list: Some(list), blocks, .. }) = self.frames.last_mut() {
            list.ended |= blocks.is_empty();
        }
        // A blank line in a quote says nothing about the lists around the quote.
        for frame in self.frames.iter_mut().rev() {
            if frame.list.is_none() {
                break;
            }
            frame.blank = true;
        }
    }

    /// Opens the containers that begin here, and a leaf that does. False when the line goes on with
    /// text.
    fn begin_blocks(&mut self, line: &mut Line, matched: &mut usize) -> bool {
        loop {
            let (indent, at) = line.indent();
            if indent >= 4 && matches!(self.leaf, Leaf::Paragraph(_)) {
                return false;
            }
            if line.byte(at) == b'>' && *matched < MAX_DEPTH {
                self.begin(*matched);
                line.skip_marker(1);
                line.skip_space(1);
                self.frames.push(Frame { list: None, blocks: Vec::new(), blank: false });
            } else if let Some((level, text)) = leaf::heading(line, at) {
                self.begin(*matched);
                self.add(Block::Heading { level, content: inline::parse(text) });
                return true;
            } else if let Some((mark, length)) = leaf::fence(line, at) {
                self.begin(*matched);
                let info = trim_start(cut(line.text, at + length, line.text.len()));
                let word = info.bytes().take_while(|b| !is_blank(*b)).count();
                self.leaf = Leaf::Fence(Fence {
                    mark,
                    length,
                    indent,
                    language: unescape(cut(info, 0, word)),
                    text: String::new(),
                    begun: false,
                });
                return true;
            } else if leaf::is_rule(line, at) {
                self.begin(*matched);
                self.add(Block::Rule);
                return true;
            } else if !self.begin_item(line, *matched) {
                return false;
            }
            *matched = self.frames.len();
        }
    }

    /// Opens a list item, in the open list where it fits.
    fn begin_item(&mut self, line: &mut Line, matched: usize) -> bool {
        let (indent, at) = line.indent();
        let Some(marker) = leaf::marker(line, at) else {
            return false;
        };
        let empty = trim(cut(line.text, at + marker.length, line.text.len())).is_empty();
        // In running text a line may begin with a number or a dash without meaning a list.
        let in_paragraph = matched == self.frames.len() && matches!(self.leaf, Leaf::Paragraph(_));
        if in_paragraph && (empty || marker.number.is_some_and(|number| number != 1)) {
            return false;
        }
        let fits = |frame: &Frame| frame.list.as_ref().is_some_and(|list| list.mark == marker.mark);
        let goes_on = self.frames.get(matched).is_some_and(fits);
        if !goes_on && matched >= MAX_DEPTH {
            return false;
        }
        line.skip_marker(marker.length);
        let (space, _) = line.indent();
        // Five columns or more, or nothing, after the marker: the text stands one column after it.
        let space = if empty || space > 4 { 1 } else { space };
        line.skip_space(space);
        let width = indent + marker.length + space;
        if goes_on {
            self.close(matched + 1);
            if let Some(Frame { list: Some(list), blocks, blank }) = self.frames.last_mut() {
                list.loose |= *blank;
                list.end_item(std::mem::take(blocks));
                list.width = width;
            }
        } else {
            self.begin(matched);
            let list = List {
                mark: marker.mark,
                number: marker.number,
                loose: false,
                items: Vec::new(),
                width,
                ended: false,
                checked: None,
            };
            self.frames.push(Frame { list: Some(list), blocks: Vec::new(), blank: false });
        }
        true
    }

    /// Gives the rest of the line to a paragraph or table. True when it made a table of the line
    /// before it.
    fn text(&mut self, line: &Line, matched: usize) -> bool {
        let text = line.content();
        step(text.len());
        // A paragraph goes on without the marks of its containers ("lazily"), and nothing else does.
        let lazy = matched < self.frames.len();
        if lazy && !matches!(self.leaf, Leaf::Paragraph(_)) {
            self.close(matched);
        }
        match &mut self.leaf {
            Leaf::Paragraph(paragraph) => {
                let last = last_line(paragraph);
                let head = cut(paragraph, last, paragraph.len());
                let table =
                    if lazy || line.indent().0 >= 4 { None } else { Table::begin(head, text) };
                match table {
                    None => {
                        paragraph.push('\n');
                        paragraph.push_str(trim_start(line.rest()));
                        false
                    }
                    Some(table) => {
                        paragraph.truncate(last.saturating_sub(1));
                        if last == 0 {
                            self.leaf = Leaf::None;
                        }
                        self.close(self.frames.len());
                        self.leaf = Leaf::Table(table);
                        true
                    }
                }
            }
            Leaf::Table(table) => {
                table.row(text);
                false
            }
            _ => {
                self.begin(matched);
                let text = trim_start(line.rest());
                self.leaf = Leaf::Paragraph(String::from(text));
                false
            }
        }
    }
}

/// Where the last line of a paragraph begins.
fn last_line(paragraph: &str) -> usize {
    let mut start = paragraph.len();
    while start > 0 && byte(paragraph, start - 1) != b'\n' {
        start -= 1;
    }
    step(paragraph.len() - start);
    start
}
