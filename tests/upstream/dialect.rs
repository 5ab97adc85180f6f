//! The streaming dialect, in every way that its bytes may come.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use serde_json::json;
use system_tests::app::{only, text, tokens};
use system_tests::upstream::{delta, sse};
use system_tests::{Gate, Reply, TestApp, both, for_all, types};

/// The bytes of a whole answer "ä 語 🧑‍🚀 end".
fn whole() -> Vec<u8> {
    let chunks = [delta("ä "), delta("語 "), delta("🧑\u{200d}🚀"), delta(" end")].concat();
    let finish = sse(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}));
    format!("{chunks}{finish}data: [DONE]\n\n").into_bytes()
}

const WHOLE: &str = "ä 語 🧑\u{200d}🚀 end";

async fn answered(app: &TestApp, session: &str, reply: Reply) -> String {
    app.upstream.then(reply);
    let events = app.ask(session, "Hi").events().await;
    assert_eq!(types(&events).last(), Some(&"done"), "{events:?}");
    let message = text(only(&events, "done"), "message");
    assert_eq!(tokens(&events).trim(), message, "what streamed is what is done");
    message
}

both! {
    async fn bytes_may_be_split_anywhere(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let bytes = whole();
        // Every single place, also inside a character and inside a field's name.
        for at in 1..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            let reply = Reply::stream().bytes(head).bytes(tail);
            assert_eq!(answered(&app, &format!("s{at}"), reply).await, WHOLE, "split at {at}");
        }
    }

    async fn bytes_may_come_one_by_one(backend) {
        let app = TestApp::start(backend).await;
        let reply = whole().into_iter().fold(Reply::stream(), |reply, byte| reply.bytes([byte]));
        assert_eq!(answered(&app, "s1", reply).await, WHOLE);
    }

    async fn bytes_may_come_all_at_once(backend) {
        let app = TestApp::start(backend).await;
        assert_eq!(answered(&app, "s1", Reply::stream().bytes(whole())).await, WHOLE);
    }

    async fn half_a_character_waits_for_its_other_half(backend) {
        let app = TestApp::start(backend).await;
        let (gate, event) = (Gate::new(), delta("語"));
        let at = event.find('語').unwrap() + 1;
        let reply = Reply::stream()
            .delta("a")
            .bytes(&event.as_bytes()[..at])
            .wait(&gate)
            .bytes(&event.as_bytes()[at..])
            .end();
        app.upstream.then(reply);
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        answer.next_of("start").await;
        assert_eq!(answer.next_of("token").await["token"], "a");
        gate.open();
        assert_eq!(answer.next_of("token").await["token"], "語");
        answer.events().await;
    }

    async fn a_character_that_was_cut_into_two_escapes_is_one(backend) {
        let app = TestApp::start(backend).await;
        let half = |escape: &str| delta("HALF").replace("HALF", escape);
        let reply = Reply::stream()
            .bytes(half("a \\ud83e"))
            .delta("")
            .bytes(half("\\uDDD1 b \\ud83d\\ude00"))
            .bytes(half("\\ude00."))
            .end();
        assert_eq!(answered(&app, "s1", reply).await, "a 🧑 b 😀\u{fffd}.");
    }

    async fn line_ends_may_be_crlf_and_a_byte_order_mark_may_lead(backend) {
        let app = TestApp::start(backend).await;
        let text = String::from_utf8(whole()).unwrap();
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(answered(&app, "s1", Reply::stream().bytes(crlf)).await, WHOLE);
        let marked = format!("\u{feff}{text}");
        assert_eq!(answered(&app, "s2", Reply::stream().bytes(marked)).await, WHOLE);
        let alone = Reply::stream().bytes("\u{feff}").bytes(whole());
        assert_eq!(answered(&app, "s3", alone).await, WHOLE);
        let split = Reply::stream().bytes([0xef]).bytes([0xbb, 0xbf]).bytes(whole());
        assert_eq!(answered(&app, "s4", split).await, WHOLE);
        let halves = text
            .replace('\n', "\r\n")
            .into_bytes()
            .into_iter()
            .fold(Reply::stream(), |reply, byte| reply.bytes([byte]));
        assert_eq!(answered(&app, "s5", halves).await, WHOLE);
    }

    async fn comments_other_fields_and_blank_lines_are_passed_over(backend) {
        let app = TestApp::start(backend).await;
        let event = delta("a");
        let noise = format!(
            ": OPENROUTER PROCESSING\n\n\n\nevent: message\nid: 7\nretry: 10\n{event}:\n\nfoo: bar\n\nfoo\n\n"
        );
        let reply = Reply::stream().bytes(noise).delta("b").end();
        assert_eq!(answered(&app, "s1", reply).await, "ab");
    }

    async fn the_space_after_data_is_optional_and_data_may_span_lines(backend) {
        let app = TestApp::start(backend).await;
        let tight = delta("a").replace("data: ", "data:");
        assert_eq!(answered(&app, "s1", Reply::stream().bytes(tight).end()).await, "a");
        let spread =
            "data: {\"choices\": [{\"index\": 0,\ndata:  \"delta\": {\"content\": \"b\"}}]}\n\n";
        assert_eq!(answered(&app, "s2", Reply::stream().bytes(spread).end()).await, "b");
    }

    async fn empty_and_absent_deltas_become_no_token(backend) {
        let app = TestApp::start(backend).await;
        let with =
            |delta: serde_json::Value| sse(&json!({"choices": [{"index": 0, "delta": delta}]}));
        let reply = Reply::stream()
            .bytes(with(json!({"role": "assistant", "content": ""})))
            .bytes(with(json!({"content": null})))
            .bytes(with(json!({})))
            .bytes(sse(&json!({"choices": []})))
            .bytes(with(json!({"content": "a", "logprobs": null})))
            .delta("")
            .end();
        app.upstream.then(reply);
        let events = app.ask("s1", "Hi").events().await;
        let said: Vec<_> = events.iter().filter(|e| e["type"] == "token").collect();
        assert_eq!(said.len(), 1, "{events:?}");
        assert_eq!(said[0]["token"], "a");
    }

    async fn an_answer_may_be_empty(backend) {
        let app = TestApp::start(backend).await;
        assert_eq!(answered(&app, "s1", Reply::tokens(&[])).await, "");
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(types(&events).last(), Some(&"done"));
    }

    async fn a_huge_delta_is_one_answer(backend) {
        let app = TestApp::start(backend).await;
        let huge = "0123456789".repeat(20_000);
        assert_eq!(answered(&app, "s1", Reply::tokens(&[&huge])).await, huge);
    }

    async fn usage_is_taken_from_wherever_it_stands(backend) {
        let app = TestApp::start(backend).await;
        let usage = json!({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7});
        let with_finish = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage});
        app.upstream.then(Reply::stream().delta("a").bytes(sse(&with_finish)).done());
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(only(&events, "done")["usage"], json!({"inputTokens": 3, "outputTokens": 4}));
    }

    async fn a_length_limit_of_the_model_is_told(backend) {
        let app = TestApp::start(backend).await;
        app.upstream.then(Reply::stream().delta("cut").finish("length").done());
        let events = app.ask("s1", "Hi").events().await;
        assert_eq!(only(&events, "done")["finishReason"], "length");
        assert_eq!(only(&events, "done")["message"], "cut");
    }

    async fn what_follows_the_end_is_ignored(backend) {
        let app = TestApp::start(backend).await;
        let reply = Reply::tokens(&["a"]).delta("not said").bytes("data: {broken");
        assert_eq!(answered(&app, "s1", reply).await, "a");
    }

    async fn a_finished_answer_without_done_is_still_an_answer(backend) {
        let app = TestApp::start(backend).await;
        let reply = Reply::stream().delta("a").finish("stop");
        assert_eq!(answered(&app, "s1", reply).await, "a");
    }

    async fn a_server_that_keeps_the_connection_open_after_done_holds_nobody_up(backend) {
        let app = TestApp::start(backend).await;
        let reply = Reply::stream().delta("a").end().hang();
        assert_eq!(answered(&app, "s1", reply).await, "a");
        app.upstream.seen(0).await.ended().await;
    }

    async fn any_split_of_any_text_gives_that_text(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let number = AtomicU32::new(0);
        let words = prop::collection::vec("[^\0]{0,12}", 0..8);
        let cuts = prop::collection::vec(any::<prop::sample::Index>(), 0..12);
        for_all((words, cuts), async move |(words, cuts)| {
            let mut bytes: Vec<u8> =
                words.iter().flat_map(|word| delta(word).into_bytes()).collect();
            bytes.extend_from_slice(b"data: [DONE]\n\n");
            let mut places: Vec<usize> =
                cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            places.extend([0, bytes.len()]);
            places.sort_unstable();
            let reply = places
                .windows(2)
                .fold(Reply::stream(), |reply, place| reply.bytes(&bytes[place[0]..place[1]]));
            let session = format!("s{}", number.fetch_add(1, Ordering::Relaxed));
            assert_eq!(answered(&app, &session, reply).await, words.concat().trim());
        })
        .await;
    }
}
