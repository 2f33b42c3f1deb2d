//! What is recorded, for reading alone. Nothing reached through it can be written: the handlers that show the history get this
//! and not the store.

use tokio::runtime::Handle;

use crate::blobs::Blobs;
use crate::export::Archive;
use crate::model::{
    Blob, Counted, Detail, Digest, DocumentKind, Facet, FileRef, Filter, Gap, GapTally, GenerationId, IndexProgress,
    InstanceName, Limit, List, Neighbours, Nth, Outline, Page, PromptId, Size, Start, Status, Stretch, Summary,
    Timestamp, Told,
};
use crate::search::Zone;
use crate::store::{Error, Named, Queue, Store};

/// The records, read only.
#[derive(Debug, Clone)]
pub struct History(Store);

/// Delegates to the method of the store that has the same name.
macro_rules! reads {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        impl History {
            $(
                $(#[$doc])*
                pub async fn $name(&self, $($argument: $type),*) -> Result<$result, Error> {
                    self.0.$name($($argument),*).await
                }
            )*
        }
    };
}

reads! {
    /// One page of the list.
    list(filter: Filter, start: Start, limit: Limit) -> Page<Summary>;
    /// How many runs fit a filter.
    count(filter: Filter) -> u64;
    /// How many runs lie between each two of these moments.
    days(filter: Filter, starts: &[Timestamp]) -> Vec<u64>;
    /// The runs of these ids, as a list shows them.
    summaries(ids: Vec<GenerationId>) -> Vec<Summary>;
    /// The runs beside this one in a list.
    neighbours(filter: Filter, id: GenerationId) -> Option<Neighbours>;
    /// Which of these runs a search finds.
    found(filter: Filter, ids: Vec<GenerationId>) -> Vec<GenerationId>;
    /// The newest runs that a search finds.
    first_found(filter: Filter, most: u32) -> Vec<GenerationId>;
    /// The most frequent values of each of these fields.
    facets(filter: Filter, lists: &[List], most: usize) -> Vec<Facet>;
    /// Indexed values that begin so.
    suggest(list: List, folded: &str, most: usize) -> Vec<Counted>;
    /// How far the search index is.
    index_progress() -> IndexProgress;
    /// Runs by their number in a list.
    stretch(filter: Filter, from: Nth, most: u32) -> Stretch;
    /// How long these runs took.
    durations(ids: Vec<GenerationId>) -> Vec<(GenerationId, Status, i64)>;
    /// What is known of a run, without its documents.
    outline(id: GenerationId) -> Option<Outline>;
    /// One document of a run.
    document(id: GenerationId, kind: DocumentKind) -> Option<String>;
    /// A kept file.
    blob(digest: Digest) -> Option<Blob>;
    /// The file that ComfyUI gave that name.
    named(file: FileRef, prompt_id: Option<PromptId>) -> Named;
    /// The open runs of an instance, in the order in which they run.
    queue(instance: &InstanceName) -> Vec<GenerationId>;
    /// The same by status.
    queue_by_status(instance: &InstanceName) -> Queue;
    /// Every instance that is recorded, or was once.
    instances() -> Vec<InstanceName>;
    /// The first of them.
    instances_up_to(most: u32) -> Vec<InstanceName>;
    /// Whether there is more than one.
    has_several_instances() -> bool;
    /// The last times in which an instance wasn't listened to.
    gaps(limit: u32) -> Vec<Gap>;
    /// How many of these there are, by kind.
    gap_tallies() -> Vec<GapTally>;
    /// What is kept, in numbers and bytes.
    size() -> Size;
    /// Messages to webhooks that nobody took yet.
    deliveries_waiting() -> u64;
}

impl History {
    /// Reads the records of this store.
    pub fn new(store: Store) -> Self {
        Self(store)
    }

    /// What `read` makes of the prompts of these runs.
    pub async fn of_prompts<T: Send + 'static>(
        &self,
        ids: Vec<GenerationId>,
        read: impl Fn(GenerationId, &str) -> T + Send + Sync + 'static,
    ) -> Result<Vec<(GenerationId, T)>, Error> {
        self.0.of_prompts(ids, read).await
    }

    /// What `map` makes of a run with its documents.
    pub async fn detail_as<T: Send + 'static>(
        &self,
        id: GenerationId,
        map: impl FnOnce(Detail) -> T + Send + 'static,
    ) -> Result<Option<T>, Error> {
        self.0.detail_as(id, map).await
    }

    /// What `map` makes of the newest run that fits, with these documents.
    pub async fn newest<T: Send + 'static>(
        &self,
        filter: Filter,
        kinds: &'static [DocumentKind],
        map: impl FnOnce(Told) -> T + Send + 'static,
    ) -> Result<Option<T>, Error> {
        self.0.newest(filter, kinds, map).await
    }

    /// What `map` makes of the first of these runs, with these documents: as many as are read at a time.
    pub async fn told<T: Send + 'static>(
        &self,
        ids: Vec<GenerationId>,
        kinds: &'static [DocumentKind],
        map: impl FnOnce(Vec<Told>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.0.told(ids, kinds, map).await
    }

    /// An archive of runs and their files, with clocks of that zone, and addresses below `base`.
    pub fn archive(&self, blobs: Blobs, runtime: Handle, zone: Zone, base: &str) -> Archive {
        Archive::new((self.0.clone(), blobs), runtime, move |at| zone.local(at).naive_local(), base)
    }

    /// The version of SQLite.
    pub fn sqlite_version() -> &'static str {
        Store::sqlite_version()
    }
}
