//! An answer as server-sent events of chunks.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use serde::Serialize;
use shared::{Event, FinishReason, Source, StreamEvent, Usage};

use super::wire::{Choice, Completion, Said, error_body};
use crate::chat::live::Reader;
use crate::chat::stream::pieces;
use crate::clock::Clock;
use crate::error::ApiError;

/// What all chunks of an answer have in common.
#[derive(Clone, Debug)]
pub(super) struct Chunks {
    id: String,
    created: i64,
    model: String,
    include_usage: bool,
}

impl Chunks {
    pub(super) fn new(clock: &Clock, model: String, include_usage: bool) -> Self {
        let model = if model.is_empty() { String::from("default") } else { model };
        let id = format!("chatcmpl-{}", clock.ulid());
        Self { id, created: clock.now_ms().div_euclid(1000), model, include_usage }
    }

    fn object(&self, object: &'static str, choices: Vec<Choice>) -> Completion {
        Completion {
            id: self.id.clone(),
            object,
            created: self.created,
            model: self.model.clone(),
            choices,
            usage: None,
            sources: Vec::new(),
        }
    }

    /// The answer in one piece.
    pub(super) fn whole(
        &self,
        message: String,
        usage: Option<Usage>,
        finish: FinishReason,
        sources: Vec<Source>,
    ) -> Completion {
        let said = Said { role: Some("assistant"), content: Some(message) };
        let finish_reason = Some(reason(finish));
        let choice = Choice { index: 0, message: Some(said), delta: None, finish_reason };
        let whole = self.object("chat.completion", vec![choice]);
        Completion { usage: usage.map(Into::into), sources, ..whole }
    }

    fn chunk(&self, delta: Said, finish_reason: Option<&'static str>) -> Completion {
        let choice = Choice { index: 0, message: None, delta: Some(delta), finish_reason };
        self.object("chat.completion.chunk", vec![choice])
    }

    fn write(&self, out: &mut Vec<u8>, event: &Event) {
        match &event.event {
            StreamEvent::Start { .. } => {
                let said = Said { role: Some("assistant"), content: Some(String::new()) };
                data(out, &self.chunk(said, None));
            }
            StreamEvent::Token { token } => {
                let said = Said { role: None, content: Some(token.clone()) };
                data(out, &self.chunk(said, None));
            }
            StreamEvent::Sources { sources } => {
                let chunk = self.chunk(Said::default(), None);
                data(out, &Completion { sources: sources.clone(), ..chunk });
            }
            StreamEvent::Done { usage, finish_reason, .. } => {
                data(out, &self.chunk(Said::default(), Some(reason(*finish_reason))));
                if self.include_usage
                    && let Some(usage) = usage
                {
                    let last = self.object("chat.completion.chunk", Vec::new());
                    data(out, &Completion { usage: Some((*usage).into()), ..last });
                }
                out.extend_from_slice(b"data: [DONE]\n\n");
            }
            StreamEvent::Error { code, .. } => data(out, &error_body(ApiError::new(*code))),
            StreamEvent::Ping => out.extend_from_slice(b": ping\n\n"),
            StreamEvent::Tool { .. } => {}
        }
    }

    /// The events of a turn, with a comment after each `ping` of silence.
    pub(super) fn stream(
        self,
        reader: Reader,
        ping: Duration,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        pieces(reader, ping, move |out, event| self.write(out, event))
    }
}

fn reason(finish: FinishReason) -> &'static str {
    match finish {
        FinishReason::Length => "length",
        FinishReason::Stop | FinishReason::Stopped => "stop",
    }
}

/// One event: JSON holds no line end.
fn data(out: &mut Vec<u8>, value: &impl Serialize) {
    out.extend_from_slice(b"data: ");
    // Writing these types into memory cannot fail.
    if serde_json::to_writer(&mut *out, value).is_ok() {
        out.extend_from_slice(b"\n\n");
    }
}
