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

/// How the engagement prompts take turns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum PromptMode {
    /// One after the other, each for `engagement_prompt_rotate_seconds`.
    #[default]
    Rotate,
    /// One, picked for each page load.
    Random,
}

/// When engagement prompts appear; all that is set must have come true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EngagementRules {
    /// Pages by address, `*` for any run of characters; what begins with `/` is matched with the
    /// path alone. Empty = everywhere.
    pub url_patterns: Vec<String>,
    /// Seconds after the page was entered.
    pub delay_seconds: u32,
    /// How far the visitor has scrolled down, 0..=100.
    pub scroll_percent: u32,
    /// Only once the pointer leaves the page upwards, as towards the tab's cross.
    pub exit_intent: bool,
}

/// What a field of the pre-chat form takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FormFieldKind {
    #[default]
    Text,
    Email,
    /// One of `options`.
    Choice,
}

/// A question of the pre-chat form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FormField {
    /// `name`, `email`, or a name of the admin's own: 1..=40 of `a-z`, `0-9`, `_`.
    pub name: String,
    /// What the visitor reads; empty = the widget's own words for `name` and `email`.
    pub label: String,
    #[serde(rename = "type")]
    pub kind: FormFieldKind,
    pub required: bool,
    /// Of a choice.
    pub options: Vec<String>,
}

/// What visitors are asked before their first message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreChatForm {
    pub enabled: bool,
    /// Empty = name and e-mail.
    pub fields: Vec<FormField>,
}

/// Served by `/v1/widget/config`; every field may be overridden by the page, but for
/// `max_messages_per_conversation` and `hide_branding`, which are the server's alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Look {
    pub show_close_button: bool,
    pub show_new_conversation_button: bool,
    /// Inline only: fills the element that the chat stands in.
    pub expand_in_container: bool,
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
    /// Shown beside the closed button.
    pub engagement_prompts: Vec<String>,
    pub engagement_prompt_mode: PromptMode,
    /// 1..=3600.
    pub engagement_prompt_rotate_seconds: u32,
    pub engagement_rules: EngagementRules,
    /// One short sound when the page is entered.
    pub engagement_sound: bool,
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
    /// Stands in the button instead of the drawn sign.
    pub launcher_icon_url: String,
    /// Stands in the header above the messages instead of the title's text.
    pub logo_url: String,
    /// BCP 47; empty = the page's language, then the browser's.
    pub locale: String,
    pub hide_branding: bool,
    pub pre_chat_form: PreChatForm,
    pub show_sources: bool,
    pub show_feedback: bool,
    pub show_copy: bool,
    pub allow_transcript: bool,
    /// Hosts that pictures in answers may come from; all others stay links.
    pub show_images: Vec<String>,
}

impl Look {
    pub const OPENER_SIZE: std::ops::RangeInclusive<u32> = 40..=140;
    pub const MARGIN_BOTTOM: std::ops::RangeInclusive<u32> = 10..=1000;
    pub const ROTATE_SECONDS: std::ops::RangeInclusive<u32> = 1..=3600;
    pub const PRIMARY_COLOR: &'static str = "#5D87FF";

    /// Adds to `errors` what is wrong with a look that an admin saves, under `ui.<JSON name>`.
    pub fn check(&self, errors: &mut FieldErrors) {
        if !Self::OPENER_SIZE.contains(&self.opener_size) {
            errors.add("ui.openerSize", "must be a whole number from 40 to 140");
        }
        if !Self::MARGIN_BOTTOM.contains(&self.margin_bottom) {
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
        check_text(errors, "ui.locale", &self.locale, 0, limits::LOCALE_CHARS);
        for (field, url) in [
            ("ui.privacyPolicyUrl", &self.privacy_policy_url),
            ("ui.termsOfServiceUrl", &self.terms_of_service_url),
            ("ui.avatarUrl", &self.avatar_url),
            ("ui.launcherIconUrl", &self.launcher_icon_url),
            ("ui.logoUrl", &self.logo_url),
        ] {
            let web = ["https://", "http://"].iter().any(|scheme| {
                url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            });
            if !url.is_empty() && (!web || url.len() > limits::PAGE_FIELD_BYTES) {
                errors.add(field, "must be an http or https address of at most 2048 bytes");
            }
            errors.refuse_nul(field, url);
        }
        for (field, list) in [
            ("ui.suggestedQuestions", &self.suggested_questions),
            ("ui.engagementPrompts", &self.engagement_prompts),
            ("ui.engagementRules.urlPatterns", &self.engagement_rules.url_patterns),
            ("ui.showImages", &self.show_images),
        ] {
            check_list(errors, field, list);
        }
        for host in &self.show_images {
            if host.contains(|c: char| c.is_whitespace() || "/:@?#*".contains(c)) {
                errors.add("ui.showImages", "must be hosts such as images.example.com");
            }
        }
        if !Self::ROTATE_SECONDS.contains(&self.engagement_prompt_rotate_seconds) {
            errors.add("ui.engagementPromptRotateSeconds", "must be a whole number from 1 to 3600");
        }
        if self.engagement_rules.delay_seconds > *Self::ROTATE_SECONDS.end() {
            errors.add("ui.engagementRules.delaySeconds", "must be a whole number from 0 to 3600");
        }
        if self.engagement_rules.scroll_percent > 100 {
            errors.add("ui.engagementRules.scrollPercent", "must be a whole number from 0 to 100");
        }
        self.pre_chat_form.check(errors);
        let digits = self.primary_color.strip_prefix('#').unwrap_or_default();
        if !matches!(digits.len(), 3 | 6) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            errors.add("ui.primaryColor", "must be a colour such as #5D87FF");
        }
    }
}

fn check_list(errors: &mut FieldErrors, field: &str, list: &[String]) {
    if list.len() > limits::LOOK_LIST_ENTRIES {
        errors.add(field, "must have at most 20 entries");
    }
    for text in list {
        check_text(errors, field, text, 1, limits::LOOK_ENTRY_CHARS);
    }
}

impl PreChatForm {
    fn check(&self, errors: &mut FieldErrors) {
        const FIELDS: &str = "ui.preChatForm.fields";
        if self.fields.len() > limits::FORM_FIELDS {
            errors.add(FIELDS, "must have at most 10 entries");
        }
        for (at, field) in self.fields.iter().enumerate() {
            if !field.has_usable_name() {
                errors.add(FIELDS, "must have names of 1 to 40 characters of a-z, 0-9 and _");
            }
            if self.fields[..at].iter().any(|other| other.name == field.name) {
                errors.add(FIELDS, "must have each name only once");
            }
            let own = !matches!(field.name.as_str(), "name" | "email");
            check_text(errors, FIELDS, &field.label, usize::from(own), limits::LOOK_ENTRY_CHARS);
            if field.kind == FormFieldKind::Choice && field.options.is_empty() {
                errors.add(FIELDS, "must have options where a choice is asked for");
            }
            check_list(errors, FIELDS, &field.options);
        }
    }
}

impl FormField {
    /// Whether its name can be a name in a lead's fields.
    #[must_use]
    pub fn has_usable_name(&self) -> bool {
        (1..=40).contains(&self.name.len())
            && self.name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    }
}

impl Default for Look {
    fn default() -> Self {
        Self {
            show_close_button: true,
            show_new_conversation_button: true,
            expand_in_container: false,
            privacy_policy_url: String::new(),
            terms_of_service_url: String::new(),
            max_messages_per_conversation: 0,
            max_messages_error: String::new(),
            opener_size: 70,
            position: Position::Right,
            margin_bottom: 10,
            engagement_prompts: Vec::new(),
            engagement_prompt_mode: PromptMode::Rotate,
            engagement_prompt_rotate_seconds: 5,
            engagement_rules: EngagementRules::default(),
            engagement_sound: false,
            title: String::new(),
            welcome_message: String::new(),
            input_placeholder: String::new(),
            suggested_questions: Vec::new(),
            theme: Theme::Light,
            primary_color: Self::PRIMARY_COLOR.to_owned(),
            avatar_url: String::new(),
            launcher_icon_url: String::new(),
            logo_url: String::new(),
            locale: String::new(),
            hide_branding: false,
            pre_chat_form: PreChatForm::default(),
            show_sources: true,
            show_feedback: true,
            show_copy: true,
            allow_transcript: true,
            show_images: Vec::new(),
        }
    }
}
