//! `GET /healthz` and `GET /readyz`, for supervisors.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::model::{Health, Trouble};
use crate::web::http::described::Refused;
use crate::web::site::state::Vitals;

/// ComfyUI's page asks whether its browser reaches us, before it is known whether we let it in.
const OPEN: [(HeaderName, HeaderValue); 1] =
    [(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"))];

/// The process answers, and says that it is comfy-recall. Open to everybody.
#[utoipa::path(get, path = "/healthz", tag = "server", responses((status = 200, body = Value)))]
pub async fn alive() -> impl IntoResponse {
    (OPEN, Json(json!({"status": "ok", "app": "comfy-recall"})))
}

/// Whether what ComfyUI makes can be kept.
///
/// A ComfyUI that is away doesn't make us unready: it is what we wait for.
#[utoipa::path(
    get, path = "/readyz", tag = "server",
    responses((status = 200, body = Value), (status = 503, description = "It can't; `reason` says why", body = Value), Refused)
)]
pub async fn ready(State(vitals): State<Vitals>) -> Response {
    let instances: Vec<Value> = vitals.live.health().iter().map(instance).collect();
    // A search that misses something makes us no less ready; neither does a store that is too busy to say.
    let index = vitals.history.index_progress().await.ok();
    let index = index.map(|progress| json!({"waiting": progress.waiting, "runs": progress.runs}));
    let storage = vitals.live.storage();
    let Some(reason) = storage.troubles().next() else {
        return Json(json!({"status": "ready", "instances": instances, "index": index})).into_response();
    };
    let body = json!({
        "status": "unavailable",
        "reason": reason.to_string(),
        "reason_code": reason.code(),
        "storage": {"records": storage.records.as_ref().map(refusal), "files": storage.files.as_ref().map(refusal)},
        "instances": instances,
        "index": index,
    });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

fn refusal(trouble: &Trouble) -> Value {
    json!({"reason": trouble.to_string(), "reason_code": trouble.code()})
}

fn instance(health: &Health) -> Value {
    let reason = health.connection.trouble();
    json!({
        "name": health.name,
        "state": health.connection.as_str(),
        "reason": reason.map(Trouble::to_string),
        "reason_code": reason.and_then(Trouble::code),
        "since": health.since,
        "queue_remaining": health.queue_remaining,
        "backfilled": health.backfilled,
    })
}
