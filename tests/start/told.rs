//! What people are told of a server that was named, and when the browser is opened.

use std::fs;

use super::{browser, script};
use crate::support::comfyui::{ComfyUi, Run, Texts, Version};
use crate::support::daemon::{Daemon, Launch};

/// What was written to stderr that is no line of the log.
fn words(daemon: &Daemon) -> Vec<String> {
    let is_log = |line: &&str| line.contains(" INFO ") || line.contains(" WARN ");
    daemon.log().lines().filter(|line| !is_log(line)).map(str::to_owned).collect()
}

#[tokio::test]
async fn first_start_tells_how_far_the_history_is_and_the_second_what_is_kept_where() {
    let comfy = ComfyUi::start().await;
    let ids = comfy.preload(700, &Run::from_browser("b").with_texts(&Texts::of(4_000)));
    let mut daemon = Daemon::beside(&comfy).await;
    let done = format!("700 runs from its history are recorded, their files are being copied: {}/", daemon.url());
    daemon.until("the end of the history", async |daemon| daemon.log().contains(&done).then_some(())).await;
    let told = words(&daemon);
    assert_eq!(told[0], format!("Found ComfyUI 0.26.0 at {}/", comfy.url()));
    // How soon the runs are counted is nobody's promise, only that a line about it is true.
    let middle = &told[1..told.len() - 1];
    assert!(middle.iter().all(|line| line == "Reading the 700 runs in its history" || line.ends_with(" of 700 runs")));
    assert_eq!(told.last(), Some(&done), "{told:#?}");
    assert_eq!(daemon.list("").await.len(), ids.len());

    daemon.terminate().await;
    let before = daemon.log();
    daemon.start_again().await;
    comfy.until_sockets(1).await;
    let id = comfy.run(Run::from_browser("b"));
    daemon.until_status(&id, "completed").await;
    let kept = format!("700 runs are in {}", daemon.data_dir().display());
    let recorded = format!("Recording ComfyUI at {}/", comfy.url());
    assert_eq!(daemon.log().strip_prefix(&before).unwrap().lines().collect::<Vec<_>>(), [kept, recorded]);
}

#[tokio::test]
async fn history_that_cannot_be_counted_is_told_all_the_same() {
    let comfy = ComfyUi::builder().version(Version::V0_3_10).start().await;
    comfy.preload(2_500, &Run::from_browser("b"));
    let daemon = Daemon::beside(&comfy).await;
    daemon.until("the end", async |daemon| daemon.log().contains("2500 runs from its history").then_some(())).await;
    let told = words(&daemon);
    assert!(told.iter().filter(|line| line.ends_with("00 runs") || line.ends_with(" runs")).count() >= 1, "{told:#?}");
    assert!(told[0].starts_with("Found ComfyUI at"), "{told:#?}");
}

#[tokio::test]
async fn who_reads_the_log_as_json_or_only_warnings_is_told_nothing_else() {
    for (option, value) in [("--log-format", "json"), ("--log-level", "warn")] {
        let comfy = ComfyUi::start().await;
        comfy.preload(70, &Run::from_browser("b"));
        let daemon = Launch::new().beside(&comfy).argument(option).argument(value).start().await;
        daemon.until_all_whole(70).await;
        let words: Vec<_> = words(&daemon).into_iter().filter(|line| !line.starts_with('{')).collect();
        assert_eq!(words, Vec::<String>::new());
    }
}

#[tokio::test]
async fn page_is_opened_when_it_is_ready_where_there_is_a_browser() {
    let comfy = ComfyUi::start().await;
    let (path, opened) = browser();
    let launch = Launch::new().beside(&comfy).argument("--open").argument("--base-path").argument("/history");
    let path = path.path().to_str().unwrap();
    let daemon =
        launch.environment("PATH", &format!("{path}:/usr/bin:/bin")).environment("DISPLAY", ":9").start().await;
    let address = daemon
        .until("the browser", async |_| fs::read_to_string(&opened).ok().filter(|text| text.ends_with('\n')))
        .await;
    assert_eq!(address, format!("{}/\n", daemon.url()));
}

#[tokio::test]
async fn without_a_display_or_a_browser_the_daemon_goes_on_and_says_so() {
    let comfy = ComfyUi::start().await;
    let daemon = Launch::new().beside(&comfy).argument("--open").start().await;
    let said = format!("there is no display to open a browser on; open {}/ on", daemon.url());
    daemon.until("the word", async |daemon| daemon.log().contains(&said).then_some(())).await;

    let empty = tempfile::tempdir().unwrap();
    script(&empty.path().join("true"), "");
    let launch = Launch::new().beside(&comfy).argument("--open").environment("DISPLAY", ":9");
    let daemon = launch.environment("PATH", empty.path().to_str().unwrap()).start().await;
    daemon
        .until("the word", async |daemon| daemon.log().contains("the browser couldn't be opened").then_some(()))
        .await;
    assert_eq!(daemon.get("/healthz").await.status(), 200);
}
