//! Nodes that ask a hosted service: it has no sampler in the graph, but a prompt and settings in one node.

use super::graph::Graph;
use super::nodes::{InputValue, NodeIndex};
use super::values::{Facts, Pass, note};
use super::{generated_text, model_files, sampler, size, typed};
use crate::json::unquote;

/// How the classes of a service's nodes begin, and its name for people.
const SERVICES: [(&str, &str); 52] = [
    ("BFL", "Black Forest Labs"),
    ("Beeble", "Beeble"),
    ("Bria", "Bria"),
    ("ByteDance", "ByteDance"),
    ("Claude", "Anthropic"),
    ("ElevenLabs", "ElevenLabs"),
    ("Flux2Max", "Black Forest Labs"),
    ("Flux2Pro", "Black Forest Labs"),
    ("FluxErase", "Black Forest Labs"),
    ("FluxKontextMax", "Black Forest Labs"),
    ("FluxKontextPro", "Black Forest Labs"),
    ("FluxPro", "Black Forest Labs"),
    ("FluxVTO", "Black Forest Labs"),
    ("FluxVto", "Black Forest Labs"),
    ("Freepik", "Freepik"),
    ("Gemini", "Google"),
    ("Google", "Google"),
    ("Grok", "xAI"),
    ("HappyHorse", "HappyHorse"),
    ("HeyGen", "HeyGen"),
    ("HitPaw", "HitPaw"),
    ("IdeogramV", "Ideogram"),
    ("Imagen", "Google"),
    ("Kling", "Kling"),
    ("LtxvApi", "Lightricks"),
    ("Luma", "Luma"),
    ("Magnific", "Magnific"),
    ("Meshy", "Meshy"),
    ("Minimax", "MiniMax"),
    ("MiniMax", "MiniMax"),
    ("Hailuo", "MiniMax"),
    ("Moonvalley", "Moonvalley"),
    ("OpenAI", "OpenAI"),
    ("OpenRouter", "OpenRouter"),
    ("Pika", "Pika"),
    ("Pixverse", "PixVerse"),
    ("Quiver", "Quiver"),
    ("Recraft", "Recraft"),
    ("Reve", "Reve"),
    ("Rodin3D", "Rodin"),
    ("Runway", "Runway"),
    ("Sora", "OpenAI"),
    ("Sonilo", "Sonilo"),
    ("Stability", "Stability AI"),
    ("Tencent", "Tencent"),
    ("Topaz", "Topaz"),
    ("Tripo", "Tripo"),
    ("Veo", "Google"),
    ("Vidu", "Vidu"),
    ("Wan2ReferenceVideoApi", "Wan"),
    ("Wavespeed", "WaveSpeed"),
    ("xAI", "xAI"),
];

/// The service that a class belongs to.
pub(super) fn service(class: &str) -> Option<&'static str> {
    let is_of_wan = || class.starts_with("Wan") && class.ends_with("Api");
    // A word ends there: `ReverseImageBatch` has nothing to do with Reve. Pika calls its nodes `Pikadditions`.
    let is_whole = |start: &str| start == "Pika" || !class[start.len()..].starts_with(|c: char| c.is_ascii_lowercase());
    let is_one = |start: &str| class.starts_with(start) && is_whole(start);
    let known = SERVICES.iter().find(|(start, _)| is_one(start)).map(|(_, name)| *name);
    known.or_else(|| is_of_wan().then_some("Wan"))
}

/// Whether a node asks a service for what it gives: it is of a known one, or it has a prompt and settings like theirs
/// and no model of its own.
pub(super) fn is_hosted(graph: &Graph<'_>, place: NodeIndex) -> bool {
    let is_known = service(graph.class(place)).is_some();
    let is_local = graph.links(place).any(|(name, _)| {
        matches!(name, "clip" | "vae" | "model" | "pipe")
            || !is_known && name.ends_with("_model")
            || sampler::is_bundle(name)
    });
    if is_local || graph.has(place, "ckpt_name") {
        return false;
    }
    (is_known || is_like_one(graph, place)) && !runs_here(graph, place)
}

fn is_like_one(graph: &Graph<'_>, place: NodeIndex) -> bool {
    let has_prompt = graph.inputs(place).any(|(name, value)| is_prompt(name) && is_text(value));
    let settings = ["model", "seed", "aspect_ratio", "resolution", "duration", "size", "model_name", "api_key"];
    has_prompt && graph.has_any(place, &settings)
}

/// Whether a node loads a model by itself: it names a file, or says on what and how exactly it is to run.
fn runs_here(graph: &Graph<'_>, place: NodeIndex) -> bool {
    const SETTINGS: [&str; 10] = [
        "precision",
        "base_precision",
        "quantization",
        "device",
        "load_device",
        "dtype",
        "torch_dtype",
        "attention_mode",
        "cpu_offload",
        "force_offload",
    ];
    let names_file = |value: InputValue<'_>| match value {
        InputValue::Literal(json) => json.len() < 512 && unquote(json).is_some_and(|text| model_files::is_file(&text)),
        _ => false,
    };
    graph.has_any(place, &SETTINGS)
        || graph.inputs(place).any(|(name, value)| !is_prompt(name) && !is_said(name) && names_file(value))
}

/// The name of the service for people; nothing for a node that only may ask one.
fn named(class: &str) -> Option<String> {
    let says_so = || ["Api", "API", "api"].iter().any(|word| class.contains(word));
    service(class).map(str::to_owned).or_else(|| says_so().then(|| class.to_owned()))
}

/// `prompt`, `model.prompt`, `multi_shot.storyboard_1_prompt`, `prompt_text`, but not what everybody sends.
fn is_prompt(name: &str) -> bool {
    let last = last(name);
    // Some are flags, and in an outdated template any value may have slipped into those.
    let others = ["negative", "system", "enhance", "extend", "optimiz", "upsampl", "rewrite", "improve", "expand"];
    let is_other = others.iter().any(|word| last.contains(word));
    (matches!(last, "prompt_text" | "edit_instruction" | "lyrics_prompt") || last.ends_with("prompt")) && !is_other
}

/// What is said, for those that speak or make sounds.
fn is_said(name: &str) -> bool {
    let last = last(name);
    let rest = last.strip_prefix("text");
    rest.is_some_and(|rest| rest.bytes().all(|c| c.is_ascii_digit()))
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// A number in the place of a text is a value that slipped.
fn is_text(value: InputValue<'_>) -> bool {
    match value {
        InputValue::Literal(json) => json.starts_with('"'),
        InputValue::Link(..) => true,
        InputValue::Nowhere => false,
    }
}

/// Adds what a node asks for.
pub(super) fn trace(graph: &Graph<'_>, place: NodeIndex, facts: &mut Facts, writers: &mut Vec<NodeIndex>) {
    let is_known = service(graph.class(place)).is_some();
    for (name, value) in graph.inputs(place).filter(|(_, value)| is_text(*value)) {
        if last(name).contains("negative") && last(name).contains("prompt") {
            note(&mut facts.negative, graph.text_of(value));
        } else if is_prompt(name) || is_known && is_said(name) {
            let text = graph.text_of(value);
            if text.is_none() {
                generated_text::instructions(graph, value, &mut facts.instructions, writers);
                typed::parts(graph, value).into_iter().for_each(|part| note(&mut facts.positive, Some(part)));
            }
            note(&mut facts.positive, text);
        }
    }
    const MODELS: [&str; 6] = ["model", "model_name", "model_version", "model.model", "model_id", "upscaler_model"];
    note(&mut facts.models, graph.first_text(place, &MODELS).filter(|name| !matches!(&**name, "auto" | "None")));
    for (name, _) in graph.inputs(place) {
        let last = last(name);
        if last.eq_ignore_ascii_case("seed") || last.ends_with("_seed") {
            note(&mut facts.seeds, graph.number(place, name).filter(|seed| sampler::is_seed(seed)));
        }
    }
    facts.passes.extend(settings(graph, place));
    note(&mut facts.services, named(graph.class(place)));
}

fn settings(graph: &Graph<'_>, place: NodeIndex) -> Option<Pass> {
    let pass = Pass {
        steps: graph.number(place, "steps"),
        cfg: graph.first_number(place, &["cfg_scale", "cfg", "model.cfg_scale"]),
        guidance: graph.first_number(place, &["guidance", "guidance_scale"]),
        ..Pass::default()
    };
    (pass != Pass::default()).then_some(pass)
}

/// The pixels that a service was asked for, and for how long.
pub(super) fn size(graph: &Graph<'_>, place: NodeIndex) -> size::LatentSize {
    const PRESETS: [&str; 7] =
        ["size_preset", "size", "model.size", "model.size_preset", "resolution", "model.resolution", "ratio"];
    const SECONDS: [&str; 4] = ["duration", "duration_seconds", "model.duration", "multi_shot.duration"];
    let preset = PRESETS.iter().find_map(|name| graph.text(place, name));
    let of_preset = PRESETS.iter().find_map(|name| size::of_text(&graph.text(place, name)?));
    let number = |names: &[&str]| graph.first_number(place, names);
    // Numbers beside a preset count only when it says so.
    let is_custom = preset.is_none_or(|preset| preset.to_ascii_lowercase().contains("custom"));
    let own = || {
        number(&["width", "custom_width", "model.custom_width", "model.width"]).zip(number(&[
            "height",
            "custom_height",
            "model.custom_height",
            "model.height",
        ]))
    };
    let (width, height) = of_preset.or_else(|| own().filter(|_| is_custom)).unzip();
    let more_than_one = |number: &String| number != "1" && !number.starts_with('-') && number != "0";
    let seconds = || {
        let text = graph.first_text(place, &SECONDS)?;
        let text = text.trim().trim_end_matches('s').trim();
        text.parse::<f64>().ok().map(|_| text.to_owned())
    };
    size::LatentSize {
        width,
        height,
        length: None,
        seconds: number(&SECONDS).or_else(seconds).filter(|number| !number.starts_with('-') && number != "0"),
        batch: number(&["n", "number_of_images", "batch_size"]).filter(more_than_one),
    }
}
