//! Where in a JSON text secrets stand by what is beside them: the name above, the name in a pair, the widget in a node,
//! the link to a node. One pass with a stack on the heap, whatever the depth.

use std::borrow::Cow;
use std::ops::Range;

use super::links::{self, SecretNodes};
use super::looks;
use super::names::{Names, Telling};
use super::words::REDACTED;
use crate::json::scan::{Scanner, unquote};

/// What a text is, as far as that tells where its secrets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextRole {
    /// An API prompt: its outermost keys are ids of nodes, and inputs may be links.
    Prompt,
    /// An editor's workflow, with values of widgets in lists.
    Workflow,
    /// What nodes gave, with files that are fetched by what stands in it.
    Outputs,
    Other,
}

impl TextRole {
    /// Whether what stands under a key is a name that others go by: the class of a node, the name of a file.
    pub(super) fn keeps(self, key: &str) -> bool {
        key == "class_type" || (self == Self::Outputs && matches!(key, "filename" | "subfolder" | "type"))
    }
}

/// How deep objects are looked at as pairs and nodes; names are looked at at any depth.
const DEEPEST: usize = 1000;

/// A value in a text.
pub(super) type Spot = Range<usize>;

/// Where the secrets of `json` stand, in their order.
pub(super) fn spots<'a>(names: &Names, json: &'a str, role: TextRole, nodes: &mut SecretNodes<'a>) -> Vec<Spot> {
    let (stack, objects, found) = (Vec::new(), Vec::new(), FoundSpots::default());
    let mut walk = SpotWalk { names, json, role, nodes, stack, objects, found, budget: 4 * json.len() };
    walk.all();
    let mut found = walk.found;
    if role == TextRole::Prompt {
        links::follow(names, json, &mut found, nodes);
    }
    found.spots.sort_unstable_by_key(|spot| spot.start);
    found.spots.dedup();
    found.spots
}

#[derive(Debug, Default)]
pub(super) struct FoundSpots {
    pub(super) spots: Vec<Spot>,
    /// Nodes that an input of a secret's name is linked to, and what that name tells.
    pub(super) linked: Vec<(String, Telling)>,
}

/// An object or array that is open, in a byte: whether it is an object, and what the names above it tell.
#[derive(Debug, Clone, Copy)]
struct OpenBracket(u8);

impl OpenBracket {
    const TELLINGS: [Telling; 5] =
        [Telling::Spared, Telling::Nothing, Telling::Doubt, Telling::Likely, Telling::Secret];

    fn new(is_object: bool, telling: Telling) -> Self {
        Self(telling as u8 * 2 + u8::from(is_object))
    }

    fn is_object(self) -> bool {
        self.0 % 2 == 1
    }

    fn telling(self) -> Telling {
        Self::TELLINGS[usize::from(self.0 / 2)]
    }
}

/// What is noted of an object until its end.
#[derive(Debug, Default)]
pub(super) struct OpenObject {
    depth: usize,
    /// What the name that stands in it as a value tells.
    named: Option<Telling>,
    value: Option<Spot>,
    pub(super) id: Option<Spot>,
    pub(super) mode: Option<Spot>,
    pub(super) inputs: Option<Spot>,
    widgets: Option<Spot>,
}

pub(super) struct SpotWalk<'w, 'a> {
    pub(super) names: &'w Names,
    pub(super) json: &'a str,
    role: TextRole,
    pub(super) nodes: &'w mut SecretNodes<'a>,
    stack: Vec<OpenBracket>,
    objects: Vec<OpenObject>,
    pub(super) found: FoundSpots,
    /// Bytes of nodes within nodes within nodes that are still looked at a second time.
    pub(super) budget: usize,
}

impl<'a> SpotWalk<'_, 'a> {
    fn all(&mut self) {
        let mut scanner = Scanner::new(self.json);
        while scanner.peek().is_some() {
            let before = scanner.offset();
            self.value(&mut scanner, Telling::Nothing);
            while let Some(top) = self.stack.last().copied() {
                if !self.next(&mut scanner, top) {
                    self.close(&scanner);
                }
            }
            if scanner.offset() == before {
                return; // A broken text.
            }
        }
    }

    /// The next member or element of what is open; `false` at its end.
    fn next(&mut self, scanner: &mut Scanner<'a>, top: OpenBracket) -> bool {
        if !top.is_object() {
            let has_element = scanner.has_element();
            if has_element {
                self.value(scanner, top.telling());
            }
            return has_element;
        }
        let Some(key) = scanner.key() else { return false };
        let is_node = self.role == TextRole::Prompt && self.stack.len() == 1;
        if is_node {
            self.value(scanner, Telling::Nothing);
            return true;
        }
        let own = if self.role.keeps(&key) { Telling::Spared } else { self.names.telling(&key) };
        let telling = match (top.telling(), own) {
            (Telling::Spared, _) | (_, Telling::Spared) => Telling::Spared,
            (above, own) => above.max(own),
        };
        scanner.peek();
        let start = scanner.offset();
        let depth = self.stack.len();
        self.value(scanner, telling);
        if self.stack.len() == depth {
            self.note(&key, start..scanner.offset());
        } else if matches!(key.as_ref(), "inputs" | "widgets_values") {
            self.note(&key, start..start);
        }
        true
    }

    /// Steps into the next value, or over it if it is one.
    fn value(&mut self, scanner: &mut Scanner<'a>, telling: Telling) {
        match scanner.peek() {
            Some(b'{') => {
                scanner.enter(b'{');
                self.stack.push(OpenBracket::new(true, telling));
            }
            Some(b'[') => {
                let pair = Pair::at(scanner);
                match pair {
                    Some(Pair::Link(node)) if telling >= Telling::Doubt && self.role != TextRole::Workflow => {
                        self.found.linked.push((node.into_owned(), telling));
                        scanner.value();
                        return;
                    }
                    Some(Pair::Texts(name, value)) => self.pair(&name, value),
                    _ => {}
                }
                scanner.enter(b'[');
                self.stack.push(OpenBracket::new(false, telling));
            }
            _ => {
                let start = scanner.offset();
                if let Some(value) = scanner.value()
                    && hides(telling, value)
                {
                    self.found.spots.push(start..start + value.len());
                }
            }
        }
    }

    /// `["Authorization", "Bearer …"]`: as cautious as if the name alone told nothing, as words stand side by side as well.
    fn pair(&mut self, name: &str, value: &'a str) {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
        let telling = if name.chars().all(is_name) { self.names.telling(name) } else { Telling::Nothing };
        let is_no_word = || name.contains(['-', '_']) || unquote(value).is_some_and(|text| looks::is_odd(&text));
        if telling >= Telling::Doubt && hides(telling, value) && is_no_word() {
            self.found.spots.push(place(self.json, value));
        }
    }

    /// Notes what is needed at the end of the object that is open.
    fn note(&mut self, key: &str, value: Spot) {
        let depth = self.stack.len() - usize::from(value.is_empty());
        let is_wanted = depth <= DEEPEST
            && match key {
                "name" | "key" | "header" | "field" | "param" | "parameter" | "variable" | "env" | "label" | "k" => {
                    self.json[value.clone()].starts_with('"')
                }
                "value" | "val" | "v" | "content" | "data" | "text" | "string" | "default" => !value.is_empty(),
                "inputs" | "widgets_values" | "id" | "mode" => self.role == TextRole::Workflow,
                _ => false,
            };
        if !is_wanted {
            return;
        }
        if self.objects.last().is_none_or(|object| object.depth < depth) {
            self.objects.push(OpenObject { depth, ..OpenObject::default() });
        }
        let Some(object) = self.objects.last_mut() else { return };
        match key {
            "value" | "val" | "v" | "content" | "data" | "text" | "string" | "default" => object.value = Some(value),
            "inputs" => object.inputs = Some(value),
            "widgets_values" => object.widgets = Some(value),
            "id" => object.id = Some(value),
            "mode" => object.mode = Some(value),
            _ => {
                let telling = unquote(&self.json[value]).map(|name| self.names.telling(&name));
                object.named = object.named.max(telling.filter(|telling| *telling > Telling::Nothing));
            }
        }
    }

    /// The end of what is open.
    fn close(&mut self, scanner: &Scanner<'a>) {
        let depth = self.stack.len();
        self.stack.pop();
        if let Some(object) = self.objects.pop_if(|object| object.depth >= depth) {
            self.object(&object);
        }
        // Lists that began in the object around.
        if let Some(object) = self.objects.last_mut().filter(|object| object.depth + 1 == depth) {
            for list in [&mut object.inputs, &mut object.widgets].into_iter().flatten() {
                if list.start == list.end {
                    list.end = scanner.offset();
                }
            }
        }
    }

    fn object(&mut self, object: &OpenObject) {
        if let (Some(telling), Some(value)) = (object.named, &object.value)
            && hides(telling, &self.json[value.clone()])
        {
            self.found.spots.push(value.clone());
        }
        if let Some(widgets) = &object.widgets {
            self.widgets(object, &self.json[widgets.clone()]);
        }
    }
}

/// What an array of two may be.
pub(super) enum Pair<'a> {
    /// `["5", 0]`: to a node.
    Link(Cow<'a, str>),
    /// A name and the text of a string.
    Texts(Cow<'a, str>, &'a str),
}

impl<'a> Pair<'a> {
    pub(super) fn at(scanner: &Scanner<'a>) -> Option<Self> {
        let mut scanner = scanner.clone();
        scanner.enter(b'[');
        if scanner.peek() != Some(b'"') {
            return None;
        }
        let first = unquote(scanner.value()?)?;
        if matches!(scanner.peek()?, b'{' | b'[' | b'}' | b']') {
            return None;
        }
        let second = scanner.value()?;
        if scanner.has_element() {
            return None;
        }
        match second.starts_with('"') {
            true => Some(Self::Texts(first, second)),
            false => second.parse::<u32>().ok().map(|_| Self::Link(first)),
        }
    }
}

/// Whether a value, as it is written, is a secret under a name that tells so much.
pub(super) fn hides(telling: Telling, json: &str) -> bool {
    match json.as_bytes().first() {
        _ if telling < Telling::Doubt => false,
        Some(b'"') => unquote(json).is_some_and(|text| text != REDACTED && telling.hides(&text)),
        Some(b'0'..=b'9') => telling.hides_number(json),
        _ => false,
    }
}

pub(super) fn place(json: &str, part: &str) -> Spot {
    let start = part.as_ptr() as usize - json.as_ptr() as usize;
    start..start + part.len()
}
