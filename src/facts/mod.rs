//! What a person asks about a run, read from its prompt graph: texts, models, LoRAs, seeds, samplers, steps, sizes.
//!
//! Pure and total: any text gives facts, none a panic, and the time is bounded by the length of the text. From the
//! outputs up, by the links that count: a branch that no switch takes and a node that nobody reads are no facts. Nodes are
//! known by the shape of their inputs, by their class only where it has a rule of its own. Says only what the graph says
//! plainly; what a node would work out while it runs is left out. Numbers stay as they were written.

mod calc;
mod conditioning;
mod eval;
mod graph;
mod hosted;
mod inputs;
mod joins;
mod json;
mod loras;
mod makers;
mod models;
mod recent;
mod rest;
mod sampler;
mod shape;
mod size;
mod strings;
mod typed;
mod workflow;
mod writer;

#[cfg(test)]
mod tests;

use graph::{Graph, Place};
use makers::{Course, Maker};

pub use workflow::custom_nodes;

/// Which reading of graphs this is: raised whenever what [`read`] gives changes, so that stores derive again.
pub const VERSION: u32 = 2;

/// Values of a kind that are kept: far more than any real graph has.
const MOST_VALUES: usize = 64;

/// Node types and titles that are kept.
const MOST_NAMES: usize = 512;

/// What a prompt says. Every list is in the order of use, each value once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What the pictures were asked to be; of music, its tags.
    pub positive: Vec<String>,
    /// What they were asked not to be.
    pub negative: Vec<String>,
    /// What a language model was asked for that wrote a text at run time.
    pub instructions: Vec<String>,
    /// The tags of music.
    pub tags: Vec<String>,
    /// What is sung.
    pub lyrics: Vec<String>,
    /// Checkpoints and diffusion models, as the prompt names them; of a hosted service, its word for the model.
    pub models: Vec<String>,
    /// The LoRAs that the samplers' models pass through.
    pub loras: Vec<Lora>,
    /// Files of VAEs.
    pub vaes: Vec<String>,
    /// Files of text encoders.
    pub text_encoders: Vec<String>,
    /// Files of ControlNets.
    pub controlnets: Vec<String>,
    /// Files of models that enlarge pictures or latents.
    pub upscalers: Vec<String>,
    /// Files of other models that took part: of vision, of masks, of depth, of language.
    pub helpers: Vec<String>,
    /// Hosted services that were asked.
    pub services: Vec<String>,
    /// Seeds that took part, as they were written: they reach 2^64-1.
    pub seeds: Vec<String>,
    /// Each sampler's settings, the first to run first.
    pub passes: Vec<Pass>,
    /// Pixels across, of the last latent or of what a hosted service was asked for.
    pub width: Option<String>,
    /// Pixels down.
    pub height: Option<String>,
    /// How many frames, where it is a video.
    pub length: Option<String>,
    /// How many seconds, where the graph says it.
    pub seconds: Option<String>,
    /// Frames a second.
    pub fps: Option<String>,
    /// How many at once, where it is more than one.
    pub batch: Option<String>,
    /// Names of files that the run read.
    pub inputs: Vec<String>,
    /// Node types, those that took part first.
    pub nodes: Vec<String>,
    /// Titles that nodes were given.
    pub titles: Vec<String>,
    /// Sixteen hex digits, the same for graphs that differ only in what is written in their widgets.
    pub shape: String,
}

/// A LoRA and how strongly it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lora {
    /// The file, as the prompt names it.
    pub name: String,
    /// The weight on the model, as it was written.
    pub strength: Option<String>,
    /// The weight on the text encoder.
    pub strength_clip: Option<String>,
}

/// What one sampler was set to. Values as they were written; `None`: the graph doesn't say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pass {
    /// `euler`, `dpmpp_2m` …; the class of a node that is a sampler itself.
    pub sampler: Option<String>,
    /// `karras`, `simple` …
    pub scheduler: Option<String>,
    /// The class of the node that makes the schedule, where that has no name.
    pub schedule_node: Option<String>,
    /// How many steps its schedule has.
    pub steps: Option<String>,
    /// The first of them that it takes.
    pub start_at_step: Option<String>,
    /// The one before which it stops.
    pub end_at_step: Option<String>,
    /// Classifier-free guidance.
    pub cfg: Option<String>,
    /// The second one, where there are two.
    pub cfg2: Option<String>,
    /// The guidance that a Flux model is told in its conditioning.
    pub guidance: Option<String>,
    /// How much of the latent is made anew.
    pub denoise: Option<String>,
    /// Where its noise comes from; `None` where it adds none.
    pub seed: Option<String>,
}

/// Reads the prompt document. Python's bare words are welcome.
pub fn read(prompt: &str) -> Facts {
    let graph = Graph::read(prompt);
    let mut facts = Facts { shape: shape::of(&graph), ..Facts::default() };
    let course = Course::of(&graph);
    let mut apart = made(&graph, &course, &mut facts);
    apart.extend(&course.helpers);
    sizes(&graph, &course, &mut facts);
    rest::fill(&graph, &course, &apart, &mut facts);
    facts
}

/// The one model to name where there is room for one: the first of [`Facts::models`], without folder and file ending.
pub fn model(prompt: &str) -> Option<String> {
    recent::model(prompt, |prompt| {
        let graph = Graph::read(prompt);
        let mut facts = Facts::default();
        made(&graph, &Course::of(&graph), &mut facts);
        facts.models.first().map(|name| short_name(name).to_owned())
    })
}

/// A model's name for people: without its folder and the ending of its file.
pub fn short_name(name: &str) -> &str {
    const ENDINGS: [&str; 8] = ["safetensors", "ckpt", "pt", "pth", "gguf", "sft", "bin", "onnx"];
    let file = name.rsplit(['/', '\\']).next().filter(|file| !file.is_empty()).unwrap_or(name);
    match file.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) => {
            stem
        }
        _ => file,
    }
}

/// What each maker was told and set to. Gives the nodes that wrote texts for them.
fn made(graph: &Graph<'_>, course: &Course, facts: &mut Facts) -> Vec<Place> {
    let mut writers = Vec::new();
    for &Maker { place, is_sampler, .. } in &course.makers {
        if is_sampler {
            models::trace(graph, place, facts);
            let told = conditioning::trace(graph, place, facts, &mut writers);
            let mut pass = sampler::pass(graph, place);
            pass.guidance = pass.guidance.or(told.guidance);
            note(&mut facts.seeds, pass.seed.clone());
            facts.passes.push(pass);
        } else {
            hosted::trace(graph, place, facts, &mut writers);
        }
    }
    for &preview in &course.outputs {
        if writer::is_preview_of_text(graph, preview) {
            writer::shown(graph, preview, &course.makers, &mut facts.instructions, &mut writers);
        }
    }
    for &writer in &writers {
        note(&mut facts.services, hosted::service(graph.class(writer)).map(str::to_owned));
    }
    writers
}

/// The size of what was saved: of the last sampler, or of the last service that says one.
fn sizes(graph: &Graph<'_>, course: &Course, facts: &mut Facts) {
    let of = |maker: &Maker| {
        if maker.is_sampler { size::of_sampler(graph, maker.place) } else { hosted::size(graph, maker.place) }
    };
    let mut is_unknown = false;
    let (saved, shown): (Vec<Maker>, Vec<Maker>) = course.makers.iter().partition(|maker| maker.is_saved);
    for maker in saved.iter().rev().chain(shown.iter().rev()) {
        let size = of(maker);
        if facts.width.is_none() && !is_unknown {
            (facts.width, facts.height) = (size.width, size.height);
            // What an earlier one made was enlarged since.
            is_unknown = facts.width.is_none() && maker.is_sampler;
        }
        facts.length = facts.length.take().or(size.length);
        facts.seconds = facts.seconds.take().or(size.seconds);
        facts.batch = facts.batch.take().or(size.batch);
    }
    // The video is put together behind the makers; those before them only cut what they are given.
    let fps = |place: Place| graph.first_number(place, &["fps", "frame_rate"]);
    let outputs = course.outputs.iter().chain(course.path.iter().rev()).copied();
    facts.fps = outputs.chain(course.makers.iter().map(|maker| maker.place)).find_map(fps);
}

/// Adds a value that isn't there yet.
fn note(list: &mut Vec<String>, value: Option<String>) {
    if let Some(value) = value.filter(|value| list.len() < MOST_VALUES && !list.contains(value)) {
        list.push(value);
    }
}
