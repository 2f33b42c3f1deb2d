//! The file of the index: who reads and writes it, what it must have to be used, and how it is rebuilt.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Notify;

use super::database::{self, DATABASE, FILE};
use super::error::{Error, broken};
use super::tie::{Mark, Tie, TieSource};
use super::{hits, suggest};
use crate::sqlite::error::{self as sqlite, OfFile as _};
use crate::sqlite::pool::{Pool, TIME_LIMIT};
use crate::sqlite::{connection, derived, disk};

/// The file, and what is held of it.
pub(super) struct IndexFile {
    path: PathBuf,
    /// Where the database is read that another process may be writing: then nothing here writes or is rebuilt.
    tie_source: Option<TieSource>,
    /// What the file must have to be this database's.
    tie: Mutex<Tie>,
    /// Whether this process has tied the file.
    is_tied: AtomicBool,
    /// Whether the file was opened, and is this database's: else what it says may be of other runs.
    is_ours: AtomicBool,
    /// The one that writes; `None` where the file couldn't be opened, and after it was met broken.
    writer: Mutex<Option<Connection>>,
    readers: Arc<Pool<()>>,
    pub(super) recent: hits::Recent,
    pub(super) values: suggest::HeldValues,
    /// How many files there were.
    files: AtomicU64,
    /// Notified when the file was rebuilt.
    lost: Notify,
}

impl std::fmt::Debug for IndexFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IndexFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl IndexFile {
    /// That of a data folder. Opens nothing yet.
    pub(super) fn new(folder: &Path, tie: Tie, tie_source: Option<TieSource>) -> Self {
        let path = folder.join(FILE);
        Self {
            readers: Arc::new(Pool::new(path.clone(), TIME_LIMIT, || ())),
            path,
            tie_source,
            tie: Mutex::new(tie),
            is_tied: AtomicBool::new(false),
            is_ours: AtomicBool::new(false),
            writer: Mutex::new(None),
            recent: hits::Recent::default(),
            values: suggest::HeldValues::default(),
            files: AtomicU64::new(0),
            lost: Notify::new(),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the connection that writes, where that can be.
    pub(super) fn prepare(&self) {
        let opened = self.open().inspect_err(|error| {
            tracing::warn!("{} can't be used, nothing can be searched: {error}", self.path.display());
        });
        *self.writer() = opened.ok();
    }

    /// Ends every connection.
    pub(super) fn close(&self) {
        self.readers.close();
        let conn = self.writer().take();
        if let Some(conn) = conn
            && let Err(error) = connection::finish(conn).map_err(|error| sqlite::Error::from(error).of_file(&self.path))
        {
            tracing::warn!(%error, "close {}", self.path.display());
        }
    }

    /// Gives back memory that nobody has needed for so long. Blocks.
    pub(super) fn rest(&self, unused: Duration) {
        self.readers.rest(unused);
        // One that is at work rests another time.
        if let Ok(writer) = self.writer.try_lock()
            && let Some(conn) = writer.as_ref()
        {
            connection::shrink(conn);
        }
    }

    /// Reads, on a thread that may block. Whoever meets a broken file has it rebuilt.
    pub(super) async fn read<T, F>(self: &Arc<Self>, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        if let Some(tie_source) = &self.tie_source {
            return self.read_of_another(tie_source, work).await;
        }
        if !self.is_ours.load(Ordering::Relaxed) {
            return Err(broken().settled());
        }
        let file = self.files.load(Ordering::Relaxed);
        let outcome = self.readers.read(move |conn| work(conn)).await;
        if let Err(Error::Sqlite(sqlite::Error::Corrupt { .. })) = &outcome {
            let shared = Arc::clone(self);
            let renewing = tokio::task::spawn_blocking(move || {
                let mut writer = shared.writer();
                // Of many who met it one is enough.
                if shared.files.load(Ordering::Relaxed) == file {
                    shared.renew(&mut writer);
                }
            });
            renewing.await.map_err(|_| sqlite::Error::Panicked)?;
        }
        outcome.map_err(Error::settled)
    }

    /// Reads a file that another may be writing, or replacing, or that isn't there: all that is seen is of one moment.
    async fn read_of_another<T, F>(&self, tie_source: &TieSource, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        if !self.path.exists() || !self.belongs_to(tie_source).await? {
            return Err(Error::Absent);
        }
        let whole = move |conn: &Connection| {
            // A table that isn't there yet and one that was not filled are the same to the reader.
            let is_complete = DATABASE.is_of_this(conn)? && database::derived_by(conn)?.is_some();
            if is_complete { work(conn) } else { Err(Error::Absent) }
        };
        self.readers.read(move |conn| whole(conn)).await.map_err(Error::settled)
    }

    /// Whether the file is that of a database which another may be writing.
    async fn belongs_to(&self, tie_source: &TieSource) -> Result<bool, Error> {
        // Once more where it was tied again between the two looks.
        for _ in 0..2 {
            let tie = tie_source().await?;
            let holds = move |conn: &Connection| -> Result<bool, Error> {
                Ok(DATABASE.is_of_this(conn)? && tie.holds(&Mark::of(conn)?))
            };
            if self.readers.read(move |conn| holds(conn)).await.map_err(Error::settled)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns when the file was rebuilt, at once if that was so since the last call.
    pub(super) async fn lost(&self) {
        self.lost.notified().await;
    }

    /// Runs `work` in a transaction of its own, on a thread that may block. A broken file is rebuilt.
    pub(super) async fn write<T, F>(self: &Arc<Self>, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let shared = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || shared.write_here(work));
        let written = task.await.unwrap_or(Err(sqlite::Error::Panicked.into()));
        written.map_err(|error| error.of_file(&self.path).settled())
    }

    fn write_here<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        if self.tie_source.is_some() {
            return Err(sqlite::Error::Closed.into());
        }
        let mut writer = self.writer();
        if writer.is_none() {
            *writer = Some(self.open()?);
        }
        let Some(conn) = writer.as_mut() else { return Err(broken()) };
        let outcome = in_transaction(conn, work).map_err(|error| error.of_file(&self.path));
        if let Err(Error::Sqlite(sqlite::Error::Corrupt { .. } | sqlite::Error::Sql { .. })) = &outcome {
            self.renew(&mut writer);
        }
        outcome
    }

    /// Whether this process has tied it to its database.
    pub(super) fn is_tied(&self) -> bool {
        self.is_tied.load(Ordering::Relaxed)
    }

    /// Notes that it was tied by a word that is settled.
    pub(super) fn set_tied(&self, word: String) {
        self.change_tie(|tie| tie.settled(word));
        self.is_tied.store(true, Ordering::Relaxed);
    }

    /// What the file must have to be this database's.
    pub(super) fn tie(&self) -> MutexGuard<'_, Tie> {
        self.tie.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes that.
    pub(super) fn change_tie(&self, change: impl FnOnce(Tie) -> Tie) {
        let mut tie = self.tie();
        *tie = change(std::mem::take(&mut *tie));
    }

    fn writer(&self) -> MutexGuard<'_, Option<Connection>> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the file, or makes it; one that is another history's is replaced.
    fn open(&self) -> rusqlite::Result<Connection> {
        let mut conn = DATABASE.open(&self.path)?;
        let has_any = conn.query_row("SELECT EXISTS (SELECT 1 FROM meta)", [], |row| row.get(0))?;
        if has_any && !self.tie().holds(&Mark::of(&conn)?) {
            tracing::info!("{} is not that of this history, and is made anew", self.path.display());
            drop(conn);
            disk::remove(&self.path).map_err(derived::unusable)?;
            conn = DATABASE.open(&self.path)?;
        }
        self.is_ours.store(true, Ordering::Relaxed);
        Ok(conn)
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
        *writer = disk::remove(&self.path).ok().and_then(|()| self.open().ok());
        tracing::warn!("{} was broken and is made anew", self.path.display());
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
