//! ComfyUI ends, starts again, and is away.

use super::{assert_kept, beside, output, outputs, pair, run_saving};
use crate::support::comfyui::{ComfyUi, File, Outcome, Run, Version, picture};
use crate::support::daemon::{Daemon, Launch};

#[tokio::test]
async fn runs_of_a_comfyui_that_was_killed_are_lost() {
    let (comfy, daemon) = pair().await;
    let (running, waiting) = (comfy.queue(run_saving("a.png")), comfy.queue(Run::from_browser("b")));
    comfy.start_next();
    daemon.until_status(&running, "in_progress").await;
    daemon.until_status(&waiting, "pending").await;
    comfy.kill().await;
    comfy.revive();
    for id in [&running, &waiting] {
        let lost = daemon.until_whole(id, "lost").await;
        assert_eq!(lost["status_reason"], "comfyui_restarted");
        assert!(lost["prompt"].is_object() && lost["workflow"].is_object(), "a row that says lost, not a hole");
    }
    let after = comfy.run(run_saving("b.png"));
    daemon.until_whole(&after, "completed").await;
    assert_eq!(daemon.list("").await.len(), 3);
}

#[tokio::test]
async fn restart_of_comfyui_that_wipes_history_keeps_our_records() {
    for version in Version::ALL {
        let (comfy, daemon) = beside(ComfyUi::builder().version(version).start().await).await;
        let names: Vec<_> = (0..5).map(|n| format!("{n}.png")).collect();
        let save = |name: &String| Run::from_browser("b").saving(File::temp(name, picture(name)));
        let before: Vec<_> = names.iter().map(|name| comfy.run(save(name))).collect();
        for id in &before {
            daemon.until_whole(id, "completed").await;
        }
        comfy.restart().await;
        // Numbers begin at 0 again, and so do the names of files.
        let again = comfy.run(Run::from_browser("b").saving(File::temp("0.png", picture("another"))));
        let again = daemon.until_whole(&again, "completed").await;
        assert_kept(&daemon, output(&again, "0.png"), &picture("another")).await;
        for (id, name) in before.iter().zip(&names) {
            let kept = daemon.until_whole(id, "completed").await;
            assert_kept(&daemon, output(&kept, name), &picture(name)).await;
        }
        assert_eq!(daemon.list("").await.len(), 6);
    }
}

#[tokio::test]
async fn run_that_finished_just_before_comfyui_was_killed_is_not_lost_when_we_have_read_it() {
    let (comfy, daemon) = pair().await;
    let id = comfy.run(run_saving("a.png"));
    daemon.until_whole(&id, "completed").await;
    comfy.restart().await;
    let after = comfy.run(Run::from_api());
    daemon.until_whole(&after, "completed").await;
    daemon.until_whole(&id, "completed").await;
}

#[tokio::test]
async fn comfyui_that_is_away_at_our_start_is_recorded_when_it_comes() {
    let comfy = ComfyUi::start().await;
    comfy.kill().await;
    let daemon = Daemon::beside(&comfy).await;
    assert_eq!(daemon.json("/api/v1/generations").await["items"].as_array().unwrap().len(), 0);
    assert!(daemon.get("/healthz").await.status().is_success());
    comfy.revive();
    comfy.until_sockets(1).await;
    let id = comfy.run(run_saving("a.png"));
    daemon.until_whole(&id, "completed").await;
}

#[tokio::test]
async fn what_comfyui_made_before_our_start_is_recorded() {
    let comfy = ComfyUi::start().await;
    let ids: Vec<_> = (0..10).map(|n| comfy.run(run_saving(&format!("{n}.png")))).collect();
    let running = comfy.queue(Run::from_browser("b"));
    comfy.start_next();
    let waiting = comfy.queue(Run::from_browser("b"));
    let daemon = Daemon::beside(&comfy).await;
    for id in &ids {
        daemon.until_whole(id, "completed").await;
    }
    daemon.until_status(&running, "in_progress").await;
    daemon.until_status(&waiting, "pending").await;
    let listed: Vec<_> = daemon.list("status=completed").await.iter().map(|it| it["prompt_id"].clone()).collect();
    let newest_first: Vec<_> = ids.iter().rev().collect();
    assert_eq!(listed, newest_first.iter().map(|id| serde_json::json!(id)).collect::<Vec<_>>());
}

#[tokio::test]
async fn three_hundred_runs_of_an_absence_are_recorded_when_comfyui_is_back() {
    for version in [Version::V0_3_10, Version::V0_26_0] {
        let (comfy, daemon) = beside(ComfyUi::builder().version(version).start().await).await;
        let before: Vec<_> = (0..5).map(|n| comfy.run(run_saving(&format!("{n}.png")))).collect();
        let (running, waiting) = (comfy.queue(run_saving("long.png")), comfy.queue(Run::from_api()));
        comfy.start_next();
        daemon.until_status(&running, "in_progress").await;
        daemon.until_status(&waiting, "pending").await;
        comfy.unplug().await;
        comfy.finish(&Outcome::Success);
        comfy.start_next();
        comfy.finish(&Outcome::Success);
        let during = comfy.run_burst(300, &run_saving("same.png"));
        comfy.plug_in();
        let all = daemon.until_all_whole(307).await;
        assert!(all.iter().all(|generation| generation["status"] == "completed"));
        for id in before.iter().chain(&during).chain([&running, &waiting]) {
            assert_eq!(daemon.of_prompt(id).await.len(), 1, "{id}");
        }
    }
}

#[tokio::test]
async fn run_that_ended_unseen_during_an_absence_of_ours_is_not_left_open() {
    let (comfy, mut daemon) = pair().await;
    let ids: Vec<_> = (0..3).map(|_| comfy.queue(Run::from_browser("b"))).collect();
    comfy.start_next();
    daemon.until_status(&ids[0], "in_progress").await;
    daemon.until_status(&ids[2], "pending").await;
    assert!(daemon.terminate().await.success());
    comfy.finish(&Outcome::Success);
    comfy.delete_from_queue(&ids[1]);
    comfy.restart().await;
    daemon.start_again().await;
    for id in &ids {
        let lost = daemon.until_whole(id, "lost").await;
        assert_eq!(lost["finished_at"], serde_json::Value::Null, "nobody saw when it ended");
    }
}

#[tokio::test]
async fn run_of_a_comfyui_that_comes_back_later_ended_when_it_went_away() {
    let (comfy, daemon) = pair().await;
    let id = comfy.queue(Run::from_browser("b"));
    comfy.start_next();
    daemon.until_status(&id, "in_progress").await;
    comfy.kill().await;
    let away = async |daemon: &Daemon| {
        let instance = daemon.json("/readyz").await["instances"][0].clone();
        (instance["state"] == "away").then(|| instance["since"].clone())
    };
    let since = daemon.until("ComfyUI to be missed", away).await;
    comfy.revive();
    let lost = daemon.until_whole(&id, "lost").await;
    assert_eq!(lost["finished_at"], since);
}

#[tokio::test]
async fn run_that_ended_during_an_absence_of_ours_is_recorded_from_the_history() {
    let (comfy, mut daemon) = pair().await;
    let id = comfy.queue(run_saving("a.png"));
    comfy.start_next();
    let seen = daemon.until_status(&id, "in_progress").await;
    assert!(daemon.terminate().await.success());
    comfy.finish(&Outcome::Success);
    daemon.start_again().await;
    let done = daemon.until_whole(&id, "completed").await;
    assert_eq!(done["id"], seen["id"]);
    assert_eq!(outputs(&done).len(), 1);
}

#[tokio::test]
async fn history_cleared_while_we_were_away_takes_nothing_from_us() {
    let (comfy, mut daemon) = pair().await;
    let before = comfy.run(run_saving("a.png"));
    daemon.until_whole(&before, "completed").await;
    assert!(daemon.terminate().await.success());
    comfy.clear_history();
    let after = comfy.run(run_saving("b.png"));
    daemon.start_again().await;
    daemon.until_whole(&after, "completed").await;
    daemon.until_whole(&before, "completed").await;
    assert_eq!(daemon.list("").await.len(), 2);
}

#[tokio::test]
async fn an_address_that_is_no_comfyui_stops_nothing() {
    let (comfy, other) = (ComfyUi::start().await, ComfyUi::builder().prefix("/elsewhere").start().await);
    let wrong = format!("wrong=http://{}", other.address());
    let launch = Launch::new().beside_as("right", &comfy).argument("--comfyui").argument(wrong);
    let daemon = launch.start().await;
    comfy.until_sockets(1).await;
    let id = comfy.run(run_saving("a.png"));
    daemon.until_whole(&id, "completed").await;
}

/// The gaps on the status page, those that last first: who was away, and whether runs may be missing.
pub(super) async fn gaps(daemon: &Daemon) -> Vec<(String, String)> {
    let page = daemon.get("/status").await.text().await.unwrap();
    let value = |text: &str, name: &str| text.split_once(name).unwrap().1.split('"').next().unwrap().to_owned();
    page.split("<li ")
        .filter(|item| item.starts_with("data-gap="))
        .map(|item| (value(item, "data-gap=\""), value(item, "data-missed=\"")))
        .collect()
}

pub(super) async fn until_gaps(daemon: &Daemon, expected: &[(&str, &str)]) {
    let told = |gaps: &[(String, String)]| gaps.iter().map(|(a, b)| (&**a, &**b)).eq(expected.iter().copied());
    let look = async |daemon: &Daemon| told(&gaps(daemon).await).then_some(());
    daemon.until(&format!("the gaps {expected:?}"), look).await;
}

pub(super) async fn until_heard(daemon: &Daemon) {
    let look =
        async |daemon: &Daemon| (daemon.json("/readyz").await["instances"][0]["state"] == "connected").then_some(());
    daemon.until("ComfyUI to be heard", look).await;
}

#[tokio::test]
async fn short_absence_whose_runs_are_all_read_back_leaves_no_gap() {
    let (comfy, daemon) = pair().await;
    let before = comfy.run(run_saving("a.png"));
    daemon.until_whole(&before, "completed").await;
    comfy.unplug().await;
    until_gaps(&daemon, &[("away", "unknown")]).await;
    let reason = daemon.json("/readyz").await["instances"][0]["reason_code"].clone();
    assert!(
        ["nobody_answers", "connection_closed", "connection_broke"].contains(&reason.as_str().unwrap()),
        "{reason}"
    );
    let during = comfy.run(run_saving("b.png"));
    comfy.plug_in();
    daemon.until_whole(&during, "completed").await;
    until_gaps(&daemon, &[]).await;
}

#[tokio::test]
async fn comfyui_that_was_killed_and_restarted_leaves_a_gap_in_which_runs_may_have_been_missed() {
    let (comfy, daemon) = pair().await;
    let before = comfy.run(run_saving("a.png"));
    daemon.until_whole(&before, "completed").await;
    comfy.restart().await;
    until_gaps(&daemon, &[("away", "yes")]).await;
    // Its new history is empty: there is nothing in it that could be missed by going away once more.
    until_heard(&daemon).await;
    comfy.unplug().await;
    until_gaps(&daemon, &[("away", "unknown"), ("away", "yes")]).await;
    comfy.plug_in();
    until_gaps(&daemon, &[("away", "yes")]).await;
}

#[tokio::test]
async fn history_that_was_cleared_while_comfyui_was_away_may_have_missed_runs() {
    let (comfy, daemon) = pair().await;
    let before = comfy.run(run_saving("a.png"));
    daemon.until_whole(&before, "completed").await;
    comfy.unplug().await;
    until_gaps(&daemon, &[("away", "unknown")]).await;
    comfy.run(run_saving("nobody saw it.png"));
    comfy.clear_history();
    let after = comfy.run(run_saving("b.png"));
    comfy.plug_in();
    daemon.until_whole(&after, "completed").await;
    until_gaps(&daemon, &[("away", "yes")]).await;
}

#[tokio::test]
async fn time_in_which_we_were_stopped_is_a_gap_when_comfyui_was_restarted_meanwhile() {
    let (comfy, mut daemon) = pair().await;
    let before = comfy.run(run_saving("a.png"));
    daemon.until_whole(&before, "completed").await;
    assert!(daemon.terminate().await.success());
    let during = comfy.run(run_saving("b.png"));
    daemon.start_again().await;
    daemon.until_whole(&during, "completed").await;
    until_gaps(&daemon, &[]).await;

    daemon.kill().await;
    comfy.restart().await;
    daemon.start_again().await;
    until_gaps(&daemon, &[("stopped", "yes")]).await;
}

#[tokio::test]
async fn first_start_beside_a_comfyui_with_a_history_is_no_gap() {
    let comfy = ComfyUi::start().await;
    let before = comfy.run(run_saving("a.png"));
    let daemon = Daemon::beside(&comfy).await;
    daemon.until_whole(&before, "completed").await;
    until_heard(&daemon).await;
    assert_eq!(gaps(&daemon).await, []);
}
