//! What has happened and must be told: events, the dashboard's bell, deliveries.
//!
//! An event is written in the transaction of what it is about, so that neither exists without the
//! other. The background then tells each event once: it makes the bell's line and the deliveries.

use sqlx::FromRow;

use super::{
    Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, page_start, spelled,
    spellings, statements,
};

/// What is asked of a webhook's deliveries. The event is looked up only where something is searched:
/// a count of all needs none.
macro_rules! asked_deliveries {
    ($status:literal, $like:literal, $typed:literal, $capital:literal) => {
        concat!(
            concat!("(", $status, " = '' OR deliveries.status = ", $status, ")"),
            concat!(" AND (", $like, " = '' OR "),
            spelled!("deliveries.last_error", $like, $typed, $capital),
            " OR EXISTS (SELECT 1 FROM events AS told WHERE told.id = deliveries.event_id \
             AND told.type LIKE ",
            $like,
            " ESCAPE '\\'))"
        )
    };
}

/// What is asked of the bell's lines.
macro_rules! asked_notifications {
    ($unread:literal, $kind:literal) => {
        concat!(
            concat!("(CAST(", $unread, " AS BIGINT) = 0 OR read_at IS NULL)"),
            concat!(" AND (", $kind, " = '' OR type = ", $kind, ")")
        )
    };
}

statements! {
    ADD = "INSERT INTO events (id, type, license_key_id, data, created_at, told) \
        VALUES ($1, $2, $3, $4, $5, FALSE)";
    ADD_TOLD = "INSERT INTO events (id, type, license_key_id, data, created_at, told) \
        VALUES ($1, $2, $3, $4, $5, TRUE)";
    UNTOLD = "SELECT id, type, license_key_id, data, created_at FROM events WHERE told = FALSE \
        ORDER BY created_at, id LIMIT 100";
    TELL = "UPDATE events SET told = TRUE WHERE id = $1 AND told = FALSE";
    ADD_NOTIFICATION = "INSERT INTO notifications (id, event_id, type, license_key_id, data, \
        created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    ADD_DELIVERY = "INSERT INTO deliveries (id, event_id, webhook_id, email, status, attempts, \
        next_attempt_at, created_at) VALUES ($1, $2, $3, $4, 'pending', 0, $5, $5)";
    /// A few of each receiver, so that one that does not answer holds up nobody else's.
    DUE = "SELECT due.id, due.webhook_id, due.email, due.attempts, due.next_attempt_at, \
        events.id AS event_id, events.type, events.data, events.created_at FROM \
        (SELECT id, event_id, webhook_id, email, attempts, next_attempt_at, ROW_NUMBER() OVER \
        (PARTITION BY COALESCE(webhook_id, email) ORDER BY next_attempt_at, id) AS place \
        FROM deliveries WHERE status = 'pending' AND next_attempt_at <= $1) AS due \
        JOIN events ON events.id = due.event_id WHERE due.place <= 4 \
        ORDER BY due.next_attempt_at LIMIT 64";
    /// Nobody else takes the delivery before $3, when this server may be taken for dead.
    CLAIM = "UPDATE deliveries SET next_attempt_at = $3 \
        WHERE id = $1 AND next_attempt_at = $2 AND status = 'pending'";
    SETTLE = "UPDATE deliveries SET attempts = attempts + 1, status = $2, next_attempt_at = $3, last_status = $4, \
        last_error = $5, delivered_at = $6 WHERE id = $1";
    REDELIVER = "UPDATE deliveries SET status = 'pending', attempts = 0, next_attempt_at = $3 \
        WHERE id = $1 AND webhook_id = $2";
    DELIVERIES = concat!("SELECT deliveries.id, deliveries.event_id, events.type, deliveries.status, \
        deliveries.attempts, deliveries.next_attempt_at, deliveries.last_status, \
        deliveries.last_error, deliveries.created_at, deliveries.delivered_at \
        FROM deliveries JOIN events ON events.id = deliveries.event_id \
        WHERE deliveries.webhook_id = $1 AND (deliveries.created_at < $2 \
        OR (deliveries.created_at = $2 AND deliveries.id < $3)) \
        AND ", asked_deliveries!("$4", "$5", "$6", "$7"), " \
        ORDER BY deliveries.created_at DESC, deliveries.id DESC LIMIT $8");
    COUNT_DELIVERIES = concat!("SELECT COUNT(*) FROM deliveries WHERE webhook_id = $1 \
        AND ", asked_deliveries!("$2", "$3", "$4", "$5"));
    NOTIFICATIONS = concat!("SELECT id, type, license_key_id, data, created_at, read_at \
        FROM notifications WHERE (created_at < $1 OR (created_at = $1 AND id < $2)) \
        AND ", asked_notifications!("$3", "$4"), " ORDER BY created_at DESC, id DESC LIMIT $5");
    COUNT_NOTIFICATIONS = concat!("SELECT COUNT(*) FROM notifications WHERE ",
        asked_notifications!("$1", "$2"));
    READ_ONE = "UPDATE notifications SET read_at = $2 WHERE id = $1 AND read_at IS NULL";
    READ_ALL = "UPDATE notifications SET read_at = $1 WHERE read_at IS NULL";
    FORGET = "DELETE FROM events WHERE created_at < $1 AND told = TRUE";
}

/// An event to be told.
#[derive(Clone, Debug, FromRow)]
pub struct NewEvent {
    /// `evt_` and a ULID.
    pub id: String,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub license_key_id: Option<String>,
    /// JSON.
    pub data: String,
    pub created_at: i64,
}

/// Adds an event, in the transaction of what it is about.
pub(super) async fn add(conn: &mut Conn, event: &NewEvent) -> Result<(), sqlx::Error> {
    execute!(
        &mut *conn,
        ADD,
        &event.id,
        &event.kind,
        &event.license_key_id,
        &event.data,
        event.created_at
    )?;
    Ok(())
}

/// A letter to somebody who is no admin: nobody else is told of it.
#[derive(Clone, Debug)]
pub struct NewMail {
    pub event: NewEvent,
    pub delivery_id: String,
    pub email: String,
}

/// Puts a letter where deliveries wait, in the transaction of what it is about.
pub(super) async fn post(conn: &mut Conn, mail: &NewMail) -> Result<(), sqlx::Error> {
    let (event, at) = (&mail.event, mail.event.created_at);
    let (id, kind, key) = (&event.id, &event.kind, &event.license_key_id);
    execute!(&mut *conn, ADD_TOLD, id, kind, key, &event.data, at)?;
    let nobody = None::<String>;
    execute!(&mut *conn, ADD_DELIVERY, &mail.delivery_id, id, nobody, &mail.email, at)?;
    Ok(())
}

/// Who is to be told of an event.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    pub id: String,
    pub webhook_id: Option<String>,
    pub email: Option<String>,
}

struct AddEvents(Vec<NewEvent>);

impl Write for AddEvents {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        for event in &self.0 {
            add(conn, event).await?;
        }
        Ok(())
    }
}

struct Tell {
    event: NewEvent,
    notification_id: Option<String>,
    deliveries: Vec<NewDelivery>,
    now_ms: i64,
}

impl Write for Tell {
    type Out = ();
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        let event = &self.event;
        if execute!(&mut *conn, TELL, &event.id)? == 0 {
            // Another server was faster.
            return Ok(());
        }
        if let Some(id) = &self.notification_id {
            execute!(
                &mut *conn,
                ADD_NOTIFICATION,
                id,
                &event.id,
                &event.kind,
                &event.license_key_id,
                &event.data,
                event.created_at
            )?;
        }
        for to in &self.deliveries {
            execute!(
                &mut *conn,
                ADD_DELIVERY,
                &to.id,
                &event.id,
                &to.webhook_id,
                &to.email,
                self.now_ms
            )?;
        }
        Ok(())
    }
}

/// A delivery whose time has come, with its event.
#[derive(Clone, Debug, FromRow)]
pub struct DueDelivery {
    pub id: String,
    pub webhook_id: Option<String>,
    pub email: Option<String>,
    pub attempts: i64,
    pub next_attempt_at: i64,
    pub event_id: String,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub data: String,
    pub created_at: i64,
}

struct Claim {
    id: String,
    expected: i64,
    until: i64,
}

impl Write for Claim {
    type Out = bool;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        Ok(execute!(&mut *conn, CLAIM, &self.id, self.expected, self.until)? > 0)
    }
}

/// How an attempt to deliver went.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub delivery_id: String,
    /// pending, delivered, failed.
    pub status: &'static str,
    pub next_attempt_at: i64,
    pub last_status: Option<i64>,
    pub last_error: Option<String>,
    pub delivered_at: Option<i64>,
}

impl Write for Attempt {
    type Out = ();
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(
            &mut *conn,
            SETTLE,
            &self.delivery_id,
            self.status,
            self.next_attempt_at,
            self.last_status,
            &self.last_error,
            self.delivered_at
        )?;
        Ok(())
    }
}

struct Redeliver {
    delivery_id: String,
    webhook_id: String,
    now_ms: i64,
}

impl Write for Redeliver {
    type Out = bool;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        let (delivery, webhook) = (&self.delivery_id, &self.webhook_id);
        Ok(execute!(&mut *conn, REDELIVER, delivery, webhook, self.now_ms)? > 0)
    }
}

/// Which of a webhook's deliveries are asked for.
#[derive(Clone, Debug)]
pub struct DeliveryFilter {
    pub webhook_id: String,
    /// Starts after this (created_at, id).
    pub after: Option<(i64, String)>,
    /// Part of the event's type, or of the last error.
    pub q: Option<String>,
    /// pending, delivered, failed.
    pub status: Option<&'static str>,
    pub limit: u32,
}

/// Which lines of the bell are asked for.
#[derive(Clone, Debug)]
pub struct NotificationFilter {
    /// Starts after this (created_at, id).
    pub after: Option<(i64, String)>,
    /// Those that nobody has read only.
    pub unread: bool,
    /// Of this type only.
    pub kind: Option<&'static str>,
    pub limit: u32,
}

/// A line of a webhook's delivery log.
#[derive(Clone, Debug, FromRow)]
pub struct DeliveryRow {
    pub id: String,
    pub event_id: String,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub status: String,
    pub attempts: i64,
    pub next_attempt_at: i64,
    pub last_status: Option<i64>,
    pub last_error: Option<String>,
    pub created_at: i64,
    pub delivered_at: Option<i64>,
}

/// A line of the bell.
#[derive(Clone, Debug, FromRow)]
pub struct NotificationRow {
    pub id: String,
    #[sqlx(rename = "type")]
    pub kind: String,
    pub license_key_id: Option<String>,
    pub data: String,
    pub created_at: i64,
    pub read_at: Option<i64>,
}

struct MarkRead {
    /// `None` = all.
    ids: Option<Vec<String>>,
    now_ms: i64,
}

impl Write for MarkRead {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        match &self.ids {
            None => {
                execute!(&mut *conn, READ_ALL, self.now_ms)?;
            }
            Some(ids) => {
                for id in ids {
                    execute!(&mut *conn, READ_ONE, id, self.now_ms)?;
                }
            }
        }
        Ok(())
    }
}

struct ForgetEvents {
    before_ms: i64,
}

impl Write for ForgetEvents {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, FORGET, self.before_ms)?;
        Ok(())
    }
}

impl Store {
    /// Adds events that are about nothing in the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_events(&self, events: Vec<NewEvent>) -> Result<(), StoreError> {
        self.writer.run(AddEvents(events)).await
    }

    /// Some events that nobody was told of yet, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn untold_events(&self) -> Result<Vec<NewEvent>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, NewEvent, UNTOLD)?)
    }

    /// Makes the bell's line and the deliveries of an event, once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tell_event(
        &self,
        event: NewEvent,
        notification_id: Option<String>,
        deliveries: Vec<NewDelivery>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.writer.run(Tell { event, notification_id, deliveries, now_ms }).await
    }

    /// Some deliveries whose time has come.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_deliveries(&self, now_ms: i64) -> Result<Vec<DueDelivery>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, DueDelivery, DUE, now_ms)?)
    }

    /// Takes a delivery until `until`; false when another server has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_delivery(&self, due: &DueDelivery, until: i64) -> Result<bool, StoreError> {
        let (id, expected) = (due.id.clone(), due.next_attempt_at);
        self.writer.run(Claim { id, expected, until }).await
    }

    /// Notes how an attempt went.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle_delivery(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.writer.run(attempt).await
    }

    /// Sends a delivery again from the start; false when the webhook has none with this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn redeliver(
        &self,
        delivery_id: &str,
        webhook_id: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let (delivery_id, webhook_id) = (delivery_id.to_owned(), webhook_id.to_owned());
        self.writer.run(Redeliver { delivery_id, webhook_id, now_ms }).await
    }

    /// A page of a webhook's deliveries, newest first, with how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deliveries(
        &self,
        filter: &DeliveryFilter,
    ) -> Result<(Vec<DeliveryRow>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let (before_ms, before_id) = page_start(filter.after.clone());
        let (webhook, status) = (&filter.webhook_id, filter.status.unwrap_or(""));
        let (like, typed, capital) = filter.q.as_deref().map(spellings).unwrap_or_default();
        let rows = fetch_all!(
            &mut conn,
            DeliveryRow,
            DELIVERIES,
            webhook,
            before_ms,
            &before_id,
            status,
            &like,
            &typed,
            &capital,
            i64::from(filter.limit)
        )?;
        let total = fetch_optional!(
            &mut conn,
            (i64,),
            COUNT_DELIVERIES,
            webhook,
            status,
            &like,
            &typed,
            &capital
        )?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }

    /// A page of the bell, newest first, with how many lines there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn notifications(
        &self,
        filter: &NotificationFilter,
    ) -> Result<(Vec<NotificationRow>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let (before_ms, before_id) = page_start(filter.after.clone());
        let (unread, kind) = (i64::from(filter.unread), filter.kind.unwrap_or(""));
        let rows = fetch_all!(
            &mut conn,
            NotificationRow,
            NOTIFICATIONS,
            before_ms,
            &before_id,
            unread,
            kind,
            i64::from(filter.limit)
        )?;
        let total = fetch_optional!(&mut conn, (i64,), COUNT_NOTIFICATIONS, unread, kind)?;
        Ok((rows, total.map_or(0, |(n,)| n)))
    }

    /// Marks lines of the bell as read; all of them without `ids`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mark_read(&self, ids: Option<Vec<String>>, now_ms: i64) -> Result<(), StoreError> {
        self.writer.run(MarkRead { ids, now_ms }).await
    }

    /// Forgets events, and their deliveries, that happened before this and were told.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_events(&self, before_ms: i64) -> Result<(), StoreError> {
        self.writer.run(ForgetEvents { before_ms }).await
    }
}
