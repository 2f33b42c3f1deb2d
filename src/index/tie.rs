//! What ties the index to its database, so that it is neither that of another history, nor one that went on after the copy
//! was made that is in the place of `recall.db` now: numbers of runs are used again then, and a search would tell of others.
//!
//! Both have a word: the id of the store, which is random and comes with the tables, and a random number of the daemon that
//! indexes. It is changed in three steps: the next one is announced in `recall.db`, set in the index, and settled in
//! `recall.db`. Both count the times that runs were taken into the index, which is one ahead when a daemon ends between the
//! two. And the index knows the highest number of a run that it ever had.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use rusqlite::Connection;

use super::error::Error;
use crate::sqlite::meta;

const WORD: &str = "tie";
const CHANGES: &str = "tie_changes";
const HIGHEST: &str = "tie_highest";

/// What an index must have to be a database's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tie {
    /// The word that is settled.
    pub word: Option<String>,
    /// The word that is announced.
    pub next: Option<String>,
    /// How often runs were taken in.
    pub changes: i64,
    /// The highest number that a run ever had.
    pub last_run: i64,
}

/// Reads the [`Tie`] of a database that another process may be writing.
pub type TieSource = Arc<dyn Fn() -> BoxFuture<'static, Result<Tie, Error>> + Send + Sync>;

/// What an index has of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Mark {
    word: Option<String>,
    changes: i64,
    highest: i64,
}

impl Tie {
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
        Ok(Self {
            word: meta::get(conn, WORD)?,
            changes: meta::number(conn, CHANGES)?,
            highest: meta::number(conn, HIGHEST)?,
        })
    }
}

/// Gives an index this word.
pub(super) fn tie_by(conn: &Connection, word: &str, changes: i64) -> rusqlite::Result<()> {
    meta::set(conn, WORD, word)?;
    count(conn, changes)
}

/// Notes how often runs were taken in.
pub(super) fn count(conn: &Connection, changes: i64) -> rusqlite::Result<()> {
    meta::set(conn, CHANGES, &changes.to_string())
}

/// Notes that it has had runs up to this number.
pub(super) fn reach(conn: &Connection, run: i64) -> rusqlite::Result<()> {
    let highest = meta::number(conn, HIGHEST)?.max(run);
    meta::set(conn, HIGHEST, &highest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(word: &str) -> Mark {
        Mark { word: Some(word.to_owned()), ..Mark::default() }
    }

    #[test]
    fn a_word_is_known_from_its_announcement_until_the_next_one_is_settled() {
        let tie = Tie::default();
        assert!(!tie.holds(&Mark::default()), "no word is none of ours");
        let tie = tie.announced("1".to_owned());
        assert!(tie.holds(&mark("1")));
        let tie = tie.settled("1".to_owned()).announced("2".to_owned());
        assert!(tie.holds(&mark("1")) && tie.holds(&mark("2")));
        let tie = tie.settled("2".to_owned());
        assert!(!tie.holds(&mark("1")) && tie.holds(&mark("2")));
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
}
