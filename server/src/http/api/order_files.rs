//! Orders as files: in and out.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use shared::order::ImportReport;
use shared::{ErrorBody, ErrorCode};

use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::{KeyReader, LicenseWriter, Query, body, paging};
use crate::http::api::orders::{self, OrderQuery};
use crate::licensing::export::Export;
use crate::licensing::import;

/// How a file of orders is taken.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// true: the file is checked only.
    dry_run: Option<String>,
}

fn check_content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    match body::essence(headers).as_deref() {
        None | Some("text/csv" | "text/plain" | "application/octet-stream") => Ok(()),
        Some(_) => {
            Err(ApiError::new(ErrorCode::UnsupportedMediaType)
                .with_message("Send CSV as text/csv."))
        }
    }
}

/// Makes orders of the lines of a CSV file: of all of them, or of none. With mistakes the answer is
/// 400, and `details.import` lists them by line and column.
#[utoipa::path(post, path = "/api/orders/import", tag = "selling", params(ImportQuery),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = ImportReport),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn import(
    State(app): State<Shared>,
    LicenseWriter(actor): LicenseWriter,
    Query(query): Query<ImportQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ImportReport>, ApiError> {
    let dry_run = paging::word("dry_run", query.dry_run.as_deref(), &["true", "false"])?;
    check_content_type(&headers)?;
    let inner = app.clone();
    // On its own: it comes to its end, and tidies up, also when whoever sends the file goes away.
    let work = app.tasks.spawn(async move {
        let source = body.into_data_stream();
        import::import(&inner, &actor, source, dry_run == Some("true")).await
    });
    work.await.map_err(|error| ApiError::internal(&error))?.map(Json)
}

/// The orders as a CSV file of any length, newest first, without license keys.
#[utoipa::path(get, path = "/api/orders.csv", tag = "selling", params(OrderQuery),
    responses((status = 200, description = "RFC 4180", content_type = "text/csv"),
        (status = "4XX", body = ErrorBody), (status = "5XX", body = ErrorBody)))]
pub async fn export(
    State(app): State<Shared>,
    KeyReader(_): KeyReader,
    Query(query): Query<OrderQuery>,
) -> Result<Response, ApiError> {
    let export = Export::new(orders::filter(query, app.clock.now_ms())?, false);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"orders.csv\""),
    ];
    let pages = futures_util::stream::unfold(Some(export), move |export| {
        let app = app.clone();
        async move {
            let mut export = export?;
            match export.next(&app).await {
                Ok(Some(page)) => Some((Ok(Bytes::from(page)), Some(export))),
                Ok(None) => None,
                // The file breaks off, which the browser shows, instead of looking whole.
                Err(error) => Some((Err(std::io::Error::other(error.told().to_owned())), None)),
            }
        }
    });
    Ok((headers, Body::from_stream(pages)).into_response())
}
