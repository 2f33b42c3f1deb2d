//! What a run's row tells of its outputs: how many, of which kinds, which stands for the run.

use rusqlite::{Connection, params};

use super::attachment::NewAttachment;
use super::error::Error;
use super::tally::{self, Counted, Tallies};
use super::{rows, text, unindexed};
use crate::model::{Blob, GenerationId, MediaKind, Role};
use crate::sqlite::codes::{Code as _, Coded, kinds_mask};

/// Characters of a text that a list shows.
const EXCERPT: usize = 300;
/// The first text stays the first.
const SET_EXCERPT: &str = "UPDATE generations SET excerpt = ?2 WHERE id = ?1 AND excerpt IS NULL";
const TEXT: &str = "SELECT text FROM attachments WHERE generation_id = ?1 AND role = 0 AND idx = ?2";
const OUTPUTS: &str = "
    SELECT a.idx, a.kind AS guessed_kind, a.folder IS 0 AS is_saved, a.folder IS 1 AS is_preview, b.kind
    FROM attachments a LEFT JOIN blobs b ON b.id = a.blob_id
    WHERE a.generation_id = ?1 AND a.role = 0 ORDER BY a.idx";
const SET_OUTPUTS: &str = "
    UPDATE generations SET outputs_count = ?2, previews_count = ?3, cover = ?4 WHERE id = ?1
    RETURNING instance_id, status, kinds, created_at";
/// By itself, since indexes follow this column.
const SET_KINDS: &str = "UPDATE generations SET kinds = ?2 WHERE id = ?1";

const STORED: &str = "
    SELECT b.sha256, b.bytes, b.kind, b.mime, a.idx = g.cover AS is_cover
    FROM generations g
    JOIN attachments a ON a.generation_id = g.id AND a.role = 0
    JOIN blobs b ON b.id = a.blob_id
    WHERE g.id = ?1 ORDER BY a.idx";

/// What the outputs among new attachments are: a bit for each kind.
pub(super) fn kinds(attachments: &[NewAttachment]) -> i64 {
    let outputs = attachments.iter().filter(|new| new.role == Role::Output);
    let kinds: Vec<_> = outputs.map(|new| new.content.blob().map_or(new.kind, |blob| blob.kind)).collect();
    kinds_mask(&kinds)
}

/// Notes a text that a node gave.
pub(super) fn note_text(conn: &Connection, run: GenerationId, text: &str) -> Result<(), Error> {
    conn.prepare_cached(SET_EXCERPT)?.execute(params![run.0, text::beginning(text, EXCERPT)])?;
    Ok(())
}

/// The same for a text that was taken for the name of a file.
pub(super) fn note_found_text(conn: &Connection, run: GenerationId, index: i64) -> Result<(), Error> {
    let text: Option<String> = conn.prepare_cached(TEXT)?.query_row([run.0, index], |row| row.get("text"))?;
    note_text(conn, run, text.as_deref().unwrap_or_default())
}

/// An output as far as the run's row tells of it.
struct Output {
    index: i64,
    guessed_kind: MediaKind,
    /// Of its bytes, when they are here.
    kind: Option<MediaKind>,
    is_saved: bool,
    is_preview: bool,
}

impl Output {
    /// What makes a better cover comes first: what was saved before previews, if it can be seen or heard; then a picture
    /// before a video before sound …, as their codes say; then the first. `None` before its bytes are here.
    fn as_cover(&self) -> Option<impl Ord + use<>> {
        let kind = self.kind?;
        let is_plain = matches!(kind, MediaKind::Text | MediaKind::Other);
        Some((self.is_preview || is_plain, kind.code(), !self.is_saved, self.index))
    }
}

/// Keeps what the run's row says of its outputs true.
pub(super) fn sum_up(conn: &Connection, tallies: &mut Tallies, run: GenerationId) -> Result<(), Error> {
    let outputs = outputs(conn, run)?;
    let count = |is_counted: fn(&Output) -> bool| {
        i64::try_from(outputs.iter().filter(|output| is_counted(output)).count()).unwrap_or(i64::MAX)
    };
    let covers = outputs.iter().filter_map(|output| Some((output.as_cover()?, output.index)));
    let cover = covers.min().map(|(_, index)| index);
    let kinds: Vec<_> = outputs.iter().map(|output| output.kind.unwrap_or(output.guessed_kind)).collect();
    let kinds = kinds_mask(&kinds);
    let before = conn.prepare_cached(SET_OUTPUTS)?.query_row(
        params![run.0, count(|_| true), count(|output| output.is_preview), cover],
        tally::counted_from_row,
    )?;
    if before.kinds != kinds {
        conn.prepare_cached(SET_KINDS)?.execute(params![run.0, kinds])?;
        tallies.replace(before, Counted { kinds, ..before });
        unindexed::note(conn, run)?;
    }
    Ok(())
}

fn outputs(conn: &Connection, run: GenerationId) -> Result<Vec<Output>, Error> {
    let mut statement = conn.prepare_cached(OUTPUTS)?;
    let rows = statement.query_map([run.0], |row| {
        Ok(Output {
            index: row.get("idx")?,
            guessed_kind: row.get::<_, Coded<_>>("guessed_kind")?.0,
            kind: row.get::<_, Option<Coded<_>>>("kind")?.map(|kind| kind.0),
            is_saved: row.get("is_saved")?,
            is_preview: row.get("is_preview")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The first `most` outputs of a run that are stored, its cover before all others.
pub(super) fn stored(conn: &Connection, id: GenerationId, most: usize) -> Result<Vec<Blob>, Error> {
    let mut statement = conn.prepare_cached(STORED)?;
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
    fn no_question_about_outputs_reads_a_whole_table() {
        for query in
            [super::TEXT, super::OUTPUTS, super::SET_OUTPUTS, super::SET_EXCERPT, super::SET_KINDS, super::STORED]
        {
            assert_searches(query);
        }
    }
}
