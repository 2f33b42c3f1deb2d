//! The open database, and what is asked of it.

use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::deliveries::Deliveries;
use super::error::Error;
use super::history::History;
use super::indexing::Indexing;
use super::readers::Readers;
use super::recording::Recording;
use super::upgrade::Upgrade;
use super::writer::{Session, Writer};
use super::{gaps, open, tie};
use crate::index::Index;
use crate::live::Live;
use crate::model::Timestamp;
use crate::sqlite::error::OfFile as _;
use crate::sqlite::pool::TIME_LIMIT;

/// The writer's thread, and how its last checkpoint went.
type Thread = JoinHandle<Result<(), Error>>;

/// The open database; clones share it. The last one to go closes it in the background; `close` also waits for that.
#[derive(Debug, Clone)]
pub struct Store {
    recording: Recording,
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
        let history = History { readers, index: Index::open(folder, tie) };
        Ok(Self { recording: Recording { writer, history }, live, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// What was recorded, for those who only read it.
    pub fn history(&self) -> &History {
        &self.recording.history
    }

    /// What recorders write and ask.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Messages about runs that ended, on their way.
    pub fn deliveries(&self) -> Deliveries {
        Deliveries { writer: self.writer.clone(), readers: self.readers.clone() }
    }

    /// Runs on their way into the index.
    pub fn indexing(&self) -> Indexing {
        Indexing { writer: self.writer.clone(), history: self.history().clone() }
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
        let index = self.index.clone();
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
        self.history().rest(unused).await;
        self.writer.rest(unused).await;
    }

    /// Notes that somebody knows of a gap that is over; gives since when, or `None` where there is no such.
    pub async fn dismiss_gap(&self, gap: i64, at: Timestamp) -> Result<Option<Timestamp>, Error> {
        self.writer.write(move |session| gaps::dismiss(&session.conn, gap, at)).await
    }
}

/// Who has the whole store may record.
impl Deref for Store {
    type Target = Recording;

    fn deref(&self) -> &Recording {
        &self.recording
    }
}

impl From<Store> for History {
    fn from(store: Store) -> Self {
        store.recording.history
    }
}
