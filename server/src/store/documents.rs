//! Documents of data sources, and the passages that are searched.

use retrieval::Passage;
use sqlx::FromRow;

use super::audit::{self, NewAudit};
use super::changes::{self, Kind};
use super::{
    Conn, Store, StoreError, Write, execute, fetch_all, fetch_optional, holds, page_start,
    spellings, statements,
};

macro_rules! searched {
    ($like:literal, $typed:literal, $capital:literal) => {
        holds!("(name || '\n' || title || '\n' || COALESCE(url, ''))", $like, $typed, $capital)
    };
}

statements! {
    // First in each transaction: it keeps writers of one source apart. The number of the change is
    // taken last, for all writers of changes wait for it.
    LOCK = "UPDATE data_sources SET updated_at = updated_at WHERE id = $1";
    TOUCH = "UPDATE data_sources SET content_version = content_version + 1, last_indexed_at = $2 \
        WHERE id = $1";
    KNOWN = "SELECT id, markdown, title, url, sitemap, passages FROM documents \
        WHERE data_source_id = $1 AND name = $2";
    ROOM = "SELECT documents, passages FROM data_sources WHERE id = $1";
    PUT = "INSERT INTO documents (id, data_source_id, origin, name, title, url, sitemap, markdown, \
        characters, passages, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) \
        ON CONFLICT (data_source_id, name) DO UPDATE SET origin = excluded.origin, \
        title = excluded.title, url = excluded.url, sitemap = excluded.sitemap, \
        markdown = excluded.markdown, characters = excluded.characters, \
        passages = excluded.passages, updated_at = excluded.updated_at";
    REMOVE = "DELETE FROM documents WHERE data_source_id = $1 AND id = $2";
    REMOVE_UNLISTED = "DELETE FROM documents WHERE data_source_id = $1 AND sitemap = $2 \
        AND NOT EXISTS (SELECT 1 FROM import_pages p WHERE p.import_id = $3 \
        AND p.url = documents.name)";
    REMOVE_PASSAGES = "DELETE FROM passages WHERE document_id = $1";
    ADD_PASSAGE = "INSERT INTO passages (document_id, number, data_source_id, page, heading, url, \
        language, text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    COUNT = "UPDATE data_sources SET \
        documents = (SELECT COUNT(*) FROM documents WHERE data_source_id = $1), \
        passages = (SELECT CAST(COALESCE(SUM(d.passages), 0) AS BIGINT) FROM documents d \
            WHERE d.data_source_id = $1), \
        characters = (SELECT CAST(COALESCE(SUM(d.characters), 0) AS BIGINT) FROM documents d \
            WHERE d.data_source_id = $1) \
        WHERE id = $1";
    LIST = concat!("SELECT id, origin, name, title, url, characters, passages, created_at, \
        updated_at FROM documents WHERE data_source_id = $1 AND (created_at, id) < ($2, $3) \
        AND ", searched!("$4", "$5", "$6"), " ORDER BY created_at DESC, id DESC LIMIT $7");
    TOTAL = concat!("SELECT COUNT(*) FROM documents WHERE data_source_id = $1 \
        AND ", searched!("$2", "$3", "$4"));
    BY_ID = "SELECT id, origin, name, title, url, characters, passages, created_at, updated_at \
        FROM documents WHERE data_source_id = $1 AND id = $2";
    MARKDOWN = "SELECT markdown FROM documents WHERE data_source_id = $1 AND id = $2";
    PASSAGES = "SELECT page, heading, url, language, text FROM passages \
        WHERE data_source_id = $1 ORDER BY document_id, number";
    CONTENT = "SELECT content_version FROM data_sources WHERE id = $1";
}

/// Most documents of one data source.
pub const DOCUMENTS: i64 = 5000;

/// A document, without its text.
#[derive(Clone, Debug, FromRow)]
pub struct DocumentRow {
    pub id: String,
    pub origin: String,
    pub name: String,
    pub title: String,
    pub url: Option<String>,
    pub characters: i64,
    pub passages: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(FromRow)]
struct KnownRow {
    id: String,
    markdown: String,
    title: String,
    url: Option<String>,
    sitemap: Option<String>,
    passages: i64,
}

#[derive(FromRow)]
struct PassageRow {
    page: String,
    heading: String,
    url: Option<String>,
    language: String,
    text: String,
}

/// A document to be stored in place of the one with its name, if there is one.
#[derive(Debug)]
pub struct PutDocument {
    /// Used when it is new.
    pub id: String,
    pub data_source_id: String,
    pub origin: &'static str,
    pub name: String,
    pub title: String,
    pub url: Option<String>,
    pub sitemap: Option<String>,
    pub markdown: String,
    pub passages: Vec<Passage>,
    /// Where an admin sent it.
    pub audit: Option<NewAudit>,
    pub now_ms: i64,
}

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// Its id.
    Stored(String),
    /// It was there already, word for word.
    Unchanged(String),
    /// The source would hold too much.
    Full,
    /// There is no such data source.
    NoSource,
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

impl Write for PutDocument {
    type Out = Put;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<Put, sqlx::Error> {
        let source = &self.data_source_id;
        if execute!(&mut *conn, LOCK, source)? == 0 {
            return Ok(Put::NoSource);
        }
        let known = fetch_optional!(&mut *conn, KnownRow, KNOWN, source, &self.name)?;
        let room = fetch_optional!(&mut *conn, (i64, i64), ROOM, source)?;
        let Some((documents, passages)) = room else { return Ok(Put::NoSource) };
        if let Some(known) = &known
            && (&known.markdown, &known.title, &known.url, &known.sitemap)
                == (&self.markdown, &self.title, &self.url, &self.sitemap)
        {
            return Ok(Put::Unchanged(known.id.clone()));
        }
        let replaced = known.as_ref().map_or(0, |known| known.passages);
        if (known.is_none() && documents >= DOCUMENTS)
            || passages - replaced + count(self.passages.len()) > shared::limits::PASSAGES
        {
            return Ok(Put::Full);
        }
        let id = known.map_or_else(|| self.id.clone(), |known| known.id);
        execute!(&mut *conn, TOUCH, source, self.now_ms)?;
        execute!(
            &mut *conn,
            PUT,
            &id,
            source,
            self.origin,
            &self.name,
            &self.title,
            &self.url,
            &self.sitemap,
            &self.markdown,
            count(self.markdown.chars().count()),
            count(self.passages.len()),
            self.now_ms
        )?;
        execute!(&mut *conn, REMOVE_PASSAGES, &id)?;
        for (number, passage) in (0_i64..).zip(&self.passages) {
            execute!(
                &mut *conn,
                ADD_PASSAGE,
                &id,
                number,
                source,
                passage.page(),
                passage.heading(),
                &passage.url,
                passage.language(),
                &passage.text
            )?;
        }
        execute!(&mut *conn, COUNT, source)?;
        if let Some(audit) = &self.audit {
            audit::add(conn, audit).await?;
        }
        let number = changes::next(conn).await?;
        changes::add(conn, number, Kind::DataSources, source, 0, self.now_ms).await?;
        Ok(Put::Stored(id))
    }
}

/// Which documents go.
#[derive(Debug)]
pub enum Remove {
    /// The one with this id.
    One(String),
    /// Those of this sitemap that this import did not list.
    Unlisted { sitemap: String, import_id: String },
}

struct RemoveDocuments {
    data_source_id: String,
    which: Remove,
    audit: Option<NewAudit>,
    now_ms: i64,
}

impl Write for RemoveDocuments {
    /// How many there were.
    type Out = u64;
    const DURABLE: bool = true;

    async fn run(&self, conn: &mut Conn) -> Result<u64, sqlx::Error> {
        let source = &self.data_source_id;
        execute!(&mut *conn, TOUCH, source, self.now_ms)?;
        let removed = match &self.which {
            Remove::One(id) => execute!(&mut *conn, REMOVE, source, id)?,
            Remove::Unlisted { sitemap, import_id } => {
                execute!(&mut *conn, REMOVE_UNLISTED, source, sitemap, import_id)?
            }
        };
        if removed > 0 {
            execute!(&mut *conn, COUNT, source)?;
            if let Some(audit) = &self.audit {
                audit::add(conn, audit).await?;
            }
            let number = changes::next(conn).await?;
            changes::add(conn, number, Kind::DataSources, source, 0, self.now_ms).await?;
        }
        Ok(removed)
    }
}

impl Store {
    /// Stores a document with its passages.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_document(&self, document: PutDocument) -> Result<Put, StoreError> {
        self.writer.run(document).await
    }

    /// Removes documents with their passages; how many there were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_documents(
        &self,
        data_source_id: &str,
        which: Remove,
        audit: Option<NewAudit>,
        now_ms: i64,
    ) -> Result<u64, StoreError> {
        let data_source_id = data_source_id.to_owned();
        self.writer.run(RemoveDocuments { data_source_id, which, audit, now_ms }).await
    }

    /// A page of a source's documents, newest first, and how many there are; `q` is part of their
    /// names, titles or addresses.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn documents(
        &self,
        data_source_id: &str,
        after: Option<(i64, String)>,
        q: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<DocumentRow>, i64), StoreError> {
        let mut conn = self.conn().await?;
        let (at, id) = page_start(after);
        let (like, typed, capital) = q.map(spellings).unwrap_or_default();
        let (source, limit) = (data_source_id, i64::from(limit));
        let rows = fetch_all!(
            &mut conn,
            DocumentRow,
            LIST,
            source,
            at,
            &id,
            &like,
            &typed,
            &capital,
            limit
        )?;
        let total = fetch_optional!(&mut conn, (i64,), TOTAL, source, &like, &typed, &capital)?;
        Ok((rows, total.map_or(0, |(total,)| total)))
    }

    /// One document of a source.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn document(
        &self,
        data_source_id: &str,
        id: &str,
    ) -> Result<Option<DocumentRow>, StoreError> {
        let mut conn = self.conn().await?;
        Ok(fetch_optional!(&mut conn, DocumentRow, BY_ID, data_source_id, id)?)
    }

    /// A document's text.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn document_markdown(
        &self,
        data_source_id: &str,
        id: &str,
    ) -> Result<Option<String>, StoreError> {
        let mut conn = self.conn().await?;
        let row = fetch_optional!(&mut conn, (String,), MARKDOWN, data_source_id, id)?;
        Ok(row.map(|(markdown,)| markdown))
    }

    /// Every passage of a source in the order of its documents, and the version of the content.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn passages(&self, data_source_id: &str) -> Result<(Vec<Passage>, i64), StoreError> {
        let mut conn = self.conn().await?;
        // The version first: what is read after it is as new, or newer and then read again.
        let version = fetch_optional!(&mut conn, (i64,), CONTENT, data_source_id)?;
        let rows = fetch_all!(&mut conn, PassageRow, PASSAGES, data_source_id)?;
        let passage = |row: PassageRow| {
            Passage::stored(data_source_id, row.page, row.heading, row.url, row.text, &row.language)
        };
        Ok((rows.into_iter().map(passage).collect(), version.map_or(0, |(version,)| version)))
    }
}
