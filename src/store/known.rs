//! What reconciling asks: which of ComfyUI's runs are here already, and how far they got.

use std::cmp::Reverse;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::Error;
use super::places::{self, Group};
use super::rows;
use crate::model::{GenerationId, InstanceId, InstanceName, PromptId, Status, StatusReason, Timestamp};
use crate::sqlite::codes::{Code, Coded, PackedId};

/// Rows of one prompt_id that are told. A client may use one id for all its runs, and ComfyUI knows the last of them only.
const MOST: u32 = 100;

/// Runs of a queue that are told: nobody counts further.
const QUEUE: u32 = 1_000;

const BY_PROMPT: &str = "
    SELECT id, prompt_id, number, status, status_reason, created_at, started_at FROM generations
    WHERE instance_id = ?1 AND prompt_id = ?2 LIMIT ?3";
const BY_PROMPT_AND_STATUS: &str = "
    SELECT id, prompt_id, number, status, status_reason, created_at, started_at FROM generations
    WHERE instance_id = ?1 AND prompt_id = ?2 AND status = ?4 AND kinds = ?5 ORDER BY created_at DESC, id DESC LIMIT ?3";
const BY_STATUS: &str = "
    SELECT id, prompt_id, number, status, status_reason, created_at, started_at FROM generations
    WHERE instance_id = ?1 AND status = ?2";
/// The few that are in progress, then those that wait, each by one index.
const IN_PROGRESS: &str = "
    SELECT id FROM generations WHERE instance_id = (SELECT id FROM instances WHERE name = ?1) AND status = 1
    ORDER BY kinds, created_at, id LIMIT ?2";
const WAITING: &str = "
    SELECT id FROM generations WHERE instance_id = (SELECT id FROM instances WHERE name = ?1) AND status = 0
    ORDER BY number, id LIMIT ?2";
const NEWEST: &str = "
    SELECT g.id, g.prompt_id, g.number, g.status, g.status_reason, g.created_at, g.started_at
    FROM instances i JOIN generations g ON g.id = i.newest_id WHERE i.id = ?1";

const NEWEST_ID: &str = "SELECT coalesce(max(id), 0) AS id FROM generations";
/// The index is in the order of time, and holds the ids: those behind the given one are the few of the last moments.
const ENDED_UP_TO: &str = "
    SELECT id, prompt_id, number, status, status_reason, created_at, started_at FROM generations
    WHERE instance_id = ?1 AND status = ?2 AND kinds = ?5 AND id <= ?3 AND status_reason IS NOT ?4
    ORDER BY created_at DESC, id DESC LIMIT 1";

/// What reconciling needs to know of a run that is in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    pub id: GenerationId,
    pub prompt_id: PromptId,
    pub number: Option<f64>,
    /// How far it got.
    pub status: Status,
    /// Why it is cancelled or lost.
    pub status_reason: Option<StatusReason>,
    /// When it was queued.
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
}

/// What an instance has in hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queue {
    /// What ComfyUI works on.
    pub in_progress: Vec<GenerationId>,
    /// What waits, in the order in which ComfyUI takes it.
    pub pending: Vec<GenerationId>,
}

/// The runs with these ids of ComfyUI's, by our id. Of an id that hundreds of runs share, the newest of each status.
pub(super) fn known(conn: &Connection, instance: InstanceId, prompt_ids: &[PromptId]) -> Result<Vec<Known>, Error> {
    let mut found = Vec::new();
    for prompt_id in prompt_ids {
        let id = PackedId(prompt_id.as_str());
        let before = found.len();
        collect(conn, BY_PROMPT, params![instance.0, id, MOST + 1], &mut found)?;
        if found.len() - before > usize::try_from(MOST).unwrap_or(usize::MAX) {
            found.truncate(before);
            let groups = places::groups_of_prompt(conn, instance.0, PackedId(prompt_id.as_str()))?;
            for of_status in groups.chunk_by(|one, other| one.status == other.status) {
                found.extend(newest_of_prompt(conn, &id, of_status)?);
            }
        }
    }
    found.sort_by_key(|known| known.id);
    found.dedup_by_key(|known| known.id);
    Ok(found)
}

/// The newest runs of one prompt_id in some groups.
fn newest_of_prompt(conn: &Connection, prompt_id: &PackedId<&str>, groups: &[Group]) -> Result<Vec<Known>, Error> {
    let mut newest = Vec::new();
    for &Group { instance, status, kinds } in groups {
        collect(conn, BY_PROMPT_AND_STATUS, params![instance, prompt_id, MOST, status, kinds], &mut newest)?;
    }
    newest.sort_unstable_by_key(|known| Reverse((known.created_at, known.id)));
    newest.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    Ok(newest)
}

/// The runs that ComfyUI still owes a result, oldest first.
pub(super) fn open_runs(conn: &Connection, instance: InstanceId) -> Result<Vec<Known>, Error> {
    let mut found = Vec::new();
    for &status in Status::WORDS.iter().filter(|status| status.is_open()) {
        collect(conn, BY_STATUS, params![instance.0, Coded(status)], &mut found)?;
    }
    found.sort_by_key(|known| (known.created_at, known.id));
    Ok(found)
}

/// The open runs in the order in which ComfyUI takes them.
pub(super) fn queue(conn: &Connection, instance: &InstanceName) -> Result<Queue, Error> {
    let read = |query, most: u32| {
        let mut statement = conn.prepare_cached(query)?;
        let ids = statement.query_map(params![instance.as_str(), most], |row| row.get("id").map(GenerationId))?;
        Ok::<_, Error>(ids.collect::<Result<Vec<_>, _>>()?)
    };
    let in_progress = read(IN_PROGRESS, QUEUE)?;
    let rest = QUEUE.saturating_sub(u32::try_from(in_progress.len()).unwrap_or(QUEUE));
    Ok(Queue { in_progress, pending: read(WAITING, rest)? })
}

/// The run that started last, of those that ended as ComfyUI's history tells: not lost, not taken out of the queue.
pub(super) fn newest_finished(conn: &Connection, instance: InstanceId) -> Result<Option<Known>, Error> {
    Ok(conn.prepare_cached(NEWEST)?.query_row([instance.0], from_row).optional()?)
}

/// The newest id of all.
pub(super) fn newest_id(conn: &Connection) -> Result<GenerationId, Error> {
    Ok(conn.prepare_cached(NEWEST_ID)?.query_row([], |row| row.get("id").map(GenerationId))?)
}

/// The newest of the runs up to an id that ended as ComfyUI's history tells: one of each status, newest first.
pub(super) fn ended_up_to(conn: &Connection, instance: InstanceId, up_to: GenerationId) -> Result<Vec<Known>, Error> {
    let ended = [Status::Completed, Status::Failed, Status::Cancelled].map(Code::code);
    let mut found = Vec::new();
    for Group { status, kinds, .. } in places::groups_of_instance(conn, instance.0)? {
        if ended.contains(&status) {
            let parameters = params![instance.0, status, up_to.0, Coded(StatusReason::Dequeued), kinds];
            collect(conn, ENDED_UP_TO, parameters, &mut found)?;
        }
    }
    found.sort_by_key(|known| (known.status.code(), Reverse((known.created_at, known.id))));
    found.dedup_by_key(|known| known.status);
    found.sort_by_key(|known| Reverse((known.created_at, known.id)));
    Ok(found)
}

fn collect(
    conn: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
    found: &mut Vec<Known>,
) -> Result<(), Error> {
    let mut statement = conn.prepare_cached(query)?;
    for known in statement.query_map(parameters, from_row)? {
        found.push(known?);
    }
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Known> {
    Ok(Known {
        id: GenerationId(row.get("id")?),
        prompt_id: PromptId(row.get::<_, PackedId<_>>("prompt_id")?.0),
        number: row.get("number")?,
        status: row.get::<_, Coded<_>>("status")?.0,
        status_reason: row.get::<_, Option<Coded<_>>>("status_reason")?.map(|reason| reason.0),
        created_at: Timestamp::from_millis(row.get("created_at")?),
        started_at: rows::time(row, "started_at")?,
    })
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn no_question_about_known_runs_reads_a_whole_table() {
        for query in [
            super::BY_PROMPT,
            super::BY_PROMPT_AND_STATUS,
            super::BY_STATUS,
            super::NEWEST,
            super::IN_PROGRESS,
            super::WAITING,
            super::ENDED_UP_TO,
            super::NEWEST_ID,
        ] {
            assert_searches(query);
        }
    }
}
