//! A segment on its way into the database: its places, postings term by term, and summaries of beginnings.

use rusqlite::{CachedStatement, Connection, params};

use super::error::Error;
use super::{places, postings};
use crate::model::List;
use crate::paging::Place;

const NEW_SEGMENT: &str = "INSERT INTO segments (runs, marks, dead) VALUES (?1, ?2, ?3)";
const SET_MARKS: &str = "UPDATE segments SET marks = ?2 WHERE id = ?1";
const POSTING: &str =
    "INSERT INTO postings (segment, list, term, runs, data, positions) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const SUMMARY: &str = "INSERT INTO summaries (segment, list, start, data) VALUES (?1, ?2, ?3, ?4)";

/// Characters of the beginnings that are summed up, and how many words must share one: so that looking for a beginning
/// reads few postings in each segment.
const MOST_STARTS: usize = 6;
const MANY_WORDS: u32 = 32;

/// Runs of a beginning that are held as numbers.
const MOST_LAST: usize = 2_048;

/// A new segment, written term by term in ascending order.
pub(super) struct Sink<'a> {
    segment: i64,
    posting: CachedStatement<'a>,
    summary: CachedStatement<'a>,
    /// The beginnings of the word before, the shortest first.
    starts: Vec<PrefixStart>,
    list: Option<List>,
    /// Room for a posting.
    data: Vec<u8>,
}

/// The words so far that begin so.
#[derive(Default)]
struct PrefixStart {
    text: Vec<u8>,
    words: u32,
    /// The runs that have one of them: the last, in any order and more than once, and those before, a bit for each.
    last: Vec<u32>,
    before: Vec<u64>,
}

impl PrefixStart {
    fn add(&mut self, runs: &[u32]) {
        self.words += 1;
        self.last.extend_from_slice(runs);
        if self.last.len() > MOST_LAST {
            self.settle();
        }
    }

    fn settle(&mut self) {
        for run in self.last.drain(..) {
            let place = (run / 64) as usize;
            if place >= self.before.len() {
                self.before.resize(place + 1, 0);
            }
            self.before[place] |= 1 << (run % 64);
        }
    }

    fn runs(mut self) -> Vec<u32> {
        self.settle();
        let bits = |word: u64| (0..64_u32).filter(move |bit| word >> bit & 1 == 1);
        (0..).zip(self.before).flat_map(|(place, word)| bits(word).map(move |bit| place * 64 + bit)).collect()
    }
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
            summary: conn.prepare_cached(SUMMARY)?,
            starts: Vec::new(),
            list: None,
            data: Vec::new(),
        })
    }

    /// Writes a term: the runs that have it in ascending order and, if it is a word, their positions as
    /// [`postings::write_positions`] writes them.
    pub(super) fn put(&mut self, list: List, term: &[u8], runs: &[u32], positions: &[u8]) -> Result<(), Error> {
        postings::encode_into(runs, &mut self.data);
        let count = i64::try_from(runs.len()).unwrap_or(i64::MAX);
        let positions = list.has_positions().then_some(positions);
        self.posting.execute(params![self.segment, list.code(), term, count, self.data, positions])?;
        if list.has_positions() {
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
            self.starts.push(PrefixStart { text: word[..end].to_vec(), ..PrefixStart::default() });
        }
        self.starts.iter_mut().for_each(|start| start.add(runs));
        Ok(())
    }

    fn close_starts(&mut self, kept: usize) -> Result<(), Error> {
        let Some(list) = self.list else { return Ok(()) };
        for mut start in self.starts.drain(kept..) {
            if start.words > MANY_WORDS {
                let text = std::mem::take(&mut start.text);
                postings::encode_into(&start.runs(), &mut self.data);
                self.summary.execute(params![self.segment, list.code(), text, self.data])?;
            }
        }
        Ok(())
    }
}
