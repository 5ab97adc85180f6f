//! From where a key may be used.

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::license_key::{RestrictionKind, WebsiteCheck, WebsiteMeaning};

use super::KeyPage;
use crate::api;
use crate::browser::{self, TYPING_MS, pause};
use crate::session::may_write;
use crate::ui::{Badge, Bind, Card, Icon, TextField, Tone, unique};

#[component]
pub fn Restrictions(page: KeyPage) -> impl IntoView {
    // Drawn anew only for another kind: what is typed and not added yet outlives other edits.
    let kind = Memo::new(move |_| page.draft.now.with(|key| key.restriction));
    view! {
        <Card title="Who may use this key" text="Exactly one of three. The list that is not in force is kept.">
            <Kinds page />
        </Card>
        {move || match kind.get() {
            RestrictionKind::None => ().into_any(),
            RestrictionKind::Websites => view! { <Websites page /> }.into_any(),
            RestrictionKind::IpAddresses => view! { <Addresses page /> }.into_any(),
        }}
    }
}

#[component]
fn Kinds(page: KeyPage) -> impl IntoView {
    let kinds = [
        (RestrictionKind::None, "None", "Everybody who has the key."),
        (
            RestrictionKind::Websites,
            "Websites",
            "Browsers on pages of the websites you list. A program can pretend to be one; limits hold it too.",
        ),
        (
            RestrictionKind::IpAddresses,
            "IP addresses",
            "Callers from the addresses you list: for backends and offices, not for visitors.",
        ),
    ];
    let name = StoredValue::new(unique("restriction"));
    let choice = move |(kind, title, text): (RestrictionKind, &'static str, &'static str)| {
        let is_it = move || page.draft.now.with(|key| key.restriction == kind);
        view! {
            <label class="radio">
                <input type="radio" name=name.get_value() prop:checked=is_it disabled=move || !may_write()
                    on:change=move |_| page.draft.now.update(|key| key.restriction = kind) />
                <span class="two"><strong>{title}</strong><span class="soft">{text}</span></span>
            </label>
        }
    };
    view! {
        <fieldset class="radios">
            <legend class="unseen">"Restriction"</legend>
            {kinds.map(choice).collect_view()}
        </fieldset>
    }
}

/// A list of which one entry can be selected and deleted.
#[component]
fn Entries(
    bind: Bind<Vec<String>>,
    #[prop(into)] label: String,
    /// What is typed into the field beside "Add".
    text: RwSignal<String>,
    add: Callback<()>,
    may_add: Signal<bool>,
    #[prop(into)] placeholder: String,
) -> impl IntoView {
    let selected = RwSignal::new(None::<String>);
    let id = StoredValue::new(unique("entry"));
    let delete = move |_| {
        if let Some(entry) = selected.get_untracked() {
            let mut list = bind.get.get_untracked();
            list.retain(|one| *one != entry);
            selected.set(None);
            bind.set.run(list);
            // The button goes with what was selected.
            if let Some(field) = browser::by_id(&id.get_value()) {
                browser::focus(&field);
            }
        }
    };
    let group = unique("entries");
    let row = move |entry: String| {
        let (own, chosen) = (entry.clone(), entry.clone());
        view! {
            <li><label>
                <input type="radio" name=group.clone() prop:checked=move || selected.with(|one| one.as_ref() == Some(&own))
                    on:change=move |_| selected.set(Some(chosen.clone())) />
                <code>{entry}</code>
            </label></li>
        }
    };
    // Whoever types fast is done before the check has answered: what they wanted happens then.
    let wanted = RwSignal::new(false);
    Effect::new(move || {
        if wanted.get() && may_add.get() {
            wanted.set(false);
            add.run(());
        }
    });
    let typed = move |event| {
        wanted.set(false);
        text.set(event_target_value(&event));
    };
    let submit = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            wanted.set(true);
        }
    };
    view! {
        <fieldset class="entries">
            <legend class="unseen">{label.clone()}</legend>
            <ul><For each=move || bind.get.get() key=Clone::clone children=row /></ul>
        </fieldset>
        <Show when=may_write>
            <div class="adding">
                <label class="unseen" for=id.get_value()>{format!("New entry of {}", label.to_lowercase())}</label>
                <input id=id.get_value() type="text" placeholder=placeholder.clone() spellcheck="false" autocapitalize="off" aria-describedby=format!("{}-meaning", id.get_value())
                    prop:value=move || text.get() on:input=typed on:keydown=submit />
                <button type="button" class="button" disabled=move || !may_add.get() on:click=move |_| add.run(())><Icon name="add" /> "Add"</button>
                <Show when=move || selected.with(Option::is_some)>
                    <button type="button" class="button danger" on:click=delete><Icon name="trash" /> "Delete"</button>
                </Show>
            </div>
        </Show>
        <p class="error" role="alert">{move || bind.error.get()}</p>
    }
}

/// What the server says of a pattern.
#[derive(Clone, Debug, PartialEq)]
enum Meaning {
    Nothing,
    Asking,
    Fine(WebsiteMeaning),
    Wrong(String),
}

/// Asks the server about what is typed, once nothing more is typed.
fn ask(text: RwSignal<String>, url: Option<RwSignal<String>>) -> RwSignal<Meaning> {
    let meaning = RwSignal::new(Meaning::Nothing);
    let round = StoredValue::new(0_u32);
    Effect::new(move || {
        let (pattern, url) =
            (text.get().trim().to_owned(), url.map(|url| url.get().trim().to_owned()));
        let mine = round.get_value() + 1;
        round.set_value(mine);
        if pattern.is_empty() {
            meaning.set(Meaning::Nothing);
            return;
        }
        meaning.set(Meaning::Asking);
        spawn_local(async move {
            pause(TYPING_MS).await;
            if round.try_get_value() != Some(mine) {
                return;
            }
            let body = WebsiteCheck { pattern, url: url.filter(|url| !url.is_empty()) };
            let answer = api::post::<WebsiteMeaning>("/api/check/website", &body).await;
            if round.try_get_value() == Some(mine) {
                meaning.set(match answer {
                    Ok(found) => Meaning::Fine(found),
                    Err(failure) => Meaning::Wrong(reason(&failure)),
                });
            }
        });
    });
    meaning
}

fn reason(failure: &api::Failure) -> String {
    let whys = failure.fields.0.values().flatten().cloned().collect::<Vec<_>>().join("; ");
    if whys.is_empty() { failure.text.clone() } else { whys }
}

#[component]
fn Websites(page: KeyPage) -> impl IntoView {
    let bind =
        page.draft.field("websites", |key| key.websites.clone(), |key, value| key.websites = value);
    let text = RwSignal::new(String::new());
    let meaning = ask(text, None);
    let add = Callback::new(move |()| {
        if let Meaning::Fine(found) = meaning.get_untracked() {
            let mut list = bind.get.get_untracked();
            if !list.contains(&found.normalized) {
                list.push(found.normalized);
                bind.set.run(list);
            }
            text.set(String::new());
        }
    });
    let may_add =
        Signal::derive(move || meaning.with(|meaning| matches!(meaning, Meaning::Fine(_))));
    let empty = move || bind.get.with(Vec::is_empty);
    view! {
        <Card title="Websites">
            <Show when=empty>
                <div class="note bad" role="alert"><Icon name="warning" />
                    <p><strong>"The list is empty, so any website may use this key"</strong>", also programs that are no website at all. Add your websites, or choose None if you mean it."</p></div>
            </Show>
            <Entries bind label="Websites" text add may_add placeholder="https://example.com" />
            <p class="hint" aria-live="polite">{move || match meaning.get() {
                Meaning::Nothing => view! { "https://*.example.com matches every subdomain, but not example.com itself." }.into_any(),
                Meaning::Asking => "…".into_any(),
                Meaning::Fine(found) => view! { <span>{explained(&found)} <strong>"Not in the list until it is added."</strong></span> }.into_any(),
                Meaning::Wrong(why) => view! { <span class="error">{why}</span> }.into_any(),
            }}</p>
        </Card>
        <TestUrl page />
    }
}

fn explained(found: &WebsiteMeaning) -> String {
    let dropped = if found.warnings.iter().any(|one| one == "path_ignored") {
        " A path is left out: it is always the whole website."
    } else {
        ""
    };
    format!("{}: {}{dropped}", found.normalized, found.explanation)
}

/// Tries an address on every entry of the list.
#[component]
fn TestUrl(page: KeyPage) -> impl IntoView {
    let url = RwSignal::new(String::new());
    let found = RwSignal::new(None::<Result<Option<String>, String>>);
    let round = StoredValue::new(0_u32);
    Effect::new(move || {
        let address = url.get().trim().to_owned();
        let patterns = page.draft.now.with(|key| key.websites.clone());
        let mine = round.get_value() + 1;
        round.set_value(mine);
        if address.is_empty() {
            found.set(None);
            return;
        }
        spawn_local(async move {
            pause(TYPING_MS).await;
            let mut outcome = Ok(None);
            for pattern in patterns {
                if round.try_get_value() != Some(mine) {
                    return;
                }
                let body = WebsiteCheck { pattern, url: Some(address.clone()) };
                match api::post::<WebsiteMeaning>("/api/check/website", &body).await {
                    Ok(meaning) if meaning.matches == Some(true) => {
                        outcome = Ok(Some(meaning.normalized));
                        break;
                    }
                    Ok(_) => {}
                    Err(failure) => {
                        outcome = Err(reason(&failure));
                        break;
                    }
                }
            }
            if round.try_get_value() == Some(mine) {
                found.set(Some(outcome));
            }
        });
    });
    let verdict = move || {
        found.get().map(|found| match found {
            Ok(Some(pattern)) => view! { <Badge text="Allowed".to_owned() tone=Tone::Good /> " by " <code>{pattern}</code> }.into_any(),
            Ok(None) if page.draft.now.with(|key| key.websites.is_empty()) => view! { <Badge text="Allowed".to_owned() tone=Tone::Warn /> " as the list is empty" }.into_any(),
            Ok(None) => view! { <Badge text="Refused".to_owned() tone=Tone::Bad /> " no entry matches" }.into_any(),
            Err(why) => view! { <span class="error">{why}</span> }.into_any(),
        })
    };
    view! {
        <Card title="Test a URL" text="Would a page at this address be let in, with the list as it stands here?">
            <TextField bind=Bind::of("test-url", url) label="Address of a page" kind="url" placeholder="https://www.example.com/shop" />
            <p class="verdict" role="status">{verdict}</p>
        </Card>
    }
}

#[component]
fn Addresses(page: KeyPage) -> impl IntoView {
    let bind = page.draft.field(
        "ip_addresses",
        |key| key.ip_addresses.clone(),
        |key, value| key.ip_addresses = value,
    );
    let text = RwSignal::new(String::new());
    let add = Callback::new(move |()| {
        let entry = text.get_untracked().trim().to_owned();
        let mut list = bind.get.get_untracked();
        if !list.contains(&entry) {
            list.push(entry);
            bind.set.run(list);
        }
        text.set(String::new());
    });
    let typed = move || text.with(|text| text.trim().to_owned());
    let wrong = move || !typed().is_empty() && !crate::addresses::is_entry(&typed());
    let may_add = Signal::derive(move || !typed().is_empty() && !wrong());
    view! {
        <Card title="IP addresses">
            <Show when=move || bind.get.with(Vec::is_empty)>
                <div class="note bad" role="alert"><Icon name="warning" /><p><strong>"The list is empty, so nobody may use this key."</strong></p></div>
            </Show>
            <Entries bind label="IP addresses" text add may_add placeholder="203.0.113.0/24" />
            <p class="hint" aria-live="polite">{move || if wrong() {
                view! { <span class="error">"That is no IPv4 or IPv6 address and no network such as 203.0.113.0/24."</span> }.into_any()
            } else {
                "An address, or a network in CIDR notation. Behind a proxy, name it in NATTER_TRUSTED_PROXIES first.".into_any()
            }}</p>
        </Card>
    }
}
