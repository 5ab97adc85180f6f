//! Orders: placed, completed, ended; each issues a license key at most once.
//!
//! What enters: JSON of a shop or an admin. What leaves: the order, with its key in the answer that
//! issues it. The same call under the same idempotency key gets the same answer.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use shared::order::{Customer, NewOrder, Order, OrderLicense, OrderStatus};
use shared::{ErrorCode, FieldErrors};

use super::catalog::{self, plan_settings};
use super::letter;
use super::terms::Terms;
use crate::alerts;
use crate::app::App;
use crate::clock::{self, hex};
use crate::error::ApiError;
use crate::keys::form::{self, key_status, parse_time, stored};
use crate::keys::{edit, watch};
use crate::merge::{TRIES, asked_version, merge, merge_inner};
use crate::people::Actor;
use crate::store::licenses::{Standing, standing};
use crate::store::orders::{
    EditOrder, Issue, OrderEdit, OrderEdited, OrderRow, PlaceOrder, Placed, StoredCustomer,
};
use crate::store::products::PlanRow;

/// Longest idempotency key, in characters.
const IDEMPOTENCY_KEY_CHARS: usize = 255;

/// An order that was checked.
#[derive(Clone, Debug)]
pub struct CheckedOrder {
    pub order: NewOrder,
    pub purchased_ms: i64,
    /// Names what was asked: two calls with the same hash ask the same.
    pub hash: String,
}

/// Reads an order as it was given.
///
/// # Errors
/// Every complaint, by its field.
pub fn read(mut given: Map<String, Value>, now_ms: i64) -> Result<CheckedOrder, FieldErrors> {
    let mut errors = FieldErrors::default();
    let customer = match given.remove("customer") {
        None => Some(Customer::default()),
        Some(customer) => read_customer(&Customer::default(), customer, &mut errors),
    };
    let merged = merge(&NewOrder::default(), given, NewOrder::FIELDS, "an order", &mut errors);
    let (Some(mut order), Some(customer)) = (merged, customer) else { return Err(errors) };
    order.customer = customer;
    order.check(&mut errors);
    let purchased_ms = match order.purchased_at.as_deref().map(parse_time) {
        None => now_ms,
        Some(Some(ms)) => ms,
        Some(None) => {
            let why = "must be a time from 1970 on, such as 2026-01-31T00:00:00Z, or null";
            errors.add("purchased_at", why);
            now_ms
        }
    };
    errors.into_result()?;
    let asked = json!(order).to_string();
    Ok(CheckedOrder { order, purchased_ms, hash: hex(&Sha256::digest(asked.as_bytes())) })
}

fn read_customer(base: &Customer, given: Value, errors: &mut FieldErrors) -> Option<Customer> {
    let merged = merge_inner("customer", base, given, Customer::FIELDS, "an order", errors);
    merged.map(|customer| Customer {
        id: customer.id.trim().to_owned(),
        name: customer.name.trim().to_owned(),
        email: customer.email.trim().to_owned(),
    })
}

/// The plan that an order names: by its id, or as `product/plan`.
///
/// # Errors
/// 400 when there is none, or when it is switched off.
pub async fn ordered_plan(app: &App, name: &str) -> Result<PlanRow, ApiError> {
    let found = match name.split_once('/') {
        Some((product, plan)) => app.store.plan_named(product, plan).await?,
        None => app.store.plan(name).await?,
    };
    let row = found.ok_or_else(|| ApiError::field("plan_id", "is no plan"))?;
    if !row.is_active {
        return Err(ApiError::field("plan_id", "is a plan that is switched off"));
    }
    Ok(row)
}

/// The terms of a plan as they are now.
///
/// # Errors
/// When the product is gone.
pub async fn terms_of(app: &App, plan: &PlanRow) -> Result<Terms, ApiError> {
    let product = catalog::product(app, &plan.product_id).await?;
    Ok(Terms::of(&product.name, &plan_settings(plan)?))
}

/// What an idempotency key may be.
///
/// # Errors
/// 400.
pub fn check_idempotency_key(name: &str) -> Result<(), ApiError> {
    let visible = name.bytes().all(|b| (0x20..0x7f).contains(&b));
    if visible && (1..=IDEMPOTENCY_KEY_CHARS).contains(&name.len()) {
        return Ok(());
    }
    Err(ApiError::field("Idempotency-Key", "must have 1 to 255 visible ASCII characters"))
}

pub(super) fn stored_customer(customer: &Customer) -> StoredCustomer {
    StoredCustomer {
        id: customer.id.clone(),
        name: customer.name.clone(),
        email: customer.email.clone(),
    }
}

/// The key that an order of these terms issues, and the key as it is shown.
fn issue(
    app: &App,
    terms: &Terms,
    (order_id, email): (&str, &str),
    purchased_ms: i64,
    metadata: &Map<String, Value>,
) -> Result<Option<(Issue, String)>, ApiError> {
    if !terms.licenses.enabled {
        return Ok(None);
    }
    let settings = terms.settings(order_id, purchased_ms, metadata);
    let checked = form::check(settings, FieldErrors::default())?;
    let id = app.clock.ulid();
    let (grouped, key) = edit::new_key(app, &id, &checked, Some(order_id.to_owned()))?;
    let events = vec![edit::key_event(app, "license_key.created", &id, &terms.name)];
    let mail = letter::to_customer(app, terms, order_id, &id, email, false);
    Ok(Some((Issue { key, mail, events }, grouped)))
}

/// Places an order. With an idempotency key that an order has already, that order is the answer,
/// and `true` says that it is a repetition.
///
/// # Errors
/// Complaints by field; 422 when the idempotency key came with another body before.
pub async fn place(
    app: &App,
    actor: &Actor,
    given: Map<String, Value>,
    idempotency_key: Option<String>,
) -> Result<(Order, bool), ApiError> {
    let now_ms = app.clock.now_ms();
    let CheckedOrder { order, purchased_ms, hash } = read(given, now_ms)?;
    if let Some(name) = &idempotency_key {
        check_idempotency_key(name)?;
        if let Some(known) = app.store.order_placed_as(name).await? {
            return repeated(app, &known, &hash).map(|order| (order, true));
        }
    }
    let plan = ordered_plan(app, &order.plan_id).await?;
    let terms = terms_of(app, &plan).await?;
    let id = format!("ORD-{}", app.clock.ulid());
    let of = (id.as_str(), order.customer.email.as_str());
    let issued = match order.status {
        OrderStatus::Complete => issue(app, &terms, of, purchased_ms, &order.metadata)?,
        _ => {
            // What could not be issued later is refused now.
            let settings = terms.settings(&id, purchased_ms, &order.metadata);
            form::check(settings, FieldErrors::default())?;
            None
        }
    };
    let (issue, key) = issued.unzip();
    let license_key_id = issue.as_ref().map(|issue| issue.key.id.clone());
    let data = json!({
        "order_id": id, "plan_id": plan.id, "plan": plan.identifier, "customer": order.customer,
        "status": order.status, "purchased_at": clock::rfc3339(purchased_ms),
        "license_key_id": license_key_id,
    });
    let event = alerts::event(&app.clock, "order.created", license_key_id.as_deref(), &data);
    let mut changes = Map::new();
    changes.insert("plan_id".into(), json!([null, plan.id]));
    changes.insert("status".into(), json!([null, order.status]));
    changes.insert("license_key_id".into(), json!([null, license_key_id]));
    let audit = actor.audit(&app.clock, "order.created", "order", &id, changes);
    let placed = app
        .store
        .place_order(PlaceOrder {
            id: id.clone(),
            plan_id: plan.id,
            customer: stored_customer(&order.customer),
            status: order.status.as_str(),
            purchased_at: purchased_ms,
            terms: json!(terms).to_string(),
            metadata: Value::Object(order.metadata).to_string(),
            idempotency_key: idempotency_key.clone(),
            request_hash: idempotency_key.is_some().then(|| hash.clone()),
            issue,
            event,
            audit,
            now_ms,
        })
        .await?;
    match placed {
        Placed::Done => {}
        Placed::NoPlan => return Err(ApiError::field("plan_id", "is no plan")),
        Placed::Known => {
            let name = idempotency_key.unwrap_or_default();
            let known = app.store.order_placed_as(&name).await?.ok_or(ErrorCode::NotFound)?;
            return repeated(app, &known, &hash).map(|order| (order, true));
        }
    }
    if let Some(key) = &license_key_id {
        watch::key_changed(app, key, 1).await;
    }
    app.teller.notify_one();
    let mut placed = current(app, &id).await?;
    placed.license_key = key;
    Ok((placed, false))
}

/// The answer to a call that was made before.
fn repeated(app: &App, row: &OrderRow, hash: &str) -> Result<Order, ApiError> {
    if row.request_hash.as_deref() != Some(hash) {
        return Err(ApiError::new(ErrorCode::IdempotencyMismatch)
            .with_text("This Idempotency-Key was already used with another body")
            .with_message(format!("The Idempotency-Key belongs to the order {}.", row.id)));
    }
    with_key(app, row)
}

/// The order with its key in the clear.
fn with_key(app: &App, row: &OrderRow) -> Result<Order, ApiError> {
    let mut order = view(row, app.clock.now_ms())?;
    order.license_key = shown_key(app, row)?;
    Ok(order)
}

/// The license key of an order, as it is now.
///
/// # Errors
/// When it does not open.
pub fn shown_key(app: &App, row: &OrderRow) -> Result<Option<String>, ApiError> {
    let (Some(id), Some(sealed)) = (&row.license_key_id, &row.key_sealed) else { return Ok(None) };
    let key = app.vault.open(&edit::key_place(id), sealed);
    key.map(Some).ok_or_else(|| ApiError::internal(&"a sealed key does not open"))
}

/// An order as the API shows it, without its key.
///
/// # Errors
/// When the row was not written by this server.
pub fn view(row: &OrderRow, now_ms: i64) -> Result<Order, ApiError> {
    let (off, is_active) = (row.deactivated_at, row.is_active.unwrap_or(false));
    let grace_days = row.grace_days.unwrap_or(0);
    let standing = standing(off, is_active, row.expires_at, grace_days, now_ms);
    let license = row.key_hint.as_ref().map(|hint| OrderLicense {
        status: key_status(standing),
        in_grace: matches!(standing, Standing::Grace(_)),
        key_hint: hint.clone(),
        expires_at: row.expires_at.map(clock::rfc3339),
        activation_usage: row.activation_usage.unwrap_or(0),
        activation_limit: row.activation_limit,
    });
    Ok(Order {
        id: row.id.clone(),
        version: row.version,
        plan_id: row.plan_id.clone(),
        plan_name: row.plan_name.clone(),
        product_name: row.product_name.clone(),
        customer: customer_of(row),
        status: stored(&row.status)?,
        purchased_at: clock::rfc3339(row.purchased_at),
        license_key_id: row.license_key_id.clone(),
        license_key: None,
        license,
        metadata: serde_json::from_str(&row.metadata).map_err(|e| ApiError::internal(&e))?,
        created_at: clock::rfc3339(row.created_at),
        updated_at: clock::rfc3339(row.updated_at),
    })
}

fn customer_of(row: &OrderRow) -> Customer {
    Customer {
        id: row.customer_id.clone(),
        name: row.customer_name.clone(),
        email: row.customer_email.clone(),
    }
}

/// The stored order with this id.
///
/// # Errors
/// 404 when there is none.
pub async fn row(app: &App, id: &str) -> Result<OrderRow, ApiError> {
    app.store.order(id).await?.ok_or_else(|| ErrorCode::NotFound.into())
}

/// The order as it is now.
///
/// # Errors
/// 404 when there is none.
pub async fn current(app: &App, id: &str) -> Result<Order, ApiError> {
    view(&row(app, id).await?, app.clock.now_ms())
}

async fn conflict(app: &App, id: &str) -> ApiError {
    match current(app, id).await {
        Ok(current) => ApiError::conflict(&current),
        Err(gone) => gone,
    }
}

/// Changes who has bought. Nothing else of an order can be changed.
///
/// # Errors
/// Complaints by field, 404, 409 when somebody else was faster.
pub async fn change(
    app: &App,
    actor: &Actor,
    id: &str,
    mut given: Map<String, Value>,
) -> Result<Order, ApiError> {
    let version = asked_version(&given)?;
    let row = row(app, id).await?;
    if version.is_some_and(|version| version != row.version) {
        return Err(conflict(app, id).await);
    }
    let mut errors = FieldErrors::default();
    let old = customer_of(&row);
    let new = match given.remove("customer") {
        None => Some(old.clone()),
        Some(customer) => read_customer(&old, customer, &mut errors),
    };
    given.remove("version");
    for field in given.keys() {
        errors.add(field, "cannot be changed: of an order, only the customer can");
    }
    if let Some(new) = &new {
        new.check(&mut errors);
    }
    errors.into_result()?;
    let Some(new) = new.filter(|new| *new != old) else { return view(&row, app.clock.now_ms()) };
    // Whom it was about is in the order; the log keeps no copies of people's data.
    let changed = [
        ("customer.id", old.id != new.id),
        ("customer.name", old.name != new.name),
        ("customer.email", old.email != new.email),
    ];
    let changes = changed.into_iter().filter(|(_, changed)| *changed);
    let changes = changes.map(|(field, _)| (field.to_owned(), json!("changed"))).collect();
    let edit = OrderEdit::Customer(stored_customer(&new));
    match save(app, actor, &row, edit, "order.updated", changes).await? {
        OrderEdited::Done(_) => current(app, id).await,
        OrderEdited::Stale => Err(conflict(app, id).await),
    }
}

async fn save(
    app: &App,
    actor: &Actor,
    row: &OrderRow,
    edit: OrderEdit,
    action: &str,
    changes: Map<String, Value>,
) -> Result<OrderEdited, ApiError> {
    let audit = actor.audit(&app.clock, action, "order", &row.id, changes);
    let (id, version, now_ms) = (row.id.clone(), row.version, app.clock.now_ms());
    let edited = app.store.edit_order(EditOrder { id, version, edit, audit, now_ms }).await?;
    app.teller.notify_one();
    Ok(edited)
}

fn refused(message: String) -> ApiError {
    ApiError::new(ErrorCode::OrderStatusConflict).with_message(message)
}

fn status_change(old: &str, new: OrderStatus) -> Map<String, Value> {
    Map::from_iter([("status".to_owned(), json!([old, new]))])
}

/// Completes an order that was pending and issues its key, under the terms of the day it was placed.
/// One that is complete already is the answer as it is.
///
/// # Errors
/// 404; 409 when it was refunded or cancelled.
pub async fn complete(app: &App, actor: &Actor, id: &str) -> Result<Order, ApiError> {
    for _ in 0..TRIES {
        let row = row(app, id).await?;
        match stored::<OrderStatus>(&row.status)? {
            OrderStatus::Complete => return with_key(app, &row),
            OrderStatus::Pending => {}
            OrderStatus::Refunded | OrderStatus::Cancelled => {
                return Err(refused(format!("The order is {}.", row.status)));
            }
        }
        let terms: Terms = serde_json::from_str(&row.terms).map_err(|e| ApiError::internal(&e))?;
        let metadata = serde_json::from_str(&row.metadata).map_err(|e| ApiError::internal(&e))?;
        let of = (row.id.as_str(), row.customer_email.as_str());
        let (issue, key) = issue(app, &terms, of, row.purchased_at, &metadata)?.unzip();
        let key_id = issue.as_ref().map(|issue| issue.key.id.clone());
        let mut changes = status_change(&row.status, OrderStatus::Complete);
        changes.insert("license_key_id".into(), json!([null, key_id]));
        let edit = OrderEdit::Complete(issue.map(Box::new));
        if let OrderEdited::Done(_) =
            save(app, actor, &row, edit, "order.completed", changes).await?
        {
            if let Some(key_id) = &key_id {
                watch::key_changed(app, key_id, 1).await;
            }
            let mut order = current(app, id).await?;
            order.license_key = key;
            return Ok(order);
        }
    }
    Err(conflict(app, id).await)
}

/// Refunds or cancels an order: its key is deactivated for good. One that ended this way already is
/// the answer as it is.
///
/// # Errors
/// 404; 409 when its status does not allow it.
pub async fn end(app: &App, actor: &Actor, id: &str, to: OrderStatus) -> Result<Order, ApiError> {
    for _ in 0..TRIES {
        let row = row(app, id).await?;
        let from = stored::<OrderStatus>(&row.status)?;
        if from == to {
            return view(&row, app.clock.now_ms());
        }
        let allowed = matches!(
            (from, to),
            (OrderStatus::Complete, OrderStatus::Refunded | OrderStatus::Cancelled)
                | (OrderStatus::Pending, OrderStatus::Cancelled)
        );
        if !allowed {
            return Err(refused(format!(
                "The order is {}: it cannot be {} any more.",
                row.status,
                to.as_str()
            )));
        }
        let key = row.license_key_id.clone();
        let deactivated = key.as_deref().map(|key| {
            let terms = serde_json::from_str::<Terms>(&row.terms);
            let name = terms.map(|terms| terms.name).unwrap_or_default();
            let data = json!({ "license_key_id": key, "name": name, "order_id": id });
            let action = "license_key.deactivated";
            let event = alerts::event(&app.clock, action, Some(key), &data);
            let changes = Map::from_iter([("status".to_owned(), json!([null, "deactivated"]))]);
            // Whoever looks for what was done to the key does not look among the orders.
            Box::new((event, actor.audit(&app.clock, action, "license_key", key, changes)))
        });
        let edit = OrderEdit::End { status: to.as_str(), license_key_id: key.clone(), deactivated };
        let action = if to == OrderStatus::Refunded { "order.refunded" } else { "order.cancelled" };
        let changes = status_change(&row.status, to);
        if let OrderEdited::Done(version) = save(app, actor, &row, edit, action, changes).await? {
            if let (Some(key), Some(version)) = (&key, version) {
                watch::key_changed(app, key, version).await;
            }
            return current(app, id).await;
        }
    }
    Err(conflict(app, id).await)
}
