//! What of a form was changed: the body of a partial update.

use serde::Serialize;
use serde_json::{Map, Value};

/// Every top-level field that differs, as it is now; inside objects named in [`PARTIAL`] only the
/// differing fields, as the server puts those over what was.
#[must_use]
pub fn between<T: Serialize>(base: &T, now: &T) -> Map<String, Value> {
    let object = |of: &T| match serde_json::to_value(of) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    };
    differing(&object(base), object(now), true)
}

/// Objects whose fields the server changes one by one.
const PARTIAL: &[&str] = &["ui", "licenses", "widget"];

fn differing(
    base: &Map<String, Value>,
    now: Map<String, Value>,
    outer: bool,
) -> Map<String, Value> {
    now.into_iter()
        .filter(|(name, value)| base.get(name) != Some(value))
        .map(|(name, value)| match (base.get(&name), value) {
            (Some(Value::Object(old)), Value::Object(new))
                if outer && PARTIAL.contains(&name.as_str()) =>
            {
                (name, Value::Object(differing(old, new, false)))
            }
            (_, value) => (name, value),
        })
        .collect()
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
            let mut merged = serde_json::to_value(&base).unwrap();
            for (name, value) in between(&base, &now) {
                match (&mut merged[&name], value) {
                    (Value::Object(old), Value::Object(new)) if name == "ui" => old.extend(new),
                    (slot, value) => *slot = value,
                }
            }
            prop_assert_eq!(serde_json::from_value::<LicenseKeySettings>(merged).unwrap(), now);
        }
    }
}
