//! Questions to ComfyUI about single runs, and what came of the answers.

use tokio::time::Instant;

use super::error::SessionEnd;
use super::gaps::Gaps;
use super::ledger::QueueLedger;
use super::reconcile::judge;
use super::record::{Recorded, RunRecorder, seen_in_history};
use crate::comfy::{Client, HistoryEntry};
use crate::model::{GenerationId, PromptId, Timestamp};
use crate::store::Known;

#[derive(Debug)]
pub(super) struct Asking<'a> {
    pub client: &'a Client,
    pub runs: &'a RunRecorder,
    pub gaps: &'a Gaps,
    /// When ComfyUI was last heard.
    pub heard_at: Timestamp,
    pub known: &'a mut Knowledge,
}

/// What is known of ComfyUI's queue and history.
#[derive(Debug)]
pub(super) struct Knowledge {
    pub ledger: QueueLedger,
    /// Whether the history, as it was last read, holds anything that we recorded.
    pub history_is_known: bool,
    /// When we last asked ComfyUI ourselves what it has: looks of before that are out of date.
    pub asked_at: Instant,
}

impl Knowledge {
    /// Notes that ComfyUI was asked.
    pub fn asked(&mut self) {
        self.asked_at = Instant::now();
    }

    /// Takes runs into account that were found ended.
    pub fn account_for(&mut self, Recorded { recorded, new, .. }: Recorded) {
        self.ledger.ended(recorded - new, new);
        self.history_is_known |= recorded > 0;
    }
}

impl Asking<'_> {
    /// The history's entry with that id.
    pub async fn history_of(&mut self, prompt_id: &PromptId) -> Result<Option<HistoryEntry>, SessionEnd> {
        let entry = self.client.history_of(prompt_id).await?;
        self.known.asked();
        Ok(entry)
    }

    /// Records those of these runs, oldest first, that are news.
    pub async fn record(&mut self, entries: Vec<HistoryEntry>) -> Result<(), SessionEnd> {
        let recorded = self.runs.record_ended(entries).await?;
        self.known.account_for(recorded);
        Ok(())
    }

    /// The last run up to an id that ended, if ComfyUI still has it.
    pub async fn has_ended_up_to(&mut self, id: GenerationId) -> Result<Option<GenerationId>, SessionEnd> {
        for row in self.runs.scribe.ended_up_to(id).await? {
            let entry = self.history_of(&row.prompt_id).await?;
            if entry.is_some_and(|entry| is_of(&entry, &row)) {
                return Ok(Some(row.id));
            }
        }
        Ok(None)
    }
}

/// Whether an entry of the history is that of a run.
pub(super) fn is_of(entry: &HistoryEntry, row: &Known) -> bool {
    judge(std::slice::from_ref(row), &[seen_in_history(entry)])[0].id().is_some()
}
