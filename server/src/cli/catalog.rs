//! `natter products` and `natter plans`: what is sold, from the command line.
//!
//! What enters: what was typed. What leaves: the id of what was made, or a line for each that there is.

use std::io::Write;

use clap::{Args, Subcommand};
use serde_json::{Map, json};

use super::licenses::{put, put_json};
use super::{Done, line, open};
use crate::app::App;
use crate::config::Config;
use crate::licensing::catalog;
use crate::people::Actor;

/// Rows that are read at a time.
const PAGE: u32 = 200;

/// `natter products`
#[derive(Debug, Subcommand)]
pub enum Products {
    /// Make a product and print its id.
    Create {
        /// What orders and imports call it, such as studio.
        #[arg(long)]
        identifier: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        description: Option<String>,
        /// Print the whole product as JSON.
        #[arg(long)]
        json: bool,
    },
    /// List products, newest first.
    List {
        /// As JSON, one product a line.
        #[arg(long)]
        json: bool,
    },
}

/// `natter plans`
#[derive(Debug, Subcommand)]
pub enum Plans {
    /// Make a plan of a product and print its id.
    Create(CreatePlan),
    /// List plans, newest first.
    List {
        /// As JSON, one plan a line.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct CreatePlan {
    /// The product's id or identifier.
    #[arg(long)]
    product: String,
    /// What orders and imports call it after the product, such as pro.
    #[arg(long)]
    identifier: String,
    #[arg(long)]
    name: String,
    /// How many activations a license has, 1 to 100; any number when it is left out.
    #[arg(long, value_name = "N")]
    activations: Option<i64>,
    /// How long a license is good for, such as 1year, 6month or 30day; for ever when it is left out.
    #[arg(long)]
    duration: Option<String>,
    /// Days for which it works on after that.
    #[arg(long, value_name = "N")]
    grace_days: Option<i64>,
    /// Mail the license key to the customer.
    #[arg(long)]
    email_key: bool,
    /// Its orders issue no license key.
    #[arg(long)]
    without_licenses: bool,
    /// Print the whole plan as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs `natter products …` and writes its output.
///
/// # Errors
/// One line for whoever typed it.
pub async fn products(config: Config, command: Products, out: &mut (dyn Write + Send)) -> Done {
    let app = open(config).await?;
    let done = match command {
        Products::Create { identifier, name, description, json } => {
            let description = description.unwrap_or_default();
            let given = json!({"identifier": identifier, "name": name, "description": description});
            let given = given.as_object().cloned().unwrap_or_default();
            match catalog::make_product(&app, &Actor::local("cli"), given).await {
                Ok(made) if json => put_json(out, &made),
                Ok(made) => put(out, &made.id),
                Err(error) => Err(line(&error)),
            }
        }
        Products::List { json } => list_products(&app, json, out).await,
    };
    app.store.close().await;
    done
}

async fn list_products(app: &App, as_json: bool, out: &mut (dyn Write + Send)) -> Done {
    let mut after = None;
    loop {
        let (rows, _) = app.store.products(after, None, PAGE).await.map_err(|e| e.to_string())?;
        for row in &rows {
            let product = catalog::product_view(row);
            if as_json {
                put_json(out, &product)?;
            } else {
                put(out, &format!("{}  {:<24}  {}", row.id, row.identifier, row.name))?;
            }
        }
        let Some(last) = rows.last().filter(|_| rows.len() >= PAGE as usize) else { return Ok(()) };
        after = Some((last.created_at, last.id.clone()));
    }
}

/// Runs `natter plans …` and writes its output.
///
/// # Errors
/// One line for whoever typed it.
pub async fn plans(config: Config, command: Plans, out: &mut (dyn Write + Send)) -> Done {
    let app = open(config).await?;
    let done = match command {
        Plans::Create(new) => create_plan(&app, new, out).await,
        Plans::List { json } => list_plans(&app, json, out).await,
    };
    app.store.close().await;
    done
}

async fn create_plan(app: &App, new: CreatePlan, out: &mut (dyn Write + Send)) -> Done {
    let product_id = product_id(app, &new.product).await?;
    let mut licenses = Map::new();
    licenses.insert("enabled".into(), (!new.without_licenses).into());
    licenses.insert("email_key".into(), new.email_key.into());
    if let Some(limit) = new.activations {
        licenses.insert("activation_limit_enabled".into(), true.into());
        licenses.insert("activation_limit".into(), limit.into());
    }
    if let Some(days) = new.grace_days {
        licenses.insert("grace_days".into(), days.into());
    }
    if let Some(duration) = &new.duration {
        let unit = duration.trim_start_matches(|c: char| c.is_ascii_digit());
        let value: u32 = duration
            .strip_suffix(unit)
            .and_then(|value| value.parse().ok())
            .ok_or("the duration is a number with its unit, such as 1year, 6month or 30day")?;
        licenses.insert("has_expiry".into(), true.into());
        licenses.insert("duration_value".into(), value.into());
        licenses.insert("duration_unit".into(), unit.into());
    }
    let given = json!({
        "product_id": product_id, "identifier": new.identifier, "name": new.name,
        "licenses": licenses,
    });
    let given = given.as_object().cloned().unwrap_or_default();
    let made = catalog::make_plan(app, &Actor::local("cli"), given).await;
    let made = made.map_err(|error| line(&error))?;
    if new.json { put_json(out, &made) } else { put(out, &made.id) }
}

/// The id of the product that is named, by it or by its identifier.
async fn product_id(app: &App, name: &str) -> Result<String, String> {
    if let Some(row) = app.store.product(name).await.map_err(|e| e.to_string())? {
        return Ok(row.id);
    }
    let mut after = None;
    loop {
        let (rows, _) =
            app.store.products(after, Some(name), PAGE).await.map_err(|e| e.to_string())?;
        if let Some(row) = rows.iter().find(|row| row.identifier == name) {
            return Ok(row.id.clone());
        }
        let last = rows.last().filter(|_| rows.len() >= PAGE as usize);
        let last = last.ok_or_else(|| format!("there is no product {name:?}"))?;
        after = Some((last.created_at, last.id.clone()));
    }
}

async fn list_plans(app: &App, as_json: bool, out: &mut (dyn Write + Send)) -> Done {
    let mut after = None;
    loop {
        let (rows, _) = app.store.plans(after, None, "", PAGE).await.map_err(|e| e.to_string())?;
        for row in &rows {
            if as_json {
                put_json(out, &catalog::plan_view(row).map_err(|error| line(&error))?)?;
                continue;
            }
            let product = catalog::product(app, &row.product_id).await;
            let product = product.map_err(|error| line(&error))?.identifier;
            let names = format!("{product}/{}", row.identifier);
            let off = if row.is_active { "" } else { "  (switched off)" };
            put(out, &format!("{}  {names:<40}  {}{off}", row.id, row.name))?;
        }
        let Some(last) = rows.last().filter(|_| rows.len() >= PAGE as usize) else { return Ok(()) };
        after = Some((last.created_at, last.id.clone()));
    }
}
