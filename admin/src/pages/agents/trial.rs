//! Trying an agent: a conversation with it that nothing is stored or counted of.

use futures_channel::oneshot;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::agent::{AgentTry, TryMessage};
use shared::{Event, FinishReason, Role, Source, StreamEvent, ToolState, Usage, limits};

use super::edit::AgentForm;
use crate::api::{self, Failure};
use crate::browser::until;
use crate::format::count;
use crate::ui::{Icon, Prose, once_a_frame, unique};

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    /// At the limit on its length.
    Cut,
    Stopped,
    Failed,
}

/// A question with what came of it. Parts are signals of their own, so that a word redraws a line.
#[derive(Clone, Copy)]
struct Turn {
    number: usize,
    question: StoredValue<String>,
    answer: RwSignal<String>,
    sources: RwSignal<Vec<Source>>,
    tools: RwSignal<Vec<(String, ToolState, String)>>,
    usage: RwSignal<Option<Usage>>,
    problem: RwSignal<Option<String>>,
    end: RwSignal<Option<End>>,
}

impl Turn {
    fn of(number: usize, question: &str) -> Self {
        Self {
            number,
            question: StoredValue::new(question.to_owned()),
            answer: RwSignal::new(String::new()),
            sources: RwSignal::new(Vec::new()),
            tools: RwSignal::new(Vec::new()),
            usage: RwSignal::new(None),
            problem: RwSignal::new(None),
            end: RwSignal::new(None),
        }
    }

    /// Takes an event; false after the last.
    fn take(self, event: StreamEvent) -> bool {
        match event {
            StreamEvent::Token { token } => self.answer.update(|text| text.push_str(&token)),
            StreamEvent::Sources { sources } => self.sources.set(sources),
            StreamEvent::Tool { name, state, summary } => self.tools.update(|tools| {
                let line = (name, state, summary.unwrap_or_default());
                // A query that was running is done now: it stays one line.
                match tools
                    .last_mut()
                    .filter(|last| last.0 == line.0 && last.1 == ToolState::Running)
                {
                    Some(last) => *last = line,
                    None => tools.push(line),
                }
            }),
            StreamEvent::Done { message, usage, finish_reason, .. } => {
                self.answer.set(message);
                self.usage.set(usage);
                self.end.set(Some(if finish_reason == FinishReason::Length {
                    End::Cut
                } else {
                    End::Whole
                }));
                return false;
            }
            StreamEvent::Error { error, .. } => {
                self.fail(error);
                return false;
            }
            StreamEvent::Start { .. } | StreamEvent::Ping => {}
        }
        true
    }

    fn fail(self, why: String) {
        self.problem.set(Some(why));
        self.end.set(Some(End::Failed));
    }
}

/// Every turn so far, and the end of the running one.
#[derive(Clone, Copy)]
struct Talk {
    turns: RwSignal<Vec<Turn>>,
    running: RwSignal<bool>,
    stop: StoredValue<Option<oneshot::Sender<()>>>,
}

impl Talk {
    /// What the agent is told of before: what was asked and answered whole.
    fn history(self) -> Vec<TryMessage> {
        let said = |role, content| TryMessage { role, content };
        let pair = |turn: &Turn| {
            let answer = turn.answer.get_untracked();
            let both = [
                said(Role::User, turn.question.get_value()),
                said(Role::Assistant, answer.clone()),
            ];
            (!answer.is_empty()).then_some(both)
        };
        let all: Vec<TryMessage> =
            self.turns.with_untracked(|turns| turns.iter().filter_map(pair).flatten().collect());
        let first = all.len().saturating_sub(50);
        all[first..].to_vec()
    }

    fn ask(self, agent_id: &str, question: &str) {
        let body = AgentTry { message: question.to_owned(), history: self.history() };
        let path = format!("/api/agents/{agent_id}/try");
        let turn = Turn::of(self.turns.with_untracked(Vec::len), question);
        let (sender, stopped) = oneshot::channel();
        self.stop.set_value(Some(sender));
        self.turns.update(|turns| turns.push(turn));
        self.running.set(true);
        spawn_local(async move {
            let line = move |line: &str| match serde_json::from_str::<Event>(line) {
                // The page may be closed by now.
                Ok(event) if !turn.end.is_disposed() => turn.take(event.event),
                // A kind of event that this dashboard does not know.
                Err(_) => true,
                Ok(_) => false,
            };
            let outcome = until(api::stream(&path, &body, line), stopped).await;
            if self.running.try_set(false).is_some() {
                return;
            }
            self.finish(turn, outcome);
        });
    }

    fn finish(self, turn: Turn, outcome: Option<Result<(), Failure>>) {
        if turn.end.with_untracked(Option::is_some) {
            return;
        }
        match outcome {
            None => turn.end.set(Some(End::Stopped)),
            Some(Ok(())) => turn.fail("The answer broke off.".to_owned()),
            Some(Err(failure)) => turn.fail(failure.sentence()),
        }
    }

    fn stop(self) {
        // Dropped, it says stop just as well.
        self.stop.set_value(None);
    }
}

#[component]
pub fn Trial(form: AgentForm) -> impl IntoView {
    let talk = Talk {
        turns: RwSignal::new(Vec::new()),
        running: RwSignal::new(false),
        stop: StoredValue::new(None),
    };
    let is_new = move || form.agent.with(Option::is_none);
    let clear = move |_| {
        talk.stop();
        talk.turns.set(Vec::new());
    };
    view! {
        <section class="card trial" aria-labelledby="try-it">
            <div class="spread">
                <h2 id="try-it">"Try it"</h2>
                <Show when=move || talk.turns.with(|turns| !turns.is_empty())>
                    <button type="button" class="quiet" on:click=clear>"Start over"</button>
                </Show>
            </div>
            <p class="hint">"Nothing of it is stored or counted. It answers with what is saved, also while it is switched off."</p>
            <div class="talk" role="log" aria-label="Trial" tabindex="0">
                <For each=move || talk.turns.get() key=|turn| turn.number children=move |turn| view! { <Answered turn /> } />
                <Show when=move || talk.turns.with(Vec::is_empty)>
                    <p class="soft">{move || if is_new() { "Create the agent, then ask it something here." } else { "Ask it something that your visitors would ask." }}</p>
                </Show>
            </div>
            <Asking form talk />
        </section>
    }
}

#[component]
fn Asking(form: AgentForm, talk: Talk) -> impl IntoView {
    let question = RwSignal::new(String::new());
    let id = unique("try");
    let is_new = move || form.agent.with(Option::is_none);
    let may = move || {
        let text = question.get();
        !is_new()
            && !talk.running.get()
            && !text.trim().is_empty()
            && limits::utf16_len(&text) <= limits::MESSAGE_UNITS
    };
    let send = move || {
        let agent_id =
            form.agent.with_untracked(|agent| agent.as_ref().map(|agent| agent.id.clone()));
        if let (Some(agent_id), true) = (agent_id, untrack(may)) {
            talk.ask(&agent_id, question.get_untracked().trim());
            question.set(String::new());
        }
    };
    let key = move |event: leptos::ev::KeyboardEvent| {
        // Enter that ends the composing of a word is no sending.
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            send();
        }
    };
    view! {
        <Show when=move || form.draft.dirty.get() && !is_new()>
            <p class="hint">"You have changes that are not saved: they are not tried."</p>
        </Show>
        <form class="asking" on:submit=move |event| { event.prevent_default(); send(); }>
            <label class="unseen" for=id.clone()>"Your question"</label>
            <textarea id=id rows="2" placeholder="Your question" disabled=is_new prop:value=move || question.get()
                on:input=move |event| question.set(event_target_value(&event)) on:keydown=key></textarea>
            {move || if talk.running.get() {
                view! { <button type="button" class="button" on:click=move |_| talk.stop()>"Stop"</button> }.into_any()
            } else {
                view! { <button type="submit" class="button primary" disabled=move || !may()>"Ask"</button> }.into_any()
            }}
        </form>
    }
}

#[component]
fn Answered(turn: Turn) -> impl IntoView {
    let thinking = move || turn.end.with(Option::is_none) && turn.answer.with(String::is_empty);
    let shown = once_a_frame(move || turn.answer.track(), move || turn.answer.get());
    let note = move || match turn.end.get() {
        Some(End::Stopped) => Some("You stopped it."),
        Some(End::Cut) => Some("It was cut off at the limit on its length."),
        Some(End::Whole) if turn.answer.with(String::is_empty) => Some("The answer is empty."),
        _ => None,
    };
    let usage = move || {
        turn.usage.get().map(|usage| {
            let number = |n: u64| count(i64::try_from(n).unwrap_or(i64::MAX));
            format!(
                "{} tokens in, {} tokens out",
                number(usage.input_tokens),
                number(usage.output_tokens)
            )
        })
    };
    view! {
        <div class="turn">
            <p class="asked">{turn.question.get_value()}</p>
            {move || turn.tools.get().into_iter().map(|(name, state, summary)| view! {
                <p class="tool"><Icon name="table" /> <span>{name} {if state == ToolState::Running { " is running…" } else { " is done" }} {(!summary.is_empty()).then(|| format!(": {summary}"))}</span></p>
            }).collect_view()}
            <Show when=thinking><p class="soft">"Waiting for the first word…"</p></Show>
            {move || view! { <Prose text=shown.get() /> }}
            {move || turn.problem.get().map(|why| view! { <div class="note bad" role="alert"><Icon name="warning" /><p>{why}</p></div> })}
            {move || note().map(|text| view! { <p class="hint">{text}</p> })}
            <Show when=move || turn.sources.with(|sources| !sources.is_empty())><Drawn turn /></Show>
            {move || usage().map(|text| view! { <p class="hint">{text}</p> })}
        </div>
    }
}

/// What the answer was drawn from.
#[component]
fn Drawn(turn: Turn) -> impl IntoView {
    let one = |source: Source| {
        let title = match source.url.filter(|url| {
            url.starts_with("https://")
                || url.starts_with("http://")
                || (url.starts_with('/') && !url.starts_with("//"))
        }) {
            Some(url) => {
                view! { <a href=url target="_blank" rel="noreferrer noopener">{source.title}</a> }
                    .into_any()
            }
            None => view! { <span>{source.title}</span> }.into_any(),
        };
        view! { <li>{title} <span class="hint">{source.snippet}</span></li> }
    };
    view! {
        <details class="as-table drawn">
            <summary>{move || crate::format::plural(turn.sources.with(Vec::len) as i64, "source", "sources")}</summary>
            <ol>{move || turn.sources.get().into_iter().map(one).collect_view()}</ol>
        </details>
    }
}
