//! Pages of the list, newest first, at the same cost at any depth.
//!
//! Every index of the runs ends in (created_at, id), the order of the list. A page is the newest of its branches, one for
//! each instance and status that the filter lets through; each branch reads only as many entries of an index as a page has.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Error;
use super::codes::{Code, Coded, DigestBytes, PackedId};
use crate::model::{
    Cover, Cursor, ErrorSummary, Filter, GenerationId, InstanceName, Limit, Page, PromptId, Status, Summary, Timestamp,
    file_url,
};

/// Parameters of every branch: from ?1, before (?2, ?3), at most ?4.
const ALL: &str = "
    SELECT created_at, id FROM generations
    WHERE created_at >= ?1 AND (created_at, id) < (?2, ?3)
    ORDER BY created_at DESC, id DESC LIMIT ?4";
const BY_STATUS: &str = "
    SELECT created_at, id FROM generations
    WHERE instance_id = ?5 AND status = ?6 AND created_at >= ?1 AND (created_at, id) < (?2, ?3)
    ORDER BY created_at DESC, id DESC LIMIT ?4";
const BY_PROMPT: &str = "
    SELECT created_at, id FROM generations
    WHERE instance_id = ?5 AND status = ?6 AND prompt_id = ?7 AND created_at >= ?1 AND (created_at, id) < (?2, ?3)
    ORDER BY created_at DESC, id DESC LIMIT ?4";
const INSTANCES: &str = "SELECT id, name FROM instances ORDER BY name";
const SUMMARY: &str = "
    SELECT g.id, i.name AS instance, g.prompt_id, g.status, g.status_reason, g.created_at, g.started_at, g.finished_at,
        g.client_id, g.workflow_id, g.workflow_name, g.outputs_count, g.error_node_id, g.error_node_type, g.error_type,
        g.error_message, a.filename AS cover_filename, b.sha256 AS cover_sha256, b.kind AS cover_kind
    FROM generations g
    JOIN instances i ON i.id = g.instance_id
    LEFT JOIN attachments a ON a.generation_id = g.id AND a.role = 0 AND a.idx = g.cover
    LEFT JOIN blobs b ON b.id = a.blob_id
    WHERE g.id = ?1";

/// A place in the list, and the row there.
type Place = (i64, i64);

/// One page.
pub(super) fn list(
    conn: &Connection,
    filter: &Filter,
    after: Option<Cursor>,
    limit: Limit,
) -> Result<Page<Summary>, Error> {
    let mut places = places(conn, filter, after, limit.get().saturating_add(1))?;
    let most = usize::try_from(limit.get()).unwrap_or(usize::MAX);
    let is_more = places.len() > most;
    places.truncate(most);
    let next = places
        .last()
        .filter(|_| is_more)
        .map(|&(created_at, id)| Cursor { created_at: Timestamp::from_millis(created_at), id: GenerationId(id) });
    let items = places.into_iter().filter_map(|(_, id)| summary(conn, GenerationId(id)).transpose());
    Ok(Page { items: items.collect::<Result<_, _>>()?, next })
}

/// The first `most` places of a page, newest first.
fn places(conn: &Connection, filter: &Filter, after: Option<Cursor>, most: u32) -> Result<Vec<Place>, Error> {
    let from = filter.from.map_or(0, Timestamp::as_millis);
    let before = [filter.until.map(|until| (until.as_millis(), 0)), after.map(|c| (c.created_at.as_millis(), c.id.0))]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or((i64::MAX, i64::MAX));
    let mut places = Vec::new();
    if filter.statuses.is_empty() && filter.instance.is_none() && filter.prompt_id.is_none() {
        collect(conn, ALL, params![from, before.0, before.1, most], &mut places)?;
        return Ok(places);
    }
    for (instance, name) in instances_with_ids(conn)? {
        if filter.instance.as_ref().is_some_and(|wanted| wanted.as_str() != name) {
            continue;
        }
        for &status in Status::WORDS {
            if !filter.statuses.is_empty() && !filter.statuses.contains(&status) {
                continue;
            }
            let status = Coded(status);
            match &filter.prompt_id {
                None => {
                    let parameters = params![from, before.0, before.1, most, instance, status];
                    collect(conn, BY_STATUS, parameters, &mut places)?;
                }
                Some(prompt_id) => {
                    let prompt_id = PackedId(prompt_id.as_str());
                    let parameters = params![from, before.0, before.1, most, instance, status, prompt_id];
                    collect(conn, BY_PROMPT, parameters, &mut places)?;
                }
            }
        }
    }
    places.sort_unstable_by(|a, b| b.cmp(a));
    places.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(places)
}

fn collect(
    conn: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
    places: &mut Vec<Place>,
) -> Result<(), Error> {
    let mut statement = conn.prepare_cached(query)?;
    for place in statement.query_map(parameters, |row| Ok((row.get("created_at")?, row.get("id")?)))? {
        places.push(place?);
    }
    Ok(())
}

fn instances_with_ids(conn: &Connection) -> Result<Vec<(i64, String)>, Error> {
    let mut statement = conn.prepare_cached(INSTANCES)?;
    let rows = statement.query_map([], |row| Ok((row.get("id")?, row.get("name")?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every instance that was ever seen, by name.
pub(super) fn instances(conn: &Connection) -> Result<Vec<InstanceName>, Error> {
    Ok(instances_with_ids(conn)?.into_iter().filter_map(|(_, name)| name.parse().ok()).collect())
}

/// What the list shows of one run.
pub(super) fn summary(conn: &Connection, id: GenerationId) -> Result<Option<Summary>, Error> {
    Ok(conn.prepare_cached(SUMMARY)?.query_row([id.0], from_row).optional()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Summary> {
    let time = |name: &str| row.get::<_, Option<i64>>(name).map(|time| time.map(Timestamp::from_millis));
    let id = |name: &str| row.get::<_, Option<PackedId<String>>>(name).map(|id| id.map(|id| id.0));
    let (started_at, finished_at) = (time("started_at")?, time("finished_at")?);
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
        outputs_count: row.get("outputs_count")?,
        cover: cover(row)?,
        error: error(row)?,
    })
}

fn cover(row: &Row<'_>) -> rusqlite::Result<Option<Cover>> {
    let Some(DigestBytes(sha256)) = row.get("cover_sha256")? else { return Ok(None) };
    let filename: Option<String> = row.get("cover_filename")?;
    Ok(Some(Cover {
        sha256,
        url: file_url(sha256, filename.as_deref().unwrap_or_default()),
        kind: row.get::<_, Coded<_>>("cover_kind")?.0,
    }))
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
