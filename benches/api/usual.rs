//! Usual runs: a whole history entry with an editor's workflow, as people make them, at the top of the million.

use std::path::Path;

use comfy_recall::model::{Comfyui, Cursor, Document, DocumentKind, Filter, Limit, PromptId, Start, Status, Timestamp};
use comfy_recall::store::{Save, Store};
use serde_json::{Value, json};

use crate::find::million::{FIRST, MINUTE, RUNS};

const COUNT: usize = 1_000;

/// How large prompt and workflow of a run are together, at least.
const BYTES: usize = 40_000;

pub struct Usual {
    pub ids: Vec<i64>,
    pub prompt_ids: Vec<String>,
    /// Cursors all over the list.
    pub places: Vec<String>,
}

/// Those of the store in that folder, written once.
pub async fn runs(folder: &Path) -> Usual {
    let store = Store::open(folder).unwrap();
    let filter = Filter { instance: Some("usual".parse().unwrap()), ..Filter::default() };
    if store.count(filter.clone()).await.unwrap() == 0 {
        let instance = store.instance(&"usual".parse().unwrap()).await.unwrap();
        let runs: Vec<Save> = (0..COUNT).map(run).collect();
        for batch in runs.chunks(100) {
            store.save(instance, &Comfyui::default(), batch.to_vec()).await.unwrap();
        }
    }
    let page = store.list(filter, Start::Newest, "200".parse::<Limit>().unwrap()).await.unwrap();
    let ids = page.items.iter().map(|run| run.id.0).collect();
    let prompt_ids = page.items.iter().map(|run| run.prompt_id.as_str().to_owned()).collect();
    let places = (0..997).map(|n| {
        let at = FIRST + (n * RUNS / 997) as i64 * MINUTE;
        Cursor { created_at: Timestamp::from_millis(at), id: comfy_recall::model::GenerationId(1) }.to_string()
    });
    let usual = Usual { ids, prompt_ids, places: places.collect() };
    store.close().await.unwrap();
    usual
}

/// The n-th: the same workflow with another seed and text, as people press the button again and again.
fn run(n: usize) -> Save {
    let nodes: Vec<Value> = (0..40).map(|id| json!({
        "id": id, "type": "KSampler", "pos": [id * 240, 180], "size": [315, 262], "flags": {}, "order": id, "mode": 0,
        "inputs": [{"name": "model", "type": "MODEL", "link": id}, {"name": "positive", "type": "CONDITIONING", "link": id + 1}],
        "outputs": [{"name": "LATENT", "type": "LATENT", "links": [id + 2], "slot_index": 0}],
        "properties": {"Node name for S&R": "KSampler", "cnr_id": "comfy-core", "ver": "0.26.0"},
        "widgets_values": [n * 40 + id, "randomize", 20, 8, "euler", "normal", 1],
    })).collect();
    let mut workflow = json!({"id": "0b1c6a4e-90a1-4a5e-a5a5-1c2a3b4c5d6e", "revision": 0, "nodes": nodes, "links": [], "version": 0.4});
    let prompt = json!({
        "3": {"class_type": "KSampler", "inputs": {"seed": n, "steps": 20, "cfg": 8.0, "sampler_name": "euler", "scheduler": "normal",
            "denoise": 1.0, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}},
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "dreamshaper_8.safetensors"}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 832, "height": 1216, "batch_size": 1}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": format!("portrait of a lighthouse keeper, number {n}"), "clip": ["4", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry, watermark", "clip": ["4", 1]}},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "ComfyUI", "images": ["8", 0]}},
    });
    let missing = BYTES.saturating_sub(workflow.to_string().len() + prompt.to_string().len());
    workflow["extra"] = json!({"note": "x".repeat(missing)});
    let at = FIRST + RUNS as i64 * MINUTE + n as i64 * 1_000;
    let result = json!({
        "outputs": {"9": {"images": [{"filename": format!("ComfyUI_{n:05}_.png"), "subfolder": "", "type": "output"}]}},
        "status": {"status_str": "success", "completed": true, "messages": [
            ["execution_start", {"prompt_id": n.to_string(), "timestamp": at}],
            ["execution_cached", {"nodes": [], "prompt_id": n.to_string(), "timestamp": at + 3}],
            ["execution_success", {"prompt_id": n.to_string(), "timestamp": at + 900}],
        ]},
        "meta": {"9": {"node_id": "9", "display_node": "9", "parent_node": null, "real_node_id": "9"}},
    });
    let extra = json!({"client_id": "c0ffee", "create_time": at, "extra_pnginfo": {"workflow": null}});
    let documents = [
        (DocumentKind::Prompt, prompt),
        (DocumentKind::Workflow, workflow),
        (DocumentKind::Extra, extra),
        (DocumentKind::Result, result),
    ];
    let documents = documents.into_iter().map(|(kind, json)| Document { kind, json: json.to_string() });
    let at = Timestamp::from_millis(at);
    Save {
        number: Some(n as f64),
        started_at: Some(at),
        finished_at: Some(Timestamp::from_millis(at.as_millis() + 900)),
        documents: documents.collect(),
        ..Save::new(PromptId(format!("10000000-0000-4000-8000-{n:012x}")), Status::Completed, at)
    }
}
