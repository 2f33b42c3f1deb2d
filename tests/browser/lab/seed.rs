//! Runs that are in the store before the daemon starts: every status, every kind of output, over many days.

use std::path::Path;

use comfy_recall::blobs::Blobs;
use comfy_recall::media;
use comfy_recall::model::{
    Blob, Comfyui, Document, DocumentKind, ErrorSummary, FileRef, MediaKind, PromptId, Role, Status, StatusReason,
    Timestamp,
};
use comfy_recall::store::{NewAttachment, NewContent, Save, Store};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::graphs::{self, Shape};
use crate::support::fixtures;
use crate::{Setup, hostile, pictures};

const DAY: i64 = 86_400_000;
/// How long before the start the newest of them was queued.
const NEWEST_AGE: i64 = 10 * 60_000;
const BATCH: usize = 500;
const BLOBS_AT_ONCE: usize = 16;

const WORKFLOWS: [&str; 4] = ["Landscapes", "Portrait study", "SDXL with refiner", "视频 · 图生视频"];

/// What a seeded run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Picture,
    Batch,
    Preview,
    Partial,
    Video,
    Audio,
    Text,
    Nothing,
    Missing,
    Failed,
    Cancelled,
    Lost,
}

impl Kind {
    /// Mostly pictures, as in life; one of each of the others in twenty.
    fn of(nth: u32) -> Self {
        match nth % 20 {
            2 => Self::Failed,
            4 => Self::Batch,
            6 => Self::Video,
            7 => Self::Cancelled,
            9 => Self::Audio,
            11 => Self::Lost,
            12 => Self::Preview,
            13 => Self::Text,
            15 => Self::Missing,
            17 => Self::Nothing,
            18 => Self::Partial,
            _ => Self::Picture,
        }
    }

    fn status(self) -> (Status, Option<StatusReason>) {
        match self {
            Self::Failed | Self::Partial => (Status::Failed, None),
            Self::Cancelled => (Status::Cancelled, Some(StatusReason::Interrupted)),
            Self::Lost => (Status::Lost, Some(StatusReason::ComfyuiRestarted)),
            _ => (Status::Completed, None),
        }
    }
}

/// Writes them all.
pub async fn fill(folder: &Path, setup: &Setup) {
    let store = Store::open(folder).unwrap();
    let blobs = Blobs::open(&folder.join("blobs")).unwrap();
    let comfyui = Comfyui { version: Some("0.26.0".into()), devices: vec!["cuda:0 NVIDIA GeForce RTX 4090".into()] };
    let mut instances = Vec::new();
    for name in &setup.instances {
        instances.push(store.instance(name).await.unwrap());
    }
    let span = i64::from(setup.days.unwrap_or(setup.seed / 20 + 1)) * DAY;
    let newest = Timestamp::now().as_millis() - NEWEST_AGE;
    let gap = span / i64::from(setup.seed.max(1));
    // The oldest first, so that our ids are in the order of time, as they are in life.
    let runs: Vec<Save> = stream::iter((0..setup.seed).rev())
        .map(|nth| run(&blobs, nth, newest - i64::from(nth) * gap, setup.side))
        .buffered(BLOBS_AT_ONCE)
        .collect()
        .await;
    for (nth, batch) in runs.chunks(BATCH).enumerate() {
        store.save(instances[nth % instances.len()], &comfyui, batch).await.unwrap();
    }
    if setup.hostile {
        for (nth, text) in (0_i64..).zip(hostile::texts()) {
            let comfyui = Comfyui { version: Some(hostile::name(&text)), devices: vec![hostile::name(&text)] };
            let runs = hostile_runs(&blobs, &text, newest + nth * 1_000).await;
            store.save(instances[0], &comfyui, runs).await.unwrap();
        }
    }
    store.close().await.unwrap();
}

/// The `nth` newest run.
async fn run(blobs: &Blobs, nth: u32, created_at: i64, side: u32) -> Save {
    let kind = Kind::of(nth);
    let (status, status_reason) = kind.status();
    let took = 1_500 + i64::from(nth * 7_919 % 60_000);
    let shape = shape(kind, nth);
    let (prompt, workflow) = documents(shape, nth);
    Save {
        number: Some(f64::from(nth)),
        status,
        status_reason,
        started_at: Some(Timestamp::from_millis(created_at + 400)),
        finished_at: Some(Timestamp::from_millis(created_at + 400 + took)),
        workflow_name: (!nth.is_multiple_of(3)).then(|| WORKFLOWS[nth as usize % WORKFLOWS.len()].to_owned()),
        error: (status == Status::Failed).then(|| {
            ErrorSummary {
            node_id: Some("3".into()),
            node_type: Some("KSampler".into()),
            kind: Some("torch.OutOfMemoryError".into()),
            message: Some(
                "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 23.65 GiB of which 1.12 \
                 GiB is free."
                    .into(),
            ),
        }
        }),
        workflow_id: Some(shape.id()),
        model: comfy_recall::facts::model(&prompt.to_string()),
        documents: vec![
            Document { kind: DocumentKind::Prompt, json: prompt.to_string() },
            Document { kind: DocumentKind::Workflow, json: workflow.to_string() },
            Document { kind: DocumentKind::Extra, json: r#"{"extra_pnginfo":{"workflow":null}}"#.into() },
            Document { kind: DocumentKind::Result, json: result(status).to_string() },
        ],
        attachments: outputs(blobs, kind, nth, side).await,
        ..bare(&format!("00000000-0000-4000-8000-{nth:012x}"), created_at)
    }
}

fn bare(prompt_id: &str, created_at: i64) -> Save {
    Save {
        client_id: Some("5f0b3a52e0a94a0f9b0cb43f35c1f6a3".into()),
        workflow_id: Some("21b33f3f-8434-427c-9ba4-8a18ddd4a863".into()),
        ..Save::new(PromptId::from(prompt_id), Status::Completed, Timestamp::from_millis(created_at))
    }
}

/// A video and a song are made otherwise than a picture.
fn shape(kind: Kind, nth: u32) -> Shape {
    match kind {
        Kind::Video => Shape::Video,
        Kind::Audio => Shape::Song,
        _ => Shape::of(nth),
    }
}

fn documents(shape: Shape, nth: u32) -> (Value, Value) {
    let (subject, seed) = (graphs::subject(nth), graphs::seed(nth));
    let workflow = json!({
        "id": shape.id(), "revision": 0, "last_node_id": 9, "last_link_id": 0, "links": [], "groups": [],
        "nodes": [
            {"id": 3, "type": "KSampler", "pos": [863, 186], "size": [315, 262], "flags": {}, "order": 4, "mode": 0, "inputs": [], "outputs": [], "properties": {}, "widgets_values": [seed, "randomize", 20, 7.5, "dpmpp_2m", "karras", 1]},
            {"id": 6, "type": "CLIPTextEncode", "pos": [415, 186], "size": [422, 164], "flags": {}, "order": 2, "mode": 0, "inputs": [], "outputs": [], "title": "Positive", "properties": {}, "widgets_values": [subject]},
        ],
        "config": {}, "extra": {"ds": {"scale": 1.0, "offset": [0, 0]}}, "version": 0.4
    });
    (shape.prompt(nth), workflow)
}

fn result(status: Status) -> Value {
    let messages = match status {
        Status::Failed => json!([["execution_error", {
            "node_id": "3", "node_type": "KSampler", "exception_type": "torch.OutOfMemoryError",
            "exception_message": "CUDA out of memory. Tried to allocate 2.50 GiB.",
            "traceback": ["  File \"/opt/ComfyUI/execution.py\", line 542, in execute\n", "    output_data = await get_output_data(obj, inputs)\n", "  File \"/opt/ComfyUI/comfy/samplers.py\", line 1052, in sample\n", "    return model.apply(x, t)\n"],
            "current_inputs": {"seed": [156_680_208_700_286_u64], "steps": [20], "cfg": [7.5], "sampler_name": ["dpmpp_2m"]},
            "current_outputs": ["4", "5"], "executed": ["4"],
        }]]),
        _ => json!([]),
    };
    let word = if status == Status::Completed { "success" } else { "error" };
    json!({"outputs": {}, "status": {"status_str": word, "completed": word == "success", "messages": messages}, "meta": {}})
}

async fn outputs(blobs: &Blobs, kind: Kind, nth: u32, side: u32) -> Vec<NewAttachment> {
    let seed = u64::from(nth);
    let (w, h) = graphs::size(nth);
    let picture = async |more: u64| {
        let paint = move || pictures::landscape(seed + more * 1_000_003, side * w / 4, side * h / 4);
        tokio::task::spawn_blocking(paint).await.unwrap()
    };
    let name = format!("ComfyUI_{:05}_.png", nth + 1);
    match kind {
        Kind::Picture => vec![stored(blobs, "output", &name, picture(0).await).await],
        Kind::Partial => vec![stored(blobs, "temp", &name, picture(0).await).await],
        Kind::Batch => {
            let mut outputs = Vec::new();
            for more in 0..4 {
                outputs
                    .push(stored(blobs, "output", &format!("batch_{nth:05}_{more}_.png"), picture(more).await).await);
            }
            outputs
        }
        Kind::Preview => vec![
            stored(blobs, "temp", &format!("ComfyUI_temp_{nth:05}_.png"), picture(1).await).await,
            stored(blobs, "output", &name, picture(0).await).await,
        ],
        Kind::Video => vec![fixture(blobs, "video/ComfyUI_00001_.mp4").await],
        Kind::Audio => vec![fixture(blobs, "audio/ComfyUI_00002.flac").await],
        Kind::Text => {
            vec![text("A lighthouse stands on a rock.\nWaves break over it.\n\nThe light turns, and turns again.")]
        }
        Kind::Missing => vec![missing(&name)],
        Kind::Nothing | Kind::Failed | Kind::Cancelled | Kind::Lost => Vec::new(),
    }
}

fn output(key: &str, kind: MediaKind, content: NewContent) -> NewAttachment {
    NewAttachment { role: Role::Output, node_id: Some("9".into()), key: key.into(), kind, content }
}

fn file(folder: &str, filename: &str) -> FileRef {
    FileRef { folder: folder.into(), subfolder: String::new(), filename: filename.into() }
}

fn text(text: &str) -> NewAttachment {
    output("text", MediaKind::Text, NewContent::Text(text.into()))
}

fn missing(name: &str) -> NewAttachment {
    let gone = NewContent::Missing(file("temp", name), "ComfyUI doesn't have it any more".into());
    output("images", MediaKind::Image, gone)
}

async fn fixture(blobs: &Blobs, path: &str) -> NewAttachment {
    let bytes = std::fs::read(fixtures().join("output").join(path)).unwrap();
    stored(blobs, "output", path.rsplit_once('/').unwrap().1, bytes).await
}

async fn stored(blobs: &Blobs, folder: &str, name: &str, bytes: Vec<u8>) -> NewAttachment {
    let mut draft = blobs.draft();
    draft.write(bytes.into()).await.unwrap();
    let kept = draft.finish().await.unwrap();
    let (kind, mime) = media::sniff(&kept.head, name);
    let blob = Blob { digest: kept.digest, bytes: kept.bytes, kind, mime: mime.into() };
    output("images", kind, NewContent::Stored(file(folder, name), blob))
}

/// One that failed, one with files and texts, both with this text wherever a text can be.
async fn hostile_runs(blobs: &Blobs, hostile: &str, created_at: i64) -> Vec<Save> {
    let name = hostile::name(hostile);
    let node = |class: &str| json!({"class_type": class, "inputs": {"text": hostile, "seed": 1, hostile: hostile}, "_meta": {"title": hostile}});
    let made = |class: &str, inputs: Value| json!({"class_type": class, "inputs": inputs, "_meta": {"title": hostile}});
    let prompt = json!({
        name.clone(): node(&name),
        "3": made("KSampler", json!({"seed": hostile, "steps": hostile, "cfg": hostile, "sampler_name": hostile, "scheduler": hostile, "denoise": hostile,
            "positive": ["6", 0], "negative": ["7", 0], "model": ["10", 0], "latent_image": ["5", 0]})),
        "4": made("CheckpointLoaderSimple", json!({"ckpt_name": hostile})),
        "5": made("EmptyLatentImage", json!({"width": hostile, "height": hostile, "batch_size": hostile})),
        "6": node("CLIPTextEncode"),
        "7": node("CLIPTextEncode"),
        "8": made("VAEDecode", json!({"samples": ["3", 0], "vae": ["4", 2]})),
        "9": made("SaveImage", json!({"images": ["8", 0]})),
        "10": made("LoraLoader", json!({"lora_name": hostile, "strength_model": hostile, "strength_clip": hostile, "model": ["4", 0], "clip": ["4", 1]})),
    });
    let workflow = json!({"id": hostile, "name": hostile, "nodes": [{"id": 6, "type": hostile, "title": hostile, "widgets_values": [hostile]}], "links": [], "version": 0.4});
    let result = json!({"outputs": {}, "meta": {}, "status": {"status_str": "error", "completed": false, "messages": [["execution_error", {
        "node_id": name, "node_type": hostile, "exception_type": hostile, "exception_message": hostile, "traceback": [hostile, hostile],
        "current_inputs": {hostile: [hostile]}, "current_outputs": [hostile], "executed": [hostile]}]]}});
    let base = Save {
        client_id: Some(name.clone()),
        workflow_id: Some(name.clone()),
        workflow_name: Some(hostile.to_owned()),
        documents: vec![
            Document { kind: DocumentKind::Prompt, json: prompt.to_string() },
            Document { kind: DocumentKind::Workflow, json: workflow.to_string() },
            Document { kind: DocumentKind::Extra, json: json!({hostile: hostile}).to_string() },
            Document { kind: DocumentKind::Result, json: result.to_string() },
        ],
        ..bare(&name, created_at)
    };
    let part = |value: &String| Some(value.clone());
    let error =
        ErrorSummary { node_id: part(&name), node_type: part(&name), kind: part(&name), message: Some(hostile.into()) };
    let mut picture = stored(blobs, "output", &format!("{name}.png"), pictures::landscape(7, 160, 160)).await;
    picture.node_id = Some(name.clone());
    picture.key.clone_from(&name);
    let mut gone = missing(&name);
    gone.content = NewContent::Missing(file(&name, &name), hostile.into());
    let page =
        stored(blobs, "output", &format!("{name}.html"), format!("<script>alert('file')</script>{hostile}").into())
            .await;
    vec![
        Save { status: Status::Failed, error: Some(error), ..base.clone() },
        Save { attachments: vec![picture, text(hostile), gone, page], ..base.clone() },
        Save { attachments: vec![text(hostile)], ..base },
    ]
}
