//! Agents: what answers.

use serde::{Deserialize, Serialize};

use crate::error::FieldErrors;
use crate::license_key::check_text;
use crate::limits;

/// Who writes an agent's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ProviderKind {
    /// No model: answers are composed of the documents' own sentences.
    #[default]
    Builtin,
    /// A server that speaks the OpenAI chat-completions protocol.
    Openai,
    /// A server that speaks Anthropic's Messages protocol.
    Anthropic,
}

impl ProviderKind {
    /// As it stands in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Builtin => "builtin",
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
        }
    }
}

/// What an admin decides about an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentSettings {
    /// 1..=120 characters.
    pub name: String,
    /// At most 2000 characters.
    pub description: String,
    /// What a model is told before each conversation; at most 20000 characters.
    pub instructions: String,
    pub provider: ProviderKind,
    /// Where the model server is; empty = where the protocol's makers serve it.
    pub base_url: String,
    /// Empty = the first that the server lists.
    pub model: String,
    /// The environment variable that holds the key for the model server; null = the stored key.
    pub api_key_env: Option<String>,
    /// 0..=2, with Anthropic 0..=1; null = the model's own.
    pub temperature: Option<f64>,
    /// Longest answer in tokens, 1..=1000000; null = the model's own.
    pub max_output_tokens: Option<u32>,
    /// Earlier messages of the conversation that the agent gets to see, 0..=1000.
    pub history_messages: u32,
    /// The data sources that it may draw on.
    pub data_source_ids: Vec<String>,
    pub is_active: bool,
    /// What is said when nothing was found; empty = the provider's own words. At most 2000 characters.
    pub fallback_message: String,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            instructions: String::from(
                "You answer questions of visitors of a website. Answer in the visitor's language, \
                 briefly, in Markdown. Draw on the passages below where they help, and say so when \
                 they do not hold the answer.",
            ),
            provider: ProviderKind::Builtin,
            base_url: String::new(),
            model: String::new(),
            api_key_env: None,
            temperature: None,
            max_output_tokens: None,
            history_messages: 30,
            data_source_ids: Vec::new(),
            is_active: true,
            fallback_message: String::new(),
        }
    }
}

impl AgentSettings {
    /// Every field, by its JSON name.
    pub const FIELDS: &'static [&'static str] = &[
        "name",
        "description",
        "instructions",
        "provider",
        "base_url",
        "model",
        "api_key_env",
        "temperature",
        "max_output_tokens",
        "history_messages",
        "data_source_ids",
        "is_active",
        "fallback_message",
    ];

    /// Adds to `errors` what is wrong, each under its field's JSON name; not what is at an address.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_text(errors, "name", &self.name, 1, limits::KEY_NAME_CHARS);
        check_text(errors, "description", &self.description, 0, limits::DESCRIPTION_CHARS);
        check_text(errors, "instructions", &self.instructions, 0, limits::INSTRUCTIONS_CHARS);
        check_text(errors, "base_url", &self.base_url, 0, limits::PAGE_FIELD_BYTES);
        check_text(errors, "model", &self.model, 0, 200);
        check_text(
            errors,
            "fallback_message",
            &self.fallback_message,
            0,
            limits::DESCRIPTION_CHARS,
        );
        let (hottest, why) = match self.provider {
            ProviderKind::Anthropic => {
                (1.0, "must be a number from 0 to 1 with the provider anthropic, or null")
            }
            _ => (2.0, "must be a number from 0 to 2, or null"),
        };
        if self.temperature.is_some_and(|degrees| !(0.0..=hottest).contains(&degrees)) {
            errors.add("temperature", why);
        }
        if self.max_output_tokens.is_some_and(|n| !(1..=1_000_000).contains(&n)) {
            errors.add("max_output_tokens", "must be a whole number from 1 to 1000000, or null");
        }
        if self.history_messages > 1000 {
            errors.add("history_messages", "must be a whole number from 0 to 1000");
        }
        if self.data_source_ids.len() > limits::DATA_SOURCES {
            errors.add("data_source_ids", "must have at most 50 entries");
        }
    }
}

/// An agent as the API gives it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agent {
    pub id: String,
    /// Grows with every change; sent back with one, it must be current.
    pub version: i64,
    /// Whether it answers where no agent is named.
    pub is_default: bool,
    #[serde(flatten)]
    pub settings: AgentSettings,
    /// Whether a key for the model server is stored. It is never shown.
    pub has_api_key: bool,
    /// What answers now, with the settings that the environment has for an agent that nobody has
    /// edited.
    pub effective_provider: ProviderKind,
    pub created_at: String,
    pub updated_at: String,
}

/// A new agent, or a change of one: what is left out stays, null goes back to its default.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentChange {
    #[serde(flatten)]
    pub settings: AgentSettings,
    /// The key for the model server, to be sealed; null removes it.
    pub api_key: Option<String>,
    /// True makes it the default agent.
    pub is_default: Option<bool>,
    /// The version that is changed, to notice who was faster.
    pub version: Option<i64>,
}

/// Whether a model server can be used.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConnectionTest {
    pub ok: bool,
    /// What is wrong, or what answered, in plain words.
    pub message: String,
    /// The models that the server lists, at most 200.
    pub models: Vec<String>,
    /// Until the first word, in milliseconds.
    pub first_token_ms: Option<u64>,
}

/// Body of `POST /api/agents/{id}/try`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentTry {
    /// 1..=4000 UTF-16 units.
    pub message: String,
    /// Earlier messages, oldest first; at most 50.
    pub history: Vec<TryMessage>,
}

/// An earlier message of a trial.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TryMessage {
    pub role: crate::Role,
    pub content: String,
}

impl AgentTry {
    /// Adds to `errors` what is wrong with the fields.
    pub fn check(&self, errors: &mut FieldErrors) {
        let units = limits::utf16_len(&self.message);
        if self.message.trim().is_empty() || units > limits::MESSAGE_UNITS {
            errors.add("message", "must have 1 to 4000 characters");
        }
        if self.history.len() > 50 {
            errors.add("history", "must have at most 50 entries");
        }
    }
}

debug_without_secrets!(AgentChange);
