//! From a prompt to its facts.

use super::eval::Rule;
use super::graph::Graph;
use super::makers::{Course, Maker};
use super::nodes::Place;
use super::values::{Facts, note, short_name};
use super::{calc, conditioning, hosted, joins, models, recent, rest, sampler, shape, size, strings, writer};

/// Which reading of graphs this is: raised whenever what [`read`] gives changes, so that stores derive again.
pub const VERSION: u32 = 2;

/// What nodes give out, by their kind.
const RULES: [Rule; 4] = [strings::given, joins::given, calc::given, size::given];

/// Reads the prompt document. Python's bare words are welcome.
pub fn read(prompt: &str) -> Facts {
    let graph = Graph::read(prompt, &RULES);
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
        let graph = Graph::read(prompt, &RULES);
        let mut facts = Facts::default();
        made(&graph, &Course::of(&graph), &mut facts);
        facts.models.first().map(|name| short_name(name).to_owned())
    })
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
    let is_maker = |place: Place| course.makers.iter().any(|maker| maker.place == place);
    for &preview in &course.outputs {
        if writer::is_preview_of_text(graph, preview) {
            writer::shown(graph, preview, &is_maker, &mut facts.instructions, &mut writers);
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
