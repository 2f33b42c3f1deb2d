//! Places of runs in the list: where a page begins, at the same cost at any depth and with any number of instances.
//!
//! Every index of the runs ends in (created_at, id), the order of the list. A page is the nearest of its branches, one for
//! each status and set of kinds that the filter lets through and that runs have, and for one `prompt_id` of each instance
//! that has it; each branch reads at most as many entries of an index as a page has, and none that lie further than what
//! the branches before it found.

use rusqlite::{Connection, OptionalExtension, Row, ToSql};

use super::error::Error;
use super::tally::ALL_INSTANCES;
use crate::model::{Cursor, Filter, InstanceName, Start, Status, Timestamp};
use crate::paging::{self, Place};
use crate::sqlite::codes::{Code, PackedId, kinds_mask};

/// A query of a branch: entries of one index only, in its order. ?1 far end, (?2, ?3) where to start, ?4 at most, then
/// what all its runs have in common: ?5 status, ?6 kinds, ?7 instance, ?8 `prompt_id`, as many of them as `$of` names.
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

/// How the runs of one index are read that have the same of what it begins with.
struct Branch {
    older: Way,
    newer: Way,
    /// How many were created from ?2 until ?1.
    count: &'static str,
    /// How many of ?5 to ?8 it has.
    common: usize,
    /// The first group from status ?1, kinds ?2 and instance ?3 on, of `prompt_id` ?4. Not the first behind them: for that
    /// SQLite would enter the index at them too, and read all their runs.
    next: &'static str,
}

macro_rules! branch {
    ($of:literal, $common:literal, $next:literal) => {
        Branch {
            older: Way {
                same_time: entries!($of, "created_at = ?2 AND id < ?3", "created_at DESC, id DESC"),
                beyond: entries!($of, "created_at >= ?1 AND created_at < ?2", "created_at DESC, id DESC"),
            },
            newer: Way {
                same_time: entries!($of, "created_at = ?2 AND id > ?3", "created_at, id"),
                beyond: entries!($of, "created_at > ?2 AND created_at < ?1", "created_at, id"),
            },
            count: concat!(
                "SELECT count(*) AS runs FROM generations WHERE ",
                $of,
                "created_at >= ?2 AND created_at < ?1"
            ),
            common: $common,
            next: $next,
        }
    };
}

const ALL: Branch = branch!("", 0, "");
const BY_STATUS: Branch = branch!(
    "status = ?5 AND kinds = ?6 AND ",
    2,
    "SELECT ?3 AS instance_id, status, kinds FROM generations WHERE (status, kinds) >= (?1, ?2)
    ORDER BY status, kinds LIMIT 1"
);
const OF_INSTANCE: Branch = branch!(
    "status = ?5 AND kinds = ?6 AND instance_id = ?7 AND ",
    3,
    "SELECT instance_id, status, kinds FROM generations WHERE instance_id = ?3 AND (status, kinds) >= (?1, ?2)
    ORDER BY status, kinds LIMIT 1"
);
const BY_PROMPT: Branch = branch!(
    "status = ?5 AND kinds = ?6 AND instance_id = ?7 AND prompt_id = ?8 AND ",
    4,
    "SELECT instance_id, status, kinds FROM generations
    WHERE prompt_id = ?4 AND (instance_id, status, kinds) >= (?3, ?1, ?2) ORDER BY instance_id, status, kinds LIMIT 1"
);
const INSTANCE: &str = "SELECT id FROM instances WHERE name = ?1";
const INSTANCES: &str = "SELECT name FROM instances ORDER BY name LIMIT ?1";
const HAS_SEVERAL: &str = "SELECT count(*) > 1 AS has_several FROM (SELECT 1 FROM instances LIMIT 2)";

/// Runs that have the same of all but the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    /// [`ALL_INSTANCES`] where it doesn't matter.
    pub(super) instance: i64,
    pub(super) status: i64,
    /// A bit for each.
    pub(super) kinds: i64,
}

impl Group {
    /// Behind every group of an instance.
    fn last_of(instance: i64) -> Self {
        Self { instance, status: i64::MAX, kinds: i64::MAX }
    }
}

/// The runs that a filter lets through, whenever they were created: the groups that there are of them, and how those are
/// read.
pub(super) struct Narrowed<'a> {
    branch: &'static Branch,
    prompt_id: Option<PackedId<&'a str>>,
    pub(super) groups: Vec<Group>,
}

impl<'a> Narrowed<'a> {
    /// By everything that a filter says but the time.
    pub(super) fn by(conn: &Connection, filter: &'a Filter) -> Result<Self, Error> {
        let prompt_id = filter.prompt_id.as_ref().map(|id| PackedId(id.as_str()));
        let Some(instance) = wanted_instance(conn, filter)? else {
            return Ok(Self { branch: &ALL, prompt_id, groups: Vec::new() });
        };
        let branch = match &prompt_id {
            Some(_) => &BY_PROMPT,
            None if instance != ALL_INSTANCES => &OF_INSTANCE,
            None if filter.statuses.is_empty() && filter.kinds.is_empty() => &ALL,
            None => &BY_STATUS,
        };
        let mut narrowed = Self { branch, prompt_id, groups: Vec::new() };
        narrowed.find(conn, instance, filter)?;
        Ok(narrowed)
    }

    /// Finds the groups, each by a step or two in the index: as many as there are pairs of status and kinds, a dozen for
    /// most, and with a `prompt_id` of each instance that has it.
    fn find(&mut self, conn: &Connection, instance: i64, filter: &Filter) -> Result<(), Error> {
        if self.branch.common == 0 {
            self.groups.push(Group { instance, status: 0, kinds: 0 });
            return Ok(());
        }
        let is_of_any = self.prompt_id.is_some() && instance == ALL_INSTANCES;
        let statuses: Vec<i64> = wanted_statuses(filter).map(Code::code).collect();
        let mut statement = conn.prepare_cached(self.branch.next)?;
        let mut at = Group { instance, status: statuses.first().copied().unwrap_or_default(), kinds: 0 };
        loop {
            let all: [&dyn ToSql; 4] = [&at.status, &at.kinds, &at.instance, &self.prompt_id];
            let own = &all[..statement.parameter_count()];
            let Some(next) = statement.query_row(own, group_from_row).optional()? else { return Ok(()) };
            if next.instance != instance && !is_of_any {
                return Ok(());
            }
            if statuses.contains(&next.status) {
                self.groups.extend(Some(next).filter(|group| has_kind(filter, group.kinds)));
                at = Group { kinds: next.kinds + 1, ..next };
            } else {
                let wanted = statuses.iter().find(|status| **status > next.status);
                at = wanted.map_or(Group::last_of(next.instance), |status| Group { status: *status, kinds: 0, ..next });
            }
        }
    }

    /// How many of them were created in a time.
    pub(super) fn count(&self, conn: &Connection, from: i64, until: i64) -> Result<u64, Error> {
        let mut statement = conn.prepare_cached(self.branch.count)?;
        let mut runs = 0;
        for group in &self.groups {
            let mut parameters: Vec<&dyn ToSql> = vec![&until, &from];
            if self.branch.common > 0 {
                parameters.extend([&0 as &dyn ToSql, &0]);
                parameters.extend(self.common(group));
            }
            runs += statement.query_row(parameters.as_slice(), |row| row.get::<_, i64>("runs"))?.unsigned_abs();
        }
        Ok(runs)
    }

    /// What the runs of a group have in common, as parameters from ?5 on.
    fn common<'b>(&'b self, group: &'b Group) -> impl Iterator<Item = &'b dyn ToSql> {
        let all: [&dyn ToSql; 4] = [&group.status, &group.kinds, &group.instance, &self.prompt_id];
        all.into_iter().take(self.branch.common)
    }
}

fn group_from_row(row: &Row<'_>) -> rusqlite::Result<Group> {
    Ok(Group { instance: row.get("instance_id")?, status: row.get("status")?, kinds: row.get("kinds")? })
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
        let place = |cursor: Cursor| paging::place(&cursor);
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
    let narrowed = Narrowed::by(conn, filter)?;
    let mut places = Vec::new();
    for group in &narrowed.groups {
        collect(conn, &narrowed, group, &mut span, &mut places)?;
    }
    Ok(places)
}

/// Whether a run with these kinds (a bit for each) fits.
fn has_kind(filter: &Filter, kinds: i64) -> bool {
    filter.kinds.is_empty() || kinds & kinds_mask(&filter.kinds) != 0
}

/// The statuses that a filter lets through, each once, in the order of their numbers.
pub(super) fn wanted_statuses(filter: &Filter) -> impl Iterator<Item = Status> {
    let is_wanted = |status: &Status| filter.statuses.is_empty() || filter.statuses.contains(status);
    Status::WORDS.iter().copied().filter(is_wanted)
}

/// The instance that a filter keeps to, [`ALL_INSTANCES`] if it names none; `None` when there is no such.
pub(super) fn wanted_instance(conn: &Connection, filter: &Filter) -> Result<Option<i64>, Error> {
    let Some(name) = &filter.instance else { return Ok(Some(ALL_INSTANCES)) };
    Ok(conn.prepare_cached(INSTANCE)?.query_row([name.as_str()], |row| row.get("id")).optional()?)
}

/// Every group of the runs of one instance.
pub(super) fn groups_of_instance(conn: &Connection, instance: i64) -> Result<Vec<Group>, Error> {
    let mut of_instance = Narrowed { branch: &OF_INSTANCE, prompt_id: None, groups: Vec::new() };
    of_instance.find(conn, instance, &Filter::default())?;
    Ok(of_instance.groups)
}

/// Every group of the runs of one instance with this id of ComfyUI's.
pub(super) fn groups_of_prompt(
    conn: &Connection,
    instance: i64,
    prompt_id: PackedId<&str>,
) -> Result<Vec<Group>, Error> {
    let mut of_prompt = Narrowed { branch: &BY_PROMPT, prompt_id: Some(prompt_id), groups: Vec::new() };
    of_prompt.find(conn, instance, &Filter::default())?;
    Ok(of_prompt.groups)
}

/// Adds the nearest places of one group.
fn collect(
    conn: &Connection,
    narrowed: &Narrowed<'_>,
    group: &Group,
    span: &mut Span,
    places: &mut Vec<Place>,
) -> Result<(), Error> {
    let way = if span.is_newer { &narrowed.branch.newer } else { &narrowed.branch.older };
    let (time, id) = span.near;
    let mut rest = span.most;
    for query in Some(way.same_time).filter(|_| span.has_near_time()).into_iter().chain([way.beyond]) {
        let own: [&dyn ToSql; 4] = [&span.far, &time, &id, &rest];
        let parameters: Vec<&dyn ToSql> = own.into_iter().chain(narrowed.common(group)).collect();
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

/// Every instance that was ever seen, by name.
pub(super) fn instances(conn: &Connection, most: u32) -> Result<Vec<InstanceName>, Error> {
    let mut statement = conn.prepare_cached(INSTANCES)?;
    let names = statement.query_map([most], |row| row.get::<_, String>("name"))?.collect::<Result<Vec<_>, _>>()?;
    Ok(names.into_iter().filter_map(|name| name.parse().ok()).collect())
}

/// Whether there is more than one.
pub(super) fn has_several_instances(conn: &Connection) -> Result<bool, Error> {
    Ok(conn.prepare_cached(HAS_SEVERAL)?.query_row([], |row| row.get("has_several"))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{assert_searches, plan};

    #[test]
    fn every_query_of_a_page_enters_an_index_at_the_cursor_and_reads_on_from_there() {
        for branch in [&ALL, &BY_STATUS, &OF_INSTANCE, &BY_PROMPT] {
            for (query, place) in [
                (branch.older.same_time, "created_at=? AND rowid<?)"),
                (branch.newer.same_time, "created_at=? AND rowid>?)"),
                (branch.older.beyond, "created_at>? AND created_at<?)"),
                (branch.newer.beyond, "created_at>? AND created_at<?)"),
                (branch.count, "created_at>? AND created_at<?)"),
            ] {
                assert_searches(query);
                let plan = plan(query).concat();
                assert!(plan.contains("USING COVERING INDEX") && plan.ends_with(place), "{plan}");
            }
        }
    }

    #[test]
    fn the_next_group_is_one_step_in_an_index() {
        for (branch, step) in [
            (&BY_STATUS, "generations_by_status ((status,kinds)>(?,?))"),
            (&OF_INSTANCE, "generations_of_instance (instance_id=? AND (status,kinds)>(?,?))"),
            (&BY_PROMPT, "generations_by_prompt (prompt_id=? AND (instance_id,status,kinds)>(?,?,?))"),
        ] {
            assert_searches(branch.next);
            let plan = plan(branch.next).concat();
            assert!(plan.contains("USING COVERING INDEX") && plan.ends_with(step), "{plan}");
        }
        assert_searches(INSTANCE);
    }

    #[test]
    fn the_plan_test_can_fail() {
        let scan = std::panic::catch_unwind(|| assert_searches("SELECT id FROM generations WHERE client_id = ?1"));
        let sort = "SELECT id FROM generations WHERE instance_id = 1 AND status IN (1, 2) ORDER BY created_at";
        assert!(scan.is_err() && std::panic::catch_unwind(|| assert_searches(sort)).is_err());
    }
}
