//! Texts that are put together from others: joined, replaced in, cut out of one another.

use std::borrow::Cow;
use std::fmt::Write as _;

use regex_lite::{NoExpand, Regex, RegexBuilder};

use super::eval::Eval;
use super::known::{KnownValue, MOST_BYTES};
use super::nodes::NodeIndex;
use crate::json::{elements, members, unquote};

pub(super) type Text<'a> = Cow<'a, str>;

/// What a node of texts gives out; `None` when it is another kind of node.
pub(super) fn given<'a>(eval: &Eval<'_, 'a>, place: NodeIndex, output: usize) -> Option<Option<KnownValue<'a>>> {
    let graph = eval.graph;
    let text = match graph.class(place) {
        "StringConcatenate" => joined(eval, place),
        "StringReplace" => replaced(eval, place),
        "RegexReplace" => replaced_by_pattern(eval, place),
        "RegexExtract" => extracted(eval, place),
        "StringTrim" => trimmed(eval, place),
        "StringSubstring" => part(eval, place),
        "CaseConverter" => in_case(eval, place),
        "JsonExtractString" => member(eval, place),
        "CustomCombo" if output == 1 => return Some(eval.input(place, "index")),
        "CustomCombo" => eval.text(place, "choice"),
        "StringContains" => return Some(contains(eval, place).map(KnownValue::Flag)),
        "StringLength" => return Some(eval.text(place, "string").and_then(|text| of_count(&text))),
        class if class.contains("Text String") => {
            let name = ["text", "text_b", "text_c", "text_d"].get(output);
            name.and_then(|name| eval.text(place, name))
        }
        // The wildcards of this text are chosen already.
        _ if graph.has(place, "populated_text") => eval.text(place, "populated_text"),
        _ => return None,
    };
    Some(text.filter(|text| text.len() <= MOST_BYTES).map(KnownValue::Text))
}

/// A text, or a whole number that a preview made one of.
pub(super) fn as_text<'a>(eval: &Eval<'_, 'a>, place: NodeIndex, name: &str) -> Option<Text<'a>> {
    match eval.input(place, name)? {
        KnownValue::Text(text) => Some(text),
        KnownValue::Number(number) if !number.contains(['.', 'e', 'E']) => Some(number),
        _ => None,
    }
}

fn joined<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let (first, second) = (as_text(eval, place, "string_a")?, as_text(eval, place, "string_b")?);
    let between = eval.text(place, "delimiter").unwrap_or_default();
    Some(Cow::Owned([first, between, second].concat()))
}

fn replaced<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let (text, find) = (as_text(eval, place, "string")?, as_text(eval, place, "find")?);
    if find.is_empty() || !text.contains(&*find) {
        // Python would put the new text between all letters; nobody means that.
        return (!find.is_empty()).then_some(text);
    }
    let new = as_text(eval, place, "replace")?;
    is_small(&text, &new).then(|| Cow::Owned(text.replace(&*find, &new)))
}

/// Whether a text stays small though much in it is replaced.
pub(super) fn is_small(text: &str, new: &str) -> bool {
    text.len().saturating_mul(new.len().max(1)) <= MOST_BYTES * 16
}

fn contains(eval: &Eval<'_, '_>, place: NodeIndex) -> Option<bool> {
    let (text, part) = (eval.text(place, "string")?, eval.text(place, "substring")?);
    match eval.input(place, "case_sensitive").and_then(|flag| flag.is_true()).unwrap_or(true) {
        true => Some(text.contains(&*part)),
        false => Some(text.to_lowercase().contains(&part.to_lowercase())),
    }
}

fn of_count<'a>(text: &str) -> Option<KnownValue<'a>> {
    Some(KnownValue::Number(Cow::Owned(text.chars().count().to_string())))
}

fn trimmed<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let text = eval.text(place, "string")?;
    let trimmed = match &*eval.text(place, "mode")? {
        "Left" => text.trim_start(),
        "Right" => text.trim_end(),
        _ => text.trim(),
    };
    Some(Cow::Owned(trimmed.to_owned()))
}

/// Python's `text[start:end]`.
fn part<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let text = eval.text(place, "string")?;
    let count = text.chars().count();
    let at = |name: &str| match eval.input(place, name)? {
        KnownValue::Number(number) => match number.strip_prefix('-') {
            Some(back) => Some(count.saturating_sub(back.parse().ok()?)),
            None => Some(number.parse::<usize>().ok()?.min(count)),
        },
        _ => None,
    };
    let (start, end) = (at("start")?, at("end")?);
    Some(Cow::Owned(text.chars().skip(start).take(end.saturating_sub(start)).collect()))
}

fn in_case<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let text = eval.text(place, "string")?;
    match &*eval.text(place, "mode")? {
        "UPPERCASE" => Some(Cow::Owned(text.to_uppercase())),
        "lowercase" => Some(Cow::Owned(text.to_lowercase())),
        _ => None,
    }
}

/// A member of an object, as Python's `str` writes it.
fn member<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let (json, key) = (eval.text(place, "json_string")?, eval.text(place, "key")?);
    let value = members(json.trim()).find(|(name, _)| *name == key).map(|(_, value)| value.to_owned());
    match value.as_deref() {
        None | Some("null") => Some(Cow::Borrowed("")),
        Some(json) => match unquote(json) {
            Some(text) => Some(Cow::Owned(text.into_owned())),
            None => {
                let mut text = String::new();
                in_python(json, 0, &mut text)?;
                Some(Cow::Owned(text))
            }
        },
    }
}

/// A JSON value as Python's `repr` writes it.
fn in_python(json: &str, depth: usize, out: &mut String) -> Option<()> {
    if depth > 16 {
        return None;
    }
    match json.as_bytes().first()? {
        b'{' => {
            out.push('{');
            for (at, (key, value)) in members(json).enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                text_in_python(&key, out)?;
                out.push_str(": ");
                in_python(value, depth + 1, out)?;
            }
            out.push('}');
        }
        b'[' => {
            out.push('[');
            for (at, value) in elements(json).enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                in_python(value, depth + 1, out)?;
            }
            out.push(']');
        }
        b'"' => text_in_python(&unquote(json)?, out)?,
        _ => out.push_str(match json {
            "true" => "True",
            "false" => "False",
            "null" => "None",
            number => number,
        }),
    }
    Some(())
}

/// Only what has the same form in both languages.
fn text_in_python(text: &str, out: &mut String) -> Option<()> {
    if text.contains(|c: char| c == '\\' || c.is_control()) || text.contains('\'') && text.contains('"') {
        return None;
    }
    let quote = if text.contains('\'') { '"' } else { '\'' };
    write!(out, "{quote}{text}{quote}").ok()
}

fn pattern(eval: &Eval<'_, '_>, place: NodeIndex, text: &str) -> Option<Regex> {
    let flag = |name: &str| eval.input(place, name).and_then(|flag| flag.is_true()).unwrap_or(false);
    let flags =
        Flags { case_insensitive: flag("case_insensitive"), multiline: flag("multiline"), dotall: flag("dotall") };
    python_pattern(&eval.text(place, "regex_pattern")?, &flags, text)
}

/// How a pattern is meant.
#[derive(Default)]
pub(super) struct Flags {
    case_insensitive: bool,
    multiline: bool,
    dotall: bool,
}

/// Python's pattern, where ours means the same on that text; `None` where it might not.
pub(super) fn python_pattern(pattern: &str, flags: &Flags, text: &str) -> Option<Regex> {
    let has_class = ["\\w", "\\W", "\\b", "\\B", "\\d", "\\D"].iter().any(|class| pattern.contains(class));
    let is_ascii_matter = (has_class || flags.case_insensitive) && !text.is_ascii();
    // Python's `$` also stands before a line feed at the very end.
    let is_end_matter = pattern.contains('$') && !flags.multiline && text.ends_with('\n');
    if is_ascii_matter || is_end_matter {
        return None;
    }
    let mut builder = RegexBuilder::new(pattern);
    builder.case_insensitive(flags.case_insensitive).multi_line(flags.multiline);
    builder.dot_matches_new_line(flags.dotall).size_limit(1 << 18).build().ok()
}

fn extracted<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let text = eval.text(place, "string")?;
    let pattern = pattern(eval, place, &text)?;
    let group = eval.input(place, "group_index").and_then(|index| match index {
        KnownValue::Number(number) => number.parse::<usize>().ok(),
        _ => None,
    });
    let found = |group: usize| pattern.captures(&text).and_then(|found| found.get(group)).map(|found| found.as_str());
    let found = match &*eval.text(place, "mode")? {
        "First Match" => found(0).unwrap_or_default().to_owned(),
        "First Group" => found(group?).unwrap_or_default().to_owned(),
        "All Matches" if pattern.captures_len() == 1 => {
            pattern.find_iter(&text).map(|found| found.as_str()).collect::<Vec<_>>().join("\n")
        }
        _ => return None,
    };
    Some(Cow::Owned(found))
}

fn replaced_by_pattern<'a>(eval: &Eval<'_, 'a>, place: NodeIndex) -> Option<Text<'a>> {
    let (text, new) = (eval.text(place, "string")?, eval.text(place, "replace")?);
    let pattern = pattern(eval, place, &text)?;
    let count = eval.input(place, "count").and_then(|count| match count {
        KnownValue::Number(number) => number.parse::<usize>().ok(),
        _ => None,
    });
    // References to groups are written in another way.
    let is_plain = !new.contains('\\');
    (is_small(&text, &new) && is_plain)
        .then(|| Cow::Owned(pattern.replacen(&text, count.unwrap_or(0), NoExpand(&new)).into_owned()))
}
