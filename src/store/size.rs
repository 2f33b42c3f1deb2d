//! How much is kept, without reading it.

use std::path::Path;

use rusqlite::Connection;

use super::{Error, count};
use crate::model::{Filter, Size};

/// One row, kept by triggers.
const FILES: &str = "SELECT files, bytes FROM kept_files";

/// How much is kept; `file` is the database.
pub(super) fn size(conn: &Connection, file: &Path) -> Result<Size, Error> {
    let (files, bytes): (i64, i64) =
        conn.prepare_cached(FILES)?.query_row([], |row| Ok((row.get("files")?, row.get("bytes")?)))?;
    // The log is there while the database is open. A file that can't be asked for its length counts as nothing.
    let length = |path: &Path| path.metadata().map_or(0, |found| found.len());
    Ok(Size {
        records_bytes: length(file) + length(&file.with_extension("db-wal")),
        generations: count::count(conn, &Filter::default())?,
        files: files.unsigned_abs(),
        files_bytes: bytes.unsigned_abs(),
    })
}
