//! Two thousand thumbnails of pictures of 1024 × 1024, asked of the real daemon as pages ask: how fast, in how much
//! memory, and how long the files are.

use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};

use comfy_recall::blobs::Blobs;
use comfy_recall::model::{Blob, Comfyui, Digest, FileRef, MediaKind, PromptId, Role, Status, Timestamp};
use comfy_recall::store::{NewAttachment, NewContent, Save, Store};
use futures_util::{StreamExt as _, stream};
use image::imageops::{FilterType, resize};
use image::{ImageFormat, Rgb, RgbImage};

use crate::support::comfyui::{ComfyUi, File, Run, picture_with};
use crate::support::daemon::{Daemon, Launch};
use crate::support::{client, fixtures};
use crate::table::{Row, millis};

const PICTURES: usize = 2_000;
const SIDE: u32 = 1024;

/// Pictures that differ in what they show; the others differ in a text.
const MOTIFS: u64 = 16;

/// A page of the history.
const CARDS: usize = 60;

/// Connections of a browser to one host.
const CONNECTIONS: usize = 6;

/// Runs that end one right after another.
const BURST: usize = 100;

pub async fn measure() -> Vec<Row> {
    let motifs: Vec<Vec<u8>> = (0..MOTIFS).map(motif).collect();
    let mut rows = asked(&motifs).await;
    rows.push(unasked(&motifs).await);
    rows
}

/// Every thumbnail of a history that has none yet.
async fn asked(motifs: &[Vec<u8>]) -> Vec<Row> {
    let launch = Launch::new();
    let digests = fill(launch.data_dir(), motifs).await;
    let plain = decode_plainly(motifs).await;
    let daemon = launch.start().await;
    let start = Instant::now();
    let lengths = ask_for_all(&daemon, &digests, 256).await;
    let each = start.elapsed() / u32::try_from(PICTURES).unwrap();
    let peak = daemon.memory().1;
    let start = Instant::now();
    ask_for_all(&daemon, &digests[..CARDS], 512).await;
    let kept = start.elapsed();
    let page = lengths.iter().take(CARDS).sum::<usize>();
    let rate = format!("{:.0} a second", 1.0 / each.as_secs_f64());
    let pngs = format!("PNGs of {} KB; {CONNECTIONS} connections", motifs[0].len() / 1000);
    vec![
        Row::new("one of 2,000 thumbnails, in both sizes", each.as_secs_f64() * 1e3, 40.0, "ms", rate),
        Row::ratio("… beside decoding it with the image crate, 2 threads", each, plain, 3.0),
        Row::new("its peak resident memory", peak as f64 / 1e6, 200.0, "MB", pngs),
        Row::new("60 thumbnails of 256", page as f64 / 1e6, 1.2, "MB", "what a page of the history loads"),
        Row::new("60 of 512 that are kept already", kept.as_secs_f64() * 1e3, 250.0, "ms", "all of them"),
    ]
}

/// Made in the background while runs are recorded.
async fn unasked(motifs: &[Vec<u8>]) -> Row {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_sockets(1).await;
    let mut ids = Vec::new();
    for n in 0..BURST {
        let file = File::output(&format!("{n}.png"), picture_with(&motifs[n % motifs.len()], &n.to_string()));
        ids.push(comfy.run(Run::from_api().saving(file)));
    }
    let mut digests = Vec::new();
    for id in ids {
        let detail = daemon.until_whole(&id, "completed").await;
        digests.push(detail["outputs"][0]["sha256"].as_str().unwrap().parse().unwrap());
    }
    let stored = Instant::now();
    // Where it was made already it is only read; where not, this waits for it.
    ask_for_all(&daemon, &digests, 256).await;
    let took = stored.elapsed();
    let beside = format!("after {BURST} runs in a row, their files stored: {}", millis(took));
    Row::new("thumbnails that recording left to be made", took.as_secs_f64(), 4.0, "s", beside)
}

/// A data folder with a run for each picture.
async fn fill(folder: &Path, motifs: &[Vec<u8>]) -> Vec<Digest> {
    let (store, blobs) = (Store::open(folder).unwrap(), Blobs::open(&folder.join("blobs")).unwrap());
    let instance = store.instance(&"bench".parse().unwrap()).await.unwrap();
    let mut digests = Vec::new();
    for n in 0..PICTURES {
        let mut draft = blobs.draft();
        draft.write(picture_with(&motifs[n % motifs.len()], &n.to_string())).await.unwrap();
        let stored = draft.finish().await.unwrap();
        let (kind, mime) = (MediaKind::Image, "image/png".to_owned());
        let blob = Blob { digest: stored.digest, bytes: stored.bytes, kind, mime };
        store.save(instance, &Comfyui::default(), vec![run(n, blob)]).await.unwrap();
        digests.push(stored.digest);
    }
    store.close().await.unwrap();
    digests
}

fn run(n: usize, blob: Blob) -> Save {
    let at = Timestamp::from_millis(1_700_000_000_000 + i64::try_from(n).unwrap() * 60_000);
    let file = FileRef { folder: "output".into(), subfolder: String::new(), filename: format!("{n}.png") };
    let output = NewAttachment {
        role: Role::Output,
        node_id: Some("9".into()),
        key: "images".into(),
        kind: MediaKind::Image,
        content: NewContent::Stored(file, blob),
    };
    Save {
        started_at: Some(at),
        finished_at: Some(at),
        attachments: vec![output],
        ..Save::new(PromptId(format!("00000000-0000-4000-8000-{n:012x}")), Status::Completed, at)
    }
}

/// The length of each.
async fn ask_for_all(daemon: &Daemon, digests: &[Digest], width: u32) -> Vec<usize> {
    let client = client();
    let asked = digests.iter().map(|digest| {
        let (client, url) = (client.clone(), format!("{}/thumbs/{digest}?w={width}", daemon.url()));
        async move {
            let response = client.get(url).send().await.unwrap();
            assert_eq!(response.headers()["content-type"], "image/webp");
            response.bytes().await.unwrap().len()
        }
    });
    stream::iter(asked).buffered(CONNECTIONS).collect().await
}

/// How long a picture takes when two threads only decode.
async fn decode_plainly(motifs: &[Vec<u8>]) -> Duration {
    const EACH: usize = 100;
    let start = Instant::now();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let motifs = motifs.to_vec();
            tokio::task::spawn_blocking(move || {
                for n in 0..EACH {
                    let motif = &motifs[n % motifs.len()];
                    let image = image::load_from_memory_with_format(motif, ImageFormat::Png).unwrap();
                    assert_eq!(image.width(), SIDE);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.await.unwrap();
    }
    start.elapsed() / u32::try_from(2 * EACH).unwrap()
}

/// A picture of ComfyUI's, enlarged, in other colours each time, under a gradient and the noise that a sampler leaves.
fn motif(seed: u64) -> Vec<u8> {
    let real = image::open(fixtures().join("output/ComfyUI_00001_.png")).unwrap().into_rgb8();
    let enlarged: RgbImage = resize(&real, SIDE, SIDE, FilterType::CatmullRom);
    let mut random = fastrand::Rng::with_seed(seed);
    let shift: [i32; 3] = std::array::from_fn(|_| random.i32(-60..60));
    let noisy = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let Rgb(pixel) = *enlarged.get_pixel(x, y);
        let gradient = i32::try_from((x + y) / 24).unwrap() - 40;
        Rgb(std::array::from_fn(|channel| {
            let noise = random.i32(-5..=5) + random.i32(-5..=5);
            (i32::from(pixel[channel]) + shift[channel] + gradient + noise).clamp(0, 255) as u8
        }))
    });
    let mut bytes = Cursor::new(Vec::new());
    noisy.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}
