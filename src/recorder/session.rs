//! The loop of one server: connect, catch up, then poll after each status message. When the connection breaks, start over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use super::early::{EarlyAnswer, EarlyReader};
use super::error::{Error, SessionEnd};
use super::gaps::Gaps;
use super::ledger::StatusBurst;
use super::pace::Reconnect;
use super::poll::{CaughtUp, Poller};
use super::record::RunRecorder;
use super::scribe::Scribe;
use super::settings::Settings;
use super::socket_reader::{Proof, SocketReader};
use super::unclaimed::UnclaimedFiles;
use super::unseen::UnseenRuns;
use crate::comfy::{self, Client, Failure};
use crate::json::{SecretFilter, SplitError};
use crate::model::{Cause, Comfyui, ConnectionState, GenerationId, Health, Timestamp};

/// How often the length of the queue is asked for although nothing rang.
const HEARTBEAT: Duration = Duration::from_secs(60);

/// The same where no WebSocket can be opened, for example behind a proxy that doesn't know them.
const HEARTBEAT_WITHOUT_SOCKET: Duration = Duration::from_secs(5);

/// How long a catching up may go on when we are to end: what ComfyUI has now it may not have later.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// How long nothing may have been heard before a connection breaks, in milliseconds: some heartbeats.
const LATE: i64 = 3 * 60 * 1000;

/// The sessions with one ComfyUI, one after the other.
#[derive(Debug)]
pub struct ServerSession {
    settings: Settings,
    poller: Poller,
    /// Notified when ComfyUI is reachable again.
    reachable: Arc<Notify>,
}

impl ServerSession {
    pub fn new(
        settings: Settings,
        client: Client,
        scribe: Scribe,
        unclaimed: UnclaimedFiles,
        wanted: Arc<Notify>,
        reachable: Arc<Notify>,
        gaps: Gaps,
    ) -> Self {
        let health = Health {
            name: settings.name.clone(),
            address: settings.endpoint.url.to_string(),
            connection: ConnectionState::Connecting,
            since: Timestamp::now(),
            queue_remaining: None,
            comfyui: Comfyui::default(),
            backfilled: None,
            to_backfill: None,
        };
        scribe.live.set_health(health.clone());
        let runs = RunRecorder {
            scribe,
            unclaimed,
            secret_filter: settings.secrets.clone().map(|names| Arc::new(SecretFilter::new(names))),
            describing: settings.describing.clone(),
            wanted,
            comfyui: Comfyui::default(),
            socket: SocketReader::polling_only(GenerationId(0)),
            unseen: UnseenRuns::default(),
        };
        let poller = Poller::new(client, runs, gaps, health, settings.counts_history);
        Self { settings, poller, reachable }
    }

    /// Listens until `shutdown`.
    pub async fn run(mut self, shutdown: CancellationToken) -> Result<(), Error> {
        let mut backoff = Reconnect::new(is_near(&self.settings.endpoint.url));
        loop {
            let (caught_up, waiting) = oneshot::channel();
            let last_look = async {
                shutdown.cancelled().await;
                // Told, or dropped with a session that ended.
                let _ = timeout(LAST_LOOK, waiting).await;
            };
            let ended = tokio::select! {
                ended = self.session(&mut backoff, caught_up) => Some(ended),
                () = last_look => None,
            };
            let Some(ended) = ended else { return self.goes().await };
            if shutdown.is_cancelled() && matches!(ended, SessionEnd::Away(_)) {
                return Ok(());
            }
            let wait = match ended {
                SessionEnd::Fatal(error) => return Err(error),
                SessionEnd::Away(error) => {
                    self.is_away(&error).await?;
                    backoff.wait(error.is_refused())
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = shutdown.cancelled() => return Ok(()),
            }
        }
    }

    /// We end, in order.
    async fn goes(&mut self) -> Result<(), Error> {
        if self.is_whole().await? {
            self.poller.gaps.rests(false, self.poller.known.history_is_known).await
        } else {
            Ok(())
        }
    }

    /// Whether ComfyUI is heard, nothing waits or runs there, and all that it has made is recorded.
    async fn is_whole(&self) -> Result<bool, Error> {
        let is_quiet = self.poller.health.connection == ConnectionState::Connected
            && self.poller.health.queue_remaining == Some(0);
        let is_told = self.poller.rung >= self.poller.runs.socket.rings() && self.poller.runs.unseen.count() == 0;
        Ok(is_quiet && is_told && self.poller.runs.scribe.open_runs().await?.is_empty())
    }

    /// One connection, from its start to its end.
    async fn session(&mut self, backoff: &mut Reconnect, caught_up: oneshot::Sender<()>) -> SessionEnd {
        match self.try_session(backoff, caught_up).await {
            Ok(never) => match never {},
            Err(ended) => ended,
        }
    }

    async fn try_session(
        &mut self,
        backoff: &mut Reconnect,
        caught_up: oneshot::Sender<()>,
    ) -> Result<std::convert::Infallible, SessionEnd> {
        let newest = self.poller.runs.scribe.newest_id().await?;
        let socket = match self.poller.client.doorbell().await {
            Ok(doorbell) => SocketReader::listen(doorbell, newest),
            Err(error) if error.is_answer() => SocketReader::polling_only(newest),
            Err(error) => return Err(error.into()),
        };
        let rang = std::mem::replace(&mut self.poller.runs.socket, socket).mark().queued;
        let first = self.poller.runs.socket.first_status().await;
        self.poller.runs.unseen.begin_line(rang, first.queued);
        let mut before = first.queue_remaining;
        self.poller.rung = first.rings;
        let is_polling_only = self.poller.runs.socket.is_polling_only();
        let mut early = match is_polling_only {
            true => EarlyReader::none(),
            false => EarlyReader::begin(self.poller.client.clone(), self.poller.runs.socket.heard(), first),
        };
        self.greet().await?;
        let CaughtUp { is_same, may_have_missed } = self.poller.catch_up().await?;
        let may_have_missed =
            may_have_missed && !self.poller.gaps.has_nothing_missed(self.settings.folders.output.as_deref()).await?;
        match may_have_missed || is_same {
            true => self.poller.gaps.is_back(may_have_missed).await?,
            false => self.poller.gaps.is_back_anew().await?,
        }
        let _ = caught_up.send(());
        backoff.reset();
        self.poller.health.queue_remaining = (!is_polling_only).then_some(before);
        self.is_connected();

        let mut heartbeat = interval(if is_polling_only { HEARTBEAT_WITHOUT_SOCKET } else { HEARTBEAT });
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.tick().await;
        loop {
            self.poller.heard_at = Timestamp::now();
            let look = tokio::select! {
                look = early.next() => look?,
                () = self.poller.pace.due() => {
                    self.poller.look_at_queue().await?;
                    continue;
                }
                () = self.poller.runs.unclaimed.due() => {
                    self.poller.runs.claim_due().await?;
                    continue;
                }
                _ = heartbeat.tick() => match self.beat(before).await? {
                    Some(rings) => EarlyAnswer::unasked(rings),
                    None => continue,
                },
            };
            before = look.rings.after;
            self.poller.health.queue_remaining = Some(look.rings.after);
            self.poller.runs.scribe.live.set_health(self.poller.health.clone());
            self.poller.on_status(look).await?;
        }
    }

    /// Asks for the length of the queue though nothing rang. Where it isn't what it was, either rings were lost, or another
    /// ComfyUI answers than the one whose line we have.
    async fn beat(&mut self, before: u64) -> Result<Option<StatusBurst>, SessionEnd> {
        let Some(after) = self.poller.client.queue_remaining().await? else { return Ok(None) };
        let changed = after.abs_diff(before);
        if self.poller.runs.socket.is_polling_only() {
            // Unheard, anything may have happened that leaves the queue as it was.
            return Ok(Some(StatusBurst { count: 2 + changed, queued: 0, before, after }));
        }
        if changed == 0
            || self.poller.runs.socket.prove().await? == Proof::Alive && self.poller.runs.socket.remaining() == after
        {
            // The ring that tells it is on its way.
            return Ok(None);
        }
        Ok(Some(StatusBurst { count: changed.max(2), queued: 0, before, after }))
    }

    /// Asks who it is, once per connection.
    async fn greet(&mut self) -> Result<(), SessionEnd> {
        let system = self.poller.client.system().await?;
        if !system.is_comfyui {
            let failure = Failure::NotComfyui(SplitError::NotAnObject);
            return Err(comfy::Error { what: "GET /system_stats", failure }.into());
        }
        self.poller.runs.comfyui = Comfyui { version: system.version, devices: system.devices };
        Ok(())
    }

    fn is_connected(&mut self) {
        let (instance, address) = (&self.settings.name, &self.settings.endpoint.url);
        // That all is well is news after it wasn't.
        match self.poller.health.connection {
            ConnectionState::Away(_) => tracing::info!(%instance, %address, "ComfyUI is heard again"),
            _ => tracing::debug!(%instance, %address, "connected to ComfyUI"),
        }
        self.poller.health.comfyui = self.poller.runs.comfyui.clone();
        self.set_connection(ConnectionState::Connected);
        self.reachable.notify_one();
    }

    async fn is_away(&mut self, error: &comfy::Error) -> Result<(), Error> {
        let why = error.failure.trouble();
        let was_whole = self.is_whole().await?;
        self.tell_away(error, why.cause, was_whole);
        self.poller.health.queue_remaining = None;
        self.set_connection(ConnectionState::Away(why.clone()));
        // A machine that slept wakes with a dead connection, and finds out hours late.
        let is_late = self.poller.health.since.as_millis() - self.poller.heard_at.as_millis() > LATE;
        self.poller.gaps.broke(self.poller.runs.socket.breaks()).await?;
        self.poller.runs.unclaimed.restarted(self.poller.heard_at, Timestamp::now());
        // Before the gap: whoever finds that one open after a crash must know how it began.
        if was_whole && !is_late {
            self.poller.gaps.rests(true, self.poller.known.history_is_known).await?;
        }
        self.poller.gaps.is_away(if is_late { self.poller.heard_at } else { self.poller.health.since }, &why).await
    }

    /// Who isn't there yet, or goes when its work is done, is no reason to warn.
    fn tell_away(&self, error: &comfy::Error, cause: Cause, was_whole: bool) {
        let (instance, address) = (&self.settings.name, &self.settings.endpoint.url);
        let is_plain = matches!(cause, Cause::NobodyAnswers | Cause::ConnectionClosed | Cause::ConnectionBroke);
        match self.poller.health.connection {
            ConnectionState::Away(_) => tracing::debug!(%instance, %error, "still away"),
            ConnectionState::Connecting if error.is_refused() => {
                tracing::info!(%instance, %address, "ComfyUI isn't there yet; it is waited for");
            }
            ConnectionState::Connected if was_whole && is_plain => {
                tracing::info!(%instance, %address, "ComfyUI went away; nothing waited or ran there");
            }
            _ => tracing::warn!(%instance, %address, %error, "ComfyUI can't be reached; trying again"),
        }
    }

    fn set_connection(&mut self, state: ConnectionState) {
        let is_away = |state: &ConnectionState| matches!(state, ConnectionState::Away(_));
        if self.poller.health.connection != state && !(is_away(&self.poller.health.connection) && is_away(&state)) {
            self.poller.health.since = Timestamp::now();
        }
        self.poller.health.connection = state;
        self.poller.runs.scribe.live.set_health(self.poller.health.clone());
    }
}

/// Whether a server is on this machine.
fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
