//! Tells others when a run has ended: a signed message to each configured address, as Standard Webhooks 1.0 has it
//! (<https://github.com/standard-webhooks/standard-webhooks>).
//!
//! The store notes what is to be told in the transaction that ends the run, and forgets it when it was heard: nothing is
//! lost by a restart on either side, and a message may come twice, with the same id. Only configured addresses are ever
//! called, and none that they point to.

mod message;
mod send;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use futures_util::future::join_all;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::live::{Live, Position};
use crate::model::{AttachmentState, Delivery, Digest, Event, InstanceName, Status, Subscriber, Timestamp};
use crate::pace::{Backoff, Clock, Events, Heard, jittered};
use crate::store::{self, Deliveries, History, Store};
use send::Sender;

/// Messages looked up at a time.
const BATCH: u32 = 32;

/// How long a message waits for the files of its run, at most, and how often they are looked at.
const FILES_WAIT: i64 = 60_000;
const FILES_LOOK: i64 = 1_000;

/// How long after a failure the address is tried again, at first and at most. Doubled at each failure.
const RETRY: Backoff = Backoff::new(Duration::from_secs(5), Duration::from_secs(60 * 60));

/// A message that nobody took for so long is given up: an address that was forgotten would gather them for ever.
const GIVE_UP: i64 = 7 * 24 * 60 * 60 * 1000;

/// Without a word of changes, what is to be told is looked at all the same.
const AT_LEAST: Duration = Duration::from_secs(60 * 60);

/// After an error of the store.
const STORE_RETRY: Duration = Duration::from_secs(10);

/// Somebody who is told.
#[derive(Clone)]
pub struct Webhook {
    pub url: Url,
    /// The same for the log, without what may be secret in it.
    pub shown: String,
    /// What messages are signed with.
    pub key: Vec<u8>,
    /// Only runs that ended so; all when empty.
    pub statuses: Vec<Status>,
    /// Only runs of these; all when empty.
    pub instances: Vec<InstanceName>,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Webhook {
    /// What the store needs to know.
    fn subscriber(&self) -> Subscriber {
        let address = Digest(Sha256::digest(self.url.as_str()).into());
        Subscriber { address, statuses: self.statuses.clone(), instances: self.instances.clone() }
    }
}

/// Notes who is to be told of what ends from now on. Before the first run is recorded.
///
/// # Errors
/// What the store says.
pub async fn subscribe(store: &Store, webhooks: &[Webhook]) -> Result<(), store::Error> {
    // A filter counts from the first run of an instance on.
    for name in webhooks.iter().flat_map(|webhook| &webhook.instances) {
        store.instance(name).await?;
    }
    store.deliveries().subscribe(webhooks.iter().map(Webhook::subscriber).collect()).await
}

/// Tells what is to be told until `shutdown`. `base` stands before the paths in messages.
///
/// # Errors
/// When no connection can be prepared at all.
pub async fn run(
    webhooks: Vec<Webhook>,
    store: Store,
    live: Live,
    base: String,
    shutdown: CancellationToken,
) -> Result<(), rustls::Error> {
    let sender = Sender::new(webhooks.iter().any(|webhook| webhook.url.scheme() == "https"))?;
    let tellers = webhooks.into_iter().map(|webhook| Teller {
        address: webhook.subscriber().address,
        webhook,
        history: store.history().clone(),
        deliveries: store.deliveries(),
        events: live.events().into(),
        sender: sender.clone(),
        base: base.clone(),
        failures: 0,
    });
    let all = join_all(tellers.map(Teller::run));
    tokio::select! {
        () = shutdown.cancelled() => {}
        _ = all => shutdown.cancelled().await,
    }
    Ok(())
}

/// Tells one of them, one message after the other: whoever can't take one isn't asked to take ten.
struct Teller {
    webhook: Webhook,
    address: Digest,
    history: History,
    deliveries: Deliveries,
    events: Events<(Position, Event)>,
    sender: Sender,
    base: String,
    /// Since it last took one.
    failures: u32,
}

impl Teller {
    async fn run(mut self) {
        loop {
            let wait = match self.tell_what_is_due().await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, webhook = self.webhook.shown, "read what is to be told");
                    STORE_RETRY
                }
            };
            self.rest(wait).await;
        }
    }

    /// How long there is nothing more to do.
    async fn tell_what_is_due(&mut self) -> Result<Duration, store::Error> {
        loop {
            let due = self.deliveries.due_deliveries(self.address, Timestamp::now(), BATCH).await?;
            if due.is_empty() {
                let next = self.deliveries.next_delivery_at(self.address).await?;
                return Ok(next.map_or(AT_LEAST, |at| Clock::System.until(at)).min(AT_LEAST));
            }
            for delivery in due {
                if let Some(pause) = self.tell(&delivery).await? {
                    return Ok(pause);
                }
            }
        }
    }

    /// Tells one; gives how long to leave them alone, if they didn't take it.
    async fn tell(&mut self, delivery: &Delivery) -> Result<Option<Duration>, store::Error> {
        let Some(outline) = self.history.outline(delivery.generation).await? else {
            self.deliveries.delivery_heard(delivery.id).await?;
            return Ok(None);
        };
        let age = Timestamp::now().as_millis() - delivery.ended_at.as_millis();
        let awaits_files = outline.outputs.iter().any(|output| output.state == AttachmentState::Pending);
        if awaits_files && age < FILES_WAIT {
            self.deliveries.delivery_later(delivery.id, after(FILES_LOOK), false).await?;
            return Ok(None);
        }
        let prompt = self.history.document(delivery.generation, crate::model::DocumentKind::Prompt).await?;
        let message = message::of(delivery, &outline, prompt.as_deref(), &self.base);
        match self.sender.send(&self.webhook, delivery, message).await {
            Ok(()) => {
                self.deliveries.delivery_heard(delivery.id).await?;
                self.failures = 0;
                Ok(None)
            }
            Err(error) if age > GIVE_UP => {
                let (run, webhook) = (delivery.generation, &self.webhook.shown);
                tracing::warn!(%run, webhook, error, "gave up a message that nobody took for a week");
                self.deliveries.delivery_heard(delivery.id).await?;
                Ok(None)
            }
            Err(error) => {
                let pause = backoff(delivery.attempts.min(self.failures));
                let (webhook, seconds) = (&self.webhook.shown, pause.as_secs());
                // Once is news; again and again is the same news.
                if self.failures == 0 {
                    tracing::warn!(webhook, error, seconds, "a message wasn't taken; it is tried again");
                } else {
                    tracing::debug!(webhook, error, seconds, "a message wasn't taken; it is tried again");
                }
                self.failures = self.failures.saturating_add(1);
                let millis = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
                self.deliveries.delivery_later(delivery.id, after(millis), true).await?;
                Ok(Some(pause))
            }
        }
    }

    /// Waits, less if a run ends, unless they are left alone because they failed.
    async fn rest(&mut self, wait: Duration) {
        let has_failed = self.failures > 0;
        let is_news = |heard: Heard<(Position, Event)>| match heard {
            Heard::Event((_, Event::Generation { status, .. })) => !status.is_open() && !has_failed,
            Heard::Event(_) => false,
            Heard::Missed => !has_failed,
        };
        self.events.wait_for(wait, is_news).await;
    }
}

fn backoff(failures: u32) -> Duration {
    jittered(RETRY.after(failures))
}

fn after(millis: i64) -> Timestamp {
    Timestamp::from_millis(Timestamp::now().as_millis() + millis)
}
