//! The opening button, and the prompts beside it.

use leptos::prelude::*;
use shared::look::{Position, PromptMode};

use super::{LookForm, whole};
use crate::session::read_only;
use crate::ui::{
    Bind, Card, Choice, Icon, ListField, NumberField, Slider, Switch, TextField, choices,
};

/// The cards of the opening button's options.
#[component]
pub fn ButtonCards(form: LookForm) -> impl IntoView {
    view! { <Button form /><Prompts form /><Rules form /> }
}

#[component]
fn Button(form: LookForm) -> impl IntoView {
    let size = form.field(
        "openerSize",
        |look| i64::from(look.opener_size),
        |look, value| look.opener_size = whole(Some(value)),
    );
    let margin = form.field(
        "marginBottom",
        |look| Some(i64::from(look.margin_bottom)),
        |look, value| look.margin_bottom = whole(value),
    );
    let position = form.field(
        "position",
        |look| if look.position == Position::Left { "left" } else { "right" }.to_owned(),
        |look, value: String| {
            look.position = if value == "left" { Position::Left } else { Position::Right }
        },
    );
    let icon = form.field(
        "launcherIconUrl",
        |look| look.launcher_icon_url.clone(),
        |look, value| look.launcher_icon_url = value,
    );
    let sides = choices(&[("right", "Bottom right"), ("left", "Bottom left")]);
    view! {
        <Card title="Button">
            <Slider bind=size label="Size" min=40 max=140 unit="px" disabled=read_only() />
            <div class="pair">
                <Choice bind=position label="Position" options=sides disabled=read_only() />
                <NumberField bind=margin label="Bottom margin" unit="px" disabled=read_only() />
            </div>
            <TextField bind=icon label="Picture" kind="url" placeholder="https://example.com/icon.svg" hint="Stands in the button instead of the drawn sign." disabled=read_only() />
        </Card>
    }
}

#[component]
fn Prompts(form: LookForm) -> impl IntoView {
    let prompts = form.field(
        "engagementPrompts",
        |look| look.engagement_prompts.clone(),
        |look, value| look.engagement_prompts = value,
    );
    let mode = form.field(
        "engagementPromptMode",
        |look| {
            if look.engagement_prompt_mode == PromptMode::Random { "random" } else { "rotate" }
                .to_owned()
        },
        |look, value: String| {
            look.engagement_prompt_mode =
                if value == "random" { PromptMode::Random } else { PromptMode::Rotate }
        },
    );
    let seconds = form.field(
        "engagementPromptRotateSeconds",
        |look| Some(i64::from(look.engagement_prompt_rotate_seconds)),
        |look, value| {
            look.engagement_prompt_rotate_seconds = whole(value);
        },
    );
    let modes = choices(&[
        ("rotate", "Rotate: one after the other"),
        ("random", "Random: one for each page"),
    ]);
    let rotates = move || mode.get.get() == "rotate";
    view! {
        <Card title="Engagement prompts" text="Short texts beside the closed button; a click opens the chat.">
            <ListField bind=prompts label="Prompts" placeholder="Questions? We are here." add="Add a prompt" disabled=read_only() />
            <div class="pair">
                <Choice bind=mode label="Mode" options=modes disabled=read_only() />
                <Show when=rotates><NumberField bind=seconds label="Each for" unit="seconds" disabled=read_only() /></Show>
            </div>
            <Sound form />
        </Card>
    }
}

/// One short sound when the page is entered, to be heard here first.
#[component]
fn Sound(form: LookForm) -> impl IntoView {
    let sound = form.field(
        "engagementSound",
        |look| look.engagement_sound,
        |look, value| look.engagement_sound = value,
    );
    let play = move |_| {
        leptos::task::spawn_local(async move {
            if let Some(file) = crate::browser::sound_of_the_widget().await
                && let Ok(audio) = web_sys::HtmlAudioElement::new_with_src(&file)
            {
                let _ = audio.play();
            }
        });
    };
    view! {
        <div class="spread sound">
            <Switch bind=sound label="Sound" hint="One short sound when the page is entered; visitors can turn it off." disabled=read_only() />
            <button type="button" class="button small" on:click=play><Icon name="play" /> "Play"</button>
        </div>
    }
}

#[component]
fn Rules(form: LookForm) -> impl IntoView {
    let urls: Bind<Vec<String>> = form.field(
        "engagementRules.urlPatterns",
        |look| look.engagement_rules.url_patterns.clone(),
        |look, value| look.engagement_rules.url_patterns = value,
    );
    let delay = form.field(
        "engagementRules.delaySeconds",
        |look| Some(i64::from(look.engagement_rules.delay_seconds)),
        |look, value| {
            look.engagement_rules.delay_seconds = whole(value);
        },
    );
    let scroll = form.field(
        "engagementRules.scrollPercent",
        |look| Some(i64::from(look.engagement_rules.scroll_percent)),
        |look, value| {
            look.engagement_rules.scroll_percent = whole(value);
        },
    );
    let leaving = form.field(
        "engagementRules.exitIntent",
        |look| look.engagement_rules.exit_intent,
        |look, value| look.engagement_rules.exit_intent = value,
    );
    view! {
        <Card title="When prompts appear" text="All that is set must have come true.">
            <ListField bind=urls label="Pages" hint="By address, with * for anything; what begins with / is compared with the path. None = every page."
                placeholder="/pricing*" add="Add a page" disabled=read_only() />
            <div class="pair">
                <NumberField bind=delay label="After" unit="seconds" disabled=read_only() />
                <NumberField bind=scroll label="Scrolled down" unit="%" disabled=read_only() />
            </div>
            <Switch bind=leaving label="Only when the visitor is about to leave" disabled=read_only() />
        </Card>
    }
}
