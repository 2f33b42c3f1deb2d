//! The database's half of what ties the index to it, see [`crate::index`].

use rusqlite::{Connection, OptionalExtension as _};

use super::error::Error;
use crate::index::Tie;
use crate::sqlite::meta;

const NEXT_WORD: &str = "SELECT value || '.' || lower(hex(randomblob(8))) FROM meta WHERE key = 'store'";
const LAST_RUN: &str = "SELECT seq FROM sqlite_sequence WHERE name = 'generations'";

const WORD: &str = "tie";
const NEXT: &str = "tie_next";
const CHANGES: &str = "tie_changes";

/// What an index must have to be this database's.
pub(super) fn read(conn: &Connection) -> rusqlite::Result<Tie> {
    let last_run: Option<i64> = conn.prepare_cached(LAST_RUN)?.query_row([], |row| row.get("seq")).optional()?;
    let [word, next] = [meta::get(conn, WORD)?, meta::get(conn, NEXT)?];
    Ok(Tie { word, next, changes: meta::number(conn, CHANGES)?, last_run: last_run.unwrap_or(0) })
}

/// Notes a new word as the next one, and returns it. One that was announced and never settled stays: the daemon that did it
/// may have ended after it was set in the index.
pub(super) fn announce(conn: &Connection) -> Result<String, Error> {
    if let Some(word) = meta::get(conn, NEXT)? {
        return Ok(word);
    }
    let word: String = conn.prepare_cached(NEXT_WORD)?.query_row([], |row| row.get(0))?;
    meta::set(conn, NEXT, &word)?;
    Ok(word)
}

/// Notes that the index has this word.
pub(super) fn settle(conn: &Connection, word: &str) -> Result<(), Error> {
    meta::set(conn, WORD, word)?;
    Ok(meta::forget(conn, NEXT)?)
}

/// Notes how often runs were taken into the index.
pub(super) fn count(conn: &Connection, changes: i64) -> Result<(), Error> {
    Ok(meta::set(conn, CHANGES, &changes.to_string())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::open;
    use crate::store::tests::assert_searches;

    #[test]
    fn a_word_stays_announced_until_it_is_settled() {
        let folder = tempfile::tempdir().unwrap();
        let conn = open::writer(folder.path(), &mut |_| {}).unwrap().conn;
        assert_eq!(read(&conn).unwrap(), Tie::default());
        let first = announce(&conn).unwrap();
        assert_eq!(read(&conn).unwrap(), Tie { next: Some(first.clone()), ..Tie::default() });
        settle(&conn, &first).unwrap();
        let second = announce(&conn).unwrap();
        let both = Tie { word: Some(first.clone()), next: Some(second.clone()), ..Tie::default() };
        assert_eq!(read(&conn).unwrap(), both);
        assert_ne!(first, second);
        assert_eq!(announce(&conn).unwrap(), second, "killed between: the index may have it already");
        assert_eq!(first.split('.').next(), second.split('.').next(), "both begin with the id of the store");
        settle(&conn, &second).unwrap();
        assert_eq!(read(&conn).unwrap(), Tie { word: Some(second), ..Tie::default() });
    }

    #[test]
    fn no_word_is_looked_for_in_a_whole_table() {
        for query in meta::QUERIES.into_iter().chain([NEXT_WORD]) {
            assert_searches(query);
        }
    }
}
