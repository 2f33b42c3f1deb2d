//! A full history read at the first start: how long, how much memory, and what it weighs on disk.

use std::time::{Duration, Instant};

use crate::support::client;
use crate::support::comfyui::{ComfyUi, File, Run, Texts, picture};
use crate::support::daemon::Launch;
use crate::table::Row;

const RUNS: u64 = 10_000;
const PAGE: usize = 64;

pub async fn measure() -> Vec<Row> {
    let comfy = ComfyUi::start().await;
    let texts = Texts::of(62_000);
    // One file that all runs name, as cached runs do: a row, a blob and their indexes count, fetching does not.
    let run = Run::from_browser("b").with_texts(&texts).saving(File::output("a.png", picture("a")));
    let ids = comfy.preload(RUNS, &run);

    let before = fetch_plainly(&comfy).await;
    let launch = Launch::new().beside(&comfy);
    let start = Instant::now();
    let mut daemon = launch.start().await;
    let last = format!("/api/v1/generations?limit=1&prompt_id={}", ids.last().unwrap());
    while daemon.json(&last).await["items"].as_array().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let ours = start.elapsed();
    let after = fetch_plainly(&comfy).await;
    let (_, peak) = daemon.memory();
    daemon
        .until("every file to be settled", async |daemon| {
            let oldest = daemon.of_prompt(&ids[0]).await;
            (!oldest.first()?["cover"].is_null()).then_some(())
        })
        .await;
    let recorded = daemon.list("limit=200").await.len();
    assert_eq!(recorded, RUNS as usize);
    assert!(daemon.terminate().await.success());
    let bytes = std::fs::metadata(daemon.data_dir().join("recall.db")).unwrap().len();

    let megabytes = bytes as f64 / 1e6;
    let workflow = texts.workflow.len() / 1000;
    vec![
        Row::ratio("backfill of 10,000 runs with 40 KB workflows", ours, (before + after) / 2, 2.0),
        Row::new("its peak resident memory", peak as f64 / 1e6, 150.0, "MB", format!("workflows of {workflow} KB")),
        Row::new("10,000 of them in recall.db", megabytes, 15.0, "MB", "indexes, rows of files and blobs and all"),
        Row::new("one of them, on average", megabytes * 1e3 / RUNS as f64, 1.0, "KB", "the same, the first one too"),
    ]
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
