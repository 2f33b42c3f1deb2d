//! PNG, row by row: a picture of 16,000 × 16,000 takes as much memory as one of 2,000.

use std::io::{BufRead, Seek};

use image::metadata::Orientation;
use png::{ColorType, Decoder, Limits, Reader, Transformations};

use super::pixels::Pixels;
use super::shrink::Shrink;
use crate::model::Unmade;

/// For the decoder's own buffers: a chunk that it needs, a few rows.
const DECODER_BYTES: usize = 16 * 1024 * 1024;

/// A PNG whose head was read.
pub(super) struct Png<R: BufRead + Seek>(Reader<R>);

impl<R: BufRead + Seek> Png<R> {
    /// Reads up to the first pixels. Texts are passed over: ComfyUI keeps whole workflows in them.
    pub(super) fn open(source: R) -> Result<Self, Unmade> {
        let mut decoder = Decoder::new_with_limits(source, Limits { bytes: DECODER_BYTES });
        decoder.set_ignore_text_chunk(true);
        decoder.set_ignore_iccp_chunk(true);
        decoder.set_transformations(Transformations::normalize_to_color8());
        Ok(Self(decoder.read_info().map_err(|error| unmade(&error))?))
    }

    pub(super) fn size(&self) -> (u32, u32) {
        self.0.info().size()
    }

    /// How much memory decoding takes. An interlaced picture comes whole, seven times over.
    pub(super) fn cost(&self) -> u64 {
        let (width, height) = self.size();
        let rows = 64 * 1024 + u64::from(width) * 32;
        let whole = if self.0.info().interlaced { u64::from(width) * u64::from(height) * 8 } else { 0 };
        rows + whole + Shrink::cost(width, height)
    }

    pub(super) fn orientation(&self) -> Orientation {
        let exif = self.0.info().exif_metadata.as_deref();
        exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
    }

    /// All of it, or the first frame. Of a file that ends too early, what is there.
    pub(super) fn decode(mut self) -> Result<Pixels, Unmade> {
        let (width, height) = self.size();
        let (color, _) = self.0.output_color_type();
        let has_alpha = matches!(color, ColorType::GrayscaleAlpha | ColorType::Rgba);
        let mut shrink = Shrink::new(width, height, has_alpha);
        let mut colored = Vec::new();
        if self.0.info().interlaced {
            let length = self.0.output_buffer_size().ok_or(Unmade::TooLarge)?;
            let mut whole = vec![0; length];
            let frame = self.0.next_frame(&mut whole).map_err(|error| unmade(&error))?;
            for row in whole.chunks_exact(frame.line_size.max(1)) {
                shrink.take(in_color(row, color, &mut colored));
            }
            return Ok(shrink.finish());
        }
        for _ in 0..height {
            match self.0.next_row() {
                Ok(Some(row)) => shrink.take(in_color(row.data(), color, &mut colored)),
                Err(error) if !shrink.has_begun() => return Err(unmade(&error)),
                Ok(None) | Err(_) => break,
            }
        }
        Ok(shrink.finish())
    }
}

/// A row as RGB or RGBA.
fn in_color<'r>(row: &'r [u8], color: ColorType, colored: &'r mut Vec<u8>) -> &'r [u8] {
    colored.clear();
    match color {
        ColorType::Grayscale => colored.extend(row.iter().flat_map(|gray| [*gray; 3])),
        ColorType::GrayscaleAlpha => {
            colored.extend(row.chunks_exact(2).flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]));
        }
        ColorType::Rgb | ColorType::Rgba | ColorType::Indexed => return row,
    }
    colored
}

fn unmade(error: &png::DecodingError) -> Unmade {
    match error {
        png::DecodingError::LimitsExceeded => Unmade::TooLarge,
        _ => Unmade::Damaged,
    }
}
