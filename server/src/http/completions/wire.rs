//! Requests, answers and errors as OpenAI's clients write and read them.

use serde::{Deserialize, Serialize};
use shared::chat::check_message;
use shared::{ChatRequest, ErrorCode, FieldErrors, Role, Source, Usage, limits};

use crate::clock;
use crate::error::ApiError;
use crate::extract::licensed::{ChatBody, Session};

/// Body of `POST /v1/chat/completions`; other fields of OpenAI's are accepted and left out.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct CompletionRequest {
    /// An agent's id or name, or `default`.
    pub model: String,
    /// 1..=1000; the last is the user's, of 1..=4000 UTF-16 units.
    pub messages: Vec<Message>,
    pub stream: bool,
    pub stream_options: Option<StreamOptions>,
    /// Names the session whose conversation goes on: `^[A-Za-z0-9._:-]{1,128}$`.
    pub user: Option<String>,
    /// 1 or left out.
    pub n: Option<u32>,
}

/// What is added to a stream.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct StreamOptions {
    /// Whether a last chunk tells the tokens that were used.
    pub include_usage: bool,
}

/// A message of a conversation.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Message {
    /// `user` and `assistant`; others are left out.
    pub role: String,
    pub content: Option<Content>,
}

/// A message's text, whole or in parts.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged)]
pub enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// A part of a message's text.
#[derive(Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Part {
    /// `text`; other kinds are refused.
    #[serde(rename = "type")]
    pub kind: String,
    pub text: String,
}

impl Message {
    fn role(&self) -> Option<Role> {
        match self.role.as_str() {
            "user" => Some(Role::User),
            "assistant" => Some(Role::Assistant),
            _ => None,
        }
    }

    /// Its text; an error when it holds more than that.
    fn text(&self) -> Result<String, &'static str> {
        match &self.content {
            None => Ok(String::new()),
            Some(Content::Text(text)) => Ok(text.clone()),
            Some(Content::Parts(parts)) if parts.iter().all(|part| part.kind == "text") => {
                Ok(parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n"))
            }
            Some(Content::Parts(_)) => Err("may hold text alone"),
        }
    }
}

impl CompletionRequest {
    /// Whether the stream is to end with the tokens that were used.
    pub(super) fn include_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage)
    }

    /// The question, and what was said before where no session is named.
    pub(super) fn into_question(
        mut self,
        agent_id: Option<String>,
    ) -> (ChatRequest, Option<Vec<(Role, String)>>) {
        let last = self.messages.pop().unwrap_or_default();
        let request = ChatRequest {
            message: last.text().unwrap_or_default(),
            agent_id,
            ..ChatRequest::default()
        };
        let earlier = self.messages.iter().filter_map(|message| {
            let text = message.text().ok().filter(|text| !text.trim().is_empty())?;
            Some((message.role()?, text))
        });
        let history = self.user.is_none().then(|| earlier.collect());
        (request, history)
    }
}

impl ChatBody for CompletionRequest {
    const IS_CHAT: bool = true;
    const BEARER_IS_KEY: bool = true;
    const SESSION_FIELD: &str = "user";

    fn session(&self, _bytes: &[u8]) -> Result<Session, ApiError> {
        // Without a user a request is a conversation of its own, whose name nobody can guess: whoever
        // knows a session's name and has the key reads its conversation.
        let id = match &self.user {
            Some(user) => user.clone(),
            None => format!("completion:{}", clock::random_hex::<16>()),
        };
        Ok(Session::named(id))
    }

    fn check(&self, errors: &mut FieldErrors) {
        if !(1..=limits::COMPLETION_MESSAGES).contains(&self.messages.len()) {
            errors.add("messages", "must have 1 to 1000 entries");
        }
        for (at, message) in self.messages.iter().enumerate() {
            if let Err(why) = message.text() {
                errors.add(&format!("messages[{at}].content"), why);
            }
        }
        if let Some(last) = self.messages.last() {
            let field = format!("messages[{}]", self.messages.len() - 1);
            if last.role() != Some(Role::User) {
                errors.add(&format!("{field}.role"), "of the last message must be user");
            }
            if let Some(Err(why)) = last.text().ok().map(|text| check_message(&text)) {
                errors.add(&format!("{field}.content"), why);
            }
        }
        if self.n.is_some_and(|n| n != 1) {
            errors.add("n", "must be 1");
        }
    }
}

/// A whole answer.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Completion {
    pub(super) id: String,
    pub(super) object: &'static str,
    /// Seconds since 1970.
    pub(super) created: i64,
    pub(super) model: String,
    pub(super) choices: Vec<Choice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Tokens>,
    /// Not OpenAI's: what the answer draws on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) sources: Vec<Source>,
}

/// The answer, or a piece of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Choice {
    pub(super) index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<Said>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delta: Option<Said>,
    pub(super) finish_reason: Option<&'static str>,
}

/// What an assistant says.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub struct Said {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
}

/// What an answer took.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
pub struct Tokens {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

impl From<Usage> for Tokens {
    fn from(usage: Usage) -> Self {
        Self {
            prompt_tokens: usage.input_tokens,
            completion_tokens: usage.output_tokens,
            total_tokens: usage.input_tokens.saturating_add(usage.output_tokens),
        }
    }
}

/// An agent as a model.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Model {
    id: String,
    object: &'static str,
    /// Seconds since 1970.
    created: i64,
    owned_by: &'static str,
    /// Not OpenAI's: the agent's name.
    name: String,
}

impl Model {
    pub(super) fn new(id: &str, name: &str) -> Self {
        let (id, name) = (id.to_owned(), name.to_owned());
        Self { id, object: "model", created: 0, owned_by: "natter", name }
    }
}

/// The agents as models.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Models {
    pub(super) object: &'static str,
    pub(super) data: Vec<Model>,
}

/// Body of every answer of this dialect that is not a success.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ErrorObject {
    error: ErrorDetail,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ErrorDetail {
    message: String,
    #[serde(rename = "type")]
    kind: &'static str,
    /// The field that is wrong, where it is one.
    param: Option<String>,
    code: ErrorCode,
}

/// What went wrong, in the shape of this dialect.
#[must_use]
pub fn error_body(error: ApiError) -> ErrorObject {
    let kind = match error.code.status() {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    };
    ErrorObject {
        error: ErrorDetail {
            message: error.told().to_owned(),
            kind,
            param: error.fields.and_then(|fields| fields.0.into_keys().next()),
            code: error.code,
        },
    }
}
