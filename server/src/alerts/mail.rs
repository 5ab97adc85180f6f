//! E-mail by SMTP: alerts to admins.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde_json::Value;

use crate::config::Smtp;

/// Sends mail.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// Where the dashboard is.
    link: String,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailer(…)")
    }
}

impl Mailer {
    /// # Errors
    /// What is wrong with the settings, without the password.
    pub fn new(smtp: &Smtp, public_url: &str) -> Result<Self, String> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp.url.reveal())
            .map_err(|_| {
                String::from(
                    "SMTP_URL: accepted: smtps://USER:PASSWORD@HOST or \
                     smtp://USER:PASSWORD@HOST:587?tls=required",
                )
            })?
            .timeout(Some(std::time::Duration::from_secs(20)))
            .build();
        let from = smtp.from.parse().map_err(|_| {
            format!("SMTP_FROM: {:?} is not accepted; accepted: an e-mail address", smtp.from)
        })?;
        Ok(Self { transport, from, link: format!("{}/admin", public_url.trim_end_matches('/')) })
    }

    /// Sends one alert.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn send(&self, to: &str, id: &str, kind: &str, data: &Value) -> Result<(), String> {
        let (subject, text) = words(kind, data);
        self.letter(to, id, &subject, format!("{text}\n\n{}\n", self.link)).await
    }

    /// Sends a text.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn letter(
        &self,
        to: &str,
        id: &str,
        subject: &str,
        text: String,
    ) -> Result<(), String> {
        let to: Mailbox = to.parse().map_err(|_| "not an e-mail address".to_owned())?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .message_id(Some(format!("<{id}@natter>")))
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|e| e.to_string())?;
        self.transport.send(message).await.map(drop).map_err(|error| {
            // A server's answer may repeat what was sent; what kind of failure it was is enough.
            if error.is_permanent() {
                "the mail server refused the message".to_owned()
            } else if error.is_timeout() {
                "the mail server did not answer in time".to_owned()
            } else {
                "the mail server could not be reached or did not take the message".to_owned()
            }
        })
    }
}

/// Subject and text of an alert. Names stand on one line, so that none can write a line of its own.
fn words(kind: &str, data: &Value) -> (String, String) {
    let text = |field: &str| match data.get(field) {
        Some(Value::String(text)) => text.replace(|c: char| c.is_control(), " "),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let name = text("name");
    let (used, limit, month) = (text("used"), text("limit"), text("month"));
    match kind {
        "usage.limit_approaching" => (
            format!("{name}: 80 % of the monthly limit is used"),
            format!(
                "The license key \"{name}\" has used {used} of the {limit} queries that it may \
                 ask in {month}."
            ),
        ),
        "usage.limit_reached" => (
            format!("{name}: the monthly limit is reached"),
            format!(
                "The license key \"{name}\" has used all of the {limit} queries that it may ask \
                 in {month}. Visitors are refused until the 1st of next month (UTC), or until you \
                 raise the limit."
            ),
        ),
        "license_key.expiring" => (
            format!("{name}: the license key expires in {} day(s)", text("days")),
            format!(
                "The license key \"{name}\" expires at {}. Extend it to keep the chat running.",
                text("expires_at")
            ),
        ),
        "license.activated" => (
            format!("{name}: used on {}", text("host")),
            format!("The license key \"{name}\" is used on a new website: {}.", text("host")),
        ),
        "license.activation_pending" => (
            format!("{name}: {} waits for approval", text("host")),
            format!(
                "The website {} wants to use the license key \"{name}\" and waits for your \
                 approval.",
                text("host")
            ),
        ),
        "license.activation_limit_reached" => (
            format!("{name}: the activation limit is reached"),
            match data.get("host").and_then(Value::as_str) {
                Some(_) => format!(
                    "The website {} wanted to use the license key \"{name}\", whose activation \
                     limit is reached.",
                    text("host")
                ),
                None => format!(
                    "The device \"{}\" wanted to use the license key \"{name}\", whose activation \
                     limit is reached.",
                    text("instance_name")
                ),
            },
        ),
        other => (format!("Natter: {other}"), data.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_write_lines_of_its_own() {
        let data = serde_json::json!({"name": "Shop\r\nBcc: x@example.com", "limit": 5, "used": 5});
        let (subject, _) = words("usage.limit_reached", &data);
        assert_eq!(subject, "Shop  Bcc: x@example.com: the monthly limit is reached");
    }
}
