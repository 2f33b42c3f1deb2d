//! What somebody typed of a text that is whole only while the run runs: the part beside a caption, the lines of which one is
//! drawn.

use std::collections::HashSet;

use super::eval::Eval;
use super::graph::Graph;
use super::nodes::{InputValue, NodeIndex};
use super::{generated_text, joins};

/// Nodes between an encoder and what was typed.
const MOST_DEEP: usize = 24;

/// The parts of a text that are known though the whole isn't, in the order in which they stand.
pub(super) fn parts(graph: &Graph<'_>, value: InputValue<'_>) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    let mut stack = vec![(value, 0)];
    while let Some((value, depth)) = stack.pop() {
        if depth > MOST_DEEP || !graph.step() || parts.len() >= super::values::MOST_VALUES {
            continue;
        }
        if let Some(text) = graph.text_of(value) {
            // What only stands between two texts says nothing.
            if text.chars().any(char::is_alphanumeric) && !parts.contains(&text) {
                parts.push(text);
            }
            continue;
        }
        // Of a switch that can't be told all sides would be guesses.
        let Some(InputValue::Link(place, output)) = Eval::new(graph).chosen(value) else { continue };
        if seen.insert(place) && !is_made(graph, place) && !takes_a_part(graph, place) {
            let inputs = of_side(graph, place, output).map_or_else(|| texts(graph, place), |text| vec![text]);
            stack.extend(inputs.into_iter().rev().map(|value| (value, depth + 1)));
        }
    }
    parts
}

/// Whether a node writes by itself: a language model, or one that looks at a picture or listens.
fn is_made(graph: &Graph<'_>, place: NodeIndex) -> bool {
    let mut links = graph.inputs(place).filter(|(_, value)| matches!(value, InputValue::Link(..)));
    let has_sense = links.any(|(name, _)| generated_text::is_sense(name));
    has_sense || generated_text::is_writer(graph, place) || generated_text::answers(graph, place)
}

/// Whether little or nothing may be left of what went in: one of many lines, what a pattern finds.
fn takes_a_part(graph: &Graph<'_>, place: NodeIndex) -> bool {
    let class = graph.folded_class(place);
    let is = |words: &[&str]| words.iter().any(|word| class.contains(word));
    is(&["regex", "extract", "substring", "split", "truncat", "json", "compare", "length"])
        || generated_text::draws(class) && !is(&["wildcard", "prompt", "generator"])
}

/// The text behind an output of a node that gives the wanted one first and the unwanted one second.
fn of_side<'a>(graph: &Graph<'a>, place: NodeIndex, output: usize) -> Option<InputValue<'a>> {
    const SIDES: [(&str, &str); 4] = [
        ("text_positive", "text_negative"),
        ("positive_prompt", "negative_prompt"),
        ("positive", "negative"),
        ("prompt", "negative_prompt"),
    ];
    let (positive, negative) =
        SIDES.iter().find(|(positive, negative)| graph.has(place, positive) && graph.has(place, negative))?;
    graph.value(place, [positive, negative].get(output)?)
}

/// The inputs of a node that a text may come through.
fn texts<'a>(graph: &Graph<'a>, place: NodeIndex) -> Vec<InputValue<'a>> {
    if let Some(passed) = graph.value(place, "passthrough").filter(|value| matches!(value, InputValue::Link(..))) {
        return vec![passed];
    }
    let is_of_texts =
        ["string", "text", "prompt", "concat", "join"].iter().any(|word| graph.folded_class(place).contains(word));
    let links = graph.inputs(place).filter(|(_, value)| matches!(value, InputValue::Link(..))).count();
    let is_wanted = |name: &str, value: InputValue<'a>| match value {
        InputValue::Literal(json) => json.starts_with('"') && (joins::is_part(name) || is_affix(name)),
        InputValue::Link(..) => {
            joins::is_part(name) || is_affix(name) || (is_of_texts || links == 1) && !is_setting(name)
        }
        InputValue::Nowhere => false,
    };
    graph.inputs(place).filter(|(name, value)| is_wanted(name, *value)).map(|(_, value)| value).collect()
}

/// What stands before or behind a text, or in the place of a part of it.
fn is_affix(name: &str) -> bool {
    ["prefix", "suffix", "prepend", "append", "replace"].iter().any(|word| name.starts_with(word))
        || matches!(name, "pre_text" | "wildcard_text")
}

/// What says how a text is put together, and is no part of it.
fn is_setting(name: &str) -> bool {
    let words = ["delim", "separator", "find", "search", "pattern", "regex", "seed", "index", "mode", "key", "old"];
    words.iter().any(|word| name.contains(word))
}
