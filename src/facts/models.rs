//! The way of the model: from a sampler up to the loaders.

use std::collections::HashSet;

use super::graph::Graph;
use super::model_files::{FILES, ModelKind, files_of, is_file, is_model, is_name};
use super::nodes::{InputValue, NodeIndex};
use super::values::{Facts, Lora, note};
use super::{loras, model_files, sampler};

/// Nodes in a row that only hand a model on.
const MOST_HOPS: usize = 16;

/// Adds the models and LoRAs of a sampler.
pub(super) fn trace(graph: &Graph<'_>, sampler: NodeIndex, facts: &mut Facts) {
    let mut seen = HashSet::new();
    let mut stack = above(graph, sampler::guide(graph, sampler), true);
    if stack.is_empty() {
        // One that loads its model itself.
        let mut files: Vec<String> = files_of(graph, sampler).into_iter().filter(|file| is_file(file)).collect();
        if files.is_empty() {
            let names = graph.inputs(sampler).map(|(name, _)| name).filter(|name| is_like_a_model(name));
            files = names.filter_map(|name| graph.text(sampler, name)).filter(|file| is_file(file)).collect();
        }
        files.into_iter().for_each(|file| note(&mut facts.models, Some(file)));
    }
    // From the loader down, as they are applied.
    let mut loras: Vec<Lora> = Vec::new();
    while let Some(place) = stack.pop() {
        if !seen.insert(place) || !graph.step() {
            continue;
        }
        loras.extend(loras::at(graph, place, &mut seen));
        let links = above(graph, place, false);
        if links.is_empty() {
            for file in files_of(graph, place) {
                note(&mut facts.models, Some(file));
            }
        }
        stack.extend(links);
    }
    for lora in loras.into_iter().rev() {
        if !facts.loras.contains(&lora) && facts.loras.len() < super::values::MOST_VALUES {
            facts.loras.push(lora);
        }
    }
}

/// Adds the LoRAs that only an encoder's text model passes through.
pub(super) fn trace_clip(graph: &Graph<'_>, encoder: NodeIndex, facts: &mut Facts) {
    let mut at = encoder;
    for _ in 0..super::values::MOST_VALUES {
        let Some((above, _)) = graph.first_link(at, &["clip", "CLIP"]).filter(|_| graph.step()) else { return };
        at = above;
        let known = |lora: &Lora, facts: &Facts| facts.loras.iter().any(|known| known.name == lora.name);
        for lora in loras::own(graph, at) {
            if lora.strength_clip.is_some() && !known(&lora, facts) && facts.loras.len() < super::values::MOST_VALUES {
                facts.loras.push(Lora { strength: None, ..lora });
            }
        }
    }
}

/// The nodes a model comes from, the last to be looked at first. Several where models are merged or take turns.
fn above(graph: &Graph<'_>, place: NodeIndex, is_sampler: bool) -> Vec<NodeIndex> {
    let named = |is_wanted: &dyn Fn(&str) -> bool| -> Vec<NodeIndex> {
        let mut links: Vec<NodeIndex> =
            graph.links(place).filter(|(name, _)| is_wanted(name)).map(|(_, (to, _))| to).collect();
        links.reverse();
        links
    };
    let mut links = named(&is_model);
    if !links.is_empty() || !is_sampler && !files_of(graph, place).is_empty() {
        return links;
    }
    links = named(&is_like_a_model);
    if links.is_empty() {
        let has_model = |place: NodeIndex| graph.inputs(place).any(|(name, _)| is_model(name) || FILES.contains(&name));
        links = sampler::bundles(graph, place)
            .filter(|to| sampler::find(graph, *to, &has_model).is_some())
            .take(1)
            .collect();
    }
    if links.is_empty() && !is_sampler {
        links = unnamed(graph, place);
    }
    links
}

/// Of a node that calls nothing a model: the one thing that it hands on, or those of its inputs that come from a loader.
fn unnamed(graph: &Graph<'_>, place: NodeIndex) -> Vec<NodeIndex> {
    let all: Vec<(&str, NodeIndex)> = graph.links(place).map(|(name, (to, _))| (name, to)).collect();
    if let [(_, only)] = all[..] {
        return vec![only];
    }
    let from_loaders = all
        .into_iter()
        .take(super::values::MOST_VALUES)
        .filter(|(name, to)| !is_beside(name) && leads_to_a_loader(graph, *to));
    let mut links: Vec<NodeIndex> = from_loaders.map(|(_, to)| to).collect();
    links.reverse();
    links
}

/// Whether a model comes out of a node: it loads one, is handed one, or is handed one thing, that does.
fn leads_to_a_loader(graph: &Graph<'_>, place: NodeIndex) -> bool {
    let mut at = place;
    for _ in 0..MOST_HOPS {
        if !graph.step() {
            return false;
        }
        let names_one = FILES.iter().any(|name| {
            let is_diffusion = || matches!(model_files::kind(graph.class(at), name), ModelKind::Other);
            graph.has(at, name) && is_diffusion() && graph.text(at, name).is_some_and(|name| is_name(&name))
        });
        let mut links = graph.links(at);
        if names_one || graph.inputs(at).any(|(name, value)| is_model(name) && matches!(value, InputValue::Link(..))) {
            return true;
        }
        match (links.next(), links.next()) {
            (Some((_, (only, _))), None) => at = only,
            _ => return false,
        }
    }
    false
}

/// `SUPIR_model`, `transformer`, but not what stands beside the model.
fn is_like_a_model(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    (lower.ends_with("model") || matches!(&*lower, "transformer" | "pipeline" | "dit")) && !is_beside(name)
}

/// Whether an input is called after what is no diffusion model.
fn is_beside(name: &str) -> bool {
    const WORDS: [&str; 26] = [
        "upscale",
        "clip",
        "vision",
        "control",
        "sam",
        "bbox",
        "segm",
        "style",
        "vace",
        "patch",
        "reward",
        "fantasy",
        "vae",
        "image",
        "pixels",
        "latent",
        "mask",
        "positive",
        "negative",
        "conditioning",
        "text",
        "prompt",
        "audio",
        "video",
        "lora",
        "samples",
    ];
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}
