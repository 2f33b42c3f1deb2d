//! Runs that wait to be indexed: what is noted when they change, and when they are done.
//!
//! Whatever changes a run notes it here in the same transaction, and it goes when the index has taken it in for good. So
//! nothing is missed, whenever either of them stops.

use rusqlite::{Connection, params};

use super::error::Error;
use super::writer::Session;
use crate::model::{GenerationId, Status};

const NOTE: &str = "
    INSERT INTO unindexed (generation_id, change) VALUES (?1, 0) ON CONFLICT DO UPDATE SET change = change + 1";
const NOTE_ALL: &str = "
    INSERT INTO unindexed (generation_id, change) SELECT id, 0 FROM generations
    WHERE true ON CONFLICT DO UPDATE SET change = change + 1";
const COUNT: &str = "SELECT count(*) AS runs FROM unindexed";
const DONE: &str = "DELETE FROM unindexed WHERE generation_id = ?1 AND change = ?2";
const SET_MODEL: &str = "UPDATE generations SET model = ?2 WHERE id = ?1 AND model IS NOT ?2";
/// Runs that are indexed together and are told of one by one.
const MOST_NEWS: usize = 256;

/// A run that was indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    pub(super) id: GenerationId,
    pub(super) change: i64,
    /// How far the run is.
    pub(super) status: Status,
    /// The name of its main model, as it is known now.
    pub(super) model: Option<String>,
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

/// Notes what is done; what has changed since waits on.
pub(super) fn done(session: &mut Session, indexed: &[Indexed]) -> Result<(), Error> {
    let Session { conn, changes, .. } = session;
    let (mut done, mut set_model) = (conn.prepare_cached(DONE)?, conn.prepare_cached(SET_MODEL)?);
    // Searches that are open may find them now. Of an old history nobody waits for each.
    let is_news = indexed.len() <= MOST_NEWS;
    for Indexed { id, change, status, model } in indexed {
        done.execute(params![id.0, change])?;
        // A prompt that can't be read takes nothing away.
        if model.is_some() {
            set_model.execute(params![id.0, model])?;
        }
        if is_news {
            changes.run(*id, *status);
        } else {
            changes.unseen(*id);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn nothing_that_waits_is_looked_for_in_a_whole_table() {
        for query in [super::DONE, super::SET_MODEL] {
            assert_searches(query);
        }
    }
}
