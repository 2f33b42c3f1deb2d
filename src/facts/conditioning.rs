//! What a sampler is told: from its positive and negative inputs up to the encoders, and the texts that reach those.

use std::collections::HashSet;

use super::graph::Graph;
use super::nodes::{InputValue, NodeIndex, Socket};
use super::values::{Facts, note};
use super::{generated_text, models, sampler, typed};

/// What the side is called that says what is wanted.
const POSITIVE: [&str; 8] =
    ["positive", "conditioning", "cond1", "positive_cond", "cond", "pos", "base_positive", "optional_positive"];

/// What the other is called.
const NEGATIVE: [&str; 7] =
    ["negative", "neg_conditioning", "uncond", "negative_cond", "neg", "base_negative", "optional_negative"];

/// Which side of the guidance a conditioning is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Side {
    Positive,
    Negative,
}

/// A place to look at: an output, for one side. `is_shared`: one output serves both sides, so that what isn't called
/// negative is for the positive side.
type Step = (Socket, Side, bool);

/// What a sampler was told beside its texts.
#[derive(Debug, Default)]
pub(super) struct Guidance {
    /// The guidance in its positive conditioning.
    pub guidance: Option<String>,
    /// Whether it was told anything in words.
    pub has_text: bool,
}

/// Adds the texts of a sampler. `writers` gathers the nodes that write texts at run time.
pub(super) fn trace(
    graph: &Graph<'_>,
    sampler: NodeIndex,
    facts: &mut Facts,
    writers: &mut Vec<NodeIndex>,
) -> Guidance {
    const BOTH: [&str; 5] = ["text_embeds", "hyvid_embeds", "prompt_embeds", "embeds", "conditioning_embeds"];
    let guide = sampler::guide(graph, sampler);
    let mut starts: Vec<Step> = Vec::new();
    for (names, side) in [(&POSITIVE[..], Side::Positive), (&NEGATIVE[..], Side::Negative)] {
        // Not through a node that shares its text with others.
        let holder = sampler::holder(graph, guide, names);
        let start = holder.and_then(|holder| start(graph, holder, names));
        let shared = sampler::holder(graph, guide, &BOTH).and_then(|holder| graph.first_link(holder, &BOTH));
        starts.extend(start.map(|start| (start, side, false)).or_else(|| shared.map(|start| (start, side, true))));
    }
    if starts.is_empty() {
        starts = vec![((guide, 0), Side::Positive, true), ((guide, 0), Side::Negative, true)];
    }
    // The second conditioning of two is for the negative side too.
    let second = graph.link(guide, "cond2");
    starts.extend(second.map(|socket| (socket, Side::Negative, false)));
    let mut told = Guidance::default();
    let mut own = Facts { loras: std::mem::take(&mut facts.loras), ..Facts::default() };
    for start in starts {
        let found = walk(graph, start, &mut own, writers);
        told.has_text |= found.has_text;
        told.guidance = told.guidance.or(found.guidance.filter(|_| start.1 == Side::Positive));
    }
    // Where nothing is to be left out the other side is often told again what is wanted.
    own.negative.retain(|text| !own.positive.contains(text));
    add(own, facts);
    told
}

/// Adds the texts of one sampler to those of others.
fn add(own: Facts, facts: &mut Facts) {
    facts.loras = own.loras;
    for (from, to) in [
        (own.positive, &mut facts.positive),
        (own.negative, &mut facts.negative),
        (own.instructions, &mut facts.instructions),
        (own.tags, &mut facts.tags),
        (own.lyrics, &mut facts.lyrics),
    ] {
        from.into_iter().for_each(|text| note(to, Some(text)));
    }
}

/// The output that a side comes from; a bundle that holds the side as a text gives it itself.
fn start(graph: &Graph<'_>, holder: NodeIndex, names: &[&str]) -> Option<Socket> {
    let name = names.iter().find(|name| graph.has(holder, name))?;
    graph.link(holder, name).or_else(|| graph.text(holder, name).map(|_| (holder, 0)))
}

/// Follows a conditioning to the encoders.
fn walk(graph: &Graph<'_>, start: Step, facts: &mut Facts, writers: &mut Vec<NodeIndex>) -> Guidance {
    let mut told = Guidance::default();
    let mut seen = HashSet::new();
    let mut stack = vec![start];
    while let Some(step) = stack.pop() {
        let ((place, _), side, is_shared) = step;
        if !graph.step() || !seen.insert(step) || is_nothing(graph, place) {
            continue;
        }
        told.guidance = told.guidance.or_else(|| graph.first_number(place, &["guidance", "embedded_guidance_scale"]));
        let texts = texts(graph, place, side, is_shared);
        for &(name, value) in &texts {
            told.has_text |= encode(graph, (name, value), start.1, facts, writers);
        }
        if !texts.is_empty() {
            models::trace_clip(graph, place, facts);
        }
        let mut above = above(graph, step, !texts.is_empty());
        above.reverse();
        stack.extend(above);
    }
    told
}

/// Conditioning that says nothing, or never.
fn is_nothing(graph: &Graph<'_>, place: NodeIndex) -> bool {
    let class = graph.class(place);
    let never = class.contains("TimestepRange") && graph.number(place, "start") == graph.number(place, "end");
    class.contains("ZeroOut") || never && graph.number(place, "start").is_some()
}

/// The inputs of a node that hold what it encodes for one side.
fn texts<'g, 'a>(
    graph: &'g Graph<'a>,
    place: NodeIndex,
    side: Side,
    is_shared: bool,
) -> Vec<(&'g str, InputValue<'a>)> {
    let is_negative = |name: &str| name.contains("negative") || name.starts_with("neg_") || name.starts_with("nag_");
    let has_sides = graph.inputs(place).any(|(name, value)| is_negative(name) && is_text(graph, name, value));
    let is_wanted = |name: &str| match side {
        Side::Positive => !is_negative(name),
        Side::Negative if has_sides || is_shared => is_negative(name),
        Side::Negative => true,
    };
    let has_populated = graph.has(place, "populated_text");
    // Tags are sung to; elsewhere they are what a library files a prompt under.
    let has_music = graph.has(place, "lyrics")
        || ["audio", "music", "song"].iter().any(|word| graph.folded_class(place).contains(word));
    let inputs = graph
        .inputs(place)
        .filter(|(name, value)| is_wanted(name) && is_text(graph, name, *value) && (has_music || !is_tags(name)));
    inputs.filter(|(name, _)| !has_populated || *name == "populated_text").collect()
}

fn is_tags(name: &str) -> bool {
    name.rsplit('.').next() == Some("tags")
}

/// Whether an input holds a text to encode.
fn is_text(graph: &Graph<'_>, name: &str, value: InputValue<'_>) -> bool {
    const NAMES: [&str; 12] = [
        "text", "prompt", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "tags", "lyrics", "caption", "bert",
    ];
    let last = name.rsplit('.').next().unwrap_or(name);
    let may_be_conditioning = matches!(last, "positive" | "negative");
    let is_called_so = NAMES.contains(&last)
        || may_be_conditioning
        || last == "mt5xl"
        || matches!(last, "populated_text" | "pre_text" | "app_text" | "prepend_text" | "append_text")
        || (last.ends_with("prompt")
            || last.ends_with("_prompts")
            || last.starts_with("text_")
            || last.starts_with("prompt_"))
            && !["system", "encoder", "embeds"].iter().any(|word| last.contains(word));
    is_called_so
        && match value {
            // Where nothing is appended a pack writes a 0.
            InputValue::Literal(json) => json.starts_with('"') && (last != "app_text" || json != "\"0\""),
            // A side may be a conditioning as well as a text.
            InputValue::Link(..) if may_be_conditioning => graph.text_of(value).is_some(),
            InputValue::Link(..) => true,
            InputValue::Nowhere => false,
        }
}

/// Notes a text, or who writes it. Gives whether there is one.
fn encode(
    graph: &Graph<'_>,
    (name, value): (&str, InputValue<'_>),
    side: Side,
    facts: &mut Facts,
    writers: &mut Vec<NodeIndex>,
) -> bool {
    let text = graph.text_of(value);
    let is_linked = matches!(value, InputValue::Link(..));
    let has_text = text.is_some() || is_linked;
    let texts = match text {
        Some(text) => vec![text],
        None if is_linked => {
            generated_text::instructions(graph, value, &mut facts.instructions, writers);
            typed::parts(graph, value)
        }
        None => Vec::new(),
    };
    for text in texts.into_iter().map(Some) {
        match (name, side) {
            ("lyrics", Side::Positive) => note(&mut facts.lyrics, text),
            ("lyrics", Side::Negative) => {}
            (_, Side::Negative) => note(&mut facts.negative, text),
            ("tags", Side::Positive) => {
                note(&mut facts.tags, text.clone());
                note(&mut facts.positive, text);
            }
            (_, Side::Positive) => note(&mut facts.positive, text),
        }
    }
    has_text
}

/// Where a node's conditioning comes from.
fn above(graph: &Graph<'_>, ((place, output), side, is_shared): Step, is_encoder: bool) -> Vec<Step> {
    let link = |name: &str| graph.link(place, name).filter(|_| graph.text(place, name).is_none());
    let (positive, negative) = (link("positive").or_else(|| link("pos")), link("negative").or_else(|| link("neg")));
    if positive.is_some() || negative.is_some() {
        // From here on by the other input; what is found is still told to the side that the walk began with.
        let side = if is_crossed(graph, place, output, side) { other(side) } else { side };
        let next = if side == Side::Positive { positive } else { negative };
        return next.map(|socket| (socket, side, is_shared)).into_iter().collect();
    }
    let is_negative = |name: &str| name.starts_with("neg") || name.starts_with("nag");
    let is_conditioning = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("cond")
            || name.ends_with("_cond")
            || name.contains("conditioning")
            || name.ends_with("text_embeds")
            || name == "prompt_embeds"
    };
    let of_side = |name: &str| !is_negative(name) || side == Side::Negative;
    let named: Vec<Step> = graph
        .links(place)
        .filter(|(name, _)| is_conditioning(name) && of_side(name))
        .map(|(_, socket)| (socket, side, is_shared))
        .collect();
    if !named.is_empty() || is_encoder {
        return named;
    }
    let mut links = graph.links(place);
    let only = links.next().filter(|_| links.next().is_none()).map(|(_, socket)| socket);
    let names = if side == Side::Positive { &POSITIVE[..] } else { &NEGATIVE[..] };
    let bundle = || {
        let has_side = |place: &NodeIndex| sampler::holder(graph, *place, names).is_some();
        let mut bundles = sampler::bundles(graph, place);
        let first = bundles.next()?;
        Some((Some(first).into_iter().chain(bundles).find(has_side).unwrap_or(first), 0))
    };
    only.or_else(bundle).map(|socket| (socket, side, is_shared)).into_iter().collect()
}

fn other(side: Side) -> Side {
    if side == Side::Positive { Side::Negative } else { Side::Positive }
}

/// Whether a node with both sides is read the other way round. The positive output stands before the negative one, the
/// model, where it goes through too, before both.
fn is_crossed(graph: &Graph<'_>, place: NodeIndex, output: usize, side: Side) -> bool {
    if !(graph.has(place, "positive") && graph.has(place, "negative")) || sampler::is_sampler(graph, place) {
        return false;
    }
    let first = usize::from(graph.has(place, "model"));
    let given = match output.checked_sub(first) {
        Some(0) => Side::Positive,
        Some(1) => Side::Negative,
        _ => return false,
    };
    // Where the outputs stand is known of ComfyUI's own nodes; of others only when it agrees with who reads them.
    given != side && first == 0 && graph.is_crossed(place)
}
