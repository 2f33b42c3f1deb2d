//! Runs on their way into the index: from terms run by run to runs term by term.

use foldhash::{HashMap, HashMapExt as _};
use rusqlite::Connection;

use super::error::Error;
use super::sink::Sink;
use super::{merge, places, postings, segment};
use crate::model::{Entry, List, Term};
use crate::paging::Place;

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
        let mut reader = places::PlacesReader::new(conn, segment.id, &segment.marks);
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
type TermKey<'a> = (List, &'a [u8]);

fn write(conn: &Connection, entries: &[Entry]) -> Result<(), Error> {
    let mut terms: HashMap<TermKey<'_>, Vec<(u32, u32)>> = HashMap::new();
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
