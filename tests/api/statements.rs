//! What one database accepts and the other refuses is found without running it.

use system_tests::{TestApp, both};

both! {
    async fn the_database_can_prepare_every_statement(backend) {
        let mut app = TestApp::start(backend).await;
        let running = app.take_running();
        let prepared = running.app().store.prepare_all().await.unwrap();
        assert!(prepared > 20, "only {prepared} statements were collected");
        running.stop().await;
    }
}
