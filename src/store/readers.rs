//! A few connections that only read, lent to one reader at a time. WAL lets them read while the writer writes.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::texts::{Dictionaries, Texts};
use super::{Error, open};

/// Readers at a time. Each costs up to 2 MB of page cache.
const COUNT: usize = 4;

/// How long a read may take, and how long it may wait for a connection.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Steps of SQLite's machine between two looks at the clock: well under a millisecond.
const STEPS: i32 = 10_000;

/// A connection that only reads, and what unpacks the texts that it reads.
pub(super) struct Reader {
    conn: Connection,
    pub(super) texts: Texts,
}

impl Deref for Reader {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.conn
    }
}

/// The pool.
pub(super) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Reader>>,
    dictionaries: Arc<Dictionaries>,
    permits: Arc<Semaphore>,
    time_limit: Duration,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Readers {
    /// Opens nothing yet: connections come when they are needed.
    pub(super) fn new(file: PathBuf, time_limit: Duration) -> Self {
        Self {
            file,
            idle: Mutex::default(),
            dictionaries: Arc::default(),
            permits: Arc::new(Semaphore::new(COUNT)),
            time_limit,
        }
    }

    /// The database.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Runs `work` on a blocking thread, inside one read transaction: all that it sees is of one moment.
    pub(super) async fn read<T, F>(self: &Arc<Self>, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Reader) -> Result<T, Error> + Send + 'static,
    {
        let permit = tokio::time::timeout(self.time_limit, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| Error::TimedOut)?
            .map_err(|_| Error::Closed)?;
        let readers = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || {
            // Lives as long as the work, even if the caller stops waiting.
            let _permit = permit;
            readers.run(work)
        });
        task.await.unwrap_or(Err(Error::Panicked))
    }

    /// Ends every connection; those in use end with their work.
    pub(super) fn close(&self) {
        self.permits.close();
        self.lock().clear();
    }

    /// Ends the connections that nobody uses: the file is to be another.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    fn run<T>(&self, work: impl FnOnce(&Reader) -> Result<T, Error>) -> Result<T, Error> {
        let lent = self.lock().pop();
        let reader = match lent {
            Some(reader) => reader,
            None => Reader { conn: open::reader(&self.file)?, texts: Texts::new(Arc::clone(&self.dictionaries)) },
        };
        let deadline = Instant::now() + self.time_limit;
        reader.progress_handler(STEPS, Some(move || Instant::now() > deadline))?;
        let read = reader.unchecked_transaction()?;
        let outcome = work(&reader);
        drop(read);
        if !self.permits.is_closed() {
            self.lock().push(reader);
        }
        outcome
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Reader>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
