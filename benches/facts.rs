//! Reading the facts of a prompt, against parsing its JSON.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use comfy_recall::{facts, json};

use crate::table::{Row, median};

/// Real workflows, where they lie beside the project.
const WORKFLOWS: &str = "../shared/comfyui/workflows";

/// What is always there.
const RECORDED: &str = "tests/fixtures/comfyui/recordings";

/// Times that each is read; the fastest counts, so that a busy machine doesn't.
const ROUNDS: usize = 9;

pub async fn measure() -> Vec<Row> {
    let mut prompts = prompts(Path::new(WORKFLOWS));
    if prompts.is_empty() {
        prompts = self::prompts(Path::new(RECORDED));
    }
    assert!(!prompts.is_empty(), "no prompts in {WORKFLOWS} nor {RECORDED}");
    let ours: Vec<Duration> = prompts.iter().map(|prompt| timed(|| drop(facts::read(prompt)))).collect();
    let plain: Vec<Duration> = prompts
        .iter()
        .map(|prompt| timed(|| drop(serde_json::from_str::<serde_json::Value>(prompt).unwrap())))
        .collect();
    let beside = format!("worst and middle of {} graphs", prompts.len());
    let worst = ours.iter().max().copied().unwrap_or_default();
    let millis = |duration: Duration| duration.as_secs_f64() * 1e3;
    vec![
        Row::new("the facts of the hardest graph", millis(worst), 1.0, "ms", &*beside),
        Row::new("… of one in the middle", millis(median(&mut ours.clone())), 1.0, "ms", &*beside),
        Row::ratio("… against parsing its JSON", ours.iter().sum(), plain.iter().sum(), 10.0),
    ]
}

/// The fastest of some rounds.
fn timed(work: impl Fn()) -> Duration {
    let round = || {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}

/// Every prompt in the JSON files of a folder, the folders in it too.
fn prompts(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        let text = || fs::read_to_string(&path).unwrap_or_default();
        match path.extension().and_then(OsStr::to_str) {
            _ if path.is_dir() => found.extend(prompts(&path)),
            Some("json") => found.extend(prompt_in(&text())),
            // Requests and answers, one a line.
            Some("jsonl") => found.extend(text().lines().filter_map(|line| prompt_in(member(line, "request")?))),
            _ => {}
        }
    }
    found
}

fn prompt_in(text: &str) -> Option<String> {
    let prompt = member(text, "prompt").filter(|prompt| prompt.contains("\"class_type\""))?;
    prompt.starts_with('{').then(|| prompt.to_owned())
}

fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    json::members(text).find(|(key, _)| key == name).map(|(_, value)| value)
}
