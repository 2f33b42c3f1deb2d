//! The files of a run that are worth a small picture.

use rusqlite::Connection;

use super::database::Store;
use super::error::Error;
use super::rows;
use crate::model::{Blob, GenerationId};

const STORED_OUTPUTS: &str = "
    SELECT b.sha256, b.bytes, b.kind, b.mime, a.idx = g.cover AS is_cover
    FROM generations g
    JOIN attachments a ON a.generation_id = g.id AND a.role = 0
    JOIN blobs b ON b.id = a.blob_id
    WHERE g.id = ?1 ORDER BY a.idx";

impl Store {
    /// The first `most` outputs of a run that are stored, its cover before all others.
    pub async fn stored_outputs(&self, id: GenerationId, most: usize) -> Result<Vec<Blob>, Error> {
        self.readers.read(move |conn| stored_outputs(conn, id, most)).await
    }
}

fn stored_outputs(conn: &Connection, id: GenerationId, most: usize) -> Result<Vec<Blob>, Error> {
    let mut statement = conn.prepare_cached(STORED_OUTPUTS)?;
    let mut rows = statement.query([id.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let is_cover = row.get::<_, Option<bool>>("is_cover")?.unwrap_or(false);
        found.extend(rows::blob(row)?.map(|blob| (!is_cover, blob)));
    }
    found.sort_by_key(|(is_other, _)| *is_other);
    Ok(found.into_iter().map(|(_, blob)| blob).take(most).collect())
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn the_outputs_of_a_run_are_found_without_reading_a_whole_table() {
        assert_searches(super::STORED_OUTPUTS);
    }
}
