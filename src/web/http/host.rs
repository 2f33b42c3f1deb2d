//! Which names this server answers to. Without this check a web page elsewhere could point its own name at our address
//! (DNS rebinding) and read the history as if it were its own.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use http::header::HOST;

use super::arrival::Arrival;
use super::code::Code;
use super::problem::Problem;
use super::route::{Access, Rules};

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
    pub fn allow(&self, named: &str) -> bool {
        let Some(host) = host_of(named).map(str::to_ascii_lowercase) else { return false };
        if host == "localhost" || self.names.contains(&host) || self.names.contains(&named.to_ascii_lowercase()) {
            return true;
        }
        let address: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        address.is_some_and(|address| address.is_loopback() || address == self.listen || self.listen.is_unspecified())
    }
}

/// The host of `HOST` or `HOST:PORT`, an IPv6 address in its brackets; `None` where something else stands around it.
pub fn host_of(named: &str) -> Option<&str> {
    let end = match named.strip_prefix('[') {
        Some(rest) => {
            let end = rest.find(']')?;
            rest[..end].parse::<Ipv6Addr>().ok()?;
            end + 2
        }
        None => named.find(':').unwrap_or(named.len()),
    };
    let (host, port) = named.split_at(end);
    let is_port = |text: &str| text.bytes().all(|c| c.is_ascii_digit()) && text.parse::<u16>().is_ok();
    let is_whole = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    (is_whole && !host.is_empty()).then_some(host)
}

/// Refuses requests for other hosts: by the `Host` that they came with, by what a trusted proxy says in its place, and by
/// the request line, which counts where it names one (RFC 9112, section 3.2.2). All of them have to be ours. A browser on
/// the proxy's machine is as trusted as the proxy, and lets a page say what it was called by, but not its `Host`.
pub async fn check(
    State(hosts): State<Arc<AllowedHosts>>,
    Extension(rules): Extension<Rules>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if rules.access == Access::Probe {
        return Ok(next.run(request).await);
    }
    let mut named = request.headers().get_all(HOST).iter();
    let (Some(host), None) = (named.next(), named.next()) else { return Err(Code::HostMissing.into()) };
    let raw = request.extensions().get().and_then(|arrival: &Arrival| arrival.raw_host.as_ref());
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let named = request.uri().authority().map(ToString::to_string);
    match [raw.map(text), Some(text(host)), named].into_iter().flatten().find(|named| !hosts.allow(named)) {
        Some(other) => Err(refusal(&other)),
        None => Ok(next.run(request).await),
    }
}

fn refusal(named: &str) -> Problem {
    // Several lines of a proxy may say nothing between them.
    if named.is_empty() {
        return Code::HostMissing.into();
    }
    let message =
        format!("this server doesn't answer to the name {named:?}; to add one, start it with --allow-host NAME");
    Problem::said(Code::UnknownHost, message).text_with("error-host", "name", named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(listen: &str, names: &[&str], host: &str) -> bool {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        AllowedHosts::new(listen.parse().unwrap(), &names).allow(host)
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
    fn what_stands_around_a_name_of_ours_is_refused() {
        for host in [
            "[::1]evil.example",
            "[::1]:8588evil.example",
            "[::1",
            "[::1]]",
            "[[::1]]",
            "[127.0.0.1]",
            "[localhost]",
            "[evil.example]:1",
            "::1",
            "localhost:",
            "localhost:+80",
            "localhost:80:80",
            "localhost:65536",
            "localhost:x",
            "localhost/",
            "localhost, evil.example",
            "localhost evil.example",
            " localhost",
            ":8588",
            "",
        ] {
            assert!(!allows("127.0.0.1:8588", &[], host), "{host}");
            assert!(!allows("0.0.0.0:8588", &["recall.example"], host), "{host}");
        }
    }

    #[test]
    fn configured_names_are_answered() {
        assert!(allows("127.0.0.1:8588", &["Recall.example"], "recall.EXAMPLE:443"));
        assert!(allows("127.0.0.1:8588", &["recall.example:8443"], "recall.example:8443"));
        assert!(!allows("127.0.0.1:8588", &["recall.example:8443"], "recall.example:1"));
    }
}
