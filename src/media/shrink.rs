//! Rows of a picture as they are decoded, averaged in blocks: of a picture of any size, no more is held than a thumbnail
//! needs.

use super::pixels::{Pixels, Shown};

/// What is kept has at least so many pixels on its shorter side: twice a large thumbnail, so that the fine filter that
/// comes after has something to work on.
const ENOUGH: u32 = 1024;

/// Takes rows from the top.
#[derive(Debug)]
pub(super) struct Shrink {
    shown: Shown,
    /// So many pixels in a row, and so many rows, become one.
    block: u32,
    rows_seen: u32,
    /// Of a row of blocks: for each the sums of red, green, blue, each by its alpha, and of alpha.
    sums: Vec<[u64; 4]>,
    pixels: Pixels,
}

impl Shrink {
    /// For a picture of that size.
    pub(super) fn new(width: u32, height: u32, has_alpha: bool) -> Self {
        let shown = Shown::of(width, height);
        let block = (shown.width.min(shown.height) / ENOUGH).max(1);
        let (width, height) = (shown.width / block, shown.height / block);
        let bytes = vec![0; length(width, height, has_alpha)];
        let sums = if block > 1 { vec![[0; 4]; length(width, 1, false) / 3] } else { Vec::new() };
        Self { shown, block, rows_seen: 0, sums, pixels: Pixels { width, height, has_alpha, bytes } }
    }

    /// How much memory it takes for a picture of that size.
    pub(super) fn cost(width: u32, height: u32) -> u64 {
        let shown = Shown::of(width, height);
        let block = u64::from((shown.width.min(shown.height) / ENOUGH).max(1));
        let (width, height) = (u64::from(shown.width) / block, u64::from(shown.height) / block);
        width * height * 4 + width * 32
    }

    /// The next row, as RGB or RGBA. Rows beyond the last are passed over.
    pub(super) fn take(&mut self, row: &[u8]) {
        let y = self.rows_seen;
        self.rows_seen += 1;
        let Some(below) = y.checked_sub(self.shown.top) else { return };
        if below / self.block >= self.pixels.height {
            return;
        }
        let left = length(self.shown.left, 1, self.pixels.has_alpha);
        let wide = length(self.pixels.width * self.block, 1, self.pixels.has_alpha);
        let Some(row) = row.get(left..left + wide) else { return };
        if self.block == 1 {
            self.line(below).copy_from_slice(row);
            return;
        }
        self.add(row);
        if below % self.block == self.block - 1 {
            self.settle(below / self.block);
        }
    }

    /// What came so far; what didn't come is black, or can't be seen.
    pub(super) fn finish(self) -> Pixels {
        self.pixels
    }

    /// Whether any row came.
    pub(super) fn has_begun(&self) -> bool {
        self.rows_seen > self.shown.top
    }

    fn line(&mut self, y: u32) -> &mut [u8] {
        let wide = length(self.pixels.width, 1, self.pixels.has_alpha);
        let start = length(self.pixels.width, y, self.pixels.has_alpha);
        &mut self.pixels.bytes[start..start + wide]
    }

    fn add(&mut self, row: &[u8]) {
        let channels = length(1, 1, self.pixels.has_alpha);
        let block = length(self.block, 1, self.pixels.has_alpha);
        for (sum, pixels) in self.sums.iter_mut().zip(row.chunks_exact(block)) {
            for pixel in pixels.chunks_exact(channels) {
                let alpha = u64::from(pixel.get(3).copied().unwrap_or(1));
                for (sum, value) in sum.iter_mut().zip(&pixel[..3]) {
                    *sum += u64::from(*value) * alpha;
                }
                sum[3] += alpha;
            }
        }
    }

    /// Writes a row of blocks.
    fn settle(&mut self, y: u32) {
        let channels = length(1, 1, self.pixels.has_alpha);
        let area = u64::from(self.block) * u64::from(self.block);
        let sums = std::mem::take(&mut self.sums);
        for (pixel, [red, green, blue, alpha]) in self.line(y).chunks_exact_mut(channels).zip(&sums) {
            let of = |sum: u64, count: u64| u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX);
            pixel[..3].copy_from_slice(&[of(*red, *alpha), of(*green, *alpha), of(*blue, *alpha)]);
            if let Some(last) = pixel.get_mut(3) {
                *last = of(*alpha, area);
            }
        }
        self.sums = sums;
        self.sums.fill([0; 4]);
    }
}

/// Bytes of so many pixels.
fn length(width: u32, height: u32, has_alpha: bool) -> usize {
    let pixels = u64::from(width) * u64::from(height) * u64::from(Pixels::channels(has_alpha));
    usize::try_from(pixels).unwrap_or(usize::MAX)
}
