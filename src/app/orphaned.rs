//! Files whose records are gone: `recall.db` was missing or empty when a daemon started beside files of an earlier history.
//! Said until a backup is restored, or every one of those files has a run again, or none is left.

use std::path::Path;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::task;
use tokio_util::sync::CancellationToken;

use crate::blobs::{Blobs, FolderContents};
use crate::live::Live;
use crate::model::{Digest, Timestamp};
use crate::store::{Error, Store};

/// Files that are looked up at a time.
const AT_ONCE: usize = 512;

/// Between two looks, at first and at most. At first ComfyUI's own history is read, which may know every file.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Notes it where it is so. Gives whether records are gone, now or since an earlier start.
pub(super) async fn look(
    store: &Store,
    blobs: &Blobs,
    live: &Live,
    is_new: bool,
    data_dir: &Path,
) -> Result<bool, Error> {
    let has_files = {
        let blobs = blobs.clone();
        is_new && task::spawn_blocking(move || blobs.has_any()).await.unwrap_or(false)
    };
    // A disk that refuses the note is no reason not to start: it is seen again at the next one.
    if has_files && let Err(error) = store.note_orphaned(Timestamp::now()).await {
        tracing::debug!(%error, "couldn't store that the records of files are gone");
    }
    let is_orphaned = has_files || store.orphaned_since().await?.is_some();
    if is_orphaned {
        let data_dir = data_dir.display();
        tracing::error!(
            "the records of earlier runs are gone: recall.db was missing or empty in {data_dir}, but the files of an \
             earlier history are in its blobs folder. To get the runs back, stop comfy-recall and restore a backup: \
             comfy-recall restore BACKUP/recall.db --data-dir {data_dir}. To start over on purpose, move the blobs folder \
             away. Until then, runs are recorded into a new history"
        );
        live.set_orphaned(true);
    }
    Ok(is_orphaned)
}

/// Looks now and then whether that is still so, until it isn't.
pub(super) async fn watch(store: Store, blobs: Blobs, live: Live, shutdown: CancellationToken) {
    let mut wait = FIRST_WAIT;
    while live.is_orphaned() {
        tokio::select! {
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(LONGEST_WAIT),
            () = shutdown.cancelled() => return,
        }
        match settle(&store, &blobs).await {
            Ok(true) => {
                tracing::info!("every file of the earlier history belongs to a run again, or was deleted");
                live.set_orphaned(false);
            }
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "couldn't check whether files have their records again"),
        }
    }
    shutdown.cancelled().await;
}

/// Forgets it when no file is left of which no run knows. Gives whether that is so.
async fn settle(store: &Store, blobs: &Blobs) -> Result<bool, Error> {
    let Some(since) = store.orphaned_since().await? else { return Ok(true) };
    let (tell, mut told) = mpsc::channel(2);
    let visiting = blobs.clone();
    let visit = task::spawn_blocking(move || visit(&visiting, since, &tell));
    while let Some(digests) = told.recv().await {
        if !store.knows_all(digests).await? {
            return Ok(false);
        }
    }
    // A folder that can't be read has files for all we know.
    if !visit.await.unwrap_or(false) {
        return Ok(false);
    }
    store.forget_orphaned().await?;
    Ok(true)
}

/// Tells the files that were there then. Gives whether all were seen.
fn visit(blobs: &Blobs, since: Timestamp, tell: &mpsc::Sender<Vec<Digest>>) -> bool {
    let (mut digests, mut is_wanted) = (Vec::new(), true);
    let since = SystemTime::UNIX_EPOCH + Duration::from_millis(since.as_millis().unsigned_abs());
    let seen = blobs.each(|found| {
        if let FolderContents::File { digest, modified, .. } = found
            && modified <= since
            && is_wanted
        {
            digests.push(digest);
            if digests.len() == AT_ONCE {
                is_wanted = tell.blocking_send(std::mem::take(&mut digests)).is_ok();
            }
        }
    });
    let _ = tell.blocking_send(digests);
    seen.is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn lost_records_are_told_of_until_no_file_is_left_that_no_run_knows() {
        let folder = tempfile::tempdir().unwrap();
        let (store, live) = (Store::open(folder.path()).unwrap(), Live::default());
        let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
        assert!(!look(&store, &blobs, &live, true, folder.path()).await.unwrap(), "nothing was ever kept");
        let mut draft = blobs.draft();
        draft.write("a fox".into()).await.unwrap();
        let kept = draft.finish().await.unwrap();
        assert!(!look(&store, &blobs, &live, false, folder.path()).await.unwrap(), "a history that has runs");
        assert!(look(&store, &blobs, &live, true, folder.path()).await.unwrap());
        assert!(live.is_orphaned());
        assert!(!settle(&store, &blobs).await.unwrap());
        assert!(look(&store, &blobs, &live, false, folder.path()).await.unwrap(), "the next start knows, too");
        fs::remove_file(blobs.path(&kept.digest)).unwrap();
        assert!(settle(&store, &blobs).await.unwrap());
        assert!(!look(&store, &blobs, &live, false, folder.path()).await.unwrap());
    }
}
