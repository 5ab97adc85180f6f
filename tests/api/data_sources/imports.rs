//! Pages of websites, fetched one by one.

use super::*;
use system_tests::{Backend, Gate, WebPage, Website, both, patience};

fn page(title: &str, text: &str) -> WebPage {
    WebPage::html(&format!("<title>{title}</title><main><h1>{title}</h1><p>{text}</p></main>"))
}

async fn start(backend: Backend) -> (TestApp, Value, Website) {
    let app = TestApp::with(backend).set("NATTER_IMPORT_ALLOW_PRIVATE", true).start().await;
    let source = make_source(&app, "Website").await;
    (app, source, Website::start().await)
}

fn imports_path(source: &Value) -> String {
    format!("{}/imports", source_path(source))
}

async fn begin(app: &TestApp, source: &Value, what: Value) -> Value {
    post(app, &imports_path(source), what).send().await.expect(202).await.json().await
}

async fn now(app: &TestApp, source: &Value, import: &Value) -> Value {
    read(app, &format!("{}/{}", imports_path(source), text(import, "id"))).await
}

/// The import once it has come to `status`.
async fn until(app: &TestApp, source: &Value, import: &Value, status: &str) -> Value {
    patience(&format!("an import that is {status}"), async {
        loop {
            let seen = now(app, source, import).await;
            if seen["status"] == status {
                return seen;
            }
            assert_eq!(seen["status"], "running", "{seen}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
}

async fn import(app: &TestApp, source: &Value, what: Value) -> Value {
    let begun = begin(app, source, what).await;
    until(app, source, &begun, "done").await
}

both! {
    async fn the_pages_of_a_sitemap_are_imported_and_lead_back(backend) {
        let (app, source, site) = start(backend).await;
        site.put("/tea", page("Tea", "Tea steeps for three minutes."))
            .put("/coffee", page("Coffee", "Coffee brews for four minutes."))
            .sitemap(&["/tea", "/coffee", "/tea#again", "/gone"]);
        let done = import(&app, &source, json!({"sitemap": site.url("/sitemap.xml")})).await;
        assert_eq!((&done["pages"], &done["done"], &done["failed"]), (&json!(3), &json!(2), &json!(1)), "{done}");
        assert_eq!(done["failures"][0]["name"], site.url("/gone"));
        assert!(text(&done["failures"][0], "error").contains("404"), "{done}");
        let key = key_of_agent_on(&app, &[&source]).await;
        let call = ask(&app, &key, "s1", "How long does coffee brew?", &json!({}));
        let said = call.send().await.expect(200).await.json().await;
        assert!(text(&said, "message").contains("four minutes"), "{said}");
        assert_eq!(said["sources"][0]["url"], site.url("/coffee"));
        assert_eq!(site.asked().iter().filter(|path| *path == "/robots.txt").count(), 1);
    }

    async fn importing_again_replaces_what_changed_and_removes_what_went(backend) {
        let (app, source, site) = start(backend).await;
        site.put("/a", page("A", "Alpha is first.")).put("/b", page("B", "Beta is second."))
            .put("/c", page("C", "Gamma is third.")).sitemap(&["/a", "/b", "/c"]);
        let what = json!({"sitemap": site.url("/sitemap.xml")});
        import(&app, &source, what.clone()).await;
        put_text(&app, &source, "by hand", "# Hand\n\nWritten by hand.").await;
        site.put("/b", page("B", "Beta is changed.")).put("/a", WebPage::status(500)).sitemap(&["/a", "/b"]);
        let again = import(&app, &source, what).await;
        assert_eq!((&again["done"], &again["unchanged"], &again["failed"]), (&json!(1), &json!(0), &json!(1)));
        let mut names = column(&read(&app, &documents_path(&source)).await, "name");
        names.sort();
        assert_eq!(names, ["by hand".to_owned(), site.url("/a"), site.url("/b")], "what failed stays");
        assert_eq!(found(&app, &source, "beta changed").await[0], "B");
    }

    async fn a_list_of_pages_is_imported_whatever_they_are(backend) {
        let (app, source, site) = start(backend).await;
        site.put("/notes.md", WebPage::of("text/markdown", "# Notes\n\nMarkdown is fine."))
            .put("/plain", WebPage::of("text/plain; charset=utf-8", "Plain text about zebras."))
            .put("/table.csv", WebPage::of("text/csv", "name,price\nHat,12\n"))
            .put("/moved", WebPage::redirect("/notes.md"))
            .put("/picture", WebPage::of("image/png", vec![0x89, b'P', b'N', b'G', 0, 1, 2]));
        let urls = ["/notes.md", "/plain", "/table.csv", "/moved", "/picture"].map(|path| site.url(path));
        let done = import(&app, &source, json!({"urls": urls})).await;
        assert_eq!((&done["done"], &done["failed"]), (&json!(4), &json!(1)), "{done}");
        assert_eq!(done["failures"][0]["name"], site.url("/picture"));
        assert!(!found(&app, &source, "zebras").await.is_empty());
    }

    async fn an_import_goes_on_after_a_restart_and_fetches_no_page_twice(backend) {
        let (mut app, source, site) = start(backend).await;
        let gate = Gate::new();
        site.put("/a", page("A", "Alpha.")).put("/b", page("B", "Beta.").behind(&gate))
            .put("/c", page("C", "Gamma.")).sitemap(&["/a", "/b", "/c"]);
        let begun = begin(&app, &source, json!({"sitemap": site.url("/sitemap.xml")})).await;
        patience("the second page being fetched", async {
            while !site.asked().contains(&"/b".to_owned()) {
                tokio::task::yield_now().await;
            }
        }).await;
        let seen = now(&app, &source, &begun).await;
        assert_eq!((&seen["pages"], &seen["done"], &seen["waiting"]), (&json!(3), &json!(1), &json!(2)));
        assert_eq!(read(&app, &source_path(&source)).await["status"], "importing");
        app.kill();
        gate.open();
        app.start_again().await;
        // The lease of the server that is gone must have ended.
        app.clock.advance(std::time::Duration::from_secs(91));
        let done = until(&app, &source, &begun, "done").await;
        assert_eq!(done["done"], 3, "{done}");
        assert_eq!(site.asked().iter().filter(|path| *path == "/a").count(), 1);
        assert_eq!(read(&app, &source_path(&source)).await["status"], "ready");
    }

    async fn an_import_is_stopped_and_keeps_what_it_has(backend) {
        let (app, source, site) = start(backend).await;
        let gate = Gate::new();
        site.put("/a", page("A", "Alpha.")).put("/b", page("B", "Beta.").behind(&gate));
        let urls = [site.url("/a"), site.url("/b")];
        let begun = begin(&app, &source, json!({"urls": urls})).await;
        let busy = post(&app, &imports_path(&source), json!({"urls": urls})).send().await;
        busy.error(400, "invalid_request").await;
        patience("the second page being fetched", async {
            while !site.asked().contains(&"/b".to_owned()) {
                tokio::task::yield_now().await;
            }
        }).await;
        let stop = format!("{}/{}/stop", imports_path(&source), text(&begun, "id"));
        let stopped: Value = post(&app, &stop, json!({})).send().await.expect(200).await.json().await;
        assert_eq!(stopped["status"], "stopped");
        post(&app, &stop, json!({})).send().await.error(400, "invalid_request").await;
        gate.open();
        assert_eq!(found(&app, &source, "alpha").await, ["A"]);
        let next = import(&app, &source, json!({"urls": [site.url("/a")]})).await;
        assert_eq!(next["unchanged"], 1);
    }

    async fn a_website_s_robots_txt_is_honoured(backend) {
        let (app, source, site) = start(backend).await;
        site.put("/robots.txt", WebPage::of("text/plain", "User-agent: natter\nDisallow: /private\n"))
            .put("/open", page("Open", "Everybody may read this."))
            .put("/private/a", page("Private", "Nobody may read this."));
        let urls = [site.url("/open"), site.url("/private/a")];
        let done = import(&app, &source, json!({"urls": urls})).await;
        assert_eq!((&done["done"], &done["failed"]), (&json!(1), &json!(1)));
        assert!(text(&done["failures"][0], "error").contains("robots.txt"), "{done}");
        assert!(!site.asked().contains(&"/private/a".to_owned()));
        site.put("/robots.txt", WebPage::status(503));
        let done = import(&app, &source, json!({"urls": [site.url("/open")]})).await;
        assert_eq!(done["failed"], 1, "rules that cannot be read allow nothing: {done}");
    }

    async fn a_sitemap_of_sitemaps_is_read_and_a_page_is_no_sitemap(backend) {
        let (app, source, site) = start(backend).await;
        let inner = |path: &str| format!("<urlset><url><loc>{}</loc></url></urlset>", site.url(path));
        let index = format!(
            "<sitemapindex><sitemap><loc>{}</loc></sitemap><sitemap><loc>{}</loc></sitemap>\
             <sitemap><loc>{}</loc></sitemap></sitemapindex>",
            site.url("/1.xml"), site.url("/2.xml"), site.url("/index.xml"),
        );
        site.put("/index.xml", WebPage::of("text/xml", index))
            .put("/1.xml", WebPage::of("text/xml", inner("/a")))
            .put("/2.xml", WebPage::status(500))
            .put("/a", page("A", "Alpha."));
        let done = import(&app, &source, json!({"sitemap": site.url("/index.xml")})).await;
        assert_eq!(done["done"], 1, "{done}");
        let begun = begin(&app, &source, json!({"sitemap": site.url("/a")})).await;
        let failed = until(&app, &source, &begun, "failed").await;
        assert!(text(&failed, "error").contains("no sitemap"), "{failed}");
    }

    async fn no_more_pages_are_taken_than_were_asked_for(backend) {
        let (app, source, site) = start(backend).await;
        let paths: Vec<String> = (0..5).map(|n| format!("/{n}")).collect();
        for path in &paths {
            site.put(path, page(path, "Text."));
        }
        site.sitemap(&paths.iter().map(String::as_str).collect::<Vec<_>>());
        let what = json!({"sitemap": site.url("/sitemap.xml"), "max_pages": 2});
        assert_eq!(import(&app, &source, what).await["done"], 2);
        let path = imports_path(&source);
        let sitemap = site.url("/sitemap.xml");
        refused_field(post(&app, &path, json!({"sitemap": sitemap, "max_pages": 0})), "max_pages").await;
        refused_field(post(&app, &path, json!({"sitemap": sitemap, "max_pages": 2001})), "max_pages").await;
        refused_field(post(&app, &path, json!({})), "urls").await;
        refused_field(post(&app, &path, json!({"urls": []})), "urls").await;
        refused_field(post(&app, &path, json!({"urls": vec![sitemap.clone(); 2001]})), "urls").await;
        assert_eq!(column(&read(&app, &path).await, "status"), ["done"]);
    }

    async fn a_redirect_leads_around_no_rule_of_the_website(backend) {
        let (app, source, site) = start(backend).await;
        let rules = "User-agent: *\nDisallow: /secret\nDisallow: /geheim-ü\n";
        let other = Website::start().await;
        other.put("/page", page("Other", "Of another port."));
        site.put("/robots.txt", WebPage::of("text/plain; charset=utf-8", rules))
            .put("/go", WebPage::redirect("/secret/plan"))
            .put("/secret/plan", page("Plan", "Nobody may read this."))
            .put("/geheim-%C3%BC", page("Geheim", "Nobody may read this."))
            .put("/port", WebPage::redirect(&other.url("/page")));
        let urls = ["/go", "/geheim-%C3%BC", "/port"].map(|path| site.url(path));
        let done = import(&app, &source, json!({"urls": urls})).await;
        assert_eq!(done["failed"], 3, "{done}");
        assert!(!site.asked().iter().any(|path| path.contains("secret") || path.contains("geheim")));
        assert!(other.asked().is_empty());
    }

    async fn a_page_is_what_its_website_says_in_the_charset_that_it_says(backend) {
        let (app, source, site) = start(backend).await;
        let russian = b"<html><body><h1>\xcf\xf0\xe8\xe2\xe5\xf2</h1><p>\xc4\xee\xf1\xf2\xe0\xe2\xea\xe0</p></body></html>";
        site.put("/ru", WebPage::of("text/html; charset=windows-1251", russian.as_slice()))
            .put("/README.md", page("Read me", "It is HTML."));
        let urls = ["/ru", "/README.md"].map(|path| site.url(path));
        let done = import(&app, &source, json!({"urls": urls})).await;
        assert_eq!(done["done"], 2, "{done}");
        let mut titles = column(&read(&app, &documents_path(&source)).await, "title");
        titles.sort();
        assert_eq!(titles, ["Read me", "Привет"]);
    }

    async fn a_slow_website_holds_up_no_other(backend) {
        let (app, slow, site) = start(backend).await;
        let gate = Gate::new();
        site.put("/slow", page("Slow", "Slow.").behind(&gate)).put("/quick", page("Quick", "Quick."));
        let begun = begin(&app, &slow, json!({"urls": [site.url("/slow")]})).await;
        let quick = make_source(&app, "Quick").await;
        import(&app, &quick, json!({"urls": [site.url("/quick")]})).await;
        assert_eq!(now(&app, &slow, &begun).await["status"], "running");
        gate.open();
        until(&app, &slow, &begun, "done").await;
    }
}
