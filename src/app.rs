//! Opens every room, joins them, watches over their tasks, and closes them in order. The only file that knows them all.

mod door;
mod front;
mod orphaned;
mod patience;
mod recorders;
mod signals;
mod tenant;
mod welcome;

use std::future::ready;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::blobs::{self, Blobs};
use crate::browser;
use crate::config::{self, Config, Password, ServerConfig};
use crate::indexer;
use crate::json::Names;
use crate::live::Live;
use crate::memory;
use crate::metrics::Metrics;
use crate::model::IndexProgress;
use crate::recorder;
use crate::search::Zone;
use crate::store::{self, Store};
use crate::thumbs::{self, Cache, Ffmpeg, Thumbs};
use crate::web::{self, AccessCheck, SessionKey, Site};
use crate::webhooks::{self, Webhook};
use patience::{insist, may_pass, subscribe};
use recorders::Recorders;
use welcome::Welcome;

pub use front::{Announce, Front, Say, Voice};

/// How long the files in hand may take when we are told to stop. Half a file is fetched again at the next start.
const LAST_FILES: Duration = Duration::from_secs(10);

/// Threads for work that blocks, which only our own disk and processors may hold up. Files that arrive and what is described
/// take turns; beyond these there are enough for all that else has a limit (archives 8, readers of the databases 8,
/// thumbnails 4, passwords 2). Each costs memory while it lives.
const BLOCKING_THREADS: usize = blobs::TURNS + recorder::DESCRIBING + 26;

/// Runs the daemon until the process is told to stop.
///
/// # Errors
/// What can't be opened, bound or resolved, with what to do; a task that ended unasked; a second signal.
pub fn run(config: Config, front: Front) -> anyhow::Result<()> {
    let runtime = threads()?;
    let outcome = runtime.block_on(async {
        let stops = signals::listen()?;
        serve(config, front, stops).await
    });
    // What still runs here was given up on: after a second signal, or after the last files had their time.
    runtime.shutdown_background();
    outcome
}

/// Indexes every run again, while no daemon uses the data folder. `tell` hears how far it is. Gives how many runs there
/// are.
///
/// # Errors
/// What can't be opened, read or written. What was done is kept, and the daemon does the rest.
pub fn reindex(data_dir: &Path, tell: impl FnMut(IndexProgress)) -> anyhow::Result<u64> {
    threads()?.block_on(async {
        let store = Store::open_and_tell(data_dir, front::tell_of_upgrade(&Voice::default()))?;
        let outcome = indexer::reindex(&store, tell).await.context("index the runs");
        let runs = store.index_progress().await.map(|progress| progress.runs);
        outcome.and(store.close().await.context("close the database"))?;
        Ok(runs?)
    })
}

fn threads() -> anyhow::Result<runtime::Runtime> {
    runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()
        .context("start the daemon's threads")
}

/// Runs the daemon until something comes through `stops`; the second one doesn't wait for anything.
///
/// # Errors
/// As [`run`].
pub async fn serve(config: Config, front: Front, stops: mpsc::Receiver<()>) -> anyhow::Result<()> {
    let (store, blobs, listener) = match start(&config, &front.voice).await {
        Ok(started) => started,
        Err(error) => return door::refused(error, &config, &front).await,
    };
    let address = listener.local_addr().context("read the address that was bound")?;
    let (live, shutdown, mut tasks) = (store.live().clone(), CancellationToken::new(), JoinSet::new());
    let metrics = Metrics::default();
    let (is_new, is_orphaned) = look_back(&store, &blobs, &live, &config.data_dir).await?;
    spawn_endless(&mut tasks, orphaned::watch(store.clone(), blobs.clone(), live.clone(), shutdown.clone()));
    let thumbs = thumbs(&config.data_dir, &store, &blobs, is_new, &shutdown);
    let site = Site {
        store: store.clone(),
        blobs: blobs.clone(),
        thumbs: thumbs.clone(),
        live: live.clone(),
        metrics: metrics.clone(),
        settings: site_settings(&config)?,
    };
    let serving = web::serve(listener, site, shutdown.clone());
    tasks.spawn(async { serving.await.context("serve the pages") });
    spawn_deriving(&mut tasks, &store, &thumbs, &live, &shutdown);
    let (base, webhooks) = (config.base_path.clone(), webhooks(config.webhooks));
    let subscribing = subscribe(store.clone(), live.clone(), webhooks.clone(), shutdown.clone());
    let telling = webhooks::run(webhooks, store.clone(), live.clone(), base.to_string(), shutdown.clone());
    tasks.spawn(async { telling.await.context("prepare to call webhooks") });
    let page = browser::address(address, base.as_str());
    spawn_endless(&mut tasks, recorder::watch_room(blobs.clone(), live.clone(), shutdown.clone()));
    let recorders = Recorders {
        store: store.clone(),
        blobs,
        live: live.clone(),
        metrics,
        describing: recorder::Turns::default(),
        secrets: config.redact_secrets.then(|| Names::new(&config.redact, &config.redact_except)),
        last_at_work: insist(|| store.last_alive(), store::Error::is_transient)
            .await
            .context("read when a daemon last ran")?,
        welcome: Welcome::new(&front.voice, is_new && !is_orphaned, &page),
        shutdown: shutdown.clone(),
    };
    (front.announce)(&format!("comfy-recall listening on http://{address}{base}\n"))?;
    front.open(&page);
    tokio::spawn(recorders.welcome.clone().run(live.clone(), store.clone(), shutdown.clone()));
    let (looks_at, comfyui) = (config.looks_at, config.comfyui);
    if !is_new {
        let named = if looks_at.is_empty() { comfyui.iter() } else { [].iter() };
        let named = named.map(|it| (it.name.clone(), it.url.to_string())).collect();
        tokio::spawn(welcome::back(front.voice, named, config.data_dir.clone(), store.clone()));
    }
    tasks.spawn(async move {
        // Before anything ends that they want to know of.
        match subscribing.await.context("store which webhooks are called")? {
            true => record(recorders, looks_at, comfyui).await,
            false => Ok(()),
        }
    });
    spawn_endless(&mut tasks, recorder::run_heartbeat(store.clone(), live.clone(), shutdown.clone()));
    until_stopped(tasks, stops, store, &config.data_dir, &shutdown).await
}

/// Whether nothing was recorded yet, and whether the records of files that are there are gone.
async fn look_back(store: &Store, blobs: &Blobs, live: &Live, data_dir: &Path) -> anyhow::Result<(bool, bool)> {
    let is_new =
        insist(|| store.is_new(), store::Error::is_transient).await.context("read whether anything was recorded")?;
    let look = || orphaned::look(store, blobs, live, is_new, data_dir);
    let is_orphaned =
        insist(look, store::Error::is_transient).await.context("store that the records of files are gone")?;
    Ok((is_new, is_orphaned))
}

/// Starts what follows recording and holds nothing up: thumbnails and the search index.
fn spawn_deriving(
    tasks: &mut JoinSet<anyhow::Result<()>>,
    store: &Store,
    thumbs: &Thumbs,
    live: &Live,
    shutdown: &CancellationToken,
) {
    spawn_endless(tasks, rest(store.clone(), thumbs.clone(), shutdown.clone()));
    spawn_endless(tasks, thumbs::run(thumbs.clone(), live.events(), shutdown.clone()));
    spawn_endless(tasks, indexer::run(store.clone(), live.clone(), shutdown.clone()));
}

/// Waits for a signal, a `comfy-recall stop` or a task that fails; then ends everything in order.
async fn until_stopped(
    mut tasks: JoinSet<anyhow::Result<()>>,
    mut stops: mpsc::Receiver<()>,
    store: Store,
    data_dir: &Path,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let outcome = tokio::select! {
        _ = stops.recv() => Ok(()),
        () = store::asked_to_stop(data_dir) => Ok(()),
        Some(ended) = tasks.join_next() => Err(ended_unasked(ended)),
    };
    tracing::info!("stopping");
    shutdown.cancel();
    tokio::select! {
        stopped = stop(tasks, store) => outcome.and(stopped),
        Some(()) = stops.recv() => bail!("stopped at once by a second signal; unfinished files are copied at the next start"),
    }
}

/// Opens what only one daemon may hold: the port, the data folder's lock and what is in it.
async fn start(config: &Config, voice: &Voice) -> anyhow::Result<(Store, Blobs, TcpListener)> {
    // First the address: one that is taken leaves no new data folder behind.
    let listener = door::bind(config).await?;
    let (store, blobs) = insist(|| ready(open(&config.data_dir, voice)), may_pass).await?;
    Ok((store, blobs, listener))
}

/// Adds a task that ends with the daemon and can't fail.
fn spawn_endless(tasks: &mut JoinSet<anyhow::Result<()>>, task: impl Future<Output = ()> + Send + 'static) {
    tasks.spawn(async {
        task.await;
        Ok(())
    });
}

/// Lets go of what nobody wanted for a while, from time to time.
async fn rest(store: Store, thumbs: Thumbs, shutdown: CancellationToken) {
    let mut rounds = tokio::time::interval(memory::ROUND);
    while shutdown.run_until_cancelled(rounds.tick()).await.is_some() {
        tokio::join!(store.rest(memory::UNUSED), thumbs.rest());
    }
}

async fn record(recorders: Recorders, ports: Vec<u16>, mut instances: Vec<ServerConfig>) -> anyhow::Result<()> {
    match instances.len() {
        1 if !ports.is_empty() => recorders.look_and_record(&ports, instances.remove(0)).await,
        _ => recorders.record(instances).await,
    }
}

/// Lets the files in hand be finished, then the writer.
async fn stop(mut tasks: JoinSet<anyhow::Result<()>>, store: Store) -> anyhow::Result<()> {
    let mut outcome = Ok(());
    let last_files = timeout(LAST_FILES, async {
        while let Some(ended) = tasks.join_next().await {
            outcome =
                std::mem::replace(&mut outcome, Ok(())).and(ended.map_err(anyhow::Error::new).and_then(|ended| ended));
        }
    });
    if last_files.await.is_err() {
        tracing::warn!("a file took too long to finish; it is copied at the next start");
    }
    tasks.abort_all();
    outcome.and(store.close().await.context("close the database"))
}

fn ended_unasked(ended: Result<anyhow::Result<()>, tokio::task::JoinError>) -> anyhow::Error {
    match ended {
        Ok(Ok(())) => anyhow::anyhow!("a part of the daemon ended unexpectedly"),
        Ok(Err(error)) => error,
        Err(panic) => anyhow::Error::new(panic).context("a part of the daemon crashed"),
    }
}

fn open(data_dir: &Path, voice: &Voice) -> anyhow::Result<(Store, Blobs)> {
    let store = Store::open_and_tell(data_dir, front::tell_of_upgrade(voice))?;
    if is_network_filesystem(data_dir) {
        let path = data_dir.display();
        tracing::warn!(
            "the data folder {path} is on a network file system, where SQLite can lose data; move it to a local disk"
        );
    }
    Ok((store, Blobs::open(&data_dir.join("blobs"))?))
}

fn thumbs(data_dir: &Path, store: &Store, blobs: &Blobs, is_new: bool, shutdown: &CancellationToken) -> Thumbs {
    let ffmpeg = std::env::var_os("PATH").and_then(|folders| Ffmpeg::find(&folders));
    // Whoever knows and lives without isn't told again.
    if ffmpeg.is_none() && is_new {
        tracing::info!("no ffmpeg on the PATH: videos are shown without posters");
    }
    Thumbs::new(store.clone(), blobs.clone(), Cache::open(data_dir), ffmpeg, shutdown.clone())
}

/// The secrets as the door wants them: hashed. Reads or makes the key of the sessions where people can sign in.
fn auth(config: &Config) -> anyhow::Result<Option<AccessCheck>> {
    let key = match config.auth.password {
        Some(_) => SessionKey::open(&config.data_dir),
        None => SessionKey::passing(),
    };
    let key = key.context("create or read the session key in the data folder")?;
    let password = match &config.auth.password {
        Some(Password::Plain(password)) => {
            Some(config::hash_password(password, Some(key.salt())).context("hash the password")?)
        }
        Some(Password::Hashed(hash)) => Some(hash.clone()),
        None => None,
    };
    let tokens = config.auth.tokens.iter().cloned();
    let tokens = tokens.map(|config::Token { name, scope, hash }| web::AcceptedToken { name, scope, hash });
    Ok(AccessCheck::new(password, tokens.collect(), key))
}

fn site_settings(config: &Config) -> anyhow::Result<web::SiteSettings> {
    Ok(web::SiteSettings {
        allowed_hosts: config.allowed_hosts.clone(),
        base: config.base_path.clone(),
        proxies: config.trusted_proxies.clone(),
        auth: auth(config)?,
        zone: Zone::default(),
        cors_origins: config.cors_origins.clone(),
        // Where nobody named one, the one that is assumed is nobody's choice.
        comfyui_origins: match config.looks_at.is_empty() {
            true => config.comfyui.iter().map(|instance| instance.url.to_string()).collect(),
            false => Vec::new(),
        },
    })
}

fn webhooks(configured: Vec<config::WebhookConfig>) -> Vec<Webhook> {
    let webhook = |it: config::WebhookConfig| Webhook {
        shown: it.shown(),
        key: it.key(),
        url: it.url,
        statuses: it.statuses,
        instances: it.instances,
    };
    configured.into_iter().map(webhook).collect()
}

/// Whether SQLite's locks and shared memory can't be relied on there. Only Linux is asked.
fn is_network_filesystem(path: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        /// NFS, SMB, CIFS, SMB2, 9P, Ceph, AFS, Coda; `statfs(2)` and linux/magic.h have the numbers.
        const NETWORK: [u64; 8] =
            [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x0102_1997, 0x00c3_6400, 0x5346_414f, 0x7375_7245];
        rustix::fs::statfs(path)
            .is_ok_and(|found| u64::try_from(found.f_type).is_ok_and(|kind| NETWORK.contains(&kind)))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        false
    }
}
