//! From text to terms: Unicode words, cut where people cut them, without stop words, as stems.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::language::{Language, is_chatter};

/// A term, hashed: what index and question are compared by.
pub(crate) type Term = u64;

/// The terms of a document's `text` in their order, as text.
pub(crate) fn terms(text: &str, language: Option<Language>) -> Vec<String> {
    let mut found = Vec::new();
    each_word(text, &mut |word, _| match language {
        Some(language) if language.is_stop_word(word) => {}
        Some(language) => found.push(language.stem(word)),
        None => found.push(word.to_owned()),
    });
    found
}

/// A word of a question, as each of the documents' languages writes its stem.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub stems: Vec<String>,
    /// A name whose parts follow: `chatbotid` before `chatbot` and `id`.
    pub is_whole: bool,
}

/// The first `limit` words of a question that say what it is about: without stop words and chatter.
pub(crate) fn asked(question: &str, languages: &[Language], limit: usize) -> Vec<Asked> {
    let mut found = Vec::new();
    each_word(question, &mut |word, is_whole| {
        if found.len() == limit
            || is_chatter(word)
            || languages.iter().any(|language| language.is_stop_word(word))
        {
            return;
        }
        let mut stems: Vec<String> = languages.iter().map(|language| language.stem(word)).collect();
        stems.push(word.to_owned());
        stems.sort_unstable();
        stems.dedup();
        let asked = Asked { stems, is_whole };
        if !found.contains(&asked) {
            found.push(asked);
        }
    });
    found
}

/// The number of a term.
pub(crate) fn number(term: &str) -> Term {
    <Term as bm25::TokenEmbedder>::embed(term)
}

/// Hands out the words of `text` in lower case, and whether one is a name whose parts follow.
fn each_word(text: &str, found: &mut impl FnMut(&str, bool)) {
    let mut rest = text;
    while let Some(from) = rest.find(is_unspaced) {
        let (spaced, tail) = rest.split_at(from);
        each_spaced_word(spaced, found);
        let to = tail.find(|c| !is_unspaced(c)).unwrap_or(tail.len());
        let (run, tail) = tail.split_at(to);
        each_bigram(run, found);
        rest = tail;
    }
    each_spaced_word(rest, found);
}

/// Whether `c` is of a script that is written without spaces, or glues its words together.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}' // kana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' // Han
        | '\u{20000}'..='\u{3134f}'
        | '\u{ac00}'..='\u{d7af}' // Hangul
        | '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}') // Thai, Lao, Burmese, Khmer
}

/// Two characters at a time find words without knowing where they begin.
fn each_bigram(run: &str, found: &mut impl FnMut(&str, bool)) {
    let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    if starts.len() == 2 {
        found(run, false);
    }
    for window in starts.windows(3) {
        found(&run[window[0]..window[2]], false);
    }
}

fn each_spaced_word(text: &str, found: &mut impl FnMut(&str, bool)) {
    for word in text.unicode_words() {
        if word.bytes().all(|b| b.is_ascii_lowercase()) {
            found(word, false);
            continue;
        }
        let parts = parts(word);
        // `chatbotId` is asked for as `chatbotid` and as chatbot.
        if parts.len() > 1 && !word.contains(['\'', '’']) {
            found(&word.to_lowercase(), true);
        }
        for part in parts {
            found(&part.to_lowercase(), false);
        }
    }
}

/// `RATE_LIMIT` → RATE, LIMIT; `chatbotId` → chatbot, Id; `example.com` → example, com; `l’eau` →
/// eau; `what's` → what.
fn parts(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut before) = (0, '_');
    for (at, c) in word.char_indices() {
        let cut = !c.is_alphanumeric();
        if cut || c.is_uppercase() && before.is_lowercase() {
            parts.push(&word[start..at]);
            start = if cut { at + c.len_utf8() } else { at };
        }
        before = c;
    }
    parts.push(&word[start..]);
    let whole = parts.len() == 1;
    parts.retain(|part| whole || part.chars().nth(1).is_some());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, &mut |word, _| words.push(word.to_owned()));
        words
    }

    #[test]
    fn names_are_found_whole_and_by_their_parts() {
        assert_eq!(words("WIDGET_API_KEY"), ["widget_api_key", "widget", "api", "key"]);
        assert_eq!(words("`chatbotId`"), ["chatbotid", "chatbot", "id"]);
        assert_eq!(words("data-chatbot-id"), ["data", "chatbot", "id"]);
        assert_eq!(words("/v1/chat"), ["v1", "chat"]);
        assert_eq!(words("What's l’eau, don't?"), ["what", "eau", "don"]);
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_bigrams() {
        assert_eq!(words("鍵は東京 key"), ["鍵は", "は東", "東京", "key"]);
        assert_eq!(words("한국어"), ["한국", "국어"]);
        assert_eq!(words("水"), ["水"]);
    }

    #[test]
    fn stop_words_go_and_what_remains_is_stemmed() {
        let english = Some(Language::English);
        assert_eq!(terms("How are the keys rotated?", english), ["key", "rotat"]);
        let stems = |question| -> Vec<_> {
            asked(question, &[Language::English], 9).into_iter().map(|asked| asked.stems).collect()
        };
        assert_eq!(stems("please tell me about keys and keys"), [["key", "keys"]]);
        assert!(stems("Thank you!").is_empty());
    }
}
