//! What a history weighs on disk.

use crate::backfill::until_recorded;
use crate::support::comfyui::{ComfyUi, File, Run, Texts, picture};
use crate::support::daemon::Daemon;
use crate::table::Row;

const RUNS: u64 = 10_000;

pub async fn measure() -> Vec<Row> {
    let bytes = keep(&Texts::of(62_000)).await as f64;
    vec![
        Row::new("10,000 runs in recall.db", bytes / 1e6, 15.0, "MB", "indexes, rows of files and all"),
        Row::new("one of them, on average", bytes / 1e3 / RUNS as f64, 1.0, "KB", "the same, the first one too"),
    ]
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
