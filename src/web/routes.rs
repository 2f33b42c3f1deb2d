//! Every address there is, and what each request passes on its way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use http::header::{ALLOW, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method};
use tower_http::compression::CompressionLayer;

use crate::model::BasePath;
use crate::web::api;
use crate::web::auth::check::Pass;
use crate::web::auth::gate;
use crate::web::compat;
use crate::web::error::render::Format;
use crate::web::error::{self, Error};
use crate::web::files::{file as files, thumbnail as thumbs};
use crate::web::history::{cards, facets, list as history};
use crate::web::http::arrival::{Arrival, Place, REQUEST_ID};
use crate::web::http::cors::{self, Permit};
use crate::web::http::headers::{self, Cache};
use crate::web::http::{etag, host, origin};
use crate::web::live::events;
use crate::web::reference::page as reference;
use crate::web::run::archive;
use crate::web::run::{document, page as generation};
use crate::web::session::preferences;
use crate::web::session::sign_in;
use crate::web::site::state::App;
use crate::web::status::health;
use crate::web::status::page as status;
use crate::web::status::{dismiss, metrics};
use crate::web::view::assets;
use crate::web::view::frame;
use crate::web::view::viewer::Viewer;

/// Routes that read whatever the method: there the question stands in the body.
const READS: [&str; 2] = ["/bt/artifacts/list", "/api/bt/artifacts/list"];

/// The table, and its doors.
pub fn router(app: App) -> Router {
    let (api_texts, api_files) = api::routes();
    let (api_texts, api_files) = (Router::from(api_texts), Router::from(api_files));
    // Text, which shrinks to a fifth. Files are compressed already, or asked for in parts.
    let texts = Router::new()
        .route("/", get(history::page))
        .route("/g/{id}", get(generation::page))
        .route("/g/{id}/documents/{kind}", get(document::page))
        .route("/status", get(status::page))
        .route("/api", get(reference::page))
        .route("/cards", get(cards::fragment))
        .route("/facets", get(facets::fragment))
        .route("/banners", get(frame::banners))
        .route("/preferences", post(preferences::choose))
        .route("/gaps/{id}/dismiss", post(dismiss::from_page))
        .route("/assets/{name}", get(assets::asset))
        .route("/favicon.ico", get(assets::favicon))
        .merge(api_texts)
        .layer(from_fn(etag::mark))
        .layer(CompressionLayer::new());
    // What is dropped on ComfyUI's canvas.
    let shared = Router::new().route("/files/{sha256}/{name}", get(files::file)).merge(
        Router::new()
            .route("/g/{id}/prompt.json", get(document::prompt))
            .route("/g/{id}/workflow.json", get(document::workflow))
            .layer(CompressionLayer::new()),
    );
    Router::new()
        .merge(texts)
        .merge(shared)
        .merge(compat::routes())
        .route("/g/{id}/files.zip", get(archive::one))
        .merge(api_files)
        .route("/metrics", get(metrics::metrics))
        .route("/thumbs/{sha256}", get(thumbs::thumbnail))
        .route("/sign-out", post(sign_in::leave))
        .route("/readyz", get(health::ready))
        .route("/events", get(events::stream))
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::Method)
        .layer(from_fn_with_state(app.clone(), origin::check))
        .layer(from_fn_with_state(app.clone(), gate::check))
        // How people come in; what it needs to look like itself is let through by the door.
        .route(
            "/sign-in",
            get(sign_in::page)
                .post(sign_in::enter)
                .fallback(async || Error::Method)
                .layer(from_fn_with_state(app.clone(), origin::check)),
        )
        .layer(from_fn_with_state(app.clone(), host::check))
        // A supervisor asks this by any name and without a password; it says nothing but that we are there.
        .route("/healthz", get(health::alive).fallback(async || Error::Method))
        .layer(from_fn_with_state(app.clone(), edge))
        .with_state(app)
}

/// Whether a request changes nothing. What isn't known to read is for those who may do everything.
pub fn reads(method: &Method, route: Option<&str>) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) || route.is_some_and(|route| READS.contains(&route))
}

/// The outermost layer: errors become what their client can read, cache policies become headers.
async fn edge(State(app): State<App>, arrival: Arrival, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let format = Format::of(&request);
    let mut viewer = Viewer::of(&app, request.headers(), request.uri(), arrival.look, true);
    let frame = app.auth.as_ref().and(arrival.look).map(|_| Frame::of(&app, request.headers()));
    let method = request.method().clone();
    // Whatever is asked for at other addresses is one route: a metric for each would be a metric for every guess.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let is_health = request.uri().path() == "/healthz";
    let is_change = !reads(&method, request.extensions().get::<MatchedPath>().map(MatchedPath::as_str));
    let permit = Permit::of(&app, &request).filter(|_| arrival.place == Place::Inside);
    let mut response = match arrival.place {
        // No proxy for others.
        _ if method == Method::CONNECT => Error::Method.into_response(),
        Place::Inside => match permit.as_ref().and_then(Permit::answer) {
            Some(answer) => answer,
            None => next.run(request).await,
        },
        Place::Outside if is_health => next.run(request).await,
        Place::Outside => Error::NotFound.into_response(),
        Place::Door => door(&app.base, request.uri().query()),
    };
    let around = frame.and_then(|frame| frame.settle(&response, &mut viewer));
    if let Some(error) = response.extensions_mut().remove::<Arc<Error>>() {
        let allow = response.headers_mut().remove(ALLOW);
        response = error::render(&error, format, &method, &viewer, arrival.id());
        response.headers_mut().extend(allow.map(|methods| (ALLOW, methods)));
    }
    let cache = response.extensions_mut().remove().unwrap_or(Cache::Never);
    headers::finish(response.headers_mut(), cache, viewer.panel.as_ref());
    permit.into_iter().for_each(|permit| permit.write(response.headers_mut()));
    if let Some(cookie) = around {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response.headers_mut().insert(REQUEST_ID, arrival.id.clone());
    let took = started.elapsed();
    app.metrics.answered(&method, &route, response.status().as_u16(), took);
    note(&arrival, &method, is_change, &response, took);
    response
}

/// What is told of the pages around ours, where not everybody may come in.
struct Frame {
    to_strangers: String,
    around: Option<HeaderValue>,
}

impl Frame {
    fn of(app: &App, headers: &HeaderMap) -> Self {
        Self { to_strangers: cors::frames(app, headers, false), around: cors::around(app, headers) }
    }

    /// By the answer is known whether it was for a stranger. Gives the cookie to set.
    fn settle(self, response: &Response, viewer: &mut Viewer) -> Option<HeaderValue> {
        if let Some(panel) = viewer.panel.as_mut().filter(|_| response.extensions().get::<Pass>().is_none()) {
            panel.frames = self.to_strangers;
        }
        self.around
    }
}

/// A line of the log: what changes something is news.
fn note(arrival: &Arrival, method: &Method, is_change: bool, response: &Response, took: Duration) {
    let Arrival { client, is_https, path, .. } = arrival;
    let by = response.extensions().get::<Pass>().map(|pass| pass.by.to_string());
    let (request, status, ms) = (arrival.id(), response.status().as_u16(), took.as_secs_f64() * 1000.0);
    if is_change {
        tracing::info!(request, %client, https = is_https, by, %method, path, status, ms, "answered");
    } else {
        tracing::debug!(request, %client, https = is_https, by, %method, path, status, ms, "answered");
    }
}

/// From `/history` to `/history/`, which every link of ours names.
fn door(base: &BasePath, query: Option<&str>) -> Response {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{base}/{query}")).into_response()
}
