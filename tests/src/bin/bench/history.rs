//! Lists and analytics over a usage log of a million rows.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use crate::natter::{ADMIN_KEY, Natter, license_key};
use crate::table::Row;

const ROWS: u32 = 1_000_000;
/// Requests of one kind.
const TIMES: usize = 40;

/// A row each 26 seconds of the last 300 days, from 50 websites, in the shape that the server writes.
const FILL: &str = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1) \
    INSERT INTO usage_log (id, created_at, logged_at, owner, conversation_id, question, status, \
    code, count, response_time_ms, first_token_ms, response_bucket, first_token_bucket, ip_address, \
    referrer, page, domain, user_agent, agent_id) \
    SELECT printf('01%024d', i), $2 + i * 25920, $2 + i * 25920, $3, printf('01C%023d', i / 4), \
    'How do I put the widget on my page?', \
    CASE i % 50 WHEN 0 THEN 'failed' WHEN 1 THEN 'refused' WHEN 2 THEN 'stopped' ELSE 'ok' END, \
    CASE i % 50 WHEN 0 THEN 'upstream_failed' WHEN 1 THEN 'origin_not_allowed' END, 1, \
    i % 4000, i % 800, 60 + i % 190, 40 + i % 100, '203.0.113.7', \
    'https://site' || (i % 50) || '.example/page/' || (i % 40), \
    'https://site' || (i % 50) || '.example/page/' || (i % 40), \
    'site' || (i % 50) || '.example', 'Mozilla/5.0', 'demo' FROM n";

/// Fills a database, starts the server on it, and asks as a dashboard does.
pub async fn measure(stub: SocketAddr) -> Result<Vec<Row>> {
    let folder = tempfile::Builder::new().prefix("natter-bench-").tempdir()?;
    let key = license_key(folder.path()).await?;
    let id = fill(folder.path()).await?;
    let database = folder.path().join("natter.db");
    let started = Instant::now();
    let natter = Natter::start_on(folder, key, stub).await?;
    let start = started.elapsed().as_secs_f64();
    let base = format!("http://{}", natter.addr());
    let http = reqwest::Client::builder().no_proxy().build()?;
    let get = async |path: &str| -> Result<(Value, f64)> {
        let asked = Instant::now();
        let call = http.get(format!("{base}{path}")).header("X-Admin-Api-Key", ADMIN_KEY);
        let answer: Value = call.send().await?.error_for_status()?.json().await?;
        Ok((answer, asked.elapsed().as_secs_f64() * 1000.0))
    };
    let of_key = format!("/api/license-keys/{id}");
    // The sums are made in the background, once.
    wait_until_summed(&database).await?;
    let (page, _) = get(&format!("{of_key}/usage?limit=200")).await?;
    if page["total"] != ROWS {
        bail!("the log has {} rows, not {ROWS}", page["total"]);
    }
    let cursor = page["next_cursor"].as_str().context("a second page")?.to_owned();
    let mut rows = vec![Row::at_most("start with 1 M usage rows, s", start, 0.3)];
    for (what, path) in [
        ("usage log, first page, p95 ms", format!("{of_key}/usage?limit=100")),
        ("usage log, later page, p95 ms", format!("{of_key}/usage?limit=100&cursor={cursor}")),
        ("usage log, failed ones, p95 ms", format!("{of_key}/usage?limit=100&status=failed")),
        ("analytics, 30 days, p95 ms", format!("{of_key}/analytics?interval=day")),
        (
            "analytics, hours of 7 days, p95 ms",
            format!("{of_key}/analytics?interval=hour&from={}", days_ago(7)),
        ),
        (
            "analytics, 300 days, p95 ms",
            format!("{of_key}/analytics?interval=month&from={}", days_ago(300)),
        ),
        ("analytics, all keys, p95 ms", "/api/analytics?interval=day".to_owned()),
        ("license keys, first page, p95 ms", "/api/license-keys".to_owned()),
    ] {
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            times.push(get(&path).await?.1);
        }
        times.sort_by(f64::total_cmp);
        rows.push(Row::at_most(what, times[TIMES * 95 / 100], 50.0));
    }
    Ok(rows)
}

/// Waits until the roll-up has come to the newest rows.
async fn wait_until_summed(database: &std::path::Path) -> Result<()> {
    let mut db =
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(database)).await?;
    let started = Instant::now();
    loop {
        let mark: Option<(String,)> =
            sqlx::query_as("SELECT value FROM installation WHERE name = 'usage_rolled_until'")
                .fetch_optional(&mut db)
                .await?;
        // Not there before the first roll-up.
        if mark.is_some_and(|(mark,)| mark.parse::<i64>().is_ok_and(|at| at > now_ms() - 60_000)) {
            println!("a million rows were summed in {:.0} s", started.elapsed().as_secs_f64());
            return Ok(());
        }
        if started.elapsed() > Duration::from_secs(180) {
            bail!("the rows are not summed after 180 s");
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

fn now_ms() -> i64 {
    server::clock::Clock::system().now_ms()
}

fn days_ago(days: i64) -> String {
    server::clock::rfc3339(now_ms() - days * 86_400_000)
}

/// Writes the rows; gives the id of the bench's key.
async fn fill(folder: &std::path::Path) -> Result<String> {
    let options = SqliteConnectOptions::new().filename(folder.join("natter.db"));
    let mut db = SqliteConnection::connect_with(&options).await?;
    let (id,): (String,) = sqlx::query_as("SELECT id FROM license_keys WHERE name = 'Bench'")
        .fetch_one(&mut db)
        .await?;
    let from = now_ms() - 300 * 86_400_000 - 60_000;
    sqlx::query(FILL).bind(ROWS).bind(from).bind(&id).execute(&mut db).await?;
    // All of it is still to be summed.
    sqlx::query("UPDATE installation SET value = '0' WHERE name = 'usage_rolled_until'")
        .execute(&mut db)
        .await?;
    db.close().await?;
    Ok(id)
}
