//! The license API as a customer's software sees it: camelCase out.
//!
//! What such software sends is read by the server in two notations and two spellings, so it has no
//! type here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Who has bought the license. Only for callers with an API key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LicenseCustomer {
    pub customer_id: String,
    pub name: String,
    pub email: String,
}

/// What the plan belongs to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LicenseProduct {
    pub id: String,
    pub identifier: String,
    pub name: String,
}

/// What was bought.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LicensePlan {
    pub identifier: String,
    pub name: String,
    pub description: String,
    pub product: LicenseProduct,
}

/// A license: a license key with what was bought.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct License {
    pub id: String,
    /// As it was sent, in its groups.
    pub license_key: String,
    /// When it was first activated; null = not yet.
    pub activated_on: Option<String>,
    /// null = never.
    pub expires_on: Option<String>,
    pub activation_usage: i64,
    /// null = unlimited.
    pub activation_limit: Option<i64>,
    /// Whether it is neither switched off nor deactivated.
    pub enabled: bool,
    /// null without an API key, and for a key without an order.
    pub customer: Option<LicenseCustomer>,
    /// null for a key without an order.
    pub plan: Option<LicensePlan>,
}

/// What makes an answer a lease: signed, it can be trusted without the server until it ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Lease {
    /// As it was sent.
    pub nonce: String,
    pub issued_at: String,
    /// null when the license is not valid.
    pub lease_ends_at: Option<String>,
}

/// Answer of `POST /license/activate`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Activated {
    pub instance_id: String,
    pub activated_at: String,
    /// null = never.
    pub expires_on: Option<String>,
    pub license: License,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// What `POST /license/validate` says in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ValidationCode {
    Valid,
    /// Expired, but not for longer than the plan's days of grace.
    Grace,
    Expired,
    Deactivated,
    Inactive,
    InvalidKey,
    InstanceNotFound,
}

/// Answer of `POST /license/validate`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Validated {
    pub valid: bool,
    pub code: ValidationCode,
    /// For a person.
    pub detail: String,
    /// The instance that was asked about; null when none was, or when it does not exist.
    pub instance_id: Option<String>,
    /// The instance's, or the license's when no instance is named; empty without an API key.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Map<String, Value>,
    /// With `GRACE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_ends_on: Option<String>,
    /// Absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<License>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// Answer of `POST /license/deactivate`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deactivated {
    pub message: String,
    pub deactivated_at: String,
}

/// A refusal of the license API.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LicenseRefusal {
    /// For a person.
    pub error: String,
    /// For software.
    pub code: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub lease: Option<Lease>,
}

/// Whether answers are signed with a key, were, or will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SigningKeyStatus {
    Active,
    /// The one that follows the active one.
    Next,
    /// No longer used; published until the last lease that it has signed ends.
    Retired,
}

/// A key with which signatures are checked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SigningKey {
    /// What `X-Natter-Key-Id` says.
    pub id: String,
    /// Always `Ed25519`.
    pub algorithm: String,
    /// 32 bytes in base64.
    pub public_key: String,
    pub status: SigningKeyStatus,
    pub created_at: String,
}

/// Answer of `GET /license/keys`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SigningKeys {
    pub keys: Vec<SigningKey>,
}

debug_without_secrets!(LicenseCustomer, License, Activated, Validated);
