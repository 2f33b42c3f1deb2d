//! Databases beside `recall.db` whose every row can be made again: the file may be deleted at any time, and one that is
//! broken, foreign or of another version is made anew.

use std::io;
use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::connection::STATEMENTS;
use super::damage;
use super::disk::{private, remove};

/// What such a database is like.
#[derive(Debug)]
pub struct Derived {
    /// `application_id` and `user_version`: a file with others is made anew.
    pub signature: (i64, i64),
    /// PRAGMAs of the connection, besides those that all have; `synchronous` among them.
    pub settings: &'static str,
    pub schema: &'static str,
    /// A quick look at the newest rows: finds a file that was cut or overwritten.
    pub look: &'static str,
}

/// Nothing that makes the file needs to be durable: one that a crash left half-made is made anew. A first start waits for
/// the disk half as often so.
const SETTINGS: &str = "
    PRAGMA synchronous = OFF;
    PRAGMA journal_mode = WAL;
    PRAGMA wal_autocheckpoint = 1000;
    PRAGMA journal_size_limit = 8388608;
    PRAGMA temp_store = MEMORY;
";

impl Derived {
    /// Opens the file for reading and writing, or makes it; replaces what can't be used.
    pub fn open(&self, file: &Path) -> rusqlite::Result<Connection> {
        match self.open_as_it_is(file) {
            Err(error) if is_broken(&error, file) => {
                tracing::info!("{} is made anew: {error}", file.display());
                remove(file).map_err(unusable)?;
                self.open_as_it_is(file)
            }
            opened => opened,
        }
    }

    /// Whether a connection that only reads sees a file of this version.
    pub fn is_of_this(&self, conn: &Connection) -> rusqlite::Result<bool> {
        let number = |pragma: &str| conn.query_row(pragma, [], |row| row.get::<_, i64>(0));
        Ok((number("PRAGMA application_id")?, number("PRAGMA user_version")?) == self.signature)
    }

    fn open_as_it_is(&self, file: &Path) -> rusqlite::Result<Connection> {
        private(file).map_err(unusable)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(file, flags)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        conn.execute_batch(SETTINGS)?;
        let number = |pragma: &str| conn.query_row(pragma, [], |row| row.get::<_, i64>(0));
        let signature = (number("PRAGMA application_id")?, number("PRAGMA user_version")?);
        let is_empty = number("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)")? == 1;
        if is_empty && signature == (0, 0) {
            let ((application, version), schema) = (self.signature, self.schema);
            conn.execute_batch(&format!(
                "BEGIN; {schema} PRAGMA application_id = {application}; PRAGMA user_version = {version}; COMMIT;"
            ))?;
        } else if signature != self.signature {
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_NOTADB),
                Some("not of this version".to_owned()),
            ));
        }
        conn.query_row(self.look, [], |_| Ok(()))?;
        conn.execute_batch(self.settings)?;
        Ok(conn)
    }
}

/// Whether the file itself is at fault, and not the disk or the moment.
pub fn is_broken(error: &rusqlite::Error, file: &Path) -> bool {
    let code = error.sqlite_error_code();
    (code == Some(ErrorCode::DatabaseCorrupt) && damage::is_damaged(file))
        || code == Some(ErrorCode::NotADatabase)
        // A table that isn't there, a column of another type: somebody else's hand.
        || code == Some(ErrorCode::Unknown)
        || matches!(error, rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::FromSqlConversionFailure(..))
}

pub fn unusable(error: io::Error) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN), Some(error.to_string()))
}
