//! What of a form was changed: the body of a partial update, and edits put over a newer state.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Objects whose fields the server changes one by one, wherever they stand.
const PARTIAL: &[&str] = &["ui", "licenses", "widget"];

/// Every top-level field that differs, as it is now; inside [`PARTIAL`] objects only the differing
/// fields, as the server puts those over what was.
#[must_use]
pub fn between<T: Serialize>(base: &T, now: &T) -> Map<String, Value> {
    differing(&object(base), object(now))
}

fn differing(base: &Map<String, Value>, now: Map<String, Value>) -> Map<String, Value> {
    now.into_iter()
        .filter(|(name, value)| base.get(name) != Some(value))
        .map(|(name, value)| match (base.get(&name), value) {
            (Some(Value::Object(old)), Value::Object(new)) if PARTIAL.contains(&&*name) => {
                (name, Value::Object(differing(old, new)))
            }
            (_, value) => (name, value),
        })
        .collect()
}

/// The newer state with these edits over it; `None` where they do not fit it.
#[must_use]
pub fn over<T: Serialize + DeserializeOwned>(newer: &T, edits: Map<String, Value>) -> Option<T> {
    let mut merged = object(newer);
    put(&mut merged, edits);
    serde_json::from_value(Value::Object(merged)).ok()
}

fn put(onto: &mut Map<String, Value>, edits: Map<String, Value>) {
    for (name, value) in edits {
        match (onto.get_mut(&name), value) {
            (Some(Value::Object(old)), Value::Object(new)) if PARTIAL.contains(&&*name) => {
                put(old, new);
            }
            (_, value) => drop(onto.insert(name, value)),
        }
    }
}

/// The names of the fields in which what the server has now differs from what was read before.
#[must_use]
pub fn since<T: Serialize>(base: &T, newer: &Value) -> Vec<String> {
    let mut names = Vec::new();
    name_differing(&object(base), newer, &mut names);
    names
}

fn name_differing(base: &Map<String, Value>, newer: &Value, names: &mut Vec<String>) {
    for (name, old) in base {
        match (old, newer.get(name)) {
            (Value::Object(old), Some(new @ Value::Object(_))) if PARTIAL.contains(&&**name) => {
                name_differing(old, new, names);
            }
            (old, Some(new)) if old != new => names.push(name.clone()),
            _ => {}
        }
    }
}

fn object<T: Serialize>(of: &T) -> Map<String, Value> {
    match serde_json::to_value(of) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shared::LicenseKeySettings;

    use super::*;

    #[test]
    fn only_what_differs_is_sent_also_inside_the_look() {
        let base = LicenseKeySettings::default();
        let mut now = base.clone();
        now.name = "Shop".into();
        now.ui.opener_size = 90;
        now.metadata.insert("a".into(), 1.into());
        let sent = Value::Object(between(&base, &now));
        let want = serde_json::json!({
            "name": "Shop", "ui": {"openerSize": 90}, "metadata": {"a": 1}
        });
        assert_eq!(sent, want);
    }

    #[test]
    fn a_field_that_was_emptied_is_sent_as_null() {
        let base =
            LicenseKeySettings { monthly_usage_limit: Some(5), ..LicenseKeySettings::default() };
        let now = LicenseKeySettings { monthly_usage_limit: None, ..base.clone() };
        let sent = Value::Object(between(&base, &now));
        assert_eq!(sent, serde_json::json!({"monthly_usage_limit": null}));
    }

    #[test]
    fn edits_of_two_admins_stand_beside_each_other() {
        let base = LicenseKeySettings::default();
        let mut mine = base.clone();
        mine.name = "Mine".into();
        mine.ui.opener_size = 90;
        mine.expires_at = None;
        let mut theirs = base.clone();
        theirs.monthly_usage_limit = Some(5);
        theirs.ui.title = "Theirs".into();
        let both = over(&theirs, between(&base, &mine)).unwrap();
        assert_eq!((both.name.as_str(), both.monthly_usage_limit), ("Mine", Some(5)));
        assert_eq!((both.ui.opener_size, both.ui.title.as_str()), (90, "Theirs"));
        let newer = serde_json::to_value(&theirs).unwrap();
        assert_eq!(since(&base, &newer), ["monthly_usage_limit", "title"]);
    }

    #[test]
    fn one_option_of_a_plans_look_is_sent_alone() {
        use shared::product::{PlanSettings, PlanWidget};
        let base = PlanSettings { widget: Some(PlanWidget::default()), ..PlanSettings::default() };
        let mut mine = base.clone();
        let mut theirs = base.clone();
        mine.widget.as_mut().unwrap().ui.opener_size = 90;
        theirs.widget.as_mut().unwrap().ui.title = "Theirs".into();
        let sent = between(&base, &mine);
        assert_eq!(
            Value::Object(sent.clone()),
            serde_json::json!({"widget": {"ui": {"openerSize": 90}}})
        );
        let both = over(&theirs, sent).unwrap().widget.unwrap().ui;
        assert_eq!((both.opener_size, both.title.as_str()), (90, "Theirs"));
        assert_eq!(since(&base, &serde_json::to_value(&theirs).unwrap()), ["title"]);
    }

    proptest! {
        #[test]
        fn what_was_sent_put_over_what_was_gives_what_is(
            (a, b) in (any::<(u8, Option<u8>, bool)>(), any::<(u8, Option<u8>, bool)>())
        ) {
            let settings = |(size, limit, active): (u8, Option<u8>, bool)| {
                let mut one = LicenseKeySettings { is_active: active, ..Default::default() };
                one.ui.opener_size = u32::from(size);
                one.monthly_usage_limit = limit.map(i64::from);
                one
            };
            let (base, now) = (settings(a), settings(b));
            prop_assert_eq!(over(&base, between(&base, &now)).unwrap(), now);
        }
    }
}
