//! Looking at ComfyUI after a ring: what to ask, and what follows from the answer.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::ear::Proof;
use super::listen::{Ended, Listener};
use super::lookout::Look;
use super::reconcile;
use super::record::Recorded;
use super::rings::{Rings, Told};
use super::walk::Tail;
use crate::comfy::QueueItem;
use crate::model::{GenerationId, Status, Timestamp};
use crate::store::Known;

/// How long the queue must differ from what we know before it is read: often the ring that explains it is on its way.
const SETTLING: Duration = Duration::from_millis(200);

/// How much of a list is held in memory at a time.
const BATCH_RUNS: usize = 64;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// The longest tail that is asked for before walking the whole history.
pub(super) const LONGEST_TAIL: usize = 64;

impl Listener {
    /// After rings, and with what was asked at once: writes down the end of the history if a run can have ended, and the
    /// queue if it can hold what we don't know. What wasn't asked yet, or is out of date, is asked now.
    pub(super) async fn rung(&mut self, look: Look) -> Result<(), Ended> {
        let Look { rings, rung, starts, asked_at, ended, queue } = look;
        self.rung = self.rung.max(rung);
        self.account.rang(rings);
        self.books.queued(rings.queued);
        let queue = queue.filter(|_| asked_at >= self.asked_at);
        let read = match queue {
            Some((items, bytes)) => Some(self.record_queue(items, bytes, starts).await?),
            None => None,
        };
        let most_ended = usize::try_from(rings.most_ended()).unwrap_or(usize::MAX);
        if let Some((entries, length)) = ended {
            self.record_tail(entries, length).await?;
        } else if most_ended > 0 {
            self.read_tail(most_ended).await?;
        }
        match read {
            Some(read) => {
                self.resolve_vanished(read, None).await?;
                self.settle_books().await
            }
            None => self.follow(rings).await,
        }
    }

    /// What follows from rings alone, when the queue wasn't read: often it is known whole.
    async fn follow(&mut self, rings: Rings) -> Result<(), Ended> {
        let open = self.scribe.open_runs().await?;
        let is_as_long = usize::try_from(rings.after).is_ok_and(|remaining| remaining == open.len());
        let has_started = match self.account.told() {
            Told::Whole { has_started } if is_as_long => has_started,
            told => {
                let has_changed = told == Told::Changed || rings.after > rings.before;
                self.pace.want_in(if has_changed { Duration::ZERO } else { SETTLING });
                return Ok(());
            }
        };
        self.pace.forget();
        if let Some(next) = reconcile::next_to_run(&open).filter(|_| has_started) {
            let started = self.describer().changed(next, Status::InProgress, None);
            self.save(vec![started]).await?;
            self.books.recorded(0, 1);
        }
        let is_running = has_started || open.iter().any(|run| run.status == Status::InProgress);
        self.account = self.account.settled(is_running);
        self.settle_books().await
    }

    /// The queue is known whole. What rang when it was queued, and is neither there nor at the end of the history, is looked
    /// for where ComfyUI hides it; what isn't found is told as a gap.
    async fn settle_books(&mut self) -> Result<(), Ended> {
        // What rang since may be those runs' ends, with what was asked at once. Before that is dealt with nothing newer is
        // written down: what is known would no longer be the older part of the history.
        if self.rung < self.ear.rings() {
            return Ok(());
        }
        if self.books.unseen() > 0 {
            self.find_hidden(None).await?;
            if self.rung < self.ear.rings() {
                return Ok(());
            }
        }
        let mut all_rang = false;
        // What never rings was queued before the line was opened. And the starts of those that vanished must be known.
        if self.books.awaits_rings(self.ear.starts()) || !self.missing.is_empty() {
            let proof = self.ear.prove().await?;
            if self.rung < self.ear.rings() {
                return Ok(());
            }
            all_rang = proof == Proof::Alive;
        }
        self.give_up_missing(self.books.unseen_starts(self.ear.starts())).await?;
        let unseen = self.books.unseen();
        if unseen > 0 {
            tracing::debug!(instance = %self.settings.name, unseen, "runs came and went unseen");
            self.held.doubt(self.even_at, Timestamp::now());
            self.gaps.unseen(self.even_at, unseen).await?;
        }
        self.books.balance(self.ear.starts());
        if all_rang {
            self.books.all_rang(self.ear.starts());
        }
        self.even_at = Timestamp::now();
        Ok(())
    }

    /// After a gap of any length: whatever happened meanwhile. The queue is read before the history, so that a run
    /// that ends in between is seen in both, not in neither.
    pub(super) async fn catch_up(&mut self) -> Result<CaughtUp, Ended> {
        let newest = self.scribe.newest_id().await?;
        let before = self.gaps.lives().last_before().unwrap_or(newest);
        let anchor = self.scribe.ended_up_to(before).await?.into_iter().next();
        let read = self.read_queue().await?;
        let (open_before, queued) = (&read.open_before, &read.queued);
        let walked = self.walk(self.scribe.newest_finished().await?.is_some()).await?;
        if let Some(since) = self.gaps.since().filter(|_| walked.replaced > 0) {
            tracing::debug!(instance = %self.settings.name, runs = walked.replaced, "runs were replaced in the history");
            self.gaps.unseen(since, walked.replaced).await?;
        }
        let found = queued.iter().copied().chain(walked.oldest_known).filter(|id| *id <= newest).min();
        let found = self.oldest_there(found, before, walked.is_empty).await?;

        let is_same_comfyui = found.is_some_and(|found| found <= before);
        if is_same_comfyui && let Some(anchor) = &anchor {
            self.find_hidden(Some(anchor.created_at)).await?;
        }
        // A history that held nothing of ours can have lost nothing of ours.
        let had_known = open_before.iter().any(|row| row.id <= before) || self.history_is_known && anchor.is_some();
        let present_after = self.gaps.lives().present_after(found, newest);
        self.resolve_vanished(read, Some(present_after)).await?;
        self.history_is_known = !walked.is_empty;
        if self.books.awaits_rings(self.ear.starts()) {
            // Whatever rang before this answer is heard.
            self.ear.prove().await?;
        }
        self.books.caught_up(self.ear.mark().queued);
        self.books.all_rang(self.ear.starts());
        self.settle_books().await?;
        Ok(CaughtUp { is_same: is_same_comfyui, may_have_missed: had_known && !is_same_comfyui })
    }

    /// Reads the queue and settles what is no longer in it.
    pub(super) async fn look_at_queue(&mut self) -> Result<(), Ended> {
        let read = self.read_queue().await?;
        self.resolve_vanished(read, None).await?;
        self.settle_books().await
    }

    /// Writes down what waits and runs; gives the rows of all of it.
    async fn read_queue(&mut self) -> Result<QueueRead, Ended> {
        let open_before = self.scribe.open_runs().await?;
        let starts = self.ear.starts();
        let mut items = self.client.queue().await?;
        let mut queued = HashSet::new();
        let (mut runs, mut is_running, mut has_started) = (0, false, false);
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
                let (rows, is_news) = self.record_queued(std::mem::take(&mut batch)).await?;
                queued.extend(rows);
                has_started |= is_news;
                batch_start = items.bytes_read();
            }
            if is_end {
                self.asked_at = Instant::now();
                self.pace.was_read(items.bytes_read());
                self.account = self.account.read(runs, is_running, has_started);
                return Ok(QueueRead { open_before, queued, starts });
            }
        }
    }

    /// The same for a short queue that was read already.
    async fn record_queue(&mut self, items: Vec<QueueItem>, bytes: usize, starts: u64) -> Result<QueueRead, Ended> {
        let open_before = self.scribe.open_runs().await?;
        let (runs, is_running) = (items.len() as u64, items.iter().any(|item| item.is_running));
        let (queued, has_started) =
            if items.is_empty() { Default::default() } else { self.record_queued(items).await? };
        self.pace.was_read(bytes);
        self.account = self.account.read(runs, is_running, has_started);
        Ok(QueueRead { open_before, queued: queued.into_iter().collect(), starts })
    }

    /// Writes down the end of the history that was asked for when it rang; reads more where that doesn't reach back to what
    /// is known.
    async fn record_tail(&mut self, entries: Vec<crate::comfy::HistoryEntry>, length: usize) -> Result<(), Ended> {
        let reaches = entries.len() < length || self.known_as(entries.first()).await?.is_some();
        if !reaches {
            // The older ones first, as a walk that is cut off is taken up where it ended.
            self.read_tail(LONGEST_TAIL / 2).await?;
        }
        let recorded = self.record_ended(entries).await?;
        self.account_for(recorded);
        Ok(())
    }

    /// Reads as much of the end of the history as `most_ended` runs fill; more where that doesn't reach back to what is
    /// known.
    async fn read_tail(&mut self, most_ended: usize) -> Result<(), Ended> {
        let mut length = most_ended.saturating_add(1).min(LONGEST_TAIL);
        loop {
            let tail = self.tail(length).await?;
            self.asked_at = Instant::now();
            match tail {
                Tail::Reaches(entries) => {
                    let recorded = self.record_ended(entries).await?;
                    self.account_for(recorded);
                    return Ok(());
                }
                Tail::TooShort if length < LONGEST_TAIL => length = (length * 8).min(LONGEST_TAIL),
                Tail::TooShort => {
                    self.walk(true).await?;
                    self.account.lose_count();
                    return Ok(());
                }
            }
        }
    }

    pub(super) fn account_for(&mut self, Recorded { recorded, new, .. }: Recorded) {
        self.account.ended(recorded - new, new);
        self.history_is_known |= recorded > 0;
    }
}

/// What is known after a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CaughtUp {
    /// Whether ComfyUI still has something of what we knew before.
    pub is_same: bool,
    /// Whether runs may have come and gone meanwhile: it had something, and has nothing of it.
    pub may_have_missed: bool,
}

/// A queue that was read.
pub(super) struct QueueRead {
    /// What was open before that.
    pub open_before: Vec<Known>,
    /// The rows of what is in it.
    pub queued: HashSet<GenerationId>,
    /// How often it had rung for a start when the queue was asked for.
    pub starts: u64,
}
