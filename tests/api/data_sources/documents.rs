//! Documents: texts, questions with answers, files; and what agents answer from them.

use super::*;
use system_tests::{both, patience};

const RETURNS: &str = "# Returns\n\n## How long you have\n\nYou can return a parcel within 45 days.\n\n\
                       ## Who pays\n\nWe pay the postage of returns from Austria.\n";

/// A form with files.
fn upload(app: &TestApp, source: &Value, files: &[(&str, &str, &[u8])]) -> Call {
    let mut body = Vec::new();
    for (name, media_type, bytes) in files {
        body.extend_from_slice(
            format!(
                "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
                 Content-Type: {media_type}\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--edge--\r\n");
    let path = format!("{}/files", source_path(source));
    let call = api(app, reqwest::Method::POST, &path);
    call.header("Content-Type", "multipart/form-data; boundary=edge").raw_body(body)
}

both! {
    async fn an_agent_answers_from_its_documents_and_cites_them(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "Shop").await;
        let document = json!({"name": "returns", "text": RETURNS, "url": "https://shop.example/returns"});
        let document: Value = post(&app, &documents_path(&source), document)
            .send().await.expect(201).await.json().await;
        assert_eq!((&document["title"], &document["passages"]), (&json!("Returns"), &json!(2)));
        let key = key_of_agent_on(&app, &[&source]).await;
        let call = ask(&app, &key, "s1", "How long can I return a parcel?", &json!({}));
        let answer = call.send().await.expect(200).await.json().await;
        assert!(text(&answer, "message").contains("within 45 days"), "{answer}");
        let cited = &answer["sources"][0];
        assert_eq!(cited["title"], "Returns › How long you have");
        assert_eq!(cited["url"], "https://shop.example/returns#:~:text=How%20long%20you%20have");
        assert_eq!(cited["dataSourceId"], source["id"]);
        let counts = &read(&app, &source_path(&source)).await["counts"];
        assert_eq!((&counts["documents"], &counts["passages"]), (&json!(1), &json!(2)));
    }

    async fn the_guides_pages_are_listed_and_read_as_documents(backend) {
        let app = TestApp::start(backend).await;
        let guide = "/api/data-sources/guide";
        let counts = &read(&app, guide).await["counts"];
        let list = read(&app, &format!("{guide}/documents")).await;
        let items = list["items"].as_array().unwrap();
        assert_eq!(list["total"], counts["documents"]);
        let sum = |field: &str| items.iter().map(|page| page[field].as_i64().unwrap()).sum::<i64>();
        assert_eq!(json!(sum("passages")), counts["passages"], "every passage is of one page");
        assert_eq!(json!(sum("characters")), counts["characters"]);
        assert!(items.iter().all(|page| page.get("markdown").is_none()));
        let found = read(&app, &format!("{guide}/documents?q=EMBED")).await;
        assert_eq!(found["items"][0]["url"], "/docs/embedding");
        assert!(found["total"].as_i64() < list["total"].as_i64());
        let page = read(&app, &format!("{guide}/documents/embedding")).await;
        assert!(text(&page, "markdown").contains("chat-widget.js"), "{page}");
        app.admin(&format!("{guide}/documents/nothing")).send().await.expect(404).await;
    }

    async fn a_change_is_answered_from_at_once(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "Shop").await;
        let key = key_of_agent_on(&app, &[&source]).await;
        let question = "How long can I return a parcel?";
        let (before, sources) = answer(&app, &key, "s1", question).await;
        assert!(sources.is_empty(), "{before}");
        let first = put_text(&app, &source, "returns", RETURNS).await;
        assert!(answer(&app, &key, "s2", question).await.0.contains("45 days"));
        let second = put_text(&app, &source, "returns", &RETURNS.replace("45", "90")).await;
        assert_eq!(first["id"], second["id"], "the same name is the same document");
        assert!(answer(&app, &key, "s3", question).await.0.contains("90 days"));
        assert_eq!(read(&app, &documents_path(&source)).await["total"], 1);
        let path = format!("{}/{}", documents_path(&source), text(&second, "id"));
        delete(&app, &path).send().await.expect(204).await;
        assert!(answer(&app, &key, "s4", question).await.1.is_empty());
        delete(&app, &path).send().await.error(404, "not_found").await;
        assert_eq!(read(&app, &source_path(&source)).await["counts"]["passages"], 0);
    }

    async fn what_is_known_survives_a_restart(backend) {
        let mut app = TestApp::start(backend).await;
        let source = make_source(&app, "Shop").await;
        put_text(&app, &source, "returns", RETURNS).await;
        let key = key_of_agent_on(&app, &[&source]).await;
        app.kill();
        app.start_again().await;
        let (said, sources) = answer(&app, &key, "s1", "Who pays the postage of returns?").await;
        assert!(said.contains("We pay the postage"), "{said}");
        assert_eq!(sources, ["Returns › Who pays"]);
    }

    async fn questions_with_answers_are_found_by_their_question(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "FAQ").await;
        let pairs = json!([
            {"question": "Do you deliver to islands?", "answer": "Yes, twice a week."},
            {"question": "Can I pay\n# with cash?", "answer": "Only in the shop.\n\n# Not a title"},
        ]);
        let body = json!({"name": "faq", "questions": pairs});
        let made: Value = post(&app, &documents_path(&source), body)
            .send().await.expect(201).await.json().await;
        assert_eq!(made["origin"], "questions");
        let key = key_of_agent_on(&app, &[&source]).await;
        let (said, _) = answer(&app, &key, "s1", "do you deliver to an island").await;
        assert_eq!(said, "Yes, twice a week.");
        assert!(answer(&app, &key, "s2", "pay with cash?").await.0.contains("Only in the shop."));
    }

    async fn files_become_documents_and_bad_ones_are_named(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "Files").await;
        let html = b"<html><body><nav>Home</nav><main><h1>Opening</h1><h2>Sundays</h2><p>Closed on Sundays.</p></main></body></html>";
        let csv = b"question,answer\nWhere is the shop?,In Graz.\n";
        let files: &[(&str, &str, &[u8])] = &[
            ("returns.md", "text/markdown", RETURNS.as_bytes()),
            ("opening.html", "text/html", html),
            ("faq.csv", "text/csv", csv),
            ("program.exe", "application/x-msdownload", b"MZ\x00\x01"),
            ("broken.pdf", "application/pdf", b"%PDF-1.7 and nothing more"),
        ];
        let done: Value = upload(&app, &source, files).send().await.expect(201).await.json().await;
        assert_eq!(done["documents"].as_array().unwrap().len(), 3, "{done}");
        let failed: Vec<String> =
            done["failed"].as_array().unwrap().iter().map(|file| text(file, "name")).collect();
        assert_eq!(failed, ["program.exe", "broken.pdf"]);
        let key = key_of_agent_on(&app, &[&source]).await;
        for (question, expected) in [
            ("Are you closed on Sundays?", "Closed on Sundays."),
            ("Where is your shop?", "In Graz."),
            ("How long can I return a parcel?", "45 days"),
        ] {
            let (said, _) = answer(&app, &key, &format!("s-{}", expected.len()), question).await;
            assert!(said.contains(expected), "{question}: {said}");
        }
        let all_bad = upload(&app, &source, &files[3..]).send().await;
        let error = all_bad.error(400, "invalid_request").await;
        assert!(error["details"]["fieldErrors"]["broken.pdf"].is_array(), "{error}");
        upload(&app, &source, &[]).send().await.error(400, "invalid_request").await;
        let json = api(&app, reqwest::Method::POST, &format!("{}/files", source_path(&source)));
        json.header("Content-Type", "application/json").raw_body("{}").send().await
            .error(415, "unsupported_media_type").await;
    }

    async fn rows_that_are_left_out_are_named_by_their_lines(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "Files").await;
        let csv = b"question,answer\nWhere?,In Graz.\nWhen?,\n,\"On\nSundays.\"\n,\nWho?,\n";
        let files: &[(&str, &str, &[u8])] = &[("faq.csv", "text/csv", csv)];
        let done: Value = upload(&app, &source, files).send().await.expect(201).await.json().await;
        let expected = json!([{"name": "faq.csv", "count": 3, "lines": [3, 4, 7]}]);
        assert_eq!(done["half_rows"], expected, "{done}");
        let none: &[(&str, &str, &[u8])] = &[("faq.csv", "text/csv", b"question,answer\nWhere?,\n")];
        let error = upload(&app, &source, none).send().await.error(400, "invalid_request").await;
        let why = error["details"]["fieldErrors"]["faq.csv"][0].to_string();
        assert!(why.contains("lacks its question or its answer"), "{error}");
    }

    async fn an_empty_file_is_called_empty_and_no_scan(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "Files").await;
        for (name, bytes) in [("a.txt", &b""[..]), ("b.pdf", b" \n"), ("c", b""), ("d.csv", b"\n")] {
            let error = upload(&app, &source, &[(name, "application/octet-stream", bytes)])
                .send().await.error(400, "invalid_request").await;
            assert_eq!(error["details"]["fieldErrors"][name][0], "The file is empty.", "{name}");
        }
        let blank: &[(&str, &str, &[u8])] = &[("e.html", "text/html", b"<p> </p>")];
        let error = upload(&app, &source, blank).send().await.error(400, "invalid_request").await;
        assert_eq!(error["details"]["fieldErrors"]["e.html"][0], "There is no text in the file.");
    }

    async fn the_limits_of_a_document_hold_at_their_edge(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "Edges").await;
        let path = documents_path(&source);
        let fine = json!({"name": "n", "text": "t"});
        let with = |field: &str, value: Value| {
            let mut body = fine.clone();
            body[field] = value;
            post(&app, &path, body)
        };
        refused_field(with("name", "x".repeat(201).into()), "name").await;
        with("name", "x".repeat(200).into()).send().await.expect(201).await;
        refused_field(with("txt", "a".into()), "txt").await;
        refused_field(with("text", 3.into()), "text").await;
        let misspelt = json!({"name": "n", "questions": [{"question": "q", "awnser": "a"}]});
        refused_field(post(&app, &path, misspelt), "questions[0].awnser").await;
        refused_field(with("text", " ".into()), "text").await;
        refused_field(with("text", Value::Null), "text").await;
        refused_field(with("questions", json!([])), "text").await;
        for url in ["javascript:alert(1)", "//evil.example", "data:text/html,x", "x", ""] {
            refused_field(with("url", url.into()), "url").await;
        }
        with("url", "/help".into()).send().await.expect(201).await;
        let line = "Words of a line. ".repeat(8) + "\n\n";
        let longest = line.repeat(5 * 1024 * 1024 / line.len());
        let padded = format!("{longest}{}", "x".repeat(5 * 1024 * 1024 - longest.len()));
        refused_field(with("text", format!("{padded}y").into()), "text").await;
        with("text", padded.into()).send().await.expect(201).await;
        let pair = json!({"question": "q", "answer": "a"});
        let pairs = |n: usize| json!({"name": "p", "questions": vec![pair.clone(); n]});
        refused_field(post(&app, &path, pairs(2001)), "questions").await;
        post(&app, &path, pairs(2000)).send().await.expect(201).await;
        let bad = json!({"name": "p", "questions": [pair, {"question": "", "answer": "a"}]});
        refused_field(post(&app, &path, bad), "questions[1].question").await;
    }

    async fn a_full_source_says_so_and_loses_nothing(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "Full").await;
        // Each section is a passage.
        let sections = |n: usize, word: &str| -> String {
            (0..n).map(|at| format!("# {at}\n\n{word}\n\n")).collect()
        };
        for part in 0..4 {
            put_text(&app, &source, &format!("part {part}"), &sections(5000, "word")).await;
        }
        assert_eq!(read(&app, &source_path(&source)).await["counts"]["passages"], 20_000);
        let more = post(&app, &documents_path(&source), json!({"name": "more", "text": "one"}));
        more.send().await.error(400, "invalid_request").await;
        // In place of a document there is room.
        put_text(&app, &source, "part 3", &sections(4999, "other")).await;
        let larger = post(&app, &documents_path(&source), json!({"name": "part 3", "text": sections(5001, "x")}));
        larger.send().await.error(400, "invalid_request").await;
        assert_eq!(read(&app, &source_path(&source)).await["counts"]["passages"], 19_999);
        put_text(&app, &source, "more", "one").await;
    }

    async fn a_source_that_is_switched_off_answers_nobody(backend) {
        let app = TestApp::start(backend).await;
        let (on, off) = (make_source(&app, "On").await, make_source(&app, "Off").await);
        put_text(&app, &on, "a", "# Tea\n\nTea steeps for three minutes.").await;
        put_text(&app, &off, "b", "# Coffee\n\nCoffee brews for four minutes.").await;
        let key = key_of_agent_on(&app, &[&on, &off]).await;
        assert!(answer(&app, &key, "s1", "How long does coffee brew?").await.0.contains("four"));
        let path = source_path(&off);
        patch(&app, &path, json!({"is_active": false})).send().await.expect(200).await;
        assert!(answer(&app, &key, "s2", "How long does coffee brew?").await.1.is_empty());
        assert!(answer(&app, &key, "s3", "How long does tea steep?").await.0.contains("three"));
        let named = ask(&app, &key, "s4", "Hi", &json!({"dataSourceId": off["id"]}));
        named.send().await.error(403, "data_source_inactive").await;
        let bound = make_key(&app, json!({"name": "b", "data_source_id": off["id"]})).await;
        ask(&app, &bound, "s5", "Hi", &json!({})).send().await.error(403, "data_source_inactive").await;
    }

    async fn a_foreign_source_may_be_named_when_it_is_public(backend) {
        let app = TestApp::with(backend).builtin().start().await;
        let (own, other) = (make_source(&app, "Own").await, make_source(&app, "Other").await);
        put_text(&app, &own, "a", "# Tea\n\nTea steeps for three minutes.").await;
        put_text(&app, &other, "b", "# Coffee\n\nCoffee brews for four minutes.").await;
        let key = key_of_agent_on(&app, &[&own]).await;
        let naming = |session: &str| {
            ask(&app, &key, session, "How long does coffee brew?", &json!({"dataSourceId": other["id"]}))
        };
        naming("s1").send().await.error(403, "data_source_not_allowed").await;
        patch(&app, &source_path(&other), json!({"is_public": true})).send().await.expect(200).await;
        let said = naming("s2").send().await.expect(200).await.json().await;
        assert!(text(&said, "message").contains("four minutes"), "{said}");
        let bound = make_key(&app, json!({"name": "b", "data_source_id": other["id"]})).await;
        let (said, _) = answer(&app, &bound, "s3", "How long does coffee brew?").await;
        assert!(said.contains("four minutes"), "the default agent answers with that source: {said}");
        let elsewhere = ask(&app, &bound, "s4", "Hi", &json!({"dataSourceId": own["id"]}));
        elsewhere.send().await.error(403, "data_source_not_allowed").await;
    }

    async fn a_search_shows_what_a_question_finds(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "Shop").await;
        put_text(&app, &source, "returns", RETURNS).await;
        patch(&app, &source_path(&source), json!({"is_active": false})).send().await.expect(200).await;
        assert_eq!(found(&app, &source, "postage of returns").await[0], "Returns › Who pays");
        let path = format!("{}/search", source_path(&source));
        refused_field(post(&app, &path, json!({"question": ""})), "question").await;
        refused_field(post(&app, &path, json!({"question": "a", "limit": 21})), "limit").await;
        refused_field(post(&app, &path, json!({"question": "a", "limit": 0})), "limit").await;
    }

    async fn ranking_is_the_same_wherever_passages_were_kept(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "Corpora").await;
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../retrieval/tests/corpora");
        let mut documents = Vec::new();
        for kind in ["shop", "deutsch", "nihongo"] {
            let mut files: Vec<_> = std::fs::read_dir(folder.join(kind)).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            for file in files {
                let name = format!("{kind}/{}", file.file_name().unwrap().to_string_lossy());
                let markdown = std::fs::read_to_string(&file).unwrap();
                put_text(&app, &source, &name, &markdown).await;
                // Documents are in the order in which they came.
                app.clock.advance(std::time::Duration::from_millis(1));
                documents.push(retrieval::Document {
                    data_source_id: text(&source, "id"),
                    name,
                    url: None,
                    headings: retrieval::Headings::Searched,
                    markdown,
                });
            }
        }
        let index = retrieval::Index::new(documents.iter().flat_map(retrieval::passages).collect());
        let questions: Value =
            serde_json::from_str(&std::fs::read_to_string(folder.join("questions.json")).unwrap()).unwrap();
        let mut asked = 0;
        for question in questions.as_array().unwrap().iter().step_by(4) {
            let question = text(question, "question");
            let direct: Vec<String> =
                index.search(&question, 5).into_iter().map(|hit| hit.passage.title.clone()).collect();
            assert_eq!(found(&app, &source, &question).await, direct, "{question}");
            asked += 1;
        }
        assert!(asked >= 25, "{asked}");
    }

    async fn another_server_answers_from_a_change(backend) {
        if !backend.is_postgres() {
            // SQLite has one server.
            return;
        }
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "Shop").await;
        put_text(&app, &source, "returns", RETURNS).await;
        let other = crate::revocation::second_server(&app).await;
        let client = system_tests::Client::new(&format!("http://{}", other.addr()));
        let search = format!("{}/search", source_path(&source));
        let finds = |title: &'static str| {
            let (client, search) = (&client, &search);
            patience("the change on the other server", async move {
                loop {
                    let call = client.post(search).header("X-Admin-Api-Key", system_tests::app::ADMIN_KEY);
                    let call = call.set("question", "How long can I return a parcel?");
                    let list = call.send().await.expect(200).await.json().await;
                    if column(&list, "title").first().is_some_and(|first| first == title) {
                        return;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            })
        };
        finds("Returns › How long you have").await;
        put_text(&app, &source, "returns", &RETURNS.replace("How long you have", "Time to return")).await;
        finds("Returns › Time to return").await;
        other.abort();
    }

    async fn documents_are_found_by_name_title_and_address_as_it_is_written(backend) {
        let app = TestApp::start(backend).await;
        let source = make_source(&app, "Shop").await;
        let list = documents_path(&source);
        for (name, markdown, url) in [
            ("100%_safe.md", "# Returns\n\nWithin 45 days.", Value::Null),
            ("1000 safe", "# Über uns\n\nIn Graz.", json!("https://shop.example/Imprint")),
            (r"c\d", "# Paths\n\nOf files.", Value::Null),
        ] {
            let document = json!({"name": name, "text": markdown, "url": url});
            post(&app, &list, document).send().await.expect(201).await;
            app.clock.advance(std::time::Duration::from_millis(1));
        }
        put_text(&app, &make_source(&app, "Other").await, "100% other", "# Returns").await;
        searches(&app, &list, "name", &[
            ("", &[r"c\d", "1000 safe", "100%_safe.md"]),
            ("SAFE", &["1000 safe", "100%_safe.md"]),
            ("returns", &["100%_safe.md"]),
            ("über", &["1000 safe"]),
            ("ÜBER UNS", &["1000 safe"]),
            ("shop.example/imprint", &["1000 safe"]),
            ("100%", &["100%_safe.md"]),
            ("%_s", &["100%_safe.md"]),
            ("0_s", &[]),
            ("%%", &[]),
            (r"C\d", &[r"c\d"]),
        ]).await;
    }
}
