//! The guide's workflows of a license: its page is run as it stands.

use std::process::Stdio;

use system_tests::app::ADMIN_KEY;
use system_tests::{TestApp, both, patience};
use tokio::process::Command;

const PAGE: &str = include_str!("../../docs/license-workflows.md");

/// What stands in the page's code blocks of a language, in their order.
fn blocks(language: &str) -> String {
    let begin = format!("```{language}");
    let (mut is_inside, mut found) = (false, String::new());
    for line in PAGE.lines() {
        if is_inside && line != "```" {
            found.push_str(line);
            found.push('\n');
        }
        is_inside = line == begin || (is_inside && line != "```");
    }
    found
}

both! {
    async fn the_workflows_of_the_guide_run_as_they_stand_and_print_what_the_guide_says(backend) {
        let app = TestApp::start(backend).await;
        let (script, printed) = (blocks("sh"), blocks("text"));
        assert!(script.contains("/license/activate") && printed.contains("5. "), "the page changed");
        let run = Command::new("bash")
            .args(["-eu", "-c", &script])
            .env("NATTER", app.base())
            .env("ADMIN", ADMIN_KEY)
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let done = patience("the end of the workflows", run).await;
        let done = done.expect("bash, curl and sed are there");
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "after\n{out}\n{err}");
        assert_eq!(out, printed);
    }
}
