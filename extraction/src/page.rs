//! The Markdown that is being written: blocks go in as plain text and stay what they are.

use crate::error::ExtractError;

/// How deep lists are shown; deeper items stand at this depth.
const DEEPEST_LIST: usize = 6;
/// Of a title, in characters.
const LONGEST_TITLE: usize = 300;

/// A growing Markdown document that never passes its limit.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    limit: usize,
    /// Whether the last block was a list item, so that the next one follows without a blank line.
    in_list: bool,
}

impl Page {
    /// `limit` in bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { text: String::new(), limit, in_list: false }
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// `level` 1 to 6.
    pub(crate) fn heading(&mut self, level: usize, text: &str) -> Result<(), ExtractError> {
        let text = escape(text);
        if text.is_empty() {
            return Ok(());
        }
        let marks = "#".repeat(level.clamp(1, 6));
        // Closing marks would be taken for decoration.
        let text = match text.strip_suffix('#') {
            Some(start) if !start.ends_with('\\') => format!("{start}\\#"),
            _ => text,
        };
        self.block(0, &format!("{marks} {text}"))
    }

    /// `depth`: of the list items it stands in, 0 outside of lists.
    pub(crate) fn paragraph(&mut self, depth: usize, text: &str) -> Result<(), ExtractError> {
        self.block(depth, &escape(text))
    }

    /// `depth` 1 for an item of an outermost list; `number` of an item of a numbered one.
    pub(crate) fn item(
        &mut self,
        depth: usize,
        number: Option<usize>,
        text: &str,
    ) -> Result<(), ExtractError> {
        let text = escape(text);
        if text.is_empty() {
            return Ok(());
        }
        // Wider numbers would need a deeper indentation of what stands in them.
        let mark = match number {
            Some(number @ 0..100) => format!("{number}."),
            _ => String::from("-"),
        };
        let joined = self.in_list;
        self.push(if self.text.is_empty() {
            ""
        } else if joined {
            "\n"
        } else {
            "\n\n"
        })?;
        self.push(&" ".repeat(4 * (depth.clamp(1, DEEPEST_LIST) - 1)))?;
        self.push(&format!("{mark} {text}"))?;
        self.in_list = true;
        Ok(())
    }

    /// Text whose line breaks and spaces count.
    pub(crate) fn code(&mut self, depth: usize, text: &str) -> Result<(), ExtractError> {
        let text = clean(text);
        let text = text.trim_matches('\n').trim_end();
        if text.trim().is_empty() {
            return Ok(());
        }
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        self.block(depth, &format!("{fence}\n{text}\n{fence}"))
    }

    /// The first row is the head; what has one row or one column is no table but paragraphs.
    pub(crate) fn table(&mut self, depth: usize, rows: &[Vec<String>]) -> Result<(), ExtractError> {
        let rows: Vec<&Vec<String>> =
            rows.iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
        let width = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        if rows.len() < 2 || width < 2 {
            return rows.into_iter().flatten().try_for_each(|cell| self.paragraph(depth, cell));
        }
        let mut lines = Vec::new();
        let mut size = 0;
        for (at, row) in rows.iter().enumerate() {
            let mut line = String::from("|");
            // A short row is a complete one: the parser adds its missing cells.
            let cells = if at == 0 { width } else { row.len() };
            for cell in 0..cells {
                let cell = row.get(cell).map(|cell| escape(cell)).unwrap_or_default();
                line.push_str(&format!(" {} |", cell.replace('|', "\\|")));
            }
            size += line.len();
            if size > self.limit {
                return Err(ExtractError::TooMuchText { limit: self.limit });
            }
            lines.push(line);
            if at == 0 {
                lines.push(format!("|{}", " --- |".repeat(width)));
            }
        }
        self.block(depth, &lines.join("\n"))
    }

    /// Markdown as it is.
    pub(crate) fn block(&mut self, depth: usize, markdown: &str) -> Result<(), ExtractError> {
        if markdown.is_empty() {
            return Ok(());
        }
        let indent = " ".repeat(4 * depth.min(DEEPEST_LIST));
        for (at, line) in markdown.lines().enumerate() {
            let between = match (at, self.text.is_empty()) {
                (0, true) => "",
                (0, false) => "\n\n",
                _ => "\n",
            };
            self.push(between)?;
            if !line.is_empty() {
                self.push(&indent)?;
                self.push(line)?;
            }
        }
        self.in_list = depth > 0;
        Ok(())
    }

    fn push(&mut self, part: &str) -> Result<(), ExtractError> {
        if self.text.len() + part.len() > self.limit {
            return Err(ExtractError::TooMuchText { limit: self.limit });
        }
        self.text.push_str(part);
        Ok(())
    }
}

/// A title as one short line; none when nothing is left of it.
pub(crate) fn title(text: &str) -> Option<String> {
    let line: String = one_line(text).chars().take(LONGEST_TITLE).collect();
    (!line.is_empty()).then_some(line)
}

/// Without control characters, runs of white space as one space.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(1 << 20));
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    line
}

/// With newlines and tabs as its only control characters.
pub(crate) fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|&c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// Plain text as one line of Markdown that reads the same.
pub(crate) fn escape(text: &str) -> String {
    let line = one_line(text);
    let mut escaped = String::with_capacity(line.len() + line.len() / 16);
    let mut before = ' ';
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        let after = rest.as_str().chars().next().unwrap_or(' ');
        let marks = match c {
            '\\' | '`' | '~' => true,
            '*' => before != ' ' || after != ' ',
            '_' => !(before.is_alphanumeric() && after.is_alphanumeric()),
            ']' => matches!(after, '(' | '[' | ':'),
            '<' => after.is_ascii_alphabetic() || matches!(after, '/' | '!' | '?'),
            '&' => after == '#' || after.is_ascii_alphabetic(),
            _ => false,
        };
        if marks {
            escaped.push('\\');
        }
        escaped.push(c);
        before = c;
    }
    escape_start(&mut escaped);
    escaped
}

/// Marks at the start of a line make it a heading, a list, a quote, a rule, or a table's head.
fn escape_start(line: &mut String) {
    let first = line.chars().next().unwrap_or(' ');
    let at = match first {
        '#' | '>' | '+' | '-' | '=' | '|' | ':' | '*' | '_' => Some(0),
        _ => {
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            let marked = matches!(line.as_bytes().get(digits), Some(b'.' | b')'));
            let ends = matches!(line.as_bytes().get(digits + 1), None | Some(b' '));
            (digits > 0 && marked && ends).then_some(digits)
        }
    };
    if let Some(at) = at {
        line.insert(at, '\\');
    }
}
