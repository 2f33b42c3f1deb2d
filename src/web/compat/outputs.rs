//! What ComfyUI's jobs make of the outputs of a run, by the rules of its `comfy_execution/jobs.py` (0.33): how many there
//! are, which one stands for the run, and the whole of them.

use super::write::{ObjectWriter, member};
use crate::json::{elements, members, unquote};

/// Keys under which anything can be shown.
const SHOWN_KEYS: [&str; 5] = ["images", "video", "audio", "3d", "text"];

/// Endings of 3D models.
const MODELS: [&str; 5] = [".obj", ".fbx", ".gltf", ".glb", ".usdz"];

/// Endings of texts that are saved as files.
const TEXTS: [&str; 3] = [".txt", ".md", ".json"];

/// Characters of a text that stands for a run.
const TEXT_CHARS: usize = 1024;

/// What a job says of its outputs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OutputsSummary {
    /// How many files its nodes gave.
    pub outputs: u64,
    /// How many of them can be shown.
    pub previewable: u64,
    /// The one that stands for the run.
    pub preview: Option<String>,
}

/// Counts the outputs and finds the one that stands for the run: the first picture, film, sound or model that was saved,
/// else the first that can be shown, else a saved text file, else a text.
pub fn summary(outputs: &str) -> OutputsSummary {
    let mut summary = OutputsSummary::default();
    let (mut saved, mut shown, mut text_file, mut bare_text) = (None, None, None, None);
    for (node, key, item) in items(outputs) {
        let item = normal(item).unwrap_or_else(|| item.to_owned());
        if !item.starts_with('{') {
            if key == "text" {
                bare_text.get_or_insert_with(|| text_preview(&node, &item));
            }
            continue;
        }
        summary.outputs += 1;
        let name = text(&item, "filename").unwrap_or_default().to_lowercase();
        if !is_shown(&key, &item, &name) {
            continue;
        }
        summary.previewable += 1;
        let slot = if key == "text" || ends_with_any(&name, &TEXTS) {
            &mut text_file
        } else if text(&item, "type").as_deref() == Some("output") {
            &mut saved
        } else {
            &mut shown
        };
        slot.get_or_insert_with(|| preview(&node, &key, &item));
    }
    summary.preview = saved.or(shown).or(text_file).or(bare_text);
    summary
}

/// The outputs with the names of 3D models as files, and without nulls.
pub fn normalized(outputs: &str) -> String {
    let mut nodes = ObjectWriter::new();
    for (node, given) in members(outputs) {
        if !given.starts_with('{') {
            nodes.json(&node, given);
            continue;
        }
        let mut keys = ObjectWriter::new();
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
    let mut file = ObjectWriter::new();
    file.text("filename", &name).text("type", "output").text("subfolder", "").text("mediaType", "3d");
    Some(file.finish())
}

fn is_model(name: &str) -> bool {
    ends_with_any(&name.to_lowercase(), &MODELS)
}

fn ends_with_any(name: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| name.ends_with(ending))
}

/// Whether a file can be shown. `name`: its own, in lower case.
fn is_shown(key: &str, item: &str, name: &str) -> bool {
    let is_film = |format: String| format.starts_with("video/") || format.starts_with("audio/");
    SHOWN_KEYS.contains(&key)
        || text(item, "format").is_some_and(is_film)
        || ends_with_any(name, &MODELS)
        || ends_with_any(name, &TEXTS)
}

fn preview(node: &str, key: &str, item: &str) -> String {
    let mut preview = ObjectWriter::new();
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
    let mut preview = ObjectWriter::new();
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

    fn preview_of(outputs: &str) -> Option<String> {
        summary(outputs).preview
    }

    #[test]
    fn the_first_that_was_saved_stands_for_the_run() {
        let outputs = r#"{"1": {"images": [{"filename": "a.png", "type": "temp"}], "animated": [true]},
            "2": {"latents": [{"filename": "b.latent", "type": "output"}]},
            "3": {"gifs": [{"filename": "c.mp4", "type": "output", "format": "video/h264-mp4", "nodeId": "x"}, null, 5]}}"#;
        let expected = r#"{"filename": "c.mp4", "type": "output", "format": "video/h264-mp4", "nodeId": "3", "mediaType": "gifs"}"#;
        assert_eq!(summary(outputs), OutputsSummary { outputs: 3, previewable: 2, preview: Some(expected.to_owned()) });
    }

    #[test]
    fn a_text_stands_for_a_run_that_gave_nothing_else_to_be_shown() {
        let text = "é".repeat(1025);
        let texts = format!(r#""7": {{"text": ["{text}", null, 1.5], "x": ["y"]}}"#);
        let cut = r"\u00e9".repeat(1024);
        let expected = format!(r#"{{"content": "{cut}", "truncated": true, "nodeId": "7", "mediaType": "text"}}"#);
        assert_eq!(
            summary(&format!("{{{texts}}}")),
            OutputsSummary { outputs: 0, previewable: 0, preview: Some(expected) }
        );
        let file = r#""8": {"files": [{"filename": "Notes.MD", "type": "output"}]}"#;
        let preview = preview_of(&format!("{{{texts}, {file}}}"));
        assert!(preview.as_deref().unwrap().contains("Notes.MD"), "{preview:?}");
        let shown = r#""9": {"images": [{"filename": "a.png", "type": "temp"}]}"#;
        let preview = preview_of(&format!("{{{texts}, {file}, {shown}}}"));
        assert!(preview.as_deref().unwrap().contains("a.png"), "{preview:?}");
        assert_eq!(summary("{}"), OutputsSummary::default());
        assert_eq!(summary("null"), OutputsSummary::default());
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
        let OutputsSummary { outputs, preview, .. } = summary(outputs);
        assert_eq!(outputs, 2);
        assert!(preview.unwrap().contains(r#""mediaType": "3d""#));
    }
}
