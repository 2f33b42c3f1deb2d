//! `search.db`: which runs have which terms. Everything in it is derived from `recall.db` and may be made again at any time,
//! so it is a file of its own: building it never holds up the recording, and a broken one is made anew.
//!
//! Runs lie in *segments* that are never changed once they are written, but for the runs in them that were indexed again
//! since (`dead`). A segment numbers its runs in the order of the list, and has for each term the numbers of the runs that
//! have it. So any question is a few operations on sets of numbers in each segment: pages, counts, days and facets come out
//! of them without a look at the runs. New runs come as small segments, and small ones are merged into larger ones; a
//! segment of a million runs' index has [`merge::FULL`] or more.

mod build;
mod eval;
mod facets;
mod hits;
mod merge;
mod places;
mod postings;
mod segment;
mod suggest;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension};
use tokio::sync::Notify;

use super::derived::{self, Derived};
use super::readers::{self, Readers};
use super::tie::{self, Mark, Tie};
use super::{Error, list, places::Place};
use crate::model::{
    Counted, Cursor, Entry, Facet, Filter, GenerationId, Limit, List, Neighbours, Page, Start, Timestamp,
};
use hits::Hits;

/// The index's name in the data folder.
pub(super) const FILE: &str = "search.db";

/// A run's number belongs to its segment and means nothing elsewhere. `runs` of a posting: how many; its `positions` stand
/// last, so that it is read without them. `summaries`: postings of all words of a list that begin so, for beginnings that
/// many words share.
const DATABASE: Derived = Derived {
    // 'crcs'
    signature: (1_668_440_947, 1),
    settings: "PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -4096;",
    look: "SELECT count(*) FROM (SELECT runs FROM postings ORDER BY segment DESC LIMIT 1)",
    schema: "
    CREATE TABLE meta (
        key   TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE segments (
        id    INTEGER PRIMARY KEY AUTOINCREMENT,
        runs  INTEGER NOT NULL,
        marks BLOB NOT NULL,
        dead  BLOB NOT NULL
    ) STRICT;

    CREATE TABLE places (
        segment INTEGER NOT NULL,
        chunk   INTEGER NOT NULL,
        data    BLOB NOT NULL,
        PRIMARY KEY (segment, chunk)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE postings (
        segment INTEGER NOT NULL,
        list    INTEGER NOT NULL,
        term    BLOB NOT NULL,
        runs    INTEGER NOT NULL,
        data    BLOB NOT NULL,
        positions BLOB,
        PRIMARY KEY (segment, list, term)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE summaries (
        segment INTEGER NOT NULL,
        list    INTEGER NOT NULL,
        start   BLOB NOT NULL,
        data    BLOB NOT NULL,
        PRIMARY KEY (segment, list, start)
    ) STRICT, WITHOUT ROWID;
",
};

const DERIVED_BY: &str = "SELECT value FROM meta WHERE key = 'derived_by'";
const SET_DERIVED_BY: &str = "INSERT OR REPLACE INTO meta (key, value) VALUES ('derived_by', ?1)";

/// The open index; clones share it.
#[derive(Debug, Clone)]
pub(super) struct Index(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    file: PathBuf,
    /// Those of the database, where this is only looked at: then nothing here writes, and nothing is made anew.
    records: Option<Arc<Readers>>,
    /// What the file must have to be this database's.
    tie: Mutex<Tie>,
    /// Whether this process has tied the file.
    is_tied: AtomicBool,
    /// Whether the file was opened, and is this database's: else what it says may be of other runs.
    is_ours: AtomicBool,
    /// The one that writes; `None` where the file couldn't be opened, and after it was met broken.
    writer: Mutex<Option<Connection>>,
    readers: Arc<Readers>,
    recent: hits::Recent,
    values: suggest::Values,
    /// How many files there were.
    files: AtomicU64,
    /// Told when the file was made anew.
    lost: Notify,
}

impl Index {
    /// Opens the index of a data folder, or makes it; what is there and can't be used is replaced. Where that fails, it is
    /// tried again with each write, and nothing is found till then.
    pub(super) fn open(folder: &Path, tie: Tie) -> Self {
        let index = Self::of(folder.join(FILE), tie, None);
        let opened = index.0.open().inspect_err(|error| {
            tracing::warn!("{} can't be used, nothing can be searched: {error}", index.file().display());
        });
        *index.0.writer() = opened.ok();
        index
    }

    /// The index of a data folder for reading alone, beside the one who writes or without one. Opens nothing yet.
    pub(super) fn read_only(folder: &Path, records: Arc<Readers>) -> Self {
        Self::of(folder.join(FILE), Tie::default(), Some(records))
    }

    fn of(file: PathBuf, tie: Tie, records: Option<Arc<Readers>>) -> Self {
        let readers = Arc::new(Readers::new(file.clone(), readers::TIME_LIMIT));
        Self(Arc::new(Shared {
            file,
            records,
            tie: Mutex::new(tie),
            is_tied: AtomicBool::new(false),
            is_ours: AtomicBool::new(false),
            writer: Mutex::new(None),
            readers,
            recent: hits::Recent::default(),
            values: suggest::Values::default(),
            files: AtomicU64::new(0),
            lost: Notify::new(),
        }))
    }

    /// The database.
    pub(super) fn file(&self) -> &Path {
        &self.0.file
    }

    /// Lets go of the file.
    pub(super) fn close(&self) {
        self.0.readers.close();
        let conn = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(conn) = conn
            && let Err(error) = super::open::finish(conn).map_err(|error| error.of_file(self.file()))
        {
            tracing::warn!(%error, "close {}", self.0.file.display());
        }
    }

    /// Lets go of what is only held to answer faster, where nobody wanted it for so long.
    pub(super) async fn rest(&self, unused: Duration) {
        self.0.recent.rest(unused);
        self.0.values.rest(unused);
        let shared = Arc::clone(&self.0);
        let shrinking = tokio::task::spawn_blocking(move || {
            shared.readers.rest(unused);
            // One that is at work rests another time.
            if let Ok(writer) = shared.writer.try_lock()
                && let Some(conn) = writer.as_ref()
            {
                super::open::shrink(conn);
            }
        });
        // Nothing is amiss if not: it rests with the next round.
        let _ = shrinking.await;
    }

    /// Who derived what it has, as [`Index::set_derived_by`] noted; `None`: nobody, or not all of it.
    pub(super) async fn derived_by(&self) -> Result<Option<String>, Error> {
        self.write(|conn| Ok(conn.prepare_cached(DERIVED_BY)?.query_row([], |row| row.get("value")).optional()?)).await
    }

    /// Notes who derives what it has from now on.
    pub(super) async fn set_derived_by(&self, version: &str) -> Result<(), Error> {
        let version = version.to_owned();
        self.write(move |conn| Ok(conn.prepare_cached(SET_DERIVED_BY)?.execute([version]).map(drop)?)).await
    }

    /// Whether this process has tied it to its database.
    pub(super) fn is_tied(&self) -> bool {
        self.0.is_tied.load(Ordering::Relaxed)
    }

    /// Ties it by this word, which the database has announced.
    pub(super) async fn tie_by(&self, word: String) -> Result<(), Error> {
        self.0.change_tie(|tie| tie.announced(word.clone()));
        let (set, changes) = (word.clone(), self.0.tie().changes);
        self.write(move |conn| tie::tie_by(conn, &set, changes)).await?;
        self.0.change_tie(|tie| tie.settled(word));
        self.0.is_tied.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Takes runs in, each in place of what it has of it. Gives how often that was done, for [`Index::counted`].
    pub(super) async fn add(&self, entries: Vec<Entry>) -> Result<i64, Error> {
        let changes = self.0.tie().changes + 1;
        let highest = entries.iter().map(|entry| entry.id.0).max().unwrap_or(0);
        let add = move |conn: &Connection| {
            build::add(conn, entries)?;
            tie::reach(conn, highest)?;
            tie::count(conn, changes)
        };
        self.write(add).await?;
        Ok(changes)
    }

    /// Hears that the database knows of that, too.
    pub(super) fn counted(&self, changes: i64) {
        self.0.change_tie(|tie| tie.counted(changes));
    }

    /// The places of a page.
    pub(super) async fn page(&self, filter: Filter, start: Start, limit: Limit) -> Result<Page<Place>, Error> {
        self.ask(filter, move |conn, hits| list::page(start, limit, |start, most| hits.places(conn, start, most))).await
    }

    /// The runs beside a place.
    pub(super) async fn neighbours(&self, filter: Filter, at: Cursor) -> Result<Neighbours, Error> {
        self.ask(filter, move |conn, hits| {
            let nearest = |start| Ok::<_, Error>(hits.places(conn, start, 1)?.first().map(|&(_, id)| GenerationId(id)));
            Ok(Neighbours { newer: nearest(Start::Newer(at))?, older: nearest(Start::Older(at))? })
        })
        .await
    }

    /// How many runs fit.
    pub(super) async fn count(&self, filter: Filter) -> Result<u64, Error> {
        self.ask(filter, |conn, hits| hits.count(conn)).await
    }

    /// How many runs fit between each of these moments and the next.
    pub(super) async fn days(&self, filter: Filter, starts: Vec<Timestamp>) -> Result<Vec<u64>, Error> {
        self.ask(filter, move |conn, hits| hits.days(conn, &starts)).await
    }

    /// Those of some places that fit.
    pub(super) async fn among(&self, filter: Filter, places: Vec<Cursor>) -> Result<Vec<GenerationId>, Error> {
        self.ask(filter, move |conn, hits| hits.among(conn, &places)).await
    }

    /// The most frequent values of lists among the runs of a filter.
    pub(super) async fn facets(&self, filter: Filter, lists: Vec<List>, most: usize) -> Result<Vec<Facet>, Error> {
        self.ask(filter, move |conn, hits| facets::facets(conn, &hits.clipped(conn)?, &lists, most)).await
    }

    /// Values or words for somebody who typed `folded`.
    pub(super) async fn suggest(&self, list: List, folded: &str, most: usize) -> Result<Vec<Counted>, Error> {
        let (shared, folded) = (Arc::clone(&self.0), folded.to_owned());
        self.read(move |conn| suggest::suggest(conn, &shared.values, list, &folded, most)).await
    }

    /// Asks of the runs that a filter lets through.
    async fn ask<T, F>(&self, filter: Filter, question: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &Hits) -> Result<T, Error> + Send + 'static,
    {
        let shared = Arc::clone(&self.0);
        self.read(move |conn| {
            let hits = Hits::find(conn, &filter, &shared.recent)?;
            question(conn, &hits)
        })
        .await
    }

    /// Reads, on a thread that may block. Whoever meets a broken file has it made anew.
    async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        if let Some(records) = &self.0.records {
            return self.look(records, work).await;
        }
        if !self.0.is_ours.load(Ordering::Relaxed) {
            return Err(of_index(broken()));
        }
        let file = self.0.files.load(Ordering::Relaxed);
        let outcome = self.0.readers.read(move |conn| work(conn)).await;
        if let Err(Error::Corrupt { .. }) = &outcome {
            let shared = Arc::clone(&self.0);
            let renewing = tokio::task::spawn_blocking(move || {
                let mut writer = shared.writer();
                // Of many who met it one is enough.
                if shared.files.load(Ordering::Relaxed) == file {
                    shared.renew(&mut writer);
                }
            });
            renewing.await.map_err(|_| Error::Panicked)?;
        }
        outcome.map_err(of_index)
    }

    /// Reads a file that another may be writing, or replacing, or that isn't there: all that is seen is of one moment.
    async fn look<T, F>(&self, records: &Arc<Readers>, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        if !self.0.file.exists() || !self.belongs_to(records).await? {
            return Err(Error::NoIndex);
        }
        let whole = move |conn: &Connection| {
            // A table that isn't there yet and one that was not filled are the same to the reader.
            let is_ours = DATABASE.is_of_this(conn)?;
            let is_complete = is_ours && conn.prepare_cached(DERIVED_BY)?.query([])?.next()?.is_some();
            if is_complete { work(conn) } else { Err(Error::NoIndex) }
        };
        self.0.readers.read(move |conn| whole(conn)).await.map_err(of_index)
    }

    /// Whether the file is that of a database which another may be writing.
    async fn belongs_to(&self, records: &Arc<Readers>) -> Result<bool, Error> {
        // Once more where it was tied anew between the two looks.
        for _ in 0..2 {
            let tie = records.read(|conn| Tie::of(conn)).await?;
            let holds = move |conn: &Connection| Ok(DATABASE.is_of_this(conn)? && tie.holds(&Mark::of(conn)?));
            if self.0.readers.read(move |conn| holds(conn)).await.map_err(of_index)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns when the file was made anew, at once if that was so since the last call.
    pub(super) async fn lost(&self) {
        self.0.lost.notified().await;
    }

    /// Runs `work` in a transaction of its own, on a thread that may block. A broken file is made anew.
    async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let shared = Arc::clone(&self.0);
        let task = tokio::task::spawn_blocking(move || shared.write(work));
        let file = self.file().to_owned();
        task.await.unwrap_or(Err(Error::Panicked)).map_err(|error| of_index(error.of_file(&file)))
    }
}

impl Shared {
    fn writer(&self) -> MutexGuard<'_, Option<Connection>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        if self.records.is_some() {
            return Err(Error::Closed);
        }
        let mut writer = self.writer();
        if writer.is_none() {
            *writer = Some(self.open()?);
        }
        let Some(conn) = writer.as_mut() else { return Err(broken()) };
        let outcome = in_transaction(conn, work).map_err(|error| error.of_file(&self.file));
        if let Err(Error::Corrupt { .. } | Error::Sql { .. }) = &outcome {
            self.renew(&mut writer);
        }
        outcome
    }

    /// Opens the file, or makes it; one that is another history's is replaced.
    fn open(&self) -> rusqlite::Result<Connection> {
        let mut conn = DATABASE.open(&self.file)?;
        let has_any = conn.query_row("SELECT EXISTS (SELECT 1 FROM meta)", [], |row| row.get(0))?;
        if has_any && !self.tie().holds(&Mark::of(&conn)?) {
            tracing::info!("{} is not that of this history, and is made anew", self.file.display());
            drop(conn);
            derived::remove(&self.file).map_err(derived::unusable)?;
            conn = DATABASE.open(&self.file)?;
        }
        self.is_ours.store(true, Ordering::Relaxed);
        Ok(conn)
    }

    fn tie(&self) -> MutexGuard<'_, Tie> {
        self.tie.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change_tie(&self, change: impl FnOnce(Tie) -> Tie) {
        let mut tie = self.tie();
        *tie = change(std::mem::take(&mut *tie));
    }

    /// Begins an empty file, which nobody has derived yet.
    fn renew(&self, writer: &mut Option<Connection>) {
        *writer = None;
        self.is_ours.store(false, Ordering::Relaxed);
        self.is_tied.store(false, Ordering::Relaxed);
        self.readers.forget();
        self.recent.forget();
        self.values.forget();
        // What can't be removed or opened now is met again.
        *writer = derived::remove(&self.file).ok().and_then(|()| self.open().ok());
        tracing::warn!("{} was broken and is made anew", self.file.display());
        self.files.fetch_add(1, Ordering::Relaxed);
        self.lost.notify_one();
    }
}

fn in_transaction<T>(conn: &mut Connection, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
    let transaction = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

/// What the index holds isn't what we write.
fn broken() -> Error {
    let source = rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
        Some("a row that can't be read".to_owned()),
    );
    Error::Corrupt { file: FILE.into(), source: Arc::new(source) }
}

/// The same error, of this file.
fn of_index(error: Error) -> Error {
    match error {
        Error::Corrupt { source, .. } | Error::Sql { source } => Error::Index { source },
        other => other,
    }
}

#[cfg(test)]
pub(super) fn plan(query: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let conn = DATABASE.open(&folder.path().join(FILE)).unwrap();
    super::tests::plan_on(&conn, query)
}
