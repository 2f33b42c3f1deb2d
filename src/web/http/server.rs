//! Connections: how many, how patient we are with them, and how they end.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::{ServiceExt as _, service_fn};

use super::arrival;
use super::arrival::Arrival;
use super::guests::{Guest, Guests};
use crate::model::BasePath;

/// Connections at the same time. The next one gets the place of another; where all are being answered, and nobody has more
/// than its share, it waits in the listener's queue until one is.
const CONNECTIONS: usize = 512;

/// Connections beyond those that may be on their way out.
const LEAVING: usize = 64;

/// File descriptors that are no connections: of the databases, of files in hand, of the lines to ComfyUI.
const OTHERS: usize = 128;

/// So many connections there may always be.
const FEWEST: usize = 16;

/// How long the rest of an answer may take to be read by a client that is sent away.
const FAREWELL: Duration = Duration::from_secs(1);

/// How often it is said that there are too many.
const SAY: Duration = Duration::from_secs(60);

/// How often it is looked for clients that have kept us waiting for too long.
const WAITS: Duration = Duration::from_secs(5);

/// How long a client may take to send the head of a request, and may stay without sending another one.
const HEAD_WAIT: Duration = Duration::from_secs(30);

/// The longest head of a request.
const HEAD_BYTES: usize = 64 * 1024;

/// How long requests in hand may take when we are told to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// How long to wait when no connection can be taken, most often because there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// How many connections there is room for: recording goes on although all are taken.
pub fn places(descriptors: Option<u64>) -> usize {
    let descriptors = descriptors.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    descriptors.saturating_sub(OTHERS + LEAVING).clamp(FEWEST, CONNECTIONS)
}

/// How many files this process may have open, where that is limited.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub fn descriptors() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub fn descriptors() -> Option<u64> {
    None
}

/// How requests find their way to us.
#[derive(Debug, Clone)]
pub struct Entrance {
    /// The path below which everything is served.
    pub base: BasePath,
    /// The proxies that may say for whom a request is.
    pub proxies: Arc<[IpNet]>,
}

/// Answers whoever connects, this many at the same time, until it is told to stop; then finishes the requests in hand, for a
/// few seconds at most.
pub async fn run(most: usize, listener: TcpListener, entrance: Entrance, router: Router, shutdown: CancellationToken) {
    let (mut connections, guests, mut said) = (JoinSet::new(), Guests::new(most), LastWarning::default());
    let mut waits = interval(WAITS);
    loop {
        let is_full = guests.count() >= most;
        let accept = async {
            if is_full {
                guests.rest().await;
            }
            listener.accept().await
        };
        tokio::select! {
            () = shutdown.cancelled() => break,
            Some(ended) = connections.join_next() => note(ended),
            _ = waits.tick() => guests.end_waits(),
            accepted = accept, if connections.len() < most + LEAVING => match accepted {
                Ok((stream, peer)) => {
                    if is_full && guests.dismiss() {
                        said.now_and_then(|| {
                            tracing::warn!(
                                connections = most,
                                "all connections are taken; whoever comes next gets that of one that rests, that keeps us waiting, or whose address has the most"
                            );
                        });
                    }
                    let peer = peer.ip();
                    let guest = guests.arrive((!arrival::is_proxy(peer, &entrance.proxies)).then_some(peer));
                    connections.spawn(converse(stream, peer, guest, entrance.clone(), router.clone(), shutdown.clone()));
                }
                // A client that was gone before we looked is nothing; any other failure won't pass at once.
                Err(error) if is_gone(&error) => {}
                Err(error) => {
                    guests.dismiss();
                    said.now_and_then(|| tracing::warn!(%error, "no connection can be taken"));
                    shutdown.run_until_cancelled(sleep(ACCEPT_PAUSE)).await;
                }
            },
        }
    }
    drop(listener);
    let drained = timeout(DRAIN, async {
        while let Some(ended) = connections.join_next().await {
            note(ended);
        }
    });
    if drained.await.is_err() {
        tracing::warn!(connections = connections.len(), "requests were cut off, as they took too long to finish");
    }
}

/// One connection, until either side ends it.
async fn converse(
    stream: TcpStream,
    peer: IpAddr,
    guest: Guest,
    entrance: Entrance,
    router: Router,
    shutdown: CancellationToken,
) {
    let guest = Arc::new(guest);
    let answering = Arc::clone(&guest);
    let service = service_fn(move |request: Request<Incoming>| {
        let (guest, router) = (Arc::clone(&answering), router.clone());
        let request = request.map(|body| guest.body(body));
        let request = arrival::receive(peer, &entrance.proxies, &entrance.base, request);
        let client = request.extensions().get().map_or(peer, |arrival: &Arrival| arrival.client);
        async move { guest.answer(client, router.oneshot(request)).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(guest.line(stream)), TowerToHyperService::new(service));
    tokio::pin!(connection);
    let conversation = async {
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = shutdown.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
            () = guest.dismissed() => {
                connection.as_mut().graceful_shutdown();
                match timeout(FAREWELL, connection.as_mut()).await {
                    Ok(ended) => ended,
                    Err(_) if guest.is_at_work() => connection.await,
                    Err(_) => Ok(()),
                }
            }
        }
    };
    let ended = tokio::select! {
        ended = conversation => ended,
        () = guest.cut_off() => Ok(()),
    };
    if let Err(error) = ended {
        // Clients come and go as they like: a closed tab in the middle of a video is no failure.
        tracing::debug!(%error, "connection ended early");
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

/// When it was last said that there are too many.
#[derive(Debug, Default)]
struct LastWarning(Option<Instant>);

impl LastWarning {
    fn now_and_then(&mut self, say: impl FnOnce()) {
        if self.0.is_none_or(|at| at.elapsed() >= SAY) {
            self.0 = Some(Instant::now());
            say();
        }
    }
}

fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a request broke its connection");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_left_for_recording_where_there_are_few() {
        for (descriptors, most) in
            [(None, 512), (Some(1_048_576), 512), (Some(1024), 512), (Some(256), 64), (Some(64), 16)]
        {
            assert_eq!(places(descriptors), most, "{descriptors:?}");
        }
    }
}
