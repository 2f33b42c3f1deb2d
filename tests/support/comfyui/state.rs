//! Everything that a ComfyUI process knows, behind one lock, and a bell for those who wait until it changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::fault::{Faults, Route};
use super::files::Files;
use super::history::History;
use super::queue::Queue;
use super::socket::Sockets;
use super::version::Version;
use crate::support::DEADLINE;

/// How the server is set up; the same after a restart.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    pub version: Version,
    /// In front of every path, such as `/comfy`; empty for none.
    pub prefix: String,
    /// What `Authorization` must say.
    pub authorization: Option<String>,
}

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// As it stood in the request line.
    pub path_and_query: String,
    pub route: Route,
    pub at: Instant,
    /// Bytes of the body of the answer that were handed out so far.
    pub sent: Arc<AtomicU64>,
}

impl Request {
    pub fn bytes_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
pub struct State {
    pub queue: Queue,
    pub history: History,
    pub files: Files,
    pub sockets: Sockets,
    pub faults: Faults,
    pub requests: Vec<Request>,
    /// The next number of a prompt.
    pub number: u64,
    /// When the run in progress began.
    pub started: u64,
}

/// The state as the server and the test share it.
#[derive(Debug, Default)]
pub struct Shared {
    pub setup: Setup,
    state: Mutex<State>,
    changed: Notify,
}

impl Shared {
    pub fn new(setup: Setup, files: Files) -> Self {
        Self { setup, state: Mutex::new(State { files, ..State::default() }), changed: Notify::new() }
    }

    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the state, and wakes those who wait.
    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.notify_waiters();
        result
    }

    /// Waits as long as it takes until there is an answer.
    pub async fn until<T>(&self, mut look: impl FnMut(&State) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            if let Some(answer) = self.read(&mut look) {
                return answer;
            }
            changed.await;
        }
    }

    /// Waits until there is an answer, and fails the test when none comes in time.
    pub async fn expect<T>(&self, what: &str, look: impl FnMut(&State) -> Option<T>) -> T {
        match timeout(DEADLINE, self.until(look)).await {
            Ok(answer) => answer,
            Err(_) => panic!("waited in vain for {what}; requests so far: {:#?}", self.read(|s| s.requests.clone())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}
