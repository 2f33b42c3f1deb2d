//! With real files, a real cache, and the real ffmpeg where there is one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use image::{ImageFormat, RgbaImage};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Cache, Ffmpeg, Made, Thumbs, run};
use crate::blobs::Blobs;
use crate::live::Live;
use crate::media;
use crate::model::{
    Blob, Comfyui, Event, FileRef, InstanceName, MediaFacts, MediaKind, PromptId, Role, Status, ThumbSize, Timestamp,
    Unmade,
};
use crate::store::{NewAttachment, NewContent, Save, Store};

const DEADLINE: Duration = Duration::from_secs(60);

struct Fixture {
    folder: TempDir,
    store: Store,
    blobs: Blobs,
    thumbs: Thumbs,
    shutdown: CancellationToken,
}

impl Fixture {
    fn new(ffmpeg: Option<Ffmpeg>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
        let shutdown = CancellationToken::new();
        let cache = Cache::open(folder.path());
        let thumbs = Thumbs::new(store.clone(), blobs.clone(), cache, ffmpeg, shutdown.clone());
        Self { folder, store, blobs, thumbs, shutdown }
    }

    /// Another daemon's handle on the same data.
    fn again(&self, ffmpeg: Option<Ffmpeg>) -> Thumbs {
        let cache = Cache::open(self.folder.path());
        Thumbs::new(self.store.clone(), self.blobs.clone(), cache, ffmpeg, self.shutdown.clone())
    }

    async fn keep(&self, bytes: &[u8]) -> Blob {
        let mut draft = self.blobs.draft();
        draft.write(bytes.to_vec().into()).await.unwrap();
        let stored = draft.finish().await.unwrap();
        let (kind, mime) = media::sniff(&stored.head, "x");
        Blob { digest: stored.digest, bytes: stored.bytes, kind, mime: mime.to_owned() }
    }

    async fn keep_file(&self, name: &str) -> Blob {
        self.keep(&fs::read(fixtures().join(name)).unwrap()).await
    }

    /// A run with these outputs, and the event that tells of it.
    async fn record(&self, prompt_id: &str, outputs: Vec<Blob>) -> Event {
        let instance = self.store.instance(&InstanceName::default()).await.unwrap();
        let attachments = outputs.into_iter().map(|blob| {
            let file =
                FileRef { folder: "output".to_owned(), subfolder: String::new(), filename: blob.digest.to_string() };
            let (node_id, key) = (Some("9".to_owned()), "images".to_owned());
            NewAttachment { role: Role::Output, node_id, key, kind: blob.kind, content: NewContent::Stored(file, blob) }
        });
        let run = Save {
            attachments: attachments.collect(),
            ..Save::new(PromptId::from(prompt_id), Status::Completed, Timestamp::from_millis(0))
        };
        let ids = self.store.save(instance, &Comfyui::default(), vec![run]).await.unwrap();
        Event::Generation { id: ids[0], status: Status::Completed }
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn ffmpeg() -> Option<Ffmpeg> {
    let found = Ffmpeg::find(&env::var_os("PATH").unwrap());
    if found.is_none() {
        eprintln!("there is no ffmpeg here: films aren't tested");
    }
    found
}

fn picture(seed: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = RgbaImage::from_fn(300, 280, |x, y| image::Rgba([seed, x.to_le_bytes()[0], y.to_le_bytes()[0], 255]));
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn seen(made: &Made) -> RgbaImage {
    let Made::Webp(webp) = made else { panic!("{made:?}") };
    image::load_from_memory_with_format(webp, ImageFormat::WebP).unwrap().into_rgba8()
}

#[tokio::test]
async fn many_who_ask_at_once_get_the_same_and_it_is_made_once() {
    let fixture = Fixture::new(None);
    let blob = fixture.keep(&picture(1)).await;
    let asked = (0..16).map(|_| {
        let (thumbs, blob) = (fixture.thumbs.clone(), blob.clone());
        tokio::spawn(async move { thumbs.get(&blob, ThumbSize::Small).await.unwrap() })
    });
    let given = futures_util::future::join_all(asked.collect::<Vec<_>>()).await;
    let first = given[0].as_ref().unwrap();
    assert_eq!(seen(first).dimensions(), (274, 256));
    assert!(given.iter().all(|made| made.as_ref().unwrap() == first));
    let large = fixture.thumbs.get(&blob, ThumbSize::Large).await.unwrap();
    assert_eq!(seen(&large).dimensions(), (300, 280));
    assert_eq!(fixture.thumbs.count_made(), 1);
}

#[tokio::test]
async fn a_thumbnail_outlives_the_daemon_and_comes_back_when_the_cache_is_deleted() {
    let fixture = Fixture::new(None);
    let blob = fixture.keep(&picture(2)).await;
    let first = fixture.thumbs.get(&blob, ThumbSize::Small).await.unwrap();
    let again = fixture.again(None);
    assert_eq!(again.get(&blob, ThumbSize::Small).await.unwrap(), first);
    assert_eq!(again.count_made(), 0);
    fs::remove_file(fixture.folder.path().join("cache.db")).unwrap();
    let anew = fixture.again(None);
    assert_eq!(anew.get(&blob, ThumbSize::Small).await.unwrap(), first);
    assert_eq!(anew.count_made(), 1);
}

#[tokio::test]
async fn without_a_usable_cache_thumbnails_are_still_made() {
    let fixture = Fixture::new(None);
    fs::remove_file(fixture.folder.path().join("cache.db")).unwrap();
    fs::create_dir(fixture.folder.path().join("cache.db")).unwrap();
    let thumbs = fixture.again(None);
    let blob = fixture.keep(&picture(3)).await;
    for _ in 0..2 {
        assert_eq!(seen(&thumbs.get(&blob, ThumbSize::Small).await.unwrap()).height(), 256);
    }
    assert_eq!(thumbs.count_made(), 2);
}

#[tokio::test]
async fn what_cannot_be_made_is_remembered_until_something_better_comes() {
    let fixture = Fixture::new(None);
    let broken = fixture.keep(b"\x89PNG\r\n\x1a\nnothing").await;
    let film = fixture.keep_file("media/short.webm").await;
    for _ in 0..2 {
        assert_eq!(fixture.thumbs.get(&broken, ThumbSize::Small).await.unwrap(), Made::Nothing(Unmade::Damaged));
        assert_eq!(fixture.thumbs.get(&film, ThumbSize::Large).await.unwrap(), Made::Nothing(Unmade::Unsupported));
    }
    assert_eq!(fixture.thumbs.count_made(), 2);
    let text = fixture.keep(b"only words").await;
    assert_eq!(fixture.thumbs.get(&text, ThumbSize::Small).await.unwrap(), Made::Nothing(Unmade::Unsupported));
    assert_eq!(fixture.thumbs.count_made(), 2);
    if let Some(ffmpeg) = ffmpeg() {
        let better = fixture.again(Some(ffmpeg));
        assert!(better.makes_posters() && !fixture.thumbs.makes_posters());
        let poster = better.get(&film, ThumbSize::Small).await.unwrap();
        assert_eq!(seen(&poster).dimensions(), (96, 160));
        // Without it again, what was made with it stays.
        assert_eq!(fixture.again(None).get(&film, ThumbSize::Small).await.unwrap(), poster);
    }
}

#[tokio::test]
async fn facts_are_known_of_what_was_made_and_looking_makes_nothing() {
    let fixture = Fixture::new(None);
    let (shown, sound) = (fixture.keep(&picture(4)).await, fixture.keep_file("media/rising.wav").await);
    let unseen = fixture.keep(&picture(5)).await;
    fixture.thumbs.get(&shown, ThumbSize::Small).await.unwrap();
    fixture.thumbs.get(&sound, ThumbSize::Small).await.unwrap();
    let facts = fixture.thumbs.facts(vec![unseen.digest, shown.digest, sound.digest]).await;
    let expected = MediaFacts { width: Some(300), height: Some(280), duration_ms: None };
    assert_eq!((facts.len(), facts[&shown.digest]), (2, expected));
    assert_eq!(facts[&sound.digest], MediaFacts { duration_ms: Some(1_000), ..MediaFacts::default() });
    assert_eq!(fixture.thumbs.count_made(), 2);
}

#[tokio::test]
async fn a_picture_over_the_budget_is_passed_over_and_others_go_on() {
    let fixture = Fixture::new(None);
    // 12,000 × 12,000 as JPEG would take half a gigabyte.
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(16, 16).write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let mut jpeg = jpeg.into_inner();
    let frame = jpeg.windows(2).position(|marker| marker == [0xFF, 0xC0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x2E, 0xE0, 0x2E, 0xE0]);
    let bomb = fixture.keep(&jpeg).await;
    assert_eq!(fixture.thumbs.get(&bomb, ThumbSize::Small).await.unwrap(), Made::Nothing(Unmade::TooLarge));
    let plain = fixture.keep(&picture(6)).await;
    assert_eq!(seen(&fixture.thumbs.get(&plain, ThumbSize::Small).await.unwrap()).height(), 256);
}

#[tokio::test]
async fn the_background_makes_what_is_told_of_and_ends_when_told() {
    let fixture = Fixture::new(None);
    let live = Live::default();
    let running = tokio::spawn(run(fixture.thumbs.clone(), live.events(), fixture.shutdown.clone()));
    let blobs = [fixture.keep(&picture(7)).await, fixture.keep(&picture(8)).await, fixture.keep(b"words").await];
    live.publish(fixture.record("a", blobs[..1].to_vec()).await);
    live.publish(fixture.record("b", blobs.to_vec()).await);
    let all_made = async {
        // Facts come with a thumbnail, and asking for them makes none.
        while fixture.thumbs.facts(blobs.iter().map(|blob| blob.digest).collect()).await.len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, all_made).await.unwrap();
    assert_eq!(fixture.thumbs.count_made(), 2);
    fixture.shutdown.cancel();
    timeout(DEADLINE, running).await.unwrap().unwrap();
}

#[tokio::test]
async fn every_sound_and_film_that_comfyui_wrote_has_a_thumbnail() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let fixture = Fixture::new(Some(ffmpeg));
    for (name, kind) in [
        ("comfyui/output/audio/ComfyUI_00001.opus", MediaKind::Audio),
        ("comfyui/output/audio/ComfyUI_00002.flac", MediaKind::Audio),
        ("comfyui/output/audio/ComfyUI_00003.mp3", MediaKind::Audio),
        ("media/rising.opus", MediaKind::Audio),
        ("media/rising.ogg", MediaKind::Audio),
        ("media/rising.m4a", MediaKind::Audio),
        ("comfyui/output/video/ComfyUI_00001_.mp4", MediaKind::Video),
        ("comfyui/output/clip_00001_.webm", MediaKind::Video),
        ("media/short.webm", MediaKind::Video),
        ("media/still.avif", MediaKind::Image),
    ] {
        let blob = fixture.keep_file(name).await;
        assert_eq!(blob.kind, kind, "{name}");
        let made = fixture.thumbs.get(&blob, ThumbSize::Small).await.unwrap();
        assert!(matches!(made, Made::Webp(_)), "{name}: {made:?}");
        let facts = fixture.thumbs.facts(vec![blob.digest]).await[&blob.digest];
        assert_eq!(facts.width.is_some(), kind != MediaKind::Audio, "{name}: {facts:?}");
        assert_eq!(facts.duration_ms.is_some(), kind != MediaKind::Image, "{name}: {facts:?}");
    }
}

#[tokio::test]
async fn the_poster_of_a_film_that_begins_black_shows_what_comes() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let fixture = Fixture::new(Some(ffmpeg));
    let film = fixture.keep_file("media/fades-in.mp4").await;
    let poster = seen(&fixture.thumbs.get(&film, ThumbSize::Small).await.unwrap());
    assert_eq!(poster.dimensions(), (160, 96));
    let brightest = poster.pixels().map(|pixel| pixel.0[..3].iter().max().copied().unwrap()).max().unwrap();
    assert!(brightest > 100, "{brightest}");
    let facts = fixture.thumbs.facts(vec![film.digest]).await[&film.digest];
    assert_eq!(facts, MediaFacts { width: Some(160), height: Some(96), duration_ms: Some(6_000) });
}

/// What a playlist or a script that calls itself a film would have ffmpeg do.
#[tokio::test]
async fn a_film_that_is_none_opens_no_other_file_and_no_connection() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let fixture = Fixture::new(Some(ffmpeg));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let film = fixtures().join("media/fades-in.mp4");
    let film = film.display();
    for text in [
        format!("#EXTM3U\n#EXTINF:1,\nhttp://{address}/a.ts\n#EXT-X-ENDLIST\n"),
        format!("#EXTM3U\n#EXTINF:1,\nfile://{film}\n#EXT-X-ENDLIST\n"),
        format!("ffconcat version 1.0\nfile '{film}'\n"),
        format!("v=0\nc=IN IP4 127.0.0.1\nm=video {} RTP/AVP 33\n", address.port()),
    ] {
        let plain = fixture.keep(text.as_bytes()).await;
        // As a sniffer would call it that was deceived.
        for mime in ["video/mp4", "video/webm", "video/x-msvideo", "video/mpeg", "video/x-flv", "video/x-ms-wmv"] {
            fs::remove_file(fixture.folder.path().join("cache.db")).unwrap();
            let thumbs = fixture.again(fixture.thumbs.0.ffmpeg.clone());
            let deceived = Blob { kind: MediaKind::Video, mime: mime.to_owned(), ..plain.clone() };
            let made = thumbs.get(&deceived, ThumbSize::Small).await.unwrap();
            assert_eq!(made, Made::Nothing(Unmade::Damaged), "{mime}: {text}");
        }
    }
    let connected = timeout(Duration::ZERO, listener.accept()).await;
    assert!(connected.is_err(), "{connected:?}");
}

#[cfg(unix)]
mod programs {
    //! Programs that call themselves ffmpeg.

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A script in its place.
    fn script(fixture: &Fixture, text: &str) -> Thumbs {
        let program = fixture.folder.path().join("ffmpeg");
        fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        fixture.again(Ffmpeg::find(fixture.folder.path().as_os_str()))
    }

    #[tokio::test]
    async fn a_program_that_says_too_much_or_nothing_gives_no_poster() {
        for (text, unmade) in [
            ("exec yes", Unmade::TooLarge),
            ("head -c 20000000 /dev/zero >&2", Unmade::Damaged),
            ("exit 1", Unmade::Damaged),
            ("echo no picture", Unmade::Damaged),
        ] {
            let fixture = Fixture::new(None);
            let thumbs = script(&fixture, text);
            let film = fixture.keep_file("media/short.webm").await;
            assert_eq!(thumbs.get(&film, ThumbSize::Small).await.unwrap(), Made::Nothing(unmade), "{text}");
        }
    }

    #[tokio::test]
    async fn a_program_that_runs_is_killed_when_the_daemon_ends() {
        let fixture = Fixture::new(None);
        let pid = fixture.folder.path().join("pid");
        let thumbs = script(&fixture, &format!("echo $$ > {0}.new; mv {0}.new {0}; exec sleep 1000", pid.display()));
        let film = fixture.keep_file("media/short.webm").await;
        let asked = tokio::spawn(async move { thumbs.get(&film, ThumbSize::Small).await });
        let until = async |is_there: bool, path: &Path| {
            let reached = async {
                while path.exists() != is_there {
                    tokio::task::yield_now().await;
                }
            };
            timeout(DEADLINE, reached).await.unwrap();
        };
        until(true, &pid).await;
        let process = Path::new("/proc").join(fs::read_to_string(&pid).unwrap().trim());
        fixture.shutdown.cancel();
        assert!(asked.await.unwrap().is_err());
        if cfg!(target_os = "linux") {
            until(false, &process).await;
        }
    }

    #[tokio::test]
    async fn our_passwords_are_not_told_to_it() {
        let fixture = Fixture::new(None);
        let told = fixture.folder.path().join("told");
        let thumbs = script(&fixture, &format!("env > {}", told.display()));
        let film = fixture.keep_file("media/short.webm").await;
        thumbs.get(&film, ThumbSize::Small).await.unwrap();
        let told = fs::read_to_string(told).unwrap();
        assert!(told.contains("PATH=") && !told.contains("CARGO"), "{told}");
    }
}
