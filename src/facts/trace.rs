//! From the samplers up: each input is followed to where its value comes from.

use std::collections::HashSet;

use super::graph::{Graph, Place, Value};
use super::{Facts, Lora, Pass, Size, text};
use crate::json::{members, unquote};

/// Where a loader names its model, the surest first.
const MODEL_FILES: [&str; 8] =
    ["ckpt_name", "unet_name", "gguf_name", "base_ckpt_name", "model_name", "model_path", "diffusion_model", "model"];

/// Where an encoder holds its text.
const TEXTS: [&str; 9] = ["text", "prompt", "text_g", "text_l", "clip_l", "t5xxl", "tags", "lyrics", "positive_prompt"];

/// Samplers, values of a kind, and encoders that are looked at: far more than any real graph has, few enough for a graph
/// that was made to keep us busy.
const MOST_SAMPLERS: usize = 64;
const MOST_VALUES: usize = 64;
const MOST_ENCODERS: usize = 1_000;

/// Encoders whose texts were read, by node, output and side.
type Encoders = HashSet<(Place, usize, Side)>;

/// Which side of the guidance a conditioning is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Positive,
    Negative,
}

/// Everything that the graph says.
pub(super) fn facts(graph: &Graph<'_>) -> Facts {
    let mut facts = Facts::default();
    let mut encoders = Encoders::new();
    let samplers = samplers(graph);
    for &sampler in &samplers {
        trace_models(graph, sampler, &mut facts);
        let guidance = trace_texts(graph, sampler, &mut facts, &mut encoders);
        let pass = Pass { guidance, ..pass(graph, sampler) };
        note(&mut facts.seeds, pass.seed.clone());
        facts.passes.push(pass);
        if facts.size.is_none() {
            facts.size = size(graph, sampler);
        }
    }
    if samplers.is_empty() {
        hosted(graph, &mut facts);
    }
    for place in graph.places() {
        helpers(graph, place, &mut facts);
    }
    facts
}

/// The first model of the first sampler.
pub(super) fn first_model(graph: &Graph<'_>) -> Option<String> {
    let mut facts = Facts::default();
    for sampler in samplers(graph) {
        trace_models(graph, sampler, &mut facts);
        if let Some(model) = facts.models.pop() {
            return Some(model);
        }
    }
    hosted(graph, &mut facts);
    facts.models.into_iter().next()
}

/// The samplers that something comes of, upstream ones first.
fn samplers(graph: &Graph<'_>) -> Vec<Place> {
    let mut is_read = vec![false; graph.places().len()];
    for place in graph.places() {
        graph.links(place).for_each(|(_, to, _)| is_read[to] = true);
    }
    // One that nobody reads doesn't run, unless it is all there is: some samplers save by themselves.
    let (read, unread): (Vec<Place>, Vec<Place>) =
        graph.places().filter(|&place| is_sampler(graph, place)).partition(|&place| is_read[place]);
    let mut found = if read.is_empty() { unread } else { read };
    found.truncate(MOST_SAMPLERS);
    if found.len() < 2 {
        return found;
    }
    let wanted: HashSet<Place> = found.iter().copied().collect();
    upstream_first(graph, &found).into_iter().filter(|place| wanted.contains(place)).collect()
}

fn is_sampler(graph: &Graph<'_>, place: Place) -> bool {
    let has = |name: &str| graph.inputs(place).any(|(given, _)| given == name);
    has("guider") && has("sigmas")
        || has("positive")
            && ["seed", "noise_seed", "sampler_name", "latent_image"].iter().any(|name| has(name))
            && (has("steps") || has("cfg") || has("sampler_name"))
}

/// Every node from which these are reached, and these, so that a node stands behind all that it reads.
fn upstream_first(graph: &Graph<'_>, from: &[Place]) -> Vec<Place> {
    let mut seen = vec![false; graph.places().len()];
    let mut order = Vec::new();
    let mut stack: Vec<(Place, bool)> = from.iter().rev().map(|&place| (place, false)).collect();
    while let Some((place, is_done)) = stack.pop() {
        if is_done {
            order.push(place);
        } else if !std::mem::replace(&mut seen[place], true) {
            stack.push((place, true));
            let links: Vec<Place> = graph.links(place).map(|(_, to, _)| to).filter(|&to| !seen[to]).collect();
            stack.extend(links.into_iter().rev().map(|to| (to, false)));
        }
    }
    order
}

/// Models and LoRAs from a sampler up to the loaders.
fn trace_models(graph: &Graph<'_>, sampler: Place, facts: &mut Facts) {
    let guider = graph.link(sampler, "guider").map(|(guider, _)| guider);
    let mut seen = HashSet::new();
    let mut stack: Vec<Place> = model_links(graph, guider.unwrap_or(sampler));
    // From the loader down, as they are applied.
    let mut loras = Vec::new();
    while let Some(place) = stack.pop() {
        if !seen.insert(place) {
            continue;
        }
        loras.extend(loras_of(graph, place));
        let above = model_links(graph, place);
        if above.is_empty() {
            note(&mut facts.models, MODEL_FILES.iter().find_map(|name| graph.text(place, name)));
        }
        stack.extend(above);
    }
    for lora in loras.into_iter().rev() {
        if !facts.loras.contains(&lora) {
            facts.loras.push(lora);
        }
    }
}

/// The nodes a model comes from, the last to be looked at first. Several where models are merged or take turns.
fn model_links(graph: &Graph<'_>, place: Place) -> Vec<Place> {
    let is_model = |name: &str| {
        name.strip_prefix("model").is_some_and(|rest| rest.trim_start_matches('_').bytes().all(|c| c.is_ascii_digit()))
            || matches!(name, "high_noise_model" | "low_noise_model" | "unet" | "base_model" | "model_a" | "model_b")
    };
    let mut links: Vec<Place> = graph.links(place).filter(|(name, ..)| is_model(name)).map(|(_, to, _)| to).collect();
    links.reverse();
    links
}

/// `lora_name` with its strength, and the rows of loaders that take many at once.
fn loras_of(graph: &Graph<'_>, place: Place) -> Vec<Lora> {
    if let Some(name) = graph.text(place, "lora_name") {
        let strength = ["strength_model", "strength", "lora_model_strength", "lora_strength"];
        return vec![Lora { name, strength: strength.iter().find_map(|name| graph.number(place, name)) }];
    }
    let rows = graph.inputs(place).filter(|(name, json)| name.starts_with("lora_") && json.starts_with('{'));
    let mut loras: Vec<Lora> = rows.filter_map(|(_, json)| lora_of_row(json)).collect();
    loras.reverse();
    loras
}

/// `{"on":true,"lora":"x.safetensors","strength":1}`, as rgthree's Power Lora Loader writes it.
fn lora_of_row(json: &str) -> Option<Lora> {
    let field = |wanted: &str| members(json).find(|(name, _)| name == wanted).map(|(_, value)| value);
    let name = field("lora").and_then(unquote).filter(|name| !name.is_empty())?.into_owned();
    (field("on") != Some("false")).then(|| Lora { name, strength: field("strength").map(str::to_owned) })
}

/// The texts of a sampler's two sides. Gives the guidance that its positive side is told.
fn trace_texts(graph: &Graph<'_>, sampler: Place, facts: &mut Facts, encoders: &mut Encoders) -> Option<String> {
    let holder = graph.link(sampler, "guider").map_or(sampler, |(guider, _)| guider);
    let mut guidance = None;
    for (name, side) in [
        ("positive", Side::Positive),
        ("conditioning", Side::Positive),
        ("cond1", Side::Positive),
        ("negative", Side::Negative),
    ] {
        let Some(start) = graph.link(holder, name) else { continue };
        let texts = if side == Side::Positive { &mut facts.positive } else { &mut facts.negative };
        let found = conditioning(graph, start, side, texts, encoders);
        if side == Side::Positive {
            guidance = guidance.or(found);
        }
    }
    guidance
}

/// Follows a conditioning to the encoders; gives the first guidance that it passes.
fn conditioning(
    graph: &Graph<'_>,
    start: (Place, usize),
    side: Side,
    texts: &mut Vec<String>,
    encoders: &mut Encoders,
) -> Option<String> {
    let mut guidance = None;
    let mut seen = HashSet::new();
    let mut stack = vec![(start, side)];
    while let Some(((place, output), side)) = stack.pop() {
        if !seen.insert((place, output, side)) || graph.node(place).class == "ConditioningZeroOut" {
            continue;
        }
        guidance = guidance.or_else(|| graph.number(place, "guidance"));
        let links: Vec<_> = graph.links(place).collect();
        let is_pair =
            links.iter().any(|(name, ..)| *name == "positive") && links.iter().any(|(name, ..)| *name == "negative");
        let is_encoder = graph.inputs(place).any(|(name, _)| TEXTS.contains(&name));
        if is_pair {
            // Where the model goes through too, it comes first.
            let first = usize::from(links.iter().any(|(name, ..)| *name == "model"));
            let side = if output == first { Side::Positive } else { Side::Negative };
            let name = if side == Side::Positive { "positive" } else { "negative" };
            stack.extend(graph.link(place, name).map(|to| (to, side)));
        } else if is_encoder {
            encoded(graph, place, (output, side), texts, encoders);
        } else {
            let named = |name: &str| name.starts_with("cond") || name == "positive" || name == "negative";
            let mut above: Vec<_> =
                links.iter().filter(|(name, ..)| named(name)).map(|&(_, to, output)| ((to, output), side)).collect();
            above.reverse();
            stack.extend(above);
        }
    }
    guidance
}

/// The texts of an encoder. One that encodes both sides gives the negative as its second output.
fn encoded(
    graph: &Graph<'_>,
    place: Place,
    (output, side): (usize, Side),
    texts: &mut Vec<String>,
    encoders: &mut Encoders,
) {
    // The same encoder may serve both sides.
    if encoders.len() >= MOST_ENCODERS || !encoders.insert((place, output, side)) {
        return;
    }
    let has_negative = graph.inputs(place).any(|(name, _)| name == "negative_prompt");
    if has_negative && output == 1 {
        note(texts, text::read(graph, place, "negative_prompt"));
        return;
    }
    for name in TEXTS {
        note(texts, text::read(graph, place, name));
    }
}

fn pass(graph: &Graph<'_>, sampler: Place) -> Pass {
    let node = |name: &str| graph.link(sampler, name).map(|(place, _)| place);
    let (guider, noise, schedule) = (node("guider"), node("noise"), schedule(graph, sampler));
    let of_schedule = |name: &str| graph.number(sampler, name).or_else(|| graph.number(schedule?, name));
    let adds_no_noise = matches!(graph.literal(sampler, "add_noise"), Some("false" | "\"disable\""));
    let seed = ["noise_seed", "seed"].iter().find_map(|name| graph.number(noise.unwrap_or(sampler), name));
    let chosen = node("sampler");
    Pass {
        sampler: graph
            .text(sampler, "sampler_name")
            .or_else(|| graph.text(chosen?, "sampler_name"))
            .or_else(|| Some(graph.node(chosen?).class.to_string()).filter(|class| class.starts_with("Sampler"))),
        scheduler: graph.text(sampler, "scheduler").or_else(|| graph.text(schedule?, "scheduler")),
        steps: of_schedule("steps").or_else(|| listed_steps(graph, schedule?)),
        cfg: ["cfg", "cfg_conds"].iter().find_map(|name| graph.number(guider.unwrap_or(sampler), name)),
        guidance: None,
        denoise: of_schedule("denoise"),
        seed: seed.filter(|_| !adds_no_noise),
    }
}

/// The node that makes the sigmas, past those that only change them.
fn schedule(graph: &Graph<'_>, sampler: Place) -> Option<Place> {
    let mut place = graph.link(sampler, "sigmas")?.0;
    for _ in 0..8 {
        match graph.link(place, "sigmas") {
            Some((above, _)) => place = above,
            None => break,
        }
    }
    Some(place)
}

/// `ManualSigmas`: one step between each two values.
fn listed_steps(graph: &Graph<'_>, schedule: Place) -> Option<String> {
    let sigmas = graph.text(schedule, "sigmas")?;
    let count = sigmas.split([',', ' ']).filter(|value| !value.trim().is_empty()).count();
    count.checked_sub(1).map(|steps| steps.to_string())
}

/// The size of what a sampler starts from; `None` when that is another picture.
fn size(graph: &Graph<'_>, sampler: Place) -> Option<Size> {
    let mut place = ["latent_image", "latent", "samples"].iter().find_map(|name| graph.link(sampler, name))?.0;
    for _ in 0..16 {
        if let Some(size) = size_of(graph, place) {
            return Some(size);
        }
        let above = ["samples", "latent_image", "latent", "video_latent"];
        place = above.iter().find_map(|name| graph.link(place, name))?.0;
        if is_sampler(graph, place) {
            return None;
        }
    }
    None
}

fn size_of(graph: &Graph<'_>, place: Place) -> Option<Size> {
    let number = |name: &str| graph.number(place, name);
    let length = || number("length").or_else(|| number("video_frames")).filter(|frames| frames != "1");
    Some(Size {
        width: number("width")?,
        height: number("height")?,
        batch: number("batch_size").filter(|batch| batch != "1"),
        length: length(),
    })
}

/// A prompt without a sampler of its own: nodes that ask a hosted service.
fn hosted(graph: &Graph<'_>, facts: &mut Facts) {
    // Those that write texts for others.
    const WRITERS: [&str; 5] = ["Gemini", "OpenAIChat", "Claude", "OpenRouter", "TextGenerate"];
    for place in graph.places() {
        let class = &*graph.node(place).class;
        let is_writer = WRITERS.iter().any(|word| class.contains(word)) && !class.contains("Image");
        let prompts: Vec<&str> = graph.inputs(place).map(|(name, _)| name).filter(|name| is_prompt(name)).collect();
        if is_writer || prompts.is_empty() {
            continue;
        }
        for name in prompts.into_iter().take(MOST_VALUES) {
            note(&mut facts.positive, text::read(graph, place, name));
        }
        note(&mut facts.negative, text::read(graph, place, "negative_prompt"));
        note(&mut facts.seeds, graph.number(place, "seed"));
        note(&mut facts.models, ["model", "model.model", "model_name"].iter().find_map(|name| graph.text(place, name)));
        facts.size = facts.size.take().or_else(|| size_of(graph, place));
    }
}

/// `prompt`, `model.prompt`, `multi_shot.storyboard_1_prompt`, `prompt_text`, but not what everybody sends.
fn is_prompt(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_other = ["negative", "system"].iter().any(|word| last.starts_with(word));
    matches!(last, "prompt_text" | "edit_instruction") || last.ends_with("prompt") && !is_other
}

/// Text encoders and VAEs, wherever they are loaded.
fn helpers(graph: &Graph<'_>, place: Place, facts: &mut Facts) {
    let class = &*graph.node(place).class;
    note(&mut facts.vaes, graph.text(place, "vae_name"));
    if class.contains("CLIP") && !class.contains("Vision") {
        for name in ["clip_name", "clip_name1", "clip_name2", "clip_name3", "clip_name4"] {
            note(&mut facts.text_encoders, graph.text(place, name));
        }
    }
    if let Some(Value::Literal(_)) = graph.value(place, "text_encoder") {
        note(&mut facts.text_encoders, graph.text(place, "text_encoder"));
    }
}

/// Adds a value that isn't there yet.
fn note(list: &mut Vec<String>, value: Option<String>) {
    if let Some(value) = value.filter(|value| list.len() < MOST_VALUES && !list.contains(value)) {
        list.push(value);
    }
}
