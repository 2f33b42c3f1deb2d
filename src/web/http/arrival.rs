//! A request as it comes in: from whom, over which proxies, under which number, and to which path below our own.
//!
//! What a request says of its way counts only when it comes from a proxy that the operator trusts; anybody can write a
//! header.

mod forwarded;

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};

use axum::extract::FromRequestParts;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Uri};
use ipnet::IpNet;

use super::appearance::Appearance;
use crate::model::BasePath;
use forwarded::Route;

/// The header that holds the number of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest number that is taken over from a proxy.
const ID_CHARS: usize = 64;

/// Who asks, and where.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The machine that asks: the nearest one that isn't a trusted proxy.
    pub client: IpAddr,
    /// The trusted proxy that speaks for it.
    pub proxy: Option<IpAddr>,
    /// The `Host` that the request came with, where that proxy says another.
    pub raw_host: Option<HeaderValue>,
    /// Whether it asked by https.
    pub is_https: bool,
    /// What the answer and the log call the request.
    pub id: HeaderValue,
    /// Where the request goes.
    pub place: RequestTarget,
    /// The path that was asked for, with the base.
    pub path: String,
    /// How the page looks that holds ours in a frame.
    pub appearance: Option<Appearance>,
}

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestTarget {
    /// Below the base path, which is taken off its address.
    Inside,
    /// To the base path without its trailing slash.
    MissingSlash,
    /// To what isn't ours.
    Outside,
}

impl Arrival {
    /// The number of the request.
    pub fn id(&self) -> &str {
        // Made of a proxy's plain characters, or of our own.
        self.id.to_str().unwrap_or_default()
    }

    /// What stands before the path of every address that leads on from here.
    pub fn base(&self, site: &BasePath) -> BasePath {
        self.appearance.map_or_else(|| site.clone(), |appearance| appearance.base(site))
    }
}

impl<S: Sync> FromRequestParts<S> for Arrival {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().cloned().unwrap_or_else(|| Self {
            client: IpAddr::from([0, 0, 0, 0]),
            proxy: None,
            raw_host: None,
            is_https: false,
            id: fresh_id(),
            place: RequestTarget::Inside,
            path: parts.uri.path().to_owned(),
            appearance: None,
        }))
    }
}

/// Whether a connection from there comes from a proxy that is trusted.
pub fn is_proxy(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|net| net.contains(&peer))
}

/// Whose address it is, where addresses are counted: of IPv6, everybody has at least a /64 to himself.
pub fn whole(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

/// Notes who asks, and takes the base path and the appearance of a frame off the address; from here on a request looks as if it came straight to us.
pub fn receive<B>(peer: IpAddr, trusted: &[IpNet], base: &BasePath, mut request: Request<B>) -> Request<B> {
    let peer = peer.to_canonical();
    let proxy = Some(peer).filter(|peer| is_proxy(*peer, trusted));
    let route = match proxy {
        Some(proxy) => Route::read(request.headers(), proxy, |address| is_proxy(address, trusted)),
        None => Route::straight(peer),
    };
    let id = given_id(request.headers()).filter(|_| proxy.is_some()).unwrap_or_else(fresh_id);
    let raw_host = route.host.and_then(|host| name_as(request.headers_mut(), &host));
    let path = request.uri().path().to_owned();
    let mut appearance = None;
    let place = match base.strip(&path) {
        None => RequestTarget::Outside,
        // What names no path, as `CONNECT` does, leads nowhere.
        Some(_) if path.is_empty() => RequestTarget::Outside,
        Some(_) if path == base.as_str() => RequestTarget::MissingSlash,
        Some(rest) => {
            let (found, rest) = Appearance::strip(rest).map_or((None, rest), |(found, rest)| (Some(found), rest));
            appearance = found;
            if let Some(uri) = with_path(request.uri(), rest) {
                *request.uri_mut() = uri;
            }
            RequestTarget::Inside
        }
    };
    let Route { client, is_https, .. } = route;
    request.extensions_mut().insert(Arrival { client, proxy, raw_host, is_https, id, place, path, appearance });
    request
}

/// Puts what a proxy says in the place of `Host`; gives what stood there. Several stay as they are, to be refused.
fn name_as(headers: &mut HeaderMap, host: &str) -> Option<HeaderValue> {
    let is_one = headers.get_all(HOST).iter().nth(1).is_none();
    let host = HeaderValue::try_from(host).ok().filter(|_| is_one)?;
    headers.insert(HOST, host)
}

/// The same address with another path; `None` where it has that path already.
fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    if uri.path() == path {
        return None;
    }
    let rest = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = rest.parse().ok();
    Uri::from_parts(parts).ok()
}

/// The number that a proxy gave it, if that can stand in a log.
fn given_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(REQUEST_ID)?;
    let is_plain = |c: &u8| c.is_ascii_alphanumeric() || b"-_.:".contains(c);
    ((1..=ID_CHARS).contains(&id.len()) && id.as_bytes().iter().all(is_plain)).then(|| id.clone())
}

fn fresh_id() -> HeaderValue {
    HeaderValue::try_from(format!("{:016x}", fastrand::u64(..))).unwrap_or_else(|_| HeaderValue::from_static("0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(peer: &str, uri: &str, base: &str, headers: &[(&str, &str)]) -> (Arrival, Request<()>) {
        let mut request = Request::builder().uri(uri).header(HOST, "here:1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "127.0.0.1/32".parse().unwrap()];
        let base = if base.is_empty() { BasePath::default() } else { base.parse().unwrap() };
        let request = receive(peer.parse().unwrap(), &trusted, &base, request.body(()).unwrap());
        (request.extensions().get::<Arrival>().unwrap().clone(), request)
    }

    #[test]
    fn a_stranger_is_believed_nothing() {
        let said = [
            ("x-forwarded-for", "127.0.0.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "for=127.0.0.1;proto=https;host=evil.example"),
            ("x-request-id", "theirs"),
        ];
        let (arrival, request) = received("192.0.2.7", "/", "", &said);
        assert_eq!((arrival.client.to_string().as_str(), arrival.is_https), ("192.0.2.7", false));
        assert_eq!(request.headers()[HOST], "here:1");
        assert_eq!((arrival.id().len(), arrival.id() == "theirs"), (16, false));
        assert_eq!((arrival.proxy, arrival.raw_host), (None, None));
    }

    #[test]
    fn a_trusted_proxy_is_believed() {
        let said = [
            ("x-forwarded-for", "198.51.100.1, 192.0.2.7, 10.0.0.9"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "recall.example"),
            ("x-request-id", "a-1"),
        ];
        let (arrival, request) = received("::ffff:127.0.0.1", "/", "", &said);
        assert_eq!((arrival.client.to_string().as_str(), arrival.is_https), ("192.0.2.7", true));
        assert_eq!((request.headers()[HOST].as_bytes(), arrival.id()), (&b"recall.example"[..], "a-1"));
        assert_eq!(arrival.raw_host.unwrap(), "here:1", "what it was called at first is known too");
        assert_eq!(arrival.proxy, Some("127.0.0.1".parse().unwrap()));
        for odd in ["a b", "", "a\u{e9}", &"x".repeat(65)] {
            assert_ne!(received("10.0.0.1", "/", "", &[("x-request-id", odd)]).0.id(), odd);
        }
    }

    #[test]
    fn several_hosts_are_not_made_one() {
        let said = [("host", "evil.example"), ("x-forwarded-host", "localhost")];
        let (arrival, request) = received("10.0.0.1", "/", "", &said);
        assert_eq!((request.headers().get_all(HOST).iter().count(), arrival.raw_host), (2, None));
    }

    #[test]
    fn a_net_of_ipv6_is_one_address() {
        for (address, counted) in
            [("::ffff:192.0.2.7", "192.0.2.7"), ("192.0.2.7", "192.0.2.7"), ("2001:db8:0:1:ffff::1", "2001:db8:0:1::")]
        {
            assert_eq!(whole(address.parse().unwrap()).to_string(), counted);
        }
    }

    #[test]
    fn the_base_path_is_taken_off() {
        for (uri, place, seen) in [
            ("/history/g/7?q=a%20b", RequestTarget::Inside, "/g/7?q=a%20b"),
            ("/history/", RequestTarget::Inside, "/"),
            ("/history/?q=x", RequestTarget::Inside, "/?q=x"),
            ("/history", RequestTarget::MissingSlash, "/history"),
            ("/history?q=x", RequestTarget::MissingSlash, "/history?q=x"),
            ("/historyx", RequestTarget::Outside, "/historyx"),
            ("/g/7", RequestTarget::Outside, "/g/7"),
        ] {
            let (arrival, request) = received("10.0.0.1", uri, "/history", &[]);
            assert_eq!((arrival.place, request.uri().to_string().as_str()), (place, seen), "{uri}");
            assert_eq!(arrival.path, uri.split('?').next().unwrap());
        }
        let (arrival, request) = received("10.0.0.1", "/g/7", "", &[]);
        assert_eq!((arrival.place, request.uri().to_string().as_str()), (RequestTarget::Inside, "/g/7"));
    }
}
