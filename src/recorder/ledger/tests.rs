use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
            StatusBurst { count, queued: 0, before, after }.most_ended(),
            most,
            "{count} rings from {before} to {after}"
        );
    }
}

/// An answer that shows for the first time that a run started.
fn read(runs: u64, is_running: bool) -> QueueLedger {
    QueueLedger::known(0, false).read(runs, is_running, is_running)
}

fn knowledge(ledger: QueueLedger, rings: StatusBurst, known: usize, new: usize) -> QueueKnowledge {
    let mut ledger = ledger;
    ledger.rang(rings);
    ledger.ended(known, new);
    ledger.knowledge()
}

#[test]
fn starts_and_ends_need_no_question() {
    let rings = |count, before, after| StatusBurst { count, queued: 0, before, after };
    let started = QueueKnowledge::Exact { has_started: true };
    let waits = QueueKnowledge::Exact { has_started: false };
    assert_eq!(knowledge(QueueLedger::known(1, false), rings(1, 1, 1), 0, 0), started);
    assert_eq!(knowledge(QueueLedger::known(3, true), rings(1, 3, 2), 1, 0), waits);
    assert_eq!(knowledge(QueueLedger::known(3, true), rings(2, 3, 2), 1, 0), started);
    assert_eq!(knowledge(QueueLedger::known(3, true), rings(4, 3, 1), 2, 0), started);
    assert_eq!(knowledge(QueueLedger::known(0, false), rings(3, 0, 0), 0, 1), waits);
}

#[test]
fn rings_of_what_was_read_are_no_news() {
    let rings = |count, before, after| StatusBurst { count, queued: 0, before, after };
    let waits = QueueKnowledge::Exact { has_started: false };
    assert_eq!(knowledge(read(1, false), rings(1, 0, 1), 0, 0), waits, "queued");
    assert_eq!(knowledge(read(1, false), rings(1, 2, 1), 0, 0), waits, "taken out");
    assert_eq!(knowledge(read(1, false), rings(2, 0, 1), 0, 0), QueueKnowledge::Exact { has_started: true });
    assert_eq!(knowledge(read(2, true), rings(1, 2, 2), 0, 0), waits, "started, as was read");
    assert_eq!(knowledge(read(2, true), rings(2, 1, 2), 0, 0), waits, "queued, started, as was read");
    let mut two = read(2, false);
    two.rang(rings(1, 0, 1));
    two.rang(rings(1, 1, 2));
    assert_eq!(two.knowledge(), waits, "queued, queued, heard one by one");
}

#[test]
fn start_that_can_be_that_of_the_run_before_is_not_that_of_the_next() {
    let rings = |count, before, after| StatusBurst { count, queued: 0, before, after };
    let mut ledger = read(3, true);
    ledger.rang(rings(2, 3, 2));
    ledger.ended(1, 0);
    assert_eq!(ledger.knowledge(), QueueKnowledge::Unknown, "started and ended, or ended and the next started");
    ledger.rang(rings(1, 2, 2));
    assert_eq!(ledger.knowledge(), QueueKnowledge::Exact { has_started: true });
    let known = QueueLedger::known(3, true).read(3, true, false);
    assert_eq!(
        knowledge(known, rings(2, 3, 2), 1, 0),
        QueueKnowledge::Exact { has_started: true },
        "it had rung before"
    );
    let twice = read(3, true).read(3, true, false);
    assert_eq!(knowledge(twice, rings(2, 3, 2), 1, 0), QueueKnowledge::Unknown, "nothing rang between the two answers");
}

#[test]
fn a_queue_that_is_as_long_as_it_was_can_be_another() {
    let replaced = StatusBurst { count: 2, queued: 0, before: 2, after: 2 };
    assert_eq!(knowledge(QueueLedger::known(2, true), replaced, 0, 0), QueueKnowledge::Unknown);
    assert_eq!(knowledge(read(2, true), replaced, 0, 0), QueueKnowledge::Unknown);
    assert_eq!(
        knowledge(QueueLedger::known(0, false), StatusBurst { count: 1, queued: 0, before: 0, after: 1 }, 0, 0),
        QueueKnowledge::Unknown
    );
    // Two ended, one of them after the last of these rings.
    assert_eq!(
        knowledge(QueueLedger::known(3, true), StatusBurst { count: 3, queued: 0, before: 3, after: 1 }, 2, 0),
        QueueKnowledge::Exact { has_started: false }
    );
    let mut uncounted = QueueLedger::known(2, true);
    uncounted.lose_count();
    assert_eq!(
        knowledge(uncounted, StatusBurst { count: 1, queued: 0, before: 2, after: 1 }, 0, 0),
        QueueKnowledge::Unknown
    );
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

/// A listener that hears late, and asks when it has heard.
#[derive(Default)]
struct Line {
    comfy: Comfy,
    /// The lengths of the queue that rang and weren't heard yet; and of the last that was.
    on_their_way: VecDeque<u64>,
    heard: u64,
    /// Runs that are known to be open, with whether they are known to have started.
    open: BTreeMap<u32, bool>,
    ended: usize,
    ledger: Option<QueueLedger>,
}

impl Line {
    fn step(&mut self, step: u8) {
        let rings = self.comfy.rings;
        self.comfy.step(step);
        for _ in rings..self.comfy.rings {
            self.on_their_way.push_back(self.comfy.remaining());
        }
    }

    fn read(&mut self) {
        let running = self.comfy.running;
        let queue = self.comfy.waiting.iter().copied().chain(running);
        let has_started = running.is_some_and(|run| self.open.get(&run) != Some(&true));
        self.open = queue.map(|run| (run, Some(run) == running)).collect();
        self.ended = self.comfy.ended.len();
        let ledger = self.ledger.unwrap_or(QueueLedger::known(0, false));
        self.ledger = Some(ledger.read(self.comfy.remaining(), running.is_some(), has_started));
    }

    /// Hears so many rings at once; gives what is taken for the run that started.
    fn hear(&mut self, most: usize) -> Option<u32> {
        let heard: Vec<_> = self.on_their_way.drain(..most.min(self.on_their_way.len())).collect();
        let rings = StatusBurst { count: heard.len() as u64, queued: 0, before: self.heard, after: *heard.last()? };
        self.heard = rings.after;
        let mut ledger = self.ledger?;
        ledger.rang(rings);
        if rings.most_ended() > 0 {
            let ended = &self.comfy.ended[self.ended..];
            self.ended = self.comfy.ended.len();
            let known = ended.iter().filter(|run| self.open.remove(run).is_some()).count();
            ledger.ended(known, ended.len() - known);
        }
        self.ledger = Some(ledger);
        let QueueKnowledge::Exact { has_started } = ledger.knowledge() else { return None };
        if self.open.len() as u64 != rings.after {
            return None;
        }
        let starts = has_started && !self.open.values().any(|is_running| *is_running);
        let next = self.open.first_entry().filter(|_| starts).map(|mut next| {
            next.insert(true);
            *next.key()
        });
        self.ledger = Some(ledger.settled(self.open.values().any(|is_running| *is_running)));
        next
    }
}

proptest::proptest! {
    /// In whatever order runs are queued, start, ring and are read. They end while no ring is on its way: what else a
    /// queue did while it was read can't always be told from what it did afterwards, until it is read again.
    #[test]
    fn run_that_only_waits_is_never_said_to_have_started(steps in proptest::collection::vec((0_u8..3, 0_u8..3), 0..60)) {
        let mut line = Line::default();
        line.read();
        for (who, what) in steps {
            match who {
                0 if what == 2 && !line.on_their_way.is_empty() => {}
                0 => line.step(what),
                1 => {
                    let started = line.hear(usize::from(what) + 1);
                    proptest::prop_assert!(started.is_none_or(|run| !line.comfy.waiting.contains(&run)), "{:?}", line.comfy.waiting);
                }
                _ => line.read(),
            }
        }
    }

    /// Whatever happens: when the account says that the queue is known, it is, to the run.
    #[test]
    fn what_is_called_whole_is_whole(looks in proptest::collection::vec(proptest::collection::vec(0_u8..4, 0..6), 0..12)) {
        let mut comfy = Comfy::default();
        let mut ledger = QueueLedger::known(0, false);
        for steps in looks {
            let before = comfy.remaining();
            steps.into_iter().for_each(|step| comfy.step(step));
            let count = std::mem::take(&mut comfy.rings);
            ledger.rang(StatusBurst { count, queued: 0, before, after: comfy.remaining() });
            let ended = std::mem::take(&mut comfy.ended);
            let known = ended.iter().filter(|run| comfy.known.remove(run)).count();
            ledger.ended(known, ended.len() - known);
            if comfy.remaining() == 0 {
                comfy.known.clear();
            }
            if let QueueKnowledge::Exact { .. } = ledger.knowledge() {
                let queue: BTreeSet<_> = comfy.waiting.iter().copied().chain(comfy.running).collect();
                proptest::prop_assert_eq!(&comfy.known, &queue);
            } else {
                // Then the queue is read.
                comfy.known = comfy.waiting.iter().copied().chain(comfy.running).collect();
            }
            ledger = QueueLedger::known(comfy.remaining(), comfy.running.is_some());
        }
    }

    /// Runs that come one after the other cost one reading of the queue each, when they are queued.
    #[test]
    fn only_what_is_queued_or_taken_out_is_unclear(looks in proptest::collection::vec(proptest::collection::vec(1_u8..3, 0..6), 0..12)) {
        let mut comfy = Comfy { waiting: (0..20).collect(), known: (0..20).collect(), ..Comfy::default() };
        let mut ledger = QueueLedger::known(20, false);
        for steps in looks {
            let before = comfy.remaining();
            steps.into_iter().for_each(|step| comfy.step(step));
            ledger.rang(StatusBurst { count: std::mem::take(&mut comfy.rings), queued: 0, before, after: comfy.remaining() });
            ledger.ended(std::mem::take(&mut comfy.ended).len(), 0);
            let has_started = match ledger.knowledge() {
                QueueKnowledge::Exact { has_started } => has_started,
                QueueKnowledge::Unknown | QueueKnowledge::Changed => return Err(proptest::test_runner::TestCaseError::fail("unclear")),
            };
            proptest::prop_assert!(!has_started || comfy.running.is_some());
            ledger = QueueLedger::known(comfy.remaining(), comfy.running.is_some());
        }
    }
}
