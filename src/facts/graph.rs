//! The prompt as a graph: its nodes, followed to where a link or a value comes from in the end.

use std::cell::Cell;
use std::ops::Deref;

use super::eval::{Eval, Rule};
use super::known::KnownValue;
use super::nodes::{InputValue, NodeIndex, PromptNodes, Socket};
use super::number::without_noise;

/// Steps that all walks over one graph may take together: far more than any real graph needs.
const MOST_STEPS: u32 = 40_000;

/// The nodes of a prompt, and the rules by which they are followed.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    nodes: PromptNodes<'a>,
    rules: &'static [Rule],
    steps_left: Cell<u32>,
}

impl<'a> Deref for Graph<'a> {
    type Target = PromptNodes<'a>;

    fn deref(&self) -> &PromptNodes<'a> {
        &self.nodes
    }
}

impl<'a> Graph<'a> {
    /// Reads the prompt document. `rules`: what nodes give out, the first that applies counts.
    pub fn read(prompt: &'a str, rules: &'static [Rule]) -> Self {
        Self { nodes: PromptNodes::read(prompt), rules, steps_left: Cell::new(MOST_STEPS) }
    }

    /// What nodes give out.
    pub fn rules(&self) -> &'static [Rule] {
        self.rules
    }

    /// One step of a walk; `false` when the graph was made to keep us busy.
    pub fn step(&self) -> bool {
        let left = self.steps_left.get();
        self.steps_left.set(left.saturating_sub(1));
        left > 0
    }

    /// The output that an input is linked to, past switches and nodes that only pass things on.
    pub fn link(&self, place: NodeIndex, name: &str) -> Option<Socket> {
        self.source(self.value(place, name)?)
    }

    /// The first of those inputs that is linked.
    pub fn first_link(&self, place: NodeIndex, names: &[&str]) -> Option<Socket> {
        names.iter().find_map(|name| self.link(place, name))
    }

    /// Every input that is linked, in the order in which they are written, each by its name.
    pub fn links(&self, place: NodeIndex) -> impl Iterator<Item = (&str, Socket)> {
        let inputs = self.node(place).inputs.iter();
        inputs.filter_map(move |(name, value)| Some((&**name, self.source(*value)?)))
    }

    /// The nodes that a node reads. Where it isn't known which side a switch takes it is the switch.
    pub fn ways(&self, place: NodeIndex) -> impl Iterator<Item = (&str, NodeIndex)> {
        self.node(place).inputs.iter().filter_map(move |(name, value)| {
            let InputValue::Link(direct, _) = *value else { return None };
            match Eval::new(self).chosen(*value) {
                Some(InputValue::Link(to, _)) => Some((&**name, to)),
                Some(_) => None,
                None => Some((&**name, direct)),
            }
        })
    }

    /// The output that a value comes from in the end.
    pub fn source(&self, value: InputValue<'a>) -> Option<Socket> {
        if !matches!(value, InputValue::Link(..)) {
            return None;
        }
        match Eval::new(self).chosen(value)? {
            InputValue::Link(to, output) => Some((to, output)),
            _ => None,
        }
    }

    /// A number as it was written, without the noise of floats: `0.30000000000000004` is 0.3.
    pub fn number(&self, place: NodeIndex, name: &str) -> Option<String> {
        match Eval::new(self).input(place, name)? {
            KnownValue::Number(number) => Some(without_noise(&number)),
            _ => None,
        }
    }

    /// The first of those inputs that is a number.
    pub fn first_number(&self, place: NodeIndex, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.number(place, name))
    }

    /// A text; blank ones count as none.
    pub fn text(&self, place: NodeIndex, name: &str) -> Option<String> {
        self.text_of(self.value(place, name)?)
    }

    /// The first of those inputs that is a text.
    pub fn first_text(&self, place: NodeIndex, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.text(place, name))
    }

    /// The text that a value is; blank ones count as none.
    pub fn text_of(&self, value: InputValue<'a>) -> Option<String> {
        let text = Eval::new(self).known(value)?.text()?;
        (!text.trim().is_empty()).then(|| text.into_owned())
    }

    /// A flag, through the nodes that hold it.
    pub fn flag(&self, place: NodeIndex, name: &str) -> Option<bool> {
        Eval::new(self).input(place, name)?.is_true()
    }
}
