//! The words of all documents: which term each is, and which terms a word of a question may mean.
//!
//! In: texts, while an index is built. Out: their terms; afterwards the terms that a word of a
//! question stands for. A word that no document has is looked for as a slip of the keys and as the
//! beginning of a longer word; in languages that glue words together, words are looked for in
//! compounds and unknown compounds by their parts. All of these are ranges of sorted lists, so that
//! a large vocabulary costs little.

use std::collections::{HashMap, HashSet};

use crate::chatter::is_chatter_misspelt;
use crate::language::Language;
use crate::spelling::{is_longer_form, is_one_slip};
use crate::synonyms::{Part, Related, Synonyms};
use crate::words::{Asked, Kind, each_word};

/// A term, numbered.
pub(crate) type Term = u32;

/// Shortest word that is taken for a misspelling, in characters.
const MISSPELT: usize = 5;
/// Shortest part of a compound, and of what is left of it, in characters.
const PART: usize = 4;
const REST: usize = 3;
/// What the head of a compound counts beside the word itself: a Reisepass is a Pass.
const HEAD: f32 = 0.9;
/// What any other part of it counts: a Passfoto is none.
const MODIFIER: f32 = 0.75;
/// What a compound counts when the documents have the word by itself, too.
const BESIDE: f32 = 0.9;
/// What a synonym counts of itself when the documents have the word that was asked with.
const BESIDE_SYNONYM: f32 = 0.5;
/// What a character counts of an unknown Chinese or Japanese word.
const CHARACTER: f32 = 0.3;
/// What a word counts that is only similar.
const SIMILAR: f32 = 0.9;
/// Most compounds that a word is looked for in.
const COMPOUNDS: usize = 24;

/// A word of a question, as the terms that it may mean.
#[derive(Clone, Debug)]
pub(crate) struct Meant {
    /// Each with how much it counts, up to 1.
    pub terms: Vec<(Term, f32)>,
    /// How much the word says, times how rare it is.
    pub weight: f32,
    /// Whether it is more than a character or two of a sentence.
    pub is_word: bool,
}

impl Meant {
    /// The part of the word that stands in `terms` (sorted), 0 to 1.
    pub(crate) fn share(&self, terms: &[Term]) -> f32 {
        let there = self.terms.iter().filter(|(term, _)| terms.binary_search(term).is_ok());
        there.map(|(_, share)| *share).fold(0.0, f32::max)
    }
}

/// Sorted words and their terms.
type Sorted = Vec<(Box<str>, Term)>;

/// The words of all documents.
#[derive(Default)]
pub(crate) struct Lexicon {
    ids: HashMap<String, Term>,
    /// In how many passages each term stands.
    passages: Vec<u32>,
    stems: Sorted,
    /// Words as they are written, for misspellings.
    written: Sorted,
    /// Terms of languages that glue words together.
    glued: Sorted,
    /// The same ones read backwards.
    backwards: Sorted,
}

/// Reads documents into a [`Lexicon`].
#[derive(Default)]
pub(crate) struct Reader {
    lexicon: Lexicon,
    /// What became of each word in each language.
    known: HashMap<Option<Language>, HashMap<String, Known>>,
}

/// A word of the documents.
#[derive(Clone, Copy)]
struct Known {
    /// `None` for a stop word.
    term: Option<Term>,
    /// Whether phrases have it.
    part: Option<Part>,
}

impl Reader {
    /// The terms of `text` in their order, without stop words.
    pub(crate) fn read(&mut self, text: &str, language: Option<Language>) -> Vec<Term> {
        let mut found = Vec::new();
        let Self { lexicon, known } = self;
        let known = known.entry(language).or_default();
        let synonyms = Synonyms::of(language);
        let mut before = None;
        each_word(text, &mut |word, _| {
            let word = known.get(word).copied().unwrap_or_else(|| {
                let stem = language.map_or_else(|| word.to_owned(), |language| language.stem(word));
                let is_stop = language.is_some_and(|language| language.is_stop_word(word));
                let term = (!is_stop).then(|| lexicon.intern(&stem));
                let read = Known { term, part: synonyms.part(&stem) };
                known.insert(word.to_owned(), read);
                read
            });
            found.extend(word.term);
            let pair = before.zip(word.part);
            let phrase = pair.and_then(|(before, part)| synonyms.phrase(before, part));
            found.extend(phrase.map(|phrase| lexicon.intern(phrase)));
            before = word.part;
        });
        found
    }

    /// Counts a passage that has these terms, each once.
    pub(crate) fn count(&mut self, terms: &[Term]) {
        for term in terms {
            if let Some(passages) = self.lexicon.passages.get_mut(*term as usize) {
                *passages += 1;
            }
        }
    }

    pub(crate) fn finish(self) -> Lexicon {
        let mut lexicon = self.lexicon;
        let written = self.known.values().flatten();
        lexicon.written =
            sorted(written.filter_map(|(word, known)| Some((word.as_str(), known.term?))));
        let words = lexicon.ids.iter().filter(|(stem, _)| !stem.contains(' '));
        lexicon.stems = sorted(words.map(|(stem, term)| (stem.as_str(), *term)));
        let mut glued = HashSet::new();
        for (language, words) in &self.known {
            if language.is_some_and(Language::glues_words) {
                for term in words.values().filter_map(|known| known.term) {
                    glued.insert(term);
                }
            }
        }
        let is_glued = |(stem, term): &&(Box<str>, Term)| {
            glued.contains(term) && stem.chars().nth(PART + REST - 1).is_some()
        };
        lexicon.glued = lexicon.stems.iter().filter(is_glued).cloned().collect();
        let backwards: Vec<(String, Term)> =
            lexicon.glued.iter().map(|(stem, term)| (reversed(stem), *term)).collect();
        lexicon.backwards = sorted(backwards.iter().map(|(stem, term)| (stem.as_str(), *term)));
        lexicon
    }
}

fn sorted<'a>(words: impl Iterator<Item = (&'a str, Term)>) -> Sorted {
    let mut words: Sorted = words.map(|(word, term)| (word.into(), term)).collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn reversed(word: &str) -> String {
    word.chars().rev().collect()
}

/// The words that begin with `start`.
fn beginning<'a>(words: &'a Sorted, start: &'a str) -> impl Iterator<Item = &'a (Box<str>, Term)> {
    let from = words.partition_point(|(word, _)| &**word < start);
    words.iter().skip(from).take_while(move |(word, _)| word.starts_with(start))
}

impl Lexicon {
    fn intern(&mut self, stem: &str) -> Term {
        if let Some(term) = self.ids.get(stem) {
            return *term;
        }
        let term = self.passages.len() as Term;
        self.ids.insert(stem.to_owned(), term);
        self.passages.push(0);
        term
    }

    /// The number of terms.
    pub(crate) fn len(&self) -> usize {
        self.passages.len()
    }

    /// In how many passages `term` stands.
    pub(crate) fn passages(&self, term: Term) -> u32 {
        self.passages.get(term as usize).copied().unwrap_or(0)
    }

    /// The terms that `word` may mean; none when no document knows anything like it.
    pub(crate) fn meant(&self, word: &Asked) -> Vec<(Term, f32)> {
        let exact = word.stems.iter().filter_map(|stem| self.ids.get(stem));
        let mut terms: Vec<(Term, f32)> = exact.map(|term| (*term, 1.0)).collect();
        if matches!(word.kind, Kind::Whole | Kind::Kana | Kind::Root) || word.is_chatter {
            return terms;
        }
        let known = terms.len();
        for stem in &word.stems {
            self.compounds_of(stem, &mut terms);
        }
        if known > 0 {
            terms.iter_mut().skip(known).for_each(|(_, share)| *share *= BESIDE);
        }
        if terms.is_empty() && !is_chatter_misspelt(&word.written) {
            terms.extend(self.neighbour(word).map(|term| (term, SIMILAR)));
        }
        if known == 0 {
            for stem in &word.stems {
                self.parts_of(stem, &mut terms);
            }
        }
        best_of_each(&mut terms);
        terms
    }

    /// Adds to the `terms` of a word of a question what its synonyms are among the documents.
    pub(crate) fn add_related(
        &self,
        word: &Asked,
        related: &[Related],
        terms: &mut Vec<(Term, f32)>,
    ) {
        let is_from =
            |related: &&Related| related.from.iter().any(|from| word.stems.contains(from));
        let to = related.iter().filter(is_from).flat_map(|related| &related.to);
        // Documents that have the word itself mean it more often by that.
        let is_known = terms.iter().any(|(_, share)| *share == 1.0);
        let beside = if is_known { BESIDE_SYNONYM } else { 1.0 };
        let counts = |share: f32| if share < 1.0 { share * beside } else { share };
        terms.extend(to.filter_map(|(to, share)| Some((*self.ids.get(to)?, counts(*share)))));
        best_of_each(terms);
    }

    /// Compounds that `stem` is the head of, or begins: parkkarte in besucherparkkarte.
    fn compounds_of(&self, stem: &str, found: &mut Vec<(Term, f32)>) {
        let length = stem.chars().count();
        if length < PART {
            return;
        }
        let is_longer = |word: &str| word.chars().count() >= length + REST;
        let backwards = reversed(stem);
        let heads = beginning(&self.backwards, &backwards).filter(|(word, _)| is_longer(word));
        found.extend(heads.take(COMPOUNDS).map(|(_, term)| (*term, HEAD)));
        let modified = beginning(&self.glued, stem).filter(|(word, _)| is_longer(word));
        found.extend(modified.take(COMPOUNDS).map(|(_, term)| (*term, MODIFIER)));
    }

    /// Terms that the compound `stem` is made of: tonne in mülltonne, 通 and 信 in 通信.
    fn parts_of(&self, stem: &str, found: &mut Vec<(Term, f32)>) {
        let starts: Vec<usize> = stem.char_indices().map(|(at, _)| at).collect();
        let is_han = stem.chars().all(|c| matches!(c, '\u{3400}'..='\u{9fff}'));
        let (part, rest) = if is_han { (1, 1) } else { (PART, REST) };
        if starts.len() < part + rest || !is_han && self.glued.is_empty() {
            return;
        }
        let known = |part: &str| self.ids.get(part).copied();
        // The longest part is the likeliest.
        let tails =
            starts.iter().enumerate().filter(|(at, _)| *at >= rest && starts.len() - at >= part);
        let (head, modifier) = if is_han { (CHARACTER, CHARACTER) } else { (HEAD, MODIFIER) };
        let tail = tails.filter_map(|(_, at)| known(&stem[*at..])).next();
        found.extend(tail.map(|term| (term, head)));
        let fronts = starts
            .iter()
            .enumerate()
            .rev()
            .filter(|(at, _)| *at >= part && starts.len() - at >= rest);
        let front = fronts.filter_map(|(_, at)| known(&stem[..*at])).next();
        found.extend(front.map(|term| (term, modifier)));
    }

    /// The commonest term that is one slip of the keys away, or a longer form of the word.
    fn neighbour(&self, word: &Asked) -> Option<Term> {
        let written = word.written.as_str();
        written.chars().nth(MISSPELT - 1)?;
        // The first letter is seldom wrong, and the rest of the vocabulary need not be read.
        let first = written.chars().next().filter(|c| c.is_alphabetic())?.to_string();
        let slips = beginning(&self.written, &first).filter(|(term, _)| is_one_slip(written, term));
        let longer = word.stems.iter().flat_map(|stem| {
            beginning(&self.stems, stem).filter(|(term, _)| is_longer_form(stem, term))
        });
        let commonest = |term: &Term| (self.passages(*term), *term);
        let slip = slips.map(|(_, term)| *term).max_by_key(commonest);
        slip.or_else(|| longer.map(|(_, term)| *term).max_by_key(commonest))
    }
}

/// Keeps the best reading of each term.
fn best_of_each(terms: &mut Vec<(Term, f32)>) {
    terms.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    terms.dedup_by_key(|(term, _)| *term);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::asked;

    /// The terms that `question` may mean among `words`, as text.
    fn meant(language: Option<Language>, words: &str, question: &str) -> Vec<String> {
        let mut reader = Reader::default();
        let mut terms = reader.read(words, language);
        terms.sort_unstable();
        reader.count(&terms);
        let lexicon = reader.finish();
        let languages: Vec<Language> = language.into_iter().collect();
        let asked = asked(question, &languages, 9);
        let meant = asked.iter().flat_map(|word| lexicon.meant(word));
        let stem = |term| lexicon.ids.iter().find(|(_, id)| **id == term).map(|(stem, _)| stem);
        meant.filter_map(|(term, _)| stem(term).cloned()).collect()
    }

    #[test]
    fn a_german_word_is_found_in_compounds_and_a_compound_by_its_parts() {
        let german = Some(Language::German);
        let words = "Besucherparkkarten Tonne Hafen";
        assert_eq!(meant(german, words, "Parkkarte"), ["besucherparkkart"]);
        assert_eq!(meant(german, words, "Besucher"), ["besucherparkkart"]);
        assert_eq!(meant(german, words, "Mülltonne"), ["tonn"]);
        assert!(meant(german, words, "Karton").is_empty());
        assert!(meant(Some(Language::English), "portrait report", "port").is_empty());
    }

    #[test]
    fn an_unknown_word_is_a_slip_of_the_keys_or_the_beginning_of_a_longer_one() {
        let english = Some(Language::English);
        assert_eq!(meant(english, "wedding photograph", "weding"), ["wed"]);
        assert_eq!(meant(english, "wedding photograph", "photo"), ["photograph"]);
        assert!(meant(english, "wedding photograph", "weather").is_empty());
    }

    #[test]
    fn an_unknown_japanese_word_is_looked_for_by_its_characters() {
        assert_eq!(meant(None, "通信", "通信"), ["通信"]);
        assert_eq!(meant(None, "休会", "休止"), ["休"]);
    }
}
