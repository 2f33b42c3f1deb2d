//! The one thread that writes: takes jobs in turn, commits those that wait together, and answers when they are durable.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

#[cfg(test)]
use super::changes;
use super::changes::Changes;
use super::documents::Bases;
use super::error::Error;
use super::listeners::Listener;
use super::tally::Tallies;
use crate::live::Live;
use crate::model::Comfyui;
use crate::sqlite::connection;
use crate::sqlite::error::OfFile as _;

/// Jobs that may wait; the next caller waits for room.
const BACKLOG: usize = 64;

/// Jobs in one transaction. One fsync pays for all of them, and the first of them waits for the last.
const GROUP: usize = 32;

/// What a job works with: the connection, and what the writer remembers of it between jobs.
pub(super) struct Session {
    /// The only connection that writes; inside a transaction whenever a job has it.
    pub(super) conn: Connection,
    /// What it has open.
    file: PathBuf,
    /// Texts that the next documents may resemble.
    pub(super) bases: Bases,
    /// The last ComfyUI that was looked up.
    pub(super) comfyui: Option<(Comfyui, i64)>,
    /// What the job in hand has to write of them.
    pub(super) tallies: Tallies,
    /// Who is told when a run has ended.
    pub(super) listeners: Vec<Listener>,
    /// The runs that the job in hand has changed.
    pub(super) changes: Changes,
    /// Where changes are published that are durable.
    live: Live,
    /// When runs were saved last; `None` when nothing is held of them any more.
    pub(super) saved_at: Option<Instant>,
}

impl Session {
    pub(super) fn new(conn: Connection, file: PathBuf, live: Live) -> Self {
        #[cfg(test)]
        changes::account::keep(&conn);
        Self {
            conn,
            file,
            bases: Bases::default(),
            comfyui: None,
            tallies: Tallies::default(),
            listeners: Vec::new(),
            changes: Changes::default(),
            live,
            saved_at: None,
        }
    }

    /// Lets go of what is only held to write faster: of pages, which are read again in no time, and of bases if nothing was
    /// saved for so long.
    fn rest(&mut self, unused: Duration) {
        connection::shrink(&self.conn);
        if self.saved_at.is_some_and(|at| at.elapsed() >= unused) {
            self.saved_at = None;
            self.bases = Bases::default();
        }
    }

    /// Forgets what may name rows that were rolled back.
    fn forget(&mut self) {
        self.bases = Bases::default();
        self.comfyui = None;
        self.tallies = Tallies::default();
        self.changes = Changes::default();
    }
}

/// The writing end; clones share the thread.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    orders: mpsc::Sender<Order>,
}

enum Order {
    Write(Box<dyn Job>),
    Close,
}

/// Work inside a transaction, and someone who may wait for it.
trait Job: Send {
    /// Does the work; an error means that its changes are not to be kept.
    fn run(&mut self, session: &mut Session) -> Result<(), Error>;
    /// Answers: with the work's own error, else with what became of the commit.
    fn answer(self: Box<Self>, commit: Result<(), Error>);
}

struct Task<T, F> {
    work: Option<F>,
    /// `None` when it was not begun.
    outcome: Option<Result<T, Error>>,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnOnce(&mut Session) -> Result<T, Error> + Send,
{
    fn run(&mut self, session: &mut Session) -> Result<(), Error> {
        if let Some(work) = self.work.take() {
            let checked = |session: &mut Session| {
                let done = work(session)?;
                #[cfg(test)]
                changes::account::check(&session.conn, &session.changes);
                Ok(done)
            };
            let outcome = catch_unwind(AssertUnwindSafe(|| checked(session))).unwrap_or(Err(Error::Panicked));
            self.outcome = Some(outcome.map_err(|error| error.of_file(&session.file)));
        }
        self.outcome.as_ref().map_or(Ok(()), |outcome| outcome.as_ref().map(drop).map_err(Clone::clone))
    }

    fn answer(self: Box<Self>, commit: Result<(), Error>) {
        let outcome = match self.outcome {
            Some(outcome) => outcome.and_then(|value| commit.map(|()| value)),
            None => Err(commit.err().unwrap_or(Error::Closed)),
        };
        // The caller may be gone; the work is done all the same.
        let _ = self.reply.send(outcome);
    }
}

impl Writer {
    /// Starts the thread. It ends after `close`, or when the last handle is gone, and then lets go of the lock.
    pub(super) fn start(
        session: Session,
        lock: File,
    ) -> std::io::Result<(Self, thread::JoinHandle<Result<(), Error>>)> {
        let (orders, inbox) = mpsc::channel(BACKLOG);
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            let ended = serve(session, inbox);
            drop(lock);
            ended
        })?;
        Ok((Self { orders }, thread))
    }

    /// Runs `work` in a transaction of its own or of several, and answers when it is durable. It runs to its end even
    /// if the caller stops waiting.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Session) -> Result<T, Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let task = Task { work: Some(work), outcome: None, reply };
        self.orders.send(Order::Write(Box::new(task))).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }

    /// Has it let go of what it holds, if nothing was saved for so long.
    pub(super) async fn rest(&self, unused: Duration) {
        // A closed one holds nothing.
        let _ = self
            .write(move |session| {
                session.rest(unused);
                Ok(())
            })
            .await;
    }

    /// Asks the thread to end after what waits, and waits until it takes no more.
    pub(super) async fn close(&self) {
        // An error means that it is closed already.
        let _ = self.orders.send(Order::Close).await;
        self.orders.closed().await;
    }
}

fn serve(mut session: Session, mut inbox: mpsc::Receiver<Order>) -> Result<(), Error> {
    while let Some(first) = inbox.blocking_recv() {
        let mut group = Vec::new();
        let mut next = Some(first);
        while let Some(order) = next {
            match order {
                Order::Write(job) => group.push(job),
                Order::Close => inbox.close(),
            }
            next = if group.len() < GROUP { inbox.try_recv().ok() } else { None };
        }
        commit(&mut session, group);
    }
    Ok(connection::finish(session.conn)?)
}

/// Commits a group. A job that fails is taken back alone; when the transaction is lost (a full disk may do that), those
/// who were in it hear why, and the rest gets a new one.
fn commit(session: &mut Session, group: Vec<Box<dyn Job>>) {
    let mut waiting = group.into_iter();
    while waiting.len() > 0 {
        if let Err(error) = session.conn.execute_batch("BEGIN IMMEDIATE") {
            let error = Error::from(error).of_file(&session.file);
            waiting.for_each(|job| job.answer(Err(error.clone())));
            return;
        }
        let (mut done, mut changes) = (Vec::new(), Changes::default());
        let mut fate = Ok(());
        for mut job in waiting.by_ref() {
            let step = run(session, &mut *job);
            done.push(job);
            changes.append(std::mem::take(&mut session.changes));
            if let Err(error) = step {
                fate = Err(error);
                break;
            }
        }
        let fate = fate.and_then(|()| Ok(session.conn.execute_batch("COMMIT")?));
        let fate = fate.map_err(|error| error.of_file(&session.file));
        if fate.is_ok() {
            changes.publish(&session.live);
        } else {
            session.forget();
            if !session.conn.is_autocommit() {
                // Nothing to say if even this fails: the next BEGIN will.
                let _ = session.conn.execute_batch("ROLLBACK");
            }
        }
        done.into_iter().for_each(|job| job.answer(fate.clone()));
    }
}

/// Runs one job in a savepoint; an error means that the whole transaction is lost.
fn run(session: &mut Session, job: &mut dyn Job) -> Result<(), Error> {
    session.conn.execute_batch("SAVEPOINT job")?;
    if let Err(error) = job.run(session) {
        session.forget();
        // SQLite takes the whole transaction back by itself when some statements meet a full disk.
        if session.conn.is_autocommit() {
            return Err(error);
        }
        session.conn.execute_batch("ROLLBACK TO job; RELEASE job")?;
    } else {
        session.conn.execute_batch("RELEASE job")?;
    }
    Ok(())
}
