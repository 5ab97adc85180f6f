//! The usage log as a table for spreadsheets.

use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{TestApp, both};

use super::{ask, rows, start, usage};
use crate::kit::*;
use crate::wait::eventually;

async fn csv(app: &TestApp, key: &Value, query: &str) -> String {
    let call = app.admin(&format!("{}/usage.csv{query}", path_of(key)));
    call.send().await.expect(200).await.text().await
}

/// Reads a table as RFC 4180 says, with a mark of byte order or without.
fn parse(table: &str) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    let (mut line, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = table.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => line.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                line.push(std::mem::take(&mut cell));
                lines.push(std::mem::take(&mut line));
            }
            other => cell.push(other),
        }
    }
    assert!(!quoted && cell.is_empty() && line.is_empty(), "the last line is ended");
    lines
}

/// The cells under one name of the header.
fn cells(table: &str, name: &str) -> Vec<String> {
    let mut lines = parse(table).into_iter();
    let header = lines.next().expect("a header line");
    let at = header.iter().position(|column| column == name);
    let at = at.unwrap_or_else(|| panic!("`{name}` in the header {header:?}"));
    let cell = |line: Vec<String>| {
        assert_eq!(line.len(), header.len(), "as many cells as names in {line:?}");
        line[at].clone()
    };
    lines.map(cell).collect()
}

both! {
    async fn the_table_is_a_download_with_a_header_line(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let call = app.admin(&format!("{}/usage.csv", path_of(&key)));
        let answer = call.send().await.expect(200).await;
        assert!(answer.header("content-type").starts_with("text/csv"));
        assert!(answer.header("content-disposition").starts_with("attachment"));
        let lines = parse(&answer.text().await);
        assert_eq!(lines.len(), 1, "a key without queries has a header alone");
        for name in [
            "id", "created_at", "question", "status", "code", "response_time_ms", "first_token_ms",
            "ip_address", "referrer", "domain", "user_agent", "input_tokens", "output_tokens",
            "user_id",
        ] {
            assert!(lines[0].iter().any(|column| column == name), "{name} in {:?}", lines[0]);
        }
    }

    async fn commas_quotes_and_line_ends_stay_inside_their_cell(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let hard = ["a,b;c", "say \"hi\", \"twice\"", "two\nlines", "\"", "grüß 📦", "x\r\ny,"];
        for (n, question) in hard.iter().enumerate() {
            accepted(ask(&app, &key, &format!("s{n}"), question)).await;
        }
        rows(&app, &key, hard.len()).await;
        let table = csv(&app, &key, "").await;
        assert!(table.contains(r#""say ""hi"", ""twice""""#), "quotes are doubled in {table}");
        let mut questions = cells(&table, "question");
        questions.sort();
        let mut expected = hard.map(str::to_owned);
        expected.sort();
        assert_eq!(questions, expected);
    }

    async fn no_cell_is_a_formula(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        let link = "=HYPERLINK(\"https://evil.example\",\"x\")";
        let formulas = ["=1+1", "+1", "-1", "@SUM(A1)", link];
        for (n, question) in formulas.iter().enumerate() {
            let call = ask(&app, &key, &format!("s{n}"), question);
            accepted(call.header("User-Agent", "=cmd|' /C calc'!A0")).await;
        }
        rows(&app, &key, formulas.len()).await;
        let table = csv(&app, &key, "").await;
        let mut questions = cells(&table, "question");
        questions.sort();
        let mut expected = formulas.map(|formula| format!("'{formula}"));
        expected.sort();
        assert_eq!(questions, expected);
        assert!(cells(&table, "user_agent").iter().all(|agent| agent.starts_with("'=cmd")));
    }

    async fn the_table_obeys_the_filters_of_the_list(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        accepted(ask(&app, &key, "s1", "early")).await;
        app.clock.advance(std::time::Duration::from_secs(3600));
        accepted(ask(&app, &key, "s1", "late")).await;
        change_key(&app, &key, json!({"is_active": false})).await;
        ask(&app, &key, "s1", "never").send().await.error(403, "key_inactive").await;
        rows(&app, &key, 3).await;
        let late = csv(&app, &key, "?from=2026-06-15T12:30:00Z&status=ok").await;
        assert_eq!(cells(&late, "question"), ["late"]);
        let refused = csv(&app, &key, "?status=refused").await;
        assert_eq!(cells(&refused, "code"), ["key_inactive"]);
        assert_eq!(cells(&refused, "question"), [""]);
        let call = app.admin(&format!("{}/usage.csv?status=perhaps", path_of(&key)));
        call.send().await.error(400, "invalid_request").await;
    }

    async fn the_table_holds_every_row_and_not_a_page_of_them(backend) {
        let app = start(backend).await;
        let key = make_key(&app, json!({"name": "Shop"})).await;
        for answer in app.at_once(230, |n| ask(&app, &key, &format!("s{n}"), "Hi")).await {
            answer.events().await;
        }
        let look = async || usage(&app, &key, "?limit=1").await;
        eventually("a row for each query", look, |list| list["total"] == 230).await;
        let mut ids = cells(&csv(&app, &key, "").await, "id");
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 230);
        assert!(ids.contains(&text(&usage(&app, &key, "?limit=1").await["items"][0], "id")));
    }
}
