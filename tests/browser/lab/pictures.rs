//! Pictures that differ for every seed and compress like what ComfyUI makes: sky, sun, hills, grain.

use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{Rgb, RgbImage};

/// Of one colour.
pub fn plain(rgb: [u8; 3], width: u32, height: u32) -> Vec<u8> {
    png(&RgbImage::from_pixel(width, height, Rgb(rgb)))
}

/// A landscape.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "pixels")]
pub fn landscape(seed: u64, width: u32, height: u32) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let (hue, shift) = (random.f32() * 360.0, 30.0 + random.f32() * 120.0);
    let (w, h) = (width as f32, height as f32);
    let sun = (random.f32() * w, (0.1 + random.f32() * 0.4) * h, (0.06 + random.f32() * 0.08) * w);
    let layers: Vec<Hills> = (0..3).map(|nth| Hills::new(&mut random, nth as f32, h, w)).collect();
    let colours: Vec<[f32; 3]> = (0..3).map(|nth| rgb(hue + shift * 0.5, 0.45, 0.5 - nth as f32 * 0.17)).collect();
    let (top, bottom, light) = (rgb(hue, 0.6, 0.45), rgb(hue + shift, 0.7, 0.85), rgb(hue + shift, 0.6, 1.0));
    let ridges: Vec<Vec<f32>> =
        layers.iter().map(|hills| (0..width).map(|x| hills.height_at(x as f32)).collect()).collect();
    let picture = RgbImage::from_fn(width, height, |x, y| {
        let (fx, fy) = (x as f32, y as f32);
        let far = (fx - sun.0).hypot(fy - sun.1);
        let hill = (0..3).rev().find(|nth| fy > ridges[*nth][x as usize]);
        let colour = match hill {
            Some(nth) => colours[nth],
            None if far < sun.2 => light,
            None => std::array::from_fn(|c| top[c] + (bottom[c] - top[c]) * fy / h),
        };
        let grain = (random.u8(..) & 7) as f32 - 3.5;
        Rgb(colour.map(|part| (part * 255.0 + grain).clamp(0.0, 255.0) as u8))
    });
    png(&picture)
}

/// A line of hills: sines over each other.
struct Hills {
    base: f32,
    waves: [(f32, f32, f32); 3],
}

impl Hills {
    fn new(random: &mut fastrand::Rng, nth: f32, height: f32, width: f32) -> Self {
        let base = height * (0.5 + nth * 0.16);
        let waves = [1.0, 2.3, 5.1].map(|times| {
            let frequency = std::f32::consts::TAU * times * (0.6 + random.f32()) / width;
            (frequency, random.f32() * 7.0, height * 0.09 / times)
        });
        Self { base, waves }
    }

    fn height_at(&self, x: f32) -> f32 {
        self.base + self.waves.iter().map(|(frequency, phase, tall)| (x * frequency + phase).sin() * tall).sum::<f32>()
    }
}

/// From hue in degrees, saturation and value.
fn rgb(hue: f32, saturation: f32, value: f32) -> [f32; 3] {
    [5.0, 3.0, 1.0].map(|n: f32| {
        let k = (n + hue / 60.0).rem_euclid(6.0);
        value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
    })
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Sub);
    picture.write_with_encoder(encoder).unwrap();
    bytes.into_inner()
}
