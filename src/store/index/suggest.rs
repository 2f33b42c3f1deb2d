//! Values and words for somebody who types, the most frequent first.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use foldhash::{HashMap, HashMapExt as _};
use rusqlite::{Connection, params};

use super::facets::written;
use super::segment::{self, Segment, behind, blob};
use crate::model::{Counted, List};
use crate::store::Error;

/// Terms looked at in one segment. Of a beginning that more have, the first ones.
const MOST_TERMS: i64 = 2_000;

/// When older segments are left out.
const TIME: Duration = Duration::from_millis(5);

/// Lists of values that are held, and their bytes. A segment never changes, and reading its values costs more than looking
/// through them: their postings lie between them.
const MOST_HELD: usize = 256;
const MOST_BYTES: usize = 4 << 20;

const WORDS: &str = "
    SELECT term, runs FROM postings WHERE segment = ?1 AND list = ?2 AND term >= ?3 AND term < ?4 LIMIT ?5";
const VALUES: &str = "SELECT term, runs FROM postings WHERE segment = ?1 AND list = ?2 LIMIT ?3";

/// A term, and how many runs have it.
type Frequent = (Box<[u8]>, u64);

/// Values of segments, those used last first.
#[derive(Debug, Default)]
pub(super) struct Values(Mutex<VecDeque<Held>>);

#[derive(Debug)]
struct Held {
    segment: i64,
    list: List,
    values: Arc<[Frequent]>,
}

impl Values {
    /// Lets go of all: the segments of another file may have the same numbers.
    pub(super) fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn of(&self, conn: &Connection, segment: i64, list: List) -> Result<Arc<[Frequent]>, Error> {
        let held = |held: &Held| (held.segment, held.list) == (segment, list);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = all.iter().position(held).and_then(|place| all.remove(place)) {
            let values = Arc::clone(&found.values);
            all.push_front(found);
            return Ok(values);
        }
        drop(all);
        let mut values: Vec<Frequent> = Vec::new();
        let mut statement = conn.prepare_cached(VALUES)?;
        let mut rows = statement.query(params![segment, list.code(), MOST_TERMS])?;
        while let Some(row) = rows.next()? {
            values.push((blob(row, 0)?.into(), row.get::<_, i64>(1)?.unsigned_abs()));
        }
        let values: Arc<[Frequent]> = values.into();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_front(Held { segment, list, values: Arc::clone(&values) });
        let mut bytes = 0;
        let fits = all.iter().take(MOST_HELD).take_while(|held| {
            bytes += held.values.iter().map(|(term, _)| term.len() + size_of::<Frequent>()).sum::<usize>();
            bytes <= MOST_BYTES
        });
        let count = fits.count();
        all.truncate(count);
        Ok(values)
    }
}

/// Of a list of words those that begin with `folded`; of a list of values those in which a word begins so. Runs that were
/// indexed again may count twice until their old segment is merged.
pub(super) fn suggest(
    conn: &Connection,
    held: &Values,
    list: List,
    folded: &str,
    most: usize,
) -> Result<Vec<Counted>, Error> {
    let deadline = Instant::now() + TIME;
    let mut segments = segment::all(conn)?;
    // The largest say the most.
    segments.sort_by_key(|segment| std::cmp::Reverse(segment.alive()));
    let mut counts: HashMap<Vec<u8>, u64> = HashMap::new();
    for segment in segments.iter().take_while(|_| Instant::now() <= deadline) {
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
    use crate::store::tests::assert_searches_of_index;

    #[test]
    fn suggestions_are_read_in_their_list_alone() {
        for query in [WORDS, VALUES] {
            assert_searches_of_index(query);
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
