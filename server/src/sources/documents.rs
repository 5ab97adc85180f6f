//! From a file or a text to passages in the database.

use extraction::{Format, Limits};
use retrieval::Headings;
use serde_json::{Map, json};
use shared::admin::Page;
use shared::data_source::{
    Document, DocumentOrigin, FailedFile, FoundPassage, HalfRows, NewDocument, QuestionAndAnswer,
    SourceKind, SourceSearch,
};
use shared::{ErrorCode, FieldErrors, limits};
use url::Url;

use super::edit;
use super::library::{self, GUIDE};
use crate::app::App;
use crate::clock;
use crate::error::ApiError;
use crate::extract::paging::{self, After};
use crate::people::Actor;
use crate::store::audit::NewAudit;
use crate::store::documents::{DocumentRow, Put, PutDocument, Remove};
use crate::store::sources::SourceRow;

/// Text that is to be searched.
#[derive(Debug)]
pub struct NewText {
    pub origin: DocumentOrigin,
    /// What a document with the same one is replaced by.
    pub name: String,
    /// None: the first heading's, else the name.
    pub title: Option<String>,
    pub url: Option<String>,
    pub sitemap: Option<String>,
    pub markdown: String,
}

/// Stores a text as a document with its passages.
///
/// # Errors
/// When the database fails.
pub async fn put(
    app: &App,
    data_source_id: &str,
    text: NewText,
    actor: Option<&Actor>,
) -> Result<Put, ApiError> {
    let id = app.clock.ulid();
    let now_ms = app.clock.now_ms();
    let audit = actor.map(|actor| audit(app, actor, data_source_id, json!([null, text.name])));
    let data_source_id = data_source_id.to_owned();
    // A long one takes a while.
    let read = tokio::task::spawn_blocking(move || read(id, data_source_id, text, now_ms)).await;
    let mut document = read.map_err(|error| ApiError::internal(&error))?;
    document.audit = audit;
    let put = app.store.put_document(document).await?;
    if matches!(put, Put::Stored(_)) {
        library::reload(app).await?;
    }
    Ok(put)
}

/// A line of the audit log about a source's documents.
fn audit(app: &App, actor: &Actor, data_source_id: &str, change: serde_json::Value) -> NewAudit {
    let changes = Map::from_iter([("document".to_owned(), change)]);
    let action = "data_source.documents_changed";
    actor.audit(&app.clock, action, "data_source", data_source_id, changes)
}

fn read(id: String, data_source_id: String, text: NewText, now_ms: i64) -> PutDocument {
    // PostgreSQL's TEXT cannot hold it.
    let markdown = text.markdown.replace('\0', "\u{fffd}");
    let name = text.name.replace('\0', "\u{fffd}");
    let document = retrieval::Document {
        data_source_id,
        name: text.title.clone().unwrap_or_else(|| name.clone()),
        url: text.url.clone(),
        headings: Headings::Searched,
        markdown,
    };
    let passages = retrieval::passages(&document);
    let title = passages.first().map_or(document.name, |passage| passage.page().to_owned());
    PutDocument {
        id,
        data_source_id: document.data_source_id,
        origin: text.origin.as_str(),
        name,
        title: title.replace('\0', "\u{fffd}"),
        url: text.url,
        sitemap: text.sitemap,
        markdown: document.markdown,
        passages,
        audit: None,
        now_ms,
    }
}

/// A document as the API shows it.
fn view(row: DocumentRow) -> Document {
    Document {
        id: row.id,
        // Written by this server alone.
        origin: serde_json::from_value(row.origin.into()).unwrap_or(DocumentOrigin::Text),
        name: row.name,
        title: row.title,
        url: row.url,
        characters: row.characters,
        passages: row.passages,
        created_at: clock::rfc3339(row.created_at),
        updated_at: clock::rfc3339(row.updated_at),
        markdown: None,
        questions: None,
    }
}

/// A page of a source's documents, newest first; `q` is part of their names, titles or addresses. Of
/// the user guide all pages at once.
///
/// # Errors
/// 404; when the database fails.
pub async fn list(
    app: &App,
    data_source_id: &str,
    after: After,
    q: Option<&str>,
    limit: u32,
) -> Result<Page<Document>, ApiError> {
    let source = edit::row(app, data_source_id).await?;
    if data_source_id == GUIDE {
        let words = q.unwrap_or_default().to_lowercase();
        let has = |page: &Document| {
            let url = page.url.as_deref().unwrap_or_default();
            page.title.to_lowercase().contains(&words) || url.contains(&words)
        };
        let pages = of_guide(app, &source).into_iter().filter(has);
        let without_text = pages.map(|page| Document { markdown: None, ..page });
        return Ok(paging::whole(without_text.collect()));
    }
    let found = app.store.documents(data_source_id, after, q, limit).await?;
    Ok(paging::page(found, limit, |row| (row.created_at, &row.id), view))
}

/// The pages of the user guide as documents: they come with the program, and no database has them.
fn of_guide(app: &App, source: &SourceRow) -> Vec<Document> {
    let passages = app.library.guide_passages();
    let document = |(text, page): (retrieval::Document, &retrieval::Page)| {
        let is_of_it = |passage: &&retrieval::Passage| {
            let url = passage.url.as_deref().and_then(|url| url.split('#').next());
            url == text.url.as_deref()
        };
        let own: Vec<_> = passages.iter().filter(is_of_it).collect();
        let characters: usize = own.iter().map(|passage| passage.text.chars().count()).sum();
        Document {
            id: page.slug.clone(),
            origin: DocumentOrigin::Page,
            name: page.title.clone(),
            title: page.title.clone(),
            url: text.url,
            characters: i64::try_from(characters).unwrap_or(i64::MAX),
            passages: i64::try_from(own.len()).unwrap_or(i64::MAX),
            created_at: clock::rfc3339(source.created_at),
            updated_at: clock::rfc3339(source.updated_at),
            markdown: Some(text.markdown),
            questions: None,
        }
    };
    app.guide.documents(GUIDE).into_iter().zip(app.guide.pages()).map(document).collect()
}

/// The source whose documents an admin wants to change.
///
/// # Errors
/// 404; 400 for the guide.
pub async fn writable(app: &App, data_source_id: &str) -> Result<(), ApiError> {
    let row = edit::row(app, data_source_id).await?;
    if row.kind != SourceKind::Documents.as_str() {
        return Err(ApiError::new(ErrorCode::InvalidRequest)
            .with_message("This data source is a database: it holds no documents."));
    }
    if data_source_id == GUIDE {
        return Err(ApiError::new(ErrorCode::InvalidRequest).with_message(
            "The user guide comes with the program. Make a data source for documents of your own.",
        ));
    }
    Ok(())
}

fn pair((question, answer): (String, String)) -> QuestionAndAnswer {
    QuestionAndAnswer { question, answer }
}

/// One document, with its text.
///
/// # Errors
/// 404 when there is none.
pub async fn one(app: &App, data_source_id: &str, id: &str) -> Result<Document, ApiError> {
    if data_source_id == GUIDE {
        let source = edit::row(app, GUIDE).await?;
        let page = of_guide(app, &source).into_iter().find(|page| page.id == id);
        return page.ok_or_else(|| ErrorCode::NotFound.into());
    }
    let row = app.store.document(data_source_id, id).await?.ok_or(ErrorCode::NotFound)?;
    let markdown = app.store.document_markdown(data_source_id, id).await?;
    let document = view(row);
    let questions = markdown
        .as_deref()
        .filter(|_| document.origin == DocumentOrigin::Questions)
        .map(|markdown| extraction::pairs_of(markdown).into_iter().map(pair).collect());
    Ok(Document { markdown, questions, ..document })
}

/// What became of a document, for whoever sent it.
async fn told(app: &App, data_source_id: &str, put: Put) -> Result<Document, ApiError> {
    match put {
        Put::Stored(id) | Put::Unchanged(id) => {
            let row = app.store.document(data_source_id, &id).await?;
            row.map(view).ok_or_else(|| ErrorCode::NotFound.into())
        }
        Put::Full => Err(ApiError::new(ErrorCode::InvalidRequest).with_message(full())),
        Put::NoSource => Err(ErrorCode::NotFound.into()),
    }
}

/// Why a source takes no more.
pub(super) fn full() -> &'static str {
    "A data source holds at most 5000 documents and 20000 passages. Remove documents, or make \
     another data source."
}

/// Where a document can be read: a web address, or a path of the page that the widget is on.
fn check_url(url: &str) -> bool {
    let path = url.strip_prefix('/').is_some_and(|rest| !rest.starts_with(['/', '\\']));
    path || Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Adds a document that was sent as text, in place of the one with its name.
///
/// # Errors
/// Complaints by field; 400 when the source is full.
pub async fn add(
    app: &App,
    actor: &Actor,
    data_source_id: &str,
    document: NewDocument,
) -> Result<Document, ApiError> {
    writable(app, data_source_id).await?;
    let mut errors = FieldErrors::default();
    document.check(&mut errors);
    if document.url.as_deref().is_some_and(|url| !check_url(url)) {
        errors.add("url", "must be a web address, or a path that begins with /");
    }
    errors.into_result()?;
    let name = document.name.trim().to_owned();
    let (origin, markdown) = match (document.text, document.questions) {
        (Some(text), _) => (DocumentOrigin::Text, text),
        (None, questions) => {
            let pairs = questions.unwrap_or_default();
            let pairs: Vec<(String, String)> =
                pairs.into_iter().map(|pair| (pair.question, pair.answer)).collect();
            (DocumentOrigin::Questions, extraction::questions_and_answers(&pairs))
        }
    };
    let text = NewText { origin, name, title: None, url: document.url, sitemap: None, markdown };
    let put = put(app, data_source_id, text, Some(actor)).await?;
    told(app, data_source_id, put).await
}

/// Lines of a file that are named at most.
const LINES: usize = 20;

/// Adds a file, in place of the one with its name; which rows of it were left out.
///
/// # Errors
/// What is wrong with the file, in plain words.
pub async fn add_file(
    app: &App,
    actor: &Actor,
    data_source_id: &str,
    name: &str,
    media_type: Option<&str>,
    bytes: Vec<u8>,
) -> Result<(Document, Option<HalfRows>), FailedFile> {
    let failed = |error: String| FailedFile { name: name.to_owned(), error };
    let told_error = |error: ApiError| failed(error.told().to_owned());
    if name.trim().is_empty() || name.chars().count() > limits::DOCUMENT_NAME_CHARS {
        return Err(failed("A file's name must have 1 to 200 characters.".into()));
    }
    let extracted = extract(app, name, media_type, bytes).await.map_err(failed)?;
    let lines = extracted.half_rows;
    let half_rows = (!lines.is_empty()).then(|| HalfRows {
        name: name.to_owned(),
        count: u64::try_from(lines.len()).unwrap_or(u64::MAX),
        lines: lines.into_iter().take(LINES).collect(),
    });
    let text = NewText {
        origin: DocumentOrigin::Upload,
        name: name.to_owned(),
        title: extracted.title,
        url: None,
        sitemap: None,
        markdown: extracted.markdown,
    };
    let put = put(app, data_source_id, text, Some(actor)).await.map_err(told_error)?;
    let document = told(app, data_source_id, put).await.map_err(told_error)?;
    Ok((document, half_rows))
}

/// The text of a file, read beside the requests.
///
/// # Errors
/// What is wrong with it, in plain words.
pub(super) async fn extract(
    app: &App,
    name: &str,
    media_type: Option<&str>,
    bytes: Vec<u8>,
) -> Result<extraction::Extracted, String> {
    let _turn = app.reading.acquire().await;
    if bytes.trim_ascii().is_empty() {
        return Err(extraction::ExtractError::Empty.to_string());
    }
    let Some(format) = Format::of(name, media_type, &bytes) else {
        return Err(
            "This kind of file cannot be read: send Markdown, HTML, plain text, PDF, DOCX \
                    or CSV."
                .into(),
        );
    };
    let work = move || extraction::extract(format, &bytes, &Limits::default());
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(extracted)) if extracted.markdown.trim().is_empty() => {
            Err("There is no text in it.".into())
        }
        Ok(extracted) => extracted.map_err(|error| error.to_string()),
        Err(_) => Err("The file cannot be read.".into()),
    }
}

/// Removes a document.
///
/// # Errors
/// 404 when there is none.
pub async fn remove(
    app: &App,
    actor: &Actor,
    data_source_id: &str,
    id: &str,
) -> Result<(), ApiError> {
    writable(app, data_source_id).await?;
    let row = app.store.document(data_source_id, id).await?.ok_or(ErrorCode::NotFound)?;
    let audit = audit(app, actor, data_source_id, json!([row.name, null]));
    let (which, now_ms) = (Remove::One(row.id), app.clock.now_ms());
    match app.store.remove_documents(data_source_id, which, Some(audit), now_ms).await? {
        0 => Err(ErrorCode::NotFound.into()),
        _ => Ok(library::reload(app).await?),
    }
}

/// What a question finds in a source.
///
/// # Errors
/// Complaints by field, 404.
pub async fn search(
    app: &App,
    data_source_id: &str,
    asked: &SourceSearch,
) -> Result<Vec<FoundPassage>, ApiError> {
    edit::row(app, data_source_id).await?;
    let mut errors = FieldErrors::default();
    let units = limits::utf16_len(&asked.question);
    if asked.question.trim().is_empty() || units > limits::MESSAGE_UNITS {
        errors.add("question", "must have 1 to 4000 characters");
    }
    let limit = asked.limit.unwrap_or(5);
    if !(1..=20).contains(&limit) {
        errors.add("limit", "must be a whole number from 1 to 20");
    }
    errors.into_result()?;
    let index = library::index(app, &[data_source_id.to_owned()]).await?;
    let limit = usize::try_from(limit).unwrap_or(5);
    let hits = index.search(&asked.question, limit);
    Ok(hits
        .into_iter()
        .map(|hit| FoundPassage {
            title: hit.passage.title.clone(),
            url: hit.passage.url.clone(),
            text: hit.passage.text.clone(),
            score: hit.score,
        })
        .collect())
}
