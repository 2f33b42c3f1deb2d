//! Where ComfyUI may have been restarted, and which runs its present process can still know.
//!
//! A process that ended took its queue and its history with it, and the next one begins as empty as one that was cleared.
//! Only runs tell them apart: one that was recorded before the connection broke and that ComfyUI still has was made by the
//! present process. Runs are recorded in the order of their ids, so those with greater ids are its own as well, and those
//! with smaller ids back to where the connection last broke.

use std::collections::BTreeSet;

use crate::model::GenerationId;

/// Where ComfyUI may have been restarted between two runs: behind each of these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restarts(BTreeSet<GenerationId>);

impl FromIterator<GenerationId> for Restarts {
    fn from_iter<I: IntoIterator<Item = GenerationId>>(breaks: I) -> Self {
        Self(breaks.into_iter().collect())
    }
}

impl Restarts {
    /// Adds breaks; gives those that are new.
    pub fn add(&mut self, breaks: Vec<GenerationId>) -> Vec<GenerationId> {
        breaks.into_iter().filter(|id| self.0.insert(*id)).collect()
    }

    /// The newest run of the time before the first break.
    pub fn last_before(&self) -> Option<GenerationId> {
        self.0.first().copied()
    }

    /// The newest run of each time between two breaks, the earliest first.
    pub fn ends(&self) -> impl Iterator<Item = GenerationId> {
        self.0.iter().copied()
    }

    /// The run behind which the present life begins. `found`: the oldest run that was known, and that ComfyUI has; without
    /// one, all of them died with the process that had them, up to `newest`.
    pub fn present_after(&self, found: Option<GenerationId>, newest: GenerationId) -> GenerationId {
        match found.filter(|found| *found <= newest) {
            Some(found) => self.0.range(..found).next_back().copied().unwrap_or(GenerationId(0)),
            None => newest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restarts(breaks: &[i64]) -> Restarts {
        breaks.iter().copied().map(GenerationId).collect()
    }

    fn present_after(breaks: &[i64], found: Option<i64>, newest: i64) -> i64 {
        restarts(breaks).present_after(found.map(GenerationId), GenerationId(newest)).0
    }

    #[test]
    fn the_present_life_begins_behind_the_last_break_before_a_run_that_is_still_there() {
        assert_eq!(present_after(&[], None, 0), 0, "nothing was known");
        assert_eq!(present_after(&[8], Some(3), 8), 0, "the line broke, and it is the same ComfyUI");
        assert_eq!(present_after(&[8], None, 8), 8, "nothing of before is there");
        // A catching up was broken off when two runs of the new ComfyUI were recorded.
        assert_eq!(present_after(&[8], Some(9), 10), 8);
        assert_eq!(present_after(&[8], Some(8), 10), 0, "one of before counts for all of before");
        assert_eq!(present_after(&[8, 10], Some(11), 12), 10, "it was restarted twice");
        assert_eq!(present_after(&[8, 10], Some(9), 12), 8, "what came later is of the same life");
        assert_eq!(present_after(&[8, 10], None, 12), 12);
        assert_eq!(present_after(&[8], Some(13), 12), 12, "what is recorded just now says nothing of before");
    }

    #[test]
    fn a_break_is_noted_once() {
        let mut restarts = restarts(&[8]);
        assert_eq!(restarts.add(vec![GenerationId(8), GenerationId(10)]), [GenerationId(10)]);
        assert_eq!(restarts.add(vec![GenerationId(10)]), []);
        assert_eq!((restarts.last_before(), restarts.ends().count()), (Some(GenerationId(8)), 2));
    }
}
