//! What admins do to the activations of a license key.
//!
//! What enters: the key and an instance of it. What leaves: the change, which holds at once.

use serde_json::{Map, json};
use shared::ErrorCode;
use shared::license_key::{Activation, ActivationStatus};

use super::hosts::IDLE_MS;
use super::watch;
use crate::alerts;
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::people::Actor;
use crate::store::activations::{ActivationEdit, ActivationEdited, ActivationRow, EditActivation};
use crate::store::license_keys::LicenseKeyRow;

/// An activation as the API shows it.
#[must_use]
pub fn view(row: ActivationRow) -> Activation {
    Activation {
        instance_id: row.id,
        instance_name: row.name,
        host: row.host,
        status: match row.status.as_str() {
            "pending" => ActivationStatus::Pending,
            _ => ActivationStatus::Active,
        },
        created_at: clock::rfc3339(row.created_at),
        last_seen_at: clock::rfc3339(row.last_seen_at),
        metadata: serde_json::from_str(&row.metadata).unwrap_or_default(),
    }
}

/// The activation of a key with this id.
async fn find(app: &App, id: &str, instance_id: &str) -> Result<ActivationRow, ApiError> {
    let row = app.store.activation(id, instance_id).await?;
    row.ok_or_else(|| ErrorCode::NotFound.into())
}

/// Ends an activation: its place is free, the others stay.
///
/// # Errors
/// 404 when there is none.
pub async fn revoke(
    app: &App,
    actor: &Actor,
    key: &LicenseKeyRow,
    instance_id: &str,
) -> Result<(), ApiError> {
    let id = &key.id;
    let row = find(app, id, instance_id).await?;
    let data = json!({
        "license_key_id": id, "name": key.name, "instance_id": instance_id,
        "instance_name": row.name, "host": row.host,
    });
    let event = alerts::event(&app.clock, "license.instance_deactivated", Some(id), &data);
    let mut changes = Map::new();
    changes.insert("activation".into(), json!([row.name, null]));
    let action = "license_key.activation_revoked";
    let audit = actor.audit(&app.clock, action, "license_key", id, changes);
    let (license_key_id, id) = (id.clone(), instance_id.to_owned());
    let (edit, now_ms) = (ActivationEdit::Revoke, app.clock.now_ms());
    edited(app, EditActivation { license_key_id, id, edit, now_ms, event, audit }).await
}

/// Lets a website in that waits for approval; the activation as it is from now on.
///
/// # Errors
/// 404 when there is none; 403 when the limit is reached.
pub async fn approve(
    app: &App,
    actor: &Actor,
    key: &LicenseKeyRow,
    instance_id: &str,
) -> Result<Activation, ApiError> {
    let id = &key.id;
    let row = find(app, id, instance_id).await?;
    let data = json!({
        "license_key_id": id, "name": key.name, "instance_id": instance_id, "host": row.host,
    });
    let event = alerts::event(&app.clock, "license.activated", Some(id), &data);
    let mut changes = Map::new();
    changes.insert("activation".into(), json!([null, row.name]));
    let action = "license_key.activation_approved";
    let audit = actor.audit(&app.clock, action, "license_key", id, changes);
    let now_ms = app.clock.now_ms();
    let edit = ActivationEdit::Approve {
        limit: key.activation_limit.unwrap_or(i64::MAX),
        idle_before_ms: now_ms - IDLE_MS,
    };
    let (license_key_id, of) = (id.clone(), instance_id.to_owned());
    edited(app, EditActivation { license_key_id, id: of, edit, now_ms, event, audit }).await?;
    find(app, id, instance_id).await.map(view)
}

/// Makes a change and lets it hold at once.
async fn edited(app: &App, edit: EditActivation) -> Result<(), ApiError> {
    let id = edit.license_key_id.clone();
    match app.store.edit_activation(edit).await? {
        ActivationEdited::Done(version) => watch::key_changed(app, &id, version).await,
        ActivationEdited::Unchanged => {}
        ActivationEdited::NotFound => return Err(ErrorCode::NotFound.into()),
        ActivationEdited::LimitReached => return Err(ErrorCode::ActivationLimitReached.into()),
    }
    app.teller.notify_one();
    Ok(())
}
