//! `GET /api/v1/openapi.json`: the API by OpenAPI 3.1, made from the handlers themselves.

use axum::extract::State;
use axum::response::Response;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, SecurityRequirement, Server};

use crate::model::BasePath;
use crate::web::files::{file, thumbnail};
use crate::web::history::{days_api, facets_api, list_api, suggest};
use crate::web::http::answer::json;
use crate::web::http::problem::Problem;
use crate::web::live::events;
use crate::web::run::archive;
use crate::web::status::{dismiss, health, metrics};
use crate::web::{run, status};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "comfy-recall",
        description = "Every run that ComfyUI ever made, for scripts. Keys are added, never renamed. \
                       Times are RFC 3339 in UTC with milliseconds, ids are numbers, seeds are texts. \
                       Every error has one shape; answers carry an `ETag` and obey `If-None-Match`.",
    ),
    paths(
        events::stream, file::file, thumbnail::thumbnail, metrics::metrics, health::alive, health::ready,
        list_api::list, run::api::detail, run::api::outputs, run::api::prompt, run::api::workflow,
        facets_api::facets, suggest::suggest, days_api::days, status::api::instances, status::api::status,
        dismiss::from_script, answer, run::api::output, archive::many,
    ),
    tags(
        (name = "generations", description = "What ComfyUI ran"),
        (name = "files", description = "What it made"),
        (name = "search", description = "What can be found"),
        (name = "server", description = "How things are"),
    ),
)]
struct Described;

/// The document of a server whose addresses begin with `base`.
pub fn document(base: &str) -> OpenApi {
    let mut document = Described::openapi();
    document.servers = Some(vec![Server::new(if base.is_empty() { "/" } else { base })]);
    let scheme = |scheme| SecurityScheme::Http(Http::new(scheme));
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", scheme(HttpAuthScheme::Bearer));
    components.add_security_scheme("password", scheme(HttpAuthScheme::Basic));
    // Where neither is configured, nothing is asked.
    let none: [&str; 0] = [];
    document.security = Some(vec![
        SecurityRequirement::default(),
        SecurityRequirement::new("token", none),
        SecurityRequirement::new("password", none),
    ]);
    document
}

/// This description.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "server", responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value)))]
pub async fn answer(State(base): State<BasePath>) -> Result<Response, Problem> {
    Ok(json(serde_json::to_vec(&document(base.as_str()))?))
}
