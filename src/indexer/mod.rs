//! Brings runs into the index: reads those that wait, derives what they are found by, hands it to the store.
//!
//! Recording comes first: a run is found by a search a moment after it is recorded, and while many are recorded at once the
//! index follows at a tenth of the time. What waits is noted in the store, so it may stop at any time and goes on where it
//! was. When what we derive has become better, or the index is gone, every run waits again, and is found by what was
//! derived before until its turn comes.

mod describe;
#[cfg(test)]
mod tests;
mod work;

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::live::{Live, Position};
use crate::model::{Event, GenerationId, IndexProgress};
use crate::pace::{Events, Heard};
use crate::store::{Error, Indexing, Store};
use crate::{facts, search};
use work::Batch;

/// How long the first change waits for those that come with it.
const BREATH: Duration = Duration::from_millis(60);

/// While runs are recorded, so many times as long as the last batch took is left to the recording, at most [`REST`].
const SHARE: u32 = 9;
const REST: Duration = Duration::from_secs(3);

/// After an error.
const LATER: Duration = Duration::from_secs(10);

/// Without a word of changes, what waits is looked at all the same.
const AT_LEAST: Duration = Duration::from_secs(60 * 60);

/// Runs that changed just now and are taken before all others.
const MOST_CHANGED: usize = 256;

/// Which rules derive what the index has. When it changes, every run is indexed again.
pub fn version() -> String {
    format!("{}.{}", facts::VERSION, search::VERSION)
}

/// Keeps the index up with what is recorded, until `shutdown`.
pub async fn run(store: Store, live: Live, shutdown: CancellationToken) {
    let mut indexer = Indexer { events: live.events().into(), indexing: store.indexing(), changed: BTreeSet::new() };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = indexer.run() => {}
    }
}

/// Derives every run again, and returns when all are done. `tell` hears how far it is.
///
/// # Errors
/// What the store says; what was done is kept.
pub async fn reindex(store: &Store, mut tell: impl FnMut(IndexProgress)) -> Result<(), Error> {
    let indexing = store.indexing();
    indexing.derive_again(&version(), true).await?;
    let mut progress = indexing.progress().await?;
    progress.waiting = progress.waiting.min(progress.runs);
    tell(progress);
    let mut work = work::Work::new(&indexing);
    while let Some(done) = work.step().await? {
        progress.waiting = progress.waiting.saturating_sub(done as u64);
        tell(progress);
    }
    Ok(())
}

struct Indexer {
    indexing: Indexing,
    events: Events<(Position, Event)>,
    /// Told of, and not indexed since.
    changed: BTreeSet<GenerationId>,
}

impl Indexer {
    async fn run(&mut self) {
        loop {
            let Err(error) = self.keep_up().await;
            if error.is_full() {
                tracing::debug!(%error, "the index waits for room on the disk");
            } else {
                tracing::warn!(%error, "index the runs");
            }
            sleep(LATER).await;
        }
    }

    async fn keep_up(&mut self) -> Result<std::convert::Infallible, Error> {
        loop {
            // Each time: the index may have been made anew.
            if self.indexing.derive_again(&version(), false).await? {
                let waiting = self.indexing.progress().await?.waiting;
                if waiting > 0 {
                    tracing::info!("{waiting} runs are indexed in the background; until then a search may miss some");
                }
            }
            self.catch_up().await?;
            let indexing = self.indexing.clone();
            tokio::select! {
                () = self.wait() => {}
                () = indexing.index_lost() => {}
            }
        }
    }

    /// Indexes what waits, those that change meanwhile first.
    async fn catch_up(&mut self) -> Result<(), Error> {
        let indexing = self.indexing.clone();
        let mut work = work::Work::new(&indexing);
        loop {
            let start = Instant::now();
            self.hear();
            let is_recording = !self.changed.is_empty();
            if !is_recording && work.step().await?.is_none() {
                return Ok(());
            }
            if is_recording {
                self.index_changed().await?;
                sleep((start.elapsed() * SHARE).min(REST)).await;
            }
        }
    }

    /// Indexes those that changed last.
    async fn index_changed(&mut self) -> Result<(), Error> {
        while self.changed.len() > MOST_CHANGED {
            self.changed.pop_first();
        }
        let ids = std::mem::take(&mut self.changed).into_iter().collect();
        let batch = Batch(self.indexing.unindexed_of(ids).await?);
        // Our own words come back to us.
        if !batch.0.is_empty() {
            batch.derive().await?.write(&self.indexing).await?;
        }
        Ok(())
    }

    /// Notes what was told without waiting.
    fn hear(&mut self) {
        while let Some(heard) = self.events.try_next() {
            // Those that were missed wait in the store.
            self.changed.extend(changed_run(&heard));
        }
    }

    /// Waits until something changes.
    async fn wait(&mut self) {
        let changed = &mut self.changed;
        let is_news = |heard: Heard<(Position, Event)>| {
            changed.extend(changed_run(&heard));
            heard == Heard::Missed || !changed.is_empty()
        };
        self.events.wait_for(AT_LEAST, is_news).await;
        if !self.changed.is_empty() {
            sleep(BREATH).await;
        }
    }
}

/// The run that an event tells of.
fn changed_run(heard: &Heard<(Position, Event)>) -> Option<GenerationId> {
    match heard {
        Heard::Event((_, Event::Generation { id, .. })) => Some(*id),
        Heard::Event(_) | Heard::Missed => None,
    }
}
