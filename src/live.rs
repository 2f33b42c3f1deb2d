//! What is going on right now, for pages that are open: a broadcast of what changed, and the health of each part.
//!
//! Nothing here is a record. Whoever falls behind is told so and reads the store again.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use crate::model::{Event, Health, InstanceName, StorageHealth, Timestamp, Trouble};

/// Events kept for a slow subscriber before it is told that it fell behind.
const BACKLOG: usize = 256;

/// Events kept for those who come back after their connection was lost.
const KEPT: usize = 1_024;

/// A handle to what is going on; clones share it.
#[derive(Debug, Clone)]
pub struct Live {
    events: broadcast::Sender<(Position, Event)>,
    now: Arc<Mutex<Now>>,
}

#[derive(Debug)]
struct Now {
    instances: BTreeMap<InstanceName, Health>,
    /// Who waits to write records and why, the first to come first.
    waiting: BTreeMap<u64, Trouble>,
    /// How many have waited.
    waited: u64,
    /// Why files can't be kept.
    files: Option<Trouble>,
    /// Whether there are files whose records are gone.
    is_orphaned: bool,
    position: Position,
    /// The last events, the newest last.
    kept: VecDeque<Event>,
}

/// How much was told by then: whoever is at the same position as we are has missed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Which run of the daemon: the millisecond of its start.
    life: i64,
    /// Events told in this life.
    told: u64,
}

impl fmt::Display for Position {
    /// `LIFE-TOLD`, for browsers to repeat.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.life, self.told)
    }
}

impl FromStr for Position {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (life, told) = text.split_once('-').ok_or(())?;
        Ok(Self { life: life.parse().map_err(drop)?, told: told.parse().map_err(drop)? })
    }
}

impl Now {
    fn storage(&self) -> StorageHealth {
        StorageHealth { records: self.waiting.values().next().cloned(), files: self.files.clone() }
    }
}

/// Somebody who waits until records can be written; over when it is dropped.
#[derive(Debug)]
pub struct DiskWait {
    live: Live,
    number: u64,
}

impl DiskWait {
    /// Why now, where that has changed.
    pub fn because(&self, why: Trouble) {
        self.live.change(|now| {
            now.waiting.insert(self.number, why);
        });
    }
}

impl Drop for DiskWait {
    fn drop(&mut self) {
        self.live.change(|now| {
            now.waiting.remove(&self.number);
        });
    }
}

impl Default for Live {
    fn default() -> Self {
        let now = Now {
            instances: BTreeMap::new(),
            waiting: BTreeMap::new(),
            waited: 0,
            files: None,
            is_orphaned: false,
            position: Position { life: Timestamp::now().as_millis(), told: 0 },
            kept: VecDeque::new(),
        };
        Self { events: broadcast::Sender::new(BACKLOG), now: Arc::new(Mutex::new(now)) }
    }
}

impl Live {
    /// Tells everyone who listens; nobody listening is fine.
    pub fn publish(&self, event: Event) {
        self.tell(&mut self.now(), event);
    }

    /// Hears every event from now on, each with the position behind it. `RecvError::Lagged` means: reload.
    pub fn subscribe(&self) -> (Position, broadcast::Receiver<(Position, Event)>) {
        let now = self.now();
        (now.position, self.events.subscribe())
    }

    /// The same for one who heard everything up to `after`, with what was told since; `None` where that isn't known.
    pub fn resume(&self, after: Position) -> (Option<Vec<Event>>, Position, broadcast::Receiver<(Position, Event)>) {
        let now = self.now();
        let missed = now.position.told.checked_sub(after.told).filter(|_| now.position.life == after.life);
        let missed = missed.and_then(|count| now.kept.len().checked_sub(usize::try_from(count).ok()?));
        (missed.map(|from| now.kept.range(from..).cloned().collect()), now.position, self.events.subscribe())
    }

    /// Hears every event from now on, for one that has read nothing before.
    pub fn events(&self) -> broadcast::Receiver<(Position, Event)> {
        self.events.subscribe()
    }

    /// Where we are. What is read from the store afterwards has everything that was told by then.
    pub fn position(&self) -> Position {
        self.now().position
    }

    /// Replaces what is known of an instance, and says so when it differs.
    pub fn set_health(&self, health: Health) {
        let mut now = self.now();
        let name = health.name.clone();
        let before = now.instances.insert(name.clone(), health.clone());
        if before.as_ref() != Some(&health) {
            self.tell(&mut now, Event::Instance { name });
        }
    }

    /// Every instance, by name.
    pub fn health(&self) -> Vec<Health> {
        self.now().instances.values().cloned().collect()
    }

    /// Notes that somebody waits to write records, and why, for as long as what it gives lives. What others write meanwhile
    /// doesn't end that: a small write may go through on a disk that has no room for a large one.
    pub fn wait_for_disk(&self, why: Trouble) -> DiskWait {
        let number = {
            let mut now = self.now();
            now.waited += 1;
            now.waited
        };
        self.change(|now| {
            now.waiting.insert(number, why);
        });
        DiskWait { live: self.clone(), number }
    }

    /// Notes whether files can be kept, or why not, and says so when it differs.
    pub fn set_files(&self, refused: Option<Trouble>) {
        self.change(|now| now.files = refused);
    }

    /// Notes whether the records of kept files are gone, and says so when that differs.
    pub fn set_orphaned(&self, is_orphaned: bool) {
        let mut now = self.now();
        if now.is_orphaned != is_orphaned {
            now.is_orphaned = is_orphaned;
            self.tell(&mut now, Event::Storage);
        }
    }

    /// Whether the records of kept files are gone.
    pub fn is_orphaned(&self) -> bool {
        self.now().is_orphaned
    }

    /// Whether what ComfyUI makes can be kept.
    pub fn storage(&self) -> StorageHealth {
        self.now().storage()
    }

    /// Changes what may concern the storage, and says so when that differs.
    fn change(&self, change: impl FnOnce(&mut Now)) {
        let mut now = self.now();
        let before = now.storage();
        change(&mut now);
        if now.storage() != before {
            self.tell(&mut now, Event::Storage);
        }
    }

    /// Under the lock, so that events are heard in the order of their positions.
    fn tell(&self, now: &mut Now, event: Event) {
        now.position.told += 1;
        if now.kept.len() == KEPT {
            now.kept.pop_front();
        }
        now.kept.push_back(event.clone());
        let _ = self.events.send((now.position, event));
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told_of_the_storage() {
        let live = Live::default();
        let (start, mut events) = live.subscribe();
        live.set_files(None);
        assert_eq!(live.position(), start);
        live.set_files(Some("full".into()));
        let (position, event) = events.try_recv().unwrap();
        assert_eq!((position, event), (live.position(), Event::Storage));
        assert_ne!(position, start);
        live.set_files(Some("full".into()));
        assert_eq!(live.position(), position);
    }

    #[test]
    fn records_are_refused_for_as_long_as_somebody_waits_to_write_one() {
        let live = Live::default();
        let first = live.wait_for_disk("full".into());
        let second = live.wait_for_disk("locked".into());
        assert_eq!(live.storage().records, Some("full".into()));
        drop(first);
        assert_eq!(live.storage().records, Some("locked".into()));
        second.because("full".into());
        live.set_files(Some("no rights".into()));
        drop(second);
        assert_eq!(live.storage(), StorageHealth { records: None, files: Some("no rights".into()) });
    }

    #[test]
    fn who_comes_back_hears_what_was_told_meanwhile_as_long_as_it_is_kept() {
        let live = Live::default();
        let start = live.position();
        assert_eq!(live.resume(start).0, Some(Vec::new()));
        live.publish(Event::Storage);
        let after_one = live.position();
        live.publish(Event::Instance { name: InstanceName::default() });
        assert_eq!(live.resume(start).0.map(|missed| missed.len()), Some(2));
        assert_eq!(live.resume(after_one).0, Some(vec![Event::Instance { name: InstanceName::default() }]));
        let ahead = Position { told: 3, ..after_one };
        let other = Position { life: 1, ..after_one };
        assert_eq!((live.resume(ahead).0, live.resume(other).0), (None, None));
        for _ in 0..KEPT {
            live.publish(Event::Storage);
        }
        assert_eq!((live.resume(after_one).0, live.resume(live.position()).0), (None, Some(Vec::new())));
    }

    #[test]
    fn a_position_reads_back_what_it_writes() {
        let position = Position { life: 1_795_168_752_094, told: 7 };
        assert_eq!(position.to_string().parse(), Ok(position));
        for text in ["", "-", "1", "1-", "a-1", "1--1", "1-1-1"] {
            assert_eq!(text.parse::<Position>(), Err(()), "{text}");
        }
    }
}
