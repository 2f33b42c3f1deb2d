//! Runs of the list by their number: the tallies tell in which quarter of an hour the n-th lies, so that a place far down
//! costs as much as one at the top.

use rusqlite::{Connection, params};

use super::count;
use super::error::Error;
use super::places::{places, wanted_instance, wanted_statuses};
use super::tally::{QUARTER, RATIOS};
use crate::model::{Filter, GenerationId, Nth, PromptId, Start, Stretch, Timestamp};
use crate::paging::Place;
use crate::sqlite::codes::{Code as _, PackedId, kinds_mask};

/// The slots of a grain before ?3 and not before ?2, the latest first. ?4: the instance. ?5, ?6: as in [`count`].
const SLOTS: &str = "
    SELECT slot, sum(runs) AS runs FROM tallies
    WHERE instance_id = ?4 AND grain = ?1 AND slot >= ?2 AND slot < ?3
        AND 1 << status & ?5 AND (?6 = 0 OR kinds & ?6)
    GROUP BY slot ORDER BY slot DESC";
const PROMPT_ID: &str = "SELECT prompt_id FROM generations WHERE id = ?1";

/// The runs from there on, `most` of them. Filters that ask for one `prompt_id` or for what the index finds aren't for this.
pub(super) fn stretch(conn: &Connection, filter: &Filter, from: Nth, most: u32) -> Result<Stretch, Error> {
    let total = count::count(conn, filter)?;
    let most = total.min(most.into());
    // The same runs, counted from the newest.
    let (skipped, most, is_backwards) = match from {
        Nth::Newest(skipped) => (skipped, most, false),
        Nth::Oldest(skipped) => {
            let rest = total.saturating_sub(skipped);
            (rest.saturating_sub(most), most.min(rest), true)
        }
    };
    if most == 0 || skipped >= total {
        return Ok(Stretch { runs: Vec::new(), total });
    }
    let mut places = nth(conn, filter, skipped, u32::try_from(most).unwrap_or(u32::MAX))?;
    if is_backwards {
        places.reverse();
    }
    let mut statement = conn.prepare_cached(PROMPT_ID)?;
    let mut run = |(_, id): Place| {
        let prompt_id = statement.query_row([id], |row| row.get::<_, PackedId<_>>("prompt_id"))?;
        Ok((GenerationId(id), PromptId(prompt_id.0)))
    };
    Ok(Stretch { runs: places.into_iter().map(&mut run).collect::<Result<_, Error>>()?, total })
}

/// The newest run of the filter.
pub(super) fn newest(conn: &Connection, filter: &Filter) -> Result<Option<GenerationId>, Error> {
    Ok(places(conn, filter, Start::Newest, 1)?.first().map(|&(_, id)| GenerationId(id)))
}

/// The places behind the first `skipped`, the newest first.
fn nth(conn: &Connection, filter: &Filter, skipped: u64, most: u32) -> Result<Vec<Place>, Error> {
    let (until, rest) = Walk::new(conn, filter)?.quarter_of(skipped)?;
    let near = Filter { until: Some(Timestamp::bound(until)), ..filter.clone() };
    let rest = u32::try_from(rest).unwrap_or(u32::MAX);
    let mut found = places(conn, &near, Start::Newest, rest.saturating_add(most))?;
    found.drain(..found.len().min(usize::try_from(rest).unwrap_or(usize::MAX)));
    Ok(found)
}

/// A walk through the slots, from the end of the filter's time into the past.
struct Walk<'a> {
    conn: &'a Connection,
    until: i64,
    /// The runs in the part of a quarter at the end.
    at_end: u64,
    /// `None` when the filter names one that isn't there.
    instance: Option<i64>,
    statuses: i64,
    kinds: i64,
}

impl<'a> Walk<'a> {
    fn new(conn: &'a Connection, filter: &Filter) -> Result<Self, Error> {
        let until = filter.until.map_or(i64::MAX, Timestamp::as_millis);
        let start = Timestamp::bound(until / QUARTER * QUARTER);
        let from = filter.from.map_or(start, |from| from.max(start));
        let at_end = count::count(conn, &Filter { from: Some(from), ..filter.clone() })?;
        Ok(Self {
            conn,
            until,
            at_end,
            instance: wanted_instance(conn, filter)?,
            statuses: wanted_statuses(filter).fold(0, |bits, status| bits | 1 << status.code()),
            kinds: kinds_mask(&filter.kinds),
        })
    }

    /// The end of the quarter in which the run lies that has `skipped` newer ones, and how many of those lie in it too.
    fn quarter_of(&self, skipped: u64) -> Result<(i64, u64), Error> {
        if skipped < self.at_end {
            return Ok((self.until, skipped));
        }
        let mut rest = skipped - self.at_end;
        let mut end = self.until / QUARTER;
        // Up to coarser slots as soon as one begins, then down into the slot that has it.
        let mut grain = 0;
        while let Some(&ratio) = RATIOS.get(grain + 1) {
            if let Some(slot) = self.find(grain, end / ratio * ratio, end, &mut rest)? {
                return self.within(grain, slot, rest);
            }
            end /= ratio;
            grain += 1;
        }
        match self.find(grain, 0, end, &mut rest)? {
            Some(slot) => self.within(grain, slot, rest),
            None => Ok((0, 0)),
        }
    }

    /// The quarter within a slot of a coarser grain.
    fn within(&self, grain: usize, slot: i64, mut rest: u64) -> Result<(i64, u64), Error> {
        let mut slot = slot;
        for finer in (0..grain).rev() {
            let ratio = RATIOS[finer + 1];
            match self.find(finer, slot * ratio, (slot + 1) * ratio, &mut rest)? {
                Some(found) => slot = found,
                None => return Ok((0, 0)),
            }
        }
        Ok(((slot + 1) * QUARTER, rest))
    }

    /// The slot that has the run behind the next `rest`; those of the slots passed are taken off.
    fn find(&self, grain: usize, first: i64, end: i64, rest: &mut u64) -> Result<Option<i64>, Error> {
        let mut statement = self.conn.prepare_cached(SLOTS)?;
        let grain = i64::try_from(grain).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![grain, first, end, self.instance, self.statuses, self.kinds])?;
        while let Some(row) = rows.next()? {
            let runs = row.get::<_, i64>("runs")?.unsigned_abs();
            if *rest < runs {
                return Ok(Some(row.get("slot")?));
            }
            *rest -= runs;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use crate::store::tests::{assert_searches, plan};

    #[test]
    fn slots_are_read_in_the_order_of_their_index_and_no_further_than_asked() {
        assert_searches(super::SLOTS);
        assert_searches(super::PROMPT_ID);
        let plan = plan(super::SLOTS).concat();
        assert!(plan.ends_with("(instance_id=? AND grain=? AND slot>? AND slot<?)"), "{plan}");
    }
}
