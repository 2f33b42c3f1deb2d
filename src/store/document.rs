//! How long the texts of a run are, without reading them.

use rusqlite::Connection;

use super::error::Error;
use super::frame;
use crate::model::{DocumentKind, GenerationId};
use crate::sqlite::codes::Coded;

/// The head of a frame says how long its text is: that of the row, or of its base where that is the text.
const HEADS: &str = "
    SELECT d.kind, substr(coalesce(d.data, b.data), 1, 14) AS head
    FROM documents d LEFT JOIN bases b ON d.data IS NULL AND b.id = d.base_id
    WHERE d.generation_id = ?1 ORDER BY d.kind";

/// How many bytes the text of each kind has.
pub(super) fn lengths(conn: &Connection, id: GenerationId) -> Result<Vec<(DocumentKind, u64)>, Error> {
    let mut statement = conn.prepare_cached(HEADS)?;
    let lengths = statement.query_and_then([id.0], |row| {
        let head = row.get_ref("head")?.as_blob_or_null().map_err(rusqlite::Error::from)?;
        Ok((row.get::<_, Coded<_>>("kind")?.0, frame::length(head.ok_or_else(frame::missing)?)?))
    })?;
    lengths.collect()
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn no_question_about_lengths_reads_a_whole_table() {
        assert_searches(super::HEADS);
    }
}
