//! Lets the HTML parser build the tree, and stops it at the limits.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, LocalName, Namespace, ParseOpts, QualName, parse_document};

use super::tree::{DOCUMENT, Data, NodeId, Tree, element};
use crate::Deadline;
use crate::error::ExtractError;

/// More nodes than any page that people read; each takes about 200 bytes.
const MOST_NODES: usize = 1_000_000;
/// How much is parsed between two looks at the limits, in bytes.
const STEP: usize = 4096;

/// Parses a page, at most `depth` elements deep.
pub(super) fn parse(text: &str, depth: usize, deadline: Deadline) -> Result<Tree, ExtractError> {
    let sink = Sink { tree: RefCell::new(Tree::new()), deepest: Cell::new(0) };
    let mut parser = parse_document(sink, ParseOpts::default());
    let mut rest = text;
    while !rest.is_empty() {
        let (step, after) = rest.split_at(rest.floor_char_boundary(STEP.min(rest.len())));
        rest = after;
        parser.process(StrTendril::from_slice(step));
        let sink = &parser.tokenizer.sink.sink;
        if sink.deepest.get() > depth {
            return Err(ExtractError::TooDeep { limit: depth });
        }
        if sink.tree.borrow().len() > MOST_NODES {
            return Err(ExtractError::TooManyParts { limit: MOST_NODES });
        }
        deadline.check()?;
    }
    Ok(parser.finish())
}

/// What the parser writes into.
struct Sink {
    tree: RefCell<Tree>,
    /// The deepest place that was given to a node.
    deepest: Cell<usize>,
}

impl Sink {
    fn place(&self, parent: NodeId, sibling: Option<NodeId>, child: NodeOrText<NodeId>) {
        let mut tree = self.tree.borrow_mut();
        let id = match child {
            NodeOrText::AppendNode(id) => id,
            NodeOrText::AppendText(text) => {
                let before = match sibling {
                    Some(sibling) => tree.previous_sibling(sibling),
                    None => tree.last_child(parent),
                };
                if tree.extend_text(before, &text) {
                    return;
                }
                tree.add(Data::Text(text.to_string()))
            }
        };
        let depth = tree.insert(id, parent, sibling);
        self.deepest.set(self.deepest.get().max(depth));
    }
}

/// A copy of an element's name: its parts are shared, not copied.
#[derive(Debug)]
struct Name(QualName);

impl ElemName for Name {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl TreeSink for Sink {
    type Handle = NodeId;
    type Output = Tree;
    type ElemName<'a> = Name;

    fn finish(self) -> Tree {
        self.tree.into_inner()
    }

    fn get_document(&self) -> NodeId {
        DOCUMENT
    }

    fn elem_name(&self, target: &NodeId) -> Name {
        match self.tree.borrow().data(*target) {
            Data::Element(element) => Name(element.name.clone()),
            _ => Name(QualName::new(None, html5ever::ns!(), LocalName::from(""))),
        }
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, _: ElementFlags) -> NodeId {
        self.tree.borrow_mut().add(Data::Element(Box::new(element(name, &attrs))))
    }

    fn create_comment(&self, _: StrTendril) -> NodeId {
        self.tree.borrow_mut().add(Data::Other)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> NodeId {
        self.tree.borrow_mut().add(Data::Other)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.place(*parent, None, child);
    }

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        let parent = self.tree.borrow().parent(*sibling);
        if let Some(parent) = parent {
            self.place(parent, Some(*sibling), child);
        }
    }

    fn append_based_on_parent_node(
        &self,
        element: &NodeId,
        before: &NodeId,
        child: NodeOrText<NodeId>,
    ) {
        if self.tree.borrow().parent(*element).is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(before, child);
        }
    }

    /// A template's content stays under it: it is left out by its name.
    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        *target
    }

    fn same_node(&self, a: &NodeId, b: &NodeId) -> bool {
        a == b
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.tree.borrow_mut().detach(*target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        loop {
            let child = self.tree.borrow().first_child(*node);
            let Some(child) = child else { break };
            self.place(*new_parent, None, NodeOrText::AppendNode(child));
        }
    }

    fn parse_error(&self, _: Cow<'static, str>) {}
    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}
    fn set_quirks_mode(&self, _: QuirksMode) {}
    fn add_attrs_if_missing(&self, _: &NodeId, _: Vec<Attribute>) {}
}
