//! How many runs fit a filter: exact, from the tallies, and at the edges of a time that is no whole quarter of an hour from
//! the runs themselves.

use rusqlite::{Connection, params};

use super::Error;
use super::codes::{Code, Coded, PackedId};
use super::places::{has_kind, kinds_of_prompt, wanted_instances, wanted_statuses};
use super::tally::{QUARTER, RATIOS};
use crate::model::{Filter, MediaKind, PromptId, Timestamp};

/// ?1 and ?2: created from, until. ?3: instance or NULL. ?4, ?5: bits of statuses and kinds; no bit of a kind: any.
const RUNS: &str = "
    SELECT count(*) AS runs FROM generations
    WHERE created_at >= ?1 AND created_at < ?2 AND instance_id = coalesce(?3, instance_id)
        AND 1 << status & ?4 AND (?5 = 0 OR kinds & ?5)";
/// ?6: the grain; ?1 and ?2: its slots from, until.
const TALLIED: &str = "
    SELECT coalesce(sum(runs), 0) AS runs FROM tallies
    WHERE grain = ?6 AND slot >= ?1 AND slot < ?2 AND instance_id = coalesce(?3, instance_id)
        AND 1 << status & ?4 AND (?5 = 0 OR kinds & ?5)";
const OF_PROMPT: &str = "
    SELECT count(*) AS runs FROM generations
    WHERE instance_id = ?3 AND prompt_id = ?4 AND status = ?5 AND kinds = ?6 AND created_at >= ?1 AND created_at < ?2";

/// How many runs fit.
pub(super) fn count(conn: &Connection, filter: &Filter) -> Result<u64, Error> {
    Question::new(conn, filter)?.count(0, i64::MAX)
}

/// How many runs fit between each of these moments and the next.
pub(super) fn days(conn: &Connection, filter: &Filter, starts: &[Timestamp]) -> Result<Vec<u64>, Error> {
    let question = Question::new(conn, filter)?;
    starts.windows(2).map(|day| question.count(day[0].as_millis(), day[1].as_millis())).collect()
}

/// A filter made ready to be asked of several times.
struct Question<'a> {
    conn: &'a Connection,
    filter: &'a Filter,
    instances: Vec<i64>,
    /// The instance, if the filter names one.
    only: Option<i64>,
    statuses: i64,
    kinds: i64,
}

impl<'a> Question<'a> {
    fn new(conn: &'a Connection, filter: &'a Filter) -> Result<Self, Error> {
        let instances = wanted_instances(conn, filter)?;
        Ok(Self {
            conn,
            filter,
            only: instances.first().copied().filter(|_| filter.instance.is_some()),
            instances,
            statuses: wanted_statuses(filter).fold(0, |bits, status| bits | 1 << status.code()),
            kinds: MediaKind::mask(&filter.kinds),
        })
    }

    /// The runs created in a time, as far as the filter reaches.
    fn count(&self, from: i64, until: i64) -> Result<u64, Error> {
        let from = self.filter.from.map_or(from, |first| first.as_millis().max(from));
        let until = self.filter.until.map_or(until, |end| end.as_millis().min(until));
        if from >= until || self.instances.is_empty() {
            return Ok(0);
        }
        if let Some(prompt_id) = &self.filter.prompt_id {
            return self.of_prompt(prompt_id, from, until);
        }
        let (first, end) = (div_up(from, QUARTER), until / QUARTER);
        if first >= end {
            return self.runs(from, until);
        }
        Ok(self.runs(from, first * QUARTER)? + self.tallied(0, first, end)? + self.runs(end * QUARTER, until)?)
    }

    /// The runs of whole slots, by the coarsest grains that fit in.
    fn tallied(&self, grain: usize, first: i64, end: i64) -> Result<u64, Error> {
        let Some(&ratio) = RATIOS.get(grain + 1) else { return self.slots(grain, first, end) };
        let (coarse_first, coarse_end) = (div_up(first, ratio), end / ratio);
        if coarse_first >= coarse_end {
            return self.slots(grain, first, end);
        }
        Ok(self.slots(grain, first, coarse_first * ratio)?
            + self.tallied(grain + 1, coarse_first, coarse_end)?
            + self.slots(grain, coarse_end * ratio, end)?)
    }

    fn slots(&self, grain: usize, first: i64, end: i64) -> Result<u64, Error> {
        let grain = i64::try_from(grain).unwrap_or(i64::MAX);
        let parameters = params![first, end, self.only, self.statuses, self.kinds, grain];
        if first >= end { Ok(0) } else { self.ask(TALLIED, parameters) }
    }

    fn runs(&self, from: i64, until: i64) -> Result<u64, Error> {
        let parameters = params![from, until, self.only, self.statuses, self.kinds];
        if from >= until { Ok(0) } else { self.ask(RUNS, parameters) }
    }

    fn of_prompt(&self, prompt_id: &PromptId, from: i64, until: i64) -> Result<u64, Error> {
        let prompt_id = PackedId(prompt_id.as_str());
        let mut runs = 0;
        for &instance in &self.instances {
            for status in wanted_statuses(self.filter).map(Coded) {
                let kinds = kinds_of_prompt(self.conn, instance, &prompt_id, &status)?;
                for kinds in kinds.into_iter().filter(|kinds| has_kind(self.filter, *kinds)) {
                    runs += self.ask(OF_PROMPT, params![from, until, instance, prompt_id, status, kinds])?;
                }
            }
        }
        Ok(runs)
    }

    fn ask(&self, query: &str, parameters: &[&dyn rusqlite::ToSql]) -> Result<u64, Error> {
        let runs: i64 = self.conn.prepare_cached(query)?.query_row(parameters, |row| row.get("runs"))?;
        Ok(runs.unsigned_abs())
    }
}

/// Division of what isn't negative, rounded up.
fn div_up(number: i64, by: i64) -> i64 {
    number / by + i64::from(number % by > 0)
}

#[cfg(test)]
mod tests {
    use crate::store::tests::{assert_searches, plan};

    #[test]
    fn no_count_reads_more_than_its_span() {
        for (query, reads) in [
            (super::RUNS, "(created_at>? AND created_at<?)"),
            (super::TALLIED, "(grain=? AND slot>? AND slot<?)"),
            (super::OF_PROMPT, "status=? AND kinds=? AND created_at>? AND created_at<?)"),
        ] {
            assert_searches(query);
            assert!(plan(query).concat().ends_with(reads), "{:?}", plan(query));
        }
    }
}
