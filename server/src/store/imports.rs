//! Imports of pages, and how far each has come.

use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::{
    Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, page_start, statements,
};

statements! {
    // First in its transaction: of two that begin at once, one waits.
    LOCK_SOURCE = "UPDATE data_sources SET updated_at = updated_at WHERE id = $1";
    RUNNING = "SELECT COUNT(*) FROM imports WHERE data_source_id = $1 AND status = 'running'";
    ADD = "INSERT INTO imports (id, data_source_id, sitemap, max_pages, status, is_listed, \
        is_whole, node, lease_until, created_at) \
        VALUES ($1, $2, $3, $4, 'running', $5, FALSE, '', 0, $6)";
    ADD_PAGE = "INSERT INTO import_pages (import_id, number, url, status, detail) \
        VALUES ($1, $2, $3, 'waiting', '')";
    CLAIM = "UPDATE imports SET node = $1, lease_until = $3 WHERE id = (SELECT id FROM imports \
        WHERE status = 'running' AND lease_until < $2 ORDER BY created_at, id LIMIT 1) \
        AND status = 'running' AND lease_until < $2 \
        RETURNING id, data_source_id, sitemap, max_pages, is_listed";
    RENEW = "UPDATE imports SET lease_until = $3 WHERE id = $1 AND node = $2 AND status = 'running'";
    LISTED = "UPDATE imports SET is_listed = TRUE, is_whole = $3 WHERE id = $1 AND node = $2";
    WHOLE = "SELECT is_whole FROM imports WHERE id = $1";
    FREE_OF_NODE = "UPDATE imports SET lease_until = 0 WHERE status = 'running' AND node = $1";
    NEXT = "SELECT number, url FROM import_pages WHERE import_id = $1 AND status = 'waiting' \
        ORDER BY number LIMIT 1";
    TRIED = "UPDATE import_pages SET status = $3, detail = $4 WHERE import_id = $1 AND number = $2 \
        AND EXISTS (SELECT 1 FROM imports i WHERE i.id = $1 AND i.node = $5)";
    END = "UPDATE imports SET status = $2, error = $3, ended_at = $4 \
        WHERE id = $1 AND status = 'running' AND node = $5";
    END_OF_SOURCE = "UPDATE imports SET status = 'stopped', ended_at = $3 \
        WHERE id = $1 AND data_source_id = $2 AND status = 'running'";
    LIST = "SELECT i.id, i.data_source_id, i.sitemap, i.status, i.error, i.created_at, i.ended_at, \
        (SELECT COUNT(*) FROM import_pages p WHERE p.import_id = i.id) AS pages, \
        (SELECT COUNT(*) FROM import_pages p WHERE p.import_id = i.id AND p.status = 'waiting') AS waiting, \
        (SELECT COUNT(*) FROM import_pages p WHERE p.import_id = i.id AND p.status = 'done') AS done, \
        (SELECT COUNT(*) FROM import_pages p WHERE p.import_id = i.id AND p.status = 'unchanged') AS unchanged, \
        (SELECT COUNT(*) FROM import_pages p WHERE p.import_id = i.id AND p.status = 'failed') AS failed \
        FROM imports i WHERE i.data_source_id = $1 AND (i.created_at, i.id) < ($2, $3) \
        ORDER BY i.created_at DESC, i.id DESC LIMIT $4";
    TOTAL = "SELECT COUNT(*) FROM imports WHERE data_source_id = $1";
    BY_ID = "SELECT i.id, i.data_source_id, i.sitemap, i.status, i.error, i.created_at, i.ended_at, \
        (SELECT COUNT(*) FROM import_pages p WHERE p.import_id = i.id) AS pages, \
        (SELECT COUNT(*) FROM import_pages p WHERE p.import_id = i.id AND p.status = 'waiting') AS waiting, \
        (SELECT COUNT(*) FROM import_pages p WHERE p.import_id = i.id AND p.status = 'done') AS done, \
        (SELECT COUNT(*) FROM import_pages p WHERE p.import_id = i.id AND p.status = 'unchanged') AS unchanged, \
        (SELECT COUNT(*) FROM import_pages p WHERE p.import_id = i.id AND p.status = 'failed') AS failed \
        FROM imports i WHERE i.data_source_id = $1 AND i.id = $2";
    FAILURES = "SELECT url, detail FROM import_pages WHERE import_id = $1 AND status = 'failed' \
        ORDER BY number LIMIT 100";
    FREE = "UPDATE imports SET lease_until = 0 WHERE status = 'running'";
    FORGET = "DELETE FROM imports WHERE status <> 'running' AND created_at < $1";
}

/// An import as an admin sees it.
#[derive(Clone, Debug, FromRow)]
pub struct ImportRow {
    pub id: String,
    pub data_source_id: String,
    pub sitemap: Option<String>,
    pub status: String,
    pub error: Option<String>,
    pub created_at: i64,
    pub ended_at: Option<i64>,
    pub pages: i64,
    pub waiting: i64,
    pub done: i64,
    pub unchanged: i64,
    pub failed: i64,
}

/// An import that this server works on.
#[derive(Clone, Debug, FromRow)]
pub struct ClaimedImport {
    pub id: String,
    pub data_source_id: String,
    pub sitemap: Option<String>,
    pub max_pages: i64,
    /// Whether its pages are known.
    pub is_listed: bool,
}

/// A page that waits.
#[derive(Clone, Debug, FromRow)]
pub struct WaitingPage {
    pub number: i64,
    pub url: String,
}

/// An import to begin.
#[derive(Debug)]
pub struct AddImport {
    pub id: String,
    pub data_source_id: String,
    pub sitemap: Option<String>,
    pub max_pages: i64,
    /// None yet where there is a sitemap.
    pub urls: Vec<String>,
    pub audit: NewAudit,
    pub now_ms: i64,
}

/// Whether an import began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    Yes,
    /// Another one of the same source is running.
    Busy,
    NoSource,
}

impl Write for AddImport {
    type Out = Begun;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<Begun, sqlx::Error> {
        if execute!(&mut *conn, LOCK_SOURCE, &self.data_source_id)? == 0 {
            return Ok(Begun::NoSource);
        }
        let running = fetch_optional!(&mut *conn, (i64,), RUNNING, &self.data_source_id)?;
        if running.is_some_and(|(running,)| running > 0) {
            return Ok(Begun::Busy);
        }
        let is_listed = self.sitemap.is_none();
        execute!(
            &mut *conn,
            ADD,
            &self.id,
            &self.data_source_id,
            &self.sitemap,
            self.max_pages,
            is_listed,
            self.now_ms
        )?;
        for (number, url) in (0_i64..).zip(&self.urls) {
            execute!(&mut *conn, ADD_PAGE, &self.id, number, url)?;
        }
        audit::add(conn, &self.audit).await?;
        Ok(Begun::Yes)
    }
}

enum Step {
    Listed { urls: Vec<String>, is_whole: bool },
    Tried { number: i64, status: &'static str, detail: String },
    Ended { status: &'static str, error: Option<String>, now_ms: i64 },
}

/// A step of an import; nothing is done when another server has taken over.
struct TakeStep {
    import_id: String,
    node: String,
    step: Step,
}

impl Write for TakeStep {
    type Out = ();
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        let (id, node) = (&self.import_id, &self.node);
        match &self.step {
            Step::Listed { urls, is_whole } => {
                // Zero when another server has taken over.
                if execute!(&mut *conn, LISTED, id, node, *is_whole)? > 0 {
                    for (number, url) in (0_i64..).zip(urls) {
                        execute!(&mut *conn, ADD_PAGE, id, number, url)?;
                    }
                }
            }
            Step::Tried { number, status, detail } => {
                execute!(&mut *conn, TRIED, id, number, *status, detail, node)?;
            }
            Step::Ended { status, error, now_ms } => {
                execute!(&mut *conn, END, id, *status, error, now_ms, node)?;
            }
        }
        Ok(())
    }
}

struct Claim {
    node: String,
    now_ms: i64,
    until_ms: i64,
}

impl Write for Claim {
    type Out = Option<ClaimedImport>;

    async fn run(&self, conn: &mut Conn) -> Result<Self::Out, sqlx::Error> {
        fetch_optional!(&mut *conn, ClaimedImport, CLAIM, &self.node, self.now_ms, self.until_ms)
    }
}

struct Renew {
    import_id: String,
    node: String,
    until_ms: i64,
}

impl Write for Renew {
    type Out = bool;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        Ok(execute!(&mut *conn, RENEW, &self.import_id, &self.node, self.until_ms)? > 0)
    }
}

struct Stop {
    import_id: String,
    data_source_id: String,
    now_ms: i64,
}

impl Write for Stop {
    type Out = bool;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<bool, sqlx::Error> {
        let (id, source) = (&self.import_id, &self.data_source_id);
        Ok(execute!(&mut *conn, END_OF_SOURCE, id, source, self.now_ms)? > 0)
    }
}

enum Upkeep {
    Free,
    FreeOfNode { node: String },
    Forget { before_ms: i64 },
}

impl Write for Upkeep {
    type Out = ();

    async fn run(&self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        match self {
            Self::Free => execute!(&mut *conn, FREE)?,
            Self::FreeOfNode { node } => execute!(&mut *conn, FREE_OF_NODE, node)?,
            Self::Forget { before_ms } => execute!(&mut *conn, FORGET, *before_ms)?,
        };
        Ok(())
    }
}

impl Store {
    /// Begins an import, unless one of the same source is running.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin_import(&self, import: AddImport) -> Result<Begun, StoreError> {
        self.writer.run(import).await
    }

    /// Takes an import that nobody works on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_import(
        &self,
        node: &str,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<Option<ClaimedImport>, StoreError> {
        self.writer.run(Claim { node: node.to_owned(), now_ms, until_ms }).await
    }

    /// Keeps an import; false when it was stopped, or taken by another server.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew_import(
        &self,
        import_id: &str,
        node: &str,
        until_ms: i64,
    ) -> Result<bool, StoreError> {
        let (import_id, node) = (import_id.to_owned(), node.to_owned());
        self.writer.run(Renew { import_id, node, until_ms }).await
    }

    async fn step(&self, import_id: &str, node: &str, step: Step) -> Result<(), StoreError> {
        let (import_id, node) = (import_id.to_owned(), node.to_owned());
        self.writer.run(TakeStep { import_id, node, step }).await
    }

    /// Notes the pages that a sitemap lists, and whether these are all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn import_listed(
        &self,
        import_id: &str,
        node: &str,
        urls: Vec<String>,
        is_whole: bool,
    ) -> Result<(), StoreError> {
        self.step(import_id, node, Step::Listed { urls, is_whole }).await
    }

    /// Whether the pages of an import are all that its sitemap lists.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn import_is_whole(&self, id: &str) -> Result<bool, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, (bool,), WHOLE, id)?.is_some_and(|(whole,)| whole))
    }

    /// Frees the imports of a server that stops, for another one or the next start.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn free_imports_of(&self, node: &str) -> Result<(), StoreError> {
        self.writer.run(Upkeep::FreeOfNode { node: node.to_owned() }).await
    }

    /// The page that is next; none when all were tried.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_page(&self, import_id: &str) -> Result<Option<WaitingPage>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, WaitingPage, NEXT, import_id)?)
    }

    /// Notes what became of a page: `done`, `unchanged` or `failed`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page_tried(
        &self,
        import_id: &str,
        node: &str,
        number: i64,
        status: &'static str,
        detail: String,
    ) -> Result<(), StoreError> {
        self.step(import_id, node, Step::Tried { number, status, detail }).await
    }

    /// Notes an import's end: `done` or `failed`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_import(
        &self,
        import_id: &str,
        node: &str,
        status: &'static str,
        error: Option<String>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.step(import_id, node, Step::Ended { status, error, now_ms }).await
    }

    /// Stops a running import; false when it is not running.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stop_import(
        &self,
        data_source_id: &str,
        import_id: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let (data_source_id, import_id) = (data_source_id.to_owned(), import_id.to_owned());
        self.writer.run(Stop { import_id, data_source_id, now_ms }).await
    }

    /// A page of a source's imports, newest first, and how many there are.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn imports(
        &self,
        data_source_id: &str,
        after: Option<(i64, String)>,
        limit: u32,
    ) -> Result<(Vec<ImportRow>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let (at, id) = page_start(after);
        let rows =
            fetch_all!(&mut conn, ImportRow, LIST, data_source_id, at, &id, i64::from(limit))?;
        let total = fetch_optional!(&mut conn, (i64,), TOTAL, data_source_id)?;
        Ok((rows, total.map_or(0, |(total,)| total)))
    }

    /// One import of a source.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn import(
        &self,
        data_source_id: &str,
        id: &str,
    ) -> Result<Option<ImportRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, ImportRow, BY_ID, data_source_id, id)?)
    }

    /// Addresses that failed, with the reasons: the first 100.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn import_failures(&self, id: &str) -> Result<Vec<(String, String)>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_all!(&mut conn, (String, String), FAILURES, id)?)
    }

    /// Frees every import, where no other server can be working on one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn free_imports(&self) -> Result<(), StoreError> {
        self.writer.run(Upkeep::Free).await
    }

    /// Forgets imports that ended long ago.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_imports(&self, before_ms: i64) -> Result<(), StoreError> {
        self.writer.run(Upkeep::Forget { before_ms }).await
    }
}
