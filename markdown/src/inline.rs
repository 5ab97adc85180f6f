//! Running text: code spans, links, emphasis, escapes and the rest.
//!
//! What enters: the text of one leaf, its lines joined by `\n`. What leaves: its [`Inline`]s.
//!
//! One pass cuts the text into tokens and pairs brackets as they close. Emphasis marks are paired
//! when the bracket around them, or the text, ends: that is CommonMark's delimiter algorithm with
//! its bounds, in [`crate::inline::emphasis`]. [`crate::inline::tree`] then nests the tokens. Every
//! search that can fail is made once only, or is short.

mod emphasis;
mod link;
mod tree;

use crate::{
    Inline,
    scan::{byte, cut, entity, is_cjk, is_punctuation, run},
    steps::step,
};
use emphasis::Delimiter;

/// What a pair of marks makes of the tokens between them.
pub(crate) enum Mark {
    Emphasis,
    Strong,
    Strike,
    Link(String),
    Image(String),
}

enum Token {
    Text(String),
    /// `[`, or `![` of an image, that has begun no link.
    Bracket {
        image: bool,
    },
    Leaf(Inline),
    Delimiter(Delimiter),
    Open(Mark),
    Close,
}

/// A `[` or `![` that may begin a link.
struct Bracket {
    /// Its place in the tokens.
    token: usize,
    image: bool,
    /// How many unpaired emphasis marks stand before it.
    marks: usize,
}

struct Reader<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    brackets: Vec<Bracket>,
    /// Brackets before this one have a link inside them and can be none themselves.
    linked: usize,
    /// The tokens of emphasis marks that are not yet paired.
    marks: Vec<usize>,
    /// Bit n: from here on no run of n backticks follows.
    no_ticks: u32,
}

/// The inlines of a leaf's text.
pub(crate) fn parse(text: &str) -> Vec<Inline> {
    let mut reader = Reader {
        text,
        tokens: Vec::new(),
        brackets: Vec::new(),
        linked: 0,
        marks: Vec::new(),
        no_ticks: 0,
    };
    let mut at = 0;
    while at < text.len() {
        at = reader.token(at);
    }
    emphasis::pair(&mut reader.tokens, &reader.marks);
    tree::build(reader.tokens)
}

impl Reader<'_> {
    /// Reads the token at `at`; where the next one begins.
    fn token(&mut self, at: usize) -> usize {
        step(1);
        match byte(self.text, at) {
            b'\\' => self.escape(at),
            b'\n' => self.line_end(at),
            b'`' => self.code(at),
            b'*' | b'_' | b'~' => self.delimiter(at),
            b'[' => self.bracket(at, 1),
            b'!' if byte(self.text, at + 1) == b'[' => self.bracket(at, 2),
            b']' => self.close_bracket(at),
            b'<' => match link::angle(self.text, at) {
                Some((url, end)) => self.autolink(url, at + 1, end - 1, end),
                None => self.plain(at),
            },
            b'h' | b'H' => match link::bare(self.text, at) {
                Some((url, end)) => self.autolink(url, at, end, end),
                None => self.plain(at),
            },
            b'&' => match entity(self.text, at) {
                Some((c, end)) => {
                    self.push("");
                    if let Some(Token::Text(last)) = self.tokens.last_mut() {
                        last.push(c);
                    }
                    end
                }
                None => self.plain(at),
            },
            _ => self.plain(at),
        }
    }

    /// The text up to the next byte that may mean something.
    fn plain(&mut self, at: usize) -> usize {
        let special = |b: &u8| {
            matches!(
                b,
                b'\\'
                    | b'\n'
                    | b'`'
                    | b'*'
                    | b'_'
                    | b'~'
                    | b'['
                    | b']'
                    | b'!'
                    | b'<'
                    | b'&'
                    | b'h'
                    | b'H'
            )
        };
        let rest = self.text.as_bytes().get(at + 1..).unwrap_or(&[]);
        let length = rest.iter().position(special).unwrap_or(rest.len());
        step(length);
        let end = at + 1 + length;
        self.push(cut(self.text, at, end));
        end
    }

    fn push(&mut self, text: &str) {
        match self.tokens.last_mut() {
            Some(Token::Text(last)) => last.push_str(text),
            _ => self.tokens.push(Token::Text(String::from(text))),
        }
    }

    fn leaf(&mut self, leaf: Inline) {
        self.tokens.push(Token::Leaf(leaf));
    }

    fn escape(&mut self, at: usize) -> usize {
        match byte(self.text, at + 1) {
            b'\n' => {
                self.leaf(Inline::Break);
                at + 2
            }
            b if b.is_ascii_punctuation() => {
                self.push(cut(self.text, at + 1, at + 2));
                at + 2
            }
            _ => self.plain(at),
        }
    }

    fn line_end(&mut self, at: usize) -> usize {
        let mut spaces = 0;
        while at > spaces && byte(self.text, at - spaces - 1) == b' ' {
            spaces += 1;
        }
        step(spaces);
        if let Some(Token::Text(last)) = self.tokens.last_mut() {
            last.truncate(last.len().saturating_sub(spaces));
        }
        if spaces >= 2 {
            self.leaf(Inline::Break);
        } else {
            self.push("\n");
        }
        at + 1
    }

    fn code(&mut self, at: usize) -> usize {
        let ticks = run(self.text, at);
        let start = at + ticks;
        let Some(end) = self.closing_ticks(start, ticks) else {
            self.push(cut(self.text, at, start));
            return start;
        };
        let mut code = cut(self.text, start, end);
        let is_space = |b: u8| b == b' ' || b == b'\n';
        // One space on both sides lets code begin or end with a backtick.
        if is_space(byte(code, 0))
            && is_space(byte(code, code.len().saturating_sub(1)))
            && !code.bytes().all(is_space)
        {
            code = cut(code, 1, code.len() - 1);
        }
        let code = code.chars().map(|c| if c == '\n' { ' ' } else { c });
        self.leaf(Inline::Code(code.collect()));
        end + ticks
    }

    /// Where the next run of exactly `ticks` backticks is.
    fn closing_ticks(&mut self, mut at: usize, ticks: usize) -> Option<usize> {
        // Longer ones nobody writes, and they could not be remembered as missing.
        if ticks > 31 || self.no_ticks & (1 << ticks) != 0 {
            return None;
        }
        while at < self.text.len() {
            step(1);
            if byte(self.text, at) != b'`' {
                at += 1;
                continue;
            }
            let length = run(self.text, at);
            if length == ticks {
                return Some(at);
            }
            at += length;
        }
        self.no_ticks |= 1 << ticks;
        None
    }

    fn delimiter(&mut self, at: usize) -> usize {
        let mark = byte(self.text, at);
        let length = run(self.text, at);
        let end = at + length;
        if mark == b'~' && length != 2 {
            self.push(cut(self.text, at, end));
            return end;
        }
        let before = cut(self.text, 0, at).chars().next_back().unwrap_or(' ');
        let after = cut(self.text, end, self.text.len()).chars().next().unwrap_or(' ');
        let (punct_before, punct_after) = (is_punctuation(before), is_punctuation(after));
        let (space_before, space_after) = (before.is_whitespace(), after.is_whitespace());
        let free = mark != b'_';
        // Strikethrough may begin anywhere, as the oracle has it.
        let left = !space_after
            && (mark == b'~'
                || !punct_after
                || space_before
                || punct_before
                || (free && is_cjk(before) && after != '\\'));
        let right = !space_before
            && (!punct_before || space_after || punct_after || (free && is_cjk(after)));
        self.marks.push(self.tokens.len());
        self.tokens.push(Token::Delimiter(Delimiter::new(
            mark,
            length,
            left && (free || !right || punct_before),
            right && (free || !left || punct_after),
        )));
        end
    }

    fn bracket(&mut self, at: usize, length: usize) -> usize {
        self.brackets.push(Bracket {
            token: self.tokens.len(),
            image: length == 2,
            marks: self.marks.len(),
        });
        self.tokens.push(Token::Bracket { image: length == 2 });
        at + length
    }

    /// Makes a link of the text since the last open bracket, if `](…)` follows.
    fn close_bracket(&mut self, at: usize) -> usize {
        let found = self.brackets.pop().and_then(|bracket| {
            let free = bracket.image || self.brackets.len() >= self.linked;
            let tail = if free { link::tail(self.text, at + 1) } else { None };
            tail.map(|(url, end)| (bracket, url, end))
        });
        self.linked = self.linked.min(self.brackets.len());
        let Some((bracket, url, end)) = found else {
            return self.plain(at);
        };
        if !bracket.image {
            self.linked = self.brackets.len();
        }
        let inner = self.marks.split_off(bracket.marks.min(self.marks.len()));
        emphasis::pair(&mut self.tokens, &inner);
        let opened = match crate::safe_url(&url) {
            Some(url) if bracket.image => Token::Open(Mark::Image(url)),
            Some(url) => Token::Open(Mark::Link(url)),
            // The link's text stays, as text.
            None => Token::Text(String::new()),
        };
        if matches!(opened, Token::Open(_)) {
            self.tokens.push(Token::Close);
        }
        if let Some(token) = self.tokens.get_mut(bracket.token) {
            *token = opened;
        }
        end
    }

    fn autolink(&mut self, url: String, from: usize, to: usize, end: usize) -> usize {
        self.tokens.push(Token::Open(Mark::Link(url)));
        self.tokens.push(Token::Text(String::from(cut(self.text, from, to))));
        self.tokens.push(Token::Close);
        end
    }
}
