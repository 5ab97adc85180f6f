//! An answer is never lost: a stream is taken up where it broke off.

use std::time::Duration;

use serde_json::Value;
use system_tests::app::{only, text, usable_key};
use system_tests::{Answer, Gate, Reply, TestApp, both, types};

/// A chat whose answer has come to its first token; the rest waits for the gate.
async fn half_way(app: &TestApp, gate: &Gate) -> (Answer, Vec<Value>) {
    app.upstream.then(Reply::gated(gate, &["one", " two", " three"]));
    let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
    let start = answer.next_of("start").await;
    gate.release(1);
    let token = answer.next_of("token").await;
    (answer, vec![start, token])
}

fn numbered(events: Vec<Value>) -> Vec<Value> {
    events.into_iter().filter(|event| event["type"] != "ping").collect()
}

fn after(events: &[Value], seq: u64) -> Vec<Value> {
    events.iter().filter(|e| e["seq"].as_u64().is_some_and(|n| n > seq)).cloned().collect()
}

both! {
    async fn a_running_answer_is_taken_up_after_any_event(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        let (first, seen) = half_way(&app, &gate).await;
        let turn = text(&seen[0], "turnId");
        let last = seen[1]["seq"].as_u64().unwrap();
        let mut readers = Vec::new();
        for from in 0..=last {
            readers.push(app.resume("s1", &turn, from).send().await.expect(200).await);
        }
        gate.open();
        let whole: Vec<Value> = [seen, numbered(first.events().await)].concat();
        assert_eq!(only(&whole, "done")["message"], "one two three");
        for (from, reader) in (0..=last).zip(readers) {
            assert_eq!(numbered(reader.events().await), after(&whole, from), "after {from}");
        }
        assert_eq!(app.upstream.count(), 1);
    }

    async fn a_reader_that_lost_the_connection_goes_on_where_it_was(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        let (first, seen) = half_way(&app, &gate).await;
        drop(first);
        let last = seen[1]["seq"].as_u64().unwrap();
        let second =
            app.resume("s1", &text(&seen[0], "turnId"), last).send().await.expect(200).await;
        gate.open();
        let whole = [seen, numbered(second.events().await)].concat();
        let numbers: Vec<u64> = whole.iter().filter_map(|e| e["seq"].as_u64()).collect();
        assert_eq!(numbers, (1..=whole.len() as u64).collect::<Vec<_>>(), "no gap, nothing twice");
        assert_eq!(only(&whole, "done")["message"], "one two three");
    }

    async fn a_finished_answer_is_told_again_event_by_event(backend) {
        let app = TestApp::start(backend).await;
        let whole = numbered(app.ask("s1", "Hi").events().await);
        let turn = text(&whole[0], "turnId");
        for from in 0..whole.len() as u64 {
            let again = numbered(app.resume("s1", &turn, from).events().await);
            assert_eq!(again, after(&whole, from), "after {from}");
        }
    }

    async fn a_resumed_stream_carries_a_streams_headers(backend) {
        let app = TestApp::start(backend).await;
        let whole = app.ask("s1", "Hi").events().await;
        let answer = app.resume("s1", &text(&whole[0], "turnId"), 0).send().await.expect(200).await;
        assert_eq!(answer.header("content-type"), "application/x-ndjson; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-store, no-transform");
        assert_eq!(answer.header("x-accel-buffering"), "no");
        answer.events().await;
    }

    async fn a_turn_is_resumed_by_its_own_session_alone(backend) {
        let app = TestApp::start(backend).await;
        let gate = Gate::new();
        let (first, seen) = half_way(&app, &gate).await;
        let turn = text(&seen[0], "turnId");
        app.resume("s2", &turn, 0).send().await.error(404, "not_found").await;
        let key = app.issue_key(usable_key()).await.key;
        app.resume("s1", &turn, 0).key(&key).send().await.error(404, "not_found").await;
        gate.open();
        first.events().await;
        app.resume("s2", &turn, 0).send().await.error(404, "not_found").await;
    }

    async fn a_turn_that_never_was_is_404(backend) {
        let app = TestApp::start(backend).await;
        for turn in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "x", "ä", "../../etc", &"t".repeat(5000)] {
            let answer = app.resume("s1", turn, 0).send().await;
            assert!(answer.status == 404 || answer.status == 400, "{turn:.20}: {}", answer.status);
        }
        app.resume("s1", "01ARZ3NDEKTSV4RRFFQ69G5FAV", 0)
            .send()
            .await
            .error(404, "not_found")
            .await;
    }

    async fn an_earlier_answer_can_be_had_after_the_next_turn(backend) {
        let app = TestApp::start(backend).await;
        let first = numbered(app.ask("s1", "One").events().await);
        app.ask("s1", "Two").events().await;
        let again = numbered(app.resume("s1", &text(&first[0], "turnId"), 0).events().await);
        assert_eq!(types(&again).first(), Some(&"start"));
        for field in ["conversationId", "turnId", "messageId", "userMessageId"] {
            assert_eq!(again[0][field], first[0][field]);
        }
        for field in ["message", "conversationId", "messageId", "finishReason"] {
            assert_eq!(only(&again, "done")[field], only(&first, "done")[field]);
        }
    }

    async fn a_stored_answer_outlives_the_servers_memory(backend) {
        let mut app = TestApp::start(backend).await;
        let first = numbered(app.ask("s1", "One").events().await);
        app.stop().await;
        app.start_again().await;
        let again = numbered(app.resume("s1", &text(&first[0], "turnId"), 0).events().await);
        let mut kept = types(&first);
        kept.retain(|kind| *kind != "token");
        assert_eq!(types(&again), kept);
        assert_eq!(only(&again, "done")["message"], only(&first, "done")["message"]);
    }

    async fn ten_minutes_later_the_stream_is_still_there(backend) {
        let app = TestApp::start(backend).await;
        let whole = numbered(app.ask("s1", "Hi").events().await);
        app.clock.advance(Duration::from_secs(599));
        let again = numbered(app.resume("s1", &text(&whole[0], "turnId"), 0).events().await);
        assert_eq!(again, whole);
    }

    async fn a_number_beyond_the_end_gives_no_event_twice(backend) {
        let app = TestApp::start(backend).await;
        let whole = app.ask("s1", "Hi").events().await;
        for beyond in [whole.len() as u64, 1_000_000, u64::MAX] {
            let answer = app.resume("s1", &text(&whole[0], "turnId"), beyond).send().await;
            if answer.status == 200 {
                assert!(after(&answer.events().await, 0).is_empty());
            } else {
                answer.error(400, "invalid_request").await;
            }
        }
        let call = app.resume("s1", &text(&whole[0], "turnId"), 0).set("after", -1);
        call.send().await.error(400, "invalid_request").await;
    }

    async fn resuming_consumes_no_quota(backend) {
        let app = TestApp::start(backend).await;
        let mut new = usable_key();
        new.monthly_usage_limit = Some(2);
        let key = app.issue_key(new).await.key;
        let whole = app.ask("s1", "Hi").key(&key).events().await;
        for _ in 0..5 {
            app.resume("s1", &text(&whole[0], "turnId"), 0).key(&key).events().await;
        }
        app.ask("s1", "Hi").key(&key).events().await;
        app.ask("s1", "Hi").key(&key).send().await.error(429, "monthly_limit_reached").await;
    }

    async fn a_failed_answer_is_resumed_to_the_same_failure(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::stream().delta("half").cut());
        let whole = numbered(app.ask("s1", "Hi").events().await);
        assert_eq!(types(&whole), ["start", "token", "error"]);
        let again = numbered(app.resume("s1", &text(&whole[0], "turnId"), 0).events().await);
        assert_eq!(again, whole);
    }

    async fn a_chat_in_one_piece_can_be_resumed_as_a_stream(backend) {
        let app = TestApp::start(backend).await;
        let whole = app.chat("s1", "Hi").send().await.expect(200).await.json().await;
        let events = app.resume("s1", &text(&whole, "turnId"), 0).events().await;
        assert_eq!(only(&events, "done")["message"], whole["message"]);
        assert_eq!(only(&events, "done")["messageId"], whole["messageId"]);
    }
}
