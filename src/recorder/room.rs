//! Watches whether files can be kept, reports it where people look, and checks again until they can.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::blobs::Blobs;
use crate::live::Live;
use crate::model::Trouble;
use crate::pace::Backoff;

/// Between two looks.
const BETWEEN_LOOKS: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));

/// A refusal so soon after a look that found room shows that the look was wrong: the next one may wait longer.
const TOO_SOON: Duration = Duration::from_secs(5);

/// Watches until `shutdown`. The log hears of each change once.
pub async fn watch_room(blobs: Blobs, live: Live, shutdown: CancellationToken) {
    let watching = async {
        let (mut room, mut too_soon, mut healed_at) = (blobs.room(), 0, None::<Instant>);
        loop {
            let refusal = room.borrow_and_update().clone();
            if let Some(trouble) = refusal {
                let is_too_soon = healed_at.is_some_and(|at| at.elapsed() < TOO_SOON);
                too_soon = if is_too_soon { too_soon + 1 } else { 0 };
                tell_refused(&live, trouble);
                until_room(&blobs, &live, BETWEEN_LOOKS.after(too_soon)).await;
                tracing::info!("files can be kept again; those that wait are fetched now");
                healed_at = Some(Instant::now());
            }
            live.set_files(None);
            if room.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = watching => {}
        () = shutdown.cancelled() => {}
    }
}

fn tell_refused(live: &Live, trouble: Trouble) {
    tracing::warn!("files can't be kept: {trouble}; they wait, and are fetched as soon as they can be");
    live.set_files(Some(trouble));
}

/// Returns when there is room. What is wrong may change meanwhile.
async fn until_room(blobs: &Blobs, live: &Live, wait: Duration) {
    let mut room = blobs.room();
    let mut next = Instant::now() + wait;
    loop {
        tokio::select! {
            () = sleep_until(next) => {
                if blobs.look_for_room().await {
                    return;
                }
                next = Instant::now() + wait;
            }
            Ok(()) = room.changed() => {
                let refusal = room.borrow_and_update().clone();
                if let Some(trouble) = refusal {
                    tell_refused(live, trouble);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::model::Cause;

    #[tokio::test(start_paused = true)]
    async fn a_refused_file_is_told_of_until_there_is_room_again() {
        let folder = tempfile::tempdir().unwrap();
        let (blobs, live, shutdown) = (Blobs::open(folder.path()).unwrap(), Live::default(), CancellationToken::new());
        let mut events = live.events();
        let watching = tokio::spawn(watch_room(blobs.clone(), live.clone(), shutdown.clone()));
        let drafts = folder.path().join("drafts");
        for _ in 0..2 {
            fs::remove_dir(&drafts).unwrap();
            fs::write(&drafts, "in the way").unwrap();
            blobs.draft().finish().await.unwrap_err();
            events.recv().await.unwrap();
            assert_eq!(live.storage().files.map(|why| why.cause), Some(Cause::FilesRefused));
            assert_eq!(live.storage().records, None);
            fs::remove_file(&drafts).unwrap();
            events.recv().await.unwrap();
            assert_eq!(live.storage().files, None);
        }
        shutdown.cancel();
        watching.await.unwrap();
    }
}
