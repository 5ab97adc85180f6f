//! The audit log in words: who, what, about what, and what it was before. No browser in here.

use serde_json::Value;
use shared::admin::AuditEntry;

use crate::route::{KeyTab, Route};

/// The actions that the server notes, in the order in which a reader looks for them.
pub const ACTIONS: &[&str] = &[
    "license_key.created",
    "license_key.updated",
    "license_key.regenerated",
    "license_key.revealed",
    "license_key.deactivated",
    "license_key.deleted",
    "license_key.activation_approved",
    "license_key.activation_revoked",
    "license_key.identity_secret_revealed",
    "license_key.identity_secret_rotated",
    "license_keys.exported",
    "conversation.exported",
    "conversations.exported",
    "conversation.deleted",
    "visitor.deleted",
    "agent.created",
    "agent.updated",
    "agent.deleted",
    "data_source.created",
    "data_source.updated",
    "data_source.documents_changed",
    "data_source.import_started",
    "data_source.deleted",
    "product.created",
    "product.updated",
    "product.deleted",
    "plan.created",
    "plan.updated",
    "plan.deleted",
    "order.created",
    "order.updated",
    "order.completed",
    "order.refunded",
    "order.cancelled",
    "orders.imported",
    "signing_key.rotated",
    "api_key.created",
    "api_key.deleted",
    "api_keys.audited",
    "webhook.created",
    "webhook.updated",
    "webhook.secret_revealed",
    "webhook.deleted",
    "user.created",
    "user.updated",
    "user.deleted",
    "settings.updated",
];

/// An action as a sentence without its subject: "Changed a license key".
#[must_use]
pub fn action(name: &str) -> String {
    let said = match name {
        "license_key.activation_approved" => "Approved an activation of a license key",
        "license_key.activation_revoked" => "Revoked an activation of a license key",
        "license_key.identity_secret_revealed" => "Looked at a license key's identity secret",
        "license_key.identity_secret_rotated" => "Replaced a license key's identity secret",
        "license_key.revealed" => "Looked at a license key",
        "license_key.regenerated" => "Replaced a license key by a new one",
        "license_keys.exported" => "Exported all license keys",
        "data_source.documents_changed" => "Changed the documents of a data source",
        "data_source.import_started" => "Started an import into a data source",
        "webhook.secret_revealed" => "Looked at a webhook's secret",
        "settings.updated" => "Changed the settings",
        "conversation.exported" => "Exported a conversation",
        "conversations.exported" => "Exported conversations",
        "visitor.deleted" => "Deleted everything of a visitor",
        "api_keys.audited" => "Looked through the API keys",
        "orders.imported" => "Imported orders",
        "signing_key.rotated" => "Replaced the signing key",
        other => return regular(other),
    };
    said.to_owned()
}

fn regular(name: &str) -> String {
    let Some((kind, done)) = name.split_once('.') else { return name.replace('_', " ") };
    let verb = match done {
        "created" => "Created",
        "updated" => "Changed",
        "deleted" => "Deleted",
        "deactivated" => "Deactivated for good",
        "completed" => "Completed",
        "refunded" => "Refunded",
        "cancelled" => "Cancelled",
        // A newer server's.
        _ => return format!("{} {}", subject(kind), done.replace('_', " ")),
    };
    let noun = subject(kind);
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'A']) { "an" } else { "a" };
    format!("{verb} {article} {noun}")
}

/// What kind of thing it was.
#[must_use]
pub fn subject(kind: &str) -> String {
    match kind {
        "api_key" => "API key".to_owned(),
        other => other.replace('_', " "),
    }
}

/// The page of what was changed, where there is one. What was deleted has none.
#[must_use]
pub fn page(entry: &AuditEntry) -> Option<Route> {
    let id = entry.subject_id.clone();
    if entry.action.ends_with(".deleted") {
        return None;
    }
    match (entry.subject_kind.as_str(), id.is_empty()) {
        ("settings", _) => Some(Route::Settings),
        ("api_key" | "api_keys", _) => Some(Route::ApiKeys),
        ("user", _) => Some(Route::Users),
        (_, true) => None,
        ("license_key", _) => Some(Route::LicenseKey(id, KeyTab::General)),
        ("agent", _) => Some(Route::Agent(id)),
        ("data_source", _) => Some(Route::DataSource(id)),
        ("product", _) => Some(Route::Product(id)),
        ("plan", _) => Some(Route::Plan(id)),
        ("order", _) => Some(Route::Order(id)),
        ("webhook", _) => Some(Route::Webhook(id)),
        _ => None,
    }
}

/// What it is called, where the change itself says so.
#[must_use]
pub fn name(entry: &AuditEntry) -> Option<String> {
    let named = |field: &&str| {
        let pair = entry.changes.get(*field)?.as_array()?;
        let text = pair.iter().rev().find_map(Value::as_str)?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    ["name", "label", "email", "identifier"].iter().find_map(named)
}

/// What kind of actor did it.
#[must_use]
pub fn actor(kind: &str) -> &'static str {
    match kind {
        "user" => "signed in",
        "api_key" => "API key",
        "static_key" => "server's environment",
        "cli" => "command line",
        "setup" => "set-up",
        "system" => "the server itself",
        _ => "",
    }
}

/// One field of what was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub field: String,
    /// `None` = there is no before.
    pub old: Option<String>,
    pub new: String,
}

/// Every field that was changed, one by one; of an object only the fields that differ.
#[must_use]
pub fn changes(entry: &AuditEntry) -> Vec<Change> {
    let mut found = Vec::new();
    for (field, value) in &entry.changes {
        match value.as_array().map(Vec::as_slice) {
            Some([old, new]) => add(&mut found, field, old, new),
            // Such as "replaced", where the value itself is a secret.
            _ => found.push(Change {
                field: field.replace('_', " "),
                old: None,
                new: written(value),
            }),
        }
    }
    found
}

fn add(found: &mut Vec<Change>, field: &str, old: &Value, new: &Value) {
    if let (Value::Object(was), Value::Object(is)) = (old, new) {
        let mut names: Vec<&String> = was.keys().chain(is.keys()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let (was, is) = (was.get(name), is.get(name));
            if was != is {
                let none = Value::Null;
                add(found, &format!("{field}.{name}"), was.unwrap_or(&none), is.unwrap_or(&none));
            }
        }
        return;
    }
    found.push(Change {
        field: field.replace('_', " "),
        old: (!old.is_null()).then(|| written(old)),
        new: written(new),
    });
}

/// A value as people read it.
fn written(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) if text.is_empty() => "empty".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "empty".to_owned(),
        Value::Array(list) => list.iter().map(written).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::admin::ActorInfo;

    use super::*;

    fn entry(action: &str, kind: &str, changes: Value) -> AuditEntry {
        AuditEntry {
            id: "1".into(),
            created_at: String::new(),
            actor: ActorInfo { kind: "user".into(), id: None, name: "ada".into() },
            action: action.into(),
            subject_kind: kind.into(),
            subject_id: "s1".into(),
            changes: serde_json::from_value(changes).unwrap(),
            ip_address: String::new(),
        }
    }

    #[test]
    fn every_action_is_a_sentence() {
        assert_eq!(action("license_key.updated"), "Changed a license key");
        assert_eq!(action("agent.deleted"), "Deleted an agent");
        assert_eq!(action("order.refunded"), "Refunded an order");
        assert_eq!(action("api_key.created"), "Created an API key");
        assert_eq!(action("user.created"), "Created a user");
        assert_eq!(action("thing.turned_round"), "thing turned round", "a newer server's");
        for name in ACTIONS {
            let said = action(name);
            assert!(said.starts_with(char::is_uppercase) && !said.contains(['_', '.']), "{said}");
        }
    }

    #[test]
    fn the_actions_are_those_that_the_server_notes() {
        // Every room of the server that notes one names it as a string.
        fn read(folder: &std::path::Path, text: &mut String) {
            for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
                if file.is_dir() {
                    read(&file, text);
                } else {
                    text.push_str(&std::fs::read_to_string(&file).unwrap());
                }
            }
        }
        let mut source = String::new();
        let server = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/src");
        read(server.as_ref(), &mut source);
        let noted = |call: &str| {
            let after = source.split(call).skip(1);
            let names = after.filter_map(|rest| rest.split('"').nth(1).map(str::to_owned));
            names.filter(|name| name.contains('.') && !name.contains(' ')).collect::<Vec<_>>()
        };
        let all = [noted("actor.audit(&app.clock, "), noted("let action = ")].concat();
        assert!(all.len() > 20, "the calls are found");
        for name in all {
            assert!(ACTIONS.contains(&name.as_str()), "{name} is missing");
        }
    }

    #[test]
    fn what_was_deleted_has_no_page() {
        let there = entry("agent.updated", "agent", json!({}));
        assert_eq!(page(&there), Some(Route::Agent("s1".into())));
        assert_eq!(page(&entry("agent.deleted", "agent", json!({}))), None);
        assert_eq!(page(&entry("signing_key.rotated", "signing_key", json!({}))), None);
        assert_eq!(page(&entry("settings.updated", "settings", json!({}))), Some(Route::Settings));
    }

    #[test]
    fn a_thing_goes_by_the_name_that_it_has_since() {
        let named = |changes: Value| name(&entry("agent.updated", "agent", changes));
        assert_eq!(named(json!({"name": ["Old", "New"]})), Some("New".into()));
        assert_eq!(named(json!({"name": ["Old", null]})), Some("Old".into()), "deleted");
        assert_eq!(named(json!({"label": [null, "Shop"]})), Some("Shop".into()));
        assert_eq!(named(json!({"api_key": "replaced"})), None);
    }

    #[test]
    fn of_an_object_only_what_differs_is_shown() {
        let found = changes(&entry(
            "license_key.updated",
            "license_key",
            json!({
                "name": ["Shop", "Store"],
                "ui": [{"theme": "auto", "openerSize": 60}, {"theme": "dark", "openerSize": 60}],
                "websites": [[], ["https://a.example", "https://b.example"]],
                "monthly_usage_limit": [null, 500],
                "is_active": [true, false],
                "connection": "replaced",
            }),
        ));
        let line = |field: &str, old: Option<&str>, new: &str| Change {
            field: field.into(),
            old: old.map(str::to_owned),
            new: new.into(),
        };
        let want = vec![
            line("connection", None, "replaced"),
            line("is active", Some("yes"), "no"),
            line("monthly usage limit", None, "500"),
            line("name", Some("Shop"), "Store"),
            line("ui.theme", Some("auto"), "dark"),
            line("websites", Some("empty"), "https://a.example, https://b.example"),
        ];
        assert_eq!(found, want);
    }
}
