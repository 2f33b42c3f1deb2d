//! What is known × what is seen → what to do. Pure: no clock, no network, no store.
//!
//! A prompt_id doesn't name a run: clients may choose it, and choose it again. A run is told by its prompt_id together
//! with its queue number while it is open, and with its start time once it has ended; and by the time at which it was
//! queued, where ComfyUI tells that. Numbers start over with each process.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use crate::model::{GenerationId, PromptId, Status, StatusReason, Timestamp};
use crate::store::Known;

/// A run as ComfyUI shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub prompt_id: PromptId,
    /// The place in the queue.
    pub number: Option<f64>,
    /// When it was queued, where ComfyUI tells that.
    pub created_at: Option<Timestamp>,
    /// How far it is.
    pub stage: Stage,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Waiting,
    /// ComfyUI works on it.
    Running,
    Ended {
        /// `execution_start`
        started_at: Option<Timestamp>,
    },
}

/// What to do about a run that is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not in the store.
    New,
    /// In the store, with news.
    Update(GenerationId),
    /// In the store as it is.
    Same(GenerationId),
}

impl Verdict {
    /// The row that is there already.
    pub fn id(self) -> Option<GenerationId> {
        match self {
            Self::New => None,
            Self::Update(id) | Self::Same(id) => Some(id),
        }
    }
}

/// Judges every run that is seen, in order. `known` holds all rows with one of their prompt_ids.
pub fn judge(known: &[Known], seen: &[Seen]) -> Vec<Verdict> {
    let (mut claimed, mut by_prompt) = (HashSet::new(), HashMap::<_, Vec<_>>::new());
    known.iter().for_each(|row| by_prompt.entry(&row.prompt_id).or_default().push(row));
    seen.iter()
        .map(|seen| {
            let rows = by_prompt.get(&seen.prompt_id).into_iter().flatten();
            let rows = rows.copied().filter(|row| !claimed.contains(&row.id));
            let best =
                rows.filter_map(|row| Some((fit(row, seen)?, row.id))).max_by_key(|((rank, _), id)| (*rank, *id));
            match best {
                None => Verdict::New,
                Some(((_, is_news), id)) => {
                    claimed.insert(id);
                    if is_news { Verdict::Update(id) } else { Verdict::Same(id) }
                }
            }
        })
        .collect()
}

/// How well a row fits a run, and whether the run tells it something new; `None` when they are two different runs.
fn fit(row: &Known, seen: &Seen) -> Option<(u8, bool)> {
    if seen.created_at.is_some_and(|at| at != row.created_at) {
        return None;
    }
    let is_same_number = row.number == seen.number;
    let may_be_same_number = is_same_number || row.number.is_none() || seen.number.is_none();
    match seen.stage {
        Stage::Ended { started_at }
            if !row.status.is_open() && row.started_at.is_some() && row.started_at == started_at =>
        {
            Some((3, !has_result(row)))
        }
        Stage::Ended { .. } if row.status.is_open() && may_be_same_number => Some((2, true)),
        // It was given up, and here it is after all.
        Stage::Ended { .. } if !has_result(row) && is_same_number && may_come_back(row, seen) => Some((1, true)),
        Stage::Ended { started_at: None } if is_same_number && has_result(row) => Some((1, false)),
        Stage::Ended { .. } => None,
        Stage::Waiting | Stage::Running if row.status.is_open() && may_be_same_number => {
            Some((2, seen.stage == Stage::Running && row.status == Status::Pending))
        }
        Stage::Waiting | Stage::Running if row.status == Status::Lost && is_same_number && may_come_back(row, seen) => {
            Some((1, true))
        }
        Stage::Waiting | Stage::Running => None,
    }
}

/// Whether a run that was given up can be this one. What died with its ComfyUI only, if nothing else than a restart that was
/// none explains that it has the very time at which it was queued: the next process gives the same numbers again.
fn may_come_back(row: &Known, seen: &Seen) -> bool {
    row.status_reason != Some(StatusReason::ComfyuiRestarted) || seen.created_at.is_some()
}

/// Whether the row was written from a history entry, not given up on.
fn has_result(row: &Known) -> bool {
    match row.status {
        Status::Completed | Status::Failed => true,
        Status::Cancelled => row.status_reason != Some(StatusReason::Dequeued),
        Status::Pending | Status::InProgress | Status::Lost => false,
    }
}

/// What became of open runs that are neither in the queue nor in the history of the ComfyUI that had them, in their order.
/// Those that were in progress ended, and were deleted from the history; so did the next in line, if so many more can have
/// started. The others were taken out of the queue.
pub fn vanished(runs: &[&Known], unseen_starts: usize) -> Vec<(Status, StatusReason)> {
    let mut waiting: Vec<_> = runs.iter().filter(|run| run.status != Status::InProgress).collect();
    waiting.sort_by(|a, b| in_line(a, b));
    let ran: HashSet<_> = waiting.iter().take(unseen_starts).map(|run| run.id).collect();
    let has_ended = |run: &Known| run.status == Status::InProgress || ran.contains(&run.id);
    let became = runs.iter().map(|run| match has_ended(run) {
        true => (Status::Lost, StatusReason::HistoryDeleted),
        false => (Status::Cancelled, StatusReason::Dequeued),
    });
    became.collect()
}

/// The order in which ComfyUI takes what waits: by number.
pub fn in_line(a: &Known, b: &Known) -> Ordering {
    let number = |run: &Known| run.number.unwrap_or(f64::MAX);
    number(a).total_cmp(&number(b)).then(a.id.cmp(&b.id))
}

/// The run that ComfyUI takes next: the one with the smallest number.
pub fn next_to_run(open: &[Known]) -> Option<&Known> {
    if open.iter().any(|run| run.status == Status::InProgress) {
        return None;
    }
    open.iter().min_by(|a, b| in_line(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, number: f64, status: Status, started_at: Option<i64>) -> Known {
        Known {
            id: GenerationId(id),
            prompt_id: "p".into(),
            number: Some(number),
            status,
            status_reason: None,
            created_at: Timestamp::from_millis(0),
            started_at: started_at.map(Timestamp::from_millis),
        }
    }

    fn seen(number: f64, stage: Stage) -> Seen {
        Seen { prompt_id: "p".into(), number: Some(number), created_at: None, stage }
    }

    fn ended(number: f64, started_at: i64) -> Seen {
        seen(number, Stage::Ended { started_at: Some(Timestamp::from_millis(started_at)) })
    }

    fn one(known: &[Known], seen: Seen) -> Verdict {
        judge(known, &[seen])[0]
    }

    const ID: GenerationId = GenerationId(1);

    #[test]
    fn a_run_is_followed_from_the_queue_to_its_end_and_every_step_may_run_twice() {
        assert_eq!(one(&[], seen(4.0, Stage::Waiting)), Verdict::New);
        let pending = row(1, 4.0, Status::Pending, None);
        assert_eq!(one(std::slice::from_ref(&pending), seen(4.0, Stage::Waiting)), Verdict::Same(ID));
        assert_eq!(one(std::slice::from_ref(&pending), seen(4.0, Stage::Running)), Verdict::Update(ID));
        assert_eq!(one(&[pending], ended(4.0, 10)), Verdict::Update(ID));
        let running = row(1, 4.0, Status::InProgress, Some(9));
        assert_eq!(one(std::slice::from_ref(&running), seen(4.0, Stage::Waiting)), Verdict::Same(ID));
        assert_eq!(one(&[running], ended(4.0, 10)), Verdict::Update(ID));
        for status in [Status::Completed, Status::Failed, Status::Cancelled] {
            assert_eq!(one(&[row(1, 4.0, status, Some(10))], ended(4.0, 10)), Verdict::Same(ID), "{status}");
        }
    }

    #[test]
    fn the_same_prompt_id_again_is_another_run() {
        let first = row(1, 4.0, Status::Completed, Some(10));
        assert_eq!(one(std::slice::from_ref(&first), ended(6.0, 20)), Verdict::New);
        assert_eq!(one(std::slice::from_ref(&first), seen(6.0, Stage::Waiting)), Verdict::New);
        assert_eq!(one(std::slice::from_ref(&first), ended(4.0, 20)), Verdict::New, "same number after a restart");
        let second = row(2, 6.0, Status::Pending, None);
        let known = [first, second];
        assert_eq!(one(&known, ended(6.0, 20)), Verdict::Update(GenerationId(2)));
        assert_eq!(one(&known, ended(4.0, 10)), Verdict::Same(ID), "the old entry is still there");
    }

    #[test]
    fn two_runs_with_one_prompt_id_in_the_queue_are_two() {
        let both = [seen(4.0, Stage::Running), seen(5.0, Stage::Waiting)];
        assert_eq!(judge(&[], &both), [Verdict::New, Verdict::New]);
        let known = [row(1, 4.0, Status::Pending, None), row(2, 5.0, Status::Pending, None)];
        assert_eq!(judge(&known, &both), [Verdict::Update(ID), Verdict::Same(GenerationId(2))]);
    }

    #[test]
    fn a_run_that_was_given_up_comes_back_when_it_is_found_after_all() {
        let mut gone = row(1, 4.0, Status::Lost, None);
        assert_eq!(one(std::slice::from_ref(&gone), ended(4.0, 10)), Verdict::Update(ID));
        assert_eq!(one(std::slice::from_ref(&gone), seen(4.0, Stage::Running)), Verdict::Update(ID));
        assert_eq!(one(std::slice::from_ref(&gone), ended(7.0, 10)), Verdict::New);
        gone.status = Status::Cancelled;
        gone.status_reason = Some(StatusReason::Dequeued);
        assert_eq!(one(&[gone], ended(4.0, 10)), Verdict::Update(ID));
    }

    #[test]
    fn a_run_without_a_start_time_is_told_by_its_number() {
        let known = [row(1, 4.0, Status::Completed, None)];
        let at = |number| seen(number, Stage::Ended { started_at: None });
        assert_eq!(one(&known, at(4.0)), Verdict::Same(ID));
        assert_eq!(one(&known, at(5.0)), Verdict::New);
    }

    #[test]
    fn a_run_that_was_queued_at_another_time_is_another_run_whatever_its_number() {
        // After a restart of ComfyUI a script that chooses its ids queues the same again, in the same order.
        let at = |millis| Some(Timestamp::from_millis(millis));
        for stage in [Stage::Waiting, Stage::Running, Stage::Ended { started_at: at(9) }] {
            let told = |created_at| Seen { created_at, ..seen(4.0, stage) };
            for status in [Status::Pending, Status::InProgress, Status::Lost] {
                assert_eq!(one(&[row(1, 4.0, status, None)], told(at(5))), Verdict::New, "{status} {stage:?}");
                assert_eq!(one(&[row(1, 4.0, status, None)], told(at(0))).id(), Some(ID), "{status} {stage:?}");
            }
        }
    }

    #[test]
    fn a_run_that_died_with_its_comfyui_does_not_come_back_in_the_next_one() {
        let dead = Known { status_reason: Some(StatusReason::ComfyuiRestarted), ..row(1, 4.0, Status::Lost, None) };
        for stage in [Stage::Waiting, Stage::Running, Stage::Ended { started_at: None }] {
            assert_eq!(one(std::slice::from_ref(&dead), seen(4.0, stage)), Verdict::New, "{stage:?}");
            let same = Seen { created_at: Some(Timestamp::from_millis(0)), ..seen(4.0, stage) };
            assert_eq!(one(std::slice::from_ref(&dead), same), Verdict::Update(ID), "it was no restart after all");
        }
        assert_eq!(one(&[dead], ended(4.0, 10)), Verdict::New);
    }

    #[test]
    fn a_run_that_vanished_was_taken_out_or_ended_and_was_deleted() {
        let dequeued = (Status::Cancelled, StatusReason::Dequeued);
        let deleted = (Status::Lost, StatusReason::HistoryDeleted);
        let running = row(1, 4.0, Status::InProgress, None);
        let [second, third] = [row(2, 6.0, Status::Pending, None), row(3, 5.0, Status::Pending, None)];
        let all = [&running, &second, &third];
        assert_eq!(vanished(&all, 0), [deleted, dequeued, dequeued]);
        assert_eq!(vanished(&all, 1), [deleted, dequeued, deleted], "the next in line started");
        assert_eq!(vanished(&all, 7), [deleted; 3]);
        assert_eq!(vanished(&[], 7), []);
    }

    #[test]
    fn the_smallest_number_runs_next_unless_one_runs_already() {
        let waiting = [row(1, 4.0, Status::Pending, None), row(2, -5.0, Status::Pending, None)];
        assert_eq!(next_to_run(&waiting).map(|run| run.id), Some(GenerationId(2)));
        assert_eq!(next_to_run(&[row(1, 4.0, Status::InProgress, None), waiting[1].clone()]), None);
        assert_eq!(next_to_run(&[]), None);
    }

    proptest::proptest! {
        /// Whatever is known, telling it the same twice changes nothing the second time.
        #[test]
        fn what_was_recorded_is_not_recorded_again(number in 0_i32..3, started in 0_i64..3, statuses in proptest::collection::vec(0_usize..6, 0..4)) {
            let mut known: Vec<_> = (1..).zip(&statuses).map(|(id, status)| row(id, f64::from(number), Status::ALL[*status], Some(started))).collect();
            let run = ended(f64::from(number), started);
            match one(&known, run.clone()) {
                Verdict::New => known.push(row(99, f64::from(number), Status::Completed, Some(started))),
                Verdict::Update(id) | Verdict::Same(id) => {
                    let row = known.iter_mut().find(|row| row.id == id).unwrap();
                    row.status = Status::Completed;
                    row.status_reason = None;
                }
            }
            proptest::prop_assert!(matches!(one(&known, run), Verdict::Same(_)));
        }
    }
}
