//! zstd frames of kept texts. Written without the magic number, which is the same four bytes every time.

use std::io;
use std::sync::Arc;

use rusqlite::Connection;
use zstd::bulk::Decompressor;
use zstd::dict::EncoderDictionary;
use zstd::zstd_safe::{self, CCtx, CParameter};

use super::Error;

/// What every zstd frame begins with (RFC 8878, 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The longest text that is read back, whatever a frame says of itself: SQLite's own limit of a value.
const LONGEST: u64 = 1_000_000_000;

/// Level for texts that stand alone.
const ALONE: i32 = 3;

/// Level for texts against a base: tables just large enough for the base, since each document copies them.
const SHORT_BASE: i32 = 2;
const LONG_BASE: i32 = 4;

/// From this length of base on, the tables of [`SHORT_BASE`] would forget its beginning.
const LONG: usize = 128 << 10;

/// log2 of the window for texts of megabytes: 16 MB, base and text.
const LONG_WINDOW: u32 = 24;

const BASE: &str = "SELECT data FROM bases WHERE id = ?1";
const BASE_HEAD: &str = "SELECT substr(data, 1, 32) AS head FROM bases WHERE id = ?1";

/// A frame that needs nothing else.
pub(super) fn alone(text: &[u8]) -> Result<Vec<u8>, Error> {
    let frame = zstd::bulk::compress(text, ALONE).map_err(|source| Error::Compress { source: Arc::new(source) })?;
    Ok(without_magic(frame))
}

/// A text made ready for others to be compressed against.
pub(super) fn dictionary(base: &str) -> Result<EncoderDictionary<'static>, Error> {
    let level = if base.len() < LONG { SHORT_BASE } else { LONG_BASE };
    // A text is never mistaken for a trained dictionary: their magic number isn't UTF-8.
    EncoderDictionary::try_copy(base.as_bytes(), level).map_err(|source| Error::Compress { source: Arc::new(source) })
}

/// A frame that needs the base.
pub(super) fn against(context: &mut CCtx<'_>, base: &EncoderDictionary<'_>, text: &[u8]) -> Result<Vec<u8>, Error> {
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(text.len()));
    context.compress_using_cdict(&mut frame, text, base.as_cdict()).map_err(not_compressed)?;
    Ok(without_magic(frame))
}

/// A frame that needs the base, for texts of megabytes: sees all of both, and costs as much as to prepare the base.
pub(super) fn against_long(base: &[u8], text: &[u8]) -> Result<Vec<u8>, Error> {
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(text.len()));
    let mut context = CCtx::default();
    for parameter in [
        CParameter::CompressionLevel(ALONE),
        CParameter::WindowLog(LONG_WINDOW),
        CParameter::EnableLongDistanceMatching(true),
    ] {
        context.set_parameter(parameter).map_err(not_compressed)?;
    }
    context.ref_prefix(base).map_err(not_compressed)?;
    context.compress2(&mut frame, text).map_err(not_compressed)?;
    Ok(without_magic(frame))
}

/// The text of a row: its own frame, a frame against a base, or the base itself.
pub(super) fn read(conn: &Connection, base: Option<i64>, data: Option<&[u8]>) -> Result<String, Error> {
    let base = base.map(|id| self::base(conn, id)).transpose()?;
    let bytes = match (base, data) {
        (Some(base), Some(data)) => decompress(&mut Decompressor::with_dictionary(&base).map_err(damaged)?, data)?,
        (Some(base), None) => base,
        (None, Some(data)) => whole(data)?,
        (None, None) => return Err(damaged(io::Error::from(io::ErrorKind::UnexpectedEof))),
    };
    text(bytes)
}

/// Reads many frames: its working memory is made once, and a base is made ready once for all frames in a row that need it.
pub(super) struct Reader {
    alone: Decompressor<'static>,
    against: Decompressor<'static>,
    /// The base that is ready.
    base: Option<i64>,
}

impl Reader {
    /// One with nothing ready.
    pub(super) fn new() -> Result<Self, Error> {
        let new = || Decompressor::new().map_err(damaged);
        Ok(Self { alone: new()?, against: new()?, base: None })
    }

    /// The bytes of a base.
    pub(super) fn base(&mut self, conn: &Connection, id: i64) -> Result<Vec<u8>, Error> {
        let frame: Vec<u8> = conn.prepare_cached(BASE)?.query_row([id], |row| row.get("data"))?;
        decompress(&mut self.alone, &frame)
    }

    /// The text of a frame that stands alone.
    pub(super) fn alone(&mut self, data: &[u8]) -> Result<String, Error> {
        text(decompress(&mut self.alone, data)?)
    }

    /// The text of a frame that needs a base.
    pub(super) fn against(&mut self, id: i64, base: &[u8], data: &[u8]) -> Result<String, Error> {
        if self.base != Some(id) {
            self.base = None;
            self.against.set_dictionary(base).map_err(damaged)?;
            self.base = Some(id);
        }
        text(decompress(&mut self.against, data)?)
    }
}

/// How long the text of a row is, as the head of its frame says; without one, that of its base.
pub(super) fn length(conn: &Connection, base: Option<i64>, head: Option<&[u8]>) -> Result<u64, Error> {
    match (base, head) {
        (_, Some(head)) => content_size(&[&MAGIC, head].concat()),
        (Some(base), None) => {
            let head: Vec<u8> = conn.prepare_cached(BASE_HEAD)?.query_row([base], |row| row.get("head"))?;
            content_size(&[&MAGIC, &*head].concat())
        }
        (None, None) => Err(damaged(io::Error::from(io::ErrorKind::UnexpectedEof))),
    }
}

fn content_size(frame: &[u8]) -> Result<u64, Error> {
    match zstd_safe::get_frame_content_size(frame) {
        Ok(Some(size)) if size <= LONGEST => Ok(size),
        _ => Err(damaged(io::Error::from(io::ErrorKind::InvalidData))),
    }
}

/// The bytes of a base.
pub(super) fn base(conn: &Connection, id: i64) -> Result<Vec<u8>, Error> {
    let frame: Vec<u8> = conn.prepare_cached(BASE)?.query_row([id], |row| row.get("data"))?;
    whole(&frame)
}

/// What a frame that stands alone holds.
pub(super) fn whole(data: &[u8]) -> Result<Vec<u8>, Error> {
    decompress(&mut Decompressor::new().map_err(damaged)?, data)
}

/// Bytes that were a text.
pub(super) fn text(bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|error| damaged(io::Error::new(io::ErrorKind::InvalidData, error)))
}

fn decompress(decompressor: &mut Decompressor<'_>, data: &[u8]) -> Result<Vec<u8>, Error> {
    let frame = [&MAGIC, data].concat();
    let size = usize::try_from(content_size(&frame)?).unwrap_or(usize::MAX);
    decompressor.decompress(&frame, size).map_err(damaged)
}

fn without_magic(mut frame: Vec<u8>) -> Vec<u8> {
    frame.drain(..MAGIC.len().min(frame.len()));
    frame
}

fn not_compressed(code: usize) -> Error {
    Error::Compress { source: Arc::new(io::Error::other(zstd_safe::get_error_name(code))) }
}

fn damaged(source: io::Error) -> Error {
    Error::Document { source: Arc::new(source) }
}
