//! Both sides end in the evening and begin in the morning: where nothing can have been missed nobody is alarmed, and each way
//! to miss runs is told.

use std::sync::Arc;

use super::outages::{gaps, until_gaps, until_heard};
use super::run_saving;
use crate::support::comfyui::{ComfyUi, File, Run, picture};
use crate::support::daemon::{Daemon, Launch};

/// A ComfyUI that shares its folders, with one run that is recorded whole.
async fn sharing() -> (ComfyUi, Daemon) {
    let comfy = ComfyUi::builder().with_folders().start().await;
    let daemon = Launch::new().beside(&comfy).with_folders_of(&comfy).start().await;
    whole(&comfy, &daemon).await;
    (comfy, daemon)
}

/// The same without folders.
async fn apart() -> (ComfyUi, Daemon) {
    let comfy = ComfyUi::start().await;
    let daemon = Launch::new().beside(&comfy).start().await;
    whole(&comfy, &daemon).await;
    (comfy, daemon)
}

async fn whole(comfy: &ComfyUi, daemon: &Daemon) {
    comfy.until_sockets(1).await;
    let before = comfy.run(run_saving("before.png"));
    daemon.until_whole(&before, "completed").await;
    until_quiet(daemon).await;
}

/// Until the queue is known to be empty.
async fn until_quiet(daemon: &Daemon) {
    let look = async |daemon: &Daemon| {
        let server = daemon.json("/api/v1/instances").await["items"][0].clone();
        (server["state"] == "connected" && server["queue_remaining"] == 0).then_some(())
    };
    daemon.until("an empty queue", look).await;
}

async fn until_missed(daemon: &Daemon) {
    let look = async |daemon: &Daemon| {
        let server = daemon.json("/api/v1/instances").await["items"][0].clone();
        (server["state"] == "away").then_some(())
    };
    daemon.until("ComfyUI to be missed", look).await;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    ComfyUi,
    Recall,
}

const ORDERS: [(First, First); 4] = [
    (First::ComfyUi, First::ComfyUi),
    (First::ComfyUi, First::Recall),
    (First::Recall, First::ComfyUi),
    (First::Recall, First::Recall),
];

async fn evening(comfy: &ComfyUi, daemon: &mut Daemon, first: First) {
    if first == First::Recall {
        assert!(daemon.terminate().await.success());
    }
    comfy.kill().await;
    if first == First::ComfyUi {
        until_missed(daemon).await;
        assert!(daemon.terminate().await.success());
    }
}

async fn morning(comfy: &ComfyUi, daemon: &mut Daemon, first: First) {
    if first == First::ComfyUi {
        comfy.revive();
    }
    daemon.start_again().await;
    if first == First::Recall {
        until_missed(daemon).await;
        comfy.revive();
    }
    until_heard(daemon).await;
}

/// Neither the status page nor its JSON, the banners or the log tell of anything.
async fn assert_calm(daemon: &Daemon, what: &str) {
    assert_eq!(gaps(daemon).await, [], "{what}\n{}", daemon.log());
    assert_eq!(daemon.json("/api/v1/status").await["gaps"], serde_json::json!([]), "{what}");
    let page = daemon.get("/").await.text().await.unwrap();
    assert!(!page.contains("data-banner="), "{what}");
    assert!(!daemon.log().contains(" WARN "), "{what}: {}", daemon.log());
}

#[tokio::test]
async fn evening_and_morning_in_any_order_raise_no_alarm_where_folders_are_shared() {
    for (ends, begins) in ORDERS {
        let (comfy, mut daemon) = sharing().await;
        let what = format!("{ends:?} ends first, {begins:?} begins first");
        for day in ["a day", "the next day"] {
            evening(&comfy, &mut daemon, ends).await;
            morning(&comfy, &mut daemon, begins).await;
            assert_calm(&daemon, &format!("{what}, {day}")).await;
            let made = comfy.run(run_saving(&format!("{day}.png")));
            daemon.until_whole(&made, "completed").await;
            until_quiet(&daemon).await;
        }
    }
}

#[tokio::test]
async fn what_the_next_comfyui_made_before_our_morning_is_no_alarm() {
    let (comfy, mut daemon) = sharing().await;
    evening(&comfy, &mut daemon, First::Recall).await;
    comfy.revive();
    let made = comfy.run(run_saving("early.png"));
    daemon.start_again().await;
    daemon.until_whole(&made, "completed").await;
    until_heard(&daemon).await;
    assert_calm(&daemon, "it is in its history").await;
}

#[tokio::test]
async fn comfyui_that_went_first_when_its_work_was_done_raises_no_alarm_without_its_folders() {
    for begins in [First::ComfyUi, First::Recall] {
        let (comfy, mut daemon) = apart().await;
        evening(&comfy, &mut daemon, First::ComfyUi).await;
        morning(&comfy, &mut daemon, begins).await;
        assert_calm(&daemon, &format!("{begins:?} begins first")).await;
    }
}

#[tokio::test]
async fn an_evening_on_which_we_are_killed_after_comfyui_went_raises_no_alarm() {
    let (comfy, mut daemon) = apart().await;
    comfy.kill().await;
    until_missed(&daemon).await;
    let look =
        async |daemon: &Daemon| (gaps(daemon).await == [("away".to_owned(), "unknown".to_owned())]).then_some(());
    daemon.until("the absence", look).await;
    daemon
        .until("a word of it", async |daemon| daemon.log().contains("nothing waited or ran there").then_some(()))
        .await;
    daemon.kill().await;
    comfy.revive();
    daemon.start_again().await;
    until_heard(&daemon).await;
    assert_calm(&daemon, "it was left whole").await;
}

#[tokio::test]
async fn restart_of_ours_beside_a_comfyui_with_an_empty_history_raises_no_alarm() {
    let (comfy, mut daemon) = apart().await;
    evening(&comfy, &mut daemon, First::ComfyUi).await;
    morning(&comfy, &mut daemon, First::ComfyUi).await;
    for _ in 0..2 {
        assert!(daemon.terminate().await.success());
        daemon.start_again().await;
        until_heard(&daemon).await;
        assert_calm(&daemon, "there was nothing to lose").await;
    }
}

#[tokio::test]
async fn run_that_was_made_and_forgotten_while_we_were_stopped_is_an_alarm() {
    for (ends, begins) in ORDERS {
        let (comfy, mut daemon) = sharing().await;
        evening(&comfy, &mut daemon, ends).await;
        // Somebody works at night, without us.
        comfy.revive();
        comfy.run(Run::from_browser("b").saving(File::output("night.png", picture("night"))));
        comfy.kill().await;
        morning(&comfy, &mut daemon, begins).await;
        let told = gaps(&daemon).await;
        assert!(told.iter().any(|(_, missed)| missed == "yes"), "{ends:?}, {begins:?}: {told:?}\n{}", daemon.log());
    }
}

#[tokio::test]
async fn comfyui_that_lived_on_without_us_and_forgot_is_an_alarm_where_nothing_says_otherwise() {
    let (comfy, mut daemon) = apart().await;
    evening(&comfy, &mut daemon, First::Recall).await;
    morning(&comfy, &mut daemon, First::ComfyUi).await;
    until_gaps(&daemon, &[("stopped", "yes")]).await;
}

#[tokio::test]
async fn a_night_in_which_we_were_killed_or_a_run_was_left_is_an_alarm() {
    // Killed beside a ComfyUI that is there: nobody noted that all was whole.
    let (comfy, mut daemon) = sharing().await;
    daemon.kill().await;
    comfy.restart().await;
    daemon.start_again().await;
    until_gaps(&daemon, &[("stopped", "yes")]).await;
    // Left with a run that nobody saw the end of.
    let (comfy, mut daemon) = sharing().await;
    let open = comfy.queue(Run::from_browser("b"));
    comfy.start_next();
    daemon.until_status(&open, "in_progress").await;
    evening(&comfy, &mut daemon, First::Recall).await;
    morning(&comfy, &mut daemon, First::ComfyUi).await;
    until_gaps(&daemon, &[("stopped", "yes")]).await;
    daemon.until_whole(&open, "lost").await;
}

#[tokio::test]
async fn alarm_is_one_line_that_goes_for_good_when_somebody_knows_of_it() {
    let data = Arc::new(tempfile::TempDir::with_prefix("recall-").unwrap());
    let comfy = ComfyUi::start().await;
    let mut daemon = Launch::on(&data).beside(&comfy).start().await;
    whole(&comfy, &daemon).await;
    evening(&comfy, &mut daemon, First::Recall).await;
    // As if the night had been long: what is shorter than a minute is no news.
    let file = data.path().join("recall.db");
    let long_ago = "UPDATE meta SET value = CAST(value AS INTEGER) - 3600000 WHERE key = 'alive_at'";
    rusqlite::Connection::open(file).unwrap().execute_batch(long_ago).unwrap();
    morning(&comfy, &mut daemon, First::ComfyUi).await;
    until_gaps(&daemon, &[("stopped", "yes")]).await;
    let page = daemon.get("/").await.text().await.unwrap();
    assert!(page.contains("data-banner=\"missed\"") && page.matches("data-banner=").count() == 1);
    let gap = daemon.json("/api/v1/status").await["gaps"][0].clone();
    assert_eq!((&gap["dismissed_at"], &gap["may_have_missed"]), (&serde_json::Value::Null, &true.into()));

    let post = async |daemon: &Daemon, path: String| {
        let url = format!("{}{path}", daemon.url());
        crate::support::client()
            .post(url)
            .body("back=/status")
            .header("content-type", "application/x-www-form-urlencoded")
            .send()
            .await
            .unwrap()
    };
    assert_eq!(
        daemon.get(&format!("/api/v1/gaps/{}/dismiss", gap["id"])).await.status(),
        405,
        "nothing is changed by GET"
    );
    let answer = post(&daemon, format!("/api/v1/gaps/{}/dismiss", gap["id"])).await;
    let answer: serde_json::Value = answer.json().await.unwrap();
    assert!(answer["id"] == gap["id"] && answer["dismissed_at"].is_string(), "{answer}");
    assert_eq!(post(&daemon, "/api/v1/gaps/99/dismiss".to_owned()).await.status(), 404);
    let shown = post(&daemon, format!("/gaps/{}/dismiss", gap["id"])).await;
    assert_eq!((shown.status().as_u16(), shown.url().path()), (200, "/status"), "back to where the button was");

    daemon.terminate().await;
    daemon.start_again().await;
    until_heard(&daemon).await;
    assert!(!daemon.get("/").await.text().await.unwrap().contains("data-banner="));
    let told = daemon.json("/api/v1/status").await["gaps"][0].clone();
    assert_eq!((&told["id"], &told["dismissed_at"]), (&gap["id"], &answer["dismissed_at"]));
    assert_eq!(gaps(&daemon).await, [("stopped".to_owned(), "yes".to_owned())], "the status page still tells of it");
}
