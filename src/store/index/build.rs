//! Runs on their way into the index: from terms run by run to runs term by term.

use std::collections::HashMap;

use roaring::RoaringBitmap;
use rusqlite::{CachedStatement, Connection, params};

use super::segment;
use super::{Place, merge, places, postings};
use crate::model::{Entry, List, Term};
use crate::store::Error;

const NEW_SEGMENT: &str = "INSERT INTO segments (runs, marks, dead) VALUES (?1, ?2, ?3)";
const SET_MARKS: &str = "UPDATE segments SET marks = ?2 WHERE id = ?1";
const POSTING: &str = "INSERT INTO postings (segment, list, term, runs, data) VALUES (?1, ?2, ?3, ?4, ?5)";
const POSITIONS: &str = "INSERT INTO positions (segment, list, term, data) VALUES (?1, ?2, ?3, ?4)";
const SUMMARY: &str = "INSERT INTO summaries (segment, list, start, data) VALUES (?1, ?2, ?3, ?4)";

/// Characters of the beginnings that are summed up, and how many words must share one: so that looking for a beginning
/// reads few postings in each segment.
const MOST_STARTS: usize = 6;
const MANY_WORDS: u32 = 32;

/// Takes runs in. What the index has of them already is dead from now on.
pub(super) fn add(conn: &Connection, mut entries: Vec<Entry>) -> Result<(), Error> {
    // Of a run that comes twice, the later.
    entries.reverse();
    entries.sort_by_key(place);
    entries.dedup_by_key(|entry| place(entry));
    if entries.is_empty() {
        return Ok(());
    }
    for mut segment in segment::all(conn)? {
        let mut reader = places::Reader::new(conn, segment.id, &segment.marks);
        let mut dead = segment.dead.clone();
        for place in entries.iter().map(place).filter(|place| segment.spans(*place)) {
            dead.extend(reader.find(place)?);
        }
        if dead.len() > segment.dead.len() {
            segment.dead = dead;
            segment.kill(conn)?;
        }
    }
    write(conn, &entries)?;
    merge::merge(conn)
}

fn place(entry: &Entry) -> Place {
    (entry.created_at.as_millis(), entry.id.0)
}

/// A list of the index and a term.
type Key<'a> = (List, &'a [u8]);

fn write(conn: &Connection, entries: &[Entry]) -> Result<(), Error> {
    let mut terms: HashMap<Key<'_>, Vec<(u32, u32)>> = HashMap::new();
    for (run, entry) in (0..).zip(entries) {
        for Term { list, bytes, position } in &entry.terms {
            terms.entry((*list, bytes)).or_default().push((run, *position));
        }
    }
    let mut terms: Vec<_> = terms.into_iter().collect();
    terms.sort_unstable_by_key(|(key, _)| *key);
    let places: Vec<Place> = entries.iter().map(place).collect();
    let mut sink = Sink::new(conn, &places)?;
    let (mut runs, mut positions) = (Vec::new(), Vec::new());
    for ((list, term), mut found) in terms {
        found.sort_unstable();
        found.dedup();
        runs.clear();
        positions.clear();
        for of_run in found.chunk_by(|one, other| one.0 == other.0) {
            runs.push(of_run[0].0);
            if list.has_positions() {
                postings::write_positions(&mut positions, of_run.iter().map(|(_, position)| *position));
            }
        }
        sink.put(list, term, &runs, &positions)?;
    }
    sink.end()
}

/// A new segment, written term by term in ascending order.
pub(super) struct Sink<'a> {
    segment: i64,
    posting: CachedStatement<'a>,
    positions: CachedStatement<'a>,
    summary: CachedStatement<'a>,
    /// The beginnings of the word before, the shortest first.
    starts: Vec<Start>,
    list: Option<List>,
}

/// The words so far that begin so.
struct Start {
    text: Vec<u8>,
    words: u32,
    runs: RoaringBitmap,
}

impl<'a> Sink<'a> {
    /// Begins one for runs at these places, in ascending order and at least one.
    pub(super) fn new(conn: &'a Connection, places: &[Place]) -> Result<Self, Error> {
        let runs = i64::try_from(places.len()).unwrap_or(i64::MAX);
        let nobody = postings::encode(&[]);
        conn.prepare_cached(NEW_SEGMENT)?.execute(params![runs, nobody, nobody])?;
        let segment = conn.last_insert_rowid();
        let marks = places::write(conn, segment, places)?;
        conn.prepare_cached(SET_MARKS)?.execute(params![segment, marks.encode()])?;
        Ok(Self {
            segment,
            posting: conn.prepare_cached(POSTING)?,
            positions: conn.prepare_cached(POSITIONS)?,
            summary: conn.prepare_cached(SUMMARY)?,
            starts: Vec::new(),
            list: None,
        })
    }

    /// Writes a term: the runs that have it in ascending order and, if it is a word, their positions as
    /// [`postings::write_positions`] writes them.
    pub(super) fn put(&mut self, list: List, term: &[u8], runs: &[u32], positions: &[u8]) -> Result<(), Error> {
        let data = postings::encode(runs);
        let count = i64::try_from(runs.len()).unwrap_or(i64::MAX);
        self.posting.execute(params![self.segment, list.code(), term, count, data])?;
        if list.has_positions() {
            self.positions.execute(params![self.segment, list.code(), term, positions])?;
            self.sum_up(list, term, runs)?;
        }
        Ok(())
    }

    /// Ends it.
    pub(super) fn end(mut self) -> Result<(), Error> {
        self.close_starts(0)
    }

    /// Adds a word to the beginnings that it has, and writes those that no word to come can have.
    fn sum_up(&mut self, list: List, word: &[u8], runs: &[u32]) -> Result<(), Error> {
        if self.list != Some(list) {
            self.close_starts(0)?;
            self.list = Some(list);
        }
        let shared = self.starts.iter().take_while(|start| word.starts_with(&start.text)).count();
        self.close_starts(shared)?;
        let text = std::str::from_utf8(word).unwrap_or_default();
        let ends = text.char_indices().skip(1).map(|(end, _)| end).chain([text.len()]);
        for end in ends.take(MOST_STARTS).skip(self.starts.len()).filter(|end| *end > 0) {
            self.starts.push(Start { text: word[..end].to_vec(), words: 0, runs: RoaringBitmap::new() });
        }
        // A longer one has no more words than a shorter one: the sets of those that stay small are made for nothing, but
        // small they are.
        for start in &mut self.starts {
            start.words += 1;
            start.runs.extend(runs);
        }
        Ok(())
    }

    fn close_starts(&mut self, kept: usize) -> Result<(), Error> {
        let Some(list) = self.list else { return Ok(()) };
        for mut start in self.starts.drain(kept..) {
            if start.words > MANY_WORDS {
                start.runs.optimize();
                let data = postings::encode_bitmap(&start.runs);
                self.summary.execute(params![self.segment, list.code(), start.text, data])?;
            }
        }
        Ok(())
    }
}
