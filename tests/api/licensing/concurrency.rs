//! The limit holds whoever asks at once, and on however many servers.

use serde_json::json;
use system_tests::app::text;
use system_tests::{Client, TestApp, both};

use super::*;
use crate::revocation::second_server;

async fn tally(answers: Vec<Answer>) -> (usize, usize) {
    let (mut made, mut refused) = (0, 0);
    for answer in answers {
        match answer.status {
            201 => made += 1,
            403 => refused += 1,
            other => panic!("unexpected status {other}"),
        }
    }
    (made, refused)
}

both! {
    async fn forty_activations_at_once_on_a_limit_of_five_give_five(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(5)).await;
        let answers = app.at_once(40, |_| about(&app, ACTIVATE, &order, json!({}))).await;
        assert_eq!(tally(answers).await, (5, 35));
        let license = &validate(&app, &order).await["license"];
        assert_eq!(license["activationUsage"], 5);
        let key = text(&order, "license_key_id");
        assert_eq!(read(&app, &format!("{KEYS}/{key}/activations")).await["total"], 5);
    }

    async fn websites_and_devices_at_once_share_one_limit(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(5)).await;
        let answers = app.at_once(40, |n| {
            if n % 2 == 0 {
                return about(&app, ACTIVATE, &order, json!({}));
            }
            let call = app.from_page("/v1/widget/session", &format!("https://shop{n}.example"));
            call.set("licenseKey", text(&order, "license_key"))
        }).await;
        let let_in = answers.iter().filter(|answer| matches!(answer.status, 200 | 201)).count();
        let refused = answers.iter().filter(|answer| answer.status == 403).count();
        assert_eq!((let_in, refused), (5, 35));
        assert_eq!(validate(&app, &order).await["license"]["activationUsage"], 5);
        let key = text(&order, "license_key_id");
        assert_eq!(read(&app, &format!("{KEYS}/{key}/activations")).await["total"], 5);
    }

    async fn two_servers_hold_one_limit(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(5)).await;
        let second = second_server(&app).await;
        let other = Client::new(&format!("http://{}", second.addr()));
        let answers = app.at_once(40, |n| {
            let call = about(&app, ACTIVATE, &order, json!({}));
            if n % 2 == 0 {
                return call;
            }
            let body = json!({"licenseKey": order["license_key"]});
            let call = other.request(reqwest::Method::POST, ACTIVATE);
            call.header("Content-Type", "application/json").raw_body(body.to_string())
        }).await;
        assert_eq!(tally(answers).await, (5, 35));
        assert_eq!(validate(&app, &order).await["license"]["activationUsage"], 5);
        second.abort();
    }

    async fn one_fingerprint_at_once_from_everywhere_is_one_activation(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(1)).await;
        let device = json!({"fingerprint": "mac-1"});
        let answers = app.at_once(20, |_| about(&app, ACTIVATE, &order, device.clone())).await;
        let mut ids = std::collections::BTreeSet::new();
        let mut new = 0;
        for answer in answers {
            new += usize::from(answer.status == 201);
            assert!(matches!(answer.status, 200 | 201));
            ids.insert(text(&answer.json().await, "instanceId"));
        }
        assert_eq!((new, ids.len()), (1, 1));
    }

    async fn letting_go_at_once_frees_one_place(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(2)).await;
        let id = json!({"instanceId": activate(&app, &order).await["instanceId"]});
        activate(&app, &order).await;
        let answers = app.at_once(10, |_| about(&app, DEACTIVATE, &order, id.clone())).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
        assert_eq!(validate(&app, &order).await["license"]["activationUsage"], 1);
    }

    async fn places_taken_and_given_back_at_once_are_counted_right(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(3)).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(activate(&app, &order).await["instanceId"].clone());
        }
        let key = text(&order, "license_key_id");
        let answers = app.at_once(30, |n| match n {
            0 | 1 => about(&app, DEACTIVATE, &order, json!({"instanceId": ids[n]})),
            2 => delete(&app, &format!("{KEYS}/{key}/activations/{}", ids[2].as_str().unwrap())),
            _ => about(&app, ACTIVATE, &order, json!({})),
        }).await;
        assert!(answers.iter().all(|answer| answer.status < 500));
        let used = validate(&app, &order).await["license"]["activationUsage"].clone();
        let list = read(&app, &format!("{KEYS}/{key}/activations")).await;
        assert_eq!(list["total"], used, "the counter agrees with the activations");
        assert!(used.as_i64().unwrap() <= 3);
    }

    async fn refunding_while_it_is_activated_leaves_nothing_usable(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        let answers = app.at_once(20, |n| match n {
            10 => order_action(&app, &order, "refund"),
            _ => about(&app, ACTIVATE, &order, json!({})),
        }).await;
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 201 | 403)));
        assert_eq!(validity(&app, &order).await, "DEACTIVATED");
        refusal(about(&app, ACTIVATE, &order, json!({})).send().await, 403).await;
    }
}
