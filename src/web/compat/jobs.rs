//! `GET /api/jobs` and `GET /api/jobs/{id}`: what waits, what runs and what ended, in one list that can be filtered, sorted
//! and paged.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;

use super::ask::{Asked, Mistake, shown};
use super::entry::{self, End, millis};
use super::history::MOST;
use super::outputs::{self, OutputsSummary};
use super::stream::{ResponseParts, answer, json};
use super::write::{ObjectWriter, member, number};
use crate::json::{elements, unquote};
use crate::model::{Filter, GenerationId, List, Nth, PromptId, Status, Told, Want};
use crate::store::History;
use crate::web::http::code::Code;
use crate::web::http::problem::Problem;

/// Jobs of an answer when nobody says how many.
const USUAL: u32 = 200;

/// ComfyUI's words, and what they mean here. It has none for a run that went away with it.
const STATUSES: [(&str, &[Status]); 5] = [
    ("pending", &[Status::Pending]),
    ("in_progress", &[Status::InProgress]),
    ("completed", &[Status::Completed]),
    ("failed", &[Status::Failed, Status::Lost]),
    ("cancelled", &[Status::Cancelled]),
];

/// What is asked for.
struct JobsRequest {
    filter: Filter,
    by_duration: bool,
    is_ascending: bool,
    limit: u32,
    offset: u64,
}

impl JobsRequest {
    /// ComfyUI's parameters, in the order in which it looks at them.
    fn read(asked: &Asked<'_>) -> Result<Self, Mistake> {
        let lower = |name| asked.text(name).map(str::to_lowercase);
        let mut filter = asked.filter(&statuses(asked.text("status").unwrap_or_default())?)?;
        if let Some(id) = asked.text("workflow_id").filter(|id| !id.is_empty()) {
            filter.want = Some(Want::Term(List::WorkflowId, id.as_bytes().to_vec()));
        }
        let by_duration = match lower("sort_by").as_deref() {
            None | Some("created_at") => false,
            Some("execution_duration") => true,
            Some(_) => return Err(Mistake::SortBy),
        };
        let is_ascending = match lower("sort_order").as_deref() {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(_) => return Err(Mistake::SortOrder),
        };
        let limit = match asked.number("limit")? {
            None => USUAL,
            Some(limit) if limit <= 0 => return Err(Mistake::JobsLimit),
            Some(limit) => u32::try_from(limit).unwrap_or(MOST).min(MOST),
        };
        let offset = u64::try_from(asked.number("offset")?.unwrap_or(0)).unwrap_or(0);
        Ok(Self { filter, by_duration, is_ascending, limit, offset })
    }
}

fn statuses(words: &str) -> Result<Vec<Status>, Mistake> {
    let words: Vec<_> =
        words.split(',').map(|word| word.trim().to_lowercase()).filter(|word| !word.is_empty()).collect();
    let meaning = |word: &String| STATUSES.iter().find(|(known, _)| known == word);
    let unknown: Vec<_> = words.iter().filter(|word| meaning(word).is_none()).map(|word| shown(word)).collect();
    if !unknown.is_empty() {
        return Err(Mistake::JobsStatus(shown(&unknown.join(", "))));
    }
    Ok(words.iter().filter_map(meaning).flat_map(|(_, statuses)| statuses.iter().copied()).collect())
}

pub async fn list(State(history): State<History>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let wanted = JobsRequest::read(&Asked::read(&query))?;
    let (limit, offset) = (wanted.limit, wanted.offset);
    let (jobs, total) = find(&history, wanted).await?;
    let has_more = offset.saturating_add(u64::try_from(jobs.len()).unwrap_or(u64::MAX)) < total;
    let tail = format!(
        "], \"pagination\": {{\"offset\": {offset}, \"limit\": {limit}, \"total\": {total}, \"has_more\": {has_more}}}}}"
    );
    answer(
        history,
        ResponseParts {
            lists: vec![("{\"jobs\": [".to_owned(), jobs)],
            tail,
            kinds: entry::ENDED,
            write: Arc::new(job),
        },
    )
    .await
}

/// One job, with everything: the newest with this id.
pub async fn one(
    State(history): State<History>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let filter = Asked::read(&query).filter(&[])?;
    let Path(id) = path.map_err(|_| Code::NoJob)?;
    let filter = Filter { prompt_id: Some(PromptId::from(&*id)), ..filter };
    let job = history.newest(filter, entry::ALL, |run| in_full(&run)).await?;
    Ok(json(job.ok_or(Code::NoJob)?))
}

/// The jobs of the page, and how many there are in all. What has no order of its own in the store, which are workflows and
/// durations, is looked for among the newest, as many as ComfyUI's own history holds.
async fn find(history: &History, wanted: JobsRequest) -> Result<(Vec<GenerationId>, u64), Problem> {
    let JobsRequest { filter, by_duration, is_ascending, limit, offset } = wanted;
    if filter.want.is_none() && !by_duration {
        let from = if is_ascending { Nth::Oldest(offset) } else { Nth::Newest(offset) };
        let found = history.stretch(filter, from, limit).await?;
        return Ok((found.runs.into_iter().map(|(id, _)| id).collect(), found.total));
    }
    let mut ids = if filter.want.is_some() {
        history.first_found(filter, MOST).await?
    } else {
        let newest = history.stretch(filter, Nth::Newest(0), MOST).await?;
        newest.runs.into_iter().map(|(id, _)| id).collect()
    };
    if by_duration {
        // Of those that took the same time, ComfyUI has what runs and waits first, then the oldest first.
        ids.reverse();
        let mut timed = history.durations(ids).await?;
        timed.sort_by_key(|(_, status, _)| (!status.is_open(), *status == Status::Pending));
        timed.sort_by_key(|(_, _, duration)| if is_ascending { *duration } else { -*duration });
        ids = timed.into_iter().map(|(id, ..)| id).collect();
    } else if is_ascending {
        ids.reverse();
    }
    let total = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    let (offset, limit) = (usize::try_from(offset).unwrap_or(usize::MAX), usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((ids.into_iter().skip(offset).take(limit).collect(), total))
}

/// A job of the list.
fn job(run: &Told) -> String {
    object(run, &End::of(run)).finish()
}

/// A job with everything.
fn in_full(run: &Told) -> String {
    let end = End::of(run);
    let mut job = object(run, &end);
    if !run.status.is_open() {
        let workflow = ObjectWriter::new()
            .json("prompt", &entry::prompt(run))
            .json("extra_data", &entry::extra_data(run))
            .finish();
        job.json("outputs", &outputs::normalized(&end.outputs))
            .json("execution_status", &end.status)
            .json("workflow", &workflow);
    }
    job.finish()
}

fn object(run: &Told, end: &End<'_>) -> ObjectWriter {
    let word = STATUSES.iter().find(|(_, statuses)| statuses.contains(&run.status)).map_or("failed", |(word, _)| word);
    let mut job = ObjectWriter::new();
    job.text("id", run.prompt_id.as_str()).text("status", word);
    job.json_if("priority", run.number.map(|value| number(Some(value))).as_deref());
    job.json("create_time", &millis(run.created_at));
    let summary = if run.status.is_open() {
        OutputsSummary::default()
    } else {
        job.json_if("execution_start_time", run.started_at.map(millis).as_deref());
        job.json_if("execution_end_time", run.finished_at.map(millis).as_deref());
        job.json_if("execution_error", error(&end.status));
        outputs::summary(&end.outputs)
    };
    job.json("outputs_count", &summary.outputs.to_string());
    job.json("previewable_outputs_count", &summary.previewable.to_string());
    job.json_if("preview_output", summary.preview.as_deref());
    if let Some(id) = &run.workflow_id {
        job.text("workflow_id", id);
    }
    job
}

/// What the last `execution_error` says.
fn error(status: &str) -> Option<&str> {
    let of_event = |message| {
        let mut parts = elements(message);
        let is_error = parts.next().and_then(unquote).is_some_and(|name| name == "execution_error");
        parts.next().filter(|told| is_error && told.starts_with('{'))
    };
    elements(member(status, "messages")?).filter_map(of_event).last()
}
