//! `GET /api/v1/generations` and `GET /api/v1/generations/{id}`.

use std::collections::HashMap;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::export::json::{Item, full};
use crate::facts;
use crate::model::GenerationId;
use crate::web::error::Error;
use crate::web::headers::Cache;
use crate::web::query::{Author, ListQuery};
use crate::web::site::App;

#[derive(Serialize)]
struct List<'a> {
    items: Vec<Item<'a>>,
    next: Option<String>,
    prev: Option<String>,
}

/// A part of the history, newest first.
pub async fn list(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let query = ListQuery::parse(&query.unwrap_or_default(), Author::Script, app.zone)?;
    let page = app.store.list(query.filter, query.start, query.limit).await?;
    let [next, prev] = [page.next, page.prev].map(|cursor| cursor.map(|cursor| cursor.to_string()));
    let ids = page.items.iter().map(|run| run.id).collect();
    let facts = app.store.of_prompts(ids, |_, prompt| to_raw_value(&facts::read(prompt))).await?;
    let facts: HashMap<_, _> = facts.into_iter().collect();
    let items = page.items.iter().map(|run| {
        let facts = facts.get(&run.id).and_then(|facts| facts.as_deref().ok());
        Item::new(run, facts, app.base())
    });
    let items = items.collect();
    let list = List { items, next, prev };
    Ok(json(serde_json::to_vec(&list)?))
}

/// One generation, with its documents.
pub async fn detail(State(app): State<App>, id: Result<Path<String>, PathRejection>) -> Result<Response, Error> {
    let detail = app.store.detail(generation_id(id)?).await?.ok_or(Error::NoGeneration)?;
    let on = app.clone();
    let body = app.work(detail.documents_bytes(), move || Ok(full(&detail, on.base())?)).await?;
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
