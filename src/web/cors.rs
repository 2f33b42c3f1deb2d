//! Who else may read files: the pages of the ComfyUI servers that we record. There somebody drops a picture or the link of
//! a workflow, and ComfyUI's page fetches it.

use std::collections::BTreeSet;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY,
};
use http::uri::Authority;
use http::{Method, StatusCode};
use url::{Host, Url};

use super::error::Error;
use super::site::App;

/// Chromium asks so before a page of the internet reads from a machine at home.
const PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// The origins of the configured ComfyUI servers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(BTreeSet<Place>);

/// Scheme, host and port; the host is `None` for this machine.
type Place = (String, Option<String>, u16);

impl Origins {
    /// From the addresses of the configuration; what isn't one is passed over.
    pub fn new(addresses: &[String]) -> Self {
        Self(addresses.iter().filter_map(|address| place(address)).collect())
    }

    /// Whether a page of that origin may read. A ComfyUI that is configured at a loopback address runs on this machine, so
    /// its page also comes from the name by which we are called ourselves.
    fn allow(&self, origin: &str, host: Option<&str>) -> bool {
        let Some((scheme, named, port)) = place(origin) else { return false };
        let ours = host.and_then(|host| host.parse::<Authority>().ok());
        let is_our_name = named.is_some() && named.as_deref() == ours.as_ref().map(Authority::host);
        let own = (scheme.clone(), None, port);
        self.0.contains(&(scheme, named, port)) || is_our_name && self.0.contains(&own)
    }
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

/// Lets those pages read what is behind this layer, and nobody else.
pub async fn allow(State(app): State<App>, request: Request, next: Next) -> Response {
    let origin = allowed_origin(&app, request.headers());
    let asks_before = request.method() == Method::OPTIONS;
    let is_private = request.headers().contains_key(PRIVATE_NETWORK);
    let mut response = match (&origin, asks_before) {
        (Some(_), true) => permission(is_private),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("content-disposition"));
    }
    response
}

/// `OPTIONS` from any other page: [`allow`] has answered those that may.
pub async fn refuse() -> Error {
    Error::Method
}

fn allowed_origin(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_allowed = app.origins.allow(text(ORIGIN)?, text(HOST));
    headers.get(ORIGIN).filter(|_| is_allowed).cloned()
}

fn permission(is_private: bool) -> Response {
    let mut headers = HeaderMap::from_iter([
        (ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD")),
        (ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("range, if-none-match")),
        (ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
    ]);
    if is_private {
        headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    (StatusCode::NO_CONTENT, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_configured_comfyui_may_read_and_no_others() {
        let origins = Origins::new(&["http://127.0.0.1:8188/".to_owned(), "https://comfy.example/path".to_owned()]);
        for origin in [
            "http://127.0.0.1:8188",
            "http://localhost:8188",
            "http://[::1]:8188",
            "https://comfy.example",
            "https://comfy.example:443",
        ] {
            assert!(origins.allow(origin, Some("localhost:8189")), "{origin}");
        }
        for origin in [
            "http://127.0.0.1:8189",
            "https://127.0.0.1:8188",
            "http://comfy.example",
            "https://comfy.example.evil",
            "https://evil.example",
            "http://192.168.1.5:8188",
            "null",
            "",
        ] {
            assert!(!origins.allow(origin, Some("localhost:8189")), "{origin}");
        }
    }

    #[test]
    fn a_comfyui_on_this_machine_has_the_name_that_we_are_called_by() {
        let origins = Origins::new(&["http://localhost:8188".to_owned()]);
        assert!(origins.allow("http://192.168.1.5:8188", Some("192.168.1.5:8189")));
        assert!(!origins.allow("http://192.168.1.5:9999", Some("192.168.1.5:8189")));
        assert!(!origins.allow("http://192.168.1.6:8188", Some("192.168.1.5:8189")));
        let elsewhere = Origins::new(&["http://10.0.0.7:8188".to_owned()]);
        assert!(!elsewhere.allow("http://192.168.1.5:8188", Some("192.168.1.5:8189")));
    }
}
