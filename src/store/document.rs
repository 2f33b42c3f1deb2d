//! One kept text of a run, and how long its texts are, without reading the others.

use rusqlite::{Connection, OptionalExtension, params};

use super::codes::Coded;
use super::{Error, frame};
use crate::model::{DocumentKind, GenerationId};

const DOCUMENT: &str = "SELECT base_id, data FROM documents WHERE generation_id = ?1 AND kind = ?2";
/// The head of a frame says how long its text is.
const HEADS: &str =
    "SELECT kind, base_id, substr(data, 1, 32) AS head FROM documents WHERE generation_id = ?1 ORDER BY kind";

/// The text of one kind.
pub(super) fn document(conn: &Connection, id: GenerationId, kind: DocumentKind) -> Result<Option<String>, Error> {
    let row = conn
        .prepare_cached(DOCUMENT)?
        .query_row(params![id.0, Coded(kind)], |row| Ok((row.get("base_id")?, row.get::<_, Option<Vec<u8>>>("data")?)))
        .optional()?;
    row.map(|(base, data)| frame::read(conn, base, data.as_deref())).transpose()
}

/// How many bytes the text of each kind has.
pub(super) fn lengths(conn: &Connection, id: GenerationId) -> Result<Vec<(DocumentKind, u64)>, Error> {
    let mut statement = conn.prepare_cached(HEADS)?;
    let mut rows = statement.query([id.0])?;
    let mut lengths = Vec::new();
    while let Some(row) = rows.next()? {
        let head: Option<Vec<u8>> = row.get("head")?;
        let length = frame::length(conn, row.get("base_id")?, head.as_deref())?;
        lengths.push((row.get::<_, Coded<_>>("kind")?.0, length));
    }
    Ok(lengths)
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn no_question_about_one_text_reads_a_whole_table() {
        for query in [super::DOCUMENT, super::HEADS] {
            assert_searches(query);
        }
    }
}
