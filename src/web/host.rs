//! Which names this server answers to. Without this check a web page elsewhere could point its own name at our address
//! (DNS rebinding) and read the history as if it were its own.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::HOST;
use http::uri::Authority;

use super::error::Error;
use super::site::App;

/// The names that a `Host` header may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHosts {
    listen: IpAddr,
    /// Lower case, with the port where the operator gave one.
    names: BTreeSet<String>,
}

impl AllowedHosts {
    /// The address we listen on, and the public names from the configuration: `recall.example`, or with a port
    /// `recall.example:8443`. A name without a port is good for every port, as a proxy may use another one than ours.
    pub fn new(listen: SocketAddr, names: &[String]) -> Self {
        Self { listen: listen.ip(), names: names.iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// Whether we answer to this. Ports of our own addresses aren't compared: a rebound name can't look like an
    /// address or like `localhost`, and containers and tunnels change ports.
    pub fn allow(&self, authority: &Authority) -> bool {
        let whole = authority.as_str().to_ascii_lowercase();
        let host = authority.host().to_ascii_lowercase();
        if whole.contains('@') {
            return false;
        }
        if host == "localhost" || self.names.contains(&host) || self.names.contains(&whole) {
            return true;
        }
        let address: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        address.is_some_and(|address| address.is_loopback() || address == self.listen || self.listen.is_unspecified())
    }
}

/// Refuses requests for other hosts.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Result<Response, Error> {
    let header = request.headers().get(HOST).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    // A request line may name a host too, and then it counts (RFC 9112, section 3.2.2): both have to be ours.
    for named in [header.or_else(|| Some(String::new())), request.uri().authority().map(ToString::to_string)] {
        let Some(named) = named else { continue };
        if !named.parse().is_ok_and(|authority| app.hosts.allow(&authority)) {
            return Err(Error::Host(named));
        }
    }
    Ok(next.run(request).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(listen: &str, names: &[&str], host: &str) -> bool {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        AllowedHosts::new(listen.parse().unwrap(), &names).allow(&host.parse().unwrap())
    }

    #[test]
    fn our_own_addresses_are_answered() {
        for host in ["localhost", "LOCALHOST:8588", "127.0.0.1:8588", "127.0.0.1:9000", "[::1]:8588"] {
            assert!(allows("127.0.0.1:8588", &[], host), "{host}");
        }
        assert!(allows("192.168.1.5:8588", &[], "192.168.1.5:8588"));
        assert!(allows("0.0.0.0:8588", &[], "10.1.2.3:8588"));
    }

    #[test]
    fn names_of_others_are_refused() {
        for host in [
            "evil.example",
            "evil.example:8588",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "localhost@evil.example",
            "evil.example@localhost",
        ] {
            assert!(!allows("127.0.0.1:8588", &[], host), "{host}");
        }
        assert!(!allows("0.0.0.0:8588", &[], "evil.example"));
    }

    #[test]
    fn configured_names_are_answered() {
        assert!(allows("127.0.0.1:8588", &["Recall.example"], "recall.EXAMPLE:443"));
        assert!(allows("127.0.0.1:8588", &["recall.example:8443"], "recall.example:8443"));
        assert!(!allows("127.0.0.1:8588", &["recall.example:8443"], "recall.example:1"));
    }
}
