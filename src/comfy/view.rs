//! `/view`: the bytes of one file.

use bytes::Bytes;
use http::{StatusCode, header};

use super::error::{Error, Failure};
use super::http::Client;
use crate::model::{FileRef, Timestamp};

const WHAT: &str = "GET /view";

/// What a server says to the wish for a file.
#[derive(Debug)]
pub enum View {
    Found(ViewBody),
    /// It is the one with the tag that was sent along.
    Unchanged,
    /// There is no such file.
    Gone,
    /// It hands out nothing by this name.
    Refused(Refusal),
}

/// Why a server hands out nothing by a name, whether there is such a file or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It doesn't like the name: `..` anywhere in it, an unknown folder (400).
    Name,
    /// The name leads out of its folders (403).
    Outside,
}

/// A file that is arriving.
#[derive(Debug)]
pub struct ViewBody {
    /// Names this version of the file.
    pub etag: Option<String>,
    /// When the file was last written: to the millisecond where the tag tells, else to the second.
    pub modified_at: Option<Timestamp>,
    expected: Option<u64>,
    received: u64,
    response: reqwest::Response,
}

impl Client {
    /// Asks for a file; with `known_etag`, only if it isn't that version.
    pub async fn view(&self, file: &FileRef, known_etag: Option<&str>) -> Result<View, Error> {
        let mut url = self.url("view");
        url.query_pairs_mut()
            .append_pair("filename", &file.filename)
            .append_pair("subfolder", &file.subfolder)
            .append_pair("type", &file.folder);
        let mut request = self.request(url);
        if let Some(etag) = known_etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let response = request.send().await.map_err(|error| Error::http(WHAT, error))?;
        match response.status() {
            StatusCode::OK => ViewBody::new(response).map(View::Found),
            StatusCode::NOT_MODIFIED if known_etag.is_some() => Ok(View::Unchanged),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(View::Gone),
            StatusCode::BAD_REQUEST => Ok(View::Refused(Refusal::Name)),
            // For any other name it is somebody before ComfyUI who wants to know who asks.
            StatusCode::FORBIDDEN if file.steps().is_none() => Ok(View::Refused(Refusal::Outside)),
            other => Err(Error { what: WHAT, failure: Failure::Status(other) }),
        }
    }
}

impl ViewBody {
    fn new(response: reqwest::Response) -> Result<Self, Error> {
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        // ComfyUI always names the file; a page that asks for a log-in doesn't, and must not be kept as a picture.
        let is_page = text(header::CONTENT_TYPE).is_some_and(|mime| mime.starts_with("text/html"));
        if is_page && text(header::CONTENT_DISPOSITION).is_none() {
            return Err(Error { what: WHAT, failure: crate::json::SplitError::NotAnObject.into() });
        }
        let etag = text(header::ETAG);
        let modified_at =
            text(header::LAST_MODIFIED).and_then(|date| chrono::DateTime::parse_from_rfc2822(&date).ok()).map(|date| {
                let by_tag = etag.as_deref().and_then(|etag| written_at(etag, date.timestamp()));
                by_tag.unwrap_or_else(|| Timestamp::from_millis(date.timestamp_millis()))
            });
        let expected = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        Ok(Self { etag, modified_at, expected, received: 0, response })
    }

    /// How long the file is, as far as that was said.
    pub fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// The next bytes; `None` when the file is whole. A file shorter than announced is an error.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let piece = self.response.chunk().await.map_err(|error| Error::http(WHAT, error))?;
        self.received += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        if piece.is_none() && self.expected.is_some_and(|expected| expected != self.received) {
            return Err(Error { what: WHAT, failure: crate::json::SplitError::CutOff.into() });
        }
        Ok(piece)
    }
}

/// When the file was written, by the tag that aiohttp gives it: nanoseconds and length, in hexadecimal. `second`: the same
/// time as `Last-Modified` has it, so that no other tag is taken for one.
fn written_at(etag: &str, second: i64) -> Option<Timestamp> {
    let (nanos, _length) = etag.trim_start_matches("W/").trim_matches('"').split_once('-')?;
    let millis = i64::from_str_radix(nanos, 16).ok()? / 1_000_000;
    (millis.div_euclid(1000) == second).then(|| Timestamp::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_of_aiohttp_tells_when_the_file_was_written_to_the_millisecond() {
        // 2026-11-20T09:59:12.345Z
        let etag = format!("\"{:x}-1a2b\"", 1_795_168_752_345_000_000_i64);
        assert_eq!(written_at(&etag, 1_795_168_752), Some(Timestamp::from_millis(1_795_168_752_345)));
        for (etag, second) in [(etag.as_str(), 1_795_168_753), ("\"66f-1a2b\"", 1_795_168_752), ("\"abc\"", 0), ("", 0)]
        {
            assert_eq!(written_at(etag, second), None, "{etag} {second}");
        }
    }
}
