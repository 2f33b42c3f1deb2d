//! One recorder: its session, the fetching of files and the watching of folders, until the end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::error::Error;
use super::folders::{self, SharedFolders};
use super::scribe::Scribe;
use super::session::ServerSession;
use super::settings::Settings;
use super::{capture, fetch, gaps, unclaimed, watch};
use crate::blobs::Blobs;
use crate::comfy::Client;
use crate::live::Live;
use crate::store::Store;

/// How long nothing is recorded while the folders begin to be watched, which takes milliseconds unless their disk hangs.
const WATCHED_FIRST: Duration = Duration::from_secs(2);

/// Records one ComfyUI until `shutdown`; the files in hand are finished.
pub async fn run(
    settings: Settings,
    store: Store,
    blobs: Blobs,
    live: Live,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let instance = settings.name.clone();
    let client =
        Client::new(settings.endpoint.clone()).map_err(|source| Error::Setup { instance: instance.clone(), source })?;
    let scribe = Scribe::open(store, live, instance, shutdown.clone()).await?;
    let roots = Arc::new(folders::Roots::new(&settings.folders));
    let fetcher = Arc::new(fetch::Fetcher::new(client.clone(), Arc::clone(&roots), blobs));
    let (unclaimed, wanted, reachable) =
        (unclaimed::UnclaimedFiles::default(), Arc::new(Notify::new()), Arc::new(Notify::new()));

    let capture = capture::Capture::new(
        scribe.clone(),
        settings.metrics.clone(),
        Arc::clone(&fetcher),
        Arc::clone(&wanted),
        Arc::clone(&reachable),
    );
    let gaps = gaps::Gaps::open(scribe.clone(), settings.last_at_work).await?;
    let session = ServerSession::new(settings.clone(), client, scribe, unclaimed.clone(), wanted, reachable, gaps);

    let mut tasks = JoinSet::new();
    if settings.folders != SharedFolders::default() {
        let (begun, watched) = oneshot::channel();
        let watching = watch::watch(roots, fetcher, unclaimed, begun, shutdown.clone());
        tasks.spawn(async move {
            watching.await;
            Ok(())
        });
        // What a run writes that we hear of is watched from its beginning.
        let _ = timeout(WATCHED_FIRST, watched).await;
    }
    tasks.spawn(capture.run(shutdown.clone()));
    tasks.spawn(session.run(shutdown.clone()));
    let mut outcome = Ok(());
    while let Some(ended) = tasks.join_next().await {
        let ended = ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
        match ended {
            Ok(()) => {}
            Err(Error::Stopped { .. }) if shutdown.is_cancelled() => {}
            Err(error) => {
                shutdown.cancel();
                outcome = outcome.and(Err(error));
            }
        }
    }
    outcome
}
