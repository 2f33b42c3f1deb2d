//! The way of the model: from a sampler up to the loaders, and the LoRAs on it.

use std::collections::HashSet;

use super::graph::{Graph, Place, Value};
use super::inputs::without_noise;
use super::{Facts, Lora, note, sampler};
use crate::json::{elements, members, unquote};

/// Where a loader names its model, the surest first.
const FILES: [&str; 14] = [
    "ckpt_name",
    "unet_name",
    "gguf_name",
    "base_ckpt_name",
    "ckpt_path",
    "unet_path",
    "model_name",
    "model_path",
    "diffusion_model",
    "transformer_name",
    "checkpoint",
    "model",
    "unet",
    "model_id",
];

/// A second model that the same loader brings.
const MORE_FILES: [&str; 1] = ["refiner_ckpt_name"];

/// Rows of a loader that takes many LoRAs.
const MOST_ROWS: usize = 64;

/// Adds the models and LoRAs of a sampler.
pub(super) fn trace(graph: &Graph<'_>, sampler: Place, facts: &mut Facts) {
    let mut seen = HashSet::new();
    let mut stack = above(graph, sampler::guide(graph, sampler), true);
    // From the loader down, as they are applied.
    let mut loras: Vec<Lora> = Vec::new();
    while let Some(place) = stack.pop() {
        if !seen.insert(place) || !graph.step() {
            continue;
        }
        loras.extend(loras_at(graph, place, &mut seen));
        let links = above(graph, place, false);
        if links.is_empty() {
            for file in files_of(graph, place) {
                note(&mut facts.models, Some(file));
            }
        }
        stack.extend(links);
    }
    for lora in loras.into_iter().rev() {
        if !facts.loras.contains(&lora) && facts.loras.len() < super::MOST_VALUES {
            facts.loras.push(lora);
        }
    }
}

/// Adds the LoRAs that only an encoder's text model passes through.
pub(super) fn trace_clip(graph: &Graph<'_>, encoder: Place, facts: &mut Facts) {
    let mut at = encoder;
    for _ in 0..super::MOST_VALUES {
        let Some((above, _)) = graph.first_link(at, &["clip", "CLIP"]).filter(|_| graph.step()) else { return };
        at = above;
        let known = |lora: &Lora, facts: &Facts| facts.loras.iter().any(|known| known.name == lora.name);
        for lora in own(graph, at) {
            if lora.strength_clip.is_some() && !known(&lora, facts) && facts.loras.len() < super::MOST_VALUES {
                facts.loras.push(Lora { strength: None, ..lora });
            }
        }
    }
}

/// The nodes a model comes from, the last to be looked at first. Several where models are merged or take turns.
fn above(graph: &Graph<'_>, place: Place, is_sampler: bool) -> Vec<Place> {
    let named = |is_wanted: &dyn Fn(&str) -> bool| -> Vec<Place> {
        let mut links: Vec<Place> =
            graph.links(place).filter(|(name, _)| is_wanted(name)).map(|(_, (to, _))| to).collect();
        links.reverse();
        links
    };
    let mut links = named(&is_model);
    if links.is_empty() && (is_sampler || files_of(graph, place).is_empty()) {
        links = named(&is_like_a_model);
    }
    if links.is_empty() && (is_sampler || files_of(graph, place).is_empty()) {
        links = named(&sampler::is_bundle);
        links.truncate(1);
    }
    // One that only hands something on.
    if links.is_empty() && !is_sampler && files_of(graph, place).is_empty() {
        links = named(&|_| true);
        links.truncate(if links.len() == 1 { 1 } else { 0 });
    }
    links
}

/// `model`, `model1`, `model_b`, `model_negative`, `high_noise_model`.
pub(super) fn is_model(name: &str) -> bool {
    if matches!(name, "high_noise_model" | "low_noise_model" | "unet" | "base_model" | "MODEL" | "refiner_model") {
        return true;
    }
    name.strip_prefix("model").is_some_and(|rest| {
        let rest = rest.trim_start_matches('_');
        rest.len() <= 1 || matches!(rest, "negative" | "optional" | "opt") || rest.bytes().all(|c| c.is_ascii_digit())
    })
}

/// `SUPIR_model`, `transformer`, but not what stands beside the model.
fn is_like_a_model(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_beside =
        ["upscale", "clip", "vision", "control", "sam", "bbox", "segm", "style", "vace", "patch", "reward", "fantasy"];
    (name.ends_with("model") || matches!(&*name, "transformer" | "pipeline" | "dit"))
        && !is_beside.iter().any(|word| name.contains(word))
}

/// What a loader loads; nothing for another node.
fn files_of(graph: &Graph<'_>, place: Place) -> Vec<String> {
    let is_literal = |name: &&&str| !matches!(graph.value(place, name), None | Some(Value::Nowhere));
    let first = FILES.iter().filter(is_literal).find_map(|name| graph.text(place, name)).filter(|name| is_name(name));
    let more = MORE_FILES.iter().filter_map(|name| graph.text(place, name)).filter(|name| is_name(name));
    first.into_iter().chain(more).collect()
}

/// Whether a choice is one.
pub(super) fn is_name(name: &str) -> bool {
    !matches!(name.trim(), "" | "None" | "none" | "NONE" | "[None]" | "Baked VAE" | "undefined")
}

/// The LoRAs that a node adds, the last first: its own, then those of the stacks that it is given.
fn loras_at(graph: &Graph<'_>, place: Place, seen: &mut HashSet<Place>) -> Vec<Lora> {
    let mut loras = own(graph, place);
    loras.reverse();
    let mut stack: Vec<Place> = stacks(graph, place);
    while let Some(place) = stack.pop() {
        if seen.insert(place) && graph.step() {
            let more = own(graph, place);
            loras.extend(more.into_iter().rev());
            stack.extend(stacks(graph, place));
        }
    }
    loras
}

fn stacks(graph: &Graph<'_>, place: Place) -> Vec<Place> {
    graph.links(place).filter(|(name, _)| name.to_ascii_lowercase().contains("lora")).map(|(_, (to, _))| to).collect()
}

/// The LoRAs of one node, as its widgets have them from top to bottom.
fn own(graph: &Graph<'_>, place: Place) -> Vec<Lora> {
    let has_any = graph.inputs(place).any(|(name, _)| name.to_ascii_lowercase().contains("lora") || is_text(name));
    if !has_any || graph.flag(place, "toggle") == Some(false) {
        return Vec::new();
    }
    let single = ["lora_name", "lora", "lora_path"].iter().find(|name| graph.text(place, name).is_some());
    let mut loras: Vec<Lora> = match single {
        Some(name) => lora(graph, place, name, "").into_iter().collect(),
        None => numbered(graph, place),
    };
    let literals = || {
        graph.inputs(place).filter_map(|(name, value)| match value {
            Value::Literal(json) => Some((name, json)),
            _ => None,
        })
    };
    let has_rows = |(name, json): &(&str, &str)| json.starts_with('{') && name.starts_with("lora");
    loras.extend(literals().filter(has_rows).flat_map(|(_, json)| rows(json)));
    if loras.is_empty() {
        // Beside rows a text only repeats them.
        let texts = literals().filter(|(name, json)| is_text(name) && json.contains("<lora:"));
        loras.extend(texts.filter_map(|(_, json)| unquote(json)).flat_map(|text| tags(&text)));
    }
    loras.retain(|lora| is_name(&lora.name) && has_effect(lora));
    loras.truncate(MOST_ROWS);
    loras
}

/// Inputs where LoRAs may stand as `<lora:name:0.8>`.
fn is_text(name: &str) -> bool {
    matches!(name, "text" | "populated_text" | "lora_text" | "lora_syntax" | "loras_text")
}

fn has_effect(lora: &Lora) -> bool {
    let is_zero = |number: &Option<String>| number.as_deref().is_none_or(|number| number.parse() == Ok(0.0));
    lora.strength.is_none() || !(is_zero(&lora.strength) && is_zero(&lora.strength_clip))
}

/// `lora_name` with its strengths; `ending` tells rows apart.
fn lora(graph: &Graph<'_>, place: Place, name: &str, ending: &str) -> Option<Lora> {
    const MODEL: [&str; 8] = [
        "strength_model",
        "lora_model_strength",
        "model_strength",
        "model_str",
        "model_weight",
        "strength",
        "lora_strength",
        "lora_wt",
    ];
    const CLIP: [&str; 5] = ["strength_clip", "lora_clip_strength", "clip_strength", "clip_str", "clip_weight"];
    let number = |names: &[&str]| names.iter().find_map(|name| graph.number(place, &format!("{name}{ending}")));
    Some(Lora { name: graph.text(place, name)?, strength: number(&MODEL), strength_clip: number(&CLIP) })
}

/// `lora_name_2` with `model_str_2`, `lora_02` with `strength_02`, `lora_2_name` with `lora_2_strength`, each with its
/// own switch or a count over all.
fn numbered(graph: &Graph<'_>, place: Place) -> Vec<Lora> {
    let count = ["lora_count", "num_loras"].iter().find_map(|name| graph.number(place, name));
    let count = count.and_then(|count| count.parse::<usize>().ok()).unwrap_or(MOST_ROWS);
    let is_simple = graph.text(place, "input_mode").as_deref() == Some("simple")
        || graph.text(place, "mode").as_deref() == Some("simple");
    let mut loras = Vec::new();
    for (name, _) in graph.inputs(place) {
        let Some(digits) = name.strip_prefix("lora_name").or_else(|| name.strip_prefix("lora")) else { continue };
        let digits: String = digits.trim_start_matches('_').chars().take_while(char::is_ascii_digit).collect();
        let Ok(number) = digits.parse::<usize>() else { continue };
        let own = format!("lora_{digits}_");
        let is_row = name.ends_with(&digits) || *name == format!("{own}name");
        let is_off = graph.flag(place, &format!("switch_{digits}")) == Some(false);
        if !is_row || is_off || number > count {
            continue;
        }
        let Some(row) = lora(graph, place, name, &format!("_{digits}")) else { continue };
        let of = |kind: &str| graph.number(place, &format!("{own}{kind}strength"));
        let (strength, clip) = match is_simple {
            true => (graph.number(place, &format!("lora_wt_{digits}")).or_else(|| of("")), None),
            false => (of("model_").or(row.strength).or_else(|| of("")), of("clip_").or(row.strength_clip)),
        };
        loras.push(Lora { name: row.name, strength, strength_clip: clip });
    }
    loras
}

/// `{"on":true,"lora":"x.safetensors","strength":1}` as rgthree's Power Lora Loader writes it, or a wrapped list of
/// `{"name":"x","strength":1,"active":true}`.
fn rows(json: &str) -> Vec<Lora> {
    match members(json).find(|(name, _)| name == "__value__") {
        Some((_, list)) => elements(list).take(MOST_ROWS).filter_map(row).collect(),
        None => row(json).into_iter().collect(),
    }
}

fn row(json: &str) -> Option<Lora> {
    let field = |names: &[&str]| members(json).find(|(name, _)| names.contains(&&**name)).map(|(_, value)| value);
    let number = |names: &[&str]| {
        let value = field(names)?;
        let value = unquote(value).unwrap_or(value.into());
        value.parse::<f64>().ok().map(|_| without_noise(&value))
    };
    let name = field(&["lora", "name"]).and_then(unquote)?.into_owned();
    let is_on = field(&["on", "active", "enabled"]) != Some("false");
    let strength_clip = number(&["strengthTwo", "clipStrength", "strength_clip"]);
    is_on.then(|| Lora { name, strength: number(&["strength", "strength_model"]), strength_clip })
}

/// `<lora:name:0.8>` and `<lora:name:0.8:0.5>` in a text.
fn tags(text: &str) -> Vec<Lora> {
    let tags = text.split("<lora:").skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag);
    let lora = |tag: &str| {
        let mut parts = tag.split(':').map(|part| part.trim().to_owned());
        let number = |part: Option<String>| part.filter(|part| part.parse::<f64>().is_ok());
        Some(Lora { name: parts.next()?, strength: number(parts.next()), strength_clip: number(parts.next()) })
    };
    tags.take(MOST_ROWS).filter_map(lora).collect()
}
