//! Counts the runs that were announced and never recorded. Each run is announced by a status message when it is queued, so
//! what was announced and is recorded nowhere came and went unseen.
//!
//! Runs that were queued before the connection was opened were never announced on it. So what catching up records settles
//! earlier announcements, but none to come; and runs without an announcement are dropped from the count as soon as none can
//! be on its way any more.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What rang against what was recorded.
#[derive(Debug, Default)]
pub struct UnseenRuns(Mutex<StatusCounts>);

#[derive(Debug, Default)]
struct StatusCounts {
    /// Runs that rang when they were queued, less those that were recorded; negative while rings are on their way.
    unseen: i64,
    /// Rings of the kind that were entered since the line was opened.
    queued: u64,
    /// Runs that were seen to have started.
    started: u64,
}

impl UnseenRuns {
    /// A line is opened, over which so many runs were `queued` already. Over the one before, so many `rang` when they were
    /// queued: what of that wasn't recorded may be found by catching up.
    pub fn begin_line(&self, rang: u64, queued: u64) {
        let mut state = self.lock();
        let owed = state.unseen.saturating_add_unsigned(rang.saturating_sub(state.queued));
        *state = StatusCounts { unseen: owed.max(0).saturating_add_unsigned(queued), queued, started: 0 };
    }

    /// All that ComfyUI has was recorded. Since the line was opened, so many runs `rang` when they were queued: those may be
    /// among it, and be entered yet.
    pub fn caught_up(&self, rang: u64) {
        let mut state = self.lock();
        let to_enter = i64::try_from(rang.saturating_sub(state.queued)).unwrap_or(i64::MAX);
        state.unseen = state.unseen.max(-to_enter);
    }

    pub fn queued(&self, runs: u64) {
        let mut state = self.lock();
        state.unseen = state.unseen.saturating_add_unsigned(runs);
        state.queued += runs;
    }

    /// Runs were recorded that weren't known, and of runs it was seen that they started.
    pub fn recorded(&self, new: usize, started: usize) {
        let mut state = self.lock();
        state.unseen = state.unseen.saturating_sub_unsigned(new as u64);
        state.started += started as u64;
    }

    /// How many runs came and went unseen, when the queue is known whole.
    pub fn count(&self) -> u64 {
        u64::try_from(self.lock().unseen).unwrap_or(0)
    }

    /// Whether runs were recorded whose rings weren't heard until now; that of a start is one of `starts`.
    pub fn awaits_rings(&self, starts: u64) -> bool {
        let state = self.lock();
        state.unseen < 0 || state.started > starts
    }

    /// How many of the runs that are known can have started unseen at the most, whatever is still to be entered.
    pub fn most_unseen_starts(&self, starts: u64) -> usize {
        usize::try_from(starts.saturating_sub(self.lock().started)).unwrap_or(usize::MAX)
    }

    /// How many of the runs that are known started unseen, when all that rang is entered. `starts`: how often that rang since
    /// the line was opened. Runs of which nothing else is known than that they were queued started as well.
    pub fn unseen_starts(&self, starts: u64) -> usize {
        let state = self.lock();
        let explained = state.started.saturating_add(u64::try_from(state.unseen).unwrap_or(0));
        usize::try_from(starts.saturating_sub(explained)).unwrap_or(usize::MAX)
    }

    /// All that rang was entered, and is explained, or told.
    pub fn balance(&self, starts: u64) {
        let mut state = self.lock();
        state.unseen = 0;
        state.started = state.started.max(starts);
    }

    /// What rang like a start until then has to be explained no more: it was none, or is another's.
    pub fn explain(&self, starts: u64) {
        let mut state = self.lock();
        state.started = state.started.max(starts);
    }

    /// None of the starts of what was recorded is on its way: those that didn't ring were before the line was opened.
    pub fn all_rang(&self, starts: u64) {
        let mut state = self.lock();
        state.started = state.started.min(starts);
    }

    fn lock(&self) -> MutexGuard<'_, StatusCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_rang_and_was_not_recorded_came_and_went_unseen() {
        let unseen = UnseenRuns::default();
        unseen.queued(3);
        unseen.recorded(2, 1);
        assert_eq!((unseen.count(), unseen.unseen_starts(3)), (1, 1));
        unseen.balance(3);
        assert_eq!((unseen.count(), unseen.unseen_starts(3)), (0, 0));
    }

    #[test]
    fn starts_are_those_of_runs_that_nobody_saw_before_they_are_those_of_runs_that_were_seen_waiting() {
        let unseen = UnseenRuns::default();
        unseen.queued(30);
        unseen.recorded(10, 2);
        assert_eq!((unseen.unseen_starts(20), unseen.most_unseen_starts(20)), (0, 18), "twenty came and went");
        assert_eq!(unseen.unseen_starts(25), 3);
        unseen.explain(24);
        unseen.recorded(20, 0);
        assert_eq!(unseen.unseen_starts(25), 1);
    }

    #[test]
    fn start_that_was_seen_before_it_rang_is_not_the_next_ones() {
        let unseen = UnseenRuns::default();
        unseen.recorded(0, 2);
        unseen.balance(1);
        unseen.explain(1);
        assert_eq!((unseen.unseen_starts(2), unseen.unseen_starts(3)), (0, 1));
    }

    #[test]
    fn runs_of_before_the_line_hide_none_that_come_later() {
        let unseen = UnseenRuns::default();
        unseen.begin_line(0, 3);
        unseen.recorded(40, 40);
        unseen.caught_up(5);
        assert!(unseen.awaits_rings(0), "two that rang may be among the forty");
        unseen.queued(2);
        assert!(!unseen.awaits_rings(40));
        unseen.queued(1);
        assert_eq!(unseen.count(), 1);
    }

    #[test]
    fn run_that_rang_before_we_caught_up_hides_none_that_comes_later() {
        let unseen = UnseenRuns::default();
        unseen.begin_line(0, 1);
        unseen.recorded(1, 1);
        unseen.caught_up(3);
        unseen.queued(2);
        unseen.recorded(2, 2);
        assert_eq!((unseen.count(), unseen.awaits_rings(3)), (0, false));
        unseen.queued(1);
        assert_eq!(unseen.count(), 1);
    }

    #[test]
    fn what_a_line_owed_when_it_broke_is_told_unless_catching_up_finds_it() {
        for (found, expected) in [(0, 5), (2, 3), (5, 0), (9, 0)] {
            let unseen = UnseenRuns::default();
            unseen.queued(3);
            unseen.begin_line(5, 0);
            unseen.recorded(found, found);
            unseen.caught_up(0);
            assert_eq!((unseen.count(), unseen.awaits_rings(9)), (expected, false), "{found} were found");
        }
    }

    /// A ComfyUI, and a listener that enters what it sees and hears into its books.
    #[derive(Default)]
    struct World {
        waiting: Vec<usize>,
        running: Option<usize>,
        /// In its order: a prompt_id that was used again stands where its first run stood.
        history: Vec<(u8, usize)>,
        ids: Vec<u8>,
        /// The lengths of the queue that rang; how many were heard, and how many dealt with.
        rings: Vec<usize>,
        heard: usize,
        dealt_with: usize,
        recorded: BTreeSet<usize>,
        told: u64,
        unseen: UnseenRuns,
    }

    impl World {
        fn ring(&mut self) {
            self.rings.push(self.waiting.len() + usize::from(self.running.is_some()));
        }

        fn comfyui(&mut self, step: u8, id: u8) {
            match step {
                0 | 1 => {
                    self.waiting.push(self.ids.len());
                    self.ids.push(id);
                }
                2 if self.running.is_none() && !self.waiting.is_empty() => self.running = Some(self.waiting.remove(0)),
                3 => match self.running.take() {
                    Some(run) => {
                        let id = self.ids[run];
                        match self.history.iter_mut().find(|(of, _)| *of == id) {
                            Some(entry) => entry.1 = run,
                            None => self.history.push((id, run)),
                        }
                    }
                    None => return,
                },
                // Deleting from the history doesn't ring.
                4 => return self.history.retain(|(of, _)| *of != id),
                _ => return,
            }
            self.ring();
        }

        /// How many of the rings up to there tell that a run was queued; the first tells how long the queue is.
        fn queued(&self, until: usize) -> u64 {
            self.rings[..until].windows(2).map(|pair| pair[1].saturating_sub(pair[0]) as u64).sum()
        }

        fn record(&mut self, runs: Vec<usize>) {
            let new = runs.into_iter().filter(|run| self.recorded.insert(*run)).count();
            self.unseen.recorded(new, 0);
        }

        fn see_queue(&mut self) {
            self.record(self.waiting.iter().copied().chain(self.running).collect());
        }

        fn see_end_of_history(&mut self, length: usize) {
            self.record(self.history.iter().rev().take(length).map(|(_, run)| *run).collect());
        }

        fn deal(&mut self) {
            let queued = self.queued(self.heard) - self.queued(self.dealt_with);
            self.dealt_with = self.heard;
            self.unseen.queued(queued);
        }

        fn settle(&mut self) {
            self.see_queue();
            if self.dealt_with < self.heard {
                return;
            }
            if self.unseen.count() > 0 {
                self.see_end_of_history(usize::MAX);
            }
            if self.unseen.awaits_rings(0) {
                self.heard = self.rings.len();
                if self.dealt_with < self.heard {
                    return;
                }
            }
            self.told += self.unseen.count();
            self.unseen.balance(0);
        }

        fn listener(&mut self, step: u8, much: usize) {
            match step {
                0 => self.heard = (self.heard + much).min(self.rings.len()),
                1 => self.deal(),
                2 => self.see_end_of_history(much),
                3 => self.see_queue(),
                _ => self.settle(),
            }
        }

        fn connect(&mut self) {
            self.ring();
            (self.heard, self.dealt_with) = (self.rings.len(), self.rings.len());
            self.unseen.begin_line(0, 0);
        }

        fn catch_up(&mut self) {
            self.see_queue();
            self.see_end_of_history(usize::MAX);
            if self.unseen.awaits_rings(0) {
                self.heard = self.rings.len();
            }
            let queued = self.queued(self.heard) - self.queued(self.dealt_with);
            self.unseen.caught_up(queued);
        }

        fn unrecorded(&self, since: usize) -> u64 {
            (since..self.ids.len()).filter(|run| !self.recorded.contains(run)).count() as u64
        }
    }

    fn steps() -> impl proptest::strategy::Strategy<Value = Vec<(bool, u8, u8)>> {
        proptest::collection::vec((proptest::bool::ANY, 0_u8..5, 0_u8..4), 0..80)
    }

    fn play(world: &mut World, steps: Vec<(bool, u8, u8)>) {
        for (is_comfyui, step, what) in steps {
            if is_comfyui { world.comfyui(step, what) } else { world.listener(step, what.into()) }
        }
    }

    proptest::proptest! {
        /// In whatever order ComfyUI, its rings and our questions follow each other: each run that was queued is recorded or
        /// told, to the run, with prompt_ids that are used again and entries that are deleted.
        #[test]
        fn every_run_is_recorded_or_told_and_none_is_told_that_was_recorded(before in steps(), after in steps()) {
            let mut world = World::default();
            before.into_iter().for_each(|(_, step, what)| world.comfyui(step, what));
            let queued_before = world.ids.len();
            world.connect();
            world.catch_up();
            play(&mut world, after);
            world.heard = world.rings.len();
            world.deal();
            world.settle();
            proptest::prop_assert_eq!(world.told, world.unrecorded(queued_before));
        }

        /// Of what is queued while we catch up, more can't be said than that nothing is told that was recorded.
        #[test]
        fn nothing_is_told_that_was_recorded_while_we_caught_up(before in steps(), during in steps(), after in steps()) {
            let mut world = World::default();
            before.into_iter().for_each(|(_, step, what)| world.comfyui(step, what));
            let queued_before = world.ids.len();
            world.connect();
            during.into_iter().for_each(|(_, step, what)| world.comfyui(step, what));
            let meanwhile = (world.ids.len() - queued_before) as u64;
            world.catch_up();
            play(&mut world, after);
            world.heard = world.rings.len();
            world.deal();
            world.settle();
            let unrecorded = world.unrecorded(queued_before);
            proptest::prop_assert!(world.told <= unrecorded && unrecorded <= world.told + meanwhile);
        }
    }
}
