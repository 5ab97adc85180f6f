//! Who a visitor is, as their site proves it: by a hash or by a signed token.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use server::clock::hex;
use sha2::Sha256;
use system_tests::app::{START_MS, only, text};
use system_tests::{Call, TestApp, both};

use crate::kit::{KEYS, accepted, act, change_key, logged, make_key, read, read_key, say};

const PAGE: &str = "https://shop.example";
/// The tests' moment in seconds, as a signed token tells time.
const NOW: i64 = START_MS / 1000;

fn hmac(secret: &str, message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length of key");
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// What the guide tells readers to copy.
mod sample {
    include!(concat!(env!("OUT_DIR"), "/identity_sample.rs"));
}

/// What a site's own server hands to the page of a signed-in user.
fn proof(secret: &str, user: &str) -> Value {
    json!({"userId": user, "userHash": sample::user_hash(secret, user)})
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token of three parts; the head says how it is signed, the signature is always HMAC-SHA256.
fn signed(secret: &str, head: &str, claims: &str) -> String {
    let told = format!("{}.{}", encode(head), encode(claims));
    let signature = encode(hmac(secret, &told));
    format!("{told}.{signature}")
}

fn jwt(secret: &str, claims: &Value) -> Value {
    json!({"jwt": signed(secret, r#"{"alg":"HS256","typ":"JWT"}"#, &claims.to_string())})
}

/// A key of a mode, as an object, as text, and its identity secret.
async fn key_of(app: &TestApp, mode: &str) -> (Value, String, String) {
    let made = make_key(app, json!({"name": "Shop", "identity_mode": mode})).await;
    let key = text(&made, "key");
    let secret = text(&act(app, &made, "identity-secret/reveal", json!({})).await, "secret");
    (made, key, secret)
}

/// A page's request for a session, for somebody the page knows nothing of.
fn open(app: &TestApp, key: &str) -> Call {
    app.from_page("/v1/widget/session", PAGE).set("licenseKey", key)
}

async fn session(call: Call) -> Value {
    call.send().await.expect(200).await.json().await
}

async fn verified(app: &TestApp, key: &str, identity: Value) -> Value {
    let session = session(open(app, key).set("identity", identity)).await;
    assert_eq!(session["verified"], true, "{session}");
    session
}

async fn invalid(call: Call) {
    call.send().await.error(401, "identity_invalid").await;
}

async fn required(call: Call) {
    call.send().await.error(401, "identity_required").await;
}

/// Says something in a session; gives the conversation's id.
async fn talk(app: &TestApp, session: &Value) -> Value {
    let events = say(app, PAGE, session).events().await;
    only(&events, "start")["conversationId"].clone()
}

/// Chats with a key as this user; gives the conversation's id.
async fn chat_as(app: &TestApp, key: &str, name: &str, identity: Value) -> Value {
    let call = app.chat(name, "Hi").key(key).set("identity", identity);
    call.send().await.expect(200).await.json().await["conversationId"].clone()
}

/// The id of the conversation that a session answer brings along.
fn resumed(session: &Value) -> &Value {
    &session["conversation"]["id"]
}

/// Identities that prove nothing, each with what is wrong with it.
fn forged_hashes(secret: &str, others_secret: &str) -> Vec<(&'static str, Value)> {
    let good = hex(&hmac(secret, "u1"));
    let with = |user: &str, hash: &str| json!({"userId": user, "userHash": hash});
    vec![
        ("a wrong hash", with("u1", &"0".repeat(64))),
        ("an upper-case hash", with("u1", &good.to_uppercase())),
        ("another user's hash", with("u2", &good)),
        ("the user in another case", with("U1", &good)),
        ("a blank after the user", with("u1 ", &good)),
        ("another key's secret", proof(others_secret, "u1")),
        ("no secret", proof("", "u1")),
        ("an empty user", proof(secret, "")),
        ("an empty hash", with("u1", "")),
        ("half a hash", with("u1", &good[..32])),
        ("more than a hash", with("u1", &format!("{good}0"))),
        ("a blank after the hash", with("u1", &format!("{good} "))),
        ("a hash that is no hex", with("u1", &"z".repeat(64))),
        ("the hash in base64", with("u1", &encode(hmac(secret, "u1")))),
        ("no hash", json!({"userId": "u1"})),
        ("a hash without a user", json!({"userHash": good})),
        ("a name beside a wrong hash", json!({"userId": "u1", "userHash": "x", "name": "Ada"})),
    ]
}

fn forged_tokens(secret: &str, others_secret: &str) -> Vec<(&'static str, Value)> {
    let claims = r#"{"user_id":"u1"}"#;
    let hs256 = r#"{"alg":"HS256","typ":"JWT"}"#;
    let good = signed(secret, hs256, claims);
    let (told, signature) = good.rsplit_once('.').expect("three parts");
    let (head, _) = told.split_once('.').expect("three parts");
    let none = r#"{"alg":"none"}"#;
    let tokens = vec![
        ("no algorithm, no signature", format!("{}.{}.", encode(none), encode(claims))),
        ("no algorithm, signed all the same", signed(secret, none, claims)),
        ("no algorithm in capitals", signed(secret, r#"{"alg":"NONE"}"#, claims)),
        ("an algorithm of key pairs", signed(secret, r#"{"alg":"RS256","typ":"JWT"}"#, claims)),
        ("a longer hash", signed(secret, r#"{"alg":"HS512","typ":"JWT"}"#, claims)),
        ("a head without algorithm", signed(secret, "{}", claims)),
        ("a head that is no JSON", signed(secret, "HS256", claims)),
        ("another key's secret", signed(others_secret, hs256, claims)),
        ("an empty secret", signed("", hs256, claims)),
        ("no signature", format!("{told}.")),
        ("another's claims", format!("{head}.{}.{signature}", encode(r#"{"user_id":"u2"}"#))),
        ("two parts", told.to_owned()),
        ("four parts", format!("{good}.x")),
        ("one part", "token".to_owned()),
        ("nothing", String::new()),
        ("dots", "..".to_owned()),
        ("a blank after it", format!("{good} ")),
        ("a signature with padding", format!("{good}=")),
        ("the hash as the signature", format!("{told}.{}", hex(&hmac(secret, told)))),
        ("something long", "a".repeat(8000)),
        ("claims that are no JSON", signed(secret, hs256, "u1")),
        ("claims that are a list", signed(secret, hs256, r#"["u1"]"#)),
        ("no user", signed(secret, hs256, "{}")),
        ("a user elsewhere", signed(secret, hs256, r#"{"userId":"u1","name":"u1"}"#)),
        ("an empty user", signed(secret, hs256, r#"{"user_id":""}"#)),
        ("a user that is an object", signed(secret, hs256, r#"{"user_id":{"a":1}}"#)),
        ("it has expired", signed(secret, hs256, &expiring(&json!(NOW - 3600)))),
        ("it expired long ago", signed(secret, hs256, &expiring(&json!(0)))),
        ("an expiry that is no time", signed(secret, hs256, &expiring(&json!("soon")))),
    ];
    tokens.into_iter().map(|(why, token)| (why, json!({"jwt": token}))).collect()
}

fn expiring(exp: &Value) -> String {
    json!({"user_id": "u1", "exp": exp}).to_string()
}

both! {
    async fn a_hash_of_the_users_id_proves_who_it_is(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        for user in ["u1", "42", "ada@shop.example", "Jörg 😀/ünï", " x ", "a'; DROP TABLE x"]
        {
            let session = verified(&app, &key, proof(&secret, user)).await;
            talk(&app, &session).await;
        }
        let mut claimed = proof(&secret, "u1");
        claimed["name"] = json!("Ada");
        claimed["email"] = json!("ada@shop.example");
        verified(&app, &key, claimed).await;
    }

    async fn a_signed_token_proves_who_it_is(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let by_hash = verified(&app, &key, proof(&secret, "u1")).await;
        let conversation = talk(&app, &by_hash).await;
        for claims in [
            json!({"user_id": "u1"}),
            json!({"sub": "u1"}),
            json!({"user_id": "u1", "sub": "somebody-else"}),
            json!({"user_id": "u1", "exp": NOW + 60}),
            json!({"user_id": "u1", "iat": NOW, "plan": "pro", "nested": {"a": [1]}}),
        ] {
            let session = verified(&app, &key, jwt(&secret, &claims)).await;
            assert_eq!(resumed(&session), &conversation, "the same user: {claims}");
        }
    }

    async fn a_token_is_good_until_it_expires(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let identity = jwt(&secret, &json!({"user_id": "u1", "exp": NOW + 300}));
        app.clock.advance(Duration::from_secs(299));
        verified(&app, &key, identity.clone()).await;
        app.clock.advance(Duration::from_secs(3600));
        invalid(open(&app, &key).set("identity", identity)).await;
    }

    async fn what_proves_nothing_is_refused_whatever_it_looks_like(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let (_, _, others) = key_of(&app, "optional").await;
        assert_ne!(secret, others, "each key has its own secret");
        for (why, identity) in
            forged_hashes(&secret, &others).into_iter().chain(forged_tokens(&secret, &others))
        {
            for call in [
                open(&app, &key).set("identity", identity.clone()),
                app.ask("s1", "Hi").key(&key).set("identity", identity.clone()),
                app.chat("s1", "Hi").key(&key).set("identity", identity.clone()),
            ] {
                let answer = call.send().await;
                assert_eq!(answer.status, 401, "{why}");
                answer.error(401, "identity_invalid").await;
            }
        }
        assert_eq!(app.upstream.count(), 0);
    }

    async fn every_letter_of_a_hash_counts(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let good = hex(&hmac(&secret, "u1"));
        for at in (0..good.len()).step_by(7) {
            let mut letters = good.clone().into_bytes();
            letters[at] = if letters[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(letters).unwrap();
            let identity = json!({"userId": "u1", "userHash": changed});
            invalid(open(&app, &key).set("identity", identity)).await;
        }
    }

    async fn an_odd_identity_breaks_nothing(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "required").await;
        let nul = proof(&secret, "a\0b");
        let huge = "a".repeat(40_000);
        for identity in [
            nul,
            proof(&secret, &huge),
            json!({"userId": "u1", "userHash": huge}),
            json!({"jwt": huge}),
            jwt(&secret, &json!({"user_id": huge})),
            jwt(&secret, &json!({"user_id": "a\0b"})),
            json!({}),
            json!("u1"),
            json!([]),
            json!({"userId": 5}),
            json!(7),
        ] {
            for call in [open(&app, &key), app.ask("s1", "Hi").key(&key)] {
                let status = call.set("identity", identity.clone()).send().await.status;
                let told = identity.to_string();
                assert!(status == 400 || status == 401, "{told:.60}: {status}");
            }
        }
    }

    async fn anonymous_visitors_are_welcome_where_identity_is_optional(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, _) = key_of(&app, "optional").await;
        for call in [open(&app, &key), open(&app, &key).set("identity", Value::Null)] {
            let session = session(call).await;
            assert_eq!(session["verified"], false);
            talk(&app, &session).await;
        }
        accepted(app.ask("s1", "Hi").key(&key)).await;
    }

    async fn where_identity_is_off_it_is_not_looked_at(backend) {
        let app = TestApp::start(backend).await;
        let (made, key, secret) = key_of(&app, "off").await;
        for identity in [proof(&secret, "u1"), json!({"userId": "u1", "userHash": "wrong"})] {
            let session = session(open(&app, &key).set("identity", identity.clone())).await;
            assert_eq!(session["verified"], false);
            accepted(app.ask("s1", "Hi").key(&key).set("identity", identity)).await;
        }
        for row in logged(&app, &made, 2).await {
            assert_eq!(row["user_id"], Value::Null);
        }
    }

    async fn where_identity_is_required_nobody_chats_without_it(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "required").await;
        required(open(&app, &key)).await;
        required(open(&app, &key).set("identity", Value::Null)).await;
        for call in [app.ask("s1", "Hi"), app.chat("s1", "Hi")] {
            required(call.key(&key)).await;
        }
        let legacy = app.with_session("/chat", "s1").set("message", "Hi");
        required(legacy.key(&key)).await;
        invalid(open(&app, &key).set("identity", proof("wrong", "u1"))).await;
        let wrong = app.ask("s1", "Hi").key(&key).set("identity", proof("wrong", "u1"));
        invalid(wrong).await;
        assert_eq!(app.upstream.count(), 0);
        let right = app.ask("s1", "Hi").key(&key).set("identity", proof(&secret, "u1"));
        accepted(right).await;
        talk(&app, &verified(&app, &key, proof(&secret, "u1")).await).await;
        let look = app.from_page("/v1/widget/config", PAGE).set("licenseKey", key.as_str());
        look.send().await.expect(200).await;
    }

    async fn a_mode_that_becomes_required_is_felt_at_once(backend) {
        let app = TestApp::start(backend).await;
        let (made, key, secret) = key_of(&app, "optional").await;
        let anonymous = session(open(&app, &key)).await;
        let known = verified(&app, &key, proof(&secret, "u1")).await;
        talk(&app, &anonymous).await;
        change_key(&app, &made, json!({"identity_mode": "required"})).await;
        required(say(&app, PAGE, &anonymous)).await;
        talk(&app, &known).await;
    }

    async fn a_verified_visitor_finds_the_conversation_on_another_device(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let laptop = verified(&app, &key, proof(&secret, "u1")).await;
        assert_eq!(laptop["conversation"], Value::Null);
        let conversation = talk(&app, &laptop).await;
        let phone = verified(&app, &key, proof(&secret, "u1")).await;
        assert_ne!(phone["visitorId"], laptop["visitorId"]);
        assert_eq!(resumed(&phone), &conversation);
        assert_eq!(phone["conversation"]["messages"].as_array().map(Vec::len), Some(2));
        assert_eq!(talk(&app, &phone).await, conversation);
        let current = app.from_page("/v1/conversations/current", PAGE);
        let current = current.set("token", text(&laptop, "token"));
        let body = current.send().await.expect(200).await.json().await;
        assert_eq!(body["conversation"]["messages"].as_array().map(Vec::len), Some(4));
    }

    async fn a_conversation_belongs_to_its_key_even_for_one_user(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let (_, other, others_secret) = key_of(&app, "optional").await;
        talk(&app, &verified(&app, &key, proof(&secret, "u1")).await).await;
        let elsewhere = verified(&app, &other, proof(&others_secret, "u1")).await;
        assert_eq!(elsewhere["conversation"], Value::Null);
    }

    async fn nobody_opens_a_verified_visitors_conversation_without_their_proof(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let session_of_u1 = verified(&app, &key, proof(&secret, "u1")).await;
        let events = say(&app, PAGE, &session_of_u1).events().await;
        let start = only(&events, "start");
        let visitor = text(&session_of_u1, "visitorId");
        // The same browser after signing out.
        let signed_out = session(open(&app, &key).set("visitorId", visitor.as_str())).await;
        assert_eq!(signed_out["verified"], false);
        assert_eq!(signed_out["conversation"], Value::Null);
        // A client that makes its session ids itself, also the one under which it is stored.
        let list = read(&app, "/v1/admin/conversations").await;
        let stored = text(&list["conversations"][0], "sessionId");
        let guesses = [stored.as_str(), &visitor, "u1", "user:u1", "u:u1", "u_u1"];
        for guess in BTreeSet::from(guesses) {
            let call = app.with_session("/v1/conversations/current", guess).key(&key);
            let answer = call.send().await;
            if answer.status == 200 {
                assert_eq!(answer.json().await["conversation"], Value::Null, "{guess}");
            } else {
                answer.error(400, "invalid_request").await;
            }
            let turn = app.resume(guess, &text(start, "turnId"), 0).key(&key).send().await;
            assert!(turn.status == 404 || turn.status == 400, "{guess}: {}", turn.status);
            let answer = app.ask(guess, "Hi").key(&key).send().await;
            if answer.status == 200 {
                let own = answer.events().await;
                assert_ne!(only(&own, "start")["conversationId"], start["conversationId"]);
            }
        }
        // Another user.
        let session_of_u2 = verified(&app, &key, proof(&secret, "u2")).await;
        for (path, field) in [
            ("/v1/chat/resume", "turnId"),
            ("/v1/chat/stop", "turnId"),
            ("/v1/messages/feedback", "messageId"),
        ] {
            let call = app.from_page(path, PAGE).set("token", text(&session_of_u2, "token"));
            let call = call.set(field, text(start, field)).set("rating", "up");
            call.send().await.error(404, "not_found").await;
        }
        let again = verified(&app, &key, proof(&secret, "u1")).await;
        assert_eq!(again["conversation"]["messages"].as_array().map(Vec::len), Some(2));
    }

    async fn an_anonymous_conversation_goes_over_to_the_user_who_signs_in(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let anonymous = session(open(&app, &key)).await;
        let conversation = talk(&app, &anonymous).await;
        let as_visitor = || open(&app, &key).set("visitorId", text(&anonymous, "visitorId"));
        let signed_in = session(as_visitor().set("identity", proof(&secret, "u1"))).await;
        assert_eq!(signed_in["verified"], true);
        assert_eq!(resumed(&signed_in), &conversation);
        assert_eq!(talk(&app, &signed_in).await, conversation);
        let elsewhere = verified(&app, &key, proof(&secret, "u1")).await;
        assert_eq!(resumed(&elsewhere), &conversation);
        let signed_out = session(as_visitor()).await;
        assert_eq!(signed_out["conversation"], Value::Null, "it is the user's alone now");
    }

    async fn a_user_with_a_conversation_keeps_it_and_takes_over_no_other(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let own = talk(&app, &verified(&app, &key, proof(&secret, "u1")).await).await;
        let anonymous = session(open(&app, &key)).await;
        let strange = talk(&app, &anonymous).await;
        let call = open(&app, &key).set("visitorId", text(&anonymous, "visitorId"));
        let signed_in = session(call.set("identity", proof(&secret, "u1"))).await;
        assert_eq!(resumed(&signed_in), &own);
        assert_ne!(own, strange);
    }

    async fn another_user_in_the_same_browser_begins_anew(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let first = verified(&app, &key, proof(&secret, "u1")).await;
        let conversation = talk(&app, &first).await;
        let as_user = |user: &str| {
            let call = open(&app, &key).set("visitorId", text(&first, "visitorId"));
            call.set("identity", proof(&secret, user))
        };
        let second = session(as_user("u2")).await;
        assert_eq!((&second["verified"], &second["conversation"]), (&json!(true), &Value::Null));
        assert_ne!(talk(&app, &second).await, conversation);
        assert_eq!(resumed(&session(as_user("u1")).await), &conversation);
    }

    async fn a_new_conversation_of_a_user_is_new_on_every_device(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let laptop = verified(&app, &key, proof(&secret, "u1")).await;
        let before = talk(&app, &laptop).await;
        let call = open(&app, &key).set("identity", proof(&secret, "u1")).set("new", true);
        assert_eq!(session(call).await["conversation"], Value::Null);
        assert_ne!(talk(&app, &laptop).await, before);
    }

    async fn a_proof_on_a_key_route_names_the_user_not_the_session(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let first = chat_as(&app, &key, "s1", proof(&secret, "u1")).await;
        let by_token = jwt(&secret, &json!({"sub": "u1"}));
        assert_eq!(chat_as(&app, &key, "s2", by_token).await, first);
        assert_ne!(chat_as(&app, &key, "s1", proof(&secret, "u2")).await, first);
        let widget = verified(&app, &key, proof(&secret, "u1")).await;
        assert_eq!(resumed(&widget), &first, "the widget finds it too");
        let anonymous = app.with_session("/v1/conversations/current", "s1").key(&key);
        let body = anonymous.send().await.expect(200).await.json().await;
        assert_eq!(body["conversation"], Value::Null, "the session id alone opens nothing");
    }

    async fn a_proof_on_a_key_route_is_remembered_as_in_the_widget(backend) {
        let app = TestApp::start(backend).await;
        let (_, key, secret) = key_of(&app, "optional").await;
        let anonymous = app.chat("s1", "Hi").key(&key).send().await.expect(200).await;
        let conversation = anonymous.json().await["conversationId"].clone();
        let claimed = |email: &str| {
            let mut claims = proof(&secret, "u1");
            claims["name"] = json!("Ada");
            claims["email"] = json!(email);
            claims
        };
        let path = format!("/v1/admin/conversations/{}", conversation.as_str().expect("an id"));
        assert_eq!(read(&app, &path).await["visitor"], Value::Null);
        let theirs = chat_as(&app, &key, "s1", claimed("ada@shop.example")).await;
        assert_eq!(theirs, conversation, "what they said before they had a name is theirs");
        let visitor = read(&app, &path).await["visitor"].clone();
        assert_eq!(
            visitor,
            json!({"userId": "u1", "name": "Ada", "email": "ada@shop.example", "attributes": {}})
        );
        chat_as(&app, &key, "s1", claimed("ada@new.example")).await;
        assert_eq!(read(&app, &path).await["visitor"]["email"], "ada@new.example");
        let signed = jwt(&secret, &json!({"sub": "u1", "plan": "pro"}));
        chat_as(&app, &key, "s1", signed).await;
        assert_eq!(read(&app, &path).await["visitor"]["attributes"], json!({"plan": "pro"}));
    }

    async fn the_secret_is_the_admins_and_stands_in_no_other_answer(backend) {
        let app = TestApp::start(backend).await;
        let (made, _, secret) = key_of(&app, "optional").await;
        assert!(secret.starts_with("nis_") && secret.len() > 24, "{secret}");
        let revealed = act(&app, &made, "identity-secret/reveal", json!({})).await;
        assert_eq!(revealed, json!({"secret": secret, "previous_valid_until": null}));
        let told = read_key(&app, &made).await.to_string() + &read(&app, KEYS).await.to_string();
        assert!(!told.contains(&secret) && !made.to_string().contains(&secret));
    }

    async fn a_rotated_secret_is_dead_at_once_without_an_overlap(backend) {
        let app = TestApp::start(backend).await;
        let (made, key, old) = key_of(&app, "optional").await;
        let rotated = act(&app, &made, "identity-secret/rotate", json!({})).await;
        let new = text(&rotated, "secret");
        assert_ne!(new, old);
        assert_eq!(rotated["previous_valid_until"], Value::Null);
        invalid(open(&app, &key).set("identity", proof(&old, "u1"))).await;
        invalid(open(&app, &key).set("identity", jwt(&old, &json!({"sub": "u1"})))).await;
        verified(&app, &key, proof(&new, "u1")).await;
        assert_eq!(act(&app, &made, "identity-secret/reveal", json!({})).await, rotated);
    }

    async fn with_an_overlap_both_secrets_prove_until_its_end(backend) {
        let app = TestApp::start(backend).await;
        let (made, key, old) = key_of(&app, "optional").await;
        let conversation = talk(&app, &verified(&app, &key, proof(&old, "u1")).await).await;
        let body = json!({"overlap_seconds": 3600});
        let rotated = act(&app, &made, "identity-secret/rotate", body).await;
        let new = text(&rotated, "secret");
        assert_eq!(rotated["previous_valid_until"], "2026-06-15T13:00:00.000Z");
        app.clock.set(START_MS + 3_600_000 - 1);
        for secret in [&old, &new] {
            let session = verified(&app, &key, proof(secret, "u1")).await;
            assert_eq!(resumed(&session), &conversation);
            verified(&app, &key, jwt(secret, &json!({"sub": "u1"}))).await;
        }
        app.clock.set(START_MS + 3_600_000);
        invalid(open(&app, &key).set("identity", proof(&old, "u1"))).await;
        verified(&app, &key, proof(&new, "u1")).await;
    }

    async fn the_usage_log_names_a_verified_user_and_no_claimed_one(backend) {
        let app = TestApp::start(backend).await;
        let (made, key, secret) = key_of(&app, "optional").await;
        talk(&app, &verified(&app, &key, proof(&secret, "u1")).await).await;
        logged(&app, &made, 1).await;
        app.clock.advance(Duration::from_secs(1));
        chat_as(&app, &key, "s1", jwt(&secret, &json!({"sub": "u2"}))).await;
        logged(&app, &made, 2).await;
        app.clock.advance(Duration::from_secs(1));
        talk(&app, &session(open(&app, &key)).await).await;
        let rows = logged(&app, &made, 3).await;
        let users: Vec<_> = rows.iter().map(|row| row["user_id"].clone()).collect();
        assert_eq!(users, [Value::Null, json!("u2"), json!("u1")], "newest first");
    }
}
