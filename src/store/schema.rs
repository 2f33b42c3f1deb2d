//! Which tables a database has: the migrations, and whose a file is.

use std::path::Path;

use rusqlite::Connection;
use rusqlite_migration::M;

use super::error::Error;

/// `application_id` of our databases, as migration 0001 sets it.
const APPLICATION_ID: i64 = 1_668_440_940;

/// Every migration, in order. A released one is never edited.
pub(super) const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("migrations/0001-generations.sql")),
    M::up(include_str!("migrations/0002-browsing.sql")),
    M::up(include_str!("migrations/0003-finding.sql")),
    M::up(include_str!("migrations/0004-asking.sql")),
    M::up(include_str!("migrations/0005-webhooks.sql")),
    M::up(include_str!("migrations/0006-restarts.sql")),
    M::up(include_str!("migrations/0007-identity.sql")),
    M::up(include_str!("migrations/0008-inputs.sql")),
    M::up(include_str!("migrations/0009-many-servers.sql")),
    M::up(include_str!("migrations/0010-dismissed-gaps.sql")),
];

/// How many [`MIGRATIONS`] there are: `user_version` of a database that is up to date.
pub(super) const SCHEMA: i64 = MIGRATIONS.len() as i64;

const RUNS: &str = "SELECT count(*) FROM generations";

/// How many runs there are, in a database of any schema.
pub(super) fn runs(conn: &Connection) -> Result<u64, Error> {
    Ok(conn.query_row(RUNS, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
}

/// How many migrations a database of ours has, of this version or a newer one; an empty one has none.
pub(super) fn schema(conn: &Connection, file: &Path) -> Result<i64, Error> {
    let number = |pragma: &str| conn.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let application = number("PRAGMA application_id")?;
    let schema = number("PRAGMA user_version")?;
    let is_empty = number("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)")? == 1;
    if is_empty && application == 0 && schema == 0 {
        return Ok(0);
    }
    if application != APPLICATION_ID {
        return Err(Error::Foreign { file: file.to_owned() });
    }
    Ok(schema)
}

/// The version that wrote there last, as it noted itself.
pub(super) fn writer_of(conn: &Connection) -> Option<String> {
    conn.query_row("SELECT value FROM meta WHERE key = 'written_by'", [], |row| row.get(0)).ok()
}
