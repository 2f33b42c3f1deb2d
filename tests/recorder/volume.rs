//! Much at once, and much in one piece.

use std::time::Instant;

use super::{assert_kept, beside, output, outputs, pair, run_saving};
use crate::support::comfyui::{ComfyUi, Content, File, Outcome, Route, Run, Texts, Version, picture};

#[tokio::test]
async fn burst_of_two_thousand_cached_runs_is_recorded_run_by_run() {
    for version in [Version::V0_3_10, Version::V0_26_0] {
        let (comfy, daemon) = beside(ComfyUi::builder().version(version).start().await).await;
        let cached = run_saving("same.png").with_cached(&["3", "4", "5", "6", "7", "8", "9"]);
        let ids = comfy.run_burst(2_000, &cached);
        daemon.until_status(&ids[0], "completed").await;
        let found = daemon
            .until("two thousand runs", async |daemon| {
                let found = daemon.list("status=completed").await;
                (found.len() >= ids.len()).then_some(found)
            })
            .await;
        let mut recorded: Vec<_> = found.iter().map(|it| it["prompt_id"].as_str().unwrap()).collect();
        recorded.reverse();
        assert!(recorded == ids, "each run once, in their order");
        assert!(comfy.requests_to(Route::History) < ids.len(), "not a page for each");
        let last = daemon.until_whole(ids.last().unwrap(), "completed").await;
        assert_kept(&daemon, output(&last, "same.png"), &picture("same.png")).await;
    }
}

#[tokio::test]
async fn burst_of_runs_with_files_of_their_own_keeps_every_file() {
    let (comfy, daemon) = pair().await;
    let names: Vec<_> = (0..300).map(|n| format!("{n}.png")).collect();
    let ids: Vec<_> = names.iter().map(|name| comfy.run(run_saving(name))).collect();
    daemon.until_all_whole(ids.len()).await;
    for (id, name) in ids.iter().zip(&names) {
        let done = daemon.until_whole(id, "completed").await;
        assert_eq!(outputs(&done).len(), 1);
        assert_eq!(output(&done, name)["sha256"], crate::support::sha256(&picture(name)));
    }
}

#[tokio::test]
#[ignore = "takes half a minute; tests/all runs it"]
async fn five_hundred_runs_waiting_with_large_workflows_are_written_ahead_gently() {
    let (comfy, daemon) = pair().await;
    let begin = Instant::now();
    let large = Run::from_browser("b").with_texts(&Texts::of(100_000));
    let first = comfy.queue(large.clone());
    comfy.start_next();
    let ids: Vec<_> = (0..500).map(|seed| comfy.queue(large.clone().with_seed(seed))).collect();
    daemon
        .until("five hundred waiting", async |daemon| {
            (daemon.list("status=pending").await.len() == ids.len()).then_some(())
        })
        .await;
    for id in [&first].into_iter().chain(&ids).take(40) {
        comfy.finish(&Outcome::Success);
        comfy.start_next();
        daemon.until_status(id, "completed").await;
    }
    let minutes = begin.elapsed().as_secs() / 60 + 1;
    // A few more are well while the queue is filling and still short.
    let asked = comfy.requests().into_iter().filter(|r| r.route == Route::Queue && r.bytes_sent() > 5_000_000).count();
    assert!(asked as u64 <= 5 * minutes, "{asked} times the whole queue in {minutes} minutes");
    let (_, peak) = daemon.memory();
    assert!(peak <= 150 << 20, "{} MB", peak >> 20);
    comfy.clear_queue();
    daemon
        .until("the rest to be cancelled", async |daemon| {
            (daemon.list("status=cancelled").await.len() == ids.len() - 40).then_some(())
        })
        .await;
    daemon.until_status(&ids[39], "in_progress").await;
}

#[tokio::test]
#[ignore = "takes half a minute; tests/all runs it"]
async fn video_of_two_gigabytes_is_kept_in_flat_memory() {
    const BYTES: u64 = 2 << 30;
    let (comfy, daemon) = pair().await;
    let video = File::output("large.mp4", Content::Video { bytes: BYTES }).below("video");
    let digest = video.content.sha256().await;
    let (before, _) = daemon.memory();
    let id = comfy.run(Run::from_browser("b").giving_file("9", "images", video));
    let done = daemon.until_whole(&id, "completed").await;
    let kept = output(&done, "large.mp4");
    assert_eq!((&kept["state"], &kept["bytes"]), (&"stored".into(), &BYTES.into()));
    assert_eq!((&kept["sha256"], &kept["kind"]), (&digest.into(), &"video".into()));
    let (_, peak) = daemon.memory();
    assert!(peak < before + (64 << 20), "{} MB before, {} MB at its highest", before >> 20, peak >> 20);
    // One request brought it: nothing was fetched twice.
    assert_eq!(comfy.requests_to(Route::View), 1);
}
