//! Values and words for somebody who types, the most frequent first.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use foldhash::{HashMap, HashMapExt as _};
use rusqlite::{Connection, params};

use super::error::Error;
use super::facets::written;
use super::merge::FULL;
use super::segment::{self, Segment, behind, blob};
use crate::memory::Held;
use crate::model::{Counted, List};

/// Terms looked at in one segment. Of a beginning that more have, the first ones.
const MOST_TERMS: i64 = 2_000;

/// When older segments are left out.
const TIME: Duration = Duration::from_millis(5);

/// Lists of values of smaller segments that are held, and their bytes. A segment never changes, and reading its values
/// costs more than looking through them: their postings lie between them.
const MOST_HELD: usize = 512;
const MOST_BYTES: usize = 4 << 20;

/// Bytes that one list of values of all full segments may take; what is beyond isn't suggested.
const MOST_MERGED: usize = 4 << 20;

const WORDS: &str = "
    SELECT term, runs FROM postings WHERE segment = ?1 AND list = ?2 AND term >= ?3 AND term < ?4 LIMIT ?5";
const VALUES: &str = "SELECT term, runs FROM postings WHERE segment = ?1 AND list = ?2 LIMIT ?3";

/// A term, and how many runs have it.
type Frequent = (Box<[u8]>, u64);

/// The values of segments, held for the next question.
#[derive(Debug, Default)]
pub(super) struct HeldValues(Held<Remembered>);

/// Of full segments, which stay as they are for good, all values of a list together: their number hardly grows with that of
/// the runs. Of the others, which are few, each by itself, those used last first.
#[derive(Debug, Default)]
struct Remembered {
    merged: HashMap<List, Arc<Merged>>,
    single: VecDeque<Single>,
}

#[derive(Debug, Default, Clone)]
struct Merged {
    segments: BTreeSet<i64>,
    values: HashMap<Box<[u8]>, u64>,
    bytes: usize,
}

#[derive(Debug)]
struct Single {
    segment: i64,
    list: List,
    values: Arc<[Frequent]>,
}

impl Merged {
    fn add(&mut self, segment: i64, values: Vec<Frequent>) {
        if !self.segments.insert(segment) {
            return;
        }
        for (term, runs) in values {
            match self.values.get_mut(&term) {
                Some(count) => *count += runs,
                None if self.bytes >= MOST_MERGED => {}
                None => {
                    self.bytes += term.len() + 2 * size_of::<Frequent>();
                    self.values.insert(term, runs);
                }
            }
        }
    }
}

impl HeldValues {
    /// Lets go of all: the segments of another file may have the same numbers.
    pub(super) fn forget(&self) {
        self.rest(Duration::ZERO);
    }

    /// Lets go of all if nobody asked for so long.
    pub(super) fn rest(&self, unused: Duration) {
        self.0.rest(unused);
    }

    /// How many segments are held together and each by itself, whatever the list.
    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize) {
        self.0.with(|Remembered { merged, single }| {
            (merged.values().map(|merged| merged.segments.len()).sum(), single.len())
        })
    }

    /// The values of a list in full segments, as many as are read before the deadline; the next one who asks reads on.
    fn merged(&self, conn: &Connection, full: &[Segment], list: List, deadline: Instant) -> Result<Arc<Merged>, Error> {
        let is_gone = |id: &i64| full.iter().all(|segment| segment.id != *id);
        let missing: Vec<i64> = self.0.with(|remembered| {
            let merged = remembered.merged.entry(list).or_default();
            // One that is gone has given its runs to another.
            if merged.segments.iter().any(is_gone) {
                *merged = Arc::default();
            }
            full.iter().map(|segment| segment.id).filter(|id| !merged.segments.contains(id)).collect()
        });
        for segment in missing.into_iter().take_while(|_| Instant::now() <= deadline) {
            let values = read(conn, segment, list)?;
            self.0.with(|remembered| Arc::make_mut(remembered.merged.entry(list).or_default()).add(segment, values));
        }
        Ok(self.0.with(|remembered| remembered.merged.get(&list).cloned().unwrap_or_default()))
    }

    fn of(&self, conn: &Connection, segment: i64, list: List) -> Result<Arc<[Frequent]>, Error> {
        let is_it = |single: &Single| (single.segment, single.list) == (segment, list);
        let held = self.0.with(|Remembered { single, .. }| {
            let found = single.iter().position(is_it).and_then(|place| single.remove(place))?;
            let values = Arc::clone(&found.values);
            single.push_front(found);
            Some(values)
        });
        if let Some(values) = held {
            return Ok(values);
        }
        let values: Arc<[Frequent]> = read(conn, segment, list)?.into();
        self.0.with(|Remembered { single, .. }| {
            single.push_front(Single { segment, list, values: Arc::clone(&values) });
            let mut bytes = 0;
            let fits = single.iter().take(MOST_HELD).take_while(|held| {
                bytes += held.values.iter().map(|(term, _)| term.len() + size_of::<Frequent>()).sum::<usize>();
                bytes <= MOST_BYTES
            });
            let count = fits.count();
            single.truncate(count);
        });
        Ok(values)
    }
}

/// The first values of a list in a segment.
fn read(conn: &Connection, segment: i64, list: List) -> Result<Vec<Frequent>, Error> {
    let mut values = Vec::new();
    let mut statement = conn.prepare_cached(VALUES)?;
    let mut rows = statement.query(params![segment, list.code(), MOST_TERMS])?;
    while let Some(row) = rows.next()? {
        values.push((blob(row, 0)?.into(), row.get::<_, i64>(1)?.unsigned_abs()));
    }
    Ok(values)
}

/// Of a list of words those that begin with `folded`; of a list of values those in which a word begins so. Runs that were
/// indexed again may count twice until their old segment is merged.
pub(super) fn suggest(
    conn: &Connection,
    held: &HeldValues,
    list: List,
    folded: &str,
    most: usize,
) -> Result<Vec<Counted>, Error> {
    let deadline = Instant::now() + TIME;
    let mut segments = segment::all(conn)?;
    // The largest say the most.
    segments.sort_by_key(|segment| std::cmp::Reverse(segment.runs));
    let mut counts: HashMap<Vec<u8>, u64> = HashMap::new();
    let mut rest = &segments[..];
    if !list.has_positions() {
        let (full, smaller) = segments.split_at(segments.partition_point(|segment| u64::from(segment.runs) >= FULL));
        for (term, runs) in &held.merged(conn, full, list, deadline)?.values {
            if has_word(term, folded.as_bytes()) {
                add(&mut counts, term, *runs);
            }
        }
        rest = smaller;
    }
    for segment in rest.iter().take_while(|_| Instant::now() <= deadline) {
        if list.has_positions() {
            words(conn, segment, list, folded.as_bytes(), &mut counts)?;
        } else {
            for (term, runs) in held.of(conn, segment.id, list)?.iter() {
                if has_word(term, folded.as_bytes()) {
                    add(&mut counts, term, *runs);
                }
            }
        }
    }
    let mut values: Vec<_> = counts.into_iter().collect();
    let order =
        |(one, runs): &(Vec<u8>, u64), (other, more): &(Vec<u8>, u64)| more.cmp(runs).then_with(|| one.cmp(other));
    if values.len() > most {
        values.select_nth_unstable_by(most, order);
        values.truncate(most);
    }
    values.sort_unstable_by(order);
    Ok(values.into_iter().map(|(term, runs)| Counted { text: written(&term), runs }).collect())
}

fn words(
    conn: &Connection,
    segment: &Segment,
    list: List,
    start: &[u8],
    counts: &mut HashMap<Vec<u8>, u64>,
) -> Result<(), Error> {
    let end = behind(start).unwrap_or_else(|| segment::END.to_vec());
    let mut statement = conn.prepare_cached(WORDS)?;
    let mut rows = statement.query(params![segment.id, list.code(), start, end, MOST_TERMS])?;
    while let Some(row) = rows.next()? {
        add(counts, blob(row, 0)?, row.get::<_, i64>(1)?.unsigned_abs());
    }
    Ok(())
}

fn add(counts: &mut HashMap<Vec<u8>, u64>, term: &[u8], runs: u64) {
    match counts.get_mut(term) {
        Some(count) => *count += runs,
        None => drop(counts.insert(term.to_vec(), runs)),
    }
}

/// Whether a word of a value begins so, or the value itself.
fn has_word(term: &[u8], start: &[u8]) -> bool {
    let folded = term.split(|byte| *byte == 0).next().unwrap_or_default();
    let is_inside =
        |place: usize| place > 0 && folded[place - 1].is_ascii_alphanumeric() && folded[place].is_ascii_alphanumeric();
    let Some(first) = start.first() else { return true };
    memchr::memchr_iter(*first, folded).any(|place| folded[place..].starts_with(start) && !is_inside(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::database::assert_searches;

    #[test]
    fn suggestions_are_read_in_their_list_alone() {
        for query in [WORDS, VALUES] {
            assert_searches(query);
        }
    }

    #[test]
    fn a_value_is_found_by_each_of_its_words() {
        for (value, start, is_found) in [
            ("flux1-dev fp8\0Flux1-Dev", "flux", true),
            ("flux1-dev fp8\0Flux1-Dev", "dev f", true),
            ("flux1-dev\0Flux", "ux1", false),
            ("sdxl/base\0x", "base", true),
            ("模型\0模型", "型", true),
            ("a\0zebra", "zebra", false),
            ("a\0zebra", "", true),
        ] {
            assert_eq!(has_word(value.as_bytes(), start.as_bytes()), is_found, "{value} {start}");
        }
    }
}
