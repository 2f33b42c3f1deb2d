//! Status messages since the queue was last fully known, balanced against runs that ended: how many runs can have ended,
//! and whether the queue needs to be read. Pure.
//!
//! ComfyUI sends a status when a run is queued (+1), when it starts (0) and when it ends (-1). Removing runs from the queue
//! sends one, but two for the last that waits; clearing a queue in which nothing waits sends one like a start.

use std::cmp::Ordering;

/// The status messages since the last poll. They bound what can have happened, and often nothing needs to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusBurst {
    pub count: u64,
    /// Runs that were queued: those by which the queue grew.
    pub queued: u64,
    /// `queue_remaining` before the first of them.
    pub before: u64,
    /// `queue_remaining` of the last.
    pub after: u64,
}

impl StatusBurst {
    /// How many runs can have ended at the most.
    pub fn most_ended(self) -> u64 {
        let by_balance = if self.after >= self.before {
            self.count.saturating_sub(self.after - self.before) / 2
        } else {
            self.count.saturating_add(self.before - self.after) / 2
        };
        by_balance.min(self.count)
    }
}

/// Status messages since the queue was last fully known, balanced against runs that ended.
///
/// A run that takes the place of another leaves the queue as long as it was, but two more rings than ends and starts
/// account for: then the queue has to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLedger {
    /// Runs in the queue when it was known whole.
    base: u64,
    was_running: bool,
    /// Rings of what the answer showed that are still on their way; `None` until the next one tells how many.
    late: Option<u64>,
    /// The start that the answer showed can be among them. It leaves no other trace.
    late_starts: i128,
    rings: u64,
    after: u64,
    known_ended: u64,
    new_ended: u64,
    is_exact: bool,
}

/// What is known of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKnowledge {
    /// The queue holds the runs that are known to wait, and no other.
    Exact {
        /// Whether the last ring was the start of the next of them.
        has_started: bool,
    },
    /// Runs can have been queued or taken out, or the ring that explains it is on its way.
    Unknown,
    /// Runs left the queue that aren't in the history: no ring will explain that.
    Changed,
}

impl QueueLedger {
    /// The queue was read: it holds `runs` runs. `has_started`: the answer showed that one of them started.
    pub fn read(self, runs: u64, is_running: bool, has_started: bool) -> Self {
        let late_starts = match has_started {
            true => 1,
            false if is_running && self.still_runs() => self.late_starts,
            false => 0,
        };
        Self { late: None, late_starts, ..Self::known(runs, is_running) }
    }

    /// The queue is known to hold `runs` runs.
    pub fn known(runs: u64, is_running: bool) -> Self {
        Self {
            base: runs,
            was_running: is_running,
            late: Some(0),
            late_starts: 0,
            rings: 0,
            after: runs,
            known_ended: 0,
            new_ended: 0,
            is_exact: true,
        }
    }

    pub fn rang(&mut self, rings: StatusBurst) {
        let late = self.late.unwrap_or_else(|| rings.before.abs_diff(self.base));
        self.late = Some(late.saturating_sub(rings.count));
        self.rings = self.rings.saturating_add(rings.count.saturating_sub(late));
        self.after = rings.after;
    }

    /// Runs were found ended: `known` that were in the queue, `new` that weren't known.
    pub fn ended(&mut self, known: usize, new: usize) {
        self.known_ended = self.known_ended.saturating_add(known as u64);
        self.new_ended = self.new_ended.saturating_add(new as u64);
    }

    /// Runs ended, and nobody counted them.
    pub fn lose_count(&mut self) {
        self.is_exact = false;
    }

    /// Whether ends and starts account for all of it.
    pub fn knowledge(self) -> QueueKnowledge {
        if self.after == 0 {
            return QueueKnowledge::Exact { has_started: false };
        }
        let left = i128::from(self.base) - i128::from(self.known_ended);
        let starts = self.starts_to_come();
        let still_runs = self.still_runs();
        match i128::from(self.after).cmp(&left) {
            _ if !self.is_exact => QueueKnowledge::Unknown,
            Ordering::Less if self.late == Some(0) => QueueKnowledge::Changed,
            Ordering::Equal if !(0..=1 + self.late_starts).contains(&starts) => QueueKnowledge::Unknown,
            Ordering::Equal if still_runs || starts == 0 => QueueKnowledge::Exact { has_started: false },
            // Beside the start that the answer showed already, if that rang now.
            Ordering::Equal if starts > self.late_starts => QueueKnowledge::Exact { has_started: true },
            _ => QueueKnowledge::Unknown,
        }
    }

    /// The account from here on, when the queue is known whole.
    pub fn settled(self, is_running: bool) -> Self {
        let late_starts = if self.still_runs() { self.late_starts - i128::from(self.rings) } else { 0 };
        Self { late_starts: late_starts.max(0), ..Self::known(self.after, is_running) }
    }

    /// Whether the run that was in progress still is.
    fn still_runs(self) -> bool {
        self.was_running && self.known_ended + self.new_ended == 0
    }

    /// Rings beyond those of the runs that ended. One of those rang when it ended; when it was queued, if that wasn't
    /// known; and when it started, if it wasn't in progress before. What is left is the start of the next, or more.
    fn starts_to_come(self) -> i128 {
        let [rings, known, new] = [self.rings, self.known_ended, self.new_ended].map(i128::from);
        let (queued, ended) = (new, known + new);
        let started = ended - i128::from(self.was_running);
        rings - queued - ended - started
    }
}

#[cfg(test)]
mod tests;
