//! The requests, and reading their lists item by item.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::time::Duration;

use http::HeaderMap;
use reqwest::{Response, redirect};
use url::Url;

use super::error::{Error, Failure};
use super::jobs::ListedJob;
use super::system::System;
use super::tls;
use super::wire::{HistoryEntry, QueueItem};
use crate::json::{self, Item, Splitter};
use crate::model::PromptId;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a server may say nothing in the middle of an answer. ComfyUI answers nobody while its Python computes: five
/// seconds for a long list, more while it loads a model.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The largest queue item or history entry that is held in memory. Prompts with pictures in them reach 30 MB.
const LARGEST_ITEM: usize = 256 * 1024 * 1024;

/// Where a ComfyUI is and how to be let in.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// http or https, no user name or password, ends with `/`; a path prefix is kept.
    pub url: Url,
    /// Sent with every request. Sensitive ones are marked so and don't show in `Debug`.
    pub headers: HeaderMap,
    /// Whether any certificate will do.
    pub accept_invalid_certs: bool,
}

/// Whether a server can give a part from the middle of its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `offset` counts from the oldest entry.
    Offset,
    /// `offset` is ignored: only the newest N can be had.
    TailOnly,
}

/// Talks to one ComfyUI. Clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    pub(super) endpoint: Endpoint,
    pub(super) tls: Option<std::sync::Arc<rustls::ClientConfig>>,
    http: reqwest::Client,
}

impl Client {
    /// Prepares; connects to nobody yet.
    pub fn new(endpoint: Endpoint) -> Result<Self, Error> {
        let setup = |text: String| Error { what: "prepare a connection", failure: Failure::Setup(text) };
        let is_https = endpoint.url.scheme() == "https";
        let tls =
            tls::client_config(is_https, endpoint.accept_invalid_certs).map_err(|error| setup(error.to_string()))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .default_headers(endpoint.headers.clone())
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|error| setup(error.to_string()))?;
        Ok(Self { endpoint, tls: Some(std::sync::Arc::new(tls)), http })
    }

    /// Everything that waits or runs. Expensive when the queue is long: it holds the whole prompt and workflow of each run.
    pub async fn queue(&self) -> Result<ItemStream<QueueItem>, Error> {
        self.items("GET /queue", "queue", &[], json::Items::Elements).await
    }

    /// The newest `max_items` entries, oldest first.
    pub async fn history_tail(&self, max_items: usize) -> Result<ItemStream<HistoryEntry>, Error> {
        let query = [("max_items", max_items.to_string())];
        self.items("GET /history?max_items", "history", &query, json::Items::Members).await
    }

    /// `max_items` entries from the `offset`-th oldest on, for servers with [`Paging::Offset`].
    pub async fn history_page(&self, offset: usize, max_items: usize) -> Result<ItemStream<HistoryEntry>, Error> {
        let query = [("max_items", max_items.to_string()), ("offset", offset.to_string())];
        self.items("GET /history?offset", "history", &query, json::Items::Members).await
    }

    /// `limit` jobs from the `offset`-th newest on, by when they were queued: what waits, runs and ended. Looks at ComfyUI's
    /// whole history, 7 ms for 2,000 runs. `None` from versions that don't know jobs.
    pub async fn jobs(&self, offset: usize, limit: usize) -> Result<Option<Vec<ListedJob>>, Error> {
        let order = [("sort_by", "created_at".to_owned()), ("sort_order", "desc".to_owned())];
        let part = [("limit", limit.to_string()), ("offset", offset.to_string())];
        let query: Vec<_> = order.into_iter().chain(part).collect();
        let mut items = match self.items("GET /api/jobs", "api/jobs", &query, json::Items::Elements).await {
            Ok(items) => items,
            Err(error) if error.is_answer() => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut jobs = Vec::new();
        while let Some(job) = items.next().await? {
            jobs.push(job);
        }
        Ok(Some(jobs))
    }

    /// The entry of one run; `None` when it isn't in the history. Like ComfyUI's own page, the id is one path segment.
    pub async fn history_of(&self, id: &PromptId) -> Result<Option<HistoryEntry>, Error> {
        // A path segment can't say "." or ".."; URL parsers would walk up. No such run can be asked for.
        if matches!(id.as_str(), "" | "." | "..") {
            return Ok(None);
        }
        let mut url = self.url("history");
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(id.as_str());
        }
        let what = "GET /history/{prompt_id}";
        let mut items = ItemStream::new(what, self.get(what, url).await?, json::Items::Members);
        let mut found = None;
        while let Some(entry) = items.next().await? {
            found = Some(entry).filter(|entry: &HistoryEntry| entry.prompt_id == *id).or(found);
        }
        Ok(found)
    }

    /// Finds out whether `offset` is understood: asked for what lies beyond the end, only a server that ignores it
    /// gives anything. `None` while the history is empty, when both kinds answer alike.
    pub async fn paging(&self) -> Result<Option<Paging>, Error> {
        let mut beyond = self.history_page(1_000_000, 1).await?;
        if beyond.next().await?.is_some() {
            return Ok(Some(Paging::TailOnly));
        }
        let newest = self.history_tail(1).await?.next().await?;
        Ok(newest.map(|_| Paging::Offset))
    }

    /// What the server says of itself.
    pub async fn system(&self) -> Result<System, Error> {
        Ok(System::parse(&self.small("GET /system_stats", "system_stats").await?))
    }

    /// How many runs wait and run: the cheapest of all requests, always 0.1 ms.
    pub async fn queue_remaining(&self) -> Result<Option<u64>, Error> {
        let text = self.small("GET /prompt", "prompt").await?;
        let answer: serde_json::Value = serde_json::from_str(&json::to_strict(&text)).unwrap_or_default();
        Ok(answer.pointer("/exec_info/queue_remaining").and_then(serde_json::Value::as_u64))
    }

    /// The address below the configured one.
    pub(super) fn url(&self, path: &str) -> Url {
        // The base is absolute and the path one of ours, so that joining can't fail.
        self.endpoint.url.join(path).unwrap_or_else(|_| self.endpoint.url.clone())
    }

    pub(super) fn request(&self, url: Url) -> reqwest::RequestBuilder {
        self.http.get(url)
    }

    async fn items<T>(
        &self,
        what: &'static str,
        path: &str,
        query: &[(&str, String)],
        items: json::Items,
    ) -> Result<ItemStream<T>, Error> {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(ItemStream::new(what, self.get(what, url).await?, items))
    }

    async fn get(&self, what: &'static str, url: Url) -> Result<Response, Error> {
        let response = self.request(url).send().await.map_err(|error| Error::http(what, error))?;
        if response.status() == http::StatusCode::OK {
            Ok(response)
        } else {
            Err(Error { what, failure: Failure::Status(response.status()) })
        }
    }

    /// An answer that is small by nature.
    async fn small(&self, what: &'static str, path: &str) -> Result<String, Error> {
        const LARGEST: usize = 4 * 1024 * 1024;
        let mut response = self.get(what, self.url(path)).await?;
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| Error::http(what, error))? {
            body.extend_from_slice(&piece);
            if body.len() > LARGEST {
                return Err(Error { what, failure: json::SplitError::TooLarge(LARGEST).into() });
            }
        }
        Ok(String::from_utf8_lossy(&body).into_owned())
    }
}

/// The items of a list, read while they arrive: memory for one at a time, however long the list.
#[derive(Debug)]
pub struct ItemStream<T> {
    what: &'static str,
    response: Response,
    splitter: Splitter,
    ready: Vec<Item>,
    waiting: VecDeque<Item>,
    bytes: usize,
    of: PhantomData<fn() -> T>,
}

impl<T> ItemStream<T> {
    fn new(what: &'static str, response: Response, items: json::Items) -> Self {
        let splitter = Splitter::new(items, LARGEST_ITEM);
        Self { what, response, splitter, ready: Vec::new(), waiting: VecDeque::new(), bytes: 0, of: PhantomData }
    }

    /// Bytes of the list that were read so far.
    pub fn bytes_read(&self) -> usize {
        self.bytes
    }
}

impl<T: TryFrom<Item>> ItemStream<T> {
    /// The next item; `None` at the end of a list that is whole. Items that make no sense are ignored.
    pub async fn next(&mut self) -> Result<Option<T>, Error> {
        let fail = |failure| Error { what: self.what, failure };
        loop {
            while let Some(item) = self.waiting.pop_front() {
                if let Ok(item) = T::try_from(item) {
                    return Ok(Some(item));
                }
            }
            let Some(piece) = self.response.chunk().await.map_err(|error| Error::http(self.what, error))? else {
                return self.splitter.finish().map(|()| None).map_err(|error| fail(error.into()));
            };
            self.bytes += piece.len();
            self.splitter.feed(&piece, &mut self.ready).map_err(|error| fail(error.into()))?;
            self.waiting.extend(self.ready.drain(..));
        }
    }
}
