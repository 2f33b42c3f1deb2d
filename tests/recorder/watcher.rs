//! ComfyUI's folders, where we share its disk.

use std::fs;
use std::io::Write as _;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{assert_kept, output, outputs};
use crate::support::comfyui::{ComfyUi, Fault, File, Outcome, Route, Run, picture};
use crate::support::daemon::{Daemon, Launch};
use crate::support::sha256;

async fn pair() -> (ComfyUi, Daemon) {
    let comfy = ComfyUi::builder().with_folders().start().await;
    let daemon = Launch::new().beside(&comfy).with_folders_of(&comfy).start().await;
    comfy.until_sockets(1).await;
    (comfy, daemon)
}

/// Waits until the daemon took these bytes, whosever they are.
async fn until_taken(daemon: &Daemon, bytes: &[u8]) {
    let digest = sha256(bytes);
    let path = daemon.data_dir().join("blobs").join(&digest[..2]).join(&digest[2..]);
    daemon.until("a file to be taken", async |_| path.exists().then_some(())).await;
}

/// Waits until a run that ended has so many outputs: of what was taken at its very end it is told a moment later whose
/// it is.
async fn until_outputs(daemon: &Daemon, prompt_id: &str, status: &str, count: usize) -> Value {
    daemon.until_whole(prompt_id, status).await;
    let detail = async |daemon: &Daemon| {
        let detail = daemon.detail(&daemon.of_prompt(prompt_id).await[0]["id"]).await;
        (outputs(&detail).len() == count).then_some(detail)
    };
    daemon.until("all outputs", detail).await
}

/// Waits until the one output of a run is kept.
async fn until_stored(daemon: &Daemon, prompt_id: &str) -> Value {
    let detail = async |daemon: &Daemon| {
        let detail = daemon.detail(&daemon.of_prompt(prompt_id).await[0]["id"]).await;
        (outputs(&detail)[0]["state"] == "stored").then_some(detail)
    };
    daemon.until_whole(prompt_id, "completed").await;
    daemon.until("the output to be kept", detail).await
}

#[tokio::test]
async fn files_are_read_from_the_shared_folder() {
    let (comfy, daemon) = pair().await;
    let files = [
        File::output("a.png", picture("a")).below("sub"),
        File::temp("b.png", picture("b")),
        File::output("四 & <b>.png", picture("c")).below("批次"),
    ];
    let id = comfy.run(files.iter().cloned().fold(Run::from_browser("b"), Run::saving));
    let done = daemon.until_whole(&id, "completed").await;
    for (file, text) in files.iter().zip(["a", "b", "c"]) {
        assert_kept(&daemon, output(&done, &file.filename), &picture(text)).await;
    }
    assert_eq!(comfy.requests_to(Route::View), 0, "nothing needs to go over the network");
}

#[tokio::test]
async fn files_of_a_run_that_died_half_way_are_kept_with_it() {
    let (comfy, daemon) = pair().await;
    let id = comfy.queue(Run::from_browser("b"));
    comfy.start_next();
    daemon.until_status(&id, "in_progress").await;
    comfy.put(File::output("half.png", picture("half")));
    comfy.put(File::temp("preview.png", picture("preview")));
    until_taken(&daemon, &picture("half")).await;
    until_taken(&daemon, &picture("preview")).await;
    comfy.kill().await;
    comfy.revive();
    let lost = until_outputs(&daemon, &id, "lost", 2).await;
    assert_kept(&daemon, output(&lost, "half.png"), &picture("half")).await;
    assert_kept(&daemon, output(&lost, "preview.png"), &picture("preview")).await;
}

#[tokio::test]
async fn files_of_a_run_that_died_half_way_are_kept_though_we_died_with_it() {
    let (comfy, mut daemon) = pair().await;
    let id = comfy.queue(Run::from_browser("b"));
    comfy.start_next();
    daemon.until_status(&id, "in_progress").await;
    comfy.put(File::temp("preview.png", picture("preview")));
    daemon
        .until("the file to be given to the run", async |daemon| {
            let running = daemon.detail(&daemon.of_prompt(&id).await[0]["id"]).await;
            (!outputs(&running).is_empty()).then_some(())
        })
        .await;
    daemon.kill().await;
    comfy.restart().await;
    daemon.start_again().await;
    let lost = until_outputs(&daemon, &id, "lost", 1).await;
    assert_kept(&daemon, output(&lost, "preview.png"), &picture("preview")).await;
}

#[tokio::test]
async fn file_that_no_node_reported_is_kept_with_the_run_in_progress() {
    let (comfy, daemon) = pair().await;
    let id = comfy.queue(Run::from_browser("b").saving(File::output("reported.png", picture("reported"))));
    comfy.start_next();
    daemon.until_status(&id, "in_progress").await;
    comfy.put(File::output("unreported.png", picture("unreported")));
    until_taken(&daemon, &picture("unreported")).await;
    comfy.finish(&Outcome::Success);
    let done = until_outputs(&daemon, &id, "completed", 2).await;
    assert_eq!(output(&done, "unreported.png")["node_id"], Value::Null);
    assert_eq!(output(&done, "reported.png")["node_id"], "9");
}

#[tokio::test]
async fn file_of_the_run_in_progress_is_not_given_to_one_that_is_taken_out_of_the_queue() {
    let (comfy, daemon) = pair().await;
    let (running, waiting) = (comfy.queue(Run::from_browser("b")), comfy.queue(Run::from_browser("b")));
    comfy.start_next();
    daemon.until_status(&running, "in_progress").await;
    daemon.until_status(&waiting, "pending").await;
    comfy.put(File::output("unreported.png", picture("unreported")));
    until_taken(&daemon, &picture("unreported")).await;
    comfy.delete_from_queue(&waiting);
    let cancelled = daemon.until_whole(&waiting, "cancelled").await;
    comfy.finish(&Outcome::Success);
    let done = until_outputs(&daemon, &running, "completed", 1).await;
    assert_kept(&daemon, output(&done, "unreported.png"), &picture("unreported")).await;
    assert_eq!(daemon.detail(&cancelled["id"]).await["outputs"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn preview_that_is_wiped_as_soon_as_it_was_written_is_kept() {
    let (comfy, daemon) = pair().await;
    let preview = File::temp("preview.png", picture("preview"));
    let id = comfy.queue(Run::from_browser("b").giving("9", "images", &preview.item()));
    comfy.start_next();
    daemon.until_status(&id, "in_progress").await;
    comfy.put(preview.clone());
    until_taken(&daemon, &picture("preview")).await;
    comfy.wipe_temp();
    comfy.finish(&Outcome::Success);
    let done = until_stored(&daemon, &id).await;
    assert_eq!(outputs(&done).len(), 1, "reported and seen is one output");
    assert_kept(&daemon, output(&done, "preview.png"), &picture("preview")).await;
}

#[tokio::test]
async fn file_that_was_moved_away_before_its_run_ended_is_kept_however_late_it_is_taken() {
    let (comfy, daemon) = pair().await;
    let preview = File::temp("preview.png", picture("preview"));
    let id = comfy.run(Run::from_browser("b").giving("9", "images", &preview.item()));
    let missing = daemon.until_whole(&id, "completed").await;
    assert_eq!(output(&missing, "preview.png")["state"], "missing");
    // Closed now, and written when the run ended.
    let ended: DateTime<Utc> = missing["finished_at"].as_str().unwrap().parse().unwrap();
    let mut file = fs::File::create(comfy.folder().join("temp/preview.png")).unwrap();
    file.write_all(&picture("preview")).unwrap();
    file.set_modified(ended.into()).unwrap();
    drop(file);
    let done = until_stored(&daemon, &id).await;
    assert_eq!((&done["status"], &done["finished_at"]), (&missing["status"], &missing["finished_at"]));
    assert_eq!(output(&done, "preview.png")["node_id"], "9");
    assert_kept(&daemon, output(&done, "preview.png"), &picture("preview")).await;
}

#[tokio::test]
async fn file_that_is_not_in_the_shared_folder_is_fetched() {
    let (comfy, daemon) = pair().await;
    let elsewhere = ComfyUi::builder().with_folders().start().await;
    drop(daemon);
    let launch = Launch::new().beside(&comfy).with_folders_of(&elsewhere);
    let daemon = launch.start().await;
    comfy.until_sockets(1).await;
    let id = comfy.run(Run::from_browser("b").saving(File::output("a.png", picture("a"))));
    let done = daemon.until_whole(&id, "completed").await;
    assert_kept(&daemon, output(&done, "a.png"), &picture("a")).await;
}

#[tokio::test]
async fn links_out_of_the_shared_folder_are_not_followed() {
    let (comfy, daemon) = pair().await;
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "not for everybody").unwrap();
    std::os::unix::fs::symlink(secret.path(), comfy.folder().join("output/link.png")).unwrap();
    // What ComfyUI itself serves under that name is its own affair.
    comfy.fail(Route::View, Fault::Status(404));
    let item = File::output("link.png", picture("")).item();
    let id = comfy.run(Run::from_browser("b").giving("9", "images", &item));
    let done = daemon.until_whole(&id, "completed").await;
    assert_eq!(output(&done, "link.png")["state"], "missing");
}

#[tokio::test]
async fn temp_folder_that_comfyui_made_anew_is_watched_again() {
    let (comfy, daemon) = pair().await;
    comfy.restart().await;
    comfy.until_sockets(1).await;
    let id = comfy.queue(Run::from_browser("b"));
    comfy.start_next();
    daemon.until_status(&id, "in_progress").await;
    comfy.put(File::temp("preview.png", picture("preview")));
    until_taken(&daemon, &picture("preview")).await;
    comfy.restart().await;
    let lost = until_outputs(&daemon, &id, "lost", 1).await;
    assert_kept(&daemon, output(&lost, "preview.png"), &picture("preview")).await;
}

#[tokio::test]
async fn folder_that_is_made_after_our_start_is_watched_from_its_first_file_on() {
    let comfy = ComfyUi::builder().with_folders().start().await;
    std::fs::remove_dir(comfy.folder().join("temp")).unwrap();
    let daemon = Launch::new().beside(&comfy).with_folders_of(&comfy).start().await;
    comfy.until_sockets(1).await;
    let id = comfy.queue(Run::from_browser("b"));
    comfy.start_next();
    daemon.until_status(&id, "in_progress").await;
    comfy.put(File::temp("preview.png", picture("preview")));
    until_taken(&daemon, &picture("preview")).await;
    comfy.finish(&Outcome::Interrupted);
    let done = until_outputs(&daemon, &id, "cancelled", 1).await;
    assert_kept(&daemon, output(&done, "preview.png"), &picture("preview")).await;
}
