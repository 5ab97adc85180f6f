//! The list of messages, drawn by hand: it is what changes with every frame of an answer.
//!
//! In: the model's entries. Out: rows of nodes, of which only the changed parts are touched. What
//! is pressed in a row is found by `data-act` and the row's `data-key`, by one listener in
//! [`super::panel`].

use ::markdown::Stream;
use shared::{Look, Rating, Role, Source};
use web_sys::Element;

use super::icons;
use super::markdown::Drawn;
use super::sections::Sections;
use crate::dom::{append, class, element, icon_button, labelled, set};
use crate::handle::Handle;
use crate::model::{Entry, Progress};
use crate::text;
use crate::time::{day, days_ago};
use crate::words::Words;

#[derive(Debug)]
pub struct List {
    sections: Sections,
    words: Words,
    rows: Vec<Row>,
}

/// One message and how much of it is drawn.
#[derive(Debug)]
struct Row {
    key: u32,
    root: Element,
    body: Element,
    /// What stands under the text: why it ended, its sources, what can be done with it.
    foot: Element,
    /// The time of day.
    time: Element,
    text: Stream,
    drawn: Drawn,
    revision: u32,
    /// Bytes of the entry's text that were handed to `text`.
    taken: usize,
    progress: Option<Progress>,
    rating: Option<Rating>,
    sources: usize,
    last: bool,
}

impl List {
    #[must_use]
    pub fn new(root: Element, words: &Words) -> Self {
        Self { sections: Sections::new(root), words: words.clone(), rows: Vec::new() }
    }

    /// The look has changed: what stands under the answers is drawn anew.
    pub fn relook(&mut self) {
        for row in &mut self.rows {
            row.progress = None;
        }
    }

    /// Brings the rows to what the entries say.
    pub fn draw(&mut self, entries: &[Entry], look: &Look, handle: &Handle) {
        self.sections.put_by();
        let gone = self.rows.extract_if(.., |row| entries.iter().all(|entry| entry.key != row.key));
        self.sections.remove(gone.map(|row| row.root));
        for (at, entry) in entries.iter().enumerate() {
            // Entries come at the end and go from anywhere, but never change their order.
            if self.rows.get(at).is_none_or(|row| row.key != entry.key) {
                let row = Row::new(entry, &self.words);
                let before = at.checked_sub(1).map(|before| entries[before].at.as_str());
                row.name_day(&entry.at, before, &self.words.locale());
                self.sections.append(&row.root);
                self.rows.insert(at, row);
            }
            self.rows[at].draw(entry, look, handle, at + 1 == entries.len());
        }
    }
}

impl Row {
    fn new(entry: &Entry, words: &Words) -> Self {
        let (name, who) = match entry.role {
            Role::User => ("row you", text::YOU_SAID),
            Role::Assistant => ("row bot", text::ANSWER),
        };
        let root = element("div", name);
        set(&root, "data-key", &entry.key.to_string());
        append(&root, &labelled("span", "sr", &words.get(who)));
        let time = labelled("time", "time", &crate::time::time(&entry.at, &words.locale()));
        set(&time, "datetime", &entry.at);
        let body = element("div", "body");
        set(&body, "dir", "auto");
        let foot = element("div", "foot");
        append(&root, &body);
        append(&root, &foot);
        if entry.role == Role::User {
            append(&root, &time);
        }
        Self {
            time,
            key: entry.key,
            root,
            drawn: Drawn::new(body.clone(), words.clone()),
            body,
            foot,
            text: Stream::new(),
            revision: 0,
            taken: 0,
            progress: None,
            rating: None,
            sources: 0,
            last: false,
        }
    }

    /// Says above the message which day it is of, where that is another day than before.
    fn name_day(&self, at: &str, before: Option<&str>, locale: &str) {
        let other = match before {
            Some(before) => days_ago(before) != days_ago(at),
            None => days_ago(at) != 0.0,
        };
        if other {
            let first = self.root.first_child();
            let _ =
                self.root.insert_before(&labelled("div", "day", &day(at, locale)), first.as_ref());
        }
    }

    fn draw(&mut self, entry: &Entry, look: &Look, handle: &Handle, last: bool) {
        match entry.role {
            Role::User => {
                if self.taken != entry.text.len() {
                    self.body.set_text_content(Some(&entry.text));
                    self.taken = entry.text.len();
                }
            }
            Role::Assistant => {
                self.draw_text(entry, &look.show_images);
                let now = (Some(&entry.progress), entry.rating, entry.sources.len(), last);
                if now != (self.progress.as_ref(), self.rating, self.sources, self.last) {
                    self.draw_foot(entry, look, handle, last);
                    self.progress = Some(entry.progress.clone());
                    (self.rating, self.sources, self.last) =
                        (entry.rating, entry.sources.len(), last);
                }
            }
        }
    }

    fn draw_text(&mut self, entry: &Entry, hosts: &[String]) {
        if self.revision != entry.revision {
            self.revision = entry.revision;
            self.text = Stream::new();
            self.taken = 0;
            self.drawn.clear();
        }
        // Shorter by white space at its end: drawn already.
        if let Some(more) = entry.text.get(self.taken..).filter(|more| !more.is_empty()) {
            self.text.push(more);
            self.taken = entry.text.len();
            let from = self.text.take_changed();
            self.drawn.draw(self.text.blocks(), from);
        }
        // The last block may grow as long as the answer does.
        let blocks = self.text.blocks();
        let grows = matches!(entry.progress, Progress::Growing | Progress::Waiting(_));
        self.drawn.show_pictures(
            blocks,
            blocks.len() - usize::from(grows).min(blocks.len()),
            hosts,
        );
    }

    fn draw_foot(&self, entry: &Entry, look: &Look, handle: &Handle, last: bool) {
        let growing = entry.progress == Progress::Growing;
        class(&self.root, "growing", growing);
        // A thumb that was just pressed keeps the focus: its row of buttons is changed in place.
        if self.progress.as_ref() == Some(&entry.progress) && self.rating != entry.rating {
            self.mark_rating(entry.rating);
            return;
        }
        self.foot.set_text_content(None);
        let words = &handle.words;
        match &entry.progress {
            Progress::Waiting(tool) => append(&self.foot, &waiting(tool.as_deref(), words)),
            Progress::Growing => {}
            Progress::Stopped => {
                append(&self.foot, &labelled("p", "end", &words.get(text::STOPPED)));
            }
            Progress::Failed { why, retryable } => {
                let end = labelled("p", "end failed", &words.say(text::failure(why)));
                if *retryable && last {
                    let again = labelled("button", "again", &words.get(text::RETRY));
                    set(&again, "type", "button");
                    set(&again, "data-act", "retry");
                    append(&end, &again);
                }
                append(&self.foot, &end);
            }
            Progress::Complete => {}
        }
        if look.show_sources && !entry.sources.is_empty() {
            append(&self.foot, &sources(&entry.sources, handle));
        }
        let whole = matches!(entry.progress, Progress::Complete | Progress::Stopped);
        if whole && !entry.text.is_empty() {
            append(&self.foot, &self.actions(entry, look, words));
        }
    }

    fn actions(&self, entry: &Entry, look: &Look, words: &Words) -> Element {
        let row = element("div", "acts");
        let act = |name: &str, label: &str, path: &str| {
            let button = icon_button("act", &words.get(label), path);
            set(&button, "data-act", name);
            append(&row, &button);
            button
        };
        if look.show_copy {
            act("copy", text::COPY, icons::COPY);
        }
        if look.show_feedback && entry.id.is_some() {
            for (name, label, path, rating) in [
                ("up", text::GOOD, icons::UP, Rating::Up),
                ("down", text::BAD, icons::BAD, Rating::Down),
            ] {
                let pressed = entry.rating == Some(rating);
                set(
                    &act(name, label, path),
                    "aria-pressed",
                    if pressed { "true" } else { "false" },
                );
            }
        }
        append(&row, &self.time);
        row
    }

    fn mark_rating(&self, rating: Option<Rating>) {
        for (selector, meant) in [("[data-act=up]", Rating::Up), ("[data-act=down]", Rating::Down)]
        {
            if let Ok(Some(button)) = self.foot.query_selector(selector) {
                let pressed = rating == Some(meant);
                set(&button, "aria-pressed", if pressed { "true" } else { "false" });
            }
        }
    }
}

/// Three dots, and what is being done if the server said so.
fn waiting(tool: Option<&str>, words: &Words) -> Element {
    let root = element("div", "waiting");
    let dots = element("span", "dots");
    for _ in 0..3 {
        append(&dots, &element("i", ""));
    }
    append(&root, &dots);
    let usual = words.get(text::WRITING);
    let class = if tool.is_some() { "" } else { "sr" };
    append(&root, &labelled("span", class, tool.unwrap_or(&usual)));
    root
}

/// The places an answer was drawn from, as numbered chips.
fn sources(sources: &[Source], handle: &Handle) -> Element {
    let root = element("div", "sources");
    append(&root, &labelled("span", "label", &handle.words.get(text::SOURCES)));
    let list = element("ol", "");
    for source in sources {
        let item = element("li", "");
        let chip = match source.url.as_deref().and_then(|url| handle.address(url)) {
            Some(url) => {
                let link = element("a", "chip");
                set(&link, "href", &url);
                set(&link, "target", "_blank");
                set(&link, "rel", "noopener nofollow ugc");
                link
            }
            None => element("span", "chip"),
        };
        chip.set_text_content(Some(&source.title));
        set(&chip, "dir", "auto");
        if !source.snippet.is_empty() {
            set(&chip, "title", &source.snippet);
        }
        append(&item, &chip);
        append(&list, &item);
    }
    append(&root, &list);
    root
}
