//! Every route on one page, and the OpenAPI document that is generated from them.

use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use shared::limits;
use utoipa::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use crate::app::Shared;
use crate::extract::BodyLimit;
use crate::http::{
    admin_conversations, api, chat, completions, conversations, dashboard, demo, edge, feedback,
    guide, health, license, metrics, preview, resume, setup_page, stop, widget, widget_files,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Natter", description = "Self-hosted AI chat for websites."),
    components(schemas(shared::ErrorBody, shared::ErrorCode, shared::Event))
)]
struct Document;

fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Document::openapi())
        // Operations
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(metrics::metrics))
        .routes(routes!(openapi))
        // Chat: widget and headless clients
        .routes(routes!(chat::whole))
        .routes(routes!(chat::stream))
        .routes(routes!(chat::legacy))
        .routes(routes!(completions::create).layer(BodyLimit::layer(limits::COMPLETION_BODY_BYTES)))
        .routes(routes!(completions::models))
        .routes(routes!(resume::resume))
        .routes(routes!(stop::stop))
        .routes(routes!(feedback::feedback))
        .routes(routes!(conversations::current))
        // Licenses: the customers' software
        .routes(routes!(license::activate))
        .routes(routes!(license::validate))
        .routes(routes!(license::deactivate))
        .routes(routes!(license::keys))
        // Widget
        .routes(routes!(widget::config))
        .routes(routes!(widget::session))
        .routes(routes!(widget_files::file))
        // Admin
        .routes(routes!(admin_conversations::list))
        .routes(routes!(admin_conversations::detail))
        .routes(routes!(api::license_keys::create, api::license_keys::list))
        .routes(routes!(
            api::license_keys::read,
            api::license_keys::change,
            api::license_keys::delete
        ))
        .routes(routes!(api::license_keys::regenerate))
        .routes(routes!(api::license_keys::reveal))
        .routes(routes!(api::license_keys::deactivate))
        .routes(routes!(api::license_keys::reveal_identity_secret))
        .routes(routes!(api::license_keys::rotate_identity_secret))
        .routes(routes!(api::license_keys::preview_session))
        .routes(routes!(api::agents::create, api::agents::list))
        .routes(routes!(api::agents::read, api::agents::change, api::agents::delete))
        .routes(routes!(api::agents::test_connection))
        .routes(routes!(api::agents::try_out))
        .routes(routes!(api::data_sources::create, api::data_sources::list))
        .routes(routes!(
            api::data_sources::read,
            api::data_sources::change,
            api::data_sources::delete
        ))
        .routes(routes!(api::data_sources::search))
        .routes(routes!(api::data_sources::test_connection))
        .routes(
            routes!(api::data_sources::add_document, api::data_sources::documents)
                .layer(BodyLimit::layer(limits::DOCUMENT_BODY_BYTES)),
        )
        .routes(
            routes!(api::data_sources::add_files).layer(BodyLimit::layer(limits::FILES_BODY_BYTES)),
        )
        .routes(routes!(api::data_sources::document, api::data_sources::delete_document))
        .routes(
            routes!(api::data_sources::begin_import, api::data_sources::imports)
                .layer(BodyLimit::layer(limits::DOCUMENT_BODY_BYTES)),
        )
        .routes(routes!(api::data_sources::read_import))
        .routes(routes!(api::data_sources::stop_import))
        .routes(routes!(api::activations::list))
        .routes(routes!(api::activations::revoke))
        .routes(routes!(api::activations::approve))
        .routes(routes!(api::products::create, api::products::list))
        .routes(routes!(api::products::read, api::products::change, api::products::delete))
        .routes(routes!(api::plans::create, api::plans::list))
        .routes(routes!(api::plans::read, api::plans::change, api::plans::delete))
        .routes(routes!(api::orders::create, api::orders::list))
        .routes(routes!(api::orders::read, api::orders::change))
        .routes(routes!(api::order_files::import))
        .routes(routes!(api::order_files::export))
        .routes(routes!(api::orders::complete))
        .routes(routes!(api::orders::refund))
        .routes(routes!(api::orders::cancel))
        .routes(routes!(api::signing_keys::rotate))
        .routes(routes!(api::conversations::list))
        .routes(routes!(api::conversations::export_list))
        .routes(routes!(api::conversations::read, api::conversations::delete))
        .routes(routes!(api::conversations::live))
        .routes(routes!(api::conversations::export))
        .routes(routes!(api::conversations::delete_visitor))
        .routes(routes!(api::overview::read))
        .routes(routes!(api::overview::audit_reminder))
        .routes(routes!(api::overview::dismiss_audit_reminder))
        .routes(routes!(api::usage::list))
        .routes(routes!(api::usage::csv))
        .routes(routes!(api::usage::of_key))
        .routes(routes!(api::usage::of_all))
        .routes(routes!(api::check::website))
        .routes(routes!(api::auth::setup_state, api::auth::setup))
        .routes(routes!(api::auth::sign_in))
        .routes(routes!(api::auth::sign_out))
        .routes(routes!(api::auth::me))
        .routes(routes!(api::auth::change_password))
        .routes(routes!(api::users::list, api::users::create))
        .routes(routes!(api::users::change, api::users::delete))
        .routes(routes!(api::api_keys::create, api::api_keys::list))
        .routes(routes!(api::api_keys::delete))
        .routes(routes!(api::audit::list))
        .routes(routes!(api::notifications::list))
        .routes(routes!(api::notifications::mark_read))
        .routes(routes!(api::webhooks::create, api::webhooks::list))
        .routes(routes!(api::webhooks::read, api::webhooks::change, api::webhooks::delete))
        .routes(routes!(api::webhooks::reveal))
        .routes(routes!(api::webhooks::test))
        .routes(routes!(api::webhooks::deliveries))
        .routes(routes!(api::webhooks::redeliver))
        .routes(routes!(api::settings::read, api::settings::change))
        .routes(routes!(api::about::test_mail))
        .routes(routes!(api::about::read))
        // Pages
        .routes(routes!(setup_page::page))
        .routes(routes!(setup_page::script))
        .routes(routes!(dashboard::page))
        .routes(routes!(dashboard::file))
        .routes(routes!(preview::page))
        .routes(routes!(preview::script))
        .routes(routes!(preview::css))
        .routes(routes!(demo::page))
        .routes(routes!(demo::css))
        .routes(routes!(guide::first))
        .routes(routes!(guide::page))
        .routes(routes!(guide::picture))
        .routes(routes!(guide::css))
}

/// The API's description.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    routes().into_openapi()
}

/// The OpenAPI 3.1 description of this server.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1")))]
async fn openapi() -> impl IntoResponse {
    ([(CACHE_CONTROL, "public, max-age=300")], Json(document()))
}

/// The server's routes with the layers around them.
pub fn router(app: Shared) -> Router {
    let (router, _) = routes().split_for_parts();
    license::also_at(router)
        .route("/admin/", get(dashboard::page))
        .route("/admin/{*path}", get(dashboard::page))
        .layer(BodyLimit::layer(limits::BODY_BYTES))
        .layer(axum::middleware::from_fn_with_state(app.clone(), edge::edge))
        .with_state(app)
}
