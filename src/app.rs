//! Opens every room, joins them, watches over their tasks, and closes them in order. The only file that knows them all.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::blobs::Blobs;
use crate::comfy::Endpoint;
use crate::config::{self, Config, Host, Instance, Password};
use crate::indexer;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::model::{IndexProgress, Timestamp};
use crate::recorder::{self, Folders};
use crate::search::Zone;
use crate::store::{Cache, Store};
use crate::thumbs::{self, Ffmpeg, Thumbs};
use crate::web::{self, Auth, SessionKey, Site};

/// How long the files in hand may take when we are told to stop. Half a file is fetched again at the next start.
const LAST_FILES: Duration = Duration::from_secs(10);

/// Threads for work that blocks: copying, hashing, describing. Each costs memory while it lives.
const BLOCKING_THREADS: usize = 24;

/// Runs the daemon until it is told to stop. `announce` is given the one line that says it is ready.
///
/// # Errors
/// What can't be opened, bound or resolved, with what to do; a task that ended unasked; a second signal.
pub fn run(config: Config, announce: impl FnOnce(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let runtime = threads()?;
    let outcome = runtime.block_on(serve(config, announce));
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
        let store = Store::open(data_dir)?;
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
        .context("start the threads of the daemon")
}

async fn serve(config: Config, announce: impl FnOnce(&str) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let (store, blobs) = open(&config.data_dir)?;
    let listener = bind(&config).await?;
    let address = listener.local_addr().context("read the address that was bound")?;

    let (live, shutdown, mut tasks) = (Live::default(), CancellationToken::new(), JoinSet::new());
    let metrics = Metrics::default();
    let thumbs = thumbs(&config.data_dir, &store, &blobs, &shutdown);
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
    let thumbnails = thumbs::run(thumbs, live.events(), shutdown.clone());
    tasks.spawn(async {
        thumbnails.await;
        Ok(())
    });
    let indexing = indexer::run(store.clone(), live.clone(), shutdown.clone());
    tasks.spawn(async {
        indexing.await;
        Ok(())
    });
    let base = config.base_path.clone();
    let last_at_work = store.last_alive().await.context("read when a daemon was last at work")?;
    for instance in config.comfyui {
        let settings = recorder_settings(instance, config.redact_secrets, last_at_work, metrics.clone());
        let recording = recorder::run(settings, store.clone(), blobs.clone(), live.clone(), shutdown.clone());
        tasks.spawn(async { recording.await.map_err(anyhow::Error::new) });
    }
    let noting = recorder::note_alive(store.clone(), live.clone(), shutdown.clone());
    tasks.spawn(async {
        noting.await;
        Ok(())
    });
    announce(&format!("comfy-recall listening on http://{address}{base}\n"))?;

    let outcome = tokio::select! {
        () = signals.next() => Ok(()),
        Some(ended) = tasks.join_next() => Err(ended_unasked(ended)),
    };
    tracing::info!("stopping");
    shutdown.cancel();
    tokio::select! {
        stopped = stop(tasks, store) => outcome.and(stopped),
        () = signals.next() => bail!("stopped at once by a second signal; files that were being copied are copied at the next start"),
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
        Ok(Ok(())) => anyhow::anyhow!("a part of the daemon ended unasked"),
        Ok(Err(error)) => error,
        Err(panic) => anyhow::Error::new(panic).context("a part of the daemon broke"),
    }
}

fn open(data_dir: &Path) -> anyhow::Result<(Store, Blobs)> {
    let store = Store::open(data_dir)?;
    if is_network_filesystem(data_dir) {
        let path = data_dir.display();
        tracing::warn!(
            "the data folder {path} is on a network filesystem, where SQLite can lose data; move it to a local disk"
        );
    }
    Ok((store, Blobs::open(&data_dir.join("blobs"))?))
}

fn thumbs(data_dir: &Path, store: &Store, blobs: &Blobs, shutdown: &CancellationToken) -> Thumbs {
    let ffmpeg = std::env::var_os("PATH").and_then(|folders| Ffmpeg::find(&folders));
    if ffmpeg.is_none() {
        tracing::info!("no ffmpeg on the PATH: videos are shown without posters");
    }
    Thumbs::new(store.clone(), blobs.clone(), Cache::open(data_dir), ffmpeg, shutdown.clone())
}

async fn bind(config: &Config) -> anyhow::Result<TcpListener> {
    let (host, port) = (&config.listen.host, config.listen.port);
    let addresses: Vec<SocketAddr> = match host {
        Host::Ip(ip) => vec![SocketAddr::new(*ip, port)],
        Host::Name(name) => {
            let found = tokio::net::lookup_host((name.as_str(), port)).await;
            found.with_context(|| format!("listen \"{}\": no address has this name", config.listen))?.collect()
        }
    };
    // `localhost` was let through without a password on its word alone.
    let is_public = |address: &SocketAddr| !is_loopback(address.ip());
    ensure!(
        !config.auth.is_open() || config.auth.no_auth || !addresses.iter().any(is_public),
        "listen \"{}\": the name leads to an address that others can reach; set a password or a token, or --no-auth",
        config.listen
    );
    let bound = TcpListener::bind(addresses.as_slice()).await;
    bound.with_context(|| {
        format!("listen on {}: choose another address with --listen, or stop what uses this one", config.listen)
    })
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// The secrets as the door wants them: hashed. Reads or makes the key of the sessions where people can sign in.
fn auth(config: &Config) -> anyhow::Result<Option<Auth>> {
    let key = match config.auth.password {
        Some(_) => SessionKey::open(&config.data_dir),
        None => SessionKey::passing(),
    };
    let key = key.context("make or read the key of the sessions in the data folder")?;
    let password = match &config.auth.password {
        Some(Password::Plain(password)) => {
            Some(config::hash_password(password, Some(key.salt())).context("hash the password")?)
        }
        Some(Password::Hashed(hash)) => Some(hash.clone()),
        None => None,
    };
    let tokens = config.auth.tokens.iter().cloned();
    let tokens = tokens.map(|config::Token { name, scope, hash }| web::Token { name, scope, hash });
    Ok(Auth::new(password, tokens.collect(), key))
}

fn site_settings(config: &Config) -> anyhow::Result<web::Settings> {
    Ok(web::Settings {
        allowed_hosts: config.allowed_hosts.clone(),
        base: config.base_path.clone(),
        proxies: config.trusted_proxies.clone(),
        auth: auth(config)?,
        zone: Zone::default(),
        cors_origins: config.cors_origins.clone(),
        comfyui_origins: config.comfyui.iter().map(|instance| instance.url.to_string()).collect(),
    })
}

fn recorder_settings(
    instance: Instance,
    redacts_secrets: bool,
    last_at_work: Option<Timestamp>,
    metrics: Metrics,
) -> recorder::Settings {
    let Instance { name, url, headers, accept_invalid_certs, folders } = instance;
    recorder::Settings {
        name,
        endpoint: Endpoint { url, headers, accept_invalid_certs },
        folders: Folders { output: folders.output, temp: folders.temp, input: folders.input },
        redacts_secrets,
        last_at_work,
        metrics,
    }
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

/// What asks us to stop.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).context("listen to signals");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        // Without a console to hear from, only the end of the process stops us.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
