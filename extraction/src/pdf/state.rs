//! Where a program writes next, and how.

use std::rc::Rc;

use super::font::Font;

/// `[a b c d e f]` as PDF writes it.
pub(super) type Matrix = [f32; 6];
pub(super) const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

#[derive(Clone)]
pub(super) struct State {
    pub page: Matrix,
    pub text: Matrix,
    pub line: Matrix,
    pub font: Option<Rc<Font>>,
    pub size: f32,
    pub leading: f32,
    pub char_space: f32,
    pub word_space: f32,
    pub scale: f32,
}

impl Default for State {
    fn default() -> Self {
        Self {
            page: IDENTITY,
            text: IDENTITY,
            line: IDENTITY,
            font: None,
            size: 0.0,
            leading: 0.0,
            char_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
        }
    }
}

impl State {
    pub(super) fn next_line(&mut self, x: f32, y: f32) {
        self.line = product([1.0, 0.0, 0.0, 1.0, x, y], self.line);
        self.text = self.line;
    }
}

/// First `a`, then `b`.
pub(super) fn product(a: Matrix, b: Matrix) -> Matrix {
    [
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    ]
}
