//! The way of a request over proxies: `X-Forwarded-For`, `-Proto` and `-Host`, else `Forwarded` (RFC 7239).
//!
//! Each proxy adds on the right whom it heard, so the list is believed from the right, as far as the proxies in it are
//! trusted: the first other address is who asks, and everything left of it is what they claim.

use std::net::IpAddr;

use http::HeaderMap;

/// Where a request came from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) client: IpAddr,
    pub(super) is_https: bool,
    /// The name by which we were called.
    pub(super) host: Option<String>,
}

impl Route {
    /// Without a proxy.
    pub(super) fn straight(client: IpAddr) -> Self {
        Self { client, is_https: false, host: None }
    }

    /// As the trusted proxy at `peer` tells it.
    pub(super) fn read(headers: &HeaderMap, peer: IpAddr, is_trusted: impl Fn(IpAddr) -> bool) -> Self {
        let mut hops = Hops {
            addresses: list(headers, "x-forwarded-for"),
            schemes: list(headers, "x-forwarded-proto"),
            hosts: list(headers, "x-forwarded-host"),
        };
        // A proxy that writes the one kind may let the other pass as the client wrote it.
        if hops.addresses.is_empty() && hops.schemes.is_empty() && hops.hosts.is_empty() {
            hops = Hops::of_forwarded(&list(headers, "forwarded"));
        }
        let (mut client, mut passed) = (peer, 0);
        for (nth, text) in hops.addresses.iter().rev().enumerate() {
            let Some(address) = address(text) else { break };
            (client, passed) = (address, nth);
            if !is_trusted(address) {
                break;
            }
        }
        let told = |list: &[String]| list.iter().rev().nth(passed).or(list.first()).cloned();
        Self {
            client,
            is_https: told(&hops.schemes).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")),
            host: told(&hops.hosts).filter(|host| !host.is_empty()),
        }
    }
}

/// What each proxy wrote, the last one on the right. An empty text where a `Forwarded` says nothing.
#[derive(Default)]
struct Hops {
    addresses: Vec<String>,
    schemes: Vec<String>,
    hosts: Vec<String>,
}

impl Hops {
    fn of_forwarded(elements: &[String]) -> Self {
        let mut hops = Self::default();
        for element in elements {
            let pairs = split(element, ';').into_iter().filter_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                Some((name.trim().to_ascii_lowercase(), value.trim().trim_matches('"').to_owned()))
            });
            let pairs: Vec<(String, String)> = pairs.collect();
            let value = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
            hops.addresses.push(value("for").unwrap_or_default());
            hops.schemes.push(value("proto").unwrap_or_default());
            hops.hosts.push(value("host").unwrap_or_default());
        }
        hops
    }
}

/// The elements of all headers of that name.
fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let lines = headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or_default());
    lines.flat_map(|line| split(line, ',')).filter(|element| !element.is_empty()).collect()
}

/// Splits where no quotation marks stand around.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut is_quoted = false;
    let parts = text.split(|c| {
        is_quoted ^= c == '"';
        c == separator && !is_quoted
    });
    parts.map(|part| part.trim().to_owned()).collect()
}

/// An address, perhaps with a port; `None` for `unknown` and other inventions.
fn address(text: &str) -> Option<IpAddr> {
    let bare = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        // One colon stands before a port, more are an IPv6 address.
        None => text.split_once(':').filter(|(_, port)| !port.contains(':')).map_or(text, |(address, _)| address),
    };
    bare.parse().ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn way(headers: &[(&'static str, &'static str)]) -> (String, bool, Option<String>) {
        let pairs =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(name, value);
        }
        let is_trusted = |address: IpAddr| address.to_string().starts_with("10.") || address.is_loopback();
        let way = Route::read(&map, "10.0.0.1".parse().unwrap(), is_trusted);
        (way.client.to_string(), way.is_https, way.host)
    }

    #[test]
    fn the_right_most_address_that_is_no_trusted_proxy_asks() {
        for (list, client) in [
            ("192.0.2.7", "192.0.2.7"),
            ("198.51.100.1, 192.0.2.7", "192.0.2.7"),
            ("127.0.0.1, 192.0.2.7, 10.0.0.2,10.0.0.3", "192.0.2.7"),
            ("10.0.0.9, 10.0.0.2", "10.0.0.9"),
            ("192.0.2.7:4711", "192.0.2.7"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("192.0.2.7, unknown, 10.0.0.2", "10.0.0.2"),
            ("nonsense", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(way(&[("x-forwarded-for", list)]).0, client, "{list}");
        }
        let lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "192.0.2.7")];
        assert_eq!(way(&lines).0, "192.0.2.7");
    }

    #[test]
    fn scheme_and_host_are_those_of_the_hop_that_heard_the_client() {
        let one = way(&[("x-forwarded-proto", "https"), ("x-forwarded-host", "recall.example")]);
        assert_eq!(one, ("10.0.0.1".to_owned(), true, Some("recall.example".to_owned())));
        let chain =
            |proto| way(&[("x-forwarded-for", "203.0.113.9, 192.0.2.7, 10.0.0.2"), ("x-forwarded-proto", proto)]).1;
        assert!(chain("http, https, http"), "the client is the second from the right");
        assert!(!chain("https, http, http"), "the left-most is the client's own invention");
    }

    #[test]
    fn rfc_7239_is_read_where_nothing_else_is_said() {
        let told = "for=198.51.100.1, for=\"[2001:db8::1]:443\";proto=https;host=\"recall.example:8443\", for=10.0.0.2";
        let way_told = way(&[("forwarded", told)]);
        assert_eq!(way_told, ("2001:db8::1".to_owned(), true, Some("recall.example:8443".to_owned())));
        let both = way(&[("forwarded", "for=198.51.100.1;proto=https"), ("x-forwarded-for", "192.0.2.7")]);
        assert_eq!(both, ("192.0.2.7".to_owned(), false, None));
        assert_eq!(way(&[("forwarded", "for=_hidden;proto=https")]).0, "10.0.0.1");
    }
}
