//! What is wanted, asked of one segment: a tree of look-ups becomes a set of runs.

use roaring::RoaringBitmap;
use rusqlite::Connection;

use super::error::{Error, broken};
use super::places::PlacesReader;
use super::postings;
use super::segment::{Posting, Segment, behind, decode};
use crate::model::{List, Timestamp, Want};

/// The runs of a segment that fit, the dead among them.
pub(super) fn find(conn: &Connection, segment: &Segment, want: &Want) -> Result<RoaringBitmap, Error> {
    match want {
        Want::All(wants) => all(conn, segment, wants),
        Want::Any(wants) => wants.iter().try_fold(RoaringBitmap::new(), |found, want| {
            let more = find(conn, segment, want)?;
            Ok(found | more)
        }),
        Want::Not(want) => Ok(everything(segment) - find(conn, segment, want)?),
        Want::Term(list, term) => segment.term(conn, *list, term),
        Want::Prefix(list, start) => prefix(conn, segment, *list, start),
        Want::Range(list, from, until) => segment.range(conn, *list, from, until.as_deref()),
        Want::Phrase { list, words, is_open } => phrase(conn, segment, *list, words, *is_open),
        Want::Created(from, until) => created(conn, segment, *from, *until),
    }
}

fn everything(segment: &Segment) -> RoaringBitmap {
    let mut all = RoaringBitmap::new();
    all.insert_range(0..segment.runs);
    all
}

/// What fits each; what is excluded is taken off what was found.
fn all(conn: &Connection, segment: &Segment, wants: &[Want]) -> Result<RoaringBitmap, Error> {
    let (excluded, included): (Vec<_>, Vec<_>) = wants.iter().partition(|want| matches!(want, Want::Not(_)));
    let mut found: Option<RoaringBitmap> = None;
    for want in included {
        let more = find(conn, segment, want)?;
        let both = match found {
            Some(found) => found & more,
            None => more,
        };
        if both.is_empty() {
            return Ok(both);
        }
        found = Some(both);
    }
    let mut found = found.unwrap_or_else(|| everything(segment));
    for want in excluded {
        if let Want::Not(want) = want {
            found -= find(conn, segment, want)?;
        }
    }
    Ok(found)
}

fn prefix(conn: &Connection, segment: &Segment, list: List, start: &[u8]) -> Result<RoaringBitmap, Error> {
    if list.has_positions()
        && let Some(found) = segment.summary(conn, list, start)?
    {
        return Ok(found);
    }
    segment.range(conn, list, start, behind(start).as_deref())
}

fn created(conn: &Connection, segment: &Segment, from: Timestamp, until: Timestamp) -> Result<RoaringBitmap, Error> {
    let mut reader = PlacesReader::new(conn, segment.id, &segment.marks);
    let mut found = RoaringBitmap::new();
    if from < until {
        let first = reader.rank((from.as_millis(), i64::MIN))?;
        let end = reader.rank((until.as_millis(), i64::MIN))?;
        found.insert_range(first..end);
    }
    Ok(found)
}

/// Runs in which the words stand one after the other. Of each word the runs are looked at first, then its positions in
/// those runs that are left.
fn phrase(
    conn: &Connection,
    segment: &Segment,
    list: List,
    words: &[Vec<u8>],
    is_open: bool,
) -> Result<RoaringBitmap, Error> {
    let Some((last, whole)) = words.split_last() else { return Ok(RoaringBitmap::new()) };
    let mut postings = Vec::with_capacity(whole.len());
    let mut runs = if is_open { prefix(conn, segment, list, last)? } else { segment.term(conn, list, last)? };
    for word in whole {
        let Some(posting) = segment.with_positions(conn, list, word)? else { return Ok(RoaringBitmap::new()) };
        runs &= decode(&posting.runs)?;
        postings.push(posting);
    }
    if runs.is_empty() || whole.is_empty() {
        return Ok(runs);
    }
    let mut ends: Option<Vec<WordPosition>> = None;
    for posting in &postings {
        let mut spots = Vec::new();
        spots_in(posting, &runs, &mut spots)?;
        ends = Some(match ends {
            Some(ends) => behind_each(&ends, &spots),
            None => spots,
        });
    }
    let mut spots = Vec::new();
    if is_open {
        segment.each(conn, list, last, behind(last).as_deref(), |word, data| {
            if postings::count_in(data, &runs).map_err(|_| broken())? > 0
                && let Some(posting) = segment.with_positions(conn, list, word)?
            {
                spots_in(&posting, &runs, &mut spots)?;
            }
            Ok(())
        })?;
        spots.sort_unstable();
    } else if let Some(posting) = segment.with_positions(conn, list, last)? {
        spots_in(&posting, &runs, &mut spots)?;
    }
    Ok(behind_each(&ends.unwrap_or_default(), &spots).into_iter().map(|(run, _)| run).collect())
}

/// A word of a run: the run, and which word of its texts.
type WordPosition = (u32, u32);

/// Where a word stands in some runs.
fn spots_in(posting: &Posting, wanted: &RoaringBitmap, spots: &mut Vec<WordPosition>) -> Result<(), Error> {
    let mut rest = &posting.positions[..];
    for run in postings::decode_list(&posting.runs).map_err(|_| broken())? {
        let own = postings::split_positions(&mut rest);
        if wanted.contains(run) {
            spots.extend(postings::positions(own).map(|position| (run, position)));
        }
    }
    Ok(())
}

/// Those that stand right behind one of `before`; both in ascending order.
fn behind_each(before: &[WordPosition], spots: &[WordPosition]) -> Vec<WordPosition> {
    let mut before = before.iter().map(|(run, position)| (*run, position + 1)).peekable();
    let stands_behind = |spot: &&WordPosition| {
        while before.next_if(|expected| *expected < **spot).is_some() {}
        before.peek() == Some(*spot)
    };
    spots.iter().filter(stands_behind).copied().collect()
}
