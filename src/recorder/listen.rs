//! The loop of one instance: open the doorbell, catch up, then look whenever it rings; when the line breaks, begin anew.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::gaps::Gaps;
use super::held::Held;
use super::pace::{Backoff, QueuePace};
use super::rings::{Account, Rings};
use super::scribe::Scribe;
use super::{Error, Settings};
use crate::comfy::{self, Client, Doorbell, Failure};
use crate::json::{Sieve, SplitError};
use crate::model::{Cause, Comfyui, ConnectionState, Health, Timestamp};

/// How often the length of the queue is asked for although nothing rang.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// The same where no WebSocket can be opened, for example behind a proxy that doesn't know them.
const HEARTBEAT_WITHOUT_SOCKET: Duration = Duration::from_secs(5);

/// How long after connecting ComfyUI's first `status` is waited for. It comes at once; nothing depends on it.
const FIRST_STATUS: Duration = Duration::from_secs(3);

/// How long nothing may have been heard before a connection breaks, in milliseconds: some heartbeats.
const LATE: i64 = 3 * 60 * 1000;

/// Why a session with ComfyUI ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// It can't be talked to now. Begin anew.
    #[error(transparent)]
    Away(#[from] comfy::Error),
    /// We can't go on.
    #[error(transparent)]
    Fatal(#[from] Error),
}

/// Listens to one ComfyUI.
#[derive(Debug)]
pub struct Listener {
    pub(super) settings: Settings,
    pub(super) client: Client,
    pub(super) scribe: Scribe,
    pub(super) held: Held,
    pub(super) comfyui: Comfyui,
    /// What passes texts without secrets; `None` when secrets are kept.
    pub(super) sieve: Option<Arc<Sieve>>,
    pub(super) pace: QueuePace,
    pub(super) account: Account,
    /// Rung when runs with files were recorded.
    pub(super) wanted: Arc<Notify>,
    /// Whether ComfyUI's history, as it was last read, holds anything that we recorded.
    pub(super) history_is_known: bool,
    reachable: Arc<Notify>,
    gaps: Gaps,
    heard_at: Timestamp,
    health: Health,
}

impl Listener {
    /// Hears nothing yet.
    pub fn new(
        settings: Settings,
        client: Client,
        scribe: Scribe,
        held: Held,
        wanted: Arc<Notify>,
        reachable: Arc<Notify>,
        gaps: Gaps,
    ) -> Self {
        let heard_at = Timestamp::now();
        let health = Health {
            name: settings.name.clone(),
            address: settings.endpoint.url.to_string(),
            connection: ConnectionState::Connecting,
            since: heard_at,
            queue_remaining: None,
            comfyui: Comfyui::default(),
            backfilled: None,
            to_backfill: None,
        };
        scribe.live.set_health(health.clone());
        let (comfyui, pace, account) = (Comfyui::default(), QueuePace::new(), Account::known(0, false));
        let sieve = settings.redacts_secrets.then(Arc::default);
        Self {
            settings,
            client,
            scribe,
            held,
            comfyui,
            sieve,
            pace,
            account,
            wanted,
            // Until it is read, what an earlier daemon recorded may be all that it holds.
            history_is_known: true,
            reachable,
            gaps,
            heard_at,
            health,
        }
    }

    /// Listens until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) -> Result<(), Error> {
        let mut backoff = Backoff::new();
        loop {
            let ended = tokio::select! {
                ended = self.session(&mut backoff) => ended,
                () = shutdown.cancelled() => return Ok(()),
            };
            match ended {
                Ended::Fatal(error) => return Err(error),
                Ended::Away(error) => self.is_away(&error).await?,
            }
            tokio::select! {
                () = tokio::time::sleep(backoff.wait()) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
        }
    }

    /// One connection, from its start to its end.
    async fn session(&mut self, backoff: &mut Backoff) -> Ended {
        match self.try_session(backoff).await {
            Ok(never) => match never {},
            Err(ended) => ended,
        }
    }

    async fn try_session(&mut self, backoff: &mut Backoff) -> Result<std::convert::Infallible, Ended> {
        let mut ear = match self.client.doorbell().await {
            Ok(doorbell) => Ear::listen(doorbell),
            Err(error) if error.is_answer() => Ear::deaf(),
            Err(error) => return Err(error.into()),
        };
        let mut before = ear.first_status().await;
        self.greet().await?;
        let may_have_missed = self.catch_up().await?;
        self.gaps.is_back(may_have_missed).await?;
        backoff.reset();
        self.health.queue_remaining = (!ear.is_deaf()).then_some(before);
        self.is_connected();

        let mut heartbeat = interval(if ear.is_deaf() { HEARTBEAT_WITHOUT_SOCKET } else { HEARTBEAT });
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.tick().await;
        loop {
            self.heard_at = Timestamp::now();
            let rings = tokio::select! {
                rings = ear.rings(before) => rings?,
                () = self.pace.due() => {
                    self.look_at_queue().await?;
                    continue;
                }
                () = self.held.ripe() => {
                    self.attribute_ripe().await?;
                    continue;
                }
                _ = heartbeat.tick() => match self.client.queue_remaining().await? {
                    // Unheard, anything may have happened that leaves the queue as it was.
                    Some(after) if ear.is_deaf() => Rings { count: 2 + after.abs_diff(before), before, after },
                    Some(after) if after != before => Rings { count: after.abs_diff(before).max(2), before, after },
                    _ => continue,
                },
            };
            before = rings.after;
            self.health.queue_remaining = Some(rings.after);
            self.scribe.live.set_health(self.health.clone());
            self.rung(rings).await?;
        }
    }

    /// Asks who it is, once per connection.
    async fn greet(&mut self) -> Result<(), Ended> {
        let system = self.client.system().await?;
        if !system.is_comfyui {
            let failure = Failure::NotComfyui(SplitError::NotAnObject);
            return Err(comfy::Error { what: "GET /system_stats", failure }.into());
        }
        self.comfyui = Comfyui { version: system.version, devices: system.devices };
        Ok(())
    }

    fn is_connected(&mut self) {
        let (instance, address) = (&self.settings.name, &self.settings.endpoint.url);
        // That all is well is news after it wasn't.
        match self.health.connection {
            ConnectionState::Away(_) => tracing::info!(%instance, %address, "ComfyUI is heard again"),
            _ => tracing::debug!(%instance, %address, "connected to ComfyUI"),
        }
        self.health.comfyui = self.comfyui.clone();
        self.set_connection(ConnectionState::Connected);
        self.reachable.notify_one();
    }

    async fn is_away(&mut self, error: &comfy::Error) -> Result<(), Error> {
        let (instance, address) = (&self.settings.name, &self.settings.endpoint.url);
        if matches!(self.health.connection, ConnectionState::Away(_)) {
            tracing::debug!(%instance, %error, "still away");
        } else {
            tracing::warn!(%instance, %address, %error, "ComfyUI can't be reached; trying again");
        }
        let why = error.failure.trouble();
        self.health.queue_remaining = None;
        self.set_connection(ConnectionState::Away(why.clone()));
        // A machine that slept wakes with a dead connection, and finds out hours late.
        let is_late = self.health.since.as_millis() - self.heard_at.as_millis() > LATE;
        self.gaps.is_away(if is_late { self.heard_at } else { self.health.since }, &why).await
    }

    /// When ComfyUI went away, if we saw it go and it isn't back yet.
    pub(super) fn went_away_at(&self) -> Option<Timestamp> {
        let was_here = self.health.comfyui != Comfyui::default();
        (was_here && matches!(self.health.connection, ConnectionState::Away(_))).then_some(self.health.since)
    }

    fn set_connection(&mut self, state: ConnectionState) {
        let is_away = |state: &ConnectionState| matches!(state, ConnectionState::Away(_));
        if self.health.connection != state && !(is_away(&self.health.connection) && is_away(&state)) {
            self.health.since = Timestamp::now();
        }
        self.health.connection = state;
        self.scribe.live.set_health(self.health.clone());
    }

    /// Shows how far the backfill is.
    pub(super) fn show_backfilled(&self, runs: Option<u64>, of: Option<u64>) {
        let (comfyui, health) = (self.comfyui.clone(), self.health.clone());
        self.scribe.live.set_health(Health { backfilled: runs, to_backfill: of, comfyui, ..health });
    }
}

/// Reads the WebSocket all the time, whatever else is going on: ComfyUI sends to all its sockets in turn, and one that
/// isn't read holds up the others.
struct Ear {
    heard: watch::Receiver<Heard>,
    /// Rings that were dealt with.
    dealt_with: u64,
    listening: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Heard {
    rings: u64,
    queue_remaining: u64,
    broken: Option<comfy::Error>,
}

impl Ear {
    fn listen(mut doorbell: Doorbell) -> Self {
        let (tell, heard) = watch::channel(Heard::default());
        let listening = tokio::spawn(async move {
            loop {
                match doorbell.next().await {
                    Ok(ring) => tell.send_modify(|heard| {
                        heard.rings += 1;
                        heard.queue_remaining = ring.queue_remaining;
                    }),
                    Err(error) => return tell.send_modify(|heard| heard.broken = Some(error)),
                }
            }
        });
        Self { heard, dealt_with: 0, listening: Some(listening) }
    }

    fn deaf() -> Self {
        Self { heard: watch::channel(Heard::default()).1, dealt_with: 0, listening: None }
    }

    fn is_deaf(&self) -> bool {
        self.listening.is_none()
    }

    /// The length of the queue that ComfyUI tells when one connects.
    async fn first_status(&mut self) -> u64 {
        let _ = timeout(FIRST_STATUS, self.heard.wait_for(|heard| heard.rings > 0 || heard.broken.is_some())).await;
        let heard = self.heard.borrow();
        self.dealt_with = heard.rings;
        heard.queue_remaining
    }

    /// Waits for rings that were not dealt with, and gives all of them. Dropped, nothing is lost.
    async fn rings(&mut self, before: u64) -> Result<Rings, comfy::Error> {
        if self.is_deaf() {
            std::future::pending::<()>().await;
        }
        let dealt_with = self.dealt_with;
        // The sender lives until it has told of an error, so that waiting can't fail before.
        let _ = self.heard.wait_for(|heard| heard.rings > dealt_with || heard.broken.is_some()).await;
        let heard = self.heard.borrow();
        if heard.rings > dealt_with {
            let rings = Rings { count: heard.rings - dealt_with, before, after: heard.queue_remaining };
            self.dealt_with = heard.rings;
            return Ok(rings);
        }
        let why = heard.broken.as_ref().map_or(Cause::ConnectionBroke.into(), |error| error.failure.trouble());
        Err(comfy::Error { what: "listen at /ws", failure: Failure::Told(why) })
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}
