//! Small segments into larger ones, so that there are never many, and the dead are left behind.

use rusqlite::{CachedStatement, Connection, Rows, params};

use super::build::Sink;
use super::segment::{self, Segment, blob};
use super::{Place, broken, places, postings};
use crate::model::List;
use crate::store::Error;

/// So many segments of about one size become one.
const MANY: usize = 16;

/// A segment with so many living runs is merged no more.
pub(super) const FULL: u64 = 48 << 10;

/// Living runs with which the largest segments that aren't full are merged.
const LARGE: u64 = 64 << 10;

const TERMS: &str = "
    SELECT p.list, p.term, p.data, q.data FROM postings p
    LEFT JOIN positions q ON q.segment = p.segment AND q.list = p.list AND q.term = p.term
    WHERE p.segment = ?1 ORDER BY p.list, p.term";

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
    let mut statements: Vec<CachedStatement<'_>> =
        segments.iter().map(|_| Ok(conn.prepare_cached(TERMS)?)).collect::<Result<_, Error>>()?;
    let mut sources = Vec::with_capacity(segments.len());
    for ((statement, segment), numbers) in statements.iter_mut().zip(segments).zip(&numbers) {
        let mut source = Source { rows: statement.query(params![segment.id])?, numbers, term: None };
        source.advance()?;
        sources.push(source);
    }
    let mut merged = Merged::default();
    while let Some(key) = sources.iter().filter_map(|source| source.term.as_ref().map(TermOf::key)).min() {
        let (list, term) = (key.0, key.1.to_vec());
        merged.clear();
        for source in &mut sources {
            if let Some(own) = source.term.take_if(|own| own.list == list && own.term == term) {
                merged.take(&own, source.numbers)?;
                source.advance()?;
            }
        }
        merged.put(&mut sink, List::of_code(list).ok_or_else(broken)?, &term)?;
    }
    sink.end()
}

/// The places of all living runs in ascending order, and for each segment the new number of each of its runs: `None` of
/// the dead.
fn renumber(conn: &Connection, segments: &[Segment]) -> Result<(Vec<Place>, Vec<Vec<Option<u32>>>), Error> {
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
struct Source<'a> {
    rows: Rows<'a>,
    numbers: &'a [Option<u32>],
    term: Option<TermOf>,
}

struct TermOf {
    list: u8,
    term: Vec<u8>,
    runs: Vec<u8>,
    positions: Vec<u8>,
}

impl TermOf {
    fn key(&self) -> (u8, &[u8]) {
        (self.list, &self.term)
    }
}

impl Source<'_> {
    fn advance(&mut self) -> Result<(), Error> {
        self.term = match self.rows.next()? {
            Some(row) => Some(TermOf {
                list: row.get(0)?,
                term: blob(row, 1)?.to_vec(),
                runs: blob(row, 2)?.to_vec(),
                positions: row.get_ref(3)?.as_blob_or_null().map_err(|_| broken())?.unwrap_or_default().to_vec(),
            }),
            None => None,
        };
        Ok(())
    }
}

/// A term of the new segment.
#[derive(Default)]
struct Merged {
    /// Each run, and where its positions lie in `positions`.
    runs: Vec<(u32, std::ops::Range<usize>)>,
    positions: Vec<u8>,
    numbers: Vec<u32>,
    in_order: Vec<u8>,
}

impl Merged {
    fn clear(&mut self) {
        self.runs.clear();
        self.positions.clear();
    }

    fn take(&mut self, term: &TermOf, numbers: &[Option<u32>]) -> Result<(), Error> {
        let mut positions = &term.positions[..];
        for run in postings::decode_list(&term.runs).map_err(|_| broken())? {
            let own = postings::split_positions(&mut positions);
            let Some(number) = *numbers.get(run as usize).ok_or_else(broken)? else { continue };
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
    use crate::store::tests::assert_searches_of_index;

    #[test]
    fn terms_of_a_segment_are_read_in_their_order() {
        assert_searches_of_index(super::TERMS);
    }
}
