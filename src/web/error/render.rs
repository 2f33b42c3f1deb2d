//! An error as its client reads it: a page, JSON, or JSON in the manner of ComfyUI.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt::Write as _;

use askama::Template;
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{Html, IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_RANGE, HeaderValue, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use serde_json::json;

use super::Error;
use crate::web::auth::gate::Asks;
use crate::web::compat;
use crate::web::http::headers::PAGE_VARY;
use crate::web::view::viewer::Viewer;
use crate::web::view::words::Words;

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
    /// JSON for the API (but for its page), for files, and for who accepts it; but a page for who accepts pages, except
    /// of the API.
    pub fn of(request: &Request) -> Self {
        let path = request.uri().path();
        if let Some(manner) = compat::manner(path) {
            return Self::Compat(manner);
        }
        let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let is_api = path.starts_with("/api/") || path == "/healthz" || path == "/readyz";
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
    let (code, mut text) = (error.code(), error.text());
    let status = code.status();
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
                return with_headers(error, compat::error(manner, status, code.as_str(), &text));
            }
            (status, Json(json!({"error": {"code": code.as_str(), "message": text}}))).into_response()
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
