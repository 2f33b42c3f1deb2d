//! One run, whole.

use rusqlite::{Connection, OptionalExtension, Row};

use super::error::Error;
use super::readers::StoreReader;
use super::{document, list, rows};
use crate::model::{Attachment, Comfyui, Content, Detail, GenerationId, Outline, Role, Trouble};
use crate::sqlite::codes::Coded;

const ATTACHMENTS: &str = "
    SELECT a.role, a.idx, a.state, a.node_id, a.key, a.kind AS guessed_kind, a.folder, a.subfolder, a.filename, a.text,
        a.reason, b.sha256, b.bytes, b.kind, b.mime, o.sha256 AS other_sha256, o.bytes AS other_bytes,
        o.kind AS other_kind, o.mime AS other_mime
    FROM attachments a LEFT JOIN blobs b ON b.id = a.blob_id
    LEFT JOIN sightings s ON s.generation_id = a.generation_id AND s.role = a.role AND s.idx = a.idx AND s.phase = 2
    LEFT JOIN blobs o ON o.id = s.blob_id
    WHERE a.generation_id = ?1 ORDER BY a.role, a.idx";
const COMFYUI: &str = "
    SELECT c.version, c.devices FROM generations g JOIN comfyuis c ON c.id = g.comfyui_id WHERE g.id = ?1";

/// Everything that is kept of a run.
pub(super) fn detail(reader: &StoreReader, id: GenerationId) -> Result<Option<Detail>, Error> {
    let Some(summary) = list::summary(reader, id)? else { return Ok(None) };
    let (outputs, inputs) =
        attachments(reader, id)?.into_iter().partition(|attachment| attachment.role == Role::Output);
    let documents = reader.companion.all(reader, id)?;
    Ok(Some(Detail { summary, outputs, inputs, documents, comfyui: comfyui(reader, id)? }))
}

/// The same without the texts of its documents.
pub(super) fn outline(conn: &Connection, id: GenerationId) -> Result<Option<Outline>, Error> {
    let Some(summary) = list::summary(conn, id)? else { return Ok(None) };
    let (outputs, inputs) = attachments(conn, id)?.into_iter().partition(|attachment| attachment.role == Role::Output);
    let documents = document::lengths(conn, id)?;
    Ok(Some(Outline { summary, outputs, inputs, documents, comfyui: comfyui(conn, id)? }))
}

/// What a run gave and read.
pub(super) fn attachments(conn: &Connection, id: GenerationId) -> Result<Vec<Attachment>, Error> {
    let mut statement = conn.prepare_cached(ATTACHMENTS)?;
    let rows = statement.query_map([id.0], attachment_from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn attachment_from_row(row: &Row<'_>) -> rusqlite::Result<Attachment> {
    let blob = rows::blob(row)?;
    let guessed = row.get::<_, Coded<_>>("guessed_kind")?.0;
    let kind = blob.as_ref().map_or(guessed, |blob| blob.kind);
    let content = match rows::file(row)? {
        Some(file) => Content::File { file, blob },
        None => Content::Text(row.get::<_, Option<String>>("text")?.unwrap_or_default()),
    };
    let node_id: Option<String> = row.get("node_id")?;
    let other = rows::blob_in(row, ["other_sha256", "other_bytes", "other_kind", "other_mime"])?;
    Ok(Attachment {
        index: row.get("idx")?,
        role: row.get::<_, Coded<_>>("role")?.0,
        is_unreported: node_id.is_none(),
        node_id,
        key: row.get("key")?,
        kind,
        content,
        state: row.get::<_, Coded<_>>("state")?.0,
        reason: row.get::<_, Option<String>>("reason")?.map(Trouble::from),
        other,
    })
}

fn comfyui(conn: &Connection, id: GenerationId) -> Result<Comfyui, Error> {
    let found: Option<(Option<String>, String)> = conn
        .prepare_cached(COMFYUI)?
        .query_row([id.0], |row| Ok((row.get("version")?, row.get("devices")?)))
        .optional()?;
    Ok(found.map_or_else(Comfyui::default, |(version, devices)| Comfyui {
        version,
        // Written by us as an array of texts; devices that can't be read are no reason to withhold the run.
        devices: serde_json::from_str(&devices).unwrap_or_default(),
    }))
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn no_question_about_one_run_reads_a_whole_table() {
        for query in [super::ATTACHMENTS, super::COMFYUI] {
            assert_searches(query);
        }
    }
}
