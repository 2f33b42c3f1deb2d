//! What was recorded, for all who only look at it: pages, commands, exports.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::error::Error;
use super::known::{self, Queue};
use super::named::{self, Named};
use super::readers::{Readers, StoreReader};
use super::{count, deliveries, detail, files, gaps, list, numbered, open, outputs, places, size, told, unindexed};
use crate::index::Index;
use crate::model::{
    Blob, Counted, Detail, Digest, DocumentKind, Facet, FileRef, Filter, Gap, GapTally, GenerationId, IndexProgress,
    InstanceName, Limit, List, Neighbours, Nth, Outline, Page, PromptId, Size, Start, Status, Stretch, Summary,
    Timestamp, Told,
};
use crate::sqlite::pool::TIME_LIMIT;

/// Reads the records and their index; can't write. Clones share the connections.
#[derive(Debug, Clone)]
pub struct History {
    pub(super) readers: Readers,
    pub(super) index: Index,
}

impl History {
    /// Which SQLite this is: `3.51.1`.
    pub fn sqlite_version() -> &'static str {
        rusqlite::version()
    }

    /// Opens the database of a data folder for reading alone, beside a daemon or without one. Takes no lock, changes nothing
    /// and never waits. Blocks for a few pages' reading.
    ///
    /// # Errors
    /// Each says what to do: nothing there yet, not brought up to date, from a newer version, not ours, damaged.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let file = open::for_reading(folder)?;
        let readers = Readers::new(file, TIME_LIMIT);
        let source = readers.clone();
        let tie = move || {
            let source = source.clone();
            async move { source.tie().await }.boxed()
        };
        let index = Index::read_only(folder, Arc::new(tie));
        Ok(Self { readers, index })
    }

    /// A page of the list, newest first by (created_at, id).
    pub async fn list(&self, filter: Filter, start: Start, limit: Limit) -> Result<Page<Summary>, Error> {
        if filter.want.is_some() {
            return self.find(filter, start, limit).await;
        }
        self.readers.read(move |conn| list::list(conn, &filter, start, limit)).await
    }

    /// Those of these runs that there are.
    pub async fn summaries(&self, ids: Vec<GenerationId>) -> Result<Vec<Summary>, Error> {
        let summaries =
            move |conn: &StoreReader| ids.into_iter().filter_map(|id| list::summary(conn, id).transpose()).collect();
        self.readers.read(summaries).await
    }

    /// The runs before and behind one in the list of a filter, which it need not fit itself; `None` when there is no such
    /// run.
    pub async fn neighbours(&self, filter: Filter, id: GenerationId) -> Result<Option<Neighbours>, Error> {
        if filter.want.is_some() {
            return self.find_neighbours(filter, id).await;
        }
        self.readers.read(move |conn| list::neighbours(conn, &filter, id)).await
    }

    /// Runs of the list from its n-th on, at most so many, at the same cost at any depth. For filters of status, kind,
    /// instance and time.
    pub async fn stretch(&self, filter: Filter, from: Nth, most: u32) -> Result<Stretch, Error> {
        self.readers.read(move |conn| numbered::stretch(conn, &filter, from, most)).await
    }

    /// What `tell` makes of the newest run that fits, with its texts of these kinds.
    pub async fn newest<T: Send + 'static>(
        &self,
        filter: Filter,
        kinds: &'static [DocumentKind],
        tell: impl FnOnce(Told) -> T + Send + 'static,
    ) -> Result<Option<T>, Error> {
        let newest = move |reader: &StoreReader| match numbered::newest(reader, &filter)? {
            Some(id) => Ok(told::told(reader, &[id], kinds)?.pop()),
            None => Ok(None),
        };
        self.readers.read_and(newest, |run| run.map(tell)).await
    }

    /// What `tell` makes of the first of these runs that there are, in their order, with their texts of these kinds: 64 at
    /// most, and about 2 MB; one at least. The others are for another call.
    pub async fn told<T: Send + 'static>(
        &self,
        ids: Vec<GenerationId>,
        kinds: &'static [DocumentKind],
        tell: impl FnOnce(Vec<Told>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        self.readers.read_and(move |reader| told::told(reader, &ids, kinds), tell).await
    }

    /// Those of these runs that there are, in their order, each with its status and how long it took in milliseconds; 0
    /// where that isn't known.
    pub async fn durations(&self, ids: Vec<GenerationId>) -> Result<Vec<(GenerationId, Status, i64)>, Error> {
        self.readers.read(move |conn| told::durations(conn, &ids)).await
    }

    /// The file that ComfyUI gave that name: that of the newest run that named it, of those with this id of ComfyUI's if
    /// there is one.
    pub async fn named(&self, file: FileRef, prompt_id: Option<PromptId>) -> Result<Named, Error> {
        self.readers.read(move |conn| named::named(conn, &file, prompt_id)).await
    }

    /// How many runs fit a filter; exact.
    pub async fn count(&self, filter: Filter) -> Result<u64, Error> {
        if filter.want.is_some() {
            return Ok(self.index.count(filter).await?);
        }
        self.readers.read(move |conn| count::count(conn, &filter)).await
    }

    /// How many runs that fit were created from each of these moments, in ascending order, until the next: one number less
    /// than moments. Days that begin at a whole quarter of an hour are cheap.
    pub async fn days(&self, filter: Filter, starts: &[Timestamp]) -> Result<Vec<u64>, Error> {
        let starts = starts.to_vec();
        if filter.want.is_some() {
            return Ok(self.index.days(filter, starts).await?);
        }
        self.readers.read(move |conn| count::days(conn, &filter, &starts)).await
    }

    /// Everything that is kept of a run; `None` when there is no such run.
    pub async fn detail(&self, id: GenerationId) -> Result<Option<Detail>, Error> {
        self.detail_as(id, |detail| detail).await
    }

    /// What `tell` makes of everything that is kept of a run; `None` when there is no such run.
    pub async fn detail_as<T: Send + 'static>(
        &self,
        id: GenerationId,
        tell: impl FnOnce(Detail) -> T + Send + 'static,
    ) -> Result<Option<T>, Error> {
        self.readers.read_and(move |reader| detail::detail(reader, id), |detail| detail.map(tell)).await
    }

    /// Everything that is kept of a run but its documents, of which it has the lengths; `None` when there is no such run.
    pub async fn outline(&self, id: GenerationId) -> Result<Option<Outline>, Error> {
        self.readers.read(move |conn| detail::outline(conn, id)).await
    }

    /// One document of a run; `None` when there is no such run, or it has none of that kind.
    pub async fn document(&self, id: GenerationId, kind: DocumentKind) -> Result<Option<String>, Error> {
        self.readers.read(move |reader| reader.companion.read(reader, id, kind)).await
    }

    /// What is known of the bytes with that digest; `None` when no run has them.
    pub async fn blob(&self, digest: Digest) -> Result<Option<Blob>, Error> {
        self.readers.read(move |conn| files::blob(conn, digest)).await
    }

    /// Whether runs have the bytes of every one of these digests.
    pub async fn knows_all(&self, digests: Vec<Digest>) -> Result<bool, Error> {
        let knows = move |conn: &StoreReader| -> Result<bool, Error> {
            for digest in digests {
                if files::blob(conn, digest)?.is_none() {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        self.readers.read(knows).await
    }

    /// The open runs of an instance in the order in which ComfyUI takes them, the one in progress first; at most 1,000.
    pub async fn queue(&self, instance: &InstanceName) -> Result<Vec<GenerationId>, Error> {
        let Queue { mut in_progress, pending } = self.queue_by_status(instance).await?;
        in_progress.extend(pending);
        Ok(in_progress)
    }

    /// The same, told apart.
    pub async fn queue_by_status(&self, instance: &InstanceName) -> Result<Queue, Error> {
        let instance = instance.clone();
        self.readers.read(move |conn| known::queue(conn, &instance)).await
    }

    /// How much is kept.
    pub async fn size(&self) -> Result<Size, Error> {
        let files = [self.readers.file(), self.index.path()].map(Path::to_owned);
        self.readers.read(move |conn| size::size(conn, &files)).await
    }

    /// Every instance that was ever recorded, by name.
    pub async fn instances(&self) -> Result<Vec<InstanceName>, Error> {
        self.instances_up_to(u32::MAX).await
    }

    /// The first of them, by name.
    pub async fn instances_up_to(&self, most: u32) -> Result<Vec<InstanceName>, Error> {
        self.readers.read(move |conn| places::instances(conn, most)).await
    }

    /// Whether there was ever more than one instance.
    pub async fn has_several_instances(&self) -> Result<bool, Error> {
        self.readers.read(|conn| places::has_several_instances(conn)).await
    }

    /// A page of the runs that the index finds.
    async fn find(&self, filter: Filter, start: Start, limit: Limit) -> Result<Page<Summary>, Error> {
        let page = self.index.page(filter.clone(), start, limit).await?;
        let mut page = self.readers.read(move |conn| list::summaries(conn, page)).await?;
        // The index follows a moment behind.
        page.items.retain(|run| filter.takes(run));
        Ok(page)
    }

    /// The same as [`History::neighbours`], for those that the index finds.
    async fn find_neighbours(&self, filter: Filter, id: GenerationId) -> Result<Option<Neighbours>, Error> {
        match self.readers.read(move |conn| list::place(conn, id)).await? {
            Some(place) => Ok(Some(self.index.neighbours(filter, place).await?)),
            None => Ok(None),
        }
    }

    /// The newest runs that the index finds, at most so many.
    pub async fn first_found(&self, filter: Filter, most: u32) -> Result<Vec<GenerationId>, Error> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let (mut found, mut start) = (Vec::new(), Start::Newest);
        while found.len() < most {
            let page = self.index.page(filter.clone(), start, Limit::MOST).await?;
            found.extend(page.items.into_iter().map(|(_, id)| GenerationId(id)));
            let Some(next) = page.next else { break };
            start = Start::Older(next);
        }
        found.truncate(most);
        Ok(found)
    }

    /// Those of these runs that the index finds.
    pub async fn found(&self, filter: Filter, ids: Vec<GenerationId>) -> Result<Vec<GenerationId>, Error> {
        let places =
            move |conn: &StoreReader| ids.into_iter().filter_map(|id| list::place(conn, id).transpose()).collect();
        let places = self.readers.read(places).await?;
        Ok(self.index.among(filter, places).await?)
    }

    /// The most frequent values of each of these lists among the runs of a filter, at most `most` of each.
    pub async fn facets(&self, filter: Filter, lists: &[List], most: usize) -> Result<Vec<Facet>, Error> {
        Ok(self.index.facets(filter, lists.to_vec(), most).await?)
    }

    /// Values or words of a list for somebody who typed `folded`, the most frequent first: of a list of words those that
    /// begin so, of a list of values those in which a word begins so.
    pub async fn suggest(&self, list: List, folded: &str, most: usize) -> Result<Vec<Counted>, Error> {
        Ok(self.index.suggest(list, folded, most).await?)
    }

    /// How far the index is.
    pub async fn index_progress(&self) -> Result<IndexProgress, Error> {
        let progress = |conn: &StoreReader| {
            Ok(IndexProgress { waiting: unindexed::count(conn)?, runs: count::count(conn, &Filter::default())? })
        };
        self.readers.read(progress).await
    }

    /// What `read` makes of the prompt of each of these runs, in their order; runs without a prompt that can be read are
    /// passed over. Two prompts are in memory at a time, on two threads, and nobody waits for `read` but who asked.
    pub async fn of_prompts<T: Send + 'static>(
        &self,
        mut ids: Vec<GenerationId>,
        read: impl Fn(GenerationId, &str) -> T + Send + Sync + 'static,
    ) -> Result<Vec<(GenerationId, T)>, Error> {
        let read = Arc::new(read);
        let other = ids.split_off(ids.len().div_ceil(2));
        let (mut found, more) = tokio::try_join!(self.of_half(ids, Arc::clone(&read)), self.of_half(other, read))?;
        found.extend(more);
        Ok(found)
    }

    async fn of_half<T: Send + 'static>(
        &self,
        ids: Vec<GenerationId>,
        read: Arc<impl Fn(GenerationId, &str) -> T + Send + Sync + 'static>,
    ) -> Result<Vec<(GenerationId, T)>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let of_prompts = move |reader: &StoreReader| {
            let of_prompt = |id| {
                let prompt = reader.companion.read_if_any(reader, id, DocumentKind::Prompt)?;
                Ok(prompt.map(|prompt| (id, read(id, &prompt))))
            };
            ids.into_iter().map(of_prompt).filter_map(Result::transpose).collect()
        };
        self.readers.read(of_prompts).await
    }

    /// The last gaps of all instances, the latest to start first.
    pub async fn gaps(&self, limit: u32) -> Result<Vec<Gap>, Error> {
        self.readers.read(move |conn| gaps::gaps(conn, limit)).await
    }

    /// How many gaps each instance ever had, of each kind.
    pub async fn gap_tallies(&self) -> Result<Vec<GapTally>, Error> {
        self.readers.read(|conn| gaps::tallies(conn)).await
    }

    /// The first `most` outputs of a run that are stored, its cover before all others.
    pub async fn stored_outputs(&self, id: GenerationId, most: usize) -> Result<Vec<Blob>, Error> {
        self.readers.read(move |conn| outputs::stored(conn, id, most)).await
    }

    /// How many messages wait, for all addresses.
    pub async fn deliveries_waiting(&self) -> Result<u64, Error> {
        self.readers.read(|conn| deliveries::waiting(conn)).await
    }

    /// Lets go of what is only held to answer faster and that nobody wanted for so long.
    pub(super) async fn rest(&self, unused: Duration) {
        let readers = self.readers.clone();
        let resting = tokio::task::spawn_blocking(move || readers.rest(unused));
        self.index.rest(unused).await;
        // Nothing is amiss if not: it rests with the next round.
        let _ = resting.await;
    }
}
