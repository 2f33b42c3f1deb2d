//! Asks ComfyUI as soon as a status message arrives, before anything is written and while something is being written. A run
//! of a few milliseconds is in the queue only that long, and some clients delete a run from the history as soon as it ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::ledger::StatusBurst;
use super::pace::QueuePace;
use super::socket_reader::{SocketMark, SocketState};
use crate::comfy::{self, Client, HistoryEntry, ItemStream, QueueItem};
use crate::json::Item;

/// Looks that wait until they are written down. Beyond that rings are counted, and asked about later.
const WAITING: usize = 4;

/// The longest end of the history that is asked for at once, and the longest queue.
const MOST_ENDED: usize = 8;
const LONGEST_QUEUE: u64 = 4;

/// How much of an answer is held.
const BYTES: usize = 4_000_000;

/// What ComfyUI said when it had rung.
#[derive(Debug)]
pub struct EarlyAnswer {
    pub rings: StatusBurst,
    /// How often it rang since the line was opened, with these; 0 where it didn't ring.
    pub rung: u64,
    /// How many of those told of a start.
    pub starts: u64,
    /// When it was asked.
    pub asked_at: Instant,
    /// The end of its history, and how long that was to be.
    pub ended: Option<(Vec<HistoryEntry>, usize)>,
    /// Its whole queue, and the bytes of that.
    pub queue: Option<(Vec<QueueItem>, usize)>,
}

impl EarlyAnswer {
    /// Nothing was asked yet.
    pub fn unasked(rings: StatusBurst) -> Self {
        Self { rings, rung: 0, starts: 0, asked_at: Instant::now(), ended: None, queue: None }
    }
}

/// A look that is under way: the next doesn't wait for its answers.
type Looking = AbortOnDropHandle<EarlyAnswer>;

/// Looks, in the order in which it rang.
#[derive(Debug)]
pub struct EarlyReader {
    looks: mpsc::Receiver<Result<Looking, comfy::Error>>,
    /// The first of them, while its answers are waited for.
    first: Option<Looking>,
    _watching: Option<AbortOnDropHandle<()>>,
}

impl EarlyReader {
    /// Looks at each ring from now on. `from`: what was heard before needs none.
    pub fn begin(client: Client, heard: watch::Receiver<SocketState>, from: SocketMark) -> Self {
        let (out, looks) = mpsc::channel(WAITING);
        let watching = StatusWatch { client, heard, at: from, pace: Pace::new(Mutex::new(QueuePace::new())) };
        Self { looks, first: None, _watching: Some(AbortOnDropHandle::new(tokio::spawn(watching.run(out)))) }
    }

    pub fn none() -> Self {
        Self { looks: mpsc::channel(1).1, first: None, _watching: None }
    }

    /// The next look; an error when the line broke. Dropped, nothing is lost.
    pub async fn next(&mut self) -> Result<EarlyAnswer, comfy::Error> {
        loop {
            if let Some(first) = &mut self.first {
                let look = first.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
                self.first = None;
                return Ok(look);
            }
            match self.looks.recv().await {
                Some(looking) => self.first = Some(looking?),
                // Where nothing rings, nothing ever will.
                None => return std::future::pending().await,
            }
        }
    }
}

struct StatusWatch {
    client: Client,
    heard: watch::Receiver<SocketState>,
    /// What was dealt with.
    at: SocketMark,
    /// When the queue may be asked for at once: seldom, where it weighs much.
    pace: Pace,
}

type Pace = Arc<Mutex<QueuePace>>;

impl StatusWatch {
    async fn run(mut self, out: mpsc::Sender<Result<Looking, comfy::Error>>) {
        loop {
            // Not before there is room: what rings meanwhile is asked about at once, by one question.
            let Ok(room) = out.reserve().await else { return };
            match self.rings().await {
                Ok(rings) => {
                    let may_read = rings.queued > 0 && (1..=LONGEST_QUEUE).contains(&rings.after);
                    let pace = Some(Arc::clone(&self.pace)).filter(|pace| may_read && lock(pace).may_read());
                    let looking = look(self.client.clone(), rings, self.at, pace);
                    room.send(Ok(AbortOnDropHandle::new(tokio::spawn(looking))));
                }
                Err(error) => return room.send(Err(error)),
            }
        }
    }

    /// Waits for rings that were not dealt with, and gives all of them.
    async fn rings(&mut self) -> Result<StatusBurst, comfy::Error> {
        let SocketMark { rings: dealt_with, queued, queue_remaining: before, .. } = self.at;
        // The sender lives until it has told of an error, so that waiting can't fail before.
        let _ = self.heard.wait_for(|heard| heard.rings > dealt_with || heard.broken.is_some()).await;
        let heard = self.heard.borrow();
        if heard.rings == dealt_with {
            return Err(heard.error());
        }
        self.at = heard.mark();
        Ok(StatusBurst {
            count: self.at.rings - dealt_with,
            queued: self.at.queued - queued,
            before,
            after: self.at.queue_remaining,
        })
    }
}

/// What can have changed. Where that fails, or is too much, it is asked again when it is written down.
///
/// `pace`: of the queue, if that may be asked for.
async fn look(client: Client, rings: StatusBurst, at: SocketMark, pace: Option<Pace>) -> EarlyAnswer {
    let asked_at = Instant::now();
    let most_ended = usize::try_from(rings.most_ended()).unwrap_or(usize::MAX);
    let ended = async {
        let length = most_ended.saturating_add(1);
        if most_ended == 0 || length > MOST_ENDED {
            return None;
        }
        let items = client.history_tail(length).await.ok()?;
        all(items).await.map(|(entries, _)| (entries, length))
    };
    let queue = async {
        let pace = pace?;
        let queue = all(client.queue().await.ok()?).await;
        lock(&pace).was_read(queue.as_ref().map_or(BYTES, |(_, bytes)| *bytes));
        queue
    };
    let (queue, ended) = tokio::join!(queue, ended);
    EarlyAnswer { rings, rung: at.rings, starts: at.starts, asked_at, ended, queue }
}

fn lock(pace: &Mutex<QueuePace>) -> MutexGuard<'_, QueuePace> {
    pace.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A whole list with its bytes; `None` where that fails or is too much.
async fn all<T: TryFrom<Item>>(mut items: ItemStream<T>) -> Option<(Vec<T>, usize)> {
    let mut found = Vec::new();
    while let Some(item) = items.next().await.ok()? {
        found.push(item);
        if items.bytes_read() > BYTES {
            return None;
        }
    }
    Some((found, items.bytes_read()))
}
