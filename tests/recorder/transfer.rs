//! Files that don't come, or don't come whole.

use futures_util::future::join_all;

use super::{assert_kept, output, pair, run_saving};
use crate::support::comfyui::{Fault, File, Route, Run, picture, picture_of};
use crate::support::daemon::files_below;

#[tokio::test]
async fn file_that_came_cut_off_is_fetched_again() {
    let faults = [
        Fault::Truncate(0),
        Fault::Truncate(100_000),
        Fault::TruncateChunked(100_000),
        Fault::PromiseMore(1),
        Fault::Status(500),
        Fault::Status(503),
    ];
    // Each beside a ComfyUI of its own, all at once: between two tries there is a wait.
    join_all(faults.into_iter().map(async |fault| {
        let (comfy, daemon) = pair().await;
        comfy.fail_times(Route::View, fault.clone(), 2);
        let bytes = picture_of(300_000, 1);
        let id = comfy.run(Run::from_browser("b").saving(File::output("a.png", bytes.clone())));
        let done = daemon.until_whole(&id, "completed").await;
        assert_kept(&daemon, output(&done, "a.png"), &bytes).await;
        assert!(comfy.requests_to(Route::View) >= 3, "{fault:?} wasn't met");
        assert_eq!(files_below(&daemon.data_dir().join("blobs")).len(), 1, "{fault:?}");
    }))
    .await;
}

#[tokio::test]
async fn file_that_cannot_be_fetched_now_stays_pending_over_a_restart() {
    let (comfy, mut daemon) = pair().await;
    comfy.fail(Route::View, Fault::Status(500));
    let id = comfy.run(run_saving("a.png"));
    comfy.until_asked(Route::View, 1).await;
    let done = daemon.until_status(&id, "completed").await;
    let waiting = daemon
        .until("the reason", async |daemon| {
            let detail = daemon.detail(&done["id"]).await;
            let waiting = output(&detail, "a.png").clone();
            waiting["reason"].is_string().then_some(waiting)
        })
        .await;
    assert_eq!(waiting["state"], "pending");
    assert!(daemon.terminate().await.success());
    comfy.heal(Route::View);
    daemon.start_again().await;
    let done = daemon.until_whole(&id, "completed").await;
    assert_kept(&daemon, output(&done, "a.png"), &picture("a.png")).await;
}

#[tokio::test]
async fn file_that_is_slow_holds_up_no_record() {
    let (comfy, daemon) = pair().await;
    comfy.fail(Route::View, Fault::Stall(10));
    let slow = comfy.run(run_saving("slow.png"));
    comfy.until_asked(Route::View, 1).await;
    for _ in 0..3 {
        let id = comfy.run(Run::from_browser("b"));
        daemon.until_status(&id, "completed").await;
    }
    comfy.heal(Route::View);
    let done = daemon.until_whole(&slow, "completed").await;
    assert_kept(&daemon, output(&done, "slow.png"), &picture("slow.png")).await;
}

#[tokio::test]
async fn file_of_a_comfyui_that_is_away_is_fetched_when_it_is_back() {
    let (comfy, daemon) = pair().await;
    comfy.fail(Route::View, Fault::Hold);
    let id = comfy.run(run_saving("a.png"));
    daemon.until_status(&id, "completed").await;
    comfy.until_asked(Route::View, 1).await;
    comfy.unplug().await;
    comfy.heal(Route::View);
    comfy.plug_in();
    let done = daemon.until_whole(&id, "completed").await;
    assert_kept(&daemon, output(&done, "a.png"), &picture("a.png")).await;
}

#[tokio::test]
async fn lists_that_fail_are_asked_for_again() {
    let wrong = [
        Fault::Status(500),
        Fault::Body("<html>502 Bad Gateway</html>".to_owned()),
        Fault::Body("[]".to_owned()),
        Fault::Truncate(20),
        Fault::TruncateChunked(200),
    ];
    let (comfy, daemon) = pair().await;
    for fault in wrong {
        comfy.fail_times(Route::Queue, fault.clone(), 1);
        comfy.fail_times(Route::History, fault.clone(), 2);
        let id = comfy.run(run_saving("a.png"));
        let done = daemon.until_whole(&id, "completed").await;
        assert_kept(&daemon, output(&done, "a.png"), &picture("a.png")).await;
        comfy.heal(Route::Queue);
        comfy.heal(Route::History);
    }
    assert_eq!(daemon.list("").await.len(), 5);
}
