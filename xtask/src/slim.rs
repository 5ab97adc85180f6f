//! Takes whole-line comments and indentation out of JavaScript.
//!
//! No parser: only lines that can be nothing else are touched, and text inside template literals
//! is kept as it is. Where a file does something this cannot follow, it comes back unchanged.

/// `source` without comment lines, blank lines and indentation.
pub fn javascript(source: &str) -> String {
    slim(source).unwrap_or_else(|| source.to_owned())
}

fn slim(source: &str) -> Option<String> {
    let mut out = String::with_capacity(source.len());
    let mut in_template = false;
    let mut in_comment = false;
    for line in source.lines() {
        let text = line.trim();
        if in_comment {
            let end = text.find("*/");
            in_comment = end.is_none();
            // Code behind the end of a comment is more than this can follow.
            if end.is_some_and(|at| at + 2 != text.len()) {
                return None;
            }
            continue;
        }
        if !in_template {
            if text.is_empty() || text.starts_with("//") {
                continue;
            }
            if text.starts_with("/*") {
                match text.find("*/") {
                    None => {
                        in_comment = true;
                        continue;
                    }
                    Some(at) if at + 2 == text.len() => continue,
                    // Code follows on the same line, as after a placeholder: kept.
                    Some(_) => {}
                }
            }
            // A line continued inside a string literal.
            if text.ends_with('\\') {
                return None;
            }
        }
        let backticks = line.matches('`').count();
        // Only one that nothing escapes and no comment or expression hides can be counted.
        let clear = backticks == 0 || !(line.contains("\\`") || line.contains("//"));
        if !clear {
            return None;
        }
        let begins_inside = in_template;
        in_template ^= backticks % 2 == 1;
        let kept = match (begins_inside, in_template) {
            (true, true) => line,
            (true, false) => line.trim_end(),
            (false, true) => line.trim_start(),
            (false, false) => text,
        };
        out.push_str(kept);
        out.push('\n');
    }
    (!in_template && !in_comment).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::javascript;

    #[test]
    fn comment_lines_blank_lines_and_indentation_go() {
        let source =
            "/** Doc\n * more\n */\nfunction f() {\n    // why\n\n    return 1; // kept\n}\n";
        assert_eq!(javascript(source), "function f() {\nreturn 1; // kept\n}\n");
    }

    #[test]
    fn the_text_of_a_template_literal_is_never_touched() {
        let source = "  const css = `\n    a { b: c }\n    // not a comment\n\n  `;\n  f();\n";
        let want = "const css = `\n    a { b: c }\n    // not a comment\n\n  `;\nf();\n";
        assert_eq!(javascript(source), want);
    }

    #[test]
    fn a_file_that_cannot_be_followed_comes_back_unchanged() {
        for source in [
            "  let a = 'x\\\n  // y';\n",
            "  let a = `\\``;\n",
            "  let a = 1; // it's a ` here\n  b();\n",
            "  let a = `open\n",
            "/* a\n b */ f();\n",
        ] {
            assert_eq!(javascript(source), source);
        }
    }

    #[test]
    fn a_comment_before_code_on_its_line_is_kept_with_the_code() {
        assert_eq!(javascript("  /*A*/{}/*END*/\n"), "/*A*/{}/*END*/\n");
    }
}
