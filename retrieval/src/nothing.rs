//! What is said when there is nothing to answer from, in the language of the question.
//!
//! A question is short: kana, Hangul and Chinese characters tell their languages, else its stop
//! words do. A question without any is taken to be in the language of the one before, or of the
//! documents when they share one.

use crate::language::Language;

/// A language that an answer can be given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tongue {
    Stemmed(Language),
    Japanese,
    Chinese,
    Korean,
}

impl Tongue {
    /// Of the last of `questions` that tells; `documents` are the languages of the documents.
    pub(crate) fn of(questions: &[&str], documents: &[Language]) -> Self {
        let told = questions.iter().rev().find_map(|question| Self::told(question, documents));
        told.unwrap_or(match documents {
            [only] => Self::Stemmed(*only),
            _ => Self::Stemmed(Language::English),
        })
    }

    fn told(question: &str, documents: &[Language]) -> Option<Self> {
        let has =
            |range: std::ops::RangeInclusive<char>| question.chars().any(|c| range.contains(&c));
        if has('\u{3040}'..='\u{30ff}') {
            Some(Self::Japanese)
        } else if has('\u{ac00}'..='\u{d7af}') {
            Some(Self::Korean)
        } else if has('\u{4e00}'..='\u{9fff}') {
            Some(Self::Chinese)
        } else {
            Language::of_question(question, documents).map(Self::Stemmed)
        }
    }

    /// Says that the documents hold no answer.
    pub(crate) fn nothing_found(self) -> &'static str {
        self.sentences().0
    }

    /// Says that nothing was asked.
    pub(crate) fn nothing_asked(self) -> &'static str {
        self.sentences().1
    }

    fn sentences(self) -> (&'static str, &'static str) {
        let found = SENTENCES.iter().find(|(tongue, ..)| *tongue == self);
        let (_, nothing_found, nothing_asked) = found.unwrap_or(&ENGLISH);
        (nothing_found, nothing_asked)
    }
}

/// Whether `text` says, in any language, that the documents hold no answer.
pub(crate) fn is_nothing_found(text: &str) -> bool {
    std::iter::once(&ENGLISH).chain(SENTENCES).any(|(_, nothing_found, _)| *nothing_found == text)
}

/// A language, what is said when nothing is found, and when nothing is asked.
type Sentences = (Tongue, &'static str, &'static str);

const ENGLISH: Sentences = (
    Tongue::Stemmed(Language::English),
    "I found nothing about that in the documentation. Please try other words, or ask about something else.",
    "I answer questions from the documentation. What would you like to know?",
);

const SENTENCES: &[Sentences] = &[
    (
        Tongue::Stemmed(Language::German),
        "Dazu habe ich in der Dokumentation nichts gefunden. Bitte versuchen Sie es mit anderen Worten oder fragen Sie nach etwas anderem.",
        "Ich beantworte Fragen aus der Dokumentation. Was möchten Sie wissen?",
    ),
    (
        Tongue::Stemmed(Language::French),
        "Je n’ai rien trouvé à ce sujet dans la documentation. Essayez avec d’autres mots ou posez une autre question.",
        "Je réponds aux questions à partir de la documentation. Que souhaitez-vous savoir ?",
    ),
    (
        Tongue::Stemmed(Language::Spanish),
        "No he encontrado nada sobre eso en la documentación. Pruebe con otras palabras o pregunte otra cosa.",
        "Respondo preguntas a partir de la documentación. ¿Qué desea saber?",
    ),
    (
        Tongue::Stemmed(Language::Italian),
        "Non ho trovato nulla al riguardo nella documentazione. Provi con altre parole o faccia un’altra domanda.",
        "Rispondo alle domande in base alla documentazione. Che cosa desidera sapere?",
    ),
    (
        Tongue::Stemmed(Language::Portuguese),
        "Não encontrei nada sobre isso na documentação. Tente com outras palavras ou pergunte outra coisa.",
        "Respondo a perguntas com base na documentação. O que gostaria de saber?",
    ),
    (
        Tongue::Stemmed(Language::Dutch),
        "Daarover heb ik niets gevonden in de documentatie. Probeer het met andere woorden of stel een andere vraag.",
        "Ik beantwoord vragen op basis van de documentatie. Wat wilt u weten?",
    ),
    (
        Tongue::Stemmed(Language::Danish),
        "Det har jeg ikke fundet noget om i dokumentationen. Prøv med andre ord, eller spørg om noget andet.",
        "Jeg besvarer spørgsmål ud fra dokumentationen. Hvad vil du gerne vide?",
    ),
    (
        Tongue::Stemmed(Language::Norwegian),
        "Jeg fant ingenting om det i dokumentasjonen. Prøv med andre ord, eller spør om noe annet.",
        "Jeg svarer på spørsmål ut fra dokumentasjonen. Hva vil du vite?",
    ),
    (
        Tongue::Stemmed(Language::Swedish),
        "Jag hittade inget om det i dokumentationen. Försök med andra ord eller fråga om något annat.",
        "Jag besvarar frågor utifrån dokumentationen. Vad vill du veta?",
    ),
    (
        Tongue::Stemmed(Language::Finnish),
        "En löytänyt tästä mitään dokumentaatiosta. Kokeile muita sanoja tai kysy jotain muuta.",
        "Vastaan kysymyksiin dokumentaation perusteella. Mitä haluaisit tietää?",
    ),
    (
        Tongue::Stemmed(Language::Russian),
        "В документации ничего об этом не нашлось. Попробуйте другие слова или спросите о чём-нибудь другом.",
        "Я отвечаю на вопросы по документации. Что вы хотите узнать?",
    ),
    (
        Tongue::Japanese,
        "ドキュメントには該当する内容が見つかりませんでした。別の言葉で試すか、ほかのことをお尋ねください。",
        "ドキュメントをもとにご質問にお答えします。何をお知りになりたいですか？",
    ),
    (
        Tongue::Chinese,
        "文档中没有找到相关内容。请换一种说法，或者问问其他问题。",
        "我根据文档回答问题。您想了解什么？",
    ),
    (
        Tongue::Korean,
        "문서에서 관련 내용을 찾지 못했습니다. 다른 말로 다시 질문하시거나 다른 것을 물어봐 주세요.",
        "저는 문서를 바탕으로 질문에 답합니다. 무엇을 알고 싶으신가요?",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_declined_in_its_own_language() {
        let told = [
            ("What is the capital of Australia?", Tongue::Stemmed(Language::English)),
            ("Wie wird das Wetter morgen?", Tongue::Stemmed(Language::German)),
            ("Quel temps fera-t-il demain dans le nord ?", Tongue::Stemmed(Language::French)),
            ("¿Cómo está el tiempo en la costa?", Tongue::Stemmed(Language::Spanish)),
            ("Che tempo fa nella capitale?", Tongue::Stemmed(Language::Italian)),
            ("Qual é a capital da Austrália?", Tongue::Stemmed(Language::Portuguese)),
            ("Wat is het weer voor morgen?", Tongue::Stemmed(Language::Dutch)),
            ("Vad är det för väder?", Tongue::Stemmed(Language::Swedish)),
            ("Mikä on Australian pääkaupunki?", Tongue::Stemmed(Language::Finnish)),
            ("Какая завтра будет погода?", Tongue::Stemmed(Language::Russian)),
            ("明日の天気は?", Tongue::Japanese),
            ("明天天气怎么样？", Tongue::Chinese),
            ("내일 날씨 어때요?", Tongue::Korean),
        ];
        for (question, tongue) in told {
            assert_eq!(Tongue::of(&[question], &[]), tongue, "{question}");
        }
    }

    #[test]
    fn a_question_that_does_not_tell_takes_the_language_around_it() {
        let german = Tongue::Stemmed(Language::German);
        assert_eq!(Tongue::of(&["Was kostet das?", "Zugspitze?"], &[Language::English]), german);
        assert_eq!(Tongue::of(&["Zugspitze?"], &[Language::German]), german);
        let several = [Language::English, Language::German];
        assert_eq!(Tongue::of(&["Zugspitze?"], &several), Tongue::Stemmed(Language::English));
    }

    #[test]
    fn nothing_found_is_recognised_in_every_language() {
        for (tongue, ..) in std::iter::once(&ENGLISH).chain(SENTENCES) {
            assert!(is_nothing_found(tongue.nothing_found()), "{tongue:?}");
            assert!(!is_nothing_found(tongue.nothing_asked()), "{tongue:?}");
        }
        for language in crate::language::ALL {
            let found = SENTENCES.iter().any(|(tongue, ..)| *tongue == Tongue::Stemmed(language));
            assert!(found || language == Language::English, "{language:?} has no sentence");
        }
    }
}
