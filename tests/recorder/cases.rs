//! What people reported, as a table: `tests/fixtures/cases`. A case is what a run gave and which files ComfyUI has, and what
//! must come of it:
//!
//! `prompt` (API graph; a dull one unless told), `outputs` (of the history entry), `files` (`folder|subfolder|filename`: its
//! text). Expected, all optional: `texts` (of the outputs, in order), `files_kept` (how many), `not_pending`, `reason_not` (what
//! no reason may say).

use std::fs;

use serde_json::{Map, Value};

use super::{outputs, pair};
use crate::support::comfyui::{File, Run};
use crate::support::fixtures;

#[tokio::test]
async fn what_people_reported_comes_out_right() {
    let (comfy, daemon) = pair().await;
    let mut wrong = Vec::new();
    for (name, case) in cases() {
        for (place, text) in case["files"].as_object().unwrap_or(&Map::new()) {
            let [folder, subfolder, filename] = place.split('|').collect::<Vec<_>>()[..] else {
                panic!("{name}: {place}")
            };
            let file = File { folder: folder.into(), ..File::output(filename, text.as_str().unwrap().to_owned()) };
            comfy.put(file.below(subfolder));
        }
        let mut run = Run::from_browser("b");
        if !case["prompt"].is_null() {
            run = run.with_prompt(&case["prompt"].to_string());
        }
        for (node, kinds) in case["outputs"].as_object().unwrap() {
            for (key, items) in kinds.as_object().unwrap() {
                run = items.as_array().unwrap().iter().fold(run, |run, item| run.giving(node, key, &item.to_string()));
            }
        }
        let id = comfy.run(run);
        let done = daemon.until_whole(&id, "completed").await;
        wrong.extend(wrongs(&case, &done).into_iter().map(|wrong| format!("{name}: {wrong}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn cases() -> Vec<(String, Value)> {
    let files = fs::read_dir(fixtures().parent().unwrap().join("cases")).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> = files
        .map(|file| {
            let case = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            (file.file_stem().unwrap().to_str().unwrap().to_owned(), case)
        })
        .collect();
    cases.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert!(cases.len() > 10);
    cases
}

fn wrongs(case: &Value, done: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |key: &str, got: Value| {
        if !case[key].is_null() && case[key] != got {
            wrong.push(format!("{key} {got}, not {}", case[key]));
        }
    };
    let texts = outputs(done).iter().filter(|output| output["text"].is_string());
    expect("texts", texts.map(|output| output["text"].clone()).collect());
    let kept = outputs(done).iter().filter(|output| output["state"] == "stored" && output["filename"].is_string());
    expect("files_kept", kept.count().into());
    expect("not_pending", outputs(done).iter().all(|output| output["state"] != "pending").into());
    if let Some(said) = case["reason_not"].as_str() {
        let says = |output: &&Value| output["reason"].as_str().is_some_and(|reason| reason.contains(said));
        wrong.extend(outputs(done).iter().find(says).map(|output| format!("says {said:?}: {output:#}")));
    }
    wrong
}
