//! The time of day, from a clock that is handed in.

use std::time::Duration;

use tokio::time::Instant;

use crate::model::Timestamp;

/// Tells the time of day.
#[derive(Debug, Clone, Copy, Default)]
pub enum Clock {
    #[default]
    System,
    /// One that runs with tokio's time, which tests pause and advance.
    Tokio {
        /// What it showed at first.
        start: Timestamp,
        began: Instant,
    },
}

impl Clock {
    /// A clock that shows `start` now and goes on with tokio's time.
    pub fn starting_at(start: Timestamp) -> Self {
        Self::Tokio { start, began: Instant::now() }
    }

    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Tokio { start, began } => later(start, began.elapsed()),
        }
    }

    /// The time after a wait.
    pub fn after(self, wait: Duration) -> Timestamp {
        later(self.now(), wait)
    }

    /// How long until a time; zero if it has passed.
    pub fn until(self, at: Timestamp) -> Duration {
        let millis = at.as_millis().saturating_sub(self.now().as_millis());
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_millis(at.as_millis().saturating_add(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_clock_of_a_test_shows_what_tokio_waited_and_no_more() {
        let clock = Clock::starting_at(Timestamp::from_millis(1_000));
        assert_eq!(clock.now(), Timestamp::from_millis(1_000));
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(clock.now(), Timestamp::from_millis(61_000));
        assert_eq!(clock.after(Duration::from_secs(2)), Timestamp::from_millis(63_000));
        assert_eq!(clock.until(Timestamp::from_millis(61_500)), Duration::from_millis(500));
        assert_eq!(clock.until(Timestamp::from_millis(7)), Duration::ZERO);
    }
}
