//! Texts that a language model writes while the run runs: they can't be known, but what it was asked for can.

use std::collections::HashSet;

use super::eval::Eval;
use super::graph::Graph;
use super::joins;
use super::known::KnownValue;
use super::nodes::{InputValue, NodeIndex};
use super::values::note;

/// Nodes between an encoder and the model that writes for it.
const MOST_DEEP: usize = 24;

/// Whether a node asks a language model: it has a prompt, and a model, a text encoder or a seed to answer it with.
pub(super) fn is_writer(graph: &Graph<'_>, place: NodeIndex) -> bool {
    let has_prompt = graph.inputs(place).any(|(name, value)| is_prompt(name) && !is_flag(value));
    has_prompt && (answers(graph, place) || graph.has(place, "seed") && !draws(graph.folded_class(place)))
}

/// Whether a node has what a language model answers with.
pub(super) fn answers(graph: &Graph<'_>, place: NodeIndex) -> bool {
    const NAMES: [&str; 10] = [
        "model",
        "clip",
        "model_name",
        "max_length",
        "max_tokens",
        "max_new_tokens",
        "temperature",
        "top_p",
        "llm",
        "api_key",
    ];
    graph.inputs(place).any(|(name, _)| {
        let last = name.rsplit('.').next().unwrap_or(name);
        NAMES.contains(&last) || last.ends_with("_model")
    })
}

/// Whether a class draws one of the things that were typed: its seed is for no model.
pub(super) fn draws(class: &str) -> bool {
    ["wildcard", "random", "dynamicprompt", "combinator", "nsp", "shuffle", "line"]
        .iter()
        .any(|word| class.contains(word))
}

/// Whether an input takes what a node looks at or listens to.
pub(super) fn is_sense(name: &str) -> bool {
    ["image", "pixels", "video", "frames", "audio", "mask"].iter().any(|word| name.starts_with(word))
}

fn is_flag(value: InputValue<'_>) -> bool {
    matches!(value, InputValue::Literal("true" | "false"))
}

/// `prompt`, `user_prompt`, `model.prompt`, but not what everybody sends.
fn is_prompt(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_other = ["system", "negative"].iter().any(|word| last.contains(word));
    (last.ends_with("prompt")
        || matches!(last, "prompt_text" | "text" | "custom_prompt" | "text_input" | "question" | "user_message"))
        && !is_other
}

/// Finds who writes a text, and what they were asked for.
pub(super) fn instructions(
    graph: &Graph<'_>,
    value: InputValue<'_>,
    found: &mut Vec<String>,
    writers: &mut Vec<NodeIndex>,
) {
    let mut seen = HashSet::new();
    let mut stack = vec![(value, 0)];
    while let Some((value, depth)) = stack.pop() {
        let chosen = Eval::new(graph).chosen(value);
        let Some(InputValue::Link(place, _)) = chosen.or(Some(value)) else { continue };
        if depth > MOST_DEEP || !seen.insert(place) || !graph.step() {
            continue;
        }
        if is_writer(graph, place) {
            if !writers.contains(&place) && writers.len() < super::values::MOST_VALUES {
                writers.push(place);
            }
            asked(graph, place, found, 0);
            continue;
        }
        // What a picture was asked to be, that it looks at, is another matter.
        let links =
            graph.inputs(place).filter(|(name, value)| !is_sense(name) && matches!(value, InputValue::Link(..)));
        let links: Vec<InputValue<'_>> = links.map(|(_, value)| value).collect();
        stack.extend(links.into_iter().rev().map(|value| (value, depth + 1)));
    }
}

/// What a writer was asked for: of a text that is put together, the parts that somebody typed.
fn asked(graph: &Graph<'_>, writer: NodeIndex, found: &mut Vec<String>, depth: usize) {
    for (_, value) in graph.inputs(writer).filter(|(name, value)| is_prompt(name) && !is_flag(*value)) {
        let mut typed = TypedText::default();
        typed.look(graph, value, false, depth);
        for text in typed.take() {
            note(found, Some(text));
        }
    }
}

/// The parts of a text that somebody typed.
#[derive(Default)]
struct TypedText {
    /// What was put into a template: the template is everybody's.
    inserted: Vec<String>,
    other: Vec<String>,
}

impl TypedText {
    fn take(self) -> Vec<String> {
        if self.inserted.is_empty() { self.other } else { self.inserted }
    }

    fn look(&mut self, graph: &Graph<'_>, value: InputValue<'_>, is_inserted: bool, depth: usize) {
        if depth > MOST_DEEP || !graph.step() {
            return;
        }
        let list = if is_inserted { &mut self.inserted } else { &mut self.other };
        let place = match Eval::new(graph).chosen(value) {
            Some(InputValue::Literal(_)) => {
                return note(list, graph.text_of(value).filter(|_| depth < 2 || is_inserted));
            }
            Some(InputValue::Link(place, _)) => place,
            _ => return,
        };
        let class = graph.class(place);
        let title = graph.node(place).title.as_deref().unwrap_or_default().to_ascii_lowercase();
        let mut go = |name: &str, is_inserted: bool| {
            if let Some(value) = graph.value(place, name) {
                self.look(graph, value, is_inserted, depth + 1);
            }
        };
        match class {
            "StringReplace" | "RegexReplace" => {
                go("replace", true);
                go("string", is_inserted);
            }
            _ if joins::is_joining(graph, place) => {
                let parts: Vec<&str> =
                    graph.inputs(place).map(|(name, _)| name).filter(|name| joins::is_part(name)).collect();
                parts.into_iter().for_each(|name| go(name, is_inserted));
            }
            "JsonExtractString" | "CustomCombo" | "RegexExtract" => {}
            _ if !is_inserted && (title.contains("system") || title.contains("template")) => {}
            _ if is_writer(graph, place) => {
                asked(graph, place, if is_inserted { &mut self.inserted } else { &mut self.other }, depth + 1)
            }
            _ => {
                let is_text = matches!(Eval::new(graph).known(value), Some(KnownValue::Text(_)));
                note(
                    if is_inserted { &mut self.inserted } else { &mut self.other },
                    graph.text_of(value).filter(|_| is_text),
                );
            }
        }
    }
}

/// Adds what the writer behind a preview of text was asked for; makers may speak too.
pub(super) fn shown(
    graph: &Graph<'_>,
    preview: NodeIndex,
    is_producer: &dyn Fn(NodeIndex) -> bool,
    found: &mut Vec<String>,
    writers: &mut Vec<NodeIndex>,
) {
    for (_, value) in graph.inputs(preview).filter(|(_, value)| matches!(value, InputValue::Link(..))) {
        let is_made = graph.source(value).is_some_and(|(place, _)| is_producer(place));
        if !is_made && graph.text_of(value).is_none() {
            instructions(graph, value, found, writers);
        }
    }
}

/// Whether a node shows or keeps a text and nothing else.
pub(super) fn is_preview_of_text(graph: &Graph<'_>, place: NodeIndex) -> bool {
    let class = graph.class(place);
    class == "PreviewAny" || graph.node(place).is_show() || class.contains("Text") && class.contains("Save")
}
