//! Nests the tokens.

use super::{Mark, Token};
use crate::{Inline, MAX_DEPTH, steps::step};

struct Builder {
    /// The spans that are open, each with what it holds so far.
    spans: Vec<(Mark, Vec<Inline>)>,
    /// For each opening token without its closing one yet: whether it opened a span.
    opened: Vec<bool>,
    root: Vec<Inline>,
}

/// The inlines that the tokens say. Spans deeper than [`MAX_DEPTH`] and links inside links dissolve
/// into what they hold.
pub(super) fn build(tokens: Vec<Token>) -> Vec<Inline> {
    let mut builder = Builder { spans: Vec::new(), opened: Vec::new(), root: Vec::new() };
    for token in tokens {
        step(1);
        match token {
            Token::Text(text) => builder.text(&text),
            Token::Bracket { image } => builder.text(if image { "![" } else { "[" }),
            Token::Leaf(leaf) => builder.push(leaf),
            Token::Open(mark) => builder.open(mark),
            Token::Close => builder.close(),
            Token::Delimiter(mut delimiter) => {
                for _ in 0..delimiter.closes {
                    builder.close();
                }
                let text: String = delimiter.text().collect();
                builder.text(&text);
                while let Some(mark) = delimiter.opens.pop() {
                    builder.open(mark);
                }
            }
        }
    }
    builder.root
}

impl Builder {
    fn into(&mut self) -> &mut Vec<Inline> {
        match self.spans.last_mut() {
            Some((_, content)) => content,
            None => &mut self.root,
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        step(text.len());
        let into = self.into();
        match into.last_mut() {
            Some(Inline::Text(last)) => last.push_str(text),
            _ => into.push(Inline::Text(String::from(text))),
        }
    }

    fn push(&mut self, inline: Inline) {
        self.into().push(inline);
    }

    fn open(&mut self, mark: Mark) {
        let is_link = |mark: &Mark| matches!(mark, Mark::Link(_));
        let nested = is_link(&mark) && self.spans.iter().any(|(mark, _)| is_link(mark));
        let opens = !nested && self.spans.len() < MAX_DEPTH;
        self.opened.push(opens);
        if opens {
            self.spans.push((mark, Vec::new()));
        }
    }

    fn close(&mut self) {
        if self.opened.pop() != Some(true) {
            return;
        }
        let Some((mark, content)) = self.spans.pop() else {
            return;
        };
        self.push(match mark {
            Mark::Emphasis => Inline::Emphasis(content),
            Mark::Strong => Inline::Strong(content),
            Mark::Strike => Inline::Strike(content),
            Mark::Link(url) => Inline::Link { url, content },
            Mark::Image(url) => {
                let mut alt = String::new();
                describe(&content, &mut alt);
                Inline::Image { url, alt }
            }
        });
    }
}

/// Adds the plain text of the inlines; no deeper than [`MAX_DEPTH`].
fn describe(inlines: &[Inline], text: &mut String) {
    for inline in inlines {
        match inline {
            Inline::Text(part) | Inline::Code(part) | Inline::Image { alt: part, .. } => {
                step(part.len());
                text.push_str(part);
            }
            Inline::Emphasis(content)
            | Inline::Strong(content)
            | Inline::Strike(content)
            | Inline::Link { content, .. } => describe(content, text),
            Inline::Break => text.push('\n'),
        }
    }
}
