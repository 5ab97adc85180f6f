//! Two admins who change the same webhook, user or settings at a time hear of each other.

use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{TestApp, both};

use crate::kit::*;

/// A thing that two may change: its path, and a body that changes it into its nth state.
type Thing = (String, fn(usize) -> Value);

/// One of each kind.
async fn things(app: &TestApp) -> [Thing; 3] {
    let hook = json!({"url": "https://93.184.216.34/hook", "events": ["license_key.regenerated"]});
    let hook = made(app, "/api/webhooks", hook).await;
    let user = json!({"email": "bob@example.com", "password": "a long enough password"});
    let user = made(app, "/api/users", user).await;
    [
        (
            format!("/api/webhooks/{}", text(&hook, "id")),
            |n| json!({"description": format!("No. {n}")}),
        ),
        (format!("/api/users/{}", text(&user, "id")), |n| json!({"name": format!("Bob {n}")})),
        ("/api/settings".to_owned(), |n| json!({"retention_days": 100 + n})),
    ]
}

/// The thing as it is now; users are read from their list.
async fn now(app: &TestApp, path: &str) -> Value {
    let Some(id) = path.strip_prefix("/api/users/") else { return read(app, path).await };
    let users = read(app, "/api/users").await;
    users["items"].as_array().unwrap().iter().find(|user| user["id"] == id).unwrap().clone()
}

fn of(mut change: Value, version: &Value) -> Value {
    change["version"] = version.clone();
    change
}

both! {
    async fn a_change_of_what_somebody_else_has_changed_is_refused_with_what_is(backend) {
        let app = TestApp::start(backend).await;
        for (path, change) in things(&app).await {
            let seen = now(&app, &path).await["version"].clone();
            let first = patch(&app, &path, of(change(1), &seen)).send().await;
            let first: Value = first.expect(200).await.json().await;
            assert_eq!(first["version"], json!(seen.as_i64().unwrap() + 1), "{path}");
            let late = patch(&app, &path, of(change(2), &seen)).send().await;
            let late = late.error(409, "version_conflict").await;
            assert_eq!(late["current"], first, "{path}");
            assert_eq!(now(&app, &path).await, first, "{path}");
            let on = patch(&app, &path, of(change(2), &first["version"])).send().await;
            let on: Value = on.expect(200).await.json().await;
            assert_ne!(on["version"], first["version"], "{path}");
            refused_field(patch(&app, &path, of(change(3), &json!("two"))), "version").await;
        }
    }

    async fn of_many_changes_at_once_to_one_version_exactly_one_is_made(backend) {
        let app = TestApp::start(backend).await;
        for (path, change) in things(&app).await {
            let seen = now(&app, &path).await["version"].clone();
            let mut done = Vec::new();
            for answer in app.at_once(12, |n| patch(&app, &path, of(change(n), &seen))).await {
                if answer.status == 200 {
                    done.push(answer.json().await);
                } else {
                    answer.error(409, "version_conflict").await;
                }
            }
            assert_eq!(done, [now(&app, &path).await], "{path}");
        }
    }

    async fn without_a_version_the_last_one_wins(backend) {
        let app = TestApp::start(backend).await;
        for (path, change) in things(&app).await {
            let before = now(&app, &path).await["version"].as_i64().unwrap();
            for answer in app.at_once(3, |n| patch(&app, &path, change(n + 1))).await {
                answer.expect(200).await;
            }
            assert_eq!(now(&app, &path).await["version"], before + 3, "{path}");
        }
    }
}
