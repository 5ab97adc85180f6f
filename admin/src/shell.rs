//! The frame around every page: the menu, the bell, who is signed in, light and dark.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::admin::{Notification, Page, UserRole};

use crate::api;
use crate::browser;
use crate::draft::run;
use crate::nav::Nav;
use crate::route::Route;
use crate::session::Session;
use crate::ui::{ConfirmRequest, Icon, Menu, confirm};

/// How often the bell is looked at.
const BELL: Duration = Duration::from_secs(60);

/// The menu: groups of `(page, its drawing)`.
const MENU: &[(&str, &[(Route, &str)])] = &[
    ("", &[(Route::Overview, "overview")]),
    (
        "Chat",
        &[
            (Route::LicenseKeys, "key"),
            (Route::Conversations, "chat"),
            (Route::Agents, "agent"),
            (Route::DataSources, "source"),
        ],
    ),
    (
        "Selling",
        &[(Route::Products, "product"), (Route::Orders, "order"), (Route::Licenses, "license")],
    ),
    (
        "Installation",
        &[
            (Route::ApiKeys, "lock"),
            (Route::Webhooks, "hook"),
            (Route::Notifications, "bell"),
            (Route::AuditLog, "audit"),
            (Route::Users, "users"),
            (Route::Settings, "settings"),
        ],
    ),
];

/// How many notifications nobody has read, for whoever shows or changes that.
#[derive(Clone, Copy)]
pub struct Unread(pub RwSignal<usize>);

impl Unread {
    /// Asks the server.
    pub fn refresh(self) {
        spawn_local(async move {
            let path = "/api/notifications?unread=true&limit=1";
            if let Ok(page) = api::get::<Page<Notification>>(path).await {
                let _ = self.0.try_set(usize::try_from(page.total).unwrap_or_default());
            }
        });
    }
}

#[component]
pub fn Shell(children: Children) -> impl IntoView {
    let nav = expect_context::<Nav>();
    let unread = Unread(RwSignal::new(0));
    provide_context(unread);
    unread.refresh();
    if let Ok(ticking) = set_interval_with_handle(move || unread.refresh(), BELL) {
        on_cleanup(move || ticking.clear());
    }
    // On a phone the menu lies over the page.
    let open = RwSignal::new(false);
    Effect::new(move || {
        nav.route.track();
        open.set(false);
    });
    let close = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            open.set(false);
            if let Some(button) = browser::by_id("menu-button") {
                browser::focus(&button);
            }
        }
    };
    view! {
        <a class="skip" href="#title">"Skip to the page"</a>
        <div class="shell" class:menu-open=move || open.get() on:keydown=close>
            <header class="bar">
                <button id="menu-button" type="button" class="quiet square" aria-label="Menu" aria-expanded=move || open.get().to_string()
                    aria-controls="menu" on:click=move |_| open.update(|open| *open = !*open)><Icon name="menu" /></button>
                <Brand />
                <a class="quiet square bell" href=Route::Notifications.path() aria-label=move || format!("Notifications, {} unread", unread.0.get())>
                    <Icon name="bell" />{move || count(unread)}
                </a>
            </header>
            <aside class="side" id="menu" aria-label="Menu and account">
                <Brand />
                <Menus unread />
                <Who />
            </aside>
            <div class="veil" aria-hidden="true" on:click=move |_| open.set(false)></div>
            <main id="page">{children()}</main>
        </div>
    }
}

fn count(unread: Unread) -> Option<impl IntoView> {
    let number = unread.0.get();
    (number > 0).then(|| view! { <span class="count" aria-hidden="true">{number.min(99)}</span> })
}

#[component]
fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href=Route::Overview.path()>
            <svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="9" /><path d="M8 23l1.4-4.2a8 7.4 0 1 1 3.2 2.9z" /></svg>
            "Natter"
        </a>
    }
}

#[component]
fn Menus(unread: Unread) -> impl IntoView {
    let nav = expect_context::<Nav>();
    let section = Memo::new(move |_| nav.route.with(Route::section));
    let link = move |(page, icon): &'static (Route, &'static str)| {
        let current = move || (section.get() == *page).then_some("page");
        view! {
            <li><a href=page.path() aria-current=current>
                <Icon name=icon /><span>{page.title()}</span>
                {(*page == Route::Notifications).then_some(move || count(unread))}
            </a></li>
        }
    };
    let group = move |(name, pages): &'static (&str, &[(Route, &str)])| {
        view! {
            {(!name.is_empty()).then(|| view! { <h2>{*name}</h2> })}
            <ul>{pages.iter().map(link).collect_view()}</ul>
        }
    };
    view! { <nav aria-label="Main">{MENU.iter().map(group).collect_view()}</nav> }
}

/// Who is signed in, and what concerns only them.
#[component]
fn Who() -> impl IntoView {
    let session = expect_context::<Session>();
    let name = move || {
        session.user().map(|user| if user.name.is_empty() { user.email } else { user.name })
    };
    let role = move || match session.user()?.role {
        UserRole::Admin => Some("Admin"),
        UserRole::Viewer => Some("Viewer: may read"),
    };
    let password = RwSignal::new(false);
    let nav = expect_context::<Nav>();
    let sign_out = move |_| {
        let then = move || run(session.sign_out(), |()| {});
        if !nav.has_unsaved() {
            then();
            return;
        }
        confirm(ConfirmRequest {
            title: "Sign out without saving?".to_owned(),
            text: "This page has changes that are not saved. They are lost when you sign out."
                .to_owned(),
            action: "Sign out",
            type_to_confirm: None,
            is_dangerous: true,
            then: Arc::new(then),
        });
    };
    view! {
        <div class="who">
            <div>
                <strong>{name}</strong>
                <span>{role}</span>
            </div>
            <ThemeButton />
            <Menu label="Account">
                <button type="button" on:click=move |_| password.set(true)><Icon name="lock" /> "Change password"</button>
                <a href="/docs" target="_blank"><Icon name="info" /> "Guide"</a>
                <button type="button" on:click=sign_out><Icon name="out" /> "Sign out"</button>
            </Menu>
        </div>
        <crate::pages::users::OwnPassword open=password />
    }
}

/// Light, dark, or as the machine has it; the server writes it into the page, so nothing flashes.
#[component]
fn ThemeButton() -> impl IntoView {
    let dark = RwSignal::new(browser::is_dark());
    let change = move |_| {
        let now = !dark.get_untracked();
        browser::set_theme(if now { "dark" } else { "light" });
        dark.set(now);
    };
    view! {
        <button type="button" class="quiet square" on:click=change aria-label=move || if dark.get() { "Use the light look" } else { "Use the dark look" }>
            {move || view! { <Icon name=if dark.get() { "sun" } else { "moon" } /> }}
        </button>
    }
}
