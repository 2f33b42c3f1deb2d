//! Sounds, drawn.

use std::fs::File;
use std::io::{Cursor, Write as _};
use std::path::Path;

use image::RgbaImage;
use proptest::prelude::*;

use crate::media::{Thumbnail, Wave, listen, listen_to_samples, sniff};
use crate::model::{MediaFacts, MediaKind, Unmade};

fn heard(bytes: &[u8], mime: &str) -> Result<Thumbnail, Unmade> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    listen(file, mime)
}

fn seen(webp: &[u8]) -> RgbaImage {
    image::load_from_memory(webp).unwrap().into_rgba8()
}

/// How high the drawing is in the column of each bar.
fn heights(drawn: &RgbaImage) -> Vec<usize> {
    let step = drawn.width() / 32;
    let of_column = |x: u32| (0..drawn.height()).filter(|y| drawn.get_pixel(x, *y).0[3] > 128).count();
    (0..32).map(|bar| of_column(bar * step + step / 2)).collect()
}

#[test]
fn a_sound_that_grows_louder_is_drawn_so_in_every_format() {
    for name in ["rising.wav", "rising.flac", "rising.mp3"] {
        let bytes =
            std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/media").join(name)).unwrap();
        let (kind, mime) = sniff(&bytes[..4096.min(bytes.len())], "x");
        assert_eq!(kind, MediaKind::Audio, "{name}");
        let made = heard(&bytes, mime).unwrap_or_else(|unmade| panic!("{name}: {unmade:?}"));
        for (webp, side) in [(&made.small, 256), (made.large.as_ref().unwrap(), 512)] {
            let drawn = seen(webp);
            assert_eq!(drawn.dimensions(), (side, side), "{name}");
            assert_eq!(drawn.get_pixel(0, 0).0[3], 0, "nothing behind it");
            let heights = heights(&drawn);
            assert!(heights[2] > 0 && heights[8] < heights[16] && heights[16] < heights[24], "{name}: {heights:?}");
        }
        let millis = made.facts.duration_ms.unwrap();
        assert!((950..1_150).contains(&millis), "{name}: {millis}");
    }
}

#[test]
fn a_codec_that_is_not_understood_is_told_from_a_broken_file() {
    let file =
        |name| std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/media").join(name)).unwrap();
    for (name, mime) in [("rising.opus", "audio/opus"), ("rising.ogg", "audio/ogg"), ("rising.m4a", "audio/m4a")] {
        assert_eq!(heard(&file(name), mime), Err(Unmade::Unsupported), "{name}");
    }
    let wav = file("rising.wav");
    assert!(heard(&wav[..20], "audio/x-wav").is_err());
    let half = heard(&wav[..wav.len() / 2], "audio/x-wav").unwrap();
    assert!(!half.small.is_empty());
}

#[test]
fn a_sound_without_end_is_drawn_in_bounded_memory() {
    let mut wave = Wave::default();
    for frame in 0..3_000_000_u64 {
        wave.note(frame, if frame < 1_500_000 { 100 } else { 1_000 });
    }
    wave.note(u64::MAX, 5);
    assert!(wave.thumbnail(MediaFacts::default()).is_ok());
    let samples: Vec<u8> = (0..400_000_i32).flat_map(|at| i16::try_from(at / 20).unwrap().to_le_bytes()).collect();
    let heights = heights(&seen(&listen_to_samples(Cursor::new(samples), MediaFacts::default()).unwrap().small));
    assert!(heights.is_sorted() && heights[31] > 150, "{heights:?}");
}

#[test]
fn silence_is_a_line_and_nothing_is_no_picture() {
    let line = heights(&seen(&listen_to_samples(&[0; 4000][..], MediaFacts::default()).unwrap().small));
    assert!(line.iter().all(|height| (1..8).contains(height)), "{line:?}");
    assert_eq!(listen_to_samples(&[][..], MediaFacts::default()), Err(Unmade::Damaged));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spoiled_sounds_break_nothing(
        name in prop::sample::select(vec!["rising.wav", "rising.flac", "rising.mp3", "rising.ogg", "rising.m4a"]),
        spoiled in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/media").join(name);
        let mut bytes = std::fs::read(path).unwrap();
        for (at, byte) in spoiled {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(made) = heard(&bytes, "audio/x-wav") {
            prop_assert_eq!(seen(&made.small).dimensions(), (256, 256));
        }
    }
}

#[test]
fn a_picture_is_no_sound() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/comfyui/output/ComfyUI_00002_.png");
    assert!(listen(File::open(path).unwrap(), "audio/mpeg").is_err());
}
