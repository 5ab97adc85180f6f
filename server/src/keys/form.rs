//! A license key's settings as an admin writes them, as they are stored, and as they are shown.
//!
//! What enters: JSON, or a row. What leaves: checked settings with every complaint under its field,
//! what is to be stored, or the key as the API gives it.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use shared::license_key::{KeyStatus, LicenseKey, LicenseKeySettings, RestrictionKind};
use shared::{FieldErrors, Look};

use super::restriction::{Pattern, network};
use crate::clock;
use crate::error::ApiError;
use crate::merge::{merge, object_of};
use crate::store::license_keys::{BoundKey, LicenseKeyRow, StoredSettings};
use crate::store::licenses::{Standing, standing};

/// What the server alone knows of a key: sent back to it, it is ignored.
const READ_ONLY: &[&str] = &[
    "id",
    "version",
    "chatbot_id",
    "key",
    "key_hint",
    "status",
    "monthly_usage",
    "activation_usage",
    "order_id",
    "agent_name",
    "data_source_name",
    "created_at",
    "updated_at",
    "last_used_at",
    "warnings",
];
/// An enum as it is stored: its JSON name.
///
/// # Errors
/// When the row was not written by this server.
pub fn stored<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    serde_json::from_value(Value::from(text)).map_err(|e| ApiError::internal(&e))
}

/// Settings as an admin wrote them, checked, and what they should know about them.
#[derive(Clone, Debug)]
pub struct Checked {
    pub settings: LicenseKeySettings,
    pub expires_ms: Option<i64>,
    pub warnings: Vec<String>,
}

/// Puts what an admin gave over `base`, and checks the whole. What is null goes back to its
/// default; `allowed_domains` is another way to write `websites`.
///
/// # Errors
/// Every complaint, by its field.
pub fn read(
    base: &LicenseKeySettings,
    mut given: Map<String, Value>,
) -> Result<Checked, FieldErrors> {
    let mut errors = FieldErrors::default();
    given.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    let by_domains = given.contains_key("allowed_domains") && !given.contains_key("websites");
    allowed_domains(&mut given, &mut errors);
    infer_restriction(&mut given, &mut errors);
    match given.remove("ui") {
        Some(Value::Object(ui)) => {
            given.insert("ui".into(), merged_ui(&base.ui, ui, &mut errors));
        }
        Some(Value::Null) => {
            given.insert("ui".into(), Value::Null);
        }
        Some(_) => errors.add("ui", "must be an object"),
        None => {}
    }
    let fields = LicenseKeySettings::FIELDS;
    let Some(settings) = merge(base, given, fields, "a license key", &mut errors) else {
        return Err(errors);
    };
    check(settings, errors).map_err(|mut errors| {
        // The complaint stands under the name that was written.
        if by_domains && let Some(whys) = errors.0.remove("websites") {
            errors.0.entry("allowed_domains".into()).or_default().extend(whys);
        }
        errors
    })
}

/// Checks settings and writes their patterns and times the one way.
///
/// # Errors
/// Every complaint, by its field.
pub fn check(
    mut settings: LicenseKeySettings,
    mut errors: FieldErrors,
) -> Result<Checked, FieldErrors> {
    settings.check(&mut errors);
    let mut warnings = Vec::new();
    for website in &mut settings.websites {
        match Pattern::parse(website) {
            Ok(pattern) => {
                if pattern.path_ignored && warnings.is_empty() {
                    warnings.push(String::from("path_ignored"));
                }
                *website = pattern.to_string();
            }
            Err(why) => errors.add("websites", &format!("{website:?} {why}")),
        }
    }
    for address in &mut settings.ip_addresses {
        match network(address) {
            Some(net) if net.prefix_len() == net.max_prefix_len() => {
                *address = net.addr().to_string();
            }
            Some(net) => *address = net.to_string(),
            None => errors
                .add("ip_addresses", &format!("{address:?} is not an IP address or CIDR network")),
        }
    }
    let expires_ms = match settings.expires_at.as_deref().map(parse_time) {
        None => None,
        Some(Some(ms)) => {
            settings.expires_at = Some(clock::rfc3339(ms));
            Some(ms)
        }
        Some(None) => {
            let why = "must be a time from 1970 on, such as 2030-01-31T00:00:00Z, or null";
            errors.add("expires_at", why);
            None
        }
    };
    errors.into_result()?;
    Ok(Checked { settings, expires_ms, warnings })
}

/// A time in RFC 3339, from the year 1970 to 9999, as milliseconds.
#[must_use]
pub fn parse_time(text: &str) -> Option<i64> {
    let ms = text.parse::<jiff::Timestamp>().ok()?.as_millisecond();
    (0..253_402_300_800_000).contains(&ms).then_some(ms)
}

/// A look as an admin wrote it, put over the one that was; complaints stand under `ui.…`. What is
/// null goes back to its default.
pub fn merged_ui(base: &Look, given: Map<String, Value>, errors: &mut FieldErrors) -> Value {
    let (mut ui, defaults) = (object_of(base), object_of(&Look::default()));
    for (name, value) in given {
        let field = format!("ui.{name}");
        let Some(default) = defaults.get(&name) else {
            errors.add(&field, "is not an option of the widget");
            continue;
        };
        let value = if value.is_null() { default.clone() } else { value };
        let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
        match serde_json::from_value::<Look>(alone) {
            Ok(_) => drop(ui.insert(name, value)),
            Err(why) => errors.add(&field, &format!("is not right: {why}")),
        }
    }
    Value::Object(ui)
}

fn is_filled(given: &Map<String, Value>, name: &str) -> bool {
    given.get(name).and_then(Value::as_array).is_some_and(|list| !list.is_empty())
}

fn allowed_domains(given: &mut Map<String, Value>, errors: &mut FieldErrors) {
    let Some(value) = given.remove("allowed_domains") else { return };
    let domains: Vec<Value> = match value {
        Value::Null => Vec::new(),
        Value::String(text) => text
            .split(',')
            .map(str::trim)
            .filter(|domain| !domain.is_empty())
            .map(Value::from)
            .collect(),
        Value::Array(list) if list.iter().all(Value::is_string) => list,
        _ => {
            errors.add("allowed_domains", "must be a comma-separated text or a list of texts");
            return;
        }
    };
    // A key that is sent back as it was read says the same thing twice.
    if given.contains_key("restriction")
        && (domains.is_empty() || given.get("websites").and_then(Value::as_array) == Some(&domains))
    {
        return;
    }
    for other in ["websites", "ip_addresses"] {
        if is_filled(given, other) && (other != "websites" || !domains.is_empty()) {
            errors.add("allowed_domains", &format!("cannot be given together with {other}"));
            return;
        }
    }
    let kind = if domains.is_empty() { "none" } else { "websites" };
    if !domains.is_empty() && given.get("restriction").is_some_and(|kind| kind != "websites") {
        errors.add(
            "allowed_domains",
            "restricts the key to websites, and restriction says otherwise",
        );
        return;
    }
    given.insert("restriction".into(), kind.into());
    given.insert("websites".into(), Value::Array(domains));
}

/// A list that is given restricts the key, unless `restriction` says otherwise.
fn infer_restriction(given: &mut Map<String, Value>, errors: &mut FieldErrors) {
    if given.contains_key("restriction") {
        return;
    }
    match (is_filled(given, "websites"), is_filled(given, "ip_addresses")) {
        (true, true) => errors.add(
            "restriction",
            "must say which of websites and ip_addresses holds when both are given",
        ),
        (true, false) => drop(given.insert("restriction".into(), "websites".into())),
        (false, true) => drop(given.insert("restriction".into(), "ip_addresses".into())),
        (false, false) => {}
    }
}

/// Checked settings as they are stored.
#[must_use]
pub fn to_stored(checked: &Checked) -> StoredSettings {
    let s = &checked.settings;
    let json = |value: Result<String, serde_json::Error>, empty: &str| {
        value.unwrap_or_else(|_| empty.to_owned())
    };
    StoredSettings {
        name: s.name.trim().to_owned(),
        description: s.description.clone(),
        is_active: s.is_active,
        agent_id: s.agent_id.clone(),
        data_source_id: s.data_source_id.clone(),
        restriction: s.restriction.as_str(),
        websites: json(serde_json::to_string(&s.websites), "[]"),
        ip_addresses: json(serde_json::to_string(&s.ip_addresses), "[]"),
        monthly_usage_limit: s.monthly_usage_limit,
        rate_limit_per_minute: s.rate_limit_per_minute.map(i64::from),
        expires_at: checked.expires_ms,
        grace_days: i64::from(s.grace_days),
        activation_limit: s.activation_limit.map(i64::from),
        auto_activate_hosts: s.auto_activate_hosts,
        identity_mode: s.identity_mode.as_str(),
        ui: json(serde_json::to_string(&s.ui), "{}"),
        metadata: json(serde_json::to_string(&s.metadata), "{}"),
    }
}

/// The settings of a stored key.
///
/// # Errors
/// When the row was not written by this server.
pub fn settings_of(row: &LicenseKeyRow) -> Result<LicenseKeySettings, ApiError> {
    fn json<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
        serde_json::from_str(text).map_err(|e| ApiError::internal(&e))
    }
    let small = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(LicenseKeySettings {
        name: row.name.clone(),
        description: row.description.clone(),
        retrievable: row.retrievable,
        is_active: row.is_active,
        agent_id: row.agent_id.clone(),
        data_source_id: row.data_source_id.clone(),
        restriction: stored(&row.restriction)?,
        websites: json(&row.websites)?,
        ip_addresses: json(&row.ip_addresses)?,
        monthly_usage_limit: row.monthly_usage_limit,
        rate_limit_per_minute: row.rate_limit_per_minute.map(small),
        expires_at: row.expires_at.map(clock::rfc3339),
        grace_days: small(row.grace_days),
        activation_limit: row.activation_limit.map(small),
        auto_activate_hosts: row.auto_activate_hosts,
        identity_mode: stored(&row.identity_mode)?,
        ui: json(&row.ui)?,
        metadata: json(&row.metadata)?,
    })
}

/// How a license that stands so is called: one in its days of grace has expired.
#[must_use]
pub fn key_status(standing: Standing) -> KeyStatus {
    match standing {
        Standing::Deactivated => KeyStatus::Deactivated,
        Standing::Inactive => KeyStatus::Inactive,
        Standing::Expired | Standing::Grace(_) => KeyStatus::Expired,
        Standing::Good => KeyStatus::Active,
    }
}

/// A stored key as the API gives it; `used` is this month's count.
///
/// # Errors
/// When the row was not written by this server.
pub fn view(bound: &BoundKey, used: i64, now_ms: i64) -> Result<LicenseKey, ApiError> {
    let row = &bound.key;
    let settings = settings_of(row)?;
    let (off, expires) = (row.deactivated_at, row.expires_at);
    let standing = standing(off, row.is_active, expires, row.grace_days, now_ms);
    let mut warnings = Vec::new();
    match settings.restriction {
        RestrictionKind::Websites if settings.websites.is_empty() => {
            warnings.push("websites_empty".into());
        }
        RestrictionKind::IpAddresses if settings.ip_addresses.is_empty() => {
            warnings.push("ip_addresses_empty".into());
        }
        _ => {}
    }
    if matches!(standing, Standing::Grace(_)) {
        warnings.push("in_grace".into());
    }
    let websites = settings.restriction == RestrictionKind::Websites;
    Ok(LicenseKey {
        id: row.id.clone(),
        version: row.version,
        chatbot_id: row.chatbot_id.clone(),
        key: None,
        key_hint: row.key_hint.clone(),
        status: key_status(standing),
        allowed_domains: if websites { settings.websites.join(",") } else { String::new() },
        settings,
        agent_name: bound.agent_name.clone(),
        data_source_name: bound.data_source_name.clone(),
        monthly_usage: used,
        activation_usage: row.activation_usage,
        order_id: row.order_id.clone(),
        created_at: clock::rfc3339(row.created_at),
        updated_at: clock::rfc3339(row.updated_at),
        last_used_at: row.last_used_at.map(clock::rfc3339),
        warnings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn given(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn base() -> LicenseKeySettings {
        LicenseKeySettings { name: "Shop".into(), ..LicenseKeySettings::default() }
    }

    fn fields(value: &Value) -> Vec<String> {
        read(&base(), given(value)).map_or_else(|e| e.0.into_keys().collect(), |_| Vec::new())
    }

    #[test]
    fn every_complaint_names_its_field() {
        assert_eq!(fields(&json!({"nmae": "x"})), ["nmae"]);
        assert_eq!(fields(&json!({"name": 7, "grace_days": -1})), ["grace_days", "name"]);
        assert_eq!(fields(&json!({"ui": {"theme": "pink", "x": 1}})), ["ui.theme", "ui.x"]);
        assert_eq!(
            fields(&json!({"websites": ["*"], "expires_at": "soon"})),
            ["expires_at", "websites"]
        );
        assert_eq!(
            fields(&json!({"websites": ["a.de"], "ip_addresses": ["::1"]})),
            ["restriction"]
        );
        assert_eq!(
            fields(&json!({"allowed_domains": "a.de", "ip_addresses": ["::1"]})),
            ["allowed_domains"]
        );
        assert!(fields(&json!({"id": "x", "status": "y", "version": 3})).is_empty());
    }

    #[test]
    fn a_list_restricts_and_allowed_domains_are_websites() {
        let read = |value: Value| read(&base(), given(&value)).unwrap().settings;
        let settings = read(json!({"allowed_domains": " Example.com, *.shop.example "}));
        assert_eq!(settings.restriction, RestrictionKind::Websites);
        assert_eq!(settings.websites, ["example.com", "*.shop.example"]);
        assert_eq!(read(json!({"allowed_domains": []})).restriction, RestrictionKind::None);
        assert_eq!(
            read(json!({"ip_addresses": ["10.1.2.3/8", "::ffff:192.0.2.1"]})).ip_addresses,
            ["10.0.0.0/8", "192.0.2.1"]
        );
        assert_eq!(read(json!({"ui": {"theme": "dark"}})).ui.opener_size, 70);
    }
}
