//! What ComfyUI's clients hear of us, beside what they heard of the recorded servers: byte for byte but for blanks.

use serde_json::{Value, json};

use super::beside;
use super::recordings::{SECRETS, play};
use crate::support::comfyui::{ComfyUi, Entry, Recording, Step, Version, job_of_history};
use crate::support::daemon::Daemon;

/// The text without what the daemon doesn't keep, and without blanks outside of strings.
fn plain(json: &str) -> String {
    let text = SECRETS.iter().fold(json.to_owned(), |text, secret| text.replace(secret, "[redacted]"));
    let (mut in_string, mut is_escaped) = (false, false);
    let is_kept = |c: char| {
        let was_in_string = in_string;
        in_string = if c == '"' && !is_escaped { !in_string } else { in_string };
        is_escaped = was_in_string && c == '\\' && !is_escaped;
        was_in_string || !c.is_ascii_whitespace()
    };
    let mut is_kept = is_kept;
    text.chars().filter(|c| is_kept(*c)).collect()
}

async fn text(daemon: &Daemon, path: &str) -> String {
    plain(&daemon.get(path).await.text().await.unwrap())
}

fn encoded(prompt_id: &str) -> String {
    percent_encoding::utf8_percent_encode(prompt_id, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The run that ended last stands in our history as it stood in ComfyUI's, and in our jobs as ComfyUI makes them.
pub async fn assert_told(daemon: &Daemon, prompt_id: &str, entry: &Entry) {
    let id = encoded(prompt_id);
    let expected = plain(&format!("{{{}:{}}}", Value::from(prompt_id), entry.json()));
    assert_eq!(text(daemon, &format!("/history/{id}")).await, expected);
    let job: Value = serde_json::from_str(&text(daemon, &format!("/api/jobs/{id}")).await).unwrap();
    let mut expected: Value =
        serde_json::from_str(&plain(&job_of_history(prompt_id, entry, true).to_string())).unwrap();
    // Old servers don't say when it was queued; we saw it.
    if expected.get("create_time").is_none() {
        expected["create_time"] = job["create_time"].clone();
    }
    assert_eq!(job, expected);
}

/// The queue stood there as it stands here.
pub async fn assert_queue(daemon: &Daemon, body: &str) {
    let expected: Value = serde_json::from_str(&plain(body)).unwrap();
    let queue = daemon
        .until("the queue", async |daemon| {
            let queue: Value = serde_json::from_str(&text(daemon, "/queue").await).unwrap();
            (queue == expected).then_some(queue)
        })
        .await;
    let open = ["queue_running", "queue_pending"].map(|key| queue[key].as_array().unwrap().len());
    assert_eq!(daemon.json("/prompt").await["exec_info"]["queue_remaining"], open[0] + open[1]);
}

/// A daemon that knows nothing else.
async fn played(version: Version, scenario: &str) -> (Recording, ComfyUi, Daemon) {
    let comfy = ComfyUi::builder().version(version).start().await;
    comfy.put_fixtures();
    let recording = Recording::load(version, scenario);
    for step in recording.steps() {
        if let Step::Preload { .. } = step {
            comfy.play(step);
        }
    }
    let (comfy, daemon) = beside(comfy).await;
    play(&recording, &comfy, &daemon).await;
    (recording, comfy, daemon)
}

#[tokio::test]
async fn pages_of_the_history_are_those_of_comfyui() {
    for version in [Version::V0_8_0, Version::V0_26_0, Version::V0_33_0] {
        let (recording, _comfy, daemon) = played(version, "history-paging").await;
        let mut pages = 0;
        for step in recording.steps() {
            let Step::Asked { path, body } = step else { continue };
            if path.starts_with("/history?") {
                assert_eq!(text(&daemon, &path).await, plain(&body), "{path}");
                pages += 1;
            }
        }
        assert!(pages >= 4, "{pages}");
    }
}

#[tokio::test]
async fn the_recorded_jobs_are_those_that_we_tell() {
    for version in [Version::V0_8_0, Version::V0_26_0, Version::V0_33_0] {
        let (recording, _comfy, daemon) = played(version, "txt2img-success").await;
        let recorded: Value = serde_json::from_str(&recording.body_of("GET /api/jobs").unwrap()).unwrap();
        let mut recorded = recorded["jobs"].as_array().unwrap().clone();
        // What versions before 0.33 don't say.
        recorded.iter_mut().filter(|job| job["status"] == "completed").for_each(|job| {
            job.as_object_mut().unwrap().entry("previewable_outputs_count").or_insert(json!(1));
        });
        let played = recording.accepted();
        // The server had runs of before, too.
        for job in recorded.iter().filter(|job| played.iter().any(|id| job["id"] == **id)) {
            let told = daemon.json("/api/jobs").await;
            let ours = told["jobs"].as_array().unwrap().iter().find(|ours| ours["id"] == job["id"]);
            assert_eq!(ours, Some(job));
        }
        let Some(id) = recorded[0]["workflow_id"].as_str() else { panic!("{recorded:#?}") };
        daemon
            .until("the index", async |daemon| {
                let jobs = daemon.json(&format!("/api/jobs?workflow_id={id}")).await;
                (jobs["pagination"]["total"] == 1 && jobs["jobs"][0] == recorded[0]).then_some(())
            })
            .await;
        assert_eq!(daemon.json("/api/jobs?workflow_id=another").await["pagination"]["total"], 0);
    }
}
