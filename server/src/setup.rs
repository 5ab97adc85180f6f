//! Brings the server's state together at start.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use retrieval::Guide;
use shared::ErrorCode;
use shared::LicenseKeySettings;
use shared::admin::{NewUser, UserRole};
use shared::license_key::RestrictionKind;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::StartError;
use crate::agents::{self, Agents};
use crate::alerts::hooks::{self, Wanted};
use crate::alerts::{Mailer, Sender};
use crate::app::{App, DemoKey};
use crate::chat::lease;
use crate::chat::live::Turns;
use crate::chat::session::Recognised;
use crate::clock::{self, Clock};
use crate::config::{Config, Demo, Secret};
use crate::keys::hosts::Activations;
use crate::keys::rate::Rates;
use crate::keys::token::{self, Signer};
use crate::keys::vault::Vault;
use crate::keys::{self, Keys};
use crate::licensing::signing::{self, Signing};
use crate::people::{Actor, users};
use crate::settings::Settings;
use crate::sources::{self, Fetcher, Library};
use crate::store::Store;
use crate::store::license_keys::KeyName;
use crate::upkeep::LastUsed;
use crate::usage::log::Refusals;

const GUIDE_PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/guide_pages.rs"));
const GUIDE_SUMMARY: &str = include_str!("../../docs/SUMMARY.md");
/// How the widget looks on the demo page.
const DEMO_LOOK: &str = include_str!("../../assets/demo-look.json");
/// Queries that the demo page's key may ask in a month.
const DEMO_LIMIT: i64 = 200;

fn failed(what: &str) -> impl Fn(&dyn std::fmt::Display) -> StartError {
    move |error| StartError(format!("{what}: {error}"))
}

/// Opens the store, reads or makes the master key, the first agent and the demo's key, and ends what
/// the last run left.
pub(crate) async fn prepare(
    config: Config,
    clock: Clock,
    addr: SocketAddr,
) -> Result<Arc<App>, StartError> {
    let mut app = assemble(config, clock, addr).await?;
    // With SQLite whoever wrote these answers is gone: no other server has the file.
    let before = if app.store.is_single_node() { i64::MAX } else { app.clock.now_ms() };
    let swept = lease::sweep(&app, before).await;
    swept.map_err(|e| failed("answers of the last run cannot be ended")(&e))?;
    if app.store.is_single_node() {
        let freed = app.store.free_imports().await;
        freed.map_err(|e| failed("imports of the last run cannot be taken up")(&e))?;
    }
    signing::load(&app).await.map_err(|e| failed("signing keys cannot be made")(&e))?;
    let about = failed("the user guide's data source cannot be made");
    sources::seed(&app).await.map_err(|e| about(&e.code.text()))?;
    sources::reload(&app).await.map_err(|e| failed("data sources cannot be read")(&e))?;
    agents::seed(&app)
        .await
        .map_err(|e| failed("the first agent cannot be made")(&e.code.text()))?;
    agents::reload(&app).await.map_err(|e| failed("agents cannot be read")(&e))?;
    app.demo = demo_key(&app, addr).await?;
    first_admin(&app).await?;
    hooks::reload(&app).await.map_err(|e| failed("webhooks cannot be read")(&e))?;
    Ok(Arc::new(app))
}

/// The same for the command line, beside a server that may be running: nothing is ended or made.
pub(crate) async fn prepare_beside(config: Config, clock: Clock) -> Result<Arc<App>, StartError> {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
    assemble(config, clock, nowhere).await.map(Arc::new)
}

async fn assemble(config: Config, clock: Clock, addr: SocketAddr) -> Result<App, StartError> {
    // Twice is no error: tests start many servers in one process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let store = Store::open(&config)
        .await
        .map_err(|e| failed("the database (DATABASE_URL) cannot be opened")(&e))?;
    let master = master_key(&config)?;
    check_fingerprint(&store, &master).await?;
    let settings = Settings::new(&config);
    settings.take(store.settings().await.map_err(|e| failed("settings cannot be read")(&e))?);
    let guide = Guide::new(GUIDE_SUMMARY, GUIDE_PAGES);
    let passages = guide.documents(sources::GUIDE).iter().flat_map(retrieval::passages).collect();
    let agents = Agents::new(&config).map_err(StartError)?;
    let vault = Arc::new(Vault::new(&master));
    let public_url = config.public_url.as_ref().map(ToString::to_string);
    let public_url = public_url.unwrap_or_else(|| format!("http://{addr}"));
    let mailer = config.smtp.as_ref().map(|smtp| Mailer::new(smtp, &public_url)).transpose();
    Ok(App {
        keys: Keys::new(store.clone(), Arc::clone(&vault), &config.widget_keys, &config.admin_keys),
        vault,
        settings,
        activations: Activations::default(),
        recognised: Recognised::default(),
        last_used: LastUsed::default(),
        last_seen: LastUsed::default(),
        signing: Signing::default(),
        refusals: Refusals::default(),
        wanted: Wanted::default(),
        sender: Sender::new(config.webhook_allow_private).map_err(StartError)?,
        mailer: mailer.map_err(StartError)?,
        teller: Notify::new(),
        setup_token: Secret::new(&clock::random_hex::<16>()),
        signer: Signer::new(&master),
        rates: Rates::default(),
        turns: Turns::default(),
        node: clock::random_hex::<8>(),
        tasks: TaskTracker::new(),
        background: CancellationToken::new(),
        killed: CancellationToken::new(),
        stopping: AtomicBool::new(false),
        agents,
        library: Library::new(passages),
        fetcher: Fetcher::new(config.import_allow_private).map_err(StartError)?,
        reading: Semaphore::new(1),
        importer: Notify::new(),
        guide,
        demo: None,
        store,
        clock,
        config,
    })
}

/// Makes the admin that the settings name, when there is nobody yet.
async fn first_admin(app: &App) -> Result<(), StartError> {
    let Some(first) = &app.config.first_admin else { return Ok(()) };
    let users = app.store.user_count().await.map_err(|e| failed("users cannot be read")(&e))?;
    if users > 0 {
        return Ok(());
    }
    let new = NewUser {
        email: first.email.clone(),
        role: Some(UserRole::Admin),
        password: first.password.reveal().to_owned(),
        ..NewUser::default()
    };
    match users::add(app, &Actor::local("setup"), new, true).await {
        Ok(_) => Ok(()),
        // Another server that starts on the same database was faster.
        Err(error) if error.code == ErrorCode::NotFound => Ok(()),
        Err(error) => {
            let why = error.told();
            Err(StartError(format!("NATTER_ADMIN_EMAIL: the first admin cannot be made: {why}")))
        }
    }
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(key)
}

/// The key from the settings, else from the data folder, where the first start puts it.
fn master_key(config: &Config) -> Result<[u8; 32], StartError> {
    if let Some(key) = &config.master_key {
        return from_hex(key.reveal())
            .ok_or_else(|| StartError("NATTER_MASTER_KEY: accepted: 64 hex digits".into()));
    }
    let path = config.data_dir.join("master.key");
    let about = format!("the master key {}", path.display());
    match std::fs::read_to_string(&path) {
        Ok(text) => from_hex(&text)
            .ok_or_else(|| StartError(format!("{about}: does not hold 64 hex digits"))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = clock::random::<32>();
            write_secret(&path, &clock::hex(&key)).map_err(|e| failed(&about)(&e))?;
            Ok(key)
        }
        Err(error) => Err(failed(&about)(&error)),
    }
}

fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

async fn check_fingerprint(store: &Store, master: &[u8; 32]) -> Result<(), StartError> {
    let fingerprint = token::fingerprint(master);
    let stored = store
        .set_once("master_key_fingerprint", &fingerprint)
        .await
        .map_err(|e| failed("the database cannot be written")(&e))?;
    if stored == fingerprint {
        return Ok(());
    }
    Err(StartError(
        "the master key is not the one that this database was made with: set NATTER_MASTER_KEY, \
         or put the right master.key into NATTER_DATA_DIR"
            .into(),
    ))
}

/// Where the demo page may stand, as website patterns.
fn demo_websites(config: &Config, addr: SocketAddr) -> Vec<String> {
    let port = addr.port();
    let mut websites: Vec<String> = ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .map(|host| format!("http://{host}:{port}"))
        .collect();
    websites.extend(config.public_url.as_ref().map(|url| url.origin().ascii_serialization()));
    websites
}

/// The demo page's key: an ordinary license key, made once.
async fn demo_key(app: &App, addr: SocketAddr) -> Result<Option<DemoKey>, StartError> {
    let App { config, store, clock, .. } = app;
    if config.demo == Demo::Off {
        return Ok(None);
    }
    if config.demo == Demo::Open && config.public_url.is_none() {
        tracing::warn!(
            "NATTER_DEMO is true, but without NATTER_PUBLIC_URL the demo's key accepts this \
             machine's own pages only"
        );
    }
    let about = failed("the demo's key cannot be made");
    // Of several servers that start at once, one wins.
    let id = match store.fact("demo_key").await.map_err(|e| about(&e))? {
        Some(id) => id,
        None => {
            let id = clock.ulid();
            store.set_once("demo_key", &id).await.map_err(|e| about(&e))?
        }
    };
    let websites = demo_websites(config, addr);
    let known = store.license_key(&KeyName::Id(id.clone())).await.map_err(|e| about(&e))?;
    let chatbot_id = match known {
        Some(row) => {
            let json = serde_json::to_string(&websites).map_err(|e| about(&e))?;
            store.set_websites(&id, json, clock.now_ms()).await.map_err(|e| about(&e))?;
            row.chatbot_id
        }
        None => {
            let settings = LicenseKeySettings {
                name: "Demo page".into(),
                restriction: RestrictionKind::Websites,
                websites,
                monthly_usage_limit: Some(DEMO_LIMIT),
                ui: serde_json::from_str(DEMO_LOOK).map_err(|e| about(&e))?,
                ..LicenseKeySettings::default()
            };
            let issued = keys::edit::issue(app, id.clone(), settings).await;
            issued.map_err(|e| about(&e.code.text()))?.chatbot_id
        }
    };
    Ok(Some(DemoKey { license_key_id: id, chatbot_id }))
}
