//! What must not get in: private addresses, other websites, answers without end.

use super::*;
use system_tests::{WebPage, Website, both, patience};

/// Imports pages and gives the complaint of the first.
async fn complaint(app: &TestApp, source: &Value, urls: &[String]) -> String {
    let path = format!("{}/imports", source_path(source));
    let begun: Value =
        post(app, &path, json!({"urls": urls})).send().await.expect(202).await.json().await;
    patience("the import's end", async {
        loop {
            let seen = read(app, &format!("{path}/{}", text(&begun, "id"))).await;
            if seen["status"] == "done" {
                return text(&seen["failures"][0], "error");
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
}

both! {
    async fn private_addresses_are_refused_however_they_are_written(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "a").await;
        let path = format!("{}/imports", source_path(&source));
        for url in [
            "http://127.0.0.1/", "http://localhost:8080/", "http://[::1]/", "http://2130706433/",
            "http://0x7f.1/", "http://10.0.0.1/", "http://169.254.169.254/latest/meta-data",
            "http://[::ffff:192.168.0.1]/", "http://192.168.1.1./", "file:///etc/passwd",
            "ftp://example.com/", "http://user:secret@example.com/", "x", "",
        ] {
            refused_field(post(&app, &path, json!({"urls": [url]})), "urls[0]").await;
            refused_field(post(&app, &path, json!({"sitemap": url})), "sitemap").await;
        }
        let mixed = json!({"urls": ["https://a.example/", "https://b.example/"]});
        refused_field(post(&app, &path, mixed), "urls[1]").await;
    }

    async fn a_redirect_leads_to_no_other_website(backend) {
        let app = TestApp::with(backend).set("NATTER_IMPORT_ALLOW_PRIVATE", true).start().await;
        let source = make_source(&app, "a").await;
        let site = Website::start().await;
        // Another name of the same machine.
        let elsewhere = site.url("/secret").replace("127.0.0.1", "localhost");
        site.put("/secret", WebPage::html("<p>secret</p>"))
            .put("/away", WebPage::redirect(&elsewhere))
            .put("/file", WebPage::redirect("file:///etc/passwd"))
            .put("/round", WebPage::redirect("/round"));
        let said = complaint(&app, &source, &[site.url("/away")]).await;
        assert!(said.contains("another website, http://localhost:"), "{said}");
        complaint(&app, &source, &[site.url("/file")]).await;
        let said = complaint(&app, &source, &[site.url("/round")]).await;
        assert!(said.contains("more than 5 times"), "{said}");
        assert!(!site.asked().contains(&"/secret".to_owned()));
        assert_eq!(read(&app, &documents_path(&source)).await["total"], 0);
    }

    async fn a_sitemap_leads_to_no_other_website(backend) {
        let app = TestApp::with(backend).set("NATTER_IMPORT_ALLOW_PRIVATE", true).start().await;
        let source = make_source(&app, "a").await;
        let site = Website::start().await;
        let elsewhere = site.url("/secret").replace("127.0.0.1", "localhost");
        let sitemap = format!(
            "<urlset><url><loc>{elsewhere}</loc></url><url><loc>file:///etc/passwd</loc></url>\
             <url><loc>{}</loc></url></urlset>",
            site.url("/own"),
        );
        site.put("/sitemap.xml", WebPage::of("text/xml", sitemap))
            .put("/own", WebPage::html("<h1>Own</h1><p>Text.</p>"));
        let path = format!("{}/imports", source_path(&source));
        let what = json!({"sitemap": site.url("/sitemap.xml")});
        let begun: Value = post(&app, &path, what).send().await.expect(202).await.json().await;
        patience("the import's end", async {
            while read(&app, &format!("{path}/{}", text(&begun, "id"))).await["status"] != "done" {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }).await;
        assert_eq!(column(&read(&app, &documents_path(&source)).await, "name"), [site.url("/own")]);
        assert!(!site.asked().contains(&"/secret".to_owned()));
    }

    async fn an_answer_without_end_is_cut_off(backend) {
        let app = TestApp::with(backend).set("NATTER_IMPORT_ALLOW_PRIVATE", true).start().await;
        let source = make_source(&app, "a").await;
        let site = Website::start().await;
        let endless = WebPage { endless: true, ..WebPage::html("<p>It begins.") };
        site.put("/endless", endless);
        let said = complaint(&app, &source, &[site.url("/endless")]).await;
        assert!(said.contains("more than 20 MiB"), "{said}");
    }
}
