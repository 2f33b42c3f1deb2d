//! The texts of many runs: most of them are kept against the same few bases, which are made ready once.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension, params};

use super::codes::Coded;
use super::{Error, frame};
use crate::model::{DocumentKind, GenerationId};

/// Bases held, and their bytes.
const MOST_BASES: usize = 64;
const MOST_BASE_BYTES: usize = 4 << 20;

const TEXT: &str = "SELECT base_id, data FROM documents WHERE generation_id = ?1 AND kind = ?2";

/// Reads texts; holds the bases that it met last.
pub(super) struct Prompts {
    reader: frame::Reader,
    /// Ids and texts, the last first.
    bases: VecDeque<(i64, Vec<u8>)>,
    bytes: usize,
}

impl Prompts {
    /// One that holds nothing.
    pub(super) fn new() -> Result<Self, Error> {
        Ok(Self { reader: frame::Reader::new()?, bases: VecDeque::new(), bytes: 0 })
    }

    /// The prompt of a run; `None` where it has none, or one that can't be read.
    pub(super) fn read(&mut self, conn: &Connection, run: GenerationId) -> Result<Option<String>, Error> {
        self.read_kind(conn, run, DocumentKind::Prompt)
    }

    /// The text of a kind; `None` where there is none, or one that can't be read.
    pub(super) fn read_kind(
        &mut self,
        conn: &Connection,
        run: GenerationId,
        kind: DocumentKind,
    ) -> Result<Option<String>, Error> {
        let row: Option<(Option<i64>, Option<Vec<u8>>)> = conn
            .prepare_cached(TEXT)?
            .query_row(params![run.0, Coded(kind)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((base, data)) = row else { return Ok(None) };
        match self.text(conn, base, data.as_deref()) {
            Ok(text) => Ok(Some(text)),
            // What can't be read can't be found by; the rest of the run can.
            Err(Error::Document { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn text(&mut self, conn: &Connection, base: Option<i64>, data: Option<&[u8]>) -> Result<String, Error> {
        let Some(id) = base else {
            return data.map_or_else(|| frame::read(conn, None, None), |data| self.reader.alone(data));
        };
        self.hold(conn, id)?;
        let base = self.bases.front().map_or(&[][..], |(_, text)| text);
        match data {
            Some(data) => self.reader.against(id, base, data),
            None => frame::text(base.to_vec()),
        }
    }

    /// Brings a base to the front.
    fn hold(&mut self, conn: &Connection, id: i64) -> Result<(), Error> {
        let held = self.bases.iter().position(|(held, _)| *held == id).and_then(|place| self.bases.remove(place));
        let base = match held {
            Some(base) => base,
            None => {
                let text = self.reader.base(conn, id)?;
                self.bytes += text.len();
                (id, text)
            }
        };
        while !self.bases.is_empty() && (self.bases.len() >= MOST_BASES || self.bytes > MOST_BASE_BYTES) {
            self.bytes -= self.bases.pop_back().map_or(0, |(_, text)| text.len());
        }
        self.bases.push_front(base);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn no_prompt_is_looked_for_in_a_whole_table() {
        assert_searches(super::TEXT);
    }
}
