//! What this installation is, and whether its mail arrives.

use axum::Json;
use axum::extract::State;
use shared::ErrorBody;
use shared::admin::{About, MailTest};

use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::{Reader, Writer};

/// What this installation is.
#[utoipa::path(get, path = "/api/about", tag = "settings",
    responses((status = 200, body = About),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read(State(app): State<Shared>, _: Reader) -> Json<About> {
    Json(About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        database: app.store.database().to_owned(),
        public_url: app.config.public_url.as_ref().map(ToString::to_string).unwrap_or_default(),
        mail: app.mailer.is_some(),
        metrics: app.config.metrics,
    })
}

/// Sends a letter to whoever asks for it, or to all admins when that is no user, and says whether the
/// mail server took it.
#[utoipa::path(post, path = "/api/settings/mail-test", tag = "settings",
    responses((status = 200, body = MailTest),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn test_mail(
    State(app): State<Shared>,
    Writer(actor): Writer,
) -> Result<Json<MailTest>, ApiError> {
    let failed = |message: &str| Ok(Json(MailTest { ok: false, message: message.to_owned() }));
    let Some(mailer) = &app.mailer else {
        return failed("No mail server is set: SMTP_URL, SMTP_FROM and NATTER_PUBLIC_URL.");
    };
    // To a user's own address; a key has none.
    let to = match (actor.kind, actor.name) {
        ("user", own) => vec![own],
        _ => app.store.admin_emails().await?,
    };
    if to.is_empty() {
        return failed("There is no admin to write to.");
    }
    for address in &to {
        let text = "This is a test of the mail settings. Alerts will arrive here.\n".to_owned();
        let id = app.clock.ulid();
        if let Err(why) = mailer.letter(address, &id, "Natter: a test", text).await {
            return failed(&format!("The letter to {address} was not sent: {why}."));
        }
    }
    Ok(Json(MailTest { ok: true, message: format!("Sent to {}.", to.join(", ")) }))
}
