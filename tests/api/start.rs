//! Settings with which the server refuses to start, and how it says so.

use server::config::Config;

const GOOD: &str = "0123456789abcdef0123456789abcdef";

fn refusal(vars: &[(&str, &str)]) -> String {
    match Config::from_vars(vars) {
        Ok(_) => panic!("{vars:?} should be refused"),
        Err(why) => why,
    }
}

#[test]
fn a_short_static_key_is_refused_by_name_and_not_shown() {
    for name in ["WIDGET_API_KEY", "ADMIN_API_KEY"] {
        let short = "tooShort-4711-4711-4711";
        assert_eq!(short.len(), 23);
        for value in [short.to_owned(), format!("{GOOD},{short}")] {
            let why = refusal(&[(name, &value)]);
            assert!(why.contains(name) && why.contains("24"), "{why}");
            assert!(!why.contains("tooShort") && !why.contains(GOOD), "{why}");
        }
    }
}

#[test]
fn one_key_for_chat_and_admin_is_refused_and_not_shown() {
    for widget in [GOOD.to_owned(), format!("another-key-of-good-length-00,{GOOD}")] {
        let why = refusal(&[("WIDGET_API_KEY", &widget), ("ADMIN_API_KEY", GOOD)]);
        assert!(why.contains("WIDGET_API_KEY") && why.contains("ADMIN_API_KEY"), "{why}");
        assert!(!why.contains(GOOD), "{why}");
    }
}

#[test]
fn a_wrong_value_is_refused_in_one_line_that_names_variable_value_and_what_is_accepted() {
    for (name, value) in [
        ("NATTER_LISTEN", "everywhere"),
        ("NATTER_DEMO", "perhaps"),
        ("NATTER_METRICS", "perhaps"),
        ("MAX_HISTORY_MESSAGES", "-1"),
        ("RATE_LIMIT_MAX_REQUESTS", "many"),
        ("RATE_LIMIT_WINDOW_MS", "1.5"),
        ("NATTER_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("NATTER_DISCONNECT_GRACE_SECONDS", "soon"),
        ("NATTER_LOG_FORMAT", "yaml"),
        ("NATTER_PUBLIC_URL", "chat.example.com"),
        ("CORS_ORIGIN", "example"),
    ] {
        let why = refusal(&[(name, value)]);
        assert!(why.contains(name) && why.contains(value), "{why}");
        assert_eq!(why.trim().lines().count(), 1, "one line: {why}");
        assert!(why.contains("accepted"), "{why}");
    }
}

#[test]
fn the_password_of_a_refused_database_address_is_not_shown() {
    let why = refusal(&[("DATABASE_URL", "mysql://user:pass-4711@host/db")]);
    assert!(why.contains("DATABASE_URL") && !why.contains("pass-4711"), "{why}");
}
