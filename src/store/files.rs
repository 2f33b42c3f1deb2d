//! The files of runs: which are still to be fetched, what became of them, and which bytes we have.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::attachment::AttachmentKey;
use super::error::Error;
use super::sightings::{self, Read, Sighting};
use super::writer::Session;
use super::{attachments, outputs, places, rows, unindexed};
use crate::model::{
    AttachmentState, Blob, Digest, FileRef, GenerationId, InstanceId, MediaKind, Role, Status, Timestamp, Trouble,
};
use crate::sqlite::codes::{Coded, DigestBytes, FolderName};

const STATE: &str = "SELECT state FROM attachments WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const MISSING: &str = "UPDATE attachments SET state = ?4, reason = ?5 \
     WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
/// ?4…: the name under which it was found.
const RENAME: &str = "UPDATE attachments SET folder = ?4, subfolder = ?5, filename = ?6 \
     WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const IS_TEXT: &str = "UPDATE attachments SET state = ?4, kind = ?5, folder = NULL, subfolder = NULL, filename = NULL, \
     reason = NULL WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const FORGET: &str = "DELETE FROM attachments WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const REASON: &str = "UPDATE attachments SET reason = ?4 WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const LATER: &str = "UPDATE wanted SET attempts = attempts + 1, next_at = ?4 \
     WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const WANTED: &str = "
    SELECT w.generation_id, w.role, w.idx, w.attempts, a.key, a.folder, a.subfolder, a.filename, a.text,
        g.status, g.started_at, g.finished_at
    FROM wanted w
    JOIN attachments a ON a.generation_id = w.generation_id AND a.role = w.role AND a.idx = w.idx
    JOIN generations g ON g.id = w.generation_id
    WHERE w.instance_id = ?1 AND w.next_at <= ?2
    ORDER BY w.next_at, w.generation_id, w.role, w.idx LIMIT ?3";
const NEXT_WANTED: &str = "SELECT min(next_at) AS next_at FROM wanted WHERE instance_id = ?1";
const RETRY: &str = "UPDATE wanted SET next_at = ?2 WHERE instance_id = ?1 AND next_at > ?2";
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

/// A file that is still to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedFile {
    pub key: AttachmentKey,
    /// How ComfyUI names it.
    pub file: FileRef,
    /// The text that may be its name, where the file was told of by no more than that.
    pub told: Option<String>,
    /// The key it was reported under, or the input's name.
    pub reported_as: String,
    /// How often it was tried.
    pub attempts: u32,
    /// How far its run is.
    pub status: Status,
    /// When its run started.
    pub started_at: Option<Timestamp>,
    /// When its run ended.
    pub finished_at: Option<Timestamp>,
    /// What a file to be read held when it was looked at before, while its run was open.
    pub seen: Vec<Sighting>,
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
    /// The bytes are in the blobs; the file had this name, not the one that it was told of by.
    Found(FileRef, Blob),
    /// There is no such file, so what was told is a text; of a file to be read, that none was.
    NoFile,
    /// What a file to be read held while its run was open.
    Seen(Sighting),
    /// What a run read that has ended.
    Read(Read),
}

/// Notes what became of files. What is stored stays stored; what was missing may turn up; unknown keys are passed over.
pub(super) fn settle(session: &mut Session, files: &[(AttachmentKey, Fetched)]) -> Result<(), Error> {
    let Session { conn, tallies, changes, .. } = session;
    let mut changed = BTreeSet::new();
    for (key, fetched) in files {
        if settle_one(conn, *key, fetched)? && key.role == Role::Output {
            changed.insert(key.generation);
        }
    }
    // Once for each run: it reads all of its outputs.
    for run in changed {
        outputs::sum_up(conn, tallies, run)?;
    }
    tallies.write(conn)?;
    let touched: BTreeSet<_> = files.iter().map(|(key, _)| key.generation).collect();
    touched.into_iter().try_for_each(|run| changes.run_as_it_is(conn, run))
}

/// Gives whether that changed what there is of the run.
fn settle_one(conn: &Connection, key: AttachmentKey, fetched: &Fetched) -> Result<bool, Error> {
    let (run, role, index) = (key.generation.0, Coded(key.role), key.index);
    let state: Option<Coded<AttachmentState>> =
        conn.prepare_cached(STATE)?.query_row(params![run, role, index], |row| row.get("state")).optional()?;
    let Some(Coded(state)) = state else { return Ok(false) };
    match fetched {
        Fetched::Seen(sighting) => return sightings::note(conn, key, sighting).map(|()| false),
        Fetched::Read(read) => return sightings::decide(conn, key, read).map(|()| false),
        Fetched::Later(reason, when) if state != AttachmentState::Missing => {
            if state == AttachmentState::Pending {
                conn.prepare_cached(REASON)?.execute(params![run, role, index, reason.kept()])?;
            }
            conn.prepare_cached(LATER)?.execute(params![run, role, index, when.as_millis()])?;
            return Ok(false);
        }
        _ if state == AttachmentState::Stored => {
            // It was to be looked at again, and can't be.
            return attachments::unwant(conn, key).map(|()| false);
        }
        Fetched::Later(..) => return Ok(false),
        Fetched::Stored(blob) => attachments::store(conn, key, blob)?,
        Fetched::Found(file, blob) => {
            let folder = FolderName(file.folder.as_str());
            conn.prepare_cached(RENAME)?.execute(params![run, role, index, folder, file.subfolder, file.filename])?;
            attachments::store(conn, key, blob)?;
        }
        Fetched::NoFile if key.role == Role::Input => {
            conn.prepare_cached(FORGET)?.execute(params![run, role, index])?;
            return Ok(false);
        }
        Fetched::NoFile => {
            let (stored, text) = (Coded(AttachmentState::Stored), Coded(MediaKind::Text));
            conn.prepare_cached(IS_TEXT)?.execute(params![run, role, index, stored, text])?;
            attachments::unwant(conn, key)?;
            outputs::note_found_text(conn, key.generation, index)?;
            unindexed::note(conn, key.generation)?;
        }
        Fetched::Missing(reason) => {
            let missing = Coded(AttachmentState::Missing);
            conn.prepare_cached(MISSING)?.execute(params![run, role, index, missing, reason.kept()])?;
            return attachments::unwant(conn, key).map(|()| false);
        }
    }
    Ok(true)
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
    let rows = statement.query_map(params![instance.0, due.as_millis(), limit], wanted_from_row)?;
    let mut files = rows.collect::<Result<Vec<_>, _>>()?;
    for file in files.iter_mut().filter(|file| file.key.role == Role::Input) {
        file.seen = sightings::of(conn, file.key)?;
    }
    Ok(files)
}

fn wanted_from_row(row: &Row<'_>) -> rusqlite::Result<WantedFile> {
    let FolderName(folder) = row.get("folder")?;
    Ok(WantedFile {
        key: AttachmentKey {
            generation: GenerationId(row.get("generation_id")?),
            role: row.get::<_, Coded<_>>("role")?.0,
            index: row.get("idx")?,
        },
        file: FileRef { folder, subfolder: row.get("subfolder")?, filename: row.get("filename")? },
        told: row.get("text")?,
        reported_as: row.get("key")?,
        attempts: row.get("attempts")?,
        status: row.get::<_, Coded<_>>("status")?.0,
        started_at: rows::time(row, "started_at")?,
        finished_at: rows::time(row, "finished_at")?,
        seen: Vec::new(),
    })
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
    let found = statement.query_row([DigestBytes(digest)], rows::blob).optional()?;
    Ok(found.flatten())
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
