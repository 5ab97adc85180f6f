//! The tree that the HTML parser builds: nodes in one list, linked by their numbers, so that
//! neither building, walking nor dropping it takes more stack for deeper pages.

use html5ever::{Attribute, QualName};

/// A node's place in the list.
pub(super) type NodeId = usize;

/// The root of every tree.
pub(super) const DOCUMENT: NodeId = 0;

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

impl Tree {
    /// With the document alone.
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::new(Data::Other)] }
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn last_child(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id)?.last
    }

    pub(super) fn previous_sibling(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id)?.before
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

    pub(super) fn add(&mut self, data: Data) -> NodeId {
        self.nodes.push(Node::new(data));
        self.nodes.len() - 1
    }

    /// Puts `child` before `sibling`, or last into `parent` without one.
    pub(super) fn insert(
        &mut self,
        child: NodeId,
        parent: NodeId,
        sibling: Option<NodeId>,
    ) -> usize {
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

    pub(super) fn detach(&mut self, id: NodeId) {
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
    pub(super) fn extend_text(&mut self, before: Option<NodeId>, text: &str) -> bool {
        match before.and_then(|id| self.nodes.get_mut(id)).map(|node| &mut node.data) {
            Some(Data::Text(existing)) => {
                existing.push_str(text);
                true
            }
            _ => false,
        }
    }
}

pub(super) fn element(name: QualName, attrs: &[Attribute]) -> Element {
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
