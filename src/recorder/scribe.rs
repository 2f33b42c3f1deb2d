//! The store as the recorder sees it: for one instance, and patient. A disk that is full is waited for.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::error::Error;
use crate::live::{DiskWait, Live};
use crate::model::{
    Cause, Comfyui, Cursor, FileRef, Filter, Gap, GapKind, GenerationId, InstanceId, InstanceName, Limit, PromptId,
    Rest, Start, Timestamp, Trouble,
};
use crate::pace::Backoff;
use crate::store::{self, AttachmentKey, Fetched, Known, Save, Store, WantedFile};

/// How long to wait for a disk before trying again.
const FOR_A_DISK: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(2));

/// How many of the last gaps are looked at for open ones.
const GAPS_LOOKED_AT: u32 = 200;

/// Writes for one instance. Clones share everything.
#[derive(Debug, Clone)]
pub struct Scribe {
    store: Store,
    /// Where changes are told.
    pub live: Live,
    instance: InstanceId,
    name: InstanceName,
    shutdown: CancellationToken,
}

impl Scribe {
    /// Enters the instance into the store.
    pub async fn open(
        store: Store,
        live: Live,
        name: InstanceName,
        shutdown: CancellationToken,
    ) -> Result<Self, Error> {
        let mut scribe = Self { store, live, instance: InstanceId(0), name, shutdown };
        scribe.instance = scribe.patiently(|| scribe.store.instance(&scribe.name)).await?;
        Ok(scribe)
    }

    /// Whose runs it writes.
    pub fn name(&self) -> &InstanceName {
        &self.name
    }

    /// Writes rows in one transaction; durable when this returns.
    pub async fn save(&self, comfyui: &Comfyui, runs: Vec<Save>) -> Result<Vec<GenerationId>, Error> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let runs: Arc<[Save]> = runs.into();
        self.patiently(|| self.store.save(self.instance, comfyui, Arc::clone(&runs))).await
    }

    /// Writes what became of files.
    pub async fn settle(&self, files: Vec<(AttachmentKey, Fetched)>) -> Result<(), Error> {
        self.patiently(|| self.store.settle(files.clone())).await
    }

    /// Makes every file that waits for its next try due now.
    pub async fn retry_files(&self) -> Result<(), Error> {
        self.patiently(|| self.store.retry_files(self.instance)).await
    }

    /// All rows with one of these ids.
    pub async fn known(&self, prompt_ids: Vec<PromptId>) -> Result<Vec<Known>, Error> {
        self.patiently(|| self.store.known(self.instance, prompt_ids.clone())).await
    }

    /// All rows that wait for their end.
    pub async fn open_runs(&self) -> Result<Vec<Known>, Error> {
        self.patiently(|| self.store.open_runs(self.instance)).await
    }

    /// The newest row that was written from ComfyUI's history.
    pub async fn newest_finished(&self) -> Result<Option<Known>, Error> {
        self.patiently(|| self.store.newest_finished(self.instance)).await
    }

    /// The newest id of all rows, of every instance.
    pub async fn newest_id(&self) -> Result<GenerationId, Error> {
        self.patiently(|| self.store.newest_id()).await
    }

    /// The newest of the rows up to that one which were written from ComfyUI's history, one of each status.
    pub async fn ended_up_to(&self, up_to: GenerationId) -> Result<Vec<Known>, Error> {
        self.patiently(|| self.store.ended_up_to(self.instance, up_to)).await
    }

    /// Files to be fetched by now.
    pub async fn wanted_files(&self, due: Timestamp, limit: u32) -> Result<Vec<WantedFile>, Error> {
        self.patiently(|| self.store.wanted_files(self.instance, due, limit)).await
    }

    /// When the next file is due.
    pub async fn next_wanted_at(&self) -> Result<Option<Timestamp>, Error> {
        self.patiently(|| self.store.next_wanted_at(self.instance)).await
    }

    /// Whether a later run wrote a file of the same name by then.
    pub async fn is_named_later(&self, key: AttachmentKey, file: &FileRef, until: Timestamp) -> Result<bool, Error> {
        self.patiently(|| self.store.is_named_later(key, file, until)).await
    }

    /// Notes that ComfyUI isn't heard since then, or that we weren't at work.
    pub async fn open_gap(&self, kind: GapKind, since: Timestamp, why: Option<Trouble>) -> Result<(), Error> {
        self.patiently(|| self.store.open_gap(self.instance, kind, since, why.clone())).await
    }

    /// Notes that this is over, and whether runs may have come and gone unseen.
    pub async fn close_gap(&self, kind: GapKind, until: Timestamp, may_have_missed: bool) -> Result<(), Error> {
        self.patiently(|| self.store.close_gap(self.instance, kind, until, may_have_missed)).await
    }

    /// Forgets an open gap that was too short to tell of.
    pub async fn drop_gap(&self, kind: GapKind) -> Result<(), Error> {
        self.patiently(|| self.store.drop_gap(self.instance, kind)).await
    }

    /// Notes that runs came and went unseen, in the gap of that number or a new one; gives its number.
    pub async fn note_unseen(
        &self,
        gap: Option<i64>,
        between: (Timestamp, Timestamp),
        runs: u64,
    ) -> Result<i64, Error> {
        self.patiently(|| self.store.note_unseen(self.instance, gap, between, runs)).await
    }

    /// Behind which rows ComfyUI may have been restarted.
    pub async fn breaks(&self) -> Result<Vec<GenerationId>, Error> {
        self.patiently(|| self.store.breaks(self.instance)).await
    }

    /// Notes that it may have been behind these, too.
    pub async fn note_breaks(&self, after: Vec<GenerationId>) -> Result<(), Error> {
        self.patiently(|| self.store.note_breaks(self.instance, after.clone())).await
    }

    /// It is known now whether it was.
    pub async fn forget_breaks(&self) -> Result<(), Error> {
        self.patiently(|| self.store.forget_breaks(self.instance)).await
    }

    /// How ComfyUI was left, where it was left whole.
    pub async fn rest(&self) -> Result<Option<Rest>, Error> {
        self.patiently(|| self.store.rest_of(self.name.clone())).await
    }

    /// Notes that it is left whole, or that it is listened to again.
    pub async fn note_rest(&self, rest: Option<Rest>) -> Result<(), Error> {
        self.patiently(|| self.store.note_rest(self.name.clone(), rest.clone())).await
    }

    /// When the first run began that was queued after a moment.
    pub async fn first_after(&self, moment: Timestamp) -> Result<Option<Timestamp>, Error> {
        let from = Timestamp::bound(moment.as_millis().saturating_add(1));
        let filter = Filter { instance: Some(self.name.clone()), from: Some(from), ..Filter::default() };
        let start = Start::Newer(Cursor { created_at: moment, id: GenerationId(i64::MAX) });
        let page = self.patiently(|| self.store.list(filter.clone(), start, Limit::up_to(1))).await?;
        Ok(page.items.first().map(|run| run.started_at.map_or(run.created_at, |at| at.min(run.created_at))))
    }

    /// The gaps of this instance that are open.
    pub async fn open_gaps(&self) -> Result<Vec<Gap>, Error> {
        let gaps = self.patiently(|| self.store.gaps(GAPS_LOOKED_AT)).await?;
        Ok(gaps.into_iter().filter(|gap| gap.ended_at.is_none() && gap.instance == self.name).collect())
    }

    /// Does it until it works: a full disk or a busy file is waited for, and said so where people look. The log hears of
    /// each cause once.
    async fn patiently<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, store::Error>>,
    {
        let mut pauses = FOR_A_DISK.pauses();
        let mut waits: Option<DiskWait> = None;
        loop {
            match attempt().await {
                Ok(done) => {
                    let has_waited = waits.take().is_some();
                    if has_waited && self.live.storage().records.is_none() {
                        tracing::info!(instance = %self.name, "records can be written again");
                    }
                    return Ok(done);
                }
                Err(error) if error.is_transient() => self.tell_refused(&error, &mut waits),
                Err(source) => return Err(Error::Store { instance: self.name.clone(), source }),
            }
            tokio::select! {
                () = tokio::time::sleep(pauses.next_pause()) => {}
                () = self.shutdown.cancelled() => return Err(Error::Stopped { instance: self.name.clone() }),
            }
        }
    }

    fn tell_refused(&self, error: &store::Error, waits: &mut Option<DiskWait>) {
        let trouble = match error.is_full() {
            true => Cause::DiskFull.into(),
            false => Trouble::new(Cause::RecordsRefused, error),
        };
        let told = self.live.storage().records;
        if told.is_none_or(|told| told.cause != trouble.cause) {
            tracing::warn!(instance = %self.name, "records can't be written: {trouble}; it is tried until they can");
        } else {
            tracing::debug!(instance = %self.name, %error, "not written; trying again");
        }
        match waits {
            Some(waits) => waits.because(trouble),
            None => *waits = Some(self.live.wait_for_disk(trouble)),
        }
    }
}
