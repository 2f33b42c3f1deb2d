//! Conditional requests for what changes as the history does: an answer that a client has already isn't sent again.

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use foldhash::quality::FixedState;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use std::hash::BuildHasher as _;

use super::headers::Cache;

/// Marks an answer with a hash of its body, and leaves the body out when the client has it. Weak, as the same answer may
/// be compressed in different ways. Stands below the compression, which needs the body whole.
pub async fn mark(request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().clone();
    let mut response = next.run(request).await;
    let is_live = response.extensions().get() == Some(&Cache::Live);
    // A page that a browser keeps comes back old when somebody goes back to it.
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let is_whole = response.body().size_hint().exact().is_some();
    if !is_read
        || !is_live
        || !is_json
        || !is_whole
        || response.status() != StatusCode::OK
        || response.headers().contains_key(ETAG)
    {
        return response;
    }
    let (head, body) = response.into_parts();
    let bytes = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) => {
            return Response::from_parts(
                head,
                Body::from_stream(futures_util::stream::once(async { Err::<bytes::Bytes, _>(error) })),
            );
        }
    };
    let etag = format!("W/\"{:016x}\"", FixedState::with_seed(0).hash_one(&bytes));
    response = Response::from_parts(head, Body::from(bytes));
    let headers = response.headers_mut();
    if has_it_already(&known, etag.trim_start_matches("W/")) {
        headers.remove(CONTENT_TYPE);
        headers.remove(CONTENT_LENGTH);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
    }
    if let Ok(etag) = HeaderValue::try_from(etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

/// `If-None-Match`, compared weakly as RFC 9110 says.
pub fn has_it_already(request: &HeaderMap, etag: &str) -> bool {
    let known = request.get_all(IF_NONE_MATCH).into_iter().filter_map(|value| value.to_str().ok());
    known
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}
