//! Outputs and inputs of a run on their way into the store: which are new, which are there already.

use rusqlite::{Connection, params};

use super::codes::{Coded, DigestBytes, FolderName};
use super::matching::{Existing, Rows};
use super::tally::Tallies;
use super::{AttachmentKey, Error, outputs};
use crate::model::{AttachmentState, Blob, FileRef, GenerationId, InstanceId, MediaKind, Role, Trouble};

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

/// A file or a text to be added to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttachment {
    /// Output or input.
    pub role: Role,
    /// The node that gave or read it; `None` when no node reported it.
    pub node_id: Option<String>,
    /// The key it was reported under, or the input's name.
    pub key: String,
    /// A guess by its name, until the bytes are here.
    pub kind: MediaKind,
    /// The file or the text.
    pub content: NewContent,
}

impl NewAttachment {
    /// The file, unless it is a text.
    pub fn file(&self) -> Option<&FileRef> {
        self.content.file()
    }
}

/// What an attachment holds when it is first written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewContent {
    /// A file to be fetched: `pending`.
    Wanted(FileRef),
    /// A text that may be the name of a file, which is to be fetched: `pending`. Where there is no such file it is a text.
    Named(FileRef, String),
    /// A file whose bytes are in the blobs already: `stored`.
    Stored(FileRef, Blob),
    /// A file that can never be fetched: `missing`, with the reason.
    Missing(FileRef, Trouble),
    /// A text: `stored`.
    Text(String),
}

impl NewContent {
    /// The file, unless it is a text.
    pub fn file(&self) -> Option<&FileRef> {
        match self {
            Self::Wanted(file) | Self::Named(file, _) | Self::Stored(file, _) | Self::Missing(file, _) => Some(file),
            Self::Text(_) => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Named(_, text) => Some(text),
            Self::Wanted(_) | Self::Stored(..) | Self::Missing(..) => None,
        }
    }

    pub(super) fn blob(&self) -> Option<&Blob> {
        match self {
            Self::Stored(_, blob) => Some(blob),
            Self::Wanted(_) | Self::Named(..) | Self::Missing(..) | Self::Text(_) => None,
        }
    }

    fn state(&self) -> AttachmentState {
        match self {
            Self::Wanted(_) | Self::Named(..) => AttachmentState::Pending,
            Self::Stored(..) | Self::Text(_) => AttachmentState::Stored,
            Self::Missing(..) => AttachmentState::Missing,
        }
    }
}

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
            file: file(row)?,
            text: row.get("text")?,
            digest: row.get::<_, Option<DigestBytes>>("sha256")?.map(|bytes| bytes.0),
            is_taken: false,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The file of a row that may hold a text instead.
pub(super) fn file(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<FileRef>> {
    let Some(FolderName(folder)) = row.get("folder")? else { return Ok(None) };
    Ok(Some(FileRef { folder, subfolder: row.get("subfolder")?, filename: row.get("filename")? }))
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
