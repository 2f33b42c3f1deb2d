//! zstd frames of kept texts. Written without the magic number, which is the same four bytes every time.

use std::io;
use std::sync::Arc;

use zstd::dict::DecoderDictionary;
use zstd::zstd_safe::{self, CCtx, CParameter, DCtx, DictAttachPref, SafeResult};

use super::error::Error;

/// What every zstd frame begins with (RFC 8878, 3.1.1).
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The longest text that is read back, whatever a frame says of itself: SQLite's own limit of a value.
const LONGEST: u64 = 1_000_000_000;

/// Level for texts that stand alone.
const ALONE: i32 = 3;

/// Level for texts against a base: tables just large enough for the base, and as many more for the text.
const SHORT_BASE: i32 = 2;
const LONG_BASE: i32 = 4;

/// From this length of base on, the tables of [`SHORT_BASE`] would forget its beginning.
const LONG: usize = 128 << 10;

/// log2 of the window for texts of megabytes: 16 MB, base and text.
const LONG_WINDOW: u32 = 24;

/// How much of a frame is its head, its magic number aside (RFC 8878, 3.1.1.1).
const HEAD: usize = 14;

/// The longest buffer for frames that is kept from one to the next.
const LONGEST_KEPT: usize = 256 << 10;

/// A frame that needs nothing else.
pub(super) fn alone(text: &[u8]) -> Result<Vec<u8>, Error> {
    let frame = zstd::bulk::compress(text, ALONE).map_err(|source| Error::Compress { source: Arc::new(source) })?;
    Ok(without_magic(frame))
}

/// Compresses texts against a base.
pub(super) struct Packer(CCtx<'static>);

impl Packer {
    /// For texts that resemble this one, which is copied and made ready once.
    pub(super) fn new(base: &str) -> Result<Self, Error> {
        let mut context = CCtx::default();
        for parameter in [
            CParameter::CompressionLevel(if base.len() < LONG { SHORT_BASE } else { LONG_BASE }),
            // Looks into the base's own tables. Unasked, zstd copies them for every text of more than a few kilobytes,
            // which takes five times as long as all the rest.
            CParameter::ForceAttachDict(DictAttachPref::ForceAttach),
        ] {
            context.set_parameter(parameter).map_err(not_compressed)?;
        }
        // A text is never mistaken for a trained dictionary: their magic number isn't UTF-8.
        context.load_dictionary(base.as_bytes()).map_err(not_compressed)?;
        Ok(Self(context))
    }

    /// A frame that needs the base.
    pub(super) fn pack(&mut self, text: &[u8]) -> Result<Vec<u8>, Error> {
        let mut frame = Vec::with_capacity(zstd_safe::compress_bound(text.len()));
        self.0.compress2(&mut frame, text).map_err(not_compressed)?;
        Ok(without_magic(frame))
    }
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

/// A text made ready for reading what was compressed against it.
pub(super) struct Dictionary(DecoderDictionary<'static>);

impl Dictionary {
    /// Of this text, which is copied.
    pub(super) fn new(base: &str) -> Result<Self, Error> {
        DecoderDictionary::try_copy(base.as_bytes()).map(Self).map_err(damaged)
    }
}

/// Reads frames; its working memory is made once, with the first.
#[derive(Default)]
pub(super) struct Unpacker {
    context: Option<DCtx<'static>>,
    /// The frame in hand, with its magic number.
    frame: Vec<u8>,
}

impl Unpacker {
    /// The text of a frame that stands alone.
    pub(super) fn alone(&mut self, data: &[u8]) -> Result<String, Error> {
        self.unpack(data, |context, text, frame| context.decompress(text, frame))
    }

    /// The text of a frame that needs a base.
    pub(super) fn against(&mut self, base: &Dictionary, data: &[u8]) -> Result<String, Error> {
        self.unpack(data, |context, text, frame| context.decompress_using_ddict(text, frame, base.0.as_ddict()))
    }

    fn unpack(
        &mut self,
        data: &[u8],
        unpack: impl FnOnce(&mut DCtx<'static>, &mut Vec<u8>, &[u8]) -> SafeResult,
    ) -> Result<String, Error> {
        let size = length(data)?;
        self.frame.clear();
        self.frame.extend_from_slice(&MAGIC);
        self.frame.extend_from_slice(data);
        let mut text = Vec::with_capacity(usize::try_from(size).unwrap_or(usize::MAX));
        unpack(self.context.get_or_insert_default(), &mut text, &self.frame)
            .map_err(|code| damaged(io::Error::other(zstd_safe::get_error_name(code))))?;
        self.frame.shrink_to(LONGEST_KEPT);
        String::from_utf8(text).map_err(|error| damaged(io::Error::new(io::ErrorKind::InvalidData, error)))
    }
}

/// How long the text of a frame is, as its head says; which has 14 bytes at most.
pub(super) fn length(head: &[u8]) -> Result<u64, Error> {
    let head = [&MAGIC, head.get(..HEAD).unwrap_or(head)].concat();
    match zstd_safe::get_frame_content_size(&head) {
        Ok(Some(size)) if size <= LONGEST => Ok(size),
        _ => Err(damaged(io::Error::from(io::ErrorKind::InvalidData))),
    }
}

/// A row without the bytes that it should have.
pub(super) fn missing() -> Error {
    damaged(io::Error::from(io::ErrorKind::UnexpectedEof))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_from_what_little_is_kept_beside_its_base() {
        let mut random = fastrand::Rng::with_seed(5);
        for length in [40, 4_000, 40_000, LONG - 1, LONG, 500_000] {
            let base: String = (0..length).map(|_| random.alphanumeric()).collect();
            let (mut packer, mut unpacker) = (Packer::new(&base).unwrap(), Unpacker::default());
            let dictionary = Dictionary::new(&base).unwrap();
            for place in [0, length / 3, length] {
                let text = format!("{}a difference of {place}{}", &base[..place], &base[place..]);
                let frame = packer.pack(text.as_bytes()).unwrap();
                assert!(frame.len() < 96 + length / 256, "{} bytes for {length}", frame.len());
                assert_eq!(unpacker.against(&dictionary, &frame).unwrap(), text);
            }
        }
    }
}
