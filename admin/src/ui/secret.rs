//! A secret that goes in and never comes out: it is there or not, and can be replaced or removed.

use leptos::html;
use leptos::prelude::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::field::sentence;
use super::{Badge, Bind, Odd, TextField, Tone};

/// What is to become of a stored secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Secret {
    /// It stays, or there is still none.
    #[default]
    Kept,
    Removed,
    New(String),
}

impl Secret {
    /// For `skip_serializing_if`: what stays is not sent.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        matches!(self, Self::Kept)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::New(secret) => to.serialize_str(secret),
            Self::Kept | Self::Removed => to.serialize_none(),
        }
    }
}

// As it was sent; what was not sent is `Kept`, by `serde(default)`.
impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::<String>::deserialize(from).map(|text| text.map_or(Self::Removed, Self::New))
    }
}

/// A field for one. Empty, what is stored stays.
#[component]
pub fn SecretField(
    bind: Bind<Secret>,
    #[prop(into)] label: String,
    #[prop(into, optional)] hint: String,
    #[prop(into, optional)] placeholder: String,
    /// Whether one is stored.
    #[prop(into)]
    is_set: Signal<bool>,
    #[prop(into, default = Signal::stored(false))] disabled: Signal<bool>,
) -> impl IntoView {
    let replacing = RwSignal::new(false);
    // Who empties the field goes on typing, until they leave it.
    let emptied = StoredValue::new(false);
    // Saved or undone: what is stored is shown again.
    Effect::new(move || {
        if bind.get.with(Secret::is_kept) && is_set.get() && !emptied.get_value() {
            replacing.set(false);
        }
    });
    let typed = Bind {
        name: bind.name,
        get: Signal::derive(move || match bind.get.get() {
            Secret::New(text) => text,
            _ => String::new(),
        }),
        set: Callback::new(move |text: String| {
            emptied.set_value(text.is_empty());
            bind.set.run(if text.is_empty() { Secret::Kept } else { Secret::New(text) });
        }),
        error: bind.error,
        odd: Odd::never(),
    };
    let (label, hint, placeholder) =
        (StoredValue::new(label), StoredValue::new(hint), StoredValue::new(placeholder));
    let removed = move || bind.get.with(|secret| *secret == Secret::Removed);
    let writes = Memo::new(move |_| !is_set.get() || replacing.get());
    let left = move |_| {
        emptied.set_value(false);
        if bind.get.with_untracked(Secret::is_kept) {
            replacing.set(false);
        }
    };
    let field = NodeRef::<html::Div>::new();
    let replace = move |_| {
        replacing.set(true);
        // The button that had the focus is gone.
        request_animation_frame(move || {
            let input =
                field.get_untracked().and_then(|div| div.query_selector("input").ok().flatten());
            if let Some(input) = input {
                crate::browser::focus(&input);
            }
        });
    };
    move || {
        if writes.get() {
            return view! {
                <div node_ref=field on:focusout=left>
                    <TextField bind=typed label=label.get_value() hint=hint.get_value() placeholder=placeholder.get_value()
                        kind="password" autocomplete="new-password" disabled />
                </div>
            }
            .into_any();
        }
        view! {
            <div class="field" class:wrong=move || bind.error.with(Option::is_some)>
                <span class="label">{label.get_value()}</span>
                <span class="inline">
                    {move || view! {
                        <Badge text=if removed() { "Removed when you save" } else { "Set" }.to_owned()
                            tone=if removed() { Tone::Warn } else { Tone::Good } />
                    }}
                    <Show when=move || !disabled.get() && !removed()>
                        <button type="button" class="button small" on:click=replace>"Replace"</button>
                        <button type="button" class="button small" on:click=move |_| bind.set.run(Secret::Removed)>"Remove"</button>
                    </Show>
                    <Show when=removed>
                        <button type="button" class="button small" on:click=move |_| bind.set.run(Secret::Kept)>"Keep it"</button>
                    </Show>
                </span>
                <p class="error">{move || bind.error.get().map(|why| sentence(&why))}</p>
                <p class="hint">"It is stored encrypted and never shown again."</p>
            </div>
        }
        .into_any()
    }
}
