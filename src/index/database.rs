//! The tables of `search.db`, and who derived what they hold.

use rusqlite::{Connection, OptionalExtension as _};

use crate::sqlite::derived::Derived;

/// The index's name in the data folder.
pub const FILE: &str = "search.db";

/// A run's number belongs to its segment and means nothing elsewhere. `runs` of a posting: how many; its `positions` stand
/// last, so that it is read without them. `summaries`: postings of all words of a list that begin so, for beginnings that
/// many words share.
pub(super) const DATABASE: Derived = Derived {
    // 'crcs'
    signature: (1_668_440_947, 1),
    settings: "PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -4096;",
    look: "SELECT count(*) FROM (SELECT runs FROM postings ORDER BY segment DESC LIMIT 1)",
    schema: "
    CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE segments (
        id    INTEGER PRIMARY KEY AUTOINCREMENT,
        runs  INTEGER NOT NULL,
        marks BLOB NOT NULL,
        dead  BLOB NOT NULL
    ) STRICT;

    CREATE TABLE places (
        segment INTEGER NOT NULL,
        chunk   INTEGER NOT NULL,
        data    BLOB NOT NULL,
        PRIMARY KEY (segment, chunk)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE postings (
        segment INTEGER NOT NULL,
        list    INTEGER NOT NULL,
        term    BLOB NOT NULL,
        runs    INTEGER NOT NULL,
        data    BLOB NOT NULL,
        positions BLOB,
        PRIMARY KEY (segment, list, term)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE summaries (
        segment INTEGER NOT NULL,
        list    INTEGER NOT NULL,
        start   BLOB NOT NULL,
        data    BLOB NOT NULL,
        PRIMARY KEY (segment, list, start)
    ) STRICT, WITHOUT ROWID;
",
};

const DERIVED_BY: &str = "SELECT value FROM meta WHERE key = 'derived_by'";
const SET_DERIVED_BY: &str = "INSERT OR REPLACE INTO meta (key, value) VALUES ('derived_by', ?1)";

/// Who derived what it has; `None`: nobody, or not all of it.
pub(super) fn derived_by(conn: &Connection) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached(DERIVED_BY)?.query_row([], |row| row.get("value")).optional()
}

/// Notes who derives what it has from now on.
pub(super) fn set_derived_by(conn: &Connection, version: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(SET_DERIVED_BY)?.execute([version]).map(drop)
}

#[cfg(test)]
pub(super) fn assert_searches(query: &str) {
    crate::sqlite::plans::assert_is_search(query, plan(query));
}

#[cfg(test)]
pub(super) fn plan(query: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let conn = DATABASE.open(&folder.path().join(FILE)).unwrap();
    crate::sqlite::plans::plan(&conn, query)
}
