//! The server as a whole: parts, routes, connections.

use std::io;

use axum::extract::FromRef as _;
use tokio::net::TcpListener;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use super::http::server::{self, Entrance};
use super::routes;
use super::site::facts::FactsCache;
use super::site::state::{Site, SiteState};
use crate::memory;

/// Why the server ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The listener doesn't know its own address.
    #[error("read the address that was bound")]
    Address(#[source] io::Error),
}

/// Answers whoever connects, until it is told to stop; then finishes the requests in hand, for a few seconds at most.
pub async fn serve(listener: TcpListener, site: Site, shutdown: CancellationToken) -> Result<(), Error> {
    serve_up_to(server::places(server::descriptors()), listener, site, shutdown).await
}

/// The same for this many connections at the same time.
pub async fn serve_up_to(
    most: usize,
    listener: TcpListener,
    site: Site,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let address = listener.local_addr().map_err(Error::Address)?;
    let entrance = Entrance { base: site.settings.base.clone(), proxies: site.settings.proxies.clone().into() };
    let state = SiteState::new(site, address, shutdown.clone());
    let facts = FactsCache::from_ref(&state);
    let serving = server::run(most, listener, entrance, routes::router(state), shutdown);
    tokio::select! {
        () = serving => Ok(()),
        () = forget(facts) => Ok(()),
    }
}

/// Lets go of what nobody asked for lately, again and again.
async fn forget(facts: FactsCache) {
    let mut rounds = interval(memory::ROUND);
    loop {
        rounds.tick().await;
        facts.rest(memory::UNUSED);
    }
}
