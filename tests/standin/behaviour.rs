//! What the stand-in does beside its recordings, as ComfyUI's source says.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Listener, status};
use crate::support::comfyui::{ComfyUi, File, Outcome, Run, Version, picture};
use crate::support::{client, sha256};

async fn get(url: &str) -> reqwest::Response {
    client().get(url).send().await.unwrap()
}

async fn get_json(url: &str) -> Value {
    get(url).await.json().await.unwrap()
}

async fn post(url: &str, body: &Value) -> reqwest::Response {
    client().post(url).body(body.to_string()).send().await.unwrap()
}

#[tokio::test]
async fn everybody_hears_status_and_the_client_hears_the_rest() {
    let comfy = ComfyUi::start().await;
    let (observer, browser) = (Listener::connect(&comfy).await, Listener::connect(&comfy).await);
    comfy.run(Run::from_browser(&browser.sid).saving(File::output("a.png", picture("a"))));
    comfy.close_sockets();
    assert_eq!(observer.rest().await, [status(1), status(1), status(0)]);
    let kinds: Vec<_> = browser.rest().await.iter().map(|frame| kind(frame)).collect();
    let during = ["execution_start", "execution_cached", "executing", "progress_state", "progress", "executed"];
    assert_eq!(kinds, [&["status", "status"], &during[..], &["execution_success", "status", "executing"]].concat());
}

fn kind(frame: &str) -> String {
    serde_json::from_str::<Value>(frame).unwrap()["type"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn everybody_hears_the_progress_of_a_run_without_client() {
    let comfy = ComfyUi::start().await;
    let observer = Listener::connect(&comfy).await;
    comfy.run(Run::from_api());
    comfy.close_sockets();
    let kinds: Vec<_> = observer.rest().await.iter().map(|frame| kind(frame)).collect();
    assert_eq!(kinds, ["status", "status", "progress_state", "progress", "status"]);
}

#[tokio::test]
async fn a_second_socket_with_the_same_client_id_unhooks_the_first() {
    let comfy = ComfyUi::start().await;
    let first = Listener::connect_as(&comfy, "same").await;
    let second = Listener::connect_as(&comfy, "same").await;
    comfy.ring();
    comfy.close_sockets();
    assert_eq!(second.rest().await, [status(0)]);
    assert_eq!(first.rest().await, [""; 0]);
}

#[tokio::test]
async fn the_history_has_a_run_before_its_end_is_told() {
    let comfy = ComfyUi::start().await;
    let mut observer = Listener::connect(&comfy).await;
    let id = comfy.queue(Run::from_api());
    comfy.start_next();
    assert_eq!(get_json(&format!("{}/history/{id}", comfy.url())).await, json!({}));
    comfy.finish(&Outcome::Success);
    while observer.next().await.unwrap() != status(0) {}
    assert_eq!(get_json(&format!("{}/api/history/{id}", comfy.url())).await[&id]["status"]["completed"], true);
}

#[tokio::test]
async fn prompts_run_by_number_and_their_json_stays_as_it_was_sent() {
    let comfy = ComfyUi::builder().version(Version::V0_8_0).start().await;
    let url = comfy.url();
    let body = r#"{"prompt":{"1":{"class_type":"X","inputs":{"seed":18446744073709551615,"f":1.50}}},"client_id":"c"}"#;
    let answer = client().post(format!("{url}/prompt")).body(body).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["number"], 0);
    let front = post(&format!("{url}/api/prompt"), &json!({"prompt": {"1": {}}, "front": true})).await;
    let front: Value = front.json().await.unwrap();
    assert_eq!(front["number"], -1);
    assert_eq!(comfy.start_next(), front["prompt_id"].as_str().unwrap());
    let queue = get(&format!("{url}/queue")).await.text().await.unwrap();
    assert!(queue.contains(r#""inputs":{"seed":18446744073709551615,"f":1.50}"#), "{queue}");
    assert_eq!(get_json(&format!("{url}/prompt")).await, json!({"exec_info": {"queue_remaining": 2}}));
}

#[tokio::test]
async fn bad_prompts_are_refused() {
    let comfy = ComfyUi::start().await;
    let url = format!("{}/prompt", comfy.url());
    for body in [json!({}), json!({"prompt": {}}), json!({"prompt": {"1": {}}, "prompt_id": "../x"})] {
        assert_eq!(post(&url, &body).await.status(), StatusCode::BAD_REQUEST, "{body}");
    }
    assert_eq!(get_json(&format!("{}/queue", comfy.url())).await["queue_pending"], json!([]));
}

#[tokio::test]
async fn a_repeated_id_takes_its_old_place_in_the_history() {
    let comfy = ComfyUi::start().await;
    for (id, seed) in [("a", 1), ("b", 2), ("c", 3), ("a", 4)] {
        comfy.run(Run::from_api().with_id(id).with_seed(seed));
    }
    let tail = get(&format!("{}/history?max_items=2", comfy.url())).await.text().await.unwrap();
    assert!(tail.starts_with(r#"{"b":"#) && tail.contains(r#","c":{"prompt""#), "{tail}");
    let page = get_json(&format!("{}/history?max_items=2&offset=0", comfy.url())).await;
    assert_eq!(page["a"]["prompt"][2]["3"]["inputs"]["seed"], 4);
    assert_eq!(page.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn the_history_keeps_ten_thousand_runs() {
    let comfy = ComfyUi::start().await;
    let ids = comfy.preload(10_003, &Run::from_api());
    assert_eq!(comfy.history_len(), 10_000);
    assert!(comfy.entry(&ids[2]).is_none() && comfy.entry(&ids[3]).is_some());
}

#[tokio::test]
async fn the_old_version_shows_secrets_ignores_offset_and_has_no_jobs() {
    let comfy = ComfyUi::builder().version(Version::V0_3_10).start().await;
    let ids: Vec<_> = (0..3).map(|_| comfy.run(Run::from_api())).collect();
    comfy.queue(Run::from_api().with_extra("api_key_comfy_org", "\"SECRET\""));
    let url = comfy.url();
    let page = get_json(&format!("{url}/history?max_items=1&offset=0")).await;
    assert!(page.get(&ids[2]).is_some(), "the newest");
    assert!(get(&format!("{url}/queue")).await.text().await.unwrap().contains("SECRET"));
    assert_eq!(get(&format!("{url}/api/jobs")).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get_json(&format!("{url}/system_stats")).await["system"]["comfyui_version"], "unknown");
}

#[tokio::test]
async fn the_new_versions_keep_secrets_to_themselves() {
    let comfy = ComfyUi::start().await;
    comfy.queue(Run::from_api().with_extra("api_key_comfy_org", "\"SECRET\"").with_extra("other", "1"));
    let queue = get(&format!("{}/queue", comfy.url())).await.text().await.unwrap();
    assert!(!queue.contains("SECRET") && queue.contains(r#""other":1"#), "{queue}");
}

#[tokio::test]
async fn deleting_from_the_queue_leaves_no_trace_and_is_told() {
    let comfy = ComfyUi::start().await;
    let observer = Listener::connect(&comfy).await;
    let ids: Vec<_> = (0..3).map(|_| comfy.queue(Run::from_browser("c"))).collect();
    let url = format!("{}/queue", comfy.url());
    post(&url, &json!({"delete": [ids[1]]})).await;
    post(&url, &json!({"clear": true})).await;
    comfy.close_sockets();
    assert_eq!(observer.rest().await, [status(1), status(2), status(3), status(2), status(0)]);
    assert_eq!(comfy.history_len(), 0);
}

#[tokio::test]
async fn view_serves_files_and_refuses_what_comfyui_refuses() {
    let comfy = ComfyUi::start().await;
    comfy.put_fixtures();
    let video = File::output("big.mp4", crate::support::comfyui::Content::Video { bytes: 200_001 }).below("video");
    comfy.put(video.clone());
    let url = format!("{}/view", comfy.url());
    let known = "filename=%E5%9B%9B%E5%BC%A0_00001_.png&subfolder=%E6%89%B9%E6%AC%A1&type=output";
    assert_eq!(get(&format!("{url}?{known}")).await.bytes().await.unwrap().len(), 12_865);
    let big = get(&format!("{url}?filename=big.mp4&subfolder=video")).await;
    assert_eq!(big.content_length(), Some(200_001));
    assert_eq!(sha256(&big.bytes().await.unwrap()), video.content.sha256().await);
    for (query, code) in [
        ("filename=gone.png", 404),
        ("filename=../../etc/passwd", 400),
        ("filename=/etc/passwd", 400),
        ("filename=x.png&subfolder=../..", 403),
        ("filename=x.png&subfolder=/etc", 403),
        ("filename=x.png&type=nonsense", 400),
        ("filename=x.png&subfolder=..%5C..%5Csecrets", 404),
        (&format!("filename={}", "%01".repeat(4096)), 400),
    ] {
        assert_eq!(get(&format!("{url}?{query}")).await.status(), code, "{query}");
    }
    let part = client().get(format!("{url}?filename=big.mp4&subfolder=video")).header("range", "bytes=100000-").send();
    let part = part.await.unwrap();
    assert_eq!((part.status(), part.content_length()), (StatusCode::PARTIAL_CONTENT, Some(100_001)));
    let etag = part.headers()["etag"].clone();
    let again = client().get(format!("{url}?filename=big.mp4&subfolder=video")).header("if-none-match", etag).send();
    assert_eq!(again.await.unwrap().status(), StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn files_can_lie_in_real_folders() {
    let comfy = ComfyUi::builder().with_folders().start().await;
    let file = File::temp("a.png", picture("a")).below("sub");
    comfy.run(Run::from_api().saving(file.clone()));
    let path = comfy.folder().join("temp/sub/a.png");
    assert_eq!(std::fs::read(&path).unwrap(), picture("a"));
    let url = format!("{}/view?filename=a.png&subfolder=sub&type=temp", comfy.url());
    assert_eq!(get(&url).await.bytes().await.unwrap(), picture("a"));
    comfy.restart().await;
    assert!(!path.exists());
    assert_eq!(get(&url).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_prefix_and_a_log_in_are_needed_where_they_are_set() {
    let comfy = ComfyUi::builder().prefix("/comfy").authorization("Bearer t").start().await;
    let with =
        |path: &str| client().get(format!("http://{}{path}", comfy.address())).header("authorization", "Bearer t");
    assert_eq!(get(&format!("{}/prompt", comfy.url())).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(with("/comfy/api/prompt").send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(with("/prompt").send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let foreign = with("/comfy/prompt").header("origin", "https://evil.example").send().await.unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
}
