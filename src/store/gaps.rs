//! Times in which nothing could be recorded, and when we were last at work.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::Error;
use super::rows;
use crate::model::{Gap, GapKind, GapTally, GenerationId, InstanceId, Timestamp, Trouble};
use crate::sqlite::codes::Coded;

const OPEN: &str = "
    INSERT INTO gaps (instance_id, kind, started_at, reason, is_missed) VALUES (?1, ?2, ?3, ?4, 0)
    ON CONFLICT (instance_id, kind) WHERE ended_at IS NULL DO UPDATE SET reason = coalesce(excluded.reason, reason)";
/// The clock may have been set back meanwhile.
const CLOSE: &str = "
    UPDATE gaps SET ended_at = max(?3, started_at), is_missed = ?4
    WHERE instance_id = ?1 AND kind = ?2 AND ended_at IS NULL";
const DROP: &str = "DELETE FROM gaps WHERE instance_id = ?1 AND kind = ?2 AND ended_at IS NULL";
const ADD_UNSEEN: &str = "
    INSERT INTO gaps (instance_id, kind, started_at, ended_at, is_missed, runs) VALUES (?1, ?2, ?3, max(?3, ?4), 1, ?5)";
/// What grows is news again.
const MORE_UNSEEN: &str =
    "UPDATE gaps SET ended_at = max(?2, ended_at), runs = runs + ?3, dismissed_at = NULL WHERE id = ?1";
/// One that lasts is no past one yet. Said twice, the first time holds.
const DISMISS: &str = "
    UPDATE gaps SET dismissed_at = coalesce(dismissed_at, ?2) WHERE id = ?1 AND ended_at IS NOT NULL
    RETURNING dismissed_at";
const BREAKS: &str = "SELECT after_id FROM breaks WHERE instance_id = ?1 ORDER BY after_id";
const ADD_BREAK: &str = "INSERT OR IGNORE INTO breaks (instance_id, after_id) VALUES (?1, ?2)";
const FORGET_BREAKS: &str = "DELETE FROM breaks WHERE instance_id = ?1";
const GAPS: &str = "
    SELECT g.id, i.name AS instance, g.kind, g.started_at, g.ended_at, g.reason, g.is_missed, g.runs, g.dismissed_at
    FROM gaps g JOIN instances i ON i.id = g.instance_id
    ORDER BY g.started_at DESC, g.id DESC LIMIT ?1";
/// Reads all of them: a few a day.
const TALLIES: &str = "
    SELECT i.name AS instance, g.kind, g.is_missed, count(*) AS gaps
    FROM gaps g JOIN instances i ON i.id = g.instance_id GROUP BY g.instance_id, g.kind, g.is_missed";
const NOTE_ALIVE: &str = "INSERT OR REPLACE INTO meta (key, value) VALUES ('alive_at', ?1)";
const LAST_ALIVE: &str = "SELECT value FROM meta WHERE key = 'alive_at'";

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

pub(super) fn drop(conn: &Connection, instance: InstanceId, kind: GapKind) -> Result<(), Error> {
    conn.prepare_cached(DROP)?.execute(params![instance.0, Coded(kind)])?;
    Ok(())
}

pub(super) fn dismiss(conn: &Connection, gap: i64, at: Timestamp) -> Result<Option<Timestamp>, Error> {
    let mut statement = conn.prepare_cached(DISMISS)?;
    let since = statement.query_row(params![gap, at.as_millis()], |row| row.get("dismissed_at")).optional()?;
    Ok(since.map(Timestamp::from_millis))
}

pub(super) fn note_unseen(
    conn: &Connection,
    instance: InstanceId,
    gap: Option<i64>,
    (from, until): (Timestamp, Timestamp),
    more: u64,
) -> Result<i64, Error> {
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    if let Some(gap) = gap
        && conn.prepare_cached(MORE_UNSEEN)?.execute(params![gap, until.as_millis(), more])? > 0
    {
        return Ok(gap);
    }
    let kind = Coded(GapKind::RunsUnseen);
    conn.prepare_cached(ADD_UNSEEN)?.execute(params![instance.0, kind, from.as_millis(), until.as_millis(), more])?;
    Ok(conn.last_insert_rowid())
}

/// Notes that ComfyUI may have been restarted behind each of these runs.
pub(super) fn note_breaks(conn: &Connection, instance: InstanceId, after: &[GenerationId]) -> Result<(), Error> {
    let mut statement = conn.prepare_cached(ADD_BREAK)?;
    after.iter().try_for_each(|id| Ok(statement.execute(params![instance.0, id.0]).map(|_| ())?))
}

/// Forgets where that may have been.
pub(super) fn forget_breaks(conn: &Connection, instance: InstanceId) -> Result<(), Error> {
    conn.prepare_cached(FORGET_BREAKS)?.execute([instance.0])?;
    Ok(())
}

pub(super) fn breaks(conn: &Connection, instance: InstanceId) -> Result<Vec<GenerationId>, Error> {
    let mut statement = conn.prepare_cached(BREAKS)?;
    let rows = statement.query_map([instance.0], |row| row.get("after_id").map(GenerationId))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn gaps(conn: &Connection, limit: u32) -> Result<Vec<Gap>, Error> {
    let mut statement = conn.prepare_cached(GAPS)?;
    let rows = statement.query_map([limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Gap> {
    Ok(Gap {
        id: row.get("id")?,
        instance: row.get::<_, String>("instance")?.parse().unwrap_or_default(),
        kind: row.get::<_, Coded<_>>("kind")?.0,
        started_at: Timestamp::from_millis(row.get("started_at")?),
        ended_at: rows::time(row, "ended_at")?,
        reason: row.get::<_, Option<String>>("reason")?.map(Trouble::from),
        may_have_missed: row.get("is_missed")?,
        runs: row.get::<_, Option<i64>>("runs")?.map(i64::unsigned_abs),
        dismissed_at: rows::time(row, "dismissed_at")?,
    })
}

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

pub(super) fn note_alive(conn: &Connection, at: Timestamp) -> Result<(), Error> {
    conn.prepare_cached(NOTE_ALIVE)?.execute([at.as_millis().to_string()])?;
    Ok(())
}

pub(super) fn last_alive(conn: &Connection) -> Result<Option<Timestamp>, Error> {
    let text: Option<String> = conn.prepare_cached(LAST_ALIVE)?.query_row([], |row| row.get("value")).optional()?;
    Ok(text.and_then(|text| text.parse().ok()).map(Timestamp::from_millis))
}

#[cfg(test)]
mod tests {
    use crate::store::tests::{assert_searches, plan};

    #[test]
    fn no_question_about_gaps_reads_or_sorts_them_all() {
        for query in [
            super::DISMISS,
            super::CLOSE,
            super::DROP,
            super::LAST_ALIVE,
            super::MORE_UNSEEN,
            super::BREAKS,
            super::FORGET_BREAKS,
        ] {
            assert_searches(query);
        }
        let plan = plan(super::GAPS);
        assert!(plan[0].contains("SCAN g USING INDEX gaps_by_time") && !plan.concat().contains("TEMP"), "{plan:?}");
    }
}
