//! `GET /api/v1/generations` and `GET /api/v1/generations/{id}`.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::export::json::{Full, Item, full_with};
use crate::model::GenerationId;
use crate::web::api::asked::{Id, Missing, Part, Refused, Which};
use crate::web::api::json;
use crate::web::error::Error;
use crate::web::query::{Author, ListQuery};
use crate::web::site::state::App;

#[derive(Serialize, ToSchema)]
struct List<'a> {
    items: Vec<Item<'a>>,
    /// Where the next older ones begin; null at the end.
    next: Option<String>,
    /// Where the next newer ones begin; null at the newest.
    prev: Option<String>,
}

/// A part of the history, newest first.
///
/// Go on with `next=` and what the answer says; what is recorded meanwhile doesn't shift the pages.
#[utoipa::path(
    get, path = "/api/v1/generations", tag = "generations", params(Which, Part),
    responses((status = 200, body = List), Refused)
)]
pub async fn list(State(app): State<App>, RawQuery(query): RawQuery) -> Result<Response, Error> {
    let query = ListQuery::parse(&query.unwrap_or_default(), Author::Script, app.zone)?;
    let page = app.store.list(query.filter, query.start, query.limit).await?;
    let [next, prev] = [page.next, page.prev].map(|cursor| cursor.map(|cursor| cursor.to_string()));
    let facts = app.told.facts(&app.store, &page.items).await?;
    let items = page.items.iter().zip(&facts).map(|(run, facts)| Item::new(run, facts.as_deref(), app.base()));
    let items = items.collect();
    let list = List { items, next, prev };
    Ok(json(serde_json::to_vec(&list)?))
}

/// One generation, with its documents.
#[utoipa::path(
    get, path = "/api/v1/generations/{id}", tag = "generations", params(Id),
    responses((status = 200, body = Full), Missing, Refused)
)]
pub async fn detail(State(app): State<App>, id: Result<Path<String>, PathRejection>) -> Result<Response, Error> {
    let on = app.clone();
    let tell = move |detail| full_with(&detail, on.told.of_detail(&detail).as_deref(), on.base());
    let body = app.store.detail_as(generation_id(id)?, tell).await?;
    Ok(json(body.ok_or(Error::NoGeneration)??))
}

/// The id in a path. What isn't a number names no generation.
pub fn generation_id(path: Result<Path<String>, PathRejection>) -> Result<GenerationId, Error> {
    let Path(text) = path.map_err(|_| Error::NoGeneration)?;
    let is_plain = text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain).map(GenerationId).ok_or(Error::NoGeneration)
}
