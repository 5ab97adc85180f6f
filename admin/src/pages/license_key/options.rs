//! The widget's options with the widget beside them.

use leptos::prelude::*;

use super::KeyPage;
use super::preview::Preview;
use crate::pages::look::{ButtonCards, LookCards, LookForm};
use crate::ui::Icon;

fn form(page: KeyPage) -> LookForm {
    LookForm::of(page.draft, "ui", |key| key.ui.clone(), |key| Some(&mut key.ui))
}

#[component]
pub fn LookOptions(page: KeyPage) -> impl IntoView {
    view! {
        <div class="beside">
            <div class="stack"><ToPreview /><LookCards form=form(page) /></div>
            <Preview page open=true />
        </div>
    }
}

#[component]
pub fn OpeningButton(page: KeyPage) -> impl IntoView {
    view! {
        <div class="beside">
            <div class="stack"><ToPreview /><ButtonCards form=form(page) /></div>
            <Preview page open=false />
        </div>
    }
}

/// On a phone the preview stands below the options.
#[component]
fn ToPreview() -> impl IntoView {
    view! { <a class="button small to-preview" href="#preview"><Icon name="eye" /> "Go to the preview"</a> }
}
