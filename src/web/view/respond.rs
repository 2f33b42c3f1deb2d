//! Pages as answers. Handlers gather what a template shows; words are in the templates.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::header::VARY;

use crate::web::http::headers::{Cache, PAGE_VARY};
use crate::web::http::problem::Problem;

/// A filled-in template as a response.
pub fn respond(page: &impl Template) -> Result<Response, Problem> {
    Ok(respond_with(page.render()?))
}

/// A page that was rendered elsewhere.
pub fn respond_with(page: String) -> Response {
    ([(VARY, PAGE_VARY)], axum::Extension(Cache::Live), Html(page)).into_response()
}
