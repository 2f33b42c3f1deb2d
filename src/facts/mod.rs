//! What a person asks about a run, read from its prompt graph: texts, models, LoRAs, seeds, samplers, steps, sizes.
//!
//! Pure and total: any text gives facts, none a panic, and the time is bounded by the length of the text. From the
//! outputs up, by the links that count: a branch that no switch takes and a node that nobody reads are no facts. Nodes are
//! known by the shape of their inputs, by their class only where it has a rule of its own. Says only what the graph says
//! plainly; what a node would work out while it runs is left out. Numbers stay as they were written.

mod api_nodes;
mod arithmetic;
mod conditioning;
mod eval;
mod generated_text;
mod graph;
mod joins;
mod json;
mod known;
mod loras;
mod model_files;
mod model_memo;
mod models;
mod nodes;
mod number;
mod other_models;
mod producers;
mod read;
mod sampler;
mod shape;
mod size;
mod strings;
mod typed;
mod values;
mod workflow;

#[cfg(test)]
mod tests;

pub use read::{VERSION, model, read};
pub use values::{Facts, Lora, Pass, short_name};
pub use workflow::custom_nodes;
