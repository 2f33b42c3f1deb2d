//! The table `meta` that a database of ours may have: texts by name.

use rusqlite::{Connection, OptionalExtension as _};

const GET: &str = "SELECT value FROM meta WHERE key = ?1";
const SET: &str = "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)";
const FORGET: &str = "DELETE FROM meta WHERE key = ?1";

/// The text of this name.
pub fn get(conn: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached(GET)?.query_row([key], |row| row.get("value")).optional()
}

/// The number of this name; 0 where there is none.
pub fn number(conn: &Connection, key: &str) -> rusqlite::Result<i64> {
    Ok(get(conn, key)?.and_then(|number| number.parse().ok()).unwrap_or(0))
}

/// Sets the text of this name.
pub fn set(conn: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(SET)?.execute([key, value]).map(drop)
}

/// Forgets the text of this name.
pub fn forget(conn: &Connection, key: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(FORGET)?.execute([key]).map(drop)
}

#[cfg(test)]
pub const QUERIES: [&str; 2] = [GET, FORGET];
