//! Files of orders that are being read: their lines become orders together, or not at all.
//!
//! Lines are put aside in short transactions, so that chats go on meanwhile. One last transaction
//! makes orders and license keys of them, one statement a plan.

use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::changes::{self, Kind};
use super::license_keys::{NewKey, StoredSettings};
use super::orders::StoredCustomer;
use super::{Conn, Store, StoreError, Write, execute, fetch_optional, on_conn, statements};

/// How many names [`Store::orders_placed_as`] looks up at a time.
pub const NAMES: usize = 50;

statements! {
    ADD_LINE = "INSERT INTO import_lines (import_id, line, order_id, plan_id, customer_id, \
        customer_name, customer_email, folded, status, purchased_at, metadata, idempotency_key, \
        request_hash, license_key_id, chatbot_id, key_hash, key_sealed, key_hint, \
        identity_secret_sealed, expires_at, key_metadata, created_at) VALUES ($1, $2, $3, $4, $5, \
        $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)";
    PLACED_AS = "SELECT idempotency_key, plan_id, customer_id, customer_name, customer_email, \
        purchased_at, status, metadata, request_hash FROM orders WHERE idempotency_key IN ($1, $2, $3, $4, \
        $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, \
        $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, \
        $42, $43, $44, $45, $46, $47, $48, $49, $50)";
    FIRST_WITHOUT_PLAN = "SELECT l.line FROM import_lines l WHERE l.import_id = $1 \
        AND NOT EXISTS (SELECT 1 FROM plans p WHERE p.id = l.plan_id AND p.is_active = TRUE) \
        ORDER BY l.line LIMIT 1";
    FIRST_TAKEN = "SELECT l.line FROM import_lines l JOIN orders o \
        ON o.idempotency_key = l.idempotency_key WHERE l.import_id = $1 ORDER BY l.line LIMIT 1";
    ADD_KEYS = "INSERT INTO license_keys (id, version, generation, chatbot_id, name, folded, \
        description, key_hash, key_sealed, key_hint, retrievable, is_active, agent_id, \
        data_source_id, restriction, websites, ip_addresses, monthly_usage_limit, \
        rate_limit_per_minute, expires_at, grace_days, activation_limit, activation_usage, \
        auto_activate_hosts, identity_mode, identity_secret_sealed, ui, metadata, created_at, \
        updated_at, order_id) SELECT l.license_key_id, 1, 1, l.chatbot_id, $3, \
        CAST($4 AS TEXT) || lower(l.order_id), CAST($5 AS TEXT) || l.order_id, l.key_hash, \
        l.key_sealed, l.key_hint, TRUE, CAST($6 AS BOOLEAN), $7, $8, $9, $10, $11, \
        CAST($12 AS BIGINT), CAST($13 AS BIGINT), l.expires_at, CAST($14 AS BIGINT), \
        CAST($15 AS BIGINT), 0, CAST($16 AS BOOLEAN), $17, l.identity_secret_sealed, $18, \
        l.key_metadata, l.created_at, l.created_at, l.order_id FROM import_lines l \
        WHERE l.import_id = $1 AND l.plan_id = $2 AND l.license_key_id IS NOT NULL ORDER BY l.line";
    ADD_ORDERS = "INSERT INTO orders (id, version, plan_id, customer_id, customer_name, \
        customer_email, folded, status, purchased_at, license_key_id, terms, metadata, \
        idempotency_key, request_hash, created_at, updated_at) SELECT l.order_id, 1, l.plan_id, \
        l.customer_id, l.customer_name, l.customer_email, l.folded, l.status, l.purchased_at, \
        l.license_key_id, $3, l.metadata, l.idempotency_key, l.request_hash, l.created_at, \
        l.created_at FROM import_lines l WHERE l.import_id = $1 AND l.plan_id = $2 ORDER BY l.line";
    REMOVE = "DELETE FROM import_lines WHERE import_id = $1";
    FORGET = "DELETE FROM import_lines WHERE created_at < $1";
}

/// An order that is to be made of a line.
#[derive(Clone, Debug)]
pub struct ImportLine {
    /// Where it stands in the file.
    pub line: i64,
    pub order_id: String,
    pub plan_id: String,
    pub customer: StoredCustomer,
    /// complete, pending.
    pub status: &'static str,
    pub purchased_at: i64,
    pub metadata: String,
    pub idempotency_key: Option<String>,
    pub request_hash: Option<String>,
    pub key: Option<Box<NewKey>>,
}

/// What an order was asked for, under its idempotency key.
#[derive(Clone, FromRow)]
pub struct PlacedAs {
    pub idempotency_key: String,
    pub plan_id: String,
    pub customer_id: String,
    pub customer_name: String,
    pub customer_email: String,
    pub purchased_at: i64,
    pub status: String,
    /// JSON object.
    pub metadata: String,
    pub request_hash: Option<String>,
}

impl std::fmt::Debug for PlacedAs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlacedAs").finish_non_exhaustive()
    }
}

/// What all orders of a plan in a file have in common.
#[derive(Clone, Debug)]
pub struct ImportPlan {
    pub id: String,
    pub terms: String,
    /// The settings of a key whose order has an empty id.
    pub settings: StoredSettings,
}

/// Why lines that were right when they were read cannot become orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// The plan of this line is gone, or is switched off.
    NoPlan(i64),
    /// Another order was placed under the idempotency key of this line.
    Taken(i64),
}

struct AddLines {
    import_id: String,
    lines: Vec<ImportLine>,
    now_ms: i64,
}

impl Write for AddLines {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        for line in &self.lines {
            let customer = &line.customer;
            let key = line.key.as_deref();
            execute!(
                &mut *conn,
                ADD_LINE,
                &self.import_id,
                line.line,
                &line.order_id,
                &line.plan_id,
                &customer.id,
                &customer.name,
                &customer.email,
                customer.folded(&line.order_id),
                line.status,
                line.purchased_at,
                &line.metadata,
                &line.idempotency_key,
                &line.request_hash,
                key.map(|key| &key.id),
                key.map(|key| &key.chatbot_id),
                key.map(|key| &key.key.hash),
                key.and_then(|key| key.key.sealed.as_ref()),
                key.map(|key| &key.key.hint),
                key.and_then(|key| key.identity_secret_sealed.as_ref()),
                key.and_then(|key| key.settings.expires_at),
                key.map(|key| &key.settings.metadata),
                self.now_ms
            )?;
        }
        Ok(())
    }
}

async fn hindrance(conn: &mut Conn, import_id: &str) -> Result<Option<Hindrance>, sqlx::Error> {
    if let Some((line,)) = fetch_optional!(&mut *conn, (i64,), FIRST_WITHOUT_PLAN, import_id)? {
        return Ok(Some(Hindrance::NoPlan(line)));
    }
    let taken = fetch_optional!(&mut *conn, (i64,), FIRST_TAKEN, import_id)?;
    Ok(taken.map(|(line,)| Hindrance::Taken(line)))
}

struct Finish {
    import_id: String,
    plans: Vec<ImportPlan>,
    audit: NewAudit,
    now_ms: i64,
}

impl Write for Finish {
    type Out = Option<Hindrance>;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<Option<Hindrance>, sqlx::Error> {
        let import = &self.import_id;
        if let Some(hindrance) = hindrance(conn, import).await? {
            return Ok(Some(hindrance));
        }
        for ImportPlan { id, terms, settings: s } in &self.plans {
            execute!(
                &mut *conn,
                ADD_KEYS,
                import,
                id,
                &s.name,
                s.folded(),
                &s.description,
                s.is_active,
                &s.agent_id,
                &s.data_source_id,
                s.restriction,
                &s.websites,
                &s.ip_addresses,
                s.monthly_usage_limit,
                s.rate_limit_per_minute,
                s.grace_days,
                s.activation_limit,
                s.auto_activate_hosts,
                s.identity_mode,
                &s.ui
            )?;
            execute!(&mut *conn, ADD_ORDERS, import, id, terms)?;
        }
        execute!(&mut *conn, REMOVE, import)?;
        audit::add(conn, &self.audit).await?;
        // Last: whoever changes keys waits from here on, and orders take the number last, too.
        let number = changes::next(conn).await?;
        changes::add(conn, number, Kind::LicenseKey, import, 1, self.now_ms).await?;
        Ok(None)
    }
}

struct Remove(String);

impl Write for Remove {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, REMOVE, &self.0)?;
        Ok(())
    }
}

struct Forget {
    before_ms: i64,
}

impl Write for Forget {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, FORGET, self.before_ms)?;
        Ok(())
    }
}

impl Store {
    /// Puts lines of a file aside.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_import_lines(
        &self,
        import_id: &str,
        lines: Vec<ImportLine>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.writer.run(AddLines { import_id: import_id.to_owned(), lines, now_ms }).await
    }

    /// The orders that have one of these idempotency keys, of which the first [`NAMES`] count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn orders_placed_as(&self, names: &[&str]) -> Result<Vec<PlacedAs>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(on_conn!(&mut conn, |c| {
            let mut query = sqlx::query_as::<_, PlacedAs>(PLACED_AS);
            for at in 0..NAMES {
                // No order has an empty one.
                query = query.bind(names.get(at).copied().unwrap_or_default());
            }
            query.fetch_all(c).await
        })?)
    }

    /// Makes orders of all lines that were put aside, or of none; then says why not.
    ///
    /// # Errors
    /// When the database fails, or somebody places an order under one of the idempotency keys at this
    /// moment; see [`Self::import_hindrance`].
    pub async fn finish_import(
        &self,
        import_id: &str,
        plans: Vec<ImportPlan>,
        audit: NewAudit,
        now_ms: i64,
    ) -> Result<Option<Hindrance>, StoreError> {
        let import_id = import_id.to_owned();
        self.writer.run(Finish { import_id, plans, audit, now_ms }).await
    }

    /// Why lines that were put aside cannot become orders.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn import_hindrance(&self, import_id: &str) -> Result<Option<Hindrance>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(hindrance(&mut conn, import_id).await?)
    }

    /// Forgets the lines of a file that will not become orders.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_import_lines(&self, import_id: &str) -> Result<(), StoreError> {
        self.writer.run(Remove(import_id.to_owned())).await
    }

    /// Forgets lines that were put aside before, by a server that did not come to the end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_order_imports(&self, before_ms: i64) -> Result<(), StoreError> {
        self.writer.run(Forget { before_ms }).await
    }
}
