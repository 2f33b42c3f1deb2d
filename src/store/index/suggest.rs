//! Values and words for somebody who types, the most frequent first.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use super::facets::written;
use super::segment::{self, behind, blob};
use crate::model::{Counted, List};
use crate::store::Error;

/// Terms looked at in one segment. Of a beginning that more have, the first ones.
const MOST_TERMS: i64 = 2_000;

/// When older segments are left out.
const TIME: Duration = Duration::from_millis(6);

const WORDS: &str = "
    SELECT term, runs FROM postings WHERE segment = ?1 AND list = ?2 AND term >= ?3 AND term < ?4 LIMIT ?5";
const VALUES: &str = "SELECT term, runs FROM postings WHERE segment = ?1 AND list = ?2 LIMIT ?3";

/// Of a list of words those that begin with `folded`; of a list of values those in which a word begins so. Runs that were
/// indexed again may count twice until their old segment is merged.
pub(super) fn suggest(conn: &Connection, list: List, folded: &str, most: usize) -> Result<Vec<Counted>, Error> {
    let deadline = Instant::now() + TIME;
    let mut segments = segment::all(conn)?;
    // The largest say the most.
    segments.sort_by_key(|segment| std::cmp::Reverse(segment.alive()));
    let mut counts: HashMap<Vec<u8>, u64> = HashMap::new();
    for segment in segments.iter().take_while(|_| Instant::now() <= deadline) {
        let mut statement;
        let mut rows = if list.has_positions() {
            statement = conn.prepare_cached(WORDS)?;
            let end = behind(folded.as_bytes()).unwrap_or_else(|| segment::END.to_vec());
            statement.query(params![segment.id, list.code(), folded.as_bytes(), end, MOST_TERMS])?
        } else {
            statement = conn.prepare_cached(VALUES)?;
            statement.query(params![segment.id, list.code(), MOST_TERMS])?
        };
        while let Some(row) = rows.next()? {
            let term = blob(row, 0)?;
            if list.has_positions() || has_word(term, folded.as_bytes()) {
                let runs = row.get::<_, i64>(1)?.unsigned_abs();
                match counts.get_mut(term) {
                    Some(count) => *count += runs,
                    None => drop(counts.insert(term.to_vec(), runs)),
                }
            }
        }
    }
    let mut values: Vec<_> = counts.into_iter().collect();
    values.sort_unstable_by(|(one, runs), (other, more)| more.cmp(runs).then_with(|| one.cmp(other)));
    values.truncate(most);
    Ok(values.into_iter().map(|(term, runs)| Counted { text: written(&term), runs }).collect())
}

/// Whether a word of a value begins so, or the value itself.
fn has_word(term: &[u8], start: &[u8]) -> bool {
    let folded = term.split(|byte| *byte == 0).next().unwrap_or_default();
    let begins = |place: usize| {
        let is_inside =
            place > 0 && (folded[place - 1].is_ascii_alphanumeric() && folded[place].is_ascii_alphanumeric());
        !is_inside && folded[place..].starts_with(start)
    };
    (0..folded.len()).any(begins)
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
        ] {
            assert_eq!(has_word(value.as_bytes(), start.as_bytes()), is_found, "{value} {start}");
        }
    }
}
