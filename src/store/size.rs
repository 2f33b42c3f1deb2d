//! How much is kept, without reading it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::count;
use super::error::Error;
use crate::model::{Filter, Size};

/// One row, kept by triggers.
const FILES: &str = "SELECT files, bytes FROM kept_files";
/// As many as wait: few. Files that are kept may be looked at again; those don't wait.
const PENDING: &str = "
    SELECT count(*) AS files FROM wanted w
    CROSS JOIN attachments a ON a.generation_id = w.generation_id AND a.role = w.role AND a.idx = w.idx
    WHERE a.state = 0";
/// An index of nothing else.
const MISSING: &str = "SELECT count(*) AS files FROM attachments INDEXED BY attachments_missing WHERE state = 2";

/// How much is kept; `databases` are the files of the records and of their index.
pub(super) fn size(conn: &Connection, databases: &[PathBuf]) -> Result<Size, Error> {
    let (files, bytes): (i64, i64) =
        conn.prepare_cached(FILES)?.query_row([], |row| Ok((row.get("files")?, row.get("bytes")?)))?;
    // The log is there while a database is open. A file that can't be asked for its length counts as nothing.
    let length = |path: &Path| path.metadata().map_or(0, |found| found.len());
    Ok(Size {
        records_bytes: databases.iter().map(|file| length(file) + length(&file.with_extension("db-wal"))).sum(),
        generations: count::count(conn, &Filter::default())?,
        files: files.unsigned_abs(),
        files_bytes: bytes.unsigned_abs(),
        pending_files: number(conn, PENDING)?,
        missing_files: number(conn, MISSING)?,
    })
}

fn number(conn: &Connection, query: &str) -> Result<u64, Error> {
    let files: i64 = conn.prepare_cached(query)?.query_row([], |row| row.get("files"))?;
    Ok(files.unsigned_abs())
}
