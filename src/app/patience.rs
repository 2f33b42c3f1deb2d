//! A start on a disk that refuses: one read that fails is no reason to give up, and who only wants to read needs no room.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

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
            Err(error) if may_pass(&error) => tracing::warn!("{error:#}; retrying"),
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

/// Notes who is told of what ends; gives whether that is done. A disk that refuses is waited for until `stopping`, as it is
/// to record: there are pages meanwhile. It is tried once in any case, so that a daemon that is stopped as soon as it has
/// begun still reads what ComfyUI has now.
pub(super) async fn subscribe(
    store: Store,
    live: Live,
    webhooks: Vec<Webhook>,
    stopping: CancellationToken,
) -> Result<bool, store::Error> {
    let mut waits = None;
    loop {
        match webhooks::subscribe(&store, &webhooks).await {
            Err(error) if error.is_transient() => {
                let cause = if error.is_full() { Cause::DiskFull } else { Cause::RecordsRefused };
                waits.get_or_insert_with(|| {
                    tracing::warn!("records can't be written: {error}; retrying until they can");
                    live.wait_for_disk(Trouble::new(cause, &error))
                });
            }
            subscribed => return subscribed.map(|()| true),
        }
        if stopping.run_until_cancelled(sleep(BETWEEN_TRIES)).await.is_none() {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn daemon_that_is_stopped_as_soon_as_it_has_begun_still_records_what_there_is() {
        let dir = tempfile::tempdir().unwrap();
        let (store, stopping) = (Store::open(dir.path()).unwrap(), CancellationToken::new());
        stopping.cancel();
        assert!(subscribe(store, Live::default(), Vec::new(), stopping).await.unwrap());
    }

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
