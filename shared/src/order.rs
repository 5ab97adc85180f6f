//! Orders of plans, as the admin API and the dashboard see them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::FieldErrors;
use crate::license_key::{KeyStatus, check_json, check_text};
use crate::limits;

/// Where an order stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum OrderStatus {
    /// Paid: its license key is issued.
    #[default]
    Complete,
    /// Not paid yet: no key.
    Pending,
    /// The key is deactivated.
    Refunded,
    /// The key is deactivated, or was never issued.
    Cancelled,
}

impl OrderStatus {
    /// As it stands in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Pending => "pending",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Who has bought.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Customer {
    /// The vendor's own id of the customer, 1..=200 characters.
    pub id: String,
    /// At most 200 characters.
    pub name: String,
    /// Empty, or an address of at most 320 bytes.
    pub email: String,
}

impl Customer {
    /// Every field, by its JSON name.
    pub const FIELDS: &'static [&'static str] = &["id", "name", "email"];

    /// Adds to `errors` what is wrong, each under its field's JSON name.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_text(errors, "customer.id", &self.id, 1, limits::CUSTOMER_CHARS);
        check_text(errors, "customer.name", &self.name, 0, limits::CUSTOMER_CHARS);
        errors.refuse_nul("customer.email", &self.email);
        let is_address = self.email.split_once('@').is_some_and(|(user, domain)| {
            !user.is_empty() && !domain.is_empty() && !domain.contains('@')
        });
        let is_plain = !self.email.contains(|c: char| c.is_whitespace() || c.is_control());
        if !self.email.is_empty()
            && (!is_address || !is_plain || self.email.len() > limits::EMAIL_BYTES)
        {
            errors.add("customer.email", "must be an e-mail address of at most 320 bytes");
        }
    }
}

/// Body of `POST /api/orders`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewOrder {
    /// The plan's id, or `product/plan` by their identifiers.
    pub plan_id: String,
    pub customer: Customer,
    /// RFC 3339; null = now. The license's expiry runs from here.
    pub purchased_at: Option<String>,
    /// complete or pending.
    pub status: OrderStatus,
    /// At most 4 KiB of JSON, together with the plan's.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
}

impl NewOrder {
    /// Every field, by its JSON name.
    pub const FIELDS: &'static [&'static str] =
        &["plan_id", "customer", "purchased_at", "status", "metadata"];

    /// Adds to `errors` what is wrong, each under its field's JSON name.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_text(errors, "plan_id", &self.plan_id, 1, 2 * limits::IDENTIFIER_CHARS + 1);
        self.customer.check(errors);
        if !matches!(self.status, OrderStatus::Complete | OrderStatus::Pending) {
            errors.add("status", "must be complete or pending");
        }
        check_json(errors, "metadata", &self.metadata);
    }
}

/// The license of an order, in short.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OrderLicense {
    pub status: KeyStatus,
    /// Expired, and still working for the plan's days of grace.
    pub in_grace: bool,
    /// `••••-••••-••••-XXXX`.
    pub key_hint: String,
    /// null = never.
    pub expires_at: Option<String>,
    pub activation_usage: i64,
    /// null = unlimited.
    pub activation_limit: Option<i64>,
}

/// An order as `/api/orders` gives it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Order {
    /// `ORD-…`
    pub id: String,
    /// Grows with each change; send it back to be told of somebody else's change.
    pub version: i64,
    pub plan_id: String,
    /// As the plan is called now, not when it was ordered.
    pub plan_name: String,
    /// As the plan's product is called now.
    pub product_name: String,
    pub customer: Customer,
    pub status: OrderStatus,
    pub purchased_at: String,
    pub license_key_id: Option<String>,
    /// `XXXX-XXXX-XXXX-XXXX`: only in the answer that issues it, and in its repetition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_key: Option<String>,
    pub license: Option<OrderLicense>,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    pub created_at: String,
    pub updated_at: String,
}

/// Something that is wrong with a file of orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineError {
    /// Where the line begins in the file, from 1 on.
    pub line: u64,
    /// The column's name; empty when it is about the line as a whole.
    pub column: String,
    pub why: String,
}

/// What became of a file of orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// Orders that were made; with `dry_run`, that would be made.
    pub imported: u64,
    /// Lines whose order was there already, by its idempotency key.
    pub skipped: u64,
    /// The first 1000 mistakes. If there is one, nothing was imported.
    pub errors: Vec<LineError>,
    /// How many mistakes there are.
    pub error_count: u64,
    /// The file was checked only.
    pub dry_run: bool,
}

// Customers are people.
debug_without_secrets!(Customer, Order);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_needs_an_id_and_no_more() {
        let wrong = |id: &str, name: &str, email: &str| {
            let customer = Customer { id: id.into(), name: name.into(), email: email.into() };
            let mut errors = FieldErrors::default();
            customer.check(&mut errors);
            errors.0.into_keys().collect::<Vec<_>>()
        };
        assert!(wrong("c1", "", "").is_empty());
        assert!(wrong(&"c".repeat(200), &"n".repeat(200), "a@b.example").is_empty());
        assert_eq!(wrong("", "", ""), ["customer.id"]);
        assert_eq!(wrong(&"c".repeat(201), "", ""), ["customer.id"]);
        assert_eq!(wrong("c", &"n".repeat(201), ""), ["customer.name"]);
        let longest = format!("{}@b.example", "a".repeat(limits::EMAIL_BYTES - 10));
        assert!(wrong("c", "", &longest).is_empty());
        assert_eq!(wrong("c", "", &format!("a{longest}")), ["customer.email"]);
        for email in ["a", "@b", "a@", "a@b@c", "a@b\r\nBcc: c@d", "a b@c"] {
            assert_eq!(wrong("c", "", email), ["customer.email"], "{email:?}");
        }
    }
}
