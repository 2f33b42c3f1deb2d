//! What is slow, endless or too much: nobody else waits for it.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use serde_json::Value;

use crate::support::comfyui::{ComfyUi, Content, File, Frame, Route, Run, picture};
use crate::support::daemon::{Daemon, Launch};

/// 20 KB a second.
const SLOW: Content = Content::Endless { piece: 2_000, pause: Duration::from_millis(100) };

/// As fast as it is taken.
const FAST: Content = Content::Endless { piece: 256 * 1024, pause: Duration::ZERO };

fn saving_endless(names: &[&str], content: &Content) -> Run {
    let files = names.iter().map(|name| {
        let mut file = File::output(name, "");
        file.content = content.clone();
        file
    });
    files.fold(Run::from_browser("b"), Run::saving)
}

fn output<'d>(detail: &'d Value, filename: &str) -> &'d Value {
    detail["outputs"].as_array().unwrap().iter().find(|output| output["filename"] == filename).unwrap()
}

#[tokio::test]
#[ignore = "takes half a minute; tests/all runs it"]
async fn slow_files_of_eight_servers_hold_up_neither_pages_nor_records_nor_other_files() {
    let servers = join_all((0..8).map(|_| ComfyUi::start())).await;
    let launch = servers
        .iter()
        .enumerate()
        .fold(Launch::new(), |launch, (nth, comfy)| launch.beside_as(&format!("gpu-{nth}"), comfy));
    let daemon = launch.start().await;
    for comfy in &servers {
        comfy.until_sockets(1).await;
        comfy.run(saving_endless(&["a.mp4", "b.mp4", "c.mp4"], &SLOW));
    }
    for comfy in &servers {
        comfy.until_asked(Route::View, 3).await;
    }
    for path in ["/", "/api/v1/generations", "/g/1", "/readyz", "/status", "/healthz"] {
        assert!(daemon.get(path).await.status().is_success(), "{path}");
    }
    let id = servers[0].queue(Run::from_browser("b").saving(File::output("g.png", picture("g"))));
    daemon.until_status(&id, "pending").await;
    servers[0].start_next();
    servers[0].finish(&crate::support::comfyui::Outcome::Success);
    let done = daemon.until_whole(&id, "completed").await;
    assert_eq!(output(&done, "g.png")["state"], "stored", "the slow ones stood aside");
}

#[tokio::test]
#[ignore = "needs a Linux that lets its users have namespaces"]
async fn a_file_without_end_leaves_the_disk_some_room_and_says_why_it_is_not_kept() {
    let [endless, honest] = [ComfyUi::start().await, ComfyUi::start().await];
    let launch = Launch::new().beside_as("endless", &endless).beside_as("honest", &honest);
    let daemon = launch.on_small_disk(200).start().await;
    endless.until_sockets(1).await;
    honest.until_sockets(1).await;
    let id = endless.run(saving_endless(&["a.mp4"], &FAST));
    let found = daemon.until_status(&id, "completed").await;
    let given_up = daemon
        .until("the reason", async |daemon| {
            let detail = daemon.detail(&found["id"]).await;
            let output = output(&detail, "a.mp4").clone();
            output["reason_code"].is_string().then_some(output)
        })
        .await;
    assert_eq!((given_up["state"].as_str(), given_up["reason_code"].as_str()), (Some("pending"), Some("too_large")));
    let id = honest.run(Run::from_browser("b").saving(File::output("b.png", picture("b"))));
    let done = daemon.until_whole(&id, "completed").await;
    assert_eq!(output(&done, "b.png")["state"], "stored");
    assert!(daemon.get("/readyz").await.status().is_success(), "the disk isn't full");
}

#[tokio::test]
async fn pings_without_end_fill_no_memory() {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_sockets(1).await;
    let mut ping = vec![0x89, 125];
    ping.extend([b'p'; 125]);
    // 80 MB of answers that nobody reads meanwhile.
    comfy.send(&Frame::Flood(Bytes::from(ping.repeat(1_000)), 640));
    let id = comfy.run(Run::from_browser("b"));
    daemon.until_status(&id, "completed").await;
    let (_, highest) = daemon.memory();
    assert!(highest < 60 << 20, "{highest} bytes");
}

#[tokio::test]
async fn a_run_of_many_outputs_is_recorded_with_all_of_them() {
    let comfy = ComfyUi::start().await;
    let daemon = Daemon::beside(&comfy).await;
    comfy.until_sockets(1).await;
    let many = (0..4_000).fold(Run::from_browser("b"), |run, number| {
        run.giving("9", &format!("text-{}", number % 8), &format!("\"text {number}\""))
    });
    let id = comfy.run(many);
    let done = daemon.until_whole(&id, "completed").await;
    assert_eq!(done["outputs"].as_array().unwrap().len(), 4_000);
    let archive = daemon.get(&format!("/g/{}/files.zip", done["id"])).await;
    assert!(archive.status().is_success(), "{}", archive.status());
    assert!(archive.bytes().await.unwrap().len() > 4_000 * 100);
}
