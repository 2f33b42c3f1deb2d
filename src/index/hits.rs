//! The runs that a filter lets through, segment by segment, and what a list asks of them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use roaring::RoaringBitmap;
use rusqlite::Connection;

use super::error::Error;
use super::eval;
use super::places::PlacesReader;
use super::segment::{self, Segment};
use crate::memory::Held;
use crate::model::{Cursor, Filter, GenerationId, List, Start, Term, Timestamp, Want};
use crate::paging::{Place, place};

/// Answers that are held for the next question: the same search is asked for its page, its number, its facets and its
/// calendar.
const HELD: usize = 8;

/// Bytes that the held answers may take together, where there is more than one. An answer takes a bit a run at most: all
/// of sixteen million runs fit in, and of more than that fewer are held. The last one always is.
const MOST_BYTES: usize = 16 << 20;

/// The runs of a segment that fit, none of them dead.
#[derive(Debug)]
pub(super) struct SegmentHits {
    pub(super) segment: Segment,
    pub(super) runs: RoaringBitmap,
}

/// What fits, and the time that the filter keeps to.
pub(super) struct Hits {
    /// By the newest run, the latest first.
    found: Arc<Vec<SegmentHits>>,
    from: Place,
    until: Place,
}

/// The last answers, for any time.
#[derive(Debug, Default)]
pub(super) struct Recent(Held<VecDeque<HitsAnswer>>);

#[derive(Debug)]
struct HitsAnswer {
    want: Want,
    /// The segments with the number of their dead: another answer if these differ.
    state: Vec<(i64, u64)>,
    found: Arc<Vec<SegmentHits>>,
    bytes: usize,
}

impl Recent {
    /// Lets go of all: the segments of another file may have the same numbers.
    pub(super) fn forget(&self) {
        self.rest(Duration::ZERO);
    }

    /// Lets go of all if nobody asked for so long.
    pub(super) fn rest(&self, unused: Duration) {
        self.0.rest(unused);
    }

    fn get(&self, want: &Want, state: &[(i64, u64)]) -> Option<Arc<Vec<SegmentHits>>> {
        self.0.with(|answers| {
            let answer = answers.iter().find(|answer| answer.want == *want && answer.state == state)?;
            Some(Arc::clone(&answer.found))
        })
    }

    /// Holds an answer as the last, in place of an older one to the same, and as many of the others as fit in.
    fn put(&self, want: Want, state: Vec<(i64, u64)>, found: &Arc<Vec<SegmentHits>>) {
        let bytes = found.iter().map(SegmentHits::bytes).sum();
        self.0.with(|answers| {
            answers.retain(|answer| answer.want != want);
            answers.push_front(HitsAnswer { want, state, found: Arc::clone(found), bytes });
            let mut bytes = 0;
            let fits = answers.iter().take(HELD).take_while(|answer| {
                bytes += answer.bytes;
                bytes <= MOST_BYTES
            });
            let count = fits.count().max(1);
            answers.truncate(count);
        });
    }
}

impl SegmentHits {
    /// About what it takes in memory.
    fn bytes(&self) -> usize {
        self.runs.serialized_size() + self.segment.dead.serialized_size() + self.segment.marks.bytes()
    }
}

impl Hits {
    /// Finds what fits.
    pub(super) fn find(conn: &Connection, filter: &Filter, recent: &Recent) -> Result<Self, Error> {
        let want = want(filter);
        let mut segments = segment::all(conn)?;
        segments.sort_by_key(|segment| std::cmp::Reverse(segment.marks.last()));
        let state: Vec<_> = segments.iter().map(|segment| (segment.id, segment.dead.len())).collect();
        let found = match recent.get(&want, &state) {
            Some(found) => found,
            None => {
                let found = segments.into_iter().map(|segment| {
                    let runs = eval::find(conn, &segment, &want)? - &segment.dead;
                    Ok(SegmentHits { segment, runs })
                });
                let found = Arc::new(found.collect::<Result<Vec<_>, Error>>()?);
                recent.put(want, state, &found);
                found
            }
        };
        Ok(Self {
            found,
            from: (filter.from.map_or(i64::MIN, Timestamp::as_millis), i64::MIN),
            until: (filter.until.map_or(i64::MAX, Timestamp::as_millis), i64::MIN),
        })
    }

    /// The first `most` places from there on, the nearest first.
    pub(super) fn places(&self, conn: &Connection, start: Start, most: u32) -> Result<Vec<Place>, Error> {
        let most = most as usize;
        let (from, until, is_newer) = match start {
            Start::Newest => (self.from, self.until, false),
            Start::Older(at) => (self.from, place(&at).min(self.until), false),
            Start::Newer(at) => (self.from.max((place(&at).0, place(&at).1.saturating_add(1))), self.until, true),
        };
        let mut nearest: Vec<Place> = Vec::new();
        for (segment, runs) in self.between(conn, from, until)? {
            let furthest = nearest.last().filter(|_| nearest.len() >= most);
            let is_beyond = |place: &Place| {
                if is_newer { segment.marks.first() > *place } else { segment.marks.last() < *place }
            };
            if furthest.is_some_and(is_beyond) {
                continue;
            }
            let mut reader = PlacesReader::new(conn, segment.id, &segment.marks);
            let own: Vec<u32> =
                if is_newer { runs.iter().take(most).collect() } else { runs.iter().rev().take(most).collect() };
            for run in own {
                nearest.push(reader.place(run)?);
            }
            nearest.sort_unstable();
            if !is_newer {
                nearest.reverse();
            }
            nearest.truncate(most);
        }
        Ok(nearest)
    }

    /// How many there are.
    pub(super) fn count(&self, conn: &Connection) -> Result<u64, Error> {
        Ok(self.between(conn, self.from, self.until)?.iter().map(|(_, runs)| runs.len()).sum())
    }

    /// How many there are between each of these moments and the next.
    pub(super) fn days(&self, conn: &Connection, starts: &[Timestamp]) -> Result<Vec<u64>, Error> {
        let edges: Vec<Place> = starts
            .iter()
            .map(|start| (start.as_millis(), i64::MIN).clamp(self.from, self.until.max(self.from)))
            .collect();
        let mut days = vec![0; starts.len().saturating_sub(1)];
        for SegmentHits { segment, runs } in self.found.iter().filter(|found| !found.runs.is_empty()) {
            let mut reader = PlacesReader::new(conn, segment.id, &segment.marks);
            let ranks: Vec<u32> =
                edges.iter().map(|edge| rank(segment, &mut reader, *edge)).collect::<Result<_, _>>()?;
            for (day, edges) in days.iter_mut().zip(ranks.windows(2)) {
                *day += runs.range_cardinality(edges[0]..edges[1]);
            }
        }
        Ok(days)
    }

    /// Those of some places that fit.
    pub(super) fn among(&self, conn: &Connection, places: &[Cursor]) -> Result<Vec<GenerationId>, Error> {
        let mut among = Vec::new();
        for place in places.iter().map(place).filter(|place| self.from <= *place && *place < self.until) {
            for SegmentHits { segment, runs } in self.found.iter().filter(|found| found.segment.spans(place)) {
                let run = PlacesReader::new(conn, segment.id, &segment.marks).find(place)?;
                among.extend(run.filter(|run| runs.contains(*run)).map(|_| GenerationId(place.1)));
            }
        }
        Ok(among)
    }

    /// What fits in the time of the filter.
    pub(super) fn clipped(&self, conn: &Connection) -> Result<Vec<(&Segment, RoaringBitmap)>, Error> {
        self.between(conn, self.from, self.until)
    }

    fn between(&self, conn: &Connection, from: Place, until: Place) -> Result<Vec<(&Segment, RoaringBitmap)>, Error> {
        let mut parts = Vec::new();
        for SegmentHits { segment, runs } in self.found.iter().filter(|found| !found.runs.is_empty()) {
            let is_whole = from <= segment.marks.first() && segment.marks.last() < until;
            let mut runs = runs.clone();
            if !is_whole {
                let mut reader = PlacesReader::new(conn, segment.id, &segment.marks);
                let (first, end) = (rank(segment, &mut reader, from)?, rank(segment, &mut reader, until)?);
                runs.remove_range(..first);
                runs.remove_range(end.max(first)..);
            }
            if !runs.is_empty() {
                parts.push((segment, runs));
            }
        }
        Ok(parts)
    }
}

/// How many runs of a segment stand before a place; most often known without reading.
fn rank(segment: &Segment, reader: &mut PlacesReader<'_>, place: Place) -> Result<u32, Error> {
    match () {
        () if place <= segment.marks.first() => Ok(0),
        () if place > segment.marks.last() => Ok(segment.runs),
        () => reader.rank(place),
    }
}

/// As much of a long id as the index has.
fn beginning(id: &str) -> Vec<u8> {
    id.as_bytes()[..id.floor_char_boundary(Term::MOST_BYTES)].to_vec()
}

/// Everything that the filter asks but the time.
fn want(filter: &Filter) -> Want {
    let Filter { statuses, kinds, instance, prompt_id, from: _, until: _, want } = filter;
    let any = |list, words: Vec<&str>| {
        // All are in small letters but the instance's name, which is so in the index.
        let terms = words.iter().map(|word| Want::Term(list, word.to_lowercase().into_bytes())).collect();
        (!words.is_empty()).then_some(Want::Any(terms))
    };
    let wants = [
        want.clone(),
        any(List::Status, statuses.iter().map(|status| status.as_str()).collect()),
        any(List::Kind, kinds.iter().map(|kind| kind.as_str()).collect()),
        any(List::Instance, instance.iter().map(|name| name.as_str()).collect()),
        prompt_id.as_ref().map(|id| Want::Term(List::PromptId, beginning(id.as_str()))),
    ];
    Want::All(wants.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was found among so many runs of which every other fits: the longest answer that there is.
    fn found(runs: u32) -> Arc<Vec<SegmentHits>> {
        let segment = Segment {
            id: 1,
            runs,
            marks: super::super::places::Marks::of(&[(0, 0), (1, 1)]),
            dead: RoaringBitmap::new(),
        };
        Arc::new(vec![SegmentHits { segment, runs: (0..runs).step_by(2).collect() }])
    }

    fn want(n: u8) -> Want {
        Want::Term(List::Model, vec![n])
    }

    #[test]
    fn an_answer_of_many_millions_of_runs_is_held_too() {
        let recent = Recent::default();
        let held = |n: u8| recent.get(&want(n), &[]).is_some();
        let ten_millions = found(10_000_000);
        for n in 0..9 {
            recent.put(want(n), Vec::new(), &ten_millions);
        }
        assert!(!held(0) && (1..9).all(held), "the last eight are held");
        recent.put(want(9), Vec::new(), &found(200_000_000));
        assert!(held(9) && !held(8), "one that fills all is held alone");
        recent.put(want(10), Vec::new(), &found(1_000));
        assert!(held(10) && !held(9), "and goes when there is another");
    }

    #[test]
    fn an_answer_takes_the_place_of_an_older_one_to_the_same_question() {
        let recent = Recent::default();
        recent.put(want(1), vec![(1, 0)], &found(10));
        recent.put(want(1), vec![(1, 3)], &found(10));
        assert!(recent.get(&want(1), &[(1, 0)]).is_none() && recent.get(&want(1), &[(1, 3)]).is_some());
        assert_eq!(recent.0.with(|answers| answers.len()), 1);
    }
}
