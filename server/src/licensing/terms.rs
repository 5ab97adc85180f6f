//! What an order issues: a plan's terms, frozen when the order is placed.
//!
//! What enters: a plan, the time of the purchase. What leaves: the settings of a license key.

use jiff::{Span, Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::license_key::LicenseKeySettings;
use shared::limits;
use shared::product::{DurationUnit, PlanLicenses, PlanSettings, PlanWidget};

use crate::clock;

/// A plan as it was when the order was placed: later changes of the plan do not touch the order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Terms {
    /// What the license key is called: the product's and the plan's name.
    pub name: String,
    pub licenses: PlanLicenses,
    pub widget: Option<PlanWidget>,
    pub metadata: Map<String, Value>,
}

impl Terms {
    #[must_use]
    pub fn of(product_name: &str, plan: &PlanSettings) -> Self {
        let name = format!("{product_name} {}", plan.name);
        Self {
            name: name.chars().take(limits::KEY_NAME_CHARS).collect(),
            licenses: plan.licenses.clone(),
            widget: plan.widget.clone(),
            metadata: plan.metadata.clone(),
        }
    }

    /// The settings of the key that an order of these terms issues; what the order says of itself
    /// wins over what the plan says.
    #[must_use]
    pub fn settings(
        &self,
        order_id: &str,
        purchased_ms: i64,
        metadata: &Map<String, Value>,
    ) -> LicenseKeySettings {
        let licenses = &self.licenses;
        let widget = self.widget.clone().unwrap_or_default();
        let mut all = self.metadata.clone();
        all.extend(metadata.clone());
        LicenseKeySettings {
            name: self.name.clone(),
            description: format!("Order {order_id}"),
            retrievable: true,
            agent_id: widget.agent_id,
            data_source_id: widget.data_source_id,
            monthly_usage_limit: widget.monthly_usage_limit,
            ui: widget.ui,
            expires_at: licenses
                .has_expiry
                .then(|| expiry(purchased_ms, licenses.duration_value, licenses.duration_unit))
                .map(clock::rfc3339),
            grace_days: licenses.grace_days,
            activation_limit: licenses
                .activation_limit_enabled
                .then_some(licenses.activation_limit),
            metadata: all,
            ..LicenseKeySettings::default()
        }
    }
}

/// When a license that was bought then expires, in UTC. Where a month is too short, its last day
/// counts: 31 January and a month is 28 or 29 February. Never later than the year 9999.
#[must_use]
pub fn expiry(purchased_ms: i64, value: u32, unit: DurationUnit) -> i64 {
    let span = match unit {
        DurationUnit::Day => Span::new().try_days(value),
        DurationUnit::Month => Span::new().try_months(value),
        DurationUnit::Year => Span::new().try_years(value),
    };
    let later = || {
        let at = Timestamp::from_millisecond(purchased_ms).ok()?;
        let at = TimeZone::UTC.to_datetime(at).checked_add(span.ok()?).ok()?;
        Some(TimeZone::UTC.to_timestamp(at).ok()?.as_millisecond())
    };
    later().unwrap_or(LAST_MS).min(LAST_MS)
}

/// The last millisecond of the year 9999.
const LAST_MS: i64 = 253_402_300_799_999;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn a_month_that_is_too_short_ends_the_license_on_its_last_day() {
        use DurationUnit::{Day, Month, Year};
        let cases = [
            ("2026-01-31T10:00:00Z", 1, Month, "2026-02-28T10:00:00Z"),
            ("2028-01-31T10:00:00Z", 1, Month, "2028-02-29T10:00:00Z"),
            ("2026-01-31T10:00:00Z", 2, Month, "2026-03-31T10:00:00Z"),
            ("2026-08-31T23:59:59Z", 6, Month, "2027-02-28T23:59:59Z"),
            ("2028-02-29T00:00:00Z", 1, Year, "2029-02-28T00:00:00Z"),
            ("2028-02-29T00:00:00Z", 4, Year, "2032-02-29T00:00:00Z"),
            ("2026-12-31T00:00:00Z", 1, Day, "2027-01-01T00:00:00Z"),
            ("2026-03-29T00:30:00Z", 1, Day, "2026-03-30T00:30:00Z"),
        ];
        for (bought, value, unit, expires) in cases {
            assert_eq!(expiry(at(bought), value, unit), at(expires), "{bought} + {value} {unit:?}");
        }
        assert_eq!(expiry(LAST_MS, 100, Year), LAST_MS);
    }

    /// The calendar by its own rules, without the library.
    mod calendar {
        pub fn is_leap(year: i64) -> bool {
            year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        }

        pub fn days_in(year: i64, month: i64) -> i64 {
            match month {
                2 if is_leap(year) => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            }
        }

        /// Days since 1970-01-01, by counting.
        pub fn days(year: i64, month: i64, day: i64) -> i64 {
            let years: i64 = (1970..year).map(|y| if is_leap(y) { 366 } else { 365 }).sum();
            years + (1..month).map(|m| days_in(year, m)).sum::<i64>() + day - 1
        }
    }

    proptest! {
        #[test]
        fn expiry_agrees_with_the_calendar(
            year in 1970_i64..2200, month in 1_i64..=12, day in 1_i64..=31,
            ms in 0_i64..86_400_000, months in 1_u32..=1200, days in 1_u32..=36_500,
            years in 1_u32..=100,
        ) {
            let day = day.min(calendar::days_in(year, month));
            let bought = calendar::days(year, month, day) * 86_400_000 + ms;
            let after = |months: i64| {
                let total = year * 12 + month - 1 + months;
                let (year, month) = (total / 12, total % 12 + 1);
                let day = day.min(calendar::days_in(year, month));
                calendar::days(year, month, day) * 86_400_000 + ms
            };
            prop_assert_eq!(expiry(bought, months, DurationUnit::Month), after(months.into()));
            prop_assert_eq!(
                expiry(bought, years, DurationUnit::Year), after(i64::from(years) * 12)
            );
            prop_assert_eq!(
                expiry(bought, days, DurationUnit::Day), bought + i64::from(days) * 86_400_000
            );
        }
    }
}
