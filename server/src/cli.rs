//! What the command line does to the database, without a running server.
//!
//! A server that runs on the same database learns of it within a second.

pub mod catalog;
pub mod licenses;

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use shared::LicenseKeySettings;
use shared::admin::{NewUser, UserChange, UserRole};

use crate::app::App;
use crate::clock::{self, Clock};
use crate::config::Config;
use crate::error::ApiError;
use crate::keys::{edit, form};
use crate::people::{Actor, users};
use crate::setup;
use crate::store::license_keys::KeyFilter;

/// `natter keys`
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make a license key and print it: it is shown once.
    Create(CreateKey),
    /// List license keys.
    List {
        /// As JSON, one key a line.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct CreateKey {
    /// What the key is called.
    #[arg(long)]
    name: String,
    /// A website that may use the key, such as <https://example.com>; may be given again.
    #[arg(long = "website", value_name = "PATTERN")]
    websites: Vec<String>,
    /// An IP address or CIDR network that may use the key; may be given again.
    #[arg(long = "ip", value_name = "ADDRESS")]
    ips: Vec<String>,
    /// Queries in a calendar month.
    #[arg(long, value_name = "N")]
    limit: Option<i64>,
    /// When the key expires, such as 2030-01-31T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    /// Keep a sealed copy, so that the key can be shown again.
    #[arg(long)]
    retrievable: bool,
    /// Print the whole license key as JSON.
    #[arg(long)]
    json: bool,
}

/// `natter admin`
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Make somebody who signs in to the dashboard.
    Create {
        #[arg(long)]
        email: String,
        /// May read only.
        #[arg(long)]
        viewer: bool,
    },
    /// Set a new password; every browser of this account is signed out.
    ResetPassword {
        #[arg(long)]
        email: String,
    },
}

/// Reads the words of a command.
///
/// # Errors
/// What clap says.
pub fn typed<C: Subcommand>(words: &[&str]) -> Result<C, clap::Error> {
    let command = C::augment_subcommands(clap::Command::new("natter"));
    C::from_arg_matches(&command.try_get_matches_from([&["natter"], words].concat())?)
}

type Done = Result<(), String>;

fn line(error: &ApiError) -> String {
    error.message.clone().unwrap_or_else(|| error.text.unwrap_or(error.code.text()).to_owned())
}

fn print(text: &str) -> Done {
    writeln!(std::io::stdout(), "{text}").map_err(|e| e.to_string())
}

/// The server's state without a server: nothing listens, nothing is swept.
async fn open(config: Config) -> Result<Arc<App>, String> {
    setup::prepare_beside(config, Clock::system()).await.map_err(|e| e.to_string())
}

/// Runs `natter keys …`.
///
/// # Errors
/// One line for whoever typed it.
pub async fn keys(config: Config, command: Keys) -> Done {
    let app = open(config).await?;
    let done = match command {
        Keys::Create(new) => create_key(&app, new).await,
        Keys::List { json } => list_keys(&app, json).await,
    };
    app.store.close().await;
    done
}

async fn create_key(app: &App, new: CreateKey) -> Done {
    let mut given = Map::new();
    given.insert("name".into(), new.name.into());
    given.insert("retrievable".into(), new.retrievable.into());
    given.insert("monthly_usage_limit".into(), json!(new.limit));
    given.insert("expires_at".into(), json!(new.expires));
    given.insert("websites".into(), json!(new.websites));
    given.insert("ip_addresses".into(), json!(new.ips));
    let checked = form::read(&LicenseKeySettings::default(), given);
    let checked = checked.map_err(|errors| line(&ApiError::from(errors)))?;
    let made = edit::make(app, &Actor::local("cli"), app.clock.ulid(), &checked).await;
    let made = made.map_err(|error| line(&error))?;
    if new.json {
        return print(&serde_json::to_string(&made).map_err(|e| e.to_string())?);
    }
    print(&made.key.unwrap_or_default())
}

async fn list_keys(app: &App, as_json: bool) -> Done {
    let now_ms = app.clock.now_ms();
    let mut filter =
        KeyFilter { after: None, q: None, status: None, of_orders: false, now_ms, limit: 200 };
    if !as_json {
        print("id                          key hint             status       used  name")?;
    }
    loop {
        let (rows, _) = app.store.license_keys(&filter).await.map_err(|e| e.to_string())?;
        for row in &rows {
            let used = app.store.monthly_usage(&row.key.id, clock::month_of(now_ms)).await;
            let key = form::view(row, used.map_err(|e| e.to_string())?, now_ms);
            let key = key.map_err(|error| line(&error))?;
            if as_json {
                print(&serde_json::to_string(&key).map_err(|e| e.to_string())?)?;
                continue;
            }
            let status = serde_json::to_value(key.status).unwrap_or(Value::Null);
            let status = status.as_str().unwrap_or_default();
            print(&format!(
                "{:<26}  {}  {status:<11} {:>6}  {}",
                key.id, key.key_hint, key.monthly_usage, key.settings.name
            ))?;
        }
        let full = rows.len() == 200;
        filter.after = rows.last().map(|row| (row.key.created_at, row.key.id.clone()));
        if !full {
            return Ok(());
        }
    }
}

/// Runs `natter admin …`; the password is that of `NATTER_ADMIN_PASSWORD`, else it is asked for.
///
/// # Errors
/// One line for whoever typed it.
pub async fn admin(config: Config, command: Admin, password: Option<String>) -> Done {
    let password = match password.filter(|password| !password.is_empty()) {
        Some(password) => password,
        None => ask_password()?,
    };
    let app = open(config).await?;
    let actor = Actor::local("cli");
    let done = match command {
        Admin::Create { email, viewer } => {
            let role = Some(if viewer { UserRole::Viewer } else { UserRole::Admin });
            let new = NewUser { email: email.clone(), role, password, ..NewUser::default() };
            users::add(&app, &actor, new, false).await.map(|_| format!("{email} can sign in."))
        }
        Admin::ResetPassword { email } => match app.store.user_by_email(&email).await {
            Ok(Some(user)) => {
                let change = UserChange { password: Some(password), ..UserChange::default() };
                let changed = users::change(&app, &actor, &user.id, change).await;
                changed.map(|_| format!("{email} has a new password."))
            }
            Ok(None) => return Err(format!("nobody has the e-mail address {email:?}")),
            Err(error) => return Err(error.to_string()),
        },
    };
    app.store.close().await;
    print(&done.map_err(|error| line(&error))?)
}

fn ask_password() -> Result<String, String> {
    if std::io::stdin().is_terminal() {
        let _ = write!(std::io::stderr(), "New password (it is shown as you type): ");
    }
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password).map_err(|e| e.to_string())?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        return Err("no password: set NATTER_ADMIN_PASSWORD, or type one".into());
    }
    Ok(password)
}
