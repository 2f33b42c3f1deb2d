//! Reads ComfyUI's queue and history: what to ask after a status message, and what follows from the answer.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::asking::{Asking, Knowledge};
use super::backfill::{Backfill, LONGEST_TAIL, Tail, Walked};
use super::early::EarlyAnswer;
use super::error::SessionEnd;
use super::gaps::Gaps;
use super::hidden::HiddenRuns;
use super::ledger::{QueueKnowledge, QueueLedger, StatusBurst};
use super::missing::{MissingRuns, QueueRead, oldest_there};
use super::pace::QueuePace;
use super::reconcile;
use super::record::RunRecorder;
use super::socket_reader::Proof;
use crate::comfy::{Client, HistoryEntry, QueueItem};
use crate::model::{GenerationId, Health, Status, Timestamp};

/// How long the queue must differ from what we know before it is read: often the ring that explains it is on its way.
const SETTLING: Duration = Duration::from_millis(200);

/// How much of a list is held in memory at a time.
const BATCH_RUNS: usize = 64;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Reads the queue and the history of one ComfyUI, and keeps account of what is known of them.
#[derive(Debug)]
pub(super) struct Poller {
    pub client: Client,
    pub runs: RunRecorder,
    pub gaps: Gaps,
    pub pace: QueuePace,
    /// What is shown of the connection.
    pub health: Health,
    /// When ComfyUI was last heard.
    pub heard_at: Timestamp,
    pub known: Knowledge,
    /// Rings that were dealt with.
    pub rung: u64,
    /// Whether somebody wants to know how many runs a backfill has to read.
    counts_history: bool,
    /// When the books were last even.
    even_at: Timestamp,
    missing: MissingRuns,
    hidden: HiddenRuns,
}

impl Poller {
    /// Knows nothing of the queue yet.
    pub fn new(client: Client, runs: RunRecorder, gaps: Gaps, health: Health, counts_history: bool) -> Self {
        let heard_at = health.since;
        Self {
            client,
            runs,
            pace: QueuePace::new(),
            health,
            heard_at,
            known: Knowledge {
                ledger: QueueLedger::known(0, false),
                // Until it is read, what an earlier daemon recorded may be all that it holds.
                history_is_known: gaps.may_have_history(),
                asked_at: Instant::now(),
            },
            gaps,
            rung: 0,
            counts_history,
            even_at: heard_at,
            missing: MissingRuns::default(),
            hidden: HiddenRuns::default(),
        }
    }

    /// After rings, and with what was asked at once: writes down the end of the history if a run can have ended, and the
    /// queue if it can hold what we don't know. What wasn't asked yet, or is out of date, is asked now.
    pub async fn on_status(&mut self, look: EarlyAnswer) -> Result<(), SessionEnd> {
        let EarlyAnswer { rings, rung, starts, asked_at, ended, queue } = look;
        self.rung = self.rung.max(rung);
        self.known.ledger.rang(rings);
        self.runs.unseen.queued(rings.queued);
        let queue = queue.filter(|_| asked_at >= self.known.asked_at);
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
                self.resolve_missing(read, None).await?;
                self.settle_unseen().await
            }
            None => self.follow(rings).await,
        }
    }

    /// What follows from rings alone, when the queue wasn't read: often it is known whole.
    async fn follow(&mut self, rings: StatusBurst) -> Result<(), SessionEnd> {
        let open = self.runs.scribe.open_runs().await?;
        let is_as_long = usize::try_from(rings.after).is_ok_and(|remaining| remaining == open.len());
        let has_started = match self.known.ledger.knowledge() {
            QueueKnowledge::Exact { has_started } if is_as_long => has_started,
            told => {
                let has_changed = told == QueueKnowledge::Changed || rings.after > rings.before;
                self.pace.want_in(if has_changed { Duration::ZERO } else { SETTLING });
                return Ok(());
            }
        };
        self.pace.forget();
        if let Some(next) = reconcile::next_to_run(&open).filter(|_| has_started) {
            let started = self.runs.describer().changed(next, Status::InProgress, None);
            self.runs.save(vec![started]).await?;
            self.runs.unseen.recorded(0, 1);
        }
        let is_running = has_started || open.iter().any(|run| run.status == Status::InProgress);
        self.known.ledger = self.known.ledger.settled(is_running);
        self.settle_unseen().await
    }

    /// The queue is known whole. What rang when it was queued, and is neither there nor at the end of the history, is looked
    /// for where ComfyUI hides it; what isn't found is told as a gap.
    async fn settle_unseen(&mut self) -> Result<(), SessionEnd> {
        // What rang since may be those runs' ends, with what was asked at once. Before that is dealt with nothing newer is
        // written down: what is known would no longer be the older part of the history.
        if self.rung < self.runs.socket.rings() {
            return Ok(());
        }
        if self.runs.unseen.count() > 0 {
            self.find_hidden(None).await?;
            if self.rung < self.runs.socket.rings() {
                return Ok(());
            }
        }
        let mut all_rang = false;
        // What never rings was queued before the line was opened. And the starts of those that vanished must be known.
        if self.runs.unseen.awaits_rings(self.runs.socket.starts()) || !self.missing.is_empty() {
            let proof = self.runs.socket.prove().await?;
            if self.rung < self.runs.socket.rings() {
                return Ok(());
            }
            all_rang = proof == Proof::Alive;
        }
        let starts = self.runs.unseen.unseen_starts(self.runs.socket.starts());
        self.missing.give_up(&self.runs, starts).await?;
        let unseen = self.runs.unseen.count();
        if unseen > 0 {
            tracing::debug!(instance = %self.runs.scribe.name(), unseen, "runs came and went unseen");
            self.runs.unclaimed.doubt(self.even_at, Timestamp::now());
            self.gaps.unseen(self.even_at, unseen).await?;
        }
        self.runs.unseen.balance(self.runs.socket.starts());
        if all_rang {
            self.runs.unseen.all_rang(self.runs.socket.starts());
        }
        self.even_at = Timestamp::now();
        Ok(())
    }

    /// After a gap of any length: whatever happened meanwhile. The queue is read before the history, so that a run
    /// that ends in between is seen in both, not in neither.
    pub async fn catch_up(&mut self) -> Result<CaughtUp, SessionEnd> {
        let newest = self.runs.scribe.newest_id().await?;
        let before = self.gaps.restarts().last_before().unwrap_or(newest);
        let anchor = self.runs.scribe.ended_up_to(before).await?.into_iter().next();
        let read = self.read_queue().await?;
        let (open_before, queued) = (&read.open_before, &read.queued);
        let walked = self.walk(self.runs.scribe.newest_finished().await?.is_some()).await?;
        if let Some(since) = self.gaps.since().filter(|_| walked.replaced > 0) {
            tracing::debug!(instance = %self.runs.scribe.name(), runs = walked.replaced, "runs were replaced in the history");
            self.gaps.unseen(since, walked.replaced).await?;
        }
        let found = queued.iter().copied().chain(walked.oldest_known).filter(|id| *id <= newest).min();
        let Self { client, runs, gaps, heard_at, known, .. } = self;
        let mut asking = Asking { client, runs, gaps, heard_at: *heard_at, known };
        let found = oldest_there(&mut asking, found, before, walked.is_empty).await?;

        let is_same_comfyui = found.is_some_and(|found| found <= before);
        if is_same_comfyui && let Some(anchor) = &anchor {
            self.find_hidden(Some(anchor.created_at)).await?;
        }
        // A history that held nothing of ours can have lost nothing of ours.
        let had_known =
            open_before.iter().any(|row| row.id <= before) || self.known.history_is_known && anchor.is_some();
        let present_after = self.gaps.restarts().present_after(found, newest);
        self.resolve_missing(read, Some(present_after)).await?;
        self.known.history_is_known = !walked.is_empty;
        if self.runs.unseen.awaits_rings(self.runs.socket.starts()) {
            // Whatever rang before this answer is heard.
            self.runs.socket.prove().await?;
        }
        self.runs.unseen.caught_up(self.runs.socket.mark().queued);
        self.runs.unseen.all_rang(self.runs.socket.starts());
        self.settle_unseen().await?;
        Ok(CaughtUp { is_same: is_same_comfyui, may_have_missed: had_known && !is_same_comfyui })
    }

    /// Reads the queue and settles what is no longer in it.
    pub async fn look_at_queue(&mut self) -> Result<(), SessionEnd> {
        let read = self.read_queue().await?;
        self.resolve_missing(read, None).await?;
        self.settle_unseen().await
    }

    /// Writes down what waits and runs; gives the rows of all of it.
    async fn read_queue(&mut self) -> Result<QueueRead, SessionEnd> {
        let open_before = self.runs.scribe.open_runs().await?;
        let starts = self.runs.socket.starts();
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
                let (rows, is_news) = self.runs.record_queued(std::mem::take(&mut batch)).await?;
                queued.extend(rows);
                has_started |= is_news;
                batch_start = items.bytes_read();
            }
            if is_end {
                self.known.asked();
                self.pace.was_read(items.bytes_read());
                self.known.ledger = self.known.ledger.read(runs, is_running, has_started);
                return Ok(QueueRead { open_before, queued, starts });
            }
        }
    }

    /// The same for a short queue that was read already.
    async fn record_queue(
        &mut self,
        items: Vec<QueueItem>,
        bytes: usize,
        starts: u64,
    ) -> Result<QueueRead, SessionEnd> {
        let open_before = self.runs.scribe.open_runs().await?;
        let (runs, is_running) = (items.len() as u64, items.iter().any(|item| item.is_running));
        let (queued, has_started) =
            if items.is_empty() { Default::default() } else { self.runs.record_queued(items).await? };
        self.pace.was_read(bytes);
        self.known.ledger = self.known.ledger.read(runs, is_running, has_started);
        Ok(QueueRead { open_before, queued: queued.into_iter().collect(), starts })
    }

    /// Writes down the end of the history that was asked for when it rang; reads more where that doesn't reach back to what
    /// is known.
    async fn record_tail(&mut self, entries: Vec<HistoryEntry>, length: usize) -> Result<(), SessionEnd> {
        let reaches = entries.len() < length || self.runs.known_as(entries.first()).await?.is_some();
        if !reaches {
            // The older ones first, as a walk that is cut off is taken up where it ended.
            self.read_tail(LONGEST_TAIL / 2).await?;
        }
        let recorded = self.runs.record_ended(entries).await?;
        self.known.account_for(recorded);
        Ok(())
    }

    /// Reads as much of the end of the history as `most_ended` runs fill; more where that doesn't reach back to what is
    /// known.
    async fn read_tail(&mut self, most_ended: usize) -> Result<(), SessionEnd> {
        let mut length = most_ended.saturating_add(1).min(LONGEST_TAIL);
        loop {
            let tail = self.backfill().tail(length).await?;
            self.known.asked();
            match tail {
                Tail::Reaches(entries) => {
                    let recorded = self.runs.record_ended(entries).await?;
                    self.known.account_for(recorded);
                    return Ok(());
                }
                Tail::TooShort if length < LONGEST_TAIL => length = (length * 8).min(LONGEST_TAIL),
                Tail::TooShort => {
                    self.walk(true).await?;
                    self.known.ledger.lose_count();
                    return Ok(());
                }
            }
        }
    }

    /// Records what the history holds and the store doesn't.
    async fn walk(&mut self, has_anchor: bool) -> Result<Walked, SessionEnd> {
        let walked = self.backfill().walk(has_anchor).await;
        self.known.asked();
        walked
    }

    fn backfill(&self) -> Backfill<'_> {
        let Self { client, runs, health, counts_history, .. } = self;
        Backfill { client, runs, health, counts_history: *counts_history }
    }

    /// Looks for runs that the end of the history doesn't show.
    async fn find_hidden(&mut self, since: Option<Timestamp>) -> Result<(), SessionEnd> {
        let Self { client, runs, gaps, heard_at, known, hidden, .. } = self;
        hidden.find(&mut Asking { client, runs, gaps, heard_at: *heard_at, known }, since).await
    }

    /// Settles the open rows that are no longer in the queue.
    async fn resolve_missing(
        &mut self,
        read: QueueRead,
        present_after: Option<GenerationId>,
    ) -> Result<(), SessionEnd> {
        let Self { client, runs, gaps, heard_at, known, missing, .. } = self;
        missing.resolve(&mut Asking { client, runs, gaps, heard_at: *heard_at, known }, read, present_after).await
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
