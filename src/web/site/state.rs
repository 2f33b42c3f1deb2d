//! What the web room is given, and what its handlers share.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use ipnet::IpNet;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::facts::Memory;
use crate::blobs::Blobs;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::model::{BasePath, Timestamp};
use crate::search::Zone;
use crate::store::Store;
use crate::thumbs::Thumbs;
use crate::web::auth::check::Auth;
use crate::web::error::Error;
use crate::web::http::cors::Origins;
use crate::web::http::host::AllowedHosts;

/// Big documents that are worked on at the same time; more requests wait their turn. Bounds memory (a document may have
/// 30 MB), and leaves threads to the rest of the daemon.
const HEAVY_JOBS: usize = 2;

/// Documents up to this long are worked on in less time than a change of threads and a turn in the queue may cost.
const LIGHT_BYTES: usize = 256 * 1024;

/// The rooms that are shown, and how.
#[derive(Debug, Clone)]
pub struct Site {
    /// What is remembered. Only read here.
    pub store: Store,
    /// The files. Only opened here.
    pub blobs: Blobs,
    /// The files, small. Asked for, never told what to make.
    pub thumbs: Thumbs,
    /// What is going on.
    pub live: Live,
    /// What is counted.
    pub metrics: Metrics,
    /// How the operator wants it.
    pub settings: Settings,
}

/// The operator's choices.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Names beside `localhost` and our addresses that the `Host` header may say; with a port, only that port.
    pub allowed_hosts: Vec<String>,
    /// The path below which everything is served.
    pub base: BasePath,
    /// The proxies that may say for whom a request is.
    pub proxies: Vec<IpNet>,
    /// Who may read; `None`: everybody who reaches us.
    pub auth: Option<Auth>,
    /// Where days begin for a viewer who doesn't say.
    pub zone: Zone,
    /// Further sites whose pages may read here, also in the name of who is signed in.
    pub cors_origins: Vec<String>,
    /// The addresses of the ComfyUI servers that the configuration names, whose pages may read here.
    pub comfyui_origins: Vec<String>,
}

/// What every handler reaches.
#[derive(Debug, Clone)]
pub struct App(Arc<Shared>);

/// Behind the handle.
#[derive(Debug)]
pub struct Shared {
    /// What is remembered.
    pub store: Store,
    /// The files.
    pub blobs: Blobs,
    /// The files, small.
    pub thumbs: Thumbs,
    /// What is going on.
    pub live: Live,
    /// What is counted.
    pub metrics: Metrics,
    /// What the prompts of the lists say.
    pub told: Memory,
    /// Where days begin for a viewer who doesn't say.
    pub zone: Zone,
    /// The path below which everything is served.
    pub base: BasePath,
    /// The proxies that may say for whom a request is.
    pub proxies: Vec<IpNet>,
    /// The names we answer to.
    pub hosts: AllowedHosts,
    /// Who may read.
    pub auth: Option<Auth>,
    /// We are about to stop: what has no end of its own ends now.
    pub closing: CancellationToken,
    /// Since when it serves.
    pub started_at: Timestamp,
    /// Other sites whose pages may read here.
    pub origins: Origins,
    heavy: Semaphore,
}

impl App {
    /// Joins the site with the address it is served at, and with the word to stop.
    pub fn new(site: Site, listen: SocketAddr, closing: CancellationToken) -> Self {
        let Site { store, blobs, thumbs, live, metrics, settings } = site;
        let hosts = AllowedHosts::new(listen, &settings.allowed_hosts);
        let origins = Origins::new(&settings.cors_origins, &settings.comfyui_origins);
        let heavy = Semaphore::new(HEAVY_JOBS);
        let Settings { base, proxies, auth, zone, .. } = settings;
        let shared = Shared {
            store,
            blobs,
            thumbs,
            live,
            metrics,
            told: Memory::default(),
            zone,
            base,
            proxies,
            hosts,
            auth,
            closing,
            started_at: Timestamp::now(),
            origins,
            heavy,
        };
        Self(Arc::new(shared))
    }

    /// What stands before every address of ours: empty, or `/` and a path without a slash at its end.
    pub fn base(&self) -> &str {
        self.base.as_str()
    }

    /// Works on so many bytes of documents: at once when they are few, else where it doesn't hold up anybody.
    pub async fn work<T: Send + 'static>(
        &self,
        bytes: usize,
        job: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        if bytes <= LIGHT_BYTES {
            return job();
        }
        // Never closed, so this can only succeed.
        let _turn = self.heavy.acquire().await;
        tokio::task::spawn_blocking(job).await.map_err(Error::Work)?
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
