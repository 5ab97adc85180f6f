//! Documentation of six kinds, what people ask of it, and how often the right section is found.
//!
//! Corpora and questions were written before anything was measured. When a figure is too low, the
//! ranker is wrong, not the question. `fresh.json` was not looked at until synonyms were written:
//! whoever wrote them had seen which of its questions failed, so it measures them no longer.
//! `second.json` and `third.json` were written by somebody else; only their totals were looked at,
//! those of `third.json` once before and once after. `unseen.json` was written last by somebody who
//! had read the documentation alone, in the way people type; nothing was changed after it was measured.
//! For comparison, all-MiniLM-L6-v2, a network of 22 million parameters, finds of the English
//! questions alone 0.70 at 1 and 0.91 at 5 (`questions.json`), and beside this ranker 0.76 and 0.97; of
//! `unseen.json` beside it 0.77 and 0.92, where words alone find 0.67 and 0.85.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use retrieval::{Composed, Document, Headings, Index, Passage, compose, passages};
use serde_json::Value;

const KINDS: [&str; 6] = ["shop", "api", "hr", "manual", "deutsch", "nihongo"];

struct Question {
    corpus: String,
    text: String,
    page: String,
    /// `None`: the documentation does not answer it.
    heading: Option<String>,
}

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn list(file: &str) -> Vec<Value> {
    serde_json::from_str(&read(file)).unwrap()
}

fn text(entry: &Value, key: &str) -> String {
    entry[key].as_str().unwrap_or_default().to_owned()
}

fn questions(file: &str) -> Vec<Question> {
    let question = |entry: &Value| Question {
        corpus: text(entry, "corpus"),
        text: text(entry, "question"),
        page: text(entry, "page"),
        heading: entry["heading"].as_str().map(str::to_owned),
    };
    list(file).iter().map(question).collect()
}

/// The passages of one kind of documentation.
fn corpus(kind: &str) -> Vec<Passage> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpora").join(kind);
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    files.sort();
    let document = |file: &String| Document {
        data_source_id: kind.to_owned(),
        name: file.clone(),
        url: Some(format!("/{kind}/{file}")),
        headings: Headings::Anchored,
        markdown: read(&format!("{kind}/{file}")),
    };
    files.iter().flat_map(|file| passages(&document(file))).collect()
}

static ALONE: LazyLock<BTreeMap<&str, Index>> =
    LazyLock::new(|| KINDS.iter().map(|kind| (*kind, Index::new(corpus(kind)))).collect());

static TOGETHER: LazyLock<Index> =
    LazyLock::new(|| Index::new(KINDS.iter().flat_map(|kind| corpus(kind)).collect()));

fn is_section(title: &str, url: Option<&str>, corpus: &str, page: &str, heading: &str) -> bool {
    let file = url.unwrap_or_default().split('#').next().unwrap_or_default();
    file == format!("/{corpus}/{page}") && title.rsplit(" › ").next() == Some(heading)
}

/// The rank of the right section, from 0.
fn place(index: &Index, question: &Question, heading: &str) -> Option<usize> {
    index.search(&question.text, 5).iter().position(|hit| {
        let Passage { title, url, .. } = hit.passage;
        is_section(title, url.as_deref(), &question.corpus, &question.page, heading)
    })
}

#[derive(Default)]
struct Figures {
    asked: usize,
    first: usize,
    among_five: usize,
    answered: usize,
    foreign: usize,
    declined: usize,
}

impl Figures {
    fn count(&mut self, index: &Index, question: &Question, wrong: &mut Vec<String>) {
        let answer = compose(index, &question.text, &[]);
        let Some(heading) = &question.heading else {
            self.foreign += 1;
            self.declined += usize::from(!answer.found);
            if answer.found {
                wrong.push(format!(
                    "{}: {}\n    answered from {}",
                    question.corpus, question.text, answer.sources[0].title
                ));
            }
            return;
        };
        let place = place(index, question, heading);
        self.asked += 1;
        self.first += usize::from(place == Some(0));
        self.among_five += usize::from(place.is_some());
        self.answered += usize::from(answer.found);
        if place != Some(0) || !answer.found {
            let got: Vec<&str> = index
                .search(&question.text, 3)
                .iter()
                .map(|hit| hit.passage.title.as_str())
                .collect();
            wrong.push(format!(
                "{}: {}\n    wanted {heading}, at {place:?}, answered {}; got {got:?}",
                question.corpus, question.text, answer.found
            ));
        }
    }

    fn add(&mut self, other: &Self) {
        self.asked += other.asked;
        self.first += other.first;
        self.among_five += other.among_five;
        self.answered += other.answered;
        self.foreign += other.foreign;
        self.declined += other.declined;
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Asks everything, prints a table and what went wrong, and gives the figures of all kinds.
fn measure(
    label: &str,
    questions: &[Question],
    index: impl Fn(&str) -> &'static Index,
) -> (Figures, String) {
    let (mut all, mut wrong) = (Figures::default(), Vec::new());
    let mut table = format!("\n{label:<20} asked  recall@1  recall@5  answered  declined\n");
    let mut row = |name: &str, figures: &Figures| {
        table.push_str(&format!(
            "{name:<20} {:>5} {:>9.2} {:>9.2} {:>9.2} {:>6}/{}\n",
            figures.asked,
            share(figures.first, figures.asked),
            share(figures.among_five, figures.asked),
            share(figures.answered, figures.asked),
            figures.declined,
            figures.foreign
        ));
    };
    for kind in KINDS {
        let mut figures = Figures::default();
        for question in questions.iter().filter(|question| question.corpus == kind) {
            figures.count(index(kind), question, &mut wrong);
        }
        row(kind, &figures);
        all.add(&figures);
    }
    row("all", &all);
    (all, format!("{table}\n{}", wrong.join("\n")))
}

#[test]
fn the_right_section_is_found_in_documentation_of_six_kinds() {
    // Recall at 1 and at 5, and answered, alone; recall at 5 in one index. Each just below what was
    // reached, so that a change for the worse shows.
    // The last two: declined alone, and in one index.
    let floors = [
        ("questions.json", [0.73, 0.94, 0.87, 0.9, 0.9, 0.85]),
        ("fresh.json", [0.8, 0.95, 0.87, 0.95, 0.8, 0.8]),
        ("second.json", [0.45, 0.66, 0.42, 0.62, 0.8, 0.7]),
        ("third.json", [0.41, 0.7, 0.3, 0.59, 0.6, 0.55]),
        ("unseen.json", [0.62, 0.83, 0.6, 0.8, 0.8, 0.65]),
    ];
    let mut low = Vec::new();
    for (file, [first, five, answered, joint_five, declined, joint_declined]) in floors {
        let questions = questions(file);
        let (alone, report) = measure("each alone", &questions, |kind| &ALONE[kind]);
        let (together, joint) = measure("all in one index", &questions, |_| &TOGETHER);
        println!("{file}\n{report}\n{joint}");
        let figures = [
            ("recall@1", alone.first, alone.asked, first),
            ("recall@5", alone.among_five, alone.asked, five),
            ("answered", alone.answered, alone.asked, answered),
            ("declined", alone.declined, alone.foreign, declined),
            ("recall@5 in one index", together.among_five, together.asked, joint_five),
            ("declined in one index", together.declined, together.foreign, joint_declined),
        ];
        for (name, part, whole, floor) in figures {
            if share(part, whole) < floor {
                low.push(format!("{file}: {name} is {part} of {whole}, below {floor}"));
            }
        }
    }
    assert!(low.is_empty(), "{}", low.join("\n"));
}

/// Without the marks that lay a text out, and with one space where there is any.
fn bare(text: &str) -> String {
    let unmarked: String =
        text.chars().map(|c| if "*`|#>_-".contains(c) { ' ' } else { c }).collect();
    unmarked.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The sentences of the answer that stand in no passage; a heading in bold is none.
fn made_up(answer: &Composed, passages: &[Passage]) -> Vec<String> {
    let said: Vec<String> = passages.iter().map(|p| bare(&p.text)).collect();
    let is_heading = |line: &str| {
        let heading = line.strip_prefix("**").and_then(|rest| rest.strip_suffix("**"));
        heading.is_some_and(|heading| passages.iter().any(|p| p.title.ends_with(heading)))
    };
    let lines = answer.text.lines().filter(|line| !is_heading(line));
    // Sentences between two quoted ones may be left out, so each must stand in a passage by itself.
    let ends = ['.', '?', '!', ':', '。', '！', '？'];
    let sentences = lines.flat_map(|line| line.split_inclusive(ends)).map(bare);
    sentences.filter(|sentence| !said.iter().any(|text| text.contains(sentence))).collect()
}

#[test]
fn answers_are_made_of_sentences_of_the_documentation() {
    for kind in KINDS {
        let passages = corpus(kind);
        let mut checked = 0;
        for question in questions("questions.json").iter().filter(|q| q.corpus == kind) {
            let answer = compose(&ALONE[kind], &question.text, &[]);
            if answer.found {
                let made_up = made_up(&answer, &passages);
                assert!(made_up.is_empty(), "{}: {made_up:?}\n{}", question.text, answer.text);
                checked += 1;
            }
        }
        assert!(checked >= 10, "{kind}: only {checked} answers");
    }
    let invented = Composed {
        text: "Parcels travel by balloon. It costs nothing.".into(),
        sources: Vec::new(),
        found: true,
    };
    assert_eq!(made_up(&invented, &corpus("shop")).len(), 2, "the check sees what is made up");
}

#[test]
fn a_follow_up_is_answered_in_the_light_of_the_question_before() {
    let mut wrong = Vec::new();
    for entry in list("followups.json") {
        let (kind, first, then) =
            (text(&entry, "corpus"), text(&entry, "first"), text(&entry, "then"));
        let answer = compose(&ALONE[kind.as_str()], &then, &[&first]);
        let (page, heading) = (text(&entry, "page"), text(&entry, "heading"));
        let best = answer.sources.first();
        if !best.is_some_and(|s| is_section(&s.title, s.url.as_deref(), &kind, &page, &heading)) {
            let got = best.map(|source| source.title.as_str());
            wrong.push(format!("{first} {then}\n    wanted {heading}, got {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_question_without_an_answer_is_declined_in_its_own_language() {
    let declined = [
        ("shop", "Do you sell garden hoses?", "I found nothing"),
        ("deutsch", "Wie wird das Wetter am Wochenende?", "Dazu habe ich"),
        ("nihongo", "明日の東京の天気を教えてください", "ドキュメントには"),
        ("nihongo", "すごいですね", "ドキュメントには"),
        ("shop", "明天天气怎么样？", "文档中没有"),
        ("deutsch", "Где находится аэропорт?", "В документации"),
    ];
    for (kind, question, beginning) in declined {
        let answer = compose(&ALONE[kind], question, &[]);
        assert!(answer.text.starts_with(beginning), "{question}: {}", answer.text);
        assert!(answer.is_nothing_found() && !answer.found && answer.sources.is_empty());
    }
    let thanks = compose(&ALONE["deutsch"], "Danke!", &["Was kostet ein Reisepass?"]);
    assert!(thanks.text.starts_with("Ich beantworte Fragen") && !thanks.is_nothing_found());
    for kind in KINDS {
        assert!(!compose(&ALONE[kind], "What is 2+2?", &[]).found, "{kind}: a number is no matter");
    }
    let thanks = compose(&ALONE["nihongo"], "ありがとうございます", &[]);
    assert!(thanks.text.starts_with("ドキュメントをもとに") && !thanks.is_nothing_found());
}
