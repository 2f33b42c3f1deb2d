//! Whose pages may read here beside our own: those of the sites that the configuration names, and those of the ComfyUI
//! servers that we record, where somebody drops a picture or the link of a workflow. Nobody else's, and none may change
//! anything.

use std::collections::BTreeSet;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::uri::Authority;
use http::{Method, StatusCode};
use url::{Host, Url};

use super::site::App;

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
    /// The configured ComfyUI servers.
    comfyui: BTreeSet<Place>,
}

/// Scheme, host and port; the host is `None` for this machine.
type Place = (String, Option<String>, u16);

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

    /// How far a page of that origin is let in. A ComfyUI that is configured at a loopback address runs on this machine, so
    /// its page also comes from the name by which we are called ourselves.
    pub fn trust(&self, origin: &str, host: Option<&str>) -> Option<Trust> {
        if self.named.contains(origin) {
            return Some(Trust::Member);
        }
        let (scheme, named, port) = place(origin)?;
        let ours = host.and_then(|host| host.parse::<Authority>().ok());
        let is_our_name = named.is_some() && named.as_deref() == ours.as_ref().map(Authority::host);
        let own = (scheme.clone(), None, port);
        let is_comfyui = self.comfyui.contains(&(scheme, named, port)) || is_our_name && self.comfyui.contains(&own);
        is_comfyui.then_some(Trust::Reader)
    }

    /// The origins of ComfyUI's pages, as a policy names them; `host` is what we are called ourselves.
    fn frames(&self, host: Option<&str>) -> String {
        // A policy has no words for an address in brackets.
        let host = host.filter(|host| host.bytes().all(|c| c.is_ascii_alphanumeric() || b".-".contains(&c)));
        let mut origins = BTreeSet::new();
        for (scheme, named, port) in &self.comfyui {
            let here = ["127.0.0.1", "localhost"].into_iter().chain(host);
            let names: Vec<_> = named.as_deref().map_or_else(|| here.collect(), |named| vec![named]);
            origins.extend(names.iter().filter_map(|name| {
                Some(Url::parse(&format!("{scheme}://{name}:{port}")).ok()?.origin().ascii_serialization())
            }));
        }
        origins.into_iter().collect::<Vec<_>>().join(" ")
    }
}

/// The origins in whose pages our own may stand in a frame: those of the ComfyUI servers, with blanks between them. Those on
/// this machine also come from the name that the request calls us by.
pub fn frames(app: &App, headers: &HeaderMap) -> String {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    let host = host.filter(|host| app.hosts.allow(host));
    with_found(app).frames(host.as_ref().map(Authority::host))
}

fn place(address: &str) -> Option<Place> {
    let url = Url::parse(address).ok()?;
    let is_here = match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    let host = url.host_str().filter(|_| !is_here).map(str::to_owned);
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
    let is_ours = host.parse().is_ok_and(|authority| app.hosts.allow(&authority));
    let origin = headers.get(ORIGIN).filter(|_| is_ours)?;
    let named = origin.to_str().ok()?;
    let trust = app.origins.trust(named, Some(host)).or_else(|| with_found(app).trust(named, Some(host)))?;
    Some((origin.clone(), trust))
}

/// With the ComfyUI servers that no configuration names, and that were found since we started.
fn with_found(app: &App) -> Origins {
    let mut origins = app.origins.clone();
    origins.comfyui.extend(app.live.health().iter().filter_map(|health| place(&health.address)));
    origins
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
        for origin in [
            "http://127.0.0.1:8188",
            "http://localhost:8188",
            "http://[::1]:8188",
            "https://comfy.example",
            "https://comfy.example:443",
        ] {
            assert_eq!(origins.trust(origin, Some("localhost:8588")), Some(Trust::Reader), "{origin}");
        }
        for origin in [
            "http://127.0.0.1:8588",
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
        let elsewhere = Origins::new(&[], &["http://10.0.0.7:8188".to_owned()]);
        assert_eq!(elsewhere.trust("http://192.168.1.5:8188", Some("192.168.1.5:8588")), None);
    }

    #[test]
    fn frames_are_for_the_pages_of_a_configured_comfyui() {
        let comfyui = ["http://127.0.0.1:8188/".to_owned(), "https://comfy.example/path".to_owned()];
        let origins = Origins::new(&["https://gallery.example".to_owned()], &comfyui);
        let usual = "http://127.0.0.1:8188 http://localhost:8188 https://comfy.example";
        for host in [None, Some("localhost"), Some("[::1]"), Some("a;b")] {
            assert_eq!(origins.frames(host), usual, "{host:?}");
        }
        let ours = "http://127.0.0.1:8188 http://192.168.1.5:8188 http://localhost:8188 https://comfy.example";
        assert_eq!(origins.frames(Some("192.168.1.5")), ours);
        assert_eq!(Origins::new(&["https://gallery.example".to_owned()], &[]).frames(Some("localhost")), "");
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
