//! `/g/{id}/prompt.json` and `/g/{id}/workflow.json`: the documents as files that ComfyUI opens.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};

use crate::json::to_strict;
use crate::model::DocumentKind;
use crate::web::api::generations::generation_id;
use crate::web::error::Error;
use crate::web::files::content_disposition;
use crate::web::headers::Cache;
use crate::web::site::App;

/// The API prompt as executed.
pub async fn prompt(app: State<App>, id: Result<Path<String>, PathRejection>) -> Result<Response, Error> {
    download(app, id, DocumentKind::Prompt, "prompt").await
}

/// The editor's workflow.
pub async fn workflow(app: State<App>, id: Result<Path<String>, PathRejection>) -> Result<Response, Error> {
    download(app, id, DocumentKind::Workflow, "workflow").await
}

async fn download(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    kind: DocumentKind,
    name: &str,
) -> Result<Response, Error> {
    let id = generation_id(id)?;
    let detail = app.store.detail(id).await?.ok_or(Error::NoGeneration)?;
    let document = detail.documents.into_iter().find(|document| document.kind == kind).ok_or(Error::NoDocument)?;
    // ComfyUI's page reads it with JSON.parse, which doesn't know Python's bare words.
    let body = app.work(document.json.len(), move || Ok(to_strict(&document.json).into_owned())).await?;
    let disposition = content_disposition("attachment", &format!("comfy-recall-{id}-{name}.json"));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_DISPOSITION, HeaderValue::try_from(disposition)?),
    ];
    Ok((headers, axum::Extension(Cache::Live), body).into_response())
}
