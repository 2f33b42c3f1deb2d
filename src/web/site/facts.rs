//! What prompts say, as JSON, remembered for the lists: reading fifty prompts costs ten times as much as the list itself.
//! Only of runs that are over: their prompt doesn't change any more.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::FixedState;
use serde_json::value::RawValue;

use crate::export::json::prompt_facts;
use crate::memory::Held;
use crate::model::{Detail, DocumentKind, GenerationId, Summary};
use crate::store::Error;
use crate::store::History;

/// What is remembered at least, in bytes, and half of the most.
const ENOUGH_BYTES: usize = 6 << 20;

/// JSON of facts by run; `None` where there is no prompt.
type FactsByRun = Option<Arc<RawValue>>;
type Map = HashMap<GenerationId, FactsByRun, FixedState>;

/// Facts of runs that were asked for lately.
#[derive(Debug, Clone, Default)]
pub struct FactsCache(Arc<Held<Generations>>);

/// When the new map is full it becomes the old one, and what the old one had is forgotten unless it was asked for since.
#[derive(Debug, Default)]
struct Generations {
    new: Map,
    old: Map,
    bytes: usize,
}

impl FactsCache {
    /// What the prompts of these runs say, in their order.
    pub async fn facts(&self, history: &History, runs: &[Summary]) -> Result<Vec<FactsByRun>, Error> {
        let known =
            |known: &mut Generations| runs.iter().filter_map(|run| Some((run.id, known.get(run.id)?))).collect();
        let mut found: HashMap<GenerationId, FactsByRun, FixedState> = self.0.with(known);
        let missing: Vec<&Summary> = runs.iter().filter(|run| !found.contains_key(&run.id)).collect();
        if !missing.is_empty() {
            let ids = missing.iter().map(|run| run.id).collect();
            let read = history.of_prompts(ids, |_, prompt| prompt_facts(prompt).map(Arc::from)).await?;
            let mut read: HashMap<GenerationId, FactsByRun> = read.into_iter().collect();
            self.0.with(|known| {
                for run in missing {
                    let facts = read.remove(&run.id).flatten();
                    if !run.status.is_open() {
                        known.put(run.id, facts.clone());
                    }
                    found.insert(run.id, facts);
                }
            });
        }
        Ok(runs.iter().map(|run| found.remove(&run.id).flatten()).collect())
    }

    /// What the prompt of one run says.
    pub fn of_detail(&self, detail: &Detail) -> FactsByRun {
        let run = &detail.summary;
        if let Some(facts) = self.0.with(|known| known.get(run.id)) {
            return facts;
        }
        let facts: FactsByRun = detail.document(DocumentKind::Prompt).and_then(prompt_facts).map(Arc::from);
        if !run.status.is_open() {
            self.0.with(|known| known.put(run.id, facts.clone()));
        }
        facts
    }

    /// Lets go of all if nobody asked for so long.
    pub fn rest(&self, unused: Duration) {
        self.0.rest(unused);
    }
}

impl Generations {
    fn get(&mut self, id: GenerationId) -> Option<FactsByRun> {
        if let Some(facts) = self.new.get(&id) {
            return Some(facts.clone());
        }
        let facts = self.old.remove(&id)?;
        self.put(id, facts.clone());
        Some(facts)
    }

    fn put(&mut self, id: GenerationId, facts: FactsByRun) {
        self.bytes += size_of::<(GenerationId, FactsByRun)>() + facts.as_ref().map_or(0, |facts| facts.get().len());
        self.new.insert(id, facts);
        if self.bytes > ENOUGH_BYTES {
            self.old = std::mem::take(&mut self.new);
            self.bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let facts = || Some(Arc::from(RawValue::from_string(format!("\"{}\"", "x".repeat(1_000))).unwrap()));
        let mut generations = Generations::default();
        for id in 0..100_000 {
            generations.put(GenerationId(id), facts());
            assert!(generations.get(GenerationId(0)).is_some(), "{id}");
            assert!(generations.new.len() + generations.old.len() < 13_000, "{id}");
        }
        assert!(generations.get(GenerationId(50_000)).is_none());
    }
}
