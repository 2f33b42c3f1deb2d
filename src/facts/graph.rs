//! The prompt as a graph: nodes by id, their inputs as the slices they were written as.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::{elements, members, unquote};

/// Nodes looked at; real graphs have some hundreds.
const MOST_NODES: usize = 10_000;

/// Links followed for one value.
const MOST_HOPS: usize = 32;

/// A node's place in the graph.
pub(super) type Place = usize;

/// The nodes of a prompt.
#[derive(Debug, Default)]
pub(super) struct Graph<'a> {
    nodes: Vec<Node<'a>>,
    places: HashMap<Cow<'a, str>, Place>,
}

/// One node.
#[derive(Debug)]
pub(super) struct Node<'a> {
    /// `class_type`.
    pub class: Cow<'a, str>,
    inputs: Vec<(Cow<'a, str>, &'a str)>,
}

/// What stands in an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Another node's output.
    Link(Place, usize),
    /// A value, as it is written.
    Literal(&'a str),
}

impl<'a> Graph<'a> {
    /// Reads the prompt document; what isn't shaped like a node is passed over.
    pub fn read(prompt: &'a str) -> Self {
        let mut graph = Self::default();
        for (id, json) in members(prompt.trim_start()).take(MOST_NODES) {
            let mut node = Node { class: Cow::Borrowed(""), inputs: Vec::new() };
            for (key, value) in members(json) {
                match &*key {
                    "class_type" => node.class = unquote(value).unwrap_or_default(),
                    "inputs" => node.inputs = members(value).collect(),
                    _ => {}
                }
            }
            graph.places.insert(id, graph.nodes.len());
            graph.nodes.push(node);
        }
        graph
    }

    /// The node at that place.
    pub fn node(&self, place: Place) -> &Node<'a> {
        &self.nodes[place]
    }

    /// Every place.
    pub fn places(&self) -> std::ops::Range<Place> {
        0..self.nodes.len()
    }

    /// What stands in an input; `None` where there is no such input, or a link leads nowhere.
    pub fn value(&self, place: Place, name: &str) -> Option<Value<'a>> {
        let (_, json) = self.nodes[place].inputs.iter().find(|(key, _)| key == name)?;
        self.value_of(json)
    }

    /// The node that an input is linked to, past switches and nodes that only pass things on.
    pub fn link(&self, place: Place, name: &str) -> Option<(Place, usize)> {
        match self.chosen(self.value(place, name)?)? {
            Value::Link(to, output) => Some((to, output)),
            Value::Literal(_) => None,
        }
    }

    /// Every input that is linked, in the order in which they are written, each by its name.
    pub fn links(&self, place: Place) -> impl Iterator<Item = (&str, Place, usize)> {
        let inputs = self.nodes[place].inputs.iter();
        inputs.filter_map(move |(name, json)| match self.chosen(self.value_of(json)?)? {
            Value::Link(to, output) => Some((&**name, to, output)),
            Value::Literal(_) => None,
        })
    }

    /// The names of a node's inputs with what is written there.
    pub fn inputs(&self, place: Place) -> impl Iterator<Item = (&str, &'a str)> {
        self.nodes[place].inputs.iter().map(|(name, json)| (&**name, *json))
    }

    /// A number, a flag or a text as it was written, past the nodes that hold it; `None` for what is worked out at run
    /// time.
    pub fn literal(&self, place: Place, name: &str) -> Option<&'a str> {
        let mut value = self.value(place, name)?;
        for _ in 0..MOST_HOPS {
            match self.chosen(value)? {
                Value::Literal(json) => return Some(json),
                Value::Link(to, _) => value = self.held(to)?,
            }
        }
        None
    }

    /// A number as it was written, without the noise of floats: `0.30000000000000004` is 0.3.
    pub fn number(&self, place: Place, name: &str) -> Option<String> {
        let json = self.literal(place, name)?;
        let is_number = json.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        is_number.then(|| without_noise(json))
    }

    /// A text; blank ones count as none.
    pub fn text(&self, place: Place, name: &str) -> Option<String> {
        let text = self.literal(place, name).and_then(unquote)?;
        (!text.trim().is_empty()).then(|| text.into_owned())
    }

    /// What a node that does nothing but hold a value holds.
    fn held(&self, place: Place) -> Option<Value<'a>> {
        const NAMES: [&str; 7] = ["value", "seed", "int", "float", "number", "string", "text"];
        let mut found = NAMES.iter().filter_map(|name| self.value(place, name));
        let held = found.next()?;
        found.next().is_none().then_some(held)
    }

    /// Past switches whose side is written down, reroutes and previews.
    pub(super) fn chosen(&self, mut value: Value<'a>) -> Option<Value<'a>> {
        for _ in 0..MOST_HOPS {
            let Value::Link(place, _) = value else { return Some(value) };
            let Some(name) = self.passes_on(place) else { return Some(value) };
            value = self.value(place, name)?;
        }
        None
    }

    /// The input whose value a node gives out unchanged.
    fn passes_on(&self, place: Place) -> Option<&'static str> {
        let has = |name: &str| self.nodes[place].inputs.iter().any(|(key, _)| key == name);
        match &*self.nodes[place].class {
            "ComfySwitchNode" => match self.flag(place, "switch", MOST_HOPS)? {
                true => Some("on_true"),
                false => Some("on_false"),
            },
            "PreviewAny" => Some("source"),
            class if class.starts_with("Reroute") => ["", "*", "any", "value"].into_iter().find(|name| has(name)),
            _ => None,
        }
    }

    /// A switch's side, through the nodes that hold it.
    fn flag(&self, place: Place, name: &str, hops: usize) -> Option<bool> {
        match self.value(place, name)? {
            Value::Literal("true" | "1") => Some(true),
            Value::Literal("false" | "0") => Some(false),
            Value::Link(to, _) if hops > 0 => self.flag(to, "value", hops - 1),
            _ => None,
        }
    }

    fn value_of(&self, json: &'a str) -> Option<Value<'a>> {
        if !json.starts_with('[') {
            return Some(Value::Literal(json));
        }
        let mut parts = elements(json);
        let (id, output) = (parts.next().and_then(unquote)?, parts.next()?.parse().ok()?);
        Some(Value::Link(*self.places.get(&id)?, output))
    }
}

/// A float that JavaScript summed up carries noise in its last digits; whole numbers stay digit for digit.
fn without_noise(number: &str) -> String {
    let is_noisy = number.contains('.') && number.len() > 12;
    match number.parse::<f64>().ok().filter(|_| is_noisy) {
        Some(float) => {
            let rounded = format!("{float:.6}");
            rounded.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        None => number.strip_suffix(".0").unwrap_or(number).to_owned(),
    }
}
