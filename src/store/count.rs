//! How many runs fit a filter: exact, from the tallies, and at the edges of a time that is no whole quarter of an hour from
//! the runs themselves.

use std::cell::OnceCell;

use rusqlite::{Connection, params};

use super::error::Error;
use super::places::{Narrowed, wanted_instance, wanted_statuses};
use super::tally::{QUARTER, RATIOS};
use crate::model::{Filter, Timestamp};
use crate::sqlite::codes::{Code as _, kinds_mask};

/// ?1 and ?2: slots from, until, of the grain ?6. ?3: the instance. ?4, ?5: bits of statuses and kinds; no bit of a kind:
/// any.
const TALLIED: &str = "
    SELECT coalesce(sum(runs), 0) AS runs FROM tallies
    WHERE instance_id = ?3 AND grain = ?6 AND slot >= ?1 AND slot < ?2
        AND 1 << status & ?4 AND (?5 = 0 OR kinds & ?5)";

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
    /// `None` when the filter names one that isn't there.
    instance: Option<i64>,
    statuses: i64,
    kinds: i64,
    /// Found when a time is asked for that no slots make up.
    narrowed: OnceCell<Narrowed<'a>>,
}

impl<'a> Question<'a> {
    fn new(conn: &'a Connection, filter: &'a Filter) -> Result<Self, Error> {
        Ok(Self {
            conn,
            filter,
            instance: wanted_instance(conn, filter)?,
            statuses: wanted_statuses(filter).fold(0, |bits, status| bits | 1 << status.code()),
            kinds: kinds_mask(&filter.kinds),
            narrowed: OnceCell::new(),
        })
    }

    /// The runs created in a time, as far as the filter reaches.
    fn count(&self, from: i64, until: i64) -> Result<u64, Error> {
        let from = self.filter.from.map_or(from, |first| first.as_millis().max(from));
        let until = self.filter.until.map_or(until, |end| end.as_millis().min(until));
        if self.instance.is_none() {
            return Ok(0);
        }
        if self.filter.prompt_id.is_some() {
            return self.runs(from, until);
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
        if first >= end {
            return Ok(0);
        }
        let grain = i64::try_from(grain).unwrap_or(i64::MAX);
        let parameters = params![first, end, self.instance, self.statuses, self.kinds, grain];
        let runs: i64 = self.conn.prepare_cached(TALLIED)?.query_row(parameters, |row| row.get("runs"))?;
        Ok(runs.unsigned_abs())
    }

    fn runs(&self, from: i64, until: i64) -> Result<u64, Error> {
        if from >= until {
            return Ok(0);
        }
        let narrowed = match self.narrowed.get() {
            Some(narrowed) => narrowed,
            None => {
                let narrowed = Narrowed::by(self.conn, self.filter)?;
                self.narrowed.get_or_init(|| narrowed)
            }
        };
        narrowed.count(self.conn, from, until)
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
    fn no_count_reads_more_than_its_slots() {
        assert_searches(super::TALLIED);
        let plan = plan(super::TALLIED).concat();
        assert!(plan.ends_with("(instance_id=? AND grain=? AND slot>? AND slot<?)"), "{plan}");
    }
}
