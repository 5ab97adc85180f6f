//! People: the first admin, further ones, their roles.

use std::net::IpAddr;

use serde_json::{Map, json};
use shared::admin::{NewUser, PasswordChange, Setup, SignIn, User, UserChange, UserRole};
use shared::{ErrorCode, FieldErrors};
use subtle::ConstantTimeEq as _;

use super::{Actor, password, sign_in};
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::store::people::{Edited, PeopleEdit, UserEdit, UserRow};

/// Somebody as the API shows them.
#[must_use]
pub fn view(row: &UserRow) -> User {
    User {
        id: row.id.clone(),
        version: row.version,
        email: row.email.clone(),
        name: row.name.clone(),
        role: role(&row.role),
        created_at: clock::rfc3339(row.created_at),
        last_signed_in_at: row.last_signed_in_at.map(clock::rfc3339),
    }
}

/// A role as it is stored; what is none may only read.
#[must_use]
pub fn role(text: &str) -> UserRole {
    if text == "admin" { UserRole::Admin } else { UserRole::Viewer }
}

fn outcome(edited: Edited) -> Result<(), ApiError> {
    match edited {
        Edited::Done => Ok(()),
        Edited::NotFound | Edited::Overtaken => Err(ErrorCode::NotFound.into()),
        Edited::EmailTaken => Err(ErrorCode::EmailTaken.into()),
        Edited::LastAdmin => Err(ErrorCode::LastAdmin.into()),
    }
}

/// The first admin, by whoever has the link that the server printed.
///
/// # Errors
/// 404 when there is an admin; 401 for a wrong token; complaints by field.
pub async fn set_up(app: &App, actor: &Actor, setup: Setup) -> Result<UserRow, ApiError> {
    if app.store.user_count().await? > 0 {
        return Err(ErrorCode::NotFound.into());
    }
    let known = app.setup_token.reveal().as_bytes();
    if !bool::from(known.ct_eq(setup.token.as_bytes())) {
        return Err(ApiError::new(ErrorCode::Unauthorized)
            .with_message("The token is in the link that the server printed when it started."));
    }
    let mut errors = FieldErrors::default();
    setup.check(&mut errors);
    errors.into_result()?;
    let new = NewUser {
        email: setup.email,
        name: setup.name,
        role: Some(UserRole::Admin),
        password: setup.password,
    };
    add(app, actor, new, true).await
}

/// Adds somebody; `first`, only when there is nobody.
///
/// # Errors
/// Complaints by field; 409 when the address is taken; 404 when there is somebody already.
pub async fn add(app: &App, actor: &Actor, new: NewUser, first: bool) -> Result<UserRow, ApiError> {
    let mut errors = FieldErrors::default();
    new.check(&mut errors);
    errors.into_result()?;
    let user = UserRow {
        id: app.clock.ulid(),
        version: 1,
        email: new.email,
        name: new.name.trim().to_owned(),
        role: new.role.unwrap_or(UserRole::Admin).as_str().to_owned(),
        password_hash: password::hash(new.password).await?,
        created_at: app.clock.now_ms(),
        last_signed_in_at: None,
    };
    let mut changes = Map::new();
    changes.insert("email".into(), json!([null, user.email]));
    changes.insert("role".into(), json!([null, user.role]));
    let audit = actor.audit(&app.clock, "user.created", "user", &user.id, changes);
    let edit = PeopleEdit::AddUser { user: user.clone(), first };
    outcome(app.store.edit_people(edit, audit).await?)?;
    Ok(user)
}

/// Changes somebody; a new password signs their browsers out, a new role counts at once.
///
/// # Errors
/// 404; complaints by field; 409 when the address is taken, the last admin would be none, or somebody
/// else was faster.
pub async fn change(
    app: &App,
    actor: &Actor,
    id: &str,
    change: UserChange,
) -> Result<User, ApiError> {
    let mut errors = FieldErrors::default();
    change.check(&mut errors);
    errors.into_result()?;
    let old = app.store.user(id).await?.ok_or(ErrorCode::NotFound)?;
    let mut edit = UserEdit { version: change.version, ..UserEdit::default() };
    let mut changes = Map::new();
    if let Some(email) = change.email.filter(|email| *email != old.email) {
        changes.insert("email".into(), json!([old.email, email]));
        edit.email = Some(email);
    }
    if let Some(name) = change.name.filter(|name| *name != old.name) {
        changes.insert("name".into(), json!([old.name, name]));
        edit.name = Some(name);
    }
    if let Some(role) = change.role.filter(|role| role.as_str() != old.role) {
        changes.insert("role".into(), json!([old.role, role]));
        edit.role = Some(role.as_str());
    }
    let sign_out = change.password.is_some();
    if let Some(new) = change.password {
        changes.insert("password".into(), json!(["…", "…"]));
        edit.password_hash = Some(password::hash(new).await?);
    }
    let audit = actor.audit(&app.clock, "user.updated", "user", id, changes);
    let edit = PeopleEdit::UpdateUser { id: id.to_owned(), change: edit, sign_out };
    let edited = app.store.edit_people(edit, audit).await?;
    let now = app.store.user(id).await?.as_ref().map(view).ok_or(ErrorCode::NotFound)?;
    if edited == Edited::Overtaken {
        return Err(ApiError::conflict(&now));
    }
    outcome(edited)?;
    Ok(now)
}

/// Changes somebody's own password, which signs all their browsers out.
///
/// # Errors
/// Complaints by field, also about a wrong present password; 429 after too many of those.
pub async fn change_own_password(
    app: &App,
    ip: IpAddr,
    user: &UserRow,
    body: PasswordChange,
) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    body.check(&mut errors);
    errors.into_result()?;
    let tried = SignIn { email: user.email.clone(), password: body.current };
    sign_in::check(app, ip, tried).await.map_err(|error| match error.code {
        ErrorCode::Unauthorized => ApiError::field("current", "is not your present password"),
        _ => error,
    })?;
    let actor = Actor::signed_in(user, ip, None);
    let change_to = UserChange { password: Some(body.password), ..UserChange::default() };
    change(app, &actor, &user.id, change_to).await.map(drop)
}

/// Removes somebody.
///
/// # Errors
/// 404; 409 for the last admin.
pub async fn remove(app: &App, actor: &Actor, id: &str) -> Result<(), ApiError> {
    let old = app.store.user(id).await?.ok_or(ErrorCode::NotFound)?;
    let mut changes = Map::new();
    changes.insert("email".into(), json!([old.email, null]));
    let audit = actor.audit(&app.clock, "user.deleted", "user", id, changes);
    outcome(app.store.edit_people(PeopleEdit::DeleteUser(id.to_owned()), audit).await?)
}
