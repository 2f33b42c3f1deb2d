//! Reading far back: after a gap, or everything at the first start.
//!
//! Always from old to new, and saved in that order, while the next parts are being read and described. So at any moment
//! what is recorded is the older part of ComfyUI's history, and a walk that was cut off is taken up where it ended,
//! without a note of its own.

use std::convert::Infallible;
use std::sync::OnceLock;

use tokio::sync::{Notify, mpsc};

use super::error::SessionEnd;
use super::pages::{HistoryBatch, read_pages, read_rest};
use super::record::{DescribedRuns, Recorded, RunRecorder};
use super::replaced::HistoryOrder;
use crate::comfy::{self, Client, HistoryEntry, ItemStream, Paging};
use crate::model::{GenerationId, Health};

/// The longest tail that is asked for before walking the whole history.
pub(super) const LONGEST_TAIL: usize = 64;

/// How much of a tail is held in memory before it is walked in pages instead.
const TAIL_BYTES: usize = 32_000_000;

/// Batches that may wait for the next step: while one is saved, the next is described, and one more is read.
const BATCHES_WAITING: usize = 1;

/// More than ComfyUI keeps.
const WHOLE_HISTORY: usize = 20_000;

/// How much there is to read, for those who watch.
#[derive(Debug, Default)]
struct Goal {
    /// Once it is counted.
    runs: OnceLock<u64>,
    /// Told when the first runs are recorded: what takes no longer than that needs no counting.
    has_begun: Notify,
}

/// What came of a walk.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Walked {
    /// The oldest row that was there before of those that were met; others may be older.
    pub oldest_known: Option<GenerationId>,
    /// Whether the history holds nothing at all.
    pub is_empty: bool,
    /// How many runs took the place of one of which nothing is recorded.
    pub replaced: u64,
}

/// The end of the history.
#[derive(Debug)]
pub(super) enum Tail {
    /// Everything since what is known, oldest first.
    Reaches(Vec<HistoryEntry>),
    /// There is more between what is known and this.
    TooShort,
}

/// Reads the history of one ComfyUI back.
#[derive(Debug)]
pub(super) struct Backfill<'a> {
    pub client: &'a Client,
    pub runs: &'a RunRecorder,
    /// What is shown beside how far it is.
    pub health: &'a Health,
    /// Whether somebody wants to know how much there is to read.
    pub counts_history: bool,
}

impl Backfill<'_> {
    /// Records what the history holds and the store doesn't. `has_anchor`: something was recorded before, so that the end
    /// may be all that is new.
    pub async fn walk(&self, has_anchor: bool) -> Result<Walked, SessionEnd> {
        for length in [2, LONGEST_TAIL].into_iter().filter(|_| has_anchor) {
            if let Tail::Reaches(entries) = self.tail(length).await? {
                let is_empty = entries.is_empty();
                let Recorded { oldest_known, replaced, .. } = self.runs.record_ended(entries).await?;
                return Ok(Walked { oldest_known, is_empty, replaced });
            }
        }
        let walked = match self.client.paging().await? {
            None => return Ok(Walked { is_empty: true, ..Walked::default() }),
            Some(Paging::Offset) => {
                let (first, known) = if has_anchor { self.first_unknown().await? } else { (0, None) };
                let walked = self.walk_pages(first).await;
                walked.map(|it| Walked { oldest_known: it.oldest_known.into_iter().chain(known).min(), ..it })
            }
            Some(Paging::TailOnly) => self.walk_tails(has_anchor).await,
        };
        self.show(None, None);
        walked
    }

    /// Reads the newest entries, if they reach back to something known or are the whole history.
    pub async fn tail(&self, length: usize) -> Result<Tail, SessionEnd> {
        let mut items = self.client.history_tail(length).await?;
        let mut entries = Vec::new();
        while let Some(entry) = items.next().await? {
            entries.push(entry);
            if items.bytes_read() > TAIL_BYTES && entries.len() > 2 {
                return Ok(Tail::TooShort);
            }
        }
        // A server that was asked for more than it has gave all.
        let reaches = entries.len() < length || self.runs.known_as(entries.first()).await?.is_some();
        Ok(if reaches { Tail::Reaches(entries) } else { Tail::TooShort })
    }

    /// Walks forward in pages from the `start`-th oldest entry.
    async fn walk_pages(&self, start: usize) -> Result<Walked, SessionEnd> {
        let (out, arriving) = mpsc::channel(BATCHES_WAITING);
        let goal = Goal::default();
        let reading = async move { Ok(read_pages(self.client, start, &out).await?) };
        let walking = async { tokio::try_join!(reading, self.record_all(arriving, &goal)) };
        let ((), walked) = tokio::select! {
            walked = walking => walked?,
            never = self.count(&goal), if self.counts_history => match never {},
        };
        Ok(walked)
    }

    /// Counts what the history holds, for those who watch; where that fails nobody hears of it.
    async fn count(&self, goal: &Goal) -> Infallible {
        goal.has_begun.notified().await;
        if let Ok(runs) = self.history_length().await {
            let _ = goal.runs.set(runs);
        }
        std::future::pending().await
    }

    /// How many entries the history has: some twenty requests for one entry each.
    async fn history_length(&self) -> Result<u64, comfy::Error> {
        let (mut there, mut beyond) = (0, LONGEST_TAIL);
        while beyond <= WHOLE_HISTORY && self.has_entry(beyond - 1).await? {
            (there, beyond) = (beyond, beyond * 2);
        }
        while there + 1 < beyond {
            let middle = there + (beyond - there) / 2;
            if self.has_entry(middle - 1).await? { there = middle } else { beyond = middle }
        }
        Ok(there as u64)
    }

    async fn has_entry(&self, offset: usize) -> Result<bool, comfy::Error> {
        Ok(self.client.history_page(offset, 1).await?.next().await?.is_some())
    }

    /// For servers that only give their newest entries: longer and longer tails until one reaches what is known. Read
    /// while they arrive, so that the memory needed is that of a few runs.
    async fn walk_tails(&self, has_anchor: bool) -> Result<Walked, SessionEnd> {
        for length in [512, 4096, WHOLE_HISTORY] {
            let mut items = self.client.history_tail(length).await?;
            let first = items.next().await?;
            let reaches =
                length == WHOLE_HISTORY || (has_anchor && self.runs.known_as(first.as_ref()).await?.is_some());
            if !reaches && self.has_more(&mut items, length).await? {
                continue;
            }
            let (first, items) = if reaches { (first, items) } else { (None, self.client.history_tail(length).await?) };
            let (out, arriving) = mpsc::channel(BATCHES_WAITING);
            let reading = async move { Ok(read_rest(first, items, &out).await?) };
            let goal = Goal::default();
            let ((), walked) = tokio::try_join!(reading, self.record_all(arriving, &goal))?;
            return Ok(walked);
        }
        Ok(Walked::default())
    }

    /// Records batches in their order. While one is written, the next is described.
    async fn record_all(&self, mut arriving: mpsc::Receiver<HistoryBatch>, goal: &Goal) -> Result<Walked, SessionEnd> {
        let (out, mut described) = mpsc::channel::<DescribedRuns>(BATCHES_WAITING);
        let describing = async move {
            let mut order = HistoryOrder::default();
            while let Some(entries) = arriving.recv().await {
                let _ = out.send(self.runs.describe_ended(entries, &mut order).await?).await;
            }
            Ok::<_, SessionEnd>(order.replaced())
        };
        let saving = async {
            let (mut recorded, mut oldest_known) = (0, None);
            while let Some(described) = described.recv().await {
                recorded += described.saves.len() as u64;
                oldest_known = described.oldest_known.into_iter().chain(oldest_known).min();
                self.runs.save_ended(described.saves).await?;
                goal.has_begun.notify_one();
                self.show(Some(recorded), goal.runs.get().copied());
            }
            Ok(oldest_known)
        };
        let (replaced, oldest_known) = tokio::try_join!(describing, saving)?;
        Ok(Walked { oldest_known, is_empty: false, replaced })
    }

    /// Whether a tail, whose first entry was read, is as long as was asked for: then there may be more before it.
    async fn has_more(&self, items: &mut ItemStream<HistoryEntry>, length: usize) -> Result<bool, comfy::Error> {
        let mut count = 1;
        while items.next().await?.is_some() {
            count += 1;
        }
        Ok(count >= length)
    }

    /// The offset of the first entry that isn't in the store, and the row of one before. What is in the store is the older
    /// part of the history.
    async fn first_unknown(&self) -> Result<(usize, Option<GenerationId>), SessionEnd> {
        let (mut known, mut unknown, mut oldest) = (0, 1, None);
        while let Some(row) = self.known_at(unknown - 1).await? {
            oldest = oldest.or(Some(row));
            known = unknown;
            unknown *= 2;
        }
        while known + 1 < unknown {
            let middle = known + (unknown - known) / 2;
            if self.known_at(middle - 1).await?.is_some() { known = middle } else { unknown = middle }
        }
        Ok((known, oldest))
    }

    async fn known_at(&self, offset: usize) -> Result<Option<GenerationId>, SessionEnd> {
        let entry = self.client.history_page(offset, 1).await?.next().await?;
        self.runs.known_as(entry.as_ref()).await
    }

    /// Shows how far it is.
    fn show(&self, runs: Option<u64>, of: Option<u64>) {
        let (comfyui, health) = (self.runs.comfyui.clone(), self.health.clone());
        self.runs.scribe.live.set_health(Health { backfilled: runs, to_backfill: of, comfyui, ..health });
    }
}
