//! Requests that change something come from our own pages, not from a form or a script of another site.

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Uri;
use http::header::{HOST, HeaderMap, ORIGIN};

use super::code::Code;
use super::cors::AllowedReaders;
use super::problem::Problem;
use super::route::{Access, Rules, only_reads};

/// Refuses changes that another site asks for. What only reads may be asked for by pages that may read.
pub async fn check(
    State(readers): State<AllowedReaders>,
    Extension(rules): Extension<Rules>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (method, headers) = (request.method(), request.headers());
    let is_answered = || !rules.changes(method) && readers.are_trusted(headers);
    if rules.access == Access::Probe || only_reads(method) || is_answered() || is_from_us(headers) {
        return Ok(next.run(request).await);
    }
    Err(Code::ForeignOrigin.into())
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
