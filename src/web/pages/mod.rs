//! Pages for people. Handlers gather what a template shows; words are in the templates.

mod calendar;
mod card;
pub mod cards;
pub mod document;
pub mod facets;
mod failure;
mod filters;
pub mod find;
pub mod frame;
pub mod generation;
pub mod history;
mod media;
pub mod reference;
mod settings;
pub mod sign_in;
pub mod status;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::header::VARY;

use super::error::Error;
use super::headers::{Cache, PAGE_VARY};

/// A filled-in template as a response.
fn respond(page: &impl Template) -> Result<Response, Error> {
    Ok(respond_with(page.render()?))
}

/// A page that was rendered elsewhere.
fn respond_with(page: String) -> Response {
    ([(VARY, PAGE_VARY)], axum::Extension(Cache::Live), Html(page)).into_response()
}
