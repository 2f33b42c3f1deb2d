//! Runs that the end of the history doesn't show: one that reuses a prompt_id takes the place of the first. Newer versions of
//! ComfyUI list their jobs by when they were queued; of older ones, a longer part of the history is read.

use super::asking::Asking;
use super::backfill::LONGEST_TAIL;
use super::error::SessionEnd;
use super::reconcile::{Seen, Stage, Verdict, judge};
use crate::comfy::{HistoryEntry, ListedJob};
use crate::model::Timestamp;

/// How many jobs are asked for: after a ring the newest, after a gap page by page.
const NEWEST: usize = 32;
const PAGE: usize = 200;

/// How much of the history is read back where jobs aren't known: 100 ms of ComfyUI's event loop.
const BYTES: usize = 8_000_000;

/// The most entries of that.
const ENTRIES: usize = 4_096;

#[derive(Debug)]
pub(super) struct HiddenRuns {
    /// Whether this ComfyUI knows jobs, as far as that was tried.
    has_jobs: bool,
}

impl Default for HiddenRuns {
    fn default() -> Self {
        Self { has_jobs: true }
    }
}

impl HiddenRuns {
    /// Looks for runs that ended and aren't known, among those that were queued `since` then; without it among the newest.
    pub async fn find(&mut self, asking: &mut Asking<'_>, since: Option<Timestamp>) -> Result<(), SessionEnd> {
        let page = if since.is_some() { PAGE } else { NEWEST };
        let mut offset = 0;
        while self.has_jobs {
            let Some(jobs) = asking.client.jobs(offset, page).await? else {
                self.has_jobs = false;
                break;
            };
            asking.known.asked();
            let reaches = |job: &ListedJob| since.is_none_or(|since| job.created_at.is_none_or(|at| at < since));
            let is_last = jobs.len() < page || jobs.last().is_none_or(reaches);
            offset += jobs.len();
            record_jobs(asking, jobs).await?;
            if is_last {
                return Ok(());
            }
        }
        read_back(asking).await
    }
}

/// Writes down those of these jobs, newest first, that ended and are news.
async fn record_jobs(asking: &mut Asking<'_>, jobs: Vec<ListedJob>) -> Result<(), SessionEnd> {
    let ended: Vec<_> = jobs.into_iter().filter(|job| job.has_ended).map(seen_in_jobs).collect();
    let known = asking.runs.scribe.known(ended.iter().map(|seen| seen.prompt_id.clone()).collect()).await?;
    let verdicts = judge(&known, &ended);
    let news = ended.iter().zip(verdicts).filter(|(_, verdict)| !matches!(verdict, Verdict::Same(_)));
    for (seen, _) in news.rev() {
        if let Some(entry) = asking.history_of(&seen.prompt_id).await? {
            asking.record(vec![entry]).await?;
        }
    }
    Ok(())
}

/// Reads the history back as far as that costs ComfyUI little.
async fn read_back(asking: &mut Asking<'_>) -> Result<(), SessionEnd> {
    let mut length = LONGEST_TAIL;
    loop {
        let mut items = asking.client.history_tail(length).await?;
        let mut entries: Vec<HistoryEntry> = Vec::new();
        while let Some(entry) = items.next().await? {
            entries.push(entry);
            if items.bytes_read() > BYTES {
                return Ok(());
            }
        }
        asking.known.asked();
        let (count, bytes) = (entries.len(), items.bytes_read());
        asking.record(entries).await?;
        let longer = (BYTES / 2).checked_div(bytes / count.max(1)).unwrap_or(0).min(ENTRIES);
        if count < length || longer <= length {
            return Ok(());
        }
        length = longer;
    }
}

fn seen_in_jobs(job: ListedJob) -> Seen {
    let stage = Stage::Ended { started_at: job.started_at };
    Seen { prompt_id: job.prompt_id, number: job.number, created_at: job.created_at, stage }
}
