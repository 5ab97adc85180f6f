//! Files of orders: read as they arrive, checked line by line, and taken as a whole or not at all.
//!
//! What enters: CSV, as chunks of bytes. What leaves: how many orders were made, or everything that
//! is wrong with the file, by line and column. Lines are put aside in the database in chunks; one
//! last transaction makes orders and license keys of them. No events are told and no letters sent:
//! what is imported is history, and customers know their orders already.

mod line;
mod records;

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use shared::order::{ImportReport, LineError, OrderStatus};
use shared::{ErrorCode, FieldErrors, limits};

pub use line::{COLUMNS, EXPORTED};
use line::{Header, Line, wrong};
use records::{FileError, Records};

use super::orders::{ordered_plan, stored_customer, terms_of};
use super::terms::Terms;
use crate::app::App;
use crate::error::ApiError;
use crate::keys::{edit, form};
use crate::people::Actor;
use crate::store::order_imports::{Hindrance, ImportLine, ImportPlan, NAMES, PlacedAs};

/// Lines that are in memory, and in one transaction, at a time.
const CHUNK: usize = 200;
/// Names of plans that are remembered.
const PLANS: usize = 10_000;

/// A plan that lines name.
#[derive(Debug)]
struct Offer {
    plan_id: String,
    terms: Terms,
}

/// What the plans of a file are, by the names that it calls them; or why there is none.
type Offers = HashMap<String, Result<Arc<Offer>, FieldErrors>>;

/// An import that is going on.
struct Reading<'a> {
    app: &'a App,
    id: String,
    now_ms: i64,
    report: ImportReport,
    offers: Offers,
    /// On which line each idempotency key stands, by the beginning of its hash.
    named: HashMap<[u8; 16], u64>,
    /// What the lines of a plan have in common, by the plan's id.
    plans: HashMap<String, ImportPlan>,
}

/// Reads a file of orders and makes them; with `dry_run`, it is checked only.
///
/// # Errors
/// 400 with every mistake, 413 when it is too long. Then nothing was imported.
pub async fn import<S, E>(
    app: &App,
    actor: &Actor,
    source: S,
    dry_run: bool,
) -> Result<ImportReport, ApiError>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Display,
{
    let mut reading = Reading {
        app,
        id: app.clock.ulid(),
        now_ms: app.clock.now_ms(),
        report: ImportReport { dry_run, ..ImportReport::default() },
        offers: HashMap::new(),
        named: HashMap::new(),
        plans: HashMap::new(),
    };
    let mut outcome = reading.read(source).await;
    if outcome.is_ok() && reading.is_wanted() {
        outcome = reading.finish(actor).await;
    }
    if outcome.is_err() || reading.report.error_count > 0 {
        app.store.remove_import_lines(&reading.id).await?;
    }
    outcome?;
    if reading.report.error_count > 0 { Err(refused(reading.report)) } else { Ok(reading.report) }
}

fn refused(mut report: ImportReport) -> ApiError {
    report.imported = 0;
    report.skipped = 0;
    let count = report.error_count;
    let mistakes = if count == 1 { "mistake" } else { "mistakes" };
    let first = report.errors.first().map(told).unwrap_or_default();
    let message = format!("{count} {mistakes}; nothing was imported. {first}");
    let mut error = ApiError::field("file", &format!("has {count} {mistakes}"))
        .with_text("The file of orders was refused")
        .with_message(message);
    error.import = Some(Box::new(report));
    error
}

/// A mistake as one line.
#[must_use]
pub fn told(error: &LineError) -> String {
    let LineError { line, column, why } = error;
    if column.is_empty() {
        format!("line {line} {why}")
    } else {
        format!("line {line}: {column} {why}")
    }
}

impl Reading<'_> {
    fn complain(&mut self, errors: impl IntoIterator<Item = LineError>) {
        for error in errors {
            self.report.error_count += 1;
            if self.report.errors.len() < limits::ORDERS_FILE_ERRORS {
                self.report.errors.push(error);
            }
        }
    }

    /// Whether what was read so far is to be imported.
    fn is_wanted(&self) -> bool {
        self.report.error_count == 0 && !self.report.dry_run
    }

    async fn read<S, E>(&mut self, source: S) -> Result<(), ApiError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Display,
    {
        match self.read_lines(&mut Records::new(source)).await? {
            Ok(()) => {}
            Err(FileError::TooLarge) => {
                return Err(ApiError::new(ErrorCode::PayloadTooLarge)
                    .with_message(FileError::TooLarge.to_string()));
            }
            Err(FileError::Broken(why)) => {
                return Err(ApiError::field("file", &format!("did not arrive whole: {why}")));
            }
            Err(
                error @ (FileError::LineTooLong(line)
                | FileError::TooManyCells(line)
                | FileError::OpenQuote(line)),
            ) => self.complain([wrong(line, "", error.to_string())]),
        }
        // Not every place where a mistake is found is in the order of the lines.
        self.report.errors.sort_by_key(|error| error.line);
        Ok(())
    }

    async fn read_lines<S, E>(
        &mut self,
        records: &mut Records<S>,
    ) -> Result<Result<(), FileError>, ApiError>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
        E: Display,
    {
        if let Err(error) = records.skip_mark().await {
            return Ok(Err(error));
        }
        let header = match records.next().await {
            Err(error) => return Ok(Err(error)),
            Ok(Some(record)) => Header::read(&record),
            Ok(None) => Err(vec![wrong(1, "", "must be the header line; the file is empty")]),
        };
        let header = match header {
            Ok(header) => header,
            Err(errors) => {
                self.complain(errors);
                return Ok(Ok(()));
            }
        };
        let mut lines = Vec::with_capacity(CHUNK);
        let mut count = 0;
        loop {
            let record = match records.next().await {
                Err(error) => {
                    self.take(lines).await?;
                    return Ok(Err(error));
                }
                Ok(None) => break,
                Ok(Some(record)) => record,
            };
            count += 1;
            if count > limits::ORDERS_FILE_LINES {
                let why = format!("is beyond {} lines", limits::ORDERS_FILE_LINES);
                self.complain([wrong(record.line, "", why)]);
                break;
            }
            match line::read(&header, record, self.now_ms) {
                Ok(line) => lines.push(line),
                Err(errors) => self.complain(errors),
            }
            if lines.len() == CHUNK {
                self.take(std::mem::replace(&mut lines, Vec::with_capacity(CHUNK))).await?;
            }
        }
        self.take(lines).await.map(Ok)
    }

    /// Checks lines against the database and each other, and puts them aside.
    async fn take(&mut self, lines: Vec<Line>) -> Result<(), ApiError> {
        let known = self.placed_as(&lines).await?;
        let mut aside = Vec::with_capacity(lines.len());
        for line in lines {
            if let Some(order) = self.check(line, &known).await? {
                aside.push(order);
            }
        }
        if aside.is_empty() || !self.is_wanted() {
            return Ok(());
        }
        self.app.store.add_import_lines(&self.id, aside, self.now_ms).await?;
        Ok(())
    }

    /// The orders that these lines name by their idempotency keys.
    async fn placed_as(&self, lines: &[Line]) -> Result<HashMap<String, PlacedAs>, ApiError> {
        let names: Vec<_> =
            lines.iter().filter_map(|line| line.idempotency_key.as_deref()).collect();
        let mut known = HashMap::new();
        for names in names.chunks(NAMES) {
            let rows = self.app.store.orders_placed_as(names).await?;
            known.extend(rows.into_iter().map(|row| (row.idempotency_key.clone(), row)));
        }
        Ok(known)
    }

    /// The order that a line asks for; none when the line is wrong, or its order there already.
    async fn check(
        &mut self,
        line: Line,
        known: &HashMap<String, PlacedAs>,
    ) -> Result<Option<ImportLine>, ApiError> {
        let number = line.line;
        if let Some(name) = &line.idempotency_key {
            let hash = Sha256::digest(name.as_bytes());
            let short = hash.first_chunk().copied().unwrap_or_default();
            if let Some(first) = self.named.get(&short) {
                let why = format!("stands on line {first} already");
                self.complain([wrong(number, "idempotency_key", why)]);
                return Ok(None);
            }
            self.named.insert(short, number);
        }
        let known = line.idempotency_key.as_ref().and_then(|name| known.get(name));
        if known.is_some_and(|known| known.request_hash.as_deref() == Some(&line.checked.hash)) {
            self.report.skipped += 1;
            return Ok(None);
        }
        let offer = match self.offer(&line.checked.order.plan_id).await? {
            Ok(offer) => offer,
            Err(fields) => {
                self.complain(line::of_fields(number, fields));
                return Ok(None);
            }
        };
        if let Some(known) = known {
            if is_same(known, &line, &offer) {
                self.report.skipped += 1;
            } else {
                let why = "belongs to an order with another content";
                self.complain([wrong(number, "idempotency_key", why)]);
            }
            return Ok(None);
        }
        self.order(line, &offer)
    }

    /// The plan of that name, and its terms, which are read once.
    async fn offer(&mut self, name: &str) -> Result<Result<Arc<Offer>, FieldErrors>, ApiError> {
        if let Some(known) = self.offers.get(name) {
            return Ok(known.clone());
        }
        let found = match ordered_plan(self.app, name).await {
            Ok(plan) => {
                let terms = terms_of(self.app, &plan).await?;
                Ok(Arc::new(Offer { plan_id: plan.id, terms }))
            }
            Err(error) if error.code == ErrorCode::InvalidRequest => {
                Err(error.fields.unwrap_or_default())
            }
            Err(error) => return Err(error),
        };
        if self.offers.len() < PLANS {
            self.offers.insert(name.to_owned(), found.clone());
        }
        Ok(found)
    }

    /// The order of a line, with its license key.
    fn order(&mut self, line: Line, offer: &Offer) -> Result<Option<ImportLine>, ApiError> {
        let Line { line: number, checked, idempotency_key, .. } = line;
        let order = checked.order;
        let order_id = format!("ORD-{}", self.app.clock.ulid());
        let settings = offer.terms.settings(&order_id, checked.purchased_ms, &order.metadata);
        let issued = match form::check(settings, FieldErrors::default()) {
            Ok(issued) => issued,
            Err(fields) => {
                self.complain(line::of_fields(number, fields));
                return Ok(None);
            }
        };
        self.report.imported += 1;
        if !self.is_wanted() {
            return Ok(None);
        }
        if !self.plans.contains_key(&offer.plan_id) {
            let blank = offer.terms.settings("", self.now_ms, &Map::new());
            let settings = form::to_stored(&form::check(blank, FieldErrors::default())?);
            let (id, terms) = (offer.plan_id.clone(), json!(offer.terms).to_string());
            self.plans.insert(id.clone(), ImportPlan { id, terms, settings });
        }
        let key = if offer.terms.licenses.enabled && order.status == OrderStatus::Complete {
            let id = self.app.clock.ulid();
            let (_, key) = edit::new_key(self.app, &id, &issued, Some(order_id.clone()))?;
            Some(Box::new(key))
        } else {
            None
        };
        Ok(Some(ImportLine {
            line: i64::try_from(number).unwrap_or(i64::MAX),
            order_id,
            plan_id: offer.plan_id.clone(),
            customer: stored_customer(&order.customer),
            status: order.status.as_str(),
            purchased_at: checked.purchased_ms,
            metadata: Value::Object(order.metadata).to_string(),
            request_hash: idempotency_key.is_some().then_some(checked.hash),
            idempotency_key,
            key,
        }))
    }

    /// Makes orders of all lines that were put aside.
    async fn finish(&mut self, actor: &Actor) -> Result<(), ApiError> {
        let (app, report) = (self.app, &self.report);
        let mut changes = Map::new();
        changes.insert("imported".into(), json!([null, report.imported]));
        changes.insert("skipped".into(), json!([null, report.skipped]));
        let audit = actor.audit(&app.clock, "orders.imported", "import", &self.id, changes);
        let plans = std::mem::take(&mut self.plans).into_values().collect();
        let hindrance = match app.store.finish_import(&self.id, plans, audit, self.now_ms).await {
            Ok(hindrance) => hindrance,
            // Somebody may have been faster by less than a transaction.
            Err(error) => match app.store.import_hindrance(&self.id).await? {
                None => return Err(error.into()),
                hindrance => hindrance,
            },
        };
        let number = |line| u64::try_from(line).unwrap_or_default();
        match hindrance {
            None => {}
            Some(Hindrance::NoPlan(line)) => {
                let why = "is a plan that was removed or switched off meanwhile";
                self.complain([wrong(number(line), "plan", why)]);
            }
            Some(Hindrance::Taken(line)) => {
                let why = "belongs to an order that was placed meanwhile";
                self.complain([wrong(number(line), "idempotency_key", why)]);
            }
        }
        Ok(())
    }
}

/// Whether an order is what a line asks for, however the call that placed it was written.
fn is_same(known: &PlacedAs, line: &Line, offer: &Offer) -> bool {
    let order = &line.checked.order;
    let metadata = serde_json::from_str::<Map<String, Value>>(&known.metadata);
    // An order goes on from pending; a file that is read again does not complete it.
    let is_behind = known.status == "pending" && order.status != OrderStatus::Pending;
    known.plan_id == offer.plan_id
        && !is_behind
        && known.customer_id == order.customer.id
        && known.customer_name == order.customer.name
        && known.customer_email == order.customer.email
        && (!line.is_dated || known.purchased_at == line.checked.purchased_ms)
        && metadata.is_ok_and(|metadata| metadata == order.metadata)
}
