//! Pages of the list, newest first, and what it shows of a run.

use rusqlite::{Connection, OptionalExtension, Row};

use super::error::Error;
use super::places::places;
use super::rows;
use crate::model::{
    Cover, Cursor, ErrorSummary, Filter, GenerationId, Limit, MediaKind, Neighbours, Page, PromptId, Start, Summary,
    Timestamp,
};
use crate::paging::{self, Place};
use crate::sqlite::codes::{Coded, DigestBytes, PackedId, kinds_of_mask};

const PLACE: &str = "SELECT created_at, id FROM generations WHERE id = ?1";
const SUMMARY: &str = "
    SELECT g.id, i.name AS instance, g.prompt_id, g.status, g.status_reason, g.created_at, g.started_at, g.finished_at,
        g.client_id, g.workflow_id, g.workflow_name, g.model, g.outputs_count, g.previews_count, g.kinds, g.excerpt,
        g.error_node_id, g.error_node_type, g.error_type, g.error_message, a.filename AS cover_filename, b.sha256 AS cover_sha256, b.kind AS cover_kind,
        CASE WHEN g.cover IS NULL AND g.outputs_count > 0 THEN
            (SELECT min(f.state) FROM attachments f
             WHERE f.generation_id = g.id AND f.role = 0 AND f.filename IS NOT NULL) END AS files_state
    FROM generations g
    JOIN instances i ON i.id = g.instance_id
    LEFT JOIN attachments a ON a.generation_id = g.id AND a.role = 0 AND a.idx = g.cover
    LEFT JOIN blobs b ON b.id = a.blob_id
    WHERE g.id = ?1";

/// One page.
pub(super) fn list(conn: &Connection, filter: &Filter, start: Start, limit: Limit) -> Result<Page<Summary>, Error> {
    let page = paging::page(start, limit, |start, most| places(conn, filter, start, most))?;
    summaries(conn, page)
}

/// What the list shows of the runs of a page.
pub(super) fn summaries(conn: &Connection, page: Page<Place>) -> Result<Page<Summary>, Error> {
    let Page { items, next, prev } = page;
    let items = items.into_iter().filter_map(|(_, id)| summary(conn, GenerationId(id)).transpose());
    Ok(Page { items: items.collect::<Result<_, _>>()?, next, prev })
}

/// The runs beside one, of those that fit the filter; it need not fit itself. `None` when there is no such run.
pub(super) fn neighbours(conn: &Connection, filter: &Filter, id: GenerationId) -> Result<Option<Neighbours>, Error> {
    let Some(at) = place(conn, id)? else { return Ok(None) };
    paging::neighbours(at, |start, most| places(conn, filter, start, most)).map(Some)
}

/// Where a run stands.
pub(super) fn place(conn: &Connection, id: GenerationId) -> Result<Option<Cursor>, Error> {
    let place = conn.prepare_cached(PLACE)?.query_row([id.0], |row| Ok((row.get("created_at")?, row.get("id")?)));
    Ok(place.optional()?.as_ref().map(paging::cursor))
}

/// What the list shows of one run.
pub(super) fn summary(conn: &Connection, id: GenerationId) -> Result<Option<Summary>, Error> {
    Ok(conn.prepare_cached(SUMMARY)?.query_row([id.0], from_row).optional()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let id = |name: &str| row.get::<_, Option<PackedId<String>>>(name).map(|id| id.map(|id| id.0));
    let (started_at, finished_at) = (rows::time(row, "started_at")?, rows::time(row, "finished_at")?);
    let cover = self::cover(row)?;
    Ok(Summary {
        id: GenerationId(row.get("id")?),
        instance: row.get::<_, String>("instance")?.parse().unwrap_or_default(),
        prompt_id: PromptId(row.get::<_, PackedId<_>>("prompt_id")?.0),
        status: row.get::<_, Coded<_>>("status")?.0,
        status_reason: row.get::<_, Option<Coded<_>>>("status_reason")?.map(|reason| reason.0),
        created_at: Timestamp::from_millis(row.get("created_at")?),
        started_at,
        finished_at,
        duration_ms: started_at.zip(finished_at).map(|(start, end)| (end.as_millis() - start.as_millis()).max(0)),
        workflow_id: id("workflow_id")?,
        workflow_name: row.get("workflow_name")?,
        client_id: id("client_id")?,
        model: row.get("model")?,
        outputs_count: row.get("outputs_count")?,
        previews_count: row.get("previews_count")?,
        kinds: kinds_of_mask(row.get("kinds")?),
        excerpt: excerpt(row, cover.as_ref())?,
        cover,
        files_state: row.get::<_, Option<Coded<_>>>("files_state")?.map(|state| state.0),
        error: error(row)?,
    })
}

fn cover(row: &Row<'_>) -> rusqlite::Result<Option<Cover>> {
    let Some(DigestBytes(sha256)) = row.get("cover_sha256")? else { return Ok(None) };
    let filename: String = row.get::<_, Option<_>>("cover_filename")?.unwrap_or_default();
    let kind = row.get::<_, Coded<_>>("cover_kind")?.0;
    Ok(Some(Cover { sha256, kind, filename }))
}

/// What a text says, where the run has nothing better to show.
fn excerpt(row: &Row<'_>, cover: Option<&Cover>) -> rusqlite::Result<Option<String>> {
    match cover.map(|cover| cover.kind) {
        None | Some(MediaKind::Text | MediaKind::Other) => row.get("excerpt"),
        Some(MediaKind::Image | MediaKind::Video | MediaKind::Audio | MediaKind::Model3d) => Ok(None),
    }
}

fn error(row: &Row<'_>) -> rusqlite::Result<Option<ErrorSummary>> {
    let error = ErrorSummary {
        node_id: row.get("error_node_id")?,
        node_type: row.get("error_node_type")?,
        kind: row.get("error_type")?,
        message: row.get("error_message")?,
    };
    let is_empty = error.node_id.is_none() && error.node_type.is_none() && error.kind.is_none();
    Ok(Some(error).filter(|error| !is_empty || error.message.is_some()))
}

#[cfg(test)]
mod tests {
    use crate::store::tests::assert_searches;

    #[test]
    fn no_question_about_a_place_reads_a_whole_table() {
        for query in [super::PLACE, super::SUMMARY] {
            assert_searches(query);
        }
    }
}
