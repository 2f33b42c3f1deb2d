//! Times in which nothing could be recorded, and when we were last at work.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Error;
use super::codes::Coded;
use crate::model::{Gap, GapKind, GapTally, InstanceId, Timestamp, Trouble};

const OPEN: &str = "
    INSERT INTO gaps (instance_id, kind, started_at, reason, is_missed) VALUES (?1, ?2, ?3, ?4, 0)
    ON CONFLICT (instance_id, kind) WHERE ended_at IS NULL DO UPDATE SET reason = coalesce(excluded.reason, reason)";
/// The clock may have been set back meanwhile.
const CLOSE: &str = "
    UPDATE gaps SET ended_at = max(?3, started_at), is_missed = ?4
    WHERE instance_id = ?1 AND kind = ?2 AND ended_at IS NULL";
const DROP: &str = "DELETE FROM gaps WHERE instance_id = ?1 AND kind = ?2 AND ended_at IS NULL";
const GAPS: &str = "
    SELECT i.name AS instance, g.kind, g.started_at, g.ended_at, g.reason, g.is_missed
    FROM gaps g JOIN instances i ON i.id = g.instance_id
    ORDER BY g.started_at DESC, g.id DESC LIMIT ?1";
/// Reads all of them: a few a day.
const TALLIES: &str = "
    SELECT i.name AS instance, g.kind, g.is_missed, count(*) AS gaps
    FROM gaps g JOIN instances i ON i.id = g.instance_id GROUP BY g.instance_id, g.kind, g.is_missed";
const NOTE_ALIVE: &str = "INSERT OR REPLACE INTO meta (key, value) VALUES ('alive_at', ?1)";
const LAST_ALIVE: &str = "SELECT value FROM meta WHERE key = 'alive_at'";

/// Opens a gap; one that is open stays, with the newer reason.
pub(super) fn open(
    conn: &Connection,
    instance: InstanceId,
    kind: GapKind,
    started_at: Timestamp,
    reason: Option<&Trouble>,
) -> Result<(), Error> {
    conn.prepare_cached(OPEN)?.execute(params![
        instance.0,
        Coded(kind),
        started_at.as_millis(),
        reason.map(Trouble::kept)
    ])?;
    Ok(())
}

/// Closes the gap that is open, if one is.
pub(super) fn close(
    conn: &Connection,
    instance: InstanceId,
    kind: GapKind,
    ended_at: Timestamp,
    may_have_missed: bool,
) -> Result<(), Error> {
    conn.prepare_cached(CLOSE)?.execute(params![instance.0, Coded(kind), ended_at.as_millis(), may_have_missed])?;
    Ok(())
}

/// Forgets the gap that is open, if one is.
pub(super) fn drop(conn: &Connection, instance: InstanceId, kind: GapKind) -> Result<(), Error> {
    conn.prepare_cached(DROP)?.execute(params![instance.0, Coded(kind)])?;
    Ok(())
}

/// The last gaps, the latest to start first.
pub(super) fn gaps(conn: &Connection, limit: u32) -> Result<Vec<Gap>, Error> {
    let mut statement = conn.prepare_cached(GAPS)?;
    let rows = statement.query_map([limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Gap> {
    Ok(Gap {
        instance: row.get::<_, String>("instance")?.parse().unwrap_or_default(),
        kind: row.get::<_, Coded<_>>("kind")?.0,
        started_at: Timestamp::from_millis(row.get("started_at")?),
        ended_at: row.get::<_, Option<i64>>("ended_at")?.map(Timestamp::from_millis),
        reason: row.get::<_, Option<String>>("reason")?.map(Trouble::from),
        may_have_missed: row.get("is_missed")?,
    })
}

/// How many gaps there ever were.
pub(super) fn tallies(conn: &Connection) -> Result<Vec<GapTally>, Error> {
    let mut statement = conn.prepare_cached(TALLIES)?;
    let rows = statement.query_map([], |row| {
        Ok(GapTally {
            instance: row.get::<_, String>("instance")?.parse().unwrap_or_default(),
            kind: row.get::<_, Coded<_>>("kind")?.0,
            may_have_missed: row.get("is_missed")?,
            gaps: row.get::<_, i64>("gaps")?.unsigned_abs(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes that we are at work.
pub(super) fn note_alive(conn: &Connection, at: Timestamp) -> Result<(), Error> {
    conn.prepare_cached(NOTE_ALIVE)?.execute([at.as_millis().to_string()])?;
    Ok(())
}

/// When that was noted last.
pub(super) fn last_alive(conn: &Connection) -> Result<Option<Timestamp>, Error> {
    let text: Option<String> = conn.prepare_cached(LAST_ALIVE)?.query_row([], |row| row.get("value")).optional()?;
    Ok(text.and_then(|text| text.parse().ok()).map(Timestamp::from_millis))
}

#[cfg(test)]
mod tests {
    use crate::store::tests::{assert_searches, plan};

    #[test]
    fn no_question_about_gaps_reads_or_sorts_them_all() {
        for query in [super::CLOSE, super::DROP, super::LAST_ALIVE] {
            assert_searches(query);
        }
        let plan = plan(super::GAPS);
        assert!(plan[0].contains("SCAN g USING INDEX gaps_by_time") && !plan.concat().contains("TEMP"), "{plan:?}");
    }
}
