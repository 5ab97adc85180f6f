//! The built-in agent knows the guide: real questions to the real pages of `docs/`.
#![allow(clippy::panic)]

use std::path::Path;
use std::sync::LazyLock;
use std::{env, fs};

use proptest::prelude::*;
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
    ("Can I write a system prompt of my own for the bot?", "/docs/agents#fields-of-an-agent"),
    (
        "How can I ask an agent something before my visitors see it?",
        "/docs/agents#try-an-agent-without-a-visitor",
    ),
    (
        "Can the shop's license key use only one particular agent?",
        "/docs/agents#bind-a-license-key-to-an-agent",
    ),
    ("Why do I get agent_inactive?", "/docs/troubleshooting#403-agent_inactive"),
    (
        "What exactly is sent to the LLM together with the question?",
        "/docs/agents#what-a-model-gets-to-see-in-this-order",
    ),
    ("Can two websites have different bots?", "/docs/agents#bind-a-license-key-to-an-agent"),
    ("How do I delete an agent?", "/docs/agents#change-or-remove-an-agent"),
    ("Why is my vLLM model not found?", "/docs/model-servers#vllm"),
    (
        "Is prompt injection from documents prevented?",
        "/docs/agents#what-a-model-gets-to-see-in-this-order",
    ),
    ("How do I connect Claude?", "/docs/model-servers#anthropic"),
    (
        "Which environment variables may api_key_env refer to?",
        "/docs/model-servers#environment-variables-that-an-agent-may-name",
    ),
    (
        "The test of my agent says that the model server refused with status 404. What is wrong?",
        "/docs/model-servers#what-test-connection-says",
    ),
    (
        "Can I change the sentence it says when it has no answer?",
        "/docs/agents#the-fallback-message",
    ),
    ("How do I turn off one of my agents for a while?", "/docs/agents#switch-an-agent-off"),
    ("Who is allowed to edit an agent's instructions?", "/docs/agents#who-may-edit-agents"),
    ("Which agent answers when I name none?", "/docs/agents#the-default-agent"),
    (
        "Is my OpenAI key for an agent kept secret?",
        "/docs/agents#what-is-kept-secret-about-an-agent",
    ),
    (
        "I edited the Demo agent and now the model is not asked any more. Why?",
        "/docs/troubleshooting#the-model-is-no-longer-asked-since-the-demo-agent-was-edited",
    ),
    ("Can I upload a PDF with our handbook?", "/docs/data-sources#upload-files"),
    ("How do I add an FAQ?", "/docs/data-sources#add-questions-with-answers"),
    (
        "Can it crawl my website and learn all its pages?",
        "/docs/data-sources#import-the-pages-of-a-website",
    ),
    (
        "Pages were deleted from my site. Does another import of the sitemap remove them?",
        "/docs/data-sources#import-the-same-sitemap-again",
    ),
    ("Does the import respect robots.txt?", "/docs/data-sources#what-an-import-fetches"),
    ("Can pages of our intranet be imported?", "/docs/data-sources#import-from-an-intranet"),
    ("How can I cancel a running import?", "/docs/data-sources#follow-or-stop-an-import"),
    (
        "How do I upload a newer version of a document?",
        "/docs/data-sources#replace-or-remove-a-document",
    ),
    ("Which languages may my documents be in?", "/docs/data-sources#languages-of-documents"),
    ("How many passages can a data source hold?", "/docs/data-sources#limits-of-data-sources"),
    (
        "How should I write headings so that my text is found?",
        "/docs/data-sources#write-documents-that-are-found",
    ),
    ("Why does my scanned PDF fail?", "/docs/data-sources#when-a-file-fails"),
    ("How big may a file be?", "/docs/data-sources#upload-files"),
    ("Can I have it read an Excel file?", "/docs/data-sources#when-a-file-fails"),
    ("How often is my website imported again?", "/docs/data-sources#import-the-same-sitemap-again"),
    (
        "What happens to an import when the server restarts?",
        "/docs/data-sources#when-the-server-restarts-during-an-import",
    ),
    (
        "How do I stop the bot from answering out of the user guide?",
        "/docs/data-sources#the-user-guide-as-a-data-source",
    ),
    (
        "Can I see which passages a question finds without asking an agent?",
        "/docs/data-sources#try-what-a-question-finds",
    ),
    (
        "What does is_public of a data source mean?",
        "/docs/data-sources#who-may-draw-on-which-data-source",
    ),
    ("Why can I not delete this data source?", "/docs/data-sources#remove-a-data-source"),
    ("Why do I get data_source_inactive?", "/docs/troubleshooting#403-data_source_inactive"),
    (
        "My bot ignores the document that I uploaded. Why does it not answer from it?",
        "/docs/troubleshooting#answers-do-not-come-from-my-document",
    ),
    (
        "Can I use the openai Python package with it?",
        "/docs/openai-clients#the-openai-sdk-for-python",
    ),
    (
        "Which base URL do I enter in an app made for OpenAI?",
        "/docs/openai-clients#base-url-and-key",
    ),
    (
        "Why is my system message ignored by chat completions?",
        "/docs/openai-clients#what-of-a-request-is-left-out",
    ),
    (
        "What do I write for the model parameter of a completion?",
        "/docs/openai-clients#the-model-is-an-agent",
    ),
    (
        "Does the completions endpoint remember earlier messages of a user?",
        "/docs/openai-clients#continue-a-conversation-with-user",
    ),
    (
        "How do I let the bot query my PostgreSQL database with SQL?",
        "/docs/databases#connect-postgresql",
    ),
    ("Can an agent read a SQLite file?", "/docs/databases#connect-sqlite"),
    (
        "Which rights does the role in Postgres need to only read?",
        "/docs/databases#make-a-postgresql-user-that-may-only-read",
    ),
    ("Can the model run DELETE or DROP on my tables?", "/docs/databases#which-sql-is-allowed"),
    (
        "Can a visitor read the orders of somebody else?",
        "/docs/databases#what-to-think-of-before-you-connect-a-database",
    ),
    (
        "What happens when the database of an agent is down?",
        "/docs/databases#when-the-database-is-away",
    ),
    (
        "How do I keep some rows of a table away from the model?",
        "/docs/databases#leave-rows-out-with-a-view",
    ),
    (
        "Is the password of my database shown in the audit log?",
        "/docs/databases#what-is-kept-secret-about-a-database",
    ),
    (
        "Why does the model not see a column that I have added?",
        "/docs/databases#after-a-column-was-added-or-renamed",
    ),
    ("What is max_rows?", "/docs/databases#settings-of-a-database"),
    ("Which databases can it use?", "/docs/storage#which-databases-natter-can-use"),
    ("Which databases can Natter use?", "/docs/storage#which-databases-natter-can-use"),
    (
        "Which columns of my tables is the LLM told about?",
        "/docs/databases#what-a-model-is-told-of-a-database",
    ),
    (
        "Why does my agent ignore its database?",
        "/docs/troubleshooting#the-model-does-not-look-into-the-database",
    ),
    (
        "How does my shop get a license key when somebody has paid?",
        "/docs/selling-licenses#place-an-order-from-a-shop",
    ),
    (
        "My payment provider calls the webhook twice. Does the customer get two keys?",
        "/docs/selling-licenses#orders-that-are-sent-twice",
    ),
    (
        "Somebody bought on 31 January for one month. When does it expire?",
        "/docs/selling-licenses#when-a-license-expires",
    ),
    (
        "Does raising the price or limit of a plan change what older customers have?",
        "/docs/selling-licenses#when-a-plan-is-changed",
    ),
    (
        "Can a buyer use the purchased key in the chat widget?",
        "/docs/selling-licenses#the-same-key-in-the-widget",
    ),
    (
        "How do I keep a reinstalled program from taking a second activation?",
        "/docs/license-api#activate-the-same-device-twice",
    ),
    (
        "How long does my software work without internet?",
        "/docs/license-api#leases-how-long-an-answer-can-be-trusted-offline",
    ),
    (
        "What if the user sets back the clock of the computer?",
        "/docs/license-api#when-the-clock-was-set-back",
    ),
    (
        "A customer's key leaked into a forum. What do I do?",
        "/docs/license-workflows#workflow-5-replace-a-compromised-license-key",
    ),
    (
        "What should my app do when the license server is down?",
        "/docs/license-api#when-the-license-server-cannot-be-reached",
    ),
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

/// The files of `docs/` by name.
static FILES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let read = || -> std::io::Result<Vec<_>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&docs)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // Pictures stand in a folder beside the pages.
            if !name.ends_with(".md") {
                continue;
            }
            files.push((name, fs::read_to_string(path)?));
        }
        Ok(files)
    };
    read().unwrap_or_else(|error| panic!("{}: {error}", docs.display()))
});

static GUIDE: LazyLock<Guide> = LazyLock::new(|| {
    let pages: Vec<(&str, &str)> = FILES.iter().map(|(n, text)| (&**n, &**text)).collect();
    let summary = pages.iter().find(|(name, _)| *name == "SUMMARY.md").map_or("", |(_, text)| text);
    Guide::new(summary, &pages)
});

static PASSAGES: LazyLock<Vec<Passage>> =
    LazyLock::new(|| GUIDE.documents("guide").iter().flat_map(passages).collect());

static INDEX: LazyLock<Index> = LazyLock::new(|| Index::new(PASSAGES.clone()));

/// Built a second time: hash maps of its own, the same order of answers.
static AGAIN: LazyLock<Index> = LazyLock::new(|| Index::new(PASSAGES.clone()));

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

/// White space and the marks that only lay out an answer do not count as words.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Everything that an answer may be made of.
static SAID: LazyLock<String> = LazyLock::new(|| {
    let said = PASSAGES.iter().map(|p| format!("{} {}", p.title, p.text)).collect::<Vec<_>>();
    words(&said.join("\n"))
});

/// Asserts that each line of an answer stands in a document, but for headings in bold.
fn assert_quoted(answer: &Composed) {
    for block in answer.text.split("\n\n").filter(|_| answer.found) {
        let line = block.strip_prefix("**").and_then(|b| b.strip_suffix("**")).unwrap_or(block);
        let is_laid_out = ["| ", "- ", "```"].iter().any(|mark| line.starts_with(mark));
        let pieces: Vec<&str> = match is_laid_out {
            true => line.lines().collect(),
            // Sentences between two quoted ones may be left out.
            false => line.split_inclusive(['.', '?', '!', ':']).collect(),
        };
        for piece in pieces {
            assert!(SAID.contains(&words(piece)), "made up: {piece}\nin {}", answer.text);
        }
    }
}

#[test]
fn answers_quote_the_guide_and_invent_nothing() {
    let mut answered = 0;
    for (question, _) in QUESTIONS {
        let answer = compose(&INDEX, question, &[]);
        assert_quoted(&answer);
        answered += usize::from(answer.found);
        for source in &answer.sources {
            let snippet = &source.snippet;
            assert!(!snippet.is_empty() && snippet.chars().count() <= 300, "{snippet}");
            assert_eq!(source.data_source_id, "guide");
        }
    }
    assert_eq!(answered, QUESTIONS.len());
}

#[test]
fn the_first_question_of_a_stranger_is_answered_with_the_snippet() {
    let answer = compose(&INDEX, "How do I put the widget on my page?", &[]);
    assert_eq!(urls(&answer)[0], "/docs/embedding#script-tag");
    for part in ["```html", "<script async src=", "/widget/chat-widget.js", "data-license-key"] {
        assert!(answer.text.contains(part), "{part} is missing in\n{}", answer.text);
    }
}

#[test]
fn a_short_question_leans_on_the_one_before() {
    let first = "How do I put the widget on my page?";
    let follow_up = compose(&INDEX, "and for two domains?", &[first]);
    assert!(
        urls(&follow_up).contains(&"/docs/embedding#several-websites"),
        "{:?}",
        urls(&follow_up)
    );
    let alone = compose(&INDEX, "How?", &[]);
    assert!(!alone.found, "nothing was asked");
    let again = compose(&INDEX, "How?", &[first]);
    assert_eq!(urls(&again)[0], "/docs/embedding#script-tag");
    let thanks = compose(&INDEX, "Thanks a lot!", &[first]);
    assert!(!thanks.found, "thanks are no question");
}

#[test]
fn every_source_leads_to_a_heading_that_the_page_has() {
    for passage in PASSAGES.iter() {
        let url = passage.url.as_deref().unwrap_or_default();
        let (page, anchor) = url.split_once('#').unwrap_or((url, ""));
        let slug = page.strip_prefix("/docs/").unwrap_or_default();
        let page = GUIDE.pages().iter().find(|page| page.slug == slug);
        let html = page.map_or("", |page| &page.html);
        let there = anchor.is_empty() || html.contains(&format!(" id=\"{anchor}\""));
        assert!(!html.is_empty() && there, "{url}");
    }
}

#[test]
fn the_summary_names_every_page_and_links_lead_to_what_there_is() {
    assert_eq!(GUIDE.pages().len(), FILES.len() - 1, "a page is missing in SUMMARY.md");
    assert!(GUIDE.pages().len() >= 12);
    for page in GUIDE.pages() {
        for link in page.html.split("href=\"/docs/").skip(1) {
            let target = link.split('"').next().unwrap_or_default();
            let (slug, anchor) = target.split_once('#').unwrap_or((target, ""));
            let html = GUIDE.pages().iter().find(|page| page.slug == slug).map(|page| &page.html);
            let there = html.is_some_and(|html| {
                anchor.is_empty() || html.contains(&format!(" id=\"{anchor}\""))
            });
            assert!(there, "{} links to {target}", page.slug);
        }
        assert!(!page.html.contains(".md\""), "{} links to a file", page.slug);
    }
}

fn page(slug: &str) -> &'static str {
    GUIDE.pages().iter().find(|page| page.slug == slug).map_or("", |page| &page.html)
}

#[test]
fn the_guide_names_every_error_code_option_and_setting() {
    for code in shared::ErrorCode::ALL {
        let code = code.as_str();
        assert!(page("api-errors").contains(&format!("<code>{code}</code>")), "{code}");
    }
    let look = serde_json::to_value(shared::Look::default()).unwrap();
    for option in look.as_object().unwrap().keys() {
        assert!(page("widget-options").contains(&format!("<code>{option}</code>")), "{option}");
    }
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/config.rs");
    let config = fs::read_to_string(config).unwrap();
    let mut settings = 0;
    for setting in config.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page("configuration").contains(&format!("<code>{setting}</code>")), "{setting}");
        settings += 1;
    }
    assert!(settings > 15, "the settings stand elsewhere now");
}

/// Words of the guide, of other languages, and junk, in any order.
fn questions() -> impl Strategy<Value = String> {
    let guide: Vec<String> = SAID.split(' ').map(str::to_owned).collect();
    let word = prop_oneof![4 => prop::sample::select(guide), 1 => "\\PC{0,8}", 1 => "[가-힣ぁ-ん一-龯]{1,6}"];
    prop::collection::vec(word, 0..12).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_question_gets_an_answer_of_quotes_and_the_same_one_again(
        question in questions(),
        earlier in prop::collection::vec(questions(), 0..3),
    ) {
        let earlier: Vec<&str> = earlier.iter().map(String::as_str).collect();
        let answer = compose(&INDEX, &question, &earlier);
        prop_assert!(!answer.text.trim().is_empty());
        prop_assert_eq!(answer.found, !answer.sources.is_empty());
        prop_assert!(answer.sources.iter().all(|s| s.snippet.chars().count() <= 300));
        assert_quoted(&answer);
        prop_assert_eq!(&answer, &compose(&AGAIN, &question, &earlier));
        let hits = INDEX.search(&question, 5);
        prop_assert!(hits.len() <= 5 && hits.is_sorted_by(|a, b| a.score >= b.score));
    }
}
