//! Who is connected. Where all places are taken, whoever comes next gets that of the one who has rested longest: of those
//! that have no request in hand first, then of those that listen to `/events`, who come back by themselves and miss nothing.
//! A request in hand is never cut off.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use hyper::body::{Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What a guest is at. In the order in which they give way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum At {
    /// No request is in hand.
    Rest,
    /// It hears what changes.
    Events,
    /// It is being answered.
    Work,
}

#[derive(Debug)]
struct Place {
    at: At,
    since: Instant,
    dismissed: CancellationToken,
}

impl Place {
    fn may_go(&self) -> bool {
        self.at != At::Work && !self.dismissed.is_cancelled()
    }
}

/// All that are connected.
#[derive(Debug, Clone, Default)]
pub struct Guests(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    places: Mutex<HashMap<u64, Place>>,
    arrived: AtomicU64,
    rests: Notify,
}

/// One of them.
#[derive(Debug)]
pub struct Guest {
    guests: Guests,
    number: u64,
    dismissed: CancellationToken,
}

impl Guests {
    /// A connection was made.
    pub fn arrive(&self) -> Guest {
        let (number, dismissed) = (self.0.arrived.fetch_add(1, Ordering::Relaxed), CancellationToken::new());
        let place = Place { at: At::Rest, since: Instant::now(), dismissed: dismissed.clone() };
        self.places().insert(number, place);
        Guest { guests: self.clone(), number, dismissed }
    }

    /// Sends away who has rested longest; `false` when all are being answered.
    pub fn dismiss(&self) -> bool {
        let places = self.places();
        let idlest = places.values().filter(|place| place.may_go()).min_by_key(|place| (place.at, place.since));
        idlest.map(|place| place.dismissed.cancel()).is_some()
    }

    /// Returns when somebody may be dismissed, if nobody might before.
    pub async fn rest(&self) {
        loop {
            let rests = self.0.rests.notified();
            if self.places().values().any(Place::may_go) {
                return;
            }
            rests.await;
        }
    }

    /// How many there are, without those that were sent away.
    pub fn count(&self) -> usize {
        self.places().values().filter(|place| !place.dismissed.is_cancelled()).count()
    }

    fn places(&self) -> MutexGuard<'_, HashMap<u64, Place>> {
        // Nothing in here panics.
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_at(&self, number: u64, at: At) {
        if let Some(place) = self.places().get_mut(&number) {
            (place.at, place.since) = (at, Instant::now());
        }
        if at != At::Work {
            self.0.rests.notify_one();
        }
    }
}

impl Guest {
    /// Returns when somebody else needs the place.
    pub async fn dismissed(&self) {
        self.dismissed.cancelled().await;
    }

    /// Whether a request of it is in hand that has an end.
    pub fn is_at_work(&self) -> bool {
        self.guests.places().get(&self.number).is_some_and(|place| place.at == At::Work)
    }

    /// Answers a request of it. It is at work until the answer was read to its end.
    pub async fn answer<E>(&self, answering: impl Future<Output = Result<Response, E>>) -> Result<Response, E> {
        let work = Work { guests: self.guests.clone(), number: self.number };
        work.is_at(At::Work);
        let response = answering.await?;
        if response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream")) {
            work.is_at(At::Events);
        }
        Ok(response.map(|body| Body::new(Answer { body, _work: work })))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.guests.places().remove(&self.number);
    }
}

/// A request in hand.
#[derive(Debug)]
struct Work {
    guests: Guests,
    number: u64,
}

impl Work {
    fn is_at(&self, at: At) {
        self.guests.is_at(self.number, at);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.is_at(At::Rest);
    }
}

/// What is read by a guest.
struct Answer {
    body: Body,
    _work: Work,
}

impl hyper::body::Body for Answer {
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
mod tests {
    use axum::response::IntoResponse as _;
    use http::header::HeaderValue;

    use super::*;

    async fn answered(guest: &Guest, kind: &'static str) -> Response {
        let response = ([(CONTENT_TYPE, HeaderValue::from_static(kind))], "x").into_response();
        guest.answer(std::future::ready(Ok::<_, std::convert::Infallible>(response))).await.unwrap()
    }

    fn is_dismissed(guest: &Guest) -> bool {
        guest.dismissed.is_cancelled()
    }

    #[tokio::test(start_paused = true)]
    async fn place_goes_from_the_one_that_has_rested_longest_and_then_from_the_one_that_has_listened_longest() {
        let guests = Guests::default();
        let mut all = Vec::new();
        for _ in 0..4 {
            all.push(guests.arrive());
            tokio::time::advance(std::time::Duration::from_secs(1)).await;
        }
        let [listens, works, rests, was_busy] = &all[..] else { panic!() };
        let events = answered(listens, "text/event-stream").await;
        let answer = answered(works, "text/html").await;
        drop(answered(was_busy, "text/html").await);
        for (next, left) in [(rests, 3), (was_busy, 2), (listens, 1)] {
            assert!(guests.dismiss() && is_dismissed(next), "{left}");
            assert_eq!(guests.count(), left);
        }
        assert!(!guests.dismiss() && !is_dismissed(works), "its answer isn't read yet");
        assert!(works.is_at_work() && !listens.is_at_work());
        drop((answer, events));
        guests.rest().await;
        assert!(guests.dismiss() && is_dismissed(works));
    }

    #[tokio::test]
    async fn whoever_has_gone_has_no_place() {
        let guests = Guests::default();
        let guest = guests.arrive();
        let answer = answered(&guest, "text/html").await;
        drop(guest);
        drop(answer);
        assert_eq!(guests.count(), 0);
        assert!(!guests.dismiss());
    }
}
