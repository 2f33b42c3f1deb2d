//! The whole database from end to end, for those who verify it or back it up: not for pages, since each of these takes as
//! long as the history is.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Row, params};

use super::attachment::AttachmentKey;
use super::error::Error;
use super::{count, files, open, rows};
use crate::model::{AttachmentState, Digest, FileRef, Filter, GenerationId, InstanceName};
use crate::sqlite::codes::{Coded, DigestBytes};
use crate::sqlite::connection;
use crate::sqlite::error::OfFile as _;

const FILES: &str = "SELECT id, sha256, bytes FROM blobs WHERE id > ?1 ORDER BY id LIMIT ?2";
const KEPT: &str = "SELECT files, bytes FROM kept_files";
/// All of them: no index knows who names a file.
const NAMED: &str = "
    SELECT a.generation_id, a.role, a.idx, a.folder, a.subfolder, a.filename, i.name AS instance, a.blob_id, b.sha256
    FROM attachments a
    JOIN generations g ON g.id = a.generation_id
    JOIN instances i ON i.id = g.instance_id
    LEFT JOIN blobs b ON b.id = a.blob_id
    WHERE a.state = ?1 AND a.filename IS NOT NULL
    ORDER BY a.generation_id, a.role, a.idx";

/// Findings of SQLite's that are told; more say the same.
const MOST_FINDINGS: i64 = 20;

/// A database that is looked at. Blocks; no time limit.
#[derive(Debug)]
pub struct Inspector {
    conn: Connection,
    file: PathBuf,
}

/// A file that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptFile {
    pub id: i64,
    pub digest: Digest,
    /// How long it is.
    pub bytes: u64,
}

/// A place where a run names a file that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// Which of which run.
    pub key: AttachmentKey,
    /// The ComfyUI that it came from.
    pub instance: InstanceName,
    /// How ComfyUI named it.
    pub file: FileRef,
    /// The bytes; `None` when the row names none, though it should.
    pub digest: Option<Digest>,
}

impl Inspector {
    /// Opens the database of a data folder, beside a daemon or without one.
    ///
    /// # Errors
    /// As [`super::History::open`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Self::of(&open::for_reading(folder)?)
    }

    pub(super) fn of(file: &Path) -> Result<Self, Error> {
        let conn = connection::reader(file).map_err(|error| Error::from(error).of_file(file))?;
        Ok(Self { conn, file: file.to_owned() })
    }

    /// What SQLite finds wrong with the database itself; empty when it is sound.
    ///
    /// # Errors
    /// It can't be looked at, for another reason than that it is damaged.
    pub fn findings(&self) -> Result<Vec<String>, Error> {
        let findings = self.integrity().and_then(|mut findings| {
            findings.extend(self.foreign_keys()?);
            Ok(findings)
        });
        match findings.map_err(|error| error.of_file(&self.file)) {
            Err(Error::Corrupt { source, .. }) => Ok(vec![source.to_string()]),
            findings => findings,
        }
    }

    fn integrity(&self) -> Result<Vec<String>, Error> {
        let mut statement = self.conn.prepare(&format!("PRAGMA integrity_check({MOST_FINDINGS})"))?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        let findings = rows.collect::<Result<Vec<_>, _>>()?;
        Ok(findings.into_iter().filter(|finding| finding != "ok").collect())
    }

    fn foreign_keys(&self) -> Result<Vec<String>, Error> {
        let mut statement = self.conn.prepare("PRAGMA foreign_key_check")?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(2)?)))?;
        let most = usize::try_from(MOST_FINDINGS).unwrap_or_default();
        let rows = rows.take(most).collect::<Result<Vec<_>, _>>()?;
        Ok(rows
            .into_iter()
            .map(|(table, named)| format!("a row of {table} names a row of {named} that isn't there"))
            .collect())
    }

    /// How many runs there are.
    pub fn runs(&self) -> Result<u64, Error> {
        count::count(&self.conn, &Filter::default())
    }

    /// How many files are kept, and their bytes.
    pub fn kept(&self) -> Result<(u64, u64), Error> {
        let kept: (i64, i64) =
            self.conn.prepare_cached(KEPT)?.query_row([], |row| Ok((row.get("files")?, row.get("bytes")?)))?;
        Ok((kept.0.unsigned_abs(), kept.1.unsigned_abs()))
    }

    /// The files that are kept, page by page: those after this one, 0 for the first.
    pub fn files(&self, after: i64, most: u32) -> Result<Vec<KeptFile>, Error> {
        let mut statement = self.conn.prepare_cached(FILES)?;
        let rows = statement.query_map(params![after, most], |row| {
            let bytes: i64 = row.get("bytes")?;
            let DigestBytes(digest) = row.get("sha256")?;
            Ok(KeptFile { id: row.get("id")?, digest, bytes: bytes.unsigned_abs() })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a run has the bytes with that digest.
    pub fn has(&self, digest: Digest) -> Result<bool, Error> {
        Ok(files::blob(&self.conn, digest)?.is_some())
    }

    /// Where runs name one of these files, and where a row says that it has its bytes but doesn't say which.
    pub fn named(&self, among: &HashSet<i64>) -> Result<Vec<NamedFile>, Error> {
        let mut statement = self.conn.prepare(NAMED)?;
        let mut rows = statement.query([Coded(AttachmentState::Stored)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let blob: Option<i64> = row.get("blob_id")?;
            if blob.is_none_or(|id| among.contains(&id)) {
                found.push(named(row)?);
            }
        }
        Ok(found)
    }

    pub(super) fn conn(&self) -> &Connection {
        &self.conn
    }
}

fn named(row: &Row<'_>) -> rusqlite::Result<NamedFile> {
    let key = AttachmentKey {
        generation: GenerationId(row.get("generation_id")?),
        role: row.get::<_, Coded<_>>("role")?.0,
        index: row.get("idx")?,
    };
    let empty = || FileRef { folder: String::new(), subfolder: String::new(), filename: String::new() };
    Ok(NamedFile {
        key,
        instance: row.get::<_, String>("instance")?.parse().unwrap_or_default(),
        file: rows::file(row)?.unwrap_or_else(empty),
        digest: row.get::<_, Option<DigestBytes>>("sha256")?.map(|bytes| bytes.0),
    })
}
