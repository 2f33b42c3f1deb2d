//! Who is connected. Where all places are taken, whoever comes next gets that of another: of those that have no request in
//! hand first, of whom has rested longest; then of those that keep us waiting, for the rest of their request or because they
//! don't read; then of those that listen to `/events`, who come back by themselves and miss nothing.
//!
//! A request in hand whose client does its part is cut off only where one address has more places than its share: the one
//! that has most gives up its oldest. Behind a trusted proxy that is the address of who asks, and not the proxy's.
//!
//! Whoever keeps us waiting for too long is sent away even where there is room.

mod waits;

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use hyper::body::{Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::arrival::whole;
use waits::{Due, Waits, WatchedConnection};

/// How long a client may keep us waiting where others want its place.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked whose patience is over, where nobody may be dismissed yet.
const LOOK: Duration = Duration::from_millis(250);

/// One address may have this part of all places, whatever it does with them.
const SHARE: usize = 8;

/// What a guest is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// No request is in hand.
    Rest,
    /// It hears what changes.
    Events,
    /// It is being answered.
    Work,
}

/// Why one gives up its place, in the order in which they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    Rests,
    KeepsWaiting,
    Listens,
}

#[derive(Debug)]
struct GuestPlace {
    at: At,
    since: Instant,
    /// Whose it is while no request is in hand; `None` where that is a proxy's, which speaks for many.
    home: Option<IpAddr>,
    /// Whose it is now.
    who: Option<IpAddr>,
    waits: Arc<Waits>,
    dismissed: CancellationToken,
    cut_off: CancellationToken,
}

impl GuestPlace {
    fn is_leaving(&self) -> bool {
        self.dismissed.is_cancelled() || self.cut_off.is_cancelled()
    }

    /// Why it may be dismissed, and since when that is so.
    fn gives_way(&self) -> Option<(Why, Instant)> {
        if self.is_leaving() {
            return None;
        }
        if self.at == At::Rest {
            return Some((Why::Rests, self.since));
        }
        let kept_waiting = self.waits.since().filter(|since| since.elapsed() >= PATIENCE);
        let listens = || (self.at == At::Events).then_some((Why::Listens, self.since));
        kept_waiting.map(|since| (Why::KeepsWaiting, since)).or_else(listens)
    }
}

/// All that are connected.
#[derive(Debug, Clone)]
pub struct Guests(Arc<GuestsState>);

#[derive(Debug)]
struct GuestsState {
    places: Mutex<HashMap<u64, GuestPlace>>,
    /// How many one address may have.
    share: usize,
    arrived: AtomicU64,
    rests: Notify,
}

#[derive(Debug)]
pub struct Guest {
    guests: Guests,
    number: u64,
    waits: Arc<Waits>,
    dismissed: CancellationToken,
    cut_off: CancellationToken,
}

impl Guests {
    /// Of whom so many have room.
    pub fn new(most: usize) -> Self {
        let (places, arrived, rests) = (Mutex::default(), AtomicU64::new(0), Notify::new());
        Self(Arc::new(GuestsState { places, share: (most / SHARE).max(1), arrived, rests }))
    }

    /// A connection was made from that address; `None` for a proxy's.
    pub fn arrive(&self, from: Option<IpAddr>) -> Guest {
        let number = self.0.arrived.fetch_add(1, Ordering::Relaxed);
        let (dismissed, cut_off, waits) = (CancellationToken::new(), CancellationToken::new(), Arc::default());
        let home = from.map(whole);
        let place = GuestPlace {
            at: At::Rest,
            since: Instant::now(),
            home,
            who: home,
            waits: Arc::clone(&waits),
            dismissed: dismissed.clone(),
            cut_off: cut_off.clone(),
        };
        self.places().insert(number, place);
        Guest { guests: self.clone(), number, waits, dismissed, cut_off }
    }

    /// Sends somebody away; `false` when all are being answered, and none has more than its share.
    pub fn dismiss(&self) -> bool {
        let places = self.places();
        let giving = places.values().filter_map(|place| Some((place.gives_way()?, place)));
        match giving.min_by_key(|(why, _)| *why) {
            // Who keeps us waiting for itself doesn't take a farewell.
            Some(((Why::KeepsWaiting, _), place)) => place.cut_off.cancel(),
            Some((_, place)) => place.dismissed.cancel(),
            None => match self.greediest(&places) {
                Some(place) => place.cut_off.cancel(),
                None => return false,
            },
        }
        true
    }

    /// The oldest place of the address that has most, if those are more than its share; one that waits for its client first.
    fn greediest<'a>(&self, places: &'a HashMap<u64, GuestPlace>) -> Option<&'a GuestPlace> {
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        let mut owned = Vec::new();
        for place in places.values().filter(|place| !place.is_leaving()) {
            let Some(who) = place.who else { continue };
            *counts.entry(who).or_default() += 1;
            owned.push((who, place));
        }
        let (greedy, most) = counts.into_iter().max_by_key(|(_, count)| *count)?;
        let own = owned.into_iter().filter(|(who, _)| *who == greedy && most > self.0.share).map(|(_, place)| place);
        own.min_by_key(|place| (place.waits.since().is_none(), place.since))
    }

    /// Returns when somebody may be dismissed, if nobody might before.
    pub async fn rest(&self) {
        loop {
            let rests = self.0.rests.notified();
            let may_go = |places: &HashMap<u64, GuestPlace>| {
                places.values().any(|place| place.gives_way().is_some()) || self.greediest(places).is_some()
            };
            if may_go(&self.places()) {
                return;
            }
            // Patience ends without anything happening.
            let _ = timeout(LOOK, rests).await;
        }
    }

    /// Sends away who has kept us waiting for too long.
    pub fn end_waits(&self) {
        for place in self.places().values().filter(|place| place.waits.is_over()) {
            place.cut_off.cancel();
        }
    }

    /// How many there are, without those that were sent away.
    pub fn count(&self) -> usize {
        self.places().values().filter(|place| !place.is_leaving()).count()
    }

    fn places(&self) -> MutexGuard<'_, HashMap<u64, GuestPlace>> {
        // Nothing in here panics.
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_at(&self, number: u64, at: At, who: Option<IpAddr>) {
        if let Some(place) = self.places().get_mut(&number) {
            (place.at, place.since, place.who) = (at, Instant::now(), who.or(place.home));
        }
        if at != At::Work {
            self.0.rests.notify_one();
        }
    }
}

impl Guest {
    /// What it sends and reads, watched.
    pub fn line<S>(&self, stream: S) -> WatchedConnection<S> {
        WatchedConnection { stream, waits: Arc::clone(&self.waits) }
    }

    /// The body of a request of it, watched.
    pub fn body<B: hyper::body::Body>(&self, body: B) -> Due<B> {
        Due::new(body, Arc::clone(&self.waits))
    }

    /// Returns when somebody else needs the place.
    pub async fn dismissed(&self) {
        self.dismissed.cancelled().await;
    }

    /// Returns when it has to go at once.
    pub async fn cut_off(&self) {
        self.cut_off.cancelled().await;
    }

    /// Whether a request of it is in hand that has an end.
    pub fn is_at_work(&self) -> bool {
        self.guests.places().get(&self.number).is_some_and(|place| place.at == At::Work)
    }

    /// Answers a request of it, for that client. It is at work until the answer was read to its end.
    pub async fn answer<E>(
        &self,
        client: IpAddr,
        answering: impl Future<Output = Result<Response, E>>,
    ) -> Result<Response, E> {
        let work = RequestWork { guests: self.guests.clone(), number: self.number, client: whole(client) };
        work.is_at(At::Work);
        let response = answering.await?;
        if response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
            work.is_at(At::Events);
        }
        Ok(response.map(|body| Body::new(ServedBody { body, _work: work })))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.guests.places().remove(&self.number);
    }
}

/// A request in hand.
#[derive(Debug)]
struct RequestWork {
    guests: Guests,
    number: u64,
    client: IpAddr,
}

impl RequestWork {
    fn is_at(&self, at: At) {
        self.guests.is_at(self.number, at, Some(self.client));
    }
}

impl Drop for RequestWork {
    fn drop(&mut self) {
        self.guests.is_at(self.number, At::Rest, None);
    }
}

/// What is read by a guest.
struct ServedBody {
    body: Body,
    _work: RequestWork,
}

impl hyper::body::Body for ServedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
