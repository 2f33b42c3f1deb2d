//! `open`: the page of a run in the browser, or its address.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::{Context as _, anyhow};

use super::show::no_run;
use super::{Error, Screen, base, read, threads};
use crate::cli::Open;
use crate::config::{Effective, Host, Listen};
use crate::model::GenerationId;

/// A daemon on this machine answers in less.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) fn open(open: &Open, effective: &Effective, screen: &mut Screen<'_>) -> Result<(), Error> {
    let path = match open.id.map(GenerationId) {
        None => "/".to_owned(),
        Some(id) => {
            let store = read(effective)?;
            threads()?.block_on(store.outline(id))?.ok_or_else(|| no_run(id))?;
            format!("/g/{id}")
        }
    };
    let listen = reachable(&effective.config.listen)?;
    let address = format!("http://{listen}{}{path}", base(effective));
    writeln!(screen.out, "{address}")?;
    if !answers(&listen, base(effective)) {
        return Ok(screen
            .warn(format_args!("nobody answers there; start comfy-recall, or say with --listen where it listens"))?);
    }
    if !open.print && screen.width.is_some() && screen.has_display {
        ::open::that_detached(&address).with_context(|| format!("open {address} in the browser"))?;
    }
    Ok(())
}

/// Where somebody on this machine reaches what listens there.
pub(super) fn reachable(listen: &Listen) -> Result<Listen, Error> {
    let host = match &listen.host {
        Host::Ip(IpAddr::V4(ip)) if ip.is_unspecified() => Host::Ip(Ipv4Addr::LOCALHOST.into()),
        Host::Ip(IpAddr::V6(ip)) if ip.is_unspecified() => Host::Ip(Ipv6Addr::LOCALHOST.into()),
        host => host.clone(),
    };
    match listen.port {
        0 => Err(anyhow!("the port is 0, so any may have been chosen; give the one that is used with --listen").into()),
        port => Ok(Listen { host, port }),
    }
}

/// Whether a daemon of ours is there.
pub(super) fn answers(listen: &Listen, base: &str) -> bool {
    let ask = || {
        let address = listen.to_string().to_socket_addrs().ok()?.next()?;
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let request = format!("GET {base}/healthz HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).ok()?;
        Some(answer.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_means_all_of_this_machine_is_reached_on_itself() {
        for (listen, reached) in [
            ("0.0.0.0:8189", "127.0.0.1:8189"),
            ("[::]:8189", "[::1]:8189"),
            ("192.168.1.5:80", "192.168.1.5:80"),
            ("my.host:80", "my.host:80"),
        ] {
            assert_eq!(reachable(&listen.parse().unwrap()).unwrap().to_string(), reached);
        }
        assert!(matches!(reachable(&"127.0.0.1:0".parse().unwrap()), Err(Error::Failed(_))));
    }
}
