//! Data sources, their documents, and imports of pages.

use axum::Json;
use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::StatusCode;
use shared::admin::Page;
use shared::data_source::{
    DataSource, DataSourceChange, DatabaseTest, Document, FailedFile, FoundPassage, Import,
    NewDocument, NewImport, SourceSearch, Uploaded,
};
use shared::{ErrorBody, ErrorCode, limits};

use super::{PageQuery, SearchQuery};
use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::{Fields, Id, Ids, Object, Query, Reader, Writer, paging};
use crate::sources::{documents, edit, import};

/// Makes a data source.
#[utoipa::path(post, path = "/api/data-sources", tag = "data sources",
    request_body = DataSourceChange,
    responses((status = 201, body = DataSource),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn create(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Object(given): Object,
) -> Result<(StatusCode, Json<DataSource>), ApiError> {
    Ok((StatusCode::CREATED, Json(edit::make(&app, &actor, given).await?)))
}

/// Every data source, newest first; all on one page.
#[utoipa::path(get, path = "/api/data-sources", tag = "data sources",
    responses((status = 200, body = Page<DataSource>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    _: Reader,
) -> Result<Json<Page<DataSource>>, ApiError> {
    Ok(Json(paging::whole(edit::all(&app).await?)))
}

/// One data source.
#[utoipa::path(get, path = "/api/data-sources/{id}", tag = "data sources",
    params(("id" = String, Path)),
    responses((status = 200, body = DataSource),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
) -> Result<Json<DataSource>, ApiError> {
    let row = edit::row(&app, &id).await?;
    Ok(Json(edit::view(&app, &row)))
}

/// Changes what is given of a data source; null goes back to the default. With a stale `version`
/// nothing is changed: 409, with the data source as it is now.
#[utoipa::path(patch, path = "/api/data-sources/{id}", tag = "data sources",
    params(("id" = String, Path)), request_body = DataSourceChange,
    responses((status = 200, body = DataSource),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn change(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
    Object(given): Object,
) -> Result<Json<DataSource>, ApiError> {
    edit::change(&app, &actor, &id, given).await.map(Json)
}

/// Removes a data source with its documents: none that an agent has, or that license keys are bound
/// to.
#[utoipa::path(delete, path = "/api/data-sources/{id}", tag = "data sources",
    params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn delete(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
) -> Result<StatusCode, ApiError> {
    edit::remove(&app, &actor, &id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Connects to a data source's database and lists what is in it, or says what is wrong.
#[utoipa::path(post, path = "/api/data-sources/{id}/test-connection", tag = "data sources",
    params(("id" = String, Path)),
    responses((status = 200, body = DatabaseTest),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn test_connection(
    State(app): State<Shared>,
    _: Writer,
    Id(id): Id,
) -> Result<Json<DatabaseTest>, ApiError> {
    edit::test_connection(&app, &id).await.map(Json)
}

/// What a question finds in a data source, best first. Nothing of it is stored or counted.
#[utoipa::path(post, path = "/api/data-sources/{id}/search", tag = "data sources",
    params(("id" = String, Path)), request_body = SourceSearch,
    responses((status = 200, body = Page<FoundPassage>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn search(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
    Fields(asked): Fields<SourceSearch>,
) -> Result<Json<Page<FoundPassage>>, ApiError> {
    Ok(Json(paging::whole(documents::search(&app, &id, &asked).await?)))
}

/// Adds a text, or questions with answers, as a document; one with the same name is replaced.
#[utoipa::path(post, path = "/api/data-sources/{id}/documents", tag = "data sources",
    params(("id" = String, Path)), request_body = NewDocument,
    responses((status = 201, body = Document),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn add_document(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
    Fields(document): Fields<NewDocument>,
) -> Result<(StatusCode, Json<Document>), ApiError> {
    let added = documents::add(&app, &actor, &id, document).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Adds files: Markdown, HTML, plain text, PDF, DOCX or CSV, each of at most 20 MiB, as parts of a
/// form. A document with a file's name is replaced. Files that cannot be read are named in `failed`;
/// when that is all of them, the answer is 400. Rows of questions and answers that lack either are left
/// out, and named in `half_rows`.
#[utoipa::path(post, path = "/api/data-sources/{id}/files", tag = "data sources",
    params(("id" = String, Path)),
    request_body(content_type = "multipart/form-data", description = "One part for each file"),
    responses((status = 201, body = Uploaded),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn add_files(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
    request: Request,
) -> Result<(StatusCode, Json<Uploaded>), ApiError> {
    documents::writable(&app, &id).await?;
    let mut parts = Multipart::from_request(request, &app).await.map_err(|_| {
        ApiError::new(ErrorCode::UnsupportedMediaType)
            .with_message("Send files as multipart/form-data.")
    })?;
    let mut uploaded = Uploaded::default();
    while let Some(part) = parts.next_field().await.map_err(|error| broken(&error))? {
        // What has no file name is another field of the form.
        let Some(name) = part.file_name().map(str::to_owned) else { continue };
        let media_type = part.content_type().map(str::to_owned);
        let bytes = part.bytes().await.map_err(|error| broken(&error))?;
        if bytes.len() > limits::FILE_BYTES {
            let error = String::from("A file may have 20 MiB.");
            uploaded.failed.push(FailedFile { name, error });
            continue;
        }
        let added =
            documents::add_file(&app, &actor, &id, &name, media_type.as_deref(), bytes.into())
                .await;
        match added {
            Ok((document, half_rows)) => {
                uploaded.documents.push(document);
                uploaded.half_rows.extend(half_rows);
            }
            Err(failed) => uploaded.failed.push(failed),
        }
    }
    match (uploaded.documents.first(), uploaded.failed.first()) {
        (None, None) => Err(ApiError::field("file", "send at least one file")),
        (None, Some(_)) => {
            let mut errors = shared::FieldErrors::default();
            for FailedFile { name, error } in &uploaded.failed {
                errors.add(name, error);
            }
            Err(errors.into())
        }
        _ => Ok((StatusCode::CREATED, Json(uploaded))),
    }
}

fn broken(error: &axum::extract::multipart::MultipartError) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::new(ErrorCode::PayloadTooLarge)
            .with_message("All files of one request together may have 64 MiB.")
    } else {
        ApiError::new(ErrorCode::InvalidRequest).with_message("The form did not arrive whole.")
    }
}

/// A data source's documents, newest first; `q` is part of the name, title or `url`. Those of the
/// user guide are its pages, in their order and all on one page.
#[utoipa::path(get, path = "/api/data-sources/{id}/documents", tag = "data sources",
    params(("id" = String, Path), SearchQuery),
    responses((status = 200, body = Page<Document>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn documents(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
    Query(query): Query<SearchQuery>,
) -> Result<Json<Page<Document>>, ApiError> {
    let (limit, after, q) = query.read()?;
    documents::list(&app, &id, after, q.as_deref(), limit).await.map(Json)
}

/// One document, with its text.
#[utoipa::path(get, path = "/api/data-sources/{id}/documents/{document_id}", tag = "data sources",
    params(("id" = String, Path), ("document_id" = String, Path)),
    responses((status = 200, body = Document),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn document(
    State(app): State<Shared>,
    _: Reader,
    Ids(id, document_id): Ids,
) -> Result<Json<Document>, ApiError> {
    documents::one(&app, &id, &document_id).await.map(Json)
}

/// Removes a document.
#[utoipa::path(delete, path = "/api/data-sources/{id}/documents/{document_id}",
    tag = "data sources", params(("id" = String, Path), ("document_id" = String, Path)),
    responses((status = 204), (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn delete_document(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Ids(id, document_id): Ids,
) -> Result<StatusCode, ApiError> {
    documents::remove(&app, &actor, &id, &document_id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Begins to fetch pages of a website; they are there one by one. See
/// `GET /api/data-sources/{id}/imports/{import_id}` for how it goes.
#[utoipa::path(post, path = "/api/data-sources/{id}/imports", tag = "data sources",
    params(("id" = String, Path)), request_body = NewImport,
    responses((status = 202, body = Import),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn begin_import(
    State(app): State<Shared>,
    Writer(actor): Writer,
    Id(id): Id,
    Fields(asked): Fields<NewImport>,
) -> Result<(StatusCode, Json<Import>), ApiError> {
    let begun = import::begin(&app, &actor, &id, asked).await?;
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// A data source's imports of the last 30 days, newest first.
#[utoipa::path(get, path = "/api/data-sources/{id}/imports", tag = "data sources",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<Import>),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn imports(
    State(app): State<Shared>,
    _: Reader,
    Id(id): Id,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Import>>, ApiError> {
    let (limit, after) = query.read()?;
    edit::row(&app, &id).await?;
    let found = app.store.imports(&id, after, limit).await?;
    Ok(Json(paging::page(found, limit, |row| (row.created_at, &row.id), import::view)))
}

/// How an import goes, and what went wrong with which page.
#[utoipa::path(get, path = "/api/data-sources/{id}/imports/{import_id}", tag = "data sources",
    params(("id" = String, Path), ("import_id" = String, Path)),
    responses((status = 200, body = Import),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn read_import(
    State(app): State<Shared>,
    _: Reader,
    Ids(id, import_id): Ids,
) -> Result<Json<Import>, ApiError> {
    import::one(&app, &id, &import_id).await.map(Json)
}

/// Stops an import; what it has fetched stays.
#[utoipa::path(post, path = "/api/data-sources/{id}/imports/{import_id}/stop",
    tag = "data sources", params(("id" = String, Path), ("import_id" = String, Path)),
    responses((status = 200, body = Import),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn stop_import(
    State(app): State<Shared>,
    _: Writer,
    Ids(id, import_id): Ids,
) -> Result<Json<Import>, ApiError> {
    import::stop(&app, &id, &import_id).await.map(Json)
}
