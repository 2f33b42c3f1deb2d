//! The prompts of many runs: most of them are kept against the same few bases, which are made ready once.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension, params};

use super::codes::Coded;
use super::{Error, frame};
use crate::model::{DocumentKind, GenerationId};

/// Bases held, and their bytes. Each takes some 100 KB to be ready.
const MOST_BASES: usize = 48;
const MOST_BASE_BYTES: usize = 4 << 20;

const PROMPT: &str = "SELECT base_id, data FROM documents WHERE generation_id = ?1 AND kind = ?2";

/// Reads prompts; holds the bases that it met last.
#[derive(Default)]
pub(super) struct Prompts {
    recent: VecDeque<Base>,
    bytes: usize,
}

struct Base {
    id: i64,
    text: Vec<u8>,
    /// Made ready for frames that need it.
    reader: frame::Reader,
}

impl Prompts {
    /// The prompt of a run; `None` where it has none, or one that can't be read.
    pub(super) fn read(&mut self, conn: &Connection, run: GenerationId) -> Result<Option<String>, Error> {
        let row: Option<(Option<i64>, Option<Vec<u8>>)> = conn
            .prepare_cached(PROMPT)?
            .query_row(params![run.0, Coded(DocumentKind::Prompt)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let text = match row {
            None => return Ok(None),
            Some((Some(base), data)) => {
                let base = self.base(conn, base)?;
                data.map_or_else(|| frame::text(base.text.clone()), |data| base.reader.read(&data))
            }
            Some((None, data)) => frame::read(conn, None, data.as_deref()),
        };
        match text {
            Ok(text) => Ok(Some(text)),
            // What can't be read can't be found by; the rest of the run can.
            Err(Error::Document { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn base(&mut self, conn: &Connection, id: i64) -> Result<&mut Base, Error> {
        let base = match self.recent.iter().position(|base| base.id == id).and_then(|place| self.recent.remove(place)) {
            Some(base) => base,
            None => {
                let text = frame::base(conn, id)?;
                self.bytes += text.len();
                Base { id, reader: frame::Reader::new(&text)?, text }
            }
        };
        while !self.recent.is_empty() && (self.recent.len() >= MOST_BASES || self.bytes > MOST_BASE_BYTES) {
            self.bytes -= self.recent.pop_back().map_or(0, |base| base.text.len());
        }
        self.recent.push_front(base);
        self.recent.front_mut().ok_or(Error::Closed)
    }
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn no_prompt_is_looked_for_in_a_whole_table() {
        assert_searches(super::PROMPT);
    }
}
