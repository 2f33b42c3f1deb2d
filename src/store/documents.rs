//! Kept texts, small: compressed against an earlier text of the same kind that resembles them.
//!
//! From run to run a prompt or workflow differs in a seed and little else. So a few *bases* per kind are kept whole, and a
//! document is a zstd frame that refers to one of them, one step deep: a base never needs another. A text unlike all
//! bases becomes a new one. Bases are found by recent use, and by *shape* (see [`super::shape`]) however old they are.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension, params};

use super::error::Error;
use super::texts::Texts;
use super::{frame, shape};
use crate::model::{DocumentKind, GenerationId};
use crate::sqlite::codes::Coded;

/// Texts shorter than this stand alone, nothing could make them smaller.
const SHORTEST: usize = 32;

/// Texts longer than this are compared with one base only, which is read when it is needed instead of being held ready.
const LONGEST_HELD: usize = 512 << 10;

/// Texts longer than this stand alone, for the memory that base and text take together.
const LONGEST: usize = 8 << 20;

/// Bases held ready, of all kinds: at most so many, and at most so many bytes of text. The tables of each take about half a
/// megabyte.
const MOST_BASES: usize = 16;
const MOST_BYTES: usize = 2 << 20;

/// Recent bases tried before a text counts as unlike all.
const MOST_TRIALS: usize = 4;

/// Runs looked back through for the bases to begin with.
const LOOK_BACK: i64 = 64;

const RECENT: &str = "SELECT base_id FROM documents WHERE generation_id > (SELECT max(id) FROM generations) - ?1 \
     AND kind = ?2 AND base_id IS NOT NULL ORDER BY generation_id DESC";
const BASE_BY_ID: &str = "SELECT shape, is_shared FROM bases WHERE id = ?1";
const BASE_BY_SHAPE: &str = "SELECT id FROM bases WHERE kind = ?1 AND shape = ?2 ORDER BY id DESC LIMIT 1";
const INSERT_BASE: &str = "INSERT INTO bases (kind, shape, is_shared, data) VALUES (?1, ?2, 0, ?3)";
const SHARE_BASE: &str = "UPDATE bases SET is_shared = 1 WHERE id = ?1 AND is_shared = 0";
const DELETE_BASE: &str = "DELETE FROM bases WHERE id = ?1 AND is_shared = 0";
const SELECT_IS_BASE: &str = "SELECT base_id FROM documents WHERE generation_id = ?1 AND kind = ?2 AND data IS NULL";
const PUT_DOCUMENT: &str = "INSERT INTO documents (generation_id, kind, base_id, data) VALUES (?1, ?2, ?3, ?4) \
     ON CONFLICT DO UPDATE SET base_id = excluded.base_id, data = excluded.data";

/// How a text is kept: whole (no base), against a base, or as a base itself (no data).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Encoded {
    base: Option<i64>,
    data: Option<Vec<u8>>,
}

/// A base held ready.
struct Base {
    id: i64,
    kind: DocumentKind,
    shape: i64,
    bytes: usize,
    is_shared: bool,
    packer: frame::Packer,
}

/// The last text of a kind: the next is often the same.
struct Last {
    kind: DocumentKind,
    text: String,
    encoded: Encoded,
}

/// The bases held ready, latest used first.
#[derive(Default)]
pub(super) struct Bases {
    recent: VecDeque<Base>,
    last: Vec<Last>,
    loaded: Vec<DocumentKind>,
    texts: Texts,
}

impl Bases {
    /// How many are held ready.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.recent.len()
    }

    /// Puts a document in its row, over an earlier one. A base that only the earlier one used goes with it.
    pub(super) fn put(&mut self, conn: &Connection, run: i64, kind: DocumentKind, text: &str) -> Result<(), Error> {
        // One that can't be read is to be replaced.
        if self.texts.read(conn, GenerationId(run), kind).is_ok_and(|earlier| earlier.as_deref() == Some(text)) {
            return Ok(());
        }
        let earlier: Option<Option<i64>> = conn
            .prepare_cached(SELECT_IS_BASE)?
            .query_row(params![run, Coded(kind)], |row| row.get("base_id"))
            .optional()?;
        self.add(conn, run, kind, text)?;
        if let Some(Some(base)) = earlier
            && conn.prepare_cached(DELETE_BASE)?.execute([base])? > 0
        {
            self.recent.retain(|held| held.id != base);
            self.last.retain(|last| last.encoded.base != Some(base));
        }
        Ok(())
    }

    /// Puts a document in a row that has none of its kind.
    pub(super) fn add(&mut self, conn: &Connection, run: i64, kind: DocumentKind, text: &str) -> Result<(), Error> {
        let encoded = self.encode(conn, kind, text)?;
        conn.prepare_cached(PUT_DOCUMENT)?.execute(params![run, Coded(kind), encoded.base, encoded.data])?;
        Ok(())
    }

    fn encode(&mut self, conn: &Connection, kind: DocumentKind, text: &str) -> Result<Encoded, Error> {
        if !(SHORTEST..=LONGEST).contains(&text.len()) {
            return Ok(Encoded { base: None, data: Some(frame::alone(text.as_bytes())?) });
        }
        if let Some(last) = self.last.iter().find(|last| last.kind == kind && last.text == text) {
            let encoded = last.encoded.clone();
            if let (Some(base), None) = (encoded.base, &encoded.data) {
                self.share(conn, base)?;
            }
            return Ok(encoded);
        }
        if text.len() > LONGEST_HELD {
            return self.encode_long(conn, kind, text);
        }
        self.load_recent(conn, kind)?;
        let encoded = match self.resemble(conn, kind, text)? {
            Some(encoded) => encoded,
            None => self.establish(conn, kind, text)?,
        };
        match self.last.iter_mut().find(|last| last.kind == kind) {
            Some(last) => {
                text.clone_into(&mut last.text);
                last.encoded.clone_from(&encoded);
            }
            None => self.last.push(Last { kind, text: text.to_owned(), encoded: encoded.clone() }),
        }
        Ok(encoded)
    }

    /// The text against the best of the bases worth a trial; `None` when it resembles none.
    fn resemble(&mut self, conn: &Connection, kind: DocumentKind, text: &str) -> Result<Option<Encoded>, Error> {
        // So small that no other base could save much.
        let small = 128 + text.len() / 128;
        let mut tried = Vec::with_capacity(MOST_TRIALS);
        let mut best: Option<(i64, Vec<u8>)> = None;
        for trial in 0..MOST_TRIALS {
            let candidate = match trial {
                1 => self.same_shape(conn, kind, shape::of(text))?.filter(|id| !tried.contains(id)),
                _ => self.latest(kind, &tried),
            };
            let Some(id) = candidate else { continue };
            tried.push(id);
            let Some(delta) = self.against(id, text)? else { continue };
            let is_small = delta.len() <= small;
            if best.as_ref().is_none_or(|(_, best)| delta.len() < best.len()) {
                best = Some((id, delta));
            }
            if is_small {
                break;
            }
        }
        let Some((base, delta)) = best else { return Ok(None) };
        if delta.len() > small && !is_much_smaller(&delta, text)? {
            return Ok(None);
        }
        self.share(conn, base)?;
        Ok(Some(Encoded { base: Some(base), data: Some(delta) }))
    }

    /// A long text, most often a workflow with pictures in it, against the last base of its shape.
    fn encode_long(&mut self, conn: &Connection, kind: DocumentKind, text: &str) -> Result<Encoded, Error> {
        let shape = shape::of(text);
        if let Some(base) = base_of_shape(conn, kind, shape)? {
            let delta = frame::against_long(self.texts.base(conn, base)?.as_bytes(), text.as_bytes())?;
            if is_much_smaller(&delta, text)? {
                self.share(conn, base)?;
                return Ok(Encoded { base: Some(base), data: Some(delta) });
            }
        }
        Ok(Encoded { base: Some(insert_base(conn, kind, shape, text)?), data: None })
    }

    /// Makes the text a base.
    fn establish(&mut self, conn: &Connection, kind: DocumentKind, text: &str) -> Result<Encoded, Error> {
        let shape = shape::of(text);
        let id = insert_base(conn, kind, shape, text)?;
        self.hold(Base { id, kind, shape, bytes: text.len(), is_shared: false, packer: frame::Packer::new(text)? });
        Ok(Encoded { base: Some(id), data: None })
    }

    /// The text against a base that is held ready; `None` when that one isn't.
    fn against(&mut self, id: i64, text: &str) -> Result<Option<Vec<u8>>, Error> {
        let base = self.recent.iter_mut().find(|base| base.id == id);
        base.map(|base| base.packer.pack(text.as_bytes())).transpose()
    }

    fn latest(&self, kind: DocumentKind, tried: &[i64]) -> Option<i64> {
        self.recent.iter().find(|base| base.kind == kind && !tried.contains(&base.id)).map(|base| base.id)
    }

    fn same_shape(&mut self, conn: &Connection, kind: DocumentKind, shape: i64) -> Result<Option<i64>, Error> {
        if let Some(base) = self.recent.iter().find(|base| base.kind == kind && base.shape == shape) {
            return Ok(Some(base.id));
        }
        if let Some(id) = base_of_shape(conn, kind, shape)? {
            self.load(conn, kind, id)?;
            return Ok(Some(id));
        }
        Ok(None)
    }

    /// Once per kind: the bases that the latest runs were kept against.
    fn load_recent(&mut self, conn: &Connection, kind: DocumentKind) -> Result<(), Error> {
        if self.loaded.contains(&kind) {
            return Ok(());
        }
        self.loaded.push(kind);
        let mut ids: Vec<i64> = Vec::new();
        let mut statement = conn.prepare_cached(RECENT)?;
        for id in statement.query_map(params![LOOK_BACK, Coded(kind)], |row| row.get("base_id"))? {
            let id = id?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids.truncate(MOST_TRIALS);
        ids.into_iter().rev().try_for_each(|id| self.load(conn, kind, id))
    }

    /// Holds a base ready, unless it is too long for that.
    fn load(&mut self, conn: &Connection, kind: DocumentKind, id: i64) -> Result<(), Error> {
        let (shape, is_shared) =
            conn.prepare_cached(BASE_BY_ID)?.query_row([id], |row| Ok((row.get("shape")?, row.get("is_shared")?)))?;
        let text = self.texts.base(conn, id)?;
        if text.len() > LONGEST_HELD {
            return Ok(());
        }
        self.hold(Base { id, kind, shape, bytes: text.len(), is_shared, packer: frame::Packer::new(&text)? });
        Ok(())
    }

    /// Holds a base ready as the latest, and lets go of those that were not used for longest.
    fn hold(&mut self, base: Base) {
        self.recent.push_front(base);
        let mut bytes = 0;
        let fits = self.recent.iter().take(MOST_BASES).take_while(|base| {
            bytes += base.bytes;
            bytes <= MOST_BYTES
        });
        let count = fits.count();
        self.recent.truncate(count);
    }

    /// Notes that a document refers to a base that it did not bring.
    fn share(&mut self, conn: &Connection, id: i64) -> Result<(), Error> {
        let held = self.recent.iter().position(|base| base.id == id).and_then(|place| self.recent.remove(place));
        if !held.as_ref().is_some_and(|base| base.is_shared) {
            conn.prepare_cached(SHARE_BASE)?.execute([id])?;
        }
        if let Some(base) = held {
            self.recent.push_front(Base { is_shared: true, ..base });
        }
        Ok(())
    }
}

/// Whether a delta is to be kept though it isn't small. A new base costs the whole text once and little for each text like
/// it: worth it when a few are to follow.
fn is_much_smaller(delta: &[u8], text: &str) -> Result<bool, Error> {
    Ok(delta.len() <= frame::alone(text.as_bytes())?.len() / 6)
}

fn insert_base(conn: &Connection, kind: DocumentKind, shape: i64, text: &str) -> Result<i64, Error> {
    conn.prepare_cached(INSERT_BASE)?.execute(params![Coded(kind), shape, frame::alone(text.as_bytes())?])?;
    Ok(conn.last_insert_rowid())
}

/// The newest base of a shape.
fn base_of_shape(conn: &Connection, kind: DocumentKind, shape: i64) -> Result<Option<i64>, Error> {
    let mut statement = conn.prepare_cached(BASE_BY_SHAPE)?;
    Ok(statement.query_row(params![Coded(kind), shape], |row| row.get("id")).optional()?)
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn no_question_about_documents_reads_a_whole_table() {
        for query in [super::RECENT, super::BASE_BY_ID, super::BASE_BY_SHAPE, super::SELECT_IS_BASE] {
            assert_searches(query);
        }
    }
}
