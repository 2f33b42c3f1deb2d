//! Small segments into larger ones, so that there are never many, and the dead are left behind.

use std::ops::Range;

use rusqlite::{Connection, params};

use super::error::{Error, broken};
use super::segment::{self, Segment};
use super::sink::Sink;
use super::{places, postings};
use crate::model::List;
use crate::paging::Place;

/// So many segments of about one size become one.
const MANY: usize = 16;

/// A segment with so many living runs is merged no more.
pub(super) const FULL: u64 = 48 << 10;

/// Living runs with which the largest segments that aren't full are merged.
const LARGE: u64 = 64 << 10;

/// Terms read at once. Nothing is read while the new segment is written: SQLite would look for its place anew each time.
const AT_ONCE: usize = 1_024;

/// From behind a term on.
const TERMS: &str = "
    SELECT list, term, data, positions FROM postings WHERE segment = ?1 AND (list, term) > (?2, ?3)
    ORDER BY list, term LIMIT ?4";

/// Merges what is due.
pub(super) fn merge(conn: &Connection) -> Result<(), Error> {
    loop {
        let (gone, segments): (Vec<_>, Vec<_>) = segment::all(conn)?.into_iter().partition(|one| one.alive() == 0);
        gone.iter().try_for_each(|segment| segment.drop(conn))?;
        let due = due(segments);
        if due.is_empty() {
            return Ok(());
        }
        into_one(conn, &due)?;
        due.iter().try_for_each(|segment| segment.drop(conn))?;
    }
}

/// The segments to be merged next; none, or more than one.
fn due(mut segments: Vec<Segment>) -> Vec<Segment> {
    segments.retain(|segment| segment.alive() < FULL);
    segments.sort_by_key(Segment::alive);
    let tier = |segment: &Segment| segment.alive().ilog2() / 4;
    for tier_of_all in segments.chunk_by(|one, other| tier(one) == tier(other)) {
        if tier_of_all.len() >= MANY {
            return up_to_large(tier_of_all);
        }
    }
    if segments.iter().map(Segment::alive).sum::<u64>() >= 2 * LARGE { up_to_large(&segments) } else { Vec::new() }
}

/// The smallest ones, until there are enough runs for a full segment.
fn up_to_large(segments: &[Segment]) -> Vec<Segment> {
    let mut runs = 0;
    let enough = segments.iter().take_while(|segment| {
        let is_wanted = runs < LARGE;
        runs += segment.alive();
        is_wanted
    });
    enough.cloned().collect()
}

fn into_one(conn: &Connection, segments: &[Segment]) -> Result<(), Error> {
    let (places, numbers) = renumber(conn, segments)?;
    if places.is_empty() {
        return Ok(());
    }
    let mut sink = Sink::new(conn, &places)?;
    let mut sources = Vec::with_capacity(segments.len());
    for (segment, numbers) in segments.iter().zip(&numbers) {
        sources.push(TermSource::begin(conn, segment.id, numbers)?);
    }
    let mut merged = MergedTerm::default();
    let mut term = Vec::new();
    while let Some((list, least)) = sources.iter().filter_map(TermSource::key).min() {
        term.clear();
        term.extend_from_slice(least);
        merged.clear();
        for source in &mut sources {
            if source.key() == Some((list, &term)) {
                merged.take(source)?;
                source.advance()?;
            }
        }
        merged.put(&mut sink, List::of_code(list).ok_or_else(broken)?, &term)?;
    }
    sink.end()
}

/// The new number of each run of a segment; `None` of the dead.
type Numbers = Vec<Option<u32>>;

/// The places of all living runs in ascending order, and the new numbers of each segment's.
fn renumber(conn: &Connection, segments: &[Segment]) -> Result<(Vec<Place>, Vec<Numbers>), Error> {
    let mut all: Vec<(Place, usize, u32)> = Vec::new();
    let mut numbers = Vec::with_capacity(segments.len());
    for (index, segment) in segments.iter().enumerate() {
        let own = places::all(conn, segment.id)?;
        numbers.push(vec![None; own.len()]);
        let living = (0..).zip(own).filter(|(run, _)| !segment.dead.contains(*run));
        all.extend(living.map(|(run, place)| (place, index, run)));
    }
    all.sort_unstable();
    for (number, (_, segment, run)) in (0..).zip(&all) {
        numbers[*segment][*run as usize] = Some(number);
    }
    Ok((all.into_iter().map(|(place, ..)| place).collect(), numbers))
}

/// The terms of a segment, one after the other.
struct TermSource<'a> {
    conn: &'a Connection,
    segment: i64,
    numbers: &'a [Option<u32>],
    /// Some terms, the one in hand at `at`.
    terms: Vec<TermOf>,
    at: usize,
    /// What those are made of, one behind the other.
    bytes: Vec<u8>,
}

/// Where a term lies among the bytes.
struct TermOf {
    list: u8,
    term: Range<usize>,
    runs: Range<usize>,
    positions: Range<usize>,
}

impl<'a> TermSource<'a> {
    fn begin(conn: &'a Connection, segment: i64, numbers: &'a [Option<u32>]) -> Result<Self, Error> {
        let mut source = Self { conn, segment, numbers, terms: Vec::new(), at: 0, bytes: Vec::new() };
        source.read(0, &[])?;
        Ok(source)
    }

    /// The term in hand; `None` behind the last.
    fn key(&self) -> Option<(u8, &[u8])> {
        let term = self.terms.get(self.at)?;
        Some((term.list, &self.bytes[term.term.clone()]))
    }

    fn advance(&mut self) -> Result<(), Error> {
        self.at += 1;
        if self.at < AT_ONCE || self.at < self.terms.len() {
            return Ok(());
        }
        let Some(last) = self.terms.last() else { return Ok(()) };
        let (list, term) = (last.list, self.bytes[last.term.clone()].to_vec());
        self.read(list, &term)
    }

    fn read(&mut self, list: u8, behind: &[u8]) -> Result<(), Error> {
        let Self { conn, segment, terms, at, bytes, .. } = self;
        *at = 0;
        terms.clear();
        bytes.clear();
        let mut statement = conn.prepare_cached(TERMS)?;
        let mut rows = statement.query(params![*segment, list, behind, i64::try_from(AT_ONCE).unwrap_or(i64::MAX)])?;
        while let Some(row) = rows.next()? {
            let mut keep = |column| {
                let start = bytes.len();
                let own = row.get_ref(column)?.as_blob_or_null().map_err(|_| broken())?;
                bytes.extend_from_slice(own.unwrap_or_default());
                Ok::<_, Error>(start..bytes.len())
            };
            terms.push(TermOf { list: row.get(0)?, term: keep(1)?, runs: keep(2)?, positions: keep(3)? });
        }
        Ok(())
    }
}

/// A term of the new segment.
#[derive(Default)]
struct MergedTerm {
    /// Each run, and where its positions lie in `positions`.
    runs: Vec<(u32, Range<usize>)>,
    positions: Vec<u8>,
    numbers: Vec<u32>,
    in_order: Vec<u8>,
}

impl MergedTerm {
    fn clear(&mut self) {
        self.runs.clear();
        self.positions.clear();
    }

    fn take(&mut self, source: &TermSource<'_>) -> Result<(), Error> {
        let Some(term) = source.terms.get(source.at) else { return Ok(()) };
        let mut positions = &source.bytes[term.positions.clone()];
        for run in postings::decode_list(&source.bytes[term.runs.clone()]).map_err(|_| broken())? {
            let own = postings::split_positions(&mut positions);
            let Some(number) = *source.numbers.get(run as usize).ok_or_else(broken)? else { continue };
            let start = self.positions.len();
            self.positions.extend_from_slice(own);
            self.runs.push((number, start..self.positions.len()));
        }
        Ok(())
    }

    fn put(&mut self, sink: &mut Sink<'_>, list: List, term: &[u8]) -> Result<(), Error> {
        if self.runs.is_empty() {
            return Ok(());
        }
        // Segments of different times come in order already.
        let is_sorted = self.runs.is_sorted_by_key(|(number, _)| *number);
        if !is_sorted {
            self.runs.sort_unstable_by_key(|(number, _)| *number);
        }
        self.numbers.clear();
        self.numbers.extend(self.runs.iter().map(|(number, _)| *number));
        if is_sorted {
            return sink.put(list, term, &self.numbers, &self.positions);
        }
        self.in_order.clear();
        for (_, own) in &self.runs {
            self.in_order.extend_from_slice(&self.positions[own.clone()]);
        }
        sink.put(list, term, &self.numbers, &self.in_order)
    }
}

#[cfg(test)]
mod tests {
    use crate::index::database::assert_searches;

    #[test]
    fn terms_of_a_segment_are_read_in_their_order() {
        assert_searches(super::TERMS);
    }
}
