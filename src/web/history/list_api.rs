//! `GET /api/v1/generations` and `GET /api/v1/generations/{id}`.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::export::json::Item;
use crate::model::BasePath;
use crate::search::Zone;
use crate::store::History;
use crate::web::http::answer::json;
use crate::web::http::described::{ListPart, Refused, WhichRuns};
use crate::web::http::problem::Problem;
use crate::web::query::{Author, ListQuery};
use crate::web::site::facts::FactsCache;

#[derive(Serialize, ToSchema)]
#[schema(as = List)]
struct ListResponse<'a> {
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
    get, path = "/api/v1/generations", tag = "generations", params(WhichRuns, ListPart),
    responses((status = 200, body = ListResponse), Refused)
)]
pub async fn list(
    State(history): State<History>,
    State(facts): State<FactsCache>,
    State(zone): State<Zone>,
    State(base): State<BasePath>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(&query.unwrap_or_default(), Author::Script, zone)?;
    let page = history.list(query.filter, query.start, query.limit).await?;
    let [next, prev] = [page.next, page.prev].map(|cursor| cursor.map(|cursor| cursor.to_string()));
    let facts = facts.facts(&history, &page.items).await?;
    let items = page.items.iter().zip(&facts).map(|(run, facts)| Item::new(run, facts.as_deref(), base.as_str()));
    let items = items.collect();
    let list = ListResponse { items, next, prev };
    Ok(json(serde_json::to_vec(&list)?))
}
