//! The opening button, and the prompts beside it.

use leptos::prelude::*;
use shared::look::{Position, PromptMode};

use super::KeyPage;
use super::preview::Preview;
use crate::session::may_write;
use crate::ui::{Bind, Card, Choice, Icon, ListField, NumberField, Slider, Switch, TextField};

#[component]
pub fn OpeningButton(page: KeyPage) -> impl IntoView {
    view! {
        <div class="beside">
            <div class="stack"><Button page /><Prompts page /><Rules page /></div>
            <Preview page open=false />
        </div>
    }
}

pub(super) fn read_only() -> Signal<bool> {
    Signal::derive(|| !may_write())
}

/// A whole number of the look's.
pub(super) fn whole(value: Option<i64>) -> u32 {
    value.map_or(0, |number| u32::try_from(number).unwrap_or(u32::MAX))
}

#[component]
fn Button(page: KeyPage) -> impl IntoView {
    let draft = page.draft;
    let size = draft.field(
        "ui.openerSize",
        |key| i64::from(key.ui.opener_size),
        |key, value| key.ui.opener_size = whole(Some(value)),
    );
    let margin = draft.field(
        "ui.marginBottom",
        |key| Some(i64::from(key.ui.margin_bottom)),
        |key, value| key.ui.margin_bottom = whole(value),
    );
    let position = draft.field(
        "ui.position",
        |key| if key.ui.position == Position::Left { "left" } else { "right" }.to_owned(),
        |key, value: String| {
            key.ui.position = if value == "left" { Position::Left } else { Position::Right }
        },
    );
    let icon = draft.field(
        "ui.launcherIconUrl",
        |key| key.ui.launcher_icon_url.clone(),
        |key, value| key.ui.launcher_icon_url = value,
    );
    let sides = Signal::stored(vec![
        ("right".to_owned(), "Bottom right".to_owned()),
        ("left".to_owned(), "Bottom left".to_owned()),
    ]);
    view! {
        <Card title="Button">
            <Slider bind=size label="Size" min=40 max=140 unit="px" disabled=read_only() />
            <div class="pair">
                <Choice bind=position label="Position" options=sides disabled=read_only() />
                <NumberField bind=margin label="Bottom margin" min=10 max=1000 unit="px" disabled=read_only() />
            </div>
            <TextField bind=icon label="Picture" kind="url" placeholder="https://example.com/icon.svg" hint="Stands in the button instead of the drawn sign." disabled=read_only() />
        </Card>
    }
}

#[component]
fn Prompts(page: KeyPage) -> impl IntoView {
    let draft = page.draft;
    let prompts = draft.field(
        "ui.engagementPrompts",
        |key| key.ui.engagement_prompts.clone(),
        |key, value| key.ui.engagement_prompts = value,
    );
    let mode = draft.field(
        "ui.engagementPromptMode",
        |key| {
            if key.ui.engagement_prompt_mode == PromptMode::Random { "random" } else { "rotate" }
                .to_owned()
        },
        |key, value: String| {
            key.ui.engagement_prompt_mode =
                if value == "random" { PromptMode::Random } else { PromptMode::Rotate }
        },
    );
    let seconds = draft.field(
        "ui.engagementPromptRotateSeconds",
        |key| Some(i64::from(key.ui.engagement_prompt_rotate_seconds)),
        |key, value| {
            key.ui.engagement_prompt_rotate_seconds = whole(value);
        },
    );
    let modes = Signal::stored(vec![
        ("rotate".to_owned(), "Rotate: one after the other".to_owned()),
        ("random".to_owned(), "Random: one for each page".to_owned()),
    ]);
    let rotates = move || mode.get.get() == "rotate";
    view! {
        <Card title="Engagement prompts" text="Short texts beside the closed button; a click opens the chat.">
            <ListField bind=prompts label="Prompts" placeholder="Questions? We are here." add="Add a prompt" disabled=read_only() />
            <div class="pair">
                <Choice bind=mode label="Mode" options=modes disabled=read_only() />
                <Show when=rotates><NumberField bind=seconds label="Each for" min=1 max=3600 unit="seconds" disabled=read_only() /></Show>
            </div>
            <Sound page />
        </Card>
    }
}

/// One short sound when the page is entered, to be heard here first.
#[component]
fn Sound(page: KeyPage) -> impl IntoView {
    let sound = page.draft.field(
        "ui.engagementSound",
        |key| key.ui.engagement_sound,
        |key, value| key.ui.engagement_sound = value,
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
fn Rules(page: KeyPage) -> impl IntoView {
    let draft = page.draft;
    let urls: Bind<Vec<String>> = draft.field(
        "ui.engagementRules.urlPatterns",
        |key| key.ui.engagement_rules.url_patterns.clone(),
        |key, value| key.ui.engagement_rules.url_patterns = value,
    );
    let delay = draft.field(
        "ui.engagementRules.delaySeconds",
        |key| Some(i64::from(key.ui.engagement_rules.delay_seconds)),
        |key, value| {
            key.ui.engagement_rules.delay_seconds = whole(value);
        },
    );
    let scroll = draft.field(
        "ui.engagementRules.scrollPercent",
        |key| Some(i64::from(key.ui.engagement_rules.scroll_percent)),
        |key, value| {
            key.ui.engagement_rules.scroll_percent = whole(value);
        },
    );
    let leaving = draft.field(
        "ui.engagementRules.exitIntent",
        |key| key.ui.engagement_rules.exit_intent,
        |key, value| key.ui.engagement_rules.exit_intent = value,
    );
    view! {
        <Card title="When prompts appear" text="All that is set must have come true.">
            <ListField bind=urls label="Pages" hint="By address, with * for anything; what begins with / is compared with the path. None = every page."
                placeholder="/pricing*" add="Add a page" disabled=read_only() />
            <div class="pair">
                <NumberField bind=delay label="After" max=3600 unit="seconds" disabled=read_only() />
                <NumberField bind=scroll label="Scrolled down" max=100 unit="%" disabled=read_only() />
            </div>
            <Switch bind=leaving label="Only when the visitor is about to leave" disabled=read_only() />
        </Card>
    }
}
