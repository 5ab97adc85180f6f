//! The conversation as a text that the visitor can keep: plain Rust.
//!
//! In: what was said, and how to write a time. Out: a text with a heading, and for each message who
//! said it when, what was said, and where it was drawn from.

use shared::Role;

use crate::model::Entry;

/// The words around what was said.
#[derive(Debug)]
pub struct Labels {
    /// What the chat is called.
    pub title: String,
    pub date: String,
    pub you: String,
    pub assistant: String,
    pub sources: String,
}

/// Writes `entries` down. `time` gives the time of day of a moment, `address` a whole address.
#[must_use]
pub fn write(
    entries: &[Entry],
    labels: &Labels,
    time: &dyn Fn(&str) -> String,
    address: &dyn Fn(&str) -> Option<String>,
) -> String {
    let mut out = [&labels.title, "\n", &labels.date, "\n"].concat();
    for entry in entries.iter().filter(|entry| !entry.text.is_empty()) {
        let who = match entry.role {
            Role::User => &labels.you,
            Role::Assistant => &labels.assistant,
        };
        for part in ["\n", who, " (", &time(&entry.at), ")\n", entry.text.trim(), "\n"] {
            out.push_str(part);
        }
        if !entry.sources.is_empty() {
            for part in ["\n", &labels.sources, "\n"] {
                out.push_str(part);
            }
        }
        for source in &entry.sources {
            out.push_str("- ");
            out.push_str(&source.title);
            if let Some(url) = source.url.as_deref().and_then(address) {
                out.push(' ');
                out.push_str(&url);
            }
            out.push('\n');
        }
    }
    out
}

/// A name for the file, of what no system forbids.
#[must_use]
pub fn file_name(title: &str, date: &str) -> String {
    let odd = |c: char| c.is_control() || r#"/\:*?"<>|"#.contains(c);
    let title: String = title.chars().take(60).map(|c| if odd(c) { '-' } else { c }).collect();
    // A leading dot hides a file.
    [title.trim().trim_matches('.'), " ", date, ".txt"].concat().trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use shared::Source;

    use super::*;
    use crate::model::Model;

    #[test]
    fn a_transcript_says_who_said_what_when_and_from_where() {
        let mut model = Model::default();
        model.push("How long?", "1");
        let mut entries = model.entries().to_vec();
        entries[0].at = "t1".to_owned();
        entries[1].at = "t2".to_owned();
        entries[1].text = "Two **minutes**.\n".to_owned();
        let source = |title: &str, url: Option<&str>| Source {
            title: title.to_owned(),
            url: url.map(str::to_owned),
            snippet: String::new(),
            data_source_id: String::new(),
        };
        entries[1].sources = vec![source("Tea", Some("/tea")), source("Book", None)];
        let labels = Labels {
            title: "Shop".to_owned(),
            date: "1 May".to_owned(),
            you: "You".to_owned(),
            assistant: "Assistant".to_owned(),
            sources: "Sources".to_owned(),
        };
        let whole = |url: &str| Some(["https://x.example", url].concat());
        let text = write(&entries, &labels, &|at| ["at ", at].concat(), &whole);
        let want = "Shop\n1 May\n\nYou (at t1)\nHow long?\n\nAssistant (at t2)\nTwo **minutes**.\n\
                    \nSources\n- Tea https://x.example/tea\n- Book\n";
        assert_eq!(text, want);
        entries[1].text.clear();
        assert_eq!(
            write(&entries[1..], &labels, &str::to_owned, &whole),
            "Shop\n1 May\n",
            "no answer yet"
        );
    }

    #[test]
    fn a_file_has_a_name_that_every_system_takes() {
        assert_eq!(file_name("Tea & Co.", "2026-05-01"), "Tea & Co 2026-05-01.txt");
        assert_eq!(file_name("../a\\b: \"c\"\n", "d"), "-a-b- -c-- d.txt");
        assert_eq!(file_name("", "d"), "d.txt");
        assert_eq!(file_name(&"ä".repeat(99), "d").chars().count(), 66);
    }
}
