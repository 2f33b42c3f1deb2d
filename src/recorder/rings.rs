//! What the doorbell tells without a question: how many runs can have ended, and whether all that rang is known. Pure.
//!
//! A run rings when it is queued (+1), when it starts (0) and when it ends (-1); taking runs out of the queue rings once.

/// The rings since the last look. They bound what can have happened, and often nothing needs to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rings {
    /// How many.
    pub count: u64,
    /// Runs that were queued: those by which the queue grew.
    pub queued: u64,
    /// `queue_remaining` before the first of them.
    pub before: u64,
    /// `queue_remaining` of the last.
    pub after: u64,
}

impl Rings {
    /// How many runs can have ended at the most.
    pub fn most_ended(self) -> u64 {
        let by_balance = if self.after >= self.before {
            self.count.saturating_sub(self.after - self.before) / 2
        } else {
            self.count.saturating_add(self.before - self.after) / 2
        };
        by_balance.min(self.count)
    }
}

/// Everything that rang since the queue was known whole, set against the runs that were found ended since.
///
/// A run that takes the place of another leaves the queue as long as it was, but two more rings than ends and starts
/// account for: then the queue has to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Runs in the queue when it was known whole.
    base: u64,
    was_running: bool,
    /// The queue was read, and nothing rang since: rings of what the answer showed can still be on their way.
    is_just_read: bool,
    /// The start that the answer showed can be among them. It leaves no other trace.
    late_starts: i128,
    rings: u64,
    after: u64,
    known_ended: u64,
    new_ended: u64,
    is_exact: bool,
}

/// What an account tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The queue holds the runs that are known to wait, and no other.
    Whole {
        /// Whether the last ring was the start of the next of them.
        has_started: bool,
    },
    /// Runs can have been queued or taken out.
    Unclear,
}

impl Account {
    /// The queue was read: it holds so many runs.
    pub fn read(runs: u64, is_running: bool) -> Self {
        Self { is_just_read: true, late_starts: i128::from(is_running), ..Self::known(runs, is_running) }
    }

    /// The queue is known to hold so many runs.
    pub fn known(runs: u64, is_running: bool) -> Self {
        Self {
            base: runs,
            was_running: is_running,
            is_just_read: false,
            late_starts: 0,
            rings: 0,
            after: runs,
            known_ended: 0,
            new_ended: 0,
            is_exact: true,
        }
    }

    /// It rang.
    pub fn rang(&mut self, rings: Rings) {
        let late = if self.is_just_read { rings.before.abs_diff(self.base) } else { 0 };
        self.is_just_read = false;
        self.rings = self.rings.saturating_add(rings.count.saturating_sub(late));
        self.after = rings.after;
    }

    /// Runs were found ended: `known` that were in the queue, `new` that weren't known.
    pub fn ended(&mut self, known: usize, new: usize) {
        self.known_ended = self.known_ended.saturating_add(known as u64);
        self.new_ended = self.new_ended.saturating_add(new as u64);
    }

    /// Runs ended, and nobody counted them.
    pub fn lose_count(&mut self) {
        self.is_exact = false;
    }

    /// Whether ends and starts account for all of it.
    pub fn told(self) -> Told {
        if self.after == 0 {
            return Told::Whole { has_started: false };
        }
        let is_as_long = i128::from(self.after) == i128::from(self.base) - i128::from(self.known_ended);
        match self.starts_to_come() {
            starts @ 0.. if self.is_exact && is_as_long && starts <= 1 + self.late_starts => {
                Told::Whole { has_started: starts > 0 }
            }
            _ => Told::Unclear,
        }
    }

    /// Rings beyond those of the runs that ended. One of those rang when it ended; when it was queued, if that wasn't
    /// known; and when it started, if it wasn't in progress before. What is left is the start of the next, or more.
    fn starts_to_come(self) -> i128 {
        let [rings, known, new] = [self.rings, self.known_ended, self.new_ended].map(i128::from);
        let (queued, ended) = (new, known + new);
        let started = ended - i128::from(self.was_running);
        rings - queued - ended - started
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rings_bound_how_many_runs_can_have_ended() {
        for (count, before, after, most) in [
            (1, 0, 1, 0),   // queued
            (2, 0, 1, 0),   // queued, started
            (1, 1, 1, 0),   // started
            (1, 1, 0, 1),   // ended, or taken out
            (3, 0, 0, 1),   // queued, started, ended
            (2, 5, 4, 1),   // ended, the next started
            (6, 0, 0, 3),   // three were queued and taken out, or two ran
            (1, 500, 1, 1), // cleared
        ] {
            assert_eq!(
                Rings { count, queued: 0, before, after }.most_ended(),
                most,
                "{count} rings from {before} to {after}"
            );
        }
    }

    fn told(account: Account, rings: Rings, known: usize, new: usize) -> Told {
        let mut account = account;
        account.rang(rings);
        account.ended(known, new);
        account.told()
    }

    #[test]
    fn starts_and_ends_need_no_question() {
        let rings = |count, before, after| Rings { count, queued: 0, before, after };
        let started = Told::Whole { has_started: true };
        let waits = Told::Whole { has_started: false };
        assert_eq!(told(Account::known(1, false), rings(1, 1, 1), 0, 0), started);
        assert_eq!(told(Account::known(3, true), rings(1, 3, 2), 1, 0), waits);
        assert_eq!(told(Account::known(3, true), rings(2, 3, 2), 1, 0), started);
        assert_eq!(told(Account::known(3, true), rings(4, 3, 1), 2, 0), started);
        assert_eq!(told(Account::known(0, false), rings(3, 0, 0), 0, 1), waits);
    }

    #[test]
    fn rings_of_what_was_read_are_no_news() {
        let rings = |count, before, after| Rings { count, queued: 0, before, after };
        let waits = Told::Whole { has_started: false };
        assert_eq!(told(Account::read(1, false), rings(1, 0, 1), 0, 0), waits, "queued");
        assert_eq!(told(Account::read(1, false), rings(1, 2, 1), 0, 0), waits, "taken out");
        assert_eq!(told(Account::read(1, false), rings(2, 0, 1), 0, 0), Told::Whole { has_started: true });
        assert_ne!(told(Account::read(2, true), rings(1, 2, 2), 0, 0), Told::Unclear, "started");
        assert_ne!(told(Account::read(2, true), rings(2, 1, 2), 0, 0), Told::Unclear, "queued, started");
    }

    #[test]
    fn a_queue_that_is_as_long_as_it_was_can_be_another() {
        let replaced = Rings { count: 2, queued: 0, before: 2, after: 2 };
        assert_eq!(told(Account::known(2, true), replaced, 0, 0), Told::Unclear);
        assert_eq!(told(Account::read(2, true), replaced, 0, 0), Told::Unclear);
        assert_eq!(
            told(Account::known(0, false), Rings { count: 1, queued: 0, before: 0, after: 1 }, 0, 0),
            Told::Unclear
        );
        // Two ended, one of them after the last of these rings.
        assert_eq!(
            told(Account::known(3, true), Rings { count: 3, queued: 0, before: 3, after: 1 }, 2, 0),
            Told::Whole { has_started: false }
        );
        let mut uncounted = Account::known(2, true);
        uncounted.lose_count();
        assert_eq!(told(uncounted, Rings { count: 1, queued: 0, before: 2, after: 1 }, 0, 0), Told::Unclear);
    }

    /// A queue that does what ComfyUI's does, and what a listener knows of it.
    #[derive(Default)]
    struct Comfy {
        running: Option<u32>,
        waiting: BTreeSet<u32>,
        next: u32,
        known: BTreeSet<u32>,
        ended: Vec<u32>,
        rings: u64,
    }

    impl Comfy {
        fn remaining(&self) -> u64 {
            self.waiting.len() as u64 + u64::from(self.running.is_some())
        }

        fn step(&mut self, step: u8) {
            match step % 4 {
                0 => {
                    self.waiting.insert(self.next);
                    self.next += 1;
                }
                1 if self.running.is_none() && !self.waiting.is_empty() => self.running = self.waiting.pop_first(),
                2 if self.running.is_some() => self.ended.extend(self.running.take()),
                3 if !self.waiting.is_empty() => {
                    self.waiting.pop_last();
                }
                _ => return,
            }
            self.rings += 1;
        }
    }

    proptest::proptest! {
        /// Whatever happens: when the account says that the queue is known, it is, to the run.
        #[test]
        fn what_is_called_whole_is_whole(looks in proptest::collection::vec(proptest::collection::vec(0_u8..4, 0..6), 0..12)) {
            let mut comfy = Comfy::default();
            let mut account = Account::known(0, false);
            for steps in looks {
                let before = comfy.remaining();
                steps.into_iter().for_each(|step| comfy.step(step));
                let count = std::mem::take(&mut comfy.rings);
                account.rang(Rings { count, queued: 0, before, after: comfy.remaining() });
                let ended = std::mem::take(&mut comfy.ended);
                let known = ended.iter().filter(|run| comfy.known.remove(run)).count();
                account.ended(known, ended.len() - known);
                if comfy.remaining() == 0 {
                    comfy.known.clear();
                }
                if let Told::Whole { .. } = account.told() {
                    let queue: BTreeSet<_> = comfy.waiting.iter().copied().chain(comfy.running).collect();
                    proptest::prop_assert_eq!(&comfy.known, &queue);
                } else {
                    // Then the queue is read.
                    comfy.known = comfy.waiting.iter().copied().chain(comfy.running).collect();
                }
                account = Account::known(comfy.remaining(), comfy.running.is_some());
            }
        }

        /// Runs that come one after the other cost one reading of the queue each, when they are queued.
        #[test]
        fn only_what_is_queued_or_taken_out_is_unclear(looks in proptest::collection::vec(proptest::collection::vec(1_u8..3, 0..6), 0..12)) {
            let mut comfy = Comfy { waiting: (0..20).collect(), known: (0..20).collect(), ..Comfy::default() };
            let mut account = Account::known(20, false);
            for steps in looks {
                let before = comfy.remaining();
                steps.into_iter().for_each(|step| comfy.step(step));
                account.rang(Rings { count: std::mem::take(&mut comfy.rings), queued: 0, before, after: comfy.remaining() });
                account.ended(std::mem::take(&mut comfy.ended).len(), 0);
                let has_started = match account.told() {
                    Told::Whole { has_started } => has_started,
                    Told::Unclear => return Err(proptest::test_runner::TestCaseError::fail("unclear")),
                };
                proptest::prop_assert!(!has_started || comfy.running.is_some());
                account = Account::known(comfy.remaining(), comfy.running.is_some());
            }
        }
    }
}
