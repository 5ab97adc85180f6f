//! What has happened, in words: the lines of the bell, and the events that a webhook may choose. No
//! browser in here.

use serde_json::Value;
use shared::admin::Notification;

use crate::format;
use crate::route::{KeyTab, Route};

/// How urgent a line of the bell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    News,
    Soon,
    Now,
}

/// A line of the bell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub urgency: Urgency,
    /// What has happened.
    pub title: String,
    /// What follows from it.
    pub text: String,
    /// Where to look or act, and what the link says.
    pub link: Option<(Route, &'static str)>,
}

fn text(data: &Value, field: &str) -> String {
    match data.get(field) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.as_i64().map(format::count).unwrap_or_default(),
        _ => String::new(),
    }
}

/// `2026-07` as `July 2026`.
fn month(text: &str) -> String {
    const NAMES: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let name = text.split_once('-').and_then(|(year, number)| {
        Some(format!("{} {year}", NAMES.get(number.parse::<usize>().ok()?.checked_sub(1)?)?))
    });
    name.unwrap_or_else(|| text.to_owned())
}

/// Who asked for an activation: a website, or a device by its name.
fn place(data: &Value) -> String {
    let (host, device) = (text(data, "host"), text(data, "instance_name"));
    match (host.is_empty(), device.is_empty()) {
        (false, _) => format!("The website {host}"),
        (true, false) => format!("The device “{device}”"),
        _ => "A website or device".to_owned(),
    }
}

/// A notification as people read it.
#[must_use]
pub fn line(notification: &Notification) -> Line {
    let data = &notification.data;
    let key = match text(data, "name") {
        name if name.is_empty() => "A license key".to_owned(),
        name => format!("“{name}”"),
    };
    let to = |tab: KeyTab, says: &'static str| {
        notification.license_key_id.clone().map(|id| (Route::LicenseKey(id, tab), says))
    };
    let (used, limit) = (text(data, "used"), text(data, "limit"));
    let line = |urgency, title, text, link| Line { urgency, title, text, link };
    match notification.kind.as_str() {
        "usage.limit_approaching" => line(
            Urgency::Soon,
            format!("{key} has used most of its monthly limit"),
            format!("{used} of {limit} queries are used in {}.", month(&text(data, "month"))),
            to(KeyTab::General, "Look at the limit"),
        ),
        "usage.limit_reached" => line(
            Urgency::Now,
            format!("{key} has reached its monthly limit"),
            format!(
                "All {limit} queries of {} are used. Visitors are refused until the 1st of next month (UTC), or until you raise the limit.",
                month(&text(data, "month"))
            ),
            to(KeyTab::General, "Raise the limit"),
        ),
        "license_key.expiring" => {
            let days = data.get("days").and_then(Value::as_i64).unwrap_or(0);
            line(
                if days <= 1 { Urgency::Now } else { Urgency::Soon },
                format!("{key} expires in {}", format::plural(days, "day", "days")),
                "Extend it to keep the chat running.".to_owned(),
                to(KeyTab::General, "Extend it"),
            )
        }
        "license.activated" => line(
            Urgency::News,
            format!("{key} is used on a new website"),
            format!("{} has taken an activation.", place(data)),
            to(KeyTab::Activations, "See its activations"),
        ),
        "license.activation_pending" => line(
            Urgency::Soon,
            format!("{} waits for your approval", place(data)),
            format!("It wants to use {key}, and cannot chat until you approve it."),
            to(KeyTab::Activations, "Approve or refuse it"),
        ),
        "license.activation_limit_reached" => line(
            Urgency::Now,
            format!("{key} has no activation left"),
            format!("{} wanted to use it and was refused.", place(data)),
            to(KeyTab::Activations, "See its activations"),
        ),
        // A newer server's.
        other => line(
            Urgency::News,
            other.replace(['.', '_'], " "),
            String::new(),
            to(KeyTab::General, "Open the license key"),
        ),
    }
}

/// When an event happens, for whoever chooses it.
#[must_use]
pub fn meaning(event: &str) -> &'static str {
    match event {
        "conversation.started" => "Somebody begins a conversation",
        "message.created" => "A question or an answer has been stored",
        "feedback.created" => "An answer was rated",
        "lead.captured" => "Somebody left their details before the chat",
        "usage.limit_approaching" => "80 % of a monthly limit are used",
        "usage.limit_reached" => "All of a monthly limit is used",
        "license_key.created" => "A license key was made",
        "license_key.regenerated" => "A license key was replaced",
        "license_key.deactivated" => "A license key was deactivated",
        "license_key.expiring" => "30, 7 and 1 days before one expires",
        "license.activated" => "A website or device took an activation",
        "license.activation_pending" => "A new website waits for approval",
        "license.instance_deactivated" => "An activation was removed",
        "license.activation_limit_reached" => "No activation was left for one more",
        "order.created" => "An order was placed",
        _ => "",
    }
}

/// Events in groups: their heading, and the events.
#[must_use]
pub fn groups() -> Vec<(&'static str, Vec<&'static str>)> {
    const HEADINGS: &[(&str, &[&str])] = &[
        ("Chat", &["conversation", "message", "feedback", "lead"]),
        ("License keys", &["license_key", "usage"]),
        ("Selling", &["order", "license"]),
    ];
    let heading = |event: &str| {
        let kind = event.split('.').next().unwrap_or_default();
        let found = HEADINGS.iter().find(|(_, kinds)| kinds.contains(&kind));
        found.map_or("Other", |(heading, _)| *heading)
    };
    let with = |name: &'static str| {
        let events = shared::alert::EVENTS.iter().copied().filter(|event| heading(event) == name);
        (name, events.collect::<Vec<_>>())
    };
    let names = HEADINGS.iter().map(|(name, _)| *name).chain(["Other"]);
    names.map(with).filter(|(_, events)| !events.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(kind: &str, data: Value) -> Line {
        line(&Notification {
            id: "1".into(),
            kind: kind.into(),
            created_at: String::new(),
            read_at: None,
            license_key_id: Some("k1".into()),
            data,
        })
    }

    #[test]
    fn every_event_of_the_bell_has_a_sentence_and_a_way_to_act() {
        let data = json!({
            "name": "Shop", "used": 1500, "limit": 1500, "month": "2026-07", "days": 7, "host": "a.example"
        });
        for kind in shared::alert::NOTABLE {
            let line = told(kind, data.clone());
            let all = format!("{} {}", line.title, line.text);
            assert!(all.contains("“Shop”"), "{kind}: {all}");
            assert!(!all.contains("  ") && !all.contains('_'), "{kind}: {all}");
            let (route, _) = line.link.unwrap();
            assert!(route.path().starts_with("/admin/license-keys/k1"), "{kind}");
        }
        let line = told("usage.limit_reached", data);
        assert!(line.text.starts_with("All 1,500 queries of July 2026 are used."), "{}", line.text);
    }

    #[test]
    fn a_device_is_told_from_a_website_and_what_is_missing_leaves_no_hole() {
        let device = json!({"name": "App", "host": null, "instance_name": "Ada's laptop"});
        let line = told("license.activation_limit_reached", device);
        assert!(line.text.contains("The device “Ada's laptop” wanted"), "{}", line.text);
        let bare = told("license.activation_limit_reached", json!({}));
        assert_eq!(bare.title, "A license key has no activation left");
        assert_eq!(bare.text, "A website or device wanted to use it and was refused.");
        assert_eq!(
            told("license_key.expiring", json!({"name": "S", "days": 1})).title,
            "“S” expires in 1 day"
        );
        assert_eq!(month("2026-13"), "2026-13");
        assert_eq!(month("2026-00"), "2026-00");
    }

    #[test]
    fn every_event_can_be_chosen_once_and_says_when_it_happens() {
        let all: Vec<&str> = groups().into_iter().flat_map(|(_, events)| events).collect();
        let mut sorted = all.clone();
        sorted.sort_unstable();
        let mut known = shared::alert::EVENTS.to_vec();
        known.sort_unstable();
        assert_eq!(sorted, known);
        assert!(groups().iter().all(|(heading, _)| *heading != "Other"), "each has its heading");
        for event in all {
            assert!(!meaning(event).is_empty(), "{event}");
        }
    }
}
