//! How many runs were created in each slot of time, by what the list is asked for: so that counting reads a few thousand
//! rows, however many runs there are.
//!
//! The jobs of the writer note here what they change, and it is written once at the end of a job: sixty runs of a batch lie
//! in a few slots. Triggers would be safer to forget, but SQLite copies every page that a statement with a trigger touches:
//! 16 µs a run and 30 KB of memory, for as long as the job lasts. Only rows that are deleted are taken off by a trigger.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::Error;
use crate::model::{GenerationId, InstanceId, Status, Timestamp};
use crate::sqlite::codes::{Code as _, Coded};

/// The length of the finest slots in milliseconds: a quarter of an hour, since days begin at one in every time zone.
pub(super) const QUARTER: i64 = 900_000;

/// Whose the tallies of all instances together are: no instance has this id.
pub(super) const ALL_INSTANCES: i64 = 0;

/// How many slots of the next finer grain one slot has. Grain 0 are the quarters, 1 four hours, 2 sixteen days.
pub(super) const RATIOS: [i64; 3] = [1, 16, 96];

const ADD: &str = "
    INSERT INTO tallies (instance_id, grain, slot, status, kinds, runs) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT DO UPDATE SET runs = runs + excluded.runs";
const DROP_EMPTY: &str = "
    DELETE FROM tallies
    WHERE instance_id = ?1 AND grain = ?2 AND slot = ?3 AND status = ?4 AND kinds = ?5 AND runs = 0";
const COUNTED: &str = "SELECT instance_id, status, kinds, created_at FROM generations WHERE id = ?1";

/// Where a run is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) instance: InstanceId,
    pub(super) status: Status,
    pub(super) kinds: i64,
    pub(super) created_at: Timestamp,
}

/// Where a run in the store is counted.
pub(super) fn counted(conn: &Connection, id: GenerationId) -> Result<Option<Counted>, Error> {
    Ok(conn.prepare_cached(COUNTED)?.query_row([id.0], counted_from_row).optional()?)
}

/// The same from the columns of [`Counted`].
pub(super) fn counted_from_row(row: &Row<'_>) -> rusqlite::Result<Counted> {
    Ok(Counted {
        instance: InstanceId(row.get("instance_id")?),
        status: row.get::<_, Coded<_>>("status")?.0,
        kinds: row.get("kinds")?,
        created_at: Timestamp::from_millis(row.get("created_at")?),
    })
}

/// What a job changed and hasn't written yet.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    /// By instance, quarter, status, kinds.
    changes: BTreeMap<(i64, i64, i64, i64), i64>,
}

impl Tallies {
    /// Notes a new run.
    pub(super) fn add(&mut self, run: Counted) {
        self.change(run, 1);
    }

    /// Notes that a run is another now.
    pub(super) fn replace(&mut self, before: Counted, after: Counted) {
        if before != after {
            self.change(before, -1);
            self.change(after, 1);
        }
    }

    fn change(&mut self, run: Counted, by: i64) {
        for instance in [ALL_INSTANCES, run.instance.0] {
            let key = (instance, run.created_at.as_millis() / QUARTER, run.status.code(), run.kinds);
            *self.changes.entry(key).or_default() += by;
        }
    }

    /// Writes what was noted.
    pub(super) fn write(&mut self, conn: &Connection) -> Result<(), Error> {
        let mut changes = std::mem::take(&mut self.changes);
        for (grain, ratio) in (0_i64..).zip(RATIOS) {
            let mut coarser = BTreeMap::new();
            for ((instance, slot, status, kinds), by) in changes {
                *coarser.entry((instance, slot / ratio, status, kinds)).or_default() += by;
            }
            changes = coarser;
            for (&(instance, slot, status, kinds), &by) in changes.iter().filter(|(_, by)| **by != 0) {
                conn.prepare_cached(ADD)?.execute(params![instance, grain, slot, status, kinds, by])?;
                if by < 0 {
                    conn.prepare_cached(DROP_EMPTY)?.execute(params![instance, grain, slot, status, kinds])?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn no_tally_is_looked_for_in_a_whole_table() {
        for query in [super::DROP_EMPTY, super::COUNTED] {
            assert_searches(query);
        }
    }
}
