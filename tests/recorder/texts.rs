//! JSON that strict parsers refuse, numbers that SQLite and JavaScript can't hold, and very long texts.

use serde_json::{Value, json};

use super::{assert_kept, beside, output, pair};
use crate::support::comfyui::{ComfyUi, File, Outcome, Run, Version, picture};

#[tokio::test]
async fn bare_nan_and_infinity_are_recorded() {
    let (comfy, daemon) = beside(ComfyUi::builder().version(Version::V0_3_10).start().await).await;
    let prompt = r#"{"3":{"class_type":"KSampler","inputs":{"seed":1,"text":"NaN Infinity"},"is_changed":[NaN,-Infinity]},"9":{"class_type":"SaveImage","inputs":{}}}"#;
    let run = Run::from_browser("b")
        .with_prompt(prompt)
        .with_extra("odd", "Infinity")
        .giving("9", "score", "NaN")
        .saving(File::output("a.png", picture("a")));
    let id = comfy.queue(run);
    daemon.until_status(&id, "pending").await;
    comfy.start_next();
    let error = Outcome::error_with_inputs("bad", r#"{"latent":[NaN]}"#);
    comfy.finish(&error);
    let done = daemon.until_whole(&id, "failed").await;
    assert_eq!(done["prompt"]["3"]["inputs"]["text"], "NaN Infinity");
    assert_eq!(done["prompt"]["3"]["is_changed"], json!([null, null]));
    assert_eq!(done["error"]["message"], "bad");
    assert_kept(&daemon, output(&done, "a.png"), &picture("a")).await;
}

#[tokio::test]
async fn the_largest_seed_is_kept_to_the_digit() {
    let (comfy, daemon) = pair().await;
    let id = comfy.run(Run::from_browser("b").with_seed(u64::MAX));
    let done = daemon.until_whole(&id, "completed").await;
    assert_eq!(done["prompt"]["3"]["inputs"]["seed"], u64::MAX);
    assert_eq!(done["workflow"]["nodes"][0]["widgets_values"][0], u64::MAX);
    let text = daemon.get(&format!("/api/v1/generations/{}", done["id"])).await.text().await.unwrap();
    assert!(text.contains("18446744073709551615"));
    assert!(!text.contains("1.8446744073709552e19"));
}

#[tokio::test]
async fn numbers_keep_their_spelling() {
    let (comfy, daemon) = pair().await;
    let numbers = r#"{"1":{"class_type":"X","inputs":{"a":1.50,"b":1e5,"c":123456789012345678901234567890,"d":-0.0}}}"#;
    let id = comfy.run(Run::from_api().with_prompt(numbers));
    let done = daemon.until_whole(&id, "completed").await;
    let text = daemon.get(&format!("/g/{}/prompt.json", done["id"])).await.text().await.unwrap();
    for number in ["1.50", "1e5", "123456789012345678901234567890", "-0.0"] {
        assert!(text.contains(number), "{number} in {text}");
    }
}

#[tokio::test]
async fn thirty_megabytes_of_prompt_are_recorded_whole() {
    let (comfy, daemon) = pair().await;
    let long = "0123456789abcdef".repeat(30 * 1024 * 1024 / 16);
    let prompt = json!({"1": {"class_type": "LoadImageBase64", "inputs": {"image": long, "seed": 5}}});
    let id = comfy.queue(Run::from_browser("b").with_prompt(&prompt.to_string()));
    daemon.until_status(&id, "pending").await;
    comfy.start_next();
    comfy.finish(&Outcome::Success);
    let done = daemon.until_whole(&id, "completed").await;
    assert_eq!(done["prompt"], prompt);
    let small = comfy.run(Run::from_browser("b"));
    daemon.until_whole(&small, "completed").await;
}

#[tokio::test]
async fn text_of_other_people_stays_text() {
    let (comfy, daemon) = pair().await;
    let evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)> \u{202e}\u{0}";
    let prompt = json!({"6": {"class_type": evil, "inputs": {"text": evil}, "_meta": {"title": evil}}});
    let workflow = json!({"id": evil, "name": evil, "nodes": []});
    let run = Run::from_browser(evil).with_prompt(&prompt.to_string()).with_workflow(&workflow.to_string()).giving(
        "6",
        "text",
        &json!(evil).to_string(),
    );
    let id = comfy.run_to(run, &Outcome::error(evil));
    let done = daemon.until_whole(&id, "failed").await;
    assert_eq!(done["prompt"], prompt);
    assert_eq!(done["error"]["message"], evil);
    for path in ["/".to_owned(), format!("/g/{}", done["id"])] {
        let page = daemon.get(&path).await;
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        let page = page.text().await.unwrap();
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{path}");
    }
}

#[tokio::test]
async fn documents_that_are_no_objects_are_recorded() {
    let (comfy, daemon) = pair().await;
    for (prompt, workflow) in [("[]", "null"), ("null", "5"), (r#"{"1":null,"2":[],"3":{"inputs":null}}"#, r#""text""#)]
    {
        let id = comfy.run(Run::from_browser("b").with_prompt(prompt).with_workflow(workflow));
        let done = daemon.until_whole(&id, "completed").await;
        assert_eq!(done["prompt"], serde_json::from_str::<Value>(prompt).unwrap());
    }
}
