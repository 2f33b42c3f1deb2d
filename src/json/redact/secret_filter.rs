//! Telling texts that can hold secrets from those that can't, fast.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::names::Names;
use super::secrets::{Secrets, Submitted};
use crate::json::alike::{common_end, common_start};

/// The longest text that the next one is compared with.
const LONGEST_REMEMBERED: usize = 1 << 20;

/// How far around a hint it is looked for what it belongs to, and more.
const REACH: usize = 512;

/// Passes texts without secrets: where a text is like the last one of its kind, which held none, only the difference is
/// looked at. Runs repeat their prompt and workflow almost to the byte.
#[derive(Debug, Default)]
pub struct SecretFilter {
    names: Arc<Names>,
    last: Mutex<[String; 2]>,
}

impl SecretFilter {
    /// Holds back what has these names.
    pub fn new(names: Names) -> Self {
        Self { names: Arc::new(names), last: Mutex::default() }
    }

    /// The secrets of a run; `result`: what came when it ended.
    pub fn secrets<'a>(&self, submitted: Submitted<'a>, result: [&str; 2]) -> Secrets<'a> {
        let others = [submitted.extra, result[0], result[1]];
        match self.holds_back([submitted.prompt, submitted.workflow], &others) {
            true => Secrets::of(Arc::clone(&self.names), submitted),
            false => Secrets::keep_all(submitted),
        }
    }

    /// Whether any of the texts can hold a secret. The first two are compared with those before.
    pub(super) fn holds_back(&self, repeated: [&str; 2], others: &[&str]) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_clean = others.iter().all(|text| !is_marked(&self.names, text, 0..text.len()));
        for (text, last) in repeated.into_iter().zip(last.iter_mut()) {
            let difference = difference(text, last);
            if is_marked(&self.names, text, difference.clone()) {
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

/// Whether there is a name or a shape of a secret in this part of a text.
pub(super) fn is_marked(names: &Names, text: &str, part: Range<usize>) -> bool {
    let input = aho_corasick::Input::new(text).range(part);
    names.hints().find_overlapping_iter(input).any(|hint| names.may_be_at(text, &hint))
}

/// The part of `text` in which something can be found that isn't in `other`, with what can belong to it.
fn difference(text: &str, other: &str) -> Range<usize> {
    let (text, other) = (text.as_bytes(), other.as_bytes());
    let head = common_start(text, other);
    let tail = common_end(&text[head..], &other[head..]);
    head.saturating_sub(REACH)..(text.len() - tail + REACH).min(text.len())
}
