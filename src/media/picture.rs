//! Pictures made small: how much memory it would take, then the thumbnails themselves.

use std::io::{BufRead, Cursor, Seek, SeekFrom};

use image::codecs::bmp::BmpDecoder;
use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageResult, Limits};

use super::jpeg;
use super::pixels::Pixels;
use super::png::Png;
use crate::model::{MediaFacts, Unmade};

/// A picture may be so wide or so high.
const LONGEST_SIDE: u32 = 65_535;

/// A picture may have so many pixels: 16,384 × 16,384. What decodes in a thousandth of its size hits this first.
const MOST_PIXELS: u64 = 1 << 28;

/// A frame without a value above this is black, whatever a codec made of it.
const DARK: u8 = 32;

/// What making a thumbnail of a picture will take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Width in pixels, as stored.
    pub width: u32,
    /// Height in pixels, as stored.
    pub height: u32,
    /// Bytes of memory at the most.
    pub cost: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// WebP, for [`crate::model::ThumbSize::Small`].
    pub small: Vec<u8>,
    /// WebP, for [`crate::model::ThumbSize::Large`]; `None` where the small one has all that there is.
    pub large: Option<Vec<u8>>,
    /// What was learnt of the original.
    pub facts: MediaFacts,
}

/// Reads the head of a picture and nothing else.
///
/// # Errors
/// Not a picture that is understood here, broken, or larger than any may be.
pub fn measure(mut source: impl BufRead + Seek, mime: &str) -> Result<Measure, Unmade> {
    let file = source.seek(SeekFrom::End(0)).map_err(|_| Unmade::Damaged)?;
    source.rewind().map_err(|_| Unmade::Damaged)?;
    // Bytes of memory for each pixel: the decoder's own, and what it gives.
    let ((width, height), each) = match mime {
        "image/png" => {
            let png = Png::open(source)?;
            check(png.size())?;
            let ((width, height), cost) = (png.size(), png.cost());
            return Ok(Measure { width, height, cost });
        }
        "image/jpeg" => {
            let head = jpeg::head(&mut source)?;
            let coefficients = if head.is_progressive { 2 * u64::from(head.components) } else { 0 };
            ((head.width, head.height), 4 + coefficients)
        }
        "image/webp" => (WebPDecoder::new(source).map_err(unmade)?.dimensions(), 10),
        "image/gif" => (GifDecoder::new(source).map_err(unmade)?.dimensions(), 10),
        "image/bmp" => (BmpDecoder::new(source).map_err(unmade)?.dimensions(), 8),
        _ => return Err(Unmade::Unsupported),
    };
    check((width, height))?;
    let pixels = u64::from(width) * u64::from(height);
    Ok(Measure { width, height, cost: file.saturating_add(pixels * each) })
}

/// Makes both thumbnails of a picture; of a moving one, of its first frame. Takes as much memory as [`measure`] says.
///
/// # Errors
/// As [`measure`], and what only shows when the pixels are decoded.
pub fn thumbnail(source: impl BufRead + Seek, mime: &str) -> Result<Thumbnail, Unmade> {
    let (pixels, (width, height), orientation) = match mime {
        "image/png" => {
            let png = Png::open(source)?;
            check(png.size())?;
            let (size, orientation) = (png.size(), png.orientation());
            (png.decode()?, size, orientation)
        }
        "image/jpeg" => decode(JpegDecoder::new(source))?,
        "image/webp" => decode(WebPDecoder::new(source))?,
        "image/gif" => decode(GifDecoder::new(source))?,
        "image/bmp" => decode(BmpDecoder::new(source))?,
        _ => return Err(Unmade::Unsupported),
    };
    let (small, large) = pixels.thumbnails(orientation)?;
    let (width, height) = if is_on_its_side(orientation) { (height, width) } else { (width, height) };
    Ok(Thumbnail { small, large, facts: MediaFacts { width: Some(width), height: Some(height), duration_ms: None } })
}

/// Whether a small PNG shows next to nothing, as the first frame of a film that fades in.
pub fn is_black(png: &[u8]) -> bool {
    let Ok(pixels) = Png::open(Cursor::new(png)).and_then(Png::decode) else { return false };
    let mut colors = pixels.bytes.chunks(if pixels.has_alpha { 4 } else { 3 });
    colors.all(|color| color.iter().take(3).all(|value| *value < DARK))
}

fn decode(decoder: ImageResult<impl ImageDecoder>) -> Result<(Pixels, (u32, u32), Orientation), Unmade> {
    let mut decoder = decoder.map_err(unmade)?;
    let size = decoder.dimensions();
    check(size)?;
    let mut limits = Limits::no_limits();
    (limits.max_image_width, limits.max_image_height) = (Some(LONGEST_SIDE), Some(LONGEST_SIDE));
    decoder.set_limits(limits).map_err(unmade)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).map_err(unmade)?;
    Ok((image.into(), size, orientation))
}

fn check((width, height): (u32, u32)) -> Result<(), Unmade> {
    if width == 0 || height == 0 {
        return Err(Unmade::Damaged);
    }
    let is_bounded = width.max(height) <= LONGEST_SIDE && u64::from(width) * u64::from(height) <= MOST_PIXELS;
    if is_bounded { Ok(()) } else { Err(Unmade::TooLarge) }
}

fn is_on_its_side(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH
    )
}

fn unmade(error: ImageError) -> Unmade {
    match error {
        ImageError::Limits(_) => Unmade::TooLarge,
        ImageError::Unsupported(_) => Unmade::Unsupported,
        _ => Unmade::Damaged,
    }
}
