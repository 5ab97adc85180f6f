//! Pairs runs of `*`, `_` and `~~` by CommonMark's delimiter rules.

use super::{Mark, Token};
use crate::steps::step;

/// A run of emphasis marks.
pub(super) struct Delimiter {
    mark: u8,
    length: usize,
    can_open: bool,
    can_close: bool,
    /// How many marks are unpaired, and so are text.
    left: usize,
    /// How many spans end here: before the text, innermost first.
    pub(super) closes: usize,
    /// What begins here: after the text, innermost first.
    pub(super) opens: Vec<Mark>,
}

impl Delimiter {
    pub(super) fn new(mark: u8, length: usize, can_open: bool, can_close: bool) -> Self {
        Self { mark, length, can_open, can_close, left: length, closes: 0, opens: Vec::new() }
    }

    /// The marks that are text.
    pub(super) fn text(&self) -> impl Iterator<Item = char> {
        std::iter::repeat_n(char::from(self.mark), self.left)
    }

    fn opens_for(&self, closer: &Self) -> bool {
        // The "multiple of 3" rule: in `*a**b*` the inner run is no partner of the outer ones.
        let either_both = self.can_close || closer.can_open;
        let odd_match = either_both
            && (self.length + closer.length).is_multiple_of(3)
            && !self.length.is_multiple_of(3);
        self.mark == closer.mark && (self.mark == b'~' || !odd_match)
    }

    /// Runs of one class find the same partners.
    fn class(&self) -> usize {
        let mark = match self.mark {
            b'*' => 0,
            b'_' => 6,
            _ => 12,
        };
        mark + if self.can_open { 3 } else { 0 } + self.length % 3
    }
}

fn delimiter(tokens: &mut [Token], at: usize) -> Option<&mut Delimiter> {
    match tokens.get_mut(at) {
        Some(Token::Delimiter(delimiter)) => Some(delimiter),
        _ => None,
    }
}

/// Pairs the delimiters at `marks` (places in `tokens`, rising) with each other.
pub(super) fn pair(tokens: &mut [Token], marks: &[usize]) {
    let mut openers: Vec<usize> = Vec::new();
    // Per class: before this token there is no opener. It keeps the whole linear.
    let mut none_before = [0; 18];
    for &at in marks {
        step(1);
        let Some(delimiter) = delimiter(tokens, at) else {
            continue;
        };
        let class = delimiter.class();
        if delimiter.can_close {
            let bottom = none_before.get(class).copied().unwrap_or(0);
            if !close(tokens, &mut openers, at, bottom)
                && let Some(none_before) = none_before.get_mut(class)
            {
                *none_before = at;
            }
        }
        if let Some(delimiter) = self::delimiter(tokens, at)
            && delimiter.can_open
            && delimiter.left > 0
        {
            openers.push(at);
        }
    }
}

/// Pairs the closer at `at` with openers from `bottom` on until it is used up. False when it looked
/// for one in vain.
fn close(tokens: &mut [Token], openers: &mut Vec<usize>, at: usize, bottom: usize) -> bool {
    while let Some(depth) = opener(tokens, openers, at, bottom) {
        openers.truncate(depth + 1);
        let Some(&begin) = openers.get(depth) else {
            return false;
        };
        let Some(closer) = delimiter(tokens, at) else {
            return false;
        };
        let closer_left = closer.left;
        let Some(opener) = delimiter(tokens, begin) else {
            return false;
        };
        let used = if opener.left >= 2 && closer_left >= 2 { 2 } else { 1 };
        opener.opens.push(match (opener.mark, used) {
            (b'~', _) => Mark::Strike,
            (_, 2) => Mark::Strong,
            _ => Mark::Emphasis,
        });
        opener.left -= used;
        if opener.left == 0 {
            openers.truncate(depth);
        }
        if let Some(closer) = delimiter(tokens, at) {
            closer.closes += 1;
            closer.left -= used;
            if closer.left == 0 {
                return true;
            }
        }
        step(1);
    }
    false
}

/// The nearest opener for the closer at `at`, as a place in `openers`.
fn opener(tokens: &[Token], openers: &[usize], at: usize, bottom: usize) -> Option<usize> {
    let Some(Token::Delimiter(closer)) = tokens.get(at) else {
        return None;
    };
    for (depth, &begin) in openers.iter().enumerate().rev() {
        step(1);
        if begin < bottom {
            return None;
        }
        if let Some(Token::Delimiter(opener)) = tokens.get(begin)
            && opener.opens_for(closer)
        {
            return Some(depth);
        }
    }
    None
}
