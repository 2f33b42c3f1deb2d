//! The files of runs: which are still to be fetched, what became of them, and which bytes we have.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::codes::{Coded, DigestBytes, FolderName};
use super::writer::Session;
use super::{Error, attachments, outputs, places};
use crate::model::{
    AttachmentState, Blob, Digest, FileRef, GenerationId, InstanceId, Role, Status, Timestamp, Trouble,
};

const STATE: &str = "SELECT state FROM attachments WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const MISSING: &str = "UPDATE attachments SET state = ?4, reason = ?5 \
     WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const REASON: &str = "UPDATE attachments SET reason = ?4 WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const LATER: &str = "UPDATE wanted SET attempts = attempts + 1, next_at = ?4 \
     WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const WANTED: &str = "
    SELECT w.generation_id, w.role, w.idx, w.attempts, a.folder, a.subfolder, a.filename, g.finished_at
    FROM wanted w
    JOIN attachments a ON a.generation_id = w.generation_id AND a.role = w.role AND a.idx = w.idx
    JOIN generations g ON g.id = w.generation_id
    WHERE w.instance_id = ?1 AND w.next_at <= ?2
    ORDER BY w.next_at, w.generation_id, w.role, w.idx LIMIT ?3";
const NEXT_WANTED: &str = "SELECT min(next_at) AS next_at FROM wanted WHERE instance_id = ?1";
const RETRY: &str = "UPDATE wanted SET next_at = ?2 WHERE instance_id = ?1 AND next_at > ?2";
const STATUS: &str = "SELECT status FROM generations WHERE id = ?1";
const CREATED: &str = "SELECT instance_id, created_at FROM generations WHERE id = ?1";
/// In one group of runs, so that one index serves.
const NAMED_LATER: &str = "
    SELECT EXISTS (
        SELECT 1 FROM generations g INDEXED BY generations_of_instance
        JOIN attachments a ON a.generation_id = g.id AND a.role = 0
        WHERE g.instance_id = ?1 AND g.status = ?8 AND g.kinds = ?9
            AND g.created_at >= ?2 AND g.created_at <= ?3 AND (g.created_at > ?2 OR g.id > ?4)
            AND a.filename = ?5 AND a.subfolder = ?6 AND a.folder = ?7) AS is_named";
const BLOB: &str = "SELECT sha256, bytes, kind, mime FROM blobs WHERE sha256 = ?1";

/// One attachment of one generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttachmentKey {
    /// Whose.
    pub generation: GenerationId,
    /// Output or input.
    pub role: Role,
    /// Its place.
    pub index: i64,
}

/// A file that is still to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedFile {
    /// Which.
    pub key: AttachmentKey,
    /// How ComfyUI names it.
    pub file: FileRef,
    /// How often it was tried.
    pub attempts: u32,
    /// When its run ended.
    pub finished_at: Option<Timestamp>,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The bytes are in the blobs under their final name.
    Stored(Blob),
    /// They are gone for good; why.
    Missing(Trouble),
    /// Try again at that time; why.
    Later(Trouble, Timestamp),
}

/// Notes what became of files. What is stored stays stored; what was missing may turn up; unknown keys are passed over.
/// Gives the generations that it touched, with their status.
pub(super) fn settle(
    session: &mut Session,
    files: &[(AttachmentKey, Fetched)],
) -> Result<Vec<(GenerationId, Status)>, Error> {
    let Session { conn, tallies, .. } = session;
    for (key, fetched) in files {
        let (run, role, index) = (key.generation.0, Coded(key.role), key.index);
        let state: Option<Coded<AttachmentState>> =
            conn.prepare_cached(STATE)?.query_row(params![run, role, index], |row| row.get("state")).optional()?;
        match (state.map(|state| state.0), fetched) {
            (None | Some(AttachmentState::Stored), _) | (Some(AttachmentState::Missing), Fetched::Later(..)) => {}
            (Some(_), Fetched::Stored(blob)) => {
                attachments::store(conn, *key, blob)?;
                if key.role == Role::Output {
                    outputs::sum_up(conn, tallies, key.generation)?;
                }
            }
            (Some(_), Fetched::Missing(reason)) => {
                let missing = Coded(AttachmentState::Missing);
                conn.prepare_cached(MISSING)?.execute(params![run, role, index, missing, reason.kept()])?;
                attachments::unwant(conn, *key)?;
            }
            (Some(AttachmentState::Pending), Fetched::Later(reason, when)) => {
                conn.prepare_cached(REASON)?.execute(params![run, role, index, reason.kept()])?;
                conn.prepare_cached(LATER)?.execute(params![run, role, index, when.as_millis()])?;
            }
        }
    }
    tallies.write(conn)?;
    let touched: BTreeSet<_> = files.iter().map(|(key, _)| key.generation).collect();
    let mut statuses = Vec::with_capacity(touched.len());
    for id in touched {
        let status =
            conn.prepare_cached(STATUS)?.query_row([id.0], |row| row.get::<_, Coded<Status>>("status")).optional()?;
        statuses.extend(status.map(|status| (id, status.0)));
    }
    Ok(statuses)
}

/// Makes every file of an instance that waits for its next try due now.
pub(super) fn retry(conn: &Connection, instance: InstanceId) -> Result<(), Error> {
    conn.prepare_cached(RETRY)?.execute(params![instance.0, Timestamp::now().as_millis()])?;
    Ok(())
}

/// Files to be fetched by `due`: never tried ones of the newest run first, so that a run that ended just now doesn't wait
/// behind a history that is being fetched; then those that wait longest for another try.
pub(super) fn wanted(
    conn: &Connection,
    instance: InstanceId,
    due: Timestamp,
    limit: u32,
) -> Result<Vec<WantedFile>, Error> {
    let mut statement = conn.prepare_cached(WANTED)?;
    let rows = statement.query_map(params![instance.0, due.as_millis(), limit], |row| {
        let FolderName(folder) = row.get("folder")?;
        Ok(WantedFile {
            key: AttachmentKey {
                generation: GenerationId(row.get("generation_id")?),
                role: row.get::<_, Coded<_>>("role")?.0,
                index: row.get("idx")?,
            },
            file: FileRef { folder, subfolder: row.get("subfolder")?, filename: row.get("filename")? },
            attempts: row.get("attempts")?,
            finished_at: row.get::<_, Option<i64>>("finished_at")?.map(Timestamp::from_millis),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next file is due; `None` when none is wanted.
pub(super) fn next_wanted_at(conn: &Connection, instance: InstanceId) -> Result<Option<Timestamp>, Error> {
    let next: Option<i64> = conn.prepare_cached(NEXT_WANTED)?.query_row([instance.0], |row| row.get("next_at"))?;
    Ok(next.map(Timestamp::from_millis))
}

/// Whether a run of the same instance, created later but not after `until`, names the same file as its output.
pub(super) fn is_named_later(
    conn: &Connection,
    key: AttachmentKey,
    file: &FileRef,
    until: Timestamp,
) -> Result<bool, Error> {
    let run: Option<(i64, i64)> = conn
        .prepare_cached(CREATED)?
        .query_row([key.generation.0], |row| Ok((row.get("instance_id")?, row.get("created_at")?)))
        .optional()?;
    let Some((instance, created_at)) = run else { return Ok(false) };
    let mut statement = conn.prepare_cached(NAMED_LATER)?;
    for group in places::groups_of_instance(conn, instance)? {
        let parameters = params![
            instance,
            created_at,
            until.as_millis(),
            key.generation.0,
            file.filename,
            file.subfolder,
            FolderName(file.folder.as_str()),
            group.status,
            group.kinds,
        ];
        if statement.query_row(parameters, |row| row.get("is_named"))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The bytes with that digest, if a run has them.
pub(super) fn blob(conn: &Connection, digest: Digest) -> Result<Option<Blob>, Error> {
    let mut statement = conn.prepare_cached(BLOB)?;
    let found = statement.query_row([DigestBytes(digest)], blob_from_row).optional()?;
    Ok(found.flatten())
}

/// The blob of a row that may have none.
pub(super) fn blob_from_row(row: &Row<'_>) -> rusqlite::Result<Option<Blob>> {
    let Some(DigestBytes(digest)) = row.get("sha256")? else { return Ok(None) };
    let bytes: i64 = row.get("bytes")?;
    Ok(Some(Blob {
        digest,
        bytes: bytes.unsigned_abs(),
        kind: row.get::<_, Coded<_>>("kind")?.0,
        mime: row.get("mime")?,
    }))
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn no_question_about_files_reads_a_whole_table() {
        for query in [super::STATE, super::WANTED, super::NEXT_WANTED, super::CREATED, super::NAMED_LATER, super::BLOB]
        {
            assert_searches(query);
        }
    }
}
