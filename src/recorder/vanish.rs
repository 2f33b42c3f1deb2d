//! Open runs that are no longer in the queue: they ended after all, were taken out, were deleted as soon as they had ended,
//! or died with their ComfyUI. Nothing is said of them that the ComfyUI doesn't bear out which had them.

use std::collections::HashSet;

use tokio::time::Instant;

use super::ear::Proof;
use super::listen::{Ended, Listener};
use super::lives::Lives;
use super::look::QueueRead;
use super::reconcile::{in_line, judge, vanished};
use super::record::seen_in_history;
use crate::comfy::HistoryEntry;
use crate::model::{GenerationId, Status, StatusReason};
use crate::store::{Known, Save};

/// How many rows are written together.
const BATCH: usize = 64;

/// How many times between two breaks are looked at for a run that is still there.
const LIVES: usize = 8;

impl Listener {
    /// Settles the open rows that are no longer in the queue. `present_after`: the run behind which the life of the ComfyUI
    /// began that was read, as far as that is known; `None` when it was listened to all the time.
    pub(super) async fn resolve_vanished(
        &mut self,
        QueueRead { open_before, queued, starts }: QueueRead,
        present_after: Option<GenerationId>,
    ) -> Result<(), Ended> {
        let missed = std::mem::take(&mut self.missing);
        // ComfyUI runs one at a time: while one runs, no other starts.
        let still_runs = |row: &Known| row.status == Status::InProgress && queued.contains(&row.id);
        let none_started = open_before.iter().any(still_runs);
        if none_started && missed.is_empty() {
            self.books.explain(starts);
        }
        if open_before.iter().all(|row| queued.contains(&row.id)) {
            return Ok(());
        }
        let still_open: HashSet<_> = self.scribe.open_runs().await?.into_iter().map(|row| row.id).collect();
        let left = open_before.iter().filter(|row| still_open.contains(&row.id) && !queued.contains(&row.id));
        let (present, mut dead): (Vec<_>, Vec<_>) =
            left.partition(|row| present_after.is_none_or(|after| row.id > after));
        let Left { mut gone, replaced, has_ended } = self.ask_for(present).await?;

        if !(gone.is_empty() && replaced.is_empty()) {
            // That it isn't there means nothing if another process said so.
            let is_same = match self.ear.prove().await? {
                Proof::Alive => true,
                Proof::Unknown => {
                    present_after.is_some() || has_ended || self.is_still_there(&open_before, &queued).await?
                }
            };
            if !is_same {
                self.gaps.was_away(self.heard_at).await?;
                dead.append(&mut gone);
            }
        }
        let is_known = |row: &&Known| {
            row.status == Status::InProgress || none_started && missed.iter().all(|missed| missed.id != row.id)
        };
        let (mut told, mut missing): (Vec<_>, Vec<_>) = gone.into_iter().partition(is_known);
        missing.sort_by(|a, b| in_line(a, b));
        told.extend(missing.split_off(missing.len().min(self.books.most_unseen_starts(self.ear.starts()))));
        self.missing = missing.into_iter().cloned().collect();
        let mut saves = self.given_up(&told, 0);
        saves.extend(replaced.into_iter().map(|row| self.gone(row, Status::Lost, StatusReason::HistoryDeleted)));
        dead.sort_by(|a, b| in_line(a, b));
        saves.extend(dead.into_iter().map(|row| self.died(row)));
        self.save_in_batches(saves).await
    }

    /// Says what became of the runs that are missing: all that rang is dealt with, and so many starts are left that were
    /// those of no other run.
    pub(super) async fn give_up_missing(&mut self, starts: usize) -> Result<(), Ended> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let missing = std::mem::take(&mut self.missing);
        let open: HashSet<_> = self.scribe.open_runs().await?.into_iter().map(|row| row.id).collect();
        let gone: Vec<_> = missing.iter().filter(|row| open.contains(&row.id)).collect();
        self.save_in_batches(self.given_up(&gone, starts)).await
    }

    async fn save_in_batches(&self, mut saves: Vec<Save>) -> Result<(), Ended> {
        while !saves.is_empty() {
            let rest = saves.split_off(saves.len().min(BATCH));
            self.save_ended(std::mem::replace(&mut saves, rest)).await?;
        }
        Ok(())
    }

    /// Asks ComfyUI for each of these runs, and writes down those that ended.
    async fn ask_for<'r>(&mut self, rows: Vec<&'r Known>) -> Result<Left<'r>, Ended> {
        let mut left = Left::default();
        for row in rows {
            match self.client.history_of(&row.prompt_id).await? {
                Some(entry) if is_of(&entry, row) => {
                    let recorded = self.record_ended(vec![entry]).await?;
                    self.account_for(recorded);
                    left.has_ended = true;
                }
                // A later run with the same prompt_id took its place in the history: this one may have run, too.
                Some(entry) if entry.submission.number > row.number => left.replaced.push(row),
                _ => left.gone.push(row),
            }
            self.asked_at = Instant::now();
        }
        Ok(left)
    }

    /// Rows of runs that are nowhere to be found.
    fn given_up(&self, gone: &[&Known], starts: usize) -> Vec<Save> {
        let became = vanished(gone, starts);
        gone.iter().zip(became).map(|(row, (status, reason))| self.gone(row, status, reason)).collect()
    }

    /// A row of a run that nobody will hear of any more.
    fn gone(&self, row: &Known, status: Status, reason: StatusReason) -> Save {
        Save { started_at: row.started_at, ..self.describer().changed(row, status, Some(reason)) }
    }

    /// A row of a run whose ComfyUI is gone: it ended with it, not when ComfyUI was found again, which can be days later.
    fn died(&self, row: &Known) -> Save {
        let before = self.gaps.lives().last_before();
        let was_there = before.is_some_and(|before| row.id <= before);
        let finished_at = self.gaps.away_since().filter(|_| was_there);
        Save { finished_at, ..self.gone(row, Status::Lost, StatusReason::ComfyuiRestarted) }
    }

    /// Whether a run is still there of those that were known before: where no line to ComfyUI tells.
    async fn is_still_there(&mut self, open_before: &[Known], queued: &HashSet<GenerationId>) -> Result<bool, Ended> {
        if open_before.iter().any(|row| queued.contains(&row.id)) {
            return Ok(true);
        }
        let Some(newest) = open_before.iter().map(|row| row.id).max() else { return Ok(false) };
        self.has_ended_up_to(newest).await.map(|id| id.is_some())
    }

    /// The oldest run that was known, up to `before` at best, and that ComfyUI still has. `found`: one that was met; where it
    /// says nothing of the time before, ComfyUI is asked for the last that ended then.
    pub(super) async fn oldest_there(
        &mut self,
        found: Option<GenerationId>,
        before: GenerationId,
        history_is_empty: bool,
    ) -> Result<Option<GenerationId>, Ended> {
        if history_is_empty || found.is_some_and(|found| found <= before) {
            return Ok(found);
        }
        let ends: Vec<_> = if *self.gaps.lives() == Lives::default() {
            vec![before]
        } else {
            self.gaps.lives().ends().take(LIVES).collect()
        };
        for end in ends.into_iter().filter(|end| found.is_none_or(|found| *end < found)) {
            if let Some(there) = self.has_ended_up_to(end).await? {
                return Ok(Some(there));
            }
        }
        Ok(found)
    }

    /// The last run up to an id that ended, if ComfyUI still has it.
    async fn has_ended_up_to(&mut self, id: GenerationId) -> Result<Option<GenerationId>, Ended> {
        for row in self.scribe.ended_up_to(id).await? {
            let entry = self.client.history_of(&row.prompt_id).await?;
            self.asked_at = Instant::now();
            if entry.is_some_and(|entry| is_of(&entry, &row)) {
                return Ok(Some(row.id));
            }
        }
        Ok(None)
    }
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

fn is_of(entry: &HistoryEntry, row: &Known) -> bool {
    judge(std::slice::from_ref(row), &[seen_in_history(entry)])[0].id().is_some()
}
