//! What `/history` tells: in memory, oldest first, at most 10,000 runs.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::json;

use super::run::{Made, Outcome};

const LIMIT: usize = 10_000;

/// A finished run. Thousands of made ones cost little: their JSON is written when it is asked for.
#[derive(Debug, Clone)]
pub enum Entry {
    Verbatim(Arc<str>),
    Made { made: Arc<Made>, outcome: Outcome, started: u64, ended: u64 },
}

impl Entry {
    pub fn json(&self) -> Cow<'_, str> {
        match self {
            Self::Verbatim(json) => json.as_ref().into(),
            Self::Made { made, outcome, started, ended } => made.entry(outcome, *started, *ended).into(),
        }
    }
}

/// The runs by their place. A repeated id takes the place of its first run, as in a Python dict.
#[derive(Debug, Default)]
pub struct History {
    entries: BTreeMap<u64, (String, Entry)>,
    places: HashMap<String, u64>,
    next: u64,
}

impl History {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn insert(&mut self, prompt_id: &str, entry: Entry) {
        if self.entries.len() >= LIMIT
            && !self.places.contains_key(prompt_id)
            && let Some((_, (oldest, _))) = self.entries.pop_first()
        {
            self.places.remove(&oldest);
        }
        let place = *self.places.entry(prompt_id.to_owned()).or_insert_with(|| {
            self.next += 1;
            self.next
        });
        self.entries.insert(place, (prompt_id.to_owned(), entry));
    }

    pub fn delete(&mut self, prompt_id: &str) {
        if let Some(place) = self.places.remove(prompt_id) {
            self.entries.remove(&place);
        }
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The ids, oldest first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.entries.values().map(|(id, _)| id.as_str())
    }

    pub fn get(&self, prompt_id: &str) -> Option<&Entry> {
        self.places.get(prompt_id).and_then(|place| self.entries.get(place)).map(|(_, entry)| entry)
    }

    /// `GET /history/{prompt_id}`.
    pub fn one(&self, prompt_id: &str) -> Page {
        Page(self.get(prompt_id).map(|entry| (prompt_id.to_owned(), entry.clone())).into_iter().collect())
    }

    /// `GET /history`: the newest `max_items`, or as many from the `offset`-th oldest.
    pub fn page(&self, max_items: Option<usize>, offset: Option<usize>) -> Page {
        let skip = match (max_items, offset) {
            (_, Some(offset)) => offset,
            (Some(max_items), None) => self.len().saturating_sub(max_items),
            (None, None) => 0,
        };
        Page(self.entries.values().skip(skip).take(max_items.unwrap_or(usize::MAX)).cloned().collect())
    }
}

/// Part of the history. Taken under the lock, written out without it.
#[derive(Debug)]
pub struct Page(Vec<(String, Entry)>);

impl Page {
    pub fn json(&self) -> String {
        let mut json = String::from("{");
        for (prompt_id, entry) in &self.0 {
            if json.len() > 1 {
                json.push(',');
            }
            json.push_str(&json!(prompt_id).to_string());
            json.push(':');
            json.push_str(&entry.json());
        }
        json.push('}');
        json
    }
}
