//! ComfyUI starts anew while something goes wrong: what died with the old one is told from what the new one has.

use serde_json::{Value, json};

use super::outages::until_gaps;
use super::{beside, outputs, pair, run_saving};
use crate::support::comfyui::{ComfyUi, Fault, Outcome, Route, Run, Version};
use crate::support::daemon::Daemon;

/// A ComfyUI with one run in progress and two that wait, all known, after one that is recorded whole.
async fn with_three_open() -> (ComfyUi, Daemon, Vec<String>) {
    let (comfy, daemon) = pair().await;
    let before = comfy.run(run_saving("before.png"));
    daemon.until_whole(&before, "completed").await;
    let open: Vec<_> = (0..3).map(|_| comfy.queue(Run::from_browser("b"))).collect();
    comfy.start_next();
    daemon.until_status(&open[0], "in_progress").await;
    daemon.until_status(&open[2], "pending").await;
    (comfy, daemon, open)
}

/// ComfyUI is killed, and the next one has a run in progress before anybody can look.
async fn restart_at_work(comfy: &ComfyUi) -> String {
    comfy.kill().await;
    let new = comfy.queue(Run::from_browser("b"));
    comfy.start_next();
    comfy.revive();
    new
}

async fn assert_died(daemon: &Daemon, runs: &[String]) {
    for id in runs {
        let lost = daemon.until_whole(id, "lost").await;
        assert_eq!(lost["status_reason"], "comfyui_restarted", "{lost:#}");
    }
}

#[tokio::test]
async fn runs_died_with_their_comfyui_though_a_request_of_the_catching_up_fails() {
    for route in [Route::History, Route::Queue, Route::SystemStats] {
        let (comfy, daemon, open) = with_three_open().await;
        comfy.fail_times(route, Fault::Status(502), 2);
        let new = restart_at_work(&comfy).await;
        assert_died(&daemon, &open).await;
        daemon.until_status(&new, "in_progress").await;
        until_gaps(&daemon, &[("away", "yes")]).await;
    }
}

#[tokio::test]
async fn runs_died_with_their_comfyui_though_we_are_killed_while_we_catch_up() {
    let (comfy, mut daemon, open) = with_three_open().await;
    comfy.fail(Route::History, Fault::Hold);
    let new = restart_at_work(&comfy).await;
    daemon.until_status(&new, "in_progress").await;
    daemon.kill().await;
    comfy.heal(Route::History);
    daemon.start_again().await;
    assert_died(&daemon, &open).await;
    daemon.until_status(&new, "in_progress").await;
    until_gaps(&daemon, &[("away", "yes"), ("stopped", "yes")]).await;
    let ended: Vec<Value> = ended_at(&daemon, &open).await;
    assert!(ended[0].is_string() && ended.iter().all(|at| *at == ended[0]), "when ComfyUI went away: {ended:?}");
}

async fn ended_at(daemon: &Daemon, runs: &[String]) -> Vec<Value> {
    let mut ended = Vec::new();
    for id in runs {
        ended.push(daemon.of_prompt(id).await[0]["finished_at"].clone());
    }
    ended
}

#[tokio::test]
async fn runs_died_with_their_comfyui_though_one_of_the_next_is_met_in_its_queue_and_in_its_history() {
    let (comfy, daemon, open) = with_three_open().await;
    comfy.fail(Route::History, Fault::Hold);
    let new = restart_at_work(&comfy).await;
    daemon.until_status(&new, "in_progress").await;
    comfy.finish(&Outcome::Success);
    comfy.heal(Route::History);
    assert_died(&daemon, &open).await;
    daemon.until_whole(&new, "completed").await;
    until_gaps(&daemon, &[("away", "yes")]).await;
}

#[tokio::test]
async fn runs_of_every_comfyui_died_with_theirs_when_it_is_restarted_twice_before_all_is_read() {
    let (comfy, daemon, open) = with_three_open().await;
    comfy.fail(Route::History, Fault::Hold);
    let second = restart_at_work(&comfy).await;
    daemon.until_status(&second, "in_progress").await;
    let third = restart_at_work(&comfy).await;
    daemon.until_status(&third, "in_progress").await;
    comfy.heal(Route::History);
    assert_died(&daemon, &open).await;
    assert_died(&daemon, &[second]).await;
    daemon.until_status(&third, "in_progress").await;
}

#[tokio::test]
async fn a_network_that_fails_again_and_again_is_no_restart() {
    let (comfy, daemon, open) = with_three_open().await;
    comfy.fail_times(Route::History, Fault::Status(502), 2);
    comfy.unplug().await;
    let during: Vec<_> = (0..3).map(|_| comfy.queue(Run::from_browser("b"))).collect();
    comfy.plug_in();
    daemon.until_status(&during[2], "pending").await;
    comfy.delete_from_queue(&during[1]);
    let cancelled = daemon.until_whole(&during[1], "cancelled").await;
    assert_eq!(cancelled["status_reason"], "dequeued");
    for id in open.iter().chain([&during[0], &during[2]]) {
        comfy.finish(&Outcome::Success);
        if comfy.queue_len() > 0 {
            comfy.start_next();
        }
        daemon.until_whole(id, "completed").await;
    }
    until_gaps(&daemon, &[]).await;
}

#[tokio::test]
async fn same_ids_queued_again_in_the_next_comfyui_are_other_runs_though_their_numbers_are_the_same() {
    for version in [Version::V0_8_0, Version::V0_26_0] {
        let (comfy, daemon) = beside(ComfyUi::builder().version(version).start().await).await;
        let ids = ["6f0a5d0e-0c3e-4b7e-9f0e-000000000001", "6f0a5d0e-0c3e-4b7e-9f0e-000000000002"];
        let queue = || ids.iter().for_each(|id| drop(comfy.queue(Run::from_browser("b").with_id(id))));
        queue();
        comfy.start_next();
        daemon.until_status(ids[0], "in_progress").await;
        daemon.until_status(ids[1], "pending").await;
        comfy.kill().await;
        queue();
        comfy.start_next();
        comfy.revive();
        for (id, status) in ids.iter().zip(["in_progress", "pending"]) {
            let both = daemon
                .until("both runs of an id", async |daemon| {
                    let found = daemon.of_prompt(id).await;
                    (found.len() == 2 && found[1]["status"] == "lost").then_some(found)
                })
                .await;
            let told = |n: usize| (both[n]["status"].clone(), both[n]["status_reason"].clone());
            assert_eq!(told(0), (json!(status), Value::Null));
            assert_eq!(told(1), (json!("lost"), json!("comfyui_restarted")));
        }
    }
}

#[tokio::test]
async fn restart_that_nobody_hears_of_is_known_by_what_is_gone() {
    let comfy = ComfyUi::start().await;
    comfy.fail(Route::Socket, Fault::Status(404));
    let daemon = Daemon::beside(&comfy).await;
    let before = comfy.run(run_saving("before.png"));
    daemon.until_whole(&before, "completed").await;
    let open = comfy.queue(Run::from_browser("b"));
    comfy.start_next();
    daemon.until_status(&open, "in_progress").await;
    comfy.restart().await;
    let lost = daemon.until_whole(&open, "lost").await;
    assert_eq!(lost["status_reason"], "comfyui_restarted");
    assert_eq!(outputs(&lost).len(), 0);
    until_gaps(&daemon, &[("away", "yes")]).await;
}
