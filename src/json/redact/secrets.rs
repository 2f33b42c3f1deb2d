//! The secrets of one run: found in what was submitted and in what came at its end, and replaced wherever they stand.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use super::links::SecretNodes;
use super::names::{self, Names};
use super::spots::{self, Spot, TextRole};
use super::words::REDACTED;
use super::{looks, within};
use crate::json::python_json::string_end;
use crate::json::scan::unquote;

/// Values that are looked for elsewhere, and their bytes; far more than any real run has. Those beyond are replaced where
/// they stand.
pub(super) const MOST_SOUGHT: usize = 10_000;

const MOST_SOUGHT_BYTES: usize = 1 << 20;

/// How often a text that was changed is looked at again.
const MOST_LOOKS: usize = 4;

/// What a client submitted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Submitted<'a> {
    pub prompt: &'a str,
    /// The editor's workflow; empty where there is none.
    pub workflow: &'a str,
    /// What else came with it.
    pub extra: &'a str,
}

/// The secrets of one run.
#[derive(Debug, Default)]
pub struct Secrets<'a> {
    /// `None`: all are kept, or there are none.
    names: Option<Arc<Names>>,
    submitted: Submitted<'a>,
    /// Of the prompt, the workflow and the rest.
    spots: [Vec<Spot>; 3],
    values: HashSet<String>,
    value_bytes: usize,
    /// What nodes gave under names of secrets.
    given: HashSet<String>,
    sought: Option<AhoCorasick>,
}

impl<'a> Secrets<'a> {
    /// For texts without secrets, and for those who want theirs kept: finds nothing and replaces nothing.
    pub fn keep_all(submitted: Submitted<'a>) -> Self {
        Self { submitted, ..Self::default() }
    }

    /// Those of what was submitted.
    pub(super) fn of(names: Arc<Names>, submitted: Submitted<'a>) -> Self {
        let mut secrets = Self { submitted, ..Self::default() };
        let mut nodes = SecretNodes::default();
        let texts = [
            (submitted.prompt, TextRole::Prompt),
            (submitted.workflow, TextRole::Workflow),
            (submitted.extra, TextRole::Other),
        ];
        for ((json, role), place) in texts.into_iter().zip(0..) {
            let spots = spots::spots(&names, json, role, &mut nodes);
            secrets.note(&names, json, &spots);
            secrets.spots[place] = spots;
        }
        secrets.names = Some(names);
        secrets.build();
        secrets
    }

    /// Notes the secrets of what came when the run ended: for that alone, as what was submitted is written down before.
    pub fn learn(&mut self, outputs: &str, status: &str) {
        let Some(names) = self.names.clone() else { return };
        let before = self.values.len();
        for (json, role) in [(outputs, TextRole::Outputs), (status, TextRole::Other)] {
            let spots = spots::spots(&names, json, role, &mut SecretNodes::default());
            self.note(&names, json, &spots);
            if role == TextRole::Outputs {
                self.given.extend(spots.into_iter().filter_map(|spot| unquote(&json[spot])).map(Cow::into_owned));
            }
        }
        if self.values.len() > before {
            self.build();
        }
    }

    /// The prompt without its secrets.
    pub fn prompt(&self) -> Cow<'a, str> {
        self.replaced(self.submitted.prompt, &self.spots[0], TextRole::Prompt)
    }

    /// The workflow without its secrets.
    pub fn workflow(&self) -> Cow<'a, str> {
        self.replaced(self.submitted.workflow, &self.spots[1], TextRole::Workflow)
    }

    /// What else was submitted, without its secrets.
    pub fn extra(&self) -> Cow<'a, str> {
        self.replaced(self.submitted.extra, &self.spots[2], TextRole::Other)
    }

    /// What nodes gave, without secrets. Names of files stay as they are: they are asked for by them, and whoever may look
    /// into ComfyUI's folders sees them.
    pub fn outputs<'t>(&self, json: &'t str) -> Cow<'t, str> {
        self.redact(json, TextRole::Outputs)
    }

    /// Any other JSON of the run, without its secrets.
    pub fn other<'t>(&self, json: &'t str) -> Cow<'t, str> {
        self.redact(json, TextRole::Other)
    }

    /// A text that a node gave under this key, without its secrets.
    pub fn text<'t>(&self, key: &str, text: &'t str) -> Cow<'t, str> {
        let Some(names) = &self.names else { return Cow::Borrowed(text) };
        if text != REDACTED && (self.given.contains(text) || names.telling(key).hides(text)) {
            return Cow::Borrowed(REDACTED);
        }
        self.cleaned(names, text).map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// Whether what stands under this name is a secret, whatever it is.
    pub fn hides(&self, name: &str) -> bool {
        self.names.as_ref().is_some_and(|names| names.telling(name) == names::Telling::Secret)
    }

    fn redact<'t>(&self, json: &'t str, role: TextRole) -> Cow<'t, str> {
        let Some(names) = &self.names else { return Cow::Borrowed(json) };
        let spots = spots::spots(names, json, role, &mut SecretNodes::default());
        self.replaced(json, &spots, role)
    }

    /// Notes what is worth seeking: what stands at these spots, and what texts hold.
    fn note(&mut self, names: &Names, json: &str, spots: &[Spot]) {
        for spot in spots {
            if let Some(text) = unquote(&json[spot.clone()]) {
                self.note_value(&text);
            }
        }
        for string in strings(json) {
            let quoted = &json[string];
            if quoted.len() > 2
                && names.hints().is_match(quoted)
                && let Some(text) = unquote(quoted)
            {
                for cut in cuts(names, &text) {
                    self.note_value(text[cut].trim_matches('"'));
                }
            }
        }
    }

    fn note_value(&mut self, text: &str) {
        let has_room = self.values.len() < MOST_SOUGHT && self.value_bytes + text.len() <= MOST_SOUGHT_BYTES;
        if has_room && looks::is_worth_seeking(text) && self.values.insert(text.to_owned()) {
            self.value_bytes += text.len();
        }
    }

    fn build(&mut self) {
        let mut values: Vec<&String> = self.values.iter().collect();
        values.sort_unstable();
        let sought = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(values);
        self.sought = sought.ok().filter(|_| !self.values.is_empty());
    }

    /// Replaces what stands at the spots, and in every other string what is secret in it.
    fn replaced<'t>(&self, json: &'t str, spots: &[Spot], role: TextRole) -> Cow<'t, str> {
        let Some(names) = &self.names else { return Cow::Borrowed(json) };
        let mut out = String::new();
        let mut kept = 0;
        let mut replace = |place: Range<usize>, new: &str| {
            out.push_str(&json[kept..place.start]);
            out.push_str(new);
            kept = place.end;
        };
        let redacted = format!("\"{REDACTED}\"");
        let mut spots = spots.iter().cloned().peekable();
        let mut key = None;
        for string in strings(json) {
            while let Some(spot) = spots.next_if(|spot| spot.start < string.start) {
                replace(spot, &redacted);
            }
            let under = key.take();
            if is_key(json, string.end) {
                key = Some(string.clone());
            }
            if let Some(spot) = spots.next_if(|spot| spot.start == string.start) {
                replace(spot, &redacted);
                continue;
            }
            let quoted = &json[string.clone()];
            if !names.hints().is_match(quoted) && self.sought.is_none() {
                continue;
            }
            let stays = || {
                under
                    .and_then(|key: Range<usize>| unquote(&json[key]))
                    .is_some_and(|key| role.keeps(&key) || names.telling(&key) == names::Telling::Spared)
            };
            let new = unquote(quoted).and_then(|text| self.cleaned(names, &text));
            if let Some(new) = new.filter(|_| !stays()) {
                replace(string, &serde_json::Value::String(new).to_string());
            }
        }
        spots.for_each(|spot| replace(spot, &redacted));
        if kept == 0 {
            return Cow::Borrowed(json);
        }
        out.push_str(&json[kept..]);
        Cow::Owned(out)
    }

    /// A text without the secrets in it; `None` when it may stay. What is left of it may read as something new, so it is
    /// looked at again.
    fn cleaned(&self, names: &Names, text: &str) -> Option<String> {
        let mut clean = self.cleaned_once(names, text)?;
        for _ in 0..MOST_LOOKS {
            match self.cleaned_once(names, &clean) {
                Some(cleaner) => clean = cleaner,
                None => break,
            }
        }
        Some(clean)
    }

    fn cleaned_once(&self, names: &Names, text: &str) -> Option<String> {
        let mut found = if names.hints().is_match(text) { cuts(names, text) } else { Vec::new() };
        if let Some(sought) = &self.sought {
            let before = found.len();
            found.extend(sought.find_iter(text).map(|value| value.range()));
            if found.len() > before {
                found = within::merged(found);
            }
        }
        if found.is_empty() {
            return None;
        }
        let mut out = String::with_capacity(text.len());
        let mut kept = 0;
        for cut in found {
            out.push_str(&text[kept..cut.start]);
            out.push_str(REDACTED);
            kept = cut.end;
        }
        out.push_str(&text[kept..]);
        (out != text).then_some(out)
    }
}

/// Where secrets stand within a text; one that is JSON by itself is read as such too.
fn cuts(names: &Names, text: &str) -> Vec<Range<usize>> {
    let mut found = within::cuts(names, text);
    if text.trim_start().starts_with(['{', '[']) {
        for spot in spots::spots(names, text, TextRole::Other, &mut SecretNodes::default()) {
            let is_string = text[spot.clone()].starts_with('"') && spot.len() >= 2;
            found.push(if is_string { spot.start + 1..spot.end - 1 } else { spot });
        }
        found = within::merged(found);
    }
    found
}

/// Where the strings of a JSON text are, with their quotes.
fn strings(json: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = json.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + memchr::memchr(b'"', bytes.get(at..)?)?;
        at = string_end(bytes, start);
        Some(start..at)
    })
}

/// Whether the string that ends there is a key.
fn is_key(json: &str, end: usize) -> bool {
    json.as_bytes()[end..].iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}
