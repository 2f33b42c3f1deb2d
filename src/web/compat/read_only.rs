//! What ComfyUI would do, and a record can't.

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, HeaderValue};

use crate::web::http::code::Code;
use crate::web::http::problem::Problem;

/// Answers that this is only a record.
pub async fn read_only() -> Response {
    ([(ALLOW, HeaderValue::from_static("GET,HEAD"))], Problem::from(Code::ReadOnly)).into_response()
}
