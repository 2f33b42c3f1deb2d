//! The address that the daemon listens on, and what to do when somebody has it, or the data folder, already.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use anyhow::{Context as _, anyhow, ensure};
use tokio::net::TcpListener;

use super::front::Front;
use super::tenant::{self, Tenant};
use crate::browser;
use crate::config::{Config, Host, Listen};
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
        "listen \"{}\": this name resolves to an address that other machines can reach; set a password or a token, or use --no-auth",
        config.listen
    );
    let bound = TcpListener::bind(addresses.as_slice()).await;
    bound.map_err(|error| {
        let listen = &config.listen;
        let said = match error.kind() {
            // Who has it is asked after.
            io::ErrorKind::AddrInUse => return error.into(),
            io::ErrorKind::PermissionDenied => {
                format!(
                    "listen on {listen}: this user isn't allowed to; choose another address with --listen, with a port of \
                     1024 or higher"
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

/// What follows when the daemon couldn't start: when one is at work on the same data, whoever wanted to see the page sees
/// it; whoever has the address is named.
pub(super) async fn refused(error: anyhow::Error, config: &Config, front: &Front) -> anyhow::Result<()> {
    if matches!(error.downcast_ref(), Some(store::Error::InUse { .. })) {
        let folder = config.data_dir.clone();
        let looked = tokio::task::spawn_blocking(move || tenant::address_of_folder(&folder));
        return match looked.await.ok().flatten() {
            // As it was started with another --listen, or when another one was the default.
            Some(at) => running_already(&browser::address(at, config.base_path.as_str()), front),
            None => Err(error),
        };
    }
    let is_taken = error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse);
    let Some(listen) = browser::reachable(&config.listen).filter(|_| is_taken) else {
        return Err(error);
    };
    let tenant = tenant::of(&listen, config.base_path.as_str()).await;
    let address = format!("http://{listen}{}/", config.base_path);
    let other = other_port(&config.listen);
    match &tenant {
        Tenant::Ours(folder) if has_our_data(folder.as_deref(), &config.data_dir) => running_already(&address, front),
        Tenant::Ours(folder) => {
            let whose = folder.as_ref().map(|folder| format!(", {},", folder.display())).unwrap_or_default();
            let ours = config.data_dir.display();
            Err(anyhow!(
                "a comfy-recall with another data folder{whose} is running at {address}, so nothing would be recorded into \
                 {ours}; open its history with comfy-recall open; to run both, start this one with --listen {other}"
            ))
        }
        _ => Err(anyhow!(
            "listen on {}: {tenant}; choose another address with --listen, for example {other}, or stop that program",
            config.listen
        )),
    }
}

fn running_already(address: &str, front: &Front) -> anyhow::Result<()> {
    if front.opens {
        front.voice.say(&format!("comfy-recall is already running at {address}"));
        front.open(address);
        return Ok(());
    }
    Err(anyhow!(
        "comfy-recall is already running at {address}; open it with comfy-recall open, stop it with comfy-recall stop, \
         or, for a second one, choose another --listen and another --data-dir"
    ))
}

/// Whether the daemon that has our address has our data folder too: by the folder where the system tells it, else by
/// whether somebody has it.
fn has_our_data(theirs: Option<&Path>, ours: &Path) -> bool {
    theirs.map_or_else(|| store::is_in_use(ours).unwrap_or(false), |theirs| tenant::is_same(theirs, ours))
}

/// The same address with the next port.
fn other_port(listen: &Listen) -> Listen {
    Listen { host: listen.host.clone(), port: listen.port.checked_add(1).unwrap_or(Listen::DEFAULT_PORT) }
}
