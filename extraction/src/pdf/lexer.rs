//! The words of a page's program and of a font's character table, one at a time.
//!
//! Nothing is built from them, so that a program costs no memory beyond its own bytes.

/// The longest name or operator, in bytes.
const LONGEST_WORD: usize = 128;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f32),
    Name(Vec<u8>),
    Text(Vec<u8>),
    ArrayStart,
    ArrayEnd,
    Operator(Vec<u8>),
}

pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Passes over an inline image, from behind `ID` to behind `EI`.
    pub(super) fn skip_image(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest.windows(4).position(|window| {
            matches!(window, [before, b'E', b'I', after] if is_space(*before) && is_space(*after))
        });
        self.at = end.map_or(self.bytes.len(), |end| self.at + end + 3);
    }

    fn word(&mut self) -> &'a [u8] {
        let start = self.at;
        while self.peek().is_some_and(|b| !is_space(b) && !is_delimiter(b)) {
            self.at += 1;
        }
        self.bytes.get(start..self.at).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        while let Some(b) = self.peek() {
            if b == b'%' {
                while self.peek().is_some_and(|b| b != b'\n' && b != b'\r') {
                    self.at += 1;
                }
            } else if is_space(b) {
                self.at += 1;
            } else {
                break;
            }
        }
    }

    /// `(text)`, with its escapes and inner brackets.
    fn literal(&mut self) -> Vec<u8> {
        let (mut text, mut depth) = (Vec::new(), 1_usize);
        while let Some(b) = self.peek() {
            self.at += 1;
            match b {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                b'\\' => {
                    self.escape(&mut text);
                    continue;
                }
                _ => {}
            }
            text.push(b);
        }
        text
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(b) = self.peek() else { return };
        self.at += 1;
        match b {
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' | b'f' | b'\n' => {}
            b'\r' => self.at += usize::from(self.peek() == Some(b'\n')),
            b'0'..=b'7' => {
                let mut code = u32::from(b - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    code = code * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                text.push((code & 0xff) as u8);
            }
            other => text.push(other),
        }
    }

    /// `<48656c6c6f>`.
    fn hex(&mut self) -> Vec<u8> {
        let (mut text, mut high) = (Vec::new(), None);
        while let Some(b) = self.peek() {
            self.at += 1;
            if b == b'>' {
                break;
            }
            let Some(digit) = char::from(b).to_digit(16) else { continue };
            match high.take() {
                None => high = Some(digit),
                Some(high) => text.push((high * 16 + digit) as u8),
            }
        }
        if let Some(high) = high {
            text.push((high * 16) as u8);
        }
        text
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            self.skip_space();
            let b = self.peek()?;
            if !is_delimiter(b) {
                let word = self.word();
                if let Some(number) = number(word) {
                    return Some(Token::Number(number));
                }
                let kept = word.len().min(LONGEST_WORD);
                return Some(Token::Operator(word.get(..kept).unwrap_or_default().to_vec()));
            }
            self.at += 1;
            match b {
                b'/' => return Some(Token::Name(self.word().to_vec())),
                b'(' => return Some(Token::Text(self.literal())),
                b'[' => return Some(Token::ArrayStart),
                b']' => return Some(Token::ArrayEnd),
                b'<' if self.peek() == Some(b'<') => self.at += 1,
                b'<' => return Some(Token::Text(self.hex())),
                // Dictionaries only stand before operators that write nothing.
                _ => {}
            }
        }
    }
}

fn number(word: &[u8]) -> Option<f32> {
    let starts = matches!(word.first()?, b'0'..=b'9' | b'+' | b'-' | b'.');
    let word = std::str::from_utf8(word).ok().filter(|_| starts)?;
    word.parse().ok().filter(|number: &f32| number.is_finite())
}

fn is_space(b: u8) -> bool {
    matches!(b, 0 | b'\t' | b'\n' | 12 | b'\r' | b' ')
}

fn is_delimiter(b: u8) -> bool {
    matches!(b, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}
