//! What is going on right now, for pages that are open: a broadcast of what changed, and the health of each part.
//!
//! Nothing here is a record. Whoever falls behind is told so and reads the store again.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use crate::model::{Event, Health, InstanceName, StorageHealth};

/// Events kept for a slow subscriber before it is told that it fell behind.
const BACKLOG: usize = 256;

/// A handle to what is going on; clones share it.
#[derive(Debug, Clone)]
pub struct Live {
    events: broadcast::Sender<Event>,
    now: Arc<Mutex<Now>>,
}

#[derive(Debug, Default)]
struct Now {
    instances: BTreeMap<InstanceName, Health>,
    storage: StorageHealth,
}

impl Default for Live {
    fn default() -> Self {
        Self { events: broadcast::Sender::new(BACKLOG), now: Arc::default() }
    }
}

impl Live {
    /// Tells everyone who listens; nobody listening is fine.
    pub fn publish(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// Hears every event from now on. `RecvError::Lagged` means: reload.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Replaces what is known of an instance, and says so when it differs.
    pub fn set_health(&self, health: Health) {
        let name = health.name.clone();
        let before = self.now().instances.insert(name.clone(), health.clone());
        if before.as_ref() != Some(&health) {
            self.publish(Event::Instance { name });
        }
    }

    /// Every instance, by name.
    pub fn health(&self) -> Vec<Health> {
        self.now().instances.values().cloned().collect()
    }

    /// Notes whether the last write went through.
    pub fn set_storage(&self, storage: StorageHealth) {
        self.now().storage = storage;
    }

    /// Whether the last write went through.
    pub fn storage(&self) -> StorageHealth {
        self.now().storage.clone()
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
