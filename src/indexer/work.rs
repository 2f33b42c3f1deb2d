//! Many runs at once: while a batch is written, the next one is read and derived.

use crate::model::{Entry, Event, GenerationId};
use crate::store::{Error, Indexed, Store, Unindexed};

use super::describe::entry;

/// Runs of a batch: a segment of the index.
const MOST: u32 = 4_096;

/// Runs that wait.
pub(super) struct Batch(pub(super) Vec<Unindexed>);

/// What they are found by.
pub(super) struct Derived {
    entries: Vec<Entry>,
    indexed: Vec<Indexed>,
    /// That they changed.
    events: Vec<Event>,
}

impl Derived {
    /// Hands it to the index. Gives back the word of it.
    pub(super) async fn write(self, store: &Store) -> Result<Vec<Event>, Error> {
        store.index(self.entries, self.indexed).await?;
        Ok(self.events)
    }
}

impl Batch {
    /// Derives it, on a thread that may take its time.
    pub(super) async fn derive(self) -> Result<Derived, Error> {
        let derive = move || {
            let derived = self.0.iter().map(|run| {
                let (entry, model) = entry(run);
                (entry, run.done(model))
            });
            let (entries, indexed) = derived.unzip();
            let event = |run: &Unindexed| Event::Generation { id: run.summary.id, status: run.summary.status };
            Derived { entries, indexed, events: self.0.iter().map(event).collect() }
        };
        tokio::task::spawn_blocking(derive).await.map_err(|_| Error::Panicked)
    }
}

/// One way through all that waits, from the newest down, until a look at the whole finds nothing more.
pub(super) struct Work<'a> {
    store: &'a Store,
    /// Read and derived already.
    next: Option<Derived>,
    below: Option<GenerationId>,
}

impl<'a> Work<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        Self { store, next: None, below: None }
    }

    /// Indexes a batch, and gives the word of each of its runs. `None`: nothing waits.
    pub(super) async fn step(&mut self) -> Result<Option<Vec<Event>>, Error> {
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
        let (written, next) = tokio::join!(batch.write(self.store), self.prepare());
        let events = written?;
        self.next = next?;
        Ok(Some(events))
    }

    async fn prepare(&mut self) -> Result<Option<Derived>, Error> {
        let batch = Batch(self.store.unindexed(self.below, MOST).await?);
        let Some(last) = batch.0.last() else { return Ok(None) };
        self.below = Some(last.summary.id);
        batch.derive().await.map(Some)
    }
}
