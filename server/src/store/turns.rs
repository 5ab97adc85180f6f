//! What happens to an admitted turn: its first token, its end, its lease.

use shared::admin_conversation::ToolUse;
use shared::{ErrorCode, FinishReason, Source, Usage};
use sqlx::FromRow;

use super::events::{self, NewEvent};
use super::usage::{self, TurnValues, UsageRow};
use super::{
    Conn, Script, Store, StoreError, Value, Write, execute, fetch_all, fetch_optional, fold,
    statements,
};

statements! {
    FIRST_TOKEN = "UPDATE turns SET first_token_at = $2 WHERE id = $1 AND first_token_at IS NULL";
    END_TURN = "UPDATE turns SET status = $2, code = $3, finished_at = $4, finish_reason = $5, \
        input_tokens = $6, output_tokens = $7, first_token_at = COALESCE(first_token_at, $8) \
        WHERE id = $1 AND status = 'running' \
        RETURNING license_key_id, month, first_token_at";
    /// The answer takes the conversation's next position, if its turn is still the one that runs.
    ADD_ANSWER = "INSERT INTO messages (id, conversation_id, position, role, content, status, \
        turn_id, sources, created_at, tools) \
        SELECT $1, id, message_count + 1, 'assistant', $4, $5, $3, $6, $7, $8 FROM conversations \
        WHERE id = $2 AND running_turn_id = $3";
    END_IN_CONVERSATION = "UPDATE conversations SET running_turn_id = NULL, updated_at = $3, \
        message_count = message_count + 1, last_message = $4, folded = $5 \
        WHERE id = $1 AND running_turn_id = $2";
    CLEAR_RUNNING = "UPDATE conversations SET running_turn_id = NULL \
        WHERE id = $1 AND running_turn_id = $2";
    GIVE_BACK = "UPDATE license_key_months SET used = used - 1 \
        WHERE license_key_id = $1 AND month = $2 AND used > 0";
    HEARTBEAT = "UPDATE turns SET lease_until = $2 WHERE node = $1 AND status = 'running'";
    EXPIRED = "SELECT id, answer_message_id, conversation_id FROM turns WHERE status = 'running' AND lease_until < $1 \
        ORDER BY lease_until LIMIT 100";
    FIND = "SELECT turns.id, turns.conversation_id, turns.user_message_id, \
        turns.answer_message_id, turns.status, turns.code, turns.finish_reason, \
        turns.input_tokens, turns.output_tokens, turns.lease_until, \
        messages.content, messages.sources FROM turns \
        LEFT JOIN messages ON messages.id = turns.answer_message_id \
        WHERE turns.id = $1 AND turns.owner = $2 AND turns.session_id = $3";
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnStatus {
    Running,
    Done,
    Stopped,
    Failed,
}

impl TurnStatus {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text {
            "running" => Self::Running,
            "done" => Self::Done,
            "stopped" => Self::Stopped,
            _ => Self::Failed,
        }
    }
}

/// A turn's end. Answered when it is on disk.
#[derive(Clone, Debug)]
pub struct TurnEnd {
    pub turn_id: String,
    pub conversation_id: String,
    pub answer_message_id: String,
    pub status: TurnStatus,
    pub code: Option<ErrorCode>,
    /// The whole answer, or the part there is.
    pub text: String,
    pub sources: Vec<Source>,
    pub tools: Vec<ToolUse>,
    pub usage: Option<Usage>,
    pub finish_reason: Option<FinishReason>,
    pub first_token_ms: Option<i64>,
    pub now_ms: i64,
    pub usage_row: UsageEnd,
    /// Whether somebody wants to be told of the answer.
    pub tell_message: bool,
}

/// What the end of a turn writes to the usage log.
#[derive(Clone, Debug)]
pub enum UsageEnd {
    Row(Box<UsageRow>),
    /// The turn's server is gone: what the database knows; with or without the question.
    Lost {
        with_question: bool,
    },
    /// Nothing: a preview.
    None,
}

#[derive(FromRow)]
struct Ended {
    license_key_id: Option<String>,
    month: i64,
    first_token_at: Option<i64>,
}

impl Write for TurnEnd {
    /// False when somebody else has ended the turn before, such as the lease's sweep.
    type Out = bool;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        let last = shared::limits::utf16_prefix(&self.text, shared::limits::LAST_MESSAGE_UNITS);
        let (folded, sources, tools) = (fold(last), json(&self.sources), json(&self.tools));
        let count = |n: Option<u64>| n.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        let turn: &[Value<'_>] = &[
            Value::Text(&self.turn_id),
            Value::Text(self.status.as_str()),
            Value::OptionalText(self.code.map(ErrorCode::as_str)),
            Value::Int(self.now_ms),
            Value::OptionalText(self.finish_reason.map(FinishReason::as_str)),
            Value::OptionalInt(count(self.usage.map(|u| u.input_tokens))),
            Value::OptionalInt(count(self.usage.map(|u| u.output_tokens))),
            Value::OptionalInt(self.first_token_ms),
        ];
        let answer: &[Value<'_>] = &[
            Value::Text(&self.answer_message_id),
            Value::Text(&self.conversation_id),
            Value::Text(&self.turn_id),
            Value::Text(&self.text),
            Value::Text(self.message_status()),
            Value::Text(&sources),
            Value::Int(self.now_ms),
            Value::Text(&tools),
        ];
        let conversation: &[Value<'_>] = &[
            Value::Text(&self.conversation_id),
            Value::Text(&self.turn_id),
            Value::Int(self.now_ms),
            Value::Text(last),
            Value::Text(&folded),
        ];
        let tokens = |of: fn(Usage) -> u64| count(self.usage.map(of));
        let with_turn = TurnValues {
            conversation_id: &self.conversation_id,
            turn_id: &self.turn_id,
            code: self.code.map(ErrorCode::as_str),
            input_tokens: tokens(|u| u.input_tokens),
            output_tokens: tokens(|u| u.output_tokens),
        };
        let row = match &self.usage_row {
            UsageEnd::Row(row) => Some(row.values(&with_turn)),
            UsageEnd::Lost { .. } | UsageEnd::None => None,
        };
        if self.status != TurnStatus::Failed {
            let changed = match &row {
                Some(row) => LOGGED_END.run(conn, &[turn, answer, row, conversation]).await?,
                None => END.run(conn, &[turn, answer, conversation]).await?,
            };
            if changed > 0 {
                self.tell(conn).await?;
            }
            return Ok(changed > 0);
        }
        let Some(ended) = self.fail(conn).await? else { return Ok(false) };
        if let Some(row) = &row {
            ADD_USAGE.run(conn, &[row]).await?;
        }
        if let UsageEnd::Lost { with_question } = self.usage_row {
            usage::add_lost(conn, &self.turn_id, self.now_ms, with_question).await?;
        }
        if ended.first_token_at.is_some() {
            STORE_ANSWER.run(conn, &[answer, conversation]).await?;
            return Ok(true);
        }
        if let Some(key) = &ended.license_key_id {
            execute!(&mut *conn, GIVE_BACK, key, ended.month)?;
        }
        execute!(&mut *conn, CLEAR_RUNNING, &self.conversation_id, &self.turn_id)?;
        Ok(true)
    }
}

/// As [`END`], with the row of the usage log.
static LOGGED_END: Script =
    Script::new(&[END_TURN, ADD_ANSWER, usage::ADD_ROW, END_IN_CONVERSATION]);
static ADD_USAGE: Script = Script::new(&[usage::ADD_ROW]);

/// Ends a turn with its answer: what the first statement locks, the others rely on.
static END: Script = Script::new(&[END_TURN, ADD_ANSWER, END_IN_CONVERSATION]);
/// Keeps the part of an answer whose turn has failed.
static STORE_ANSWER: Script = Script::new(&[ADD_ANSWER, END_IN_CONVERSATION]);

impl TurnEnd {
    /// Marks the turn as failed; `None` when somebody else has ended it.
    async fn fail(&self, conn: &mut Conn) -> Result<Option<Ended>, sqlx::Error> {
        let nothing: Option<i64> = None;
        fetch_optional!(
            &mut *conn,
            Ended,
            END_TURN,
            &self.turn_id,
            self.status.as_str(),
            self.code.map(ErrorCode::as_str),
            self.now_ms,
            self.finish_reason.map(FinishReason::as_str),
            nothing,
            nothing,
            self.first_token_ms
        )
    }

    /// Tells of the answer, when somebody wants to know.
    async fn tell(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        if !self.tell_message {
            return Ok(());
        }
        let license_key_id = match &self.usage_row {
            UsageEnd::Row(row) if row.owner != crate::keys::STATIC_OWNER => Some(row.owner.clone()),
            _ => None,
        };
        let data = serde_json::json!({
            "conversation_id": self.conversation_id,
            "license_key_id": license_key_id,
            "message": {
                "id": self.answer_message_id, "role": "assistant", "content": self.text,
                "status": self.message_status(), "sources": self.sources,
            },
        });
        let event = NewEvent {
            id: format!("evt_{}_m", self.answer_message_id),
            kind: "message.created".into(),
            license_key_id,
            data: data.to_string(),
            created_at: self.now_ms,
        };
        events::add(conn, &event).await
    }

    fn message_status(&self) -> &'static str {
        match self.status {
            TurnStatus::Stopped => "stopped",
            TurnStatus::Failed => "failed",
            TurnStatus::Running | TurnStatus::Done => "complete",
        }
    }
}

fn json<T: serde::Serialize>(list: &[T]) -> String {
    if list.is_empty() {
        return String::from("[]");
    }
    serde_json::to_string(list).unwrap_or_else(|_| String::from("[]"))
}

struct FirstToken {
    turn_id: String,
    at_ms: i64,
}

impl Write for FirstToken {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, FIRST_TOKEN, &self.turn_id, self.at_ms)?;
        Ok(())
    }
}

struct Heartbeat {
    node: String,
    lease_until: i64,
}

impl Write for Heartbeat {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, HEARTBEAT, &self.node, self.lease_until)?;
        Ok(())
    }
}

/// A turn as the database knows it.
#[derive(Clone, Debug, FromRow)]
pub struct StoredTurn {
    pub id: String,
    pub conversation_id: String,
    pub user_message_id: String,
    pub answer_message_id: String,
    pub status: String,
    pub code: Option<String>,
    pub finish_reason: Option<String>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    pub lease_until: i64,
    /// The answer, once there is one.
    pub content: Option<String>,
    pub sources: Option<String>,
}

impl Store {
    /// Records that the visitor has been sent a token: from now on the query counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn first_token(&self, turn_id: &str, at_ms: i64) -> Result<(), StoreError> {
        self.writer.run(FirstToken { turn_id: turn_id.to_owned(), at_ms }).await
    }

    /// Ends a turn; gives its query back when it failed before its first token.
    ///
    /// # Errors
    /// When the database fails; then the turn's lease runs out and the sweep ends it.
    pub async fn end_turn(&self, end: TurnEnd) -> Result<bool, StoreError> {
        self.writer.run(end).await
    }

    /// Extends the lease of every turn that `node` runs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn heartbeat(&self, node: &str, lease_until: i64) -> Result<(), StoreError> {
        self.writer.run(Heartbeat { node: node.to_owned(), lease_until }).await
    }

    /// Ends the turns whose lease ran out before `before_ms`: their server is gone. The usage log
    /// gets their questions only `with_question`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sweep(
        &self,
        before_ms: i64,
        now_ms: i64,
        with_question: bool,
    ) -> Result<usize, StoreError> {
        let mut swept = 0;
        loop {
            let mut conn = self.conn().await?;
            let expired = fetch_all!(&mut conn, (String, String, String), EXPIRED, before_ms)?;
            drop(conn);
            if expired.is_empty() {
                return Ok(swept);
            }
            for (turn_id, answer_message_id, conversation_id) in expired {
                let end = TurnEnd {
                    turn_id,
                    conversation_id,
                    answer_message_id,
                    status: TurnStatus::Failed,
                    code: Some(ErrorCode::TurnLost),
                    text: String::new(),
                    sources: Vec::new(),
                    tools: Vec::new(),
                    usage: None,
                    finish_reason: None,
                    first_token_ms: None,
                    now_ms,
                    usage_row: UsageEnd::Lost { with_question },
                    tell_message: false,
                };
                swept += usize::from(self.end_turn(end).await?);
            }
        }
    }

    /// A turn of this session, ended or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find_turn(
        &self,
        turn_id: &str,
        owner: &str,
        session_id: &str,
    ) -> Result<Option<StoredTurn>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, StoredTurn, FIND, turn_id, owner, session_id)?)
    }
}
