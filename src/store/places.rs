//! Places of runs in the list: where a page begins, at the same cost at any depth.
//!
//! Every index of the runs ends in (created_at, id), the order of the list. A page is the nearest of its branches, one for
//! each instance, status and kind that the filter lets through; each branch reads at most as many entries of an index as a
//! page has, and none that lie further than what the branches before it found.

use rusqlite::{Connection, OptionalExtension, ToSql, params};

use super::Error;
use super::codes::{Code, Coded, PackedId};
use crate::model::{Cursor, Filter, GenerationId, InstanceName, MediaKind, Start, Status, Timestamp};

/// A query of a branch: entries of one index only, in its order. ?1 far end, (?2, ?3) where to start, ?4 at most, then
/// `$of`'s own.
macro_rules! entries {
    ($of:literal, $where:literal, $order:literal) => {
        concat!("SELECT created_at, id FROM generations WHERE ", $of, $where, " ORDER BY ", $order, " LIMIT ?4")
    };
}

/// How a branch is read one way. Two queries, because SQLite enters an index at `(created_at, id) < (?2, ?3)` by the time
/// alone: of a million runs that share a time it would read them all.
struct Way {
    same_time: &'static str,
    beyond: &'static str,
}

/// The runs of one index that have the same of what it begins with.
struct Branch {
    older: Way,
    newer: Way,
}

macro_rules! branch {
    ($of:literal) => {
        Branch {
            older: Way {
                same_time: entries!($of, "created_at = ?2 AND id < ?3", "created_at DESC, id DESC"),
                beyond: entries!($of, "created_at >= ?1 AND created_at < ?2", "created_at DESC, id DESC"),
            },
            newer: Way {
                same_time: entries!($of, "created_at = ?2 AND id > ?3", "created_at, id"),
                beyond: entries!($of, "created_at > ?2 AND created_at < ?1", "created_at, id"),
            },
        }
    };
}

const ALL: Branch = branch!("");
const BY_STATUS: Branch = branch!("instance_id = ?5 AND status = ?6 AND ");
const BY_PROMPT: Branch = branch!("instance_id = ?5 AND status = ?6 AND prompt_id = ?7 AND kinds = ?8 AND ");
const WITH_IMAGE: Branch = branch!("instance_id = ?5 AND status = ?6 AND kinds & 1 = 1 AND ");
const WITH_VIDEO: Branch = branch!("instance_id = ?5 AND status = ?6 AND kinds & 2 = 2 AND ");
const WITH_AUDIO: Branch = branch!("instance_id = ?5 AND status = ?6 AND kinds & 4 = 4 AND ");
const WITH_MODEL3D: Branch = branch!("instance_id = ?5 AND status = ?6 AND kinds & 8 = 8 AND ");
const WITH_TEXT: Branch = branch!("instance_id = ?5 AND status = ?6 AND kinds & 16 = 16 AND ");
const WITH_OTHER: Branch = branch!("instance_id = ?5 AND status = ?6 AND kinds & 32 = 32 AND ");
const INSTANCES: &str = "SELECT id, name FROM instances ORDER BY name";
const NEXT_KINDS: &str = "
    SELECT kinds FROM generations WHERE instance_id = ?1 AND prompt_id = ?2 AND status = ?3 AND kinds > ?4
    ORDER BY kinds LIMIT 1";

/// A place in the list: when created, and the id.
pub(super) type Place = (i64, i64);

/// The same for the model.
pub(super) fn cursor(&(created_at, id): &Place) -> Cursor {
    Cursor { created_at: Timestamp::from_millis(created_at), id: GenerationId(id) }
}

/// A stretch of the list, read from its near end.
struct Span {
    is_newer: bool,
    /// Beyond this place.
    near: Place,
    /// Up to this time: the older end is a part of it, the newer isn't.
    far: i64,
    /// At most so many places.
    most: u32,
}

impl Span {
    fn new(filter: &Filter, start: Start, most: u32) -> Self {
        let from = filter.from.map_or(0, Timestamp::as_millis);
        let until = filter.until.map_or(i64::MAX, Timestamp::as_millis);
        let place = |cursor: Cursor| (cursor.created_at.as_millis(), cursor.id.0);
        match start {
            Start::Newest => Self { is_newer: false, near: (until, 0), far: from, most },
            Start::Older(cursor) => Self { is_newer: false, near: place(cursor).min((until, 0)), far: from, most },
            Start::Newer(cursor) => Self { is_newer: true, near: place(cursor).max((from, 0)), far: until, most },
        }
    }

    /// Sorts what was found, the nearest first, and drops what is too many: the branches to come need not look further.
    fn keep_nearest(&mut self, places: &mut Vec<Place>) {
        places.sort_unstable();
        if !self.is_newer {
            places.reverse();
        }
        // A run with two of the kinds stands in two branches.
        places.dedup();
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        places.truncate(most);
        if let Some(&(time, _)) = places.last().filter(|_| places.len() == most) {
            self.far = if self.is_newer { time.saturating_add(1) } else { time };
        }
    }

    /// Whether the near end lies inside, so that more runs of its time may follow.
    fn has_near_time(&self) -> bool {
        if self.is_newer { self.near.0 < self.far } else { self.near.1 > 0 && self.near.0 >= self.far }
    }
}

/// The first `most` places of the filter from there on, the nearest first.
pub(super) fn places(conn: &Connection, filter: &Filter, start: Start, most: u32) -> Result<Vec<Place>, Error> {
    let mut span = Span::new(filter, start, most);
    let mut places = Vec::new();
    if is_unrestricted(filter) {
        collect(conn, &ALL, &mut span, &[], &mut places)?;
        return Ok(places);
    }
    for instance in wanted_instances(conn, filter)? {
        for status in wanted_statuses(filter) {
            collect_of(conn, filter, &mut span, (instance, status), &mut places)?;
        }
    }
    Ok(places)
}

/// Adds the nearest places of an instance and status.
fn collect_of(
    conn: &Connection,
    filter: &Filter,
    span: &mut Span,
    (instance, status): (i64, Status),
    places: &mut Vec<Place>,
) -> Result<(), Error> {
    let status = Coded(status);
    if let Some(prompt_id) = filter.prompt_id.as_ref().map(|id| PackedId(id.as_str())) {
        for kinds in kinds_of_prompt(conn, instance, &prompt_id, &status)?.into_iter().filter(|k| has_kind(filter, *k))
        {
            collect(conn, &BY_PROMPT, span, &[&instance, &status, &prompt_id, &kinds], places)?;
        }
    } else if filter.kinds.is_empty() {
        collect(conn, &BY_STATUS, span, &[&instance, &status], places)?;
    } else {
        for &kind in MediaKind::WORDS.iter().filter(|kind| filter.kinds.contains(kind)) {
            collect(conn, with_kind(kind), span, &[&instance, &status], places)?;
        }
    }
    Ok(())
}

fn with_kind(kind: MediaKind) -> &'static Branch {
    match kind {
        MediaKind::Image => &WITH_IMAGE,
        MediaKind::Video => &WITH_VIDEO,
        MediaKind::Audio => &WITH_AUDIO,
        MediaKind::Model3d => &WITH_MODEL3D,
        MediaKind::Text => &WITH_TEXT,
        MediaKind::Other => &WITH_OTHER,
    }
}

/// Whether only times matter, so that one index serves all.
fn is_unrestricted(filter: &Filter) -> bool {
    let Filter { statuses, kinds, instance, prompt_id, from: _, until: _, want: _ } = filter;
    statuses.is_empty() && kinds.is_empty() && instance.is_none() && prompt_id.is_none()
}

/// Whether a run with these kinds (a bit for each) fits.
pub(super) fn has_kind(filter: &Filter, kinds: i64) -> bool {
    filter.kinds.is_empty() || kinds & MediaKind::mask(&filter.kinds) != 0
}

/// The statuses that a filter lets through, each once.
pub(super) fn wanted_statuses(filter: &Filter) -> impl Iterator<Item = Status> {
    let is_wanted = |status: &Status| filter.statuses.is_empty() || filter.statuses.contains(status);
    Status::WORDS.iter().copied().filter(is_wanted)
}

/// The instances that a filter lets through.
pub(super) fn wanted_instances(conn: &Connection, filter: &Filter) -> Result<Vec<i64>, Error> {
    let is_wanted = |name: &str| filter.instance.as_ref().is_none_or(|wanted| wanted.as_str() == name);
    Ok(instances_with_ids(conn)?.into_iter().filter(|(_, name)| is_wanted(name)).map(|(id, _)| id).collect())
}

/// Every set of kinds that runs with this id of ComfyUI's and this status have: at most 64, each found by one step in the
/// index.
pub(super) fn kinds_of_prompt(
    conn: &Connection,
    instance: i64,
    prompt_id: &PackedId<&str>,
    status: &Coded<Status>,
) -> Result<Vec<i64>, Error> {
    let mut statement = conn.prepare_cached(NEXT_KINDS)?;
    let mut found = Vec::new();
    loop {
        let above = found.last().copied().unwrap_or(-1);
        let next = statement.query_row(params![instance, prompt_id, status, above], |row| row.get("kinds"));
        match next.optional()? {
            Some(kinds) => found.push(kinds),
            None => return Ok(found),
        }
    }
}

/// Adds the nearest places of one branch; `of` are its own parameters.
fn collect(
    conn: &Connection,
    branch: &Branch,
    span: &mut Span,
    of: &[&dyn ToSql],
    places: &mut Vec<Place>,
) -> Result<(), Error> {
    let way = if span.is_newer { &branch.newer } else { &branch.older };
    let (time, id) = span.near;
    let mut rest = span.most;
    for query in Some(way.same_time).filter(|_| span.has_near_time()).into_iter().chain([way.beyond]) {
        let own: [&dyn ToSql; 4] = [&span.far, &time, &id, &rest];
        let parameters: Vec<&dyn ToSql> = own.into_iter().chain(of.iter().copied()).collect();
        let before = places.len();
        let mut statement = conn.prepare_cached(query)?;
        for place in statement.query_map(parameters.as_slice(), |row| Ok((row.get("created_at")?, row.get("id")?)))? {
            places.push(place?);
        }
        rest = rest.saturating_sub(u32::try_from(places.len() - before).unwrap_or(u32::MAX));
        if rest == 0 {
            break;
        }
    }
    span.keep_nearest(places);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{assert_searches, plan};

    #[test]
    fn every_query_of_a_page_enters_an_index_at_the_cursor_and_reads_on_from_there() {
        let of_kinds = MediaKind::WORDS.iter().map(|kind| with_kind(*kind));
        for branch in [&ALL, &BY_STATUS, &BY_PROMPT].into_iter().chain(of_kinds) {
            for (query, place) in [
                (branch.older.same_time, "created_at=? AND rowid<?)"),
                (branch.newer.same_time, "created_at=? AND rowid>?)"),
                (branch.older.beyond, "created_at>? AND created_at<?)"),
                (branch.newer.beyond, "created_at>? AND created_at<?)"),
            ] {
                assert_searches(query);
                let plan = plan(query).concat();
                assert!(plan.contains("USING COVERING INDEX") && plan.ends_with(place), "{plan}");
            }
        }
        assert_searches(NEXT_KINDS);
    }

    #[test]
    fn the_branch_of_a_kind_reads_the_index_of_its_bit() {
        for &kind in MediaKind::WORDS {
            let bit = MediaKind::mask(&[kind]);
            assert!(with_kind(kind).older.beyond.contains(&format!("kinds & {bit} = {bit} AND")), "{kind:?}");
            let plan = plan(with_kind(kind).older.beyond).concat();
            assert!(plan.contains(&format!("generations_with_{} ", kind.as_str())), "{plan}");
        }
    }

    #[test]
    fn the_plan_test_can_fail() {
        let scan = std::panic::catch_unwind(|| assert_searches("SELECT id FROM generations WHERE client_id = ?1"));
        let sort = "SELECT id FROM generations WHERE instance_id = 1 AND status IN (1, 2) ORDER BY created_at";
        assert!(scan.is_err() && std::panic::catch_unwind(|| assert_searches(sort)).is_err());
    }
}
