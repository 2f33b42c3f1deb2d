//! Pictures of every kind, size and state, hostile ones too.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;

use crate::media::{Thumbnail, measure, sniff, thumbnail};
use crate::model::{MediaFacts, MediaKind, Unmade};

fn encoded(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The bytes as a stored file is shown: measured first, by what they are.
fn small(bytes: &[u8]) -> Result<Thumbnail, Unmade> {
    let (_, mime) = sniff(&bytes[..bytes.len().min(4096)], "x");
    let measure = measure(Cursor::new(bytes), mime)?;
    let made = thumbnail(Cursor::new(bytes), mime)?;
    let (stored, shown) = ((measure.width, measure.height), (made.facts.width.unwrap(), made.facts.height.unwrap()));
    assert!(shown == stored || (shown.1, shown.0) == stored);
    Ok(made)
}

fn seen(webp: &[u8]) -> RgbaImage {
    image::load_from_memory_with_format(webp, ImageFormat::WebP).unwrap().into_rgba8()
}

fn seen_small(bytes: &[u8]) -> RgbaImage {
    seen(&small(bytes).unwrap().small)
}

fn is_about(pixel: &Rgba<u8>, wanted: [u8; 4]) -> bool {
    pixel.0.iter().zip(wanted).all(|(value, wanted)| value.abs_diff(wanted) < 28)
}

#[track_caller]
fn assert_about(image: &RgbaImage, x: u32, y: u32, wanted: [u8; 4]) {
    let pixel = image.get_pixel(x, y);
    assert!(is_about(pixel, wanted), "{pixel:?} at {x},{y} of {:?}, not {wanted:?}", image.dimensions());
}

const RED: [u8; 4] = [255, 0, 0, 255];
const BLUE: [u8; 4] = [0, 0, 255, 255];
const GREEN: [u8; 4] = [0, 255, 0, 255];

/// Red in the left upper corner, green in the right upper one, else blue.
fn corners(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb([255, 0, 0]),
        (false, true) => Rgb([0, 255, 0]),
        _ => Rgb([0, 0, 255]),
    })
}

#[test]
fn a_picture_is_made_small_by_its_shorter_side_and_never_larger() {
    for ((width, height), small_size, large_size) in [
        ((1024, 1024), (256, 256), Some((512, 512))),
        ((1600, 1000), (410, 256), Some((819, 512))),
        ((1000, 1600), (256, 410), Some((512, 819))),
        ((400, 300), (341, 256), Some((400, 300))),
        ((256, 300), (256, 300), None),
        ((100, 40), (80, 40), None),
        ((3000, 300), (512, 256), Some((600, 300))),
        ((300, 4000), (256, 512), Some((300, 600))),
        ((1, 1), (1, 1), None),
        ((1, 900), (1, 2), None),
    ] {
        let made = small(&encoded(corners(width, height), ImageFormat::Png)).unwrap();
        assert_eq!(seen(&made.small).dimensions(), small_size, "{width}×{height}");
        assert_eq!(made.large.as_deref().map(|large| seen(large).dimensions()), large_size, "{width}×{height}");
        let facts = MediaFacts { width: Some(width), height: Some(height), duration_ms: None };
        assert_eq!(made.facts, facts);
    }
}

#[test]
fn every_format_shows_the_same_picture() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Bmp] {
        // 2,100 pixels are averaged in blocks while a PNG is read, 600 are not.
        for side in [600, 2_100] {
            let shown = seen_small(&encoded(corners(side, side), format));
            assert_eq!(shown.dimensions(), (256, 256), "{format:?}");
            assert_about(&shown, 60, 60, RED);
            assert_about(&shown, 200, 60, GREEN);
            assert_about(&shown, 60, 200, BLUE);
        }
    }
}

#[test]
fn a_camera_held_otherwise_is_turned_upright() {
    let upright = corners(600, 400);
    for (orientation, held) in [
        (1, upright.clone()),
        (2, image::imageops::flip_horizontal(&upright)),
        (3, image::imageops::rotate180(&upright)),
        (4, image::imageops::flip_vertical(&upright)),
        (5, image::imageops::flip_horizontal(&image::imageops::rotate90(&upright))),
        (6, image::imageops::rotate270(&upright)),
        (7, image::imageops::flip_horizontal(&image::imageops::rotate270(&upright))),
        (8, image::imageops::rotate90(&upright)),
    ] {
        let jpeg = with_exif(&encoded(held, ImageFormat::Jpeg), orientation);
        let made = small(&jpeg).unwrap();
        assert_eq!((made.facts.width, made.facts.height), (Some(600), Some(400)), "{orientation}");
        for shown in [seen(&made.small), seen(&made.large.unwrap())] {
            let (width, height) = shown.dimensions();
            assert!(width > height, "{orientation}");
            assert_about(&shown, width / 4, height / 4, RED);
            assert_about(&shown, width * 3 / 4, height / 4, GREEN);
            assert_about(&shown, width / 4, height * 3 / 4, BLUE);
        }
    }
}

/// An APP1 segment with nothing but the orientation, behind SOI.
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let tiff = [b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", &[orientation][..], b"\0\0\0\0\0\0"].concat();
    let length = u16::try_from(tiff.len() + 8).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, b"Exif\0\0", &tiff, &jpeg[2..]].concat()
}

#[test]
fn what_cannot_be_seen_does_not_colour_what_can() {
    // Opaque red beside green that is wholly transparent, in stripes of one pixel.
    for (side, format) in [(600, ImageFormat::Png), (600, ImageFormat::WebP), (2_100, ImageFormat::Png)] {
        let stripes = RgbaImage::from_fn(side, side, |x, _| if x % 2 == 0 { Rgba(RED) } else { Rgba([0, 255, 0, 0]) });
        let shown = seen_small(&encoded(stripes, format));
        let Rgba([red, green, blue, alpha]) = *shown.get_pixel(128, 128);
        assert!(red > 215 && green < 40 && blue < 40, "{red} {green} {blue}");
        assert!((100..156).contains(&alpha), "{alpha}");
    }
}

#[test]
fn png_of_every_depth_is_read() {
    let gray = |value: u16| image::ImageBuffer::from_pixel(300, 300, image::Luma([value]));
    let shown = seen_small(&encoded(DynamicImage::ImageLuma16(gray(0x8000)), ImageFormat::Png));
    assert_about(&shown, 9, 9, [128, 128, 128, 255]);
    let deep = image::ImageBuffer::from_pixel(300, 300, Rgba([0xFFFF_u16, 0, 0, 0x8000]));
    let shown = seen_small(&encoded(DynamicImage::ImageRgba16(deep), ImageFormat::Png));
    assert_about(&shown, 9, 9, [255, 0, 0, 128]);
    let faint = image::ImageBuffer::from_pixel(300, 300, image::LumaA([255, 64]));
    let shown = seen_small(&encoded(DynamicImage::ImageLumaA8(faint), ImageFormat::Png));
    assert_about(&shown, 9, 9, [255, 255, 255, 64]);
}

/// A PNG written by hand: with a palette, few bits, or interlaced, which the encoder of `image` doesn't write.
fn png(header: png::Info<'_>, rows: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    png::Encoder::with_info(&mut bytes, header).unwrap().write_header().unwrap().write_image_data(rows).unwrap();
    bytes
}

#[test]
fn a_palette_with_transparent_entries_is_read() {
    let mut header = png::Info::with_size(300, 300);
    header.color_type = png::ColorType::Indexed;
    header.bit_depth = png::BitDepth::One;
    header.palette = Some(vec![255, 0, 0, 0, 0, 255].into());
    header.trns = Some(vec![255, 0].into());
    // Left half of each row red, right half nothing.
    let row: Vec<u8> = (0..38).map(|byte| if byte < 19 { 0 } else { 0xFF }).collect();
    let shown = seen_small(&png(header, &row.repeat(300)));
    assert_about(&shown, 60, 128, RED);
    assert!(shown.get_pixel(200, 128).0[3] < 20);
}

#[test]
fn an_interlaced_png_is_read() {
    let plain = std::fs::read(fixtures().join("media/interlaced.png")).unwrap();
    let shown = seen_small(&plain);
    assert_about(&shown, shown.width() / 4, shown.height() / 4, RED);
    assert_about(&shown, shown.width() * 3 / 4, shown.height() / 4, GREEN);
}

#[test]
fn a_jpeg_in_several_passes_is_read_and_costs_more() {
    let bytes = std::fs::read(fixtures().join("media/progressive.jpg")).unwrap();
    let shown = seen_small(&bytes);
    assert_about(&shown, 10, 10, RED);
    assert_about(&shown, 50, 10, GREEN);
    assert_about(&shown, 10, 40, BLUE);
    let cost = |bytes: &[u8]| measure(Cursor::new(bytes), "image/jpeg").unwrap().cost - bytes.len() as u64;
    assert!(cost(&bytes) > 2 * cost(&encoded(corners(64, 48), ImageFormat::Jpeg)));
}

#[test]
fn a_jpeg_of_segments_without_end_is_given_up() {
    let mut bytes = vec![0xFF, 0xD8];
    bytes.extend([0xFF, 0xFE, 0x00, 0x02].repeat(10_000_000));
    assert_eq!(measure(Cursor::new(&bytes), "image/jpeg").unwrap_err(), Unmade::Damaged);
    let whole = encoded(corners(64, 48), ImageFormat::Jpeg);
    let with_profile = [&whole[..2], &[0xFF, 0xFE, 0x00, 0x02].repeat(1_000), &whole[2..]].concat();
    assert_eq!(measure(Cursor::new(&with_profile), "image/jpeg").unwrap().width, 64);
}

#[test]
fn a_jpeg_for_print_keeps_its_colours() {
    let shown = seen_small(&std::fs::read(fixtures().join("media/print.jpg")).unwrap());
    let (top, bottom) = (shown.get_pixel(20, 2).0, shown.get_pixel(20, 29).0);
    assert!(top[0] > top[2] && bottom[2] > bottom[0], "{top:?} {bottom:?}");
}

#[test]
fn of_what_moves_the_first_frame_is_shown() {
    let frame = |color: [u8; 4]| image::Frame::new(RgbaImage::from_pixel(300, 300, Rgba(color)));
    let mut gif = Vec::new();
    image::codecs::gif::GifEncoder::new(&mut gif).encode_frames([frame(RED), frame(BLUE)]).unwrap();
    assert_about(&seen_small(&gif), 9, 9, RED);

    let (red, blue) = (RED.repeat(300 * 300), BLUE.repeat(300 * 300));
    let mut apng = Vec::new();
    let mut encoder = png::Encoder::new(&mut apng, 300, 300);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&red).unwrap();
    writer.write_image_data(&blue).unwrap();
    writer.finish().unwrap();
    assert_about(&seen_small(&apng), 9, 9, RED);

    let config = webp::WebPConfig::new().unwrap();
    let mut encoder = webp::AnimEncoder::new(300, 300, &config);
    encoder.add_frame(webp::AnimFrame::from_rgba(&red, 300, 300, 0));
    encoder.add_frame(webp::AnimFrame::from_rgba(&blue, 300, 300, 100));
    assert_about(&seen_small(&encoder.encode()), 9, 9, RED);
}

#[test]
fn a_png_that_ends_too_early_shows_what_is_there() {
    let whole = encoded(RgbImage::from_fn(500, 500, |x, y| Rgb([255, (x * y).to_le_bytes()[0], 0])), ImageFormat::Png);
    let shown = seen_small(&whole[..whole.len() / 2]);
    assert!(shown.get_pixel(128, 9).0[0] > 220 && shown.get_pixel(128, 250).0[0] < 30);
    assert_eq!(small(&whole[..60]), Err(Unmade::Damaged));
}

#[test]
fn no_end_of_a_file_is_trusted() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif, ImageFormat::Bmp] {
        let whole = encoded(corners(40, 30), format);
        let complete = small(&whole).unwrap();
        let fates: Vec<_> = (0..whole.len()).map(|length| small(&whole[..length])).collect();
        assert!(fates[..8].iter().all(Result::is_err), "{format:?}");
        assert!(fates.iter().flatten().all(|made| made.facts == complete.facts), "{format:?}");
    }
}

/// A PNG that says it has that size.
fn claiming(width: u32, height: u32) -> Vec<u8> {
    let mut header = [b"IHDR", &width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    header.extend(crc32(&header).to_be_bytes());
    [b"\x89PNG\r\n\x1a\n\0\0\0\x0d", &header[..], &[0, 0, 0, 9], b"IDAT\x78\x9c"].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[test]
fn a_picture_that_claims_to_be_too_large_is_not_decoded() {
    for (width, height) in [(60_000, 60_000), (70_000, 10), (2_147_483_647, 1), (16_385, 16_385)] {
        assert_eq!(small(&claiming(width, height)), Err(Unmade::TooLarge), "{width}×{height}");
    }
    let mut bmp = encoded(corners(4, 4), ImageFormat::Bmp);
    bmp[18..26].copy_from_slice(&[0x00, 0xEA, 0, 0, 0x00, 0xEA, 0, 0]);
    assert_eq!(small(&bmp), Err(Unmade::TooLarge));
    let mut gif = encoded(corners(4, 4), ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xFF; 4]);
    assert_eq!(small(&gif), Err(Unmade::TooLarge));
    let mut jpeg = encoded(corners(16, 16), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF; 4]);
    assert_eq!(small(&jpeg), Err(Unmade::TooLarge));
}

#[test]
fn a_large_picture_costs_little_as_png_and_what_it_has_otherwise() {
    let cost = |bytes: &[u8]| measure(Cursor::new(bytes), sniff(bytes, "x").1).unwrap().cost;
    assert!(cost(&claiming(16_384, 16_384)) < 8_000_000);
    assert!(cost(&claiming(65_535, 4_000)) < 64_000_000);
    assert!(cost(&claiming(1024, 1024)) < 5_000_000);
    assert!(cost(&encoded(corners(1000, 1000), ImageFormat::Jpeg)) > 3_000_000);
    assert!(cost(&encoded(corners(1000, 1000), ImageFormat::WebP)) > 4_000_000);
}

#[test]
fn a_small_file_that_holds_a_large_picture_is_read_row_by_row() {
    // 8,192 × 8,192 in some hundred kilobytes.
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 8_192, 8_192);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    let mut rows = writer.stream_writer().unwrap();
    for _ in 0..8_192 {
        std::io::Write::write_all(&mut rows, &[200; 8_192]).unwrap();
    }
    rows.finish().unwrap();
    writer.finish().unwrap();
    assert!(bytes.len() < 1_000_000, "{}", bytes.len());
    assert!(measure(Cursor::new(&bytes), "image/png").unwrap().cost < 8_000_000);
    assert_about(&seen_small(&bytes), 128, 128, [200, 200, 200, 255]);
}

#[test]
fn texts_in_a_png_are_passed_over_however_long() {
    let png = encoded(corners(300, 300), ImageFormat::Png);
    let mut chunk = b"tEXtworkflow\0".to_vec();
    chunk.resize(17_000_000, b'x');
    let crc = crc32(&chunk).to_be_bytes();
    let length = u32::try_from(chunk.len() - 4).unwrap().to_be_bytes();
    let wordy = [&png[..33], &length, &chunk, &crc, &png[33..]].concat();
    assert_eq!(small(&wordy), small(&png));
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

#[test]
fn every_picture_that_comfyui_wrote_has_a_thumbnail() {
    let mut count = 0;
    for path in files_below(&fixtures().join("comfyui")) {
        let bytes = std::fs::read(&path).unwrap();
        let (kind, mime) = sniff(&bytes[..bytes.len().min(4096)], "x");
        if kind == MediaKind::Image {
            let made = small(&bytes).unwrap_or_else(|unmade| panic!("{}: {unmade:?}", path.display()));
            assert!(seen(&made.small).width() > 0);
            count += 1;
        } else if !matches!(kind, MediaKind::Video | MediaKind::Audio) {
            assert_eq!(thumbnail(Cursor::new(&bytes), mime), Err(Unmade::Unsupported), "{}", path.display());
        }
    }
    assert!(count > 25, "{count}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spoiled_bytes_break_nothing(
        format in prop::sample::select(vec!["png", "jpeg", "webp", "lossy", "gif", "bmp", "apng"]),
        spoiled in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let picture = corners(24, 17);
        let (mut bytes, mime) = match format {
            "png" => (encoded(picture, ImageFormat::Png), "image/png"),
            "jpeg" => (with_exif(&encoded(picture, ImageFormat::Jpeg), 6), "image/jpeg"),
            "webp" => (encoded(picture, ImageFormat::WebP), "image/webp"),
            "lossy" => (webp::Encoder::from_rgb(&picture, 24, 17).encode(50.0).to_vec(), "image/webp"),
            "gif" => (encoded(picture, ImageFormat::Gif), "image/gif"),
            "bmp" => (encoded(picture, ImageFormat::Bmp), "image/bmp"),
            _ => (std::fs::read(fixtures().join("comfyui/output/anim_00002_.png")).unwrap(), "image/png"),
        };
        for (at, byte) in spoiled {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len()) + bytes.len() / 2);
        // Decoded as the daemon does: only what is within the budget, and a decoder may break on its own thread alone.
        let is_cheap = measure(Cursor::new(&bytes), mime).is_ok_and(|measure| measure.cost < 16_000_000);
        if is_cheap && let Ok(made) = thumbnail(Cursor::new(&bytes), mime) {
            prop_assert!(seen(&made.small).width() <= 512);
        }
    }

    #[test]
    fn noise_is_no_picture(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for mime in ["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/avif", "text/plain"] {
            prop_assert!(measure(Cursor::new(&bytes), mime).is_err());
            prop_assert!(thumbnail(Cursor::new(&bytes), mime).is_err());
        }
    }
}
