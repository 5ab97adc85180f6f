//! Languages: which one a document is in, its stop words, its stems.
//!
//! A document is long enough for its language to be recognised by its stop words. A question is
//! not, so nobody guesses: it is read in every language that the documents are in.

use std::collections::HashSet;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation as _;

/// Stop words of books that make a difference in a manual: switched off, back up, after a crash.
const MEANINGFUL: &[&str] = &["up", "down", "off", "before", "after", "own", "again", "not"];

/// A language whose words can be stemmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Language {
    English,
    German,
    French,
    Spanish,
    Italian,
    Portuguese,
    Dutch,
    Danish,
    Norwegian,
    Swedish,
    Finnish,
    Russian,
}

pub(crate) const ALL: [Language; 12] = [
    Language::English,
    Language::German,
    Language::French,
    Language::Spanish,
    Language::Italian,
    Language::Portuguese,
    Language::Dutch,
    Language::Danish,
    Language::Norwegian,
    Language::Swedish,
    Language::Finnish,
    Language::Russian,
];

/// What is known of each language, in the order of [`ALL`].
static KNOWN: LazyLock<Vec<Known>> =
    LazyLock::new(|| ALL.iter().map(|language| Known::of(*language)).collect());

struct Known {
    stop: HashSet<&'static str>,
    stemmer: Stemmer,
}

impl Known {
    fn of(language: Language) -> Self {
        let (code, algorithm) = match language {
            Language::English => ("en", Algorithm::English),
            Language::German => ("de", Algorithm::German),
            Language::French => ("fr", Algorithm::French),
            Language::Spanish => ("es", Algorithm::Spanish),
            Language::Italian => ("it", Algorithm::Italian),
            Language::Portuguese => ("pt", Algorithm::Portuguese),
            Language::Dutch => ("nl", Algorithm::Dutch),
            Language::Danish => ("da", Algorithm::Danish),
            Language::Norwegian => ("no", Algorithm::Norwegian),
            Language::Swedish => ("sv", Algorithm::Swedish),
            Language::Finnish => ("fi", Algorithm::Finnish),
            Language::Russian => ("ru", Algorithm::Russian),
        };
        let mut stop: HashSet<&'static str> =
            stop_words::lookup(code).unwrap_or_default().iter().copied().collect();
        if language == Language::English {
            MEANINGFUL.iter().for_each(|word| {
                stop.remove(word);
            });
        }
        Self { stop, stemmer: Stemmer::create(algorithm) }
    }
}

impl Language {
    fn known(self) -> &'static Known {
        &KNOWN[self as usize]
    }

    /// Whether `word` (lower case) only holds a sentence of this language together.
    pub(crate) fn is_stop_word(self, word: &str) -> bool {
        self.known().stop.contains(word)
    }

    /// Whether it writes compounds as one word.
    pub(crate) fn glues_words(self) -> bool {
        use Language::{Danish, Dutch, Finnish, German, Norwegian, Swedish};
        matches!(self, German | Dutch | Danish | Norwegian | Swedish | Finnish)
    }

    /// The stem of `word` (lower case); the word itself when it is not of this language's script.
    pub(crate) fn stem(self, word: &str) -> String {
        // The stemmers cut at bytes: what is not of their alphabet is none of their business.
        let fits = match self {
            Self::English => word.bytes().all(|b| b.is_ascii_lowercase()),
            Self::Russian => word.chars().all(|c| matches!(c, 'а'..='я' | 'ё')),
            _ => word.chars().all(|c| matches!(c, 'a'..='z' | 'ß'..='ö' | 'ø'..='ÿ' | 'œ')),
        };
        if !fits {
            return word.to_owned();
        }
        let stemmer = &self.known().stemmer;
        match self {
            Self::English => {
                let mut stem = stemmer.stem(&american(word)).into_owned();
                // "added" loses a letter on the way to its stem that "add" keeps.
                if let [.., a, b] = stem.as_bytes()
                    && a == b
                    && !b"aeiouls".contains(b)
                {
                    stem.pop();
                }
                stem
            }
            Self::German => stemmer.stem(&unbent(word)).into_owned(),
            _ => stemmer.stem(word).into_owned(),
        }
    }

    /// As ISO 639-1 has it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Italian => "it",
            Self::Portuguese => "pt",
            Self::Dutch => "nl",
            Self::Danish => "da",
            Self::Norwegian => "no",
            Self::Swedish => "sv",
            Self::Finnish => "fi",
            Self::Russian => "ru",
        }
    }

    /// The reverse of [`Language::code`].
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        ALL.into_iter().find(|language| language.code() == code)
    }

    /// The language that `text` is written in, when its stop words tell.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let words: Vec<String> = text.unicode_words().take(2000).map(str::to_lowercase).collect();
        best(&words, words.len() / 20, &ALL)
    }

    /// As [`Language::of`] for as little as a question; between equals one of `likely`.
    pub(crate) fn of_question(question: &str, likely: &[Self]) -> Option<Self> {
        let words: Vec<String> = question.unicode_words().map(str::to_lowercase).collect();
        best(&words, 0, &[likely, &ALL].concat())
    }
}

/// The first of `languages` that has most stop words among `words`, when these are more than `few`.
fn best(words: &[String], few: usize, languages: &[Language]) -> Option<Language> {
    let mut best = (None, few);
    for language in languages {
        let known = language.known();
        let hits = words.iter().filter(|word| known.stop.contains(word.as_str())).count();
        if hits > best.1 {
            best = (Some(*language), hits);
        }
    }
    best.0
}

/// One spelling for colour and color, for authorise and authorize. What it does to other words does
/// not matter, because it does it everywhere.
fn american(word: &str) -> String {
    let pairs = [
        ("our", "or"),
        ("ours", "ors"),
        ("oured", "ored"),
        ("ise", "ize"),
        ("ised", "ized"),
        ("ises", "izes"),
        ("ising", "izing"),
        ("isation", "ization"),
    ];
    for (british, american) in pairs {
        if let Some(head) = word.strip_suffix(british).filter(|head| head.len() >= 3) {
            return format!("{head}{american}");
        }
    }
    word.to_owned()
}

/// German verbs as their infinitive begins: abgeholt and abzuholen as abholen, geleert as leeren. What
/// it does to other words does not matter, because it does it everywhere.
fn unbent(word: &str) -> String {
    let beginnings = [
        "zurück", "ab", "an", "auf", "aus", "bei", "ein", "her", "hin", "mit", "nach", "um", "vor",
        "weg", "zu", "",
    ];
    let long = |rest: &&str| rest.chars().nth(3).is_some();
    for beginning in beginnings {
        let Some(rest) = word.strip_prefix(beginning) else { continue };
        let participle = rest.strip_prefix("ge").filter(|rest| rest.ends_with('t'));
        let infinitive = rest.strip_prefix("zu").filter(|rest| rest.ends_with('n'));
        let infinitive = infinitive.filter(|_| !beginning.is_empty());
        if let Some(verb) = participle.or(infinitive).filter(long) {
            let verb = verb.strip_suffix("et").or_else(|| verb.strip_suffix('t')).unwrap_or(verb);
            return format!("{beginning}{verb}");
        }
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_document_tells_its_language() {
        let texts = [
            (Language::English, "The server is started with one command and it listens at once."),
            (Language::German, "Der Server wird mit einem Befehl gestartet und hört sofort zu."),
            (Language::French, "Le serveur est lancé avec une commande et il écoute aussitôt."),
            (Language::Spanish, "El servidor se inicia con un comando y escucha de inmediato."),
            (Language::Russian, "Сервер запускается одной командой и сразу же начинает слушать."),
        ];
        for (language, text) in texts {
            assert_eq!(Language::of(text), Some(language), "{text}");
        }
        assert_eq!(Language::of("サーバーは一つのコマンドで起動します。"), None);
        assert_eq!(Language::of(""), None);
    }

    #[test]
    fn every_language_has_stop_words_and_stems() {
        for language in ALL {
            assert!(language.known().stop.len() > 40, "{language:?}");
        }
        assert_eq!(Language::German.stem("schaltfläche"), Language::German.stem("schaltflächen"));
        for (bent, verb) in
            [("abgeholt", "abholen"), ("anzumelden", "anmelden"), ("geleert", "leeren")]
        {
            assert_eq!(Language::German.stem(bent), Language::German.stem(verb));
        }
        assert_eq!(Language::English.stem("colours"), Language::English.stem("color"));
        assert_eq!(Language::English.stem("authorise"), Language::English.stem("authorized"));
        assert_eq!(Language::English.stem("added"), Language::English.stem("add"));
        assert_eq!(Language::English.stem("日本"), "日本");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn no_word_makes_a_stemmer_panic(latin in "[a-zß-öø-ÿœ]{0,12}", russian in "[а-яё]{0,12}", any in "\\PC{0,8}") {
            for language in ALL {
                for word in [&latin, &russian, &any] {
                    language.stem(word);
                }
            }
        }
    }
}
