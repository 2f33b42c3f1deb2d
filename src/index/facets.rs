//! The most frequent values of lists among some runs.

use std::time::{Duration, Instant};

use foldhash::{HashMap, HashMapExt as _};
use roaring::RoaringBitmap;
use rusqlite::{Connection, params};

use super::error::{Error, broken};
use super::postings;
use super::segment::{Segment, blob};
use crate::model::{Counted, Facet, List};

/// When the rest is left out, and numbers are the least there can be.
const TIME: Duration = Duration::from_millis(65);

const VALUES: &str = "SELECT term, runs, data FROM postings WHERE segment = ?1 AND list = ?2";

/// Counts in the newest segments first, so that what is left out is the oldest.
pub(super) fn facets(
    conn: &Connection,
    found: &[(&Segment, RoaringBitmap)],
    lists: &[List],
    most: usize,
) -> Result<Vec<Facet>, Error> {
    let deadline = Instant::now() + TIME;
    let mut counts: Vec<HashMap<Vec<u8>, u64>> = lists.iter().map(|_| HashMap::new()).collect();
    let mut is_exact = true;
    for (segment, runs) in found {
        if Instant::now() > deadline {
            is_exact = false;
            break;
        }
        for (&list, counts) in lists.iter().zip(&mut counts) {
            count(conn, segment, list, runs, counts)?;
        }
    }
    let facets = lists.iter().zip(counts).map(|(&list, counts)| top(list, counts, most, is_exact));
    Ok(facets.collect())
}

fn count(
    conn: &Connection,
    segment: &Segment,
    list: List,
    runs: &RoaringBitmap,
    counts: &mut HashMap<Vec<u8>, u64>,
) -> Result<(), Error> {
    let is_everything = runs.len() == u64::from(segment.runs);
    let mut statement = conn.prepare_cached(VALUES)?;
    let mut rows = statement.query(params![segment.id, list.code()])?;
    while let Some(row) = rows.next()? {
        let own = if is_everything {
            row.get::<_, i64>(1)?.unsigned_abs()
        } else {
            postings::count_in(blob(row, 2)?, runs).map_err(|_| broken())?
        };
        if own > 0 {
            let term = blob(row, 0)?;
            match counts.get_mut(term) {
                Some(count) => *count += own,
                None => drop(counts.insert(term.to_vec(), own)),
            }
        }
    }
    Ok(())
}

fn top(list: List, counts: HashMap<Vec<u8>, u64>, most: usize, is_exact: bool) -> Facet {
    let mut values: Vec<_> = counts.into_iter().collect();
    values.sort_unstable_by(|(one, runs), (other, more)| more.cmp(runs).then_with(|| one.cmp(other)));
    let more = values.len().saturating_sub(most) as u64;
    values.truncate(most);
    let values = values.into_iter().map(|(term, runs)| Counted { text: written(&term), runs }).collect();
    Facet { list, values, more, is_exact }
}

/// A term for people: a value as it was written, anything else as it is.
pub(super) fn written(term: &[u8]) -> String {
    let text = term.iter().position(|byte| *byte == 0).map_or(term, |end| &term[end + 1..]);
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use crate::index::database::assert_searches;

    #[test]
    fn values_of_a_list_are_read_without_the_others() {
        assert_searches(super::VALUES);
    }
}
