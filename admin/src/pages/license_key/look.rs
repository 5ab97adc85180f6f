//! Every option of the widget's look, with the widget beside it.

use leptos::prelude::*;
use shared::LicenseKeySettings;
use shared::look::Theme;

use super::KeyPage;
use super::button::{read_only, whole};
use super::form_fields::PreChatCard;
use super::preview::Preview;
use crate::ui::{
    Bind, Card, Choice, ColorField, ListField, NumberField, Switch, TextArea, TextField,
};

#[component]
pub fn LookOptions(page: KeyPage) -> impl IntoView {
    view! {
        <div class="beside">
            <div class="stack"><Words page /><Colours page /><Buttons page /><Answers page /><PreChatCard page /><Legal page /></div>
            <Preview page open=true />
        </div>
    }
}

/// A text of the look's.
macro_rules! text {
    ($page:expr, $name:literal, $field:ident) => {
        $page.draft.field(
            $name,
            |key: &LicenseKeySettings| key.ui.$field.clone(),
            |key: &mut LicenseKeySettings, value| key.ui.$field = value,
        )
    };
}

/// A yes or no of the look's.
macro_rules! flag {
    ($page:expr, $name:literal, $field:ident) => {
        $page.draft.field(
            $name,
            |key: &LicenseKeySettings| key.ui.$field,
            |key: &mut LicenseKeySettings, value| key.ui.$field = value,
        )
    };
}

#[component]
fn Words(page: KeyPage) -> impl IntoView {
    let title = text!(page, "ui.title", title);
    let welcome = text!(page, "ui.welcomeMessage", welcome_message);
    let placeholder = text!(page, "ui.inputPlaceholder", input_placeholder);
    let questions: Bind<Vec<String>> = text!(page, "ui.suggestedQuestions", suggested_questions);
    let locale = text!(page, "ui.locale", locale);
    view! {
        <Card title="Words" text="Empty = the widget's own, in the visitor's language.">
            <TextField bind=title label="Title" placeholder="The key's name" disabled=read_only() />
            <TextArea bind=welcome label="Welcome message" rows=2 disabled=read_only() />
            <TextField bind=placeholder label="Input placeholder" disabled=read_only() />
            <ListField bind=questions label="Suggested questions" hint="A tap sends one." add="Add a question" disabled=read_only() />
            <TextField bind=locale label="Language" placeholder="The page's, then the browser's" hint="Such as de or pt-BR." disabled=read_only() />
        </Card>
    }
}

#[component]
fn Colours(page: KeyPage) -> impl IntoView {
    let theme = page.draft.field(
        "ui.theme",
        |key| theme_name(key.ui.theme).to_owned(),
        |key, value: String| key.ui.theme = theme_of(&value),
    );
    let color = text!(page, "ui.primaryColor", primary_color);
    let avatar = text!(page, "ui.avatarUrl", avatar_url);
    let logo = text!(page, "ui.logoUrl", logo_url);
    let option = |value: &str, text: &str| (value.to_owned(), text.to_owned());
    let themes = Signal::stored(vec![
        option("light", "Light"),
        option("dark", "Dark"),
        option("auto", "As the visitor's system"),
        option("host", "As the page"),
    ]);
    view! {
        <Card title="Colours and pictures">
            <div class="pair">
                <Choice bind=theme label="Theme" options=themes disabled=read_only() />
                <ColorField bind=color label="Primary colour" hint="The text on it is chosen so that it can be read." disabled=read_only() />
            </div>
            <TextField bind=avatar label="Avatar" kind="url" placeholder="https://example.com/face.png" hint="Beside answers." disabled=read_only() />
            <TextField bind=logo label="Logo" kind="url" placeholder="https://example.com/logo.svg" hint="In the header, instead of the title." disabled=read_only() />
        </Card>
    }
}

fn theme_name(theme: Theme) -> &'static str {
    match theme {
        Theme::Light => "light",
        Theme::Dark => "dark",
        Theme::Auto => "auto",
        Theme::Host => "host",
    }
}

fn theme_of(name: &str) -> Theme {
    match name {
        "dark" => Theme::Dark,
        "auto" => Theme::Auto,
        "host" => Theme::Host,
        _ => Theme::Light,
    }
}

#[component]
fn Buttons(page: KeyPage) -> impl IntoView {
    let close = flag!(page, "ui.showCloseButton", show_close_button);
    let fresh = flag!(page, "ui.showNewConversationButton", show_new_conversation_button);
    let fill = flag!(page, "ui.expandInContainer", expand_in_container);
    let transcript = flag!(page, "ui.allowTranscript", allow_transcript);
    let branding = flag!(page, "ui.hideBranding", hide_branding);
    view! {
        <Card title="Window">
            <Switch bind=close label="Close button" disabled=read_only() />
            <Switch bind=fresh label="New conversation button" disabled=read_only() />
            <Switch bind=transcript label="Visitors may download the transcript" disabled=read_only() />
            <Switch bind=fill label="Fill the element around it" hint="For a chat inside the page." disabled=read_only() />
            <Switch bind=branding label="Hide “Powered by Natter”" disabled=read_only() />
        </Card>
    }
}

#[component]
fn Answers(page: KeyPage) -> impl IntoView {
    let sources = flag!(page, "ui.showSources", show_sources);
    let feedback = flag!(page, "ui.showFeedback", show_feedback);
    let copy = flag!(page, "ui.showCopy", show_copy);
    let images: Bind<Vec<String>> = text!(page, "ui.showImages", show_images);
    let most = page.draft.field(
        "ui.maxMessagesPerConversation",
        |key| Some(i64::from(key.ui.max_messages_per_conversation)).filter(|n| *n > 0),
        |key, value| {
            key.ui.max_messages_per_conversation = whole(value);
        },
    );
    let said = text!(page, "ui.maxMessagesError", max_messages_error);
    view! {
        <Card title="Answers">
            <Switch bind=sources label="Show sources" disabled=read_only() />
            <Switch bind=feedback label="Thumbs up and down" disabled=read_only() />
            <Switch bind=copy label="Copy button" disabled=read_only() />
            <ListField bind=images label="Pictures from these hosts" hint="Pictures in answers from elsewhere stay links." placeholder="images.example.com" add="Add a host" disabled=read_only() />
            <NumberField bind=most label="Messages in a conversation" min=1 placeholder="Unlimited" disabled=read_only() />
            <TextField bind=said label="What is said then" disabled=read_only() />
        </Card>
    }
}

#[component]
fn Legal(page: KeyPage) -> impl IntoView {
    let privacy = text!(page, "ui.privacyPolicyUrl", privacy_policy_url);
    let terms = text!(page, "ui.termsOfServiceUrl", terms_of_service_url);
    view! {
        <Card title="Legal">
            <TextField bind=privacy label="Privacy policy" kind="url" placeholder="https://example.com/privacy" disabled=read_only() />
            <TextField bind=terms label="Terms of service" kind="url" placeholder="https://example.com/terms" disabled=read_only() />
        </Card>
    }
}
