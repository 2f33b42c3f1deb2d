//! From what ComfyUI said to the store: compared with what is known, described, given the files that were taken, saved.

use std::sync::Arc;

use tokio::sync::Notify;

use super::claims::{claim_reported, may_claim, span, with_files};
use super::error::SessionEnd;
use super::reconcile::{Seen, Stage, Verdict, judge};
use super::replaced::HistoryOrder;
use super::scribe::Scribe;
use super::socket_reader::SocketReader;
use super::turns::Turns;
use super::unclaimed::UnclaimedFiles;
use super::unseen::UnseenRuns;
use crate::comfy::{HistoryEntry, QueueItem, run_state};
use crate::intake::Describer;
use crate::json::SecretFilter;
use crate::model::{Comfyui, GenerationId, Role, Status, Timestamp};
use crate::store::{Known, NewAttachment, NewContent, Save};

/// Writes down the runs of one ComfyUI, with their files.
#[derive(Debug)]
pub(super) struct RunRecorder {
    pub scribe: Scribe,
    /// Files that were taken from the folders and belong to no run yet.
    pub unclaimed: UnclaimedFiles,
    /// What passes texts without secrets; `None` when secrets are kept.
    pub secret_filter: Option<Arc<SecretFilter>>,
    pub describing: Turns,
    /// Notified when runs with files were recorded.
    pub wanted: Arc<Notify>,
    /// The version and devices of the ComfyUI that is connected.
    pub comfyui: Comfyui,
    pub socket: SocketReader,
    /// What rang on it, and what was recorded.
    pub unseen: UnseenRuns,
}

impl RunRecorder {
    /// Writes down what waits and runs, as far as it is news; gives the rows of all of it, and whether it is news that one
    /// of them started.
    pub async fn record_queued(&self, items: Vec<QueueItem>) -> Result<(Vec<GenerationId>, bool), SessionEnd> {
        let seen: Vec<Seen> = items.iter().map(seen_in_queue).collect();
        let known = self.scribe.known(seen.iter().map(|seen| seen.prompt_id.clone()).collect()).await?;
        let verdicts = judge(&known, &seen);
        let started = self.enter(&known, &seen, &verdicts);
        let describer = self.describer();
        let describing = verdicts.clone();
        let saves = self.describing.take(move || {
            let news = items.iter().zip(describing).filter(|(_, verdict)| !matches!(verdict, Verdict::Same(_)));
            news.map(|(item, verdict)| describer.queued(item, verdict.id())).collect::<Vec<_>>()
        });
        let saved = self.save(saves.await).await?;
        let mut saved = saved.into_iter();
        let rows = verdicts.into_iter().filter_map(|verdict| match verdict {
            Verdict::Same(id) => Some(id),
            Verdict::New | Verdict::Update(_) => saved.next(),
        });
        Ok((rows.collect(), started > 0))
    }

    /// Writes down those runs of the history, oldest first, that are news.
    pub async fn record_ended(&self, entries: Vec<HistoryEntry>) -> Result<Recorded, SessionEnd> {
        let mut order = HistoryOrder::default();
        let DescribedRuns { saves, new, oldest_known } = self.describe_ended(entries, &mut order).await?;
        let recorded = saves.len();
        self.save_ended(saves).await?;
        Ok(Recorded { recorded, new, oldest_known, replaced: order.replaced() })
    }

    /// Writes down runs that ended, oldest first, with the files that the watcher took: those their nodes report, with the
    /// bytes they had then, and those that no node reports.
    pub async fn save_ended(&self, mut saves: Vec<Save>) -> Result<(), SessionEnd> {
        self.claim_for_recent_runs().await?;
        saves.iter_mut().for_each(|save| claim_reported(&self.unclaimed, save));
        let spans: Vec<_> = saves.iter().map(span).collect();
        let ids = self.save(saves).await?;
        let now = Timestamp::now();
        spans.into_iter().zip(ids).for_each(|(run, id)| self.unclaimed.ended(run, id, now));
        Ok(())
    }

    /// Gives runs that ended the files that were taken after that.
    async fn claim_for_recent_runs(&self) -> Result<(), SessionEnd> {
        self.save(self.unclaimed.take_late(may_claim).into_iter().map(with_files).collect()).await?;
        Ok(())
    }

    /// Gives the files that were held long enough to the runs that wrote them.
    pub async fn claim_due(&self) -> Result<(), SessionEnd> {
        let open = self.scribe.open_runs().await?;
        let running = open.iter().find(|run| run.status == Status::InProgress).map(|run| {
            let changed = self.describer().changed(run, Status::InProgress, None);
            span(&Save { started_at: run.started_at, ..changed })
        });
        self.save(self.unclaimed.take_due(running.as_ref(), may_claim).into_iter().map(with_files).collect()).await?;
        Ok(())
    }

    /// The row of a run that is in the store as it is.
    pub async fn known_as(&self, entry: Option<&HistoryEntry>) -> Result<Option<GenerationId>, SessionEnd> {
        let Some(seen) = entry.map(seen_in_history) else { return Ok(None) };
        let known = self.scribe.known(vec![seen.prompt_id.clone()]).await?;
        Ok(match judge(&known, &[seen])[0] {
            Verdict::Same(row) => Some(row),
            Verdict::New | Verdict::Update(_) => None,
        })
    }

    /// Compares runs from the history with what is known, and describes those that are news. `order`: of those before them.
    pub async fn describe_ended(
        &self,
        entries: Vec<HistoryEntry>,
        order: &mut HistoryOrder,
    ) -> Result<DescribedRuns, SessionEnd> {
        let seen: Vec<Seen> = entries.iter().map(seen_in_history).collect();
        let known = self.scribe.known(seen.iter().map(|seen| seen.prompt_id.clone()).collect()).await?;
        let verdicts = judge(&known, &seen);
        self.enter(&known, &seen, &verdicts);
        order.follow(&known, &seen, &verdicts);
        let oldest_known = verdicts.iter().filter_map(|verdict| verdict.id()).min();
        let new = verdicts.iter().filter(|verdict| **verdict == Verdict::New).count();
        let describer = self.describer();
        let saves = self.describing.take(move || {
            let news = entries.iter().zip(verdicts).filter(|(_, verdict)| !matches!(verdict, Verdict::Same(_)));
            news.map(|(entry, verdict)| describer.ended(entry, verdict.id())).collect::<Vec<_>>()
        });
        let saves = saves.await;
        let now = Timestamp::now();
        for save in &saves {
            let finished_at = save.finished_at.unwrap_or(now);
            let outputs = save.attachments.iter().filter(|attachment| attachment.role == Role::Output);
            let files = outputs.filter_map(NewAttachment::file);
            files.for_each(|file| self.unclaimed.reported(&file.tidied(), finished_at, now));
        }
        Ok(DescribedRuns { saves, new, oldest_known })
    }

    /// Enters runs into the books: those that are new, and those that are seen to have started. Gives how many those are.
    fn enter(&self, known: &[Known], seen: &[Seen], verdicts: &[Verdict]) -> usize {
        let new = verdicts.iter().filter(|verdict| **verdict == Verdict::New).count();
        let has_started = |(seen, verdict): (&Seen, &Verdict)| match verdict {
            Verdict::New => seen.stage != Stage::Waiting,
            Verdict::Update(id) => known.iter().any(|row| row.id == *id && row.status == Status::Pending),
            Verdict::Same(_) => false,
        };
        let started = seen.iter().zip(verdicts).filter(|pair| has_started(*pair)).count();
        self.unseen.recorded(new, started);
        started
    }

    /// Writes rows, and notes that what they tell is of the ComfyUI whose line we have, if that line still holds.
    pub async fn save(&self, saves: Vec<Save>) -> Result<Vec<GenerationId>, SessionEnd> {
        let is_wanted = |new: &NewAttachment| matches!(new.content, NewContent::Wanted(_) | NewContent::Named(..));
        // When a run goes on, what it reads is looked at again.
        let wants_files = saves.iter().any(|save| save.id.is_some() || save.attachments.iter().any(is_wanted));
        let ids = self.scribe.save(&self.comfyui, saves).await?;
        if let Some(newest) = ids.iter().max() {
            self.socket.recorded(*newest);
        }
        if wants_files {
            self.wanted.notify_one();
        }
        Ok(ids)
    }

    pub fn describer(&self) -> Describer {
        Describer { secret_filter: self.secret_filter.clone(), now: Timestamp::now() }
    }
}

/// A part of the history, ready to be written down.
#[derive(Debug)]
pub(super) struct DescribedRuns {
    /// Runs that are new or have news.
    pub saves: Vec<Save>,
    /// How many of them are new.
    pub new: usize,
    /// The oldest row of those that were there before.
    pub oldest_known: Option<GenerationId>,
}

/// What came of a part of the history.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Recorded {
    /// Runs that were new or had news.
    pub recorded: usize,
    /// Those of them that were not in the store before.
    pub new: usize,
    /// The oldest row of those that were.
    pub oldest_known: Option<GenerationId>,
    /// How many took the place of a run of which nothing is recorded.
    pub replaced: u64,
}

fn seen_in_queue(item: &QueueItem) -> Seen {
    let stage = if item.is_running { Stage::Running } else { Stage::Waiting };
    let run = &item.submission;
    Seen { prompt_id: run.prompt_id.clone(), number: run.number, created_at: run.created_at, stage }
}

pub(super) fn seen_in_history(entry: &HistoryEntry) -> Seen {
    let stage = Stage::Ended { started_at: run_state(entry.status()).started_at };
    let run = &entry.submission;
    Seen { prompt_id: run.prompt_id.clone(), number: run.number, created_at: run.created_at, stage }
}
