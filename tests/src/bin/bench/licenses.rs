//! What a question about a license costs: validating the instance of a license that was bought.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::load::{self, Target};
use crate::natter::{ADMIN_KEY, Natter};
use crate::table::Row;

/// Connections that ask at a time.
const CONNECTIONS: usize = 64;

/// Measures validations of one instance, as many as there can be. One address may ask ten million
/// times a minute here.
pub async fn measure(natter: &Natter, time: Duration) -> Result<Vec<Row>> {
    let (key, instance) = sold(natter).await?;
    let target = Target::validate(natter.addr(), &key, &instance);
    load::closed_json(&target, CONNECTIONS, Duration::from_secs(1)).await?;
    let before = natter.cpu()?;
    let closed = load::closed_json(&target, CONNECTIONS, time).await?;
    let cpu = natter.cpu()?.saturating_sub(before).as_secs_f64() * 1e6;
    let answers = closed.chats as f64;
    let per_second = answers / closed.elapsed.as_secs_f64();
    Ok(vec![
        Row::at_least("license validations/s", per_second, 5000.0),
        Row::figure("  CPU us each / number", cpu / answers, answers),
    ])
}

/// Sells a license with an activation limit and activates it; gives its key and the instance.
async fn sold(natter: &Natter) -> Result<(String, String)> {
    let http = reqwest::Client::new();
    let post = async |path: &str, body: Value| -> Result<Value> {
        let url = format!("http://{}{path}", natter.addr());
        let sent = http.post(url).header("X-Admin-Api-Key", ADMIN_KEY).json(&body).send().await?;
        Ok(sent.error_for_status()?.json().await?)
    };
    let text = |value: &Value| value.as_str().map(str::to_owned).context("a text");
    let product = json!({"identifier": "bench", "name": "Bench"});
    let product = post("/api/products", product).await?;
    let licenses = json!({"activation_limit_enabled": true, "activation_limit": 5,
        "has_expiry": true, "grace_days": 3});
    let plan = json!({"product_id": product["id"], "identifier": "pro", "name": "Pro",
        "licenses": licenses});
    let plan = post("/api/plans", plan).await?;
    let order = json!({"plan_id": plan["id"], "customer": {"id": "c1"}});
    let order = post("/api/orders", order).await?;
    let key = text(&order["license_key"])?;
    let made = json!({"licenseKey": key, "instanceName": "Bench"});
    let made = post("/license/activate", made).await?;
    Ok((key, text(&made["instanceId"])?))
}
