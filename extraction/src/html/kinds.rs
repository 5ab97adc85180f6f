//! What the elements of a page are: its frame, its blocks, its tables.

use super::tree::{Data, Element, NodeId, Tree};

/// Empty for what is no element.
pub(super) fn name_of(tree: &Tree, id: NodeId) -> &str {
    match tree.data(id) {
        Data::Element(element) => &element.name.local,
        _ => "",
    }
}

/// Whether an element is hidden or belongs to the frame around the content.
pub(super) fn skipped(tree: &Tree, id: NodeId, element: &Element, inside_main: bool) -> bool {
    if element.hidden {
        return true;
    }
    match &*element.name.local {
        "head" | "nav" | "footer" | "aside" | "script" | "style" | "template" | "noscript"
        | "button" | "select" | "textarea" | "svg" | "iframe" | "object" | "canvas" | "audio"
        | "video" | "dialog" | "datalist" | "title" => true,
        // An article's own header holds its title.
        "header" => !inside_main && !within_article(tree, id),
        // Some servers put their whole page into one form.
        "form" => !holds_content(tree, id),
        _ => false,
    }
}

/// Whether it is a table only by its name: what stands in its cells is blocks.
pub(super) fn is_layout(tree: &Tree, id: NodeId, element: &Element) -> bool {
    let mut found = false;
    if &*element.name.local == "table" {
        tree.walk(id, &mut |_, element| {
            found |= matches!(
                &*element.name.local,
                "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "pre" | "article" | "main"
            );
            !found
        });
    }
    found
}

fn within_article(tree: &Tree, id: NodeId) -> bool {
    let mut up = tree.parent(id);
    while let Some(id) = up {
        if matches!(name_of(tree, id), "article" | "main") {
            return true;
        }
        up = tree.parent(id);
    }
    false
}

fn holds_content(tree: &Tree, id: NodeId) -> bool {
    let mut found = false;
    tree.walk(id, &mut |_, element| {
        found |= matches!(&*element.name.local, "main" | "article" | "h1");
        !found
    });
    found
}

/// Whether an element begins and ends a paragraph.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "blockquote"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "legend"
            | "li"
            | "main"
            | "menu"
            | "ol"
            | "option"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}
