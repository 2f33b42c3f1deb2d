//! A few connections that only read, lent to one reader at a time. WAL lets them read while the writer writes.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::connection;
use super::error::{Error, OfFile};

/// Readers at a time. Each costs up to 2 MB of page cache.
const COUNT: usize = 4;

/// How long a job waits before one more reader than there are processors takes it up. Most reads are over before that, and
/// a thread too many only makes the others wait for their turn; but one that takes long holds up nobody.
const PATIENCE: Duration = Duration::from_millis(10);

/// How long a read may take, and how long it may wait for a connection.
pub const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Steps of SQLite's machine between two looks at the clock: well under a millisecond.
const STEPS: i32 = 10_000;

/// A connection that only reads, with what its work needs besides.
pub struct Reader<C> {
    conn: Connection,
    /// Made once for each connection.
    pub companion: C,
}

impl<C> Reader<C> {
    /// Reads within one transaction, for so long at most.
    fn run<T, E: OfFile>(&self, limit: Duration, work: impl FnOnce(&Self) -> Result<T, E>) -> Result<T, E> {
        self.begin(limit)?;
        let outcome = work(self);
        let ended = self.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        outcome.and_then(|found| ended.map(|_| found).map_err(|error| Error::from(error).into()))
    }

    fn begin(&self, limit: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + limit;
        self.progress_handler(STEPS, Some(move || Instant::now() > deadline))?;
        // Prepared once, which rusqlite's own transactions aren't.
        self.prepare_cached("BEGIN")?.execute([])?;
        Ok(())
    }
}

impl<C> Deref for Reader<C> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.conn
    }
}

/// What a reader is to do; or why there is none.
type ReadJob<C> = Box<dyn FnOnce(Result<&Reader<C>, Error>) + Send>;

/// The connections to one file.
pub struct Pool<C> {
    file: PathBuf,
    /// Makes what a connection has besides.
    companion: Box<dyn Fn() -> C + Send + Sync>,
    state: Mutex<State<C>>,
    /// Readers that work at a time, unless they are held up.
    usual: usize,
    time_limit: Duration,
}

struct State<C> {
    /// Since when each has nothing to do; the one that had last stands last, and is the next to be lent.
    idle: Vec<(Reader<C>, Instant)>,
    /// What no reader was free for, the first to come first.
    waiting: VecDeque<ReadJob<C>>,
    /// Threads that read. One that has ended its job takes the next: to wake another would cost more than most reads do.
    busy: usize,
    is_closed: bool,
}

impl<C> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("file", &self.file).finish_non_exhaustive()
    }
}

impl<C: Send + 'static> Pool<C> {
    /// Opens nothing yet: connections come when they are needed, each with a `companion`.
    pub fn new(file: PathBuf, time_limit: Duration, companion: impl Fn() -> C + Send + Sync + 'static) -> Self {
        let usual = std::thread::available_parallelism().map_or(COUNT, usize::from).min(COUNT);
        let state = State { idle: Vec::new(), waiting: VecDeque::new(), busy: 0, is_closed: false };
        Self { file, companion: Box::new(companion), state: Mutex::new(state), usual, time_limit }
    }

    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Runs `work` on a blocking thread, inside one read transaction: all that it sees is of one moment.
    pub async fn read<T, E, F>(self: &Arc<Self>, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: OfFile,
        F: FnOnce(&Reader<C>) -> Result<T, E> + Send + 'static,
    {
        self.read_and(work, |found| found).await
    }

    /// The same, and makes something of what was read, on that thread and when the transaction has ended: long texts are
    /// worked on in the order in which they were asked for, and by as many threads as there are processors.
    pub async fn read_and<T, U, E, F>(
        self: &Arc<Self>,
        work: F,
        make: impl FnOnce(T) -> U + Send + 'static,
    ) -> Result<U, E>
    where
        U: Send + 'static,
        E: OfFile,
        F: FnOnce(&Reader<C>) -> Result<T, E> + Send + 'static,
    {
        let (reply, mut answer) = oneshot::channel();
        let (asked, time_limit, pool) = (Instant::now(), self.time_limit, Arc::clone(self));
        let job = Box::new(move |reader: Result<&Reader<C>, Error>| {
            // Nobody waits for it any more.
            if reply.is_closed() {
                return;
            }
            let is_late = asked.elapsed() > time_limit;
            let found = match reader {
                _ if is_late => Err(Error::TimedOut.into()),
                Ok(reader) => reader.run(time_limit, work),
                Err(error) => Err(error.into()),
            };
            let found = found.map_err(|error: E| error.of_file(&pool.file));
            // Whoever has left since needs no answer.
            let _ = reply.send(found.map(make));
        });
        self.queue(job)?;
        let answered = match timeout(PATIENCE, &mut answer).await {
            Ok(answered) => answered,
            Err(_) => {
                self.take_up(COUNT);
                // It is refused after one limit of waiting and stopped after another of reading; a disk that hangs does
                // neither.
                timeout(3 * time_limit, answer).await.map_err(|_| E::from(Error::TimedOut))?
            }
        };
        answered.unwrap_or_else(|_| Err(if self.lock().is_closed { Error::Closed } else { Error::Panicked }.into()))
    }

    /// Hands a job to a free reader, or to the next that gets free.
    fn queue(self: &Arc<Self>, job: ReadJob<C>) -> Result<(), Error> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(Error::Closed);
        }
        state.waiting.push_back(job);
        drop(state);
        self.take_up(self.usual);
        Ok(())
    }

    /// Has one more reader take up what waits, unless so many are at it.
    fn take_up(self: &Arc<Self>, most: usize) {
        let mut state = self.lock();
        if state.busy < most
            && let Some(job) = state.waiting.pop_front()
        {
            state.busy += 1;
            drop(state);
            let pool = Arc::clone(self);
            tokio::task::spawn_blocking(move || pool.work_through(job));
        }
    }

    /// Does this job and all that wait.
    fn work_through(&self, first: ReadJob<C>) {
        let mut next = Some(first);
        while let Some(job) = next {
            let lent = self.lock().idle.pop();
            let reader = lent.map_or_else(|| self.open(), |(reader, _)| Ok(reader));
            // A job that panics takes its answer with it, and its connection.
            let ended = catch_unwind(AssertUnwindSafe(|| job(reader.as_ref().map_err(Clone::clone))));
            let mut state = self.lock();
            if let (Ok(()), Ok(reader), false) = (ended, reader, state.is_closed) {
                // One that couldn't end its transaction is of no more use.
                let reader = Some(reader).filter(|reader| reader.is_autocommit());
                state.idle.extend(reader.map(|reader| (reader, Instant::now())));
            }
            next = state.waiting.pop_front();
            if next.is_none() {
                state.busy -= 1;
            }
        }
    }

    fn open(&self) -> Result<Reader<C>, Error> {
        Ok(Reader { conn: connection::reader(&self.file)?, companion: (self.companion)() })
    }

    /// Ends every connection; those in use end with their work. What waits is answered by [`Error::Closed`].
    pub fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let State { idle, waiting, .. } = &mut *state;
        let ended = (std::mem::take(idle), std::mem::take(waiting));
        drop(state);
        drop(ended);
    }

    /// Ends the connections that nobody uses: the file is to be another.
    pub fn forget(&self) {
        self.rest(Duration::ZERO);
    }

    /// Ends the connections, with their pages, that nobody has used for so long.
    pub fn rest(&self, unused: Duration) {
        let mut state = self.lock();
        let is_unused = |(_, since): &mut (Reader<C>, Instant)| since.elapsed() >= unused;
        let ended: Vec<_> = state.idle.extract_if(.., is_unused).collect();
        drop(state);
        drop(ended);
    }

    /// How many connections have nothing to do.
    #[cfg(test)]
    pub fn idle(&self) -> usize {
        self.lock().idle.len()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
