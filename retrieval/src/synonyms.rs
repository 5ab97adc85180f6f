//! Words that mean nearly the same: who asks for the warranty finds what is guaranteed.
//!
//! In: a question, and words of documents. Out: the terms that the question's words lead to, and
//! the phrases of the documents that count as one term. The list is `synonyms.txt`: below the code
//! of a language in brackets, one group a line. `a, b` lead to each other; `a > b, c` leads from
//! the left to the right only. An entry is one word or a phrase of two, in its basic form: both are
//! compared by their stems. Japanese entries are looked for as they are written.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::language::Language;
use crate::words::{Kind, each_word};

/// What a word of the same group counts beside the word itself.
const SYNONYM: f32 = 0.7;

const LIST: &str = include_str!("synonyms.txt");

static JAPANESE: LazyLock<Synonyms> = LazyLock::new(|| Synonyms::read("ja", None));
static STEMMED: LazyLock<Vec<Synonyms>> = LazyLock::new(|| {
    let read = |language: &Language| Synonyms::read(language.code(), Some(*language));
    crate::language::ALL.iter().map(read).collect()
});

/// A word of a phrase, numbered.
pub(crate) type Part = u32;

/// Some words of a question, and what they lead to.
pub(crate) struct Related {
    /// Stems of the question.
    pub from: Vec<String>,
    /// Terms as text, each with what it counts.
    pub to: Vec<(String, f32)>,
}

/// The groups of one language.
pub(crate) struct Synonyms {
    /// The lines of each entry.
    entries: HashMap<String, Vec<usize>>,
    /// What each line leads to.
    lines: Vec<Vec<String>>,
    parts: HashMap<String, Part>,
    phrases: HashMap<(Part, Part), String>,
}

impl Synonyms {
    /// Those of the language of a document.
    pub(crate) fn of(language: Option<Language>) -> &'static Self {
        language.and_then(|language| STEMMED.get(language as usize)).unwrap_or(&JAPANESE)
    }

    fn read(code: &str, language: Option<Language>) -> Self {
        let mut read = Self {
            entries: HashMap::new(),
            lines: Vec::new(),
            parts: HashMap::new(),
            phrases: HashMap::new(),
        };
        for line in lines_of(code) {
            let (from, to) = line.split_once('>').unwrap_or((line, line));
            let to = entries(to).map(|entry| read.key(entry, language)).collect();
            for entry in entries(from) {
                let key = read.key(entry, language);
                read.entries.entry(key).or_default().push(read.lines.len());
            }
            read.lines.push(to);
        }
        read
    }

    /// An entry as it is compared.
    fn key(&mut self, entry: &str, language: Option<Language>) -> String {
        let Some(language) = language else { return entry.to_owned() };
        let Some((first, second)) = entry.split_once(' ') else { return language.stem(entry) };
        let stems = [language.stem(first), language.stem(second)];
        let key = stems.join(" ");
        let [first, second] = stems.map(|stem| {
            let next = self.parts.len() as Part;
            *self.parts.entry(stem).or_insert(next)
        });
        self.phrases.insert((first, second), key.clone());
        key
    }

    /// The number of a stem that phrases have.
    pub(crate) fn part(&self, stem: &str) -> Option<Part> {
        self.parts.get(stem).copied()
    }

    /// The phrase of two words that follow each other.
    pub(crate) fn phrase(&self, first: Part, second: Part) -> Option<&str> {
        self.phrases.get(&(first, second)).map(String::as_str)
    }

    fn targets(&self, key: &str) -> impl Iterator<Item = &String> {
        let lines = self.entries.get(key).into_iter().flatten();
        lines.filter_map(|line| self.lines.get(*line)).flatten()
    }

    fn related(&self, key: &str, from: &[&String], found: &mut Vec<Related>) {
        let to: Vec<_> = self.targets(key).filter(|to| *to != key).cloned().collect();
        let mut to: Vec<(String, f32)> = to.into_iter().map(|to| (to, SYNONYM)).collect();
        if from.len() > 1 {
            to.push((key.to_owned(), 1.0));
        }
        if !to.is_empty() {
            found.push(Related { from: from.iter().map(|stem| (*stem).clone()).collect(), to });
        }
    }
}

fn lines_of(code: &str) -> impl Iterator<Item = &'static str> {
    let is_head = |line: &str| line.starts_with('[');
    let head = format!("[{code}]");
    let lines = LIST.lines().skip_while(move |line| *line != head).skip(1);
    lines.take_while(move |line| !is_head(line)).filter(|line| !line.trim().is_empty())
}

fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim)
}

/// What the words of `question` lead to in documents of these languages.
pub(crate) fn related(question: &str, languages: &[Language]) -> Vec<Related> {
    let mut found = Vec::new();
    let mut words = Vec::new();
    each_word(question, &mut |word, _| words.push(word.to_owned()));
    for language in languages {
        let synonyms = Synonyms::of(Some(*language));
        let stems: Vec<String> = words.iter().map(|word| language.stem(word)).collect();
        stems.iter().for_each(|stem| synonyms.related(stem, &[stem], &mut found));
        for pair in stems.windows(2) {
            let [first, second] = pair else { continue };
            let parts = synonyms.part(first).zip(synonyms.part(second));
            if let Some(phrase) = parts.and_then(|(a, b)| synonyms.phrase(a, b)) {
                synonyms.related(phrase, &[first, second], &mut found);
            }
        }
    }
    related_as_written(question, &mut found);
    found
}

/// What entries lead to that stand in `question` as they are written.
fn related_as_written(question: &str, found: &mut Vec<Related>) {
    let is_spaced = |c: char| c < '\u{3000}';
    if question.chars().all(is_spaced) {
        return;
    }
    let mut there: Vec<&String> =
        JAPANESE.entries.keys().filter(|entry| question.contains(entry.as_str())).collect();
    there.sort_unstable();
    for entry in there {
        let others = JAPANESE.targets(entry).filter(|to| *to != entry);
        let to = others.flat_map(|to| grams(to)).map(|gram| (gram, SYNONYM)).collect();
        found.push(Related { from: grams(entry), to });
    }
}

fn grams(entry: &str) -> Vec<String> {
    let mut grams = Vec::new();
    each_word(entry, &mut |gram, kind| {
        if kind != Kind::Part {
            grams.push(gram.to_owned());
        }
    });
    grams
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_groups_of_several_words_in_lower_case_without_repeats() {
        let mut groups = 0;
        for code in LIST.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']')) {
            for line in lines_of(code) {
                let all: Vec<&str> = line.split('>').flat_map(entries).collect();
                let mut distinct = all.clone();
                distinct.sort_unstable();
                distinct.dedup();
                assert_eq!(all.len(), distinct.len(), "twice in {line}");
                assert!(all.len() > 1, "alone: {line}");
                assert!(all.iter().all(|entry| !entry.is_empty()), "empty in {line}");
                assert!(all.iter().all(|entry| entry.split(' ').count() < 3), "long in {line}");
                assert_eq!(line, line.to_lowercase());
                groups += 1;
            }
        }
        assert!(groups > 100, "the list was read");
    }

    #[test]
    fn words_and_phrases_lead_to_each_other() {
        let leads = |question: &str, word: &str, languages: &[Language]| {
            related(question, languages).iter().any(|r| r.to.iter().any(|(to, _)| to == word))
        };
        let english = [Language::English];
        assert!(leads("is there a warranty", &Language::English.stem("guarantee"), &english));
        assert!(leads("can I get my money back", "refund", &english));
        assert!(leads("refunds", "money back", &english));
        assert!(!leads("repair", "broken", &english), "one direction only");
        assert!(leads("解約したい", "退会", &[]));
    }
}
