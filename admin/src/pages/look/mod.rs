//! Every option of the widget's look: of a license key's, and of those that a plan will issue.

mod button;
mod form;
mod pre_chat;

use leptos::prelude::*;
use shared::look::{Look, Theme};

pub use button::ButtonCards;
pub use form::LookForm;

use self::pre_chat::PreChatCard;
use crate::session::read_only;
use crate::ui::{
    Bind, Card, Choice, ColorField, ListField, NumberField, Switch, TextArea, TextField, choices,
};

/// The cards of all options but the opening button's.
#[component]
pub fn LookCards(form: LookForm) -> impl IntoView {
    view! { <Words form /><Colours form /><Buttons form /><Answers form /><PreChatCard form /><Legal form /> }
}

/// A whole number of the look's.
fn whole(value: Option<i64>) -> u32 {
    value.map_or(0, |number| u32::try_from(number).unwrap_or(u32::MAX))
}

/// An option of the look's, as it is stored.
macro_rules! option {
    ($form:expr, $name:literal, $field:ident) => {
        $form.field(
            $name,
            |look: &Look| look.$field.clone(),
            |look: &mut Look, value| look.$field = value,
        )
    };
}

#[component]
fn Words(form: LookForm) -> impl IntoView {
    let title = option!(form, "title", title);
    let welcome = option!(form, "welcomeMessage", welcome_message);
    let placeholder = option!(form, "inputPlaceholder", input_placeholder);
    let questions: Bind<Vec<String>> = option!(form, "suggestedQuestions", suggested_questions);
    let locale = option!(form, "locale", locale);
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
fn Colours(form: LookForm) -> impl IntoView {
    let theme = form.field(
        "theme",
        |look| theme_name(look.theme).to_owned(),
        |look, value: String| look.theme = theme_of(&value),
    );
    let color = option!(form, "primaryColor", primary_color);
    let avatar = option!(form, "avatarUrl", avatar_url);
    let logo = option!(form, "logoUrl", logo_url);
    let themes = choices(&[
        ("light", "Light"),
        ("dark", "Dark"),
        ("auto", "As the visitor's system"),
        ("host", "As the page"),
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
fn Buttons(form: LookForm) -> impl IntoView {
    let close = option!(form, "showCloseButton", show_close_button);
    let fresh = option!(form, "showNewConversationButton", show_new_conversation_button);
    let fill = option!(form, "expandInContainer", expand_in_container);
    let transcript = option!(form, "allowTranscript", allow_transcript);
    let branding = option!(form, "hideBranding", hide_branding);
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
fn Answers(form: LookForm) -> impl IntoView {
    let sources = option!(form, "showSources", show_sources);
    let feedback = option!(form, "showFeedback", show_feedback);
    let copy = option!(form, "showCopy", show_copy);
    let images: Bind<Vec<String>> = option!(form, "showImages", show_images);
    let most = form.field(
        "maxMessagesPerConversation",
        |look| Some(i64::from(look.max_messages_per_conversation)).filter(|n| *n > 0),
        |look, value| {
            look.max_messages_per_conversation = whole(value);
        },
    );
    let said = option!(form, "maxMessagesError", max_messages_error);
    view! {
        <Card title="Answers">
            <Switch bind=sources label="Show sources" disabled=read_only() />
            <Switch bind=feedback label="Thumbs up and down" disabled=read_only() />
            <Switch bind=copy label="Copy button" disabled=read_only() />
            <ListField bind=images label="Pictures from these hosts" hint="Pictures in answers from elsewhere stay links." placeholder="images.example.com" add="Add a host" disabled=read_only() />
            <NumberField bind=most label="Messages in a conversation" placeholder="Unlimited" disabled=read_only() />
            <TextField bind=said label="What is said then" disabled=read_only() />
        </Card>
    }
}

#[component]
fn Legal(form: LookForm) -> impl IntoView {
    let privacy = option!(form, "privacyPolicyUrl", privacy_policy_url);
    let terms = option!(form, "termsOfServiceUrl", terms_of_service_url);
    view! {
        <Card title="Legal">
            <TextField bind=privacy label="Privacy policy" kind="url" placeholder="https://example.com/privacy" disabled=read_only() />
            <TextField bind=terms label="Terms of service" kind="url" placeholder="https://example.com/terms" disabled=read_only() />
        </Card>
    }
}
