//! Every way in which a run ends.

use serde_json::{Value, json};

use super::{assert_kept, output, outputs, pair, run_saving};
use crate::support::client;
use crate::support::comfyui::{Outcome, Run, picture};

#[tokio::test]
async fn run_deleted_from_the_queue_is_cancelled() {
    let (comfy, daemon) = pair().await;
    let (first, second) = (comfy.queue(Run::from_api()), comfy.queue(Run::from_browser("b")));
    comfy.start_next();
    daemon.until_status(&second, "pending").await;
    comfy.delete_from_queue(&second);
    let cancelled = daemon.until_whole(&second, "cancelled").await;
    assert_eq!(cancelled["status_reason"], "dequeued");
    assert_eq!(cancelled["started_at"], Value::Null);
    assert!(cancelled["workflow"].is_object(), "what was written ahead stays");
    comfy.finish(&Outcome::Success);
    daemon.until_whole(&first, "completed").await;
}

#[tokio::test]
async fn clearing_the_queue_cancels_what_waits_and_not_what_runs() {
    let (comfy, daemon) = pair().await;
    let running = comfy.queue(Run::from_api());
    comfy.start_next();
    let waiting: Vec<_> = (0..3).map(|_| comfy.queue(Run::from_api())).collect();
    for id in &waiting {
        daemon.until_status(id, "pending").await;
    }
    comfy.clear_queue();
    for id in &waiting {
        assert_eq!(daemon.until_status(id, "cancelled").await["status_reason"], "dequeued");
    }
    daemon.until_status(&running, "in_progress").await;
    comfy.finish(&Outcome::Success);
    daemon.until_whole(&running, "completed").await;
}

#[tokio::test]
async fn rings_that_only_sound_like_a_start_start_nothing() {
    let (comfy, daemon) = pair().await;
    let running = comfy.queue(Run::from_api());
    comfy.start_next();
    daemon.until_status(&running, "in_progress").await;
    for _ in 0..3 {
        // Nothing waits, and the browser clears the queue all the same.
        comfy.clear_queue();
        let waiting: Vec<_> = (0..2).map(|_| comfy.queue(Run::from_api())).collect();
        for id in &waiting {
            daemon.until_status(id, "pending").await;
        }
        for id in waiting.iter().rev() {
            // Taking out the last that waits rings twice.
            comfy.delete_from_queue(id);
            assert_eq!(daemon.until_whole(id, "cancelled").await["status_reason"], "dequeued");
        }
    }
    comfy.finish(&Outcome::Success);
    daemon.until_whole(&running, "completed").await;
}

#[tokio::test]
async fn run_deleted_while_others_end_is_told_from_them() {
    let (comfy, daemon) = pair().await;
    let first = comfy.queue(Run::from_api());
    comfy.start_next();
    let (deleted, last) = (comfy.queue(Run::from_api()), comfy.queue(Run::from_api()));
    daemon.until_status(&last, "pending").await;
    // We hear of all of it at once: the queue is empty, and the history has two of the three.
    comfy.finish(&Outcome::Success);
    comfy.delete_from_queue(&deleted);
    comfy.start_next();
    comfy.finish(&Outcome::Success);
    for (id, status) in [(&first, "completed"), (&deleted, "cancelled"), (&last, "completed")] {
        daemon.until_whole(id, status).await;
    }
}

#[tokio::test]
async fn run_that_takes_the_place_of_a_deleted_one_is_written_ahead() {
    let (comfy, daemon) = pair().await;
    comfy.queue(Run::from_api());
    comfy.start_next();
    let mut waiting = comfy.queue(Run::from_api());
    for _ in 0..5 {
        daemon.until_status(&waiting, "pending").await;
        // The queue is as long as it was, but it is another queue.
        comfy.delete_from_queue(&waiting);
        let next = comfy.queue(Run::from_api());
        daemon.until_status(&next, "pending").await;
        daemon.until_whole(&waiting, "cancelled").await;
        waiting = next;
    }
}

#[tokio::test]
async fn interrupted_run_is_cancelled_and_keeps_what_it_made() {
    let (comfy, daemon) = pair().await;
    let id = comfy.queue(run_saving("a.png"));
    comfy.start_next();
    daemon.until_status(&id, "in_progress").await;
    client().post(format!("{}/interrupt", comfy.url())).send().await.unwrap();
    let stopped = daemon.until_whole(&id, "cancelled").await;
    assert_eq!(stopped["status_reason"], "interrupted");
    assert!(stopped["finished_at"].is_string() && stopped["duration_ms"].is_i64());
    assert_kept(&daemon, output(&stopped, "a.png"), &picture("a.png")).await;
}

#[tokio::test]
async fn failed_run_keeps_its_error_and_traceback() {
    let (comfy, daemon) = pair().await;
    let id = comfy.run_to(Run::from_browser("b"), &Outcome::error("CUDA out of memory"));
    let failed = daemon.until_whole(&id, "failed").await;
    let error = &failed["error"];
    assert_eq!(
        (&error["node_id"], &error["node_type"], &error["type"], &error["message"]),
        (&json!("3"), &json!("KSampler"), &json!("RuntimeError"), &json!("CUDA out of memory"))
    );
    assert!(error["traceback"].to_string().contains("execution.py"), "{error:#}");
    let listed = &daemon.list("status=failed").await[0];
    assert_eq!(listed["error"]["message"], "CUDA out of memory");
    assert!(daemon.list("status=completed,cancelled").await.is_empty());
}

#[tokio::test]
async fn failed_run_keeps_the_files_that_other_nodes_had_made() {
    let (comfy, daemon) = pair().await;
    let id = comfy.run_to(run_saving("partial.png"), &Outcome::error("no"));
    let failed = daemon.until_whole(&id, "failed").await;
    assert_eq!(outputs(&failed).len(), 1);
    assert_kept(&daemon, output(&failed, "partial.png"), &picture("partial.png")).await;
}

#[tokio::test]
async fn run_deleted_from_the_history_before_we_read_it_is_lost() {
    let (comfy, daemon) = pair().await;
    let before = comfy.run(run_saving("before.png"));
    daemon.until_whole(&before, "completed").await;
    for clears_all in [false, true] {
        let id = comfy.queue(Run::from_browser("b"));
        comfy.start_next();
        daemon.until_status(&id, "in_progress").await;
        comfy.hold_history();
        comfy.finish(&Outcome::Success);
        if clears_all {
            comfy.clear_history();
        } else {
            comfy.delete_from_history(&id);
        }
        comfy.release_history();
        let lost = daemon.until_whole(&id, "lost").await;
        assert_eq!(lost["status_reason"], "history_deleted");
        assert!(lost["workflow"].is_object());
    }
    let kept = daemon.until_whole(&before, "completed").await;
    assert_kept(&daemon, output(&kept, "before.png"), &picture("before.png")).await;
    let after = comfy.run(run_saving("after.png"));
    daemon.until_whole(&after, "completed").await;
}
