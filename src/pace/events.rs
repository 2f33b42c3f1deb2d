//! Listening to a broadcast that drops what a slow listener doesn't take in time.

use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::timeout;

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard<T> {
    Event(T),
    /// Events were dropped, as they weren't taken in time: what they told of has to be read from where it is kept.
    Missed,
}

/// The events of a broadcast.
#[derive(Debug)]
pub struct Events<T>(Receiver<T>);

impl<T> From<Receiver<T>> for Events<T> {
    fn from(receiver: Receiver<T>) -> Self {
        Self(receiver)
    }
}

impl<T: Clone> Events<T> {
    /// The next event; `None` when nobody can send any more.
    pub async fn next(&mut self) -> Option<Heard<T>> {
        match self.0.recv().await {
            Ok(event) => Some(Heard::Event(event)),
            Err(RecvError::Lagged(_)) => Some(Heard::Missed),
            Err(RecvError::Closed) => None,
        }
    }

    /// The next event, if there is one already.
    pub fn try_next(&mut self) -> Option<Heard<T>> {
        match self.0.try_recv() {
            Ok(event) => Some(Heard::Event(event)),
            Err(TryRecvError::Lagged(_)) => Some(Heard::Missed),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }

    /// Waits until `is_wanted` accepts what is heard, `limit` at most. When nobody can send any more, only the time counts.
    pub async fn wait_for(&mut self, limit: Duration, mut is_wanted: impl FnMut(Heard<T>) -> bool) {
        let heard = async {
            loop {
                let Some(heard) = self.next().await else { std::future::pending().await };
                if is_wanted(heard) {
                    return;
                }
            }
        };
        // The time is up: as good as an event.
        let _ = timeout(limit, heard).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_slow_listener_hears_that_it_missed_something_and_then_what_is_left() {
        let sender = broadcast::Sender::new(2);
        let mut events = Events::from(sender.subscribe());
        (0..4).for_each(|n| drop(sender.send(n)));
        assert_eq!(events.next().await, Some(Heard::Missed));
        assert_eq!((events.try_next(), events.next().await), (Some(Heard::Event(2)), Some(Heard::Event(3))));
        assert_eq!(events.try_next(), None);
        drop(sender);
        assert_eq!(events.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_with_what_is_wanted_or_with_the_time() {
        let sender = broadcast::Sender::new(9);
        let mut events = Events::from(sender.subscribe());
        let (start, hour) = (Instant::now(), Duration::from_secs(3_600));
        (0..4).for_each(|n| drop(sender.send(n)));
        events.wait_for(hour, |heard| heard == Heard::Event(2)).await;
        assert_eq!((start.elapsed(), events.try_next()), (Duration::ZERO, Some(Heard::Event(3))));
        drop(sender);
        events.wait_for(hour, |_| true).await;
        assert!(start.elapsed() >= hour);
    }
}
