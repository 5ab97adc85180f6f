//! From text to terms: Unicode words, cut where people cut them, without stop words, as stems.

use unicode_segmentation::UnicodeSegmentation as _;

use crate::chatter::{is_chatter, is_chatter_misspelt, without_courtesies};
use crate::language::Language;

/// What kind of word one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// A few characters of a word or phrase that has so many of them.
    Gram(usize),
    /// A name whose parts follow: `chatbotid` before `chatbot` and `id`.
    Whole,
    /// Two letters of kana, which more often hold a sentence together than name a thing.
    Kana,
    /// A Chinese character by itself, in Japanese the root of a verb.
    Root,
    /// One character of a longer word, for whoever asks with another word that has it.
    Part,
}

/// A word of a question.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// As it was written, in lower case.
    pub written: String,
    /// As each of the documents' languages writes its stem.
    pub stems: Vec<String>,
    pub kind: Kind,
    /// What people say around a question; worth a little where a document says it too.
    pub is_chatter: bool,
}

/// What two letters of kana count beside a word.
const KANA: f32 = 0.1;
/// What a Chinese character counts that stands by itself.
const ROOT: f32 = 0.5;
/// What chatter counts.
const CHATTER: f32 = 0.2;
/// Letters of a word that counts as one; longer ones say more, because what is often said is short.
const USUAL: f32 = 6.0;

impl Asked {
    /// Whether it is more than a character or two of a sentence, or what people say around it.
    pub(crate) fn is_word(&self) -> bool {
        matches!(self.kind, Kind::Plain | Kind::Gram(_)) && !self.is_chatter
    }

    /// Whether it is a number that stands for no name, as 429 may: alone it asks nothing.
    pub(crate) fn is_small_number(&self) -> bool {
        self.written.len() < 3 && self.written.bytes().all(|b| b.is_ascii_digit())
    }

    /// Whether it speaks against an answer that no document knows it.
    pub(crate) fn speaks_when_unknown(&self) -> bool {
        match self.kind {
            Kind::Whole | Kind::Part | Kind::Kana => false,
            _ => !self.is_chatter && !is_chatter_misspelt(&self.written),
        }
    }

    /// How many words it is of the question.
    pub(crate) fn words(&self) -> f32 {
        match self.kind {
            _ if !self.is_word() => 0.0,
            Kind::Gram(grams) => (grams as f32).recip(),
            _ => 1.0,
        }
    }

    /// How much it says beside another word that is as rare.
    pub(crate) fn says(&self) -> f32 {
        match self.kind {
            _ if self.is_chatter => CHATTER,
            Kind::Kana => KANA,
            Kind::Root => ROOT,
            // Of a long word each gram says less, all together more than of a short one.
            Kind::Gram(grams) => (grams as f32).sqrt().recip(),
            _ => (self.written.chars().count() as f32 / USUAL).sqrt().clamp(0.6, 1.6),
        }
    }
}

/// The first `limit` words of a question that say what it is about: without stop words.
pub(crate) fn asked(question: &str, languages: &[Language], limit: usize) -> Vec<Asked> {
    let mut found: Vec<Asked> = Vec::new();
    let question = without_courtesies(question);
    each_word(&question, &mut |word, kind| {
        if found.len() == limit
            || kind == Kind::Part
            || languages.iter().any(|language| language.is_stop_word(word))
        {
            return;
        }
        let mut stems: Vec<String> = languages.iter().map(|language| language.stem(word)).collect();
        stems.push(word.to_owned());
        stems.sort_unstable();
        stems.dedup();
        if !found.iter().any(|asked| asked.stems == stems) {
            let is_chatter = is_chatter(word);
            found.push(Asked { written: word.to_owned(), stems, kind, is_chatter });
        }
    });
    found
}

/// Hands out the words of `text` in lower case.
pub(crate) fn each_word(text: &str, found: &mut impl FnMut(&str, Kind)) {
    let mut rest = text;
    while let Some(from) = rest.find(|c| Script::of(c).is_some()) {
        let (spaced, tail) = rest.split_at(from);
        each_spaced_word(spaced, found);
        let script = tail.chars().next().and_then(Script::of);
        let to = tail.find(|c| Script::of(c) != script).unwrap_or(tail.len());
        let (run, tail) = tail.split_at(to);
        if let Some(script) = script {
            each_gram(run, script, found);
        }
        rest = tail;
    }
    each_spaced_word(rest, found);
}

/// A script that is written without spaces, or glues its words together. Where one ends and another
/// begins, a word does too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Han,
    Hiragana,
    Katakana,
    Hangul,
    /// Thai, Lao, Burmese, Khmer.
    Southern,
}

impl Script {
    fn of(c: char) -> Option<Self> {
        match c {
            '\u{3040}'..='\u{309f}' => Some(Self::Hiragana),
            '\u{30a0}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}' => {
                Some(Self::Katakana)
            }
            '々'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3134f}' => Some(Self::Han),
            '\u{ac00}'..='\u{d7af}' => Some(Self::Hangul),
            '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => {
                Some(Self::Southern)
            }
            _ => None,
        }
    }
}

/// A few characters at a time find words without knowing where they begin.
fn each_gram(run: &str, script: Script, found: &mut impl FnMut(&str, Kind)) {
    let starts: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    // Two katakana are a syllable or two of a foreign word: card and code would share half.
    let length = if script == Script::Katakana { 3 } else { 2 };
    let grams = starts.len().saturating_sub(length).max(1);
    let kind = if script == Script::Hiragana { Kind::Kana } else { Kind::Gram(grams) };
    if starts.len() <= length {
        // A single kana is an ending or a particle.
        match (script, starts.len()) {
            (Script::Hiragana, 2) => {}
            (Script::Han, 2) => found(run, Kind::Root),
            _ => found(run, kind),
        }
        return;
    }
    for window in starts.windows(length + 1) {
        found(&run[window[0]..window[length]], kind);
    }
    if script == Script::Han {
        for window in starts.windows(2) {
            found(&run[window[0]..window[1]], Kind::Part);
        }
    }
}

fn each_spaced_word(text: &str, found: &mut impl FnMut(&str, Kind)) {
    for word in text.unicode_words() {
        if word.bytes().all(|b| b.is_ascii_lowercase()) {
            found(word, Kind::Plain);
            continue;
        }
        let parts = parts(word);
        // `chatbotId` is asked for as `chatbotid` and as chatbot.
        if parts.len() > 1 && !word.contains(['\'', '’']) {
            found(&word.to_lowercase(), Kind::Whole);
        }
        for part in parts {
            found(&part.to_lowercase(), Kind::Plain);
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
    fn scripts_without_spaces_are_cut_into_grams_where_the_script_changes() {
        assert_eq!(words("鍵は東京 key"), ["鍵", "東京", "東", "京", "key"]);
        assert_eq!(words("カードの登録"), ["カード", "登録", "登", "録"]);
        assert_eq!(words("メモをしおり"), ["メモ", "をし", "しお", "おり"]);
        assert_eq!(words("한국어"), ["한국", "국어"]);
        assert_eq!(words("水"), ["水"]);
    }

    #[test]
    fn stop_words_go_and_what_remains_is_stemmed() {
        let stems = |question| -> Vec<_> {
            let asked = asked(question, &[Language::English], 9).into_iter();
            asked.filter(|asked| !asked.is_chatter).map(|asked| asked.stems).collect()
        };
        assert_eq!(stems("please tell me about keys and keys"), [["key", "keys"]]);
        assert!(stems("Thank you!").is_empty());
    }
}
