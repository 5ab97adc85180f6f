//! Signing in to the dashboard: the first admin, the cookie, who may do what.

mod audit;
mod cookies;
mod first_admin;
mod throttle;
pub mod users;

use reqwest::Method;
use serde_json::{Value, json};
use system_tests::{Answer, Backend, Call, TestApp};

pub const EMAIL: &str = "owner@example.com";
pub const PASSWORD: &str = "correct horse battery staple";

const SIGN_IN: &str = "/api/auth/sign-in";
const SIGN_OUT: &str = "/api/auth/sign-out";
const SETUP: &str = "/api/auth/setup";
const ME: &str = "/api/auth/me";

/// A server with an admin, who has the address and password above.
pub async fn with_admin(backend: Backend) -> TestApp {
    let app = TestApp::with(backend).set("NATTER_ADMIN_EMAIL", EMAIL);
    app.set("NATTER_ADMIN_PASSWORD", PASSWORD).start().await
}

/// An attempt to sign in from the server's own page.
pub fn attempt(app: &TestApp, email: &str, password: &str) -> Call {
    app.post(SIGN_IN).origin(app.base()).set("email", email).set("password", password)
}

/// The `Set-Cookie` of the session.
fn set_cookie(answer: &Answer) -> String {
    let all = answer.headers.get_all("set-cookie").iter();
    let mut sessions = all
        .map(|value| value.to_str().expect("a readable cookie").to_owned())
        .filter(|cookie| cookie.starts_with("natter_session="));
    let cookie = sessions.next().unwrap_or_else(|| panic!("a session cookie in {answer:?}"));
    assert!(sessions.next().is_none(), "one session cookie in {answer:?}");
    cookie
}

/// What a browser sends back of it.
fn cookie(answer: &Answer) -> String {
    set_cookie(answer).split(';').next().unwrap_or_default().to_owned()
}

/// Signs in; gives the cookie.
pub async fn sign_in(app: &TestApp, email: &str, password: &str) -> String {
    cookie(&attempt(app, email, password).send().await.expect(200).await)
}

/// A call of the dashboard of whoever has this cookie.
pub fn by_cookie(app: &TestApp, cookie: &str, method: Method, path: &str) -> Call {
    app.client().request(method, path).header("Cookie", cookie).origin(app.base())
}

/// The same with JSON as its body.
pub fn by_cookie_json(
    app: &TestApp,
    cookie: &str,
    method: Method,
    path: &str,
    body: impl Into<Value>,
) -> Call {
    let body: Value = body.into();
    let call = by_cookie(app, cookie, method, path).header("Content-Type", "application/json");
    call.raw_body(body.to_string())
}

/// Whoever has this cookie, as the server knows them.
async fn me(app: &TestApp, cookie: &str) -> Value {
    let call = by_cookie(app, cookie, Method::GET, ME);
    call.send().await.expect(200).await.json().await["user"].clone()
}

/// A body that makes a user.
pub fn user(email: &str, role: &str) -> Value {
    json!({"email": email, "name": "Somebody", "role": role, "password": PASSWORD})
}
