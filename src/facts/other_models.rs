//! What else took part: files beside the model, files that were read, the nodes and their titles.

use super::graph::Graph;
use super::loras;
use super::model_files::{ModelKind, is_file, is_name, kind};
use super::nodes::{InputValue, NodeIndex};
use super::producers::Provenance;
use super::values::{Facts, note};
use crate::json::unquote;

/// How media end that a run reads.
const MEDIA: [&str; 37] = [
    "png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "exr", "psd", "svg", "mp4", "mov",
    "webm", "mkv", "avi", "m4v", "wav", "mp3", "flac", "ogg", "m4a", "aac", "opus", "glb", "gltf", "obj", "fbx", "stl",
    "ply", "splat", "spz", "ksplat", "usdz", "latent",
];

/// Fills in the files, nodes and titles. `apart`: nodes whose way up made nothing of the result.
pub(super) fn fill(graph: &Graph<'_>, provenance: &Provenance, apart: &[NodeIndex], facts: &mut Facts) {
    let mut seen = vec![false; graph.places().len()];
    for &place in apart {
        seen[place] = true;
    }
    let used = reached(graph, &provenance.outputs, &mut seen);
    for &place in apart {
        seen[place] = false;
    }
    let beside = reached(graph, apart, &mut seen);
    for &place in &used {
        files(graph, place, true, facts);
    }
    for &place in &beside {
        files(graph, place, false, facts);
    }
    let rest = graph.places().filter(|&place| !seen[place]);
    for place in used.iter().chain(&beside).copied().chain(rest) {
        let node = graph.node(place);
        let class = Some(node.class.to_string()).filter(|class| !class.is_empty());
        add(&mut facts.nodes, class);
        let title = node.title.as_deref().filter(|title| !title.trim().is_empty() && !is_same(title, &node.class));
        add(&mut facts.titles, title.map(str::to_owned));
    }
}

/// Every node from which these are reached by the links that count, those first.
fn reached(graph: &Graph<'_>, from: &[NodeIndex], seen: &mut [bool]) -> Vec<NodeIndex> {
    let mut found = Vec::new();
    let mut stack: Vec<NodeIndex> = from.iter().rev().copied().collect();
    while let Some(place) = stack.pop() {
        if std::mem::replace(&mut seen[place], true) {
            continue;
        }
        found.push(place);
        let links: Vec<NodeIndex> = graph.ways(place).map(|(_, to)| to).filter(|&to| !seen[to]).collect();
        stack.extend(links.into_iter().rev());
        // Holders and switches on the way took part too.
        let direct = graph.inputs(place).filter_map(|(_, value)| match value {
            InputValue::Link(to, _) if !seen[to] && !is_choice(graph, to) => Some(to),
            _ => None,
        });
        stack.extend(direct);
    }
    found
}

/// Nodes of which one side only is taken.
fn is_choice(graph: &Graph<'_>, place: NodeIndex) -> bool {
    graph.has_any(place, &["on_true", "on_false"]) || graph.folded_class(place).contains("switch")
}

/// The files that a node names.
fn files(graph: &Graph<'_>, place: NodeIndex, is_used: bool, facts: &mut Facts) {
    let class = graph.class(place);
    let mut loras = None;
    for (name, value) in graph.inputs(place) {
        let InputValue::Literal(json) = value else { continue };
        // What was written for a picture is a prompt, even if it ends as a file does: `embedding:bad.pt`.
        if !json.starts_with('"') || json.len() > 1024 || is_prompt(name) {
            continue;
        }
        let Some(text) = unquote(json).filter(|text| is_name(text)) else { continue };
        if is_medium(&text) && !name.contains("prefix") && !class.contains("Save") {
            note(&mut facts.inputs, Some(text.into_owned()));
            continue;
        }
        let is_model = is_file(&text);
        let is_known =
            facts.models.iter().any(|known| *known == text) || facts.loras.iter().any(|lora| lora.name == text);
        // What is switched off took no part.
        let is_lora = name.to_ascii_lowercase().contains("lora") && is_model;
        let own = || loras::own(graph, place);
        if is_lora && !loras.get_or_insert_with(own).iter().any(|lora| lora.name == text) {
            continue;
        }
        let list = match kind(class, name) {
            // A part of the model's own file.
            _ if is_known => continue,
            ModelKind::Vae => &mut facts.vaes,
            ModelKind::TextEncoder => &mut facts.text_encoders,
            ModelKind::ControlNet => &mut facts.controlnets,
            ModelKind::Upscaler if is_model => &mut facts.upscalers,
            ModelKind::Other if is_model => &mut facts.helpers,
            _ => continue,
        };
        let list = if is_used { list } else { &mut facts.helpers };
        note(list, Some(text.into_owned()));
    }
}

fn is_prompt(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    matches!(last, "text" | "prompt" | "positive" | "negative" | "string" | "populated_text" | "tags" | "caption")
        || ["text_", "prompt_", "string_"].iter().any(|start| last.starts_with(start)) && !last.contains("encoder")
        || last.ends_with("_prompt")
}

/// Whether a text is the name of a picture, a video, a sound or the like; `x.png [output]` too.
fn is_medium(text: &str) -> bool {
    let name = text.strip_suffix(']').and_then(|text| text.rsplit_once(" [")).map_or(text, |(name, _)| name);
    let ending = name.rsplit_once('.').map(|(stem, ending)| (stem.is_empty(), ending));
    let is_known = |ending: &str| MEDIA.iter().any(|known| ending.eq_ignore_ascii_case(known));
    ending.is_some_and(|(is_bare, ending)| !is_bare && is_known(ending)) && !name.contains('\n')
}

/// Whether a title is only the class written for people.
fn is_same(title: &str, class: &str) -> bool {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    letters(title) == letters(class)
}

fn add(list: &mut Vec<String>, value: Option<String>) {
    if let Some(value) = value.filter(|value| list.len() < super::values::MOST_NAMES && !list.contains(value)) {
        list.push(value);
    }
}
