//! `natter licenses`: orders and their license keys, from the command line.
//!
//! What enters: what was typed, and for an import a file. What leaves: lines for a person, or JSON for
//! a script. A license is named by its key, the key's id, or its order's id.

use std::io::{Read, Write};
use std::path::PathBuf;

use bytes::Bytes;
use clap::{Args, Subcommand};
use futures_util::Stream;
use serde::Serialize;
use serde_json::{Map, Value, json};
use shared::ErrorCode;
use shared::license_key::Rotation;
use shared::order::{Order, OrderStatus};

use super::{Done, line, open};
use crate::app::App;
use crate::config::Config;
use crate::keys::{activations, edit, license_key};
use crate::licensing::export::Export;
use crate::licensing::{import, orders, signing};
use crate::people::Actor;
use crate::store::license_keys::{KeyName, LicenseKeyRow};
use crate::store::orders::{OrderFilter, OrderRow};

/// Rows that are read at a time.
const PAGE: u32 = 200;
/// Bytes of a file that are read at a time.
const CHUNK: usize = 64 * 1024;

/// `natter licenses`
#[derive(Debug, Subcommand)]
pub enum Licenses {
    /// List orders with their licenses, newest first.
    List {
        /// As JSON, one order a line.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        which: Which,
    },
    /// Print a license and its order as JSON.
    Show {
        /// The license key, its id, or the order's id.
        license: String,
    },
    /// Place an order and print its license key.
    Issue(Issue),
    /// Complete a pending order and print its license key.
    Complete { order: String },
    /// Refund an order: its license key is deactivated for good.
    Refund { order: String },
    /// Cancel an order: its license key is deactivated for good.
    Cancel { order: String },
    /// Replace a license key and print the new one; the old one and all activations end at once.
    Regenerate { license: String },
    /// Switch a license key off for good.
    Deactivate {
        license: String,
        /// Says that you know that nothing brings it back.
        #[arg(long)]
        yes: bool,
    },
    /// Set how many activations a license has.
    Limit {
        license: String,
        /// 1 to 100, or none for any number.
        #[arg(value_name = "N|none")]
        limit: String,
    },
    /// Set when a license expires.
    Expires {
        license: String,
        /// Such as 2030-01-31T00:00:00Z, or never.
        #[arg(value_name = "TIME|never")]
        time: String,
    },
    /// List the activations of a license, newest first.
    Activations {
        license: String,
        /// As JSON, one activation a line.
        #[arg(long)]
        json: bool,
    },
    /// End an activation: its place is free.
    Revoke { license: String, instance: String },
    /// Make orders of the lines of a CSV file: of all of them, or of none.
    Import {
        /// The file, or - for the standard input.
        file: PathBuf,
        /// Check the file only.
        #[arg(long)]
        dry_run: bool,
    },
    /// Print orders as CSV, newest first.
    Export {
        /// With the license keys in the clear.
        #[arg(long)]
        keys: bool,
        #[command(flatten)]
        which: Which,
    },
    /// List the keys that sign answers of the license API.
    SigningKeys,
    /// Let the next key sign from now on.
    RotateSigningKey,
}

/// Which orders are meant; without any of these, all.
#[derive(Debug, Args)]
pub struct Which {
    /// Those with this status only.
    #[arg(long, value_parser = ["complete", "pending", "refunded", "cancelled"])]
    status: Option<String>,
    /// Part of the order's id, or of the customer's id, name or address.
    #[arg(short)]
    q: Option<String>,
}

impl Which {
    fn filter(self) -> OrderFilter {
        let statuses = [
            OrderStatus::Complete,
            OrderStatus::Pending,
            OrderStatus::Refunded,
            OrderStatus::Cancelled,
        ];
        let status = self.status.and_then(|asked| {
            statuses.into_iter().map(OrderStatus::as_str).find(|known| *known == asked)
        });
        OrderFilter { q: self.q, status, limit: PAGE, ..OrderFilter::default() }
    }
}

#[derive(Debug, Args)]
pub struct Issue {
    /// The plan's id, or product/plan by their identifiers.
    #[arg(long)]
    plan: String,
    /// Your own id of the customer.
    #[arg(long)]
    customer_id: String,
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    email: Option<String>,
    /// When it was bought, such as 2026-01-31T00:00:00Z; now when it is left out.
    #[arg(long, value_name = "TIME")]
    purchased_at: Option<String>,
    /// Not paid yet: the key is issued when the order is completed.
    #[arg(long)]
    pending: bool,
    /// The same order placed twice under it is placed once.
    #[arg(long, value_name = "NAME")]
    idempotency_key: Option<String>,
    /// Print the whole order as JSON.
    #[arg(long)]
    json: bool,
}

/// Writes a line.
pub(super) fn put(out: &mut (dyn Write + Send), text: &str) -> Done {
    writeln!(out, "{text}").map_err(|e| e.to_string())
}

/// Writes JSON on a line.
pub(super) fn put_json(out: &mut (dyn Write + Send), value: &impl Serialize) -> Done {
    put(out, &serde_json::to_string(value).map_err(|e| e.to_string())?)
}

/// Runs `natter licenses …` and writes its output.
///
/// # Errors
/// One line for whoever typed it; a file that is not taken has a line for each of its mistakes.
pub async fn run(config: Config, command: Licenses, out: &mut (dyn Write + Send)) -> Done {
    let app = open(config).await?;
    let done = act(&app, command, out).await;
    app.store.close().await;
    done
}

async fn act(app: &App, command: Licenses, out: &mut (dyn Write + Send)) -> Done {
    match command {
        Licenses::List { json, which } => list(app, json, which, out).await,
        Licenses::Show { license } => show(app, &license, out).await,
        Licenses::Issue(new) => issue(app, new, out).await,
        Licenses::Complete { order } => {
            let id = order_id(app, &order).await?;
            let done = orders::complete(app, &actor(), &id).await.map_err(|error| line(&error))?;
            put(out, done.license_key.as_deref().unwrap_or("The order is complete."))
        }
        Licenses::Refund { order } => end(app, &order, OrderStatus::Refunded, out).await,
        Licenses::Cancel { order } => end(app, &order, OrderStatus::Cancelled, out).await,
        Licenses::Import { file, dry_run } => take(app, file, dry_run, out).await,
        Licenses::Export { keys, which } => export(app, keys, which, out).await,
        Licenses::SigningKeys => {
            signing::load(app).await.map_err(|e| e.to_string())?;
            put_signing_keys(
                &app.signing.published(app.clock.now_ms()).map_err(|error| line(&error))?,
                out,
            )
        }
        Licenses::RotateSigningKey => put_signing_keys(
            &signing::rotate(app, &actor()).await.map_err(|error| line(&error))?,
            out,
        ),
        other => act_on_key(app, other, out).await,
    }
}

/// What is done to a license key.
async fn act_on_key(app: &App, command: Licenses, out: &mut (dyn Write + Send)) -> Done {
    match command {
        Licenses::Regenerate { license } => {
            let id = key(app, &license).await?.id;
            let new = edit::regenerate(app, &actor(), &id, Rotation::default()).await;
            put(out, &new.map_err(|error| line(&error))?.key.unwrap_or_default())
        }
        Licenses::Deactivate { yes: false, .. } => {
            Err("nothing brings a deactivated license back: say --yes".into())
        }
        Licenses::Deactivate { license, .. } => {
            let id = key(app, &license).await?.id;
            edit::deactivate(app, &actor(), &id).await.map_err(|error| line(&error))?;
            put(out, "The license is deactivated.")
        }
        Licenses::Limit { license, limit } => {
            let limit = match limit.as_str() {
                "none" => None,
                n => Some(n.parse::<i64>().map_err(|_| "the limit is 1 to 100, or none")?),
            };
            change(app, &license, "activation_limit", json!(limit), out).await
        }
        Licenses::Expires { license, time } => {
            let time = Some(time).filter(|time| time != "never");
            change(app, &license, "expires_at", json!(time), out).await
        }
        Licenses::Activations { license, json } => instances(app, &license, json, out).await,
        Licenses::Revoke { license, instance } => {
            let key = key(app, &license).await?;
            activations::revoke(app, &actor(), &key, &instance).await.map_err(
                |error| match error.code {
                    ErrorCode::NotFound => format!("the license has no instance {instance:?}"),
                    _ => line(&error),
                },
            )?;
            put(out, "The activation has ended.")
        }
        _ => Ok(()),
    }
}

fn actor() -> Actor {
    Actor::local("cli")
}

async fn order(app: &App, id: &str) -> Result<OrderRow, String> {
    let row = app.store.order(id).await.map_err(|e| e.to_string())?;
    row.ok_or_else(|| format!("there is no order {id:?}"))
}

/// The license key that is named, in one of the three ways.
async fn key(app: &App, name: &str) -> Result<LicenseKeyRow, String> {
    let wanted = if name.starts_with("ORD-") {
        let id = order(app, name).await?.license_key_id;
        KeyName::Id(id.ok_or_else(|| format!("the order {name} has no license key"))?)
    } else if let Some(key) = license_key::parse(name) {
        KeyName::Hash(license_key::hash(&key))
    } else {
        KeyName::Id(name.to_owned())
    };
    let row = app.store.license_key(&wanted).await.map_err(|e| e.to_string())?;
    // The name may be a key, which is not for logs.
    row.ok_or_else(|| "there is no such license".into())
}

/// The id of the order that is named, by itself or by its license.
async fn order_id(app: &App, name: &str) -> Result<String, String> {
    if name.starts_with("ORD-") {
        return Ok(order(app, name).await?.id);
    }
    let id = key(app, name).await?.order_id;
    id.ok_or_else(|| "the license key belongs to no order".into())
}

async fn list(app: &App, json: bool, which: Which, out: &mut (dyn Write + Send)) -> Done {
    let mut filter = which.filter();
    if !json {
        put(
            out,
            "order                           order      license              used   expires                   customer",
        )?;
    }
    loop {
        let rows = app.store.orders(&filter).await.map_err(|e| e.to_string())?;
        for row in &rows {
            let order = orders::view(row, app.clock.now_ms()).map_err(|error| line(&error))?;
            if json { put_json(out, &order)? } else { put(out, &as_line(&order))? }
        }
        filter.after = rows.last().map(|row| (row.created_at, row.id.clone()));
        if rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            return Ok(());
        }
    }
}

fn as_line(order: &Order) -> String {
    let (hint, used, expires) = match &order.license {
        None => ("none".to_owned(), String::new(), String::new()),
        Some(license) => {
            let limit = license.activation_limit.map_or("∞".to_owned(), |n| n.to_string());
            let expires = license.expires_at.clone().unwrap_or_else(|| "never".into());
            let used = format!("{}/{limit}", license.activation_usage);
            (license.key_hint.clone(), used, expires)
        }
    };
    let status = order.status.as_str();
    // A name must not write to the terminal.
    let customer: String = order.customer.id.chars().filter(|c| !c.is_control()).collect();
    format!("{:<30}  {status:<9}  {hint:<19}  {used:<5}  {expires:<24}  {customer}", order.id)
}

async fn show(app: &App, name: &str, out: &mut (dyn Write + Send)) -> Done {
    let (order_id, key_id) = if name.starts_with("ORD-") {
        let row = order(app, name).await?;
        (Some(row.id), row.license_key_id)
    } else {
        let row = key(app, name).await?;
        (row.order_id, Some(row.id))
    };
    let order = match &order_id {
        Some(id) => Some(orders::current(app, id).await.map_err(|error| line(&error))?),
        None => None,
    };
    let key = match &key_id {
        Some(id) => Some(edit::current(app, id).await.map_err(|error| line(&error))?),
        None => None,
    };
    let both = json!({ "order": order, "license_key": key });
    put(out, &serde_json::to_string_pretty(&both).map_err(|e| e.to_string())?)
}

async fn issue(app: &App, new: Issue, out: &mut (dyn Write + Send)) -> Done {
    let mut given = Map::new();
    given.insert("plan_id".into(), new.plan.into());
    let customer = json!({
        "id": new.customer_id,
        "name": new.name.unwrap_or_default(),
        "email": new.email.unwrap_or_default(),
    });
    given.insert("customer".into(), customer);
    given.insert("purchased_at".into(), json!(new.purchased_at));
    given.insert("status".into(), if new.pending { "pending" } else { "complete" }.into());
    let placed = orders::place(app, &actor(), given, new.idempotency_key).await;
    let (order, _) = placed.map_err(|error| line(&error))?;
    if new.json {
        return put_json(out, &order);
    }
    put(out, order.license_key.as_deref().unwrap_or(&order.id))
}

async fn end(app: &App, name: &str, to: OrderStatus, out: &mut (dyn Write + Send)) -> Done {
    let id = order_id(app, name).await?;
    let order = orders::end(app, &actor(), &id, to).await.map_err(|error| line(&error))?;
    put(out, &format!("The order {} is {}.", order.id, order.status.as_str()))
}

async fn change(
    app: &App,
    license: &str,
    field: &str,
    value: Value,
    out: &mut (dyn Write + Send),
) -> Done {
    let id = key(app, license).await?.id;
    let given = Map::from_iter([(field.to_owned(), value)]);
    let key = edit::change(app, &actor(), &id, given).await.map_err(|error| line(&error))?;
    let limit = key.settings.activation_limit.map_or("any number of".into(), |n| n.to_string());
    let expires = key.settings.expires_at.unwrap_or_else(|| "never".into());
    put(out, &format!("{limit} activations; expires: {expires}"))
}

async fn instances(app: &App, license: &str, as_json: bool, out: &mut (dyn Write + Send)) -> Done {
    let id = key(app, license).await?.id;
    if !as_json {
        put(out, "instance                    last seen                 status   name")?;
    }
    let mut after = None;
    loop {
        let (rows, _) =
            app.store.activations(&id, after, None, PAGE).await.map_err(|e| e.to_string())?;
        after = rows.last().map(|row| (row.created_at, row.id.clone()));
        let full = rows.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
        for row in rows {
            let status = row.status.clone();
            let instance = activations::view(row);
            if as_json {
                put_json(out, &instance)?;
                continue;
            }
            let name: String = instance.instance_name.chars().filter(|c| !c.is_control()).collect();
            put(
                out,
                &format!(
                    "{:<26}  {}  {status:<7}  {name}",
                    instance.instance_id, instance.last_seen_at
                ),
            )?;
        }
        if !full {
            return Ok(());
        }
    }
}

fn put_signing_keys(keys: &[shared::license::SigningKey], out: &mut (dyn Write + Send)) -> Done {
    keys.iter().try_for_each(|key| put_json(out, key))
}

/// A file as chunks, read beside the runtime: a terminal may keep a reader waiting.
fn chunks(
    file: impl Read + Send + 'static,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Unpin {
    Box::pin(futures_util::stream::try_unfold(file, async |mut file| {
        let read = tokio::task::spawn_blocking(move || {
            let mut chunk = vec![0; CHUNK];
            let read = file.read(&mut chunk)?;
            chunk.truncate(read);
            Ok((read > 0).then(|| (Bytes::from(chunk), file)))
        });
        read.await.map_err(std::io::Error::other)?
    }))
}

async fn take(app: &App, file: PathBuf, dry_run: bool, out: &mut (dyn Write + Send)) -> Done {
    let actor = actor();
    let taken = if file.as_os_str() == "-" {
        import::import(app, &actor, chunks(std::io::stdin()), dry_run).await
    } else {
        let opened = std::fs::File::open(&file).map_err(|e| format!("{}: {e}", file.display()))?;
        import::import(app, &actor, chunks(opened), dry_run).await
    };
    match taken {
        Ok(report) => {
            let would = if dry_run { "to import, " } else { "imported, " };
            put(out, &format!("{} orders {would}{} there already", report.imported, report.skipped))
        }
        Err(error) => {
            for wrong in error.import.iter().flat_map(|report| &report.errors) {
                put(out, &import::told(wrong))?;
            }
            Err(line(&error))
        }
    }
}

async fn export(app: &App, keys: bool, which: Which, out: &mut (dyn Write + Send)) -> Done {
    if keys {
        let audit = actor().audit(&app.clock, "license_keys.exported", "export", "", Map::new());
        app.store.add_audit(audit).await.map_err(|e| e.to_string())?;
    }
    let mut export = Export::new(which.filter(), keys);
    while let Some(page) = export.next(app).await.map_err(|error| line(&error))? {
        out.write_all(page.as_bytes()).map_err(|e| e.to_string())?;
    }
    Ok(())
}
