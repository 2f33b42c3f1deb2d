//! Connections: how many, how patient we are with them, and how they end.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::site::{App, Site};
use super::{arrival, routes};
use crate::memory;

/// Connections at the same time. The next one waits in the listener's queue until another ends.
const CONNECTIONS: usize = 512;

/// How long a client may take to send the head of a request, and may stay without sending another one.
const HEAD_WAIT: Duration = Duration::from_secs(30);

/// The longest head of a request.
const HEAD_BYTES: usize = 64 * 1024;

/// How long requests in hand may take when we are told to stop.
const DRAIN: Duration = Duration::from_secs(5);

/// How long to wait when no connection can be taken, most often because there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Why the server ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The listener doesn't know its own address.
    #[error("read the address that was bound")]
    Address(#[source] io::Error),
}

/// Answers whoever connects, until it is told to stop; then finishes the requests in hand, for a few seconds at most.
pub async fn serve(listener: TcpListener, site: Site, shutdown: CancellationToken) -> Result<(), Error> {
    let address = listener.local_addr().map_err(Error::Address)?;
    let app = App::new(site, address, shutdown.clone());
    let router = routes::router(app.clone());
    let mut connections = JoinSet::new();
    let mut rounds = interval(memory::ROUND);
    loop {
        let may_accept = connections.len() < CONNECTIONS;
        tokio::select! {
            () = shutdown.cancelled() => break,
            Some(ended) = connections.join_next() => note(ended),
            _ = rounds.tick() => app.told.rest(memory::UNUSED),
            accepted = listener.accept(), if may_accept => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(converse(stream, peer.ip(), app.clone(), router.clone()));
                }
                Err(error) => pause_after(&error, &shutdown).await,
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
    Ok(())
}

/// One connection, until either side ends it.
async fn converse(stream: TcpStream, peer: IpAddr, app: App, router: Router) {
    let shutdown = app.closing.clone();
    let service = router.map_request(move |request| arrival::receive(peer, &app.proxies, &app.base, request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Clients come and go as they like: a closed tab in the middle of a video is no failure.
        tracing::debug!(%error, "connection ended early");
    }
}

/// A client that was gone before we looked is nothing; any other failure won't pass at once.
async fn pause_after(error: &io::Error, shutdown: &CancellationToken) {
    if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        return;
    }
    tracing::warn!(%error, "no connection can be taken");
    tokio::select! {
        () = sleep(ACCEPT_PAUSE) => {}
        () = shutdown.cancelled() => {}
    }
}

fn note(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a request broke its connection");
    }
}
