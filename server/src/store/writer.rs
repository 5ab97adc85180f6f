//! Runs writes in transactions.
//!
//! SQLite has one writer at a time anyway, so one task owns the writing connection and puts all
//! writes that wait into one transaction: under load a commit is shared by dozens. A commit is not
//! synced to disk there; writes that must be durable before they are answered are handed to a
//! second task that syncs the write-ahead log once for all that wait (group commit), while the
//! first goes on. Syncing the log is enough: SQLite itself syncs log and database around every
//! checkpoint, before log pages are overwritten.
//!
//! PostgreSQL does its own group commit: every write there has its own connection and transaction,
//! with `synchronous_commit = off` where durability is not asked for.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use sqlx::{PgPool, SqlitePool};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::TaskTracker;

use super::{Conn, StoreError, execute};

/// Most writes of one SQLite transaction.
const BATCH: usize = 128;
/// Writes that may wait; a further one makes its caller wait.
const QUEUE: usize = 4096;
/// How often a PostgreSQL write is tried when it lost a deadlock.
const TRIES: u32 = 3;

/// A write: data that can run itself in a transaction, again when the first try was rolled back.
pub(crate) trait Write: Send + Sync + 'static {
    type Out: Send + 'static;
    /// Whether the answer waits until the commit is on disk.
    const DURABLE: bool = false;

    fn run(&self, conn: &mut Conn) -> impl Future<Output = Result<Self::Out, sqlx::Error>> + Send;
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A [`Write`] without its type, as the queue holds it.
trait Job: Send {
    fn run<'a>(&'a mut self, conn: &'a mut Conn) -> Boxed<'a, Result<(), sqlx::Error>>;
    fn durable(&self) -> bool;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct Queued<W: Write> {
    write: W,
    out: Option<W::Out>,
    reply: oneshot::Sender<Result<W::Out, StoreError>>,
}

impl<W: Write> Job for Queued<W> {
    fn run<'a>(&'a mut self, conn: &'a mut Conn) -> Boxed<'a, Result<(), sqlx::Error>> {
        Box::pin(async move {
            self.out = Some(self.write.run(conn).await?);
            Ok(())
        })
    }

    fn durable(&self) -> bool {
        W::DURABLE
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { out, reply, .. } = *self;
        // Who asked may be gone; the write stands all the same.
        let _ = reply.send(outcome.and_then(|()| out.ok_or(StoreError::Closed)));
    }
}

/// Where writes go.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    kind: Kind,
    tasks: TaskTracker,
}

#[derive(Clone)]
enum Kind {
    Sqlite(mpsc::Sender<Box<dyn Job>>, tokio_util::sync::CancellationToken),
    Postgres(PgPool),
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite(..) => "Sqlite",
            Self::Postgres(_) => "Postgres",
        })
    }
}

impl Writer {
    pub(super) fn sqlite(pool: SqlitePool, log: PathBuf) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (to_sync, committed) = mpsc::channel(QUEUE);
        let closing = tokio_util::sync::CancellationToken::new();
        let tasks = TaskTracker::new();
        tasks.spawn(write_batches(pool, jobs, to_sync, closing.clone()));
        tasks.spawn(sync_commits(log, committed));
        Self { kind: Kind::Sqlite(queue, closing), tasks }
    }

    pub(super) fn postgres(pool: PgPool) -> Self {
        Self { kind: Kind::Postgres(pool), tasks: TaskTracker::new() }
    }

    /// Runs `write` and waits for its commit, and for the disk when it is durable. It runs to its
    /// end also when the caller goes away.
    pub(super) async fn run<W: Write>(&self, write: W) -> Result<W::Out, StoreError> {
        let (reply, answer) = oneshot::channel();
        match &self.kind {
            Kind::Sqlite(queue, _) => {
                let job = Box::new(Queued { write, out: None, reply });
                queue.send(job).await.map_err(|_| StoreError::Closed)?;
            }
            Kind::Postgres(pool) => {
                let pool = pool.clone();
                self.tasks.spawn(async move {
                    let _ = reply.send(write_once(&pool, &write).await);
                });
            }
        }
        answer.await.map_err(|_| StoreError::Closed)?
    }

    pub(super) async fn close(&self) {
        if let Kind::Sqlite(_, closing) = &self.kind {
            closing.cancel();
        }
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn write_batches(
    pool: SqlitePool,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
    to_sync: mpsc::Sender<Vec<Box<dyn Job>>>,
    closing: tokio_util::sync::CancellationToken,
) {
    let mut batch: Vec<Box<dyn Job>> = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            biased;
            taken = jobs.recv_many(&mut batch, BATCH) => if taken == 0 { break },
            () = closing.cancelled() => {
                // What was queued before is still written; nothing more is taken.
                jobs.close();
                if jobs.recv_many(&mut batch, BATCH).await == 0 { break }
            }
        }
        let outcome = write_batch(&pool, &mut batch).await;
        if let Err(error) = outcome {
            if batch.len() == 1 {
                if let Some(job) = batch.pop() {
                    job.answer(Err(error.into()));
                }
                continue;
            }
            // One bad write must not take the others with it: each alone, in order.
            for mut job in std::mem::take(&mut batch) {
                let alone = write_batch(&pool, std::slice::from_mut(&mut job)).await;
                job.answer(alone.map_err(StoreError::from));
            }
            continue;
        }
        let (durable, quick): (Vec<_>, Vec<_>) = batch.drain(..).partition(|job| job.durable());
        quick.into_iter().for_each(|job| job.answer(Ok(())));
        if !durable.is_empty()
            && let Err(unsent) = to_sync.send(durable).await
        {
            unsent.0.into_iter().for_each(|job| job.answer(Err(StoreError::Closed)));
        }
    }
    pool.close().await;
}

async fn write_batch(pool: &SqlitePool, batch: &mut [Box<dyn Job>]) -> Result<(), sqlx::Error> {
    let mut conn = Conn::Sqlite(pool.acquire().await?);
    execute!(&mut conn, "BEGIN IMMEDIATE")?;
    let mut outcome = Ok(());
    for job in batch.iter_mut() {
        outcome = job.run(&mut conn).await;
        if outcome.is_err() {
            break;
        }
    }
    if outcome.is_ok() {
        outcome = execute!(&mut conn, "COMMIT").map(|_| ());
    }
    if outcome.is_err() {
        roll_back(conn).await;
    }
    outcome
}

/// Ends a failed transaction; a connection that cannot even do that is thrown away.
async fn roll_back(mut conn: Conn) {
    if execute!(&mut conn, "ROLLBACK").is_err() {
        match conn {
            Conn::Sqlite(conn) => drop(conn.close().await),
            Conn::Postgres(conn) => drop(conn.close().await),
        }
    }
}

async fn sync_commits(log: PathBuf, mut committed: mpsc::Receiver<Vec<Box<dyn Job>>>) {
    let mut waiting = Vec::new();
    let mut file: Option<Arc<std::fs::File>> = None;
    while committed.recv_many(&mut waiting, QUEUE).await > 0 {
        let synced = sync_log(&log, &mut file).await;
        for job in waiting.drain(..).flatten() {
            job.answer(match &synced {
                Ok(()) => Ok(()),
                Err((kind, text)) => Err(StoreError::File {
                    path: log.clone(),
                    source: std::io::Error::new(*kind, text.clone()),
                }),
            });
        }
    }
}

async fn sync_log(
    log: &PathBuf,
    file: &mut Option<Arc<std::fs::File>>,
) -> Result<(), (std::io::ErrorKind, String)> {
    let open = match file {
        Some(open) => Arc::clone(open),
        None => {
            let opened = std::fs::File::open(log).map_err(|e| (e.kind(), e.to_string()))?;
            Arc::clone(file.insert(Arc::new(opened)))
        }
    };
    match tokio::task::spawn_blocking(move || open.sync_data()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            *file = None;
            Err((error.kind(), error.to_string()))
        }
        Err(error) => Err((std::io::ErrorKind::Other, error.to_string())),
    }
}

async fn write_once<W: Write>(pool: &PgPool, write: &W) -> Result<W::Out, StoreError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let mut conn = Conn::Postgres(pool.acquire().await?);
        match in_transaction(&mut conn, write).await {
            Ok(out) => return Ok(out),
            Err(error) => {
                roll_back(conn).await;
                let lost_a_race = error
                    .as_database_error()
                    .and_then(sqlx::error::DatabaseError::code)
                    .is_some_and(|code| code == "40P01" || code == "40001");
                if !lost_a_race || tries == TRIES {
                    return Err(error.into());
                }
            }
        }
    }
}

async fn in_transaction<W: Write>(conn: &mut Conn, write: &W) -> Result<W::Out, sqlx::Error> {
    execute!(&mut *conn, "BEGIN")?;
    if !W::DURABLE {
        execute!(&mut *conn, "SET LOCAL synchronous_commit = off")?;
    }
    let out = write.run(conn).await?;
    execute!(&mut *conn, "COMMIT")?;
    Ok(out)
}
