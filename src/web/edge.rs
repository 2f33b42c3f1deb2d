//! The outermost layer: problems become what their client can read, cache policies become headers; every request is counted
//! and noted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::{ACCEPT, ALLOW, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method};

use super::auth::check::{AccessCheck, Principal};
use super::http::arrival::{Arrival, REQUEST_ID, RequestTarget};
use super::http::code::Code;
use super::http::cors::{AllowedReaders, Cors};
use super::http::framing::Framing;
use super::http::headers::{self, Cache};
use super::http::problem::Problem;
use super::http::route::{Access, Rules, Sharing};
use super::view::error_page;
use super::view::viewer::{Viewer, Viewers};
use crate::metrics::Metrics;
use crate::model::BasePath;

/// What the layer itself needs.
#[derive(Clone)]
pub struct Edge {
    pub viewers: Viewers,
    pub framing: Framing,
    pub readers: AllowedReaders,
    pub metrics: Metrics,
    pub base: BasePath,
    pub auth: Option<AccessCheck>,
}

/// Answers a request, and finishes the answer.
pub async fn finish(
    State(edge): State<Arc<Edge>>,
    Extension(rules): Extension<Rules>,
    arrival: Arrival,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let format = rules.errors.format(accept);
    let mut viewer = edge.viewers.of(request.headers(), request.uri(), arrival.appearance, true);
    let frame = edge.auth.as_ref().and(arrival.appearance).map(|_| FramePolicy::of(&edge.framing, request.headers()));
    let method = request.method().clone();
    let is_shared = rules.sharing == Sharing::Shared && arrival.place == RequestTarget::Inside;
    let cors = is_shared.then(|| Cors::of(&edge.readers, &request));
    let mut response = match arrival.place {
        // No proxy for others.
        _ if method == Method::CONNECT => Problem::from(Code::Method).into_response(),
        RequestTarget::Inside => match cors.as_ref().and_then(Cors::answer) {
            Some(answer) => answer,
            None => next.run(request).await,
        },
        RequestTarget::Outside if rules.access == Access::Probe => next.run(request).await,
        RequestTarget::Outside => Problem::from(Code::NotFound).into_response(),
        RequestTarget::MissingSlash => add_slash(&edge.base, request.uri().query()),
    };
    let around = frame.and_then(|frame| frame.settle(&response, &mut viewer));
    if let Some(problem) = response.extensions_mut().remove::<Arc<Problem>>() {
        let allow = response.headers_mut().remove(ALLOW);
        response = error_page::render(&problem, format, &method, &viewer, arrival.id());
        response.headers_mut().extend(allow.map(|methods| (ALLOW, methods)));
    }
    let cache = response.extensions_mut().remove().unwrap_or(Cache::Never);
    let frames = viewer.panel.as_ref().map_or("", |panel| panel.frames.as_str());
    headers::finish(response.headers_mut(), cache, frames);
    cors.into_iter().for_each(|cors| cors.write(response.headers_mut()));
    if let Some(cookie) = around {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response.headers_mut().insert(REQUEST_ID, arrival.id.clone());
    let took = started.elapsed();
    edge.metrics.answered(&method, rules.path, response.status().as_u16(), took);
    note(&arrival, &method, rules.changes(&method), &response, took);
    response
}

/// What is told of the pages around ours, where not everybody may come in.
struct FramePolicy {
    to_strangers: String,
    around: Option<HeaderValue>,
}

impl FramePolicy {
    fn of(framing: &Framing, headers: &HeaderMap) -> Self {
        Self { to_strangers: framing.frames(headers, false), around: framing.around(headers) }
    }

    /// The answer shows whether it was for a stranger. Returns the cookie to set.
    fn settle(self, response: &Response, viewer: &mut Viewer) -> Option<HeaderValue> {
        let is_stranger = response.extensions().get::<Principal>().is_none();
        if let Some(panel) = viewer.panel.as_mut().filter(|_| is_stranger) {
            panel.frames = self.to_strangers;
        }
        self.around
    }
}

/// A line of the log: what changes something is news.
fn note(arrival: &Arrival, method: &Method, is_change: bool, response: &Response, took: Duration) {
    let Arrival { client, is_https, path, .. } = arrival;
    let by = response.extensions().get::<Principal>().map(|principal| principal.by.to_string());
    let (request, status, ms) = (arrival.id(), response.status().as_u16(), took.as_secs_f64() * 1000.0);
    if is_change {
        tracing::info!(request, %client, https = is_https, by, %method, path, status, ms, "answered");
    } else {
        tracing::debug!(request, %client, https = is_https, by, %method, path, status, ms, "answered");
    }
}

/// From `/history` to `/history/`, which every link of ours names.
fn add_slash(base: &BasePath, query: Option<&str>) -> Response {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{base}/{query}")).into_response()
}
