//! Texts that nodes of other makers put together: joined, replaced in, tidied, taken from a stash. Known by the shape of
//! their inputs where that says enough, by their class where it has a rule of its own.

use std::borrow::Cow;

use regex_lite::NoExpand;

use super::eval::Eval;
use super::graph::Graph;
use super::known::{KnownValue, MOST_BYTES};
use super::nodes::{InputValue, NodeIndex};
use super::strings::{Flags, Text, as_text, is_small, python_pattern};

/// What a node may say that stands between the texts that it joins.
const BETWEEN: [&str; 5] = ["delimiter", "separator", "seperator", "delim", "linebreak_addition"];

/// Joiners that write what stands between two texts though one of them is empty.
const KEEP_EMPTY: [&str; 3] = ["JoinStrings", "CR Text Concatenate", "easy promptConcat"];

/// What a node of texts gives out; `None` when it is another kind of node.
pub(super) fn given<'a>(eval: &Eval<'_, 'a>, place: NodeIndex, _output: usize) -> Option<Option<KnownValue<'a>>> {
    text(eval, place).map(|text| text.filter(|text| text.len() <= MOST_BYTES).map(KnownValue::Text))
}

fn text<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Option<Text<'a>>> {
    let graph = eval.graph;
    let has = |name: &str| graph.has(place, name);
    match graph.class(place) {
        "StringFunction|pysssss" => Some(function(eval, place)),
        "Text Multiline" => Some(eval.text(place, "text").map(without_comments)),
        "CR Text Operation" => Some(operated(eval, place)),
        "SomethingToString" => Some(affixed(eval, place)),
        _ if has("strip_newlines") && has("string") => Some(on_one_line(eval, place)),
        // The box only shows what passes through it.
        _ if graph.link(place, "passthrough").is_some() => Some(eval.text(place, "passthrough")),
        _ if has("use_input_text") => Some(stashed(eval, place)),
        _ if graph.folded_class(place).contains("wildcard") => Some(without_choice(eval, place)),
        _ => match pairs(graph, place) {
            pairs if !pairs.is_empty() => Some(replaced(eval, place, &pairs)),
            _ => is_joining(graph, place).then(|| joined(eval, place)),
        },
    }
}

/// Whether a node joins: it is called so and has texts whose names differ in their last letter or number, two or more, or
/// one and what stands between.
pub(super) fn is_joining(graph: &Graph<'_>, place: NodeIndex) -> bool {
    let class = graph.folded_class(place);
    let is_called_so = ["concat", "join", "combine", "append", "merge"].iter().any(|word| class.contains(word));
    let parts = || graph.inputs(place).filter(|(name, _)| is_part(name)).count();
    is_called_so && (parts() > 1 || parts() == 1 && graph.has_any(place, &BETWEEN))
}

/// `text_a`, `text1`, `string_2`, `prompt_b`, `STRING`.
pub(super) fn is_part(name: &str) -> bool {
    let start = |word: &str| name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let known = ["text", "string", "str", "prompt"].iter().find(|word| start(word)).map(|word| &name[word.len()..]);
    known.is_some_and(|rest| {
        let rest = rest.trim_start_matches('_');
        rest.bytes().all(|c| c.is_ascii_digit()) || rest.len() == 1
    })
}

fn joined<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let graph = eval.graph;
    let count = eval.input(place, "inputcount").and_then(|count| count.float()).unwrap_or(f64::MAX);
    let is_counted = |name: &str| number_of(name).is_none_or(|number| number <= count);
    let parts = graph.inputs(place).filter(|(name, _)| is_part(name) && is_counted(name)).map(|(_, value)| value);
    let texts: Vec<Text<'a>> = parts.map(|value: InputValue<'a>| eval.known(value)?.text()).collect::<Option<_>>()?;
    let between = match BETWEEN.iter().find(|name| graph.has(place, name)) {
        Some(&"linebreak_addition") if is_on(eval, place, "linebreak_addition") => Cow::Borrowed("\n"),
        None | Some(&"linebreak_addition") => Cow::Borrowed(""),
        Some(name) => eval.text(place, name)?,
    };
    // Written with a backslash where the box has only one line.
    let between = between.replace("\\n", "\n");
    let is_cleaned = is_on(eval, place, "clean_whitespace");
    let keeps_empty = KEEP_EMPTY.contains(&graph.class(place));
    let texts = texts.iter().map(|text| if is_cleaned { text.trim() } else { text });
    let texts: Vec<&str> = texts.filter(|text| keeps_empty || !text.is_empty()).collect();
    Some(Cow::Owned(texts.join(&between)))
}

fn number_of(name: &str) -> Option<f64> {
    name[name.trim_end_matches(|c: char| c.is_ascii_digit()).len()..].parse().ok()
}

fn is_on(eval: &Eval<'_, '_>, place: NodeIndex, name: &str) -> bool {
    eval.input(place, name).and_then(|flag| flag.is_true()).unwrap_or(false)
}

/// The names under which a node is told what to look for, each with what comes in its place.
fn pairs(graph: &Graph<'_>, place: NodeIndex) -> Vec<(String, String)> {
    const NAMES: [(&str, &str); 3] = [("find", "replace"), ("search", "replace"), ("old", "new")];
    let endings = ["", "1", "2", "3", "_1", "_2", "_3"];
    let all =
        NAMES.iter().flat_map(|(old, new)| endings.map(|ending| (format!("{old}{ending}"), format!("{new}{ending}"))));
    // Most nodes are no such ones.
    match graph.inputs(place).any(|(name, _)| name.starts_with("replace") || name == "new") {
        true => all.filter(|(old, new)| graph.has(place, old) && graph.has(place, new)).collect(),
        false => Vec::new(),
    }
}

fn replaced<'a>(eval: &Eval<'_, 'a>, place: NodeIndex, pairs: &[(String, String)]) -> Option<Text<'a>> {
    let is_pattern = is_on(eval, place, "use_regex") || eval.graph.class(place) == "Text Find and Replace";
    let mut text =
        ["text", "string", "prompt", "input", "STRING"].iter().find_map(|name| as_text(eval, place, name))?;
    for (old, new) in pairs {
        let (old, new) = (as_text(eval, place, old)?, as_text(eval, place, new)?);
        if old.is_empty() {
            // Python would put the new text between all letters; nobody means that.
            continue;
        }
        if !is_small(&text, &new) {
            return None;
        }
        text = Cow::Owned(if is_pattern { by_pattern(&text, &old, &new)? } else { text.replace(&*old, &new) });
    }
    Some(text)
}

fn by_pattern(text: &str, pattern: &str, new: &str) -> Option<String> {
    if !pattern.contains(|c: char| "\\.^$*+?()[]{}|".contains(c)) {
        return Some(text.replace(pattern, new));
    }
    // What is empty is found in other places there; references to groups are written in another way.
    let pattern = python_pattern(pattern, &Flags::default(), text)?;
    let is_plain = !new.contains('\\') && !pattern.is_match("");
    is_plain.then(|| pattern.replace_all(text, NoExpand(new)).into_owned())
}

/// pysssss' node of two actions.
fn function<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let part = |name: &str| if eval.graph.has(place, name) { eval.text(place, name) } else { Some(Cow::Borrowed("")) };
    let is_tidy = is_on(eval, place, "tidy_tags");
    let (a, b, c) = (part("text_a")?, part("text_b")?, part("text_c")?);
    let text = match &*eval.text(place, "action")? {
        "append" => {
            let texts: Vec<&str> = [&*a, &*b, &*c].into_iter().filter(|text| !text.is_empty()).collect();
            texts.join(if is_tidy { ", " } else { "" })
        }
        "replace" if !is_small(&a, &c) || b.is_empty() => return None,
        "replace" => match b.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(pattern) => by_pattern(&a, pattern, &c)?,
            None => a.replace(&*b, &c),
        },
        _ => return None,
    };
    Some(Cow::Owned(if is_tidy { tidied(&text) } else { text }))
}

/// No blanks in a row or before a comma, no two commas.
fn tidied(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let blanks = rest.len() - rest.trim_start().len();
        let is_run = rest.chars().nth(1).is_some_and(char::is_whitespace) && c.is_whitespace();
        tidy.push(if is_run { ' ' } else { c });
        rest = &rest[if is_run { blanks } else { c.len_utf8() }..];
    }
    let mut tidy = tidy.replace(" ,", ",");
    while tidy.contains(",,") {
        tidy = tidy.replace(",,", ",");
    }
    tidy.trim().to_owned()
}

/// Lines that begin with a `#` are for who wrote them.
fn without_comments(text: Text<'_>) -> Text<'_> {
    if !text.contains('#') {
        return text;
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    Cow::Owned(lines.join("\n"))
}

fn on_one_line<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let text = eval.text(place, "string")?;
    match eval.input(place, "strip_newlines")?.is_true()? {
        true => Some(Cow::Owned(text.replace('\n', "").trim().to_owned())),
        false => Some(text),
    }
}

fn operated<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let text = eval.text(place, "text")?;
    match &*eval.text(place, "operation")? {
        "uppercase" => Some(Cow::Owned(text.to_uppercase())),
        "lowercase" => Some(Cow::Owned(text.to_lowercase())),
        "trim" => Some(Cow::Owned(text.trim().to_owned())),
        "remove_spaces" => Some(Cow::Owned(text.replace(' ', ""))),
        "reverse" => Some(Cow::Owned(text.chars().rev().collect())),
        _ => None,
    }
}

fn affixed<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let part = |name: &str| if eval.graph.has(place, name) { eval.text(place, name) } else { Some(Cow::Borrowed("")) };
    Some(Cow::Owned([part("prefix")?, as_text(eval, place, "input")?, part("suffix")?].concat()))
}

/// A stash gives what it is handed or what it keeps.
fn stashed<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    match eval.input(place, "use_input_text")?.is_true()? {
        true => eval.text(place, "text"),
        false => eval.text(place, "prompt_text"),
    }
}

/// A text of wildcards that has none is what it is.
fn without_choice<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let text = ["text", "wildcard_text", "prompt"].iter().find_map(|name| eval.text(place, name))?;
    let has_choice = ["{", "__", "$", "<", "#"].iter().any(|sign| text.contains(sign));
    (!has_choice).then_some(text)
}
