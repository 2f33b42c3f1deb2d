//! Decoded pixels: cut to what is shown, made smaller, turned upright, written as WebP.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{U8x3, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, RgbImage, RgbaImage};

use crate::model::{ThumbSize, Unmade};

/// The longer side is at most so many times the shorter: a grid cuts squares, and nobody sees the rest.
const LONGEST: u32 = 2;

/// Quality of libwebp, 0 to 100: sixty noisy pictures of 256 pixels weigh 0.7 MB.
const QUALITY: f32 = 72.0;

/// Effort of libwebp, 0 to 6: less than the default of 4, as thousands may be made in a row.
const EFFORT: i32 = 2;

/// Rows of RGB (three channels) or RGBA (four), eight bits each, alpha not multiplied in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) has_alpha: bool,
    pub(super) bytes: Vec<u8>,
}

/// The part of a picture that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Shown {
    /// The middle, where a picture is much longer than wide or much wider than long.
    pub(super) fn of(width: u32, height: u32) -> Self {
        let kept = (width.min(height.saturating_mul(LONGEST)), height.min(width.saturating_mul(LONGEST)));
        Self { left: (width - kept.0) / 2, top: (height - kept.1) / 2, width: kept.0, height: kept.1 }
    }

    fn shorter(self) -> u32 {
        self.width.min(self.height)
    }

    /// How large it is as a thumbnail: never larger than it is.
    fn scaled_to(self, size: ThumbSize) -> (u32, u32) {
        let (shorter, wanted) = (u64::from(self.shorter()), u64::from(size.pixels()));
        if shorter <= wanted {
            return (self.width, self.height);
        }
        let scale = |side: u32| u32::try_from((u64::from(side) * wanted + shorter / 2) / shorter).unwrap_or(1).max(1);
        (scale(self.width), scale(self.height))
    }
}

impl Pixels {
    pub(super) fn channels(has_alpha: bool) -> u32 {
        if has_alpha { 4 } else { 3 }
    }

    /// Both thumbnails of an original, of which these are all pixels or fewer. No large one where the small is as large.
    pub(super) fn thumbnails(self, orientation: Orientation) -> Result<(Vec<u8>, Option<Vec<u8>>), Unmade> {
        let shown = Shown::of(self.width, self.height);
        let large = self.scaled(shown, ThumbSize::Large)?.turned(orientation)?;
        let whole = Shown { left: 0, top: 0, width: large.width, height: large.height };
        if whole.scaled_to(ThumbSize::Small) == (large.width, large.height) {
            return Ok((large.webp()?, None));
        }
        Ok((large.scaled(whole, ThumbSize::Small)?.webp()?, Some(large.webp()?)))
    }

    /// A part, at the size of a thumbnail. Alpha is multiplied in while pixels are mixed, so that what can't be seen
    /// doesn't colour what can.
    fn scaled(&self, shown: Shown, size: ThumbSize) -> Result<Self, Unmade> {
        let (width, height) = shown.scaled_to(size);
        if (width, height) == (self.width, self.height) {
            return Ok(self.clone());
        }
        // By type: the crate's own choice at run time brings the code for eleven others, a tenth of the whole program.
        let scale = if self.has_alpha { Self::scaled_as::<U8x4> } else { Self::scaled_as::<U8x3> };
        Ok(Self { width, height, has_alpha: self.has_alpha, bytes: scale(self, shown, width, height)? })
    }

    fn scaled_as<P: PixelTrait>(&self, shown: Shown, width: u32, height: u32) -> Result<Vec<u8>, Unmade> {
        let damaged = |_| Unmade::Damaged;
        let source = TypedImageRef::<P>::from_buffer(self.width, self.height, &self.bytes).map_err(damaged)?;
        let mut bytes = vec![0; width as usize * height as usize * P::size()];
        let mut scaled = TypedImage::<P>::from_buffer(width, height, &mut bytes).map_err(damaged)?;
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom)).crop(
            shown.left.into(),
            shown.top.into(),
            shown.width.into(),
            shown.height.into(),
        );
        Resizer::new().resize_typed(&source, &mut scaled, &options).map_err(|_| Unmade::Damaged)?;
        Ok(bytes)
    }

    /// Upright, where a camera was held otherwise.
    fn turned(self, orientation: Orientation) -> Result<Self, Unmade> {
        if orientation == Orientation::NoTransforms {
            return Ok(self);
        }
        let (width, height) = (self.width, self.height);
        let mut image = if self.has_alpha {
            DynamicImage::ImageRgba8(RgbaImage::from_raw(width, height, self.bytes).ok_or(Unmade::Damaged)?)
        } else {
            DynamicImage::ImageRgb8(RgbImage::from_raw(width, height, self.bytes).ok_or(Unmade::Damaged)?)
        };
        image.apply_orientation(orientation);
        Ok(Self::from(image))
    }

    pub(super) fn webp(&self) -> Result<Vec<u8>, Unmade> {
        let (width, height) = (self.width, self.height);
        let pixels = u64::from(width) * u64::from(height) * u64::from(Self::channels(self.has_alpha));
        if width == 0 || height == 0 || u64::try_from(self.bytes.len()) != Ok(pixels) {
            return Err(Unmade::Damaged);
        }
        let encoder = if self.has_alpha {
            webp::Encoder::from_rgba(&self.bytes, width, height)
        } else {
            webp::Encoder::from_rgb(&self.bytes, width, height)
        };
        let mut config = webp::WebPConfig::new().map_err(|()| Unmade::Unsupported)?;
        (config.quality, config.method) = (QUALITY, EFFORT);
        encoder.encode_advanced(&config).map(|bytes| bytes.to_vec()).map_err(|_| Unmade::TooLarge)
    }
}

impl From<DynamicImage> for Pixels {
    fn from(image: DynamicImage) -> Self {
        let (width, height, has_alpha) = (image.width(), image.height(), image.color().has_alpha());
        let bytes = if has_alpha { image.into_rgba8().into_raw() } else { image.into_rgb8().into_raw() };
        Self { width, height, has_alpha, bytes }
    }
}
