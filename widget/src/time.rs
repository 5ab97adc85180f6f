//! When things were said, in the words of the visitor's language.

use js_sys::{Array, Date, Intl, Object};
use wasm_bindgen::JsValue;

use crate::dom::{call, put};

/// How many days back a name such as "yesterday" is used.
const NAMED_DAYS: f64 = 1.0;

/// The clock, as the server writes times.
#[must_use]
pub fn now() -> String {
    Date::new_0().to_iso_string().into()
}

/// A moment; now, where the text is none.
fn moment(at: &str) -> Date {
    let date = Date::new(&at.into());
    if date.get_time().is_nan() { Date::new_0() } else { date }
}

fn written(date: &Date, by: &str, locale: &str, style: &str) -> String {
    let options = Object::new();
    put(&options, style, if style == "timeStyle" { "short" } else { "long" });
    call(date, by, &[&locale.into(), &options]).as_string().unwrap_or_default()
}

/// The time of day.
#[must_use]
pub fn time(at: &str, locale: &str) -> String {
    written(&moment(at), "toLocaleTimeString", locale, "timeStyle")
}

/// The date.
#[must_use]
pub fn date(at: &str, locale: &str) -> String {
    written(&moment(at), "toLocaleDateString", locale, "dateStyle")
}

/// How many days before today that was, by the visitor's clock.
#[must_use]
pub fn days_ago(at: &str) -> f64 {
    let noon = |date: Date| {
        date.set_hours(12);
        // A day may have 23 hours, or 25.
        (date.get_time() / 86_400_000.0).round()
    };
    noon(Date::new_0()) - noon(moment(at))
}

/// The day, by its name where it has one.
#[must_use]
pub fn day(at: &str, locale: &str) -> String {
    let ago = days_ago(at);
    if !(0.0..=NAMED_DAYS).contains(&ago) {
        return date(at, locale);
    }
    let options = Object::new();
    put(&options, "numeric", "auto");
    let names = Intl::RelativeTimeFormat::new(&Array::of1(&JsValue::from(locale)), &options);
    names.format(-ago, "day").into()
}
