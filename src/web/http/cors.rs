//! Whose pages may read here beside our own: those of the sites that the configuration names, and those of the ComfyUI
//! servers that it names, where somebody drops a picture or the link of a workflow. Nobody else's, and none may change
//! anything.
//!
//! A ComfyUI that nobody named and that was found may be anybody's program on a usual port. Its page may hold ours in a frame,
//! where it gets what somebody drags or clicks there and nothing else; it reads nothing until a person names it.

use std::collections::BTreeSet;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, REFERER, VARY,
};
use http::{Method, StatusCode};
use url::{Host, Url};

use super::host::host_of;
use crate::web::site::state::App;
use crate::web::view::viewer::cookies;

/// Chromium asks so before a page of the internet reads from a machine at home.
const PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// What pages of others may send: who they are, what they ask, which part or version of a file they have.
const SENT: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, if-match, if-modified-since, if-none-match, if-range, if-unmodified-since, \
     last-event-id, range, x-request-id",
);

/// What their scripts may read of an answer, beside what every script may.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "accept-ranges, content-disposition, content-range, etag, link, retry-after, x-request-id",
);

/// Addresses that are shared: what ends with `/` with all below it. Pages and forms aren't.
const SHARED: [&str; 10] =
    ["/api/", "/bt/", "/events", "/files/", "/history", "/history/", "/prompt", "/queue", "/thumbs/", "/view"];

/// Whose pages may read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    /// Sites that the configuration names.
    named: BTreeSet<String>,
    /// The ComfyUI servers that the configuration names.
    comfyui: BTreeSet<Place>,
}

/// Scheme, host and port.
type Place = (String, String, u16);

/// How far pages of an origin are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// They may read what everybody may, and what a token that they show opens.
    Reader,
    /// They may read in the name of who is signed in here.
    Member,
}

impl Origins {
    /// From the origins and the addresses of the configuration; what isn't one is passed over.
    pub fn new(named: &[String], comfyui: &[String]) -> Self {
        let named = named.iter().filter_map(|origin| Some(Url::parse(origin).ok()?.origin().ascii_serialization()));
        Self { named: named.collect(), comfyui: comfyui.iter().filter_map(|address| place(address)).collect() }
    }

    /// How far a page of that origin is let in; `host` is what we are called ourselves.
    pub fn trust(&self, origin: &str, host: Option<&str>) -> Option<Trust> {
        if self.named.contains(origin) {
            return Some(Trust::Member);
        }
        let (scheme, named, port) = place(origin)?;
        let host = host.and_then(host_of);
        let is_comfyui = |(of_scheme, of_host, of_port): &Place| {
            (of_scheme, of_port) == (&scheme, &port) && names(of_host, host).any(|name| name == named)
        };
        self.comfyui.iter().any(is_comfyui).then_some(Trust::Reader)
    }

    /// The origins of ComfyUI's pages; `host` is what we are called ourselves.
    fn of_comfyui(&self, host: Option<&str>) -> BTreeSet<String> {
        // A policy has no words for an address in brackets.
        let is_plain = |host: &&str| host.bytes().all(|c| c.is_ascii_alphanumeric() || b".-".contains(&c));
        let mut origins = BTreeSet::new();
        for (scheme, of_host, port) in &self.comfyui {
            let urls =
                names(of_host, host).filter(is_plain).map(|name| Url::parse(&format!("{scheme}://{name}:{port}")));
            origins.extend(urls.flatten().map(|url| url.origin().ascii_serialization()));
        }
        origins
    }
}

/// The names that the pages of a ComfyUI at that host have. One at the usual address of this machine is also opened as
/// `localhost`, and from other machines by the name that we are called by ourselves. Another loopback address is another
/// server's.
fn names<'a>(host: &'a str, ours: Option<&'a str>) -> impl Iterator<Item = &'a str> {
    let others: &[&str] = match host {
        "localhost" => &["127.0.0.1", "[::1]"],
        "127.0.0.1" | "[::1]" => &["localhost"],
        _ => &[],
    };
    let ours = ours.filter(|ours| !others.is_empty() && !is_loopback(ours));
    std::iter::once(host).chain(others.iter().copied()).chain(ours)
}

fn is_loopback(host: &str) -> bool {
    let address: Option<std::net::IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    address.is_some_and(|address| address.to_canonical().is_loopback())
}

/// The origins in whose pages our own may stand in a frame, with blanks between them: those of the ComfyUI servers that we
/// record. Those on this machine also come from the name that the request calls us by.
///
/// Whoever hasn't shown that they may come in is told of none but the one that they come from: as their browser says, or as
/// it said when the frame was opened (see [`around()`]).
pub fn frames(app: &App, headers: &HeaderMap, is_known: bool) -> String {
    let mut origins = recorded(app, headers);
    if !is_known {
        let from = [referrer(headers), remembered(headers)];
        origins.retain(|origin| from.iter().flatten().any(|from| from == origin));
    }
    origins.into_iter().collect::<Vec<_>>().join(" ")
}

/// What the browser is to remember of the page around our frame, where the request was made by that page. Within the frame
/// our own pages lead on, and a session may be over by then.
pub fn around(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    let from = referrer(headers).filter(|from| remembered(headers).as_ref() != Some(from))?;
    recorded(app, headers).contains(&from).then_some(())?;
    HeaderValue::try_from(format!("{AROUND}={from}; Path={}; HttpOnly; SameSite=Lax", app.base.join("/"))).ok()
}

/// The cookie that holds the origin of the page around our frame.
const AROUND: &str = "recall-around";

fn remembered(headers: &HeaderMap) -> Option<String> {
    cookies(headers, AROUND).next().map(ToOwned::to_owned)
}

fn referrer(headers: &HeaderMap) -> Option<String> {
    Some(Url::parse(headers.get(REFERER)?.to_str().ok()?).ok()?.origin().ascii_serialization())
}

/// The origins of the ComfyUI servers that we record, also of those that no configuration names and that were found.
fn recorded(app: &App, headers: &HeaderMap) -> BTreeSet<String> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| app.hosts.allow(host));
    let found = app.live.health().into_iter().filter_map(|health| place(&health.address));
    let comfyui = app.origins.comfyui.iter().cloned().chain(found).collect();
    Origins { named: BTreeSet::new(), comfyui }.of_comfyui(host.and_then(host_of))
}

fn place(address: &str) -> Option<Place> {
    let url = Url::parse(address).ok()?;
    let host = url.host().map(|host| match host {
        // As it stands in an address.
        Host::Domain(name) => name.to_owned(),
        address => address.to_string(),
    })?;
    matches!(url.scheme(), "http" | "https").then_some((url.scheme().to_owned(), host, url.port_or_known_default()?))
}

/// What the answer to a request says to browsers of who else may read it.
pub struct Permit {
    origin: Option<(HeaderValue, Trust)>,
    /// The browser asks before it sends the request itself.
    asks: bool,
    is_private: bool,
}

impl Permit {
    /// `None` for an address that isn't shared.
    pub fn of(app: &App, request: &Request) -> Option<Self> {
        let headers = request.headers();
        is_shared(request.uri().path()).then(|| Self {
            origin: trusted(app, headers),
            asks: request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD),
            is_private: headers.contains_key(PRIVATE_NETWORK),
        })
    }

    /// The answer to a browser that asks before. Comes before the door: the question itself carries no password.
    pub fn answer(&self) -> Option<Response> {
        if !self.asks || self.origin.is_none() {
            return None;
        }
        let mut headers = HeaderMap::from_iter([
            (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST")),
            (ACCESS_CONTROL_ALLOW_HEADERS, SENT),
            (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
        ]);
        if self.is_private {
            headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
        }
        Some((StatusCode::NO_CONTENT, headers).into_response())
    }

    /// Writes it.
    pub fn write(self, headers: &mut HeaderMap) {
        headers.append(VARY, HeaderValue::from_static("origin"));
        let Some((origin, trust)) = self.origin else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        if trust == Trust::Member {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
}

/// The origin that a request names, if its pages may read here. Not under a name that isn't ours: that would be a page
/// that pointed its own name at us.
fn trusted(app: &App, headers: &HeaderMap) -> Option<(HeaderValue, Trust)> {
    let host = headers.get(HOST)?.to_str().ok()?;
    let origin = headers.get(ORIGIN).filter(|_| app.hosts.allow(host))?;
    let trust = app.origins.trust(origin.to_str().ok()?, Some(host))?;
    Some((origin.clone(), trust))
}

/// Whether pages of the request's origin may read here.
pub fn is_trusted(app: &App, headers: &HeaderMap) -> bool {
    trusted(app, headers).is_some()
}

fn is_shared(path: &str) -> bool {
    let is_file_of_run = path.starts_with("/g/") && path.ends_with(".json");
    is_file_of_run || SHARED.iter().any(|it| path == *it || it.ends_with('/') && path.starts_with(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_configured_comfyui_may_read_and_no_others() {
        let origins =
            Origins::new(&[], &["http://127.0.0.1:8188/".to_owned(), "https://comfy.example/path".to_owned()]);
        for origin in
            ["http://127.0.0.1:8188", "http://localhost:8188", "https://comfy.example", "https://comfy.example:443"]
        {
            assert_eq!(origins.trust(origin, Some("localhost:8588")), Some(Trust::Reader), "{origin}");
        }
        for origin in [
            "http://127.0.0.1:8588",
            "http://127.0.0.2:8188",
            "http://[::1]:8188",
            "http://[::ffff:127.0.0.1]:8188",
            "https://127.0.0.1:8188",
            "http://comfy.example",
            "https://comfy.example.evil",
            "https://evil.example",
            "http://192.168.1.5:8188",
            "null",
            "",
        ] {
            assert_eq!(origins.trust(origin, Some("localhost:8588")), None, "{origin}");
        }
    }

    #[test]
    fn a_comfyui_on_this_machine_has_the_name_that_we_are_called_by() {
        let origins = Origins::new(&[], &["http://localhost:8188".to_owned()]);
        assert_eq!(origins.trust("http://192.168.1.5:8188", Some("192.168.1.5:8588")), Some(Trust::Reader));
        assert_eq!(origins.trust("http://192.168.1.5:9999", Some("192.168.1.5:8588")), None);
        assert_eq!(origins.trust("http://192.168.1.6:8188", Some("192.168.1.5:8588")), None);
        for other in ["127.0.0.2", "[::ffff:127.0.0.1]"] {
            let (origin, host) = (format!("http://{other}:8188"), format!("{other}:8588"));
            assert_eq!(origins.trust(&origin, Some(&host)), None, "{other} may be another server's");
        }
        let second = Origins::new(&[], &["http://127.0.0.2:8188".to_owned()]);
        assert_eq!(second.trust("http://127.0.0.2:8188", Some("localhost:8588")), Some(Trust::Reader));
        for origin in ["http://localhost:8188", "http://127.0.0.1:8188", "http://192.168.1.5:8188"] {
            assert_eq!(second.trust(origin, Some("192.168.1.5:8588")), None, "{origin}");
        }
        let elsewhere = Origins::new(&[], &["http://10.0.0.7:8188".to_owned()]);
        assert_eq!(elsewhere.trust("http://192.168.1.5:8188", Some("192.168.1.5:8588")), None);
    }

    #[test]
    fn frames_are_for_the_pages_of_a_configured_comfyui() {
        let comfyui = ["http://127.0.0.1:8188/".to_owned(), "https://comfy.example/path".to_owned()];
        let origins = Origins::new(&["https://gallery.example".to_owned()], &comfyui);
        let framing = |origins: &Origins, host| origins.of_comfyui(host).into_iter().collect::<Vec<_>>().join(" ");
        let usual = "http://127.0.0.1:8188 http://localhost:8188 https://comfy.example";
        for host in [None, Some("localhost"), Some("[::1]"), Some("a;b")] {
            assert_eq!(framing(&origins, host), usual, "{host:?}");
        }
        let ours = "http://127.0.0.1:8188 http://192.168.1.5:8188 http://localhost:8188 https://comfy.example";
        assert_eq!(framing(&origins, Some("192.168.1.5")), ours);
        let none = Origins::new(&["https://gallery.example".to_owned()], &[]);
        assert_eq!(framing(&none, Some("localhost")), "");
    }

    #[test]
    fn a_site_that_is_named_may_read_and_only_exactly_that() {
        let origins = Origins::new(&["https://gallery.example".to_owned(), "http://localhost:5173".to_owned()], &[]);
        for origin in ["https://gallery.example", "http://localhost:5173"] {
            assert_eq!(origins.trust(origin, Some("localhost:8588")), Some(Trust::Member), "{origin}");
        }
        for origin in ["http://gallery.example", "https://a.gallery.example", "http://127.0.0.1:5173", "null", "*"] {
            assert_eq!(origins.trust(origin, Some("localhost:8588")), None, "{origin}");
        }
    }

    #[test]
    fn pages_and_forms_are_not_shared() {
        for path in
            ["/api/v1/generations", "/history", "/history/x", "/view", "/bt/artifacts/list", "/g/7/workflow.json"]
        {
            assert!(is_shared(path), "{path}");
        }
        for path in
            ["/", "/api", "/g/7", "/status", "/sign-in", "/preferences", "/historyx", "/viewer", "/cards", "/healthz"]
        {
            assert!(!is_shared(path), "{path}");
        }
    }
}
