//! Segments as they lie in the database: which there are, and the postings of their terms.

use std::io;

use roaring::RoaringBitmap;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::{Error, broken};
use super::places::Marks;
use super::postings;
use crate::model::List;
use crate::paging::Place;

const ALL: &str = "SELECT id, runs, marks, dead FROM segments ORDER BY id";
const TERM: &str = "SELECT data FROM postings WHERE segment = ?1 AND list = ?2 AND term = ?3";
const RANGE: &str = "
    SELECT term, data FROM postings WHERE segment = ?1 AND list = ?2 AND term >= ?3 AND term < ?4 ORDER BY term";
const SUMMARY: &str = "SELECT data FROM summaries WHERE segment = ?1 AND list = ?2 AND start = ?3";
const POSITIONS: &str = "SELECT data, positions FROM postings WHERE segment = ?1 AND list = ?2 AND term = ?3";
const KILL: &str = "UPDATE segments SET dead = ?2 WHERE id = ?1";
const DROP: [&str; 4] = [
    "DELETE FROM places WHERE segment = ?1",
    "DELETE FROM postings WHERE segment = ?1",
    "DELETE FROM summaries WHERE segment = ?1",
    "DELETE FROM segments WHERE id = ?1",
];

/// Behind every term that can be.
pub(super) const END: &[u8] = &[0xff; 9];

/// What stands in the row of a segment.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) id: i64,
    /// How many there are, with the dead.
    pub(super) runs: u32,
    pub(super) marks: Marks,
    /// Runs that another segment has by now.
    pub(super) dead: RoaringBitmap,
}

/// A word's postings, as they are kept.
#[derive(Debug)]
pub(super) struct Posting {
    pub(super) runs: Vec<u8>,
    pub(super) positions: Vec<u8>,
}

impl Segment {
    /// How many runs it has that no other segment has.
    pub(super) fn alive(&self) -> u64 {
        u64::from(self.runs) - self.dead.len().min(u64::from(self.runs))
    }

    /// Whether a place lies between its first and its last.
    pub(super) fn spans(&self, place: Place) -> bool {
        self.marks.first() <= place && place <= self.marks.last()
    }

    /// The runs with a term.
    pub(super) fn term(&self, conn: &Connection, list: List, term: &[u8]) -> Result<RoaringBitmap, Error> {
        one(conn, TERM, self.id, list, term)?.map_or_else(|| Ok(RoaringBitmap::new()), |data| decode(&data))
    }

    /// The runs with a word that begins so; `None` where that is to be put together from the words.
    pub(super) fn summary(&self, conn: &Connection, list: List, start: &[u8]) -> Result<Option<RoaringBitmap>, Error> {
        one(conn, SUMMARY, self.id, list, start)?.map(|data| decode(&data)).transpose()
    }

    /// The runs with a term from the first on and before the second.
    pub(super) fn range(
        &self,
        conn: &Connection,
        list: List,
        from: &[u8],
        until: Option<&[u8]>,
    ) -> Result<RoaringBitmap, Error> {
        let mut found = RoaringBitmap::new();
        self.each(conn, list, from, until, |_, data| {
            found |= decode(data)?;
            Ok(())
        })?;
        Ok(found)
    }

    /// Visits the terms from the first on and before the second, with their postings.
    pub(super) fn each(
        &self,
        conn: &Connection,
        list: List,
        from: &[u8],
        until: Option<&[u8]>,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut statement = conn.prepare_cached(RANGE)?;
        let mut rows = statement.query(params![self.id, list.code(), from, until.unwrap_or(END)])?;
        while let Some(row) = rows.next()? {
            visit(blob(row, 0)?, blob(row, 1)?)?;
        }
        Ok(())
    }

    /// The postings of a word with its positions.
    pub(super) fn with_positions(&self, conn: &Connection, list: List, term: &[u8]) -> Result<Option<Posting>, Error> {
        let mut statement = conn.prepare_cached(POSITIONS)?;
        let found = statement.query_row(params![self.id, list.code(), term], |row| {
            Ok(Posting { runs: row.get(0)?, positions: row.get(1)? })
        });
        Ok(found.optional()?)
    }

    /// Notes which of its runs are dead.
    pub(super) fn kill(&self, conn: &Connection) -> Result<(), Error> {
        conn.prepare_cached(KILL)?.execute(params![self.id, postings::encode_bitmap(&self.dead)])?;
        Ok(())
    }

    /// Removes it.
    pub(super) fn drop(&self, conn: &Connection) -> Result<(), Error> {
        DROP.iter().try_for_each(|statement| Ok(conn.prepare_cached(statement)?.execute([self.id]).map(drop)?))
    }
}

/// Every segment.
pub(super) fn all(conn: &Connection) -> Result<Vec<Segment>, Error> {
    let mut statement = conn.prepare_cached(ALL)?;
    let mut rows = statement.query([])?;
    let mut segments = Vec::new();
    while let Some(row) = rows.next()? {
        segments.push(Segment {
            id: row.get("id")?,
            runs: row.get("runs")?,
            marks: Marks::decode(blob(row, 2)?)?,
            dead: decode(blob(row, 3)?)?,
        });
    }
    Ok(segments)
}

/// Runs as they are kept.
pub(super) fn decode(data: &[u8]) -> Result<RoaringBitmap, Error> {
    postings::decode(data).map_err(|_: io::Error| broken())
}

/// A column of bytes, where it lies.
pub(super) fn blob<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8], Error> {
    row.get_ref(column)?.as_blob().map_err(|_| broken())
}

/// Behind everything that begins so; `None`: there is no such end.
pub(super) fn behind(start: &[u8]) -> Option<Vec<u8>> {
    let kept = start.iter().rposition(|byte| *byte < 0xff)?;
    let mut end = start[..=kept].to_vec();
    end[kept] += 1;
    Some(end)
}

fn one(conn: &Connection, query: &str, segment: i64, list: List, term: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let mut statement = conn.prepare_cached(query)?;
    Ok(statement.query_row(params![segment, list.code(), term], |row| row.get(0)).optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::database::assert_searches;

    #[test]
    fn no_question_of_a_segment_reads_more_than_its_own() {
        for query in [TERM, RANGE, SUMMARY, POSITIONS, KILL].into_iter().chain(DROP) {
            assert_searches(query);
        }
        assert!(crate::index::database::plan(RANGE).concat().ends_with("(segment=? AND list=? AND term>? AND term<?)"));
    }

    #[test]
    fn the_end_of_a_beginning_is_behind_all_that_begin_so() {
        assert_eq!(behind(b"fo").as_deref(), Some(&b"fp"[..]));
        assert_eq!(behind(&[7, 0xff, 0xff]).as_deref(), Some(&[8][..]));
        assert_eq!(behind(&[0xff]), None);
    }
}
