//! Which runs a job of the writer changed: published when they are durable, by the writer itself, so that nobody who
//! writes can forget to tell the pages.
//!
//! In tests the database keeps its own account of the runs whose rows change, and a job that leaves one out fails.

use rusqlite::{Connection, OptionalExtension as _};

use super::error::Error;
use crate::live::Live;
use crate::model::{Event, GenerationId, Status};
use crate::sqlite::codes::Coded;

const STATUS: &str = "SELECT status FROM generations WHERE id = ?1";

/// The runs that jobs changed, in order.
#[derive(Debug, Default)]
pub(super) struct Changes {
    runs: Vec<(GenerationId, Status)>,
    #[cfg(test)]
    untold: Vec<GenerationId>,
}

impl Changes {
    /// A run was changed, and has this status now.
    pub(super) fn run(&mut self, id: GenerationId, status: Status) {
        self.runs.push((id, status));
    }

    /// A run was changed, if it is there, and has the status that its row says.
    pub(super) fn run_as_it_is(&mut self, conn: &Connection, id: GenerationId) -> Result<(), Error> {
        let status =
            conn.prepare_cached(STATUS)?.query_row([id.0], |row| row.get::<_, Coded<_>>("status")).optional()?;
        self.runs.extend(status.map(|status| (id, status.0)));
        Ok(())
    }

    /// A run was changed in a way that no page waits for: no event says so.
    pub(super) fn unseen(&mut self, id: GenerationId) {
        #[cfg(test)]
        self.untold.push(id);
        #[cfg(not(test))]
        let _ = id;
    }

    /// Takes over what another has.
    pub(super) fn append(&mut self, mut other: Self) {
        self.runs.append(&mut other.runs);
    }

    /// Tells whoever listens. What is told is durable.
    pub(super) fn publish(self, live: &Live) {
        self.runs.into_iter().for_each(|(id, status)| live.publish(Event::Generation { id, status }));
    }
}

/// The database's own account of the runs whose rows a job changed.
#[cfg(test)]
pub(super) mod account {
    use std::collections::BTreeSet;

    use super::*;

    /// Begins to keep it.
    pub(crate) fn keep(conn: &Connection) {
        let mut sql = "CREATE TEMP TABLE changed_runs (id INTEGER);".to_owned();
        for (table, column) in [("generations", "id"), ("attachments", "generation_id"), ("documents", "generation_id")]
        {
            for (event, row) in [("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old")] {
                sql += &format!(
                    "CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON main.{table}
                     BEGIN INSERT INTO changed_runs VALUES ({row}.{column}); END;"
                );
            }
        }
        conn.execute_batch(&sql).unwrap();
    }

    /// Fails when a run was changed that the job doesn't tell of.
    pub(crate) fn check(conn: &Connection, changes: &Changes) {
        let told: BTreeSet<i64> =
            changes.runs.iter().map(|(id, _)| id.0).chain(changes.untold.iter().map(|id| id.0)).collect();
        let mut statement = conn.prepare_cached("SELECT DISTINCT id FROM changed_runs").unwrap();
        let changed: BTreeSet<i64> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert!(changed.is_subset(&told), "runs were changed and nobody is told: {changed:?}, told: {told:?}");
        conn.execute_batch("DELETE FROM changed_runs").unwrap();
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Event, GenerationId, Status};
    use crate::store::Store;
    use crate::store::error::Error;
    use crate::store::tests::{Fixture, assert_searches, run};

    #[test]
    fn a_status_is_looked_up_by_its_run() {
        assert_searches(super::STATUS);
    }

    #[tokio::test]
    async fn what_is_written_is_told_when_it_is_durable_and_in_its_order() {
        let f = Fixture::new().await;
        let mut events = f.store.live().events();
        let first = f.save_one(run("a", Status::Pending, 0)).await;
        let second = f.save_one(run("b", Status::Completed, 1)).await;
        for (id, status) in [(first, Status::Pending), (second, Status::Completed)] {
            assert_eq!(events.try_recv().unwrap().1, Event::Generation { id, status }, "told before save returned");
        }
        let unknown = crate::store::Save { id: Some(GenerationId(99)), ..run("c", Status::Failed, 2) };
        let batch = vec![run("d", Status::Failed, 3), unknown];
        f.store.save(f.instance, &crate::model::Comfyui::default(), batch).await.unwrap_err();
        assert!(events.try_recv().is_err(), "what was taken back isn't told");
    }

    #[tokio::test]
    async fn a_write_that_forgets_to_tell_of_a_run_fails_in_tests() {
        let f = Fixture::new().await;
        let id = f.save_one(run("a", Status::Pending, 0)).await;
        for (forgets, sql) in [
            (true, "UPDATE generations SET model = 'm' WHERE id = 1"),
            (true, "INSERT INTO documents (generation_id, kind, data) VALUES (1, 0, x'00')"),
            (false, "INSERT OR REPLACE INTO meta (key, value) VALUES ('a', 'b')"),
        ] {
            let forgetful = f.store.writer.write(move |session| Ok(session.conn.execute(sql, []).map(drop)?)).await;
            assert_eq!(matches!(forgetful, Err(Error::Panicked)), forgets, "{sql}: {forgetful:?}");
        }
        let honest = |store: Store| async move {
            let work = move |session: &mut crate::store::writer::Session| {
                session.conn.execute("UPDATE generations SET model = 'm' WHERE id = 1", [])?;
                session.changes.run_as_it_is(&session.conn, id)
            };
            store.writer.write(work).await
        };
        honest(f.store.clone()).await.unwrap();
    }
}
