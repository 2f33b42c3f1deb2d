//! Whoever queues a run, and however many do at once.

use serde_json::{Value, json};

use super::{assert_kept, beside, output, pair, run_saving};
use crate::support::client;
use crate::support::comfyui::{ComfyUi, Fault, File, Outcome, Route, Run, Version, picture};
use crate::support::daemon::Launch;

#[tokio::test]
async fn run_queued_by_the_browser_is_recorded_from_the_queue_to_its_end() {
    for version in Version::ALL {
        let (comfy, daemon) = beside(ComfyUi::builder().version(version).start().await).await;
        let id = comfy.queue(run_saving("a.png").with_seed(7).with_cached(&["4", "6"]));
        let waiting = daemon.until_status(&id, "pending").await;
        assert_eq!(waiting["prompt"]["3"]["inputs"]["seed"], 7, "written ahead, with its prompt");
        assert_eq!(waiting["workflow"]["nodes"][0]["widgets_values"][0], 7);
        comfy.start_next();
        daemon.until_status(&id, "in_progress").await;
        comfy.finish(&Outcome::Success);
        let done = daemon.until_whole(&id, "completed").await;
        assert_eq!(done["id"], waiting["id"]);
        let entry: Value = serde_json::from_str(&comfy.entry(&id).unwrap()).unwrap();
        assert_eq!(done["prompt"], entry["prompt"][2]);
        assert_eq!(done["workflow"], entry["prompt"][3]["extra_pnginfo"]["workflow"]);
        assert_eq!(done["messages"], entry["status"]["messages"]);
        assert_eq!(done["cached_nodes"], json!(["4", "6"]));
        assert_eq!(done["client_id"], "browser");
        assert_eq!(done["workflow_id"], "21b33f3f-8434-427c-9ba4-8a18ddd4a863");
        assert_eq!(done["outputs_count"], 1);
        assert!(done["duration_ms"].as_i64().unwrap() >= 0);
        assert_kept(&daemon, output(&done, "a.png"), &picture("a.png")).await;
        let named = if version == Version::V0_3_10 { Value::Null } else { json!(version.as_str()) };
        assert_eq!(done["comfyui"]["version"], named);
        assert_eq!(done["comfyui"]["devices"], json!(["cpu"]));
        assert_eq!(output(&done, "a.png")["node_title"], "SaveImage");
    }
}

#[tokio::test]
async fn run_queued_by_the_api_is_recorded_with_and_without_client_id() {
    let (comfy, daemon) = pair().await;
    let url = format!("{}/prompt", comfy.url());
    for (client_id, recorded) in [(None, Value::Null), (Some("script"), json!("script"))] {
        let mut body = json!({"prompt": {"9": {"class_type": "SaveImage", "inputs": {}}}});
        if let Some(client_id) = client_id {
            body["client_id"] = json!(client_id);
        }
        let queued: Value = client().post(&url).body(body.to_string()).send().await.unwrap().json().await.unwrap();
        let id = comfy.start_next();
        assert_eq!(queued["prompt_id"], id);
        comfy.finish(&Outcome::Success);
        let done = daemon.until_whole(&id, "completed").await;
        assert_eq!(done["client_id"], recorded);
        assert_eq!(done["prompt"], body["prompt"]);
        assert_eq!(done["workflow"], Value::Null);
        assert_eq!(done["workflow_id"], Value::Null);
    }
}

#[tokio::test]
async fn two_clients_at_once_are_told_apart() {
    let (comfy, daemon) = pair().await;
    let run = |client: &str, seed| Run::from_browser(client).with_seed(seed);
    let queued: Vec<_> = (0..6).map(|seed| comfy.queue(run(["ann", "bob"][seed % 2], seed as u64))).collect();
    for _ in &queued {
        comfy.start_next();
        comfy.finish(&Outcome::Success);
    }
    for (seed, id) in queued.iter().enumerate() {
        let done = daemon.until_whole(id, "completed").await;
        assert_eq!(done["client_id"], ["ann", "bob"][seed % 2]);
        assert_eq!(done["prompt"]["3"]["inputs"]["seed"], seed);
    }
}

#[tokio::test]
async fn run_put_to_the_front_is_recorded_like_any_other() {
    let (comfy, daemon) = pair().await;
    comfy.queue(Run::from_api());
    comfy.start_next();
    let numbers = ["5", "1.5", "-3"];
    let ids: Vec<_> = numbers.iter().map(|number| comfy.queue(Run::from_api().numbered(number))).collect();
    for id in &ids {
        daemon.until_status(id, "pending").await;
    }
    for id in ids.iter().rev() {
        comfy.finish(&Outcome::Success);
        assert_eq!(&comfy.start_next(), id);
        daemon.until_status(id, "in_progress").await;
    }
    comfy.finish(&Outcome::Success);
    daemon.until_all_whole(4).await;
}

#[tokio::test]
async fn same_prompt_id_twice_is_two_generations() {
    let (comfy, daemon) = beside(ComfyUi::builder().version(Version::V0_8_0).start().await).await;
    let run = |seed: u64| {
        let name = format!("{seed}.png");
        Run::from_browser("c").with_id("same").with_seed(seed).saving(File::temp(&name, picture(&name)))
    };
    comfy.run(run(1));
    daemon.until_whole("same", "completed").await;
    // Far enough for the tail of the history not to show the old place, which the second run takes.
    let between = comfy.run_burst(200, &Run::from_api());
    daemon.until_whole(between.last().unwrap(), "completed").await;
    comfy.queue(run(2));
    comfy.start_next();
    daemon
        .until("the second to be seen", async |daemon| (daemon.of_prompt("same").await.len() == 2).then_some(()))
        .await;
    comfy.finish(&Outcome::Success);
    let found = daemon
        .until("both to be completed", async |daemon| {
            let found = daemon.of_prompt("same").await;
            found.iter().all(|generation| generation["status"] == "completed").then_some(found)
        })
        .await;
    assert_eq!(found.len(), 2);
    for (generation, seed) in found.iter().zip([2, 1]) {
        let detail = daemon.detail(&generation["id"]).await;
        assert_eq!(detail["prompt"]["3"]["inputs"]["seed"], seed);
        assert_eq!(output(&detail, &format!("{seed}.png"))["type"], "temp");
    }
}

#[tokio::test]
async fn prompt_ids_of_any_text_are_recorded() {
    let (comfy, daemon) = beside(ComfyUi::builder().version(Version::V0_3_10).start().await).await;
    for id in
        ["a/b", "../../etc", "..", ".", "<script>alert(1)</script>", "ünï 批次?#%2F&x=1", "'; DROP TABLE x;--", " "]
    {
        comfy.queue(Run::from_api().with_id(id));
        daemon.until_status(id, "pending").await;
        comfy.start_next();
        daemon.until_status(id, "in_progress").await;
        comfy.finish(&Outcome::Success);
        let done = daemon.until_whole(id, "completed").await;
        assert_eq!(done["prompt_id"], id);
        let page = daemon.get(&format!("/g/{}", done["id"])).await.text().await.unwrap();
        assert!(!page.contains("<script>alert"), "escaped");
    }
}

#[tokio::test]
async fn comfyui_behind_a_proxy_with_prefix_and_password_is_recorded() {
    let comfy = ComfyUi::builder().prefix("/gpu/comfy").authorization("Basic dXNlcjpodW50ZXIy").start().await;
    let url = comfy.url().replace("http://", "http://user:hunter2@");
    let launch = Launch::new().argument("--comfyui").argument(url).argument("--log-level").argument("trace");
    let daemon = launch.start().await;
    comfy.until_sockets(1).await;
    let id = comfy.run(run_saving("a.png"));
    let done = daemon.until_whole(&id, "completed").await;
    assert_kept(&daemon, output(&done, "a.png"), &picture("a.png")).await;
    for path in ["/", "/status", "/readyz", "/api/v1/generations"] {
        let said = daemon.get(path).await.text().await.unwrap();
        assert!(!said.contains("hunter2") && !said.contains("dXNlcjpodW50ZXIy"), "{path} tells the password");
    }
    assert!(!daemon.log().contains("hunter2") && !daemon.log().contains("dXNlcjpodW50ZXIy"), "{}", daemon.log());
}

#[tokio::test]
async fn several_comfyui_are_recorded_side_by_side() {
    let (first, second) = (ComfyUi::start().await, ComfyUi::start().await);
    let daemon = Launch::new().beside_as("one", &first).beside_as("two", &second).start().await;
    first.until_sockets(1).await;
    second.until_sockets(1).await;
    for (comfy, seed) in [(&first, 1), (&second, 2)] {
        comfy.run(Run::from_api().with_id("same").with_seed(seed));
    }
    let mut found = daemon.until_all_whole(2).await;
    found.sort_by_key(|generation| generation["instance"].to_string());
    assert_eq!((&found[0]["instance"], &found[0]["prompt"]["3"]["inputs"]["seed"]), (&json!("one"), &json!(1)));
    assert_eq!((&found[1]["instance"], &found[1]["prompt"]["3"]["inputs"]["seed"]), (&json!("two"), &json!(2)));
    assert_eq!(daemon.list("instance=two").await.len(), 1);
}

#[tokio::test]
async fn run_whose_place_in_the_history_was_taken_before_it_was_read_is_lost_not_cancelled() {
    let (comfy, daemon) = beside(ComfyUi::builder().version(Version::V0_8_0).start().await).await;
    for seed in [1, 2] {
        comfy.queue(Run::from_browser("c").with_id("same").with_seed(seed));
    }
    daemon.until("both to be written ahead", async |d| (d.of_prompt("same").await.len() == 2).then_some(())).await;
    comfy.fail(Route::History, Fault::Hold);
    for _ in 0..2 {
        comfy.start_next();
        comfy.finish(&Outcome::Success);
    }
    comfy.heal(Route::History);
    let found = daemon
        .until("both to be settled", async |daemon| {
            let found = daemon.of_prompt("same").await;
            let is_settled = |run: &Value| !matches!(run["status"].as_str(), Some("pending" | "in_progress"));
            found.iter().all(is_settled).then_some(found)
        })
        .await;
    let told: Vec<_> = found.iter().map(|run| (run["status"].clone(), run["status_reason"].clone())).collect();
    assert_eq!(told, [(json!("completed"), Value::Null), (json!("lost"), json!("history_deleted"))]);
}

#[tokio::test]
async fn a_machine_without_certificates_records_what_is_asked_over_http() {
    let comfy = ComfyUi::start().await;
    let nowhere = |launch: Launch, name| launch.environment(name, "/nonexistent");
    let launch = nowhere(nowhere(Launch::new(), "SSL_CERT_FILE"), "SSL_CERT_DIR").beside(&comfy);
    let daemon = launch.start().await;
    comfy.until_sockets(1).await;
    let id = comfy.run(run_saving("a.png"));
    daemon.until_whole(&id, "completed").await;
}
