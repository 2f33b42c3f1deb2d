//! What several queries read alike out of a row.

use rusqlite::Row;

use crate::model::{Blob, FileRef, Timestamp};
use crate::sqlite::codes::{Coded, DigestBytes, FolderName};

/// A time that may be missing.
pub(super) fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_millis))
}

/// The file of a row that may hold a text instead.
pub(super) fn file(row: &Row<'_>) -> rusqlite::Result<Option<FileRef>> {
    let Some(FolderName(folder)) = row.get("folder")? else { return Ok(None) };
    Ok(Some(FileRef { folder, subfolder: row.get("subfolder")?, filename: row.get("filename")? }))
}

/// The blob of a row that may have none.
pub(super) fn blob(row: &Row<'_>) -> rusqlite::Result<Option<Blob>> {
    blob_in(row, ["sha256", "bytes", "kind", "mime"])
}

/// The same, in columns of these names.
pub(super) fn blob_in(row: &Row<'_>, [sha256, bytes, kind, mime]: [&str; 4]) -> rusqlite::Result<Option<Blob>> {
    let Some(DigestBytes(digest)) = row.get(sha256)? else { return Ok(None) };
    let bytes: i64 = row.get(bytes)?;
    let Coded(kind) = row.get(kind)?;
    Ok(Some(Blob { digest, bytes: bytes.unsigned_abs(), kind, mime: row.get(mime)? }))
}
