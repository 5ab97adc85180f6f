//! Deliveries that fail: tried again, logged, sent anew by hand.

use std::time::Duration;

use serde_json::{Value, json};
use server::clock::rfc3339;
use system_tests::app::{complaints, text};
use system_tests::{FakeUpstream, TestApp, both};

use super::receiver::{Receiver, Say};
use super::signature::is_signed;
use super::{deliveries, endpoint, hook_path, start};
use crate::kit::*;
use crate::wait::{eventually, stays};

const EVENT: &str = "conversation.started";
/// The waits after each failure, in seconds, give or take a fifth.
const WAITS: [u64; 8] = [5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000];

/// Waits until the log's newest entry was tried that often and stands like this.
async fn logged(app: &TestApp, endpoint: &Value, status: &str, attempts: usize) -> Value {
    let promise = format!("the log tells `{status}` after {attempts} attempts");
    let look = async || deliveries(app, endpoint).await.first().cloned().unwrap_or_default();
    let as_told = |log: &Value| log["status"] == status && log["attempts"] == attempts;
    eventually(&promise, look, as_told).await
}

/// Lets every wait pass until a delivery that always fails is given up; gives its entry in the log.
async fn given_up(app: &TestApp, endpoint: &Value) -> Value {
    for (n, wait) in WAITS.into_iter().enumerate() {
        let log = logged(app, endpoint, "pending", n + 1).await;
        let next = text(&log, "next_attempt_at");
        let after = |ms: u64| rfc3339(app.clock.now_ms() + i64::try_from(ms).unwrap());
        let (soonest, latest) = (after(wait * 800), after(wait * 1200));
        assert!(soonest <= next && next <= latest, "{next} is {wait} s ± 20 % later");
        app.clock.advance(Duration::from_millis(wait * 1200 + 1));
    }
    logged(app, endpoint, "failed", 9).await
}

both! {
    async fn a_delivery_is_logged_with_what_came_of_it(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        receiver.then(Say::Status(204));
        let made = endpoint(&app, &receiver.url(), &[EVENT]).await;
        app.ask("s1", "Hi").events().await;
        let log = logged(&app, &made, "delivered", 1).await;
        let got = receiver.exactly(EVENT, 1).await;
        assert!(!text(&log, "id").is_empty());
        assert_eq!(log["event_type"], EVENT);
        assert_eq!(log["event_id"], got[0].header("webhook-id"));
        assert_eq!(log["last_status"], 204);
        assert_eq!(log["last_error"], Value::Null);
        assert_eq!(log["next_attempt_at"], Value::Null);
        assert_eq!(log["created_at"], "2026-06-15T12:00:00.000Z");
        assert_eq!(log["delivered_at"], "2026-06-15T12:00:00.000Z");
    }

    async fn a_failed_delivery_is_tried_again_and_is_the_same_event(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        receiver.then(Say::Status(500));
        let made = endpoint(&app, &receiver.url(), &[EVENT]).await;
        app.ask("s1", "Hi").events().await;
        let log = logged(&app, &made, "pending", 1).await;
        assert_eq!((&log["last_status"], &log["delivered_at"]), (&json!(500), &Value::Null));
        receiver.total("nothing is tried before its time", 1).await;
        app.clock.advance(Duration::from_secs(7));
        let got = receiver.total("it is tried again once", 2).await;
        assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
        assert_eq!(got[0].event(), got[1].event());
        assert!(got.iter().all(|one| is_signed(one, &text(&made, "secret"))));
        let log = logged(&app, &made, "delivered", 2).await;
        assert_eq!(log["last_status"], 200);
        assert_eq!(log["delivered_at"], "2026-06-15T12:00:07.000Z");
    }

    async fn it_is_given_up_after_eight_waits_that_grow(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        receiver.otherwise(Say::Status(503));
        let made = endpoint(&app, &receiver.url(), &[EVENT]).await;
        app.ask("s1", "Hi").events().await;
        let log = given_up(&app, &made).await;
        assert_eq!(log["next_attempt_at"], Value::Null);
        assert_eq!(log["last_status"], 503);
        app.clock.advance(Duration::from_secs(48 * 3600));
        receiver.total("it was tried nine times", 9).await;
    }

    async fn a_retry_survives_a_crash(backend) {
        let mut app = start(backend).await;
        let receiver = Receiver::start().await;
        receiver.then(Say::Status(500));
        let made = endpoint(&app, &receiver.url(), &[EVENT]).await;
        app.ask("s1", "Hi").events().await;
        logged(&app, &made, "pending", 1).await;
        app.kill();
        app.start_again().await;
        app.clock.advance(Duration::from_secs(7));
        receiver.wait_for(EVENT, 2).await;
        logged(&app, &made, "delivered", 2).await;
    }

    async fn a_crash_before_the_delivery_loses_no_event(backend) {
        let mut app = start(backend).await;
        let receiver = Receiver::start().await;
        receiver.otherwise(Say::HangUp);
        let made = endpoint(&app, &receiver.url(), &[EVENT]).await;
        for answer in app.at_once(5, |n| app.ask(&format!("s{n}"), "Hi")).await {
            answer.events().await;
        }
        app.kill();
        receiver.otherwise(Say::Status(200));
        app.start_again().await;
        let later = async || {
            app.clock.advance(Duration::from_secs(60));
            let log = deliveries(&app, &made).await;
            log.iter().filter(|one| one["status"] == "delivered").count()
        };
        eventually("all five are delivered later", later, |count| *count == 5).await;
        let mut ids: Vec<_> = receiver
            .got_of(EVENT)
            .iter()
            .filter(|one| one.answered == Some(200))
            .map(|one| one.header("webhook-id").to_owned())
            .collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 5);
    }

    async fn nobody_there_is_a_failure_with_its_reason(backend) {
        let app = start(backend).await;
        let made = endpoint(&app, &FakeUpstream::nobody().await, &[EVENT]).await;
        app.ask("s1", "Hi").events().await;
        let log = logged(&app, &made, "pending", 1).await;
        assert_eq!(log["last_status"], Value::Null);
        assert!(!text(&log, "last_error").is_empty());
    }

    async fn a_redirect_is_not_followed_and_is_a_failure(backend) {
        let app = start(backend).await;
        let (receiver, other) = (Receiver::start().await, Receiver::start().await);
        receiver.otherwise(Say::Redirect(other.url()));
        let made = endpoint(&app, &receiver.url(), &[EVENT]).await;
        app.ask("s1", "Hi").events().await;
        assert_eq!(logged(&app, &made, "pending", 1).await["last_status"], 302);
        other.total("nobody is sent elsewhere", 0).await;
    }

    async fn a_receiver_that_hangs_holds_up_neither_answers_nor_other_receivers(backend) {
        let app = start(backend).await;
        let (stuck, quick) = (Receiver::start().await, Receiver::start().await);
        stuck.otherwise(Say::Hang);
        endpoint(&app, &stuck.url(), &[EVENT]).await;
        endpoint(&app, &quick.url(), &[EVENT]).await;
        for answer in app.at_once(30, |n| app.ask(&format!("s{n}"), "Hi")).await {
            let events = answer.events().await;
            assert_eq!(events.last().map(|event| text(event, "type")).as_deref(), Some("done"));
        }
        quick.exactly(EVENT, 30).await;
    }

    async fn a_delivery_is_sent_anew_by_hand(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        let made = endpoint(&app, &receiver.url(), &[EVENT]).await;
        app.ask("s1", "Hi").events().await;
        let log = logged(&app, &made, "delivered", 1).await;
        app.clock.advance(Duration::from_secs(3600));
        let path = format!("{}/deliveries/{}", hook_path(&made), text(&log, "id"));
        post(&app, &format!("{path}/redeliver"), json!({})).send().await.expect(202).await;
        let got = receiver.exactly(EVENT, 2).await;
        assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
        assert_eq!(got[0].event(), got[1].event());
        assert_ne!(
            got[0].header("webhook-timestamp"),
            got[1].header("webhook-timestamp"),
            "a receiver refuses old timestamps"
        );
        assert!(is_signed(&got[1], &text(&made, "secret")));
        let unknown = format!("{}/deliveries/01ARZ3NDEKTSV4RRFFQ69G5FAV", hook_path(&made));
        let call = post(&app, &format!("{unknown}/redeliver"), json!({}));
        call.send().await.error(404, "not_found").await;
    }

    async fn what_was_given_up_can_be_sent_anew_by_hand(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        receiver.otherwise(Say::Status(500));
        let made = endpoint(&app, &receiver.url(), &[EVENT]).await;
        app.ask("s1", "Hi").events().await;
        for attempt in 1..9 {
            logged(&app, &made, "pending", attempt).await;
            app.clock.advance(Duration::from_secs(50_000));
        }
        let log = logged(&app, &made, "failed", 9).await;
        receiver.otherwise(Say::Status(200));
        let path = format!("{}/deliveries/{}/redeliver", hook_path(&made), text(&log, "id"));
        post(&app, &path, json!({})).send().await.expect(202).await;
        let look = async || receiver.got_of(EVENT);
        let taken = eventually("it is taken", look, |got| {
            got.last().is_some_and(|one| one.answered == Some(200))
        })
        .await;
        assert_eq!(taken.last().map(|one| one.header("webhook-id")), log["event_id"].as_str());
        let shown = async || deliveries(&app, &made).await;
        eventually("the log tells it", shown, |log| {
            log.iter().any(|one| one["status"] == "delivered")
        })
        .await;
    }

    async fn an_endpoint_switched_off_is_not_tried_again(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        receiver.otherwise(Say::Status(500));
        let made = endpoint(&app, &receiver.url(), &[EVENT]).await;
        app.ask("s1", "Hi").events().await;
        logged(&app, &made, "pending", 1).await;
        patch(&app, &hook_path(&made), json!({"is_active": false})).send().await.expect(200).await;
        app.clock.advance(Duration::from_secs(3600));
        let look = async || receiver.got().len();
        stays("an inactive endpoint is told nothing", look, |count| *count == 1).await;
    }

    async fn deliveries_are_found_by_their_type_their_error_and_how_they_stand(backend) {
        let app = start(backend).await;
        let receiver = Receiver::start().await;
        receiver.otherwise(Say::Status(503));
        let made = endpoint(&app, &receiver.url(), &[EVENT]).await;
        app.ask("s1", "Hi").events().await;
        given_up(&app, &made).await;
        for (answer, status) in [(200, "delivered"), (500, "pending")] {
            receiver.otherwise(Say::Status(answer));
            post(&app, &format!("{}/test", hook_path(&made)), json!({})).send().await.expect(202).await;
            logged(&app, &made, status, 1).await;
            app.clock.advance(Duration::from_millis(1));
        }
        let list = format!("{}/deliveries", hook_path(&made));
        let (test, hit) = ("webhook.test", "event_type");
        searches(&app, &list, hit, &[
            ("", &[test, test, EVENT]),
            ("STARTED", &[EVENT]),
            ("webhook.", &[test, test]),
            ("Answered 50", &[test, EVENT]),
            ("answered 503", &[EVENT]),
            ("webhook_test", &[]),
            ("answered%", &[]),
            (r"\", &[]),
        ]).await;
        for (query, expected) in [
            ("status=failed", &[EVENT] as &[&str]),
            ("status=delivered", &[test]),
            ("status=pending", &[test]),
            ("status=pending&q=webhook", &[test]),
            ("status=failed&q=webhook", &[]),
        ] {
            lists(&app, &format!("{list}?{query}"), hit, expected).await;
        }
        let refused = app.admin(&format!("{list}?status=lost")).send().await;
        assert_eq!(complaints(&refused.error(400, "invalid_request").await), ["status"]);
    }
}
