//! Pictures and sounds that lie: about their size, their length, and what is in them.

use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use comfy_recall::media::{listen, measure, sniff, thumbnail};
use image::{ImageFormat, RgbImage};

use crate::support::comfyui::{ComfyUi, File, Run, picture};
use crate::support::daemon::Daemon;

/// Far more than any of them takes on a busy machine; one that is not bounded takes longer.
const SOON: Duration = Duration::from_secs(60);

fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::new(width, height).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind, data].concat();
    [&u32::try_from(data.len()).unwrap().to_be_bytes()[..], &body, &crc32(&body).to_be_bytes()].concat()
}

/// A head that claims this, and these chunks.
fn png(width: u32, height: u32, interlaced: u8, chunks: &[Vec<u8>]) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, interlaced]].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &head), chunks.concat(), chunk(b"IEND", b"")].concat()
}

/// Zeros, as zlib packs them: a thousandth of their length.
fn zeros(bytes: usize) -> Vec<u8> {
    let mut png = Vec::new();
    let mut encoder = png::Encoder::new(&mut png, 10_000, u32::try_from(bytes / 10_001 + 1).unwrap());
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().unwrap();
    let mut rows = writer.stream_writer().unwrap();
    for _ in 0..bytes / 10_001 + 1 {
        rows.write_all(&[0; 10_000]).unwrap();
    }
    rows.finish().unwrap();
    writer.finish().unwrap();
    let (mut data, mut rest) = (Vec::new(), &png[8..]);
    while let Some((head, more)) = rest.split_at_checked(8) {
        let length = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
        if &head[4..] == b"IDAT" {
            data.extend(&more[..length]);
        }
        rest = &more[length + 4..];
    }
    data
}

/// Whatever it is called: it is looked at and given up, or shown, soon.
fn is_harmless(name: &str, bytes: &[u8]) {
    let began = Instant::now();
    let (_, mime) = sniff(&bytes[..bytes.len().min(4096)], name);
    let measured = measure(Cursor::new(bytes), mime);
    // As the daemon does: what would take more than there is isn't made.
    if measured.is_ok_and(|measure| measure.cost < 600_000_000) {
        let _ = thumbnail(Cursor::new(bytes), mime);
    }
    assert!(began.elapsed() < SOON, "{name}: {:?}", began.elapsed());
}

#[test]
fn pictures_that_lie_are_given_up_soon() {
    for (name, bytes) in [pngs(), other_pictures()].concat() {
        is_harmless(name, &bytes);
    }
}

fn pngs() -> Vec<(&'static str, Vec<u8>)> {
    let bomb = zeros(5_000_000);
    assert!(bomb.len() < 20_000, "{}", bomb.len());
    let endless = [&(1_u32 << 31).to_be_bytes()[..], b"IDAT", &[0; 100]].concat();
    let text = |kind: &[u8; 4], head: &[u8]| {
        png(64, 64, 0, &[chunk(kind, &[head, &bomb].concat()), chunk(b"IDAT", &zeros(64 * 193)[..20])])
    };
    vec![
        ("square.png", png(16_384, 16_384, 0, &[chunk(b"IDAT", &bomb)])),
        ("wide.png", png(65_535, 4_000, 0, &[chunk(b"IDAT", &bomb)])),
        ("interlaced.png", png(16_000, 16_000, 1, &[chunk(b"IDAT", &bomb)])),
        ("negative.png", png(1 << 31, 1, 0, &[chunk(b"IDAT", &bomb)])),
        ("empty.png", png(0, 0, 0, &[chunk(b"IDAT", &bomb)])),
        ("more.png", png(8, 8, 0, &[chunk(b"IDAT", &bomb)])),
        ("pieces.png", png(64, 64, 0, &vec![chunk(b"IDAT", b""); 50_000])),
        ("long.png", [png(64, 64, 0, &[]), endless].concat()),
        ("ztxt.png", text(b"zTXt", b"workflow\0\0")),
        ("itxt.png", text(b"iTXt", b"workflow\0\x01\0\0\0")),
        ("iccp.png", text(b"iCCP", b"profile\0\0")),
        ("frames.png", png(64, 64, 0, &[chunk(b"acTL", &[0xFF; 8]), chunk(b"IDAT", &bomb)])),
    ]
}

fn other_pictures() -> Vec<(&'static str, Vec<u8>)> {
    let mut gif = encoded(8, 8, ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xFF; 4]);
    let frames = [&gif[..gif.len() - 1], &b"\x2c\0\0\0\0\xff\xff\xff\xff\0\x08\0".repeat(20_000)].concat();
    // Large canvases of few bytes: extended, lossless.
    let webp = |kind: &[u8; 4], head: &[u8]| {
        let body = [b"WEBP", &kind[..], &u32::try_from(head.len()).unwrap().to_le_bytes(), head].concat();
        [b"RIFF", &u32::try_from(body.len()).unwrap().to_le_bytes()[..], &body].concat()
    };
    let mut bmp = encoded(8, 8, ImageFormat::Bmp);
    let mut packed = bmp.clone();
    for (file, compression) in [(&mut bmp, 0_u32), (&mut packed, 1)] {
        file[18..26].copy_from_slice(&[0, 0x40, 0, 0, 0, 0x40, 0, 0]);
        file[30..34].copy_from_slice(&compression.to_le_bytes());
    }
    let mut upside_down = bmp.clone();
    upside_down[18..26].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0x7F, 0, 0, 0, 0x80]);
    let jpeg = encoded(64, 64, ImageFormat::Jpeg);
    let at = jpeg.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
    let mut large = jpeg.clone();
    large[at + 5..at + 9].copy_from_slice(&[0xFF; 4]);
    let mut progressive = jpeg.clone();
    progressive[at + 1] = 0xC2;
    // The same scan again and again.
    let scan = jpeg.windows(2).position(|marker| marker == [0xFF, 0xDA]).unwrap();
    let scans = [&progressive[..scan], &progressive[scan..progressive.len() - 2].repeat(3_000)].concat();
    vec![
        ("a.gif", gif.clone()),
        ("frames.gif", frames),
        ("canvas.webp", webp(b"VP8X", &[[0x10, 0, 0, 0], [0xFF; 4], [0xFF; 4]].concat()[..10])),
        ("lossless.webp", webp(b"VP8L", &[0x2F, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0])),
        ("lossy.webp", webp(b"VP8 ", &[0x10, 0, 0, 0x9D, 1, 0x2A, 0xFF, 0x3F, 0xFF, 0x3F, 0, 0])),
        ("a.bmp", bmp),
        ("packed.bmp", packed),
        ("upside-down.bmp", upside_down),
        ("large.jpg", large),
        ("progressive.jpg", progressive),
        ("scans.jpg", scans),
        ("markers.jpg", [&jpeg[..2], &[0xFF; 2_000_000]].concat()),
        ("empty.jpg", [&jpeg[..2], &b"\xFF\xFE\0\x02".repeat(500_000)].concat()),
        ("half.jpg", [&jpeg[..jpeg.len() / 2], &b"\xFF\xD0".repeat(500_000)].concat()),
    ]
}

#[test]
fn sounds_that_lie_are_drawn_or_given_up_soon() {
    for (name, bytes) in sounds() {
        let began = Instant::now();
        let (_, mime) = sniff(&bytes[..bytes.len().min(4096)], name);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        // Where sums are checked, a library gives up loudly; the daemon takes that for damage.
        let _ = std::panic::catch_unwind(|| listen(file, mime));
        assert!(began.elapsed() < SOON, "{name}: {:?}", began.elapsed());
    }
}

fn sounds() -> Vec<(&'static str, Vec<u8>)> {
    let fixture = |name| std::fs::read(crate::support::fixtures().with_file_name("media").join(name)).unwrap();
    let (wav, flac, mp3) = (fixture("rising.wav"), fixture("rising.flac"), fixture("rising.mp3"));
    let with = |bytes: &[u8], at: usize, other: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes[at..at + other.len()].copy_from_slice(other);
        bytes
    };
    vec![
        ("long.wav", with(&wav, 4, &[0xFF; 4])),
        ("channels.wav", with(&wav, 22, &[0xFF, 0xFF])),
        ("rate.wav", with(&wav, 24, &[0xFF; 4])),
        ("none.wav", with(&wav, 22, &[0; 14])),
        ("data.wav", with(&wav, 40, &[0xFF; 4])),
        ("stream.flac", with(&flac, 8, &[0xFF; 18])),
        ("blocks.flac", [&flac[..42], &b"\x01\0\0\0".repeat(500_000)].concat()),
        ("picture.flac", [b"fLaC\x06\xFF\xFF\xFF".as_slice(), &[0xFF; 1_000]].concat()),
        ("tag.mp3", [b"ID3\x04\0\0\x7F\x7F\x7F\x7F".as_slice(), &mp3].concat()),
        ("tags.mp3", [b"ID3\x04\0\0\0\0\0\0".repeat(100_000), mp3.clone()].concat()),
        ("sync.mp3", b"\xFF\xFB\x90\x64".repeat(300_000)),
        ("zeros.mp3", [&mp3[..1_000], &[0; 3_000_000]].concat()),
    ]
}

#[tokio::test]
async fn files_that_lie_take_neither_memory_nor_the_pictures_of_others() {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_sockets(1).await;
    let files = [pngs(), other_pictures(), sounds()].concat();
    let run =
        files.into_iter().fold(Run::from_browser("b"), |run, (name, bytes)| run.saving(File::output(name, bytes)));
    let id = comfy.run(run.saving(File::output("honest.png", picture("honest"))));
    let done = daemon.until_whole(&id, "completed").await;
    for output in done["outputs"].as_array().unwrap() {
        let small = daemon.get(&format!("/thumbs/{}", output["sha256"].as_str().unwrap())).await;
        assert!(small.status().is_success(), "{output}");
        if output["filename"] == "honest.png" {
            assert_eq!(small.headers()["content-type"], "image/webp");
        }
    }
    assert!(daemon.get(&format!("/g/{}", done["id"])).await.status().is_success());
    let (_, peak) = daemon.memory();
    assert!(peak < 200 << 20, "{peak} bytes");
}
