//! From the `status` that ends a run until its record and its file are durable.

use std::fs::File as DiskFile;
use std::io::Write as _;
use std::time::{Duration, Instant};

use comfy_recall::blobs::Blobs;
use comfy_recall::comfy::Endpoint;
use comfy_recall::json::Names;
use comfy_recall::live::Position;
use comfy_recall::metrics::Metrics;
use comfy_recall::model::{AttachmentState, Event, Filter, Limit, PromptId, Start, Status};
use comfy_recall::recorder::{self, Settings, SharedFolders};
use comfy_recall::store::Store;
use tokio::sync::broadcast::Receiver;
use tokio_util::sync::CancellationToken;

use crate::support::client;
use crate::support::comfyui::{ComfyUi, File, Outcome, Run, Texts, picture_of};
use crate::table::{Row, median};

const ROUNDS: u64 = 60;
const FILE_BYTES: usize = 1_000_000;

pub async fn measure() -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let comfy = ComfyUi::start().await;
    let store = Store::open(folder.path()).unwrap();
    let live = store.live().clone();
    let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
    let endpoint =
        Endpoint { url: comfy.url().parse().unwrap(), headers: http::HeaderMap::new(), accept_invalid_certs: false };
    let settings = Settings {
        name: "bench".parse().unwrap(),
        endpoint,
        folders: SharedFolders::default(),
        secrets: Some(Names::default()),
        counts_history: false,
        last_at_work: None,
        metrics: Metrics::default(),
        describing: recorder::Turns::default(),
    };
    let stop = CancellationToken::new();
    let recording = tokio::spawn(recorder::run(settings, store.clone(), blobs, live.clone(), stop.clone()));
    comfy.until_sockets(1).await;

    let (_, mut events) = live.subscribe();
    let plain = client();
    let texts = Texts::of(62_000);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let file = File::output(&format!("{round}.png"), picture_of(FILE_BYTES, round));
        let id = comfy.queue(Run::from_browser("b").with_texts(&texts).with_seed(round).saving(file));
        comfy.start_next();
        until(&mut events, &store, &id, |status, _| status == Status::InProgress).await;
        let start = Instant::now();
        comfy.finish(&Outcome::Success);
        until(&mut events, &store, &id, |status, is_whole| status == Status::Completed && is_whole).await;
        ours.push(start.elapsed());
        theirs.push(fetch_plainly(&plain, &comfy, folder.path(), round).await);
    }
    stop.cancel();
    recording.await.unwrap().unwrap();
    store.close().await.unwrap();
    // The first rounds warm up.
    vec![Row::ratio(
        "end of a run to record and 1 MB file durable",
        median(&mut ours[5..]),
        median(&mut theirs[5..]),
        3.0,
    )]
}

/// Waits until the run is as wanted: its status, and whether its files are stored.
async fn until(
    events: &mut Receiver<(Position, Event)>,
    store: &Store,
    id: &str,
    is_wanted: impl Fn(Status, bool) -> bool,
) {
    let filter = Filter { prompt_id: Some(PromptId::from(id)), ..Filter::default() };
    loop {
        events.recv().await.unwrap();
        let page = store.list(filter.clone(), Start::Newest, Limit::default()).await.unwrap();
        let Some(found) = page.items.first() else { continue };
        let detail = store.detail(found.id).await.unwrap().unwrap();
        let is_whole = detail.outputs.iter().all(|output| output.state == AttachmentState::Stored);
        if is_wanted(found.status, is_whole && !detail.outputs.is_empty()) {
            return;
        }
    }
}

/// The same two answers by a plain client, and the file written with one fsync.
async fn fetch_plainly(client: &reqwest::Client, comfy: &ComfyUi, folder: &std::path::Path, round: u64) -> Duration {
    let start = Instant::now();
    let history = client.get(format!("{}/history?max_items=2", comfy.url())).send().await.unwrap();
    history.bytes().await.unwrap();
    let view = format!("{}/view?filename={round}.png&subfolder=&type=output", comfy.url());
    let bytes = client.get(view).send().await.unwrap().bytes().await.unwrap();
    assert!(bytes.len() >= FILE_BYTES);
    let mut file = DiskFile::create(folder.join(format!("plain-{round}"))).unwrap();
    file.write_all(&bytes).unwrap();
    file.sync_all().unwrap();
    start.elapsed()
}
