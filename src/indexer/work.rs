//! Many runs at once: while a batch is written, the next one is read and derived.

use super::describe::entry;
use crate::model::{Entry, GenerationId};
use crate::store::{Error, Indexed, Indexing, Unindexed};

/// Runs of a batch: a segment of the index.
const MOST: u32 = 4_096;

/// Runs that wait.
pub(super) struct Batch(pub(super) Vec<Unindexed>);

/// What they are found by.
#[derive(Default)]
pub(super) struct IndexedText {
    entries: Vec<Entry>,
    indexed: Vec<Indexed>,
}

impl IndexedText {
    /// Hands it to the index. Returns how many runs it was.
    pub(super) async fn write(self, indexing: &Indexing) -> Result<usize, Error> {
        let runs = self.indexed.len();
        indexing.index(self.entries, self.indexed).await?;
        Ok(runs)
    }
}

impl Batch {
    /// Derives it, on two threads that may take their time.
    pub(super) async fn derive(mut self) -> Result<IndexedText, Error> {
        let other = Self(self.0.split_off(self.0.len() / 2));
        let halves = [self, other].map(|half| tokio::task::spawn_blocking(move || half.derive_here()));
        let mut derived = IndexedText::default();
        for half in halves {
            let IndexedText { entries, indexed } = half.await.map_err(|_| Error::Panicked)?;
            derived.entries.extend(entries);
            derived.indexed.extend(indexed);
        }
        Ok(derived)
    }

    fn derive_here(self) -> IndexedText {
        let mut derived = IndexedText::default();
        for run in self.0 {
            let (entry, model) = entry(&run);
            derived.entries.push(entry);
            derived.indexed.push(run.done(model));
        }
        derived
    }
}

/// One way through all that waits, from the newest down, until a look at the whole finds nothing more.
pub(super) struct Work<'a> {
    indexing: &'a Indexing,
    /// Read and derived already.
    next: Option<IndexedText>,
    below: Option<GenerationId>,
}

impl<'a> Work<'a> {
    pub(super) fn new(indexing: &'a Indexing) -> Self {
        Self { indexing, next: None, below: None }
    }

    /// Indexes a batch, and returns how many runs it had. `None`: nothing waits.
    pub(super) async fn step(&mut self) -> Result<Option<usize>, Error> {
        let batch = match self.next.take() {
            Some(batch) => batch,
            None => match self.prepare().await? {
                Some(batch) => batch,
                // Those that changed behind our back.
                None if self.below.take().is_some() => match self.prepare().await? {
                    Some(batch) => batch,
                    None => return Ok(None),
                },
                None => return Ok(None),
            },
        };
        let (written, next) = tokio::join!(batch.write(self.indexing), self.prepare());
        let runs = written?;
        self.next = next?;
        Ok(Some(runs))
    }

    async fn prepare(&mut self) -> Result<Option<IndexedText>, Error> {
        let batch = Batch(self.indexing.unindexed(self.below, MOST).await?);
        let Some(last) = batch.0.last() else { return Ok(None) };
        self.below = Some(last.summary.id);
        batch.derive().await.map(Some)
    }
}
