//! What ties the index to its database, so that it is neither that of another history, nor one that went on after the copy
//! was made that is in the place of `recall.db` now: numbers of runs are used again then, and a search would tell of others.
//!
//! Both have a word: the id of the store, which is random and comes with the tables, and a random number of the daemon that
//! indexes. It is changed in three steps: the next one is announced in `recall.db`, set in the index, and settled in
//! `recall.db`. Both count the times that runs were taken into the index, which is one ahead when a daemon ends between the
//! two. And the index knows the highest number of a run that it ever had.

use rusqlite::{Connection, OptionalExtension as _};

use super::Error;

// `meta` is the same in both.
const GET: &str = "SELECT value FROM meta WHERE key = ?1";
const SET: &str = "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)";
const DROP: &str = "DELETE FROM meta WHERE key = ?1";
const NEXT_WORD: &str = "SELECT value || '.' || lower(hex(randomblob(8))) FROM meta WHERE key = 'store'";
const LAST_RUN: &str = "SELECT seq FROM sqlite_sequence WHERE name = 'generations'";

const WORD: &str = "tie";
const NEXT_OF_DATABASE: &str = "tie_next";
const CHANGES: &str = "tie_changes";
const HIGHEST: &str = "tie_highest";

/// What an index must have to be this database's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tie {
    word: Option<String>,
    next: Option<String>,
    /// How often runs were taken in.
    pub(super) changes: i64,
    /// The highest number that a run ever had.
    last_run: i64,
}

/// What an index has of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mark {
    word: Option<String>,
    changes: i64,
    highest: i64,
}

impl Tie {
    /// That of a database.
    pub(super) fn of(conn: &Connection) -> Result<Self, Error> {
        let last_run = conn.prepare_cached(LAST_RUN)?.query_row([], |row| row.get("seq")).optional()?;
        let [word, next] = [get(conn, WORD)?, get(conn, NEXT_OF_DATABASE)?];
        Ok(Self { word, next, changes: number(conn, CHANGES)?, last_run: last_run.unwrap_or(0) })
    }

    /// Whether an index belongs to it.
    pub(super) fn holds(&self, mark: &Mark) -> bool {
        let is_word = mark.word.is_some() && (mark.word == self.word || mark.word == self.next);
        let is_change = mark.changes == self.changes || mark.changes == self.changes + 1;
        is_word && is_change && mark.highest <= self.last_run
    }

    /// With a next word.
    pub(super) fn announced(self, word: String) -> Self {
        Self { next: Some(word), ..self }
    }

    /// After so many changes.
    pub(super) fn counted(self, changes: i64) -> Self {
        Self { changes, ..self }
    }

    /// With this word alone.
    pub(super) fn settled(self, word: String) -> Self {
        Self { word: Some(word), next: None, ..self }
    }
}

impl Mark {
    /// That of an index.
    pub(super) fn of(conn: &Connection) -> rusqlite::Result<Self> {
        Ok(Self { word: get(conn, WORD)?, changes: number(conn, CHANGES)?, highest: number(conn, HIGHEST)? })
    }
}

/// Notes a new word as the next one of a database, and gives it. One that was announced and never settled stays: the daemon
/// that did it may have ended after it was set in the index.
pub(super) fn announce(conn: &Connection) -> Result<String, Error> {
    if let Some(word) = get(conn, NEXT_OF_DATABASE)? {
        return Ok(word);
    }
    let word: String = conn.prepare_cached(NEXT_WORD)?.query_row([], |row| row.get(0))?;
    set(conn, NEXT_OF_DATABASE, &word)?;
    Ok(word)
}

/// Notes in the database that the index has this word.
pub(super) fn settle(conn: &Connection, word: &str) -> Result<(), Error> {
    set(conn, WORD, word)?;
    conn.prepare_cached(DROP)?.execute([NEXT_OF_DATABASE])?;
    Ok(())
}

/// Gives an index this word.
pub(super) fn tie_by(index: &Connection, word: &str, changes: i64) -> Result<(), Error> {
    set(index, WORD, word)?;
    count(index, changes)
}

/// Notes, in either, how often runs were taken in.
pub(super) fn count(conn: &Connection, changes: i64) -> Result<(), Error> {
    set(conn, CHANGES, &changes.to_string())
}

/// Notes in an index that it has had runs up to this number.
pub(super) fn reach(index: &Connection, run: i64) -> Result<(), Error> {
    let highest = number(index, HIGHEST)?.max(run);
    set(index, HIGHEST, &highest.to_string())
}

fn get(conn: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached(GET)?.query_row([key], |row| row.get("value")).optional()
}

fn number(conn: &Connection, key: &str) -> rusqlite::Result<i64> {
    Ok(get(conn, key)?.and_then(|number| number.parse().ok()).unwrap_or(0))
}

fn set(conn: &Connection, key: &str, value: &str) -> Result<(), Error> {
    Ok(conn.prepare_cached(SET)?.execute([key, value]).map(drop)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(word: &str) -> Mark {
        Mark { word: Some(word.to_owned()), ..Mark::default() }
    }

    #[test]
    fn a_word_is_known_from_its_announcement_until_the_next_one_is_settled() {
        let folder = tempfile::tempdir().unwrap();
        let conn = super::super::open::writer(folder.path(), &mut |_| {}).unwrap().conn;
        assert!(!Tie::of(&conn).unwrap().holds(&Mark::default()), "no word is none of ours");
        let first = announce(&conn).unwrap();
        assert!(Tie::of(&conn).unwrap().holds(&mark(&first)));
        settle(&conn, &first).unwrap();
        let second = announce(&conn).unwrap();
        let tie = Tie::of(&conn).unwrap();
        assert!(tie.holds(&mark(&first)) && tie.holds(&mark(&second)) && first != second);
        assert_eq!(announce(&conn).unwrap(), second, "killed between: the index may have it already");
        assert_eq!(first.split('.').next(), second.split('.').next(), "both begin with the id of the store");
        settle(&conn, &second).unwrap();
        let tie = Tie::of(&conn).unwrap();
        assert!(!tie.holds(&mark(&first)) && tie.holds(&mark(&second)));
    }

    #[test]
    fn an_index_is_at_most_one_step_ahead_and_knows_no_run_that_never_was() {
        let tie = Tie { word: Some("w".to_owned()), next: None, changes: 7, last_run: 40 };
        for (changes, highest, holds) in
            [(7, 40, true), (8, 40, true), (9, 40, false), (6, 40, false), (7, 41, false), (7, 0, true)]
        {
            assert_eq!(tie.holds(&Mark { changes, highest, ..mark("w") }), holds, "{changes} {highest}");
        }
    }

    #[test]
    fn no_word_is_looked_for_in_a_whole_table() {
        for query in [GET, DROP, NEXT_WORD] {
            crate::store::tests::assert_searches(query);
        }
    }
}
