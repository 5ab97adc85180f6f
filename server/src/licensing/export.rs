//! Orders as a CSV file, page by page.
//!
//! What enters: which orders are asked for. What leaves: lines that an import takes again, with what
//! became of each order.

use std::collections::HashMap;

use serde_json::Value;

use super::{catalog, import, orders};
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::store::orders::{OrderFilter, OrderRow};
use crate::table;

/// Rows that are in memory at a time.
const ROWS: u32 = 1000;

/// An export that is going on.
#[derive(Debug)]
pub struct Export {
    filter: OrderFilter,
    with_keys: bool,
    /// `product/plan` by the plan's id.
    plans: HashMap<String, String>,
    is_first: bool,
    is_done: bool,
}

impl Export {
    /// Starts anew at the first page; `with_keys` adds the license keys in the clear.
    #[must_use]
    pub fn new(filter: OrderFilter, with_keys: bool) -> Self {
        let filter = OrderFilter { limit: ROWS, ..filter };
        Self { filter, with_keys, plans: HashMap::new(), is_first: true, is_done: false }
    }

    /// The next lines; none at the end.
    ///
    /// # Errors
    /// When the database fails, or a license key does not open.
    pub async fn next(&mut self, app: &App) -> Result<Option<String>, ApiError> {
        if self.is_done {
            return Ok(None);
        }
        let mut text = String::new();
        if std::mem::take(&mut self.is_first) {
            let keys = usize::from(!self.with_keys);
            let count = import::COLUMNS.len() + import::EXPORTED.len() - keys;
            let names = import::COLUMNS.iter().chain(import::EXPORTED).take(count);
            let names: Vec<_> = names.map(|name| (*name).to_owned()).collect();
            table::write_line(&mut text, &names);
        }
        let rows = app.store.orders(&self.filter).await?;
        self.is_done = rows.len() < usize::try_from(ROWS).unwrap_or(usize::MAX);
        self.filter.after = rows.last().map(|row| (row.created_at, row.id.clone()));
        for row in &rows {
            let cells = self.cells(app, row).await?;
            table::write_line(&mut text, &cells);
        }
        Ok(Some(text))
    }

    /// In the order of [`import::COLUMNS`] and [`import::EXPORTED`].
    async fn cells(&mut self, app: &App, row: &OrderRow) -> Result<Vec<String>, ApiError> {
        let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
        let order = orders::view(row, app.clock.now_ms())?;
        let status = order.license.map(|license| serde_json::to_value(license.status));
        let status = status.and_then(Result::ok).unwrap_or(Value::Null);
        let metadata = if order.metadata.is_empty() { String::new() } else { row.metadata.clone() };
        let mut cells = vec![
            self.plan(app, &row.plan_id).await?,
            order.customer.id,
            order.customer.name,
            order.customer.email,
            order.purchased_at,
            row.status.clone(),
            metadata,
            row.idempotency_key.clone().unwrap_or_default(),
            order.id,
            order.license_key_id.unwrap_or_default(),
            row.key_hint.clone().unwrap_or_default(),
            status.as_str().unwrap_or_default().to_owned(),
            row.expires_at.map(clock::rfc3339).unwrap_or_default(),
            number(row.activation_usage),
            number(row.activation_limit),
            order.created_at,
        ];
        if self.with_keys {
            cells.push(orders::shown_key(app, row)?.unwrap_or_default());
        }
        Ok(cells)
    }

    async fn plan(&mut self, app: &App, id: &str) -> Result<String, ApiError> {
        if let Some(known) = self.plans.get(id) {
            return Ok(known.clone());
        }
        let plan = catalog::plan(app, id).await?;
        let product = catalog::product(app, &plan.product_id).await?;
        let name = format!("{}/{}", product.identifier, plan.identifier);
        self.plans.insert(id.to_owned(), name.clone());
        Ok(name)
    }
}
