//! The tree that the HTML parser builds: nodes in one list, linked by their numbers, so that
//! neither building, walking nor dropping it takes more stack for deeper pages.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, LocalName, Namespace, ParseOpts, QualName, parse_document};

use crate::Deadline;
use crate::error::ExtractError;

/// A node's place in the list.
pub(super) type NodeId = usize;

/// More nodes than any page that people read; each takes about 120 bytes.
const MOST_NODES: usize = 1_500_000;
/// How much is parsed between two looks at the limits, in bytes.
const STEP: usize = 4096;
const DOCUMENT: NodeId = 0;

#[derive(Debug)]
pub(super) struct Element {
    pub name: QualName,
    /// Whether its attributes keep it from being seen or read out.
    pub hidden: bool,
    /// Whether its role is `main`.
    pub main: bool,
    /// Of an image.
    pub alt: Option<Box<str>>,
}

#[derive(Debug)]
pub(super) enum Data {
    /// The document, comments, and what else says nothing.
    Other,
    Text(String),
    Element(Box<Element>),
}

#[derive(Debug)]
struct Node {
    data: Data,
    depth: usize,
    parent: Option<NodeId>,
    before: Option<NodeId>,
    after: Option<NodeId>,
    first: Option<NodeId>,
    last: Option<NodeId>,
}

impl Node {
    fn new(data: Data) -> Self {
        let (parent, before, after, first, last) = (None, None, None, None, None);
        Self { data, depth: 0, parent, before, after, first, last }
    }
}

#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

/// Parses a page, at most `depth` elements deep.
pub(super) fn parse(text: &str, depth: usize, deadline: Deadline) -> Result<Tree, ExtractError> {
    let sink = Sink {
        tree: RefCell::new(Tree { nodes: vec![Node::new(Data::Other)] }),
        deepest: Cell::new(0),
    };
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
        if sink.tree.borrow().nodes.len() > MOST_NODES {
            return Err(ExtractError::TooManyParts { limit: MOST_NODES });
        }
        deadline.check()?;
    }
    Ok(parser.finish())
}

impl Tree {
    pub(super) fn document(&self) -> NodeId {
        DOCUMENT
    }

    pub(super) fn data(&self, id: NodeId) -> &Data {
        self.nodes.get(id).map_or(&Data::Other, |node| &node.data)
    }

    pub(super) fn first_child(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id)?.first
    }

    pub(super) fn next_sibling(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id)?.after
    }

    pub(super) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id)?.parent
    }

    /// Shows every element under `root` in the page's order; `enter` says whether to go into it.
    pub(super) fn walk(&self, root: NodeId, enter: &mut dyn FnMut(NodeId, &Element) -> bool) {
        let mut next = self.first_child(root);
        while let Some(id) = next {
            let inside = match self.data(id) {
                Data::Element(element) => enter(id, element),
                _ => false,
            };
            next = if inside { self.first_child(id) } else { None };
            let mut up = id;
            while next.is_none() && up != root {
                next = self.next_sibling(up);
                match self.parent(up) {
                    Some(parent) => up = parent,
                    None => break,
                }
            }
        }
    }

    /// What the page's first `title` says.
    pub(super) fn title(&self) -> Option<String> {
        let mut found = None;
        self.walk(DOCUMENT, &mut |id, element| {
            if &*element.name.local == "title" && element.name.ns == html5ever::ns!(html) {
                let text = self.first_child(id).map(|child| self.data(child));
                if let (None, Some(Data::Text(text))) = (&found, text) {
                    found = Some(text.clone());
                }
            }
            &*element.name.local != "body"
        });
        found
    }

    fn add(&mut self, data: Data) -> NodeId {
        self.nodes.push(Node::new(data));
        self.nodes.len() - 1
    }

    /// Puts `child` before `sibling`, or last into `parent` without one.
    fn insert(&mut self, child: NodeId, parent: NodeId, sibling: Option<NodeId>) -> usize {
        self.detach(child);
        let before = match sibling {
            Some(sibling) => self.nodes.get(sibling).and_then(|node| node.before),
            None => self.nodes.get(parent).and_then(|node| node.last),
        };
        let depth = self.nodes.get(parent).map_or(0, |node| node.depth) + 1;
        if let Some(node) = self.nodes.get_mut(child) {
            (node.parent, node.before, node.after) = (Some(parent), before, sibling);
            node.depth = depth;
        }
        self.link(parent, before, sibling, Some(child), Some(child));
        depth
    }

    fn detach(&mut self, id: NodeId) {
        let Some(node) = self.nodes.get_mut(id) else { return };
        let (parent, before, after) = (node.parent.take(), node.before.take(), node.after.take());
        if let Some(parent) = parent {
            self.link(parent, before, after, after, before);
        }
    }

    /// Lets the neighbours of a place, or `parent` where there are none, point to `next` and `last`.
    fn link(
        &mut self,
        parent: NodeId,
        before: Option<NodeId>,
        after: Option<NodeId>,
        next: Option<NodeId>,
        last: Option<NodeId>,
    ) {
        match before {
            Some(before) => {
                if let Some(node) = self.nodes.get_mut(before) {
                    node.after = next;
                }
            }
            None => {
                if let Some(node) = self.nodes.get_mut(parent) {
                    node.first = next;
                }
            }
        }
        let end = after.unwrap_or(parent);
        if let Some(node) = self.nodes.get_mut(end) {
            if after.is_some() { node.before = last } else { node.last = last }
        }
    }

    /// Appends to the text that stands right before the place, if there is one.
    fn extend_text(&mut self, before: Option<NodeId>, text: &str) -> bool {
        match before.and_then(|id| self.nodes.get_mut(id)).map(|node| &mut node.data) {
            Some(Data::Text(existing)) => {
                existing.push_str(text);
                true
            }
            _ => false,
        }
    }
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
                    Some(sibling) => tree.nodes.get(sibling).and_then(|node| node.before),
                    None => tree.nodes.get(parent).and_then(|node| node.last),
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
pub(super) struct Name(QualName);

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

fn element(name: QualName, attrs: &[Attribute]) -> Element {
    let value = |wanted: &str| {
        attrs.iter().find(|attr| &*attr.name.local == wanted).map(|attr| &*attr.value)
    };
    let style: String = value("style")
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let hidden = value("hidden").is_some()
        || value("aria-hidden").is_some_and(|value| value.eq_ignore_ascii_case("true"))
        || style.contains("display:none")
        || style.contains("visibility:hidden");
    let main = value("role").is_some_and(|role| role.eq_ignore_ascii_case("main"));
    let alt = (&*name.local == "img").then(|| value("alt")).flatten().map(Box::from);
    Element { name, hidden, main, alt }
}
