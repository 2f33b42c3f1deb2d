//! `GET /events`: what changes, as server-sent events, for pages that are open and for scripts.
//!
//! - `hello`: from here on everything is told. `reload`: more happened than is told one by one, read the lists again.
//! - `generation`, `{"runs":[{"id":7,"status":"pending"}]}`: new, or its row or one of its files changed.
//! - `instance`, `{"names":["default"]}`: came or went, or its queue changed. `storage`: can't be written any more, or can.
//! - `beat`: nothing happened for a while, but we are there. Scripts of a page hear no comments, so it isn't one.
//!
//! The id of an event says up to where all is told; who comes back with it (`Last-Event-ID`, or `?after=`) is told what
//! it has missed, or to reload where that isn't kept any more. A stream holds at most one batch and what the broadcast keeps, however slowly it is
//! read.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response, Sse, sse};
use futures_util::{Stream, StreamExt as _, stream};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, HeaderValue};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};
use url::form_urlencoded;

use crate::live::{Live, Position};
use crate::model::{Event, GenerationId, InstanceName, Status, Timestamp};
use crate::web::http::headers::Cache;
use tokio_util::sync::CancellationToken;

/// How soon a browser comes back when a stream ended.
const RETRY: Duration = Duration::from_secs(1);

/// Without anything to tell for so long, we tell that we are there.
const BEAT: Duration = Duration::from_secs(15);

/// How long the first event of a batch waits for those that were told in the same breath.
const BREATH: Duration = Duration::from_millis(5);

/// The time between two batches.
const PAUSE: Duration = Duration::from_millis(150);

/// The time between two times that pages read everything again.
const LONG_PAUSE: Duration = Duration::from_secs(2);

/// Runs that a batch names one by one.
const MOST_RUNS: usize = 50;

/// What changes, as server-sent events, until the client goes or the server stops.
///
/// `hello`: from here on everything is told. `reload`: more happened than is told one by one; read the lists again.
/// `generation` (`{"runs":[{"id":7,"status":"pending"}]}`): new, or its row or one of its files changed. `instance`
/// (`{"names":["default"]}`): came or went, or its queue changed. `storage`: can't be written any more, or can. `beat`:
/// nothing happened for a while.
///
/// Each has an id; who comes back with it is told what was missed, or to reload.
#[utoipa::path(
    get, path = "/events", tag = "server",
    params(
        ("after" = Option<String>, Query, description = "The id of the last event that was heard"),
        ("Last-Event-ID" = Option<String>, Header, description = "The same, as browsers send it")
    ),
    responses((status = 200, description = "Events", content_type = "text/event-stream"), crate::web::http::described::Refused)
)]
pub async fn stream(
    State(live): State<Live>,
    State(closing): State<CancellationToken>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let after = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after").map(|(_, value)| value);
    let header = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    // A browser that comes back by itself repeats the old address, with a newer id in the header.
    let events = events(&live, header.or(after.as_deref()));
    let events = events.take_until(closing.cancelled_owned());
    let never = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    // Proxies that gather a response before they pass it on would keep it for ever.
    let unbuffered = [("x-accel-buffering", HeaderValue::from_static("no"))];
    (never, unbuffered, Extension(Cache::Never), Sse::new(events.map(Ok::<_, Infallible>))).into_response()
}

fn events(live: &Live, after: Option<&str>) -> impl Stream<Item = sse::Event> + use<> {
    let resumed = after.and_then(|after| Some(live.resume(after.parse().ok()?)));
    let (missed, position, heard) = resumed.unwrap_or_else(|| {
        let (position, heard) = live.subscribe();
        (after.is_none().then(Vec::new), position, heard)
    });
    let mut batches = Batches::new(heard, position);
    let name = if missed.is_some() { "hello" } else { "reload" };
    let mut greeting = named(name, &now()).retry(RETRY);
    match missed {
        // Its id is that of the events behind it: until they are heard, they are missed.
        Some(missed) if !missed.is_empty() => missed.into_iter().for_each(|event| batches.pending.take(event)),
        _ => greeting = greeting.id(position.to_string()),
    }
    let told = stream::unfold(batches, async |mut batches| Some((batches.next().await?, batches)));
    stream::once(async { greeting }).chain(told.flat_map(stream::iter))
}

fn named(name: &str, data: &Value) -> sse::Event {
    sse::Event::default().event(name).data(data.to_string())
}

/// What clocks of browsers are compared with.
fn now() -> Value {
    json!({"now": Timestamp::now().as_millis()})
}

/// What was heard since the last batch.
#[derive(Debug, Default)]
struct Pending {
    runs: BTreeMap<GenerationId, Status>,
    instances: BTreeSet<InstanceName>,
    has_storage: bool,
    /// More happened than is told one by one.
    is_behind: bool,
}

impl Pending {
    fn take(&mut self, event: Event) {
        match event {
            // A backfill brings thousands that ended long ago; what runs right now isn't to wait for them.
            Event::Generation { id, status } if self.is_behind && !status.is_open() => {
                self.runs.entry(id).and_modify(|known| *known = status);
            }
            Event::Generation { id, status } => drop(self.runs.insert(id, status)),
            Event::Instance { name } => drop(self.instances.insert(name)),
            Event::Storage => self.has_storage = true,
        }
        if self.runs.len() > MOST_RUNS {
            self.is_behind = true;
            self.runs.retain(|_, status| status.is_open());
        }
        if self.runs.len() > MOST_RUNS {
            self.runs.clear();
        }
    }

    fn has_single(&self) -> bool {
        !self.runs.is_empty() || !self.instances.is_empty() || self.has_storage
    }

    /// Takes out all but the word that we are behind.
    fn events(&mut self) -> Vec<sse::Event> {
        let mut events = Vec::new();
        if !self.runs.is_empty() {
            let runs =
                std::mem::take(&mut self.runs).into_iter().map(|(id, status)| json!({"id": id, "status": status}));
            events.push(named("generation", &json!({"runs": runs.collect::<Vec<_>>()})));
        }
        if !self.instances.is_empty() {
            let names = std::mem::take(&mut self.instances);
            events
                .push(named("instance", &json!({"names": names.iter().map(InstanceName::as_str).collect::<Vec<_>>()})));
        }
        if std::mem::take(&mut self.has_storage) {
            events.push(named("storage", &json!({})));
        }
        events
    }
}

/// Events, gathered so that nobody is flooded.
struct Batches {
    heard: Receiver<(Position, Event)>,
    position: Position,
    pending: Pending,
    /// When the next batch may go.
    free_at: Instant,
    /// When everybody may be told to reload again.
    reload_at: Instant,
}

impl Batches {
    fn new(heard: Receiver<(Position, Event)>, position: Position) -> Self {
        let now = Instant::now();
        Self { heard, position, pending: Pending::default(), free_at: now, reload_at: now }
    }

    /// Waits for something to tell; `None` when there will be nothing any more.
    async fn next(&mut self) -> Option<Vec<sse::Event>> {
        let beat_at = Instant::now() + BEAT;
        let mut started_at = None;
        loop {
            let single = self.pending.has_single().then_some(self.free_at);
            let all = self.pending.is_behind.then_some(self.free_at.max(self.reload_at));
            let due = single.into_iter().chain(all).min();
            if due.is_some() {
                started_at.get_or_insert_with(|| Instant::now() + BREATH);
            }
            let due = due.map_or(beat_at, |due| started_at.map_or(due, |started_at| due.max(started_at)));
            tokio::select! {
                biased;
                heard = self.heard.recv() => match heard {
                    Ok((position, event)) => {
                        self.position = position;
                        self.pending.take(event);
                    }
                    Err(RecvError::Lagged(_)) => self.pending.is_behind = true,
                    Err(RecvError::Closed) => return None,
                },
                () = sleep_until(due) => return Some(self.batch()),
            }
        }
    }

    fn batch(&mut self) -> Vec<sse::Event> {
        let now = Instant::now();
        self.free_at = now + PAUSE;
        let mut events = self.pending.events();
        if self.pending.is_behind && self.reload_at <= now {
            self.pending.is_behind = false;
            self.reload_at = now + LONG_PAUSE;
            events.push(named("reload", &self::now()));
        }
        if events.is_empty() {
            events.push(named("beat", &self::now()));
        }
        // On the last one only: with the others alone, something is missed.
        if !self.pending.is_behind {
            let last = events.pop().map(|event| event.id(self.position.to_string()));
            events.extend(last);
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(id: i64) -> Event {
        Event::Generation { id: GenerationId(id), status: Status::Completed }
    }

    fn running(id: i64) -> Event {
        Event::Generation { id: GenerationId(id), status: Status::InProgress }
    }

    /// The next batch as it is sent, and how long it took.
    async fn batch(batches: &mut Batches) -> (String, Duration) {
        let start = Instant::now();
        let events = batches.next().await.unwrap();
        let took = start.elapsed();
        let sse = Sse::new(stream::iter(events.into_iter().map(Ok::<_, Infallible>))).into_response();
        let bytes = axum::body::to_bytes(sse.into_body(), 100_000).await.unwrap();
        (String::from_utf8(bytes.to_vec()).unwrap(), took)
    }

    fn listening(live: &Live) -> Batches {
        let (position, heard) = live.subscribe();
        Batches::new(heard, position)
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_event_goes_at_once_and_the_next_ones_together() {
        let live = Live::default();
        let mut batches = listening(&live);
        live.publish(running(1));
        let (text, took) = batch(&mut batches).await;
        assert_eq!(
            text,
            format!(
                "event: generation\ndata: {{\"runs\":[{{\"id\":1,\"status\":\"in_progress\"}}]}}\nid: {}\n\n",
                live.position()
            )
        );
        assert!(took <= BREATH * 2, "{took:?}");
        for id in [1, 2, 1, 2, 1] {
            live.publish(ended(id));
        }
        live.publish(Event::Storage);
        let (text, took) = batch(&mut batches).await;
        assert_eq!(text.matches("\"id\":").count(), 2, "{text}");
        assert!(text.contains("event: storage") && text.ends_with(&format!("id: {}\n\n", live.position())), "{text}");
        assert!(took >= PAUSE - BREATH * 2 && took <= PAUSE * 2, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_backfill_becomes_few_reloads_and_does_not_hold_up_what_runs_now() {
        let live = Live::default();
        let mut batches = listening(&live);
        let (mut reloads, mut bytes, mut has_run) = (0, 0, false);
        let start = Instant::now();
        for burst in 0..100 {
            for id in 0..100 {
                live.publish(ended(burst * 100 + id));
            }
            if burst == 50 {
                live.publish(running(1_000_000));
            }
            let (text, _) = batch(&mut batches).await;
            reloads += text.matches("event: reload").count();
            has_run |= text.contains("{\"id\":1000000,\"status\":\"in_progress\"}");
            bytes += text.len();
        }
        let seconds = start.elapsed().as_secs_f64();
        assert!(has_run && bytes < 20_000, "{bytes}");
        assert!(
            reloads >= 1 && f64::from(u32::try_from(reloads).unwrap()) <= seconds / 2.0 + 1.0,
            "{reloads} in {seconds} s"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_is_told_to_reload_and_where_that_leads() {
        let live = Live::default();
        let mut batches = listening(&live);
        for id in 0..1_000 {
            live.publish(running(id % 7));
        }
        let (text, _) = batch(&mut batches).await;
        assert!(text.contains("event: reload"), "{text}");
        assert!(text.ends_with(&format!("id: {}\n\n", live.position())), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_broken_by_a_beat() {
        let live = Live::default();
        let (text, took) = batch(&mut listening(&live)).await;
        assert!(text.starts_with("event: beat\ndata: {\"now\":"), "{text}");
        assert_eq!(took.as_secs(), BEAT.as_secs());
    }
}
