//! Kept generations as a ZIP archive, streamed: `/g/{id}/files.zip` for one, `/api/v1/generations.zip` for chosen ones.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, Write};
use std::iter;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRef, Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::Method;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use url::form_urlencoded;

use crate::blobs::Blobs;
use crate::export::{Added, Archive};
use crate::model::BasePath;
use crate::model::{Filter, GenerationId, Limit, Start};
use crate::search::Zone;
use crate::store::History;
use crate::web::http::code::Code;
use crate::web::http::described::{Missing, Refused, WhichRuns};
use crate::web::http::headers::{Cache, content_disposition};
use crate::web::http::path::generation_id;
use crate::web::http::problem::Problem;
use crate::web::query::ListQuery;
use crate::web::query::error::{BadValue, Error as BadQuery};
use crate::web::site::state::SiteState;

/// How much goes to the client at a time, and how many of these may wait for it.
const CHUNK_BYTES: usize = 256 * 1024;
const CHUNKS: usize = 4;

/// Ids that a query may list.
const MOST_IDS: usize = 200;

/// A client that takes nothing for so long is gone: its archive holds a thread.
const PATIENCE: Duration = Duration::from_secs(60);

/// Archives that are written at the same time; each has two threads. More wait their turn.
static TURNS: Semaphore = Semaphore::const_new(4);

/// What an archive is written from.
#[derive(Debug, Clone)]
pub struct ArchiveParts {
    history: History,
    blobs: Blobs,
    zone: Zone,
    base: BasePath,
}

impl FromRef<SiteState> for ArchiveParts {
    fn from_ref(site: &SiteState) -> Self {
        Self {
            history: History::from_ref(site),
            blobs: Blobs::from_ref(site),
            zone: Zone::from_ref(site),
            base: BasePath::from_ref(site),
        }
    }
}

/// Answers with the archive of one generation.
pub async fn one(
    State(history): State<History>,
    State(parts): State<ArchiveParts>,
    method: Method,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let id = generation_id(id)?;
    history.outline(id).await?.ok_or(Code::NoGeneration)?;
    respond(parts, &method, &format!("comfy-recall-{id}.zip"), ChosenForArchive::One(Some(id)))
}

/// Chosen generations as a ZIP archive: by their `ids`, or by a filter.
///
/// Each has a folder of its own: its files, `prompt.json`, `workflow.json`, and `generation.json`, which is what
/// `/api/v1/generations/{id}` gives. It is streamed, so it has no length.
#[utoipa::path(
    get, path = "/api/v1/generations.zip", tag = "files",
    params(
        ("ids" = Option<String>, Query, description = "Up to 200 ids, separated by commas; nothing else then", example = "1,2,3"),
        WhichRuns
    ),
    responses((status = 200, description = "The archive", content_type = "application/zip"), Missing, Refused)
)]
pub async fn many(
    State(history): State<History>,
    State(parts): State<ArchiveParts>,
    method: Method,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let chosen = match ids(&query)? {
        Some(ids) => {
            let known = history.summaries(ids.clone()).await?;
            if known.len() < ids.len() {
                return Err(Code::NoGeneration.into());
            }
            ChosenForArchive::Listed(ids.into())
        }
        None => {
            let query = ListQuery::parse_without(&["limit", "next", "prev"], &query, parts.zone)?;
            if !query.is_narrow() {
                return Err(BadQuery::Unchosen.into());
            }
            ChosenForArchive::Found(Box::new(FoundRuns {
                filter: query.filter,
                start: Some(Start::Newest),
                page: VecDeque::new(),
            }))
        }
    };
    respond(parts, &method, "comfy-recall.zip", chosen)
}

/// The ids that a query lists, each once; `None` where it has none.
fn ids(query: &str) -> Result<Option<Vec<GenerationId>>, BadQuery> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let Some((_, value)) = pairs.clone().find(|(name, _)| name == "ids") else { return Ok(None) };
    if let Some((name, _)) = pairs.find(|(name, _)| name != "ids") {
        return Err(BadQuery::Unknown { name: name.into_owned(), known: vec!["ids"] });
    }
    let id = |text: &str| text.trim().parse().ok().filter(|id| *id > 0).map(GenerationId);
    let ids: Option<BTreeSet<GenerationId>> = value.split(',').map(id).collect();
    match ids {
        Some(ids) if ids.len() <= MOST_IDS => Ok(Some(ids.into_iter().rev().collect())),
        _ => Err(BadQuery::Value { name: "ids", value: value.into_owned(), source: BadValue::Ids }),
    }
}

/// Which generations go into an archive.
enum ChosenForArchive {
    One(Option<GenerationId>),
    Listed(VecDeque<GenerationId>),
    Found(Box<FoundRuns>),
}

/// A list, read page by page.
struct FoundRuns {
    filter: Filter,
    start: Option<Start>,
    page: VecDeque<GenerationId>,
}

impl ChosenForArchive {
    /// Takes the next one.
    fn next(&mut self, history: &History, runtime: &Handle) -> io::Result<Option<GenerationId>> {
        Ok(match self {
            Self::One(id) => id.take(),
            Self::Listed(ids) => ids.pop_front(),
            Self::Found(found) => found.next(history, runtime)?,
        })
    }
}

impl FoundRuns {
    fn next(&mut self, history: &History, runtime: &Handle) -> io::Result<Option<GenerationId>> {
        if self.page.is_empty()
            && let Some(start) = self.start.take()
        {
            let list = history.list(self.filter.clone(), start, Limit::MOST);
            let list = runtime.block_on(list).map_err(io::Error::other)?;
            self.page.extend(list.items.iter().map(|run| run.id));
            self.start = list.next.map(Start::Older);
        }
        Ok(self.page.pop_front())
    }
}

fn respond(parts: ArchiveParts, method: &Method, name: &str, chosen: ChosenForArchive) -> Result<Response, Problem> {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (CONTENT_DISPOSITION, HeaderValue::try_from(content_disposition("attachment", name))?),
    ];
    let body = if *method == Method::HEAD { Body::empty() } else { stream(parts, chosen) };
    Ok((headers, axum::Extension(Cache::Live), body).into_response())
}

fn stream(parts: ArchiveParts, chosen: ChosenForArchive) -> Body {
    let (sender, receiver) = mpsc::channel(CHUNKS);
    tokio::spawn(async move {
        let Ok(_turn) = TURNS.acquire().await else { return };
        let (failed, runtime) = (sender.clone(), Handle::current());
        let pipe = Pipe { sender, runtime: runtime.clone(), gathered: BytesMut::new() };
        let written = tokio::task::spawn_blocking(move || write(&parts, chosen, pipe, runtime));
        match written.await.unwrap_or_else(|panic| Err(io::Error::other(panic))) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => tracing::debug!("a client left its archive"),
            Err(error) => {
                tracing::warn!(%error, "an archive ends early");
                // The end of a chunked body would look like the end of the archive.
                let _ = failed.send(Err(error)).await;
            }
            Ok(()) => {}
        }
    });
    Body::from_stream(futures_util::stream::unfold(receiver, async |mut chunks: mpsc::Receiver<io::Result<Bytes>>| {
        chunks.recv().await.map(|chunk| (chunk, chunks))
    }))
}

fn write(parts: &ArchiveParts, mut chosen: ChosenForArchive, pipe: Pipe, runtime: Handle) -> io::Result<()> {
    let ArchiveParts { history, blobs, zone, base } = parts;
    let zone = *zone;
    let clock = move |at| zone.local(at).naive_local();
    let archive = Archive::new((history.clone(), blobs.clone()), runtime.clone(), clock, base.as_str());
    let is_one = matches!(chosen, ChosenForArchive::One(_));
    let folder = |id| if is_one { String::new() } else { format!("{id}/") };
    let ids = iter::from_fn(|| chosen.next(history, &runtime).transpose());
    let runs = ids.map(|id| id.map(|id| (id, folder(id))));
    let tell = |Added { id, lost }| {
        for name in lost {
            tracing::warn!(run = %id, name, "an archive lacks a file, since the kept copy is broken or gone; see comfy-recall verify");
        }
    };
    archive.write(pipe, runs, tell)?.flush()
}

/// The writing end towards the client. What is written gathers until it is a chunk.
struct Pipe {
    sender: mpsc::Sender<io::Result<Bytes>>,
    runtime: Handle,
    gathered: BytesMut,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gathered.capacity() == 0 {
            self.gathered.reserve(CHUNK_BYTES);
        }
        let taken = bytes.len().min(CHUNK_BYTES - self.gathered.len());
        self.gathered.extend_from_slice(&bytes[..taken]);
        if self.gathered.len() == CHUNK_BYTES {
            self.flush()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let chunk = Ok(std::mem::take(&mut self.gathered).freeze());
        // Waits for the client only where it must: a turn of the runtime costs more than a chunk.
        let Err(TrySendError::Full(chunk)) = self.sender.try_send(chunk) else {
            return if self.sender.is_closed() { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) };
        };
        match self.runtime.block_on(async { timeout(PATIENCE, self.sender.send(chunk)).await }) {
            Ok(Ok(())) => Ok(()),
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }
}
