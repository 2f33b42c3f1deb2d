//! Hears one ComfyUI and writes down everything it makes.
//!
//! The doorbell (WebSocket), a timer and the watched folders only say *when* to look; what happened is read from `/queue`
//! and `/history`, compared with what the store knows ([`reconcile`], pure), described, and saved. Files follow: each is
//! fetched until it is here or known to be gone. Every step may run twice, and a crash between two loses nothing.
//!
//! The way of one generation: [`lookout`] → [`listen`] → [`look`] → [`record`] → [`reconcile`] → [`describe`] → [`attribute`]
//! → [`scribe`] → [`capture`].

mod alive;
mod attribute;
mod books;
mod capture;
mod describe;
mod ear;
mod fetch;
mod folders;
mod gaps;
mod hands;
mod held;
mod hidden;
mod inputs;
mod keys;
mod listen;
mod lives;
mod look;
mod lookout;
mod names;
mod outputs;
mod pace;
mod pages;
mod readings;
pub mod reconcile;
mod record;
mod replaced;
pub mod rings;
mod room;
mod scribe;
mod traces;
mod vanish;
mod walk;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::blobs::Blobs;
use crate::comfy::{self, Client, Endpoint};
use crate::json::Names;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::model::{InstanceName, Timestamp};
use crate::store::{self, Store};

pub use alive::note_alive;
pub use folders::Folders;
pub use record::{DESCRIBING, Turns};
pub use room::watch_room;
use scribe::Scribe;

/// How long nothing is recorded while the folders begin to be watched, which takes milliseconds unless their disk hangs.
const WATCHED_FIRST: Duration = Duration::from_secs(2);

/// Which ComfyUI to record, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its name.
    pub name: InstanceName,
    /// Where it is.
    pub endpoint: Endpoint,
    /// Its folders, where we share a disk with it.
    pub folders: Folders,
    /// What secrets are replaced before anything is written; `None`: all are kept.
    pub secrets: Option<Names>,
    /// When a daemon was last at work on this store; `None` when none ever was.
    pub last_at_work: Option<Timestamp>,
    /// Whether somebody wants to know how many runs a backfill has to read: that takes some small requests more.
    pub counts_history: bool,
    /// Hears how soon files are safe.
    pub metrics: Metrics,
    /// Turns to describe what ComfyUI told, of all recorders together.
    pub describing: Turns,
}

/// Why a recorder gave up for good. What ComfyUI or the network does never ends it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store can't be read or written, and trying again won't help.
    #[error("record the runs of {instance}")]
    Store {
        /// Whose recorder.
        instance: InstanceName,
        /// What the store said.
        source: store::Error,
    },
    /// The address can't be used.
    #[error("prepare to record {instance}")]
    Setup {
        /// Whose recorder.
        instance: InstanceName,
        /// What is wrong.
        source: comfy::Error,
    },
    /// Stopped while the disk was full; what could not be written is still in ComfyUI's history.
    #[error("stopped while {instance} waited for the disk")]
    Stopped {
        /// Whose recorder.
        instance: InstanceName,
    },
}

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
    let (held, wanted, reachable) = (held::Held::default(), Arc::new(Notify::new()), Arc::new(Notify::new()));

    let capture = capture::Capture::new(
        scribe.clone(),
        settings.metrics.clone(),
        Arc::clone(&fetcher),
        Arc::clone(&wanted),
        Arc::clone(&reachable),
    );
    let gaps = gaps::Gaps::open(scribe.clone(), settings.last_at_work).await?;
    let listener = listen::Listener::new(settings.clone(), client, scribe, held.clone(), wanted, reachable, gaps);

    let mut tasks = JoinSet::new();
    if settings.folders != Folders::default() {
        let (begun, watched) = oneshot::channel();
        let watching = watch::watch(roots, fetcher, held, begun, shutdown.clone());
        tasks.spawn(async move {
            watching.await;
            Ok(())
        });
        // What a run writes that we hear of is watched from its beginning.
        let _ = timeout(WATCHED_FIRST, watched).await;
    }
    tasks.spawn(capture.run(shutdown.clone()));
    tasks.spawn(listener.run(shutdown.clone()));
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
