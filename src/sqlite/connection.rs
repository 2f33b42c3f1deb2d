//! Connections that only read, and what all connections have in common.

use std::fs;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::disk::beside;
use crate::model::percent_encode;

/// Settings of a reader: no more memory than the page cache says, for it is held while idle.
const READER_SETTINGS: &str = "
    PRAGMA query_only = ON;
    PRAGMA busy_timeout = 5000;
    PRAGMA cache_size = -2048;
    PRAGMA temp_store = MEMORY;
";

/// Statements that a connection keeps prepared.
pub const STATEMENTS: usize = 128;

/// Opens a connection that can only read.
pub fn reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags)?;
    let conn = if is_sealed(&conn, file) {
        Connection::open_with_flags(sealed(file), flags | OpenFlags::SQLITE_OPEN_URI)?
    } else {
        conn
    };
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.execute_batch(READER_SETTINGS)?;
    keep_plans(&conn)?;
    Ok(conn)
}

/// Plans depend on the query alone. Else SQLite makes a plan anew for each value that is compared with what a partial
/// index asks for, as `status` is: preparing takes longer than most of our queries do.
pub fn keep_plans(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Whether nobody can write there, us included, as on a snapshot: then SQLite can't put its shared memory beside the file,
/// and without a log there is nobody to share with.
fn is_sealed(conn: &Connection, file: &Path) -> bool {
    let looked = conn.query_row("PRAGMA schema_version", [], |_| Ok(()));
    let is_refused = looked.is_err_and(|error| {
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)
        )
    });
    let has_log = fs::metadata(beside(file, "-wal")).is_ok_and(|log| log.len() > 0);
    is_refused && file.exists() && !has_log
}

/// Opens a file that nobody changes, and puts nothing beside it.
pub fn sealed_reader(file: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(sealed(file), flags)
}

/// The file as one that never changes, in SQLite's spelling.
fn sealed(file: &Path) -> String {
    format!("file:{}?immutable=1", percent_encode(&file.to_string_lossy()))
}

/// Puts the WAL back into the database; the work itself is durable before. The log stays, empty, and the shared memory too: a
/// start on a disk that has no room or inode left couldn't make them. No `PRAGMA optimize`: our tests know the plan of
/// every query without statistics, and statistics could only change it.
pub fn finish(conn: Connection) -> rusqlite::Result<()> {
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    conn.close().map_err(|(_, error)| error)
}

/// Gives back the memory of the pages that a connection holds; they are read again when they are wanted.
pub fn shrink(conn: &Connection) {
    // A connection that can't is no worse for it.
    let _ = conn.execute_batch("PRAGMA shrink_memory");
}
