//! From a prompt to its facts.

use super::eval::Rule;
use super::graph::Graph;
use super::nodes::NodeIndex;
use super::producers::{Producer, Provenance};
use super::values::{Facts, note, short_name};
use super::{
    api_nodes, arithmetic, conditioning, generated_text, joins, model_memo, models, other_models, sampler, shape, size,
    strings,
};

/// Which reading of graphs this is: raised whenever what [`read`] gives changes, so that stores derive again.
pub const VERSION: u32 = 2;

/// What nodes give out, by their kind.
const RULES: [Rule; 4] = [strings::given, joins::given, arithmetic::given, size::given];

/// Reads the prompt document. Python's bare words are welcome.
pub fn read(prompt: &str) -> Facts {
    let graph = Graph::read(prompt, &RULES);
    let mut facts = Facts { shape: shape::of(&graph), ..Facts::default() };
    let provenance = Provenance::of(&graph);
    let mut apart = made(&graph, &provenance, &mut facts);
    apart.extend(&provenance.helpers);
    sizes(&graph, &provenance, &mut facts);
    other_models::fill(&graph, &provenance, &apart, &mut facts);
    facts
}

/// The one model to name where there is room for one: the first of [`Facts::models`], without folder and file ending.
pub fn model(prompt: &str) -> Option<String> {
    model_memo::model(prompt, |prompt| {
        let graph = Graph::read(prompt, &RULES);
        let mut facts = Facts::default();
        made(&graph, &Provenance::of(&graph), &mut facts);
        facts.models.first().map(|name| short_name(name).to_owned())
    })
}

/// What each maker was told and set to. Gives the nodes that wrote texts for them.
fn made(graph: &Graph<'_>, provenance: &Provenance, facts: &mut Facts) -> Vec<NodeIndex> {
    let mut writers = Vec::new();
    for &Producer { place, is_sampler, .. } in &provenance.producers {
        if is_sampler {
            models::trace(graph, place, facts);
            let told = conditioning::trace(graph, place, facts, &mut writers);
            let mut pass = sampler::pass(graph, place);
            pass.guidance = pass.guidance.or(told.guidance);
            note(&mut facts.seeds, pass.seed.clone());
            facts.passes.push(pass);
        } else {
            api_nodes::trace(graph, place, facts, &mut writers);
        }
    }
    let is_producer = |place: NodeIndex| provenance.producers.iter().any(|producer| producer.place == place);
    for &preview in &provenance.outputs {
        if generated_text::is_preview_of_text(graph, preview) {
            generated_text::shown(graph, preview, &is_producer, &mut facts.instructions, &mut writers);
        }
    }
    for &writer in &writers {
        note(&mut facts.services, api_nodes::service(graph.class(writer)).map(str::to_owned));
    }
    writers
}

/// The size of what was saved: of the last sampler, or of the last service that says one.
fn sizes(graph: &Graph<'_>, provenance: &Provenance, facts: &mut Facts) {
    let of = |producer: &Producer| {
        if producer.is_sampler {
            size::of_sampler(graph, producer.place)
        } else {
            api_nodes::size(graph, producer.place)
        }
    };
    let mut is_unknown = false;
    let (saved, shown): (Vec<Producer>, Vec<Producer>) =
        provenance.producers.iter().partition(|producer| producer.is_saved);
    for producer in saved.iter().rev().chain(shown.iter().rev()) {
        let size = of(producer);
        if facts.width.is_none() && !is_unknown {
            (facts.width, facts.height) = (size.width, size.height);
            // What an earlier one made was enlarged since.
            is_unknown = facts.width.is_none() && producer.is_sampler;
        }
        facts.length = facts.length.take().or(size.length);
        facts.seconds = facts.seconds.take().or(size.seconds);
        facts.batch = facts.batch.take().or(size.batch);
    }
    // The video is put together behind the makers; those before them only cut what they are given.
    let fps = |place: NodeIndex| graph.first_number(place, &["fps", "frame_rate"]);
    let outputs = provenance.outputs.iter().chain(provenance.path.iter().rev()).copied();
    facts.fps = outputs.chain(provenance.producers.iter().map(|producer| producer.place)).find_map(fps);
}
