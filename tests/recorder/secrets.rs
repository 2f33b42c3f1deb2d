//! Keys that people type into widgets and log-ins that the editor sends: in no file, no answer, no log.

use serde_json::json;

use super::{beside, pair};
use crate::support::comfyui::{ComfyUi, Outcome, Run, Version};
use crate::support::daemon::{Daemon, Launch, files_below};

const API_KEY: &str = "comfyui-0f1e2d3c4b5a";
const TOKEN: &str = "eyJhbGciOi.QWERTY.zxcv";
const WIDGET: &str = "sk-live-W1dg3tS3cr3t";
const PASSWORD: &str = "correct horse \"battery\" stäple";

fn secrets() -> [String; 5] {
    let escaped = serde_json::to_string(PASSWORD).unwrap().trim_matches('"').to_owned();
    [API_KEY.to_owned(), TOKEN.to_owned(), WIDGET.to_owned(), PASSWORD.to_owned(), escaped]
}

fn run() -> Run {
    let inputs = json!({"api_key": WIDGET, "Password": PASSWORD, "text": "a harmless text", "model": ["4", 0]});
    let prompt = json!({"1": {"class_type": "CloudNode", "inputs": inputs}});
    let node = json!({"id": 1, "type": "CloudNode", "widgets_values": [WIDGET, PASSWORD, "a harmless text"]});
    let workflow = json!({"id": "21b33f3f-8434-427c-9ba4-8a18ddd4a863", "nodes": [node]});
    Run::from_browser("browser")
        .with_prompt(&prompt.to_string())
        .with_workflow(&workflow.to_string())
        .with_extra("api_key_comfy_org", &json!(API_KEY).to_string())
        .with_extra("auth_token_comfy_org", &json!(TOKEN).to_string())
}

fn failure() -> Outcome {
    let inputs = json!({"api_key": [WIDGET], "Password": [PASSWORD]});
    Outcome::error_with_inputs(&format!("401: key {WIDGET} was refused"), &inputs.to_string())
}

fn assert_silent(what: &str, said: &[u8]) {
    for secret in secrets() {
        let found = said.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{what} holds {secret}");
    }
}

async fn assert_silent_everywhere(daemon: &Daemon, id: &serde_json::Value) {
    let (page, prompt, workflow) =
        (format!("/g/{id}"), format!("/g/{id}/prompt.json"), format!("/g/{id}/workflow.json"));
    let detail = format!("/api/v1/generations/{id}");
    for path in ["/", "/status", "/api/v1/generations", &page, &prompt, &workflow, &detail] {
        assert_silent(path, &daemon.get(path).await.bytes().await.unwrap());
    }
    assert_silent("the log", daemon.log().as_bytes());
    for path in files_below(daemon.data_dir()) {
        assert_silent(&path.display().to_string(), &std::fs::read(&path).unwrap());
    }
}

#[tokio::test]
async fn secrets_are_found_nowhere_from_the_queue_to_the_end() {
    let comfy = ComfyUi::builder().version(Version::V0_3_10).start().await;
    let mut daemon = Launch::new().beside(&comfy).argument("--log-level").argument("trace").start().await;
    comfy.until_sockets(1).await;
    let id = comfy.queue(run());
    let waiting = daemon.until_status(&id, "pending").await;
    assert_silent_everywhere(&daemon, &waiting["id"]).await;
    comfy.start_next();
    comfy.finish(&failure());
    let done = daemon.until_whole(&id, "failed").await;
    assert_silent_everywhere(&daemon, &done["id"]).await;
    let inputs = &done["prompt"]["1"]["inputs"];
    assert_eq!((&inputs["api_key"], &inputs["Password"]), (&json!("[redacted]"), &json!("[redacted]")));
    assert_eq!(inputs["text"], "a harmless text");
    let widgets = &done["workflow"]["nodes"][0]["widgets_values"];
    assert_eq!(widgets, &json!(["[redacted]", "[redacted]", "a harmless text"]));
    assert!(daemon.terminate().await.success());
    for path in files_below(daemon.data_dir()) {
        assert_silent(&path.display().to_string(), &std::fs::read(&path).unwrap());
    }
}

#[tokio::test]
async fn secrets_are_found_nowhere_after_a_backfill() {
    let comfy = ComfyUi::builder().version(Version::V0_3_10).start().await;
    let id = comfy.run_to(run(), &failure());
    let (_comfy, daemon) = beside(comfy).await;
    let done = daemon.until_whole(&id, "failed").await;
    assert_silent_everywhere(&daemon, &done["id"]).await;
}

#[tokio::test]
async fn words_that_only_look_like_secrets_stay() {
    let (comfy, daemon) = pair().await;
    let prompt =
        json!({"1": {"class_type": "X", "inputs": {"tokens": 77, "max_tokens": 512, "text": "secret garden"}}});
    let id = comfy.run(Run::from_api().with_prompt(&prompt.to_string()));
    let done = daemon.until_whole(&id, "completed").await;
    assert_eq!(done["prompt"]["1"]["inputs"]["text"], "secret garden");
    assert_eq!(done["prompt"]["1"]["inputs"]["max_tokens"], 512);
}
