//! The open database, and what is asked of it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::attachment::AttachmentKey;
use super::error::Error;
use super::files::{self, Fetched, WantedFile};
use super::known::{self, Known, Queue};
use super::named::{self, Named};
use super::readers::{Reader, Readers};
use super::save::{self, Save};
use super::upgrade::Upgrade;
use super::writer::{Session, Writer};
use super::{count, detail, list, numbered, open, places, size, tie, told};
use crate::index::Index;
use crate::live::Live;
use crate::model::{
    Blob, Comfyui, Detail, Digest, DocumentKind, FileRef, Filter, GenerationId, InstanceId, InstanceName, Limit,
    Neighbours, Nth, Outline, Page, PromptId, Size, Start, Status, Stretch, Summary, Timestamp, Told,
};
use crate::sqlite::error::OfFile as _;
use crate::sqlite::pool::TIME_LIMIT;

/// The writer's thread, and how its last checkpoint went.
type Thread = JoinHandle<Result<(), Error>>;

/// The open database; clones share it. The last one to go closes it in the background; `close` also waits for that.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) writer: Writer,
    pub(super) readers: Readers,
    pub(super) index: Index,
    /// Where it tells what changes.
    live: Live,
    /// Taken by the one who waits for its end.
    thread: Arc<Mutex<Option<Thread>>>,
}

impl Store {
    /// Opens the database of a data folder, creates both where there are none, and brings an older database up to date.
    /// Blocks. Takes a few pages' reading on a database of any size, but for the first time after an update: then it keeps
    /// a copy beside it, and may read all of it, half a minute for a million runs.
    ///
    /// # Errors
    /// Each says what to do: in use by another daemon, not writable, from a newer version, not ours, damaged.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        Self::open_and_tell(folder, |_| {})
    }

    /// The same; `tell` hears how far an update is, if there is one.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_and_tell(folder: &Path, mut tell: impl FnMut(Upgrade)) -> Result<Self, Error> {
        Self::open_with(folder, TIME_LIMIT, &mut tell)
    }

    /// Opens the database of a data folder for reading alone, beside a daemon or without one. Takes no lock, changes nothing
    /// and never waits; what would write answers [`Error::Closed`]. Blocks for a few pages' reading.
    ///
    /// # Errors
    /// Each says what to do: nothing there yet, not brought up to date, from a newer version, not ours, damaged.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let file = open::for_reading(folder)?;
        let readers = Readers::new(file, TIME_LIMIT);
        let source = readers.clone();
        let tie = move || {
            let source = source.clone();
            async move { source.tie().await }.boxed()
        };
        let index = Index::read_only(folder, Arc::new(tie));
        Ok(Self { writer: Writer::closed(), readers, index, live: Live::default(), thread: Arc::default() })
    }

    pub(super) fn open_with(
        folder: &Path,
        read_time_limit: Duration,
        tell: &mut dyn FnMut(Upgrade),
    ) -> Result<Self, Error> {
        let (opened, live) = (open::writer(folder, tell)?, Live::default());
        let tie = tie::read(&opened.conn).map_err(|error| Error::from(error).of_file(&opened.file))?;
        let (writer, thread) = Writer::start(Session::new(opened.conn, opened.file.clone(), live.clone()), opened.lock)
            .map_err(|source| Error::NotWritable { folder: folder.to_owned(), source: Arc::new(source) })?;
        let readers = Readers::new(opened.file, read_time_limit);
        Ok(Self { writer, readers, index: Index::open(folder, tie), live, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// What is going on here: each change is told when it is durable, by the writer.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Writes what waits, puts the WAL back into the database and lets go of the data folder. Other handles hear
    /// [`Error::Closed`] from now on.
    ///
    /// # Errors
    /// When the last checkpoint fails; nothing that was answered for is lost by that.
    pub async fn close(self) -> Result<(), Error> {
        self.readers.close();
        // Waits for what is being indexed.
        let index = self.index;
        let closing = tokio::task::spawn_blocking(move || index.close());
        self.writer.close().await;
        closing.await.map_err(|_| Error::Panicked)?;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread {
            Some(thread) => {
                let joined = tokio::task::spawn_blocking(move || thread.join()).await;
                joined.ok().and_then(Result::ok).unwrap_or(Err(Error::Panicked))
            }
            None => Ok(()),
        }
    }

    /// Lets go of what is only held to answer faster and that nobody wanted for so long: it is read again when it is wanted.
    pub async fn rest(&self, unused: Duration) {
        let readers = self.readers.clone();
        let resting = tokio::task::spawn_blocking(move || readers.rest(unused));
        self.index.rest(unused).await;
        self.writer.rest(unused).await;
        // Nothing is amiss if not: it rests with the next round.
        let _ = resting.await;
    }

    /// The number of the instance with this name, new if the name is.
    pub async fn instance(&self, name: &InstanceName) -> Result<InstanceId, Error> {
        let name = name.clone();
        self.writer.write(move |session| save::instance(session, &name)).await
    }

    /// Writes a batch of runs of one instance, all of them or none. The ids come in the order of the runs. What `comfyui`
    /// knows is noted with runs that don't have it yet.
    ///
    /// # Errors
    /// [`Error::UnknownGeneration`] when a run to be changed isn't there; else what SQLite says.
    pub async fn save(
        &self,
        instance: InstanceId,
        comfyui: &Comfyui,
        runs: impl Into<Arc<[Save]>>,
    ) -> Result<Vec<GenerationId>, Error> {
        let (comfyui, runs) = (comfyui.clone(), runs.into());
        self.writer.write(move |session| save::save(session, instance, &comfyui, &runs)).await
    }

    /// Notes what became of files. What is stored stays stored, so doing it twice is harmless; unknown keys are passed over.
    pub async fn settle(&self, files: Vec<(AttachmentKey, Fetched)>) -> Result<(), Error> {
        self.writer.write(move |session| files::settle(session, &files)).await
    }

    /// Makes every file that waits for its next try due now.
    pub async fn retry_files(&self, instance: InstanceId) -> Result<(), Error> {
        self.writer.write(move |session| files::retry(&session.conn, instance)).await
    }

    /// The runs with these ids of ComfyUI's, in the order of our ids. Of an id that hundreds of runs share, the newest
    /// hundred of each status.
    pub async fn known(&self, instance: InstanceId, prompt_ids: Vec<PromptId>) -> Result<Vec<Known>, Error> {
        self.readers.read(move |conn| known::known(conn, instance, &prompt_ids)).await
    }

    /// The runs that ComfyUI still owes a result, oldest first.
    pub async fn open_runs(&self, instance: InstanceId) -> Result<Vec<Known>, Error> {
        self.readers.read(move |conn| known::open_runs(conn, instance)).await
    }

    /// The run that started last, of those that are finished and that ComfyUI's history tells or told of: not the lost,
    /// not those taken out of the queue.
    pub async fn newest_finished(&self, instance: InstanceId) -> Result<Option<Known>, Error> {
        self.readers.read(move |conn| known::newest_finished(conn, instance)).await
    }

    /// The newest id of all runs, of every instance; 0 where there is none.
    pub async fn newest_id(&self) -> Result<GenerationId, Error> {
        self.readers.read(|conn| known::newest_id(conn)).await
    }

    /// The newest of the runs up to that one which ended as ComfyUI's history tells or told: one of each status, newest
    /// first.
    pub async fn ended_up_to(&self, instance: InstanceId, up_to: GenerationId) -> Result<Vec<Known>, Error> {
        self.readers.read(move |conn| known::ended_up_to(conn, instance, up_to)).await
    }

    /// Up to `limit` files to be fetched by `due`, never tried ones of the newest run first. A file is due at once when its run is saved.
    pub async fn wanted_files(
        &self,
        instance: InstanceId,
        due: Timestamp,
        limit: u32,
    ) -> Result<Vec<WantedFile>, Error> {
        self.readers.read(move |conn| files::wanted(conn, instance, due, limit)).await
    }

    /// When the next file is due; in the past when one is due already, `None` when none is wanted.
    pub async fn next_wanted_at(&self, instance: InstanceId) -> Result<Option<Timestamp>, Error> {
        self.readers.read(move |conn| files::next_wanted_at(conn, instance)).await
    }

    /// Whether a run of the same instance, created after that of `key` and not after `until`, names the same output file:
    /// then the bytes under this name may be the later run's. Looks at all runs between the two times.
    pub async fn is_named_later(&self, key: AttachmentKey, file: &FileRef, until: Timestamp) -> Result<bool, Error> {
        let file = file.clone();
        self.readers.read(move |conn| files::is_named_later(conn, key, &file, until)).await
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
            move |conn: &Reader| ids.into_iter().filter_map(|id| list::summary(conn, id).transpose()).collect();
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
        let newest = move |reader: &Reader| match numbered::newest(reader, &filter)? {
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
        let knows = move |conn: &Reader| -> Result<bool, Error> {
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

    /// Which SQLite this is: `3.51.1`.
    pub fn sqlite_version() -> &'static str {
        rusqlite::version()
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
}
