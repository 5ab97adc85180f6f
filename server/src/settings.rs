//! Settings of the whole installation: what the environment decides, else what an admin has made.

use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value, json};
use shared::FieldErrors;
use shared::admin::InstallationSettings;

use crate::app::App;
use crate::config::{Config, Privacy};
use crate::error::ApiError;
use crate::merge::asked_version;
use crate::people::Actor;
use crate::store::StoreError;
use crate::store::settings::VERSION;

/// Longest retention, in days.
const MOST_DAYS: u64 = 36_500;
const NAMES: [&str; 4] =
    ["retention_days", "conversation_retention_days", "anonymize_ip", "store_questions"];

/// The settings that hold now.
#[derive(Debug)]
pub struct Settings {
    environment: Privacy,
    now: RwLock<Arc<InstallationSettings>>,
}

impl Settings {
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let settings = Self {
            environment: config.privacy,
            now: RwLock::new(Arc::new(InstallationSettings {
                version: 0,
                retention_days: 400,
                conversation_retention_days: None,
                anonymize_ip: false,
                store_questions: true,
                from_environment: Vec::new(),
            })),
        };
        settings.take(Vec::new());
        settings
    }

    #[must_use]
    pub fn now(&self) -> Arc<InstallationSettings> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes what an admin has made: names and their JSON.
    pub fn take(&self, made: Vec<(String, String)>) {
        let made: Map<String, Value> = made
            .into_iter()
            .filter_map(|(name, value)| Some((name, serde_json::from_str(&value).ok()?)))
            .collect();
        let number =
            |name: &str| made.get(name).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
        let flag = |name: &str| made.get(name).and_then(Value::as_bool);
        let given = self.environment;
        let from_environment = [
            given.retention_days.is_some(),
            given.conversation_retention_days.is_some(),
            given.anonymize_ip.is_some(),
            given.store_questions.is_some(),
        ];
        let settings = InstallationSettings {
            version: made.get(VERSION).and_then(Value::as_i64).unwrap_or(0),
            retention_days: given.retention_days.or(number(NAMES[0])).unwrap_or(400),
            conversation_retention_days: given.conversation_retention_days.or(number(NAMES[1])),
            anonymize_ip: given.anonymize_ip.or(flag(NAMES[2])).unwrap_or(false),
            store_questions: given.store_questions.or(flag(NAMES[3])).unwrap_or(true),
            from_environment: NAMES
                .iter()
                .zip(from_environment)
                .filter(|(_, given)| *given)
                .map(|(name, _)| (*name).to_owned())
                .collect(),
        };
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }
}

/// Reads again what an admin has made.
///
/// # Errors
/// When the database fails; what was read before holds on.
pub async fn reload(app: &App) -> Result<(), StoreError> {
    app.settings.take(app.store.settings().await?);
    Ok(())
}

/// Changes settings; what is left out stays.
///
/// # Errors
/// Complaints by field, also about what the environment decides; 409 when somebody else was faster.
pub async fn change(
    app: &App,
    actor: &Actor,
    given: Map<String, Value>,
) -> Result<Arc<InstallationSettings>, ApiError> {
    let version = asked_version(&given)?;
    let old = app.settings.now();
    let mut errors = FieldErrors::default();
    let (mut values, mut changes) = (Vec::new(), Map::new());
    let before = serde_json::to_value(&*old).unwrap_or_default();
    for (name, value) in given {
        let Some(known) = NAMES.iter().find(|known| **known == name) else {
            if name != "from_environment" && name != VERSION {
                errors.add(&name, "is not a setting");
            }
            continue;
        };
        if before[*known] == value {
            continue;
        }
        let days = value.as_u64().is_some_and(|n| (1..=MOST_DAYS).contains(&n));
        let (fine, accepted) = match *known {
            "retention_days" => (days, "must be a whole number from 1 to 36500"),
            "conversation_retention_days" => {
                (days || value.is_null(), "must be a whole number from 1 to 36500, or null")
            }
            _ => (value.is_boolean(), "must be true or false"),
        };
        if !fine {
            errors.add(known, accepted);
        } else if old.from_environment.iter().any(|set| set == known) {
            errors.add(known, "is set in the server's environment, which wins");
        } else {
            changes.insert((*known).to_owned(), json!([before[*known], value]));
            values.push((*known, value.to_string()));
        }
    }
    errors.into_result()?;
    if !values.is_empty() {
        let audit = actor.audit(&app.clock, "settings.updated", "settings", "", changes);
        let done = app.store.set_settings(version, values, audit, app.clock.now_ms()).await?;
        reload(app).await?;
        if !done {
            return Err(ApiError::conflict(&*app.settings.now()));
        }
    }
    Ok(app.settings.now())
}
