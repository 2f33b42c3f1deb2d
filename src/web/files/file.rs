//! `GET /files/{sha256}/{name}`: a kept file, by what it is. The name in the address is only what a download is called.

use std::io;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderValue, IF_RANGE, RANGE,
};
use http::{HeaderMap, StatusCode};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use crate::blobs::Blobs;
use crate::model::{AttachmentState, Blob, Digest};
use crate::store::History;
use crate::web::http::code::Code;
use crate::web::http::etag::has_it_already;
use crate::web::http::headers::{Cache, content_disposition};
use crate::web::http::problem::Problem;
use crate::web::http::range::{self, RequestedRange};

/// How much of a file is in memory at a time, for each of its readers.
const CHUNK_BYTES: usize = 64 * 1024;

/// For pictures, videos and sound opened in a tab of their own: browsers show them in a small page that they make.
const SHOWN_CSP: &str = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; \
                         frame-ancestors 'none'";

/// For all else: not even an HTML file that somebody opens from here may run or reach anything.
const KEPT_AWAY_CSP: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// A kept file by the digest of its bytes, whole or in parts (`Range`). It never changes.
#[utoipa::path(
    get, path = "/files/{sha256}/{name}", tag = "files",
    params(
        ("sha256" = String, Path, description = "The SHA-256 of the file", min_length = 64, max_length = 64),
        ("name" = String, Path, description = "What a download is called; any name will do")
    ),
    responses(
        (status = 200, description = "The file as ComfyUI wrote it", content_type = "*/*"),
        (status = 206, description = "The part that was asked for", content_type = "*/*"),
        (status = 416, description = "The part lies outside of the file", body = crate::web::http::described::ErrorBody),
        crate::web::http::described::Missing, crate::web::http::described::Refused
    )
)]
pub async fn file(
    State(history): State<History>,
    State(blobs): State<Blobs>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: HeaderMap,
) -> Result<Response, Problem> {
    let Path((digest, name)) = path.map_err(|_| no_file())?;
    let digest: Digest = digest.parse().map_err(|_| no_file())?;
    let blob = history.blob(digest).await?.ok_or_else(no_file)?;
    serve(&blobs, &blob, &name, Cache::Immutable, &request).await
}

/// A kept file, whole or in parts, called `name` where it is saved.
pub async fn serve(
    blobs: &Blobs,
    blob: &Blob,
    name: &str,
    cache: Cache,
    request: &HeaderMap,
) -> Result<Response, Problem> {
    let etag = format!("\"{}\"", blob.digest);
    let file = blobs.open_file(&blob.digest).await?.ok_or_else(no_file)?;
    let mut headers = HeaderMap::from_iter([
        (ETAG, header(&etag)?),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (CONTENT_TYPE, HeaderValue::try_from(&blob.mime).unwrap_or(OCTET_STREAM)),
    ]);
    let (disposition, csp) = if is_shown(&blob.mime) { ("inline", SHOWN_CSP) } else { ("attachment", KEPT_AWAY_CSP) };
    headers.insert(CONTENT_DISPOSITION, header(&content_disposition(disposition, name))?);
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp));
    let cache = axum::Extension(cache);
    if has_it_already(request, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, headers, cache).into_response());
    }
    let size = file.metadata().await.map_err(read_file)?.len();
    let (status, body) = match wanted(request, &etag, size) {
        RequestedRange::Nothing => return Err(outside(size)),
        RequestedRange::All => (StatusCode::OK, part(file, 0, size, &mut headers).await?),
        RequestedRange::Part(part_of) => {
            let (first, last) = part_of.into_inner();
            headers.insert(CONTENT_RANGE, header(&format!("bytes {first}-{last}/{size}"))?);
            (StatusCode::PARTIAL_CONTENT, part(file, first, last - first + 1, &mut headers).await?)
        }
    };
    Ok((status, headers, cache, body).into_response())
}

/// No file of this digest is kept.
pub fn no_file() -> Problem {
    Problem::from(Code::NoFile).text("error-no-file")
}

/// Why an output has no bytes.
pub fn not_kept(state: AttachmentState) -> Problem {
    let code = if state == AttachmentState::Pending { Code::OutputPending } else { Code::OutputMissing };
    code.into()
}

fn read_file(error: io::Error) -> Problem {
    Problem::internal("read a file", error)
}

fn outside(size: u64) -> Problem {
    let message = format!("the file has {size} bytes, and the range lies outside of them");
    let problem = Problem::said(Code::Range, message).text_with("error-range", "size", size);
    match HeaderValue::try_from(format!("bytes */{size}")) {
        Ok(range) => problem.header(CONTENT_RANGE, range),
        Err(_) => problem,
    }
}

const OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Whether a browser may show it from our origin: only what can't hold a script.
fn is_shown(mime: &str) -> bool {
    const PICTURES: [&str; 7] =
        ["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/apng", "image/bmp"];
    PICTURES.contains(&mime) || mime.starts_with("video/") || mime.starts_with("audio/")
}

async fn part(mut file: File, first: u64, length: u64, headers: &mut HeaderMap) -> Result<Body, Problem> {
    if first > 0 {
        file.seek(io::SeekFrom::Start(first)).await.map_err(read_file)?;
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    Ok(Body::from_stream(ReaderStream::with_capacity(file.take(length), CHUNK_BYTES)))
}

/// A `Range`, unless `If-Range` says that it was meant for other bytes.
fn wanted(request: &HeaderMap, etag: &str, size: u64) -> RequestedRange {
    if request.get(IF_RANGE).is_some_and(|condition| condition.as_bytes() != etag.as_bytes()) {
        return RequestedRange::All;
    }
    let range = request.get(RANGE).and_then(|range| range.to_str().ok());
    range.map_or(RequestedRange::All, |range| range::wanted(range, size))
}

fn header(text: &str) -> Result<HeaderValue, Problem> {
    Ok(HeaderValue::try_from(text)?)
}
