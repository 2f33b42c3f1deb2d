//! Where the runs of a segment stand in the list: their places in ascending order, in chunks, and where each chunk begins.

use rusqlite::{Connection, params};

use super::error::{Error, broken};
use super::postings::{read_long, write_long};
use crate::paging::Place;

/// Runs of a chunk.
const CHUNK: usize = 256;

const READ: &str = "SELECT data FROM places WHERE segment = ?1 AND chunk = ?2";
const ALL: &str = "SELECT data FROM places WHERE segment = ?1 ORDER BY chunk";
const WRITE: &str = "INSERT INTO places (segment, chunk, data) VALUES (?1, ?2, ?3)";

/// The first place of each chunk, and the last of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Marks(Vec<Place>);

impl Marks {
    #[cfg(test)]
    pub(super) fn of(places: &[Place]) -> Self {
        Self(places.to_vec())
    }

    /// For the row of the segment.
    pub(super) fn encode(&self) -> Vec<u8> {
        encode(&self.0)
    }

    /// Reads them back.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let marks = decode(bytes);
        if marks.len() < 2 { Err(broken()) } else { Ok(Self(marks)) }
    }

    /// The place of the oldest run.
    pub(super) fn first(&self) -> Place {
        self.0.first().copied().unwrap_or_default()
    }

    /// The place of the newest run.
    pub(super) fn last(&self) -> Place {
        self.0.last().copied().unwrap_or_default()
    }

    /// What they take in memory.
    pub(super) fn bytes(&self) -> usize {
        self.0.len() * size_of::<Place>()
    }

    /// The chunk that has a place, if any has.
    fn chunk_of(&self, place: Place) -> usize {
        let starts = &self.0[..self.0.len() - 1];
        starts.partition_point(|start| *start <= place).saturating_sub(1)
    }
}

/// Writes the places of a new segment, in ascending order and at least one.
pub(super) fn write(conn: &Connection, segment: i64, places: &[Place]) -> Result<Marks, Error> {
    let mut statement = conn.prepare_cached(WRITE)?;
    let mut marks = Vec::with_capacity(places.len() / CHUNK + 2);
    for (chunk, places) in places.chunks(CHUNK).enumerate() {
        statement.execute(params![segment, i64::try_from(chunk).unwrap_or(i64::MAX), encode(places)])?;
        marks.extend(places.first());
    }
    marks.extend(places.last());
    Ok(Marks(marks))
}

/// All places of a segment.
pub(super) fn all(conn: &Connection, segment: i64) -> Result<Vec<Place>, Error> {
    let mut statement = conn.prepare_cached(ALL)?;
    let mut rows = statement.query([segment])?;
    let mut places = Vec::new();
    while let Some(row) = rows.next()? {
        places.extend(decode(row.get_ref("data")?.as_blob().map_err(|_| broken())?));
    }
    Ok(places)
}

/// Reads places of one segment; holds the chunk in hand.
pub(super) struct PlacesReader<'a> {
    conn: &'a Connection,
    segment: i64,
    marks: &'a Marks,
    chunk: Option<(usize, Vec<Place>)>,
}

impl<'a> PlacesReader<'a> {
    pub(super) fn new(conn: &'a Connection, segment: i64, marks: &'a Marks) -> Self {
        Self { conn, segment, marks, chunk: None }
    }

    /// The place of a run.
    pub(super) fn place(&mut self, run: u32) -> Result<Place, Error> {
        let run = run as usize;
        self.chunk(run / CHUNK)?.get(run % CHUNK).copied().ok_or_else(broken)
    }

    /// How many runs stand before a place: the number of the first that stands there or behind.
    pub(super) fn rank(&mut self, place: Place) -> Result<u32, Error> {
        let chunk = self.marks.chunk_of(place);
        let before = self.chunk(chunk)?.partition_point(|own| *own < place);
        u32::try_from(chunk * CHUNK + before).map_err(|_| broken())
    }

    /// The run that stands there.
    pub(super) fn find(&mut self, place: Place) -> Result<Option<u32>, Error> {
        let run = self.rank(place)? as usize;
        let is_there = self.chunk(run / CHUNK)?.get(run % CHUNK) == Some(&place);
        Ok(u32::try_from(run).ok().filter(|_| is_there))
    }

    fn chunk(&mut self, chunk: usize) -> Result<&[Place], Error> {
        if self.chunk.as_ref().is_none_or(|(held, _)| *held != chunk) {
            let number = i64::try_from(chunk).unwrap_or(i64::MAX);
            let mut statement = self.conn.prepare_cached(READ)?;
            let mut rows = statement.query(params![self.segment, number])?;
            let places = match rows.next()? {
                Some(row) => decode(row.get_ref("data")?.as_blob().map_err(|_| broken())?),
                // Behind the last one.
                None => Vec::new(),
            };
            self.chunk = Some((chunk, places));
        }
        Ok(self.chunk.as_ref().map(|(_, places)| &places[..]).unwrap_or_default())
    }
}

/// Differences of the times, and of the ids, which go up and down.
fn encode(places: &[Place]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(places.len() * 6);
    let mut before = (0, 0);
    for &(time, id) in places {
        write_long(&mut bytes, zigzag(time.wrapping_sub(before.0)));
        write_long(&mut bytes, zigzag(id.wrapping_sub(before.1)));
        before = (time, id);
    }
    bytes
}

fn decode(mut bytes: &[u8]) -> Vec<Place> {
    let mut places = Vec::with_capacity(CHUNK);
    let mut before = (0_i64, 0_i64);
    while let (Some(time), Some(id)) = (read_long(&mut bytes), read_long(&mut bytes)) {
        before = (before.0.wrapping_add(unzigzag(time)), before.1.wrapping_add(unzigzag(id)));
        places.push(before);
    }
    places
}

/// Small numbers of either sign become small ones.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::index::database::assert_searches;

    proptest! {
        #[test]
        fn places_come_back(places in proptest::collection::btree_set((any::<i64>(), any::<i64>()), 0..300)) {
            let places: Vec<Place> = places.into_iter().collect();
            prop_assert_eq!(decode(&encode(&places)), places);
        }
    }

    #[test]
    fn no_place_is_looked_for_in_a_whole_table() {
        for query in [READ, ALL] {
            assert_searches(query);
        }
    }
}
