//! JSON for scripts. A contract: keys may be added, never renamed. What each handler says of itself here is what
//! `/api/v1/openapi.json` and the page `/api` say.

pub mod asked;

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::history::{days_api, facets_api, list_api, suggest};
use crate::web::http::headers::Cache;
use crate::web::reference::openapi;
use crate::web::run;
use crate::web::site::state::App;
use crate::web::status;

/// Every address below `/api/v1`, and what it says of itself; those whose answers are texts, and the files.
pub fn routes() -> (OpenApiRouter<App>, OpenApiRouter<App>) {
    let texts = OpenApiRouter::new()
        .routes(routes!(list_api::list))
        .routes(routes!(list_api::detail))
        .routes(routes!(run::api::outputs))
        .routes(routes!(run::api::prompt))
        .routes(routes!(run::api::workflow))
        .routes(routes!(facets_api::facets))
        .routes(routes!(suggest::suggest))
        .routes(routes!(days_api::days))
        .routes(routes!(status::api::instances))
        .routes(routes!(status::api::status))
        .routes(routes!(status::dismiss::from_script))
        .routes(routes!(openapi::answer));
    let files = OpenApiRouter::new().routes(routes!(run::api::output)).routes(routes!(run::archive::many));
    (texts, files)
}

/// A body that is JSON.
pub fn json(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/json")], axum::Extension(Cache::Live), body).into_response()
}
