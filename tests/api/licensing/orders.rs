//! Orders: what they issue, once, and how they end.

use serde_json::{Value, json};
use system_tests::app::{complaints, text};
use system_tests::{TestApp, both};

use super::*;
use crate::wait::eventually;

fn under(app: &TestApp, name: &str, body: Value) -> Call {
    post(app, ORDERS, body).header("Idempotency-Key", name)
}

both! {
    async fn an_order_issues_a_retrievable_key_with_the_plans_settings(backend) {
        let app = TestApp::start(backend).await;
        let licenses = json!({
            "activation_limit_enabled": true, "activation_limit": 5, "has_expiry": true,
            "duration_value": 1, "duration_unit": "month", "grace_days": 3,
        });
        let plan = plan(&app, "pro", licenses).await;
        let path = format!("{PLANS}/{}", text(&plan, "id"));
        let more = json!({"metadata": {"tier": "gold", "seats": 1},
            "widget": {"monthly_usage_limit": 50, "agent_id": "demo", "ui": {"title": "Hi"}}});
        patch(&app, &path, more).send().await.expect(200).await;
        let mut body = bought_by(&plan, "c1");
        body["purchased_at"] = json!("2026-01-31T10:00:00Z");
        body["metadata"] = json!({"seats": 7});
        let order = made(&app, ORDERS, body).await;
        assert!(text(&order, "id").starts_with("ORD-"));
        assert_eq!(order["status"], "complete");
        assert_eq!(order["purchased_at"], "2026-01-31T10:00:00.000Z");
        let expires = "2026-02-28T10:00:00.000Z";
        assert_eq!(order["license"]["expires_at"], expires);
        assert_eq!(order["license"]["activation_limit"], 5);
        assert_eq!(order["license"]["activation_usage"], 0);
        let key = key_of(&app, &order).await;
        for (field, value) in [
            ("name", json!("Studio Pro")),
            ("retrievable", json!(true)),
            ("order_id", order["id"].clone()),
            ("expires_at", json!(expires)),
            ("grace_days", json!(3)),
            ("activation_limit", json!(5)),
            ("monthly_usage_limit", json!(50)),
            ("agent_id", json!("demo")),
            ("metadata", json!({"tier": "gold", "seats": 7})),
        ] {
            assert_eq!(key[field], value, "{field} in {key}");
        }
        assert_eq!(key["ui"]["title"], "Hi");
        let revealed = act(&app, &key, "reveal", json!({})).await;
        assert_eq!(revealed["key"], order["license_key"]);
        let again = read(&app, &path_of_order(&order)).await;
        assert_eq!(again.get("license_key"), None, "only the answer that issues it holds the key");
        assert_eq!(again["license"], order["license"]);
    }

    async fn a_plan_without_licenses_issues_none(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "book", json!({"enabled": false})).await;
        let order = order(&app, &plan, "c1").await;
        assert_eq!((&order["license_key_id"], &order["license"]), (&Value::Null, &Value::Null));
        assert_eq!(order.get("license_key"), None);
        assert_eq!(read(&app, "/api/license-keys?q=Studio").await["total"], 0);
        order_action(&app, &order, "refund").send().await.expect(200).await;
    }

    async fn a_changed_plan_is_for_orders_from_then_on(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", limited(Some(2))).await;
        let first = order(&app, &plan, "c1").await;
        let mut pending = bought_by(&plan, "c2");
        pending["status"] = json!("pending");
        let pending = made(&app, ORDERS, pending).await;
        let path = format!("{PLANS}/{}", text(&plan, "id"));
        patch(&app, &path, json!({"licenses": {"activation_limit": 9}, "name": "Max"}))
            .send().await.expect(200).await;
        let second = order(&app, &plan, "c3").await;
        assert_eq!(key_of(&app, &first).await["activation_limit"], 2);
        assert_eq!(second["license"]["activation_limit"], 9);
        let done: Value = order_action(&app, &pending, "complete")
            .send().await.expect(200).await.json().await;
        assert_eq!(done["license"]["activation_limit"], 2, "the terms of the day it was placed");
        assert_eq!(key_of(&app, &done).await["name"], "Studio Pro");
    }

    async fn a_pending_order_has_no_key_until_it_is_completed(backend) {
        let app = TestApp::start(backend).await;
        let licenses = json!({"has_expiry": true, "duration_value": 10, "duration_unit": "day"});
        let plan = plan(&app, "pro", licenses).await;
        let mut body = bought_by(&plan, "c1");
        body["status"] = json!("pending");
        let order = made(&app, ORDERS, body).await;
        assert_eq!((&order["status"], &order["license"]), (&json!("pending"), &Value::Null));
        assert_eq!(order.get("license_key"), None);
        app.clock.advance(2 * DAY);
        let done: Value =
            order_action(&app, &order, "complete").send().await.expect(200).await.json().await;
        assert_eq!(done["status"], "complete");
        assert_eq!(validity(&app, &done).await, "VALID");
        assert_eq!(done["license"]["expires_at"], "2026-06-25T12:00:00.000Z", "from the purchase on");
        let again: Value =
            order_action(&app, &order, "complete").send().await.expect(200).await.json().await;
        assert_eq!(again["license_key"], done["license_key"], "completing again issues no second");
        assert_eq!(read(&app, "/api/license-keys?q=Studio").await["total"], 1);
    }

    async fn refunding_and_cancelling_deactivate_the_key_for_good(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", json!({})).await;
        for (action, status) in [("refund", "refunded"), ("cancel", "cancelled")] {
            let order = order(&app, &plan, action).await;
            assert_eq!(validity(&app, &order).await, "VALID");
            let ended: Value =
                order_action(&app, &order, action).send().await.expect(200).await.json().await;
            assert_eq!((&ended["status"], &ended["license"]["status"]), (&json!(status), &json!("deactivated")));
            assert_eq!(validity(&app, &order).await, "DEACTIVATED");
            let again: Value =
                order_action(&app, &order, action).send().await.expect(200).await.json().await;
            assert_eq!(again, ended, "ending it again changes nothing");
            // No way back.
            order_action(&app, &order, "complete").send().await
                .error(409, "order_status_conflict").await;
            let other = if action == "refund" { "cancel" } else { "refund" };
            order_action(&app, &order, other).send().await
                .error(409, "order_status_conflict").await;
            delete(&app, &path_of_order(&order)).send().await.error(405, "method_not_allowed").await;
            let key = key_of(&app, &order).await;
            patch(&app, &path_of(&key), json!({"is_active": true})).send().await
                .error(403, "key_deactivated").await;
            // What else is changed of it wakes nothing.
            change_key(&app, &key, json!({"expires_at": null, "activation_limit": null})).await;
            let path = format!("{}/regenerate", path_of(&key));
            post(&app, &path, json!({})).send().await.error(403, "key_deactivated").await;
            assert_eq!(validity(&app, &order).await, "DEACTIVATED");
            delete(&app, &path_of(&key)).send().await.error(409, "key_has_order").await;
        }
        let mut pending = bought_by(&plan, "c3");
        pending["status"] = json!("pending");
        let pending = made(&app, ORDERS, pending).await;
        order_action(&app, &pending, "refund").send().await.error(409, "order_status_conflict").await;
        order_action(&app, &pending, "cancel").send().await.expect(200).await;
        order_action(&app, &pending, "complete").send().await.error(409, "order_status_conflict").await;
    }

    async fn the_same_idempotency_key_places_one_order(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", json!({})).await;
        let first = under(&app, "shop-1", bought_by(&plan, "c1")).send().await.expect(201).await;
        assert!(first.headers.get("idempotency-replayed").is_none());
        let first: Value = first.json().await;
        app.clock.advance(DAY);
        let again = under(&app, "shop-1", bought_by(&plan, "c1")).send().await.expect(201).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.json().await, first, "the key is in it, too");
        let other = under(&app, "shop-1", bought_by(&plan, "c2")).send().await;
        other.error(422, "idempotency_mismatch").await;
        under(&app, "shop-2", bought_by(&plan, "c1")).send().await.expect(201).await;
        assert_eq!(read(&app, ORDERS).await["total"], 2);
        refused_field(under(&app, &"k".repeat(256), bought_by(&plan, "c1")), "Idempotency-Key").await;
        under(&app, &"k".repeat(255), bought_by(&plan, "c1")).send().await.expect(201).await;
    }

    async fn a_call_made_twenty_times_at_once_places_one_order(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", json!({})).await;
        let answers = app.at_once(20, |_| under(&app, "once", bought_by(&plan, "c1"))).await;
        let mut orders = Vec::new();
        for answer in answers {
            orders.push(answer.expect(201).await.json().await);
        }
        assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
        assert_eq!(read(&app, ORDERS).await["total"], 1);
        assert_eq!(read(&app, "/api/license-keys?q=Studio").await["total"], 1);
    }

    async fn a_refused_order_leaves_nothing_behind_and_frees_its_idempotency_key(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", json!({})).await;
        let mut body = bought_by(&plan, "c1");
        body["metadata"] = json!({"a": "x".repeat(5000)});
        let refused = under(&app, "shop-1", body).send().await;
        assert_eq!(complaints(&refused.error(400, "invalid_request").await), ["metadata"]);
        assert_eq!(read(&app, ORDERS).await["total"], 0);
        under(&app, "shop-1", bought_by(&plan, "c1")).send().await.expect(201).await;
    }

    async fn metadata_of_order_and_plan_share_four_kibibytes(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", json!({})).await;
        // {"a":"…"} is eight bytes around the text.
        let with = |n: usize, status: &str| {
            let mut body = bought_by(&plan, "c1");
            body["metadata"] = json!({"a": "x".repeat(n)});
            body["status"] = json!(status);
            post(&app, ORDERS, body)
        };
        with(4096 - 8, "complete").send().await.expect(201).await;
        refused_field(with(4096 - 7, "complete"), "metadata").await;
        let path = format!("{PLANS}/{}", text(&plan, "id"));
        patch(&app, &path, json!({"metadata": {"b": 1}})).send().await.expect(200).await;
        // ,"b":1 is six more.
        with(4096 - 14, "complete").send().await.expect(201).await;
        for status in ["complete", "pending"] {
            refused_field(with(4096 - 13, status), "metadata").await;
        }
    }

    async fn what_is_wrong_with_an_order_is_named_by_its_field(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", json!({})).await;
        let with = |field: &str, value: Value| {
            let mut body = bought_by(&plan, "c1");
            body[field] = value;
            body
        };
        for (body, field) in [
            (with("plan_id", Value::Null), "plan_id"),
            (with("plan_id", json!("studio/max")), "plan_id"),
            (with("plan_id", json!("01ARZ3NDEKTSV4RRFFQ69G5FAV")), "plan_id"),
            (with("customer", Value::Null), "customer"),
            (with("customer", json!({})), "customer.id"),
            (with("customer", json!({"id": "c".repeat(201)})), "customer.id"),
            (with("customer", json!({"id": "c", "email": "nobody"})), "customer.email"),
            (with("customer", json!({"id": "c", "phone": "1"})), "customer.phone"),
            (with("purchased_at", json!("yesterday")), "purchased_at"),
            (with("purchased_at", json!("1969-12-31T23:59:59Z")), "purchased_at"),
            (with("purchased_at", json!(1_780_000_000)), "purchased_at"),
            (with("status", json!("refunded")), "status"),
            (with("status", json!("paid")), "status"),
            (with("price", json!(5)), "price"),
        ] {
            refused_field(post(&app, ORDERS, body), field).await;
        }
        assert_eq!(read(&app, ORDERS).await["total"], 0);
        let by_name = made(&app, ORDERS, with("plan_id", json!("studio/pro"))).await;
        assert_eq!(by_name["plan_id"], plan["id"]);
        for id in ["ORD-x", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "ORD-01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
            app.admin(&format!("{ORDERS}/{id}")).send().await.error(404, "not_found").await;
        }
    }

    async fn of_an_order_only_the_customer_is_changed(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        let path = path_of_order(&order);
        let changed: Value = patch(&app, &path, json!({"customer": {"email": "ada@example.com"}, "version": 1}))
            .send().await.expect(200).await.json().await;
        assert_eq!(changed["customer"], json!({"id": "c1", "name": "Ada Lovelace", "email": "ada@example.com"}));
        assert_eq!(changed["version"], 2);
        patch(&app, &path, json!({"customer": {"name": "X"}, "version": 1})).send().await
            .error(409, "version_conflict").await;
        for field in ["status", "plan_id", "plan_name", "product_name", "purchased_at", "metadata"] {
            refused_field(patch(&app, &path, json!({field: "x"})), field).await;
        }
        refused_field(patch(&app, &path, json!({"customer": {"email": "x"}})), "customer.email").await;
        let log = read(&app, &format!("/api/audit-log?subject_id={}", text(&order, "id"))).await;
        assert!(!log.to_string().contains("ada@example.com"), "the log holds no customer's data");
        assert_eq!(column(&log, "action"), ["order.updated", "order.created"]);
    }

    async fn orders_are_found_by_customer_status_and_plan(backend) {
        let app = TestApp::start(backend).await;
        let (pro, max) = (plan(&app, "pro", json!({})).await, plan(&app, "max", json!({})).await);
        let first = order(&app, &pro, "c-1").await;
        app.clock.advance(std::time::Duration::from_millis(1));
        let mut second = bought_by(&max, "c-2");
        second["customer"]["email"] = json!("Grace_Hopper@example.com");
        let second = made(&app, ORDERS, second).await;
        order_action(&app, &first, "refund").send().await.expect(200).await;
        let ids = async |query: &str| column(&read(&app, &format!("{ORDERS}?{query}")).await, "id");
        let (a, b) = (text(&first, "id"), text(&second, "id"));
        assert_eq!(ids("").await, [b.clone(), a.clone()]);
        for (query, expected) in [
            ("q=grace_hopper", vec![&b]), ("q=c-1", vec![&a]), ("q=lovelace", vec![&b, &a]),
            (format!("q={a}").as_str(), vec![&a]), ("q=c_1", vec![]),
            ("status=refunded", vec![&a]), ("status=complete", vec![&b]),
            (format!("plan_id={}", text(&max, "id")).as_str(), vec![&b]),
            ("customer_id=c-2", vec![&b]), ("customer_id=c-", vec![]),
        ] {
            assert_eq!(ids(query).await.iter().collect::<Vec<_>>(), expected, "{query}");
        }
        app.clock.advance(std::time::Duration::from_millis(1));
        let mut unpaid = bought_by(&pro, "c-3");
        unpaid["status"] = json!("pending");
        let unpaid = text(&made(&app, ORDERS, unpaid).await, "id");
        assert_eq!(ids("licensed=true").await, [b.clone(), a.clone()], "not the unpaid one");
        assert_eq!(read(&app, &format!("{ORDERS}?licensed=true&limit=1")).await["total"], 2);
        assert_eq!(ids("licensed=false").await, [unpaid.clone(), b.clone(), a.clone()]);
        order_action(&app, &json!({"id": unpaid}), "cancel").send().await.expect(200).await;
        let page = read(&app, &format!("{ORDERS}?licensed=true&limit=1")).await;
        assert_eq!((column(&page, "id"), &page["total"]), (vec![b], &json!(2)));
        let cursor = text(&page, "next_cursor");
        assert_eq!(ids(&format!("licensed=true&limit=1&cursor={cursor}")).await, [a]);
        for field in ["status", "license_status"] {
            let wrong = app.admin(&format!("{ORDERS}?{field}=paid")).send().await;
            assert_eq!(complaints(&wrong.error(400, "invalid_request").await), [field]);
        }
    }

    async fn orders_are_found_by_how_their_license_stands(backend) {
        let app = TestApp::start(backend).await;
        let pro = plan(&app, "pro", json!({})).await;
        let (good, off) = (order(&app, &pro, "c-1").await, order(&app, &pro, "c-2").await);
        let (over, ended) = (order(&app, &pro, "c-3").await, order(&app, &pro, "c-4").await);
        change_key(&app, &key_of(&app, &off).await, json!({"is_active": false})).await;
        // A grace does not make it active: the list of keys says expired as well.
        let past = json!({"expires_at": "2020-01-01T00:00:00Z", "grace_days": 365});
        change_key(&app, &key_of(&app, &over).await, past).await;
        order_action(&app, &ended, "refund").send().await.expect(200).await;
        let mut unpaid = bought_by(&pro, "c-5");
        unpaid["status"] = json!("pending");
        made(&app, ORDERS, unpaid).await;
        for (status, expected) in
            [("active", &good), ("inactive", &off), ("expired", &over), ("deactivated", &ended)]
        {
            let page = read(&app, &format!("{ORDERS}?license_status={status}")).await;
            assert_eq!(column(&page, "id"), [text(expected, "id")], "{status}");
            assert_eq!(page["total"], 1, "{status}");
        }
    }

    async fn an_order_is_found_by_the_last_four_of_its_license_key(backend) {
        let app = TestApp::start(backend).await;
        let pro = plan(&app, "pro", json!({})).await;
        let (one, other) = (order(&app, &pro, "c-1").await, order(&app, &pro, "c-2").await);
        let hint = text(&one["license"], "key_hint");
        let last = hint.rsplit('-').next().unwrap().to_owned();
        assert_ne!(hint, text(&other["license"], "key_hint"));
        for q in [last.clone(), last.to_lowercase(), format!("%20{last}%20")] {
            let page = read(&app, &format!("{ORDERS}?licensed=true&q={q}")).await;
            assert_eq!(column(&page, "id"), [text(&one, "id")], "{q}");
            assert_eq!(page["total"], 1, "{q}");
        }
        // Nothing but the group itself finds it, and no pattern is taken as one.
        for q in [format!("-{last}"), format!("A{last}"), "%25%25%25%25".into(), "____".into()] {
            assert_eq!(read(&app, &format!("{ORDERS}?q={q}")).await["total"], 0, "{q}");
        }
    }

    async fn an_order_says_to_the_millisecond_whether_its_license_is_in_grace(backend) {
        let app = TestApp::start(backend).await;
        let pro = plan(&app, "pro", json!({})).await;
        let order = order(&app, &pro, "c-1").await;
        let expires = app.clock.now_ms() + i64::try_from(DAY.as_millis()).unwrap();
        let change = json!({"expires_at": server::clock::rfc3339(expires), "grace_days": 2});
        change_key(&app, &key_of(&app, &order).await, change).await;
        let stands = async || {
            let license = read(&app, &path_of_order(&order)).await["license"].clone();
            (text(&license, "status"), license["in_grace"] == true)
        };
        let millisecond = std::time::Duration::from_millis(1);
        app.clock.advance(DAY - millisecond);
        assert_eq!(stands().await, ("active".to_owned(), false));
        app.clock.advance(millisecond);
        assert_eq!(stands().await, ("expired".to_owned(), true));
        app.clock.advance(2 * DAY - millisecond);
        assert_eq!(stands().await, ("expired".to_owned(), true));
        app.clock.advance(millisecond);
        assert_eq!(stands().await, ("expired".to_owned(), false));
    }

    async fn an_order_survives_a_killed_server_with_its_key(backend) {
        let mut app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        app.kill();
        app.start_again().await;
        assert_eq!(validity(&app, &order).await, "VALID");
        let kept = read(&app, &path_of_order(&order)).await;
        assert_eq!(kept["license_key_id"], order["license_key_id"]);
    }

    async fn regenerating_ends_all_activations_and_the_old_key_at_once(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, Some(2)).await;
        let instance = activate(&app, &order).await;
        let key = key_of(&app, &order).await;
        let body = json!({"overlap_seconds": 60});
        let path = format!("{}/regenerate", path_of(&key));
        refused_field(post(&app, &path, body), "overlap_seconds").await;
        let new = act(&app, &key, "regenerate", json!({})).await;
        let old = about(&app, VALIDATE, &order, json!({})).send().await.expect(404).await;
        assert_eq!(old.json().await["code"], "INVALID_KEY");
        let renewed = json!({"license_key": new["key"]});
        assert_eq!(validity(&app, &renewed).await, "VALID");
        let gone = about(&app, VALIDATE, &renewed, json!({"instanceId": instance["instanceId"]}));
        let gone = gone.send().await.expect(404).await.json().await;
        assert_eq!(gone["code"], "INSTANCE_NOT_FOUND");
        assert_eq!(validate(&app, &renewed).await["license"]["activationUsage"], 0);
        let order = read(&app, &path_of_order(&order)).await;
        assert_eq!(order["license"]["key_hint"], new["key_hint"]);
    }

    async fn the_log_of_changes_names_who_did_what_to_an_order(backend) {
        let app = TestApp::start(backend).await;
        let order = sold(&app, None).await;
        order_action(&app, &order, "refund").send().await.expect(200).await;
        let path = format!("/api/audit-log?subject_id={}", text(&order, "id"));
        let log = eventually("both lines", async || read(&app, &path).await, |log| log["total"] == 2).await;
        assert_eq!(column(&log, "action"), ["order.refunded", "order.created"]);
        for line in log["items"].as_array().unwrap() {
            assert_eq!(line["actor"]["name"], "ADMIN_API_KEY");
        }
        assert_eq!(log["items"][0]["changes"]["status"], json!(["complete", "refunded"]));
        let of_key = format!("/api/audit-log?subject_id={}", text(&order, "license_key_id"));
        let log = read(&app, &of_key).await;
        assert_eq!(column(&log, "action"), ["license_key.deactivated"]);
        assert_eq!(log["items"][0]["actor"]["name"], "ADMIN_API_KEY");
        // A key that was deactivated before is not deactivated a second time.
        let order = super::order(&app, &json!({"id": order["plan_id"]}), "c2").await;
        let key = key_of(&app, &order).await;
        act(&app, &key, "deactivate", json!({})).await;
        order_action(&app, &order, "cancel").send().await.expect(200).await;
        let of_key = format!("/api/audit-log?subject_id={}", text(&key, "id"));
        assert_eq!(column(&read(&app, &of_key).await, "action"), ["license_key.deactivated"]);
    }

    async fn an_order_names_its_plan_and_product_as_they_are_called_now(backend) {
        let app = TestApp::start(backend).await;
        let plan = plan(&app, "pro", json!({})).await;
        let placed = order(&app, &plan, "c1").await;
        let path = path_of_order(&placed);
        let names = |order: &Value| (text(order, "plan_name"), text(order, "product_name"));
        let shown = async || {
            let listed = read(&app, ORDERS).await["items"][0].clone();
            assert_eq!(listed, read(&app, &path).await);
            names(&listed)
        };
        let first = ("Pro".to_owned(), "Studio".to_owned());
        assert_eq!((names(&placed), shown().await), (first.clone(), first));
        for (path, name) in [
            (format!("{PLANS}/{}", text(&plan, "id")), "Max"),
            (format!("{PRODUCTS}/{}", text(&plan, "product_id")), "Suite"),
        ] {
            patch(&app, &path, json!({"name": name})).send().await.expect(200).await;
        }
        let now = ("Max".to_owned(), "Suite".to_owned());
        assert_eq!(shown().await, now);
        let changed = patch(&app, &path, json!({"customer": {"name": "Ada"}}));
        assert_eq!(names(&changed.send().await.expect(200).await.json().await), now);
        let ended = order_action(&app, &placed, "refund").send().await.expect(200).await;
        assert_eq!(names(&ended.json().await), now);
    }
}
