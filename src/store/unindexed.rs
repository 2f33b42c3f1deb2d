//! Runs on their way to the index: which wait, what is read of them, and what is noted when they are done.
//!
//! Whatever changes a run notes it here in the same transaction, and it goes when the index has taken it in for good. So
//! nothing is missed, whenever either of them stops.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::codes::Coded;
use super::readers::Reader;
use super::{Error, detail, list};
use crate::model::{Attachment, DocumentKind, GenerationId, Summary};

const NOTE: &str = "
    INSERT INTO unindexed (generation_id, change) VALUES (?1, 0) ON CONFLICT DO UPDATE SET change = change + 1";
const NOTE_ALL: &str = "
    INSERT INTO unindexed (generation_id, change) SELECT id, 0 FROM generations
    WHERE true ON CONFLICT DO UPDATE SET change = change + 1";
/// The newest first: they are looked for most.
const WAITING: &str = "
    SELECT generation_id, change FROM unindexed WHERE generation_id < ?1 ORDER BY generation_id DESC LIMIT ?2";
const WAITS: &str = "SELECT generation_id, change FROM unindexed WHERE generation_id = ?1";
const COUNT: &str = "SELECT count(*) AS runs FROM unindexed";
const DONE: &str = "DELETE FROM unindexed WHERE generation_id = ?1 AND change = ?2";
const SET_MODEL: &str = "UPDATE generations SET model = ?2 WHERE id = ?1 AND model IS NOT ?2";
const HAS: &str = "SELECT 1 FROM documents WHERE generation_id = ?1 AND kind = ?2";

/// Bytes of prompts read at once; the last may go beyond. What they are found by takes some ten times as much.
const MOST_BYTES: usize = 6 << 20;

/// A run that waits to be indexed.
#[derive(Debug, Clone, PartialEq)]
pub struct Unindexed {
    /// Its row.
    pub summary: Summary,
    /// What it gave and read.
    pub attachments: Vec<Attachment>,
    /// The prompt; `None` when there is none, or it can't be read.
    pub prompt: Option<String>,
    /// Whether the editor's workflow is kept.
    pub has_workflow: bool,
    /// Which of its changes this is.
    change: i64,
}

/// A run that was indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    id: GenerationId,
    change: i64,
    /// The name of its main model, as it is known now.
    model: Option<String>,
}

impl Unindexed {
    /// The word that it was indexed; `model` is the name of its main model.
    pub fn done(&self, model: Option<String>) -> Indexed {
        Indexed { id: self.summary.id, change: self.change, model }
    }
}

/// Notes that a run is new or changed.
pub(super) fn note(conn: &Connection, id: GenerationId) -> Result<(), Error> {
    conn.prepare_cached(NOTE)?.execute([id.0])?;
    Ok(())
}

/// Notes that all are to be indexed again. Takes about half a second for a million.
pub(super) fn note_all(conn: &Connection) -> Result<(), Error> {
    conn.prepare_cached(NOTE_ALL)?.execute([])?;
    Ok(())
}

/// How many wait.
pub(super) fn count(conn: &Connection) -> Result<u64, Error> {
    let runs: i64 = conn.prepare_cached(COUNT)?.query_row([], |row| row.get("runs"))?;
    Ok(runs.unsigned_abs())
}

/// Up to `most` of those that wait, newest first, from below a run on.
pub(super) fn unindexed(reader: &Reader, below: Option<GenerationId>, most: u32) -> Result<Vec<Unindexed>, Error> {
    let below = below.map_or(i64::MAX, |id| id.0);
    let mut statement = reader.prepare_cached(WAITING)?;
    let waiting = statement.query_map([below, most.into()], waiting_from_row)?.collect::<Result<_, _>>()?;
    load(reader, waiting)
}

/// Those of some runs that wait.
pub(super) fn unindexed_of(reader: &Reader, ids: &[GenerationId]) -> Result<Vec<Unindexed>, Error> {
    let mut statement = reader.prepare_cached(WAITS)?;
    let waiting = ids.iter().filter_map(|id| statement.query_row([id.0], waiting_from_row).optional().transpose());
    load(reader, waiting.collect::<Result<_, _>>()?)
}

/// A run that waits, and its change.
type Waiting = (GenerationId, i64);

fn waiting_from_row(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    Ok((GenerationId(row.get("generation_id")?), row.get("change")?))
}

/// Reads runs until their prompts are long enough.
fn load(reader: &Reader, waiting: Vec<Waiting>) -> Result<Vec<Unindexed>, Error> {
    let (mut found, mut bytes) = (Vec::with_capacity(waiting.len()), 0);
    for (id, change) in waiting {
        let Some(summary) = list::summary(reader, id)? else { continue };
        let prompt = reader.texts.read_if_any(reader, id, DocumentKind::Prompt)?;
        bytes += prompt.as_ref().map_or(0, String::len);
        let attachments = detail::attachments(reader, id)?;
        let has_workflow = reader.prepare_cached(HAS)?.exists(params![id.0, Coded(DocumentKind::Workflow)])?;
        found.push(Unindexed { summary, attachments, prompt, has_workflow, change });
        if bytes > MOST_BYTES {
            break;
        }
    }
    Ok(found)
}

/// Notes what is done; what has changed since waits on.
pub(super) fn done(conn: &Connection, indexed: &[Indexed]) -> Result<(), Error> {
    let (mut done, mut set_model) = (conn.prepare_cached(DONE)?, conn.prepare_cached(SET_MODEL)?);
    for Indexed { id, change, model } in indexed {
        done.execute(params![id.0, change])?;
        // A prompt that can't be read takes nothing away.
        if model.is_some() {
            set_model.execute(params![id.0, model])?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn nothing_that_waits_is_looked_for_in_a_whole_table() {
        for query in [super::WAITING, super::WAITS, super::DONE, super::SET_MODEL, super::HAS] {
            assert_searches(query);
        }
    }
}
