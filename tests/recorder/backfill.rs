//! What lay in ComfyUI's history when we came, in pages of bounded memory.

use super::run_saving;
use crate::support::comfyui::{ComfyUi, Fault, Route, Run, Texts, Version};
use crate::support::daemon::Daemon;

/// The largest answer that the recorder should ever ask for.
const PAGE: u64 = 16 << 20;

async fn assert_all_recorded(daemon: &Daemon, ids: &[String]) {
    let found = daemon
        .until("the whole history", async |daemon| {
            daemon.of_prompt(ids.first()?).await.first()?;
            let found = daemon.list("").await;
            (found.len() >= ids.len()).then_some(found)
        })
        .await;
    let mut recorded: Vec<_> = found.iter().map(|it| it["prompt_id"].as_str().unwrap().to_owned()).collect();
    recorded.reverse();
    assert!(recorded == ids, "every run once, in the order in which they ran");
    assert!(found.iter().all(|generation| generation["status"] == "completed"));
}

fn assert_gentle(comfy: &ComfyUi) {
    for request in comfy.requests() {
        let asked = &request.path_and_query;
        assert!(request.route != Route::History || asked.contains("max_items="), "the bare history: {asked}");
        assert!(request.bytes_sent() <= PAGE, "{asked}: {} bytes", request.bytes_sent());
    }
}

#[tokio::test]
#[ignore = "takes half a minute; tests/all runs it"]
async fn ten_thousand_runs_are_recorded_once_each_in_bounded_memory() {
    for version in [Version::V0_3_10, Version::V0_26_0] {
        let comfy = ComfyUi::builder().version(version).start().await;
        let ids = comfy.preload(10_000, &run_saving("same.png").with_texts(&Texts::of(6_000)));
        let daemon = Daemon::beside(&comfy).await;
        assert_all_recorded(&daemon, &ids).await;
        let (_, peak) = daemon.memory();
        assert!(peak <= 150 << 20, "{} MB", peak >> 20);
        if version.pages_by_offset() {
            assert_gentle(&comfy);
        }
    }
}

#[tokio::test]
async fn backfill_that_was_interrupted_goes_on() {
    let comfy = ComfyUi::start().await;
    let ids = comfy.preload(1_500, &Run::from_browser("b").with_texts(&Texts::of(20_000)));
    let mut daemon = Daemon::beside(&comfy).await;
    for pages in 1..4 {
        comfy.forget_requests();
        comfy.until_asked(Route::History, pages).await;
        daemon.kill().await;
        daemon.start_again().await;
    }
    assert_all_recorded(&daemon, &ids).await;
}

#[tokio::test]
async fn backfill_goes_on_when_pages_fail() {
    let comfy = ComfyUi::start().await;
    let ids = comfy.preload(600, &Run::from_browser("b").with_texts(&Texts::of(20_000)));
    comfy.fail_times(Route::History, Fault::Truncate(1 << 20), 2);
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_asked(Route::History, 3).await;
    assert_all_recorded(&daemon, &ids).await;
}

#[tokio::test]
async fn runs_that_finish_during_a_backfill_are_recorded_too() {
    let comfy = ComfyUi::start().await;
    let mut ids = comfy.preload(1_000, &Run::from_browser("b").with_texts(&Texts::of(20_000)));
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_asked(Route::History, 2).await;
    ids.extend((0..20).map(|_| comfy.run(Run::from_browser("b"))));
    for id in &ids[1_000..] {
        daemon.until_status(id, "completed").await;
    }
    assert_all_recorded(&daemon, &ids).await;
}

#[tokio::test]
#[ignore = "takes half a minute; tests/all runs it"]
async fn history_that_is_full_and_drops_its_oldest_is_still_followed() {
    let comfy = ComfyUi::start().await;
    let ids = comfy.preload(10_000, &Run::from_api());
    let daemon = Daemon::beside(&comfy).await;
    assert_all_recorded(&daemon, &ids).await;
    comfy.until_sockets(1).await;
    let more: Vec<_> = (0..50).map(|_| comfy.run(Run::from_api())).collect();
    for id in &more {
        daemon.until_status(id, "completed").await;
    }
    assert_eq!(daemon.list("").await.len(), 10_050);
}
