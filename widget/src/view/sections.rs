//! Puts by what is far above the reader, so that a long conversation costs no more than a short one.
//!
//! In: nodes, in their order. Out: the same nodes in sections of a few, of which all but the last
//! ones are marked `old`. The style sheet has the browser skip those while they are out of sight:
//! it neither lays them out nor paints them, and keeps the height that they had. One mark on a
//! section instead of one on each node, as each mark is itself looked at with every frame.

use web_sys::Element;

use crate::dom::{append, class, element, number};

/// Few enough to be drawn with every frame, and so many that there are few sections.
const SIZE: i32 = 16;

/// The end is in sight; the section before it may be.
const NEAR: usize = 2;

#[derive(Debug)]
pub struct Sections {
    root: Element,
    list: Vec<Element>,
    /// How many sections there were when the old ones were last marked.
    seen: usize,
}

impl Sections {
    #[must_use]
    pub fn new(root: Element) -> Self {
        Self { root, list: Vec::new(), seen: 0 }
    }

    /// Marks the sections that are old now; before others are made, as a section must have been shown
    /// once to have a height that can be kept.
    pub fn put_by(&mut self) {
        let count = self.list.len();
        if std::mem::replace(&mut self.seen, count) != count {
            for section in &self.list[..count.saturating_sub(NEAR)] {
                class(section, "old", true);
            }
        }
    }

    pub fn append(&mut self, node: &Element) {
        let full = |section: &Element| number(section, "childElementCount") >= SIZE;
        if self.list.last().is_none_or(full) {
            let section = element("div", "sec");
            append(&self.root, &section);
            self.list.push(section);
        }
        if let Some(last) = self.list.last() {
            append(last, node);
        }
    }

    /// Removes nodes of ours, and the sections that become empty by it.
    pub fn remove(&mut self, nodes: impl Iterator<Item = Element>) {
        let mut gone = false;
        for node in nodes {
            // Not `remove`, which pages are known to replace.
            gone |= node.parent_node().is_some_and(|parent| parent.remove_child(&node).is_ok());
        }
        if gone {
            self.list.retain(|section| {
                let stays = number(section, "childElementCount") > 0;
                if !stays {
                    let _ = self.root.remove_child(section);
                }
                stays
            });
        }
    }

    pub fn clear(&mut self) {
        self.root.set_text_content(None);
        self.list.clear();
    }
}
