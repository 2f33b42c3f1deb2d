//! Where in a JSON text secrets stand by what is beside them: the name above, the name in a pair, the widget in a node,
//! the link to a node. One pass with a stack on the heap, whatever the depth.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::names::{Names, Telling};
use super::{REDACTED, looks};
use crate::json::scan::{Scanner, elements, members, unquote};

/// What a text is, as far as that tells where its secrets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// An API prompt: its outermost keys are ids of nodes, and inputs may be links.
    Prompt,
    /// An editor's workflow, with values of widgets in lists.
    Workflow,
    /// What nodes gave, with files that are fetched by what stands in it.
    Outputs,
    /// Anything else.
    Other,
}

impl Role {
    /// Whether what stands under a key is a name that others go by: the class of a node, the name of a file.
    pub(super) fn keeps(self, key: &str) -> bool {
        key == "class_type" || (self == Self::Outputs && matches!(key, "filename" | "subfolder" | "type"))
    }
}

/// How deep objects are looked at as pairs and nodes; names are looked at at any depth.
const DEEPEST: usize = 1000;

/// How many links are followed from the name of a secret to what holds it.
const MOST_HOPS: usize = 8;

/// A value in a text.
pub(super) type Spot = Range<usize>;

/// What the prompt tells of the secrets of its nodes, for the workflow.
#[derive(Debug, Default)]
pub(super) struct Nodes<'a> {
    /// Ids of nodes, and of what each id of a node within a subgraph is made of.
    pub(super) all: HashSet<Cow<'a, str>>,
    /// A node's secret, as it is written.
    pub(super) secrets: HashSet<(Cow<'a, str>, &'a str)>,
}

/// Where the secrets of `json` stand, in their order.
pub(super) fn spots<'a>(names: &Names, json: &'a str, role: Role, nodes: &mut Nodes<'a>) -> Vec<Spot> {
    let (stack, objects, found) = (Vec::new(), Vec::new(), Found::default());
    let mut walk = Walk { names, json, role, nodes, stack, objects, found, budget: 4 * json.len() };
    walk.all();
    let mut found = walk.found;
    if role == Role::Prompt {
        follow(names, json, &mut found, nodes);
    }
    found.spots.sort_unstable_by_key(|spot| spot.start);
    found.spots.dedup();
    found.spots
}

#[derive(Debug, Default)]
struct Found {
    spots: Vec<Spot>,
    /// Nodes that an input of a secret's name is linked to, and what that name tells.
    linked: Vec<(String, Telling)>,
}

/// An object or array that is open, in a byte: whether it is an object, and what the names above it tell.
#[derive(Debug, Clone, Copy)]
struct Open(u8);

impl Open {
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
struct Object {
    depth: usize,
    /// What the name that stands in it as a value tells.
    named: Option<Telling>,
    value: Option<Spot>,
    id: Option<Spot>,
    mode: Option<Spot>,
    inputs: Option<Spot>,
    widgets: Option<Spot>,
}

struct Walk<'w, 'a> {
    names: &'w Names,
    json: &'a str,
    role: Role,
    nodes: &'w mut Nodes<'a>,
    stack: Vec<Open>,
    objects: Vec<Object>,
    found: Found,
    /// Bytes of nodes within nodes within nodes that are still looked at a second time.
    budget: usize,
}

impl<'a> Walk<'_, 'a> {
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
    fn next(&mut self, scanner: &mut Scanner<'a>, top: Open) -> bool {
        if !top.is_object() {
            let has_element = scanner.has_element();
            if has_element {
                self.value(scanner, top.telling());
            }
            return has_element;
        }
        let Some(key) = scanner.key() else { return false };
        let is_node = self.role == Role::Prompt && self.stack.len() == 1;
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
                self.stack.push(Open::new(true, telling));
            }
            Some(b'[') => {
                let pair = Pair::at(scanner);
                match pair {
                    Some(Pair::Link(node)) if telling >= Telling::Doubt && self.role != Role::Workflow => {
                        self.found.linked.push((node.into_owned(), telling));
                        scanner.value();
                        return;
                    }
                    Some(Pair::Texts(name, value)) => self.pair(&name, value),
                    _ => {}
                }
                scanner.enter(b'[');
                self.stack.push(Open::new(false, telling));
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
        let telling = self.names.telling(name);
        if telling >= Telling::Doubt && hides(telling, value) && unquote(value).is_some_and(|text| looks::is_odd(&text))
        {
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
                "inputs" | "widgets_values" | "id" | "mode" => self.role == Role::Workflow,
                _ => false,
            };
        if !is_wanted {
            return;
        }
        if self.objects.last().is_none_or(|object| object.depth < depth) {
            self.objects.push(Object { depth, ..Object::default() });
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

    fn object(&mut self, object: &Object) {
        if let (Some(telling), Some(value)) = (object.named, &object.value)
            && hides(telling, &self.json[value.clone()])
        {
            self.found.spots.push(value.clone());
        }
        if let Some(widgets) = &object.widgets {
            self.widgets(object, &self.json[widgets.clone()]);
        }
    }

    /// The values of a node's widgets: by the names beside them, by what the prompt tells of that node, or, of a node that
    /// the prompt doesn't hold, by their looks.
    fn widgets(&mut self, object: &Object, widgets: &'a str) {
        let inputs = object.inputs.clone().map_or("", |inputs| &self.json[inputs]);
        let Some(budget) = self.budget.checked_sub(inputs.len() + widgets.len()) else { return };
        self.budget = budget;
        let tellings: Vec<Telling> =
            elements(inputs).filter_map(widget).map(|name| self.names.telling(&name)).collect();
        let values: Vec<&str> = elements(widgets).collect();
        let mut named = values.iter().filter(|value| !is_control(value));
        let is_exact = named.clone().count() == tellings.len();
        for (telling, value) in tellings.iter().zip(&mut named) {
            // Where names are missing it isn't sure which value is whose.
            let telling = if is_exact { *telling } else { (*telling).min(Telling::Doubt) };
            if hides(telling, value) {
                self.found.spots.push(place(self.json, value));
            }
        }
        let id = object.id.clone().map(|id| &self.json[id]).map(|id| unquote(id).unwrap_or(Cow::Borrowed(id)));
        let is_off = object.mode.clone().is_some_and(|mode| matches!(&self.json[mode], "2" | "4"));
        let is_known = id.as_ref().is_some_and(|id| self.nodes.all.contains(id));
        for value in values {
            let is_told = id.as_ref().is_some_and(|id| self.nodes.secrets.contains(&(id.clone(), value)));
            let is_nameless = (is_off || !is_known) && !is_exact && looks_like_a_key(value);
            if is_told || is_nameless {
                self.found.spots.push(place(self.json, value));
            }
        }
    }
}

/// What an array of two may be.
enum Pair<'a> {
    /// `["5", 0]`: to a node.
    Link(Cow<'a, str>),
    /// A name and the text of a string.
    Texts(Cow<'a, str>, &'a str),
}

impl<'a> Pair<'a> {
    fn at(scanner: &Scanner<'a>) -> Option<Self> {
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

/// The name of the widget that an input of an editor's node has.
fn widget(input: &str) -> Option<Cow<'_, str>> {
    let (_, widget) = members(input).find(|(key, _)| key == "widget")?;
    members(widget).find(|(key, _)| key == "name").and_then(|(_, name)| unquote(name))
}

/// A seed's widget is followed by the one that says how it changes, which has no input.
fn is_control(value: &str) -> bool {
    matches!(value, r#""fixed""# | r#""randomize""# | r#""increment""# | r#""decrement""#)
}

/// Whether a value without a name is a key: of one word, random, and no name of a file.
fn looks_like_a_key(json: &str) -> bool {
    unquote(json).is_some_and(|text| {
        (20..=512).contains(&text.len()) && !text.contains(['/', '\\', '.', '[']) && looks::is_random(&text)
    })
}

/// Whether a value, as it is written, is a secret under a name that tells so much.
fn hides(telling: Telling, json: &str) -> bool {
    match json.as_bytes().first() {
        _ if telling < Telling::Doubt => false,
        Some(b'"') => unquote(json).is_some_and(|text| text != REDACTED && telling.hides(&text)),
        Some(b'0'..=b'9') => telling.hides_number(json),
        _ => false,
    }
}

fn place(json: &str, part: &str) -> Spot {
    let start = part.as_ptr() as usize - json.as_ptr() as usize;
    start..start + part.len()
}

/// Follows the links of a prompt to the nodes that hold what a secret's input reads, and notes whose secret each is.
fn follow<'a>(names: &Names, json: &'a str, found: &mut Found, nodes: &mut Nodes<'a>) {
    let mut wanted: Vec<(String, Telling)> = std::mem::take(&mut found.linked);
    let mut seen: HashSet<String> = HashSet::new();
    for _ in 0..MOST_HOPS {
        wanted.retain(|(id, _)| !seen.contains(id));
        if wanted.is_empty() {
            break;
        }
        seen.extend(wanted.iter().map(|(id, _)| id.clone()));
        let now: std::collections::HashMap<String, Telling> = std::mem::take(&mut wanted).into_iter().collect();
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
    found: &mut Found,
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
