//! Below `/api/v1/generations/{id}`: what a generation made, and its documents as files.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};

use super::document;
use crate::blobs::Blobs;
use crate::export::json::{Attachments, Full, attachments, full_with};
use crate::model::BasePath;
use crate::model::{Content, DocumentKind};
use crate::store::History;
use crate::web::files::file::{not_kept, serve};
use crate::web::http::answer::json;
use crate::web::http::code::Code;
use crate::web::http::described::{Id, Missing, Refused};
use crate::web::http::headers::Cache;
use crate::web::http::path::generation_id;
use crate::web::http::problem::Problem;
use crate::web::site::facts::FactsCache;
use crate::web::site::state::HeavyWork;

/// One generation, with its documents.
#[utoipa::path(
    get, path = "/api/v1/generations/{id}", tag = "generations", params(Id),
    responses((status = 200, body = Full), Missing, Refused)
)]
pub async fn detail(
    State(history): State<History>,
    State(facts): State<FactsCache>,
    State(base): State<BasePath>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let tell = move |detail| full_with(&detail, facts.of_detail(&detail).as_deref(), base.as_str());
    let body = history.detail_as(generation_id(id)?, tell).await?;
    Ok(json(body.ok_or(Code::NoGeneration)??))
}

/// What a generation made and read, without its documents.
#[utoipa::path(
    get, path = "/api/v1/generations/{id}/outputs", tag = "files", params(Id),
    responses((status = 200, body = Attachments), Missing, Refused)
)]
pub async fn outputs(
    State(history): State<History>,
    State(heavy): State<HeavyWork>,
    State(base): State<BasePath>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = generation_id(id)?;
    let outline = history.outline(id).await?.ok_or(Code::NoGeneration)?;
    let prompt = history.document(id, DocumentKind::Prompt).await?;
    let bytes = prompt.as_ref().map_or(0, String::len);
    let job = move || Ok(attachments(&outline.outputs, &outline.inputs, prompt.as_deref(), base.as_str())?);
    Ok(json(heavy.run(bytes, job).await?))
}

/// One output: the bytes of a file (also in parts, by `Range`), or a text.
#[utoipa::path(
    get, path = "/api/v1/generations/{id}/outputs/{output}", tag = "files",
    params(Id, ("output" = i64, Path, description = "The `id` of the output", minimum = 0)),
    responses(
        (status = 200, description = "The file as ComfyUI wrote it", content_type = "*/*"),
        (status = 206, description = "The part that was asked for", content_type = "*/*"),
        (status = 416, description = "The part lies outside of the file", body = crate::web::http::described::ErrorBody),
        Missing, Refused
    )
)]
pub async fn output(
    State(history): State<History>,
    State(blobs): State<Blobs>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let Path((id, index)) = path.map_err(|_| Code::NoGeneration)?;
    let id = generation_id(Ok(Path(id)))?;
    let outline = history.outline(id).await?.ok_or(Code::NoGeneration)?;
    let output = outline.outputs.iter().find(|output| output.index.to_string() == index).ok_or(Code::NoOutput)?;
    match &output.content {
        Content::File { file, blob: Some(blob) } => serve(&blobs, blob, &file.filename, Cache::Live, &request).await,
        Content::File { blob: None, .. } => Err(not_kept(output.state)),
        Content::Text(text) => {
            let plain = [(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];
            Ok((plain, axum::Extension(Cache::Live), text.clone()).into_response())
        }
    }
}

/// The API prompt as it was executed: what `POST /prompt` of ComfyUI takes.
#[utoipa::path(
    get, path = "/api/v1/generations/{id}/prompt", tag = "files", params(Id),
    responses((status = 200, body = serde_json::Value), Missing, Refused)
)]
pub async fn prompt(
    history: State<History>,
    heavy: State<HeavyWork>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    document::prompt(history, heavy, id).await
}

/// The editor's workflow: what ComfyUI's page opens. Runs queued by a script have none.
#[utoipa::path(
    get, path = "/api/v1/generations/{id}/workflow", tag = "files", params(Id),
    responses((status = 200, body = serde_json::Value), Missing, Refused)
)]
pub async fn workflow(
    history: State<History>,
    heavy: State<HeavyWork>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    document::workflow(history, heavy, id).await
}
