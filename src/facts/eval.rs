//! What stands in an input in the end: followed through switches, reroutes, nodes that hold a value, and those few that
//! work out one from others in a way that is known. What is worked out only while the run runs is unknown.

use std::borrow::Cow;
use std::cell::Cell;

use super::graph::Graph;
use super::known::{KnownValue, literal};
use super::nodes::{InputValue, NodeIndex, NodeKind};

/// Nodes looked at for one value.
const MOST_STEPS: u32 = 512;

/// How deep values may stand in one another.
const MOST_DEEP: u32 = 40;

/// Switches and reroutes in a row.
const MOST_HOPS: usize = 64;

/// What a kind of node gives out. `None`: the node is of another kind; `Some(None)`: what it gives isn't known.
pub(super) type Rule = for<'g, 'a> fn(&Eval<'g, 'a>, NodeIndex, usize) -> Option<Option<KnownValue<'a>>>;

/// One value on its way; has only so many steps.
pub(super) struct Eval<'g, 'a> {
    pub graph: &'g Graph<'a>,
    steps_left: Cell<u32>,
    depth: Cell<u32>,
}

impl<'g, 'a> Eval<'g, 'a> {
    /// With all its steps.
    pub fn new(graph: &'g Graph<'a>) -> Self {
        Self { graph, steps_left: Cell::new(MOST_STEPS), depth: Cell::new(0) }
    }

    fn step(&self) -> Option<()> {
        self.steps_left.set(self.steps_left.get().checked_sub(1)?);
        self.graph.step().then_some(())
    }

    /// What stands in an input.
    pub fn input(&self, place: NodeIndex, name: &str) -> Option<KnownValue<'a>> {
        self.known(self.graph.value(place, name)?)
    }

    /// A text that stands in an input, blank ones too.
    pub fn text(&self, place: NodeIndex, name: &str) -> Option<Cow<'a, str>> {
        self.input(place, name)?.text()
    }

    /// What a value is in the end.
    pub fn known(&self, value: InputValue<'a>) -> Option<KnownValue<'a>> {
        self.step()?;
        if self.depth.get() >= MOST_DEEP {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let known = self.chosen(value).and_then(|value| match value {
            InputValue::Literal(json) => literal(json),
            InputValue::Link(place, output) => self.given(place, output),
            InputValue::Nowhere => None,
        });
        self.depth.set(self.depth.get() - 1);
        known
    }

    /// What a node gives out.
    fn given(&self, place: NodeIndex, output: usize) -> Option<KnownValue<'a>> {
        let by_rule = self.graph.rules().iter().find_map(|rule| rule(self, place, output));
        by_rule.unwrap_or_else(|| self.held(place).and_then(|value| self.known(value)))
    }

    /// What a node that does nothing but hold a value holds.
    fn held(&self, place: NodeIndex) -> Option<InputValue<'a>> {
        const NAMES: [&str; 12] = [
            "value",
            "seed",
            "int",
            "float",
            "number",
            "string",
            "text",
            "boolean",
            "prompt",
            "Text",
            "Number",
            "noise_seed",
        ];
        if self.graph.has(place, "isfloatX") {
            let is_float = self.input(place, "isfloatX")?.is_true()?;
            return self.graph.value(place, if is_float { "Xf" } else { "Xi" });
        }
        let inputs = || self.graph.inputs(place).filter(|(name, _)| !is_decoration(name));
        match inputs().count() {
            // Of a picture or a model something else comes out.
            1 => inputs().next().filter(|(name, _)| !is_material(name)).map(|(_, value)| value),
            _ => {
                // Others beside it are fine only where they can't change it: a holder has one input of such a name,
                // and none that is linked.
                let mut named = inputs().filter(|(name, _)| NAMES.contains(name));
                let held = named.next().filter(|_| named.next().is_none())?;
                let is_alone = inputs().all(|(name, value)| name == held.0 || matches!(value, InputValue::Literal(_)));
                let is_plain = self.graph.class(place).contains("Primitive") || is_named_after(self.graph.class(place));
                (is_alone && is_plain).then_some(held.1)
            }
        }
    }

    /// Past switches whose side is known, reroutes and previews.
    pub fn chosen(&self, mut value: InputValue<'a>) -> Option<InputValue<'a>> {
        for _ in 0..MOST_HOPS {
            let InputValue::Link(place, _) = value else { return Some(value) };
            match self.passed_on(place) {
                PassedOn::Itself => return Some(value),
                PassedOn::On(next) => value = next,
                PassedOn::Unknown => return None,
            }
            self.step()?;
        }
        None
    }

    /// What a node gives out unchanged, if it is such a node.
    fn passed_on(&self, place: NodeIndex) -> PassedOn<'a> {
        let or_unknown = |value: Option<InputValue<'a>>| value.map_or(PassedOn::Unknown, PassedOn::On);
        match self.graph.node(place).kind {
            NodeKind::Makes => PassedOn::Itself,
            NodeKind::Previews => or_unknown(self.graph.value(place, "source")),
            NodeKind::Passes => or_unknown(self.only_link(place)),
            NodeKind::Decides => {
                or_unknown(self.by_flag(place, self.graph.class(place)).or_else(|| self.only_side(place)))
            }
            NodeKind::Picks => {
                or_unknown(self.switched(place, self.graph.class(place)).or_else(|| self.only_side(place)))
            }
        }
    }

    /// What all sides of a switch are, so that it doesn't matter which is taken.
    fn only_side(&self, place: NodeIndex) -> Option<InputValue<'a>> {
        const BY: [&str; 5] = ["switch", "select", "index", "boolean", "state"];
        let sides = self
            .graph
            .inputs(place)
            .filter(|(name, value)| matches!(value, InputValue::Link(..)) && !BY.contains(name));
        let mut sides = sides.map(|(_, value)| value);
        let first = sides.next()?;
        let mut count = 1;
        let is_same = sides.all(|side| {
            count += 1;
            side == first
        });
        (is_same && count > 1).then_some(first)
    }

    /// `on_true if switch else on_false`, whatever the third input is called.
    fn by_flag(&self, place: NodeIndex, class: &str) -> Option<InputValue<'a>> {
        let side = |name: &str| self.graph.value(place, name);
        let mut others = self.graph.inputs(place).filter(|(name, _)| !matches!(*name, "on_true" | "on_false"));
        let is_on = others.find_map(|(_, value)| self.known(value)?.is_true())?;
        let (taken, other) = if is_on { ("on_true", "on_false") } else { ("on_false", "on_true") };
        side(taken).or_else(|| class.contains("Soft").then(|| side(other)).flatten())
    }

    /// Switches by a number or a name, and those that take the first that is there.
    fn switched(&self, place: NodeIndex, class: &str) -> Option<InputValue<'a>> {
        const BY: [&str; 8] =
            ["select", "index", "Input", "input", "selected", "selection", "boolean", "boolean_value"];
        let graph = self.graph;
        if let Some(by) = BY.iter().find(|name| graph.has(place, name)) {
            let choice = self.input(place, by)?;
            let mut sides = graph.inputs(place).filter(|(name, _)| name != by);
            if let KnownValue::Flag(flag) = choice {
                let ending = if flag { "_a" } else { "_b" };
                return sides.find(|(name, _)| name.ends_with(ending)).map(|(_, value)| value);
            }
            let wanted = choice.float()?;
            return sides.find(|(name, _)| numbered(name) == Some(wanted)).map(|(_, value)| value);
        }
        // The front end leaves out what is muted; of the rest the lowest number is taken.
        let links = || graph.inputs(place).filter(|(_, value)| self.gives_something(*value));
        let number = |name: &str| numbered(name).unwrap_or(f64::MAX);
        let first = links().min_by(|(a, _), (b, _)| number(a).total_cmp(&number(b))).map(|(_, value)| value);
        let takes_first = ["Any Switch", "Context Switch"].iter().any(|start| class.starts_with(start));
        first.filter(|_| takes_first || links().count() == 1)
    }

    /// Whether anything comes along a link: a switch to which nothing is linked gives nothing.
    fn gives_something(&self, value: InputValue<'a>) -> bool {
        match value {
            InputValue::Link(place, _) => {
                self.graph.node(place).kind != NodeKind::Picks || self.graph.inputs(place).next().is_some()
            }
            _ => false,
        }
    }

    fn only_link(&self, place: NodeIndex) -> Option<InputValue<'a>> {
        let mut links = self.graph.inputs(place).filter(|(_, value)| matches!(value, InputValue::Link(..)));
        let (_, link) = links.next()?;
        links.next().is_none().then_some(link)
    }
}

/// What a node does with its input.
enum PassedOn<'a> {
    /// It is where the value comes from.
    Itself,
    /// It gives this on.
    On(InputValue<'a>),
    /// Which side it gives on is not known.
    Unknown,
}

/// Inputs that the front end keeps for itself.
fn is_decoration(name: &str) -> bool {
    matches!(name, "control_after_generate" | "audioUI" | "upload" | "speak_and_recognation" | "title" | "label")
}

/// Whether an input takes what a node works on, not a value.
fn is_material(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "image",
        "pixels",
        "video",
        "audio",
        "mask",
        "latent",
        "samples",
        "model",
        "clip",
        "vae",
        "ckpt",
        "conditioning",
    ];
    WORDS.iter().any(|word| name.starts_with(word) || name.ends_with(word)) || name.ends_with("_name")
}

/// A class that is called after what it holds: `CR Integer`, `Seed (rgthree)`, `Text Multiline`, `easy float`,
/// `StringConstantMultiline`.
fn is_named_after(class: &str) -> bool {
    const WORDS: [&str; 9] = ["int", "integer", "float", "seed", "string", "multiline", "literal", "constant", "text"];
    const OTHERS: [&str; 9] = ["simple", "line", "multi", "box", "input", "widget", "node", "value", "kj"];
    let is = |list: &[&str], word: &str| list.iter().any(|known| word.eq_ignore_ascii_case(known));
    let mut words = class.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    // Without blanks every word must be known: `StringToUpper` does more than hold one.
    words.any(|word| is(&WORDS[..8], word)) || {
        let mut words = in_words(class).peekable();
        words.peek().is_some() && words.all(|word| is(&WORDS, word) || is(&OTHERS, word))
    }
}

/// `StringConstantMultiline` in its words.
fn in_words(class: &str) -> impl Iterator<Item = &str> {
    let mut rest = class;
    std::iter::from_fn(move || {
        let end = |text: &str| text.char_indices().skip(1).find(|(_, c)| c.is_ascii_uppercase()).map(|(at, _)| at);
        let (word, after) = rest.split_at(end(rest).unwrap_or(rest.len()));
        rest = after;
        (!word.is_empty()).then(|| word.trim_end_matches(|c: char| !c.is_ascii_alphabetic()))
    })
}

/// `input2`, `text_02`, `values.2`: 2.
fn numbered(name: &str) -> Option<f64> {
    let digits = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    name[digits..].parse().ok()
}
