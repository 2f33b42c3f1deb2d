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
    daemon
        .until("the full disk to be told", async |daemon| {
            (!daemon.get("/readyz").await.status().is_success()).then_some(())
        })
        .await;
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

#[tokio::test]
async fn file_that_no_node_reports_is_taken_once_the_disk_has_room() {
    let comfy = ComfyUi::builder().with_folders().start().await;
    let daemon = Launch::new().beside(&comfy).with_folders_of(&comfy).on_small_disk(32).start().await;
    comfy.until_sockets(1).await;
    let id = comfy.queue(Run::from_browser("b"));
    comfy.start_next();
    daemon.until_status(&id, "in_progress").await;
    let ballast = Ballast::fill(&daemon);
    comfy.put(File::output("half.png", picture("half")));
    let waits = Run::from_browser("b").with_seed(1);
    comfy.queue(waits);
    daemon
        .until("the full disk to be told", async |daemon| {
            (!daemon.get("/readyz").await.status().is_success()).then_some(())
        })
        .await;
    drop(ballast);
    daemon
        .until("the file to be given to its run", async |daemon| {
            let run = daemon.of_prompt(&id).await.pop()?;
            (run["outputs_count"] == 1).then_some(())
        })
        .await;
    comfy.finish(&Outcome::Interrupted);
    let done = daemon.until_whole(&id, "cancelled").await;
    assert_kept(&daemon, output(&done, "half.png"), &picture("half")).await;
}

#[tokio::test]
async fn file_that_no_node_reports_is_its_run_s_although_another_runs_when_the_disk_has_room() {
    let comfy = ComfyUi::builder().with_folders().start().await;
    let daemon = Launch::new().beside(&comfy).with_folders_of(&comfy).on_small_disk(32).start().await;
    comfy.until_sockets(1).await;
    let id = comfy.queue(Run::from_browser("b"));
    comfy.start_next();
    daemon.until_status(&id, "in_progress").await;
    let ballast = Ballast::fill(&daemon);
    comfy.put(File::output("last.png", picture("last")));
    comfy.finish(&Outcome::Success);
    let next = comfy.queue(Run::from_browser("b").with_seed(1));
    comfy.start_next();
    daemon
        .until("the full disk to be told", async |daemon| {
            (!daemon.get("/readyz").await.status().is_success()).then_some(())
        })
        .await;
    drop(ballast);
    let outputs_of = async |daemon: &Daemon, id: &str| Some(daemon.of_prompt(id).await.pop()?["outputs_count"].clone());
    daemon
        .until("the file to be given to its run", async |daemon| (outputs_of(daemon, &id).await? == 1).then_some(()))
        .await;
    comfy.finish(&Outcome::Success);
    daemon.until_whole(&next, "completed").await;
    assert_eq!(outputs_of(&daemon, &next).await, Some(0.into()));
    let done = daemon.until_whole(&id, "completed").await;
    assert_kept(&daemon, output(&done, "last.png"), &picture("last")).await;
}
