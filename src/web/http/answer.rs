//! Answers that handlers give.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use super::headers::Cache;

/// A body that is JSON.
pub fn json(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/json")], axum::Extension(Cache::Live), body).into_response()
}
