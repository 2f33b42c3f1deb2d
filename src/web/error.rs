//! What can go wrong with a request, and what its client gets to read: a page, or JSON. Inner failures are told to the
//! log alone; the client gets a number to find them there.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{Html, IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_RANGE, HeaderValue, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use serde_json::json;

use super::auth::Asks;
use super::headers::PAGE_VARY;
use super::viewer::Viewer;
use super::words::Words;
use super::{compat, query};
use crate::model::AttachmentState;
use crate::{blobs, store, thumbs};

/// Why a request isn't answered as it wished.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Error {
    #[error("no such page")]
    NotFound,
    #[error("no such generation")]
    NoGeneration,
    #[error("no such document")]
    NoDocument,
    #[error("no such file")]
    NoFile,
    #[error("no such output")]
    NoOutput,
    #[error("output without bytes: {}", .0.as_str())]
    NotKept(AttachmentState),
    #[error("no file of this name")]
    NoNamedFile,
    #[error("no such job")]
    NoJob,
    #[error("a change of ComfyUI")]
    ReadOnly,
    #[error("bad request")]
    Compat(#[from] compat::Mistake),
    #[error("method not allowed")]
    Method,
    #[error("bad query")]
    Query(#[from] query::Error),
    #[error("not a host of ours: {0:?}")]
    Host(String),
    #[error("no password and no token, or a wrong one")]
    Unauthorized(Asks),
    #[error("a change with a token for reading")]
    ReadToken,
    #[error("too many wrong passwords or tokens")]
    TooMany { seconds: u64 },
    #[error("a change that another site asked for")]
    Origin,
    #[error("bad form")]
    Form,
    #[error("range outside of a file of {size} bytes")]
    Range { size: u64 },
    #[error("read the store")]
    Store(#[from] store::Error),
    #[error("open a file")]
    Blobs(#[from] blobs::Error),
    #[error("make a thumbnail")]
    Thumbs(#[from] thumbs::Error),
    #[error("read a file")]
    File(#[source] std::io::Error),
    #[error("fill in a template")]
    Template(#[from] askama::Error),
    #[error("write JSON")]
    Json(#[from] serde_json::Error),
    #[error("write metrics")]
    Metrics(#[source] std::fmt::Error),
    #[error("write a header")]
    Header(#[from] http::header::InvalidHeaderValue),
    #[error("work on a big document")]
    Work(#[source] tokio::task::JoinError),
}

/// What the client gets to read.
struct Public {
    status: StatusCode,
    /// For programs; never changes.
    code: &'static str,
    /// For people: what is wrong, and what to do.
    text: String,
}

impl Error {
    fn public(&self) -> Public {
        let (status, code, text) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found", "there is nothing at this address".to_owned()),
            Self::NoGeneration => (
                StatusCode::NOT_FOUND,
                "generation_not_found",
                "no generation with this id was ever recorded here".to_owned(),
            ),
            Self::NoDocument => (
                StatusCode::NOT_FOUND,
                "document_not_found",
                "this generation came without this document; runs queued by a script have no workflow".to_owned(),
            ),
            Self::NoFile => {
                (StatusCode::NOT_FOUND, "file_not_found", "there is no file with this digest here".to_owned())
            }
            Self::NoOutput => (
                StatusCode::NOT_FOUND,
                "output_not_found",
                "this generation has no output with this id; /api/v1/generations/{id}/outputs lists them".to_owned(),
            ),
            Self::NotKept(AttachmentState::Pending) => (
                StatusCode::NOT_FOUND,
                "output_pending",
                "this file isn't copied yet; ask again in a moment".to_owned(),
            ),
            Self::NotKept(_) => (
                StatusCode::NOT_FOUND,
                "output_missing",
                "this file was gone before it could be copied; its reason is in the list of outputs".to_owned(),
            ),
            Self::NoNamedFile => (
                StatusCode::NOT_FOUND,
                "file_not_found",
                "no run that was recorded here named such a file, or its bytes could not be kept".to_owned(),
            ),
            // ComfyUI's own words.
            Self::NoJob => (StatusCode::NOT_FOUND, "job_not_found", "Job not found".to_owned()),
            Self::ReadOnly => (
                StatusCode::METHOD_NOT_ALLOWED,
                "read_only",
                "comfy-recall is the permanent record of what ComfyUI did, and is only read; send this to ComfyUI itself"
                    .to_owned(),
            ),
            Self::Compat(mistake) => (StatusCode::BAD_REQUEST, "bad_request", mistake.to_string()),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this address can only be read: use GET or HEAD".to_owned(),
            ),
            Self::Query(error) => (StatusCode::BAD_REQUEST, "bad_parameter", error.to_string()),
            Self::Host(name) if name.is_empty() => {
                (StatusCode::BAD_REQUEST, "host_missing", "the request has no Host header".to_owned())
            }
            Self::Host(name) => (
                StatusCode::MISDIRECTED_REQUEST,
                "unknown_host",
                format!("this server doesn't answer to the name {name:?}; to add one, start it with --allow-host NAME"),
            ),
            Self::Unauthorized(_) => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "a password (HTTP Basic, with any user name) or a token (Bearer) is needed".to_owned(),
            ),
            Self::ReadToken => (
                StatusCode::FORBIDDEN,
                "read_only_token",
                "this token is for reading and changes nothing; use one of scope full".to_owned(),
            ),
            Self::TooMany { seconds } => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                format!("too many wrong passwords or tokens came from your address; try again in {seconds} seconds"),
            ),
            Self::Origin => (
                StatusCode::FORBIDDEN,
                "foreign_origin",
                "only pages of this server may change something here".to_owned(),
            ),
            Self::Form => {
                (StatusCode::BAD_REQUEST, "bad_form", "this form can't be read; load its page again".to_owned())
            }
            Self::Range { size } => (
                StatusCode::RANGE_NOT_SATISFIABLE,
                "range_not_satisfiable",
                format!("the file has {size} bytes, and the range lies outside of them"),
            ),
            Self::Store(error @ store::Error::Index { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, "index_unavailable", error.to_string())
            }
            Self::Store(_)
            | Self::Blobs(_)
            | Self::Thumbs(_)
            | Self::File(_)
            | Self::Template(_)
            | Self::Json(_)
            | Self::Metrics(_)
            | Self::Header(_)
            | Self::Work(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "something went wrong here; the log of comfy-recall has the details".to_owned(),
            ),
        };
        Public { status, code, text }
    }
}

impl Error {
    /// What people read, in their language. `None` for a parameter that is wrong: what is wrong with it is said in
    /// English, in the terms of the API.
    fn words<'a>(&self, t: &'a Words) -> Option<Cow<'a, str>> {
        Some(match self {
            Self::NotFound => t.say("error-not-found"),
            Self::NoGeneration => t.say("error-no-generation"),
            Self::NoDocument => t.say("error-no-document"),
            Self::NoFile => t.say("error-no-file"),
            Self::NoOutput => t.say("error-no-output"),
            Self::NotKept(AttachmentState::Pending) => t.say("error-output-pending"),
            Self::NotKept(_) => t.say("error-output-missing"),
            Self::Method => t.say("error-method"),
            // Never seen on a page.
            Self::NoNamedFile | Self::NoJob | Self::ReadOnly | Self::Compat(_) => return None,
            Self::Query(_) => return None,
            Self::Host(name) if name.is_empty() => t.say("error-host-missing"),
            Self::Host(name) => t.with("error-host", "name", name).into(),
            Self::Unauthorized(_) => t.say("error-unauthorized"),
            Self::ReadToken => t.say("error-read-only"),
            Self::TooMany { seconds } => t.with("error-too-many", "seconds", seconds).into(),
            Self::Origin => t.say("error-origin"),
            Self::Form => t.say("error-form"),
            Self::Range { size } => t.with("error-range", "size", size).into(),
            Self::Store(store::Error::Index { .. }) => t.say("error-index"),
            Self::Store(_)
            | Self::Blobs(_)
            | Self::Thumbs(_)
            | Self::File(_)
            | Self::Template(_)
            | Self::Json(_)
            | Self::Metrics(_)
            | Self::Header(_)
            | Self::Work(_) => t.say("error-internal"),
        })
    }
}

fn title_key(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "error-title-bad",
        401 => "error-title-who",
        404 => "error-title-missing",
        405 => "error-title-method",
        421 => "error-title-name",
        500.. => "error-title-broken",
        _ => "error-title-other",
    }
}

impl IntoResponse for Error {
    /// Only says that there is an error: the edge knows who asked, and [`render`]s it.
    fn into_response(self) -> Response {
        (self.public().status, axum::Extension(Arc::new(self))).into_response()
    }
}

/// What a client would like to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A page for people.
    Page,
    /// JSON for programs.
    Json,
    /// JSON for programs that were written for ComfyUI, or for its history plugin.
    Compat(compat::Manner),
}

impl Format {
    /// JSON for the API, for files, and for who accepts it; but a page for who accepts pages, except of the API.
    pub fn of(request: &Request) -> Self {
        let path = request.uri().path();
        if let Some(manner) = compat::manner(path) {
            return Self::Compat(manner);
        }
        let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let is_api = path.starts_with("/api/") || path == "/api" || path == "/healthz" || path == "/readyz";
        // What a browser asks for itself is a page only where its person is to see it.
        let is_file = ["/files/", "/thumbs/", "/metrics", "/events"].iter().any(|start| path.starts_with(start));
        let is_program = (is_file || accept.contains("application/json")) && !accept.contains("text/html");
        if is_api || is_program { Self::Json } else { Self::Page }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    viewer: &'a Viewer,
    t: &'static Words,
    status: StatusCode,
    title: Cow<'a, str>,
    text: Cow<'a, str>,
    request_id: Option<&'a str>,
}

/// The body and the headers of an error. Inner failures go to the log here, with the number that the client is told.
pub fn render(error: &Error, format: Format, method: &Method, viewer: &Viewer, request_id: &str) -> Response {
    let Public { status, code, mut text } = error.public();
    // Programs ask for anything, and can't read a page that asks them who they are.
    let format = match (error, format) {
        (Error::Unauthorized(Asks { is_page: false, .. }), Format::Page) => Format::Json,
        _ => format,
    };
    let request_id = status.is_server_error().then_some(request_id);
    if let Some(id) = request_id {
        tracing::error!(request = id, %method, path = viewer.here, error = chain(error), "request failed");
    }
    let mut response = match format {
        Format::Json | Format::Compat(_) => {
            if let Some(id) = request_id {
                let _ = write!(text, " under request {id}");
            }
            if let Format::Compat(manner) = format {
                return with_headers(error, compat::error(manner, status, code, &text));
            }
            (status, Json(json!({"error": {"code": code, "message": text}}))).into_response()
        }
        Format::Page => {
            let t = viewer.words;
            let (title, text) = (t.say(title_key(status)), error.words(t).unwrap_or(Cow::Borrowed(&text)));
            let page = ErrorPage { viewer, t, status, title, text: text.clone(), request_id };
            let page = page.render();
            // The template has nothing that could fail; if it does, the plain text is still an answer.
            page.map_or_else(
                |_| Response::new(Body::from(text.into_owned())),
                |page| ([(VARY, PAGE_VARY)], Html(page)).into_response(),
            )
        }
    };
    *response.status_mut() = status;
    with_headers(error, response)
}

/// What an error says outside of its body.
fn with_headers(error: &Error, mut response: Response) -> Response {
    match error {
        Error::Unauthorized(asks) => {
            let (basic, bearer) = ("Basic realm=\"comfy-recall\", charset=\"UTF-8\"", "Bearer realm=\"comfy-recall\"");
            for (_, ask) in [(asks.basic, basic), (asks.bearer, bearer)].into_iter().filter(|(is_asked, _)| *is_asked) {
                response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(ask));
            }
        }
        Error::TooMany { seconds } => drop(response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds))),
        Error::Range { size } => {
            if let Ok(range) = HeaderValue::try_from(format!("bytes */{size}")) {
                response.headers_mut().insert(CONTENT_RANGE, range);
            }
        }
        _ => {}
    }
    response
}

/// An error and all its causes, in one line.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::model::BasePath;
    use crate::search::Zone;

    async fn body(error: Error, format: Format) -> String {
        let viewer =
            Viewer::read(&http::HeaderMap::new(), &http::Uri::from_static("/x"), Zone::default(), &BasePath::default());
        let response = render(&error, format, &Method::GET, &viewer, "7");
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn inner_failure() -> Error {
        Error::File(std::io::Error::other("disk at /secret/place is on fire"))
    }

    #[tokio::test]
    async fn an_inner_failure_is_told_to_the_log_alone() {
        for format in [Format::Page, Format::Json] {
            let body = body(inner_failure(), format).await;
            assert!(!body.contains("secret") && body.contains("went wrong"), "{body}");
        }
        assert_eq!(chain(&inner_failure()), "read a file: disk at /secret/place is on fire");
    }

    #[tokio::test]
    async fn an_error_page_shows_a_hostile_host_as_text() {
        let error = || Error::Host("<img src=x onerror=alert(1)>".to_owned());
        assert!(!body(error(), Format::Page).await.contains("<img src=x"));
        let json: serde_json::Value = serde_json::from_str(&body(error(), Format::Json).await).unwrap();
        assert_eq!(json["error"]["code"], "unknown_host");
        assert!(json["error"]["message"].as_str().unwrap().contains("--allow-host"));
    }

    #[test]
    fn programs_get_json_and_people_get_pages() {
        let format = |path: &str, accept: &str| {
            Format::of(&Request::builder().uri(path).header(ACCEPT, accept).body(Body::empty()).unwrap())
        };
        assert_eq!(format("/api/v1/x", "text/html"), Format::Json);
        assert_eq!(format("/g/1", "application/json"), Format::Json);
        assert_eq!(format("/g/1", "text/html,application/xhtml+xml,*/*;q=0.8"), Format::Page);
        assert_eq!(format("/apis", "*/*"), Format::Page);
    }
}
