//! How far a file of others is on its way here, for whoever decides whether it is still waited for.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};

/// How far a file is. Whoever moves it tells; whoever waits looks, and may give it up.
#[derive(Debug, Default)]
pub struct Progress {
    came: AtomicU64,
    /// What `came` will be at its end; 0 where nobody said.
    end: AtomicU64,
    is_here: AtomicBool,
    given_up: CancellationToken,
}

impl Progress {
    /// From here on so many bytes are to come, as far as that was said.
    pub fn expect(&self, bytes: Option<u64>) {
        let end = bytes.map_or(0, |bytes| self.came().saturating_add(bytes));
        self.end.store(end, Ordering::Relaxed);
    }

    /// So many bytes came.
    pub fn add(&self, bytes: usize) {
        self.came.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// All of it is here: what takes time now is our own disk.
    pub fn arrived(&self) {
        self.is_here.store(true, Ordering::Relaxed);
    }

    /// Bytes that came so far.
    pub fn came(&self) -> u64 {
        self.came.load(Ordering::Relaxed)
    }

    /// Bytes that are still to come; `None` where nobody said how many there are.
    pub fn left(&self) -> Option<u64> {
        let end = Some(self.end.load(Ordering::Relaxed)).filter(|end| *end > 0);
        end.map(|end| end.saturating_sub(self.came()))
    }

    /// Whether all of it is here.
    pub fn is_here(&self) -> bool {
        self.is_here.load(Ordering::Relaxed)
    }

    /// Nobody waits for it any more.
    pub fn give_up(&self) {
        self.given_up.cancel();
    }

    /// Whether nobody waits for it any more.
    pub fn is_given_up(&self) -> bool {
        self.given_up.is_cancelled()
    }

    /// Returns when nobody waits for it any more.
    pub fn given_up(&self) -> WaitForCancellationFuture<'_> {
        self.given_up.cancelled()
    }
}
