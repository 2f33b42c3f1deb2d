//! Runs that are hard to see: of some milliseconds, with a prompt_id that was used before, deleted as soon as they ended.

use comfy_recall::model::Timestamp;
use serde_json::{Value, json};

use super::{beside, pair, run_saving};
use crate::support::client;
use crate::support::comfyui::{ComfyUi, File, Outcome, Run, Version, picture};
use crate::support::daemon::{Daemon, Launch};

const AGAIN: &str = "5b1c0d6e-31f4-4f7e-8d5a-2f6f1f0c9a11";

async fn until_runs(daemon: &Daemon, prompt_id: &str, count: usize) {
    let look = async |daemon: &Daemon| {
        let found = daemon.of_prompt(prompt_id).await;
        let all = found.len() == count && found.iter().all(|run| run["status"] == "completed");
        all.then_some(())
    };
    daemon.until(&format!("{count} runs of one id"), look).await;
}

/// Runs that share a millisecond can't be told apart by when they started, or their files were written.
async fn next_millisecond() {
    let before = Timestamp::now();
    while Timestamp::now() <= before {
        tokio::task::yield_now().await;
    }
}

/// How many runs the gaps say came and went unseen.
async fn unseen(daemon: &Daemon) -> u64 {
    let status = daemon.json("/api/v1/status").await;
    let gaps = status["gaps"].as_array().unwrap().iter().filter(|gap| gap["kind"] == "runs_unseen");
    gaps.map(|gap| gap["runs"].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn same_prompt_id_again_is_recorded_though_the_run_took_no_time_and_stands_far_back_in_the_history() {
    for version in Version::ALL {
        let (comfy, daemon) = beside(ComfyUi::builder().version(version).start().await).await;
        comfy.run(Run::from_api().with_id(AGAIN));
        until_runs(&daemon, AGAIN, 1).await;
        let others = comfy.run_burst(100, &Run::from_api());
        daemon.until_whole(others.last().unwrap(), "completed").await;
        for times in 2..5 {
            comfy.run(Run::from_api().with_id(AGAIN).with_seed(times as u64));
            until_runs(&daemon, AGAIN, times).await;
        }
        assert_eq!(unseen(&daemon).await, 0, "{version:?}");
    }
}

#[tokio::test]
async fn same_prompt_id_again_is_recorded_though_we_were_stopped_and_others_came_after_it() {
    for version in Version::ALL {
        let (comfy, mut daemon) = beside(ComfyUi::builder().version(version).start().await).await;
        comfy.run(Run::from_api().with_id(AGAIN));
        let others = comfy.run_burst(80, &Run::from_api());
        daemon.until_whole(others.last().unwrap(), "completed").await;
        until_runs(&daemon, AGAIN, 1).await;
        assert!(daemon.terminate().await.success());
        comfy.run(Run::from_api().with_id(AGAIN).with_seed(2));
        daemon.start_again().await;
        until_runs(&daemon, AGAIN, 2).await;
        assert!(daemon.terminate().await.success());
        comfy.run(Run::from_api().with_id(AGAIN).with_seed(3));
        let others = comfy.run_burst(70, &Run::from_api());
        daemon.start_again().await;
        daemon.until_whole(others.last().unwrap(), "completed").await;
        until_runs(&daemon, AGAIN, 3).await;
    }
}

#[tokio::test]
async fn run_that_another_with_its_id_replaced_while_we_were_stopped_is_told() {
    for version in Version::ALL {
        let (comfy, mut daemon) = beside(ComfyUi::builder().version(version).start().await).await;
        let before = comfy.run(Run::from_api());
        daemon.until_whole(&before, "completed").await;
        assert!(daemon.terminate().await.success());
        comfy.run(Run::from_api().with_id(AGAIN));
        comfy.run(Run::from_api());
        next_millisecond().await;
        comfy.run(Run::from_api().with_id(AGAIN).with_seed(2));
        daemon.start_again().await;
        until_runs(&daemon, AGAIN, 1).await;
        let look = async |daemon: &Daemon| (unseen(daemon).await == 1).then_some(());
        daemon.until("the run that was replaced to be told", look).await;
        assert_eq!(daemon.list("").await.len(), 3, "{version:?}");
    }
}

/// Two wait; the first runs in no time, and is deleted as soon as it has ended.
async fn first_of_two_runs_and_is_deleted(comfy: &ComfyUi, daemon: &Daemon) -> (String, String) {
    let (first, second) = (comfy.queue(Run::from_browser("b")), comfy.queue(Run::from_browser("b")));
    daemon.until_status(&second, "pending").await;
    daemon.until_status(&first, "pending").await;
    comfy.start_next();
    comfy.finish(&Outcome::Success);
    comfy.delete_from_history(&first);
    (first, second)
}

#[tokio::test]
async fn run_that_was_only_seen_waiting_and_is_deleted_at_its_end_was_not_taken_out_of_the_queue() {
    let (comfy, daemon) = pair().await;
    let (first, second) = first_of_two_runs_and_is_deleted(&comfy, &daemon).await;
    let lost = daemon.until_whole(&first, "lost").await;
    assert_eq!(lost["status_reason"], "history_deleted");
    comfy.delete_from_queue(&second);
    let cancelled = daemon.until_whole(&second, "cancelled").await;
    assert_eq!(cancelled["status_reason"], "dequeued", "and this one was");
}

#[tokio::test]
async fn runs_that_are_queued_while_we_catch_up_only_wait() {
    for _ in 0..5 {
        let (comfy, daemon) = pair().await;
        let waiting: Vec<_> = (0..3).map(|_| comfy.queue(Run::from_browser("b"))).collect();
        for id in &waiting {
            daemon.until_status(id, "pending").await;
        }
        comfy.clear_queue();
        for id in &waiting {
            assert_eq!(daemon.until_whole(id, "cancelled").await["status_reason"], "dequeued");
        }
    }
}

#[tokio::test]
async fn start_of_a_run_that_was_deleted_is_not_that_of_one_that_is_taken_out_later() {
    let (comfy, daemon) = pair().await;
    for _ in 0..3 {
        let (first, second) = first_of_two_runs_and_is_deleted(&comfy, &daemon).await;
        comfy.delete_from_queue(&second);
        daemon.until_whole(&first, "lost").await;
        daemon.until_whole(&second, "cancelled").await;
    }
}

#[tokio::test]
async fn runs_that_came_and_went_before_anybody_could_look_are_told() {
    let (comfy, daemon) = pair().await;
    let before = comfy.run(run_saving("before.png"));
    daemon.until_whole(&before, "completed").await;
    for _ in 0..5 {
        let id = comfy.run(Run::from_browser("b"));
        comfy.delete_from_history(&id);
    }
    let after = comfy.run(run_saving("after.png"));
    daemon.until_whole(&after, "completed").await;
    // Some may have been read before they were deleted.
    let look = async |daemon: &Daemon| {
        let recorded = daemon.list("").await.len() as u64 - 2;
        (recorded + unseen(daemon).await == 5).then_some(())
    };
    daemon.until("every run to be recorded or told", look).await;
    let page = daemon.get("/status").await.text().await.unwrap();
    assert!(unseen(&daemon).await == 0 || page.contains("data-gap=\"unseen\" data-missed=\"yes\""), "{page}");
    assert!(daemon.list("status=cancelled").await.is_empty(), "nobody took anything out");
}

#[tokio::test]
async fn client_that_deletes_every_run_as_soon_as_it_has_ended_is_recorded_or_told_of() {
    const RUNS: usize = 40;
    let (comfy, daemon) = pair().await;
    let (prompt, history) = (format!("{}/prompt", comfy.url()), format!("{}/history", comfy.url()));
    for _ in 0..RUNS {
        let body = json!({"prompt": {"9": {"class_type": "SaveImage", "inputs": {}}}, "client_id": "swarm"});
        let queued: Value = client().post(&prompt).body(body.to_string()).send().await.unwrap().json().await.unwrap();
        comfy.start_next();
        comfy.finish(&Outcome::Success);
        // It asks for what the run gave, and deletes it.
        let id = queued["prompt_id"].as_str().unwrap();
        client().get(format!("{history}/{id}")).send().await.unwrap().bytes().await.unwrap();
        let delete = json!({"delete": [id]}).to_string();
        client().post(&history).body(delete).send().await.unwrap();
    }
    let look = async |daemon: &Daemon| {
        let recorded = daemon.list("").await;
        let is_settled = recorded.iter().all(|run| !matches!(run["status"].as_str(), Some("pending" | "in_progress")));
        (is_settled && recorded.len() as u64 + unseen(daemon).await == RUNS as u64).then_some(recorded)
    };
    let recorded = daemon.until("every run to be recorded or told", look).await;
    assert!(recorded.iter().all(|run| run["status"] != "cancelled"), "nobody took anything out");
}

#[tokio::test]
async fn files_of_a_run_that_is_deleted_as_soon_as_it_ended_are_that_runs_and_told_in_comfyuis_shapes() {
    let comfy = ComfyUi::builder().with_folders().start().await;
    let daemon = Launch::new().beside(&comfy).with_folders_of(&comfy).start().await;
    comfy.until_sockets(1).await;
    let id = comfy.queue(Run::from_browser("b"));
    comfy.start_next();
    daemon.until_status(&id, "in_progress").await;
    comfy.put(File::output("rescued.png", picture("rescued")));
    next_millisecond().await;
    comfy.hold_history();
    comfy.finish(&Outcome::Success);
    comfy.delete_from_history(&id);
    comfy.release_history();
    let next = comfy.run(run_saving("next.png"));
    daemon.until_whole(&next, "completed").await;
    daemon.until_whole(&id, "lost").await;
    let told = async |daemon: &Daemon| {
        let history = daemon.json(&format!("/history/{id}")).await;
        let outputs = history[&id]["outputs"].clone();
        (outputs != json!({})).then_some(outputs)
    };
    let outputs = daemon.until("the file to be told", told).await;
    let given: Vec<_> = outputs.as_object().unwrap().values().collect();
    let file = json!({"filename": "rescued.png", "subfolder": "", "type": "output"});
    assert_eq!(given, [&json!({"images": [file]})]);
    let job = daemon.json(&format!("/api/jobs/{id}")).await;
    assert_eq!((&job["outputs_count"], &job["preview_output"]["filename"]), (&json!(1), &json!("rescued.png")));
    for query in ["", &format!("&prompt_id={id}")] {
        let view = daemon.get(&format!("/view?filename=rescued.png&type=output{query}")).await;
        assert_eq!(view.bytes().await.unwrap(), picture("rescued"));
    }
    let next = daemon.detail(&daemon.of_prompt(&next).await[0]["id"]).await;
    assert_eq!(super::outputs(&next).len(), 1, "it is not the next one's");
}
