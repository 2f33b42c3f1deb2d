//! Pages of the list, newest first, at the same cost at any depth.
//!
//! Every index of the runs ends in (created_at, id), the order of the list. A page is the newest of its branches, one for
//! each instance and status that the filter lets through; each branch reads only as many entries of an index as a page has.

use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::Error;
use super::codes::{Code, Coded, DigestBytes, PackedId};
use crate::model::{
    Cover, Cursor, ErrorSummary, Filter, GenerationId, InstanceName, Limit, Page, PromptId, Status, Summary, Timestamp,
    file_url,
};

/// A query of a branch: entries of one index only, in its order. ?1 from, (?2, ?3) before, ?4 at most, then `$of`'s own.
macro_rules! entries {
    ($of:literal, $where:literal) => {
        concat!(
            "SELECT created_at, id FROM generations WHERE ",
            $of,
            $where,
            " ORDER BY created_at DESC, id DESC LIMIT ?4"
        )
    };
}

/// How a branch is read. Two queries, because SQLite enters an index at `(created_at, id) < (?2, ?3)` by the time alone: of a
/// million runs that share a time it would read them all.
struct Branch {
    same_time: &'static str,
    earlier: &'static str,
}

macro_rules! branch {
    ($of:literal) => {
        Branch {
            same_time: entries!($of, "created_at = ?2 AND id < ?3"),
            earlier: entries!($of, "created_at >= ?1 AND created_at < ?2"),
        }
    };
}

const ALL: Branch = branch!("");
const BY_STATUS: Branch = branch!("instance_id = ?5 AND status = ?6 AND ");
const BY_PROMPT: Branch = branch!("instance_id = ?5 AND status = ?6 AND prompt_id = ?7 AND ");
const INSTANCES: &str = "SELECT id, name FROM instances ORDER BY name";
const SUMMARY: &str = "
    SELECT g.id, i.name AS instance, g.prompt_id, g.status, g.status_reason, g.created_at, g.started_at, g.finished_at,
        g.client_id, g.workflow_id, g.workflow_name, g.outputs_count, g.error_node_id, g.error_node_type, g.error_type,
        g.error_message, a.filename AS cover_filename, b.sha256 AS cover_sha256, b.kind AS cover_kind,
        CASE WHEN g.cover IS NULL AND g.outputs_count > 0 THEN
            (SELECT min(f.state) FROM attachments f
             WHERE f.generation_id = g.id AND f.role = 0 AND f.filename IS NOT NULL) END AS files_state
    FROM generations g
    JOIN instances i ON i.id = g.instance_id
    LEFT JOIN attachments a ON a.generation_id = g.id AND a.role = 0 AND a.idx = g.cover
    LEFT JOIN blobs b ON b.id = a.blob_id
    WHERE g.id = ?1";

/// A place in the list: when created, and the id.
type Place = (i64, i64);

/// A stretch of the list.
struct Span {
    /// Created at this time or after.
    from: i64,
    /// After this place.
    before: Place,
    /// At most so many places.
    most: u32,
}

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
    let until = filter.until.map(|until| (until.as_millis(), 0));
    let after = after.map(|cursor| (cursor.created_at.as_millis(), cursor.id.0));
    let span = Span {
        from: filter.from.map_or(0, Timestamp::as_millis),
        before: until.into_iter().chain(after).min().unwrap_or((i64::MAX, 0)),
        most,
    };
    let mut places = Vec::new();
    if is_unrestricted(filter) {
        collect(conn, &ALL, &span, &[], &mut places)?;
        return Ok(places);
    }
    let prompt_id = filter.prompt_id.as_ref().map(|id| PackedId(id.as_str()));
    let is_wanted = |name: &str| filter.instance.as_ref().is_none_or(|wanted| wanted.as_str() == name);
    for (instance, _) in instances_with_ids(conn)?.into_iter().filter(|(_, name)| is_wanted(name)) {
        for &status in Status::WORDS.iter().filter(|s| filter.statuses.is_empty() || filter.statuses.contains(s)) {
            let status = Coded(status);
            match &prompt_id {
                Some(id) => collect(conn, &BY_PROMPT, &span, &[&instance, &status, id], &mut places)?,
                None => collect(conn, &BY_STATUS, &span, &[&instance, &status], &mut places)?,
            }
        }
    }
    places.sort_unstable_by(|a, b| b.cmp(a));
    places.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(places)
}

/// Whether only times matter, so that one index serves all instances and statuses.
fn is_unrestricted(filter: &Filter) -> bool {
    filter.statuses.is_empty() && filter.instance.is_none() && filter.prompt_id.is_none()
}

/// Adds the newest places of one branch; `of` are its own parameters.
fn collect(
    conn: &Connection,
    branch: &Branch,
    span: &Span,
    of: &[&dyn ToSql],
    places: &mut Vec<Place>,
) -> Result<(), Error> {
    let (time, id) = span.before;
    let mut rest = span.most;
    let same_time = Some(branch.same_time).filter(|_| id > 0 && time >= span.from);
    for query in same_time.into_iter().chain([branch.earlier]) {
        let own: [&dyn ToSql; 4] = [&span.from, &time, &id, &rest];
        let parameters: Vec<&dyn ToSql> = own.into_iter().chain(of.iter().copied()).collect();
        let before = places.len();
        let mut statement = conn.prepare_cached(query)?;
        for place in statement.query_map(parameters.as_slice(), |row| Ok((row.get("created_at")?, row.get("id")?)))? {
            places.push(place?);
        }
        rest = rest.saturating_sub(u32::try_from(places.len() - before).unwrap_or(u32::MAX));
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
        files_state: row.get::<_, Option<Coded<_>>>("files_state")?.map(|state| state.0),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{assert_searches, plan};

    #[test]
    fn every_query_of_a_page_enters_an_index_at_the_cursor_and_reads_on_from_there() {
        for branch in [ALL, BY_STATUS, BY_PROMPT] {
            for (query, place) in
                [(branch.same_time, "created_at=? AND rowid<?)"), (branch.earlier, "created_at>? AND created_at<?)")]
            {
                assert_searches(query);
                let plan = plan(query).concat();
                assert!(plan.contains("USING COVERING INDEX") && plan.ends_with(place), "{plan}");
            }
        }
        assert_searches(SUMMARY);
    }

    #[test]
    fn the_plan_test_can_fail() {
        let scan = std::panic::catch_unwind(|| assert_searches("SELECT id FROM generations WHERE client_id = ?1"));
        let sort = "SELECT id FROM generations WHERE instance_id = 1 AND status IN (1, 2) ORDER BY created_at";
        assert!(scan.is_err() && std::panic::catch_unwind(|| assert_searches(sort)).is_err());
    }
}
