//! `GET /queue` and `GET /prompt`: what waits and runs, as far as we have seen it.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;

use super::ask::Asked;
use super::entry;
use super::stream::{ResponseParts, answer, json};
use crate::model::Status;
use crate::store::History;
use crate::web::http::problem::Problem;

/// The queues of all servers, each in the order in which its ComfyUI takes the runs.
pub async fn queue(State(history): State<History>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let filter = Asked::read(&query).filter(&[])?;
    let instances = match filter.instance {
        Some(instance) => vec![instance],
        None => history.instances().await?,
    };
    let (mut running, mut pending) = (Vec::new(), Vec::new());
    for instance in instances {
        let queue = history.queue_by_status(&instance).await?;
        running.extend(queue.in_progress);
        pending.extend(queue.pending);
    }
    let lists = vec![("{\"queue_running\": [".to_owned(), running), ("], \"queue_pending\": [".to_owned(), pending)];
    answer(
        history,
        ResponseParts { lists, tail: "]}".to_owned(), kinds: entry::SUBMITTED, write: Arc::new(entry::item) },
    )
    .await
}

/// How many there are.
pub async fn remaining(State(history): State<History>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let open = Asked::read(&query).filter(&[Status::Pending, Status::InProgress])?;
    let runs = history.count(open).await?;
    Ok(json(format!("{{\"exec_info\": {{\"queue_remaining\": {runs}}}}}")))
}
