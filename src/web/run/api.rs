//! Below `/api/v1/generations/{id}`: what a generation made, and its documents as files.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};

use super::document;
use crate::export::json::{Attachments, attachments};
use crate::model::{Content, DocumentKind};
use crate::web::api::asked::{Id, Missing, Refused};
use crate::web::api::json;
use crate::web::error::Error;
use crate::web::files::file::serve;
use crate::web::history::list_api::generation_id;
use crate::web::http::headers::Cache;
use crate::web::site::state::App;

/// What a generation made and read, without its documents.
#[utoipa::path(
    get, path = "/api/v1/generations/{id}/outputs", tag = "files", params(Id),
    responses((status = 200, body = Attachments), Missing, Refused)
)]
pub async fn outputs(State(app): State<App>, id: Result<Path<String>, PathRejection>) -> Result<Response, Error> {
    let id = generation_id(id)?;
    let outline = app.store.outline(id).await?.ok_or(Error::NoGeneration)?;
    let prompt = app.store.document(id, DocumentKind::Prompt).await?;
    let (on, bytes) = (app.clone(), prompt.as_ref().map_or(0, String::len));
    let job = move || Ok(attachments(&outline.outputs, &outline.inputs, prompt.as_deref(), on.base())?);
    Ok(json(app.work(bytes, job).await?))
}

/// One output: the bytes of a file (also in parts, by `Range`), or a text.
#[utoipa::path(
    get, path = "/api/v1/generations/{id}/outputs/{output}", tag = "files",
    params(Id, ("output" = i64, Path, description = "The `id` of the output", minimum = 0)),
    responses(
        (status = 200, description = "The file as ComfyUI wrote it", content_type = "*/*"),
        (status = 206, description = "The part that was asked for", content_type = "*/*"),
        (status = 416, description = "The part lies outside of the file", body = crate::web::api::asked::ErrorBody),
        Missing, Refused
    )
)]
pub async fn output(
    State(app): State<App>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: HeaderMap,
) -> Result<Response, Error> {
    let Path((id, index)) = path.map_err(|_| Error::NoGeneration)?;
    let id = generation_id(Ok(Path(id)))?;
    let outline = app.store.outline(id).await?.ok_or(Error::NoGeneration)?;
    let output = outline.outputs.iter().find(|output| output.index.to_string() == index).ok_or(Error::NoOutput)?;
    match &output.content {
        Content::File { file, blob: Some(blob) } => serve(&app, blob, &file.filename, Cache::Live, &request).await,
        Content::File { blob: None, .. } => Err(Error::NotKept(output.state)),
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
pub async fn prompt(app: State<App>, id: Result<Path<String>, PathRejection>) -> Result<Response, Error> {
    document::prompt(app, id).await
}

/// The editor's workflow: what ComfyUI's page opens. Runs queued by a script have none.
#[utoipa::path(
    get, path = "/api/v1/generations/{id}/workflow", tag = "files", params(Id),
    responses((status = 200, body = serde_json::Value), Missing, Refused)
)]
pub async fn workflow(app: State<App>, id: Result<Path<String>, PathRejection>) -> Result<Response, Error> {
    document::workflow(app, id).await
}
