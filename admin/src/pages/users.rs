//! People who sign in: add, change, remove; and one's own password.

use std::sync::Arc;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::FieldErrors;
use shared::admin::{NewUser, PasswordChange, SignedIn, User, UserChange, UserRole};

use crate::api;
use crate::draft::{Draft, run, theirs};
use crate::listing::Listing;
use crate::session::{Session, Standing, may_write};
use crate::ui::{
    Badge, Choice, ConfirmRequest, Dialog, DialogFoot, EmptyState, FailureBox, Head, Icon, Menu,
    SaveFailure, Search, Table, TextField, Toasts, Tone, When, choices, confirm,
};

const COLUMNS: &[&str] = &["Name", "Role", "Last signed in", "Added", ""];

#[component]
pub fn UsersPage() -> impl IntoView {
    let list = Listing::<User>::whole("/api/users", |user| format!("{} {}", user.name, user.email));
    let adding = RwSignal::new(false);
    let editing = RwSignal::new(None::<User>);
    let changed = Callback::new(move |()| list.reload());
    let own = StoredValue::new(expect_context::<Session>().user().map(|user| user.id));
    view! {
        <Head title=Signal::stored("Users".to_owned()) text="Who may sign in to this dashboard. Admins do everything; viewers read.">
            <Show when=may_write>
                <button type="button" class="button primary" on:click=move |_| adding.set(true)><Icon name="add" /> "Add user"</button>
            </Show>
        </Head>
        <div class="tools"><Search list placeholder="Name or e-mail address" /></div>
        <Table list label="Users" columns=COLUMNS row=move |user| row(user, &own.get_value(), editing, changed) empty=nothing />
        <Dialog open=adding title=Signal::stored("Add user".to_owned())><AddForm open=adding changed /></Dialog>
        <EditDialog editing changed />
    }
}

fn nothing() -> AnyView {
    view! { <EmptyState icon="users" title="Nobody but you" text="Somebody you add signs in with their e-mail address." /> }.into_any()
}

fn row(
    user: User,
    own: &Option<String>,
    editing: RwSignal<Option<User>>,
    changed: Callback<()>,
) -> AnyView {
    let is_own = own.as_ref() == Some(&user.id);
    let (edited, removed) = (user.clone(), user.clone());
    let last = user.last_signed_in_at.clone();
    view! {
        <tr>
            <th scope="row" data-label="Name"><div class="two"><span>{user.name.clone()}</span><span class="soft">{user.email.clone()}</span></div></th>
            <td data-label="Role">
                <span class="inline">
                    <Badge text=role_name(user.role) tone=if user.role == UserRole::Admin { Tone::Info } else { Tone::Plain } />
                    {is_own.then_some("(you)")}
                </span>
            </td>
            <td data-label="Last signed in">{match last { Some(at) => view! { <When at /> }.into_any(), None => "never".into_any() }}</td>
            <td data-label="Added"><When at=user.created_at.clone() /></td>
            <td class="row-actions">
                <Show when=may_write>
                    {
                        let (edited, removed) = (edited.clone(), removed.clone());
                        view! {
                            <Menu label=format!("Actions for {}", removed.email)>
                                <button type="button" on:click=move |_| editing.set(Some(edited.clone()))><Icon name="edit" /> "Edit"</button>
                                <button type="button" class="danger" disabled=is_own on:click=move |_| remove(removed.clone(), changed)><Icon name="trash" /> "Remove"</button>
                            </Menu>
                        }
                    }
                </Show>
            </td>
        </tr>
    }
    .into_any()
}

fn role_name(role: UserRole) -> String {
    match role {
        UserRole::Admin => "Admin",
        UserRole::Viewer => "Viewer",
    }
    .to_owned()
}

fn role_of(name: &str) -> UserRole {
    if name == "viewer" { UserRole::Viewer } else { UserRole::Admin }
}

fn roles() -> Signal<Vec<(String, String)>> {
    choices(&[
        ("admin", "Admin: does everything"),
        ("viewer", "Viewer: reads everything, changes nothing"),
    ])
}

fn remove(user: User, changed: Callback<()>) {
    let toasts = expect_context::<Toasts>();
    confirm(ConfirmRequest {
        title: format!("Remove {}?", user.email),
        text: "They are signed out everywhere at once and cannot sign in again. What they did stays in the audit log.".to_owned(),
        action: "Remove",
        type_to_confirm: None,
        is_dangerous: true,
        then: Arc::new(move || {
            let path = format!("/api/users/{}", user.id);
            let email = user.email.clone();
            run(async move { api::delete(&path).await }, move |()| {
                toasts.done(format!("{email} is removed."));
                let _ = changed.try_run(());
            });
        }),
    });
}

#[component]
fn AddForm(open: RwSignal<bool>, changed: Callback<()>) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let empty = NewUser { role: Some(UserRole::Admin), ..NewUser::default() };
    let draft = Draft::of_new(empty, NewUser::check);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let new = draft.now.get_untracked();
            draft.save(async move { api::post::<User>("/api/users", &new).await }, move |user| {
                open.set(false);
                toasts.done(format!("{} can sign in now.", user.email));
                let _ = changed.try_run(());
            });
        }
    };
    let email = draft.field("email", |user| user.email.clone(), |user, value| user.email = value);
    let name = draft.field("name", |user| user.name.clone(), |user, value| user.name = value);
    let password =
        draft.field("password", |user| user.password.clone(), |user, value| user.password = value);
    let role = draft.field(
        "role",
        |user| user.role.unwrap_or(UserRole::Admin).as_str().to_owned(),
        |user, value: String| user.role = Some(role_of(&value)),
    );
    view! {
        <form on:submit=submit novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <TextField bind=email label="E-mail address" kind="email" required=true autofocus=true />
            <TextField bind=name label="Name" />
            <Choice bind=role label="Role" options=roles() />
            <TextField bind=password label="Password" kind="password" autocomplete="new-password" required=true
                hint="12 to 200 characters. Tell it to them in person; they can change it." />
            <DialogFoot open saving=draft.saving action="Add user" />
        </form>
    }
}

#[component]
fn EditDialog(editing: RwSignal<Option<User>>, changed: Callback<()>) -> impl IntoView {
    let open = RwSignal::new(false);
    Effect::new(move || {
        if editing.with(Option::is_some) {
            open.set(true);
        }
    });
    Effect::new(move || {
        if !open.get() {
            editing.set(None);
        }
    });
    let title = Signal::derive(move || {
        editing.with(|user| {
            user.as_ref().map(|user| format!("Edit {}", user.email)).unwrap_or_default()
        })
    });
    view! {
        <Dialog open title>
            {move || editing.get_untracked().map(|user| view! { <EditForm user open changed /> })}
        </Dialog>
    }
}

/// What may be changed of somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Edited {
    email: String,
    name: String,
    role: UserRole,
    /// Empty = stays as it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    password: String,
}

impl Edited {
    fn of(user: &User) -> Self {
        let User { email, name, role, .. } = user.clone();
        Self { email, name, role, password: String::new() }
    }

    fn change(&self) -> UserChange {
        UserChange {
            email: Some(self.email.clone()),
            name: Some(self.name.clone()),
            role: Some(self.role),
            password: (!self.password.is_empty()).then(|| self.password.clone()),
            ..UserChange::default()
        }
    }

    fn check(&self, errors: &mut FieldErrors) {
        self.change().check(errors);
    }
}

#[component]
fn EditForm(user: User, open: RwSignal<bool>, changed: Callback<()>) -> impl IntoView {
    let session = expect_context::<Session>();
    let toasts = expect_context::<Toasts>();
    let is_own = session.user().is_some_and(|own| own.id == user.id);
    let path = StoredValue::new(format!("/api/users/{}", user.id));
    let draft = Draft::in_dialog(Edited::of(&user), user.version, Edited::check);
    let theirs =
        theirs(move |user: User, edits| draft.rebase(Edited::of(&user), user.version, edits));
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let (path, change) = (path.get_value(), draft.patch());
            draft.save(async move { api::patch::<User>(&path, &change).await }, move |user| {
                open.set(false);
                toasts.done(format!("{} is saved.", user.email));
                if is_own {
                    session.standing.set(Standing::SignedIn(user));
                }
                let _ = changed.try_run(());
            });
        }
    };
    let email = draft.field("email", |user| user.email.clone(), |user, value| user.email = value);
    let name = draft.field("name", |user| user.name.clone(), |user, value| user.name = value);
    let password =
        draft.field("password", |user| user.password.clone(), |user, value| user.password = value);
    let role = draft.field(
        "role",
        |user| user.role.as_str().to_owned(),
        |user, value| user.role = role_of(&value),
    );
    view! {
        <form on:submit=submit novalidate>
            <SaveFailure draft take_theirs=theirs />
            <TextField bind=email label="E-mail address" kind="email" required=true />
            <TextField bind=name label="Name" />
            <Choice bind=role label="Role" options=roles() disabled=Signal::stored(is_own) />
            {(!is_own).then(|| view! {
                <TextField bind=password label="New password" kind="password" autocomplete="new-password"
                    hint="Leave it empty to keep the present one. A new one signs them out everywhere." />
            })}
            <DialogFoot open saving=draft.saving action="Save" />
        </form>
    }
}

/// The dialog in which somebody changes their own password.
#[component]
pub fn OwnPassword(open: RwSignal<bool>) -> impl IntoView {
    view! {
        <Dialog open title=Signal::stored("Change password".to_owned())><OwnPasswordForm open /></Dialog>
    }
}

#[component]
fn OwnPasswordForm(open: RwSignal<bool>) -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let draft = Draft::of_new(PasswordChange::default(), PasswordChange::check);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.is_fine() {
            let change = draft.now.get_untracked();
            draft.save(
                async move { api::post::<SignedIn>("/api/auth/password", &change).await },
                move |_| {
                    open.set(false);
                    toasts.done("Your password is changed. Your other browsers are signed out.");
                },
            );
        }
    };
    let current =
        draft.field("current", |form| form.current.clone(), |form, value| form.current = value);
    let password =
        draft.field("password", |form| form.password.clone(), |form, value| form.password = value);
    view! {
        <form on:submit=submit novalidate>
            {move || draft.failure.get().map(|failure| view! { <FailureBox failure /> })}
            <TextField bind=current label="Present password" kind="password" autocomplete="current-password" autofocus=true />
            <TextField bind=password label="New password" kind="password" autocomplete="new-password" hint="12 to 200 characters." />
            <DialogFoot open saving=draft.saving action="Change password" />
        </form>
    }
}
