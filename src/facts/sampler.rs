//! What a sampler is, by the shape of its inputs, and where it is told how to sample: in itself, in nodes for noise,
//! guider, sampler and sigmas, or in a bundle of many things that other makers call pipe or context.

use super::graph::Graph;
use super::nodes::{NodeIndex, Socket};
use super::values::Pass;
use super::{generated_text, model_files};

/// Nodes in a row that bundle, split or change one thing.
const MOST_HOPS: usize = 32;

/// Where the model goes in.
const MODELS: [&str; 6] = ["model", "model1", "high_noise_model", "unet", "transformer", "pipeline"];

/// What the number is called that noise is made from.
const SEEDS: [&str; 4] = ["noise_seed", "seed", "Seed", "seed_num"];

/// Whether a node samples: it takes noise, a schedule and a model, or all of those in parts.
pub(super) fn is_sampler(graph: &Graph<'_>, place: NodeIndex) -> bool {
    if graph.has(place, "guider") && graph.has(place, "sigmas") {
        return true;
    }
    let has = |names: &[&str]| graph.has_any(place, names);
    let is_part = |(name, _): (&str, Socket)| {
        is_bundle(name) || MODELS.contains(&name) || name.ends_with("_model") || name.ends_with("_sampler")
    };
    if has(&SEEDS) && has(&["steps", "sigmas"]) {
        return has(&["positive", "conditioning", "negative"])
            || !has(&["clip"]) && (graph.links(place).any(is_part) || is_converter(graph, place));
    }
    let is_called_so = graph.folded_class(place).contains("sampler");
    let has_bundle = || graph.links(place).any(|(name, _)| is_bundle(name));
    (is_called_so || has(&["sampler_name"])) && (has(&["positive"]) && has(&["latent_image", "samples", "image"]))
        || is_called_so && has_bundle() && (has(&["sampler_name"]) || holder(graph, place, &["steps"]).is_some())
        || is_converter(graph, place)
}

/// Whether a node makes one picture of another with noise and a model of its own: SeedVR2, FlashVSR, SUPIR.
fn is_converter(graph: &Graph<'_>, place: NodeIndex) -> bool {
    const PICTURES: [&str; 8] =
        ["image", "images", "video", "frames", "pixels", "input_image", "video_frames", "input_video"];
    let has_steps = graph.has(place, "steps");
    if !graph.has_any(place, &SEEDS) || !has_steps && generated_text::is_writer(graph, place) {
        return false;
    }
    let is_called_so =
        || ["upscale", "vsr", "restor", "superres"].iter().any(|word| graph.folded_class(place).contains(word));
    graph.links(place).any(|(name, _)| PICTURES.contains(&name))
        && (has_steps
            || is_called_so()
            || graph.links(place).any(|(name, _)| is_a_model(name))
            || model_files::files_of(graph, place).iter().any(|file| model_files::is_file(file)))
}

fn is_a_model(name: &str) -> bool {
    model_files::is_model(name) || MODELS.contains(&name) || matches!(name, "dit" | "pipe") || name.ends_with("_model")
}

/// Inputs that carry many things at once.
pub(super) fn is_bundle(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pipe", "ctx", "context", "tuple", "bus"].iter().any(|word| name.contains(word)) && !name.contains("pipeline")
}

/// The bundles that a node is handed, the one that counts most first: of contexts that are merged the last.
pub(super) fn bundles(graph: &Graph<'_>, place: NodeIndex) -> impl Iterator<Item = NodeIndex> {
    let mut bundles: Vec<NodeIndex> =
        graph.links(place).filter(|(name, _)| is_bundle(name)).map(|(_, (to, _))| to).collect();
    if graph.folded_class(place).contains("merge") {
        bundles.reverse();
    }
    bundles.into_iter()
}

/// The node that has one of those inputs: this one, or one up the bundles.
pub(super) fn holder(graph: &Graph<'_>, place: NodeIndex, names: &[&str]) -> Option<NodeIndex> {
    find(graph, place, &|place| graph.has_any(place, names))
}

/// The first such node: this one, or one up the bundles.
pub(super) fn find(graph: &Graph<'_>, place: NodeIndex, is_wanted: &dyn Fn(NodeIndex) -> bool) -> Option<NodeIndex> {
    let mut stack = vec![place];
    for _ in 0..MOST_HOPS {
        let at = stack.pop().filter(|_| graph.step())?;
        if is_wanted(at) {
            return Some(at);
        }
        let start = stack.len();
        stack.extend(bundles(graph, at));
        stack[start..].reverse();
    }
    None
}

/// The node that says what is wanted and which way to go: the guider, or the sampler where it has none.
pub(super) fn guide(graph: &Graph<'_>, sampler: NodeIndex) -> NodeIndex {
    let mut at = sampler;
    for _ in 0..MOST_HOPS {
        match graph.link(at, "guider") {
            Some((guider, _)) if graph.step() => at = guider,
            _ => break,
        }
    }
    at
}

/// What a sampler was set to, but for what its conditioning says.
pub(super) fn pass(graph: &Graph<'_>, sampler: NodeIndex) -> Pass {
    let guide = guide(graph, sampler);
    let schedule = Schedule::of(graph, sampler);
    let number = |names: &[&str]| said(graph, sampler, names, Graph::number);
    let text = |names: &[&str]| said(graph, sampler, names, Graph::text);
    let of_schedule = |name: &str| schedule.node.and_then(|node| graph.number(node, name));
    let scheduler = text(&["scheduler"]).or_else(|| schedule.node.and_then(|node| graph.text(node, "scheduler")));
    let end = number(&["end_at_step", "end_step"]).or(schedule.end);
    let steps = number(&["steps", "steps_total"]).or_else(|| of_schedule("steps")).or_else(|| schedule.listed.clone());
    // More than there are is to the end.
    let is_within = |end: &String| match (end.parse::<u64>(), steps.as_deref().map(str::parse::<u64>)) {
        (Ok(end), Some(Ok(steps))) => end <= steps,
        (Ok(end), _) => end < 1000,
        _ => false,
    };
    let end = end.filter(is_within);
    let start =
        number(&["start_at_step", "start_step"]).or(schedule.start).filter(|start| start != "0" || end.is_some());
    Pass {
        sampler: name(graph, sampler),
        schedule_node: schedule.node.filter(|_| scheduler.is_none()).map(|node| graph.class(node).to_owned()),
        scheduler,
        steps,
        start_at_step: start,
        end_at_step: end,
        cfg: graph.first_number(guide, &["cfg", "cfg_conds", "cfg_scale"]).or_else(|| number(&["cfg", "cfg_scale"])),
        cfg2: graph.number(guide, "cfg_cond2_negative"),
        guidance: number(&["guidance", "embedded_guidance_scale", "guidance_scale"]),
        denoise: number(&["denoise", "denoise_strength"]).or_else(|| of_schedule("denoise")),
        seed: seed(graph, sampler),
    }
}

/// What stands in one of those inputs: of the sampler, of a bundle that it is given, or of the node that it reads where
/// that has an input of the same name.
fn said<'a>(
    graph: &Graph<'a>,
    sampler: NodeIndex,
    names: &[&str],
    read: fn(&Graph<'a>, NodeIndex, &str) -> Option<String>,
) -> Option<String> {
    let at = holder(graph, sampler, names)?;
    let written = names.iter().find_map(|name| read(graph, at, name));
    written.or_else(|| {
        let (source, _) = graph.first_link(at, names)?;
        let at = holder(graph, source, names)?;
        names.iter().find_map(|name| read(graph, at, name))
    })
}

/// Its name: written, or the class of a node that is a sampler itself.
fn name(graph: &Graph<'_>, sampler: NodeIndex) -> Option<String> {
    let names = ["sampler_name", "sampler"];
    if let Some(name) = said(graph, sampler, &names, Graph::text) {
        return Some(name);
    }
    let mut at = holder(graph, sampler, &names)?;
    for _ in 0..MOST_HOPS {
        if let Some(name) = graph.first_text(at, &names) {
            return Some(name);
        }
        match graph.first_link(at, &["sampler", "sampler1", "samplers"]) {
            Some((above, _)) if graph.step() => at = above,
            _ => break,
        }
    }
    // A name that comes out of another node isn't known.
    let is_its_own = at != sampler && graph.class(at).contains("Sampler") && !graph.has_any(at, &names);
    is_its_own.then(|| graph.class(at).to_owned())
}

/// Where the noise comes from; none where none is added.
fn seed(graph: &Graph<'_>, sampler: NodeIndex) -> Option<String> {
    if ["add_noise", "add_noise_to_latent"].iter().any(|name| graph.flag(sampler, name) == Some(false)) {
        return None;
    }
    let from = graph.first_link(sampler, &["noise"]).map(|(noise, _)| noise);
    let mut at = match from {
        Some(noise) => noise,
        None => holder(graph, sampler, &SEEDS)?,
    };
    for _ in 0..MOST_HOPS {
        if graph.has_any(at, &SEEDS) {
            return said(graph, at, &SEEDS, Graph::number).filter(|seed| is_seed(seed));
        }
        at = graph.links(at).find(|(name, _)| name.contains("noise")).filter(|_| graph.step())?.1.0;
    }
    None
}

/// A whole number; -1 asks for a new one each time.
pub(super) fn is_seed(seed: &str) -> bool {
    seed.bytes().all(|c| c.is_ascii_digit()) && seed.len() <= 20
}

/// The node that makes the sigmas, past those that only change them.
#[derive(Default)]
struct Schedule {
    node: Option<NodeIndex>,
    start: Option<String>,
    end: Option<String>,
    /// The steps of a list of sigmas.
    listed: Option<String>,
}

impl Schedule {
    fn of(graph: &Graph<'_>, sampler: NodeIndex) -> Self {
        let mut schedule = Self::default();
        let mut next = graph.first_link(sampler, &["sigmas", "optional_sigmas"]);
        for _ in 0..MOST_HOPS {
            let Some((place, output)) = next.filter(|_| graph.step()) else { break };
            schedule.node = Some(place);
            if let (true, Some(step)) = (graph.class(place).starts_with("SplitSigmas"), graph.number(place, "step")) {
                let side = if output == 0 { &mut schedule.end } else { &mut schedule.start };
                side.get_or_insert(step);
            }
            next = graph.links(place).find(|(name, _)| name.starts_with("sigmas")).map(|(_, above): (_, Socket)| above);
        }
        schedule.listed = schedule.node.and_then(|node| listed_steps(graph, node));
        schedule
    }
}

/// `ManualSigmas`: one step between each two values.
fn listed_steps(graph: &Graph<'_>, schedule: NodeIndex) -> Option<String> {
    let sigmas = graph.text(schedule, "sigmas")?;
    let values = sigmas.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
    let count = values.filter(|value| value.trim().parse::<f64>().is_ok()).count();
    count.checked_sub(1).map(|steps| steps.to_string())
}
