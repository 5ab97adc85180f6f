//! Gives the names between the widget's JavaScript and its wasm two or three letters each.
//!
//! wasm-bindgen makes them long and ends them in a hash, which no compression makes smaller; they
//! stand in both files, a hundred of them. Only the two files know them, so nothing else notices.

use std::collections::HashMap;

/// Hands out names, and remembers which long one each stands for.
#[derive(Debug, Default)]
pub struct Names(HashMap<String, String>);

impl Names {
    /// The short name for `long`, the same for the same.
    pub fn shorten(&mut self, long: &str) -> String {
        let next = self.0.len();
        // `$` begins no name that wasm-bindgen writes itself.
        self.0.entry(long.to_owned()).or_insert_with(|| format!("${}", base36(next))).clone()
    }

    /// `source` with every long name replaced, where it stands as a whole word.
    pub fn replace_in(&self, source: &str) -> String {
        let mut out = String::with_capacity(source.len());
        let mut rest = source;
        while !rest.is_empty() {
            let word = rest.find(|c: char| !is_of_name(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(word);
            out.push_str(self.0.get(name).map_or(name, String::as_str));
            let between = after.find(is_of_name).unwrap_or(after.len());
            out.push_str(&after[..between]);
            rest = &after[between..];
        }
        out
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn base36(mut number: usize) -> String {
    let mut digits = Vec::new();
    loop {
        digits.extend(char::from_digit((number % 36) as u32, 36));
        number /= 36;
        if number == 0 {
            return digits.into_iter().rev().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_gets_one_short_name_of_its_own() {
        let mut names = Names::default();
        let all: Vec<String> = (0..1200).map(|n| names.shorten(&format!("__wbg_{n}"))).collect();
        assert_eq!(names.shorten("__wbg_7"), all[7]);
        let different: std::collections::HashSet<&String> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        assert!(all.iter().all(|name| name.len() <= 3));
    }

    #[test]
    fn only_whole_words_are_replaced() {
        let mut names = Names::default();
        let short = names.shorten("__wbg_log_0a");
        let js = "x={__wbg_log_0a: f, __wbg_log_0a1: g, a__wbg_log_0a: h}; wasm.__wbg_log_0a(ü)";
        let want = format!("x={{{short}: f, __wbg_log_0a1: g, a__wbg_log_0a: h}}; wasm.{short}(ü)");
        assert_eq!(names.replace_in(js), want);
    }
}
