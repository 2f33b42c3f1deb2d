//! ComfyUI's routes, as far as a sidecar and its tests use them.

use std::collections::HashMap;
use std::sync::Arc;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use hyper::{Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json as value};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_util::sync::CancellationToken;

use super::queue::Job;
use super::server::{Body, empty, json, not_found, text};
use super::state::Shared;
use super::{jobs, script, socket, view};

/// Answers one request; `path` is without the prefix and without `/api`.
pub async fn route(
    path: &str,
    request: Request<Incoming>,
    shared: &Arc<Shared>,
    life: CancellationToken,
) -> Response<Body> {
    let query: HashMap<String, String> =
        url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect();
    let version = shared.setup.version;
    match (request.method().clone(), path) {
        (Method::GET, "/ws") => upgrade(request, query.get("clientId").map(String::as_str), shared, life),
        (Method::GET, "/queue") => queue(shared),
        (Method::GET, "/prompt") => json(exec_info(shared.read(|state| state.queue.remaining()))),
        (Method::GET, "/history") => history(&query, shared),
        (Method::GET, "/view") => view::view(&query, request.headers(), shared),
        (Method::GET, "/system_stats") => json(version.system_stats()),
        (Method::GET, "/object_info") => json("{}"),
        (Method::GET, "/jobs") if version.has_jobs() => shared.read(|state| jobs::list(&query, state)),
        (Method::GET, _) if version.has_jobs() && path.starts_with("/jobs/") => {
            shared.read(|state| jobs::one(&path["/jobs/".len()..], state))
        }
        (Method::GET, _) if path.starts_with("/history/") => one_of_history(&path["/history/".len()..], shared),
        (Method::POST, _) => match request.into_body().collect().await {
            Ok(body) => post(path, &body.to_bytes(), shared),
            Err(_) => empty(StatusCode::BAD_REQUEST),
        },
        _ => not_found(),
    }
}

fn exec_info(remaining: usize) -> String {
    value!({"exec_info": {"queue_remaining": remaining}}).to_string()
}

fn queue(shared: &Shared) -> Response<Body> {
    let (running, pending) = shared.read(|state| state.queue.snapshot());
    let items = |jobs: Vec<Job>| jobs.iter().map(Job::item).collect::<Vec<_>>().join(",");
    json(format!(r#"{{"queue_running":[{}],"queue_pending":[{}]}}"#, items(running), items(pending)))
}

fn history(query: &HashMap<String, String>, shared: &Shared) -> Response<Body> {
    let number = |key: &str| query.get(key).map(|text| text.parse::<i64>());
    let (Ok(max_items), Ok(offset)) = (number("max_items").transpose(), number("offset").transpose()) else {
        return text(StatusCode::INTERNAL_SERVER_ERROR, "500 Internal Server Error");
    };
    // -1 is ComfyUI's way to say "the newest".
    let offset =
        offset.filter(|_| shared.setup.version.pages_by_offset()).and_then(|offset| usize::try_from(offset).ok());
    let max_items = max_items.and_then(|max_items| usize::try_from(max_items).ok());
    let page = shared.read(|state| state.history.page(max_items, offset));
    json(page.json())
}

fn one_of_history(segment: &str, shared: &Shared) -> Response<Body> {
    if segment.is_empty() || segment.contains('/') {
        return not_found();
    }
    let prompt_id = percent_decode_str(segment).decode_utf8_lossy();
    let page = shared.read(|state| state.history.one(&prompt_id));
    json(page.json())
}

fn upgrade(
    mut request: Request<Incoming>,
    client_id: Option<&str>,
    shared: &Arc<Shared>,
    life: CancellationToken,
) -> Response<Body> {
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes())) else {
        return empty(StatusCode::BAD_REQUEST);
    };
    let upgrade = hyper::upgrade::on(&mut request);
    let (client_id, shared) = (client_id.map(str::to_owned), Arc::clone(shared));
    tokio::spawn(async move {
        let (sid, frames) = shared.change(|state| {
            let remaining = state.queue.remaining();
            state.sockets.connect(client_id.as_deref(), remaining)
        });
        socket::carry(upgrade, frames, life).await;
        shared.change(|state| state.sockets.disconnect(&sid));
    });
    let mut response = empty(StatusCode::SWITCHING_PROTOCOLS);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, key.parse().unwrap());
    response
}

fn post(path: &str, body: &[u8], shared: &Shared) -> Response<Body> {
    match path {
        "/prompt" => post_prompt(body, shared),
        "/queue" | "/history" => match serde_json::from_slice::<Change>(body) {
            Ok(change) => {
                shared.change(|state| if path == "/queue" { change.queue(state) } else { change.history(state) });
                empty(StatusCode::OK)
            }
            Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "500 Internal Server Error"),
        },
        "/interrupt" => {
            shared.change(script::interrupt);
            empty(StatusCode::OK)
        }
        "/free" => empty(StatusCode::OK),
        _ => not_found(),
    }
}

/// What `POST /queue` and `POST /history` ask for.
#[derive(Debug, Default, Deserialize)]
pub struct Change {
    #[serde(default)]
    pub clear: bool,
    #[serde(default)]
    pub delete: Vec<String>,
}

#[derive(Deserialize)]
struct Submission {
    prompt: Option<Box<RawValue>>,
    prompt_id: Option<String>,
    client_id: Option<String>,
    number: Option<Box<RawValue>>,
    #[serde(default)]
    front: bool,
    #[serde(default)]
    extra_data: HashMap<String, Box<RawValue>>,
}

fn post_prompt(body: &[u8], shared: &Shared) -> Response<Body> {
    let refused = |kind: &str, message: &str| {
        let error = value!({"type": kind, "message": message, "details": message, "extra_info": {}});
        let mut response = json(value!({"error": error, "node_errors": {}}).to_string());
        *response.status_mut() = StatusCode::BAD_REQUEST;
        response
    };
    let Ok(Submission { prompt: Some(prompt), prompt_id, client_id, number, front, extra_data }) =
        serde_json::from_slice(body)
    else {
        return refused("no_prompt", "No prompt provided");
    };
    if shared.setup.version.insists_on_uuid() && prompt_id.as_ref().is_some_and(|id| !is_uuid(id)) {
        return refused("invalid_prompt_id", "prompt_id must be a UUID");
    }
    if serde_json::from_str::<Value>(prompt.get()).is_ok_and(|prompt| prompt.as_object().is_none_or(|p| p.is_empty())) {
        return refused("prompt_no_outputs", "Prompt has no outputs");
    }
    let mut run = super::Run::from_api().with_prompt(prompt.get());
    run.prompt_id = prompt_id;
    run.client_id = client_id;
    run.number = number.map(|number| number.get().to_owned());
    run.is_front = front;
    for (key, json) in &extra_data {
        run = run.with_extra(key, json.get());
    }
    let (prompt_id, number) = shared.change(|state| script::queue(state, shared.setup.version, run));
    json(format!(r#"{{"prompt_id":{},"number":{number},"node_errors":{{}}}}"#, value!(prompt_id)))
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}
