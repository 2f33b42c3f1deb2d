//! Looking at ComfyUI after a ring: what to ask, and what follows from the answer.

use std::collections::HashSet;
use std::time::Duration;

use tokio::task;

use super::attribute::span;
use super::describe::Describer;
use super::listen::{Ended, Listener};
use super::reconcile::{self, Between, Seen, Stage, Verdict, judge};
use super::rings::{Account, Rings, Told};
use super::walk::Tail;
use crate::comfy::{HistoryEntry, QueueItem, run_state};
use crate::model::{GenerationId, Role, Status, StatusReason, Timestamp};
use crate::store::{Known, NewAttachment, NewContent, Save};

/// How long the queue must differ from what we know before it is read: often the ring that explains it is on its way.
const SETTLING: Duration = Duration::from_millis(200);

/// How much of a list is held in memory at a time.
const BATCH_RUNS: usize = 64;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// The longest tail that is asked for before walking the whole history.
pub(super) const LONGEST_TAIL: usize = 64;

impl Listener {
    /// After rings: reads the end of the history if a run can have ended, and the queue if it can hold what we don't
    /// know.
    pub(super) async fn rung(&mut self, rings: Rings) -> Result<(), Ended> {
        self.account.rang(rings);
        let most_ended = usize::try_from(rings.most_ended()).unwrap_or(usize::MAX);
        let has_ended = most_ended > 0 && self.read_tail(most_ended).await?;
        // Something ended that is neither new at the end of the history nor gone from the queue: a prompt_id that was
        // used again stands where its first run stood.
        if most_ended > 0 && !has_ended && self.account.can_hide_an_end() {
            self.read_tail(LONGEST_TAIL).await?;
        }
        let open = self.scribe.open_runs().await?;
        let is_as_long = usize::try_from(rings.after).is_ok_and(|remaining| remaining == open.len());
        let Told::Whole { has_started } = self.account.told() else {
            self.want_queue(rings);
            return Ok(());
        };
        if !is_as_long {
            self.want_queue(rings);
            return Ok(());
        }
        self.pace.forget();
        if let Some(next) = reconcile::next_to_run(&open).filter(|_| has_started) {
            let started = self.describer().changed(next, Status::InProgress, None);
            self.save(vec![started]).await?;
        }
        let is_running = has_started || open.iter().any(|run| run.status == Status::InProgress);
        self.account = Account::known(rings.after, is_running);
        Ok(())
    }

    fn want_queue(&mut self, rings: Rings) {
        self.pace.want_in(if rings.after > rings.before { Duration::ZERO } else { SETTLING });
    }

    /// After a gap of any length: whatever happened meanwhile. The queue is read before the history, so that a run
    /// that ends in between is seen in both, not in neither. Gives whether runs may have come and gone meanwhile: nothing
    /// that ComfyUI tells of is what we knew.
    pub(super) async fn catch_up(&mut self) -> Result<bool, Ended> {
        let anchor = self.scribe.newest_finished().await?;
        let open_before = self.scribe.open_runs().await?;
        let queued = self.read_queue().await?;
        let has_known = self.walk(anchor.is_some()).await?;
        let is_same_comfyui = has_known || open_before.iter().any(|row| queued.contains(&row.id));
        let between = if is_same_comfyui { Between::Away } else { Between::Restarted };
        // A history that held nothing of ours can have lost nothing of ours.
        let had_known = !open_before.is_empty() || self.history_is_known && anchor.is_some();
        self.resolve_vanished(open_before, &queued, between).await?;
        let newest = self.scribe.newest_finished().await?;
        self.history_is_known = has_known || newest.map(|row| row.id) != anchor.map(|row| row.id);
        Ok(had_known && !is_same_comfyui)
    }

    /// Reads the queue and settles what is no longer in it.
    pub(super) async fn look_at_queue(&mut self) -> Result<(), Ended> {
        let open_before = self.scribe.open_runs().await?;
        let queued = self.read_queue().await?;
        self.resolve_vanished(open_before, &queued, Between::Listened).await
    }

    /// Writes down what waits and runs; gives the rows of all of it.
    async fn read_queue(&mut self) -> Result<HashSet<GenerationId>, Ended> {
        let mut items = self.client.queue().await?;
        let mut queued = HashSet::new();
        let (mut runs, mut is_running) = (0, false);
        let mut batch = Vec::new();
        let mut batch_start = 0;
        loop {
            let item = items.next().await?;
            let is_end = item.is_none();
            runs += u64::from(!is_end);
            is_running |= item.as_ref().is_some_and(|item| item.is_running);
            batch.extend(item);
            let is_full = batch.len() >= BATCH_RUNS || items.bytes_read() - batch_start >= BATCH_BYTES;
            if (is_full || is_end) && !batch.is_empty() {
                queued.extend(self.record_queued(std::mem::take(&mut batch)).await?);
                batch_start = items.bytes_read();
            }
            if is_end {
                self.pace.was_read(items.bytes_read());
                self.account = Account::read(runs, is_running);
                return Ok(queued);
            }
        }
    }

    async fn record_queued(&mut self, items: Vec<QueueItem>) -> Result<Vec<GenerationId>, Ended> {
        let seen: Vec<Seen> = items.iter().map(seen_in_queue).collect();
        let known = self.scribe.known(seen.iter().map(|seen| seen.prompt_id.clone()).collect()).await?;
        let verdicts = judge(&known, &seen);
        let describer = self.describer();
        let describing = verdicts.clone();
        let saves = blocking(move || {
            let news = items.iter().zip(describing).filter(|(_, verdict)| !matches!(verdict, Verdict::Same(_)));
            news.map(|(item, verdict)| describer.queued(item, verdict.id())).collect::<Vec<_>>()
        });
        let saved = self.save(saves.await).await?;
        let mut saved = saved.into_iter();
        let rows = verdicts.into_iter().filter_map(|verdict| match verdict {
            Verdict::Same(id) => Some(id),
            Verdict::New | Verdict::Update(_) => saved.next(),
        });
        Ok(rows.collect())
    }

    /// Settles the open rows that are no longer in the queue: ended after all, taken out, or lost.
    async fn resolve_vanished(
        &mut self,
        open_before: Vec<Known>,
        queued: &HashSet<GenerationId>,
        between: Between,
    ) -> Result<(), Ended> {
        let still_open: HashSet<_> = self.scribe.open_runs().await?.into_iter().map(|row| row.id).collect();
        for row in open_before.iter().filter(|row| still_open.contains(&row.id) && !queued.contains(&row.id)) {
            // What a new ComfyUI has in its history is not the run of the old one.
            let entry = match between {
                Between::Restarted => None,
                Between::Listened | Between::Away => self.client.history_of(&row.prompt_id).await?,
            };
            let (status, reason) = match entry {
                Some(entry) if judge(std::slice::from_ref(row), &[seen_in_history(&entry)])[0].id().is_some() => {
                    self.record_ended(vec![entry]).await?;
                    continue;
                }
                // A later run with the same prompt_id took its place in the history: this one may have run, too.
                Some(entry) if entry.submission.number > row.number => (Status::Lost, StatusReason::HistoryDeleted),
                _ => reconcile::vanished(row.status, between),
            };
            let mut save = Save { started_at: row.started_at, ..self.describer().changed(row, status, Some(reason)) };
            // It ended with ComfyUI, not when ComfyUI was found again, which can be days later.
            if between == Between::Restarted {
                save.finished_at = self.went_away_at();
            }
            self.save_ended(vec![save]).await?;
        }
        Ok(())
    }

    /// Reads as much of the end of the history as `most_ended` runs fill; more where that doesn't reach back to what is
    /// known. Gives whether there was anything new.
    async fn read_tail(&mut self, most_ended: usize) -> Result<bool, Ended> {
        let mut length = most_ended.saturating_add(1).min(LONGEST_TAIL);
        loop {
            match self.tail(length).await? {
                Tail::Reaches(entries) => {
                    let Recorded { recorded, new, .. } = self.record_ended(entries).await?;
                    self.account.ended(recorded - new, new);
                    self.history_is_known |= recorded > 0;
                    return Ok(recorded > 0);
                }
                Tail::TooShort if length < LONGEST_TAIL => length = (length * 8).min(LONGEST_TAIL),
                Tail::TooShort => {
                    self.walk(true).await?;
                    self.account.lose_count();
                    return Ok(true);
                }
            }
        }
    }

    /// Writes down those runs of the history, oldest first, that are news.
    pub(super) async fn record_ended(&self, entries: Vec<HistoryEntry>) -> Result<Recorded, Ended> {
        let Described { saves, new, has_known } = self.describe_ended(entries).await?;
        let recorded = saves.len();
        self.save_ended(saves).await?;
        Ok(Recorded { recorded, new, has_known })
    }

    /// Writes down runs that ended, oldest first, with the files that the watcher took: those their nodes report, with the
    /// bytes they had then, and those that no node reports.
    pub(super) async fn save_ended(&self, mut saves: Vec<Save>) -> Result<(), Ended> {
        self.attribute_late().await?;
        saves.iter_mut().for_each(|save| self.attribute_held(save));
        let spans: Vec<_> = saves.iter().map(span).collect();
        let ids = self.save(saves).await?;
        spans.into_iter().zip(ids).for_each(|(run, id)| self.held.ended(run, id));
        Ok(())
    }

    /// Compares runs from the history with what is known, and describes those that are news.
    pub(super) async fn describe_ended(&self, entries: Vec<HistoryEntry>) -> Result<Described, Ended> {
        let seen: Vec<Seen> = entries.iter().map(seen_in_history).collect();
        let known = self.scribe.known(seen.iter().map(|seen| seen.prompt_id.clone()).collect()).await?;
        let verdicts = judge(&known, &seen);
        let has_known = verdicts.iter().any(|verdict| *verdict != Verdict::New);
        let new = verdicts.iter().filter(|verdict| **verdict == Verdict::New).count();
        let describer = self.describer();
        let saves = blocking(move || {
            let news = entries.iter().zip(verdicts).filter(|(_, verdict)| !matches!(verdict, Verdict::Same(_)));
            news.map(|(entry, verdict)| describer.ended(entry, verdict.id())).collect::<Vec<_>>()
        })
        .await;
        for save in &saves {
            let finished_at = save.finished_at.unwrap_or_else(Timestamp::now);
            let outputs = save.attachments.iter().filter(|attachment| attachment.role == Role::Output);
            let files = outputs.filter_map(NewAttachment::file);
            files.for_each(|file| self.held.reported(&file.tidied(), finished_at));
        }
        Ok(Described { saves, new, has_known })
    }

    pub(super) async fn save(&self, saves: Vec<Save>) -> Result<Vec<GenerationId>, Ended> {
        let is_wanted = |new: &NewAttachment| matches!(new.content, NewContent::Wanted(_) | NewContent::Named(..));
        // When a run goes on, what it reads is looked at again.
        let wants_files = saves.iter().any(|save| save.id.is_some() || save.attachments.iter().any(is_wanted));
        let ids = self.scribe.save(&self.comfyui, saves).await?;
        if wants_files {
            self.wanted.notify_one();
        }
        Ok(ids)
    }

    pub(super) fn describer(&self) -> Describer {
        Describer { sieve: self.sieve.clone(), now: Timestamp::now() }
    }
}

/// A part of the history, ready to be written down.
#[derive(Debug)]
pub(super) struct Described {
    /// Runs that are new or have news.
    pub saves: Vec<Save>,
    /// How many of them are new.
    pub new: usize,
    /// Whether any of the part was in the store before.
    pub has_known: bool,
}

/// What came of a part of the history.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Recorded {
    /// Runs that were new or had news.
    pub recorded: usize,
    /// Those of them that were not in the store before.
    pub new: usize,
    /// Whether any of them was in the store before.
    pub has_known: bool,
}

fn seen_in_queue(item: &QueueItem) -> Seen {
    let stage = if item.is_running { Stage::Running } else { Stage::Waiting };
    Seen { prompt_id: item.submission.prompt_id.clone(), number: item.submission.number, stage }
}

pub(super) fn seen_in_history(entry: &HistoryEntry) -> Seen {
    let stage = Stage::Ended { started_at: run_state(entry.status()).started_at };
    Seen { prompt_id: entry.submission.prompt_id.clone(), number: entry.submission.number, stage }
}

/// Describing a run of 30 MB takes a while: not on a thread that serves others.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    task::spawn_blocking(work).await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
