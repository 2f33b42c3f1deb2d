//! Texts on their way to an encoder: written there, held by another node, or put together from parts.

use std::borrow::Cow;

use super::graph::{Graph, Place, Value};
use crate::json::unquote;

/// Parts of a text looked at, however they are joined.
const MOST_PARTS: usize = 256;

/// A text longer than this isn't one that somebody wrote.
const MOST_BYTES: usize = 1 << 20;

/// The text of an input; `None` where it is written only while the run runs.
pub(super) fn read(graph: &Graph<'_>, place: Place, name: &str) -> Option<String> {
    let mut budget = MOST_PARTS;
    let text = resolve(graph, graph.value(place, name)?, &mut budget, 0)?;
    (!text.trim().is_empty()).then(|| text.into_owned())
}

fn resolve<'a>(graph: &Graph<'a>, value: Value<'a>, budget: &mut usize, depth: usize) -> Option<Cow<'a, str>> {
    *budget = budget.checked_sub(1)?;
    if depth > 32 {
        return None;
    }
    let place = match graph.chosen(value)? {
        // A number in a text input is a value that slipped.
        Value::Literal(json) => return unquote(json).filter(|text| text.len() <= MOST_BYTES),
        Value::Link(place, _) => place,
    };
    let part = |name: &str, budget: &mut usize| resolve(graph, graph.value(place, name)?, budget, depth + 1);
    match &*graph.node(place).class {
        "StringConcatenate" => {
            let (first, second) = (part("string_a", budget)?, part("string_b", budget)?);
            let between = part("delimiter", budget).unwrap_or_default();
            let is_short = first.len() + between.len() + second.len() <= MOST_BYTES;
            is_short.then(|| Cow::Owned([first, between, second].concat()))
        }
        "StringReplace" => {
            let (text, find) = (part("string", budget)?, part("find", budget)?);
            let replace = part("replace", budget)?;
            let is_small = text.len().saturating_mul(replace.len().max(1)) <= MOST_BYTES;
            (is_small && !find.is_empty()).then(|| Cow::Owned(text.replace(&*find, &replace)))
        }
        // Nodes that only hold or show a text. One that writes it by a language model has other inputs.
        _ => ["value", "text", "string", "Text", "String"].iter().find_map(|name| {
            let is_written_at_run_time = graph.inputs(place).any(|(name, _)| matches!(name, "model" | "clip" | "seed"));
            if is_written_at_run_time { None } else { part(name, budget) }
        }),
    }
}
