//! Open runs that are no longer in the queue: they ended after all, were removed, were deleted as soon as they ended, or
//! died with their ComfyUI. Nothing is recorded about them that isn't confirmed by the ComfyUI that had them.

use std::collections::HashSet;

use super::asking::{Asking, is_of};
use super::error::SessionEnd;
use super::reconcile::{in_line, vanished};
use super::record::RunRecorder;
use super::restarts::Restarts;
use super::socket_reader::Proof;
use crate::model::{GenerationId, Status, StatusReason};
use crate::store::{Known, Save};

/// How many rows are written together.
const BATCH: usize = 64;

/// How many times between two breaks are looked at for a run that is still there.
const LIVES: usize = 8;

/// A queue that was read.
pub(super) struct QueueRead {
    /// What was open before that.
    pub open_before: Vec<Known>,
    /// The rows of what is in it.
    pub queued: HashSet<GenerationId>,
    /// How often it had rung for a start when the queue was asked for.
    pub starts: u64,
}

/// Runs that only waited when they were last seen, and are nowhere any more: which of them ran isn't known yet.
#[derive(Debug, Default)]
pub(super) struct MissingRuns {
    missing: Vec<Known>,
}

impl MissingRuns {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty()
    }

    /// Settles the open rows that are no longer in the queue. `present_after`: the run behind which the life of the ComfyUI
    /// began that was read, as far as that is known; `None` when it was listened to all the time.
    pub async fn resolve(
        &mut self,
        asking: &mut Asking<'_>,
        QueueRead { open_before, queued, starts }: QueueRead,
        present_after: Option<GenerationId>,
    ) -> Result<(), SessionEnd> {
        let runs = asking.runs;
        let missed = std::mem::take(&mut self.missing);
        // ComfyUI runs one at a time: while one runs, no other starts.
        let still_runs = |row: &Known| row.status == Status::InProgress && queued.contains(&row.id);
        let none_started = open_before.iter().any(still_runs);
        if none_started && missed.is_empty() {
            runs.unseen.explain(starts);
        }
        if open_before.iter().all(|row| queued.contains(&row.id)) {
            return Ok(());
        }
        let still_open: HashSet<_> = runs.scribe.open_runs().await?.into_iter().map(|row| row.id).collect();
        let left = open_before.iter().filter(|row| still_open.contains(&row.id) && !queued.contains(&row.id));
        let (present, mut dead): (Vec<_>, Vec<_>) =
            left.partition(|row| present_after.is_none_or(|after| row.id > after));
        let Left { gone: mut gone_rows, replaced, has_ended } = ask_for(asking, present).await?;

        if !(gone_rows.is_empty() && replaced.is_empty()) {
            // That it isn't there means nothing if another process said so.
            let is_same = match runs.socket.prove().await? {
                Proof::Alive => true,
                Proof::Unknown => {
                    present_after.is_some() || has_ended || is_still_there(asking, &open_before, &queued).await?
                }
            };
            if !is_same {
                asking.gaps.was_away(asking.heard_at).await?;
                dead.append(&mut gone_rows);
            }
        }
        let is_known = |row: &&Known| {
            row.status == Status::InProgress || none_started && missed.iter().all(|missed| missed.id != row.id)
        };
        let (mut known, mut missing): (Vec<_>, Vec<_>) = gone_rows.into_iter().partition(is_known);
        missing.sort_by(|a, b| in_line(a, b));
        known.extend(missing.split_off(missing.len().min(runs.unseen.most_unseen_starts(runs.socket.starts()))));
        self.missing = missing.into_iter().cloned().collect();
        let mut saves = given_up(runs, &known, 0);
        saves.extend(replaced.into_iter().map(|row| gone(runs, row, Status::Lost, StatusReason::HistoryDeleted)));
        dead.sort_by(|a, b| in_line(a, b));
        saves.extend(dead.into_iter().map(|row| died(asking, row)));
        save_in_batches(runs, saves).await
    }

    /// Says what became of the runs that are missing: all that rang is dealt with, and so many starts are left that were
    /// those of no other run.
    pub async fn give_up(&mut self, runs: &RunRecorder, starts: usize) -> Result<(), SessionEnd> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let missing = std::mem::take(&mut self.missing);
        let open: HashSet<_> = runs.scribe.open_runs().await?.into_iter().map(|row| row.id).collect();
        let gone: Vec<_> = missing.iter().filter(|row| open.contains(&row.id)).collect();
        save_in_batches(runs, given_up(runs, &gone, starts)).await
    }
}

async fn save_in_batches(runs: &RunRecorder, mut saves: Vec<Save>) -> Result<(), SessionEnd> {
    while !saves.is_empty() {
        let rest = saves.split_off(saves.len().min(BATCH));
        runs.save_ended(std::mem::replace(&mut saves, rest)).await?;
    }
    Ok(())
}

/// Asks ComfyUI for each of these runs, and writes down those that ended.
async fn ask_for<'r>(asking: &mut Asking<'_>, rows: Vec<&'r Known>) -> Result<Left<'r>, SessionEnd> {
    let mut left = Left::default();
    for row in rows {
        match asking.history_of(&row.prompt_id).await? {
            Some(entry) if is_of(&entry, row) => {
                asking.record(vec![entry]).await?;
                left.has_ended = true;
            }
            // A later run with the same prompt_id took its place in the history: this one may have run, too.
            Some(entry) if entry.submission.number > row.number => left.replaced.push(row),
            _ => left.gone.push(row),
        }
    }
    Ok(left)
}

/// Rows of runs that are nowhere to be found.
fn given_up(runs: &RunRecorder, rows: &[&Known], starts: usize) -> Vec<Save> {
    let became = vanished(rows, starts);
    rows.iter().zip(became).map(|(row, (status, reason))| gone(runs, row, status, reason)).collect()
}

/// A row of a run that nobody will hear of any more.
fn gone(runs: &RunRecorder, row: &Known, status: Status, reason: StatusReason) -> Save {
    Save { started_at: row.started_at, ..runs.describer().changed(row, status, Some(reason)) }
}

/// A row of a run whose ComfyUI is gone: it ended with it, not when ComfyUI was found again, which can be days later.
fn died(asking: &Asking<'_>, row: &Known) -> Save {
    let before = asking.gaps.restarts().last_before();
    let was_there = before.is_some_and(|before| row.id <= before);
    let finished_at = asking.gaps.away_since().filter(|_| was_there);
    Save { finished_at, ..gone(asking.runs, row, Status::Lost, StatusReason::ComfyuiRestarted) }
}

/// Whether a run is still there of those that were known before: where no line to ComfyUI tells.
async fn is_still_there(
    asking: &mut Asking<'_>,
    open_before: &[Known],
    queued: &HashSet<GenerationId>,
) -> Result<bool, SessionEnd> {
    if open_before.iter().any(|row| queued.contains(&row.id)) {
        return Ok(true);
    }
    let Some(newest) = open_before.iter().map(|row| row.id).max() else { return Ok(false) };
    asking.has_ended_up_to(newest).await.map(|id| id.is_some())
}

/// The oldest run that was known, up to `before` at best, and that ComfyUI still has. `found`: one that was met; where it
/// says nothing of the time before, ComfyUI is asked for the last that ended then.
pub(super) async fn oldest_there(
    asking: &mut Asking<'_>,
    found: Option<GenerationId>,
    before: GenerationId,
    history_is_empty: bool,
) -> Result<Option<GenerationId>, SessionEnd> {
    if history_is_empty || found.is_some_and(|found| found <= before) {
        return Ok(found);
    }
    let ends: Vec<_> = if *asking.gaps.restarts() == Restarts::default() {
        vec![before]
    } else {
        asking.gaps.restarts().ends().take(LIVES).collect()
    };
    for end in ends.into_iter().filter(|end| found.is_none_or(|found| *end < found)) {
        if let Some(there) = asking.has_ended_up_to(end).await? {
            return Ok(Some(there));
        }
    }
    Ok(found)
}

/// What became of runs that are no longer in the queue.
#[derive(Debug, Default)]
struct Left<'r> {
    /// Nowhere to be found.
    gone: Vec<&'r Known>,
    /// Another run has their place in the history.
    replaced: Vec<&'r Known>,
    /// Whether one was found in the history.
    has_ended: bool,
}
