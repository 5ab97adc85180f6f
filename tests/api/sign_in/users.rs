//! Who may sign in, and who may change things.

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{Call, TestApp, both};

use super::{
    EMAIL, ME, PASSWORD, SIGN_OUT, attempt, by_cookie, by_cookie_json, me, sign_in, user,
    with_admin,
};
use crate::kit::*;

const USERS: &str = "/api/users";
const VIEWER: &str = "viewer@example.com";

/// Expects that a credential reads everything about this license key and around it, and changes
/// nothing. `call` makes a request with the credential.
pub async fn only_reads(
    app: &TestApp,
    key: &Value,
    call: impl Fn(Method, &str, Option<Value>) -> Call,
) {
    let path = path_of(key);
    let before = read_key(app, key).await;
    for read in [
        KEYS,
        &path,
        &format!("{path}/usage"),
        &format!("{path}/usage.csv"),
        &format!("{path}/analytics"),
        &format!("{path}/activations"),
        "/api/analytics",
        "/api/overview",
        "/api/audit-reminder",
        "/api/api-keys",
        "/api/users",
        "/api/audit-log",
        "/api/notifications",
        "/api/webhooks",
        "/api/settings",
        "/v1/admin/conversations",
    ] {
        let answer = call(Method::GET, read, None).send().await;
        assert_eq!(answer.status, 200, "{read}");
    }
    let some = || Some(json!({"name": "Changed", "is_active": false, "all": true}));
    for (method, change) in [
        (Method::POST, KEYS),
        (Method::PATCH, &path),
        (Method::DELETE, &path),
        (Method::POST, &format!("{path}/regenerate")),
        (Method::POST, &format!("{path}/reveal")),
        (Method::POST, &format!("{path}/deactivate")),
        (Method::POST, &format!("{path}/preview-session")),
        (Method::POST, &format!("{path}/identity-secret/reveal")),
        (Method::POST, &format!("{path}/identity-secret/rotate")),
        (Method::POST, "/api/api-keys"),
        (Method::POST, "/api/audit-reminder/dismiss"),
        (Method::POST, "/api/users"),
        (Method::POST, "/api/webhooks"),
        (Method::POST, "/api/notifications/read"),
        (Method::PATCH, "/api/settings"),
        (Method::POST, "/api/settings/mail-test"),
        (Method::DELETE, "/api/conversations/01J"),
        (Method::DELETE, "/api/visitors/01J"),
    ] {
        let answer = call(method.clone(), change, some()).send().await;
        assert_eq!(answer.status, 403, "{method} {change}");
        answer.error(403, "forbidden").await;
    }
    assert_eq!(read_key(app, key).await, before);
}

/// Makes a user; it must be a success.
async fn add(app: &TestApp, email: &str, role: &str) -> Value {
    post(app, USERS, user(email, role)).send().await.expect(201).await.json().await
}

fn path(user: &Value) -> String {
    format!("{USERS}/{}", text(user, "id"))
}

both! {
    async fn a_viewer_reads_everything_and_changes_nothing(backend) {
        let app = with_admin(backend).await;
        let key = make_key(&app, json!({"name": "Shop", "retrievable": true})).await;
        add(&app, VIEWER, "viewer").await;
        let session = sign_in(&app, VIEWER, PASSWORD).await;
        only_reads(&app, &key, |method, path, body| match body {
            Some(body) => by_cookie_json(&app, &session, method, path, body),
            None => by_cookie(&app, &session, method, path),
        })
        .await;
        assert_eq!(me(&app, &session).await["role"], "viewer");
        by_cookie(&app, &session, Method::POST, SIGN_OUT).send().await.expect(204).await;
    }

    async fn users_are_made_read_changed_and_removed(backend) {
        let app = with_admin(backend).await;
        let made = add(&app, VIEWER, "viewer").await;
        assert_eq!((&made["email"], &made["role"]), (&json!(VIEWER), &json!("viewer")));
        assert_eq!(made["name"], "Somebody");
        assert_eq!(made["created_at"], "2026-06-15T12:00:00.000Z");
        assert_eq!(made.get("last_signed_in_at"), Some(&Value::Null));
        let list = read(&app, USERS).await;
        let mut emails = column(&list, "email");
        emails.sort();
        assert_eq!(emails, [EMAIL, VIEWER]);
        assert_eq!(list["total"], 2);
        assert!(!list.to_string().contains("password") && !list.to_string().contains("argon2"));
        let changes = json!({"name": "Ada", "role": "admin"});
        let changed = patch(&app, &path(&made), changes).send().await.expect(200).await;
        let changed = changed.json().await;
        assert_eq!((&changed["name"], &changed["role"]), (&json!("Ada"), &json!("admin")));
        delete(&app, &path(&made)).send().await.expect(204).await;
        assert_eq!(read(&app, USERS).await["total"], 1);
        attempt(&app, VIEWER, PASSWORD).send().await.error(401, "unauthorized").await;
        patch(&app, &path(&made), json!({"name": "x"})).send().await.error(404, "not_found").await;
    }

    async fn somebody_changes_their_own_password_and_their_other_browsers_are_signed_out(backend) {
        let app = with_admin(backend).await;
        add(&app, VIEWER, "viewer").await;
        let (own, other) =
            (sign_in(&app, VIEWER, PASSWORD).await, sign_in(&app, VIEWER, PASSWORD).await);
        let change = |cookie: &str, current: &str, new: &str| {
            let body = json!({"current": current, "password": new});
            by_cookie_json(&app, cookie, Method::POST, "/api/auth/password", body)
        };
        let new = "twelve chars";
        refused_field(change(&own, "not the present one", new), "current").await;
        refused_field(change(&own, "", new), "current").await;
        refused_field(change(&own, PASSWORD, "elevenchars"), "password").await;
        assert_eq!(me(&app, &other).await["role"], "viewer", "nothing has changed");
        let answer = change(&own, PASSWORD, new).send().await.expect(200).await;
        let renewed = crate::sign_in::cookie(&answer);
        assert_eq!(me(&app, &renewed).await["email"], VIEWER);
        for ended in [&own, &other] {
            let call = by_cookie(&app, ended, Method::GET, ME);
            call.send().await.error(401, "unauthorized").await;
        }
        attempt(&app, VIEWER, PASSWORD).send().await.error(401, "unauthorized").await;
        attempt(&app, VIEWER, new).send().await.expect(200).await;
        // Not for keys, which have no password, nor for a page of another website.
        let body = json!({"current": new, "password": PASSWORD});
        let by_key = post(&app, "/api/auth/password", body.clone());
        by_key.send().await.error(401, "unauthorized").await;
        let foreign = app.client().post("/api/auth/password").header("Cookie", &renewed);
        let foreign = foreign.origin("https://evil.example").header("Content-Type", "application/json");
        foreign.raw_body(body.to_string()).send().await.error(403, "origin_not_allowed").await;
    }

    async fn an_installation_says_what_it_is_and_why_its_mail_does_not_go(backend) {
        let app = with_admin(backend).await;
        let about = read(&app, "/api/about").await;
        assert_eq!(about["version"], env!("CARGO_PKG_VERSION"));
        assert!(["SQLite", "PostgreSQL"].contains(&about["database"].as_str().unwrap_or("")));
        assert_eq!((&about["mail"], &about["metrics"]), (&json!(false), &json!(false)));
        let told = post(&app, "/api/settings/mail-test", json!({})).send().await.expect(200).await;
        let told = told.json().await;
        assert_eq!(told["ok"], false);
        assert!(told["message"].as_str().is_some_and(|why| why.contains("SMTP_URL")), "{told}");
    }

    async fn a_wrong_user_is_refused_by_field(backend) {
        let app = with_admin(backend).await;
        let with = |field: &str, value: &str| {
            let mut body = user(VIEWER, "viewer");
            body[field] = json!(value);
            post(&app, USERS, body)
        };
        refused_field(with("email", "nobody"), "email").await;
        refused_field(with("role", "owner"), "role").await;
        refused_field(with("password", "elevenchars"), "password").await;
        refused_field(with("password", &"x".repeat(201)), "password").await;
        with("email", EMAIL).send().await.error(409, "email_taken").await;
        assert_eq!(read(&app, USERS).await["total"], 1);
    }

    async fn a_removed_users_session_ends_at_once(backend) {
        let app = with_admin(backend).await;
        let made = add(&app, VIEWER, "admin").await;
        let session = sign_in(&app, VIEWER, PASSWORD).await;
        delete(&app, &path(&made)).send().await.expect(204).await;
        let call = by_cookie(&app, &session, Method::GET, ME);
        call.send().await.error(401, "unauthorized").await;
    }

    async fn a_changed_role_counts_at_once(backend) {
        let app = with_admin(backend).await;
        let made = add(&app, VIEWER, "admin").await;
        let session = sign_in(&app, VIEWER, PASSWORD).await;
        let make = || by_cookie_json(&app, &session, Method::POST, KEYS, json!({"name": "Shop"}));
        make().send().await.expect(201).await;
        patch(&app, &path(&made), json!({"role": "viewer"})).send().await.expect(200).await;
        make().send().await.error(403, "forbidden").await;
        patch(&app, &path(&made), json!({"role": "admin"})).send().await.expect(200).await;
        make().send().await.expect(201).await;
    }

    async fn a_changed_password_replaces_the_old_one(backend) {
        let app = with_admin(backend).await;
        let made = add(&app, VIEWER, "viewer").await;
        let new = json!({"password": "another long password"});
        patch(&app, &path(&made), new).send().await.expect(200).await;
        attempt(&app, VIEWER, PASSWORD).send().await.error(401, "unauthorized").await;
        sign_in(&app, VIEWER, "another long password").await;
    }

    async fn the_last_admin_stays(backend) {
        let app = with_admin(backend).await;
        let session = sign_in(&app, EMAIL, PASSWORD).await;
        let owner = me(&app, &session).await;
        add(&app, VIEWER, "viewer").await;
        let demote = |user: &Value| patch(&app, &path(user), json!({"role": "viewer"}));
        demote(&owner).send().await.error(409, "last_admin").await;
        delete(&app, &path(&owner)).send().await.error(409, "last_admin").await;
        let second = add(&app, "second@example.com", "admin").await;
        demote(&owner).send().await.expect(200).await;
        demote(&second).send().await.error(409, "last_admin").await;
        delete(&app, &path(&second)).send().await.error(409, "last_admin").await;
    }

    async fn one_admin_stays_when_all_are_demoted_at_once(backend) {
        let app = with_admin(backend).await;
        for n in 0..5 {
            add(&app, &format!("admin{n}@example.com"), "admin").await;
        }
        let users = read(&app, USERS).await["items"].as_array().cloned().unwrap();
        let demote = |n: usize| match n % 2 {
            0 => patch(&app, &path(&users[n]), json!({"role": "viewer"})),
            _ => delete(&app, &path(&users[n])),
        };
        let answers = app.at_once(users.len(), demote).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 1);
        let left = read(&app, USERS).await;
        let admins = column(&left, "role").into_iter().filter(|role| role == "admin");
        assert_eq!(admins.count(), 1, "{left}");
    }
}
