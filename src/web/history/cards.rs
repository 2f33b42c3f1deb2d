//! `GET /cards`: some cards of a list as they are by now, for a history that stays open.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use url::form_urlencoded;

use super::card::{Cards, Face};
use super::list::{DayOfRuns, days};
use crate::model::{GenerationId, MediaKind, Status};
use crate::store::History;
use crate::thumbs::Thumbs;
use crate::web::http::problem::Problem;
use crate::web::query::ListQuery;
use crate::web::query::error::{BadValue, Error as BadQuery};
use crate::web::view::viewer::Viewer;
use crate::web::view::words::Catalogue;

/// Cards that can be asked for at once.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "cards.html")]
struct CardsFragment {
    viewer: Viewer,
    t: &'static Catalogue,
    days: Vec<DayOfRuns>,
    /// How many runs the list has.
    count: u64,
    /// Ids that aren't of the list, or not any more.
    gone: String,
}

/// Answers with those of `ids=1,2,3` that fit the filter, under their days, and tells the others.
pub async fn fragment(
    State(history): State<History>,
    State(thumbs): State<Thumbs>,
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let ids = ids(&query)?;
    let query = ListQuery::of_page(Some(query), viewer.zone, &viewer.base)?;
    let mut runs = history.summaries(ids.iter().copied().collect()).await?;
    runs.retain(|run| query.filter.takes(run));
    if query.filter.want.is_some() {
        let found = history.found(query.filter.clone(), runs.iter().map(|run| run.id).collect()).await?;
        let found: BTreeSet<GenerationId> = found.into_iter().collect();
        runs.retain(|run| found.contains(&run.id));
    }
    runs.sort_by_key(|run| std::cmp::Reverse((run.created_at, run.id)));
    let here: BTreeSet<GenerationId> = runs.iter().map(|run| run.id).collect();
    let gone: Vec<String> = ids.difference(&here).map(ToString::to_string).collect();
    let cards = Cards::of(&history, &thumbs, &query, viewer.words, &runs).await?;
    crate::web::view::respond::respond(&CardsFragment {
        t: viewer.words,
        viewer: viewer.clone(),
        days: days(runs, &query, &cards, viewer.words),
        count: history.count(query.filter.clone()).await?,
        gone: gone.join(" "),
    })
}

fn ids(query: &str) -> Result<BTreeSet<GenerationId>, BadQuery> {
    let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "ids").map(|(_, value)| value);
    let given = given.unwrap_or_default();
    let numbers = given.split(',').map(|id| id.parse().ok().filter(|id| *id > 0).map(GenerationId));
    let ids: Option<BTreeSet<GenerationId>> = numbers.collect();
    ids.filter(|ids| ids.len() <= MOST).ok_or_else(|| BadQuery::Value {
        name: "ids",
        value: given.into_owned(),
        source: BadValue::Ids,
    })
}
