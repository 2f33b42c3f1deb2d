//! What others wait for while a ComfyUI, or what it gives, is hostile.

use std::time::{Duration, Instant};

use bytes::Bytes;
use comfy_recall::model::{Comfyui, FileRef, MediaKind, PromptId, Role, Status, Timestamp};
use comfy_recall::store::{NewAttachment, NewContent, Save, Store};
use futures_util::future::join_all;

use crate::support::comfyui::{ComfyUi, Content, File, Frame, Route, Run};
use crate::support::daemon::{Daemon, Launch};
use crate::table::{Row, millis};

/// 20 KB a second.
const SLOW: Content = Content::Endless { piece: 2_000, pause: Duration::from_millis(100) };

pub async fn measure() -> Vec<Row> {
    let mut rows = slow_files().await;
    rows.push(pings().await);
    rows.push(many_outputs().await);
    rows.push(many_texts().await);
    rows
}

/// Eight servers, each with three files that come slowly and never end.
async fn slow_files() -> Vec<Row> {
    let servers = join_all((0..8).map(|_| ComfyUi::start())).await;
    let launch = Launch::new();
    let launch =
        servers.iter().enumerate().fold(launch, |launch, (nth, comfy)| launch.beside_as(&format!("gpu-{nth}"), comfy));
    let daemon = launch.start().await;
    join_all(servers.iter().map(|comfy| comfy.until_sockets(1))).await;
    let before = worst_page(&daemon).await;
    for comfy in &servers {
        let files = ["a.mp4", "b.mp4", "c.mp4"].map(|name| File { content: SLOW, ..File::output(name, "") });
        comfy.run(files.into_iter().fold(Run::from_browser("b"), Run::saving));
    }
    join_all(servers.iter().map(|comfy| comfy.until_asked(Route::View, 3))).await;
    let during = worst_page(&daemon).await;
    let start = Instant::now();
    let id = servers[0].queue(Run::from_browser("b"));
    daemon.until_status(&id, "pending").await;
    let recorded = start.elapsed();
    let beside = format!("{} before", millis(before));
    vec![
        Row::new("slowest page beside 24 slow files", during.as_secs_f64(), 1.0, "s", beside),
        Row::new("a new run beside them, until it is recorded", recorded.as_secs_f64(), 5.0, "s", ""),
    ]
}

async fn worst_page(daemon: &Daemon) -> Duration {
    let mut worst = Duration::ZERO;
    for path in ["/", "/status", "/readyz", "/api/v1/generations"] {
        let start = Instant::now();
        daemon.get(path).await.bytes().await.unwrap();
        worst = worst.max(start.elapsed());
    }
    worst
}

/// Pings that nobody listens to the answers of.
async fn pings() -> Row {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_sockets(1).await;
    let (before, _) = daemon.memory();
    let mut ping = vec![0x89, 125];
    ping.extend([b'p'; 125]);
    comfy.send(&Frame::Flood(Bytes::from(ping.repeat(1_000)), 2_000));
    let id = comfy.run(Run::from_browser("b"));
    daemon.until_status(&id, "completed").await;
    let megabytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let beside = format!("{:.1} MB before", megabytes(before));
    Row::new("memory after 2,000,000 pings, at its highest", megabytes(daemon.memory().1), 60.0, "MB", beside)
}

/// Outputs of one run, written down and written down once more.
async fn many_outputs() -> Row {
    let few = outputs_saved(1_000).await;
    let many = outputs_saved(16_000).await;
    let beside = format!("{} for 1,000", millis(few));
    Row::new("16,000 outputs, recorded twice", many.as_secs_f64(), 2.0, "s", beside)
}

async fn outputs_saved(count: usize) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let instance = store.instance(&"bench".parse().unwrap()).await.unwrap();
    let at = Timestamp::from_millis(1_700_000_000_000);
    let output = |number: usize| NewAttachment {
        role: Role::Output,
        node_id: Some("9".into()),
        key: "images".into(),
        kind: MediaKind::Image,
        content: NewContent::Wanted(FileRef {
            folder: "output".into(),
            subfolder: String::new(),
            filename: format!("{number}.png"),
        }),
    };
    let save = Save {
        attachments: (0..count).map(output).collect(),
        ..Save::new(PromptId("many".into()), Status::Completed, at)
    };
    let start = Instant::now();
    let ids = store.save(instance, &Comfyui::default(), vec![save.clone()]).await.unwrap();
    let again = Save { id: Some(ids[0]), ..save };
    store.save(instance, &Comfyui::default(), vec![again]).await.unwrap();
    start.elapsed()
}

/// The archive of a run with 8,000 texts.
async fn many_texts() -> Row {
    let [few, many] = [texts_archived(500).await, texts_archived(8_000).await];
    Row::new("archive of 8,000 texts", many.as_secs_f64(), 2.0, "s", format!("{} for 500", millis(few)))
}

async fn texts_archived(count: usize) -> Duration {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_sockets(1).await;
    let texts = (0..count).map(|number| (format!("text-{}", number / 1_000), format!("\"text {number}\"")));
    let id = comfy.run(texts.fold(Run::from_browser("b"), |run, (key, text)| run.giving("9", &key, &text)));
    let done = daemon.until_whole(&id, "completed").await;
    let start = Instant::now();
    daemon.get(&format!("/g/{}/files.zip", done["id"])).await.bytes().await.unwrap();
    start.elapsed()
}
