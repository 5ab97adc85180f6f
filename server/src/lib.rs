//! Natter's server.
//!
//! | room | what it is for |
//! |---|---|
//! | [`config`], [`telemetry`], [`clock`] | settings, logs, the only reader of time and randomness |
//! | [`app`] | what every request shares |
//! | [`router`], `http` | every route on one page; thin handlers |
//! | `extract` | what a handler may assume: a checked body, a proved key, an admin |
//! | [`chat`] | a question and its answer: admission, the live turn, its stream, its lease |
//! | [`agents`] | what answers: agents and their providers |
//! | [`sources`] | what they answer from: documents, imports, the index |
//! | [`keys`] | who may ask: keys, restrictions, identities, tokens, rates |
//! | [`usage`] | what is known of queries afterwards: the log, analytics |
//! | [`locale`] | which of the widget's languages a visitor gets |
//! | [`people`] | who administers: sign-in, API keys, roles, the audit log |
//! | [`alerts`] | the bell, e-mail, webhooks |
//! | [`settings`], [`upkeep`] | what admins set; what is done beside the requests |
//! | [`cli`] | what the command line does to the database |
//! | [`store`] | all SQL, for SQLite and PostgreSQL |

pub mod agents;
pub mod alerts;
pub mod app;
pub mod chat;
pub mod cli;
pub mod clock;
pub mod config;
pub mod error;
pub mod extract;
pub mod http;
pub mod keys;
pub mod licensing;
pub mod locale;
mod merge;
mod mistake;
mod net;
pub mod people;
pub mod router;
pub mod settings;
mod setup;
pub mod sources;
pub mod store;
mod table;
pub mod telemetry;
pub mod upkeep;
pub mod usage;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use app::App;
use clock::Clock;
use config::Config;
use error::ApiError;
use shared::{LicenseKey, LicenseKeySettings};

/// How long streams may go on after the server was told to stop.
const DRAIN: Duration = Duration::from_secs(30);

/// Why the server did not start: one line for whoever started it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

/// A server that listens.
#[derive(Debug)]
pub struct Running {
    app: Arc<App>,
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<std::io::Result<()>>,
}

/// Starts the server; it listens when this returns.
///
/// # Errors
/// When the database, the data folder or the address cannot be used.
pub async fn start(config: Config, clock: Clock) -> Result<Running, StartError> {
    let listener = TcpListener::bind(config.listen)
        .await
        .map_err(|e| StartError(format!("NATTER_LISTEN: {} cannot be used: {e}", config.listen)))?;
    let addr = listener.local_addr().map_err(|e| StartError(e.to_string()))?;
    let app = setup::prepare(config, clock, addr).await?;
    // Before anything is remembered: what changes later is news.
    let seen = app.store.last_change().await.map_err(|e| StartError(e.to_string()))?;
    drop(tokio::spawn(chat::lease::keep(Arc::clone(&app))));
    drop(tokio::spawn(keys::watch::keep(Arc::clone(&app), seen)));
    drop(tokio::spawn(alerts::tell::keep(Arc::clone(&app))));
    drop(tokio::spawn(upkeep::keep(Arc::clone(&app))));
    for _ in 0..sources::import::AT_ONCE {
        drop(tokio::spawn(sources::import::keep(Arc::clone(&app))));
    }
    let (stop, stopped) = oneshot::channel();
    let service =
        router::router(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    let listener = listener.tap_io(|socket| {
        // A token must not wait for the next one to fill a packet.
        let _ = socket.set_nodelay(true);
    });
    let server = tokio::spawn(async move {
        axum::serve(listener, service)
            .with_graceful_shutdown(async {
                let _ = stopped.await;
            })
            .await
    });
    Ok(Running { app, addr, stop: Some(stop), server })
}

impl Running {
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Makes a license key.
    ///
    /// # Errors
    /// What is wrong with it, or the database.
    pub async fn issue_key(&self, settings: LicenseKeySettings) -> Result<LicenseKey, ApiError> {
        keys::edit::issue(&self.app, self.app.clock.ulid(), settings).await
    }

    /// Where this server is, as far as it knows; without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> String {
        match &self.app.config.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.addr),
        }
    }

    /// The token of the link with which the first admin is made; `None` once there is an admin.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn setup_token(&self) -> Result<Option<String>, ApiError> {
        let needed = self.app.store.user_count().await? == 0;
        Ok(needed.then(|| self.app.setup_token.reveal().to_owned()))
    }

    /// Takes no new questions, lets answers end for up to 30 s, stores what there is, and closes.
    pub async fn stop(mut self) {
        self.app.stopping.store(true, Ordering::Relaxed);
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.app.tasks.close();
        if tokio::time::timeout(DRAIN, self.app.tasks.wait()).await.is_err() {
            tracing::warn!(
                answers = self.app.turns.running_count(),
                "stopping answers that take too long"
            );
            self.app.turns.stop_all();
            let _ = tokio::time::timeout(Duration::from_secs(5), self.app.tasks.wait()).await;
        }
        if let Err(error) = self.app.store.free_imports_of(&self.app.node).await {
            tracing::warn!(%error, "imports are taken up again once their lease has ended");
        }
        usage::log::flush(&self.app, true);
        if let Err(error) = upkeep::note_last_used(&self.app).await {
            tracing::warn!(%error, "when keys were last used was not noted");
        }
        let _ = tokio::time::timeout(Duration::from_secs(5), self.app.tasks.wait()).await;
        // Readers still fetch the last lines; a client that does not read cannot hold us up.
        let _ = tokio::time::timeout(Duration::from_secs(5), &mut self.server).await;
        self.server.abort();
        self.app.background.cancel();
        self.app.store.close().await;
    }

    /// Ends at once, as if the process were killed: nothing is stored, nobody is told.
    pub fn abort(self) {
        self.server.abort();
        self.app.background.cancel();
        self.app.killed.cancel();
    }

    /// Resolves when the server ends by itself, which it does only when listening fails.
    pub async fn ended(&mut self) -> Result<(), StartError> {
        match (&mut self.server).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(StartError(format!("listening failed: {error}"))),
            Err(error) => Err(StartError(format!("the server ended: {error}"))),
        }
    }
}
