//! What the web room is given, and what its handlers share. A handler asks for the parts that it uses, by `State<Part>`; none
//! gets them all.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::FromRef;
use ipnet::IpNet;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::facts::FactsCache;
use crate::blobs::Blobs;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::model::{BasePath, Timestamp};
use crate::search::Zone;
use crate::store::History;
use crate::store::{self, Store};
use crate::thumbs::Thumbs;
use crate::web::auth::check::AccessCheck;
use crate::web::http::cors::{AllowedReaders, Origins};
use crate::web::http::framing::Framing;
use crate::web::http::host::AllowedHosts;
use crate::web::http::problem::Problem;

/// Big documents that are worked on at the same time; more requests wait their turn. Bounds memory (a document may have
/// 30 MB), and leaves threads to the rest of the daemon.
const HEAVY_JOBS: usize = 2;

/// Documents up to this long are worked on in less time than a change of threads and a turn in the queue may cost.
const LIGHT_BYTES: usize = 256 * 1024;

/// The rooms that are shown, and how.
#[derive(Debug, Clone)]
pub struct Site {
    /// What is recorded.
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
    pub settings: SiteSettings,
}

/// The operator's choices.
#[derive(Debug, Clone, Default)]
pub struct SiteSettings {
    /// Names beside `localhost` and our addresses that the `Host` header may say; with a port, only that port.
    pub allowed_hosts: Vec<String>,
    /// The path below which everything is served.
    pub base: BasePath,
    /// The proxies that may say for whom a request is.
    pub proxies: Vec<IpNet>,
    /// Who may read; `None`: everybody who reaches us.
    pub auth: Option<AccessCheck>,
    /// Where days begin for a viewer who doesn't say.
    pub zone: Zone,
    /// Further sites whose pages may read here, also in the name of who is signed in.
    pub cors_origins: Vec<String>,
    /// The addresses of the ComfyUI servers that the configuration names, whose pages may read here.
    pub comfyui_origins: Vec<String>,
}

/// All parts, for the router alone.
#[derive(Debug, Clone)]
pub struct SiteState(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    vitals: Vitals,
    dismissals: Dismissals,
    thumbs: Thumbs,
    metrics: Metrics,
    facts: FactsCache,
    zone: Zone,
    base: BasePath,
    auth: Option<AccessCheck>,
    readers: AllowedReaders,
    closing: CancellationToken,
    heavy: HeavyWork,
}

/// What tells how the daemon and what it records are doing.
#[derive(Debug, Clone)]
pub struct Vitals {
    /// The records.
    pub history: History,
    /// The files, and the disk that they are on.
    pub blobs: Blobs,
    /// What is going on.
    pub live: Live,
    /// Since when it serves.
    pub started_at: Timestamp,
}

/// Says of gaps that somebody knows of them: the only records that requests change.
#[derive(Debug, Clone)]
pub struct Dismissals(Store);

/// Where big documents are worked on.
#[derive(Debug, Clone)]
pub struct HeavyWork(Arc<Semaphore>);

impl SiteState {
    /// Joins the site with the address it is served at, and with the signal to stop.
    pub fn new(site: Site, listen: SocketAddr, closing: CancellationToken) -> Self {
        let Site { store, blobs, thumbs, live, metrics, settings } = site;
        let hosts = AllowedHosts::new(listen, &settings.allowed_hosts);
        let origins = Origins::new(&settings.cors_origins, &settings.comfyui_origins);
        let SiteSettings { base, auth, zone, .. } = settings;
        let history = store.history().clone();
        Self(Arc::new(Shared {
            vitals: Vitals { history, blobs, live, started_at: Timestamp::now() },
            dismissals: Dismissals(store),
            thumbs,
            metrics,
            facts: FactsCache::default(),
            zone,
            base,
            auth,
            readers: AllowedReaders { hosts: Arc::new(hosts), origins: Arc::new(origins) },
            closing,
            heavy: HeavyWork(Arc::new(Semaphore::new(HEAVY_JOBS))),
        }))
    }
}

/// Each part by its type, and where it stands.
macro_rules! parts {
    ($($part:ty: $state:ident => $where:expr;)*) => {
        $(
            impl FromRef<SiteState> for $part {
                fn from_ref(SiteState($state): &SiteState) -> Self {
                    $where
                }
            }
        )*
    };
}

parts! {
    Vitals: state => state.vitals.clone();
    History: state => state.vitals.history.clone();
    Blobs: state => state.vitals.blobs.clone();
    Live: state => state.vitals.live.clone();
    Dismissals: state => state.dismissals.clone();
    Thumbs: state => state.thumbs.clone();
    Metrics: state => state.metrics.clone();
    FactsCache: state => state.facts.clone();
    Zone: state => state.zone;
    BasePath: state => state.base.clone();
    Option<AccessCheck>: state => state.auth.clone();
    Arc<AllowedHosts>: state => state.readers.hosts.clone();
    AllowedReaders: state => state.readers.clone();
    Framing: state => Framing {
        readers: state.readers.clone(),
        live: state.vitals.live.clone(),
        base: state.base.clone(),
    };
    CancellationToken: state => state.closing.clone();
    HeavyWork: state => state.heavy.clone();
}

impl Dismissals {
    /// Says that somebody knows of a gap, and returns since when; `None` where there is no such gap, or it lasts.
    pub async fn dismiss(&self, gap: i64) -> Result<Option<Timestamp>, store::Error> {
        self.0.dismiss_gap(gap, Timestamp::now()).await
    }
}

impl HeavyWork {
    /// Works on this many bytes of documents: at once when they are few, else where it doesn't hold up anybody.
    pub async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        job: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        if bytes <= LIGHT_BYTES {
            return job();
        }
        // Never closed, so this can only succeed.
        let _turn = self.0.acquire().await;
        tokio::task::spawn_blocking(job).await.map_err(|error| Problem::internal("work on a big document", error))?
    }
}
