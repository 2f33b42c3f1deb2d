//! Reading far back: after a gap, or everything at the first start.
//!
//! Always from old to new, each part saved before the next is asked for. So at any moment what is recorded is the older
//! part of ComfyUI's history, and a walk that was cut off is taken up where it ended, without a note of its own.

use super::listen::{Ended, Listener};
use super::look::{LONGEST_TAIL, Recorded, seen_in_history};
use super::reconcile::{Verdict, judge};
use crate::comfy::{self, HistoryEntry, Items, Paging};

/// How much a page should weigh: 40 ms of ComfyUI's event loop.
const PAGE_BYTES: usize = 3_000_000;

/// How much of a tail is held in memory before it is walked in pages instead.
const TAIL_BYTES: usize = 32_000_000;

/// How much of a long list is saved at a time.
const BATCH_RUNS: usize = 64;
const BATCH_BYTES: usize = 4_000_000;

/// How far a walk steps back when the history moved under it.
const STEP_BACK: usize = 32;

/// More than ComfyUI keeps.
const WHOLE_HISTORY: usize = 20_000;

/// The end of the history.
#[derive(Debug)]
pub(super) enum Tail {
    /// Everything since what is known, oldest first.
    Reaches(Vec<HistoryEntry>),
    /// There is more between what is known and this.
    TooShort,
}

impl Listener {
    /// Records what the history holds and the store doesn't; whether it holds anything the store did. `has_anchor`:
    /// something was recorded before, so that the end may be all that is new.
    pub(super) async fn walk(&mut self, has_anchor: bool) -> Result<bool, Ended> {
        for length in [2, LONGEST_TAIL].into_iter().filter(|_| has_anchor) {
            if let Tail::Reaches(entries) = self.tail(length).await? {
                return Ok(self.record_ended(entries, true).await?.has_known);
            }
        }
        let outcome = match self.client.paging().await? {
            None => Ok(false),
            Some(Paging::Offset) => {
                let first = if has_anchor { self.first_unknown().await? } else { 0 };
                self.walk_pages(first).await.map(|has_known| has_known || first > 0)
            }
            Some(Paging::TailOnly) => self.walk_tails(has_anchor).await,
        };
        self.show_backfilled(None);
        outcome
    }

    /// Reads the newest entries, if they reach back to something known or are the whole history.
    pub(super) async fn tail(&mut self, length: usize) -> Result<Tail, Ended> {
        let mut items = self.client.history_tail(length).await?;
        let mut entries = Vec::new();
        while let Some(entry) = items.next().await? {
            entries.push(entry);
            if items.bytes_read() > TAIL_BYTES && entries.len() > 2 {
                return Ok(Tail::TooShort);
            }
        }
        // A server that was asked for more than it has gave all.
        let reaches = entries.len() < length || self.is_known(entries.first()).await?;
        Ok(if reaches { Tail::Reaches(entries) } else { Tail::TooShort })
    }

    /// Walks forward in pages from the `start`-th oldest entry; whether anything was known.
    async fn walk_pages(&mut self, start: usize) -> Result<bool, Ended> {
        let mut progress = Progress::default();
        let (mut offset, mut length) = (start, LONGEST_TAIL);
        let mut last = None;
        loop {
            let mut items = self.client.history_page(offset, length).await?;
            let mut is_joined = last.is_none();
            let mut batch = Batch::default();
            let mut count = 0;
            while let Some(entry) = items.next().await? {
                count += 1;
                // Each page begins with the last entry of the one before, unless entries were deleted or pushed out.
                is_joined = is_joined || last.as_ref() == Some(&entry.prompt_id);
                if !is_joined {
                    break;
                }
                last = Some(entry.prompt_id.clone());
                if batch.push(entry, items.bytes_read()) {
                    self.save_batch(&mut batch, &mut progress).await?;
                }
            }
            self.save_batch(&mut batch, &mut progress).await?;
            if !is_joined {
                offset = offset.saturating_sub(STEP_BACK);
                // At the very start there is nothing before: whatever it begins with is next.
                last = last.filter(|_| offset > 0);
                continue;
            }
            if count < length {
                return Ok(progress.has_known);
            }
            offset += count - 1;
            length = page_length(length, items.bytes_read());
        }
    }

    /// For servers that only give their newest entries: longer and longer tails until one reaches what is known. Read
    /// while they arrive, so that the memory needed is that of a few runs.
    async fn walk_tails(&mut self, has_anchor: bool) -> Result<bool, Ended> {
        let mut progress = Progress::default();
        for length in [512, 4096, WHOLE_HISTORY] {
            let mut items = self.client.history_tail(length).await?;
            let first = items.next().await?;
            let reaches = length == WHOLE_HISTORY || (has_anchor && self.is_known(first.as_ref()).await?);
            if !reaches && self.has_more(&mut items, length).await? {
                continue;
            }
            let mut items = if reaches { items } else { self.client.history_tail(length).await? };
            let mut batch = Batch::default();
            batch.entries.extend(first.filter(|_| reaches));
            while let Some(entry) = items.next().await? {
                if batch.push(entry, items.bytes_read()) {
                    self.save_batch(&mut batch, &mut progress).await?;
                }
            }
            self.save_batch(&mut batch, &mut progress).await?;
            break;
        }
        Ok(progress.has_known)
    }

    /// Whether a tail, whose first entry was read, is as long as was asked for: then there may be more before it.
    async fn has_more(&mut self, items: &mut Items<HistoryEntry>, length: usize) -> Result<bool, comfy::Error> {
        let mut count = 1;
        while items.next().await?.is_some() {
            count += 1;
        }
        Ok(count >= length)
    }

    /// The offset of the first entry that isn't in the store. What is, is the older part of the history.
    async fn first_unknown(&mut self) -> Result<usize, Ended> {
        let (mut known, mut unknown) = (0, 1);
        while self.is_known_at(unknown - 1).await? {
            known = unknown;
            unknown *= 2;
        }
        while known + 1 < unknown {
            let middle = known + (unknown - known) / 2;
            if self.is_known_at(middle - 1).await? { known = middle } else { unknown = middle }
        }
        Ok(known)
    }

    async fn is_known_at(&mut self, offset: usize) -> Result<bool, Ended> {
        let entry = self.client.history_page(offset, 1).await?.next().await?;
        self.is_known(entry.as_ref()).await
    }

    /// Whether a run is in the store as it is.
    async fn is_known(&self, entry: Option<&HistoryEntry>) -> Result<bool, Ended> {
        let Some(seen) = entry.map(seen_in_history) else { return Ok(false) };
        let known = self.scribe.known(vec![seen.prompt_id.clone()]).await?;
        Ok(matches!(judge(&known, &[seen])[0], Verdict::Same(_)))
    }

    async fn save_batch(&mut self, batch: &mut Batch, progress: &mut Progress) -> Result<(), Ended> {
        if batch.entries.is_empty() {
            return Ok(());
        }
        let Recorded { recorded, has_known, .. } = self.record_ended(std::mem::take(&mut batch.entries), false).await?;
        progress.has_known |= has_known;
        progress.recorded += recorded as u64;
        self.show_backfilled(Some(progress.recorded));
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Progress {
    recorded: u64,
    has_known: bool,
}

/// Entries that are saved together.
#[derive(Debug, Default)]
struct Batch {
    entries: Vec<HistoryEntry>,
    start: usize,
}

impl Batch {
    /// Adds an entry; whether the batch is full. `bytes_read`: how far its list was read.
    fn push(&mut self, entry: HistoryEntry, bytes_read: usize) -> bool {
        self.entries.push(entry);
        let is_full = self.entries.len() >= BATCH_RUNS || bytes_read - self.start >= BATCH_BYTES;
        if is_full {
            self.start = bytes_read;
        }
        is_full
    }
}

/// How many entries the next page should have, after one of `length` entries had so many bytes.
fn page_length(length: usize, bytes: usize) -> usize {
    (length * PAGE_BYTES / bytes.max(1)).clamp(2, LONGEST_TAIL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_heavy_runs_are_shorter_but_always_move_on() {
        assert_eq!(page_length(64, 2_700_000), 64);
        assert_eq!(page_length(64, 64_000_000), 3);
        assert_eq!(page_length(64, 2_000_000_000), 2);
        assert_eq!(page_length(2, 10_000), 64);
    }
}
