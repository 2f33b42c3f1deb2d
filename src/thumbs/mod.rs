//! Small pictures of what was kept: made in the background when a run is done, and for whoever asks first, once each.
//!
//! Reads the store and the files, writes only into the cache. Each file is a stranger's: it is decoded on a thread that may
//! break, within a budget of memory that all share, or by a program of its own that is killed when it takes too long.

mod background;
mod cache;
mod ffmpeg;
mod make;
mod work;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::blobs::{self, Blobs};
use crate::model::{Blob, Digest, MediaFacts, MediaKind, ThumbSize, Unmade};
use crate::store::{self, Store};
use cache::{Cached, Keep};
use work::ThumbLimits;

pub use background::run;
pub use cache::Cache;
pub use ffmpeg::Ffmpeg;

/// Changes whenever thumbnails come out differently: those of an earlier version are made again.
const VERSION: i64 = 1;

/// Why it isn't known whether there is a thumbnail. Shared by all who waited for the same one.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The file can't be opened.
    #[error("open the file of a thumbnail")]
    Blobs(#[source] Arc<blobs::Error>),
    /// The file was known and isn't there any more.
    #[error("the file of a thumbnail is gone")]
    Gone,
    /// The outputs of a run can't be read.
    #[error("read the outputs of a run")]
    Store(#[from] store::Error),
    /// The daemon ends, or has no threads left.
    #[error("the making of a thumbnail was given up")]
    GivenUp,
}

/// What there is to show of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Made {
    /// A picture, as WebP.
    Webp(Bytes),
    /// Nothing but what kind of file it is.
    Nothing(Unmade),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Urgency {
    /// Somebody who looks at a page.
    Asked,
    Background,
}

/// Thumbnails that are being made; whoever asks for one waits for the same.
type Making = Shared<BoxFuture<'static, Result<Arc<Keep>, Error>>>;

/// A handle; clones share it.
#[derive(Debug, Clone)]
pub struct Thumbs(Arc<ThumbsState>);

struct ThumbsState {
    store: Store,
    blobs: Blobs,
    cache: Cache,
    ffmpeg: Option<Ffmpeg>,
    work: ThumbLimits,
    making: Mutex<HashMap<Digest, Making>>,
    /// How many wait who asked: the background holds back as long as there is one.
    asked: watch::Sender<usize>,
    made: AtomicU64,
    shutdown: CancellationToken,
}

impl std::fmt::Debug for ThumbsState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Thumbs").field("ffmpeg", &self.ffmpeg).finish_non_exhaustive()
    }
}

impl Thumbs {
    /// Thumbnails of these files, kept in that cache; of videos too, with an `ffmpeg`. Programs that run are killed on
    /// `shutdown`.
    pub fn new(store: Store, blobs: Blobs, cache: Cache, ffmpeg: Option<Ffmpeg>, shutdown: CancellationToken) -> Self {
        Self(Arc::new(ThumbsState {
            store,
            blobs,
            cache,
            ffmpeg,
            work: ThumbLimits::default(),
            making: Mutex::default(),
            asked: watch::Sender::new(0),
            made: AtomicU64::new(0),
            shutdown,
        }))
    }

    /// Gives back the memory of what was read from the cache.
    pub async fn rest(&self) {
        let thumbs = self.clone();
        // Nothing is amiss if not: it rests with the next round.
        let _ = tokio::task::spawn_blocking(move || thumbs.0.cache.rest()).await;
    }

    /// Whether videos get a poster. Without, a page lets the browser show the first frame.
    pub fn makes_posters(&self) -> bool {
        self.0.ffmpeg.is_some()
    }

    /// The thumbnail of a file: from the cache, else made now, before all that is made in the background. The making goes
    /// on when the caller stops waiting.
    pub async fn get(&self, blob: &Blob, size: ThumbSize) -> Result<Made, Error> {
        if !can_be_seen(blob.kind) {
            return Ok(Made::Nothing(Unmade::Unsupported));
        }
        let (digest, thumbs) = (blob.digest, self.clone());
        let found = tokio::task::spawn_blocking(move || thumbs.0.cache.find(&digest, size)).await;
        if let Some(cached) = found.map_err(|_| Error::GivenUp)?.filter(|cached| self.is_current(cached)) {
            return Ok(cached.webp.map_or_else(Made::Nothing, |webp| Made::Webp(webp.into())));
        }
        let _asked = ThumbWaiter::new(&self.0.asked);
        let keep = self.make(blob.clone(), Urgency::Asked).await?;
        Ok(match (&keep.webp, size) {
            (Ok((small, None)), _) | (Ok((small, _)), ThumbSize::Small) => Made::Webp(small.clone().into()),
            (Ok((_, Some(large))), ThumbSize::Large) => Made::Webp(large.clone().into()),
            (Err(unmade), _) => Made::Nothing(*unmade),
        })
    }

    /// What was learnt of files while their thumbnails were made. Makes nothing; files without are left out.
    pub async fn facts(&self, digests: Vec<Digest>) -> HashMap<Digest, MediaFacts> {
        let thumbs = self.clone();
        tokio::task::spawn_blocking(move || thumbs.0.cache.facts(&digests)).await.unwrap_or_default()
    }

    /// What names a thumbnail of a file until thumbnails come out differently.
    pub fn version(&self) -> i64 {
        VERSION
    }

    /// How many were made since the start, or tried in vain.
    pub fn count_made(&self) -> u64 {
        self.0.made.load(Ordering::Relaxed)
    }

    /// Makes a thumbnail that the cache lacks, when nobody who asked is waiting.
    async fn prepare(&self, blob: Blob) -> Result<(), Error> {
        let (digest, thumbs) = (blob.digest, self.clone());
        let found = tokio::task::spawn_blocking(move || thumbs.0.cache.find_tried(&digest)).await;
        if !found.map_err(|_| Error::GivenUp)?.is_some_and(|cached| self.is_current(&cached)) {
            self.make(blob, Urgency::Background).await?;
        }
        Ok(())
    }

    /// Waits until nobody who asked is waiting.
    async fn until_unasked(&self) {
        // The sender lives as long as we do.
        let _ = self.0.asked.subscribe().wait_for(|asked| *asked == 0).await;
    }

    /// Joins the making of a thumbnail, or starts it.
    fn make(&self, blob: Blob, urgency: Urgency) -> Making {
        let mut making = self.0.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(making) = making.get(&blob.digest) {
            return making.clone();
        }
        let (digest, thumbs) = (blob.digest, self.clone());
        let task = tokio::spawn(async move {
            let kept = thumbs.make_now(blob, urgency).await;
            thumbs.0.making.lock().unwrap_or_else(PoisonError::into_inner).remove(&digest);
            kept.map(Arc::new)
        });
        let started = task.map(|joined| joined.unwrap_or(Err(Error::GivenUp))).boxed().shared();
        making.insert(digest, started.clone());
        started
    }

    async fn make_now(&self, blob: Blob, urgency: Urgency) -> Result<Keep, Error> {
        let (digest, thumbs) = (blob.digest, self.clone());
        // It may have been made between the caller's look and this one.
        let again = tokio::task::spawn_blocking(move || thumbs.kept(&digest)).await.map_err(|_| Error::GivenUp)?;
        if let Some(keep) = again {
            return Ok(keep);
        }
        let made = make::make(&self.0, &blob, urgency).await?;
        self.0.made.fetch_add(1, Ordering::Relaxed);
        if let Err(unmade) = &made {
            tracing::debug!(%digest, mime = blob.mime, why = unmade.as_str(), "no thumbnail");
        }
        let facts = made.as_ref().map(|thumbnail| thumbnail.facts).unwrap_or_default();
        let webp = made.map(|thumbnail| (thumbnail.small, thumbnail.large));
        let keep = Keep { maker: self.maker(), webp, facts };
        let (kept, thumbs) = (keep.clone(), self.clone());
        let written = tokio::task::spawn_blocking(move || thumbs.0.cache.keep(&digest, &kept));
        written.await.map_err(|_| Error::GivenUp)?;
        Ok(keep)
    }

    /// Both sizes, if the cache has them.
    fn kept(&self, digest: &Digest) -> Option<Keep> {
        let cached = |size| self.0.cache.find(digest, size).filter(|cached| self.is_current(cached));
        let Cached { maker, webp } = cached(ThumbSize::Small)?;
        let webp = match webp {
            Ok(small) => Ok((small, Some(cached(ThumbSize::Large)?.webp.ok()?))),
            Err(unmade) => Err(unmade),
        };
        Some(Keep { maker, webp, facts: MediaFacts::default() })
    }

    /// Whether it would come out the same now. What failed without an `ffmpeg` may come out with one.
    fn is_current(&self, cached: &Cached) -> bool {
        cached.maker == self.maker() || (cached.webp.is_ok() && cached.maker / 2 == VERSION)
    }

    fn maker(&self) -> i64 {
        VERSION * 2 + i64::from(self.makes_posters())
    }
}

/// Whether files of that kind have anything to be seen or heard.
fn can_be_seen(kind: MediaKind) -> bool {
    matches!(kind, MediaKind::Image | MediaKind::Video | MediaKind::Audio)
}

/// Somebody waits, until this is dropped.
struct ThumbWaiter<'t>(&'t watch::Sender<usize>);

impl<'t> ThumbWaiter<'t> {
    fn new(asked: &'t watch::Sender<usize>) -> Self {
        asked.send_modify(|asked| *asked += 1);
        Self(asked)
    }
}

impl Drop for ThumbWaiter<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|asked| *asked = asked.saturating_sub(1));
    }
}
