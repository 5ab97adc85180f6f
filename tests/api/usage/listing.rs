//! Reading the usage log: pages, filters, limits.

use std::time::Duration;

use serde_json::json;
use system_tests::app::text;
use system_tests::both;

use super::{ask, failed, items, rows, start, stopped, usage};
use crate::kit::*;

const AN_HOUR: Duration = Duration::from_secs(3600);

both! {
    async fn a_cursor_leads_through_all_rows_without_a_gap_while_new_ones_come(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for n in 1..=7 {
            // Some at the same moment: the order must hold all the same.
            accepted(ask(&app, &key, &format!("s{n}"), &format!("Question {n}"))).await;
            if n % 3 == 0 {
                app.clock.advance(Duration::from_secs(1));
            }
        }
        let all: Vec<_> = rows(&app, &key, 7).await.iter().map(|row| text(row, "id")).collect();
        let mut paged = Vec::new();
        let mut query = String::from("?limit=2");
        loop {
            let page = usage(&app, &key, &query).await;
            paged.extend(column(&page, "id"));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            query = format!("?limit=2&cursor={cursor}");
            assert!(paged.len() <= 7, "the pages end");
            app.clock.advance(Duration::from_secs(1));
            accepted(ask(&app, &key, "late", "Later")).await;
        }
        assert_eq!(paged, all);
    }

    async fn rows_are_found_by_status_and_time(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        accepted(ask(&app, &key, "s1", "Hi")).await;
        app.clock.advance(AN_HOUR);
        failed(&app, &key, "s2").await;
        app.clock.advance(AN_HOUR);
        stopped(&app, &key, "s3").await;
        app.clock.advance(AN_HOUR);
        change_key(&app, &key, json!({"is_active": false})).await;
        ask(&app, &key, "s4", "Hi").send().await.error(403, "key_inactive").await;
        rows(&app, &key, 4).await;
        for status in ["ok", "failed", "stopped", "refused"] {
            let list = usage(&app, &key, &format!("?status={status}")).await;
            assert_eq!(column(&list, "status"), [status]);
            assert_eq!(list["total"], 1);
        }
        let day = "2026-06-15T";
        for (query, found) in [
            (format!("?from={day}12:30:00Z&to={day}14:30:00Z"), vec!["stopped", "failed"]),
            (format!("?from={day}13:00:00Z"), vec!["refused", "stopped", "failed"]),
            (format!("?from={day}13:00:00.001Z"), vec!["refused", "stopped"]),
            (format!("?to={day}12:30:00Z"), vec!["ok"]),
            (format!("?to={day}12:30:00Z&status=failed"), vec![]),
            (format!("?from={day}15:30:00%2B01:00&to={day}14:30:00Z"), vec![]),
            (format!("?from={day}14:30:00%2B02:00&to={day}13:30:00Z"), vec!["failed"]),
        ] {
            let list = usage(&app, &key, &query).await;
            assert_eq!(column(&list, "status"), found, "{query}");
            assert_eq!(list["total"], found.len(), "{query}");
        }
    }

    async fn rows_are_found_by_words_of_the_question_and_by_website(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for (site, question) in [
            ("https://shop.example", "Wo ist mein Päckchen?"),
            ("https://www.shop.example", "100% sure_thing"),
            ("https://other.test", "100 things, surely"),
        ] {
            accepted(ask(&app, &key, "s1", question).origin(site)).await;
            app.clock.advance(Duration::from_secs(60));
        }
        failed(&app, &key, "s2").await;
        rows(&app, &key, 4).await;
        let (sent, sure, things) = ("Wo ist mein Päckchen?", "100% sure_thing", "100 things, surely");
        for (query, found) in [
            ("q=PÄCKCHEN", vec![sent]),
            ("q=p%C3%A4ck", vec![sent]),
            ("q=100", vec![things, sure]),
            ("q=0%25", vec![sure]),
            ("q=e_t", vec![sure]),
            ("q=nothing+of+the+kind", vec![]),
            ("domain=shop.example", vec![sure, sent]),
            ("domain=WWW.", vec![sure]),
            ("domain=shop.example&q=wo", vec![sent]),
            ("q=fail&status=failed", vec!["Fail me"]),
            ("q=fail&status=ok", vec![]),
            ("q=100&from=2026-06-15T12:02:00Z", vec![things]),
            ("q=100&to=2026-06-15T12:02:00Z", vec![sure]),
            ("q=&domain=", vec!["Fail me", things, sure, sent]),
        ] {
            let list = usage(&app, &key, &format!("?{query}")).await;
            assert_eq!(column(&list, "question"), found, "{query}");
            assert_eq!(list["total"], found.len(), "{query}");
        }
        let first = usage(&app, &key, "?q=100&limit=1").await;
        let cursor = text(&first, "next_cursor");
        let second = usage(&app, &key, &format!("?q=100&limit=1&cursor={cursor}")).await;
        assert_eq!(column(&second, "question"), [sure], "what is found goes on on the next page");
        let table = app.admin(&format!("{}/usage.csv?domain=other", path_of(&key)));
        let table = table.send().await.expect(200).await.text().await;
        assert!(table.contains("things, surely") && !table.contains("sure_thing"), "{table}");
    }

    async fn a_page_has_1_to_200_rows(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for n in 0..3 {
            accepted(ask(&app, &key, &format!("s{n}"), "Hi")).await;
        }
        rows(&app, &key, 3).await;
        let one = usage(&app, &key, "?limit=1").await;
        assert_eq!((items(&one).len(), &one["total"]), (1, &json!(3)));
        let all = usage(&app, &key, "?limit=200").await;
        assert_eq!((items(&all).len(), all["next_cursor"].is_null()), (3, true));
    }

    async fn a_wrong_parameter_is_400(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for bad in [
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=1.5",
            "limit=abc",
            "limit=99999999999999999999",
            "cursor=nonsense",
            "status=perhaps",
            "from=yesterday",
            "to=2026-13-01T00:00:00Z",
            &format!("q={}", "x".repeat(501)),
            "domain=%00",
        ] {
            let call = app.admin(&format!("{}/usage?{bad}", path_of(&key)));
            let body = call.send().await.error(400, "invalid_request").await;
            assert_eq!(body["error"], "Invalid query parameters", "{bad}");
        }
    }

    async fn an_unknown_key_has_no_usage(backend) {
        let app = start(backend).await;
        for path in ["usage", "usage.csv", "analytics"] {
            let call = app.admin(&format!("{KEYS}/01ARZ3NDEKTSV4RRFFQ69G5FAV/{path}"));
            call.send().await.error(404, "not_found").await;
        }
    }
}
