//! Sound to look at: how loud it is along its length.

use super::picture::Thumbnail;
use super::pixels::Pixels;
use crate::model::{MediaFacts, ThumbSize, Unmade};

/// #1a8f86, which can be told from a light ground and from a dark one.
const COLOR: [u8; 3] = [0x1a, 0x8f, 0x86];

/// Bars side by side.
const BARS: u32 = 32;

/// Moments that are told apart; when more come, two become one.
const MOMENTS: usize = 2048;

/// The loudest sample of each moment, as a sound goes by whose length nobody knows.
#[derive(Debug, Clone)]
pub struct Wave {
    peaks: Vec<u16>,
    /// Frames of sound that make a moment.
    frames: u64,
}

impl Default for Wave {
    fn default() -> Self {
        Self { peaks: Vec::new(), frames: 64 }
    }
}

impl Wave {
    /// Notes the loudness (0 to 32,767) of the frame at that place.
    pub fn note(&mut self, frame: u64, loudness: u16) {
        let mut moment = frame / self.frames;
        // A file that claims to begin in a million years ends here: the frames of a moment can't overflow.
        while moment >= MOMENTS as u64 && self.frames < 1 << 48 {
            self.halve();
            moment = frame / self.frames;
        }
        let Some(moment) = usize::try_from(moment).ok().filter(|moment| *moment < MOMENTS) else { return };
        if self.peaks.len() <= moment {
            self.peaks.resize(moment + 1, 0);
        }
        self.peaks[moment] = self.peaks[moment].max(loudness);
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.peaks.is_empty()
    }

    /// Draws it on nothing.
    ///
    /// # Errors
    /// When there is nothing to draw.
    pub fn thumbnail(&self, facts: MediaFacts) -> Result<Thumbnail, Unmade> {
        if self.is_empty() {
            return Err(Unmade::Damaged);
        }
        let draw = |size: ThumbSize| self.draw(size.pixels()).webp();
        Ok(Thumbnail { small: draw(ThumbSize::Small)?, large: Some(draw(ThumbSize::Large)?), facts })
    }

    fn halve(&mut self) {
        self.peaks = self.peaks.chunks(2).map(|pair| pair.iter().copied().max().unwrap_or(0)).collect();
        self.frames *= 2;
    }

    /// The loudest moment of each bar.
    fn bars(&self) -> impl Iterator<Item = u16> + '_ {
        let moments = self.peaks.len();
        let bars = BARS as usize;
        (0..bars).map(move |bar| {
            let first = (bar * moments / bars).min(moments.saturating_sub(1));
            let end = ((bar + 1) * moments / bars).clamp(first + 1, moments.max(first + 1));
            self.peaks.get(first..end).and_then(|part| part.iter().copied().max()).unwrap_or(0)
        })
    }

    /// A square with bars about its middle, the loudest of them as high as the square but for a margin.
    fn draw(&self, side: u32) -> Pixels {
        let loudest = u32::from(self.bars().max().unwrap_or(0)).max(1);
        let step = side / BARS;
        let (wide, most, least) = ((step * 5 / 8).max(1), side * 3 / 8, (side / 128).max(1));
        let mut bytes: Vec<u8> = [COLOR[0], COLOR[1], COLOR[2], 0].repeat((side * side) as usize);
        for (bar, peak) in (0..).zip(self.bars()) {
            let half = (most * u32::from(peak) / loudest).max(least);
            let left = bar * step + (step - wide) / 2;
            for y in side / 2 - half..side / 2 + half {
                for x in left..left + wide {
                    bytes[((y * side + x) * 4 + 3) as usize] = u8::MAX;
                }
            }
        }
        Pixels { width: side, height: side, has_alpha: true, bytes }
    }
}
