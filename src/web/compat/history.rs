//! `GET /history` and `GET /history/{prompt_id}`: every run that ended, oldest first.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::ask::Asked;
use super::entry;
use super::stream::{ResponseParts, answer, json};
use crate::model::{Filter, GenerationId, Nth, PromptId, Status, Stretch};
use crate::store::History;
use crate::web::http::problem::Problem;

/// Runs of an answer when nobody says how many.
const USUAL: u32 = 200;

/// The most runs of an answer: as many as ComfyUI's own history holds.
pub const MOST: u32 = 10_000;

/// What has ended, however it did.
pub const ENDED: [Status; 4] = [Status::Completed, Status::Failed, Status::Cancelled, Status::Lost];

/// A part of the history.
pub async fn list(State(history): State<History>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let asked = Asked::read(&query);
    let filter = asked.filter(&ENDED)?;
    let most = asked.number("max_items")?.map(|most| u32::try_from(most.clamp(0, MOST.into())).unwrap_or(MOST));
    // A negative one is no offset, as in ComfyUI.
    let offset = asked.number("offset")?.and_then(|offset| u64::try_from(offset).ok());
    let (from, most) = match (offset, most) {
        (Some(offset), most) => (Nth::Oldest(offset), most.unwrap_or(MOST)),
        (None, most) => (Nth::Newest(0), most.unwrap_or(USUAL)),
    };
    let Stretch { mut runs, .. } = history.stretch(filter, from, most).await?;
    if matches!(from, Nth::Newest(_)) {
        runs.reverse();
    }
    let (lists, tail) = (vec![("{".to_owned(), once_each(runs))], "}".to_owned());
    answer(history, ResponseParts { lists, tail, kinds: entry::ALL, write: Arc::new(entry::history) }).await
}

/// One run; an empty object where none with this id has ended, as in ComfyUI.
pub async fn one(
    State(history): State<History>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let filter = Asked::read(&query).filter(&ENDED)?;
    // Bytes that are no text: no run has such an id.
    let Ok(Path(id)) = path else { return Ok(json("{}")) };
    let filter = Filter { prompt_id: Some(PromptId::from(&*id)), ..filter };
    let body = history.newest(filter, entry::ALL, |run| format!("{{{}}}", entry::history(&run))).await?;
    Ok(json(body.unwrap_or_else(|| "{}".to_owned())))
}

/// An object has each key once: of runs with the same id the newest stays.
fn once_each(runs: Vec<(GenerationId, PromptId)>) -> Vec<GenerationId> {
    let mut seen = HashSet::new();
    let mut ids: Vec<_> =
        runs.into_iter().rev().filter_map(|(id, prompt_id)| seen.insert(prompt_id).then_some(id)).collect();
    ids.reverse();
    ids
}
