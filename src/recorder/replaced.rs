//! What the order of the history tells of runs that it doesn't show any more. Pure.
//!
//! A run with a prompt_id that was used before stands where the first run of that id stood. So a run that stands before
//! one that was queued and started earlier has taken the place of another. Times alone don't prove that, as clocks are
//! put back, and numbers alone don't, as some runs are put in front.

use super::reconcile::{Seen, Stage, Verdict};
use crate::model::Timestamp;
use crate::store::Known;

/// The runs of a history, as they are read from old to new.
#[derive(Debug, Default)]
pub struct HistoryOrder {
    /// Those that nothing queued and started before them has followed so far.
    standing: Vec<StandingFile>,
    replaced: u64,
}

#[derive(Debug, Clone, Copy)]
struct StandingFile {
    number: f64,
    started_at: Timestamp,
    /// Nothing is recorded of its prompt_id.
    is_first: bool,
}

impl StandingFile {
    fn is_behind(self, later: Self) -> bool {
        self.number > later.number && self.started_at > later.started_at
    }
}

impl HistoryOrder {
    /// The next runs, and what was found of them. `known`: all rows with one of their prompt_ids.
    pub fn follow(&mut self, known: &[Known], seen: &[Seen], verdicts: &[Verdict]) {
        for (seen, verdict) in seen.iter().zip(verdicts) {
            let Stage::Ended { started_at: Some(started_at) } = seen.stage else { continue };
            let Some(number) = seen.number else { continue };
            let is_first = *verdict == Verdict::New && known.iter().all(|row| row.prompt_id != seen.prompt_id);
            let next = StandingFile { number, started_at, is_first };
            while let Some(place) = self.standing.pop_if(|place| place.is_behind(next)) {
                self.replaced += u64::from(place.is_first);
            }
            self.standing.push(next);
        }
    }

    /// How many of them took the place of a run of which nothing is recorded.
    pub fn replaced(&self) -> u64 {
        self.replaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{GenerationId, PromptId, Status};

    fn replaced(history: &[(&str, f64, i64)], known: &[&str]) -> u64 {
        let row = |(id, prompt_id): (usize, &&str)| Known {
            id: GenerationId(id as i64),
            prompt_id: PromptId::from(*prompt_id),
            number: Some(0.0),
            status: Status::Completed,
            status_reason: None,
            created_at: Timestamp::from_millis(0),
            started_at: Some(Timestamp::from_millis(0)),
        };
        let known: Vec<_> = known.iter().enumerate().map(row).collect();
        let seen = |(prompt_id, number, started): &(&str, f64, i64)| Seen {
            prompt_id: PromptId::from(*prompt_id),
            number: Some(*number),
            created_at: None,
            stage: Stage::Ended { started_at: Some(Timestamp::from_millis(*started)) },
        };
        let seen: Vec<_> = history.iter().map(seen).collect();
        let mut order = HistoryOrder::default();
        // However the history is cut into pages.
        for page in seen.chunks(2) {
            order.follow(&known, page, &vec![Verdict::New; page.len()]);
        }
        order.replaced()
    }

    #[test]
    fn run_before_one_that_was_queued_and_started_earlier_took_the_place_of_another() {
        assert_eq!(replaced(&[("a", 0.0, 10), ("b", 1.0, 20), ("c", 2.0, 30)], &[]), 0);
        assert_eq!(replaced(&[("a", 3.0, 40), ("b", 1.0, 20), ("c", 2.0, 30)], &[]), 1);
        assert_eq!(replaced(&[("a", 0.0, 10), ("b", 4.0, 50), ("c", 3.0, 40), ("d", 2.0, 30)], &[]), 2);
        assert_eq!(replaced(&[("a", 3.0, 40), ("b", 4.0, 50), ("c", 2.0, 30), ("d", 5.0, 60)], &[]), 2);
    }

    #[test]
    fn run_whose_first_one_is_recorded_hides_nothing() {
        assert_eq!(replaced(&[("a", 3.0, 40), ("b", 1.0, 20), ("c", 2.0, 30)], &["a"]), 0);
        assert_eq!(replaced(&[("a", 3.0, 40), ("b", 4.0, 50), ("c", 2.0, 30)], &["b"]), 1);
    }

    #[test]
    fn neither_a_clock_that_was_put_back_nor_a_run_that_was_put_in_front_took_a_place() {
        assert_eq!(replaced(&[("a", 0.0, 90), ("b", 1.0, 20), ("c", 2.0, 30)], &[]), 0);
        assert_eq!(replaced(&[("a", 0.0, 10), ("b", -2.0, 20), ("c", 1.0, 30)], &[]), 0);
    }
}
