//! When to ask again: backing off from a server that is away, and how often its queue may be read.

use std::time::Duration;

use tokio::time::Instant;

use crate::pace::{Backoff, Pauses, jittered};

/// Waits that grow, with jitter, so that many daemons don't return at the same moment.
///
/// A connection that is refused costs nobody anything: the machine itself says that nobody listens there. So a ComfyUI that
/// starts is heard within a second, also one that lives for a few seconds only.
#[derive(Debug)]
pub struct Reconnect {
    /// Whether ComfyUI is on this machine.
    is_near: bool,
    failed: Pauses,
    /// How often it was refused, one time behind the other.
    refused: u32,
}

impl Reconnect {
    /// A ComfyUI that comes back should be heard before its first run is over.
    const FAILED: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
    /// Between two tries that are refused: on this machine for the first minutes, and after that or elsewhere.
    const REFUSED_NEARBY: Duration = Duration::from_millis(250);
    const REFUSED: Duration = Duration::from_secs(1);
    /// How often that is tried nearby: five minutes.
    const MOST_NEARBY: u32 = 1_200;

    /// The first wait comes next.
    pub fn new(is_near: bool) -> Self {
        Self { is_near, failed: Self::FAILED.pauses(), refused: 0 }
    }

    /// How long to wait this time, after a try that was refused or failed in another way.
    pub fn wait(&mut self, is_refused: bool) -> Duration {
        self.refused = if is_refused { self.refused.saturating_add(1) } else { 0 };
        let wait = match is_refused {
            true if self.is_near && self.refused <= Self::MOST_NEARBY => Self::REFUSED_NEARBY,
            true => Self::REFUSED,
            false => self.failed.next_pause(),
        };
        jittered(wait)
    }

    pub fn reset(&mut self) {
        self.failed.reset();
        self.refused = 0;
    }
}

/// When `/queue` may be read. Its cost is that of its length: ComfyUI builds the whole prompt and workflow of every
/// waiting run on the event loop that serves everybody, 10 ms for a megabyte. So the longer the answer was, the longer
/// the rest after it; a queue of many megabytes is read less than five times a minute.
#[derive(Debug)]
pub struct QueuePace {
    due: Option<Instant>,
    not_before: Instant,
}

impl QueuePace {
    /// The rest for every megabyte that was read, and at most.
    const REST_PER_MEGABYTE: Duration = Duration::from_secs(3);
    const LONGEST_REST: Duration = Duration::from_secs(15);

    /// May be read at once.
    pub fn new() -> Self {
        Self { due: None, not_before: Instant::now() }
    }

    /// Wants the queue read after `delay`, or as soon as its pace allows.
    pub fn want_in(&mut self, delay: Duration) {
        let at = (Instant::now() + delay).max(self.not_before);
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// No longer wants it.
    pub fn forget(&mut self) {
        self.due = None;
    }

    /// Whether it may be read now.
    pub fn may_read(&self) -> bool {
        self.not_before <= Instant::now()
    }

    /// It was read, and was so long.
    pub fn was_read(&mut self, bytes: usize) {
        self.due = None;
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let rest = Self::REST_PER_MEGABYTE.mul_f64(f64::from(bytes) / 1_000_000.0);
        self.not_before = Instant::now() + rest.min(Self::LONGEST_REST);
    }

    /// Returns when it is time to read the queue; never while nobody wants it.
    pub async fn due(&self) {
        match self.due {
            Some(due) => tokio::time::sleep_until(due).await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_ten_seconds_and_start_anew() {
        let mut backoff = Reconnect::new(true);
        assert!(backoff.wait(false) <= Duration::from_millis(125));
        assert!((0..20).map(|_| backoff.wait(false)).all(|wait| wait <= Duration::from_millis(12_500)));
        assert!(backoff.wait(false) >= Duration::from_millis(7_500));
        backoff.reset();
        assert!(backoff.wait(false) <= Duration::from_millis(125));
    }

    #[test]
    fn a_comfyui_that_refuses_is_asked_again_soon_however_long_it_has() {
        let mut backoff = Reconnect::new(true);
        let minutes: Duration = (0..1_200).map(|_| backoff.wait(true)).sum();
        assert!(minutes >= Duration::from_secs(200) && minutes <= Duration::from_secs(400), "{minutes:?}");
        assert!(backoff.wait(true) >= Duration::from_millis(750), "not four times a second for days");
        assert!(Reconnect::new(false).wait(true) >= Duration::from_millis(750), "nor elsewhere");
        assert!((0..2_000).map(|_| backoff.wait(true)).all(|wait| wait <= Duration::from_millis(1_250)));
        assert!(backoff.wait(false) <= Duration::from_millis(125), "a refusal is no failure");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_queue_is_read_less_than_five_times_a_minute_and_a_short_one_at_once() {
        let mut pace = QueuePace::new();
        let start = Instant::now();
        for _ in 0..4 {
            pace.want_in(Duration::ZERO);
            pace.due().await;
            pace.was_read(50_000_000);
        }
        pace.want_in(Duration::ZERO);
        pace.due().await;
        assert!(start.elapsed() >= Duration::from_secs(60));
        pace.was_read(40_000);
        pace.want_in(Duration::ZERO);
        let before = Instant::now();
        pace.due().await;
        assert!(before.elapsed() <= Duration::from_millis(130));
    }
}
