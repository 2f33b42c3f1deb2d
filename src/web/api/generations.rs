//! `GET /api/v1/generations` and `GET /api/v1/generations/{id}`.

use std::collections::HashMap;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde::Serialize;

use super::shape;
use crate::facts::{self, Facts};
use crate::model::{GenerationId, Summary};
use crate::web::error::Error;
use crate::web::headers::Cache;
use crate::web::query::{Author, ListQuery};
use crate::web::site::App;

#[derive(Serialize)]
struct List {
    items: Vec<Item>,
    next: Option<String>,
    prev: Option<String>,
}

/// What the list shows of a generation, and what its prompt says.
#[derive(Serialize)]
struct Item {
    #[serde(flatten)]
    run: Summary,
    facts: Option<Facts>,
}

/// A part of the history, newest first.
pub async fn list(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let query = ListQuery::parse(&query.unwrap_or_default(), Author::Script, app.zone)?;
    let page = app.store.list(query.filter, query.start, query.limit).await?;
    let [next, prev] = [page.next, page.prev].map(|cursor| cursor.map(|cursor| cursor.to_string()));
    let ids = page.items.iter().map(|run| run.id).collect();
    let mut facts: HashMap<_, _> =
        app.store.of_prompts(ids, |_, prompt| facts::read(prompt)).await?.into_iter().collect();
    let items =
        page.items.into_iter().map(|run| Item { facts: facts.remove(&run.id), run: run.below(&app.base) }).collect();
    let list = List { items, next, prev };
    Ok(json(serde_json::to_vec(&list)?))
}

/// One generation, with its documents.
pub async fn detail(State(app): State<App>, id: Result<Path<String>, PathRejection>) -> Result<Response, Error> {
    let detail = app.store.detail(generation_id(id)?).await?.ok_or(Error::NoGeneration)?;
    let base = app.base.clone();
    let body = app.work(detail.documents_bytes(), move || Ok(shape::full(&detail, &base)?)).await?;
    Ok(json(body))
}

/// The id in a path. What isn't a number names no generation.
pub fn generation_id(path: Result<Path<String>, PathRejection>) -> Result<GenerationId, Error> {
    let Path(text) = path.map_err(|_| Error::NoGeneration)?;
    let is_plain = text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain).map(GenerationId).ok_or(Error::NoGeneration)
}

/// A body that is JSON.
pub fn json(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/json")], axum::Extension(Cache::Live), body).into_response()
}
