//! Every address there is, and what each request passes on its way.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use http::header::ALLOW;
use tower_http::compression::CompressionLayer;

use super::api::{self, health};
use super::arrival::{Arrival, Place, REQUEST_ID};
use super::error::{self, Error, Format};
use super::headers::{self, Cache};
use super::pages::{cards, document, facets, frame, generation, history, status};
use super::site::App;
use super::viewer::Viewer;
use super::{archive, assets, auth, compat, cors, etag, events, files, host, metrics, origin, preferences, thumbs};
use crate::model::BasePath;

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
        .route("/cards", get(cards::fragment))
        .route("/facets", get(facets::fragment))
        .route("/banners", get(frame::banners))
        .route("/preferences", post(preferences::choose))
        .route("/assets/{name}", get(assets::asset))
        .route("/favicon.ico", get(assets::favicon))
        .merge(api_texts)
        .layer(from_fn(etag::mark))
        .layer(CompressionLayer::new());
    // What is dropped on ComfyUI's canvas.
    let shared = Router::new()
        .route("/files/{sha256}/{name}", get(files::file).options(cors::refuse))
        .merge(
            Router::new()
                .route("/g/{id}/prompt.json", get(document::prompt).options(cors::refuse))
                .route("/g/{id}/workflow.json", get(document::workflow).options(cors::refuse))
                .layer(CompressionLayer::new()),
        )
        .layer(from_fn_with_state(app.clone(), cors::allow));
    Router::new()
        .merge(texts)
        .merge(shared)
        .merge(compat::routes())
        .route("/g/{id}/files.zip", get(archive::one))
        .merge(api_files)
        .route("/metrics", get(metrics::metrics))
        .route("/thumbs/{sha256}", get(thumbs::thumbnail))
        .route("/readyz", get(health::ready))
        .route("/events", get(events::stream))
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::Method)
        .layer(from_fn(origin::check))
        .layer(from_fn_with_state(app.clone(), auth::check))
        .layer(from_fn_with_state(app.clone(), host::check))
        // A supervisor asks this by any name and without a password; it says nothing but that we are there.
        .route("/healthz", get(health::alive).fallback(async || Error::Method))
        .layer(from_fn_with_state(app.clone(), edge))
        .with_state(app)
}

/// The outermost layer: errors become what their client can read, cache policies become headers.
async fn edge(State(app): State<App>, arrival: Arrival, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let format = Format::of(&request);
    let viewer = Viewer::read(request.headers(), request.uri(), app.zone, &app.base);
    let method = request.method().clone();
    // Whatever is asked for at other addresses is one route: a metric for each would be a metric for every guess.
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let is_health = request.uri().path() == "/healthz";
    let mut response = match arrival.place {
        Place::Inside => next.run(request).await,
        Place::Outside if is_health => next.run(request).await,
        Place::Outside => Error::NotFound.into_response(),
        Place::Door => door(&app.base, request.uri().query()),
    };
    if let Some(error) = response.extensions_mut().remove::<Arc<Error>>() {
        let allow = response.headers_mut().remove(ALLOW);
        response = error::render(&error, format, &method, &viewer, arrival.id());
        response.headers_mut().extend(allow.map(|methods| (ALLOW, methods)));
    }
    let cache = response.extensions_mut().remove().unwrap_or(Cache::Never);
    headers::finish(response.headers_mut(), cache);
    response.headers_mut().insert(REQUEST_ID, arrival.id.clone());
    let took = started.elapsed();
    app.metrics.answered(&method, &route, response.status().as_u16(), took);
    let (request, path) = (arrival.id(), arrival.path.as_str());
    let Arrival { client, is_https, .. } = arrival;
    tracing::debug!(request, %client, is_https, %method, path, status = response.status().as_u16(), ?took, "answered");
    response
}

/// From `/history` to `/history/`, which every link of ours names.
fn door(base: &BasePath, query: Option<&str>) -> Response {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("{base}/{query}")).into_response()
}
