//! Answers about a license to the software that uses it: activate, validate, let go.
//!
//! What enters: what was asked, and whether the caller has an API key. What leaves: the answer, or
//! why not. Nothing is said to strangers that the license key alone should not tell.

use serde_json::{Map, Value, json};
use shared::license::{
    Activated, Deactivated, Lease, License, LicenseCustomer, LicensePlan, LicenseProduct,
    Validated, ValidationCode,
};

use super::request::{Asked, Complaints};
use crate::alerts;
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::keys::hosts::{self, IDLE_MS};
use crate::keys::license_key;
use crate::store::licenses::{Activate, ActivateOutcome, LicenseRow, Standing, grace_end};

/// A minute: as exact as "last seen" is.
const MINUTE_MS: i64 = 60_000;
/// What an unknown key and a foreign customer are told: neither learns which it was.
const UNKNOWN: &str = "No license was found for this key and customer.";
/// What a device is called that does not say.
const UNNAMED: &str = "Unnamed device";

/// Why a call was refused.
#[derive(Debug)]
pub enum Refusal {
    /// A status, a code for software, a text for people.
    Told(u16, &'static str, String),
    /// What is wrong with the request, by its fields.
    Fields(Complaints),
    Failed(ApiError),
}

impl<E: Into<ApiError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn unknown() -> Refusal {
    Refusal::Told(404, "license_not_found", UNKNOWN.to_owned())
}

/// A license that was found by its key.
struct Found {
    row: LicenseRow,
    /// The key as it is shown.
    shown: String,
    /// That the key stands for.
    generation: i64,
}

/// The license of the key.
async fn find(app: &App, asked: &Asked, now_ms: i64) -> Result<Option<Found>, ApiError> {
    // Junk is told by its check character, without the database.
    let Some(key) = license_key::parse(&asked.license_key) else { return Ok(None) };
    let hash = license_key::hash(&key);
    let row = app.store.license(&hash, asked.instance_id.as_deref()).await?;
    Ok(row.and_then(|row| {
        let is_current = row.key_hash == hash;
        let generation = if is_current {
            row.generation
        } else {
            row.previous_key_until.filter(|until| now_ms < *until)?;
            row.previous_generation.unwrap_or(row.generation)
        };
        Some(Found { row, shown: license_key::grouped(&key), generation })
    }))
}

fn license(row: &LicenseRow, shown: String, is_trusted: bool) -> License {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    License {
        id: row.id.clone(),
        license_key: shown,
        activated_on: row.activated_at.map(clock::rfc3339),
        expires_on: row.expires_at.map(clock::rfc3339),
        activation_usage: row.activation_usage,
        activation_limit: row.activation_limit,
        enabled: row.is_active && row.deactivated_at.is_none(),
        customer: row.customer_id.as_ref().filter(|_| is_trusted).map(|id| LicenseCustomer {
            customer_id: id.clone(),
            name: text(&row.customer_name),
            email: text(&row.customer_email),
        }),
        plan: row.plan_identifier.as_ref().map(|identifier| LicensePlan {
            identifier: identifier.clone(),
            name: text(&row.plan_name),
            description: text(&row.plan_description),
            product: LicenseProduct {
                id: text(&row.product_id),
                identifier: text(&row.product_identifier),
                name: text(&row.product_name),
            },
        }),
    }
}

/// The lease that goes with a refusal: none, but the nonce, so that nobody can pass an old one off.
pub fn no_lease(app: &App, asked: &Asked) -> Option<Lease> {
    lease(app, asked, None, app.clock.now_ms())
}

/// The lease that goes with an answer to a call with a nonce.
fn lease(app: &App, asked: &Asked, row: Option<&LicenseRow>, now_ms: i64) -> Option<Lease> {
    let nonce = asked.nonce.clone()?;
    let length = i64::try_from(app.config.license_lease.as_millis()).unwrap_or(i64::MAX);
    let ends = row.and_then(|row| {
        // No lease lives longer than the license.
        let last = match row.standing(now_ms) {
            Standing::Good => row.expires_at.map_or(i64::MAX, |at| grace_end(at, row.grace_days)),
            Standing::Grace(ends) => ends,
            Standing::Expired | Standing::Inactive | Standing::Deactivated => return None,
        };
        Some(now_ms.saturating_add(length).min(last))
    });
    let lease_ends_at = ends.map(clock::rfc3339);
    Some(Lease { nonce, issued_at: clock::rfc3339(now_ms), lease_ends_at })
}

fn refused(standing: Standing) -> Refusal {
    let (code, text) = match standing {
        Standing::Deactivated => ("key_deactivated", "This license was deactivated."),
        Standing::Inactive => ("key_inactive", "This license is switched off."),
        _ => ("key_expired", "This license has expired."),
    };
    Refusal::Told(403, code, text.to_owned())
}

/// Activates the license on a device. `true` says that the activation is new.
///
/// # Errors
/// 404 for an unknown key or another customer's, 403 when the license may not be used or its limit
/// is reached.
pub async fn activate(
    app: &App,
    asked: &Asked,
    is_trusted: bool,
) -> Result<(Activated, bool), Refusal> {
    let now_ms = app.clock.now_ms();
    let Found { row, generation, .. } = find(app, asked, now_ms).await?.ok_or_else(unknown)?;
    if asked.customer_id.is_some() && asked.customer_id != row.customer_id {
        return Err(unknown());
    }
    let name = asked.instance_name.clone().unwrap_or_else(|| UNNAMED.to_owned());
    let id = app.clock.ulid();
    let about = json!({
        "license_key_id": row.id, "name": row.key_name, "instance_id": id, "instance_name": name,
        "host": null,
    });
    let event = |kind: &str| alerts::event(&app.clock, kind, Some(&row.id), &about);
    let outcome = app
        .store
        .activate(Activate {
            license_key_id: row.id.clone(),
            generation,
            id: id.clone(),
            name,
            fingerprint: asked.fingerprint.clone(),
            metadata: Value::Object(asked.metadata.clone()).to_string(),
            now_ms,
            idle_before_ms: now_ms - IDLE_MS,
            event: event("license.activated"),
        })
        .await?;
    let (id, since, is_new) = match outcome {
        ActivateOutcome::New => (id, now_ms, true),
        ActivateOutcome::Known { id, since } => (id, since, false),
        ActivateOutcome::Unknown => return Err(unknown()),
        ActivateOutcome::Refused(standing) => return Err(refused(standing)),
        ActivateOutcome::LimitReached { used, limit } => {
            if hosts::is_news(app, &row.id, "limit") {
                let event = event("license.activation_limit_reached");
                app.store.add_events(vec![event]).await?;
                app.teller.notify_one();
            }
            return Err(Refusal::Told(
                403,
                "activation_limit_reached",
                format!("This license cannot be activated: limit reached ({used}/{limit})"),
            ));
        }
    };
    app.teller.notify_one();
    app.last_used.note(&row.id, now_ms);
    // What is counted by now, and since when.
    let Found { row, shown, .. } = find(app, asked, now_ms).await?.ok_or_else(unknown)?;
    let answer = Activated {
        instance_id: id,
        activated_at: clock::rfc3339(since),
        expires_on: row.expires_at.map(clock::rfc3339),
        lease: lease(app, asked, Some(&row), now_ms),
        license: license(&row, shown, is_trusted),
    };
    Ok((answer, is_new))
}

/// Whether the license, and the instance if one is named, may go on. The status is 404 when one of
/// them does not exist, else 200.
///
/// # Errors
/// When the database fails.
pub async fn validate(
    app: &App,
    asked: &Asked,
    is_trusted: bool,
) -> Result<(u16, Validated), ApiError> {
    let now_ms = app.clock.now_ms();
    let Some(Found { row, shown, generation }) = find(app, asked, now_ms).await? else {
        return Ok(missing(app, asked, ValidationCode::InvalidKey, now_ms));
    };
    let standing = row.standing(now_ms);
    let (code, detail) = match standing {
        Standing::Good => (ValidationCode::Valid, "The license is valid."),
        Standing::Grace(_) => {
            (ValidationCode::Grace, "The license has expired and is in its days of grace.")
        }
        Standing::Expired => (ValidationCode::Expired, "The license has expired."),
        Standing::Inactive => (ValidationCode::Inactive, "The license is switched off."),
        Standing::Deactivated => (ValidationCode::Deactivated, "The license was deactivated."),
    };
    let valid = matches!(standing, Standing::Good | Standing::Grace(_));
    if asked.instance_id.is_some() && row.instance_id.is_none() && valid {
        return Ok(missing(app, asked, ValidationCode::InstanceNotFound, now_ms));
    }
    if valid {
        app.last_used.note(&row.id, now_ms);
        if let Some(id) = &row.instance_id {
            note_seen(app, &row, id, generation, now_ms).await?;
        }
    }
    let metadata = match (&asked.instance_id, &row.instance_metadata) {
        _ if !is_trusted => None,
        (None, _) => Some(&row.metadata),
        // An instance that does not exist has none, and the license's is not its own.
        (Some(_), of_instance) => of_instance.as_ref(),
    };
    let metadata = metadata.map_or(Ok(Map::new()), |text| serde_json::from_str(text));
    let metadata = metadata.map_err(|e| ApiError::internal(&e))?;
    let grace_ends_on = match standing {
        Standing::Grace(ends) => Some(clock::rfc3339(ends)),
        _ => None,
    };
    let answer = Validated {
        valid,
        code,
        detail: detail.to_owned(),
        instance_id: row.instance_id.clone(),
        metadata,
        grace_ends_on,
        lease: lease(app, asked, Some(&row), now_ms),
        license: Some(license(&row, shown, is_trusted)),
    };
    Ok((200, answer))
}

/// An instance is in use: it is written down now and then, but at once while a key is being replaced,
/// for then it must be known which of the instances have the new one.
async fn note_seen(
    app: &App,
    row: &LicenseRow,
    id: &str,
    generation: i64,
    now_ms: i64,
) -> Result<(), ApiError> {
    if row.previous_key_until.is_some_and(|until| now_ms < until) {
        app.store.see_instance(&row.id, id, generation, now_ms).await?;
    } else if row.last_seen_at.is_none_or(|at| now_ms - at >= MINUTE_MS) {
        app.last_seen.note(id, now_ms);
    }
    Ok(())
}

fn missing(app: &App, asked: &Asked, code: ValidationCode, now_ms: i64) -> (u16, Validated) {
    let detail = match code {
        ValidationCode::InstanceNotFound => "The license has no such instance.",
        _ => "There is no license with this key.",
    };
    let answer = Validated {
        valid: false,
        code,
        detail: detail.to_owned(),
        instance_id: None,
        metadata: Map::new(),
        grace_ends_on: None,
        license: None,
        lease: lease(app, asked, None, now_ms),
    };
    (404, answer)
}

/// Ends an activation by its own wish: its place is free, the license stays as it is.
///
/// # Errors
/// 404 for an unknown key, and for an instance that is none of it.
pub async fn let_go(app: &App, asked: &Asked) -> Result<Deactivated, Refusal> {
    let now_ms = app.clock.now_ms();
    let Found { row, .. } = find(app, asked, now_ms).await?.ok_or_else(unknown)?;
    let id = asked.instance_id.as_deref().unwrap_or_default();
    let data = json!({
        "license_key_id": row.id, "name": row.key_name, "instance_id": id,
        "instance_name": row.instance_name, "host": row.instance_host,
    });
    let event = alerts::event(&app.clock, "license.instance_deactivated", Some(&row.id), &data);
    if !app.store.let_go(&row.id, id, event).await? {
        let text = "The license has no such instance.".to_owned();
        return Err(Refusal::Told(404, "instance_not_found", text));
    }
    app.activations.forget(&row.id, row.version, id, row.instance_host.as_deref());
    app.teller.notify_one();
    Ok(Deactivated {
        message: String::from("The instance was deactivated."),
        deactivated_at: clock::rfc3339(now_ms),
    })
}
