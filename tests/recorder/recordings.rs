//! Every recording of every version, played to the daemon: what it keeps is what the recorded history says.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{beside, outputs, told};
use crate::support::comfyui::{ComfyUi, Entry, Recording, Step, Version};
use crate::support::daemon::Daemon;

/// What the daemon doesn't keep as it came.
pub(super) const SECRETS: [&str; 3] = ["sk-THIS-IS-A-KEY-IN-A-WIDGET", "SECRET-API-KEY", "SECRET-TOKEN"];

fn without_secrets(json: &str) -> Value {
    let text = SECRETS.iter().fold(json.to_owned(), |text, secret| text.replace(secret, "[redacted]"));
    serde_json::from_str(&text).unwrap()
}

/// The newest generation with this prompt id, and how many there are.
async fn newest(daemon: &Daemon, prompt_id: &str) -> Option<(usize, Value)> {
    let found = daemon.of_prompt(prompt_id).await;
    Some((found.len(), daemon.detail(&found.first()?["id"]).await))
}

async fn until(daemon: &Daemon, prompt_id: &str, times: usize, is: impl Fn(&Value) -> bool) -> Value {
    daemon
        .until(&format!("{prompt_id} for the {times}. time"), async |daemon| {
            let (found, detail) = newest(daemon, prompt_id).await?;
            assert!(found <= times, "{prompt_id} was recorded {found} times");
            (found == times && is(&detail)).then_some(detail)
        })
        .await
}

/// Plays step by step, each after the daemon saw the one before; gives what must be there in the end.
pub(super) async fn play(recording: &Recording, comfy: &ComfyUi, daemon: &Daemon) {
    let mut times: HashMap<String, usize> = HashMap::new();
    let is_open = |detail: &Value| matches!(detail["status"].as_str(), Some("pending" | "in_progress"));
    for step in recording.steps() {
        comfy.play(step.clone());
        match step {
            Step::Queue(job) => {
                let times = times.entry(job.prompt_id.clone()).or_default();
                *times += 1;
                until(daemon, &job.prompt_id, *times, is_open).await;
            }
            Step::Start(id) => {
                until(daemon, &id, times[&id], |detail| detail["status"] == "in_progress").await;
            }
            Step::Finish { prompt_id, entry } => {
                let is_done = |detail: &Value| {
                    let mut files = ["outputs", "inputs"].into_iter().flat_map(|role| detail[role].as_array().unwrap());
                    !is_open(detail) && files.all(|file| file["state"] != "pending")
                };
                let detail = until(daemon, &prompt_id, times[&prompt_id], is_done).await;
                assert_is(&detail, &entry, comfy).await;
                told::assert_told(daemon, &prompt_id, &entry).await;
            }
            Step::DeleteFromQueue(ids) => {
                for id in ids {
                    let is_cancelled = |detail: &Value| detail["status"] == "cancelled";
                    until(daemon, &id, times[&id], is_cancelled).await;
                }
            }
            Step::Asked { path, body } if path == "/queue" => told::assert_queue(daemon, &body).await,
            _ => {}
        }
    }
    // Cleared queues included: nothing that was accepted is left open.
    for id in recording.accepted() {
        let detail = until(daemon, &id, times[&id], |detail| !is_open(detail)).await;
        assert_ne!(detail["status"], "lost", "{id}");
    }
}

async fn assert_is(detail: &Value, entry: &Entry, comfy: &ComfyUi) {
    let entry = without_secrets(&entry.json());
    let (item, messages) = (&entry["prompt"], &entry["status"]["messages"]);
    let of = |kind: &str| {
        let mut messages = messages.as_array().unwrap().iter();
        messages.find(|message| message[0] == kind).map(|message| &message[1])
    };
    let status = match (&entry["status"]["status_str"], of("execution_interrupted")) {
        (_, Some(_)) => "cancelled",
        (word, None) if word == "success" => "completed",
        _ => "failed",
    };
    assert_eq!(detail["status"], status, "{detail:#}");
    assert_eq!(detail["prompt"], item[2]);
    let workflow = &item[3]["extra_pnginfo"]["workflow"];
    assert_eq!(&detail["workflow"], workflow);
    assert_eq!(detail["workflow_id"], workflow["id"]);
    assert_eq!(detail["client_id"], item[3]["client_id"]);
    for (key, value) in item[3].as_object().unwrap().iter().filter(|(key, _)| *key != "extra_pnginfo") {
        assert_eq!(&detail["extra_data"][key], value, "{key}");
    }
    assert_eq!(&detail["messages"], messages);
    assert_eq!(detail["cached_nodes"], of("execution_cached").map_or(json!([]), |cached| cached["nodes"].clone()));
    let at = |message: Option<&Value>| message.and_then(|message| message["timestamp"].as_i64());
    let ends = ["execution_success", "execution_error", "execution_interrupted"];
    assert_eq!(millis(&detail["started_at"]), at(of("execution_start")));
    assert_eq!(millis(&detail["finished_at"]), ends.into_iter().find_map(|kind| at(of(kind))));
    if let Some(create_time) = item[3]["create_time"].as_i64() {
        assert_eq!(millis(&detail["created_at"]), Some(create_time));
    }
    if let Some(error) = of("execution_error") {
        let said = &detail["error"];
        let pairs = [("node_id", "node_id"), ("node_type", "node_type"), ("type", "exception_type")];
        for (ours, theirs) in pairs {
            assert_eq!(said[ours], error[theirs], "{ours}");
        }
        let message = |text: &Value| text.as_str().unwrap().trim().to_owned();
        assert_eq!(message(&said["message"]), message(&error["exception_message"]));
    }
    assert_outputs(detail, &entry["outputs"], comfy).await;
}

fn millis(time: &Value) -> Option<i64> {
    Some(chrono::DateTime::parse_from_rfc3339(time.as_str()?).unwrap().timestamp_millis())
}

async fn assert_outputs(detail: &Value, given: &Value, comfy: &ComfyUi) {
    let mut given_count = 0;
    for (node, kinds) in given.as_object().unwrap() {
        for (kind, items) in kinds.as_object().unwrap() {
            for item in items.as_array().unwrap() {
                let of_node = outputs(detail).iter().filter(|o| o["node_id"] == *node && o["key"] == *kind);
                if let Some(filename) = item["filename"].as_str() {
                    given_count += 1;
                    let is_this = |o: &&Value| o["filename"] == filename && o["subfolder"] == item["subfolder"];
                    let kept = of_node.clone().find(is_this);
                    assert_file(kept.unwrap_or_else(|| panic!("{item} isn't kept: {detail:#}")), item, comfy).await;
                } else if kind == "text" {
                    given_count += 1;
                    assert!(of_node.clone().any(|o| o["text"] == *item), "{item} isn't kept: {detail:#}");
                }
            }
        }
    }
    assert_eq!(detail["outputs_count"], outputs(detail).len());
    let has_only_known_kinds = given.to_string().find("\"result\"").is_none();
    if has_only_known_kinds {
        assert_eq!(outputs(detail).len(), given_count, "{detail:#}");
    }
}

async fn assert_file(kept: &Value, item: &Value, comfy: &ComfyUi) {
    let text = |key: &str| item[key].as_str().unwrap().to_owned();
    match comfy.find(&(text("type"), text("subfolder"), text("filename"))) {
        Some(content) => {
            assert_eq!(kept["state"], "stored", "{kept:#}");
            assert_eq!(kept["sha256"], content.sha256().await);
            assert_eq!(kept["bytes"], content.len());
        }
        None => {
            assert_eq!(kept["state"], "missing", "{kept:#}");
            assert!(kept["reason"].is_string(), "{kept:#}");
        }
    }
}

async fn play_all(version: Version) {
    let comfy = ComfyUi::builder().version(version).start().await;
    comfy.put_fixtures();
    let (comfy, daemon) = beside(comfy).await;
    for recording in Recording::all().iter().filter(|recording| recording.version == version) {
        play(recording, &comfy, &daemon).await;
    }
    assert!(daemon.list("status=pending,in_progress").await.is_empty());
}

#[tokio::test]
async fn recordings_of_december_2024_are_kept_as_they_were() {
    play_all(Version::V0_3_10).await;
}

#[tokio::test]
async fn recordings_of_january_2026_are_kept_as_they_were() {
    play_all(Version::V0_8_0).await;
}

#[tokio::test]
async fn recordings_of_june_2026_are_kept_as_they_were() {
    play_all(Version::V0_26_0).await;
}

#[tokio::test]
async fn recordings_of_august_2026_are_kept_as_they_were() {
    play_all(Version::V0_33_0).await;
}
