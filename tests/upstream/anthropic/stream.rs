//! A good answer, in every way that its bytes may come.

use super::recorded::{SAID, TEXT, WITH_THOUGHTS_AND_A_TOOL};
use super::*;
use system_tests::{Gate, both};

fn usage(input: u64, output: u64) -> Value {
    json!({"inputTokens": input, "outputTokens": output})
}

both! {
    async fn a_recorded_answer_is_said_and_counted(backend) {
        let app = claude(backend).start().await;
        let done = answered(&app, "s1", Reply::stream().bytes(TEXT)).await;
        assert_eq!(done["message"], SAID);
        assert_eq!((&done["usage"], &done["finishReason"]), (&usage(25, 15), &json!("stop")));
        assert_eq!(app.current("s1").await["messages"][1]["content"], SAID);
    }

    async fn its_bytes_may_be_split_anywhere(backend) {
        let app = claude(backend).unhurried().start().await;
        // Every single place, also inside a character and inside a field's name.
        for at in 1..TEXT.len() {
            let (head, tail) = TEXT.as_bytes().split_at(at);
            let reply = Reply::stream().bytes(head).bytes(tail);
            let done = answered(&app, &format!("s{at}"), reply).await;
            assert_eq!(
                (&done["message"], &done["usage"]), (&json!(SAID), &usage(25, 15)), "split at {at}"
            );
        }
    }

    async fn its_bytes_may_come_one_by_one_and_with_other_line_ends(backend) {
        let app = claude(backend).start().await;
        let one_by_one =
            |text: &str| text.bytes().fold(Reply::stream(), |reply, byte| reply.bytes([byte]));
        for (n, text) in [TEXT.to_owned(), TEXT.replace('\n', "\r\n")].iter().enumerate() {
            let done = answered(&app, &format!("s{n}"), one_by_one(text)).await;
            assert_eq!((&done["message"], &done["usage"]), (&json!(SAID), &usage(25, 15)));
        }
    }

    async fn a_token_is_passed_on_when_it_comes(backend) {
        let app = claude(backend).start().await;
        let gate = Gate::new();
        app.upstream.then(half().wait(&gate).bytes(delta(" more")).bytes(end("end_turn", &json!({}))));
        let mut answer = app.ask("s1", "Hi").send().await.expect(200).await;
        answer.next_of("start").await;
        assert_eq!(answer.next_of("token").await["token"], "half");
        gate.open();
        assert_eq!(answer.next_of("token").await["token"], " more");
        only(&answer.events().await, "done");
    }

    async fn a_character_that_was_cut_into_two_escapes_is_one(backend) {
        let app = claude(backend).start().await;
        let reply = half()
            .bytes(delta("HALF").replace("HALF", " \\ud83e"))
            .bytes(event(&json!({"type": "ping"})))
            .bytes(delta("HALF").replace("HALF", "\\uddd1"))
            .bytes(end("end_turn", &json!({})));
        assert_eq!(answered(&app, "s1", reply).await["message"], "half 🧑");
    }

    async fn thoughts_and_what_tools_are_told_are_said_to_nobody(backend) {
        let app = claude(backend).start().await;
        let done = answered(&app, "s1", Reply::stream().bytes(WITH_THOUGHTS_AND_A_TOOL)).await;
        assert_eq!(done["message"], "Okay, one moment.");
        assert_eq!(done["usage"], usage(472, 89));
    }

    async fn events_and_fields_that_nobody_knows_yet_are_passed_over(backend) {
        let app = claude(backend).start().await;
        let news = [
            json!({"type": "message_pause", "for": "reasons"}),
            json!({"type": "content_block_start", "index": 1, "content_block": {"type": "hologram", "text": 7}}),
            json!({"type": "content_block_delta", "index": 1, "delta": {"type": "hologram_delta", "text": ["no"]}}),
            json!({"type": "ping", "text": "no", "error": {}}),
        ];
        let news: String = news.iter().map(event).collect();
        let reply = half()
            .bytes(format!(": a comment\nid: 7\nretry: 10\n\n{news}"))
            .bytes(delta(" more"))
            .bytes(end("end_turn", &json!({"output_tokens": 2, "server_tool_use": {"web_search_requests": 1}})));
        let done = answered(&app, "s1", reply).await;
        assert_eq!((&done["message"], &done["usage"]), (&json!("half more"), &usage(7, 2)));
    }

    async fn every_stop_reason_is_an_end(backend) {
        let app = claude(backend).start().await;
        for (reason, told) in [
            ("end_turn", "stop"),
            ("stop_sequence", "stop"),
            ("refusal", "stop"),
            ("pause_turn", "stop"),
            ("tool_use", "stop"),
            ("of_tomorrow", "stop"),
            ("max_tokens", "length"),
            ("model_context_window_exceeded", "length"),
        ] {
            let done = answered(&app, reason, half().bytes(end(reason, &json!({})))).await;
            assert_eq!(
                (&done["message"], &done["finishReason"]), (&json!("half"), &json!(told)), "{reason}"
            );
        }
    }

    async fn an_answer_may_be_empty(backend) {
        let app = claude(backend).start().await;
        let reply = Reply::stream()
            .bytes(start(&json!({"input_tokens": 1})))
            .bytes(end("refusal", &json!({"output_tokens": 0})));
        assert_eq!(answered(&app, "s1", reply).await["message"], "");
    }

    async fn what_went_through_the_cache_counts_as_told(backend) {
        let app = claude(backend).start().await;
        let told = json!({"input_tokens": 5, "cache_creation_input_tokens": 20,
                          "cache_read_input_tokens": 300, "output_tokens": 1,
                          "cache_creation": {"ephemeral_5m_input_tokens": 20}});
        let stream = |last: Value| {
            Reply::stream().bytes(start(&told)).bytes(delta("a")).bytes(end("end_turn", &last))
        };
        let done = answered(&app, "s1", stream(json!({"output_tokens": 9}))).await;
        assert_eq!(done["usage"], usage(325, 9));
        // The end may tell all of it again, or that it does not know.
        let again = json!({"input_tokens": 5, "cache_creation_input_tokens": 20,
                           "cache_read_input_tokens": 301, "output_tokens": 9});
        assert_eq!(answered(&app, "s2", stream(again)).await["usage"], usage(326, 9));
        let unknown = json!({"input_tokens": null, "cache_creation_input_tokens": null,
                             "cache_read_input_tokens": null, "output_tokens": 9});
        assert_eq!(answered(&app, "s3", stream(unknown)).await["usage"], usage(325, 9));
    }

    async fn counts_that_are_none_cost_no_answer_and_no_sum(backend) {
        let app = claude(backend).start().await;
        for (n, count) in [json!(-3), json!(i64::MAX), json!(u64::MAX), json!(1e30), json!("12"), json!({})]
            .into_iter()
            .enumerate()
        {
            let reply = Reply::stream()
                .bytes(start(&json!({"input_tokens": 7, "cache_read_input_tokens": count})))
                .bytes(delta("a"))
                .bytes(end("end_turn", &json!({"output_tokens": 11, "input_tokens": count})));
            let done = answered(&app, &format!("in{n}"), reply).await;
            assert_eq!((&done["message"], &done["usage"]), (&json!("a"), &usage(7, 11)), "{count}");
            let reply = half().bytes(end("end_turn", &json!({"output_tokens": count})));
            let done = answered(&app, &format!("out{n}"), reply).await;
            assert_eq!((&done["message"], &done["usage"]), (&json!("half"), &Value::Null), "{count}");
        }
    }

    async fn an_answer_in_one_piece_is_an_answer(backend) {
        let app = claude(backend).start().await;
        let whole = json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
            "content": [{"type": "thinking", "thinking": "Hm", "signature": "x"},
                        {"type": "text", "text": "Hel"}, {"type": "text", "text": "lo", "citations": null},
                        {"type": "tool_use", "id": "t", "name": "n", "input": {"text": "no"}}],
            "stop_reason": "max_tokens", "stop_sequence": null,
            "usage": {"input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 5},
        });
        let done = answered(&app, "s1", Reply::status(200).json(&whole)).await;
        assert_eq!((&done["message"], &done["finishReason"]), (&json!("Hello"), &json!("length")));
        assert_eq!(done["usage"], usage(7, 5));
    }

    async fn what_follows_the_end_is_ignored_and_holds_nobody_up(backend) {
        let app = claude(backend).start().await;
        let reply = half()
            .bytes(end("end_turn", &json!({})))
            .bytes(delta("not said"))
            .bytes("data: {broken\n\n")
            .hang();
        assert_eq!(answered(&app, "s1", reply).await["message"], "half");
        app.upstream.seen(0).await.ended().await;
    }
}
