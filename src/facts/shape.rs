//! The shape of a graph: what stays the same when only seeds, prompts and sizes change.

use sha2::{Digest, Sha256};

use super::graph::Graph;
use super::nodes::InputValue;

/// Sixteen hex digits over ids, classes and links; nothing for a text that is no graph.
pub(super) fn of(graph: &Graph<'_>) -> String {
    if graph.places().is_empty() {
        return String::new();
    }
    let mut hash = Sha256::new();
    // Lengths in front, so that no two graphs read the same.
    let mut part = |text: &str| {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(text.as_bytes());
    };
    for place in graph.places() {
        let node = graph.node(place);
        part(&node.id);
        part(&node.class);
        let mut links: Vec<(&str, &str, usize)> = node
            .inputs
            .iter()
            .filter_map(|(name, value)| match value {
                InputValue::Link(to, output) => Some((&**name, &*graph.node(*to).id, *output)),
                InputValue::Nowhere => Some((&**name, "", 0)),
                InputValue::Literal(_) => None,
            })
            .collect();
        links.sort_unstable();
        for (name, to, output) in links {
            part(name);
            part(to);
            part(&output.to_string());
        }
        part("");
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
