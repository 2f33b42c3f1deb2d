//! Files that runs read, written over at every bad moment.

use serde_json::Value;

use super::{assert_kept, pair};
use crate::support::comfyui::{ComfyUi, File, Outcome, Route, Run, picture};
use crate::support::daemon::{Daemon, Launch};
use crate::support::sha256;

const PROMPT: &str = r#"{"1":{"class_type":"LoadImage","inputs":{"image":"photo.png"}},"9":{"class_type":"SaveImage","inputs":{"images":["1",0]}}}"#;

fn run() -> Run {
    Run::from_browser("b").with_prompt(PROMPT)
}

fn upload(comfy: &ComfyUi, text: &str) {
    comfy.put(File::input("photo.png", picture(text)));
}

/// The file that a run reads, once it is told like that.
async fn until_read(daemon: &Daemon, prompt_id: &str, is: impl Fn(&Value) -> bool) -> Value {
    let read = async |daemon: &Daemon| {
        let run = daemon.of_prompt(prompt_id).await.first()?["id"].clone();
        let read = daemon.detail(&run).await["inputs"][0].clone();
        is(&read).then_some(read)
    };
    daemon.until("the input", read).await
}

fn holds(text: &str) -> impl Fn(&Value) -> bool + use<> {
    let digest = sha256(&picture(text));
    move |read| read["sha256"] == digest
}

#[tokio::test]
async fn file_written_over_while_its_run_waits_is_kept_as_the_run_read_it() {
    let shared = ComfyUi::builder().with_folders().start().await;
    let beside = Launch::new().beside(&shared).with_folders_of(&shared).start().await;
    shared.until_sockets(1).await;
    for (comfy, daemon) in [pair().await, (shared, beside)] {
        upload(&comfy, "before");
        let id = comfy.queue(run());
        until_read(&daemon, &id, holds("before")).await;
        upload(&comfy, "after");
        comfy.start_next();
        comfy.finish(&Outcome::Success);
        let read = until_read(&daemon, &id, holds("after")).await;
        assert_kept(&daemon, &read, &picture("after")).await;
        daemon.until_whole(&id, "completed").await;
        let read = until_read(&daemon, &id, holds("after")).await;
        assert_eq!((&read["reason_code"], &read["other_version"]), (&Value::Null, &Value::Null), "{read:#}");
    }
}

#[tokio::test]
async fn file_written_over_while_its_run_is_in_progress_is_kept_twice_and_says_so() {
    let (comfy, daemon) = pair().await;
    upload(&comfy, "before");
    let id = comfy.queue(run());
    comfy.start_next();
    daemon.until_status(&id, "in_progress").await;
    until_read(&daemon, &id, holds("before")).await;
    upload(&comfy, "after");
    comfy.finish(&Outcome::Success);
    let read = until_read(&daemon, &id, |read| read["reason_code"] == "maybe_overwritten").await;
    assert_kept(&daemon, &read, &picture("before")).await;
    assert_eq!(read["other_version"]["sha256"], sha256(&picture("after")));
    let other = daemon.get(read["other_version"]["url"].as_str().unwrap()).await.bytes().await.unwrap();
    assert_eq!(other, picture("after"));
    let page = daemon.get(&format!("/g/{}", daemon.of_prompt(&id).await[0]["id"])).await.text().await.unwrap();
    assert!(page.contains("These may not be the bytes that the run read"), "{page}");
}

#[tokio::test]
async fn file_that_a_run_reads_is_asked_for_three_times_at_most() {
    let (comfy, daemon) = pair().await;
    upload(&comfy, "same");
    for _ in 0..3 {
        let id = comfy.queue(run());
        until_read(&daemon, &id, holds("same")).await;
        comfy.start_next();
        comfy.finish(&Outcome::Success);
        daemon.until_whole(&id, "completed").await;
    }
    assert!(comfy.requests_to(Route::View) <= 9, "{}", comfy.requests_to(Route::View));
}

#[tokio::test]
async fn names_that_no_input_has_are_no_files_of_a_node_that_nobody_knows() {
    let (comfy, daemon) = pair().await;
    comfy.put(File::input("face.png", picture("face")));
    let prompt = r#"{"1":{"class_type":"Unknown","inputs":{"reference":"face.png","style":"oil.png"}},"9":{"class_type":"SaveImage","inputs":{"images":["1",0]}}}"#;
    let id = comfy.run(Run::from_browser("b").with_prompt(prompt));
    let done = daemon.until_whole(&id, "completed").await;
    let names: Vec<_> = done["inputs"].as_array().unwrap().iter().map(|read| &read["filename"]).collect();
    assert_eq!(names, ["face.png"]);
    assert_kept(&daemon, &done["inputs"][0], &picture("face")).await;
}
