//! What scripts speak already: ComfyUI's own history, files, jobs and queue, and the contract of the history plugin,
//! answered from the permanent record. Keys, their order and their blanks are ComfyUI's; docs/compatible.md says where an
//! answer differs, and why.

mod artifacts;
pub mod ask;
mod entry;
mod history;
mod jobs;
mod outputs;
mod queue;
mod stream;
mod view;
mod write;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use http::StatusCode;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use serde_json::json;
use tower_http::compression::CompressionLayer;

use super::error::Error;
use crate::web::site::state::App;

pub use ask::Mistake;

/// The longest body that is read.
const BODY_BYTES: usize = 64 * 1024;

/// ComfyUI's addresses for what would change something there.
const CHANGES: [&str; 7] = [
    "/interrupt",
    "/free",
    "/upload/image",
    "/upload/mask",
    "/api/jobs/cancel",
    "/api/jobs/{id}/cancel",
    "/api/jobs/{id}/interrupt",
];

/// Every address, bare and below `/api`, as ComfyUI has them.
pub fn routes() -> Router<App> {
    let texts = [
        ("/history", get(history::list).post(read_only)),
        ("/history/{prompt_id}", get(history::one)),
        ("/queue", get(queue::queue).post(read_only)),
        ("/prompt", get(queue::remaining).post(read_only)),
        ("/bt/artifacts/list", post(artifacts::list)),
        ("/bt/artifacts/{id}", get(artifacts::one)),
    ];
    let mut router = Router::new().route("/api/jobs", get(jobs::list)).route("/api/jobs/{id}", get(jobs::one));
    for (path, route) in texts {
        router = router.route(path, route.clone()).route(&format!("/api{path}"), route);
    }
    for path in CHANGES {
        router = router.route(path, any(read_only));
        if !path.starts_with("/api/") {
            router = router.route(&format!("/api{path}"), any(read_only));
        }
    }
    // Files are compressed already, or asked for in parts.
    router
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(CompressionLayer::new())
        .route("/view", get(view::view))
        .route("/api/view", get(view::view))
}

/// What ComfyUI would do, and a record can't.
async fn read_only() -> Response {
    ([(ALLOW, HeaderValue::from_static("GET,HEAD"))], Error::ReadOnly).into_response()
}

/// Whose manner of errors belongs to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The history plugin's envelope.
    Envelope,
    /// ComfyUI's jobs: an object with a text.
    Jobs,
    /// ComfyUI's prompts: an object with an object.
    Prompt,
}

/// The manner of an address of this room; `None` for those of others.
pub fn manner(path: &str) -> Option<Manner> {
    let path = path.strip_prefix("/api").unwrap_or(path);
    let mut parts = path.strip_prefix('/')?.split('/');
    match parts.next()? {
        "bt" => Some(Manner::Envelope),
        "jobs" => Some(Manner::Jobs),
        "history" | "view" | "queue" | "prompt" | "interrupt" | "free" | "upload" => Some(Manner::Prompt),
        _ => None,
    }
}

/// An error in the manner of an address; `code` is one word for programs.
pub fn error(manner: Manner, status: StatusCode, code: &str, text: &str) -> Response {
    let body = match manner {
        Manner::Envelope => json!({"code": status.as_u16(), "msg": text, "data": null}),
        Manner::Jobs => json!({"error": text}),
        Manner::Prompt => json!({
            "error": {"type": code, "message": text, "details": "", "extra_info": {}},
            "node_errors": {},
        }),
    };
    (status, [(CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_in_the_manner_of_their_address() {
        for (path, expected) in [
            ("/bt/artifacts/list", Some(Manner::Envelope)),
            ("/api/bt/x", Some(Manner::Envelope)),
            ("/api/jobs/1", Some(Manner::Jobs)),
            ("/history/1", Some(Manner::Prompt)),
            ("/api/view", Some(Manner::Prompt)),
            ("/", None),
            ("/g/1", None),
            ("/api/v1/generations", None),
            ("/historys", None),
        ] {
            assert_eq!(manner(path), expected, "{path}");
        }
    }
}
