//! The usage log and the sums that analytics read.
//!
//! Rows are written with their answers. A roll-up in the background adds what has been written to
//! sums by hour and by day, and moves a mark forward in the same transaction, so that each row is
//! summed once. Readers add what lies behind the mark to what is after it, which is little.

use sqlx::FromRow;

use super::{
    Conn, Script, Store, StoreError, Value, Write, contains_pattern, execute, fetch_all,
    fetch_optional, holds, spellings, statements,
};

macro_rules! roll_up {
    ($kind:literal, $name:literal, $count:literal, $where:literal) => {
        roll_up!($kind, $name, $count, $where,
            "SELECT 1 AS own, 'hour' AS grain, 3600000 AS width UNION ALL SELECT 0, 'hour', 3600000 \
             UNION ALL SELECT 1, 'day', 86400000 UNION ALL SELECT 0, 'day', 86400000")
    };
    ($kind:literal, $name:literal, $count:literal, $where:literal, $parts:literal) => {
        concat!(
            "INSERT INTO usage_counts (owner, grain, period, kind, name, count) \
             SELECT CASE WHEN part.own = 1 THEN usage_log.owner ELSE '' END, part.grain, \
             usage_log.created_at - usage_log.created_at % part.width, '", $kind, "', ", $name,
            ", CAST(SUM(", $count, ") AS BIGINT) FROM usage_log CROSS JOIN \
             (", $parts, ") AS part WHERE usage_log.logged_at >= $1 AND usage_log.logged_at < $2 AND ", $where,
            " GROUP BY 1, 2, 3, 5 ON CONFLICT (owner, grain, kind, period, name) \
             DO UPDATE SET count = usage_counts.count + excluded.count"
        )
    };
}

macro_rules! columns {
    () => {
        "id, created_at, owner, conversation_id, question, status, code, count, response_time_ms, \
         first_token_ms, ip_address, referrer, domain, user_agent, agent_id, data_source_id, \
         input_tokens, output_tokens, user_id, \
         (SELECT agents.name FROM agents WHERE agents.id = usage_log.agent_id) AS agent_name, \
         (SELECT data_sources.name FROM data_sources \
         WHERE data_sources.id = usage_log.data_source_id) AS data_source_name"
    };
}

macro_rules! searched {
    ($status:literal, $domain:literal, $like:literal, $typed:literal, $capital:literal) => {
        concat!(
            concat!(" AND (", $status, " = '' OR status = ", $status, ")"),
            concat!(" AND (", $domain, " = '' OR domain LIKE ", $domain, " ESCAPE '\\')"),
            " AND ",
            holds!("question", $like, $typed, $capital)
        )
    };
}

statements! {
        /// As a part of the end of a turn: only when the turn ($23) is still the one that runs.
    ADD_ROW = "INSERT INTO usage_log (id, created_at, logged_at, owner, conversation_id, \
        question, status, code, count, response_time_ms, first_token_ms, response_bucket, \
        first_token_bucket, ip_address, referrer, page, domain, user_agent, agent_id, \
        data_source_id, input_tokens, output_tokens, user_id) \
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $12, $13, $14, $15, $16, $17, \
        $18, $19, $20, $21, $22 FROM conversations WHERE id = $5 AND running_turn_id = $23";
    /// A turn that its server has left: what the turn itself knows.
    ADD_LOST = "INSERT INTO usage_log (id, created_at, logged_at, owner, conversation_id, \
        question, status, code, count, ip_address, referrer, page, domain, user_agent, \
        input_tokens, output_tokens) \
        SELECT turns.id, turns.created_at, CAST($2 AS BIGINT), turns.owner, turns.conversation_id, \
        CASE WHEN CAST($3 AS BIGINT) = 1 THEN messages.content ELSE '' END, 'failed', turns.code, 1, \
        '', '', '', '', '', turns.input_tokens, turns.output_tokens \
        FROM turns JOIN messages ON messages.id = turns.user_message_id \
        WHERE turns.id = $1 AND turns.owner NOT LIKE 'preview/%'";
    ADD_REFUSAL = "INSERT INTO usage_log (id, created_at, logged_at, owner, question, status, \
        code, count, ip_address, referrer, page, domain, user_agent, user_id) \
        VALUES ($1, $2, $3, $4, '', 'refused', $5, $6, $7, $8, $9, $10, $11, $12)";
    LIST = concat!("SELECT ", columns!(), " FROM usage_log WHERE owner = $1 \
        AND (created_at, id) < ($2, $3) AND created_at >= $4 \
        ORDER BY created_at DESC, id DESC LIMIT $5");
    LIST_OK = concat!("SELECT ", columns!(), " FROM usage_log WHERE owner = $1 AND status = 'ok' \
        AND (created_at, id) < ($2, $3) AND created_at >= $4 \
        ORDER BY created_at DESC, id DESC LIMIT $5");
    LIST_NOT_OK = concat!("SELECT ", columns!(), " FROM usage_log WHERE owner = $1 \
        AND status = $6 AND status <> 'ok' AND (created_at, id) < ($2, $3) AND created_at >= $4 \
        ORDER BY created_at DESC, id DESC LIMIT $5");
    /// What is searched stands in no index: every row of the key in that time is looked at.
    LIST_SEARCHED = concat!("SELECT ", columns!(), " FROM usage_log WHERE owner = $1 \
        AND (created_at, id) < ($2, $3) AND created_at >= $4", searched!("$6", "$7", "$8", "$9", "$10"), " \
        ORDER BY created_at DESC, id DESC LIMIT $5");
    COUNT_SEARCHED = concat!("SELECT COUNT(*) FROM usage_log WHERE owner = $1 \
        AND created_at >= $2 AND created_at < $3", searched!("$4", "$5", "$6", "$7", "$8"));
    COUNT = "SELECT COUNT(*) FROM usage_log WHERE owner = $1 AND created_at >= $2 \
        AND created_at < $3 AND ($4 = '' OR status = $4)";
    /// Rows behind the mark are few: expressions keep the planner from any index but theirs.
    COUNT_NEW = "SELECT COUNT(*) FROM usage_log WHERE logged_at >= $1 AND owner || '' = $2 \
        AND created_at + 0 >= $3 AND created_at + 0 < $4 AND ($5 = '' OR status = $5)";
    COUNT_ROLLED = "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM usage_counts \
        WHERE owner = $1 AND grain = 'day' AND kind = 'rows' AND period >= $2 AND period < $3 \
        AND ($4 = '' OR name = $4)";
    MARK = "SELECT value FROM installation WHERE name = 'usage_rolled_until'";
    FIRST_MARK = "INSERT INTO installation (name, value) VALUES ('usage_rolled_until', '0') \
        ON CONFLICT (name) DO NOTHING";
    MOVE_MARK = "UPDATE installation SET value = $2 WHERE name = 'usage_rolled_until' \
        AND value = $1";
    ROLL_STATUS = roll_up!("status", "status", "count", "status <> ''");
    ROLL_ROWS = roll_up!("rows", "status", "1", "status <> ''");
    ROLL_REFUSALS = roll_up!("refusal", "code", "count", "status = 'refused' AND code IS NOT NULL");
    ROLL_DOMAINS = roll_up!("domain", "domain", "1", "status <> 'refused' AND domain <> ''");
    /// By day alone: by hour they would be about as many as the rows themselves.
    ROLL_PAGES = roll_up!("page", "page", "1", "status <> 'refused' AND page <> ''",
        "SELECT 1 AS own, 'day' AS grain, 86400000 AS width UNION ALL SELECT 0, 'day', 86400000");
    /// The end of a slice of a long backlog.
    SLICE = "SELECT logged_at FROM usage_log WHERE logged_at >= $1 AND logged_at < $2 \
        ORDER BY logged_at LIMIT 1 OFFSET 5000";
    PAGES = "SELECT page, COUNT(*) FROM usage_log WHERE created_at >= $1 AND created_at < $2 \
        AND logged_at < $3 AND status <> 'refused' AND page <> '' GROUP BY page \
        ORDER BY 2 DESC LIMIT $4";
    PAGES_OF = "SELECT page, COUNT(*) FROM usage_log WHERE created_at >= $1 AND created_at < $2 \
        AND logged_at < $3 AND owner = $5 AND status <> 'refused' AND page <> '' GROUP BY page \
        ORDER BY 2 DESC LIMIT $4";
    ROLL_RESPONSES = roll_up!("response", "CAST(response_bucket AS TEXT)", "1",
        "response_bucket IS NOT NULL");
    ROLL_FIRST_TOKENS = roll_up!("first_token", "CAST(first_token_bucket AS TEXT)", "1",
        "first_token_bucket IS NOT NULL");
    TIMES = "SELECT period, name, count FROM usage_counts WHERE owner = $1 AND grain = $2 \
        AND kind = 'response' AND period >= $3 AND period < $4";
    SERIES = "SELECT period, name, count FROM usage_counts WHERE owner = $1 AND grain = $2 \
        AND kind = 'status' AND period >= $3 AND period < $4";
    SUMS = "SELECT name, CAST(SUM(count) AS BIGINT) FROM usage_counts WHERE owner = $1 \
        AND grain = $2 AND kind = $3 AND period >= $4 AND period < $5 GROUP BY name \
        ORDER BY 2 DESC LIMIT $6";
    NEW_ROWS = "SELECT created_at, status, code, count, domain, page, response_bucket, \
        first_token_bucket FROM usage_log WHERE logged_at >= $1 AND created_at + 0 >= $2 \
        AND created_at + 0 < $3 AND ($4 = '' OR owner || '' = $4)";
    ROWS = "SELECT created_at, status, code, count, domain, page, response_bucket, \
        first_token_bucket FROM usage_log WHERE created_at >= $1 AND created_at < $2";
    ROWS_OF = "SELECT created_at, status, code, count, domain, page, response_bucket, \
        first_token_bucket FROM usage_log WHERE created_at >= $1 AND created_at < $2 \
        AND owner = $3";
    RATINGS = "SELECT messages.rating, COUNT(*) FROM messages \
        JOIN conversations ON conversations.id = messages.conversation_id \
        WHERE messages.rating IS NOT NULL AND messages.created_at >= $1 \
        AND messages.created_at < $2 AND ($3 = '' OR conversations.owner = $3) \
        GROUP BY messages.rating";
}

static ROLL_UP: Script = Script::new(&[
    ROLL_STATUS,
    ROLL_ROWS,
    ROLL_REFUSALS,
    ROLL_DOMAINS,
    ROLL_PAGES,
    ROLL_RESPONSES,
    ROLL_FIRST_TOKENS,
]);

/// What is known of a request for the usage log.
#[derive(Clone, Debug, Default)]
pub struct RequestFacts {
    pub ip_address: String,
    pub referrer: String,
    /// The referrer without query and fragment.
    pub page: String,
    pub domain: String,
    pub user_agent: String,
    pub user_id: Option<String>,
}

/// A row for a query that was answered, or was not.
#[derive(Clone, Debug)]
pub struct UsageRow {
    pub id: String,
    pub created_at: i64,
    pub logged_at: i64,
    pub owner: String,
    pub question: String,
    pub status: &'static str,
    pub response_time_ms: i64,
    pub first_token_ms: Option<i64>,
    pub response_bucket: i64,
    pub first_token_bucket: Option<i64>,
    pub agent_id: Option<String>,
    pub data_source_id: Option<String>,
    pub facts: RequestFacts,
}

impl UsageRow {
    /// The values of [`ADD_ROW`], but for what the end of the turn knows.
    pub(super) fn values<'a>(&'a self, turn: &TurnValues<'a>) -> [Value<'a>; 23] {
        let facts = &self.facts;
        [
            Value::Text(&self.id),
            Value::Int(self.created_at),
            Value::Int(self.logged_at),
            Value::Text(&self.owner),
            Value::Text(turn.conversation_id),
            Value::Text(&self.question),
            Value::Text(self.status),
            Value::OptionalText(turn.code),
            Value::Int(self.response_time_ms),
            Value::OptionalInt(self.first_token_ms),
            Value::Int(self.response_bucket),
            Value::OptionalInt(self.first_token_bucket),
            Value::Text(&facts.ip_address),
            Value::Text(&facts.referrer),
            Value::Text(&facts.page),
            Value::Text(&facts.domain),
            Value::Text(&facts.user_agent),
            Value::OptionalText(self.agent_id.as_deref()),
            Value::OptionalText(self.data_source_id.as_deref()),
            Value::OptionalInt(turn.input_tokens),
            Value::OptionalInt(turn.output_tokens),
            Value::OptionalText(facts.user_id.as_deref()),
            Value::Text(turn.turn_id),
        ]
    }
}

/// What the end of a turn adds to its row.
pub(super) struct TurnValues<'a> {
    pub conversation_id: &'a str,
    pub turn_id: &'a str,
    pub code: Option<&'a str>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
}

/// Adds the row of a turn that its server has left.
pub(super) async fn add_lost(
    conn: &mut Conn,
    turn_id: &str,
    now_ms: i64,
    with_question: bool,
) -> Result<(), sqlx::Error> {
    execute!(&mut *conn, ADD_LOST, turn_id, now_ms, i64::from(with_question))?;
    Ok(())
}

/// Refused requests for one reason.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub id: String,
    pub created_at: i64,
    pub logged_at: i64,
    pub owner: String,
    pub code: &'static str,
    pub count: i64,
    pub facts: RequestFacts,
}

impl Write for Refusal {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        let facts = &self.facts;
        execute!(
            &mut *conn,
            ADD_REFUSAL,
            &self.id,
            self.created_at,
            self.logged_at,
            &self.owner,
            self.code,
            self.count,
            &facts.ip_address,
            &facts.referrer,
            &facts.page,
            &facts.domain,
            &facts.user_agent,
            &facts.user_id
        )?;
        Ok(())
    }
}

/// A row as admins read it.
#[derive(Clone, Debug, FromRow)]
pub struct UsageLogRow {
    pub id: String,
    pub created_at: i64,
    pub owner: String,
    pub conversation_id: Option<String>,
    pub question: String,
    pub status: String,
    pub code: Option<String>,
    pub count: i64,
    pub response_time_ms: Option<i64>,
    pub first_token_ms: Option<i64>,
    pub ip_address: String,
    pub referrer: String,
    pub domain: String,
    pub user_agent: String,
    pub agent_id: Option<String>,
    pub data_source_id: Option<String>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    pub user_id: Option<String>,
    // As they are called now.
    pub agent_name: Option<String>,
    pub data_source_name: Option<String>,
}

/// Which rows are asked for.
#[derive(Clone, Debug)]
pub struct UsageFilter {
    pub owner: String,
    /// Starts after this (created_at, id).
    pub after: Option<(i64, String)>,
    pub from_ms: i64,
    pub to_ms: i64,
    /// Empty = any.
    pub status: &'static str,
    /// Part of the question.
    pub q: Option<String>,
    /// Part of the website's host name.
    pub domain: Option<String>,
    pub limit: u32,
}

impl UsageFilter {
    /// The patterns of what is searched: the website, and the question in three spellings. `None`
    /// when nothing is.
    fn searched(&self) -> Option<(String, (String, String, String))> {
        if self.q.is_none() && self.domain.is_none() {
            return None;
        }
        let domain = self.domain.as_deref().map(contains_pattern).unwrap_or_default();
        Some((domain, self.q.as_deref().map(spellings).unwrap_or_default()))
    }
}

/// A row that is not in the sums yet.
#[derive(Clone, Debug, FromRow)]
pub struct NewRow {
    pub created_at: i64,
    pub status: String,
    pub code: Option<String>,
    pub count: i64,
    pub domain: String,
    pub page: String,
    pub response_bucket: Option<i64>,
    pub first_token_bucket: Option<i64>,
}

/// A time in the sums: its ends are ends of its periods.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// hour, day.
    pub grain: &'static str,
    pub from_ms: i64,
    pub to_ms: i64,
}

/// What the sums and the rows beside them say of a time.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// Period, status, count.
    pub series: Vec<(i64, String, i64)>,
    /// Period, bucket of the response time, count; only where it is asked for.
    pub times: Vec<(i64, String, i64)>,
    pub refusals: Vec<(String, i64)>,
    pub domains: Vec<(String, i64)>,
    pub pages: Vec<(String, i64)>,
    /// Bucket, count.
    pub responses: Vec<(String, i64)>,
    pub first_tokens: Vec<(String, i64)>,
    /// Rows that are in none of these.
    pub rows: Vec<NewRow>,
}

impl Counted {
    async fn add_series(
        &mut self,
        conn: &mut Conn,
        owner: &str,
        Span { grain, from_ms: from, to_ms: to }: Span,
        with_times: bool,
    ) -> Result<(), sqlx::Error> {
        if with_times {
            self.times.extend(fetch_all!(
                &mut *conn,
                (i64, String, i64),
                TIMES,
                owner,
                grain,
                from,
                to
            )?);
        }
        self.series.extend(fetch_all!(
            &mut *conn,
            (i64, String, i64),
            SERIES,
            owner,
            grain,
            from,
            to
        )?);
        Ok(())
    }

    async fn add_sums(
        &mut self,
        conn: &mut Conn,
        owner: &str,
        Span { grain, from_ms: from, to_ms: to }: Span,
        mark: i64,
    ) -> Result<(), sqlx::Error> {
        if grain == "hour" && from < to {
            // There are no sums of pages by hour; the rows before the mark are counted.
            self.pages.extend(if owner.is_empty() {
                fetch_all!(&mut *conn, (String, i64), PAGES, from, to, mark, NAMES)?
            } else {
                fetch_all!(&mut *conn, (String, i64), PAGES_OF, from, to, mark, NAMES, owner)?
            });
        }
        for (kind, sums) in [
            ("refusal", &mut self.refusals),
            ("domain", &mut self.domains),
            ("page", &mut self.pages),
            ("response", &mut self.responses),
            ("first_token", &mut self.first_tokens),
        ] {
            sums.extend(fetch_all!(
                &mut *conn,
                (String, i64),
                SUMS,
                owner,
                grain,
                kind,
                from,
                to,
                NAMES
            )?);
        }
        Ok(())
    }
}

struct RollUp {
    from: i64,
    until: i64,
}

impl Write for RollUp {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        let (from, until) = (self.from.to_string(), self.until.to_string());
        if execute!(&mut *conn, MOVE_MARK, from, until)? == 0 {
            // Another server was faster.
            return Ok(());
        }
        let time: &[Value<'_>] = &[Value::Int(self.from), Value::Int(self.until)];
        ROLL_UP.run(conn, &[time; 7]).await?;
        Ok(())
    }
}

struct FirstMark;

impl Write for FirstMark {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        execute!(&mut *conn, FIRST_MARK)?;
        Ok(())
    }
}

const DAY_MS: i64 = 86_400_000;
/// Most domains, pages and the like that are read; more are cut to the most frequent.
const NAMES: i64 = 1000;

impl Store {
    /// Logs refused requests.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn log_refusal(&self, refusal: Refusal) -> Result<(), StoreError> {
        self.writer.run(refusal).await
    }

    async fn mark(&self, conn: &mut Conn) -> Result<i64, StoreError> {
        let row = fetch_optional!(&mut *conn, (String,), MARK)?;
        Ok(row.and_then(|(value,)| value.parse().ok()).unwrap_or(0))
    }

    /// Adds the rows that were written before `until` to the sums.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn roll_up(&self, until: i64) -> Result<(), StoreError> {
        let mut conn = self.conn().await?;
        if fetch_optional!(&mut conn, (String,), MARK)?.is_none() {
            self.writer.run(FirstMark).await?;
        }
        loop {
            let from = self.mark(&mut conn).await?;
            if until <= from {
                return Ok(());
            }
            // A long backlog goes in slices: chats are written in between.
            let slice = fetch_optional!(&mut conn, (i64,), SLICE, from, until)?;
            let end = slice.map_or(until, |(end,)| end.max(from + 1));
            self.writer.run(RollUp { from, until: end }).await?;
        }
    }

    /// A page of the log, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn usage(&self, filter: &UsageFilter) -> Result<Vec<UsageLogRow>, StoreError> {
        let mut conn = self.conn().await?;
        // Ids sort below "~"; the end of the time is excluded.
        let (before_ms, before_id) =
            filter.after.clone().unwrap_or_else(|| (filter.to_ms, String::new()));
        let limit = i64::from(filter.limit);
        if let Some((domain, (like, typed, capital))) = filter.searched() {
            return Ok(fetch_all!(
                &mut conn,
                UsageLogRow,
                LIST_SEARCHED,
                &filter.owner,
                before_ms,
                &before_id,
                filter.from_ms,
                limit,
                filter.status,
                &domain,
                &like,
                &typed,
                &capital
            )?);
        }
        let rows = if matches!(filter.status, "" | "ok") {
            fetch_all!(
                &mut conn,
                UsageLogRow,
                if filter.status.is_empty() { LIST } else { LIST_OK },
                &filter.owner,
                before_ms,
                &before_id,
                filter.from_ms,
                limit
            )?
        } else {
            fetch_all!(
                &mut conn,
                UsageLogRow,
                LIST_NOT_OK,
                &filter.owner,
                before_ms,
                &before_id,
                filter.from_ms,
                limit,
                filter.status
            )?
        };
        Ok(rows)
    }

    /// How many rows there are for a filter, whatever the page. Whole days are taken from the sums.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn usage_total(&self, filter: &UsageFilter) -> Result<i64, StoreError> {
        let (owner, from, to) = (&filter.owner, filter.from_ms, filter.to_ms);
        let status = filter.status;
        let first_day = if from <= 0 { 0 } else { (from + DAY_MS - 1) / DAY_MS * DAY_MS };
        let last_day = if to == i64::MAX { i64::MAX } else { to.max(0) / DAY_MS * DAY_MS };
        let mut conn = self.conn().await?;
        if let Some((domain, (like, typed, capital))) = filter.searched() {
            let found = fetch_optional!(
                &mut conn,
                (i64,),
                COUNT_SEARCHED,
                owner,
                from,
                to,
                status,
                &domain,
                &like,
                &typed,
                &capital
            )?;
            return Ok(found.map_or(0, |(n,)| n));
        }
        loop {
            let mark = self.mark(&mut conn).await?;
            let count = if first_day < last_day {
                let edges = [(from, first_day), (last_day, to)];
                let mut count = fetch_optional!(
                    &mut conn,
                    (i64,),
                    COUNT_ROLLED,
                    owner,
                    first_day,
                    last_day,
                    status
                )?
                .map_or(0, |(n,)| n);
                count += fetch_optional!(
                    &mut conn,
                    (i64,),
                    COUNT_NEW,
                    mark,
                    owner,
                    first_day,
                    last_day,
                    status
                )?
                .map_or(0, |(n,)| n);
                for (from, to) in edges.into_iter().filter(|(from, to)| from < to && *to > 0) {
                    count += self.count_rows(&mut conn, owner, from, to, status).await?;
                }
                count
            } else {
                self.count_rows(&mut conn, owner, from, to, status).await?
            };
            // A roll-up in between would count rows twice or not at all.
            if self.mark(&mut conn).await? == mark {
                return Ok(count);
            }
        }
    }

    async fn count_rows(
        &self,
        conn: &mut Conn,
        owner: &str,
        from: i64,
        to: i64,
        status: &str,
    ) -> Result<i64, StoreError> {
        let row = fetch_optional!(&mut *conn, (i64,), COUNT, owner, from, to, status)?;
        Ok(row.map_or(0, |(n,)| n))
    }

    /// What was counted for an owner (empty = for all): by sums in `spans`, which follow each
    /// other, with the series in `series` of the same time, and row by row in `edges`. `with_times`
    /// adds the response times to the series.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counted(
        &self,
        owner: &str,
        series: &[Span],
        spans: &[Span],
        edges: &[(i64, i64)],
        with_times: bool,
    ) -> Result<Counted, StoreError> {
        let mut conn = self.conn().await?;
        loop {
            let mark = self.mark(&mut conn).await?;
            let mut counted = Counted::default();
            for &span in series {
                counted.add_series(&mut conn, owner, span, with_times).await?;
            }
            for &span in spans {
                counted.add_sums(&mut conn, owner, span, mark).await?;
            }
            if let (Some(first), Some(last)) = (spans.first(), spans.last()) {
                let (from, to) = (first.from_ms, last.to_ms);
                counted.rows = fetch_all!(&mut conn, NewRow, NEW_ROWS, mark, from, to, owner)?;
            }
            for &(from, to) in edges {
                counted.rows.extend(if owner.is_empty() {
                    fetch_all!(&mut conn, NewRow, ROWS, from, to)?
                } else {
                    fetch_all!(&mut conn, NewRow, ROWS_OF, from, to, owner)?
                });
            }
            // A roll-up in between would count rows twice or not at all.
            if self.mark(&mut conn).await? == mark {
                return Ok(counted);
            }
        }
    }

    /// Ratings of answers given in a time, by rating; an empty owner means all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ratings(
        &self,
        owner: &str,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, (String, i64), RATINGS, from_ms, to_ms, owner)?)
    }
}
