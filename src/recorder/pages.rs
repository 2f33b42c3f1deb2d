//! The history as a stream of batches, oldest first, while it is being read.

use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::comfy::{self, Client, HistoryEntry, ItemStream};
use crate::model::PromptId;

/// How many entries a page has at the most.
const LONGEST_PAGE: usize = 64;

/// How much a page should weigh: 40 ms of ComfyUI's event loop.
const PAGE_BYTES: usize = 3_000_000;

/// How much is handed on at a time.
const BATCH_RUNS: usize = 64;
const BATCH_BYTES: usize = 4_000_000;

/// How far a walk steps back when the history moved under it, at first.
const STEP_BACK: usize = 32;

/// Entries that are saved together.
pub(super) type HistoryBatch = Vec<HistoryEntry>;

/// Reads forward in pages from the `start`-th oldest entry to the newest, and hands everything on in its order. Ends
/// early when nobody takes it any more.
pub(super) async fn read_pages(
    client: &Client,
    start: usize,
    out: &mpsc::Sender<HistoryBatch>,
) -> Result<(), comfy::Error> {
    let (mut offset, mut length, mut step_back) = (start, LONGEST_PAGE, STEP_BACK);
    let mut place = ReadPosition::default();
    let mut bundle = Bundle::default();
    let mut ahead = ask(client, offset, length);
    while !out.is_closed() {
        let mut items = ahead.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        // Most likely the next page follows this one, so ComfyUI writes it while this one is read.
        let expected = (offset + length - 1, length);
        ahead = ask(client, expected.0, expected.1);
        place.is_reached = place.last.is_none() || offset == 0;
        let mut count = 0;
        while let Some(entry) = items.next().await? {
            count += 1;
            if let Some(entry) = place.pass(entry)
                && let Some(batch) = bundle.add(entry)
            {
                let _ = out.send(batch).await;
            }
        }
        if !place.is_reached {
            // Entries before this place were deleted or pushed out: what is next lies nearer to the start.
            (offset, step_back) = (offset.saturating_sub(step_back), step_back * 2);
            ahead = ask(client, offset, length);
            continue;
        }
        if count < length {
            break;
        }
        // The next page begins with the last entry of this one, which shows whether the history moved meanwhile.
        (offset, step_back) = (offset + count - 1, STEP_BACK);
        length = page_length(length, items.bytes_read());
        if (offset, length) != expected {
            ahead = ask(client, offset, length);
        }
    }
    let _ = out.send(bundle.entries).await;
    Ok(())
}

/// A page that was asked for; dropped, nobody waits for it any more.
type PageRequest = AbortOnDropHandle<Result<ItemStream<HistoryEntry>, comfy::Error>>;

fn ask(client: &Client, offset: usize, length: usize) -> PageRequest {
    let client = client.clone();
    AbortOnDropHandle::new(tokio::spawn(async move { client.history_page(offset, length).await }))
}

/// Hands on what is left of a tail whose first entry was read.
pub(super) async fn read_rest(
    first: Option<HistoryEntry>,
    mut items: ItemStream<HistoryEntry>,
    out: &mpsc::Sender<HistoryBatch>,
) -> Result<(), comfy::Error> {
    let mut bundle = Bundle::default();
    bundle.entries.extend(first);
    while let Some(entry) = items.next().await? {
        if let Some(batch) = bundle.add(entry) {
            let _ = out.send(batch).await;
        }
    }
    let _ = out.send(bundle.entries).await;
    Ok(())
}

/// How far the history was read.
#[derive(Debug, Default)]
struct ReadPosition {
    last: Option<PromptId>,
    is_reached: bool,
}

impl ReadPosition {
    /// Lets an entry pass that comes behind the place.
    fn pass(&mut self, entry: HistoryEntry) -> Option<HistoryEntry> {
        if self.last.as_ref() == Some(&entry.prompt_id) {
            self.is_reached = true;
            return None;
        }
        if self.is_reached {
            self.last = Some(entry.prompt_id.clone());
        }
        self.is_reached.then_some(entry)
    }
}

/// Entries on their way to be a batch.
#[derive(Debug, Default)]
struct Bundle {
    entries: HistoryBatch,
    bytes: usize,
}

impl Bundle {
    /// Adds an entry; gives the batch when it is full.
    fn add(&mut self, entry: HistoryEntry) -> Option<HistoryBatch> {
        self.bytes += entry.submission.bytes();
        self.entries.push(entry);
        if self.entries.len() < BATCH_RUNS && self.bytes < BATCH_BYTES {
            return None;
        }
        self.bytes = 0;
        Some(std::mem::take(&mut self.entries))
    }
}

/// How many entries the next page should have, after one of `length` entries had so many bytes.
fn page_length(length: usize, bytes: usize) -> usize {
    (length * PAGE_BYTES / bytes.max(1)).clamp(2, LONGEST_PAGE)
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
