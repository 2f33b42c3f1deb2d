//! The address that the daemon listens on, and what to do when somebody has it, or the data folder, already.

use std::io;
use std::net::{IpAddr, SocketAddr};

use anyhow::{Context as _, anyhow, ensure};
use tokio::net::TcpListener;

use super::Front;
use crate::browser;
use crate::config::{Config, Host};
use crate::store;

/// Binds the address of the configuration.
pub(super) async fn bind(config: &Config) -> anyhow::Result<TcpListener> {
    let (host, port) = (&config.listen.host, config.listen.port);
    let addresses: Vec<SocketAddr> = match host {
        Host::Ip(ip) => vec![SocketAddr::new(*ip, port)],
        Host::Name(name) => {
            let found = tokio::net::lookup_host((name.as_str(), port)).await;
            found.with_context(|| format!("listen \"{}\": no address has this name", config.listen))?.collect()
        }
    };
    // `localhost` was let through without a password on its word alone.
    let is_public = |address: &SocketAddr| !is_loopback(address.ip());
    ensure!(
        !config.auth.is_open() || config.auth.no_auth || !addresses.iter().any(is_public),
        "listen \"{}\": the name leads to an address that others can reach; set a password or a token, or --no-auth",
        config.listen
    );
    let bound = TcpListener::bind(addresses.as_slice()).await;
    bound.map_err(|error| {
        let listen = &config.listen;
        let said = match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!(
                    "listen on {listen}: another program uses it; choose another address with --listen, for example \
                     127.0.0.1:8190, or stop that program"
                )
            }
            io::ErrorKind::PermissionDenied => {
                format!(
                    "listen on {listen}: this user may not; choose another address with --listen, with a port from \
                     1024 on"
                )
            }
            _ => format!("listen on {listen}: choose another address with --listen"),
        };
        anyhow::Error::new(error).context(said)
    })
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// What follows when the daemon couldn't start: when one is at work there already, whoever wanted to see the page sees it.
pub(super) async fn refused(error: anyhow::Error, config: &Config, front: &Front) -> anyhow::Result<()> {
    let is_taken = error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse);
    let is_in_use = matches!(error.downcast_ref(), Some(store::Error::InUse { .. }));
    let Some(listen) = browser::reachable(&config.listen).filter(|_| is_taken || is_in_use) else {
        return Err(error);
    };
    let (asked, base) = (listen.clone(), config.base_path.clone());
    let answers = tokio::task::spawn_blocking(move || browser::answers(&asked, base.as_str()));
    if !answers.await.unwrap_or(false) {
        return Err(error);
    }
    let address = format!("http://{listen}{}/", config.base_path);
    if front.opens {
        front.voice.say(&format!("comfy-recall is running already at {address}"));
        front.open(&address);
        return Ok(());
    }
    Err(anyhow!(
        "comfy-recall is running already at {address}; look at it with comfy-recall open, end it with comfy-recall stop, \
         or, for a second one, choose another --listen and another --data-dir"
    ))
}
