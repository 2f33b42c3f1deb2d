//! Whose pages may read here beside our own: those of the sites that the configuration names, and those of the ComfyUI
//! servers that it names, where somebody drops a picture or the link of a workflow. Nobody else's, and none may change
//! anything.
//!
//! A ComfyUI that nobody named and that was found may be anybody's program on a usual port. Its page may hold ours in a frame,
//! where it gets what somebody drags or clicks there and nothing else; it reads nothing until a person names it.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::{Method, StatusCode};
use url::{Host, Url};

use super::host::{AllowedHosts, host_of};

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

/// Whose pages may read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    /// Sites that the configuration names.
    named: BTreeSet<String>,
    /// The ComfyUI servers that the configuration names.
    comfyui: BTreeSet<PageOrigin>,
}

/// Scheme, host and port.
type PageOrigin = (String, String, u16);

/// How far pages of an origin are let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorsTrust {
    /// They may read what everybody may, and what a token that they show opens.
    Anonymous,
    /// They may read in the name of who is signed in here.
    WithCredentials,
}

impl Origins {
    /// From the origins and the addresses of the configuration; what isn't one is passed over.
    pub fn new(named: &[String], comfyui: &[String]) -> Self {
        let named = named.iter().filter_map(|origin| Some(Url::parse(origin).ok()?.origin().ascii_serialization()));
        Self { named: named.collect(), comfyui: comfyui.iter().filter_map(|address| place(address)).collect() }
    }

    /// How far a page of that origin is let in; `host` is what we are called ourselves.
    pub fn trust(&self, origin: &str, host: Option<&str>) -> Option<CorsTrust> {
        if self.named.contains(origin) {
            return Some(CorsTrust::WithCredentials);
        }
        let (scheme, named, port) = place(origin)?;
        let host = host.and_then(host_of);
        let is_comfyui = |(of_scheme, of_host, of_port): &PageOrigin| {
            (of_scheme, of_port) == (&scheme, &port) && names(of_host, host).any(|name| name == named)
        };
        self.comfyui.iter().any(is_comfyui).then_some(CorsTrust::Anonymous)
    }

    /// The same with further servers of ComfyUI, and without the sites.
    pub fn with_comfyui(&self, addresses: impl IntoIterator<Item = String>) -> Self {
        let found = addresses.into_iter().filter_map(|address| place(&address));
        Self { named: BTreeSet::new(), comfyui: self.comfyui.iter().cloned().chain(found).collect() }
    }

    /// The origins of ComfyUI's pages; `host` is what we are called ourselves.
    pub fn of_comfyui(&self, host: Option<&str>) -> BTreeSet<String> {
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

fn place(address: &str) -> Option<PageOrigin> {
    let url = Url::parse(address).ok()?;
    let host = url.host().map(|host| match host {
        // As it stands in an address.
        Host::Domain(name) => name.to_owned(),
        address => address.to_string(),
    })?;
    matches!(url.scheme(), "http" | "https").then_some((url.scheme().to_owned(), host, url.port_or_known_default()?))
}

/// Who else may read: whose pages, under which names of ours.
#[derive(Debug, Clone)]
pub struct AllowedReaders {
    /// The names we answer to.
    pub hosts: Arc<AllowedHosts>,
    /// Other sites whose pages may read here.
    pub origins: Arc<Origins>,
}

impl AllowedReaders {
    /// Whether pages of the request's origin may read here.
    pub fn are_trusted(&self, headers: &HeaderMap) -> bool {
        self.trusted(headers).is_some()
    }

    /// The origin that a request names, if its pages may read here. Not under a name that isn't ours: that would be a page
    /// that pointed its own name at us.
    fn trusted(&self, headers: &HeaderMap) -> Option<(HeaderValue, CorsTrust)> {
        let host = headers.get(HOST)?.to_str().ok()?;
        let origin = headers.get(ORIGIN).filter(|_| self.hosts.allow(host))?;
        let trust = self.origins.trust(origin.to_str().ok()?, Some(host))?;
        Some((origin.clone(), trust))
    }
}

/// What the answer to a request says to browsers of who else may read it.
pub struct Cors {
    origin: Option<(HeaderValue, CorsTrust)>,
    /// The browser asks before it sends the request itself.
    asks: bool,
    is_private: bool,
}

impl Cors {
    /// Of a request to a route that is shared.
    pub fn of(readers: &AllowedReaders, request: &Request) -> Self {
        let headers = request.headers();
        Self {
            origin: readers.trusted(headers),
            asks: request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD),
            is_private: headers.contains_key(PRIVATE_NETWORK),
        }
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

    pub fn write(self, headers: &mut HeaderMap) {
        headers.append(VARY, HeaderValue::from_static("origin"));
        let Some((origin, trust)) = self.origin else { return };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        if trust == CorsTrust::WithCredentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }
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
            assert_eq!(origins.trust(origin, Some("localhost:8588")), Some(CorsTrust::Anonymous), "{origin}");
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
        assert_eq!(origins.trust("http://192.168.1.5:8188", Some("192.168.1.5:8588")), Some(CorsTrust::Anonymous));
        assert_eq!(origins.trust("http://192.168.1.5:9999", Some("192.168.1.5:8588")), None);
        assert_eq!(origins.trust("http://192.168.1.6:8188", Some("192.168.1.5:8588")), None);
        for other in ["127.0.0.2", "[::ffff:127.0.0.1]"] {
            let (origin, host) = (format!("http://{other}:8188"), format!("{other}:8588"));
            assert_eq!(origins.trust(&origin, Some(&host)), None, "{other} may be another server's");
        }
        let second = Origins::new(&[], &["http://127.0.0.2:8188".to_owned()]);
        assert_eq!(second.trust("http://127.0.0.2:8188", Some("localhost:8588")), Some(CorsTrust::Anonymous));
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
            assert_eq!(origins.trust(origin, Some("localhost:8588")), Some(CorsTrust::WithCredentials), "{origin}");
        }
        for origin in ["http://gallery.example", "https://a.gallery.example", "http://127.0.0.1:5173", "null", "*"] {
            assert_eq!(origins.trust(origin, Some("localhost:8588")), None, "{origin}");
        }
    }
}
