//! Admits a query: stores the visitor's message, counts it, opens its turn, all or nothing.

use shared::ErrorCode;
use shared::Role;
use sqlx::FromRow;

use super::events::{self, NewEvent};
use super::turns::TurnStatus;
use super::{
    Conn, Script, Store, StoreError, Value, Write, execute, fetch_all, fetch_optional, fold,
    statements,
};

statements! {
    /// Finds the session's open conversation or makes it; on PostgreSQL this also locks its row.
    OPEN_CONVERSATION = "INSERT INTO conversations (id, owner, license_key_id, session_id, \
        created_at, updated_at, message_count, visitor_message_count, last_message, folded, \
        page_url, page_title, page_referrer, metadata, user_id) \
        VALUES ($1, $2, $3, $4, $5, $5, 0, 0, '', '', $6, $7, $8, $9, $10) \
        ON CONFLICT (owner, session_id) WHERE closed_at IS NULL \
        DO UPDATE SET session_id = excluded.session_id \
        RETURNING id, updated_at, message_count, visitor_message_count, running_turn_id, \
        (SELECT used FROM license_key_months WHERE license_key_id = $3 AND month = $11) AS used";
    CLOSE_CONVERSATION = "UPDATE conversations SET closed_at = $2 WHERE id = $1";
    DROP_EMPTY_CONVERSATION = "DELETE FROM conversations WHERE id = $1 AND message_count = 0";
    EARLIER_TURN = "SELECT turns.id, turns.conversation_id, turns.user_message_id, turns.status, \
        messages.content, messages.position FROM turns \
        JOIN messages ON messages.id = turns.user_message_id \
        WHERE turns.owner = $1 AND turns.session_id = $2 AND turns.client_message_id = $3 \
        ORDER BY turns.created_at DESC, turns.id DESC LIMIT 1";
    /// The one statement that holds the monthly limit: no row comes back when it is reached.
    COUNT_QUERY = "INSERT INTO license_key_months (license_key_id, month, used) VALUES ($1, $2, 1) \
        ON CONFLICT (license_key_id, month) DO UPDATE SET used = license_key_months.used + 1 \
        WHERE license_key_months.used < $3 RETURNING used, notified_80, notified_100";
    NOTED_80 = "UPDATE license_key_months SET notified_80 = TRUE \
        WHERE license_key_id = $1 AND month = $2";
    NOTED_100 = "UPDATE license_key_months SET notified_100 = TRUE \
        WHERE license_key_id = $1 AND month = $2";
    ADD_MESSAGE = "INSERT INTO messages (id, conversation_id, position, role, content, status, \
        turn_id, client_message_id, sources, created_at) \
        VALUES ($1, $2, $3, 'user', $4, 'complete', $5, $6, '[]', $7)";
    ADD_TURN = "INSERT INTO turns (id, conversation_id, owner, license_key_id, month, session_id, \
        client_message_id, user_message_id, answer_message_id, status, node, lease_until, \
        created_at, agent_id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'running', $10, $11, $12, $13)";
    BEGIN_TURN = "UPDATE conversations SET running_turn_id = $2, updated_at = $3, \
        message_count = message_count + $4, visitor_message_count = visitor_message_count + $4, \
        last_message = $5, folded = $6 WHERE id = $1";
    SUPERSEDE = "UPDATE messages SET status = 'superseded' \
        WHERE conversation_id = $1 AND role = 'assistant' AND position > $2 AND status = 'failed'";
    HISTORY = "SELECT role, content FROM messages WHERE conversation_id = $1 AND position < $2 \
        AND status NOT IN ('failed', 'superseded') ORDER BY position DESC LIMIT $3";
}

/// A new message and its turn.
static BEGIN: Script = Script::new(&[ADD_MESSAGE, ADD_TURN, BEGIN_TURN]);
/// A new turn for a message that stands already.
static BEGIN_AGAIN: Script = Script::new(&[ADD_TURN, BEGIN_TURN]);
/// The same, counted on the way.
static COUNT_AND_BEGIN: Script = Script::new(&[COUNT_QUERY, ADD_MESSAGE, ADD_TURN, BEGIN_TURN]);
static COUNT_AND_BEGIN_AGAIN: Script = Script::new(&[COUNT_QUERY, ADD_TURN, BEGIN_TURN]);

/// The number of queries from which on the owner is told that the limit comes near.
fn approaching(limit: i64) -> i64 {
    limit.saturating_mul(4).saturating_add(4) / 5
}

/// A visitor's message that asks to be admitted. The ids are made by the caller.
#[derive(Clone, Debug)]
pub struct Admission {
    pub now_ms: i64,
    /// The license key's id, or `static`.
    pub owner: String,
    pub license_key_id: Option<String>,
    pub session_id: String,
    pub message: String,
    pub client_message_id: Option<String>,
    pub page: shared::Page,
    /// JSON.
    pub metadata: String,
    /// Used when the session has no open conversation.
    pub conversation_id: String,
    pub turn_id: String,
    pub user_message_id: String,
    pub answer_message_id: String,
    /// Of a verified visitor.
    pub user_id: Option<String>,
    /// The license key's name, for what the owner is told.
    pub key_name: String,
    /// Which events somebody wants to be told of.
    pub tell_conversation: bool,
    pub tell_message: bool,
    /// Year * 100 + month.
    pub month: i64,
    pub monthly_limit: Option<i64>,
    /// Visitor messages in one conversation; 0 = unlimited.
    pub message_limit: u32,
    pub history: u32,
    /// What answers.
    pub agent_id: String,
    pub node: String,
    pub lease_ms: i64,
    /// A conversation without a message for this long is closed.
    pub idle_ms: i64,
}

/// What became of an [`Admission`].
#[derive(Debug)]
pub enum Admitted {
    /// A new turn runs; `history` is oldest first and without the new message.
    New {
        conversation_id: String,
        user_message_id: String,
        history: Vec<(Role, String)>,
    },
    /// The client sent this message before: its turn, running or ended well.
    Earlier {
        turn_id: String,
    },
    Refused(ErrorCode),
}

#[derive(FromRow)]
struct Open {
    id: String,
    updated_at: i64,
    message_count: i64,
    visitor_message_count: i64,
    running_turn_id: Option<String>,
    /// The key's queries of the month as this statement saw them.
    used: Option<i64>,
}

#[derive(FromRow)]
struct Counted {
    used: i64,
    notified_80: bool,
    notified_100: bool,
}

#[derive(FromRow)]
struct EarlierTurn {
    id: String,
    conversation_id: String,
    user_message_id: String,
    status: String,
    content: String,
    position: i64,
}

impl Store {
    /// Admits a query or says why not; see [`Admitted`].
    ///
    /// # Errors
    /// When the database fails; then nothing was stored or counted.
    pub async fn admit(&self, admission: Admission) -> Result<Admitted, StoreError> {
        self.writer.run(admission).await
    }
}

impl Write for Admission {
    type Out = Admitted;

    async fn run(&self, conn: &mut Conn) -> Result<Admitted, sqlx::Error> {
        let open = self.open_conversation(conn).await?;
        let earlier = match &self.client_message_id {
            Some(id) => fetch_optional!(
                &mut *conn,
                EarlierTurn,
                EARLIER_TURN,
                &self.owner,
                &self.session_id,
                id
            )?,
            None => None,
        };
        if let Err(settled) = self.refuse(&open, earlier.as_ref()) {
            self.forget_empty(conn, &open).await?;
            return Ok(settled);
        }
        let mut count = None;
        if let Some(key) = &self.license_key_id {
            // SQLite has one writer: what was seen a statement ago still holds, so far from the
            // limit the counting needs no step of its own.
            if matches!(conn, Conn::Sqlite(_)) && !self.is_near_limit(open.used) {
                count = Some(self.monthly_limit.unwrap_or(i64::MAX));
            } else if !self.count(conn, key).await? {
                self.forget_empty(conn, &open).await?;
                return Ok(Admitted::Refused(ErrorCode::MonthlyLimitReached));
            }
        }
        self.begin(conn, open, earlier, count).await
    }
}

impl Admission {
    async fn open_conversation(&self, conn: &mut Conn) -> Result<Open, sqlx::Error> {
        loop {
            let open = fetch_optional!(
                &mut *conn,
                Open,
                OPEN_CONVERSATION,
                &self.conversation_id,
                &self.owner,
                &self.license_key_id,
                &self.session_id,
                self.now_ms,
                &self.page.url,
                &self.page.title,
                &self.page.referrer,
                &self.metadata,
                &self.user_id,
                self.month
            )?
            .ok_or(sqlx::Error::RowNotFound)?;
            let idle = self.now_ms - open.updated_at >= self.idle_ms;
            if !idle || open.running_turn_id.is_some() || open.message_count == 0 {
                return Ok(open);
            }
            execute!(&mut *conn, CLOSE_CONVERSATION, &open.id, self.now_ms)?;
        }
    }

    /// Whether one more query may be refused, or may be one that the owner is told of.
    fn is_near_limit(&self, used: Option<i64>) -> bool {
        self.monthly_limit.is_some_and(|limit| used.unwrap_or(0) + 1 >= approaching(limit))
    }

    /// Counts the query, and tells the owner, once a month each, that 80 % and 100 % of the limit
    /// are reached; false when the limit was reached before. The counter's row is locked by what
    /// changes it, so two cannot tell the same.
    async fn count(&self, conn: &mut Conn, key: &str) -> Result<bool, sqlx::Error> {
        let limit = self.monthly_limit.unwrap_or(i64::MAX);
        let counted = fetch_optional!(&mut *conn, Counted, COUNT_QUERY, key, self.month, limit)?;
        let Some(counted) = counted else { return Ok(false) };
        if self.monthly_limit.is_none() {
            return Ok(true);
        }
        for (reached, noted, mark, id, kind) in [
            (
                counted.used >= approaching(limit),
                counted.notified_80,
                NOTED_80,
                &self.user_message_id,
                "usage.limit_approaching",
            ),
            (
                counted.used >= limit,
                counted.notified_100,
                NOTED_100,
                &self.turn_id,
                "usage.limit_reached",
            ),
        ] {
            if !reached || noted {
                continue;
            }
            execute!(&mut *conn, mark, key, self.month)?;
            let data = serde_json::json!({
                "license_key_id": key,
                "name": self.key_name,
                "month": format!("{:04}-{:02}", self.month / 100, self.month % 100),
                "used": counted.used,
                "limit": limit,
            });
            self.tell(conn, id, kind, &data).await?;
        }
        Ok(true)
    }

    async fn tell(
        &self,
        conn: &mut Conn,
        id: &str,
        kind: &str,
        data: &serde_json::Value,
    ) -> Result<(), sqlx::Error> {
        let event = NewEvent {
            id: format!("evt_{id}"),
            kind: kind.to_owned(),
            license_key_id: self.license_key_id.clone(),
            data: data.to_string(),
            created_at: self.now_ms,
        };
        events::add(conn, &event).await
    }

    /// Tells of a new message, and of a new conversation, when somebody wants to know.
    async fn tell_message(&self, conn: &mut Conn, open: &Open) -> Result<(), sqlx::Error> {
        if self.tell_conversation && open.message_count == 0 {
            let data = serde_json::json!({
                "conversation_id": open.id,
                "license_key_id": self.license_key_id,
                "user_id": self.user_id,
                "page": { "url": self.page.url, "title": self.page.title },
            });
            // A conversation that was emptied may start again: its first message names the event.
            self.tell(conn, &self.answer_message_id, "conversation.started", &data).await?;
        }
        if self.tell_message {
            let data = serde_json::json!({
                "conversation_id": open.id,
                "license_key_id": self.license_key_id,
                "user_id": self.user_id,
                "message": {
                    "id": self.user_message_id, "role": "user", "content": self.message,
                },
            });
            self.tell(conn, &format!("{}_m", self.user_message_id), "message.created", &data)
                .await?;
        }
        Ok(())
    }

    /// What settles the matter before anything is counted.
    fn refuse(&self, open: &Open, earlier: Option<&EarlierTurn>) -> Result<(), Admitted> {
        let mut again = false;
        if let Some(earlier) = earlier {
            if earlier.content != self.message {
                return Err(Admitted::Refused(ErrorCode::IdempotencyMismatch));
            }
            if TurnStatus::parse(&earlier.status) != TurnStatus::Failed {
                return Err(Admitted::Earlier { turn_id: earlier.id.clone() });
            }
            if earlier.conversation_id != open.id {
                return Err(Admitted::Refused(ErrorCode::ConversationClosed));
            }
            again = true;
        }
        if open.running_turn_id.is_some() {
            return Err(Admitted::Refused(ErrorCode::TurnInProgress));
        }
        let limit = i64::from(self.message_limit);
        if !again && limit > 0 && open.visitor_message_count >= limit {
            return Err(Admitted::Refused(ErrorCode::ConversationMessageLimit));
        }
        Ok(())
    }

    /// A refused message leaves no empty conversation behind.
    async fn forget_empty(&self, conn: &mut Conn, open: &Open) -> Result<(), sqlx::Error> {
        if open.id == self.conversation_id {
            execute!(&mut *conn, DROP_EMPTY_CONVERSATION, &open.id)?;
        }
        Ok(())
    }

    /// Stores the turn; with `count` (the month's limit) it counts the query on the way.
    async fn begin(
        &self,
        conn: &mut Conn,
        open: Open,
        earlier: Option<EarlierTurn>,
        count: Option<i64>,
    ) -> Result<Admitted, sqlx::Error> {
        let (user_message_id, position, added) = match earlier {
            // A retry: the visitor's message stands already, what failed of the answer gives way.
            Some(earlier) => {
                execute!(&mut *conn, SUPERSEDE, &open.id, earlier.position)?;
                (earlier.user_message_id, earlier.position, 0_i64)
            }
            None => {
                let position = open.message_count + 1;
                (self.user_message_id.clone(), position, 1)
            }
        };
        let last = shared::limits::utf16_prefix(&self.message, shared::limits::LAST_MESSAGE_UNITS);
        let folded = fold(last);
        let message: &[Value<'_>] = &[
            Value::Text(&self.user_message_id),
            Value::Text(&open.id),
            Value::Int(position),
            Value::Text(&self.message),
            Value::Text(&self.turn_id),
            Value::OptionalText(self.client_message_id.as_deref()),
            Value::Int(self.now_ms),
        ];
        let turn: &[Value<'_>] = &[
            Value::Text(&self.turn_id),
            Value::Text(&open.id),
            Value::Text(&self.owner),
            Value::OptionalText(self.license_key_id.as_deref()),
            Value::Int(self.month),
            Value::Text(&self.session_id),
            Value::OptionalText(self.client_message_id.as_deref()),
            Value::Text(&user_message_id),
            Value::Text(&self.answer_message_id),
            Value::Text(&self.node),
            Value::Int(self.now_ms + self.lease_ms),
            Value::Int(self.now_ms),
            Value::Text(&self.agent_id),
        ];
        let begin: &[Value<'_>] = &[
            Value::Text(&open.id),
            Value::Text(&self.turn_id),
            Value::Int(self.now_ms),
            Value::Int(added),
            Value::Text(last),
            Value::Text(&folded),
        ];
        let counted: &[Value<'_>] = &[
            Value::OptionalText(self.license_key_id.as_deref()),
            Value::Int(self.month),
            Value::Int(count.unwrap_or(0)),
        ];
        match (added == 1, count.is_some()) {
            (true, false) => BEGIN.run(conn, &[message, turn, begin]).await?,
            (true, true) => COUNT_AND_BEGIN.run(conn, &[counted, message, turn, begin]).await?,
            (false, false) => BEGIN_AGAIN.run(conn, &[turn, begin]).await?,
            (false, true) => COUNT_AND_BEGIN_AGAIN.run(conn, &[counted, turn, begin]).await?,
        };
        if added == 1 {
            self.tell_message(conn, &open).await?;
        }
        let mut history = Vec::new();
        if position > 1 && self.history > 0 {
            let rows = fetch_all!(
                &mut *conn,
                (String, String),
                HISTORY,
                &open.id,
                position,
                i64::from(self.history)
            )?;
            history.extend(rows.into_iter().rev().map(|(role, content)| {
                (if role == "user" { Role::User } else { Role::Assistant }, content)
            }));
        }
        Ok(Admitted::New { conversation_id: open.id, user_message_id, history })
    }
}
