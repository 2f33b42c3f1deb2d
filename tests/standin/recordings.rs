//! Every recording, played again: the observer hears what it heard, and every answer is the recorded one.

use serde_json::Value;

use super::Listener;
use crate::support::client;
use crate::support::comfyui::{ComfyUi, Recording, Step};

async fn play(recording: &Recording) -> Vec<String> {
    let comfy = ComfyUi::builder().version(recording.version).start().await;
    let observer = Listener::connect(&comfy).await;
    let http = client();
    for step in recording.steps() {
        if let Step::Asked { path, body } = &step {
            let answer = http.get(comfy.url() + path).send().await.unwrap().text().await.unwrap();
            let same_id = format!("{} {}: GET {path}", recording.version.as_str(), recording.scenario);
            if path.starts_with("/history/") {
                assert_eq!(&answer, body, "{same_id}");
            }
            let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(parsed(&answer), parsed(body), "{same_id}");
        }
        comfy.play(step);
    }
    comfy.close_sockets();
    observer.rest().await
}

#[tokio::test]
async fn a_played_recording_tells_the_observer_what_it_heard_and_answers_as_recorded() {
    let recordings = Recording::all();
    assert_eq!(recordings.len(), 95);
    for recording in recordings {
        let heard = play(&recording).await;
        let recorded = recording.observed();
        let (_greeting, recorded) = recorded.split_first().unwrap();
        assert_eq!(heard, recorded, "{} {}", recording.version.as_str(), recording.scenario);
    }
}

#[tokio::test]
async fn an_observer_hears_only_status_of_a_run_that_has_a_client() {
    for recording in Recording::all() {
        if recording.scenario == "api-submission-without-client-id" {
            continue;
        }
        for frame in recording.observed() {
            assert!(frame.starts_with(r#"{"type":"status","#), "{}: {frame}", recording.scenario);
        }
    }
}
