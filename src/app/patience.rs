//! A start on a disk that refuses: one read that fails is no reason to give up, and who only wants to read needs no room.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::sleep;

use crate::live::Live;
use crate::model::{Cause, Trouble};
use crate::store::{self, Store};
use crate::webhooks::{self, Webhook};

/// How often something is tried that the disk refuses, and how long after each.
const TRIES: u32 = 5;
const BETWEEN_TRIES: Duration = Duration::from_millis(500);

/// Tries it a few times, as long as what went wrong `may_pass`.
pub(super) async fn insist<T, E, F>(attempt: impl Fn() -> F, may_pass: impl Fn(&E) -> bool) -> Result<T, E>
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    for _ in 1..TRIES {
        match attempt().await {
            Err(error) if may_pass(&error) => tracing::warn!("{error:#}; trying again"),
            tried => return tried,
        }
        sleep(BETWEEN_TRIES).await;
    }
    attempt().await
}

/// Whether a disk may think better of it.
pub(super) fn may_pass(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(store::Error::is_transient)
}

/// Notes who is told of what ends. A disk that refuses is waited for, as it is to record: there are pages meanwhile.
pub(super) async fn subscribe(store: Store, live: Live, webhooks: Vec<Webhook>) -> Result<(), store::Error> {
    let mut waits = None;
    loop {
        match webhooks::subscribe(&store, &webhooks).await {
            Err(error) if error.is_transient() => {
                let cause = if error.is_full() { Cause::DiskFull } else { Cause::RecordsRefused };
                waits.get_or_insert_with(|| {
                    tracing::warn!("records can't be written: {error}; it is tried until they can");
                    live.wait_for_disk(Trouble::new(cause, &error))
                });
            }
            subscribed => return subscribed,
        }
        sleep(BETWEEN_TRIES).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_a_few_times_and_what_may_not_only_once() {
        for (may_pass, fails, tries, is_done) in [(true, 2, 3, true), (true, 99, TRIES, false), (false, 99, 1, false)] {
            let tried = Cell::new(0);
            let attempt = || {
                tried.set(tried.get() + 1);
                std::future::ready(if tried.get() > fails { Ok(()) } else { Err("refused") })
            };
            assert_eq!(insist(attempt, |_| may_pass).await.is_ok(), is_done);
            assert_eq!(tried.get(), tries, "{may_pass} {fails}");
        }
    }
}
