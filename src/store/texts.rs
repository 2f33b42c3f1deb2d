//! The kept texts of runs. Most of them are kept against the same few bases: those met last are held ready, for all readers.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Row, params};

use super::error::Error;
use super::frame;
use crate::memory::Held;
use crate::model::{Document, DocumentKind, GenerationId};
use crate::sqlite::codes::Coded;

/// Bases held, and the bytes of their texts.
const MOST_BASES: usize = 256;
const MOST_BYTES: usize = 4 << 20;

/// A base that is longer isn't held: making it ready costs little beside reading what is kept against it.
const LONGEST: usize = 1 << 20;

const TEXT: &str = "SELECT base_id, data FROM documents WHERE generation_id = ?1 AND kind = ?2";
const TEXTS: &str = "SELECT kind, base_id, data FROM documents WHERE generation_id = ?1 ORDER BY kind";
const BASE: &str = "SELECT data FROM bases WHERE id = ?1";

/// Reads the texts of runs, one after the other: its working memory is made once.
#[derive(Default)]
pub(super) struct Texts {
    unpacker: RefCell<frame::Unpacker>,
    bases: Arc<Dictionaries>,
}

impl Texts {
    /// One that shares these bases with others.
    pub(super) fn new(bases: Arc<Dictionaries>) -> Self {
        Self { unpacker: RefCell::default(), bases }
    }

    /// The text of a kind; `None` where the run has none.
    pub(super) fn read(
        &self,
        conn: &Connection,
        run: GenerationId,
        kind: DocumentKind,
    ) -> Result<Option<String>, Error> {
        let mut statement = conn.prepare_cached(TEXT)?;
        statement.query_and_then(params![run.0, Coded(kind)], |row| self.text(conn, row))?.next().transpose()
    }

    /// The same; `None` for one that can't be read too: what is made of many runs is made of the others.
    pub(super) fn read_if_any(
        &self,
        conn: &Connection,
        run: GenerationId,
        kind: DocumentKind,
    ) -> Result<Option<String>, Error> {
        match self.read(conn, run, kind) {
            Err(Error::Document { .. }) => Ok(None),
            read => read,
        }
    }

    /// All texts of a run.
    pub(super) fn all(&self, conn: &Connection, run: GenerationId) -> Result<Vec<Document>, Error> {
        let mut statement = conn.prepare_cached(TEXTS)?;
        let documents = statement.query_and_then([run.0], |row| {
            Ok(Document { kind: row.get::<_, Coded<_>>("kind")?.0, json: self.text(conn, row)? })
        })?;
        documents.collect()
    }

    /// The text of a base.
    pub(super) fn base(&self, conn: &Connection, id: i64) -> Result<String, Error> {
        of_base(conn, id, |frame| self.unpacker.borrow_mut().alone(frame))
    }

    /// The text of a row: its own frame, a frame against a base, or the base itself.
    fn text(&self, conn: &Connection, row: &Row<'_>) -> Result<String, Error> {
        let data = row.get_ref("data")?.as_blob_or_null().map_err(rusqlite::Error::from)?;
        let base: Option<i64> = row.get("base_id")?;
        let mut unpacker = self.unpacker.borrow_mut();
        match (base, data) {
            (Some(id), Some(data)) => of_base(conn, id, |frame| {
                let base = self.bases.ready(id, frame, &mut unpacker)?;
                unpacker.against(&base.dictionary, data)
            }),
            (Some(id), None) => of_base(conn, id, |frame| unpacker.alone(frame)),
            (None, Some(data)) => unpacker.alone(data),
            (None, None) => Err(frame::missing()),
        }
    }
}

/// Does something with the frame of a base.
fn of_base<T>(conn: &Connection, id: i64, with: impl FnOnce(&[u8]) -> Result<T, Error>) -> Result<T, Error> {
    let mut statement = conn.prepare_cached(BASE)?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or_else(frame::missing)?;
    with(row.get_ref("data")?.as_blob().map_err(rusqlite::Error::from)?)
}

/// A base that is ready for what is kept against it.
struct ReadyBase {
    id: i64,
    /// What it was made of. An id is given again when its base is deleted, so the id alone says too little.
    frame: Vec<u8>,
    bytes: usize,
    dictionary: frame::Dictionary,
}

/// The bases that were met last, the last first.
#[derive(Default)]
pub(super) struct Dictionaries(Held<VecDeque<Arc<ReadyBase>>>);

impl Dictionaries {
    /// Lets go of all if none was needed for so long.
    pub(super) fn rest(&self, unused: Duration) {
        self.0.rest(unused);
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.with(|held| held.len())
    }

    /// The base of this id and frame.
    fn ready(&self, id: i64, frame: &[u8], unpacker: &mut frame::Unpacker) -> Result<Arc<ReadyBase>, Error> {
        if let Some(base) = self.held(id, frame) {
            return Ok(base);
        }
        let text = unpacker.alone(frame)?;
        let dictionary = frame::Dictionary::new(&text)?;
        let base = Arc::new(ReadyBase { id, frame: frame.to_vec(), bytes: text.len(), dictionary });
        if base.bytes <= LONGEST {
            self.hold(Arc::clone(&base));
        }
        Ok(base)
    }

    fn held(&self, id: i64, frame: &[u8]) -> Option<Arc<ReadyBase>> {
        self.0.with(|held| {
            let place = held.iter().position(|base| base.id == id && base.frame == frame)?;
            let base = held.remove(place)?;
            held.push_front(Arc::clone(&base));
            Some(base)
        })
    }

    fn hold(&self, base: Arc<ReadyBase>) {
        self.0.with(|held| {
            held.retain(|other| other.id != base.id);
            held.push_front(base);
            let mut bytes = 0;
            let fits = held.iter().take(MOST_BASES).take_while(|base| {
                bytes += base.bytes;
                bytes <= MOST_BYTES
            });
            let count = fits.count();
            held.truncate(count);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::assert_searches;

    #[test]
    fn no_text_is_looked_for_in_a_whole_table() {
        for query in [TEXT, TEXTS, BASE] {
            assert_searches(query);
        }
    }

    #[test]
    fn the_bases_met_last_are_held_and_no_more_than_fit() {
        let (bases, mut unpacker) = (Dictionaries::default(), frame::Unpacker::default());
        let frame = |text: &str| frame::alone(text.as_bytes()).unwrap();
        let (long, short) = (frame(&"x".repeat(MOST_BYTES / 4)), frame("a base"));
        for id in 0..9 {
            bases.ready(id, &long, &mut unpacker).unwrap();
            bases.ready(100, &short, &mut unpacker).unwrap();
        }
        let held: Vec<i64> = bases.0.with(|held| held.iter().map(|base| base.id).collect());
        assert_eq!(held, [100, 8, 7, 6]);
        bases.ready(7, &frame(&"y".repeat(LONGEST + 1)), &mut unpacker).unwrap();
        assert!(bases.held(7, &long).is_some(), "one that is too long takes nobody's place");
    }

    #[test]
    fn an_id_that_was_given_again_is_another_base() {
        let (bases, mut unpacker) = (Dictionaries::default(), frame::Unpacker::default());
        for text in ["the first of this id", "the second of this id"] {
            let packed = frame::alone(text.as_bytes()).unwrap();
            let base = bases.ready(7, &packed, &mut unpacker).unwrap();
            let against = frame::Packer::new(text).unwrap().pack(text.as_bytes()).unwrap();
            assert_eq!(unpacker.against(&base.dictionary, &against).unwrap(), text);
        }
        assert_eq!(bases.0.with(|held| held.len()), 1);
    }
}
