//! A disk that is full.

use std::fs::File as DiskFile;
use std::io::Write;
use std::path::PathBuf;

use super::{assert_kept, output, run_saving};
use crate::support::comfyui::{ComfyUi, File, Outcome, Run, picture, picture_of};
use crate::support::daemon::{Daemon, Launch};

/// Takes all the space that is left; gives it back when it is dropped.
struct Ballast(PathBuf);

impl Ballast {
    fn fill(daemon: &Daemon) -> Self {
        let path = daemon.inner_data_dir().join("ballast");
        let mut file = DiskFile::create(&path).unwrap();
        for size in [1 << 20, 4096, 1] {
            let piece = vec![0; size];
            while file.write_all(&piece).is_ok() {}
        }
        Self(path)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

#[tokio::test]
#[ignore = "needs a Linux that lets its users have namespaces"]
async fn full_disk_loses_no_record_is_shown_and_heals_by_itself() {
    let comfy = ComfyUi::start().await;
    let daemon = Launch::new().beside(&comfy).on_small_disk(32).start().await;
    comfy.until_sockets(1).await;
    let before = comfy.run(run_saving("before.png"));
    daemon.until_whole(&before, "completed").await;
    daemon.until("readiness", async |daemon| daemon.get("/readyz").await.status().is_success().then_some(())).await;

    let little = daemon.get("/").await.text().await.unwrap();
    assert!(little.contains("data-banner=\"low-disk\""), "32 MB are little: {little}");
    let ballast = Ballast::fill(&daemon);
    let large = |n: u64| File::output(&format!("{n}.png"), picture_of(500_000, n));
    for n in 0..5 {
        comfy.run(Run::from_browser("b").with_seed(n).saving(large(n)));
    }
    until_told(&daemon).await;
    for path in ["/", "/status", "/readyz"] {
        let said = daemon.get(path).await.text().await.unwrap();
        assert!(said.contains("full") || said.contains("space"), "{path} doesn't tell of the disk: {said}");
    }
    let refused = daemon.get("/status").await.text().await.unwrap();
    assert!(refused.contains("data-banner=\"refused\"") && !refused.contains("data-banner=\"low-disk\""));
    let unready: serde_json::Value = daemon.get("/readyz").await.json().await.unwrap();
    assert_eq!(unready["reason_code"], "disk_full");
    // What was recorded can still be read.
    daemon.until_whole(&before, "completed").await;
    for n in 5..8 {
        comfy.run(Run::from_browser("b").with_seed(n).saving(large(n)));
    }

    drop(ballast);
    let all = daemon.until_all_whole(9).await;
    assert!(all.iter().all(|generation| generation["outputs"][0]["state"] == "stored"));
    daemon.until("readiness", async |daemon| daemon.get("/readyz").await.status().is_success().then_some(())).await;
}

/// A run in progress on a disk that is full, as the daemon knows.
struct Full {
    comfy: ComfyUi,
    daemon: Daemon,
    running: String,
    ballast: Ballast,
}

impl Full {
    /// The run writes a file that no node reports; then comes what happens `meanwhile`.
    async fn with_unreported(file: &str, meanwhile: impl FnOnce(&ComfyUi)) -> Self {
        let comfy = ComfyUi::builder().with_folders().start().await;
        let daemon = Launch::new().beside(&comfy).with_folders_of(&comfy).on_small_disk(32).start().await;
        comfy.until_sockets(1).await;
        let running = comfy.queue(Run::from_browser("b"));
        comfy.start_next();
        daemon.until_status(&running, "in_progress").await;
        let ballast = Ballast::fill(&daemon);
        comfy.put(File::output(file, picture(file)));
        meanwhile(&comfy);
        until_told(&daemon).await;
        Self { comfy, daemon, running, ballast }
    }
}

async fn until_told(daemon: &Daemon) {
    daemon
        .until("the full disk to be told", async |daemon| {
            (!daemon.get("/readyz").await.status().is_success()).then_some(())
        })
        .await;
}

async fn outputs_of(daemon: &Daemon, prompt_id: &str) -> Option<i64> {
    daemon.of_prompt(prompt_id).await.pop()?["outputs_count"].as_i64()
}

async fn until_given(daemon: &Daemon, prompt_id: &str) {
    daemon
        .until("the file to be given to its run", async |daemon| {
            (outputs_of(daemon, prompt_id).await? == 1).then_some(())
        })
        .await;
}

#[tokio::test]
#[ignore = "needs a Linux that lets its users have namespaces"]
async fn file_that_no_node_reports_is_taken_once_the_disk_has_room() {
    // What waits is what can't be written.
    let waits = |comfy: &ComfyUi| drop(comfy.queue(Run::from_browser("b").with_seed(1)));
    let Full { comfy, daemon, running, ballast } = Full::with_unreported("half.png", waits).await;
    drop(ballast);
    until_given(&daemon, &running).await;
    comfy.finish(&Outcome::Interrupted);
    let done = daemon.until_whole(&running, "cancelled").await;
    assert_kept(&daemon, output(&done, "half.png"), &picture("half.png")).await;
}

#[tokio::test]
#[ignore = "needs a Linux that lets its users have namespaces"]
async fn file_that_no_node_reports_is_its_run_s_although_another_runs_when_the_disk_has_room() {
    let mut next = String::new();
    let goes_on = |comfy: &ComfyUi| {
        comfy.finish(&Outcome::Success);
        next = comfy.queue(Run::from_browser("b").with_seed(1));
        comfy.start_next();
    };
    let Full { comfy, daemon, running, ballast } = Full::with_unreported("last.png", goes_on).await;
    drop(ballast);
    until_given(&daemon, &running).await;
    comfy.finish(&Outcome::Success);
    daemon.until_whole(&next, "completed").await;
    assert_eq!(outputs_of(&daemon, &next).await, Some(0));
    let done = daemon.until_whole(&running, "completed").await;
    assert_kept(&daemon, output(&done, "last.png"), &picture("last.png")).await;
}

#[tokio::test]
async fn files_that_cannot_be_kept_are_told_of_while_records_go_on_and_follow_at_once() {
    let comfy = ComfyUi::start().await;
    let daemon = Launch::new().beside(&comfy).start().await;
    comfy.until_sockets(1).await;
    let drafts = daemon.data_dir().join("blobs/drafts");
    std::fs::remove_dir(&drafts).unwrap();
    std::fs::write(&drafts, "in the way").unwrap();
    let waits = comfy.run(run_saving("waits.png"));
    until_told(&daemon).await;
    daemon.until_status(&waits, "completed").await;

    let unready: serde_json::Value = daemon.get("/readyz").await.json().await.unwrap();
    assert_eq!(unready["reason_code"], "files_refused");
    assert_eq!(
        (&unready["storage"]["records"], &unready["storage"]["files"]["reason_code"]),
        (&serde_json::Value::Null, &"files_refused".into())
    );
    let status: serde_json::Value = daemon.get("/api/v1/status").await.json().await.unwrap();
    let storage = &status["storage"];
    assert_eq!((&storage["is_writable"], &storage["can_keep_files"]), (&true.into(), &false.into()));
    assert_eq!(storage["files_reason_code"], "files_refused");
    let metrics = daemon.get("/metrics").await.text().await.unwrap();
    assert!(metrics.contains("comfy_recall_storage_writable 1") && metrics.contains("comfy_recall_files_writable 0"));
    for path in ["/", "/status"] {
        let page = daemon.get(path).await.text().await.unwrap();
        assert!(page.contains("data-banner=\"refused\"") && page.contains("New files can"), "{path}");
    }

    std::fs::remove_file(&drafts).unwrap();
    let done = daemon.until_whole(&waits, "completed").await;
    assert_kept(&daemon, output(&done, "waits.png"), &picture("waits.png")).await;
    daemon.until("readiness", async |daemon| daemon.get("/readyz").await.status().is_success().then_some(())).await;
}

#[tokio::test]
async fn records_that_are_gone_beside_their_files_are_told_of_with_the_way_back() {
    let comfy = ComfyUi::start().await;
    let mut daemon = Launch::new().beside(&comfy).start().await;
    comfy.until_sockets(1).await;
    let run = comfy.run(run_saving("kept.png"));
    daemon.until_whole(&run, "completed").await;
    daemon.terminate().await;
    comfy.restart().await;
    for name in ["recall.db", "recall.db-wal", "recall.db-shm"] {
        let _ = std::fs::remove_file(daemon.data_dir().join(name));
    }
    // The next start knows as well.
    for _ in 0..2 {
        daemon.start_again().await;
        let status: serde_json::Value = daemon.get("/api/v1/status").await.json().await.unwrap();
        assert_eq!(status["storage"]["are_records_lost"], true);
        let page = daemon.get("/").await.text().await.unwrap();
        assert!(page.contains("data-banner=\"records-lost\"") && page.contains("comfy-recall restore"), "{page}");
        let log = daemon.log();
        let way_back = format!("comfy-recall restore BACKUP/recall.db --data-dir {}", daemon.data_dir().display());
        assert!(log.contains(&way_back), "{log}");
        daemon.terminate().await;
    }
}
