//! A license key: one form over several tabs, so that edits on one survive a look at another.

mod activations;
mod embed;
mod general;
mod identity;
mod options;
mod preview;
mod restrictions;
pub mod samples;
mod usage;

use leptos::prelude::*;
use shared::LicenseKeySettings;
use shared::license_key::{KeyStatus, LicenseKey};

use crate::api;
use crate::draft::{Draft, Edits, theirs};
use crate::nav::Nav;
use crate::remote::{Load, Remote};
use crate::route::{KeyTab, Route};
use crate::ui::{Badge, FailureBox, Head, SaveBar, Skeleton, Tabs, Toasts, Tone, choices};

/// The key that is shown, and the edits that are not saved yet.
#[derive(Clone, Copy)]
pub struct KeyPage {
    /// As the server has it.
    pub key: RwSignal<LicenseKey>,
    pub draft: Draft<LicenseKeySettings>,
}

impl KeyPage {
    /// Its id. Does not subscribe.
    #[must_use]
    pub fn id(self) -> String {
        self.key.with_untracked(|key| key.id.clone())
    }

    /// The path of something of this key's.
    #[must_use]
    pub fn path(self, under: &str) -> String {
        format!("/api/license-keys/{}{under}", self.id())
    }

    /// Takes what the server answered for what was shown.
    pub fn take(self, key: LicenseKey, edits: Edits) {
        // The page may be closed by now.
        if !self.key.is_disposed() {
            self.draft.rebase(key.settings.clone(), key.version, edits);
            self.key.set(key);
        }
    }

    /// Takes what came of something else than saving; edits stay.
    pub fn refresh(self, key: LicenseKey) {
        // The page may be closed by now.
        if !self.key.is_disposed() {
            self.draft.refresh(key.settings.clone(), key.version);
            self.key.set(key);
        }
    }

    fn save(self) {
        if !self.draft.is_fine() {
            return;
        }
        let toasts = expect_context::<Toasts>();
        let (path, body) = (self.path(""), self.draft.patch());
        self.draft.save(async move { api::patch::<LicenseKey>(&path, &body).await }, move |key| {
            self.take(key, Edits::Kept);
            toasts.done("Saved. It applies within a second.");
        });
    }
}

/// Options of the look that belong to the opening button, by how their names begin.
const OF_THE_BUTTON: &[&str] =
    &["opener", "marginBottom", "position", "launcherIconUrl", "engagement"];

/// The tab on which a field of the settings stands.
fn tab_of(field: &str) -> KeyTab {
    let begins = |starts: &[&str], name: &str| starts.iter().any(|start| name.starts_with(start));
    match field.strip_prefix("ui.") {
        Some(option) if begins(OF_THE_BUTTON, option) => KeyTab::Button,
        Some(_) => KeyTab::Ui,
        None if begins(&["restriction", "websites", "ip_addresses"], field) => KeyTab::Restrictions,
        None if field.starts_with("identity") => KeyTab::Identity,
        None => KeyTab::General,
    }
}

/// How a key stands, in a word; one that is past its expiry and still works is not called expired.
#[must_use]
pub fn standing(status: KeyStatus, in_grace: bool) -> (&'static str, Tone) {
    match status {
        KeyStatus::Expired if in_grace => ("In grace", Tone::Warn),
        KeyStatus::Active => ("Active", Tone::Good),
        KeyStatus::Inactive => ("Switched off", Tone::Warn),
        KeyStatus::Expired => ("Expired", Tone::Bad),
        KeyStatus::Deactivated => ("Deactivated", Tone::Bad),
    }
}

/// As [`standing`], of a whole key.
#[must_use]
pub fn standing_of(key: &LicenseKey) -> (&'static str, Tone) {
    standing(key.status, key.warnings.iter().any(|one| one == "in_grace"))
}

/// How keys can stand, for the filter of a list.
#[must_use]
pub fn statuses() -> Signal<Vec<(String, String)>> {
    choices(&[
        ("", "Every status"),
        ("active", "Active"),
        ("inactive", "Switched off"),
        ("expired", "Expired"),
        ("deactivated", "Deactivated"),
    ])
}

#[component]
pub fn LicenseKeyPage(id: String) -> impl IntoView {
    let key = Remote::<LicenseKey>::new();
    let path = StoredValue::new(format!("/api/license-keys/{id}"));
    let read = move || {
        let path = path.get_value();
        key.read(async move { api::get(&path).await });
    };
    read();
    move || match key.state.get() {
        Load::Waiting => view! { <Skeleton lines=8 /> }.into_any(),
        Load::Failed(failure) => {
            let retry = Callback::new(move |()| read());
            view! { <Head title=Signal::stored("License key".to_owned()) back=Route::LicenseKeys /><FailureBox failure retry /> }.into_any()
        }
        Load::Ready(key) => view! { <Opened key /> }.into_any(),
    }
}

#[component]
fn Opened(key: LicenseKey) -> impl IntoView {
    let draft = Draft::new(key.settings.clone(), key.version, LicenseKeySettings::check);
    let page = KeyPage { key: RwSignal::new(key), draft };
    let nav = expect_context::<Nav>();
    let tab = Memo::new(move |_| match nav.route.get() {
        Route::LicenseKey(_, tab) => tab,
        _ => KeyTab::General,
    });
    let id = StoredValue::new(page.id());
    // Refused for a field of another tab: that tab is shown, and its field gets the focus.
    Effect::new(move |before: Option<()>| {
        draft.refused.get();
        let wrong = untrack(move || draft.wrong());
        let here = untrack(move || tab.get());
        let of = |name: &String| tab_of(name);
        if before.is_some()
            && !wrong.is_empty()
            && !wrong.iter().any(|name| of(name) == here)
            && let Some(first) = wrong.first().map(of)
        {
            nav.go(&Route::LicenseKey(id.get_value(), first));
            crate::ui::focus_first_error();
        }
    });
    let tabs = Signal::derive(move || {
        let link = |&one: &KeyTab| {
            (Route::LicenseKey(id.get_value(), one).path(), one.title(), one == tab.get())
        };
        KeyTab::ALL.iter().map(link).collect()
    });
    let title = Signal::derive(move || page.key.with(|key| key.settings.name.clone()));
    let status = move || page.key.with(standing_of);
    let theirs = theirs(move |key: LicenseKey, edits| page.take(key, edits));
    view! {
        <Head title back=Route::LicenseKeys>
            {move || { let (text, tone) = status(); view! { <Badge text=text.to_owned() tone /> } }}
            {move || (tab.get() == KeyTab::General).then(|| view! { <general::HeadActions page /> })}
        </Head>
        <Tabs label="Parts of the license key" tabs />
        {move || match tab.get() {
            KeyTab::General => view! { <general::General page /> }.into_any(),
            KeyTab::Restrictions => view! { <restrictions::Restrictions page /> }.into_any(),
            KeyTab::Ui => view! { <options::LookOptions page /> }.into_any(),
            KeyTab::Button => view! { <options::OpeningButton page /> }.into_any(),
            KeyTab::Identity => view! { <identity::Identity page /> }.into_any(),
            KeyTab::Usage => view! { <usage::Usage page /> }.into_any(),
            KeyTab::Activations => view! { <activations::Activations page /> }.into_any(),
            KeyTab::Embed => view! { <embed::Embed page /> }.into_any(),
        }}
        <SaveBar draft save=Callback::new(move |()| page.save()) take_theirs=theirs />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_the_tab_on_which_it_stands() {
        let settings = serde_json::to_value(LicenseKeySettings::default()).unwrap();
        let of = |tab: KeyTab| {
            let outer = settings.as_object().unwrap().keys().filter(|name| *name != "ui").cloned();
            let look = settings["ui"].as_object().unwrap().keys().map(|name| format!("ui.{name}"));
            let all = outer.chain(look).filter(|name| tab_of(name) == tab);
            all.map(|name| name.rsplit('.').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let mut button = of(KeyTab::Button);
        button.sort_unstable();
        let source = include_str!("../look/button.rs");
        let drawn = |name: &str| {
            source.contains(&format!("\"{name}\"")) || source.contains(&format!("\"{name}."))
        };
        assert!(button.iter().all(|name| drawn(name)), "{button:?}");
        assert!(
            of(KeyTab::Ui).iter().all(|name| !drawn(name)),
            "of the button, but shown elsewhere"
        );
        assert_eq!(of(KeyTab::Restrictions), ["ip_addresses", "restriction", "websites"]);
        assert_eq!(tab_of("websites[3]"), KeyTab::Restrictions);
        assert_eq!(tab_of("ui.engagementPrompts[0]"), KeyTab::Button);
    }
}
