//! A request as it comes in: from whom, over which proxies, under which number, and to which path below our own.
//!
//! What a request says of its way counts only when it comes from a proxy that the operator trusts; anybody can write a
//! header.

mod forwarded;

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Uri};
use ipnet::IpNet;

use super::panel::Look;
use super::site::App;
use crate::model::BasePath;
use forwarded::Way;

/// The header that holds the number of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest number that is taken over from a proxy.
const ID_CHARS: usize = 64;

/// Who asks, and where.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The machine that asks: the nearest one that isn't a trusted proxy.
    pub client: IpAddr,
    /// Whether it asked by https.
    pub is_https: bool,
    /// What the answer and the log call the request.
    pub id: HeaderValue,
    /// Where the request goes.
    pub place: Place,
    /// The path that was asked for, with the base.
    pub path: String,
    /// How the page looks that a frame of ours stands in.
    pub look: Option<Look>,
}

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Below the base path, which is taken off its address.
    Inside,
    /// To the base path without the stroke behind it.
    Door,
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
        self.look.map_or_else(|| site.clone(), |look| look.base(site))
    }
}

impl FromRequestParts<App> for Arrival {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get().cloned().unwrap_or_else(|| Self {
            client: IpAddr::from([0, 0, 0, 0]),
            is_https: false,
            id: fresh_id(),
            place: Place::Inside,
            path: parts.uri.path().to_owned(),
            look: None,
        }))
    }
}

/// Notes who asks, and takes the base path and the look of a frame off the address; from here on a request looks as if it came straight to us.
pub fn receive<B>(peer: IpAddr, trusted: &[IpNet], base: &BasePath, mut request: Request<B>) -> Request<B> {
    let peer = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let way = if is_trusted(peer) { Way::read(request.headers(), peer, is_trusted) } else { Way::straight(peer) };
    let id = given_id(request.headers()).filter(|_| is_trusted(peer)).unwrap_or_else(fresh_id);
    if let Some(host) = way.host.and_then(|host| HeaderValue::try_from(host).ok()) {
        request.headers_mut().insert(HOST, host);
    }
    let path = request.uri().path().to_owned();
    let mut look = None;
    let place = match base.strip(&path) {
        None => Place::Outside,
        Some(_) if path == base.as_str() => Place::Door,
        Some(rest) => {
            let (found, rest) = Look::strip(rest).map_or((None, rest), |(look, rest)| (Some(look), rest));
            look = found;
            if let Some(uri) = with_path(request.uri(), rest) {
                *request.uri_mut() = uri;
            }
            Place::Inside
        }
    };
    request.extensions_mut().insert(Arrival { client: way.client, is_https: way.is_https, id, place, path, look });
    request
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
        for odd in ["a b", "", "a\u{e9}", &"x".repeat(65)] {
            assert_ne!(received("10.0.0.1", "/", "", &[("x-request-id", odd)]).0.id(), odd);
        }
    }

    #[test]
    fn the_base_path_is_taken_off() {
        for (uri, place, seen) in [
            ("/history/g/7?q=a%20b", Place::Inside, "/g/7?q=a%20b"),
            ("/history/", Place::Inside, "/"),
            ("/history/?q=x", Place::Inside, "/?q=x"),
            ("/history", Place::Door, "/history"),
            ("/history?q=x", Place::Door, "/history?q=x"),
            ("/historyx", Place::Outside, "/historyx"),
            ("/g/7", Place::Outside, "/g/7"),
        ] {
            let (arrival, request) = received("10.0.0.1", uri, "/history", &[]);
            assert_eq!((arrival.place, request.uri().to_string().as_str()), (place, seen), "{uri}");
            assert_eq!(arrival.path, uri.split('?').next().unwrap());
        }
        let (arrival, request) = received("10.0.0.1", "/g/7", "", &[]);
        assert_eq!((arrival.place, request.uri().to_string().as_str()), (Place::Inside, "/g/7"));
    }
}
