//! The built-in agent knows the guide: real questions to the real pages of `docs/`.

use std::path::Path;
use std::sync::LazyLock;
use std::{env, fs};

use retrieval::{Composed, Guide, Index, Passage, compose, passages};

/// Questions whose words do not stand in the heading that answers them.
const QUESTIONS: &[(&str, &str)] = &[
    ("Which snippet must I paste into my HTML?", "/docs/embedding#script-tag"),
    (
        "Can I give the bubble my company's colours?",
        "/docs/widget-options#dark-mode-and-brand-colour",
    ),
    ("Is Postgres supported as a database?", "/docs/storage#postgresql"),
    ("How do I use a local LLM such as llama3.1?", "/docs/model-servers#ollama"),
    (
        "Which nginx settings keep streams from being buffered?",
        "/docs/running-in-production#behind-a-reverse-proxy",
    ),
    ("How do I get a 503 from /ready explained?", "/docs/running-in-production#health-checks"),
    ("Which cookies are set?", "/docs/privacy#in-the-visitors-browser"),
    (
        "What happens if somebody refreshes the tab while the bot is writing?",
        "/docs/the-chat#reloading-and-going-to-another-page",
    ),
    (
        "How can I rotate a secret while the service keeps running?",
        "/docs/keys-and-security#change-a-key-without-downtime",
    ),
    (
        "My visitors are throttled too early. How many requests may they send?",
        "/docs/api-errors#rate-limits",
    ),
    ("Where does it listen by default?", "/docs/configuration#server"),
    ("How do I make a copy of my data for safekeeping?", "/docs/storage#back-up"),
    (
        "How do I avoid duplicate messages when my app repeats a request?",
        "/docs/headless-clients#send-safely-twice",
    ),
    ("Does it need a certificate for TLS?", "/docs/running-in-production#https"),
    ("Where is the file with the secret that signs tokens?", "/docs/storage#master-key"),
    ("How many seconds does it wait for a slow model?", "/docs/model-servers#timeouts"),
    (
        "Why do I see nothing in the corner of my site?",
        "/docs/troubleshooting#the-button-does-not-appear",
    ),
    (
        "Can I hide the launcher and use a link of my own instead?",
        "/docs/embedding#open-and-close-it-from-your-own-code",
    ),
    (
        "How do I fetch all past chats with the admin key?",
        "/docs/headless-clients#read-conversations-as-an-admin",
    ),
    ("Is it accessible without a mouse?", "/docs/the-chat#keyboard-and-screen-readers"),
];

/// Questions that the guide does not answer.
const FOREIGN: &[&str] = &[
    "What will the weather be like tomorrow?",
    "How do I bake a chocolate cake?",
    "Who won the football match yesterday?",
    "What is the capital of Australia?",
    "Can you recommend a good dentist nearby?",
    "How long should I boil eggs?",
    "Write me a poem about the sea",
    "What does a ticket to Berlin cost?",
    "Which vitamins are in carrots?",
    "How old is the president?",
    "Ist morgen schönes Wetter?",
    "明日の天気は?",
];

static GUIDE: LazyLock<Guide> = LazyLock::new(|| {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut pages = Vec::new();
    for entry in fs::read_dir(&docs).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        pages.push((name, fs::read_to_string(path).unwrap()));
    }
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let pages: Vec<(&str, &str)> = pages.iter().map(|(n, text)| (&**n, &**text)).collect();
    Guide::new(&summary, &pages)
});

static PASSAGES: LazyLock<Vec<Passage>> =
    LazyLock::new(|| GUIDE.documents("guide").iter().flat_map(passages).collect());

static INDEX: LazyLock<Index> = LazyLock::new(|| Index::new(PASSAGES.clone()));

fn urls(answer: &Composed) -> Vec<&str> {
    answer.sources.iter().filter_map(|source| source.url.as_deref()).collect()
}

#[test]
fn questions_in_other_words_than_the_headings_lead_to_the_right_source() {
    let (mut wrong, mut not_first) = (Vec::new(), Vec::new());
    for (question, url) in QUESTIONS {
        let answer = compose(&INDEX, question, &[]);
        let got = urls(&answer);
        if !got.contains(url) {
            wrong.push(format!("{question}\n  wanted {url}\n  got {got:?}"));
        } else if got[0] != *url {
            not_first.push(format!("{question}\n  wanted {url}\n  got {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n\nnot first:\n{}", wrong.join("\n"), not_first.join("\n"));
    assert!(not_first.len() <= QUESTIONS.len() / 5, "not first:\n{}", not_first.join("\n"));
}

#[test]
fn foreign_questions_are_declined() {
    for question in FOREIGN {
        let answer = compose(&INDEX, question, &[]);
        assert!(!answer.found && answer.sources.is_empty(), "{question}\n{}", answer.text);
        let answer = compose(&INDEX, question, &["How do I put the widget on my page?"]);
        assert!(!answer.found, "{question} after another\n{}", answer.text);
    }
}
