//! What people say around a question, and what says nothing about the matter.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::spelling::is_one_slip;

/// Words that say something about politeness and nothing about the matter: people write them to a
/// chat, so no list made from books has them. They are no stop words in a document.
const CHATTER: &str = "\
    actually anybody anyone anything exactly explain get give hello help hey hi kindly know \
    let like maybe mean need okay one please possible question really somebody someone \
    something tell thank thanks thing understand want wanted way wonder wondering would \
    could may might must shall us im id ill ive cannot via yes ok got go going also able \
    else exist see happen happens happening come many much often still ever sure now just \
    wont find there say came \
    bitte hallo danke brauche brauchen braucht bekomme bekommen bekommt möchte möchten darf \
    dürfen gibt geht gehen wohin woher wofür worauf mal eigentlich gerne gern wissen sagen \
    erklären hilfe welcher lassen machen mache \
    bonjour merci pouvez veux voudrais puis hola gracias quiero puedo necesito ciao grazie \
    vorrei posso olá obrigado quero graag wil kunnen hej tack kan vill";

/// The same of languages that are written without spaces, the longest first.
const COURTESIES: &[&str] = &[
    "ありがとうございます",
    "ありがとう",
    "こんにちは",
    "教えてください",
    "教えて下さい",
    "知りたいです",
    "お願いします",
    "してください",
    "ください",
    "知りたい",
    "教えて",
    "方法",
    "如何",
    "怎么",
    "什么",
    "请问",
    "谢谢",
    "你好",
    "어떻게",
    "주세요",
    "감사합니다",
    "안녕하세요",
];

static SAID_AROUND: LazyLock<HashSet<&str>> =
    LazyLock::new(|| CHATTER.split_whitespace().collect());

/// Whether `word` (lower case) is what people say around a question.
pub(crate) fn is_chatter(word: &str) -> bool {
    SAID_AROUND.contains(word)
}

/// Whether `word` (lower case) is such a word, misspelt.
pub(crate) fn is_chatter_misspelt(word: &str) -> bool {
    word.chars().nth(5).is_some() && SAID_AROUND.iter().any(|known| is_one_slip(word, known))
}

/// `question` without what people say around it in languages that are written without spaces.
pub(crate) fn without_courtesies(question: &str) -> String {
    let mut kept = question.to_owned();
    for courtesy in COURTESIES.iter().filter(|courtesy| question.contains(**courtesy)) {
        kept = kept.replace(courtesy, " ");
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn politeness_is_known_also_when_misspelt_and_without_spaces() {
        assert!(is_chatter("please") && is_chatter("bitte") && !is_chatter("parcel"));
        assert!(is_chatter_misspelt("somthing") && !is_chatter_misspelt("parcel"));
        assert_eq!(without_courtesies("天気を教えてください"), "天気を ");
    }
}
