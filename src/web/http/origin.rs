//! Requests that change something come from our own pages, not from a form or a script of another site.

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{HOST, HeaderMap, ORIGIN};
use http::{Method, Uri};

use super::cors;
use crate::web::error::Error;
use crate::web::routes::reads;
use crate::web::site::state::App;

/// Refuses changes that another site asks for.
pub async fn check(State(app): State<App>, request: Request, next: Next) -> Result<Response, Error> {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let is_reading = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    // What only reads may be asked for by pages that may read.
    let is_answered = reads(request.method(), route) && cors::is_trusted(&app, request.headers());
    if is_reading || is_answered || is_from_us(request.headers()) {
        return Ok(next.run(request).await);
    }
    Err(Error::Origin)
}

/// Browsers say where a request comes from; programs, which have no pages to be misled by, say nothing.
fn is_from_us(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let origin: Option<Uri> = origin.to_str().ok().and_then(|origin| origin.parse().ok());
    let from = origin.as_ref().and_then(Uri::authority).map(|authority| authority.as_str());
    from.is_some() && from == text(HOST.as_str())
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn another_site_changes_nothing() {
        for (headers, is_ours) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "http://a:1"), ("host", "a:1")], false),
            (&[("origin", "http://a:1"), ("host", "a:1")], true),
            (&[("origin", "http://a:2"), ("host", "a:1")], false),
            (&[("origin", "null"), ("host", "a:1")], false),
        ] {
            let pairs =
                headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            assert_eq!(is_from_us(&HeaderMap::from_iter(pairs)), is_ours, "{headers:?}");
        }
    }
}
