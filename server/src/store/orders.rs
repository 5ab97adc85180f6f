//! Orders: what was bought, by whom, and the license key that it has issued.
//!
//! An order and its key are written in one transaction, or neither is.

use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::changes::{self, Kind};
use super::events::{self, NewEvent, NewMail};
use super::license_keys::{self, NewKey, hint_pattern, key_standing};
use super::{
    Conn, Store, StoreError, Write, contains_pattern, execute, fetch_all, fetch_optional, fold,
    page_start, statements,
};

macro_rules! select {
    ($($rest:expr),+) => {
        concat!(
            "SELECT o.id, o.version, o.plan_id, o.customer_id, o.customer_name, o.customer_email, \
             o.status, o.purchased_at, o.license_key_id, o.terms, o.metadata, o.idempotency_key, \
             o.request_hash, \
             o.created_at, o.updated_at, k.key_hint, k.key_sealed, k.is_active, k.deactivated_at, \
             k.expires_at, k.grace_days, k.activation_usage, k.activation_limit, plans.name AS plan_name, \
             products.name AS product_name FROM orders o \
             LEFT JOIN license_keys k ON k.id = o.license_key_id \
             LEFT JOIN plans ON plans.id = o.plan_id \
             LEFT JOIN products ON products.id = plans.product_id ",
            $($rest),+
        )
    };
}

statements! {
    /// Waits for whoever places an order under the same idempotency key at this moment.
    ADD = "INSERT INTO orders (id, version, plan_id, customer_id, customer_name, customer_email, \
        folded, status, purchased_at, terms, metadata, idempotency_key, request_hash, created_at, \
        updated_at) SELECT $1, 1, $2, $3, $4, $5, $6, $7, CAST($8 AS BIGINT), $9, $10, $11, $12, \
        CAST($13 AS BIGINT), CAST($13 AS BIGINT) WHERE EXISTS (SELECT 1 FROM plans WHERE id = $2) \
        ON CONFLICT (idempotency_key) DO NOTHING";
    SET_KEY = "UPDATE orders SET license_key_id = $2 WHERE id = $1";
    SET_STATUS = "UPDATE orders SET version = version + 1, status = $3, updated_at = $4 \
        WHERE id = $1 AND version = $2";
    SET_CUSTOMER = "UPDATE orders SET version = version + 1, customer_id = $3, \
        customer_name = $4, customer_email = $5, folded = $6, updated_at = $7 \
        WHERE id = $1 AND version = $2";
    BY_ID = select!("WHERE o.id = $1");
    BY_IDEMPOTENCY_KEY = select!("WHERE o.idempotency_key = $1");
    LIST = select!("WHERE (o.created_at < $1 OR (o.created_at = $1 AND o.id < $2)) \
        AND ($3 = '' OR o.folded LIKE $3 ESCAPE '\\' OR k.key_hint LIKE $11) AND ($4 = '' OR o.status = $4) \
        AND ($5 = '' OR o.plan_id = $5) AND ($6 = '' OR o.customer_id = $6) \
        AND (CAST($7 AS BIGINT) = 0 OR o.license_key_id IS NOT NULL) \
        AND ($8 = '' OR (k.id IS NOT NULL AND $8 = ", key_standing!("k", "$9"), ")) \
        ORDER BY o.created_at DESC, o.id DESC LIMIT $10");
    COUNT = concat!("SELECT COUNT(*) FROM orders o WHERE ($1 = '' OR o.folded LIKE $1 ESCAPE '\\' \
        OR EXISTS (SELECT 1 FROM license_keys k WHERE k.id = o.license_key_id \
        AND k.key_hint LIKE $8)) \
        AND ($2 = '' OR o.status = $2) AND ($3 = '' OR o.plan_id = $3) \
        AND ($4 = '' OR o.customer_id = $4) \
        AND (CAST($5 AS BIGINT) = 0 OR o.license_key_id IS NOT NULL) \
        AND ($6 = '' OR EXISTS (SELECT 1 FROM license_keys k WHERE k.id = o.license_key_id \
        AND $6 = ", key_standing!("k", "$7"), "))");
}

/// An order as it is stored, with what is asked of its license.
#[derive(Clone, FromRow)]
pub struct OrderRow {
    pub id: String,
    pub version: i64,
    pub plan_id: String,
    pub customer_id: String,
    pub customer_name: String,
    pub customer_email: String,
    /// complete, pending, refunded, cancelled.
    pub status: String,
    pub purchased_at: i64,
    pub license_key_id: Option<String>,
    /// JSON: the plan as it was when the order was placed.
    pub terms: String,
    /// JSON object.
    pub metadata: String,
    pub idempotency_key: Option<String>,
    pub request_hash: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    // Of the license key, if there is one.
    pub key_hint: Option<String>,
    pub key_sealed: Option<String>,
    pub is_active: Option<bool>,
    pub deactivated_at: Option<i64>,
    pub expires_at: Option<i64>,
    pub grace_days: Option<i64>,
    pub activation_usage: Option<i64>,
    pub activation_limit: Option<i64>,
    // As they are called now: what has orders is not removed.
    pub plan_name: String,
    pub product_name: String,
}

impl std::fmt::Debug for OrderRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OrderRow").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Who has bought, as it is stored.
#[derive(Clone)]
pub struct StoredCustomer {
    pub id: String,
    pub name: String,
    pub email: String,
}

impl std::fmt::Debug for StoredCustomer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredCustomer").finish_non_exhaustive()
    }
}

impl StoredCustomer {
    /// What an order is found by.
    pub(super) fn folded(&self, order_id: &str) -> String {
        fold(&format!("{order_id}\n{}\n{}\n{}", self.id, self.name, self.email))
    }
}

/// A license key to be issued, with whom to tell.
#[derive(Clone, Debug)]
pub struct Issue {
    pub key: NewKey,
    /// The letter that brings it to the customer.
    pub mail: Option<NewMail>,
    pub events: Vec<NewEvent>,
}

impl Issue {
    /// Adds the key and ties it to its order.
    async fn run(&self, conn: &mut Conn, order_id: &str, now_ms: i64) -> Result<(), sqlx::Error> {
        let number = changes::next(conn).await?;
        license_keys::add(conn, &self.key, now_ms).await?;
        execute!(&mut *conn, SET_KEY, order_id, &self.key.id)?;
        // Whoever has tried the key before it was issued is not told any longer that it is unknown.
        changes::add(conn, number, Kind::LicenseKey, &self.key.id, 1, now_ms).await?;
        if let Some(mail) = &self.mail {
            events::post(conn, mail).await?;
        }
        for event in &self.events {
            events::add(conn, event).await?;
        }
        Ok(())
    }
}

/// An order to be placed.
#[derive(Clone, Debug)]
pub struct PlaceOrder {
    pub id: String,
    pub plan_id: String,
    pub customer: StoredCustomer,
    /// complete, pending.
    pub status: &'static str,
    pub purchased_at: i64,
    pub terms: String,
    pub metadata: String,
    pub idempotency_key: Option<String>,
    pub request_hash: Option<String>,
    pub issue: Option<Issue>,
    pub event: NewEvent,
    pub audit: NewAudit,
    pub now_ms: i64,
}

/// What became of a [`PlaceOrder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    Done,
    /// Another order has its idempotency key.
    Known,
    /// The plan is gone.
    NoPlan,
}

impl Write for PlaceOrder {
    type Out = Placed;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<Placed, sqlx::Error> {
        let added = execute!(
            &mut *conn,
            ADD,
            &self.id,
            &self.plan_id,
            &self.customer.id,
            &self.customer.name,
            &self.customer.email,
            self.customer.folded(&self.id),
            self.status,
            self.purchased_at,
            &self.terms,
            &self.metadata,
            &self.idempotency_key,
            &self.request_hash,
            self.now_ms
        )?;
        if added == 0 {
            let Some(name) = &self.idempotency_key else { return Ok(Placed::NoPlan) };
            let known = fetch_optional!(&mut *conn, OrderRow, BY_IDEMPOTENCY_KEY, name)?;
            return Ok(if known.is_some() { Placed::Known } else { Placed::NoPlan });
        }
        events::add(conn, &self.event).await?;
        audit::add(conn, &self.audit).await?;
        if let Some(issue) = &self.issue {
            issue.run(conn, &self.id, self.now_ms).await?;
        }
        Ok(Placed::Done)
    }
}

/// What is done to an order.
#[derive(Clone, Debug)]
pub enum OrderEdit {
    Customer(StoredCustomer),
    Complete(Option<Box<Issue>>),
    /// Refunded or cancelled: its key is deactivated.
    End {
        status: &'static str,
        license_key_id: Option<String>,
        /// Told and logged when the key was not deactivated before.
        deactivated: Option<Box<(NewEvent, NewAudit)>>,
    },
}

/// A change of an order that has this version.
#[derive(Clone, Debug)]
pub struct EditOrder {
    pub id: String,
    pub version: i64,
    pub edit: OrderEdit,
    pub audit: NewAudit,
    pub now_ms: i64,
}

/// What became of an [`EditOrder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEdited {
    /// With the version of the key that was deactivated.
    Done(Option<i64>),
    /// The order has another version, or is gone.
    Stale,
}

impl Write for EditOrder {
    type Out = OrderEdited;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<OrderEdited, sqlx::Error> {
        let (id, version, now) = (&self.id, self.version, self.now_ms);
        let changed = match &self.edit {
            OrderEdit::Customer(c) => {
                let folded = c.folded(id);
                execute!(
                    &mut *conn,
                    SET_CUSTOMER,
                    id,
                    version,
                    &c.id,
                    &c.name,
                    &c.email,
                    folded,
                    now
                )?
            }
            OrderEdit::Complete(_) => {
                execute!(&mut *conn, SET_STATUS, id, version, "complete", now)?
            }
            OrderEdit::End { status, .. } => {
                execute!(&mut *conn, SET_STATUS, id, version, *status, now)?
            }
        };
        if changed == 0 {
            return Ok(OrderEdited::Stale);
        }
        let mut key_version = None;
        match &self.edit {
            OrderEdit::Complete(Some(issue)) => issue.run(conn, id, now).await?,
            OrderEdit::End { license_key_id: Some(key), deactivated, .. } => {
                let number = changes::next(conn).await?;
                if let Some(version) = license_keys::deactivate(conn, key, now).await? {
                    changes::add(conn, number, Kind::LicenseKey, key, version, now).await?;
                    key_version = Some(version);
                    if let Some((event, logged)) = deactivated.as_deref() {
                        events::add(conn, event).await?;
                        audit::add(conn, logged).await?;
                    }
                }
            }
            _ => {}
        }
        audit::add(conn, &self.audit).await?;
        Ok(OrderEdited::Done(key_version))
    }
}

/// Which orders are asked for; empty texts let all pass.
#[derive(Clone, Debug, Default)]
pub struct OrderFilter {
    /// Starts after this (created_at, id).
    pub after: Option<(i64, String)>,
    /// Part of the order's id, or of the customer's id, name or address; or the last characters of
    /// its license key.
    pub q: Option<String>,
    pub status: Option<&'static str>,
    pub plan_id: String,
    pub customer_id: String,
    /// Those that have issued a license key only.
    pub licensed: bool,
    /// active, inactive, expired, deactivated: those whose license key stands so at `now_ms`.
    pub license_status: Option<&'static str>,
    pub now_ms: i64,
    pub limit: u32,
}

impl OrderFilter {
    /// What `folded` is to look like, and what the hint of the license key.
    fn likes(&self) -> (String, String) {
        let q = self.q.as_deref();
        (q.map(contains_pattern).unwrap_or_default(), hint_pattern(q.unwrap_or_default()))
    }
}

impl Store {
    /// Places an order; see [`Placed`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn place_order(&self, order: PlaceOrder) -> Result<Placed, StoreError> {
        self.writer.run(order).await
    }

    /// Changes an order; see [`OrderEdited`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn edit_order(&self, edit: EditOrder) -> Result<OrderEdited, StoreError> {
        self.writer.run(edit).await
    }

    /// One order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn order(&self, id: &str) -> Result<Option<OrderRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, OrderRow, BY_ID, id)?)
    }

    /// The order that was placed under this idempotency key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn order_placed_as(&self, name: &str) -> Result<Option<OrderRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, OrderRow, BY_IDEMPOTENCY_KEY, name)?)
    }

    /// A page of orders, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderRow>, StoreError> {
        let mut conn = self.conn().await?;
        let (at, id) = page_start(filter.after.clone());
        let ((like, hint), status) = (filter.likes(), filter.status.unwrap_or(""));
        let (plan, customer) = (&filter.plan_id, &filter.customer_id);
        let (licensed, limit) = (i64::from(filter.licensed), i64::from(filter.limit));
        let (stands, now) = (filter.license_status.unwrap_or(""), filter.now_ms);
        Ok(fetch_all!(
            &mut conn, OrderRow, LIST, at, &id, &like, status, plan, customer, licensed, stands,
            now, limit, &hint
        )?)
    }

    /// How many orders there are on all pages.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn order_count(&self, filter: &OrderFilter) -> Result<i64, StoreError> {
        let mut conn = self.conn().await?;
        let ((like, hint), status) = (filter.likes(), filter.status.unwrap_or(""));
        let (plan, customer) = (&filter.plan_id, &filter.customer_id);
        let licensed = i64::from(filter.licensed);
        let (stands, now) = (filter.license_status.unwrap_or(""), filter.now_ms);
        let count = fetch_optional!(
            &mut conn,
            (i64,),
            COUNT,
            &like,
            status,
            plan,
            customer,
            licensed,
            stands,
            now,
            &hint
        )?;
        Ok(count.map_or(0, |(n,)| n))
    }
}
