//! One recorder for each ComfyUI. Where nobody said which there are, they are looked for on this machine: once at the first
//! start, and at an easy pace as long as none is heard. What was found is remembered, so that the next start needs no look.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::anyhow;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use super::welcome::Welcome;
use crate::blobs::Blobs;
use crate::comfy::{self, Endpoint, Found};
use crate::config::{self, ServerConfig};
use crate::json::Names;
use crate::live::Live;
use crate::metrics::Metrics;
use crate::model::{ConnectionState, InstanceName, Timestamp};
use crate::recorder::{self, SharedFolders};
use crate::store::Store;

/// Between two looks, at first and at most: a server that isn't ComfyUI is asked too, and writes a line each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What all recorders need.
#[derive(Debug)]
pub(super) struct Recorders {
    pub(super) store: Store,
    pub(super) blobs: Blobs,
    pub(super) live: Live,
    pub(super) metrics: Metrics,
    pub(super) describing: recorder::Turns,
    pub(super) secrets: Option<Names>,
    pub(super) last_at_work: Option<Timestamp>,
    pub(super) welcome: Welcome,
    pub(super) shutdown: CancellationToken,
}

/// A recorder at work.
struct AtWork {
    instance: ServerConfig,
    stop: CancellationToken,
}

/// The recorders that are at work.
#[derive(Default)]
struct Crew {
    at_work: Vec<AtWork>,
    tasks: JoinSet<(InstanceName, Result<(), recorder::Error>)>,
}

impl Recorders {
    /// Records these servers until `shutdown`.
    pub(super) async fn record(self, instances: Vec<ServerConfig>) -> anyhow::Result<()> {
        let mut crew = Crew::default();
        instances.into_iter().for_each(|instance| self.start(&mut crew, instance));
        crew.ended().await
    }

    /// Looks for servers on these ports of this machine, and records what is found until `shutdown`. `assumed` is
    /// recorded while there is none.
    pub(super) async fn look_and_record(self, ports: &[u16], assumed: ServerConfig) -> anyhow::Result<()> {
        let mut crew = Crew::default();
        for (name, url) in self.store.found_servers().await? {
            if let Ok(url) = Url::parse(&url) {
                self.start(&mut crew, instance(name, url, &assumed));
            }
        }
        let is_remembered = !crew.at_work.is_empty();
        if !is_remembered {
            self.welcome.looks(ports);
            let everywhere = comfy::on_this_machine(ports);
            let found = tokio::select! {
                found = comfy::look(&everywhere) => comfy::distinct(found, &[]),
                () = self.shutdown.cancelled() => return Ok(()),
            };
            if found.is_empty() {
                self.welcome.found_none();
                self.start(&mut crew, assumed.clone());
            } else {
                self.adopt(&mut crew, found, &assumed).await?;
            }
        }
        tokio::select! {
            // First, as whoever is at work ends then, which is no failure.
            biased;
            () = self.shutdown.cancelled() => {}
            sought = self.seek(&mut crew, ports, &assumed, is_remembered) => sought?,
        }
        crew.ended().await
    }

    /// Looks on until somebody is heard.
    async fn seek(
        &self,
        crew: &mut Crew,
        ports: &[u16],
        assumed: &ServerConfig,
        mut is_remembered: bool,
    ) -> anyhow::Result<()> {
        let mut events = self.live.events();
        let mut wait = FIRST_WAIT;
        let mut due = Box::pin(sleep(wait));
        loop {
            let is_heard = self.live.health().iter().any(|it| it.connection == ConnectionState::Connected);
            if is_heard {
                // Where none was found at first and the assumed one came by itself, that one is remembered.
                return if is_remembered { Ok(()) } else { self.remember(crew).await };
            }
            tokio::select! {
                Some(ended) = crew.tasks.join_next() => return Err(ended_unasked(ended)),
                _ = events.recv() => {}
                () = &mut due => {
                    let known = crew.addresses();
                    let others: Vec<_> = comfy::on_this_machine(ports).into_iter().filter(|at| !known.contains(at)).collect();
                    let found = comfy::distinct(comfy::look(&others).await, &known);
                    if !found.is_empty() {
                        self.adopt(crew, found, assumed).await?;
                        is_remembered = true;
                    }
                    wait = (wait * 2).min(LONGEST_WAIT);
                    due = Box::pin(sleep(wait));
                }
            }
        }
    }

    /// Records what was found, and remembers it. The first of all is called `default`, as the only one of a configuration
    /// is, so that somebody who writes its address down later goes on with the same history. One that was only assumed
    /// and never heard makes room for it.
    async fn adopt(&self, crew: &mut Crew, found: Vec<Found>, assumed: &ServerConfig) -> anyhow::Result<()> {
        self.welcome.found(&found);
        let is_first = self.store.found_servers().await?.is_empty();
        if is_first {
            crew.dismiss_all().await?;
        }
        for (nth, one) in found.iter().enumerate() {
            let Some(url) = one.url() else { continue };
            let name = match is_first && nth == 0 {
                true => assumed.name.clone(),
                false => name_of(one.at).parse()?,
            };
            self.start(crew, instance(name, url, assumed));
        }
        self.remember(crew).await
    }

    async fn remember(&self, crew: &Crew) -> anyhow::Result<()> {
        let found = crew.at_work.iter().map(|one| (one.instance.name.clone(), one.instance.url.to_string()));
        Ok(self.store.note_found_servers(found.collect()).await?)
    }

    fn start(&self, crew: &mut Crew, instance: ServerConfig) {
        let stop = self.shutdown.child_token();
        let settings = self.settings(instance.clone());
        let (store, blobs, live) = (self.store.clone(), self.blobs.clone(), self.live.clone());
        let recording = recorder::run(settings, store, blobs, live, stop.clone());
        let name = instance.name.clone();
        crew.at_work.push(AtWork { instance, stop });
        crew.tasks.spawn(async move { (name, recording.await) });
    }

    fn settings(&self, instance: ServerConfig) -> recorder::Settings {
        let ServerConfig { name, url, headers, accept_invalid_certs, folders } = instance;
        recorder::Settings {
            name,
            endpoint: Endpoint { url, headers, accept_invalid_certs },
            folders: SharedFolders { output: folders.output, temp: folders.temp, input: folders.input },
            secrets: self.secrets.clone(),
            last_at_work: self.last_at_work,
            counts_history: self.welcome.is_given(),
            metrics: self.metrics.clone(),
            describing: self.describing.clone(),
        }
    }
}

/// What a server is called that isn't the first.
fn name_of(at: SocketAddr) -> String {
    format!("port-{}{}", at.port(), if at.is_ipv6() { "-ipv6" } else { "" })
}

/// A server that was found; what was said of the assumed one goes with its name.
fn instance(name: InstanceName, url: Url, assumed: &ServerConfig) -> ServerConfig {
    match name == assumed.name {
        true => ServerConfig { url, ..assumed.clone() },
        false => {
            let (headers, folders) = (http::HeaderMap::new(), config::Folders::default());
            ServerConfig { name, url, headers, accept_invalid_certs: false, folders }
        }
    }
}

impl Crew {
    /// Where they are that were found: those addresses are numbers.
    fn addresses(&self) -> Vec<SocketAddr> {
        let at = |url: &Url| {
            let ip = match url.host()? {
                Host::Ipv4(ip) => ip.into(),
                Host::Ipv6(ip) => ip.into(),
                Host::Domain(_) => return None,
            };
            Some(SocketAddr::new(ip, url.port_or_known_default()?))
        };
        self.at_work.iter().filter_map(|one| at(&one.instance.url)).collect()
    }

    /// Ends all that are at work, in order.
    async fn dismiss_all(&mut self) -> anyhow::Result<()> {
        self.at_work.drain(..).for_each(|one| one.stop.cancel());
        while let Some(ended) = self.tasks.join_next().await {
            ended?.1?;
        }
        Ok(())
    }

    /// Returns when all have ended, or one failed.
    async fn ended(mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.tasks.join_next().await {
            ended?.1?;
        }
        Ok(())
    }
}

fn ended_unasked(ended: Result<(InstanceName, Result<(), recorder::Error>), tokio::task::JoinError>) -> anyhow::Error {
    match ended {
        Ok((_, Err(error))) => error.into(),
        Ok((name, Ok(()))) => anyhow!("the recorder of {name} ended unexpectedly"),
        Err(panic) => anyhow::Error::new(panic).context("a part of the daemon crashed"),
    }
}
