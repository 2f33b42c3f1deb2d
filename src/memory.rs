//! What is held in memory only to answer faster: a value that goes when nobody has wanted it for a while, so that a daemon
//! with nothing to do is small, whatever it did before. Knows nothing of what is held.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long something may lie unused before it goes.
pub const UNUSED: Duration = Duration::from_secs(60);

/// How often is looked for what nobody wanted.
pub const ROUND: Duration = Duration::from_secs(30);

/// A value that can be had again, and when it was wanted last.
#[derive(Debug)]
pub struct Held<T>(Mutex<Slot<T>>);

#[derive(Debug)]
struct Slot<T> {
    value: T,
    used_at: Instant,
}

impl<T: Default> Default for Held<T> {
    fn default() -> Self {
        Self(Mutex::new(Slot { value: T::default(), used_at: Instant::now() }))
    }
}

impl<T: Default> Held<T> {
    /// Does something with it, while nobody else does; that counts as use.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.used_at = Instant::now();
        work(&mut slot.value)
    }

    /// Lets go of it if it wasn't used for so long.
    pub fn rest(&self, unused: Duration) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.used_at.elapsed() >= unused {
            let gone = std::mem::take(&mut slot.value);
            drop(slot);
            drop(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_wanted_for_a_while_goes_and_what_is_in_use_stays() {
        let held: Held<Vec<u8>> = Held::default();
        held.with(|value| value.push(1));
        held.rest(Duration::from_secs(3_600));
        assert_eq!(held.with(|value| value.len()), 1);
        held.rest(Duration::ZERO);
        assert_eq!(held.with(|value| value.capacity()), 0);
    }
}
