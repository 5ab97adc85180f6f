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
use serde_json::Value;
use shared::LicenseKeySettings;
use shared::license_key::{KeyStatus, LicenseKey};

use crate::api;
use crate::draft::Draft;
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

    /// Takes what the server answered for what was shown; edits are gone.
    pub fn take(self, key: LicenseKey) {
        self.draft.rebase(key.settings.clone(), key.version);
        self.key.set(key);
    }

    /// Takes what the server answered to something that changed no setting; edits stay.
    pub fn refresh(self, key: LicenseKey) {
        if key.settings == self.draft.base.get_untracked() {
            self.draft.version.set(key.version);
            self.key.set(key);
        } else {
            self.take(key);
        }
    }

    fn save(self) {
        if !self.draft.is_fine() {
            return;
        }
        let toasts = expect_context::<Toasts>();
        let (path, body) = (self.path(""), self.draft.patch());
        self.draft.save(async move { api::patch::<LicenseKey>(&path, &body).await }, move |key| {
            self.take(key);
            toasts.done("Saved. It applies within a second.");
        });
    }
}

/// How a key stands, in a word.
#[must_use]
pub fn standing(status: KeyStatus) -> (&'static str, Tone) {
    match status {
        KeyStatus::Active => ("Active", Tone::Good),
        KeyStatus::Inactive => ("Switched off", Tone::Warn),
        KeyStatus::Expired => ("Expired", Tone::Bad),
        KeyStatus::Deactivated => ("Deactivated", Tone::Bad),
    }
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
    let tabs = Signal::derive(move || {
        let link = |&one: &KeyTab| {
            (Route::LicenseKey(id.get_value(), one).path(), one.title(), one == tab.get())
        };
        KeyTab::ALL.iter().map(link).collect()
    });
    let title = Signal::derive(move || page.key.with(|key| key.settings.name.clone()));
    let status = move || page.key.with(|key| standing(key.status));
    let theirs = Callback::new(move |value: Value| {
        if let Ok(key) = serde_json::from_value::<LicenseKey>(value) {
            page.take(key);
        }
    });
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
