//! What files that runs read held when they were looked at, until it is decided which bytes a run read; and what it may
//! have read instead, where that can't be known.

use rusqlite::{Connection, params};

use super::attachment::AttachmentKey;
use super::error::Error;
use super::{attachments, rows};
use crate::model::{Blob, GenerationId, Role, Status, StatusReason, Timestamp, Trouble};
use crate::sqlite::codes::{Code, Coded};

const OF: &str = "
    SELECT s.phase, s.written_at, b.sha256, b.bytes, b.kind, b.mime FROM sightings s JOIN blobs b ON b.id = s.blob_id
    WHERE s.generation_id = ?1 AND s.role = ?2 AND s.idx = ?3 AND s.phase < 2 ORDER BY s.phase";
const NOTE: &str = "
    INSERT INTO sightings (generation_id, role, idx, phase, blob_id, written_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT DO UPDATE SET blob_id = excluded.blob_id, written_at = excluded.written_at";
const FORGET: &str = "DELETE FROM sightings WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const SET_REASON: &str = "UPDATE attachments SET reason = ?4 WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const STATUS: &str = "SELECT status FROM generations WHERE id = ?1";
/// To be looked at now, before any other.
const WANT: &str = "
    INSERT INTO wanted (generation_id, role, idx, instance_id, next_at, attempts)
    SELECT id, ?2, ?3, instance_id, -id, 0 FROM generations WHERE id = ?1
    ON CONFLICT DO UPDATE SET next_at = excluded.next_at, attempts = 0";
const READ_FILES: &str = "
    SELECT idx FROM attachments WHERE generation_id = ?1 AND role = ?2 AND filename IS NOT NULL ORDER BY idx";
const FORGET_ALL: &str = "DELETE FROM sightings WHERE generation_id = ?1 AND role = ?2";
const FORGET_BYTES: &str = "DELETE FROM sightings WHERE blob_id = ?1";

/// How far a run was when a file that it reads was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// It waited in the queue.
    Waiting,
    /// ComfyUI worked on it.
    Running,
    Ended,
}

impl From<Status> for Phase {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Waiting,
            Status::InProgress => Self::Running,
            Status::Completed | Status::Failed | Status::Cancelled | Status::Lost => Self::Ended,
        }
    }
}

impl Code for Phase {
    const WORDS: &'static [Self] = &[Self::Waiting, Self::Running, Self::Ended];

    fn code(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Running => 1,
            Self::Ended => 2,
        }
    }
}

/// What a file held when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// How far its run was.
    pub phase: Phase,
    /// The bytes, which are in the blobs.
    pub blob: Blob,
    /// When the file was last written, as far as its source says.
    pub written_at: Option<Timestamp>,
}

/// What a run read, as far as can be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The bytes that it read, or most probably did.
    pub blob: Blob,
    /// What it may have read instead.
    pub other: Option<Blob>,
    /// Why it isn't sure; `None` when it is.
    pub doubt: Option<Trouble>,
}

/// What a file was seen to hold while its run was open, in order.
pub(super) fn of(conn: &Connection, key: AttachmentKey) -> Result<Vec<Sighting>, Error> {
    let mut statement = conn.prepare_cached(OF)?;
    let rows = statement.query_map(params![key.generation.0, Coded(key.role), key.index], |row| {
        let blob = rows::blob(row)?;
        let written_at = rows::time(row, "written_at")?;
        let phase = row.get::<_, Coded<_>>("phase")?.0;
        Ok(blob.map(|blob| Sighting { phase, blob, written_at }))
    })?;
    Ok(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

/// Notes what a file holds while its run is open: for as long as nothing newer is known, that is what the run reads.
pub(super) fn note(conn: &Connection, key: AttachmentKey, sighting: &Sighting) -> Result<(), Error> {
    put(conn, key, sighting.phase, &sighting.blob, sighting.written_at)?;
    attachments::store(conn, key, &sighting.blob)?;
    let Coded(now): Coded<Status> =
        conn.prepare_cached(STATUS)?.query_row([key.generation.0], |row| row.get("status"))?;
    // The run went on while the file was fetched: that was one look for two.
    if Phase::from(now) == sighting.phase { Ok(()) } else { want(conn, key) }
}

/// Notes what a run read that has ended.
pub(super) fn decide(conn: &Connection, key: AttachmentKey, read: &Read) -> Result<(), Error> {
    let (run, role, index) = (key.generation.0, Coded(key.role), key.index);
    attachments::store(conn, key, &read.blob)?;
    conn.prepare_cached(FORGET)?.execute(params![run, role, index])?;
    if let Some(doubt) = &read.doubt {
        conn.prepare_cached(SET_REASON)?.execute(params![run, role, index, doubt.kept()])?;
    }
    if let Some(other) = &read.other {
        put(conn, key, Phase::Ended, other, None)?;
    }
    Ok(())
}

/// What a change of a run's status means for the files that it reads: when it starts and when it ends, they are looked at
/// again.
pub(super) fn run_went_on(
    conn: &Connection,
    run: GenerationId,
    before: Status,
    now: (Status, Option<StatusReason>),
) -> Result<(), Error> {
    let has_read = match now {
        (Status::InProgress | Status::Completed | Status::Failed, _) => true,
        (Status::Cancelled, reason) => reason != Some(StatusReason::Dequeued),
        (Status::Lost, _) => before == Status::InProgress,
        (Status::Pending, _) => return Ok(()),
    };
    if !has_read {
        conn.prepare_cached(FORGET_ALL)?.execute(params![run.0, Coded(Role::Input)])?;
        return Ok(());
    }
    let mut statement = conn.prepare_cached(READ_FILES)?;
    let rows = statement.query_map(params![run.0, Coded(Role::Input)], |row| row.get("idx"))?;
    for index in rows {
        want(conn, AttachmentKey { generation: run, role: Role::Input, index: index? })?;
    }
    Ok(())
}

/// Forgets bytes that are no good.
pub(super) fn forget_bytes(conn: &Connection, blob: i64) -> Result<(), Error> {
    conn.prepare_cached(FORGET_BYTES)?.execute([blob])?;
    Ok(())
}

fn want(conn: &Connection, key: AttachmentKey) -> Result<(), Error> {
    conn.prepare_cached(WANT)?.execute(params![key.generation.0, Coded(key.role), key.index])?;
    Ok(())
}

fn put(
    conn: &Connection,
    key: AttachmentKey,
    phase: Phase,
    blob: &Blob,
    written_at: Option<Timestamp>,
) -> Result<(), Error> {
    let (run, role, blob) = (key.generation.0, Coded(key.role), attachments::blob_id(conn, blob)?);
    let written_at = written_at.map(Timestamp::as_millis);
    conn.prepare_cached(NOTE)?.execute(params![run, role, key.index, Coded(phase), blob, written_at])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn no_question_about_what_was_read_reads_a_whole_table() {
        for query in
            [super::OF, super::STATUS, super::READ_FILES, super::FORGET, super::FORGET_ALL, super::FORGET_BYTES]
        {
            assert_searches(query);
        }
    }
}
