//! Keeps books of the rings of one line: each run rings when it is queued, so what rang and was recorded nowhere came and
//! went unseen.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long after a run was recorded its ring may come: it is on its way, or behind others.
const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// What rang against what was recorded.
#[derive(Debug)]
pub struct Books(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Runs that rang when they were queued, less those that were recorded; negative while rings are on their way.
    unseen: i64,
    /// Runs that were seen to have started.
    started: u64,
    /// When a run was last recorded.
    recorded_at: Instant,
}

impl Books {
    /// Nothing rang yet.
    pub fn new() -> Self {
        Self(Mutex::new(State { unseen: 0, started: 0, recorded_at: Instant::now() }))
    }

    /// Runs were queued; heard at `at`.
    pub fn queued(&self, runs: u64, at: Instant) {
        let mut books = self.lock();
        // Runs that rang before the line was opened are none to come.
        if books.unseen < 0 && at > books.recorded_at + ON_ITS_WAY {
            books.unseen = 0;
        }
        books.unseen = books.unseen.saturating_add_unsigned(runs);
    }

    /// Runs were recorded that weren't known, and of runs it was seen that they started.
    pub fn recorded(&self, new: usize, started: usize) {
        let mut books = self.lock();
        if new > 0 {
            books.unseen = books.unseen.saturating_sub_unsigned(new as u64);
            books.recorded_at = Instant::now();
        }
        books.started += started as u64;
    }

    /// How many runs came and went unseen, when the queue is known whole.
    pub fn unseen(&self) -> u64 {
        u64::try_from(self.lock().unseen).unwrap_or(0)
    }

    /// How many runs can have started of which that wasn't seen, after so many rings of the kind.
    pub fn unseen_starts(&self, starts: u64) -> usize {
        usize::try_from(starts.saturating_sub(self.lock().started)).unwrap_or(usize::MAX)
    }

    /// All that rang is explained, or told.
    pub fn balance(&self, starts: u64) {
        let mut books = self.lock();
        books.unseen = books.unseen.min(0);
        books.started = starts;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_rang_and_was_not_recorded_came_and_went_unseen() {
        let books = Books::new();
        books.queued(3, Instant::now());
        books.recorded(2, 1);
        assert_eq!((books.unseen(), books.unseen_starts(3)), (1, 2));
        books.balance(3);
        assert_eq!((books.unseen(), books.unseen_starts(3)), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_ring_may_come_after_its_run_was_recorded_but_not_long_after() {
        let books = Books::new();
        books.recorded(40, 40);
        books.queued(1, Instant::now());
        assert_eq!(books.unseen(), 0);
        tokio::time::advance(Duration::from_secs(2)).await;
        books.queued(1, Instant::now());
        assert_eq!(books.unseen(), 1, "those of before were queued before anybody listened");
    }
}
