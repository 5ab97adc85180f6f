//! Markdown as language models write it, for the widget's answers.
//!
//! What enters: the text of one answer, whole ([`parse`]) or growing at its end ([`Stream`]).
//! What leaves: a tree of [`Block`]s and [`Inline`]s for the view to draw; never HTML. Every URL in
//! the tree has passed [`safe_url`].
//!
//! The subset: paragraphs, ATX headings, emphasis, nested lists, task lists, quotes, code spans and
//! fences, links, images, rules, tables, strikethrough, autolinks, hard breaks, escapes, entities.
//! It reads them as CommonMark and GFM do, except where this is said on purpose:
//!
//! - Raw HTML is text and is shown as it stands.
//! - No setext headings, reference links or indented code. Where no paragraph is open, indentation
//!   means nothing, so a fence that a model indented too far is still a fence.
//! - `http://` and `https://` addresses in the text become links; brackets, quotes, `*` and
//!   full-width punctuation end them.
//! - A single `~` is text (`10~20` is a range in Chinese and Japanese); only `~~` strikes.
//! - `**` next to a Chinese, Japanese or Korean character opens and closes also where punctuation
//!   would forbid it, because these languages put no space there.
//! - A link to anything but http, https, mailto and tel is its text alone.
//!
//! The crate is compiled into the visitor's download and reads what a model, or whoever steers it,
//! has written. So it is small, has no dependencies, never panics, takes time near-linear in the
//! text, and cuts nesting off at [`MAX_DEPTH`], which also bounds the recursion of whoever walks
//! the tree.

mod block;
mod inline;
mod leaf;
mod line;
mod scan;
mod steps;
#[cfg(test)]
mod steps_tests;
mod stream;
mod table;
mod url;

pub use stream::Stream;
pub use url::safe_url;

/// Quotes and list items inside each other, and inline spans inside each other, go no deeper than
/// this; what would be deeper is text of the level above.
pub const MAX_DEPTH: usize = 16;

/// One block of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Text between blank lines.
    Paragraph(Vec<Inline>),
    /// `#` to `######`.
    Heading {
        /// 1 to 6.
        level: u8,
        /// The heading's text.
        content: Vec<Inline>,
    },
    /// A bullet or numbered list.
    List {
        /// The first number; `None` for bullets.
        ordered: Option<u32>,
        /// No blank lines between the items: their paragraphs are drawn without margins.
        tight: bool,
        /// At least one.
        items: Vec<Item>,
    },
    /// `>`.
    Quote(Vec<Block>),
    /// A fence of backticks or tildes, closed or still open.
    Code {
        /// First word after the opening fence, or empty.
        language: String,
        /// The lines joined by `\n`, without one at the end.
        text: String,
    },
    /// A GFM table.
    Table {
        /// One per column.
        alignments: Vec<Align>,
        /// The header's cells, one per column.
        head: Vec<Vec<Inline>>,
        /// Rows of cells: never more than columns, but fewer where the row ends early (padding
        /// them here would let a short text grow without bound).
        rows: Vec<Vec<Vec<Inline>>>,
    },
    /// `---`.
    Rule,
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The state of a task (`[ ]`, `[x]`); `None` when the item is no task.
    pub checked: Option<bool>,
    /// What the item holds; may be empty.
    pub blocks: Vec<Block>,
}

/// Where a table column's text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Not said.
    None,
    /// `:--`
    Left,
    /// `:-:`
    Center,
    /// `--:`
    Right,
}

/// A piece of running text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Plain text; a `\n` in it is a line end of the source that is no hard break.
    Text(String),
    /// A code span.
    Code(String),
    /// `*…*` or `_…_`.
    Emphasis(Vec<Inline>),
    /// `**…**` or `__…__`.
    Strong(Vec<Inline>),
    /// `~~…~~`.
    Strike(Vec<Inline>),
    /// A link; no link is inside another.
    Link {
        /// Passed [`safe_url`].
        url: String,
        /// May be empty.
        content: Vec<Inline>,
    },
    /// An image, for the view to load or to show as a link.
    Image {
        /// Passed [`safe_url`].
        url: String,
        /// The description as plain text; may be empty.
        alt: String,
    },
    /// A hard line break.
    Break,
}

/// The blocks of a whole text.
#[must_use]
pub fn parse(text: &str) -> Vec<Block> {
    block::read(text).blocks
}
