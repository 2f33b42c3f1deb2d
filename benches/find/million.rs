//! A million runs built from real workflows: other texts, models, LoRAs, seeds and settings each time.
//!
//! The texts are drawn from the words of the real ones and from made-up ones, the first of them far more often than the
//! last, as words are; [`COMMON`] stand in half of all. A text serves a few runs, with another seed each.

use std::path::{Path, PathBuf};
use std::time::Duration;

use comfy_recall::indexer;
use comfy_recall::model::{
    Blob, Comfyui, Digest, Document, DocumentKind, ErrorSummary, FileRef, MediaKind, PromptId, Role, Status, Timestamp,
};
use comfy_recall::store::{NewAttachment, NewContent, Save, Store};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

pub const RUNS: u64 = 1_000_000;
const BATCH: u64 = 1_000;
pub const FIRST: i64 = 1_700_000_000_000;
pub const MINUTE: i64 = 60_000;

/// Each in half of all texts.
pub const COMMON: [&str; 8] =
    ["masterpiece", "cinematic", "detailed", "lighting", "photograph", "sharp", "vibrant", "portrait"];

/// Words besides those of the real texts.
const MADE_UP: usize = 30_000;
/// Runs that a text serves.
const RUNS_OF_A_TEXT: u64 = 4;

/// Where real prompts are: many lie beside the project for some, a few are in it for all.
const WORKFLOWS: [&str; 2] = ["../shared/comfyui/workflows", "tests/fixtures/facts"];

/// The folder of the store, filled once and kept under `target` for the next time. Not all of it need be indexed.
pub async fn filled() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("million");
    let marker = folder.join("complete");
    if !marker.exists() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let found = WORKFLOWS.iter().map(|place| templates(&project.join(place)));
        let templates = found.into_iter().find(|found| !found.is_empty());
        fill(&folder, &templates.expect("the project has prompts of its own")).await;
        std::fs::write(marker, "").unwrap();
    }
    folder
}

/// The same folder, with every run indexed. Brings one of an older version up to date, too.
pub async fn indexed() -> PathBuf {
    let folder = filled().await;
    let store = Store::open(&folder).unwrap();
    store.indexing().derive_again(&indexer::version(), false).await.unwrap();
    let stop = CancellationToken::new();
    let indexing = tokio::spawn(indexer::run(store.clone(), store.live().clone(), stop.clone()));
    while store.index_progress().await.unwrap().waiting > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    stop.cancel();
    indexing.await.unwrap();
    store.close().await.unwrap();
    folder
}

/// The prompts of the files there.
fn templates(folder: &Path) -> Vec<Value> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let prompts = files.iter().filter_map(|file| {
        let mut workflow: Value = serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()?;
        Some(workflow.get_mut("prompt")?.take())
            .filter(|prompt| prompt.as_object().is_some_and(|nodes| !nodes.is_empty()))
    });
    prompts.collect()
}

async fn fill(folder: &Path, templates: &[Value]) {
    let store = Store::open(folder).unwrap();
    let instance = store.instance(&"bench".parse().unwrap()).await.unwrap();
    let words = Vocabulary::of(templates);
    for first in (0..RUNS).step_by(BATCH as usize) {
        let runs: Vec<Save> = (first..first + BATCH).map(|n| run(n, templates, &words)).collect();
        store.save(instance, &Comfyui::default(), runs).await.unwrap();
        if first % 100_000 == 0 {
            eprintln!("  {first} of {RUNS} runs");
        }
    }
    store.close().await.unwrap();
}

/// Words, the most frequent first.
struct Vocabulary(Vec<String>);

impl Vocabulary {
    fn of(templates: &[Value]) -> Self {
        let mut words = std::collections::BTreeSet::new();
        for inputs in templates.iter().flat_map(inputs) {
            for text in inputs.values().filter_map(Value::as_str).filter(|text| is_prose(text)) {
                words.extend(text.split_whitespace().map(str::to_lowercase).filter(|word| word.len() < 24));
            }
        }
        let mut words: Vec<String> = words.into_iter().collect();
        let mut rng = fastrand::Rng::with_seed(7);
        rng.shuffle(&mut words);
        let syllables =
            ["ka", "lo", "mi", "ren", "tu", "sha", "vi", "dor", "el", "qua", "zen", "po", "ri", "bra", "nu", "x"];
        let made_up =
            (0..MADE_UP).map(|_| (0..rng.usize(2..5)).map(|_| syllables[rng.usize(..syllables.len())]).collect());
        words.extend(made_up);
        Self(words)
    }

    /// As people write: few words often, many seldom.
    fn draw(&self, rng: &mut fastrand::Rng) -> &str {
        let rank = (self.0.len() as f64).powf(rng.f64()) as usize - 1;
        &self.0[rank.min(self.0.len() - 1)]
    }

    fn text(&self, seed: u64) -> String {
        let mut rng = fastrand::Rng::with_seed(seed);
        if rng.u8(..10) == 0 {
            return (0..rng.usize(20..90)).map(|_| rng.char('\u{4e00}'..'\u{5600}')).collect();
        }
        let mut words: Vec<&str> = (0..rng.usize(12..90)).map(|_| self.draw(&mut rng)).collect();
        words.extend(COMMON.iter().filter(|_| rng.bool()));
        rng.shuffle(&mut words);
        words.join(" ")
    }
}

fn inputs(prompt: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    prompt.as_object().into_iter().flat_map(|nodes| nodes.values().filter_map(|node| node.get("inputs")?.as_object()))
}

fn is_prose(text: &str) -> bool {
    text.len() > 24 && text.contains(' ')
}

/// The `n`-th prompt.
fn prompt(n: u64, templates: &[Value], words: &Vocabulary) -> String {
    let mut rng = fastrand::Rng::with_seed(n);
    let mut of_text = fastrand::Rng::with_seed(n / RUNS_OF_A_TEXT);
    let mut prompt = templates[of_text.usize(..templates.len())].clone();
    let variant = |rng: &mut fastrand::Rng, most: f64| most.powf(rng.f64()) as u64;
    let (model, lora) = (variant(&mut of_text, 8.0), variant(&mut of_text, 30.0));
    for node in prompt.as_object_mut().unwrap().values_mut() {
        let Some(inputs) = node.get_mut("inputs").and_then(Value::as_object_mut) else { continue };
        for (name, value) in inputs {
            match value {
                Value::String(text) if is_prose(text) => *text = words.text(of_text.u64(..)),
                Value::String(text) if text.ends_with(".safetensors") => {
                    let which = if name.contains("lora") { lora } else { model };
                    *text = text.replace(".safetensors", &format!("_v{which}.safetensors"));
                }
                Value::Number(_) if name.contains("seed") => *value = Value::from(rng.u64(..)),
                Value::Number(_) if name == "steps" => *value = Value::from(of_text.u64(4..50)),
                _ => {}
            }
        }
    }
    prompt.to_string()
}

fn run(n: u64, templates: &[Value], words: &Vocabulary) -> Save {
    let at = Timestamp::from_millis(FIRST + n as i64 * MINUTE);
    let status = if n.is_multiple_of(12) { Status::Failed } else { Status::Completed };
    let file = FileRef {
        folder: if n.is_multiple_of(5) { "temp" } else { "output" }.into(),
        subfolder: String::new(),
        filename: format!("ComfyUI_{:05}_.png", n % 100_000),
    };
    let digest = Digest([[1; 24].as_slice(), &(n % 10_000).to_be_bytes()].concat().try_into().unwrap());
    let blob = Blob { digest, bytes: 1_000_000, kind: MediaKind::Image, mime: "image/png".into() };
    let output = NewAttachment {
        role: Role::Output,
        node_id: Some("9".into()),
        key: "images".into(),
        kind: MediaKind::Image,
        content: NewContent::Stored(file, blob),
    };
    Save {
        number: Some(n as f64),
        started_at: Some(at),
        finished_at: Some(Timestamp::from_millis(at.as_millis() + 1_000 + (n % 300) as i64 * 100)),
        workflow_id: Some(format!("21b33f3f-8434-427c-9ba4-{:012x}", n / 700)),
        error: (status == Status::Failed).then(|| ErrorSummary {
            node_id: Some("3".into()),
            node_type: Some("KSampler".into()),
            kind: Some("RuntimeError".into()),
            message: Some(format!("CUDA out of memory. Tried to allocate {}.00 MiB", n % 900)),
        }),
        documents: vec![Document { kind: DocumentKind::Prompt, json: prompt(n, templates, words) }],
        attachments: if status == Status::Completed { vec![output] } else { Vec::new() },
        ..Save::new(PromptId(format!("00000000-0000-4000-8000-{n:012x}")), status, at)
    }
}
