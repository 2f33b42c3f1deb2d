//! What indexing costs the recording: a full history read with the indexer at work, and without.

use std::time::{Duration, Instant};

use comfy_recall::blobs::Blobs;
use comfy_recall::comfy::Endpoint;
use comfy_recall::indexer;
use comfy_recall::json::Names;
use comfy_recall::metrics::Metrics;
use comfy_recall::model::Filter;
use comfy_recall::recorder::{self, SharedFolders};
use comfy_recall::store::Store;
use tokio_util::sync::CancellationToken;

use crate::support::comfyui::{ComfyUi, Run, Texts};
use crate::table::{Row, median};

const RUNS: u64 = 10_000;
const ROUNDS: usize = 5;

pub async fn measure() -> Vec<Row> {
    let texts = Texts::of(62_000);
    let comfy = ComfyUi::start().await;
    comfy.preload(RUNS, &Run::from_browser("b").with_texts(&texts));
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        without.push(record(&comfy, false).await);
        with.push(record(&comfy, true).await);
    }
    vec![Row::ratio("record 10,000 runs and index them", median(&mut with), median(&mut without), 1.1)]
}

/// How long it takes to record everything.
async fn record(comfy: &ComfyUi, is_indexed: bool) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
    let (live, stop) = (store.live().clone(), CancellationToken::new());
    let settings = recorder::Settings {
        name: "bench".parse().unwrap(),
        endpoint: Endpoint {
            url: comfy.url().parse().unwrap(),
            headers: http::HeaderMap::new(),
            accept_invalid_certs: false,
        },
        folders: SharedFolders::default(),
        secrets: Some(Names::default()),
        counts_history: false,
        last_at_work: None,
        metrics: Metrics::default(),
        describing: recorder::Turns::default(),
    };
    let start = Instant::now();
    let recording = tokio::spawn(recorder::run(settings, store.clone(), blobs, live.clone(), stop.clone()));
    let indexing = is_indexed.then(|| tokio::spawn(indexer::run(store.clone(), live.clone(), stop.clone())));
    while store.count(Filter::default()).await.unwrap() < RUNS {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = start.elapsed();
    stop.cancel();
    recording.await.unwrap().unwrap();
    if let Some(indexing) = indexing {
        indexing.await.unwrap();
    }
    store.close().await.unwrap();
    took
}
