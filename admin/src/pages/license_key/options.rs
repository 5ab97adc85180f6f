//! The widget's options with the widget beside them.

use leptos::prelude::*;

use super::KeyPage;
use super::preview::Preview;
use crate::pages::look::{ButtonCards, LookCards, LookForm};

fn form(page: KeyPage) -> LookForm {
    LookForm::of(page.draft, "ui", |key| key.ui.clone(), |key| Some(&mut key.ui))
}

#[component]
pub fn LookOptions(page: KeyPage) -> impl IntoView {
    view! {
        <div class="beside">
            <div class="stack"><LookCards form=form(page) /></div>
            <Preview page open=true />
        </div>
    }
}

#[component]
pub fn OpeningButton(page: KeyPage) -> impl IntoView {
    view! {
        <div class="beside">
            <div class="stack"><ButtonCards form=form(page) /></div>
            <Preview page open=false />
        </div>
    }
}
