//! The letter that brings a license key to the customer.
//!
//! The key itself is never written down for it: the letter is composed when it is sent, from the
//! sealed copy, so that it brings the key that holds then.

use serde_json::{Value, json};

use super::orders;
use super::terms::Terms;
use crate::alerts;
use crate::app::App;
use crate::clock;
use crate::store::events::NewMail;
use crate::store::orders::OrderRow;

/// What a letter is called among the deliveries.
pub const KIND: &str = "license_key.letter";

/// The letter for a key that is issued or replaced, if the plan wants one, the customer has an
/// address, and there is a mail server.
pub fn to_customer(
    app: &App,
    terms: &Terms,
    order_id: &str,
    license_key_id: &str,
    email: &str,
    replaced: bool,
) -> Option<NewMail> {
    if !terms.licenses.email_key || email.is_empty() || app.mailer.is_none() {
        return None;
    }
    let data = json!({ "order_id": order_id, "replaced": replaced });
    Some(NewMail {
        event: alerts::event(&app.clock, KIND, Some(license_key_id), &data),
        delivery_id: app.clock.ulid(),
        email: email.to_owned(),
    })
}

/// The letter for a key that was replaced, when it belongs to an order.
pub async fn of_replaced(app: &App, order_id: Option<&str>) -> Option<NewMail> {
    let row = app.store.order(order_id?).await.ok()??;
    let terms: Terms = serde_json::from_str(&row.terms).ok()?;
    let key = row.license_key_id.as_deref()?;
    to_customer(app, &terms, &row.id, key, &row.customer_email, true)
}

/// Sends a letter.
///
/// # Errors
/// Why it was not sent, without the key.
pub async fn send(app: &App, delivery_id: &str, email: &str, data: &Value) -> Result<(), String> {
    let mailer = app.mailer.as_ref().ok_or("no mail server is configured")?;
    let id = data.get("order_id").and_then(Value::as_str).unwrap_or_default();
    let row = app.store.order(id).await.map_err(|_| "the database is not available")?;
    let row = row.ok_or("the order is gone")?;
    if row.deactivated_at.is_some() {
        // Refunded meanwhile: there is nothing to bring.
        return Ok(());
    }
    let key = orders::shown_key(app, &row).map_err(|_| "the sealed key does not open")?;
    let key = key.ok_or("the order has no license key")?;
    let terms: Terms = serde_json::from_str(&row.terms).map_err(|_| "the order cannot be read")?;
    let replaced = data.get("replaced").and_then(Value::as_bool).unwrap_or(false);
    let (subject, text) = words(&row, &terms.name, &key, replaced);
    mailer.letter(email, delivery_id, &subject, text).await
}

/// Subject and text. Names stand on one line, so that none can write a line of its own.
fn words(row: &OrderRow, product: &str, key: &str, replaced: bool) -> (String, String) {
    let line = |text: &str| text.replace(|c: char| c.is_control(), " ");
    let (product, name) = (line(product), line(&row.customer_name));
    let hello = if name.is_empty() { String::from("Hello,") } else { format!("Hello {name},") };
    let news = if replaced {
        format!(
            "your license key for {product} was replaced. The one before no longer works, and \
             devices that were activated with it have to be activated again. The new key:"
        )
    } else {
        format!("thank you for your order. Your license key for {product}:")
    };
    let until = match row.expires_at {
        None => String::from("It does not expire."),
        Some(at) => {
            let at = clock::rfc3339(at);
            format!("It is valid until {} (UTC).", at.get(..10).unwrap_or(&at))
        }
    };
    let devices = match row.activation_limit {
        None => String::new(),
        Some(1) => String::from(" It can be used on one device at a time."),
        Some(n) => format!(" It can be used on {n} devices at a time."),
    };
    let text = format!("{hello}\n\n{news}\n\n    {key}\n\n{until}{devices}\n\nOrder: {}\n", row.id);
    (format!("Your license key for {product}"), text)
}
