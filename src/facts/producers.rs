//! From the outputs up: which samplers and services made what was saved, in the order in which they run. What only makes
//! a mask, a control picture or a text for others isn't a maker.

use std::collections::HashSet;

use super::graph::Graph;
use super::nodes::{InputValue, NodeIndex};
use super::values::Facts;
use super::{api_nodes, conditioning, generated_text, model_files, sampler};

/// Makers that are looked at: far more than any real graph has.
const MOST_PRODUCERS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Producer {
    pub place: NodeIndex,
    pub is_sampler: bool,
    /// Something that was saved came of it, not only previews.
    pub is_saved: bool,
}

/// How the outputs came to be.
#[derive(Debug, Default)]
pub(super) struct Provenance {
    pub producers: Vec<Producer>,
    /// Samplers that only help: they make a control picture.
    pub helpers: Vec<NodeIndex>,
    /// Every node that something is given out by.
    pub outputs: Vec<NodeIndex>,
    /// Nodes that the result went through, those nearest to the outputs last.
    pub path: Vec<NodeIndex>,
}

impl Provenance {
    /// Walks a graph from its outputs up.
    pub fn of(graph: &Graph<'_>) -> Self {
        let outputs = Outputs::of(graph);
        let mut walk = ProducerWalk { graph, seen: vec![false; graph.places().len()], provenance: Self::default() };
        walk.from(&outputs.saved, true);
        walk.from(&outputs.shown, false);
        if walk.provenance.producers.is_empty() {
            // Some samplers save by themselves.
            walk.from(&outputs.ends, true);
        }
        let mut provenance = walk.provenance;
        provenance.outputs = [outputs.saved, outputs.shown, outputs.texts].concat();
        if provenance.outputs.is_empty() {
            // What else nobody reads doesn't run.
            provenance.outputs = outputs.ends.iter().copied().filter(|&place| makes(graph, place)).collect();
        }
        provenance
    }
}

/// The nodes that nobody needs to read.
#[derive(Default)]
struct Outputs {
    saved: Vec<NodeIndex>,
    /// They show a picture or the like.
    shown: Vec<NodeIndex>,
    /// They show a text.
    texts: Vec<NodeIndex>,
    /// Others that nobody reads.
    ends: Vec<NodeIndex>,
}

impl Outputs {
    fn of(graph: &Graph<'_>) -> Self {
        const SAVED: [&str; 8] = ["save", "videocombine", "export", "output", "upload", "send", "websocket", "write"];
        const SHOWN: [&str; 5] = ["preview", "show", "display", "compare", "view"];
        let mut is_read = vec![false; graph.places().len()];
        for place in graph.places() {
            for (_, value) in graph.inputs(place) {
                if let InputValue::Link(to, _) = value {
                    is_read[to] = true;
                }
            }
        }
        let mut outputs = Self::default();
        for place in graph.places() {
            let class = graph.folded_class(place);
            let is = |words: &[&str]| words.iter().any(|word| class.contains(word));
            let has_links = graph.ways(place).next().is_some();
            let list = if generated_text::is_preview_of_text(graph, place) && has_links {
                &mut outputs.texts
            } else if is(&SAVED) && has_links && !class.contains("load") {
                &mut outputs.saved
            } else if is(&SHOWN) && has_links && !is_read[place] {
                &mut outputs.shown
            } else if !is_read[place] {
                &mut outputs.ends
            } else {
                continue;
            };
            list.push(place);
        }
        // Of texts in the middle of the graph nothing needs to be known.
        outputs.texts.retain(|place| !is_read[*place]);
        outputs
    }
}

struct ProducerWalk<'g, 'a> {
    graph: &'g Graph<'a>,
    seen: Vec<bool>,
    provenance: Provenance,
}

impl ProducerWalk<'_, '_> {
    /// Up from these nodes, then up from the control pictures of what was found.
    fn from(&mut self, outputs: &[NodeIndex], is_saved: bool) {
        let before = self.provenance.producers.len();
        let mut controls = Vec::new();
        self.up(outputs, &mut controls, |walk, producer| {
            let producers = &mut walk.provenance.producers;
            if producers.len() < MOST_PRODUCERS {
                producers.push(Producer { is_saved, ..producer });
            }
        });
        // Those of controls may have controls of their own.
        while !controls.is_empty() {
            let from = std::mem::take(&mut controls);
            self.up(&from, &mut controls, |walk, producer| walk.provenance.helpers.push(producer.place));
        }
        self.drop_settings();
        self.demote(before);
    }

    /// What only sets up a sampler that comes after it, and hands that a bundle, is no pass of its own.
    fn drop_settings(&mut self) {
        let graph = self.graph;
        let set_up = |producer: &Producer| {
            let has_own = graph.has_any(producer.place, &["steps", "sigmas"]);
            let holder = (producer.is_sampler && !has_own).then(|| sampler::holder(graph, producer.place, &["steps"]));
            holder.flatten().filter(|holder| !graph.folded_class(*holder).contains("sampler"))
        };
        let settings: HashSet<NodeIndex> = self.provenance.producers.iter().filter_map(set_up).collect();
        self.provenance.producers.retain(|producer| !settings.contains(&producer.place));
    }

    /// A sampler that adds no noise and is told nothing turns one picture into another: a depth map or the like. Beside
    /// others it isn't the maker.
    fn demote(&mut self, before: usize) {
        if self.provenance.producers.len() < 2 {
            return;
        }
        let graph = self.graph;
        let converts = |producer: &Producer| {
            producer.is_sampler
                && graph.link(producer.place, "noise").is_some_and(|(noise, _)| graph.class(noise) == "DisableNoise")
                && !conditioning::trace(graph, producer.place, &mut Facts::default(), &mut Vec::new()).has_text
        };
        let (converters, producers): (Vec<Producer>, Vec<Producer>) =
            self.provenance.producers.iter().partition(|producer| converts(producer));
        if !producers.is_empty() && converters.len() + producers.len() > before {
            self.provenance.producers = producers;
            self.provenance.helpers.extend(converters.into_iter().map(|producer| producer.place));
        }
    }

    /// Every maker from which these are reached, each behind all that it builds on. Control pictures are put aside.
    fn up(&mut self, from: &[NodeIndex], controls: &mut Vec<NodeIndex>, mut found: impl FnMut(&mut Self, Producer)) {
        let mut stack: Vec<(NodeIndex, bool)> = from.iter().rev().map(|&place| (place, false)).collect();
        while let Some((place, is_done)) = stack.pop() {
            if is_done {
                let is_sampler = sampler::is_sampler(self.graph, place);
                if is_sampler || api_nodes::is_hosted(self.graph, place) {
                    found(self, Producer { place, is_sampler, is_saved: false });
                } else {
                    self.provenance.path.push(place);
                }
                continue;
            }
            if std::mem::replace(&mut self.seen[place], true) {
                continue;
            }

            stack.push((place, true));
            let mut links: Vec<NodeIndex> = Vec::new();
            for (name, to) in self.graph.ways(place) {
                match kind_of(self.graph, place, name, to) {
                    InputKind::Content => links.push(to),
                    InputKind::Control => controls.push(to),
                    InputKind::Other => {}
                }
            }
            stack.extend(links.into_iter().rev().map(|to| (to, false)));
        }
    }
}

/// Whether a node that nobody reads is a sampler or hands on what one made.
fn makes(graph: &Graph<'_>, place: NodeIndex) -> bool {
    let is_content = |(name, to): (&str, NodeIndex)| matches!(kind_of(graph, place, name, to), InputKind::Content);
    sampler::is_sampler(graph, place) || api_nodes::is_hosted(graph, place) || graph.ways(place).any(is_content)
}

/// What goes along a link.
enum InputKind {
    /// What the result is made of.
    Content,
    /// What the result only follows.
    Control,
    /// Models, masks, numbers, texts.
    Other,
}

/// Inputs that take nothing of what is made.
const OTHER: [&str; 42] = [
    "clip",
    "vae",
    "width",
    "height",
    "length",
    "fps",
    "frame_rate",
    "frames_number",
    "duration",
    "seed",
    "noise_seed",
    "steps",
    "cfg",
    "denoise",
    "strength",
    "amount",
    "batch_index",
    "batch_size",
    "index",
    "switch",
    "sampler",
    "sigmas",
    "text",
    "string",
    "source_text",
    "model_patch",
    "clip_vision",
    "audio_vae",
    "control_net",
    "optional_vae",
    "start_index",
    "seconds",
    "bypass",
    "trim_amount",
    "voice",
    "step",
    "scale_by",
    "upscale_by",
    "key",
    "bboxes",
    "longer_size",
    "megapixels",
];

fn kind_of(graph: &Graph<'_>, place: NodeIndex, name: &str, to: NodeIndex) -> InputKind {
    let class = graph.class(place);
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_model = model_files::is_model(last) || last.ends_with("_model") || last.starts_with("lora");
    // Of a node that tells the size of a picture or holds a number, unless the picture itself passes through it.
    let words = ["GetImageSize", "MathExpression", "Primitive", "String"];
    let is_scalar = !is_picture(last) && words.iter().any(|word| graph.class(to).contains(word));
    if is_model
        || is_scalar
        || OTHER.contains(&last)
        || last.contains("mask")
        || last.contains("prompt")
        || last.ends_with("_vae")
    {
        return InputKind::Other;
    }
    let is_applied =
        ["ControlNet", "Diffsynth", "PixToPix", "Pix2Pix", "FunControl"].iter().any(|word| class.contains(word));
    if last.starts_with("control") || is_applied && matches!(last, "image" | "pixels" | "hint") {
        return InputKind::Control;
    }
    if last == "latent_image" && makes_all_anew(graph, place) && is_only_for_its_size(graph, to) {
        return InputKind::Control;
    }
    InputKind::Content
}

/// Inputs that take pictures, sounds or latents and nothing else.
fn is_picture(name: &str) -> bool {
    ["image", "pixels", "frames", "video", "samples", "latent", "audio", "mesh"]
        .iter()
        .any(|word| name.starts_with(word))
}

/// Whether nothing is left of the latent that a sampler starts from.
fn makes_all_anew(graph: &Graph<'_>, sampler: NodeIndex) -> bool {
    graph.number(sampler, "denoise").is_some_and(|denoise| denoise == "1")
}

/// Whether a latent is that of a picture, all of it.
fn is_only_for_its_size(graph: &Graph<'_>, latent: NodeIndex) -> bool {
    matches!(graph.class(latent), "VAEEncode" | "VAEEncodeTiled")
}
