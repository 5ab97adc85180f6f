//! What each field of a license key takes, at its edges.

use serde_json::{Value, json};
use system_tests::app::{complaints, text};
use system_tests::{Call, TestApp, both};

use crate::kit::{
    KEYS, accepted, change_key, column, make_key, patch, path_of, post, read, read_key,
    refused_field, warnings,
};

/// Texts that break what is put together carelessly.
const ODD: &[&str] = &[
    "'; DROP TABLE license_keys; --",
    "\" OR \"\"=\"",
    "x' UNION SELECT key_hash FROM license_keys --",
    "100% _sure_ \\ \\\\ \\%",
    "$1 ? :name {0} ${HOME} #{x} %s %n",
    "<script>alert(1)</script>&amp;<!--",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "Ünïcödé 語 😀 👨‍👩‍👧 e\u{301}",
    "\u{202e}right to left\u{202c}",
    "{\"json\": [1, null]}",
    "null",
    "NaN",
    "ﷺ\u{feff}\u{200b}x",
];

struct Edge {
    field: &'static str,
    accepted: Vec<Value>,
    refused: Vec<Value>,
}

fn edge(
    field: &'static str,
    accepted: impl Into<Vec<Value>>,
    refused: impl Into<Vec<Value>>,
) -> Edge {
    Edge { field, accepted: accepted.into(), refused: refused.into() }
}

fn websites(count: usize) -> Value {
    (0..count).map(|n| Value::from(format!("https://w{n}.example"))).collect()
}

fn addresses(count: usize) -> Value {
    (0..count).map(|n| Value::from(format!("10.0.{}.{}", n / 256, n % 256))).collect()
}

/// An object whose JSON has this many bytes.
fn sized(bytes: usize) -> Value {
    // {"k":"…"} is eight bytes around the value.
    json!({"k": "x".repeat(bytes - 8)})
}

/// Whole numbers between two bounds, and what is not one of them.
fn number(field: &'static str, least: i64, most: Option<i64>) -> Edge {
    let mut refused = vec![
        json!(least - 1),
        json!(-1_000_000_000_000_i64),
        json!(u64::MAX),
        json!(1.5),
        json!("5"),
        json!(true),
        json!([5]),
    ];
    refused.extend(most.map(|most| json!(most + 1)));
    edge(field, [json!(least), json!(most.unwrap_or(1_000_000_000))], refused)
}

fn flag(field: &'static str) -> Edge {
    edge(field, [json!(true), json!(false)], [json!("true"), json!(1), json!([])])
}

/// Strings that mean something, and some that do not.
fn choice(field: &'static str, accepted: &[&str]) -> Edge {
    let accepted: Vec<Value> = accepted.iter().map(|&value| Value::from(value)).collect();
    let upper = accepted[0].as_str().expect("a choice is text").to_uppercase();
    edge(field, accepted, [json!("other"), json!(""), json!(upper), json!(0)])
}

fn edges() -> Vec<Edge> {
    vec![
        edge(
            "name",
            [json!("x"), json!("x".repeat(120)), json!("語".repeat(120))],
            [json!(""), json!("x".repeat(121)), json!("語".repeat(121)), json!(5), json!("a\0b")],
        ),
        edge(
            "description",
            [json!(""), json!("x".repeat(2000)), json!("😀".repeat(2000))],
            [json!("x".repeat(2001)), json!(5), json!(["x"]), json!("a\0b")],
        ),
        edge("websites", [json!([]), websites(200)], [websites(201), json!("x"), json!({})]),
        edge("ip_addresses", [json!([]), addresses(200)], [addresses(201), json!("::1")]),
        number("monthly_usage_limit", 1, None),
        number("rate_limit_per_minute", 1, Some(1_000_000)),
        number("activation_limit", 1, Some(100)),
        number("grace_days", 0, Some(365)),
        edge(
            "metadata",
            [json!({}), sized(4096), json!({"a": [1, null, {"b": "c"}]})],
            [sized(4097), json!([]), json!("{}"), json!({"a\0": 1}), json!({"a": ["\0"]})],
        ),
        choice("restriction", &["none", "websites", "ip_addresses"]),
        choice("identity_mode", &["off", "optional", "required"]),
        edge(
            "expires_at",
            [json!("2026-12-31T23:59:59.000Z"), json!("2020-02-29T00:00:00.000Z"), Value::Null],
            [
                json!("tomorrow"),
                json!(""),
                json!("2026-02-30T00:00:00Z"),
                json!("2026-12-31T25:00:00Z"),
                json!(["2026-12-31T23:59:59Z"]),
            ],
        ),
        flag("is_active"),
        flag("auto_activate_hosts"),
        edge("ui", Vec::<Value>::new(), [json!([]), json!("x"), json!(5)]),
    ]
}

/// Expects a 400 about this field or one of its entries, and nothing else.
async fn refused_within(call: Call, field: &str) {
    let body = call.send().await.error(400, "invalid_request").await;
    let named = complaints(&body);
    assert!(named.len() == 1 && named[0].starts_with(field), "{field} in {body}");
}

both! {
    async fn every_field_takes_what_lies_within_its_limits_and_keeps_it(backend) {
        let app = TestApp::start(backend).await;
        for Edge { field, accepted, .. } in edges() {
            let other = make_key(&app, json!({"name": "Shop"})).await;
            for value in accepted {
                let made = make_key(&app, json!({"name": "Shop", field: value})).await;
                assert_eq!(made[field], value, "{field}");
                assert_eq!(read_key(&app, &made).await[field], value, "{field}");
                let changed = change_key(&app, &other, json!({field: value})).await;
                assert_eq!(changed[field], value, "{field}");
            }
        }
    }

    async fn every_field_refuses_what_lies_beyond_its_limits_and_is_named(backend) {
        let app = TestApp::with(backend).set("NATTER_DEMO", "false").start().await;
        let made = make_key(&app, json!({"name": "Shop"})).await;
        for Edge { field, refused, .. } in edges() {
            for value in refused {
                let body = json!({"name": "Shop", field: value});
                refused_field(post(&app, KEYS, body), field).await;
                refused_field(patch(&app, &path_of(&made), json!({field: value})), field).await;
            }
        }
        let list = read(&app, KEYS).await;
        assert_eq!(list["total"], 1, "what is refused is not made");
        assert_eq!(list["items"][0]["version"], made["version"], "nor changed");
    }

    async fn every_field_that_is_wrong_is_named_at_once(backend) {
        let app = TestApp::start(backend).await;
        let body = json!({"name": "", "grace_days": -1, "activation_limit": 0, "metadata": 5});
        let body = post(&app, KEYS, body).send().await.error(400, "invalid_request").await;
        assert_eq!(complaints(&body), ["activation_limit", "grace_days", "metadata", "name"]);
    }

    async fn odd_texts_come_back_as_they_were_written_and_are_found_by_themselves(backend) {
        let app = TestApp::with(backend).set("NATTER_DEMO", "false").start().await;
        for &odd in ODD {
            let body = json!({"name": odd, "description": odd, "metadata": {odd: [odd]}});
            let made = make_key(&app, body).await;
            let read_back = read_key(&app, &made).await;
            assert_eq!(read_back["name"], odd);
            assert_eq!(read_back["description"], odd);
            assert_eq!(read_back["metadata"], json!({odd: [odd]}));
            let changed = change_key(&app, &made, json!({"description": format!("{odd}!")})).await;
            assert_eq!(changed["description"], format!("{odd}!"));
            let escaped: String = odd.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let found = read(&app, &format!("{KEYS}?q={escaped}")).await;
            assert!(column(&found, "id").contains(&text(&made, "id")), "{odd} in {found}");
        }
        assert_eq!(read(&app, KEYS).await["total"], ODD.len());
        let lines = "one\ntwo\r\n\tthree\u{1}";
        let made = make_key(&app, json!({"name": "Lines", "description": lines})).await;
        assert_eq!(read_key(&app, &made).await["description"], lines);
    }

    async fn a_key_may_be_sent_back_as_it_was_read(backend) {
        let app = TestApp::start(backend).await;
        for fields in [
            json!({}),
            json!({"websites": ["https://shop.example", "blog.example"]}),
            json!({"ip_addresses": ["203.0.113.0/24"]}),
            json!({"restriction": "none", "websites": ["shop.example"]}),
        ] {
            let mut body = fields.clone();
            body["name"] = json!("Shop");
            let made = make_key(&app, body).await;
            let mut read = read_key(&app, &made).await;
            read["description"] = json!("Changed");
            let mut changed = change_key(&app, &made, read.clone()).await;
            for field in ["version", "updated_at"] {
                changed[field] = read[field].clone();
            }
            assert_eq!(changed, read, "{fields}");
        }
    }

    async fn an_expiry_is_told_in_utc_whatever_its_offset_was(backend) {
        let app = TestApp::start(backend).await;
        for (given, told) in [
            ("2026-07-01T02:00:00+02:00", "2026-07-01T00:00:00.000Z"),
            ("2026-07-01T00:00:00Z", "2026-07-01T00:00:00.000Z"),
            ("2026-06-30T20:30:00.5-03:30", "2026-07-01T00:00:00.500Z"),
        ] {
            let made = make_key(&app, json!({"name": "Shop", "expires_at": given})).await;
            assert_eq!(made["expires_at"], told, "{given}");
        }
    }

    async fn a_list_without_a_restriction_beside_it_chooses_the_restriction(backend) {
        let app = TestApp::start(backend).await;
        let websites = json!(["https://shop.example"]);
        let addresses = json!(["203.0.113.7"]);
        for (fields, chosen) in [
            (json!({"websites": websites}), "websites"),
            (json!({"ip_addresses": addresses}), "ip_addresses"),
            (json!({"websites": websites, "ip_addresses": []}), "websites"),
            (json!({"websites": [], "ip_addresses": addresses}), "ip_addresses"),
            (json!({"websites": [], "ip_addresses": []}), "none"),
            (json!({"websites": websites, "restriction": "none"}), "none"),
            (json!({"websites": websites, "restriction": "ip_addresses"}), "ip_addresses"),
            (
                json!({"websites": websites, "ip_addresses": addresses, "restriction": "websites"}),
                "websites",
            ),
        ] {
            let mut body = fields.clone();
            body["name"] = json!("Shop");
            let made = make_key(&app, body).await;
            assert_eq!(made["restriction"], chosen, "{fields}");
            let other = make_key(&app, json!({"name": "Shop"})).await;
            assert_eq!(change_key(&app, &other, fields).await["restriction"], chosen);
        }
        let both_lists = json!({"name": "x", "websites": websites, "ip_addresses": addresses});
        let body = post(&app, KEYS, both_lists.clone());
        assert!(!complaints(&body.send().await.error(400, "invalid_request").await).is_empty());
        let other = make_key(&app, json!({"name": "Shop"})).await;
        let call = patch(&app, &path_of(&other), both_lists);
        call.send().await.error(400, "invalid_request").await;
    }

    async fn a_restriction_is_exactly_one_and_a_change_of_it_keeps_the_lists(backend) {
        let app = TestApp::start(backend).await;
        let lists = json!({"name": "Shop", "restriction": "websites",
            "websites": ["https://shop.example"], "ip_addresses": ["203.0.113.7"]});
        let made = make_key(&app, lists).await;
        let key = text(&made, "key");
        let ask = || app.ask("s1", "Hi").key(&key).origin("https://shop.example");
        accepted(ask()).await;
        let changed = change_key(&app, &made, json!({"restriction": "ip_addresses"})).await;
        assert_eq!(changed["websites"], json!(["https://shop.example"]));
        ask().send().await.error(403, "ip_not_allowed").await;
        change_key(&app, &made, json!({"restriction": "none"})).await;
        accepted(ask().origin("https://any.example")).await;
        change_key(&app, &made, json!({"restriction": "websites"})).await;
        ask().origin("https://any.example").send().await.error(403, "origin_not_allowed").await;
        accepted(ask()).await;
    }

    async fn allowed_domains_are_another_way_to_write_websites(backend) {
        let app = TestApp::start(backend).await;
        for (given, told, list) in [
            (json!("shop.example"), "shop.example", json!(["shop.example"])),
            (
                json!(" shop.example, *.Blog.example ,https://a.example:8443 "),
                "shop.example,*.blog.example,https://a.example:8443",
                json!(["shop.example", "*.blog.example", "https://a.example:8443"]),
            ),
            (
                json!(["a.example", "b.example"]),
                "a.example,b.example",
                json!(["a.example", "b.example"]),
            ),
        ] {
            let made = make_key(&app, json!({"name": "Shop", "allowed_domains": given})).await;
            assert_eq!(made["allowed_domains"], told);
            assert_eq!((&made["restriction"], &made["websites"]), (&json!("websites"), &list));
            let other = make_key(&app, json!({"name": "Shop"})).await;
            let changed = change_key(&app, &other, json!({"allowed_domains": given})).await;
            assert_eq!((&changed["allowed_domains"], &changed["websites"]), (&json!(told), &list));
        }
        let made = make_key(&app, json!({"name": "x", "allowed_domains": "shop.example"})).await;
        let key = text(&made, "key");
        let ask = |origin| app.ask("s1", "Hi").key(&key).origin(origin);
        accepted(ask("http://shop.example")).await;
        accepted(ask("https://shop.example")).await;
        ask("https://www.shop.example").send().await.error(403, "origin_not_allowed").await;
        ask("https://shop.example:8443").send().await.error(403, "origin_not_allowed").await;
    }

    async fn empty_allowed_domains_lift_the_restriction(backend) {
        let app = TestApp::start(backend).await;
        for empty in [json!(""), json!([]), json!(" , "), Value::Null] {
            let made =
                make_key(&app, json!({"name": "x", "allowed_domains": "shop.example"})).await;
            let changed = change_key(&app, &made, json!({"allowed_domains": empty})).await;
            assert_eq!(changed["restriction"], "none", "{empty}");
            assert_eq!(changed["allowed_domains"], "");
            let made = make_key(&app, json!({"name": "x", "allowed_domains": empty})).await;
            assert_eq!((&made["restriction"], &made["websites"]), (&json!("none"), &json!([])));
        }
    }

    async fn allowed_domains_stand_alone_and_are_checked_like_websites(backend) {
        let app = TestApp::start(backend).await;
        let made = make_key(&app, json!({"name": "Shop"})).await;
        for beside in [
            json!({"allowed_domains": "a.example", "ip_addresses": ["203.0.113.7"]}),
            json!({"allowed_domains": "a.example", "websites": ["https://b.example"]}),
        ] {
            let call = patch(&app, &path_of(&made), beside.clone());
            call.send().await.error(400, "invalid_request").await;
            let mut body = beside;
            body["name"] = json!("Shop");
            post(&app, KEYS, body).send().await.error(400, "invalid_request").await;
        }
        for bad in [json!("*"), json!("a.example,*.com"), json!(["a b"]), json!("a\0b"), json!(5)] {
            let body = json!({"name": "Shop", "allowed_domains": bad});
            refused_within(post(&app, KEYS, body), "allowed_domains").await;
        }
        let on_addresses =
            make_key(&app, json!({"name": "x", "ip_addresses": ["203.0.113.7"]})).await;
        assert_eq!(on_addresses["allowed_domains"], "", "websites are not what restricts it");
    }

    async fn websites_are_told_as_they_are_understood(backend) {
        let app = TestApp::start(backend).await;
        let given = [
            "https://Shop.Example",
            " http://www.shop.example:8000 ",
            "https://shop.example:443",
            "https://bücher.example.",
            "*.Example.COM",
            "http://LOCALHOST:3000",
        ];
        let made = make_key(&app, json!({"name": "Shop", "websites": given})).await;
        let told = json!([
            "https://shop.example",
            "http://www.shop.example:8000",
            "https://shop.example",
            "https://xn--bcher-kva.example",
            "*.example.com",
            "http://localhost:3000",
        ]);
        // The same website twice may be kept once.
        let kept = made["websites"].as_array().unwrap();
        let told: Vec<_> = told.as_array().unwrap().iter().collect();
        assert!(kept.iter().all(|website| told.contains(&website)), "{made}");
        assert!(told.iter().all(|website| kept.contains(website)), "{made}");
    }

    async fn a_website_or_address_that_is_none_is_refused(backend) {
        let app = TestApp::start(backend).await;
        for bad in ["", "*", "https://", "*.com", "*.co.uk", "ex*mple.com", "ftp://a.example"] {
            let body = json!({"name": "Shop", "websites": ["https://good.example", bad]});
            refused_within(post(&app, KEYS, body), "websites").await;
        }
        for bad in [
            "",
            "x",
            "300.1.1.1",
            "10.0.0.0/33",
            "2001:db8::/129",
            "10.0.0.1-10.0.0.9",
            "shop.example",
            "10.0.0.0/-1",
            "::ffff:1.2.3",
            "10.0.0.1; DROP TABLE",
        ] {
            let body = json!({"name": "Shop", "ip_addresses": ["203.0.113.7", bad]});
            refused_within(post(&app, KEYS, body), "ip_addresses").await;
        }
        for wrong in [json!([5]), json!([null]), json!([["https://a.example"]])] {
            let body = json!({"name": "Shop", "websites": wrong});
            refused_within(post(&app, KEYS, body), "websites").await;
        }
    }

    async fn addresses_may_be_single_or_networks_of_both_families(backend) {
        let app = TestApp::start(backend).await;
        let good = json!(["203.0.113.7", "10.0.0.0/8", "127.0.0.1/32", "2001:db8::/32", "::1"]);
        let made = make_key(&app, json!({"name": "Shop", "ip_addresses": good})).await;
        assert_eq!(made["ip_addresses"].as_array().map(Vec::len), Some(5));
        accepted(app.ask("s1", "Hi").key(&text(&made, "key"))).await;
    }

    async fn a_key_warns_of_what_its_admin_may_not_have_meant(backend) {
        let app = TestApp::start(backend).await;
        let body = json!({"name": "Shop", "websites": ["https://Example.com/shop?x#y"]});
        let made = make_key(&app, body).await;
        assert_eq!(made["websites"], json!(["https://example.com"]));
        assert_eq!(warnings(&made), ["path_ignored"]);
        let made = make_key(&app, json!({"name": "Shop", "restriction": "websites"})).await;
        assert_eq!(warnings(&made), ["websites_empty"]);
        assert_eq!(warnings(&read_key(&app, &made).await), ["websites_empty"]);
        let changed = change_key(&app, &made, json!({"websites": ["https://a.example/x"]})).await;
        assert_eq!(warnings(&changed), ["path_ignored"]);
        let emptied = change_key(&app, &made, json!({"websites": []})).await;
        assert_eq!(emptied["restriction"], "websites", "an empty list is a choice too");
        assert_eq!(warnings(&emptied), ["websites_empty"]);
        let lifted = change_key(&app, &made, json!({"restriction": "none"})).await;
        assert!(warnings(&lifted).is_empty());
    }

    async fn the_look_is_set_in_part_and_served_to_the_widget(backend) {
        let app = TestApp::start(backend).await;
        let ui = json!({"openerSize": 90, "position": "left", "primaryColor": "#112233"});
        let made = make_key(&app, json!({"name": "Shop", "ui": ui})).await;
        let look = async || {
            let call = app.from_page("/v1/widget/config", "https://shop.example");
            let call = call.set("licenseKey", text(&made, "key"));
            call.send().await.expect(200).await.json().await["ui"].clone()
        };
        let first = look().await;
        for (field, value) in ui.as_object().unwrap() {
            assert_eq!(&first[field], value);
        }
        assert_eq!(first["showCloseButton"], true, "what is not set has its default");
        change_key(&app, &made, json!({"ui": null, "name": "Blog"})).await;
        assert_eq!(look().await["openerSize"], 70);
    }

    async fn whether_a_key_can_be_shown_again_is_chosen_once(backend) {
        let app = TestApp::start(backend).await;
        for chosen in [false, true] {
            let made = make_key(&app, json!({"name": "Shop", "retrievable": chosen})).await;
            let call = patch(&app, &path_of(&made), json!({"retrievable": !chosen}));
            refused_field(call, "retrievable").await;
            let same = change_key(&app, &made, json!({"retrievable": chosen})).await;
            assert_eq!(same["retrievable"], chosen);
        }
        let call = post(&app, KEYS, json!({"name": "Shop", "retrievable": "yes"}));
        refused_field(call, "retrievable").await;
    }
}
