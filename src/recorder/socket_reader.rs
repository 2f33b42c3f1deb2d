//! Reads the WebSocket all the time: ComfyUI sends to its sockets one after the other, and one that isn't read delays the
//! others.
//!
//! It also knows whether ComfyUI is still the same process: whoever answers a ping on this connection also answered every
//! request since it was opened, as no other process can have taken its port meanwhile.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

use crate::comfy::{self, Doorbell, Failure};
use crate::model::{Cause, GenerationId};

/// How long after connecting ComfyUI's first `status` is waited for. It comes at once; nothing depends on it.
const FIRST_STATUS: Duration = Duration::from_secs(3);

/// How long a ping may take where pings are answered: ComfyUI answers nobody while its Python computes.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// How long the first ping is waited for. A proxy may keep pings to itself.
const FIRST_ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Runs that were recorded since the last ping was answered.
const UNPROVEN: usize = 256;

/// What was heard since the line was opened.
#[derive(Debug, Default)]
pub struct SocketState {
    pub rings: u64,
    /// Those by which the queue grew: each is a run that was queued.
    pub queued: u64,
    /// Those that left it as long as it was: a run that started, as a rule.
    pub starts: u64,
    /// Its length by the last ring.
    pub queue_remaining: u64,
    /// The number of the last ping that was answered.
    pub alive: u64,
    /// Why the line broke.
    pub broken: Option<comfy::Error>,
}

impl SocketState {
    fn rang(&mut self, queue_remaining: u64) {
        // The first one only says how long the queue is.
        if self.rings > 0 {
            self.queued += queue_remaining.saturating_sub(self.queue_remaining);
            self.starts += u64::from(queue_remaining == self.queue_remaining && queue_remaining > 0);
        }
        self.rings += 1;
        self.queue_remaining = queue_remaining;
    }

    /// What was heard until now.
    pub fn mark(&self) -> SocketMark {
        SocketMark {
            rings: self.rings,
            queued: self.queued,
            starts: self.starts,
            queue_remaining: self.queue_remaining,
        }
    }

    /// The line broke: why.
    pub fn error(&self) -> comfy::Error {
        let why = self.broken.as_ref().map_or(Cause::ConnectionBroke.into(), |error| error.failure.trouble());
        comfy::Error { what: "listen at /ws", failure: Failure::Told(why) }
    }
}

/// How far a line was listened to.
#[derive(Debug, Clone, Copy, Default)]
pub struct SocketMark {
    pub rings: u64,
    /// Those by which the queue grew.
    pub queued: u64,
    /// Those that left it as long as it was.
    pub starts: u64,
    /// Its length by the last of them.
    pub queue_remaining: u64,
}

/// Whether the answers of late were those of the process that the line was opened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It was alive when they had been given.
    Alive,
    /// There is no line, or nobody answers pings on it.
    Unknown,
}

/// The line to one ComfyUI.
#[derive(Debug)]
pub struct SocketReader {
    heard: watch::Receiver<SocketState>,
    ask: watch::Sender<u64>,
    recorded: Mutex<ProvenRuns>,
    listening: Option<AbortOnDropHandle<()>>,
}

/// What was recorded from answers of this ComfyUI.
#[derive(Debug)]
struct ProvenRuns {
    /// The newest run of which it is proven that it came from the process that the line was opened to, or was there before.
    proven: GenerationId,
    /// The newest run after each writing since, and the ping that was sent then.
    unproven: VecDeque<(u64, GenerationId)>,
    /// Whether a ping was waited for in vain, and none was ever answered.
    is_mute: bool,
}

impl SocketReader {
    /// Listens to a line that was just opened; `newest`: the newest run that is recorded.
    pub fn listen(mut doorbell: Doorbell, newest: GenerationId) -> Self {
        let (tell, heard) = watch::channel(SocketState::default());
        let (ask, mut asked) = watch::channel(0);
        let listening = tokio::spawn(async move {
            loop {
                let outcome = tokio::select! {
                    heard = doorbell.next() => heard.map(|heard| match heard {
                        comfy::SocketMessage::Ring(ring) => tell.send_modify(|heard| heard.rang(ring.queue_remaining)),
                        comfy::SocketMessage::Alive(number) => tell.send_modify(|heard| heard.alive = heard.alive.max(number)),
                    }),
                    Ok(()) = asked.changed() => {
                        let number = *asked.borrow_and_update();
                        doorbell.ask_alive(number).await
                    }
                };
                if let Err(error) = outcome {
                    return tell.send_modify(|heard| heard.broken = Some(error));
                }
            }
        });
        Self { listening: Some(AbortOnDropHandle::new(listening)), heard, ..Self::with(ask, newest) }
    }

    /// Where no line can be opened.
    pub fn polling_only(newest: GenerationId) -> Self {
        Self::with(watch::channel(0).0, newest)
    }

    fn with(ask: watch::Sender<u64>, newest: GenerationId) -> Self {
        let recorded = Mutex::new(ProvenRuns { proven: newest, unproven: VecDeque::new(), is_mute: false });
        Self { heard: watch::channel(SocketState::default()).1, ask, recorded, listening: None }
    }

    /// Whether nothing can be heard here.
    pub fn is_polling_only(&self) -> bool {
        self.listening.is_none()
    }

    /// What is heard, for whoever waits for it.
    pub fn heard(&self) -> watch::Receiver<SocketState> {
        self.heard.clone()
    }

    /// How many runs can have started since the line was opened.
    pub fn starts(&self) -> u64 {
        self.heard.borrow().starts
    }

    /// How often it rang since the line was opened.
    pub fn rings(&self) -> u64 {
        self.heard.borrow().rings
    }

    /// What was heard until now.
    pub fn mark(&self) -> SocketMark {
        self.heard.borrow().mark()
    }

    /// The length of the queue by the last ring.
    pub fn remaining(&self) -> u64 {
        self.heard.borrow().queue_remaining
    }

    /// Waits for the length of the queue that ComfyUI tells when one connects; gives what was heard then.
    pub async fn first_status(&self) -> SocketMark {
        let mut heard = self.heard.clone();
        let _ = timeout(FIRST_STATUS, heard.wait_for(|heard| heard.rings > 0 || heard.broken.is_some())).await;
        let heard = heard.borrow();
        heard.mark()
    }

    /// Runs up to this id were recorded. ComfyUI is asked whether it lives, and not waited for.
    pub fn recorded(&self, newest: GenerationId) {
        let number = self.next_ping();
        let mut recorded = self.lock();
        recorded.catch_up(self.heard.borrow().alive);
        if recorded.unproven.len() >= UNPROVEN || self.is_polling_only() {
            recorded.unproven.pop_back();
        }
        recorded.unproven.push_back((number, newest));
    }

    /// Behind which runs ComfyUI may have been restarted, if the line broke: the last that is surely of its life; and after
    /// each writing since, as each was of one life.
    pub fn breaks(&self) -> Vec<GenerationId> {
        let mut recorded = self.lock();
        recorded.catch_up(self.heard.borrow().alive);
        let unproven = recorded.unproven.iter().map(|(_, newest)| *newest);
        std::iter::once(recorded.proven).chain(unproven).collect()
    }

    /// Finds out whether all answers until now were given by the process that the line was opened to. Afterwards everything
    /// is heard that rang before.
    ///
    /// # Errors
    /// The line broke.
    pub async fn prove(&self) -> Result<Proof, comfy::Error> {
        if self.is_polling_only() {
            return Ok(Proof::Unknown);
        }
        let number = self.next_ping();
        let mut heard = self.heard.clone();
        let was_answered = heard.borrow().alive > 0;
        if !was_answered && self.lock().is_mute {
            return Ok(Proof::Unknown);
        }
        let patience = if was_answered { ANSWER_WITHIN } else { FIRST_ANSWER_WITHIN };
        let answer = heard.wait_for(|heard| heard.alive >= number || heard.broken.is_some());
        match timeout(patience, answer).await {
            Ok(Ok(heard)) if heard.alive >= number => Ok(Proof::Alive),
            Ok(Ok(heard)) => Err(heard.error()),
            Ok(Err(_)) => Err(self.heard.borrow().error()),
            Err(_) if was_answered => Err(comfy::Error { what: "listen at /ws", failure: Failure::TimedOut }),
            Err(_) => {
                self.lock().is_mute = true;
                Ok(Proof::Unknown)
            }
        }
    }

    fn next_ping(&self) -> u64 {
        let mut number = 0;
        self.ask.send_modify(|asked| {
            *asked += 1;
            number = *asked;
        });
        number
    }

    fn lock(&self) -> MutexGuard<'_, ProvenRuns> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProvenRuns {
    fn catch_up(&mut self, alive: u64) {
        while let Some((_, newest)) = self.unproven.pop_front_if(|(number, _)| *number <= alive) {
            self.proven = self.proven.max(newest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_tell_what_was_queued_and_what_started() {
        let mut heard = SocketState::default();
        // Three wait when the line is opened. One is queued, one starts and ends, the next starts, the rest is cleared.
        [3, 4, 4, 3, 3, 1].into_iter().for_each(|remaining| heard.rang(remaining));
        assert_eq!((heard.rings, heard.queued, heard.starts, heard.queue_remaining), (6, 1, 2, 1));
        // Taking out the only one that waits rings twice.
        let mut heard = SocketState::default();
        [1, 0, 0].into_iter().for_each(|remaining| heard.rang(remaining));
        assert_eq!((heard.queued, heard.starts), (0, 0));
    }

    #[test]
    fn what_was_recorded_after_the_last_sign_of_life_may_be_of_another_process() {
        let id = GenerationId;
        let mut recorded =
            ProvenRuns { proven: id(5), unproven: [(1, id(6)), (2, id(8)), (3, id(9))].into(), is_mute: false };
        recorded.catch_up(2);
        assert_eq!((recorded.proven, recorded.unproven), (id(8), [(3, id(9))].into()));
        let socket = SocketReader::polling_only(id(5));
        assert_eq!(socket.breaks(), [id(5)]);
        socket.recorded(id(7));
        socket.recorded(id(9));
        assert_eq!(socket.breaks(), [id(5), id(9)], "without a line one can't tell");
    }
}
