//! The LoRAs of a node, whatever its inputs are called: one, numbered rows, objects, tags in a text, an address.

use std::collections::HashSet;

use super::graph::Graph;
use super::model_files::{is_file, is_name, without_secrets};
use super::nodes::{InputValue, NodeIndex};
use super::number::without_noise;
use super::values::Lora;
use crate::json::{elements, members, unquote};

/// Rows of a loader that takes many LoRAs.
const MOST_ROWS: usize = 64;

/// The LoRAs that a node adds, the last first: its own, then those of the stacks that it is given.
pub(super) fn at(graph: &Graph<'_>, place: NodeIndex, seen: &mut HashSet<NodeIndex>) -> Vec<Lora> {
    let mut loras = own(graph, place);
    loras.reverse();
    let mut stack: Vec<NodeIndex> = stacks(graph, place);
    while let Some(place) = stack.pop() {
        if seen.insert(place) && graph.step() {
            let more = own(graph, place);
            loras.extend(more.into_iter().rev());
            stack.extend(stacks(graph, place));
        }
    }
    loras
}

fn stacks(graph: &Graph<'_>, place: NodeIndex) -> Vec<NodeIndex> {
    graph.links(place).filter(|(name, _)| name.to_ascii_lowercase().contains("lora")).map(|(_, (to, _))| to).collect()
}

/// The LoRAs of one node, as its widgets have them from top to bottom.
pub(super) fn own(graph: &Graph<'_>, place: NodeIndex) -> Vec<Lora> {
    let is_called_so = graph.folded_class(place).contains("lora");
    let has_any = is_called_so || graph.inputs(place).any(|(name, _)| has_lora(name) || is_text(graph, place, name));
    let is_off = |name: &&str| graph.flag(place, name) == Some(false);
    if !has_any || is_off(&"toggle") || is_called_so && ["switch", "enabled", "enable", "is_enabled"].iter().any(is_off)
    {
        return Vec::new();
    }
    let names_one = |name: &&&str| graph.text(place, name).is_some_and(|text| is_name(&text));
    let single = ["lora_name", "lora", "lora_path"].iter().find(names_one);
    let mut loras: Vec<Lora> = match single {
        Some(name) => lora(graph, place, name, "").into_iter().collect(),
        None => numbered(graph, place),
    };
    let has_rows = |(name, json): &(&str, &str)| json.starts_with('{') && has_lora(name);
    loras.extend(literals(graph, place).filter(has_rows).flat_map(|(_, json)| rows(json)));
    if loras.is_empty() && single.is_none() {
        loras = named_otherwise(graph, place, is_called_so);
    }
    loras.retain(|lora| is_name(&lora.name) && has_effect(lora));
    let has_more = loras.is_empty() || is_of_easy_use(graph, place);
    if has_more && graph.text(place, "insert_lora").as_deref() != Some("DISABLE LORAS") {
        // Beside rows a text only repeats them, but for those loaders.
        let texts = graph.inputs(place).filter(|(name, _)| is_text(graph, place, name));
        loras.extend(texts.filter_map(|(_, value)| graph.text_of(value)).flat_map(|text| tags(&text)));
    }
    loras.retain(|lora| is_name(&lora.name) && has_effect(lora));
    loras.truncate(MOST_ROWS);
    loras
}

fn has_lora(name: &str) -> bool {
    name.to_ascii_lowercase().contains("lora")
}

fn literals<'g, 'a>(graph: &'g Graph<'a>, place: NodeIndex) -> impl Iterator<Item = (&'g str, &'a str)> {
    graph.inputs(place).filter_map(|(name, value)| match value {
        InputValue::Literal(json) => Some((name, json)),
        _ => None,
    })
}

/// Inputs where LoRAs may stand as `<lora:name:0.8>`: a node that is handed a model loads them.
fn is_text(graph: &Graph<'_>, place: NodeIndex, name: &str) -> bool {
    match name {
        "text" | "prompt" if graph.has(place, "populated_text") => false,
        "text" | "populated_text" | "lora_text" | "lora_syntax" | "loras_text" | "loras" | "prompt" => true,
        "positive" | "negative" => is_of_easy_use(graph, place),
        _ => false,
    }
}

/// The loaders of Easy-Use load what their texts name.
fn is_of_easy_use(graph: &Graph<'_>, place: NodeIndex) -> bool {
    graph.class(place).starts_with("easy ")
}

/// Files under names like `lora_high`, and what a loader of LoRAs calls a file, an address or a repository.
fn named_otherwise(graph: &Graph<'_>, place: NodeIndex, is_called_so: bool) -> Vec<Lora> {
    const NAMES: [&str; 10] =
        ["lora_file", "file_name", "filename", "file", "name", "lora_url", "url", "lora_id", "repo_id", "model_id"];
    let mut loras = Vec::new();
    let names_file = |json: &str| json.starts_with('"') && unquote(json).is_some_and(|text| is_file(&text));
    let files = literals(graph, place).filter(|(name, json)| has_lora(name) && names_file(json));
    for (name, _) in files.take(MOST_ROWS) {
        let rest = name.strip_prefix("lora").unwrap_or_default();
        let Some(lora) = lora(graph, place, name, rest) else { continue };
        let beside = [name.replacen("lora", "strength", 1), format!("{name}_strength")];
        let strength = lora.strength.or_else(|| beside.iter().find_map(|name| graph.number(place, name)));
        loras.push(Lora { strength, ..lora });
    }
    if let [only] = &mut loras[..] {
        only.strength = only.strength.take().or_else(|| graph.first_number(place, &MODEL));
    }
    let first = || NAMES.iter().find(|name| graph.text(place, name).is_some_and(|text| is_name(&text)));
    if let (true, Some(name)) = (is_called_so && loras.is_empty(), first()) {
        loras.extend(lora(graph, place, name, ""));
    }
    loras
}

/// What the weight on the model is called.
const MODEL: [&str; 10] = [
    "strength_model",
    "lora_model_strength",
    "model_strength",
    "model_str",
    "model_weight",
    "strength",
    "lora_strength",
    "lora_wt",
    "lora_weight",
    "weight",
];

fn has_effect(lora: &Lora) -> bool {
    let is_zero = |number: &Option<String>| number.as_deref().is_none_or(|number| number.parse() == Ok(0.0));
    lora.strength.is_none() || !(is_zero(&lora.strength) && is_zero(&lora.strength_clip))
}

/// `lora_name` with its strengths; `ending` tells rows apart.
fn lora(graph: &Graph<'_>, place: NodeIndex, name: &str, ending: &str) -> Option<Lora> {
    const CLIP: [&str; 5] = ["strength_clip", "lora_clip_strength", "clip_strength", "clip_str", "clip_weight"];
    let number = |names: &[&str]| names.iter().find_map(|name| graph.number(place, &format!("{name}{ending}")));
    let name = without_secrets(graph.text(place, name)?);
    Some(Lora { name, strength: number(&MODEL), strength_clip: number(&CLIP) })
}

/// `lora_name_2` with `model_str_2`, `lora_02` with `strength_02`, `lora_2_name` with `lora_2_strength`, each with its
/// own switch or a count over all.
fn numbered(graph: &Graph<'_>, place: NodeIndex) -> Vec<Lora> {
    let count = ["lora_count", "num_loras"].iter().find_map(|name| graph.number(place, name));
    let count = count.and_then(|count| count.parse::<usize>().ok()).unwrap_or(MOST_ROWS);
    let is_simple = graph.text(place, "input_mode").as_deref() == Some("simple")
        || graph.text(place, "mode").as_deref() == Some("simple");
    let mut loras = Vec::new();
    for (name, _) in graph.inputs(place) {
        let Some(digits) = name.strip_prefix("lora_name").or_else(|| name.strip_prefix("lora")) else { continue };
        let digits: String = digits.trim_start_matches('_').chars().take_while(char::is_ascii_digit).collect();
        let Ok(number) = digits.parse::<usize>() else { continue };
        let own = format!("lora_{digits}_");
        let is_row = name.ends_with(&digits) || *name == format!("{own}name");
        if !is_row || number > count || is_off(graph, place, &digits) {
            continue;
        }
        let Some(row) = lora(graph, place, name, &format!("_{digits}")) else { continue };
        let of = |kind: &str| graph.number(place, &format!("{own}{kind}strength"));
        let (strength, clip) = match is_simple {
            true => (graph.number(place, &format!("lora_wt_{digits}")).or_else(|| of("")), None),
            false => (of("model_").or(row.strength).or_else(|| of("")), of("clip_").or(row.strength_clip)),
        };
        loras.push(Lora { name: row.name, strength, strength_clip: clip });
    }
    loras
}

/// Whether a row is switched off.
fn is_off(graph: &Graph<'_>, place: NodeIndex, digits: &str) -> bool {
    const SWITCHES: [&str; 7] =
        ["switch_{}", "enable_{}", "enabled_{}", "toggle_{}", "lora_{}_on", "lora_{}_enabled", "lora_{}_switch"];
    SWITCHES.iter().any(|switch| graph.flag(place, &switch.replace("{}", digits)) == Some(false))
}

/// `{"on":true,"lora":"x.safetensors","strength":1}` as rgthree's Power Lora Loader writes it, or a wrapped list of
/// `{"name":"x","strength":1,"active":true}`.
fn rows(json: &str) -> Vec<Lora> {
    match members(json).find(|(name, _)| name == "__value__") {
        Some((_, list)) => elements(list).take(MOST_ROWS).filter_map(row).collect(),
        None => row(json).into_iter().collect(),
    }
}

fn row(json: &str) -> Option<Lora> {
    let field = |names: &[&str]| members(json).find(|(name, _)| names.contains(&&**name)).map(|(_, value)| value);
    let number = |names: &[&str]| {
        let value = field(names)?;
        let value = unquote(value).unwrap_or(value.into());
        value.parse::<f64>().ok().map(|_| without_noise(&value))
    };
    let name = field(&["lora", "name"]).and_then(unquote)?.into_owned();
    let is_on = field(&["on", "active", "enabled"]) != Some("false");
    let strength_clip = number(&["strengthTwo", "clipStrength", "strength_clip"]);
    is_on.then(|| Lora { name, strength: number(&["strength", "strength_model"]), strength_clip })
}

/// `<lora:name:0.8>` and `<lora:name:0.8:0.5>` in a text.
fn tags(text: &str) -> Vec<Lora> {
    let tags = text.split("<lora:").skip(1).filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag);
    let lora = |tag: &str| {
        let mut parts = tag.split(':').map(|part| part.trim().to_owned());
        let number = |part: Option<String>| part.filter(|part| part.parse::<f64>().is_ok());
        Some(Lora { name: parts.next()?, strength: number(parts.next()), strength_clip: number(parts.next()) })
    };
    tags.take(MOST_ROWS).filter_map(lora).collect()
}
