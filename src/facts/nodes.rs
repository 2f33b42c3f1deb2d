//! The nodes of a prompt in the order of their ids, their inputs as the slices they were written as. Only data: see
//! [`super::graph`] for where links lead.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;

use foldhash::HashMap;

use crate::json::{elements, members, unquote};

/// Nodes looked at; real graphs have some hundreds.
const MOST_NODES: usize = 100_000;

/// Inputs looked at of one node; real ones have some dozens.
const MOST_INPUTS: usize = 256;

/// A node's place in the graph.
pub(super) type NodeIndex = usize;

/// An output of a node.
pub(super) type Socket = (NodeIndex, usize);

/// The nodes of a prompt.
#[derive(Debug)]
pub(super) struct PromptNodes<'a> {
    all: Vec<Node<'a>>,
    /// Nodes of which some other reads output 1 as its positive input and 0 as its negative one.
    crossed: HashSet<NodeIndex>,
}

#[derive(Debug)]
pub(super) struct Node<'a> {
    /// Its id; with colons inside subgraphs.
    pub id: Cow<'a, str>,
    /// `class_type`; empty where the front end didn't know it.
    pub class: Cow<'a, str>,
    /// The same in small letters, without blanks and underscores: what words are looked for in.
    pub folded_class: String,
    /// What it does with what it is given.
    pub kind: NodeKind,
    /// `_meta.title`.
    pub title: Option<Cow<'a, str>>,
    /// Names and what stands there, in the order in which they are written.
    pub inputs: Vec<(Cow<'a, str>, InputValue<'a>)>,
}

/// Whether a node gives out what another gave it. Asked at every link, so it is found out once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeKind {
    /// Makes something of its own.
    Makes,
    /// `PreviewAny`: hands its `source` on.
    Previews,
    /// Hands on the one thing that is linked to it.
    Passes,
    /// Takes `on_true` or `on_false`.
    Decides,
    /// Takes one of several.
    Picks,
}

impl NodeKind {
    fn of(node: &Node<'_>) -> Self {
        let has_sides = node.inputs.iter().any(|(name, _)| matches!(&**name, "on_true" | "on_false"));
        match &*node.class {
            "PreviewAny" => Self::Previews,
            class if class.contains("Reroute") || node.is_show() => Self::Passes,
            _ if has_sides => Self::Decides,
            _ if node.folded_class.contains("switch") => Self::Picks,
            _ => Self::Makes,
        }
    }
}

impl Node<'_> {
    /// Whether it shows what passes through it.
    pub fn is_show(&self) -> bool {
        let verbs = ["show", "display", "preview"];
        let things = ["text", "any", "string"];
        verbs
            .iter()
            .filter_map(|verb| self.folded_class.split_once(verb))
            .any(|(_, rest)| things.iter().any(|thing| rest.starts_with(thing)))
    }
}

/// What stands in an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputValue<'a> {
    Link(NodeIndex, usize),
    /// A link to a node that isn't there.
    Nowhere,
    /// A value, as it is written.
    Literal(&'a str),
}

impl<'a> PromptNodes<'a> {
    /// Reads the prompt document; what isn't shaped like a node is ignored. Of two nodes with one id the last counts,
    /// as it does for Python.
    pub fn read(prompt: &'a str) -> Self {
        let raw = members(prompt.trim_start()).filter(|(_, json)| json.starts_with('{')).take(MOST_NODES);
        let mut nodes: Vec<(Node<'a>, &'a str)> = raw.map(|(id, json)| bare(id, json)).collect();
        // The order in the document says nothing, so it must change nothing.
        nodes.sort_by(|(a, _), (b, _)| by_id(&a.id, &b.id));
        nodes.reverse();
        nodes.dedup_by(|(a, _), (b, _)| a.id == b.id);
        nodes.reverse();
        let places: HashMap<Cow<'a, str>, NodeIndex> =
            nodes.iter().enumerate().map(|(place, (node, _))| (node.id.clone(), place)).collect();
        let filled = nodes.into_iter().map(|(mut node, inputs)| {
            let inputs = members(inputs).take(MOST_INPUTS);
            node.inputs = inputs.map(|(name, json)| (name, value_of(json, &places))).collect();
            node.folded_class = node.class.to_ascii_lowercase();
            node.folded_class.retain(|c| !matches!(c, ' ' | '_'));
            node.kind = NodeKind::of(&node);
            node
        });
        let mut nodes = Self { all: filled.collect(), crossed: HashSet::new() };
        nodes.crossed = nodes.places().filter_map(|place| nodes.read_crossed(place)).collect();
        nodes
    }

    /// The node of which this one reads the two sides the other way round.
    fn read_crossed(&self, place: NodeIndex) -> Option<NodeIndex> {
        match (self.value(place, "positive")?, self.value(place, "negative")?) {
            (InputValue::Link(a, 1), InputValue::Link(b, 0)) if a == b => Some(a),
            _ => None,
        }
    }

    /// Whether some node reads its two sides the other way round.
    pub fn is_crossed(&self, place: NodeIndex) -> bool {
        self.crossed.contains(&place)
    }

    /// The node at that place.
    pub fn node(&self, place: NodeIndex) -> &Node<'a> {
        &self.all[place]
    }

    /// `class_type` of the node at that place.
    pub fn class(&self, place: NodeIndex) -> &str {
        &self.all[place].class
    }

    /// The same in small letters, without blanks and underscores.
    pub fn folded_class(&self, place: NodeIndex) -> &str {
        &self.all[place].folded_class
    }

    pub fn places(&self) -> std::ops::Range<NodeIndex> {
        0..self.all.len()
    }

    /// What stands in an input.
    pub fn value(&self, place: NodeIndex, name: &str) -> Option<InputValue<'a>> {
        self.all[place].inputs.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// Whether a node has that input.
    pub fn has(&self, place: NodeIndex, name: &str) -> bool {
        self.value(place, name).is_some()
    }

    /// Whether a node has one of those inputs.
    pub fn has_any(&self, place: NodeIndex, names: &[&str]) -> bool {
        self.all[place].inputs.iter().any(|(key, _)| names.contains(&&**key))
    }

    /// The names of a node's inputs with what stands there.
    pub fn inputs(&self, place: NodeIndex) -> impl Iterator<Item = (&str, InputValue<'a>)> {
        self.all[place].inputs.iter().map(|(name, value)| (&**name, *value))
    }
}

/// A node without its inputs, and their text.
fn bare<'a>(id: Cow<'a, str>, json: &'a str) -> (Node<'a>, &'a str) {
    let mut node = Node {
        id,
        class: Cow::Borrowed(""),
        folded_class: String::new(),
        kind: NodeKind::Makes,
        title: None,
        inputs: Vec::new(),
    };
    let mut inputs = "";
    for (key, value) in members(json) {
        match &*key {
            "class_type" => node.class = unquote(value).unwrap_or_default(),
            "inputs" => inputs = value,
            "_meta" => {
                node.title = members(value).find(|(key, _)| key == "title").and_then(|(_, title)| unquote(title))
            }
            _ => {}
        }
    }
    (node, inputs)
}

/// A link is an id and the number of an output, as ComfyUI's own `is_link` has it.
fn value_of<'a>(json: &'a str, places: &HashMap<Cow<'a, str>, NodeIndex>) -> InputValue<'a> {
    if !json.starts_with('[') {
        return InputValue::Literal(json);
    }
    let mut parts = elements(json);
    let (id, output) = (parts.next().and_then(unquote), parts.next().and_then(|output| output.parse().ok()));
    match (id, output, parts.next()) {
        (Some(id), Some(output), None) => {
            places.get(&id).map_or(InputValue::Nowhere, |place| InputValue::Link(*place, output))
        }
        _ => InputValue::Literal(json),
    }
}

/// `9` before `10`, `75:3` before `75:64`, numbers before words.
fn by_id(a: &str, b: &str) -> Ordering {
    let key = |part: &str| part.parse::<u64>().ok();
    let by_part = |a: &str, b: &str| match (key(a), key(b)) {
        (Some(x), Some(y)) => x.cmp(&y),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    };
    let (mut left, mut right) = (a.split(':'), b.split(':'));
    loop {
        match (left.next(), right.next()) {
            (Some(x), Some(y)) => match by_part(x, y) {
                Ordering::Equal => {}
                other => return other,
            },
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
        }
    }
}
