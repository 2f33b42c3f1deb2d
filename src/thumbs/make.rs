//! From a file to its thumbnail, by what it is.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ffmpeg::{Ffmpeg, Limits, VideoFrame};
use super::{Error, ThumbsState, Urgency};
use crate::media::{self, Thumbnail};
use crate::model::{Blob, MediaFacts, MediaKind, Unmade};

/// How much of a file is read at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// How long a picture may be read.
const PATIENCE: Duration = Duration::from_secs(20);

/// How far into a film its poster is looked for: most begin with nothing. Then the beginning, then further on.
const A_LITTLE_IN: u32 = 1;
const FURTHER_IN: u32 = 5;

type Outcome = Result<Result<Thumbnail, Unmade>, Error>;

/// Makes it. The inner error is the file's, to be remembered; the outer one is ours.
pub(super) async fn make(thumbs: &ThumbsState, blob: &Blob, urgency: Urgency) -> Outcome {
    let opened = thumbs.blobs.open_file(&blob.digest).await.map_err(|error| Error::Blobs(Arc::new(error)))?;
    let Some(file) = opened else { return Err(Error::Gone) };
    let file = file.into_std().await;
    let by_ourselves = match blob.kind {
        MediaKind::Image => picture(thumbs, file, blob.mime.clone(), urgency).await?,
        MediaKind::Audio => sound(thumbs, file, blob.mime.clone(), urgency).await?,
        MediaKind::Video | MediaKind::Text | MediaKind::Model3d | MediaKind::Other => Err(Unmade::Unsupported),
    };
    match (by_ourselves, &thumbs.ffmpeg) {
        (Err(Unmade::Unsupported), Some(ffmpeg)) => by_ffmpeg(thumbs, ffmpeg, blob, urgency).await,
        (made, _) => Ok(made),
    }
}

async fn picture(thumbs: &ThumbsState, file: File, mime: String, urgency: Urgency) -> Outcome {
    let measured = thumbs.work.compute(urgency, move || {
        let measure = in_time(&file, |source| media::measure(source, &mime))?;
        Ok((measure, file, mime))
    });
    let (measure, file, mime) = match measured.await? {
        Ok((Some(measure), file, mime)) => (measure, file, mime),
        Ok((None, ..)) => return took_long(urgency),
        Err(unmade) => return Ok(Err(unmade)),
    };
    let memory = match thumbs.work.memory(measure.cost).await? {
        Ok(memory) => memory,
        Err(unmade) => return Ok(Err(unmade)),
    };
    let made = thumbs.work.compute(urgency, move || {
        let _memory = memory;
        (&file).rewind().map_err(|_| Unmade::Damaged)?;
        in_time(&file, |source| media::thumbnail(source, &mime))
    });
    match made.await? {
        Ok(Some(thumbnail)) => Ok(Ok(thumbnail)),
        Ok(None) => took_long(urgency),
        Err(unmade) => Ok(Err(unmade)),
    }
}

/// Reads a file for so long at most; `None` when its time was up.
fn in_time<T>(
    file: &File,
    read: impl FnOnce(BufReader<TimedFile<'_>>) -> Result<T, Unmade>,
) -> Result<Option<T>, Unmade> {
    let end = Instant::now() + PATIENCE;
    match read(BufReader::with_capacity(PIECE_BYTES, TimedFile { file, end })) {
        Ok(read) => Ok(Some(read)),
        Err(_) if Instant::now() >= end => Ok(None),
        Err(unmade) => Err(unmade),
    }
}

/// What stepped back behind everything else may have had no time at all. Whoever asks has it tried again.
fn took_long(urgency: Urgency) -> Outcome {
    match urgency {
        Urgency::Background => Err(Error::GivenUp),
        Urgency::Asked => Ok(Err(Unmade::TooLarge)),
    }
}

/// A file that can be read until its time is up: whatever it makes its decoder do, that ends.
struct TimedFile<'f> {
    file: &'f File,
    end: Instant,
}

impl TimedFile<'_> {
    fn check(&self) -> io::Result<()> {
        if Instant::now() < self.end { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
    }
}

impl Read for TimedFile<'_> {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        self.file.read(piece)
    }
}

impl Seek for TimedFile<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.check()?;
        self.file.seek(to)
    }
}

async fn sound(thumbs: &ThumbsState, file: File, mime: String, urgency: Urgency) -> Outcome {
    thumbs.work.compute(urgency, move || media::listen(file, &mime)).await
}

async fn by_ffmpeg(thumbs: &ThumbsState, ffmpeg: &Ffmpeg, blob: &Blob, urgency: Urgency) -> Outcome {
    let Some(demuxer) = Ffmpeg::demuxer(&blob.mime) else { return Ok(Err(Unmade::Unsupported)) };
    let path = thumbs.blobs.path(&blob.digest);
    // One at a time, as each takes memory of its own. The wait for a turn ends with the daemon.
    let _turn = tokio::select! {
        turn = thumbs.work.program() => turn?,
        () = thumbs.shutdown.cancelled() => return Err(Error::GivenUp),
    };
    let limits = Limits::from_now(&thumbs.shutdown, urgency);
    let film = Film { thumbs, ffmpeg, path: &path, demuxer, limits };
    let made = match blob.kind {
        MediaKind::Audio => film.sound().await?,
        MediaKind::Image => film.still().await?,
        _ => film.poster().await?,
    };
    match made {
        // It stepped back behind everything else: that its time was up says little. Whoever asks has it tried again.
        Err(Unmade::TooLarge) if urgency == Urgency::Background => Err(Error::GivenUp),
        made => Ok(made),
    }
}

/// A file that `ffmpeg` reads for us.
struct Film<'f> {
    thumbs: &'f ThumbsState,
    ffmpeg: &'f Ffmpeg,
    path: &'f Path,
    demuxer: &'static str,
    limits: Limits<'f>,
}

/// A frame, small, and whether there is nothing to be seen on it.
type Shot = (Thumbnail, bool);

impl Film<'_> {
    async fn sound(&self) -> Outcome {
        let heard = self.ffmpeg.samples(self.path, self.demuxer, &self.limits).await?;
        let (samples, facts) = match heard {
            Ok(heard) => heard,
            Err(unmade) => return Ok(Err(unmade)),
        };
        let drawn = move || media::listen_to_samples(Cursor::new(samples), facts);
        self.thumbs.work.compute(self.limits.urgency, drawn).await
    }

    async fn still(&self) -> Outcome {
        Ok(self.at(0).await?.map(|(thumbnail, _)| thumbnail))
    }

    /// A frame that shows something: a little in, at the start where the film is shorter, further on where that is black.
    async fn poster(&self) -> Outcome {
        match self.at(A_LITTLE_IN).await? {
            Ok((thumbnail, false)) => Ok(Ok(thumbnail)),
            Ok((black, true)) => {
                let later = self.at(FURTHER_IN).await?.ok().filter(|(_, is_black)| !is_black);
                Ok(Ok(later.map_or(black, |(thumbnail, _)| thumbnail)))
            }
            Err(Unmade::Damaged) => self.still().await,
            Err(unmade) => Ok(Err(unmade)),
        }
    }

    async fn at(&self, second: u32) -> Result<Result<Shot, Unmade>, Error> {
        let frame = self.ffmpeg.frame(self.path, self.demuxer, second, &self.limits).await?;
        let VideoFrame { png, facts } = match frame {
            Ok(frame) => frame,
            Err(unmade) => return Ok(Err(unmade)),
        };
        let shot = self.thumbs.work.compute(self.limits.urgency, move || {
            let is_black = media::is_black(&png);
            let thumbnail = media::thumbnail(Cursor::new(png), "image/png")?;
            // Turned by its own word, a film is as wide as its frame is.
            let is_turned = is_portrait(thumbnail.facts) != is_portrait(facts);
            let (width, height) = if is_turned { (facts.height, facts.width) } else { (facts.width, facts.height) };
            Ok((Thumbnail { facts: MediaFacts { width, height, ..facts }, ..thumbnail }, is_black))
        });
        shot.await
    }
}

fn is_portrait(facts: MediaFacts) -> bool {
    facts.width < facts.height
}
