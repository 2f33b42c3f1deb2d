//! JSON for scripts. A contract: keys may be added, never renamed. What each handler says of itself here is what
//! `/api/v1/openapi.json` and the page `/api` say.

mod asked;
mod days;
pub mod facets;
mod files;
pub mod generations;
pub mod health;
pub mod openapi;
mod status;
pub mod suggest;

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::headers::Cache;
use super::site::App;

pub use asked::{ErrorBody, Missing, Refused, Which};

/// Every address below `/api/v1`, and what it says of itself; those whose answers are texts, and the files.
pub fn routes() -> (OpenApiRouter<App>, OpenApiRouter<App>) {
    let texts = OpenApiRouter::new()
        .routes(routes!(generations::list))
        .routes(routes!(generations::detail))
        .routes(routes!(files::outputs))
        .routes(routes!(files::prompt))
        .routes(routes!(files::workflow))
        .routes(routes!(facets::facets))
        .routes(routes!(suggest::suggest))
        .routes(routes!(days::days))
        .routes(routes!(status::instances))
        .routes(routes!(status::status))
        .routes(routes!(super::dismiss::from_script))
        .routes(routes!(openapi::answer));
    let files = OpenApiRouter::new().routes(routes!(files::output)).routes(routes!(super::archive::many));
    (texts, files)
}

/// A body that is JSON.
pub fn json(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/json")], axum::Extension(Cache::Live), body).into_response()
}
