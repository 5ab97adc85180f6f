//! One of very many, found by typing: the browser's own list of suggestions, filled by the server's search.

use std::collections::BTreeMap;

use leptos::prelude::*;
use serde::Deserialize;
use shared::admin::Page;

use super::unique;
use crate::api;
use crate::browser::{TYPING_MS, pause};
use crate::format;

/// Suggestions at a time.
const MOST: &str = "20";

/// As much of a license key as a suggestion needs.
#[derive(Clone, Deserialize)]
struct Key {
    id: String,
    name: String,
    key_hint: String,
}

impl Key {
    /// Two keys may have one name.
    fn text(&self) -> String {
        let last = self.key_hint.rsplit('-').next().unwrap_or_default();
        format!("{} (…{last})", format::visible(&self.name))
    }
}

/// A license key by its name or its last four characters.
#[component]
pub fn KeyPicker(
    /// The id of the one that is chosen; empty = none.
    #[prop(into)]
    chosen: Signal<String>,
    set: Callback<String>,
    #[prop(into)] label: String,
    /// What stands there while none is chosen.
    #[prop(into)]
    placeholder: String,
) -> impl IntoView {
    let list = unique("keys");
    let text = RwSignal::new(String::new());
    let known = RwSignal::new(BTreeMap::<String, String>::new());
    let suggested = RwSignal::new(Vec::<String>::new());
    let round = StoredValue::new(0_u32);
    // What is shown for the key with an id.
    let named = move |id: &str| {
        known.with_untracked(|known| {
            known.iter().find(|(_, one)| *one == id).map(|(text, _)| text.clone())
        })
    };
    let learn = move |keys: &[Key]| {
        known.update(|known| known.extend(keys.iter().map(|key| (key.text(), key.id.clone()))));
    };
    // Chosen elsewhere, such as by the address: its name is asked for.
    Effect::new(move || {
        let id = chosen.get();
        let shown = named(&id);
        if id.is_empty() || shown.is_some() {
            text.set(shown.unwrap_or_default());
            return;
        }
        text.set(id.clone());
        leptos::task::spawn_local(async move {
            let path = format!("/api/license-keys/{}", api::escape(&id));
            if let Ok(key) = api::get::<Key>(&path).await
                && chosen.try_get_untracked().is_some_and(|now| now == id)
            {
                learn(std::slice::from_ref(&key));
                text.set(key.text());
            }
        });
    });
    let ask = move |wait: i32| {
        let mine = round.get_value() + 1;
        round.set_value(mine);
        leptos::task::spawn_local(async move {
            pause(wait).await;
            if round.try_get_value() != Some(mine) {
                return;
            }
            let words = text.get_untracked();
            let path =
                format!("/api/license-keys{}", api::query(&[("q", words.trim()), ("limit", MOST)]));
            let Ok(page) = api::get::<Page<Key>>(&path).await else { return };
            if round.try_get_value() == Some(mine) {
                learn(&page.items);
                suggested.set(page.items.iter().map(Key::text).collect());
            }
        });
    };
    let typed = move |event: leptos::ev::Event| {
        let now = event_target_value(&event);
        let id = known.with_untracked(|known| known.get(&now).cloned());
        text.set(now.clone());
        match id {
            Some(id) => set.run(id),
            None if now.trim().is_empty() => {
                set.run(String::new());
                ask(TYPING_MS);
            }
            None => ask(TYPING_MS),
        }
    };
    // Half a name chooses nothing: what is chosen is shown again.
    let left = move |_| {
        let id = chosen.get_untracked();
        text.set(named(&id).unwrap_or(id));
    };
    view! {
        <label class="filter picker">
            <span class="unseen">{label}</span>
            <input type="search" list=list.clone() autocomplete="off" placeholder=placeholder prop:value=move || text.get()
                on:focus=move |_| ask(0) on:input=typed on:blur=left />
            <datalist id=list>
                {move || suggested.get().into_iter().map(|text| view! { <option value=text></option> }).collect_view()}
            </datalist>
        </label>
    }
}
