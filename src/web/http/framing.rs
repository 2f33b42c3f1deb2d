//! Whose pages may hold ours in a frame: those of the ComfyUI servers that we record, and nobody else's.

use std::collections::BTreeSet;

use http::header::{HOST, HeaderMap, HeaderValue, REFERER};
use url::Url;

use super::cookies::cookie;
use super::cors::AllowedReaders;
use super::host::host_of;
use crate::live::Live;
use crate::model::BasePath;

/// The cookie that holds the origin of the page around our frame.
const AROUND: &str = "recall-around";

/// Where ComfyUI's pages come from.
#[derive(Debug, Clone)]
pub struct Framing {
    /// The servers that the configuration names, and what we are called.
    pub readers: AllowedReaders,
    /// Those that are recorded.
    pub live: Live,
    /// The path below which our cookies hold.
    pub base: BasePath,
}

impl Framing {
    /// The origins in whose pages our own may stand in a frame, with spaces between them: those of the ComfyUI servers that we
    /// record. Those on this machine also come from the name that the request calls us by.
    ///
    /// Whoever hasn't shown that they may come in is told of none but the one that they come from: as their browser says, or
    /// as it said when the frame was opened (see [`Self::around()`]).
    pub fn frames(&self, headers: &HeaderMap, is_known: bool) -> String {
        let mut origins = self.recorded(headers);
        if !is_known {
            let from = [referrer(headers), remembered(headers)];
            origins.retain(|origin| from.iter().flatten().any(|from| from == origin));
        }
        origins.into_iter().collect::<Vec<_>>().join(" ")
    }

    /// What the browser is to remember of the page around our frame, where the request was made by that page. Within the
    /// frame our own pages lead on, and a session may be over by then.
    pub fn around(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let from = referrer(headers).filter(|from| remembered(headers).as_ref() != Some(from))?;
        self.recorded(headers).contains(&from).then_some(())?;
        HeaderValue::try_from(format!("{AROUND}={from}; Path={}; HttpOnly; SameSite=Lax", self.base.join("/"))).ok()
    }

    /// The origins of the ComfyUI servers that we record, also of those that no configuration names and that were found.
    fn recorded(&self, headers: &HeaderMap) -> BTreeSet<String> {
        let AllowedReaders { hosts, origins } = &self.readers;
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| hosts.allow(host));
        let found = self.live.health().into_iter().map(|health| health.address);
        origins.with_comfyui(found).of_comfyui(host.and_then(host_of))
    }
}

fn remembered(headers: &HeaderMap) -> Option<String> {
    cookie(headers, AROUND).map(ToOwned::to_owned)
}

fn referrer(headers: &HeaderMap) -> Option<String> {
    Some(Url::parse(headers.get(REFERER)?.to_str().ok()?).ok()?.origin().ascii_serialization())
}
