//! Outputs and inputs of a run on their way into the store: which are new, which are there already.

use rusqlite::{Connection, params};

use super::attachment::{AttachmentKey, NewAttachment, NewContent};
use super::error::Error;
use super::matching::{Existing, Rows};
use super::tally::Tallies;
use super::{outputs, rows};
use crate::model::{AttachmentState, Blob, GenerationId, InstanceId, Role};
use crate::sqlite::codes::{Coded, DigestBytes, FolderName};

const EXISTING: &str = "
    SELECT a.role, a.idx, a.node_id, a.key, a.state, a.folder, a.subfolder, a.filename, a.text, b.sha256
    FROM attachments a LEFT JOIN blobs b ON b.id = a.blob_id
    WHERE a.generation_id = ?1 ORDER BY a.role, a.idx";
const INSERT: &str = "
    INSERT INTO attachments (generation_id, role, idx, state, node_id, key, kind, folder, subfolder, filename, text,
        reason, blob_id)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
const WANT: &str = "INSERT INTO wanted (generation_id, role, idx, instance_id, next_at, attempts) \
     VALUES (?1, ?2, ?3, ?4, -?1, 0)";
const ADOPT: &str = "UPDATE attachments SET node_id = ?4, key = ?5 WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const STORE: &str = "UPDATE attachments SET state = ?4, blob_id = ?5, reason = NULL \
     WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const UNWANT: &str = "DELETE FROM wanted WHERE generation_id = ?1 AND role = ?2 AND idx = ?3";
const ADD_BLOB: &str = "INSERT INTO blobs (sha256, bytes, kind, mime) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
const BLOB_ID: &str = "SELECT id FROM blobs WHERE sha256 = ?1";

/// Adds what the run doesn't have. Doing it twice changes nothing.
pub(super) fn save(
    conn: &Connection,
    tallies: &mut Tallies,
    instance: InstanceId,
    run: GenerationId,
    is_new: bool,
    attachments: &[NewAttachment],
) -> Result<(), Error> {
    if attachments.is_empty() {
        return Ok(());
    }
    let rows = if is_new { Vec::new() } else { existing(conn, run)? };
    let mut rows = Rows::new(rows, attachments);
    for new in attachments {
        match rows.find(new) {
            Some(row) => merge(conn, run, row, new)?,
            None => {
                let row = add(conn, instance, run, rows.next_index(new.role), new)?;
                rows.add(row);
            }
        }
    }
    outputs::sum_up(conn, tallies, run)
}

/// What a new attachment tells of one that is there: the node that reported it, or its bytes.
fn merge(conn: &Connection, run: GenerationId, row: &mut Existing, new: &NewAttachment) -> Result<(), Error> {
    let key = AttachmentKey { generation: run, role: row.role, index: row.index };
    row.is_taken = true;
    if row.node_id.is_none() && new.node_id.is_some() {
        conn.prepare_cached(ADOPT)?.execute(params![run.0, Coded(row.role), row.index, new.node_id, new.key])?;
        row.node_id.clone_from(&new.node_id);
        row.key.clone_from(&new.key);
    }
    if let Some(blob) = new.content.blob() {
        // Nobody but the watcher says what an unreported file holds: its last word is how the run left the file.
        let is_rewritten = row.node_id.is_none() && row.digest != Some(blob.digest);
        if row.state != AttachmentState::Stored || is_rewritten {
            store(conn, key, blob)?;
            row.state = AttachmentState::Stored;
            row.digest = Some(blob.digest);
        }
    }
    Ok(())
}

fn add(
    conn: &Connection,
    instance: InstanceId,
    run: GenerationId,
    index: i64,
    new: &NewAttachment,
) -> Result<Existing, Error> {
    let (file, blob) = (new.content.file(), new.content.blob());
    let reason = match &new.content {
        NewContent::Missing(_, reason) => Some(reason.kept()),
        NewContent::Wanted(_) | NewContent::Named(..) | NewContent::Stored(..) | NewContent::Text(_) => None,
    };
    conn.prepare_cached(INSERT)?.execute(params![
        run.0,
        Coded(new.role),
        index,
        Coded(new.content.state()),
        new.node_id,
        new.key,
        Coded(new.kind),
        file.map(|file| FolderName(file.folder.as_str())),
        file.map(|file| &file.subfolder),
        file.map(|file| &file.filename),
        new.content.text(),
        reason,
        blob.map(|blob| blob_id(conn, blob)).transpose()?,
    ])?;
    if new.content.state() == AttachmentState::Pending {
        conn.prepare_cached(WANT)?.execute(params![run.0, Coded(new.role), index, instance.0])?;
    }
    if let NewContent::Text(text) = &new.content
        && new.role == Role::Output
    {
        outputs::note_text(conn, run, text)?;
    }
    Ok(Existing {
        role: new.role,
        index,
        node_id: new.node_id.clone(),
        key: new.key.clone(),
        state: new.content.state(),
        file: file.cloned(),
        text: new.content.text().map(str::to_owned),
        digest: blob.map(|blob| blob.digest),
        is_taken: true,
    })
}

fn existing(conn: &Connection, run: GenerationId) -> Result<Vec<Existing>, Error> {
    let mut statement = conn.prepare_cached(EXISTING)?;
    let rows = statement.query_map([run.0], |row| {
        Ok(Existing {
            role: row.get::<_, Coded<_>>("role")?.0,
            index: row.get("idx")?,
            node_id: row.get("node_id")?,
            key: row.get("key")?,
            state: row.get::<_, Coded<_>>("state")?.0,
            file: rows::file(row)?,
            text: row.get("text")?,
            digest: row.get::<_, Option<DigestBytes>>("sha256")?.map(|bytes| bytes.0),
            is_taken: false,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes that the bytes of an attachment are in the blobs.
pub(super) fn store(conn: &Connection, key: AttachmentKey, blob: &Blob) -> Result<(), Error> {
    let blob = blob_id(conn, blob)?;
    let (run, role, index) = (key.generation.0, Coded(key.role), key.index);
    conn.prepare_cached(STORE)?.execute(params![run, role, index, Coded(AttachmentState::Stored), blob])?;
    unwant(conn, key)
}

/// Takes a file off the list of those to be fetched.
pub(super) fn unwant(conn: &Connection, key: AttachmentKey) -> Result<(), Error> {
    conn.prepare_cached(UNWANT)?.execute(params![key.generation.0, Coded(key.role), key.index])?;
    Ok(())
}

pub(super) fn blob_id(conn: &Connection, blob: &Blob) -> Result<i64, Error> {
    let bytes = i64::try_from(blob.bytes).unwrap_or(i64::MAX);
    let added = conn.prepare_cached(ADD_BLOB)?.execute(params![
        DigestBytes(blob.digest),
        bytes,
        Coded(blob.kind),
        blob.mime
    ])?;
    if added == 1 {
        return Ok(conn.last_insert_rowid());
    }
    Ok(conn.prepare_cached(BLOB_ID)?.query_row([DigestBytes(blob.digest)], |row| row.get("id"))?)
}
