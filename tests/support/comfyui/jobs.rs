//! `GET /api/jobs` and `/api/jobs/{id}` as ComfyUI 0.33 makes them of its queue and its history.

use std::collections::HashMap;
use std::fmt;

use hyper::{Response, StatusCode};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::history::Entry;
use super::queue::Job;
use super::server::{self, Body};
use super::state::State;

const STATUSES: [&str; 5] = ["pending", "in_progress", "completed", "failed", "cancelled"];
const MODELS: [&str; 5] = [".obj", ".fbx", ".gltf", ".glb", ".usdz"];
const TEXTS: [&str; 3] = [".txt", ".md", ".json"];

pub fn list(query: &HashMap<String, String>, state: &State) -> Response<Body> {
    let get = |key: &str| query.get(key).map(String::as_str).unwrap_or_default();
    let statuses: Vec<_> = get("status").split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
    if let Some(unknown) = statuses.iter().find(|word| !STATUSES.contains(word)) {
        let valid = STATUSES.join(", ");
        return refused(&format!("Invalid status value(s): {unknown}. Valid values: {valid}"), StatusCode::BAD_REQUEST);
    }
    let mut jobs: Vec<Value> = all(state)
        .into_iter()
        .filter(|job| statuses.is_empty() || statuses.contains(&job["status"].as_str().unwrap()))
        .filter(|job| get("workflow_id").is_empty() || job["workflow_id"] == get("workflow_id"))
        .collect();
    let number = |job: &Value, key: &str| job[key].as_i64().unwrap_or_default();
    let key = |job: &Value| match get("sort_by") {
        "execution_duration" => number(job, "execution_end_time") - number(job, "execution_start_time"),
        _ => number(job, "create_time"),
    };
    jobs.sort_by_key(|job| if get("sort_order") == "asc" { key(job) } else { -key(job) });
    let (total, limit) = (jobs.len(), get("limit").parse::<usize>().ok());
    let offset = get("offset").parse().unwrap_or(0);
    let page: Vec<_> = jobs.into_iter().skip(offset).take(limit.unwrap_or(usize::MAX)).collect();
    let has_more = offset + page.len() < total;
    let pagination = json!({"offset": offset, "limit": limit, "total": total, "has_more": has_more});
    server::json(json!({"jobs": page, "pagination": pagination}).to_string())
}

pub fn one(prompt_id: &str, state: &State) -> Response<Body> {
    let finished = state.history.get(prompt_id).map(|entry| of_history(prompt_id, entry, true));
    match finished.or_else(|| all(state).into_iter().find(|job| job["id"] == prompt_id)) {
        Some(job) => server::json(job.to_string()),
        None => refused("Job not found", StatusCode::NOT_FOUND),
    }
}

/// The job of a finished run, with everything.
pub fn of_history(prompt_id: &str, entry: &Entry, in_full: bool) -> Value {
    let json = entry.json();
    let parts: HashMap<String, &RawValue> = serde_json::from_str(&json).unwrap();
    let entry: Value = serde_json::from_str(&json).unwrap();
    let (item, outputs, status) = (&entry["prompt"], &entry["outputs"], &entry["status"]);
    let events = || status["messages"].as_array().into_iter().flatten();
    let of = |names: &[&str]| events().rfind(|event| names.contains(&event[0].as_str().unwrap()));
    let interrupted = of(&["execution_interrupted"]);
    let word = match (status["status_str"].as_str(), interrupted) {
        (Some("error"), Some(_)) => "cancelled",
        (Some("error"), None) => "failed",
        _ => "completed",
    };
    let (count, shown, preview) = summary(parts["outputs"]);
    let end = of(&["execution_success", "execution_error", "execution_interrupted"]);
    let mut job = base(item, prompt_id, word);
    job.insert(
        "execution_start_time".to_owned(),
        of(&["execution_start"]).map_or(Value::Null, |e| e[1]["timestamp"].clone()),
    );
    job.insert("execution_end_time".to_owned(), end.map_or(Value::Null, |e| e[1]["timestamp"].clone()));
    job.insert("execution_error".to_owned(), of(&["execution_error"]).map_or(Value::Null, |e| e[1].clone()));
    job.insert("outputs_count".to_owned(), count.into());
    job.insert("previewable_outputs_count".to_owned(), shown.into());
    job.insert("preview_output".to_owned(), preview);
    job.retain(|_, value| !value.is_null());
    if in_full {
        job.insert("outputs".to_owned(), normalized(outputs));
        job.insert("execution_status".to_owned(), status.clone());
        job.insert("workflow".to_owned(), json!({"prompt": item[2], "extra_data": item[3]}));
    }
    job.into()
}

fn all(state: &State) -> Vec<Value> {
    let (running, pending) = state.queue.snapshot();
    let open = |jobs: Vec<Job>, status: &'static str| {
        jobs.into_iter().map(move |job| {
            let item: Value = serde_json::from_str(&job.item()).unwrap();
            let mut made = base(&item, &job.prompt_id, status);
            made.insert("outputs_count".to_owned(), 0.into());
            made.insert("previewable_outputs_count".to_owned(), 0.into());
            made.retain(|_, value| !value.is_null());
            made.into()
        })
    };
    let finished = state.history.ids().map(|id| of_history(id, state.history.get(id).unwrap(), false));
    open(running, "in_progress").chain(open(pending, "pending")).chain(finished).collect()
}

fn base(item: &Value, prompt_id: &str, status: &str) -> Map<String, Value> {
    let extra = &item[3];
    let job = json!({
        "id": prompt_id,
        "status": status,
        "priority": item[0],
        "create_time": extra["create_time"],
        "workflow_id": extra["extra_pnginfo"]["workflow"]["id"],
    });
    job.as_object().unwrap().clone()
}

fn is_model(name: &Value) -> bool {
    name.as_str().is_some_and(|name| MODELS.iter().any(|ending| name.to_lowercase().ends_with(ending)))
}

fn as_file(item: &Value) -> Value {
    if is_model(item) {
        json!({"filename": item, "type": "output", "subfolder": "", "mediaType": "3d"})
    } else {
        item.clone()
    }
}

/// An object in the order of its text, which `Value` doesn't keep.
struct Ordered(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Ordered, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Ordered(members))
            }
        }
        from.deserialize_map(Members)
    }
}

fn members(json: &RawValue) -> Vec<(String, Box<RawValue>)> {
    serde_json::from_str::<Ordered>(json.get()).map(|object| object.0).unwrap_or_default()
}

/// Every item of every list of every node.
fn items(outputs: &RawValue) -> Vec<(String, String, Value)> {
    let mut items = Vec::new();
    for (node, kinds) in members(outputs) {
        for (kind, list) in members(&kinds).into_iter().filter(|(kind, _)| *kind != "animated") {
            let list: Vec<Value> = serde_json::from_str(list.get()).unwrap_or_default();
            items.extend(list.iter().map(|item| (node.clone(), kind.clone(), as_file(item))));
        }
    }
    items
}

/// How many outputs there are, how many of them can be shown, and the one that stands for the run.
fn summary(outputs: &RawValue) -> (usize, usize, Value) {
    let (mut count, mut shown) = (0, 0);
    let mut slots = [const { Value::Null }; 4];
    for (node, kind, item) in items(outputs) {
        let name = item["filename"].as_str().unwrap_or_default().to_lowercase();
        let is_text = kind == "text" || TEXTS.iter().any(|ending| name.ends_with(ending));
        let (mut preview, slot) = match &item {
            Value::Object(file) => {
                let format = item["format"].as_str().unwrap_or_default();
                count += 1;
                let is_shown = ["images", "video", "audio", "3d"].contains(&kind.as_str())
                    || format.starts_with("video/")
                    || format.starts_with("audio/")
                    || is_model(&item["filename"])
                    || is_text;
                if !is_shown {
                    continue;
                }
                shown += 1;
                (Value::Object(file.clone()), if is_text { 2 } else { usize::from(item["type"] != "output") })
            }
            text if kind == "text" => {
                let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
                let preview = match text.char_indices().nth(1024) {
                    Some((end, _)) => json!({"content": &text[..end], "truncated": true}),
                    None => json!({"content": text}),
                };
                (preview, 3)
            }
            _ => continue,
        };
        preview["nodeId"] = node.into();
        if preview.get("mediaType").is_none() {
            preview["mediaType"] = kind.into();
        }
        if slots[slot].is_null() {
            slots[slot] = preview;
        }
    }
    (count, shown, slots.into_iter().find(|preview| !preview.is_null()).unwrap_or_default())
}

fn normalized(outputs: &Value) -> Value {
    let mut outputs = outputs.clone();
    for kinds in outputs.as_object_mut().into_iter().flatten().filter_map(|(_, kinds)| kinds.as_object_mut()) {
        for (_, list) in kinds.iter_mut().filter(|(kind, _)| *kind != "animated") {
            if let Some(list) = list.as_array_mut() {
                list.retain(|item| !item.is_null());
                list.iter_mut().for_each(|item| *item = as_file(item));
            }
        }
    }
    outputs
}

fn refused(error: &str, status: StatusCode) -> Response<Body> {
    let mut response = server::json(json!({"error": error}).to_string());
    *response.status_mut() = status;
    response
}
