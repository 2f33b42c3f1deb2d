//! `GET /thumbs/{sha256}?w=256`: a kept file, small. What can't be made small is answered with a drawing of its kind, so
//! that a grid needs no script to show something.

use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue};
use http::{HeaderMap, StatusCode};
use tokio::time::timeout;
use url::form_urlencoded;

use super::file::no_file;
use crate::model::{Blob, Digest, MediaKind, ThumbSize};
use crate::store::History;
use crate::thumbs::{self, Made, Thumbs};
use crate::web::http::etag::has_it_already;
use crate::web::http::headers::Cache;
use crate::web::http::problem::Problem;
use crate::web::query::error::{BadValue, Error as BadQuery};

/// How long a request waits for a thumbnail that is made. The making goes on, for the next one who asks.
const PATIENCE: Duration = Duration::from_secs(15);

/// Pictures and nothing else.
const CSP: &str = "default-src 'none'; frame-ancestors 'none'; sandbox";

/// A kept file, small: a WebP whose longer side has `w` pixels; a drawing of its kind where there is no picture of it.
#[utoipa::path(
    get, path = "/thumbs/{sha256}", tag = "files",
    params(
        ("sha256" = String, Path, description = "The SHA-256 of the file", min_length = 64, max_length = 64),
        ("w" = Option<u32>, Query, description = "256 or 512; 256 unless told", example = 512)
    ),
    responses(
        (status = 200, description = "The thumbnail", content((Vec<u8> = "image/webp"), (String = "image/svg+xml"))),
        crate::web::http::described::Missing, crate::web::http::described::Refused
    )
)]
pub async fn thumbnail(
    State(history): State<History>,
    State(thumbs): State<Thumbs>,
    path: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let Path(digest) = path.map_err(|_| no_file())?;
    let digest: Digest = digest.parse().map_err(|_| no_file())?;
    let size = size(query.as_deref().unwrap_or_default())?;
    let blob = history.blob(digest).await?.ok_or_else(no_file)?;
    let etag = format!("\"{digest}-{}-{}\"", size.pixels(), thumbs.version());
    let mut headers = HeaderMap::from_iter([(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP))]);
    headers.insert(ETAG, HeaderValue::try_from(&etag)?);
    if has_it_already(&request, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, headers, axum::Extension(Cache::Immutable)).into_response());
    }
    let (mime, cache, body) = match timeout(PATIENCE, thumbs.get(&blob, size)).await {
        Ok(Ok(Made::Webp(webp))) => ("image/webp", Cache::Immutable, webp),
        Ok(Ok(Made::Nothing(_))) => drawn(&blob, Cache::Shortly),
        Ok(Err(thumbs::Error::Gone)) => return Err(no_file()),
        Ok(Err(error)) => return Err(error.into()),
        Err(_) => drawn(&blob, Cache::Never),
    };
    if cache != Cache::Immutable {
        headers.remove(ETAG);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(mime));
    Ok((headers, axum::Extension(cache), body).into_response())
}

/// What stands for a file of that kind.
fn drawn(blob: &Blob, cache: Cache) -> (&'static str, Cache, Bytes) {
    ("image/svg+xml", cache, Bytes::from_static(glyph(blob.kind).as_bytes()))
}

/// `w`: 256 unless told. What else stands there is passed over.
fn size(query: &str) -> Result<ThumbSize, BadQuery> {
    let mut size = None;
    for (_, value) in form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "w") {
        let named = ThumbSize::ALL.into_iter().find(|size| size.pixels().to_string() == value);
        let bad = || BadQuery::Value { name: "w", value: value.clone().into_owned(), source: BadValue::ThumbSize };
        if size.replace(named.ok_or_else(bad)?).is_some() {
            return Err(BadQuery::Twice("w"));
        }
    }
    Ok(size.unwrap_or(ThumbSize::Small))
}

/// A square of its own: strokes that can be told from a light ground and from a dark one, and nothing behind them.
macro_rules! glyph {
    ($($shape:literal),+) => {
        concat!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="0 0 256 256">"##,
            r##"<g fill="none" stroke="#808080" stroke-width="6" stroke-linecap="round" stroke-linejoin="round">"##,
            $($shape,)+
            "</g></svg>"
        )
    };
}

fn glyph(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => glyph!(
            r#"<rect x="80" y="88" width="96" height="80" rx="8"/><circle cx="106" cy="114" r="8"/>"#,
            r#"<path d="m80 156 32-28 20 18 16-14 28 24"/>"#
        ),
        MediaKind::Video => {
            glyph!(r#"<rect x="80" y="88" width="96" height="80" rx="8"/>"#, r#"<path d="m116 110 32 18-32 18z"/>"#)
        }
        MediaKind::Audio => glyph!(r#"<path d="M84 120v16m22-40v64m22-88v112m22-80v48m22-32v16"/>"#),
        MediaKind::Model3d => glyph!(r#"<path d="m128 80 44 24v48l-44 24-44-24v-48zm-44 24 44 24 44-24m-44 24v48"/>"#),
        MediaKind::Text => glyph!(
            r#"<path d="M92 80h52l24 24v72H92z"/><path d="M144 80v24h24"/>"#,
            r#"<path d="M108 124h44m-44 18h44m-44 18h28"/>"#
        ),
        MediaKind::Other => glyph!(r#"<path d="M92 80h52l24 24v72H92z"/><path d="M144 80v24h24"/>"#),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbnail_has_one_of_two_sizes() {
        assert_eq!(size(""), Ok(ThumbSize::Small));
        assert_eq!(size("w=256"), Ok(ThumbSize::Small));
        assert_eq!(size("v=2&w=512"), Ok(ThumbSize::Large));
        for query in ["w=", "w=255", "w=0512", "w=-1", "w=99999999999", "w=256&w=512"] {
            assert!(size(query).is_err(), "{query}");
        }
    }

    #[test]
    fn every_kind_has_a_drawing_of_its_own_that_can_run_nothing() {
        let drawings: std::collections::HashSet<_> = MediaKind::ALL.map(glyph).into();
        assert_eq!(drawings.len(), MediaKind::ALL.len());
        for drawing in drawings {
            assert!(drawing.starts_with("<svg xmlns=") && drawing.ends_with("</svg>"));
            assert!(!drawing.contains("script") && !drawing.contains("href") && !drawing.contains(" on"), "{drawing}");
        }
    }
}
