//! A full history read at the first start: how long, how much memory, and what it weighs on disk.

use std::time::{Duration, Instant};

use crate::support::client;
use crate::support::comfyui::{ComfyUi, File, Run, Texts, picture};
use crate::support::daemon::{Daemon, Launch};
use crate::table::Row;

const RUNS: u64 = 10_000;
const PAGE: usize = 64;

pub async fn measure() -> Vec<Row> {
    let texts = Texts::of(62_000);
    let workflow = format!("workflows of {} KB", texts.workflow.len() / 1000);
    let (ours, plain, peak) = read(&texts).await;
    let bytes = keep(&texts).await as f64;
    vec![
        Row::ratio("backfill of 10,000 runs with 40 KB workflows", ours, plain, 2.0),
        Row::new("its peak resident memory", peak as f64 / 1e6, 150.0, "MB", &*workflow),
        Row::new("10,000 of them in recall.db", bytes / 1e6, 15.0, "MB", "indexes, rows of files and all"),
        Row::new("one of them, on average", bytes / 1e3 / RUNS as f64, 1.0, "KB", "the same, the first one too"),
    ]
}

/// How long the daemon takes from its start to the last run, a plain client for the same pages, and the daemon's peak of
/// memory.
async fn read(texts: &Texts) -> (Duration, Duration, u64) {
    let comfy = ComfyUi::start().await;
    let ids = comfy.preload(RUNS, &Run::from_browser("b").with_texts(texts));
    let before = fetch_plainly(&comfy).await;
    let launch = Launch::new().beside(&comfy);
    let start = Instant::now();
    let daemon = launch.start().await;
    until_recorded(&daemon, ids.last().unwrap()).await;
    let ours = start.elapsed();
    let after = fetch_plainly(&comfy).await;
    assert_eq!(daemon.list("").await.len(), RUNS as usize);
    (ours, (before + after) / 2, daemon.memory().1)
}

/// The size of the database after as many runs that all saved a file, in bytes.
async fn keep(texts: &Texts) -> u64 {
    let comfy = ComfyUi::start().await;
    let ids: Vec<String> = (0..RUNS)
        .map(|seed| {
            let file = File::output(&format!("ComfyUI_{seed:05}_.png"), picture(&seed.to_string()));
            comfy.run(Run::from_browser("b").with_texts(texts).with_seed(seed).saving(file))
        })
        .collect();
    let mut daemon = Daemon::beside(&comfy).await;
    until_recorded(&daemon, ids.last().unwrap()).await;
    // The newest files are fetched first.
    daemon
        .until("every file to be stored", async |daemon| {
            let oldest = daemon.of_prompt(&ids[0]).await;
            (!oldest.first()?["cover"].is_null()).then_some(())
        })
        .await;
    assert!(daemon.terminate().await.success());
    std::fs::metadata(daemon.data_dir().join("recall.db")).unwrap().len()
}

async fn until_recorded(daemon: &Daemon, prompt_id: &str) {
    while daemon.of_prompt(prompt_id).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Every page of the history by a plain client, thrown away.
async fn fetch_plainly(comfy: &ComfyUi) -> Duration {
    let client = client();
    let start = Instant::now();
    for offset in (0..RUNS as usize).step_by(PAGE) {
        let page = format!("{}/history?max_items={PAGE}&offset={offset}", comfy.url());
        let mut response = client.get(page).send().await.unwrap();
        while response.chunk().await.unwrap().is_some() {}
    }
    start.elapsed()
}
