//! Runs the pages' programs as far as they write text.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use super::budget::Budget;
use super::font::Font;
use super::layout::Line;
use super::lexer::{Lexer, Token};
use super::state::{IDENTITY, Matrix, State, product};
use crate::Limits;
use crate::error::ExtractError;

/// How many operands are kept for an operator.
const MOST_OPERANDS: usize = 16;
/// How deep states can be saved, and forms stand in each other.
const MOST_SAVED: usize = 256;
const DEEPEST_FORM: usize = 8;
/// A gap of this part of the font's size is a space.
const SPACE: f32 = 0.17;
/// How many operators pass between two looks at the clock.
const STEP: usize = 4096;

/// The lines of all pages in the order in which they are written.
pub(super) fn lines(
    document: &Document,
    pages: &[ObjectId],
    budget: &mut Budget,
    limits: &Limits,
) -> Result<Vec<Line>, ExtractError> {
    let mut run = Run {
        document,
        budget,
        limit: limits.text,
        written: 0,
        fonts: HashMap::new(),
        lines: Vec::new(),
        page: 0,
        state: State::default(),
        end: None,
    };
    for (number, &page) in pages.iter().enumerate() {
        run.page = number;
        run.state = State::default();
        run.end = None;
        let mut program = Vec::new();
        for part in document.get_page_contents(page) {
            if let Ok(stream) = document.get_object(part).and_then(Object::as_stream) {
                program.extend(run.budget.unpack(stream)?);
                program.push(b'\n');
            }
        }
        run.program(&program, &resources(document, page), 0)?;
    }
    Ok(run.lines)
}

/// The nearest resources on the way from a page to the tree's root.
fn resources(document: &Document, page: ObjectId) -> Dictionary {
    let (mut seen, mut at) = (HashSet::new(), page);
    while seen.insert(at) && seen.len() < MOST_SAVED {
        let Ok(node) = document.get_dictionary(at) else { break };
        if let Ok(found) = node.get_deref(b"Resources", document).and_then(Object::as_dict) {
            return found.clone();
        }
        let Ok(parent) = node.get(b"Parent").and_then(Object::as_reference) else { break };
        at = parent;
    }
    Dictionary::new()
}

struct Run<'a, 'b> {
    document: &'a Document,
    budget: &'b mut Budget,
    limit: usize,
    /// Bytes of text so far.
    written: usize,
    fonts: HashMap<ObjectId, Rc<Font>>,
    lines: Vec<Line>,
    page: usize,
    state: State,
    /// Where the last text ended on the page.
    end: Option<(f32, f32)>,
}

impl Run<'_, '_> {
    fn program(
        &mut self,
        program: &[u8],
        resources: &Dictionary,
        depth: usize,
    ) -> Result<(), ExtractError> {
        let mut saved: Vec<State> = Vec::new();
        let mut operands: Vec<Token> = Vec::new();
        let mut lexer = Lexer::new(program);
        let mut count = 0_usize;
        let mut in_array = false;
        while let Some(token) = lexer.next() {
            count += 1;
            if count.is_multiple_of(STEP) {
                self.budget.check()?;
            }
            match token {
                // An array belongs to `TJ` (or says nothing): its parts are shown as they come.
                Token::ArrayStart => in_array = true,
                Token::ArrayEnd => in_array = false,
                Token::Text(text) if in_array => self.show(&text)?,
                Token::Number(by) if in_array => self.advance(-by / 1000.0 * self.state.size),
                Token::Operator(operator) => {
                    in_array = false;
                    match operator.as_slice() {
                        b"q" if saved.len() < MOST_SAVED => saved.push(self.state.clone()),
                        b"Q" => {
                            if let Some(state) = saved.pop() {
                                self.state = state;
                            }
                        }
                        b"ID" => lexer.skip_image(),
                        b"Do" => self.form(operands.last(), resources, depth)?,
                        b"Tf" => self.set_font(&operands, resources)?,
                        operator => self.operator(operator, &operands)?,
                    }
                    operands.clear();
                }
                token if operands.len() < MOST_OPERANDS => operands.push(token),
                _ => {}
            }
        }
        Ok(())
    }

    fn operator(&mut self, operator: &[u8], operands: &[Token]) -> Result<(), ExtractError> {
        let number = |at: usize| match operands.get(at) {
            Some(Token::Number(number)) => *number,
            _ => 0.0,
        };
        let matrix = || -> Matrix { std::array::from_fn(number) };
        let state = &mut self.state;
        match operator {
            b"cm" => state.page = product(matrix(), state.page),
            b"BT" => (state.text, state.line) = (IDENTITY, IDENTITY),
            b"Tm" => (state.text, state.line) = (matrix(), matrix()),
            b"Td" => state.next_line(number(0), number(1)),
            b"TD" => {
                state.leading = -number(1);
                state.next_line(number(0), number(1));
            }
            b"TL" => state.leading = number(0),
            b"Tc" => state.char_space = number(0),
            b"Tw" => state.word_space = number(0),
            b"Tz" => state.scale = number(0) / 100.0,
            b"T*" => state.next_line(0.0, -state.leading),
            b"Tj" | b"'" | b"\"" => {
                if operator == b"\"" {
                    (state.word_space, state.char_space) = (number(0), number(1));
                }
                if operator != b"Tj" {
                    state.next_line(0.0, -state.leading);
                }
                if let Some(Token::Text(text)) = operands.last() {
                    self.show(text)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn set_font(&mut self, operands: &[Token], all: &Dictionary) -> Result<(), ExtractError> {
        let [Token::Name(name), Token::Number(size)] = operands else { return Ok(()) };
        self.state.size = *size;
        self.state.font = None;
        let fonts = all.get_deref(b"Font", self.document).and_then(Object::as_dict);
        let Ok(entry) = fonts.and_then(|fonts| fonts.get(name)) else { return Ok(()) };
        let Ok((id, Object::Dictionary(font))) = self.document.dereference(entry) else {
            return Ok(());
        };
        if let Some(known) = id.and_then(|id| self.fonts.get(&id)) {
            self.state.font = Some(known.clone());
            return Ok(());
        }
        let font = Rc::new(Font::read(self.document, font, self.budget)?);
        if let Some(id) = id {
            self.fonts.insert(id, font.clone());
        }
        self.state.font = Some(font);
        Ok(())
    }

    /// Runs a form, which is a program of its own.
    fn form(
        &mut self,
        name: Option<&Token>,
        all: &Dictionary,
        depth: usize,
    ) -> Result<(), ExtractError> {
        let Some(Token::Name(name)) = name else { return Ok(()) };
        let forms = all.get_deref(b"XObject", self.document).and_then(Object::as_dict);
        let form: Option<&Stream> = forms
            .and_then(|forms| forms.get_deref(name, self.document))
            .and_then(Object::as_stream)
            .ok();
        let Some(form) = form.filter(|_| depth < DEEPEST_FORM) else { return Ok(()) };
        if form.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|n| n != b"Form") {
            return Ok(());
        }
        // Even an empty form costs time each time.
        self.budget.spend(64)?;
        let program = self.budget.unpack(form)?;
        let before = self.state.clone();
        if let Ok(matrix) = form.dict.get_deref(b"Matrix", self.document).and_then(Object::as_array)
        {
            let number =
                |at: usize| matrix.get(at).and_then(|n| n.as_float().ok()).unwrap_or_default();
            self.state.page = product(std::array::from_fn(number), self.state.page);
        }
        match form.dict.get_deref(b"Resources", self.document).and_then(Object::as_dict) {
            Ok(own) => self.program(&program, own, depth + 1)?,
            Err(_) => self.program(&program, all, depth + 1)?,
        }
        self.state = before;
        Ok(())
    }

    fn show(&mut self, bytes: &[u8]) -> Result<(), ExtractError> {
        let Some(font) = self.state.font.clone().filter(|font| font.is_readable()) else {
            return Ok(());
        };
        let state = &self.state;
        let size = if state.size == 0.0 { 1.0 } else { state.size };
        let (char_space, word_space) = (state.char_space, state.word_space);
        let (text, width) = font.decode(bytes, |code| {
            let word = if code == 32 { word_space } else { 0.0 };
            (char_space + word) / size * 1000.0
        });
        self.written += text.len();
        // White space and page furniture go; text that is far beyond the limit does not fit anyhow.
        if self.written > self.limit.saturating_mul(2) {
            return Err(ExtractError::TooMuchText { limit: self.limit });
        }
        let placed = product(state.text, state.page);
        let height = placed[2].hypot(placed[3]) * state.size.abs();
        self.place(&text, placed[4], placed[5], height);
        self.advance(width / 1000.0 * size);
        let placed = product(self.state.text, self.state.page);
        self.end = Some((placed[4], placed[5]));
        Ok(())
    }

    /// Adds text to the last line when it goes on from there, else begins a new one.
    fn place(&mut self, text: &str, x: f32, y: f32, size: f32) {
        if text.is_empty() {
            return;
        }
        if let (Some((end, baseline)), Some(line)) = (self.end, self.lines.last_mut())
            && (y - baseline).abs() < 0.5 * size.max(line.size)
            && x > end - size
        {
            let apart = x - end > SPACE * size;
            if apart && !line.text.ends_with(' ') && !text.starts_with(' ') {
                line.text.push(' ');
            }
            // A line is as large as most of it: a drop cap or a footnote's mark is not it.
            if text.chars().count() >= line.text.trim().chars().count() {
                line.size = size;
            }
            line.text.push_str(text);
            return;
        }
        self.lines.push(Line { text: text.to_owned(), y, size, page: self.page });
    }

    /// Moves on by a part of the text's own unit.
    fn advance(&mut self, by: f32) {
        let state = &mut self.state;
        state.text = product([1.0, 0.0, 0.0, 1.0, by * state.scale, 0.0], state.text);
    }
}
