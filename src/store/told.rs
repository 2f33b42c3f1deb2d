//! Runs with the texts of which ComfyUI's own lists are made.

use rusqlite::{Connection, OptionalExtension, Row};

use super::error::Error;
use super::readers::StoreReader;
use super::rows;
use crate::model::{
    AttachmentState, Document, DocumentKind, FileRef, GenerationId, MediaKind, PromptId, Role, Status, Timestamp, Told,
};
use crate::sqlite::codes::{Coded, PackedId};

const RUN: &str = "
    SELECT id, prompt_id, number, status, status_reason, created_at, started_at, finished_at, workflow_id,
        outputs_to_execute
    FROM generations WHERE id = ?1";
const FOUND: &str = "
    SELECT a.folder, a.subfolder, a.filename, b.kind FROM attachments a JOIN blobs b ON b.id = a.blob_id
    WHERE a.generation_id = ?1 AND a.role = ?2 AND a.state = ?3 ORDER BY a.idx";
const TIMES: &str = "SELECT status, started_at, finished_at FROM generations WHERE id = ?1";

/// How many bytes of texts are read at a time, at most one run more.
const ENOUGH: usize = 2 << 20;

/// How many runs are read at a time.
const MOST: usize = 64;

/// The first of these runs that there are, in their order, with their texts of these kinds: as many as fit into memory
/// without harm, one at least.
pub(super) fn told(reader: &StoreReader, ids: &[GenerationId], kinds: &[DocumentKind]) -> Result<Vec<Told>, Error> {
    let mut found = Vec::with_capacity(ids.len().min(MOST));
    let mut bytes = 0;
    for &id in ids {
        if bytes >= ENOUGH || found.len() >= MOST {
            break;
        }
        let Some(mut run) = reader.prepare_cached(RUN)?.query_row([id.0], from_row).optional()? else { continue };
        for &kind in kinds {
            run.documents.extend(reader.companion.read_if_any(reader, id, kind)?.map(|json| Document { kind, json }));
        }
        if kinds.contains(&DocumentKind::Result) && run.document(DocumentKind::Result).is_none() {
            run.found = self::found(reader, id)?;
        }
        bytes += run.bytes();
        found.push(run);
    }
    Ok(found)
}

/// Those of these runs that there are, in their order, each with its status and how long it took in milliseconds; 0 where
/// that isn't known.
pub(super) fn durations(conn: &Connection, ids: &[GenerationId]) -> Result<Vec<(GenerationId, Status, i64)>, Error> {
    let mut statement = conn.prepare_cached(TIMES)?;
    let mut found = Vec::with_capacity(ids.len());
    for &id in ids {
        let run = statement.query_row([id.0], |row| {
            let (start, end): (Option<i64>, Option<i64>) = (row.get("started_at")?, row.get("finished_at")?);
            let duration = start.zip(end).map_or(0, |(start, end)| end.saturating_sub(start));
            Ok((id, row.get::<_, Coded<_>>("status")?.0, duration))
        });
        found.extend(run.optional()?);
    }
    Ok(found)
}

/// The files that are kept of a run.
fn found(conn: &Connection, id: GenerationId) -> Result<Vec<(FileRef, MediaKind)>, Error> {
    let mut statement = conn.prepare_cached(FOUND)?;
    let parameters = rusqlite::params![id.0, Coded(Role::Output), Coded(AttachmentState::Stored)];
    let rows = statement.query_map(parameters, |row| {
        let kind = row.get::<_, Coded<_>>("kind")?.0;
        Ok(rows::file(row)?.map(|file| (file, kind)))
    })?;
    Ok(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Told> {
    Ok(Told {
        id: GenerationId(row.get("id")?),
        prompt_id: PromptId(row.get::<_, PackedId<_>>("prompt_id")?.0),
        number: row.get("number")?,
        status: row.get::<_, Coded<_>>("status")?.0,
        status_reason: row.get::<_, Option<Coded<_>>>("status_reason")?.map(|reason| reason.0),
        created_at: Timestamp::from_millis(row.get("created_at")?),
        started_at: rows::time(row, "started_at")?,
        finished_at: rows::time(row, "finished_at")?,
        workflow_id: row.get::<_, Option<PackedId<String>>>("workflow_id")?.map(|id| id.0),
        outputs_to_execute: row.get("outputs_to_execute")?,
        documents: Vec::new(),
        found: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn no_run_is_looked_for_in_a_whole_table() {
        for query in [super::RUN, super::TIMES, super::FOUND] {
            assert_searches(query);
        }
    }
}
