//! Which website a pattern means: as the check tells it, and as a chat meets it.

use reqwest::header::HeaderValue;
use serde_json::{Value, json};
use system_tests::app::text;
use system_tests::{Call, TestApp, both};

use crate::kit::{accepted, make_key, post, raw_exchange, refused_field, warnings};

const CHECK: &str = "/api/check/website";

async fn check(app: &TestApp, body: Value) -> Value {
    post(app, CHECK, body).send().await.expect(200).await.json().await
}

async fn normalized(app: &TestApp, pattern: &str) -> String {
    text(&check(app, json!({"pattern": pattern})).await, "normalized")
}

async fn key_for(app: &TestApp, websites: &[&str]) -> String {
    text(&make_key(app, json!({"name": "Shop", "websites": websites})).await, "key")
}

async fn refused(call: Call) {
    call.send().await.error(403, "origin_not_allowed").await;
}

/// A chat request as bytes, with these lines among its headers.
fn raw_chat(key: &str, headers: &[&str]) -> Vec<u8> {
    let body = json!({"sessionId": "s1", "message": "Hi"}).to_string();
    let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    format!(
        "POST /v1/chat HTTP/1.1\r\nHost: natter.example\r\nContent-Type: application/json\r\n\
         X-Api-Key: {key}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

both! {
    async fn a_pattern_is_told_in_one_spelling(backend) {
        let app = TestApp::start(backend).await;
        for (pattern, told) in [
            ("https://example.com", "https://example.com"),
            ("https://Example.COM", "https://example.com"),
            ("HTTPS://example.com", "https://example.com"),
            ("  https://example.com\t", "https://example.com"),
            ("https://example.com/", "https://example.com"),
            ("https://example.com/a/b?c=d#e", "https://example.com"),
            ("https://example.com?c", "https://example.com"),
            ("https://example.com#e", "https://example.com"),
            ("https://example.com.", "https://example.com"),
            ("https://example.com:443", "https://example.com"),
            ("http://example.com:80", "http://example.com"),
            ("https://example.com:80", "https://example.com:80"),
            ("http://www.example.com:8000", "http://www.example.com:8000"),
            ("http://www.example.com.:8000/x", "http://www.example.com:8000"),
            ("https://*.example.com", "https://*.example.com"),
            ("https://*.Example.com.:8443/x", "https://*.example.com:8443"),
            ("https://*.shop.example.co.uk", "https://*.shop.example.co.uk"),
            ("*.example.co.uk", "*.example.co.uk"),
            ("*.me.github.io", "*.me.github.io"),
            ("me.github.io", "me.github.io"),
            ("example.com", "example.com"),
            ("EXAMPLE.com.", "example.com"),
            ("example.com/x", "example.com"),
            ("*.Example.com", "*.example.com"),
            ("example.com:8080", "example.com:8080"),
            ("localhost", "localhost"),
            ("localhost:3000", "localhost:3000"),
            ("http://LOCALHOST:3000", "http://localhost:3000"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("192.168.1.10", "192.168.1.10"),
            ("https://192.168.1.10", "https://192.168.1.10"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
            ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("https://BÜCHER.example", "https://xn--bcher-kva.example"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
            ("*.bücher.example", "*.xn--bcher-kva.example"),
            ("https://例え.テスト", "https://xn--r8jz45g.xn--zckzah"),
            ("https://faß.example", "https://xn--fa-hia.example"),
            ("https://example。com", "https://example.com"),
            ("https://my_shop.example.com", "https://my_shop.example.com"),
        ] {
            assert_eq!(normalized(&app, pattern).await, told, "{pattern}");
            assert_eq!(normalized(&app, told).await, told, "what is told is a pattern itself");
        }
    }

    async fn what_is_no_pattern_is_refused_by_name(backend) {
        let app = TestApp::start(backend).await;
        for bad in [
            "",
            " ",
            "*",
            "*.",
            "*.*",
            "https://",
            "https://*",
            "https://*.",
            "http://*/",
            "://example.com",
            "https:///",
            // Half of the web, or everybody on somebody else's.
            "*.com",
            "https://*.com",
            "*.COM.",
            "*.example",
            "*.co.uk",
            "https://*.co.uk",
            "*.CO.uk.",
            "*.github.io",
            "https://*.github.io",
            "*.foo.ck",
            "*.公司.cn",
            "*.xn--55qx5d.cn",
            // A star anywhere else.
            "ex*mple.com",
            "https://ex*mple.com",
            "*example.com",
            "**.example.com",
            "*.*.example.com",
            "www.*.example.com",
            "https://www.*.com",
            "example.*",
            "https://example.com:*",
            "*://example.com",
            // Stars on what has no subdomains.
            "*.192.168.1.1",
            "https://*.[::1]",
            // Other schemes, and what is more than a website.
            "ftp://example.com",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/html,x",
            "chrome-extension://abcdefghijklmnop",
            "ws://example.com",
            "https://user@example.com",
            "https://user:secret@example.com",
            "https://exa mple.com",
            "https://example.com:99999",
            "https://example.com:port",
            "https://[::1",
            "https://[::g]",
            "https://.",
            "https://256.1.1.1",
            "example.com, example.org",
            "https://a.example https://b.example",
            "https://example.com\0",
        ] {
            refused_field(post(&app, CHECK, json!({"pattern": bad})), "pattern").await;
        }
        for wrong in [json!(null), json!(5), json!(["https://example.com"])] {
            let call = post(&app, CHECK, json!({"pattern": wrong}));
            call.send().await.error(400, "invalid_request").await;
        }
        refused_field(post(&app, CHECK, json!({"url": "https://example.com"})), "pattern").await;
    }

    async fn the_check_says_what_a_pattern_means_and_warns(backend) {
        let app = TestApp::start(backend).await;
        for pattern in ["https://example.com", "*.example.com", "localhost:3000"] {
            let body = check(&app, json!({"pattern": pattern})).await;
            assert!(!text(&body, "explanation").is_empty());
            assert_eq!(body["matches"], Value::Null, "no address was given to try");
            assert!(warnings(&body).is_empty(), "{body}");
        }
        for pattern in ["https://example.com/shop", "example.com?x", "https://*.example.com#y"] {
            let body = check(&app, json!({"pattern": pattern})).await;
            assert_eq!(warnings(&body), ["path_ignored"], "{pattern}");
        }
    }

    async fn a_pattern_means_what_its_author_meant(backend) {
        let app = TestApp::start(backend).await;
        for (pattern, url, meant) in [
            ("https://example.com", "https://example.com", true),
            ("https://example.com", "https://example.com/any/path?x#y", true),
            ("https://example.com/only/here", "https://example.com/elsewhere", true),
            ("https://example.com", "HTTPS://EXAMPLE.com.", true),
            ("https://example.com.", "https://example.com", true),
            ("https://example.com", "https://example.com:443", true),
            ("https://example.com:443", "https://example.com", true),
            ("https://example.com", "http://example.com", false),
            ("https://example.com", "http://example.com:443", false),
            ("https://example.com", "https://example.com:8443", false),
            ("https://example.com", "https://www.example.com", false),
            ("https://sub.example.com", "https://sub.example.com", true),
            ("https://sub.example.com", "https://example.com", false),
            ("https://*.example.com", "https://www.example.com", true),
            ("https://*.example.com", "https://a.b.c.example.com.", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "http://www.example.com", false),
            ("https://*.example.com", "https://www.example.com:8443", false),
            ("https://*.example.com", "https://evilexample.com", false),
            ("https://*.example.com", "https://www.example.com.evil.net", false),
            ("https://*.example.com:8443", "https://www.example.com:8443", true),
            ("https://*.example.com:8443", "https://www.example.com", false),
            ("http://www.example.com:8000", "http://www.example.com:8000/", true),
            ("http://www.example.com:8000", "http://www.example.com", false),
            ("http://www.example.com:8000", "http://www.example.com:8001", false),
            ("example.com", "https://example.com", true),
            ("example.com", "http://example.com", true),
            ("example.com", "http://example.com:80", true),
            ("example.com", "https://example.com:8443", false),
            ("example.com", "https://www.example.com", false),
            ("*.example.com", "http://www.example.com", true),
            ("*.example.com", "https://example.com", false),
            ("localhost:3000", "http://localhost:3000", true),
            ("localhost:3000", "http://localhost", false),
            ("localhost:3000", "http://localhost:3001", false),
            ("localhost", "http://localhost", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080", true),
            ("http://127.0.0.1:8080", "http://localhost:8080", false),
            ("http://[::1]:8080", "http://[0:0::1]:8080", true),
            ("https://bücher.example", "https://xn--bcher-kva.example", true),
            ("https://xn--bcher-kva.example", "https://bücher.example/x", true),
            ("*.bücher.example", "https://www.BÜCHER.example", true),
            ("https://example.com", "https://example.com.evil.net", false),
            ("https://example.com", "https://example.com@evil.net", false),
            ("https://example.com", "https://evil.net/https://example.com", false),
            ("https://example.com", "https://evil.net#https://example.com", false),
            ("https://example.com", "https://example.co", false),
            ("https://example.com", "https://examp1e.com", false),
            // With a Cyrillic а.
            ("https://example.com", "https://ex\u{430}mple.com", false),
            ("https://example.com", "https://exámple.com", false),
            ("https://example.com", "ftp://example.com", false),
        ] {
            let body = check(&app, json!({"pattern": pattern, "url": url})).await;
            assert_eq!(body["matches"], meant, "{pattern} and {url}");
        }
    }

    async fn a_chat_is_taken_from_the_meant_websites_and_from_no_look_alike(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let websites = [
            "https://example.com",
            "*.shop.example",
            "http://localhost:3000",
            "https://bücher.example",
        ];
        let key = key_for(&app, &websites).await;
        let ask = |origin: &str| app.ask("s1", "Hi").key(&key).origin(origin);
        for good in [
            "https://example.com",
            "https://EXAMPLE.com",
            "https://example.com.",
            "https://example.com:443",
            "http://a.b.shop.example",
            "http://localhost:3000",
            "https://xn--bcher-kva.example",
        ] {
            accepted(ask(good)).await;
        }
        for bad in [
            "http://example.com",
            "https://example.com:444",
            "https://www.example.com",
            "https://example.com.evil.net",
            "https://evil-example.com",
            "https://example.comevil.net",
            "https://example.com@evil.net",
            "https://evil.net?https://example.com",
            "https://shop.example",
            "https://evilshop.example",
            "http://localhost",
            "http://localhost:30000",
            "http://127.0.0.1:3000",
            "https://xn--bcher-kvb.example",
            "https://",
            "example.com",
            "//example.com",
            "https:example.com.evil.net",
            "null",
            "NULL",
            "",
            "*",
            "file://",
            "chrome-extension://example.com",
            "https://example.com, https://evil.net",
            "https://example.com https://evil.net",
            "https://evil.net https://example.com",
        ] {
            refused(ask(bad)).await;
        }
    }

    async fn the_referer_stands_in_for_a_missing_origin_alone(backend) {
        let app = TestApp::start(backend).await;
        let key = key_for(&app, &["https://shop.example"]).await;
        let ask = || app.ask("s1", "Hi").key(&key);
        for good in [
            "https://shop.example",
            "https://shop.example/cart?x=1#y",
            "https://SHOP.example.:443/cart",
        ] {
            accepted(ask().header("Referer", good)).await;
        }
        for bad in [
            "https://evil.example/?https://shop.example",
            "https://shop.example@evil.example/",
            "https://shop.example.evil.example/",
            "http://shop.example/",
            "/cart",
            "about:blank",
            "about:client",
            "null",
            "",
        ] {
            refused(ask().header("Referer", bad)).await;
        }
        for origin in ["null", "", "https://evil.example", "junk"] {
            refused(ask().origin(origin).header("Referer", "https://shop.example/")).await;
        }
        accepted(ask().origin("https://shop.example").header("Referer", "https://evil.example/"))
            .await;
        refused(ask()).await;
    }

    async fn the_widget_is_bound_to_the_same_websites(backend) {
        let app = TestApp::start(backend).await;
        let key = key_for(&app, &["*.shop.example"]).await;
        for path in ["/v1/widget/config", "/v1/widget/session"] {
            let call = |origin| app.from_page(path, origin).set("licenseKey", key.as_str());
            call("https://www.shop.example").send().await.expect(200).await;
            for bad in ["https://shop.example", "https://www.shop.example.evil.net", "null"] {
                refused(call(bad)).await;
            }
            refused(call("x").without("origin")).await;
            let referer = call("x").without("origin");
            let referer = referer.header("Referer", "https://www.shop.example/cart");
            referer.send().await.expect(200).await;
        }
    }

    async fn an_oversized_or_odd_origin_is_refused_without_a_failure(backend) {
        let app = TestApp::with(backend).unhurried().start().await;
        let key = key_for(&app, &["https://shop.example"]).await;
        let long = "a".repeat(8 * 1024);
        let labels = "a.".repeat(4 * 1024);
        let mut values = vec![
            HeaderValue::from_bytes(b"https://shop.example\xff").unwrap(),
            HeaderValue::from_bytes(b"\xff\xfe\x80").unwrap(),
            HeaderValue::from_bytes(b"https://shop.example\t").unwrap(),
            HeaderValue::from_bytes("https://b\u{fc}cher.example".as_bytes()).unwrap(),
        ];
        for text in [
            format!("https://{long}"),
            format!("https://{labels}shop.example"),
            format!("https://shop.example.{labels}evil.net"),
            format!("https://shop.example:{}", "9".repeat(8 * 1024)),
            format!("https://xn--{long}.example"),
            format!("https://[{}]", ":".repeat(8 * 1024)),
            "%".repeat(8 * 1024),
            "https://".repeat(1024),
        ] {
            values.push(HeaderValue::from_str(&text).unwrap());
        }
        for value in values {
            for header in ["Origin", "Referer"] {
                let told = format!("{header}: {:.60}", String::from_utf8_lossy(value.as_bytes()));
                let answer = app.ask("s1", "Hi").key(&key).raw_header(header, value.clone());
                let status = answer.send().await.status;
                // White space around a value is no part of it.
                let blank = value.as_bytes().ends_with(b"\t");
                let taken = blank && status == 200;
                assert!(taken || (400..500).contains(&status), "{told}: {status}");
            }
        }
        accepted(app.ask("s1", "Hi").key(&key).origin("https://shop.example")).await;
    }

    async fn several_origins_are_none(backend) {
        let app = TestApp::start(backend).await;
        let key = key_for(&app, &["https://shop.example"]).await;
        let good = "Origin: https://shop.example";
        let evil = "Origin: https://evil.example";
        let (status, answer) = raw_exchange(&app, &raw_chat(&key, &[good])).await;
        assert_eq!(status, 200, "the request itself is sound: {answer}");
        for lines in [[good, evil], [evil, good], [good, "Origin: null"], ["Origin:", good]] {
            let (status, answer) = raw_exchange(&app, &raw_chat(&key, &lines)).await;
            assert!((400..500).contains(&status), "{lines:?}: {answer}");
        }
        let folded = "Origin: https://evil.example\r\n https://shop.example";
        let (status, answer) = raw_exchange(&app, &raw_chat(&key, &[folded])).await;
        assert!((400..500).contains(&status), "a folded line: {answer}");
        assert_eq!(app.upstream.count(), 1);
    }
}
