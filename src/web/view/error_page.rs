//! A problem as its client reads it: a page, JSON, or JSON as ComfyUI writes it.

use std::borrow::Cow;

use askama::Template;
use axum::body::Body;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue, VARY};
use http::{Method, StatusCode};

use super::viewer::Viewer;
use super::words::Catalogue;
use crate::web::http::headers::PAGE_VARY;
use crate::web::http::problem::Problem;
use crate::web::http::route::{ErrorStyle, Format};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    viewer: &'a Viewer,
    t: &'static Catalogue,
    status: StatusCode,
    title: Cow<'a, str>,
    text: Cow<'a, str>,
    request_id: Option<&'a str>,
}

/// The body and the headers of a problem. Inner failures go to the log here, with the number that the client is told.
pub fn render(problem: &Problem, format: Format, method: &Method, viewer: &Viewer, request_id: &str) -> Response {
    let status = problem.code().status();
    let request_id = status.is_server_error().then_some(request_id);
    if let Some(id) = request_id {
        tracing::error!(request = id, %method, path = viewer.here, error = problem.chain(), "request failed");
    }
    let mut response = match format {
        // Programs ask for anything, and can't read a page that asks them who they are.
        Format::Page if !problem.is_for_programs() => page(problem, viewer, request_id),
        Format::Page | Format::Json => json(problem, ErrorStyle::Json, request_id),
        Format::Compatible(style) => json(problem, style, request_id),
    };
    *response.status_mut() = status;
    for (name, value) in problem.headers() {
        response.headers_mut().append(name, value.clone());
    }
    response
}

fn page(problem: &Problem, viewer: &Viewer, request_id: Option<&str>) -> Response {
    let (t, status) = (viewer.words, problem.code().status());
    let text = match problem.page_text() {
        None => Cow::Borrowed(problem.to_json_message()),
        Some(text) => match &text.value {
            None => t.say(text.key),
            Some((name, value)) => t.with(text.key, name, value).into(),
        },
    };
    let page =
        ErrorPage { viewer, t, status, title: t.say(title_key(status)), text: text.clone(), request_id }.render();
    // The template has nothing that could fail; if it does, the plain text is still an answer.
    page.map_or_else(
        |_| Response::new(Body::from(text.into_owned())),
        |page| ([(VARY, PAGE_VARY)], Html(page)).into_response(),
    )
}

fn json(problem: &Problem, style: ErrorStyle, request_id: Option<&str>) -> Response {
    let mut message = Cow::Borrowed(problem.to_json_message());
    if let Some(id) = request_id {
        message = format!("{message} under request {id}").into();
    }
    let mime = if style == ErrorStyle::Json { "application/json" } else { "application/json; charset=utf-8" };
    let body = style.json(problem.code(), &message).to_string();
    ([(CONTENT_TYPE, HeaderValue::from_static(mime))], body).into_response()
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
    use crate::web::http::code::Code;

    async fn body(problem: Problem, format: Format) -> String {
        let viewer =
            Viewer::read(&http::HeaderMap::new(), &http::Uri::from_static("/x"), Zone::default(), &BasePath::default());
        let response = render(&problem, format, &Method::GET, &viewer, "7");
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn an_inner_failure_is_told_to_the_log_alone() {
        for format in [Format::Page, Format::Json] {
            let failure = std::io::Error::other("disk at /secret/place is on fire");
            let body = body(Problem::internal("read a file", failure), format).await;
            assert!(!body.contains("secret") && body.contains("went wrong"), "{body}");
        }
    }

    #[tokio::test]
    async fn an_error_page_shows_a_hostile_host_as_text() {
        let hostile = "<img src=x onerror=alert(1)>";
        let problem = || Problem::said(Code::UnknownHost, hostile).text_with("error-host", "name", hostile);
        assert!(!body(problem(), Format::Page).await.contains("<img src=x"));
        let json: serde_json::Value = serde_json::from_str(&body(problem(), Format::Json).await).unwrap();
        assert_eq!((&json["error"]["code"], &json["error"]["message"]), (&"unknown_host".into(), &hostile.into()));
    }
}
