//! Reads and writes the wire shapes through the browser's own JSON.
//!
//! In: text from the network, or an object that the page's script made. Out: the types of this
//! crate, or `None` when the text is not one of them. The shapes themselves stand in their own
//! modules; here are only their JSON names. Unknown fields are ignored, absent ones take the
//! shape's default, as serde does on the server. An unknown error code (a newer server) reads as
//! [`ErrorCode::Internal`], because a failure must stay a failure. What the widget never sends (a
//! session id beside its token, an agent, metadata) has no writer, and where it brings maps
//! along the whole request is not even made: every visitor would download it.

use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::JsValue;

use crate::chat::{Page, ResumeRequest, StopRequest};
use crate::conversation::{
    Conversation, CurrentAnswer, CurrentRequest, Feedback, Message, MessageStatus, Rating, Role,
    RunningTurn,
};
use crate::error::ErrorCode;
use crate::event::{Event, FinishReason, Source, StreamEvent, ToolState, Usage};
use crate::look::{
    EngagementRules, FormField, FormFieldKind, Look, Position, PreChatForm, PromptMode, Theme,
};
use crate::widget::{Refusal, SessionAnswer};

/// A value as `JSON.parse` made it.
struct Value(JsValue);

impl Value {
    fn parse(text: &str) -> Option<Self> {
        let value = JSON::parse(text).ok()?;
        value.is_truthy().then_some(Self(value))
    }

    fn get(&self, name: &str) -> Self {
        Self(Reflect::get(&self.0, &JsValue::from_str(name)).unwrap_or(JsValue::NULL))
    }

    fn object(&self, name: &str) -> Option<Self> {
        Some(self.get(name)).filter(|value| value.0.is_truthy())
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).0.as_string()
    }

    /// A non-negative whole number; fractions are cut off.
    fn number(&self, name: &str) -> Option<u64> {
        let number = self.get(name).0.as_f64().filter(|n| *n >= 0.0)?;
        Some(number as u64)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).0.as_bool()
    }

    /// True or false, also as an attribute has it: an empty one is true.
    fn switch(&self) -> Option<bool> {
        match self.0.as_string().as_deref() {
            Some("" | "true") => Some(true),
            Some("false") => Some(false),
            _ => self.0.as_bool(),
        }
    }

    /// A number of at least 0, also as an attribute has it.
    fn count(&self) -> Option<f64> {
        let text = self.0.as_string();
        if !text.map_or(self.0.as_f64().is_some(), |text| !text.is_empty()) {
            return None;
        }
        // The browser reads texts; Rust's own reader of fractions weighs more than all of this.
        Some(self.0.unchecked_into_f64()).filter(|number| *number >= 0.0)
    }

    fn texts(&self) -> Option<Vec<String>> {
        let list = Array::is_array(&self.0).then(|| Array::from(&self.0))?;
        Some(list.iter().filter_map(|item| item.as_string()).collect())
    }

    fn list<T>(&self, name: &str, read: impl Fn(Self) -> Option<T>) -> Vec<T> {
        let value = self.get(name).0;
        if !Array::is_array(&value) {
            return Vec::new();
        }
        Array::from(&value).iter().filter_map(|item| read(Self(item))).collect()
    }
}

/// Reads one line of the stream; `None` for a line of an unknown type, which clients ignore.
#[must_use]
pub fn read_event(line: &str) -> Option<Event> {
    let value = Value::parse(line)?;
    let event = match value.text("type")?.as_str() {
        "start" => StreamEvent::Start {
            conversation_id: value.text("conversationId")?,
            turn_id: value.text("turnId")?,
            message_id: value.text("messageId")?,
            user_message_id: value.text("userMessageId")?,
        },
        "token" => StreamEvent::Token { token: value.text("token")? },
        "sources" => StreamEvent::Sources { sources: value.list("sources", read_source) },
        "tool" => StreamEvent::Tool {
            name: value.text("name")?,
            state: match value.text("state")?.as_str() {
                "running" => ToolState::Running,
                "done" => ToolState::Done,
                _ => return None,
            },
            summary: value.text("summary"),
        },
        "ping" => StreamEvent::Ping,
        "done" => StreamEvent::Done {
            message: value.text("message")?,
            conversation_id: value.text("conversationId")?,
            message_id: value.text("messageId")?,
            usage: value.object("usage").map(|usage| Usage {
                input_tokens: usage.number("inputTokens").unwrap_or(0),
                output_tokens: usage.number("outputTokens").unwrap_or(0),
            }),
            finish_reason: FinishReason::parse(&value.text("finishReason").unwrap_or_default()),
        },
        "error" => StreamEvent::Error {
            error: value.text("error")?,
            code: read_code(&value),
            retryable: value.flag("retryable").unwrap_or(false),
        },
        _ => return None,
    };
    Some(Event { seq: value.number("seq"), event })
}

/// Reads the body of an answer that is not a success.
#[must_use]
pub fn read_error(body: &str) -> Option<Refusal> {
    let value = Value::parse(body)?;
    Some(Refusal {
        code: read_code(&value),
        error: value.text("error")?,
        message: value.text("message"),
        retry_after: value.number("retryAfter"),
    })
}

/// Reads the answer to `POST /v1/widget/session`.
#[must_use]
pub fn read_session(body: &str) -> Option<SessionAnswer> {
    let value = Value::parse(body)?;
    Some(SessionAnswer {
        token: value.text("token")?,
        expires_at: value.text("expiresAt")?,
        visitor_id: value.text("visitorId")?,
        verified: value.flag("verified").unwrap_or(false),
        conversation: value.object("conversation").and_then(read_conversation),
    })
}

/// Reads the answer to `POST /v1/conversations/current`.
#[must_use]
pub fn read_current(body: &str) -> Option<CurrentAnswer> {
    let value = Value::parse(body)?;
    Some(CurrentAnswer { conversation: value.object("conversation").and_then(read_conversation) })
}

/// Who the visitor is, as the page's script said it: the fields of [`crate::Identity`] in one
/// order, as JSON, to be compared and sent on. `None` when the script said nothing.
#[must_use]
pub fn read_identity(given: &JsValue) -> Option<String> {
    let fields = JSON::parse(r#"["userId","userHash","name","email","jwt"]"#).ok()?;
    let given = Some(given).filter(|given| given.is_truthy())?;
    JSON::stringify_with_replacer(given, &fields).ok()?.as_string()
}

/// A text of an identity that [`read_identity`] has read, or of a JWT's claims.
#[must_use]
pub fn read_text(json: &str, name: &str) -> Option<String> {
    Value::parse(json)?.text(name)
}

/// Reads the look from an object, as the server and the page's script gave it.
///
/// A field of the wrong type is as in `under`, else its default; its name is added to `bad`.
#[must_use]
pub fn read_look(object: &JsValue, under: &JsValue, bad: &mut Vec<&'static str>) -> Look {
    let (value, under) = (Value(object.clone()), Value(under.clone()));
    let mut look = Look::default();
    let mut field = |name: &'static str, read: &mut dyn FnMut(Value) -> Option<()>| {
        let given = value.get(name);
        if !given.0.is_undefined() && !given.0.is_null() && read(given).is_none() {
            bad.push(name);
            read(under.get(name));
        }
    };
    for (name, flag) in [
        ("showCloseButton", &mut look.show_close_button),
        ("showNewConversationButton", &mut look.show_new_conversation_button),
        ("hideBranding", &mut look.hide_branding),
        ("showSources", &mut look.show_sources),
        ("showFeedback", &mut look.show_feedback),
        ("showCopy", &mut look.show_copy),
        ("allowTranscript", &mut look.allow_transcript),
        ("expandInContainer", &mut look.expand_in_container),
        ("engagementSound", &mut look.engagement_sound),
    ] {
        field(name, &mut |given| given.switch().map(|given| *flag = given));
    }
    for (name, text) in [
        ("privacyPolicyUrl", &mut look.privacy_policy_url),
        ("termsOfServiceUrl", &mut look.terms_of_service_url),
        ("maxMessagesError", &mut look.max_messages_error),
        ("title", &mut look.title),
        ("welcomeMessage", &mut look.welcome_message),
        ("inputPlaceholder", &mut look.input_placeholder),
        ("primaryColor", &mut look.primary_color),
        ("avatarUrl", &mut look.avatar_url),
        ("launcherIconUrl", &mut look.launcher_icon_url),
        ("logoUrl", &mut look.logo_url),
        ("locale", &mut look.locale),
    ] {
        field(name, &mut |given| given.0.as_string().map(|given| *text = given));
    }
    for (name, number) in [
        ("maxMessagesPerConversation", &mut look.max_messages_per_conversation),
        ("openerSize", &mut look.opener_size),
        ("marginBottom", &mut look.margin_bottom),
        ("engagementPromptRotateSeconds", &mut look.engagement_prompt_rotate_seconds),
    ] {
        field(name, &mut |given| given.count().map(|given| *number = given as u32));
    }
    for (name, list) in [
        ("suggestedQuestions", &mut look.suggested_questions),
        ("engagementPrompts", &mut look.engagement_prompts),
        ("showImages", &mut look.show_images),
    ] {
        field(name, &mut |given| {
            *list = given.texts()?;
            Some(())
        });
    }
    field("engagementRules", &mut |given| {
        let there = |name| Some(given.get(name)).filter(|value| !value.0.is_undefined());
        let number = |name| there(name).map_or(Some(0), |n| n.count().map(|n| n as u32));
        if !given.0.is_object() {
            return None;
        }
        look.engagement_rules = EngagementRules {
            url_patterns: there("urlPatterns").map_or(Some(Vec::new()), |list| list.texts())?,
            delay_seconds: number("delaySeconds")?,
            scroll_percent: number("scrollPercent")?,
            exit_intent: given.flag("exitIntent").unwrap_or(false),
        };
        Some(())
    });
    field("preChatForm", &mut |given| {
        if !given.0.is_object() {
            return None;
        }
        look.pre_chat_form = PreChatForm {
            enabled: given.flag("enabled").unwrap_or(false),
            fields: given.list("fields", read_form_field),
        };
        Some(())
    });
    field("engagementPromptMode", &mut |given| {
        look.engagement_prompt_mode = match given.0.as_string()?.as_str() {
            "rotate" => PromptMode::Rotate,
            "random" => PromptMode::Random,
            _ => return None,
        };
        Some(())
    });
    field("position", &mut |given| {
        look.position = match given.0.as_string()?.as_str() {
            "left" | "bottom-left" => Position::Left,
            "right" | "bottom-right" => Position::Right,
            _ => return None,
        };
        Some(())
    });
    field("theme", &mut |given| {
        look.theme = match given.0.as_string()?.as_str() {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            "auto" => Theme::Auto,
            "host" => Theme::Host,
            _ => return None,
        };
        Some(())
    });
    look
}

#[allow(clippy::needless_pass_by_value)]
fn read_form_field(value: Value) -> Option<FormField> {
    Some(FormField {
        name: value.text("name")?,
        label: value.text("label").unwrap_or_default(),
        kind: match value.text("type").as_deref() {
            Some("email") => FormFieldKind::Email,
            Some("choice") => FormFieldKind::Choice,
            _ => FormFieldKind::Text,
        },
        required: value.flag("required").unwrap_or(false),
        options: value.get("options").texts().unwrap_or_default(),
    })
}

fn read_code(value: &Value) -> ErrorCode {
    value.text("code").and_then(|code| ErrorCode::parse(&code)).unwrap_or(ErrorCode::Internal)
}

// The filters hand the value over whole; a reference would not fit them.
#[allow(clippy::needless_pass_by_value)]
fn read_source(value: Value) -> Option<Source> {
    Some(Source {
        title: value.text("title")?,
        url: value.text("url"),
        snippet: value.text("snippet").unwrap_or_default(),
        data_source_id: value.text("dataSourceId").unwrap_or_default(),
    })
}

#[allow(clippy::needless_pass_by_value)]
fn read_conversation(value: Value) -> Option<Conversation> {
    Some(Conversation {
        id: value.text("id")?,
        messages: value.list("messages", read_message),
        running_turn: value.object("runningTurn").and_then(|turn| {
            Some(RunningTurn {
                turn_id: turn.text("turnId")?,
                seq: turn.number("seq").unwrap_or(0),
            })
        }),
    })
}

#[allow(clippy::needless_pass_by_value)]
fn read_message(value: Value) -> Option<Message> {
    Some(Message {
        id: value.text("id")?,
        role: match value.text("role")?.as_str() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            _ => return None,
        },
        content: value.text("content")?,
        status: match value.text("status").as_deref() {
            Some("stopped") => MessageStatus::Stopped,
            Some("failed") => MessageStatus::Failed,
            _ => MessageStatus::Complete,
        },
        created_at: value.text("createdAt").unwrap_or_default(),
        client_message_id: value.text("clientMessageId"),
        sources: value.list("sources", read_source),
        rating: match value.text("rating").as_deref() {
            Some("up") => Some(Rating::Up),
            Some("down") => Some(Rating::Down),
            _ => None,
        },
    })
}

/// An object on its way to `JSON.stringify`.
struct Writer(Object);

impl Writer {
    fn new() -> Self {
        Self(Object::new())
    }

    fn set(&self, name: &str, value: &JsValue) {
        // Setting a property of a plain object of our own cannot fail.
        let _ = Reflect::set(&self.0, &JsValue::from_str(name), value);
    }

    fn text(self, name: &str, text: &str) -> Self {
        self.set(name, &JsValue::from_str(text));
        self
    }

    fn maybe(self, name: &str, text: Option<&String>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    fn page(self, page: &Page) -> Self {
        let object = Self::new()
            .text("url", &page.url)
            .text("title", &page.title)
            .text("referrer", &page.referrer);
        self.set("page", &object.0);
        self
    }

    fn finish(self) -> String {
        JSON::stringify(&self.0).map_or_else(|_| String::new(), String::from)
    }
}

/// What the widget says of itself when it begins or renews a session.
#[derive(Debug)]
pub struct Opening {
    pub license_key: Option<String>,
    pub chatbot_id: Option<String>,
    pub visitor_id: Option<String>,
    pub new: bool,
    /// As [`read_identity`] has read it.
    pub identity: Option<String>,
    /// A [`crate::widget::Lead`] as JSON.
    pub lead: Option<String>,
    pub page: Page,
}

/// Body of `POST /v1/widget/session`: a [`crate::widget::SessionRequest`].
#[must_use]
pub fn write_session(opening: &Opening) -> String {
    let writer = Writer::new()
        .maybe("licenseKey", opening.license_key.as_ref())
        .maybe("chatbotId", opening.chatbot_id.as_ref())
        .maybe("visitorId", opening.visitor_id.as_ref())
        .page(&opening.page);
    writer.set("new", &JsValue::from_bool(opening.new));
    for (name, json) in [("identity", &opening.identity), ("lead", &opening.lead)] {
        if let Some(value) = json.as_deref().and_then(Value::parse) {
            writer.set(name, &value.0);
        }
    }
    writer.finish()
}

/// Body of `POST /v1/chat/stream`: a [`crate::ChatRequest`].
#[must_use]
pub fn write_chat(token: &str, message: &str, client_message_id: &str, page: &Page) -> String {
    Writer::new()
        .text("token", token)
        .text("message", message)
        .text("clientMessageId", client_message_id)
        .page(page)
        .finish()
}

/// Body of `POST /v1/chat/resume`.
#[must_use]
pub fn write_resume(request: &ResumeRequest) -> String {
    let writer =
        Writer::new().maybe("token", request.token.as_ref()).text("turnId", &request.turn_id);
    writer.set("after", &JsValue::from_f64(request.after as f64));
    writer.finish()
}

/// Body of `POST /v1/chat/stop`.
#[must_use]
pub fn write_stop(request: &StopRequest) -> String {
    Writer::new().maybe("token", request.token.as_ref()).text("turnId", &request.turn_id).finish()
}

/// Body of `POST /v1/messages/feedback`.
#[must_use]
pub fn write_feedback(feedback: &Feedback) -> String {
    let writer = Writer::new()
        .maybe("token", feedback.token.as_ref())
        .text("messageId", &feedback.message_id)
        .maybe("comment", feedback.comment.as_ref());
    let rating = match feedback.rating {
        Some(Rating::Up) => JsValue::from_str("up"),
        Some(Rating::Down) => JsValue::from_str("down"),
        None => JsValue::NULL,
    };
    writer.set("rating", &rating);
    writer.finish()
}

/// Body of `POST /v1/conversations/current`.
#[must_use]
pub fn write_current(request: &CurrentRequest) -> String {
    Writer::new().maybe("token", request.token.as_ref()).finish()
}
