//! Secrets behind links: what a secret's input of a prompt reads, and whose secrets they are.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::names::{Names, Telling};
use super::spots::{FoundSpots, Pair, hides, place};
use crate::json::scan::{Scanner, members};

/// How many links are followed from the name of a secret to what holds it.
const MOST_HOPS: usize = 8;

/// What the prompt tells of the secrets of its nodes, for the workflow.
#[derive(Debug, Default)]
pub(super) struct SecretNodes<'a> {
    /// Ids of nodes, and of what each id of a node within a subgraph is made of.
    pub(super) all: HashSet<Cow<'a, str>>,
    /// A node's secret, as it is written.
    pub(super) secrets: HashSet<(Cow<'a, str>, &'a str)>,
}

/// Follows the links of a prompt to the nodes that hold what a secret's input reads, and notes whose secret each is.
pub(super) fn follow<'a>(names: &Names, json: &'a str, found: &mut FoundSpots, nodes: &mut SecretNodes<'a>) {
    let mut wanted: Vec<(String, Telling)> = std::mem::take(&mut found.linked);
    let mut seen: HashSet<String> = HashSet::new();
    for _ in 0..MOST_HOPS {
        wanted.retain(|(id, _)| !seen.contains(id));
        if wanted.is_empty() {
            break;
        }
        seen.extend(wanted.iter().map(|(id, _)| id.clone()));
        let now: HashMap<String, Telling> = std::mem::take(&mut wanted).into_iter().collect();
        for (id, node) in members(json) {
            if let Some(telling) = now.get(id.as_ref()) {
                holder(names, json, node, *telling, found, &mut wanted);
            }
        }
    }
    found.spots.sort_unstable_by_key(|spot| spot.start);
    let mut spots = found.spots.iter().peekable();
    for (id, node) in members(json) {
        let end = place(json, node).end;
        let of_node: Vec<&str> =
            std::iter::from_fn(|| spots.next_if(|spot| spot.start < end)).map(|spot| &json[spot.clone()]).collect();
        // A node of a subgraph is called by the ids of both; the editor knows each by itself.
        let parts = match &id {
            Cow::Borrowed(id) => id.split(':').take(8).map(Cow::Borrowed).collect::<Vec<_>>(),
            Cow::Owned(id) => id.split(':').take(8).map(|part| Cow::Owned(part.to_owned())).collect(),
        };
        for part in parts {
            nodes.secrets.extend(of_node.iter().map(|secret| (part.clone(), *secret)));
            nodes.all.insert(part);
        }
    }
}

/// Notes what a node holds that a secret's input is linked to, and where it has that from itself.
fn holder(
    names: &Names,
    json: &str,
    node: &str,
    telling: Telling,
    found: &mut FoundSpots,
    wanted: &mut Vec<(String, Telling)>,
) {
    let inputs = || members(node).filter(|(key, _)| key == "inputs").flat_map(|(_, inputs)| members(inputs));
    let links = inputs().filter_map(|(_, value)| match Pair::at(&Scanner::new(value)) {
        Some(Pair::Link(node)) => Some((node.into_owned(), telling)),
        _ => None,
    });
    let before = wanted.len();
    wanted.extend(links);
    let is_alone = wanted.len() == before && inputs().filter(|(_, value)| value.starts_with('"')).count() == 1;
    for (key, value) in inputs() {
        let holds_text = matches!(key.as_ref(), "value" | "string" | "text" | "str" | "STRING" | "Text" | "String");
        let telling = match names.telling(&key) {
            Telling::Spared => Telling::Spared,
            _ if is_alone || holds_text => telling,
            own => own.max(Telling::Doubt),
        };
        if hides(telling, value) {
            found.spots.push(place(json, value));
        }
    }
}
