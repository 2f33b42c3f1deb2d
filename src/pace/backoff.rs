//! Pauses between attempts: each failure doubles them, up to a limit.

use std::time::Duration;

/// How long to pause after a failure, at first and at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// Pauses from `first`, doubled with each failure, to `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest }
    }

    /// The pause after a failure that `earlier` others came before, for work that counts its failures itself.
    pub fn after(self, earlier: u32) -> Duration {
        self.first.saturating_mul(1 << earlier.min(16)).min(self.longest)
    }

    pub const fn longest(self) -> Duration {
        self.longest
    }

    /// The pauses of one series of attempts.
    pub const fn pauses(self) -> Pauses {
        Pauses { backoff: self, failures: 0 }
    }
}

/// The pauses of one series of attempts.
#[derive(Debug, Clone)]
pub struct Pauses {
    backoff: Backoff,
    failures: u32,
}

impl Pauses {
    /// The pause after one more failure.
    pub fn next_pause(&mut self) -> Duration {
        let pause = self.backoff.after(self.failures);
        self.failures = self.failures.saturating_add(1);
        pause
    }

    /// An attempt succeeded: the next pause is the first again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A pause up to a quarter shorter or longer, so that many who failed together don't return together.
pub fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.75 + 0.5 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(2));

    #[test]
    fn pauses_double_up_to_the_longest_and_start_again_after_a_success() {
        let mut pauses = BACKOFF.pauses();
        let mut take = |count: usize| (0..count).map(|_| pauses.next_pause().as_millis()).collect::<Vec<_>>();
        assert_eq!(take(5), [500, 1_000, 2_000, 2_000, 2_000]);
        pauses.reset();
        assert_eq!(pauses.next_pause(), BACKOFF.after(0));
        assert_eq!(BACKOFF.after(u32::MAX), BACKOFF.longest());
    }

    #[test]
    fn jitter_stays_within_a_quarter() {
        let within = Duration::from_millis(750)..=Duration::from_millis(1_250);
        assert!((0..1_000).all(|_| within.contains(&jittered(Duration::from_secs(1)))));
    }
}
