//! What ComfyUI's jobs make of the outputs of a run, by the rules of its `comfy_execution/jobs.py` (0.26): how many there
//! are, which one stands for the run, and the whole of them.

use super::write::{Object, member};
use crate::json::{elements, members, unquote};

/// Keys under which anything can be shown.
const SHOWN_KEYS: [&str; 5] = ["images", "video", "audio", "3d", "text"];

/// Endings of 3D models.
const MODELS: [&str; 5] = [".obj", ".fbx", ".gltf", ".glb", ".usdz"];

/// Characters of a text that stands for a run.
const TEXT_CHARS: usize = 1024;

/// How many outputs there are, and the one that stands for the run: the first that was saved and can be shown, else the
/// first that can be shown.
pub fn summary(outputs: &str) -> (u64, Option<String>) {
    let mut count = 0;
    let (mut saved, mut other) = (None, None);
    for (node, key, item) in items(outputs) {
        let item = normal(item).unwrap_or_else(|| item.to_owned());
        if item.starts_with('{') {
            count += 1;
            if saved.is_none() && is_shown(&key, &item) {
                let preview = preview(&node, &key, &item);
                if text(&item, "type").as_deref() == Some("output") {
                    saved = Some(preview);
                } else {
                    other.get_or_insert(preview);
                }
            }
        } else if key == "text" {
            count += 1;
            if saved.is_none() {
                other.get_or_insert_with(|| text_preview(&node, &item));
            }
        }
    }
    (count, saved.or(other))
}

/// The outputs with the names of 3D models as files, and without nulls.
pub fn normalized(outputs: &str) -> String {
    let mut nodes = Object::new();
    for (node, given) in members(outputs) {
        if !given.starts_with('{') {
            nodes.json(&node, given);
            continue;
        }
        let mut keys = Object::new();
        for (key, value) in members(given) {
            if is_list(&key, value) {
                let kept = elements(value).filter(|item| *item != "null");
                let items: Vec<_> = kept.map(|item| normal(item).unwrap_or_else(|| item.to_owned())).collect();
                keys.json(&key, &format!("[{}]", items.join(", ")));
            } else {
                keys.json(&key, value);
            }
        }
        nodes.json(&node, &keys.finish());
    }
    nodes.finish()
}

/// Every item of every list: its node, its key, its text.
fn items(outputs: &str) -> impl Iterator<Item = (String, String, &str)> {
    members(outputs).flat_map(|(node, given)| {
        let lists = members(given).filter(|(key, value)| is_list(key, value));
        lists.flat_map(move |(key, value)| {
            let node = node.clone().into_owned();
            elements(value).map(move |item| (node.clone(), key.clone().into_owned(), item))
        })
    })
}

/// `animated` is a flag in a list.
fn is_list(key: &str, value: &str) -> bool {
    key != "animated" && value.starts_with('[')
}

/// A name of a 3D model as a file; `None` for all else.
fn normal(item: &str) -> Option<String> {
    let name = unquote(item).filter(|name| is_model(name))?;
    let mut file = Object::new();
    file.text("filename", &name).text("type", "output").text("subfolder", "").text("mediaType", "3d");
    Some(file.finish())
}

fn is_model(name: &str) -> bool {
    let name = name.to_lowercase();
    MODELS.iter().any(|ending| name.ends_with(ending))
}

fn is_shown(key: &str, item: &str) -> bool {
    let is_film = |format: String| format.starts_with("video/") || format.starts_with("audio/");
    SHOWN_KEYS.contains(&key)
        || text(item, "format").is_some_and(is_film)
        || text(item, "filename").is_some_and(|name| is_model(&name))
}

fn preview(node: &str, key: &str, item: &str) -> String {
    let mut preview = Object::new();
    for (name, value) in members(item).filter(|(name, _)| name != "nodeId") {
        preview.json(&name, value);
    }
    preview.text("nodeId", node);
    if member(item, "mediaType").is_none() {
        preview.text("mediaType", key);
    }
    preview.finish()
}

fn text_preview(node: &str, item: &str) -> String {
    // As Python writes what isn't a text.
    let text = match item {
        "null" => "None".to_owned(),
        "true" => "True".to_owned(),
        "false" => "False".to_owned(),
        json => unquote(json).map_or_else(|| json.to_owned(), |text| text.into_owned()),
    };
    let mut preview = Object::new();
    match text.char_indices().nth(TEXT_CHARS) {
        Some((end, _)) => preview.text("content", &text[..end]).json("truncated", "true"),
        None => preview.text("content", &text),
    };
    preview.text("nodeId", node).text("mediaType", "text").finish()
}

fn text(item: &str, key: &str) -> Option<String> {
    member(item, key).and_then(unquote).map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_was_saved_stands_for_the_run() {
        let outputs = r#"{"1": {"images": [{"filename": "a.png", "type": "temp"}], "animated": [true]},
            "2": {"latents": [{"filename": "b.latent", "type": "output"}]},
            "3": {"gifs": [{"filename": "c.mp4", "type": "output", "format": "video/h264-mp4", "nodeId": "x"}, null, 5]}}"#;
        let expected = r#"{"filename": "c.mp4", "type": "output", "format": "video/h264-mp4", "nodeId": "3", "mediaType": "gifs"}"#;
        assert_eq!(summary(outputs), (3, Some(expected.to_owned())));
    }

    #[test]
    fn a_preview_or_a_text_stands_for_a_run_that_saved_nothing_to_be_shown() {
        let text = "é".repeat(1025);
        let (count, preview) = summary(&format!(r#"{{"7": {{"text": ["{text}", null, 1.5], "x": ["y"]}}}}"#));
        assert_eq!(count, 3);
        let cut = r"\u00e9".repeat(1024);
        let expected = format!(r#"{{"content": "{cut}", "truncated": true, "nodeId": "7", "mediaType": "text"}}"#);
        assert_eq!(preview, Some(expected));
        assert_eq!(summary("{}"), (0, None));
        assert_eq!(summary("null"), (0, None));
    }

    #[test]
    fn names_of_models_become_files() {
        let outputs =
            r#"{"1": {"result": ["mesh/A.GLB", null, "x", {"a": 1}], "animated": [null], "n": 5}, "2": null}"#;
        let model = r#"{"filename": "mesh/A.GLB", "type": "output", "subfolder": "", "mediaType": "3d"}"#;
        assert_eq!(
            normalized(outputs),
            format!(r#"{{"1": {{"result": [{model}, "x", {{"a": 1}}], "animated": [null], "n": 5}}, "2": null}}"#)
        );
        let (count, preview) = summary(outputs);
        assert_eq!(count, 2);
        assert!(preview.unwrap().contains(r#""mediaType": "3d""#));
    }
}
