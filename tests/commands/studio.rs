//! A history in which every example of the documentation, of the pages and of `--help` finds something.

use std::path::Path;

use comfy_recall::model::{
    Comfyui, Document, DocumentKind, ErrorSummary, FileRef, MediaKind, PromptId, Role, Status, Timestamp,
};
use comfy_recall::search::{DayClock as _, Zone};
use comfy_recall::store::{NewAttachment, NewContent, Save, Store};
use serde_json::{Value, json};

use super::Shell;

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// Adds it to what is recorded there, while no daemon runs, and indexes it.
pub async fn add(folder: &Path) {
    let store = Store::open(folder).unwrap();
    let zone: Zone = "UTC".parse().unwrap();
    let noon = zone.day(zone.today()).0.as_millis() + DAY / 2;
    let on = |date: &str| zone.day(date.parse().unwrap()).0.as_millis() + DAY / 2;
    let days =
        [noon, noon - DAY, noon - 5 * DAY, noon - 20 * DAY, on("2026-11-20"), on("2026-11-02"), on("2026-10-30")];
    let comfyui = Comfyui { version: Some("0.26.0".to_owned()), devices: Vec::new() };
    for server in ["default", "studio"] {
        let instance = store.instance(&server.parse().unwrap()).await.unwrap();
        let runs = days.iter().enumerate().flat_map(|(nth, day)| {
            [true, false].map(|succeeds| run(&format!("{server}-{nth}-{succeeds}"), *day, succeeds))
        });
        store.save(instance, &comfyui, runs.collect::<Vec<_>>()).await.unwrap();
    }
    store.close().await.unwrap();
    Shell::on(folder).done(&["reindex"]);
}

fn run(id: &str, created_at: i64, succeeds: bool) -> Save {
    let at = |more: i64| Some(Timestamp::from_millis(created_at + more));
    let error = ErrorSummary {
        node_id: Some("3".to_owned()),
        node_type: Some("KSampler".to_owned()),
        kind: Some("torch.OutOfMemoryError".to_owned()),
        message: Some("CUDA out of memory".to_owned()),
    };
    Save {
        started_at: at(0),
        finished_at: at(200_000),
        workflow_name: Some("Portrait study".to_owned()),
        workflow_id: Some("21b33f3f-8434-427c-9ba4-8a18ddd4a863".to_owned()),
        error: (!succeeds).then_some(error),
        documents: vec![
            Document { kind: DocumentKind::Prompt, json: graph(succeeds).to_string() },
            Document { kind: DocumentKind::Workflow, json: r#"{"nodes":[]}"#.to_owned() },
        ],
        attachments: vec![
            given("output", "ComfyUI_00001_.mp4", MediaKind::Video),
            given("temp", "portrait_00001_.png", MediaKind::Image),
            NewAttachment {
                content: NewContent::Text("a fox sits in the snow".to_owned()),
                ..given("output", "caption.txt", MediaKind::Text)
            },
        ],
        ..Save::new(
            PromptId::from(id),
            if succeeds { Status::Completed } else { Status::Failed },
            Timestamp::from_millis(created_at),
        )
    }
}

/// A file of which only the name is left: what was made of it is no matter of searches.
fn given(folder: &str, filename: &str, kind: MediaKind) -> NewAttachment {
    let file = FileRef { folder: folder.to_owned(), subfolder: String::new(), filename: filename.to_owned() };
    let content = NewContent::Missing(file, "it went".into());
    NewAttachment { role: Role::Output, node_id: Some("9".to_owned()), key: "images".to_owned(), kind, content }
}

/// Has something of all that an example names. Only a failed one was to be blurry, and of a wolf.
fn graph(succeeds: bool) -> Value {
    let node = |class: &str, inputs: Value| json!({"class_type": class, "inputs": inputs});
    let (text, seed) = match succeeds {
        true => ("a red fox in the snow", 42_u64),
        false => ("a wolf and a red fox in the snow", 156_680_208_700_286),
    };
    let steps = if succeeds { 30 } else { 24 };
    json!({
        "1": node("UNETLoader", json!({"unet_name": "flux1-dev.safetensors"})),
        "2": node("LoraLoader", json!({"lora_name": "detail-tweaker.safetensors", "strength_model": 0.8, "strength_clip": 1,
            "model": ["1", 0], "clip": ["4", 0]})),
        "3": node("KSampler", json!({"seed": seed, "steps": steps, "cfg": 4.0, "sampler_name": "euler",
            "scheduler": "karras", "denoise": 0.6, "model": ["2", 0], "positive": ["10", 0], "negative": ["7", 0],
            "latent_image": ["5", 0]})),
        "4": node("CLIPLoader", json!({"clip_name": "t5xxl.safetensors"})),
        "5": node("EmptyHunyuanLatentVideo", json!({"width": 1024, "height": 1024, "length": 81, "batch_size": 1})),
        "6": node("CLIPTextEncode", json!({"text": text, "clip": ["2", 1]})),
        "7": node("CLIPTextEncode", json!({"text": "blurry, watermark", "clip": ["2", 1]})),
        "8": node("VAEDecode", json!({"samples": ["3", 0], "vae": ["12", 0]})),
        "9": node("SaveImage", json!({"images": ["13", 0]})),
        "10": node("ControlNetApply", json!({"conditioning": ["11", 0], "strength": 1})),
        "11": node("FluxGuidance", json!({"guidance": 3.5, "conditioning": ["6", 0]})),
        "12": node("VAELoader", json!({"vae_name": "ae.safetensors"})),
        "13": node("ImageUpscaleWithModel", json!({"image": ["8", 0]})),
    })
}
