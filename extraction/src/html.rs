//! HTML: the main content of a page, without what surrounds it or is hidden.

mod kinds;
mod render;
mod sink;
mod tree;

use encoding_rs::Encoding;

use crate::error::ExtractError;
use crate::text::decode;
use crate::{Deadline, Extracted, Limits, format};
use tree::{NodeId, Tree};

pub(crate) fn extract(
    bytes: &[u8],
    limits: &Limits,
    deadline: Deadline,
) -> Result<Extracted, ExtractError> {
    format::expect("HTML", bytes)?;
    let text = decode(bytes, declared(bytes));
    let tree = sink::parse(&text, limits.depth, deadline)?;
    let title = tree.title();
    for root in main_content(&tree) {
        deadline.check()?;
        let markdown = render::render(&tree, root, limits)?;
        if !markdown.is_empty() {
            return Ok(Extracted { title, markdown, half_rows: Vec::new() });
        }
    }
    Err(ExtractError::Blank)
}

/// The encoding that a `meta` element near the start names.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..bytes.len().min(4096)).unwrap_or_default().to_ascii_lowercase();
    let at = head.windows(8).position(|window| window == b"charset=")?;
    let label: Vec<u8> = head
        .iter()
        .skip(at + 8)
        .skip_while(|b| matches!(b, b'"' | b'\'' | b' '))
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':'))
        .copied()
        .collect();
    // Bytes in which `charset=` can be read are no UTF-16, whatever they say.
    Encoding::for_label_no_replacement(&label).map(Encoding::output_encoding)
}

/// Where the content may stand, the likeliest place first.
fn main_content(tree: &Tree) -> Vec<NodeId> {
    let (mut mains, mut articles, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
    tree.walk(tree::DOCUMENT, &mut |id, element| {
        if element.hidden {
            return false;
        }
        match &*element.name.local {
            "template" => return false,
            "body" => bodies.push(id),
            "article" => {
                articles.push(id);
                return false;
            }
            name if name == "main" || element.main => mains.push(id),
            _ => {}
        }
        true
    });
    mains.truncate(1);
    // Several articles are a list of teasers: none of them is the page.
    if mains.is_empty() && articles.len() == 1 {
        mains = articles;
    }
    mains.extend(bodies);
    mains.push(tree::DOCUMENT);
    mains
}
