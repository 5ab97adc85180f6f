//! What is sold: products and their plans, as the admin API and the dashboard see them.
//!
//! What an admin writes is [`ProductSettings`] and [`PlanSettings`]; what the server gives is the
//! same with what the server alone knows.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::FieldErrors;
use crate::license_key::{check_json, check_text};
use crate::limits;
use crate::look::Look;

/// What an admin decides about a product.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProductSettings {
    /// 1..=64 characters of `a-z`, `0-9`, `-`, `_`, `.`; no other product has it.
    pub identifier: String,
    /// 1..=120 characters.
    pub name: String,
    /// At most 2000 characters.
    pub description: String,
}

impl ProductSettings {
    /// Every field, by its JSON name.
    pub const FIELDS: &'static [&'static str] = &["identifier", "name", "description"];

    /// Adds to `errors` what is wrong, each under its field's JSON name.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_identifier(errors, &self.identifier);
        check_text(errors, "name", &self.name, 1, limits::KEY_NAME_CHARS);
        check_text(errors, "description", &self.description, 0, limits::DESCRIPTION_CHARS);
    }
}

fn check_identifier(errors: &mut FieldErrors, identifier: &str) {
    let allowed =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    let length = identifier.chars().count();
    if !(1..=limits::IDENTIFIER_CHARS).contains(&length) || !identifier.chars().all(allowed) {
        errors.add("identifier", "must have 1 to 64 characters of a-z, 0-9, '-', '_' and '.'");
    }
}

/// A product as `/api/products` gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Product {
    pub id: String,
    /// Grows with each change; send it back to be told of somebody else's change.
    pub version: i64,
    #[serde(flatten)]
    pub settings: ProductSettings,
    pub created_at: String,
    pub updated_at: String,
}

/// In what a license's duration is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DurationUnit {
    Day,
    Month,
    #[default]
    Year,
}

impl DurationUnit {
    /// The longest duration in this unit: a hundred years.
    #[must_use]
    pub fn most(self) -> u32 {
        match self {
            Self::Day => 36_500,
            Self::Month => 1200,
            Self::Year => 100,
        }
    }
}

/// What an order of a plan issues.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanLicenses {
    /// Whether an order issues a license key.
    pub enabled: bool,
    pub activation_limit_enabled: bool,
    /// Websites and devices that may use the key at a time, 1..=100; counts when
    /// `activation_limit_enabled`.
    pub activation_limit: u32,
    pub has_expiry: bool,
    /// How long the key works from the purchase on, at least 1 and at most 36500 days, 1200 months
    /// or 100 years; counts when `has_expiry`.
    pub duration_value: u32,
    pub duration_unit: DurationUnit,
    /// Days for which the key works on after its expiry, 0..=365.
    pub grace_days: u32,
    /// Whether the key is mailed to the customer. Needs SMTP and the order's e-mail address.
    pub email_key: bool,
}

impl Default for PlanLicenses {
    fn default() -> Self {
        Self {
            enabled: true,
            activation_limit_enabled: false,
            activation_limit: 1,
            has_expiry: false,
            duration_value: 1,
            duration_unit: DurationUnit::Year,
            grace_days: 0,
            email_key: false,
        }
    }
}

impl PlanLicenses {
    /// Every field, by its JSON name.
    pub const FIELDS: &'static [&'static str] = &[
        "enabled",
        "activation_limit_enabled",
        "activation_limit",
        "has_expiry",
        "duration_value",
        "duration_unit",
        "grace_days",
        "email_key",
    ];

    fn check(&self, errors: &mut FieldErrors) {
        if !(1..=100).contains(&self.activation_limit) {
            errors.add("licenses.activation_limit", "must be a whole number from 1 to 100");
        }
        let most = self.duration_unit.most();
        if !(1..=most).contains(&self.duration_value) {
            errors.add(
                "licenses.duration_value",
                &format!("must be a whole number from 1 to {most} in this unit"),
            );
        }
        if self.grace_days > limits::GRACE_DAYS {
            errors.add("licenses.grace_days", "must be a whole number from 0 to 365");
        }
    }
}

/// What the key of an order may do in the widget.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanWidget {
    /// Queries in a calendar month (UTC), at least 1; null = unlimited.
    pub monthly_usage_limit: Option<i64>,
    /// The one agent that answers; null = any.
    pub agent_id: Option<String>,
    /// The one data source that is drawn on; null = any.
    pub data_source_id: Option<String>,
    /// The widget's look.
    pub ui: Look,
}

impl PlanWidget {
    /// Every field, by its JSON name.
    pub const FIELDS: &'static [&'static str] =
        &["monthly_usage_limit", "agent_id", "data_source_id", "ui"];

    fn check(&self, errors: &mut FieldErrors) {
        if self.monthly_usage_limit.is_some_and(|n| n < 1) {
            errors
                .add("widget.monthly_usage_limit", "must be a whole number of at least 1, or null");
        }
        let mut look = FieldErrors::default();
        self.ui.check(&mut look);
        errors.add_inner("widget", look);
    }
}

/// What an admin decides about a plan. Changes hold for orders from then on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanSettings {
    /// Chosen when the plan is made.
    pub product_id: String,
    /// 1..=64 characters of `a-z`, `0-9`, `-`, `_`, `.`; no other plan of the product has it.
    pub identifier: String,
    /// 1..=120 characters.
    pub name: String,
    /// At most 2000 characters.
    pub description: String,
    /// Whether the plan can be ordered.
    pub is_active: bool,
    pub licenses: PlanLicenses,
    /// null = the key has no limits of its own in the widget.
    pub widget: Option<PlanWidget>,
    /// Goes to each license; at most 4 KiB of JSON.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
}

impl Default for PlanSettings {
    fn default() -> Self {
        Self {
            product_id: String::new(),
            identifier: String::new(),
            name: String::new(),
            description: String::new(),
            is_active: true,
            licenses: PlanLicenses::default(),
            widget: None,
            metadata: Map::new(),
        }
    }
}

impl PlanSettings {
    /// Every field, by its JSON name.
    pub const FIELDS: &'static [&'static str] = &[
        "product_id",
        "identifier",
        "name",
        "description",
        "is_active",
        "licenses",
        "widget",
        "metadata",
    ];

    /// Adds to `errors` what is wrong, each under its field's JSON name.
    pub fn check(&self, errors: &mut FieldErrors) {
        check_text(errors, "product_id", &self.product_id, 1, 64);
        check_identifier(errors, &self.identifier);
        check_text(errors, "name", &self.name, 1, limits::KEY_NAME_CHARS);
        check_text(errors, "description", &self.description, 0, limits::DESCRIPTION_CHARS);
        self.licenses.check(errors);
        if let Some(widget) = &self.widget {
            widget.check(errors);
        }
        check_json(errors, "metadata", &self.metadata);
    }
}

/// A plan as `/api/plans` gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    pub id: String,
    /// Grows with each change; send it back to be told of somebody else's change.
    pub version: i64,
    #[serde(flatten)]
    pub settings: PlanSettings,
    /// As the plan's product is called now.
    pub product_name: String,
    pub created_at: String,
    pub updated_at: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<T: Serialize + Default>(fields: &[&str]) {
        let json = serde_json::to_value(T::default()).unwrap();
        let mut names: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let mut fields = fields.to_vec();
        names.sort_unstable();
        fields.sort_unstable();
        assert_eq!(names, fields);
    }

    #[test]
    fn every_field_is_named_once() {
        named::<ProductSettings>(ProductSettings::FIELDS);
        named::<PlanSettings>(PlanSettings::FIELDS);
        named::<PlanLicenses>(PlanLicenses::FIELDS);
        named::<PlanWidget>(PlanWidget::FIELDS);
    }

    #[test]
    fn limits_of_a_plan_hold_at_their_edges() {
        let wrong = |licenses: PlanLicenses| {
            let mut errors = FieldErrors::default();
            licenses.check(&mut errors);
            errors.0.into_keys().collect::<Vec<_>>()
        };
        let plan = PlanLicenses::default;
        for limit in [1, 100] {
            assert!(wrong(PlanLicenses { activation_limit: limit, ..plan() }).is_empty());
        }
        for limit in [0, 101] {
            let fields = wrong(PlanLicenses { activation_limit: limit, ..plan() });
            assert_eq!(fields, ["licenses.activation_limit"]);
        }
        for unit in [DurationUnit::Day, DurationUnit::Month, DurationUnit::Year] {
            let lasting = |n| PlanLicenses { duration_value: n, duration_unit: unit, ..plan() };
            assert!(wrong(lasting(1)).is_empty() && wrong(lasting(unit.most())).is_empty());
            for n in [0, unit.most() + 1] {
                assert_eq!(wrong(lasting(n)), ["licenses.duration_value"]);
            }
        }
        assert!(wrong(PlanLicenses { grace_days: 365, ..plan() }).is_empty());
        assert_eq!(wrong(PlanLicenses { grace_days: 366, ..plan() }), ["licenses.grace_days"]);
    }
}
