//! `GET /view`: a file as it is, with the headers of aiohttp's `FileResponse`.

use std::collections::HashMap;
use std::ops::Range;
use std::time::SystemTime;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{Stream, StreamExt};
use hyper::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue,
    IF_NONE_MATCH, LAST_MODIFIED, RANGE,
};
use hyper::{Response, StatusCode};

use super::files::{Content, Place};
use super::server::{Body, empty, not_found, streamed};
use super::state::Shared;

pub fn view(query: &HashMap<String, String>, headers: &HeaderMap, shared: &Shared) -> Response<Body> {
    let place = match place(query) {
        Ok(place) => place,
        Err(status) => return empty(status),
    };
    let Some(content) = shared.read(|state| state.files.find(&place)) else { return not_found() };
    let length = content.len();
    let (etag, written) = shared.read(|state| version(&content, state.files.written_at(&place)));
    if headers.get(IF_NONE_MATCH) == Some(&etag) {
        return empty(StatusCode::NOT_MODIFIED);
    }
    let asked = headers.get(RANGE).and_then(|range| range_of(range.to_str().ok()?, length));
    let part = asked.clone().unwrap_or(0..length);
    let mut response = Response::new(streamed(part_of(&content, part.clone()).map(Ok)));
    let is_part = asked.is_some();
    *response.status_mut() = if is_part { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let headers = response.headers_mut();
    if !matches!(content, Content::Endless { .. }) {
        headers.insert(CONTENT_LENGTH, (part.end - part.start).into());
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(mime(&place.2)));
    headers.insert(ETAG, etag);
    headers.insert(LAST_MODIFIED, written);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if is_part {
        let range = format!("bytes {}-{}/{length}", part.start, part.end - 1);
        headers.insert(CONTENT_RANGE, range.parse().unwrap());
    }
    if let Ok(name) = HeaderValue::from_bytes(format!("filename=\"{}\"", place.2).as_bytes()) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    response
}

/// `ETag` and `Last-Modified`, the one with the nanoseconds of the other where it is known when the file was written.
fn version(content: &Content, written: Option<SystemTime>) -> (HeaderValue, HeaderValue) {
    let (etag, date) = match written {
        Some(time) => {
            let nanos = time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
            let date = DateTime::<Utc>::from(time).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            (format!("\"{nanos:x}-{:x}\"", content.len()), date)
        }
        None => (format!("\"{}\"", content.version()), "Fri, 20 Nov 2026 09:59:12 GMT".to_owned()),
    };
    (HeaderValue::from_str(&etag).unwrap(), HeaderValue::from_str(&date).unwrap())
}

/// ComfyUI's own checks, in its order.
fn place(query: &HashMap<String, String>) -> Result<Place, StatusCode> {
    let named = query.get("filename").ok_or(StatusCode::NOT_FOUND)?;
    let annotated = ["output", "temp", "input"]
        .into_iter()
        .find_map(|folder| Some((named.strip_suffix(&format!("[{folder}]"))?.trim_end(), folder)));
    let (filename, folder) = match annotated {
        Some((filename, folder)) => (filename, folder),
        None => (named.as_str(), query.get("type").map_or("output", String::as_str)),
    };
    if filename.is_empty() || filename.starts_with('/') || filename.contains("..") {
        return Err(StatusCode::BAD_REQUEST);
    }
    if !matches!(folder, "output" | "temp" | "input") {
        return Err(StatusCode::BAD_REQUEST);
    }
    let subfolder = query.get("subfolder").map_or("", String::as_str);
    let subfolder = normal(subfolder).ok_or(StatusCode::FORBIDDEN)?;
    let filename = filename.rsplit('/').next().unwrap();
    Ok((folder.to_owned(), subfolder, filename.to_owned()))
}

/// A subfolder as `os.path.abspath` makes it; `None` when it leads out of its folder.
fn normal(subfolder: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in subfolder.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!subfolder.starts_with('/')).then(|| parts.join("/"))
}

fn range_of(header: &str, length: u64) -> Option<Range<u64>> {
    let (start, end) = header.strip_prefix("bytes=")?.split_once('-')?;
    let start = start.parse().ok()?;
    let end = if end.is_empty() { length } else { end.parse::<u64>().ok()? + 1 };
    (start < end.min(length)).then(|| start..end.min(length))
}

fn part_of(content: &Content, part: Range<u64>) -> impl Stream<Item = Bytes> + Send + 'static {
    let mut at = 0;
    content.pieces().filter_map(move |piece| {
        let here = at..at + piece.len() as u64;
        at = here.end;
        let (start, end) = (part.start.max(here.start), part.end.min(here.end));
        let within = |at: u64| usize::try_from(at - here.start).unwrap();
        std::future::ready((start < end).then(|| piece.slice(within(start)..within(end))))
    })
}

fn mime(filename: &str) -> &'static str {
    match filename.rsplit('.').next().unwrap_or_default() {
        "png" => "image/png",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "jpg" => "image/jpeg",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mp3" => "audio/mpeg",
        "flac" => "audio/flac",
        "opus" => "audio/opus",
        _ => "application/octet-stream",
    }
}
