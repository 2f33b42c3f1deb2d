//! Secrets: finding them by the name they are kept under, and replacing them wherever they occur again.
//!
//! A key that was typed into a node's widget stands in the prompt under its name (`"api_key": "sk-…"`), but in the
//! editor's workflow as one value in a list without names, and in an error among the inputs or inside its message. So
//! the texts of one run are read twice: first for names, which gives values, then for those values.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::alike::{common_end, common_start};
use super::scan::{Scanner, members, unquote};

/// What stands in the place of a secret.
pub const REDACTED: &str = "[redacted]";

/// A value this short is replaced where its name stands, but not looked for elsewhere: it may be any word.
const SHORTEST_WORTH_SEEKING: usize = 6;

/// A value at least this long is found inside other strings too (a URL, an error message).
const SHORTEST_WORTH_SEEKING_INSIDE: usize = 12;

/// Cheap test whether a text can hold a secret's name at all; [`is_secret_name`] decides.
static HINTS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    // Every byte of every run passes here: the faster kind is worth its table of some kilobytes.
    AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .ascii_case_insensitive(true)
        .build([
            "api_key",
            "apikey",
            "api-key",
            "api key",
            "access_key",
            "private_key",
            "token",
            "secret",
            "passw",
            "passphrase",
            "credential",
            "authorization",
        ])
        .expect("a dozen short patterns always build")
});

/// The longest text that the next one is compared with.
const LONGEST_REMEMBERED: usize = 1 << 20;

/// Tells texts that can hold secrets from those that can't, fast: where a text is like the last one of its kind, which
/// held none, only the difference is looked at. Runs repeat their prompt and workflow almost to the byte.
#[derive(Debug, Default)]
pub struct Sieve {
    last: Mutex<[String; 2]>,
}

impl Sieve {
    /// Whether any of the texts can hold the name of a secret. The first two are compared with those before.
    pub fn holds_back(&self, repeated: [&str; 2], others: &[&str]) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_clean = others.iter().all(|text| !HINTS.is_match(text));
        for (text, last) in repeated.into_iter().zip(last.iter_mut()) {
            let difference = difference(text.as_bytes(), last.as_bytes());
            if HINTS.is_match(difference) {
                is_clean = false;
            } else if text.len() > LONGEST_REMEMBERED {
                // Looking at all of it again costs a moment, holding it costs memory for as long as we run.
                *last = String::new();
            } else if difference.len() > text.len() / 8 {
                text.clone_into(last);
            }
        }
        !is_clean
    }
}

/// The part of `text` in which something can be found that isn't in `other`, if it is no longer than the longest hint.
fn difference<'a>(text: &'a [u8], other: &[u8]) -> &'a [u8] {
    const LONGEST_HINT: usize = 16;
    let head = common_start(text, other);
    let tail = common_end(&text[head..], &other[head..]);
    &text[head.saturating_sub(LONGEST_HINT)..(text.len() - tail + LONGEST_HINT).min(text.len())]
}

/// The secrets of one run.
#[derive(Debug, Default)]
pub struct Secrets {
    values: BTreeSet<String>,
    keeps_all: bool,
}

impl Secrets {
    /// For texts without secrets, and for those who want theirs kept: finds nothing and replaces nothing.
    pub fn keep_all() -> Self {
        Self { keeps_all: true, ..Self::default() }
    }

    /// Notes every value that `json` keeps under the name of a secret. In an API prompt such an input may be a link to
    /// a node that holds the text; that text is noted too.
    pub fn find(&mut self, json: &str) {
        if !HINTS.is_match(json) {
            return;
        }
        let mut linked = BTreeSet::new();
        self.walk(&mut Scanner::new(json), false, 0, &mut linked);
        if linked.is_empty() {
            return;
        }
        for (_, node) in members(json).filter(|(id, _)| linked.contains(id.as_ref())) {
            let inputs = members(node).filter(|(key, _)| key == "inputs").flat_map(|(_, inputs)| members(inputs));
            for (_, value) in inputs.filter(|(key, _)| matches!(key.as_ref(), "value" | "string" | "text")) {
                self.note(value);
            }
        }
    }

    /// Notes the secrets in widgets of an editor's workflow, where values stand in a list and names beside it. Reaches
    /// nodes that are switched off too, which the prompt doesn't hold.
    pub fn find_in_workflow(&mut self, json: &str) {
        if !HINTS.is_match(json) {
            return;
        }
        self.find(json);
        if let Ok(workflow) = serde_json::from_str::<serde_json::Value>(&super::to_strict(json)) {
            self.widgets(&workflow, 0);
        }
    }

    /// Replaces every secret in `json`: what stands under a secret's name, and every noted value.
    pub fn redact<'a>(&self, json: &'a str) -> Cow<'a, str> {
        if self.keeps_all || (self.values.is_empty() && !HINTS.is_match(json)) {
            return Cow::Borrowed(json);
        }
        let mut cuts = Vec::new();
        self.cut(&mut Scanner::new(json), false, 0, &mut cuts);
        if cuts.is_empty() {
            return Cow::Borrowed(json);
        }
        let mut out = String::with_capacity(json.len());
        let mut kept = 0;
        for (start, end, replacement) in cuts {
            out.push_str(&json[kept..start]);
            out.push_str(&replacement);
            kept = end;
        }
        out.push_str(&json[kept..]);
        Cow::Owned(out)
    }

    fn note(&mut self, json: &str) {
        if let Some(text) = unquote(json).filter(|text| text.len() >= SHORTEST_WORTH_SEEKING && text != REDACTED) {
            self.values.insert(text.into_owned());
        }
    }

    /// Notes strings under secret names below the next value; `is_secret` when that value itself stands under one.
    fn walk(&mut self, scanner: &mut Scanner<'_>, is_secret: bool, depth: usize, linked: &mut BTreeSet<String>) {
        match scanner.peek() {
            Some(b'"') if is_secret => {
                if let Some(value) = scanner.value() {
                    self.note(value);
                }
            }
            Some(b'{') if depth < DEEPEST => for_each_member(scanner, |scanner, key| {
                self.walk(scanner, is_secret || is_secret_name(key), depth + 1, linked);
            }),
            Some(b'[') if depth < DEEPEST => {
                if let Some(node) = is_secret.then(|| link(&mut scanner.clone())).flatten() {
                    linked.insert(node);
                    scanner.value();
                    return;
                }
                for_each_element(scanner, |scanner| self.walk(scanner, is_secret, depth + 1, linked));
            }
            _ => drop(scanner.value()),
        }
    }

    /// Collects what is to be replaced below the next value, in the order of the text.
    fn cut(&self, scanner: &mut Scanner<'_>, is_secret: bool, depth: usize, cuts: &mut Vec<(usize, usize, String)>) {
        match scanner.peek() {
            Some(b'"') => {
                let start = scanner.offset();
                if let Some(replacement) = scanner.value().and_then(|value| self.replacement(value, is_secret)) {
                    cuts.push((start, scanner.offset(), replacement));
                }
            }
            Some(b'{') if depth < DEEPEST => for_each_member(scanner, |scanner, key| {
                self.cut(scanner, is_secret || is_secret_name(key), depth + 1, cuts);
            }),
            Some(b'[') if depth < DEEPEST => {
                if is_secret && link(&mut scanner.clone()).is_some() {
                    scanner.value();
                    return;
                }
                for_each_element(scanner, |scanner| self.cut(scanner, is_secret, depth + 1, cuts));
            }
            _ => drop(scanner.value()),
        }
    }

    /// What a string becomes; `None` when it may stay.
    fn replacement(&self, json: &str, is_secret: bool) -> Option<String> {
        let text = unquote(json)?;
        if text.is_empty() {
            return None;
        }
        if is_secret || self.values.contains(text.as_ref()) {
            return Some(format!("\"{REDACTED}\""));
        }
        let mut changed = Cow::Borrowed(text.as_ref());
        for value in self.values.iter().filter(|value| value.len() >= SHORTEST_WORTH_SEEKING_INSIDE) {
            if changed.contains(value.as_str()) {
                changed = Cow::Owned(changed.replace(value.as_str(), REDACTED));
            }
        }
        match changed {
            Cow::Borrowed(_) => None,
            Cow::Owned(changed) => Some(serde_json::Value::String(changed).to_string()),
        }
    }

    fn widgets(&mut self, value: &serde_json::Value, depth: usize) {
        if let Some(values) = value.get("widgets_values").and_then(|values| values.as_array()) {
            let inputs = value.get("inputs").and_then(|inputs| inputs.as_array()).into_iter().flatten();
            let mut at = 0;
            for name in inputs.filter_map(|input| input.get("widget")?.get("name")?.as_str()) {
                // A seed's widget is followed by the one that says how it changes, which has no input.
                while matches!(
                    values.get(at).and_then(|v| v.as_str()),
                    Some("fixed" | "randomize" | "increment" | "decrement")
                ) {
                    at += 1;
                }
                if let Some(text) = values.get(at).filter(|_| is_secret_name(name)) {
                    self.note(&text.to_string());
                }
                at += 1;
            }
        }
        if depth < DEEPEST {
            match value {
                serde_json::Value::Array(items) => items.iter().for_each(|item| self.widgets(item, depth + 1)),
                serde_json::Value::Object(items) => items.values().for_each(|item| self.widgets(item, depth + 1)),
                _ => {}
            }
        }
    }
}

/// Beyond this depth nothing is looked at: the texts of a run are a dozen levels deep, and a stack is finite.
const DEEPEST: usize = 100;

fn for_each_member<'a>(scanner: &mut Scanner<'a>, mut visit: impl FnMut(&mut Scanner<'a>, &str)) {
    scanner.enter(b'{');
    while let Some(key) = scanner.key() {
        let before = scanner.offset();
        visit(scanner, &key);
        if scanner.offset() == before {
            return; // A broken text: a key without a value.
        }
    }
}

fn for_each_element<'a>(scanner: &mut Scanner<'a>, mut visit: impl FnMut(&mut Scanner<'a>)) {
    scanner.enter(b'[');
    while scanner.has_element() {
        let before = scanner.offset();
        visit(scanner);
        if scanner.offset() == before {
            return;
        }
    }
}

/// The node that a prompt's link `["5", 0]` names.
fn link(scanner: &mut Scanner<'_>) -> Option<String> {
    scanner.enter(b'[');
    let node = unquote(scanner.value()?)?.into_owned();
    scanner.value()?.parse::<u32>().ok()?;
    (!scanner.has_element()).then_some(node)
}

/// Whether a value under this name is a secret: `api_key`, `openaiApiKey`, `auth_token_comfy_org`, `client-secret`,
/// `password`; but not `max_tokens` or `token_normalization`.
pub fn is_secret_name(name: &str) -> bool {
    if name.len() > 100 || !HINTS.is_match(name) {
        return false;
    }
    let words = words(name);
    let pair = |first: &str, second: &str| words.windows(2).any(|pair| pair[0] == first && pair[1] == second);
    let last_is = |ends: &[&str]| words.last().is_some_and(|last| ends.contains(&last.as_str()));
    words.iter().any(|word| word == "apikey")
        || pair("api", "key")
        || pair("access", "key")
        || pair("private", "key")
        || pair("auth", "token")
        || last_is(&[
            "token",
            "secret",
            "password",
            "passwd",
            "passphrase",
            "credential",
            "credentials",
            "authorization",
        ])
}

fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (was_lower && c.is_uppercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(json: &str) -> String {
        let mut secrets = Secrets::default();
        secrets.find_in_workflow(json);
        secrets.redact(json).into_owned()
    }

    #[test]
    fn names_of_secrets_are_told_from_words_that_look_like_them() {
        for name in [
            "api_key",
            "API-KEY",
            "openaiApiKey",
            "apikey",
            "auth_token_comfy_org",
            "api_key_comfy_org",
            "token",
            "hf_token",
            "client-secret",
            "Password",
            "user password",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["max_tokens", "token_normalization", "tokenizer", "key", "keyframe", "secretary", "monkey", "text"]
        {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn a_secret_is_replaced_under_its_name_and_wherever_its_value_occurs_again() {
        let mut secrets = Secrets::default();
        let prompt = r#"{"2":{"inputs":{"image":["1",0],"api_key":"sk-THIS-IS-A-KEY"},"class_type":"X"}}"#;
        secrets.find(prompt);
        assert_eq!(
            secrets.redact(prompt),
            r#"{"2":{"inputs":{"image":["1",0],"api_key":"[redacted]"},"class_type":"X"}}"#
        );
        assert_eq!(
            secrets.redact(r#"{"widgets_values":["sk-THIS-IS-A-KEY", 5],"m":"401 for \"sk-THIS-IS-A-KEY\"\n"}"#),
            r#"{"widgets_values":["[redacted]", 5],"m":"401 for \"[redacted]\"\n"}"#
        );
        assert_eq!(
            secrets.redact(r#"{"current_inputs":{"token":["x",7]}}"#),
            r#"{"current_inputs":{"token":["x",7]}}"#
        );
        assert_eq!(secrets.redact(r#"{"token":["short"]}"#), r#"{"token":["[redacted]"]}"#);
    }

    #[test]
    fn a_secret_that_comes_through_a_link_is_found_in_the_node_that_holds_it() {
        let prompt = r#"{"1":{"inputs":{"value":"hunter2hunter2"}},"2":{"inputs":{"password":["1",0]}}}"#;
        assert_eq!(redacted(prompt), r#"{"1":{"inputs":{"value":"[redacted]"}},"2":{"inputs":{"password":["1",0]}}}"#);
    }

    #[test]
    fn a_secret_in_a_node_that_is_switched_off_is_found_by_its_widget() {
        let node = r#"{"inputs":[{"widget":{"name":"seed"}},{"widget":{"name":"api_key"}}],"widgets_values":[7,"fixed","sk-muted-node"]}"#;
        assert!(!redacted(&format!(r#"{{"nodes":[{node}]}}"#)).contains("sk-muted-node"));
    }

    #[test]
    fn texts_without_secrets_are_not_copied_and_short_words_are_left_alone_elsewhere() {
        let mut secrets = Secrets::default();
        secrets.find(r#"{"token":"none"}"#);
        assert!(matches!(secrets.redact(r#"{"mode":"none"}"#), Cow::Borrowed(_)));
    }

    #[test]
    fn a_text_nested_beyond_reason_does_not_exhaust_the_stack() {
        let deep = format!("{}\"token\":1{}", "{\"api_key\":[".repeat(200_000), "]}".repeat(200_000));
        assert!(!redacted(&deep).is_empty());
    }

    #[test]
    fn a_text_of_megabytes_is_looked_at_each_time_and_not_held() {
        let (sieve, long) = (Sieve::default(), "x".repeat(LONGEST_REMEMBERED + 1));
        for text in [long.as_str(), "short", &long] {
            assert!(!sieve.holds_back([text, ""], &[]));
            assert!(sieve.holds_back([&format!("{text} token"), ""], &[]));
        }
        assert!(sieve.last.lock().unwrap().iter().all(String::is_empty));
    }

    proptest::proptest! {
        #[test]
        fn a_sieve_holds_back_every_text_that_a_full_look_would(texts in proptest::collection::vec("(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa|b|to|ken|token|API|_key|é){0,8}", 1..6)) {
            let sieve = Sieve::default();
            for text in &texts {
                proptest::prop_assert_eq!(sieve.holds_back([text, ""], &[]), HINTS.is_match(text), "{}", text);
            }
        }

        #[test]
        fn hostile_texts_do_not_panic(text in r#"([\[\]{}",:\\ é]|"token"|"api_key":){0,40}"#) {
            let _ = redacted(&text);
        }
    }
}
