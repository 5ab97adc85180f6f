//! The widget's look and behaviour as an admin or a page sets it (the UI options).

use serde::{Deserialize, Serialize};

use crate::error::FieldErrors;
use crate::license_key::check_text;
use crate::limits;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Position {
    #[serde(alias = "bottom-left")]
    Left,
    #[default]
    #[serde(alias = "bottom-right")]
    Right,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Theme {
    #[default]
    Light,
    Dark,
    /// Follows the visitor's system.
    Auto,
    /// Follows the page's class or `data-theme`, then the system.
    Host,
}

/// Served by `/v1/widget/config`; every field may be overridden by the page, but for
/// `max_messages_per_conversation` and `hide_branding`, which are the server's alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Look {
    pub show_close_button: bool,
    pub show_new_conversation_button: bool,
    pub privacy_policy_url: String,
    pub terms_of_service_url: String,
    /// Visitor messages in one conversation; 0 = unlimited. Enforced by the server.
    pub max_messages_per_conversation: u32,
    /// Empty = the widget's own words.
    pub max_messages_error: String,
    /// CSS pixels, 40..=140.
    pub opener_size: u32,
    pub position: Position,
    /// CSS pixels, at least 10.
    pub margin_bottom: u32,
    /// Empty = the chatbot's name.
    pub title: String,
    /// Empty = the widget's own words.
    pub welcome_message: String,
    /// Empty = the widget's own words.
    pub input_placeholder: String,
    /// Tap to send.
    pub suggested_questions: Vec<String>,
    pub theme: Theme,
    /// `#rrggbb`; the text on it is chosen for a contrast of at least 4.5.
    pub primary_color: String,
    pub avatar_url: String,
    /// BCP 47; empty = the page's language, then the browser's.
    pub locale: String,
    pub hide_branding: bool,
    pub show_sources: bool,
    pub show_feedback: bool,
    pub show_copy: bool,
}

impl Look {
    pub const OPENER_SIZE: std::ops::RangeInclusive<u32> = 40..=140;
    pub const MARGIN_BOTTOM_MIN: u32 = 10;
    pub const PRIMARY_COLOR: &'static str = "#5D87FF";

    /// Adds to `errors` what is wrong with a look that an admin saves, under `ui.<JSON name>`.
    pub fn check(&self, errors: &mut FieldErrors) {
        if !Self::OPENER_SIZE.contains(&self.opener_size) {
            errors.add("ui.openerSize", "must be a whole number from 40 to 140");
        }
        if !(Self::MARGIN_BOTTOM_MIN..=1000).contains(&self.margin_bottom) {
            errors.add("ui.marginBottom", "must be a whole number from 10 to 1000");
        }
        for (field, text) in [
            ("ui.maxMessagesError", &self.max_messages_error),
            ("ui.title", &self.title),
            ("ui.welcomeMessage", &self.welcome_message),
            ("ui.inputPlaceholder", &self.input_placeholder),
        ] {
            check_text(errors, field, text, 0, limits::LOOK_TEXT_CHARS);
        }
        check_text(errors, "ui.locale", &self.locale, 0, 35);
        for (field, url) in [
            ("ui.privacyPolicyUrl", &self.privacy_policy_url),
            ("ui.termsOfServiceUrl", &self.terms_of_service_url),
            ("ui.avatarUrl", &self.avatar_url),
        ] {
            let web = ["https://", "http://"].iter().any(|scheme| {
                url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            });
            if !url.is_empty() && (!web || url.len() > limits::PAGE_FIELD_BYTES) {
                errors.add(field, "must be an http or https address of at most 2048 bytes");
            }
            errors.refuse_nul(field, url);
        }
        if self.suggested_questions.len() > limits::SUGGESTED_QUESTIONS {
            errors.add("ui.suggestedQuestions", "must have at most 20 entries");
        }
        for question in &self.suggested_questions {
            check_text(errors, "ui.suggestedQuestions", question, 1, 200);
        }
        let digits = self.primary_color.strip_prefix('#').unwrap_or_default();
        if !matches!(digits.len(), 3 | 6) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            errors.add("ui.primaryColor", "must be a colour such as #5D87FF");
        }
    }
}

impl Default for Look {
    fn default() -> Self {
        Self {
            show_close_button: true,
            show_new_conversation_button: true,
            privacy_policy_url: String::new(),
            terms_of_service_url: String::new(),
            max_messages_per_conversation: 0,
            max_messages_error: String::new(),
            opener_size: 70,
            position: Position::Right,
            margin_bottom: 10,
            title: String::new(),
            welcome_message: String::new(),
            input_placeholder: String::new(),
            suggested_questions: Vec::new(),
            theme: Theme::Light,
            primary_color: Self::PRIMARY_COLOR.to_owned(),
            avatar_url: String::new(),
            locale: String::new(),
            hide_branding: false,
            show_sources: true,
            show_feedback: true,
            show_copy: true,
        }
    }
}
