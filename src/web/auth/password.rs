//! The password: compared by Argon2, which costs tens of milliseconds and megabytes on purpose. So it happens beside the
//! requests, a few at a time, and not for every request of a program that shows the password each time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier as _};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::is_same;
use super::key::SessionKey;

/// Passwords that are compared at the same time: 19 MiB each.
const TURNS: usize = 2;

/// Those that may wait for their turn.
const WAITING: usize = 16;

/// When to come back if too many wait.
pub(super) const BUSY_SECONDS: u64 = 2;

/// How long a password that was right needs no other look.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// Longer ones are no password.
const MOST_BYTES: usize = 1024;

/// The password's hash, and what was right lately.
pub(super) struct Password {
    hash: Arc<str>,
    key: SessionKey,
    turns: Arc<Semaphore>,
    places: Semaphore,
    /// A keyed hash of the password, and until when it is good.
    known: Mutex<Option<([u8; 32], Instant)>>,
}

impl Password {
    pub(super) fn new(hash: String, key: &SessionKey) -> Self {
        let (turns, places) = (Arc::new(Semaphore::new(TURNS)), Semaphore::new(TURNS + WAITING));
        Self { hash: hash.into(), key: key.clone(), turns, places, known: Mutex::default() }
    }

    /// What sessions are bound to.
    pub(super) fn hash(&self) -> &str {
        &self.hash
    }

    /// Whether it is this one; `None` when too many are asked for at once.
    pub(super) async fn is(&self, given: &[u8]) -> Option<bool> {
        if given.len() > MOST_BYTES {
            return Some(false);
        }
        let _place = self.places.try_acquire().ok()?;
        // Held by the work itself: it goes on when its client leaves.
        let turn = self.turns.clone().acquire_owned().await.ok()?;
        let (hash, given) = (self.hash.clone(), given.to_owned());
        let compared = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let hash = PasswordHash::new(&hash);
            hash.is_ok_and(|hash| Argon2::default().verify_password(&given, &hash).is_ok())
        });
        compared.await.ok()
    }

    /// Whether it was right a while ago.
    pub(super) fn remembers(&self, given: &[u8]) -> bool {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.is_some_and(|(known, until)| until > Instant::now() && is_same(&known, &self.mark(given)))
    }

    pub(super) fn remember(&self, given: &[u8]) {
        let known = Some((self.mark(given), Instant::now() + REMEMBERED));
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }

    fn mark(&self, given: &[u8]) -> [u8; 32] {
        self.key.sign("password", &[given])
    }
}

/// The password of Basic credentials, whoever the user is.
pub(super) fn of_basic(credentials: &str) -> Option<Vec<u8>> {
    let pair = BASE64_STANDARD.decode(credentials).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    Some(pair[colon + 1..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::testing::argon2;

    #[tokio::test]
    async fn a_password_that_was_right_is_known_for_a_while() {
        let password = Password::new(argon2("right"), &SessionKey::of_tests());
        assert_eq!((password.is(b"right").await, password.is(b"wrong").await), (Some(true), Some(false)));
        assert_eq!(password.is(&vec![b'a'; MOST_BYTES + 1]).await, Some(false));
        assert!(!password.remembers(b"right"));
        password.remember(b"right");
        assert!(password.remembers(b"right") && !password.remembers(b"wrong"));
        tokio::time::pause();
        tokio::time::advance(REMEMBERED).await;
        assert!(!password.remembers(b"right"));
    }

    #[tokio::test]
    async fn no_more_wait_than_there_are_places() {
        let password = Password::new(argon2("right"), &SessionKey::of_tests());
        // Nobody is done before all have asked.
        let held = password.turns.clone().acquire_many_owned(u32::try_from(TURNS).unwrap()).await.unwrap();
        let all = futures_util::future::join_all((0..WAITING + TURNS + 5).map(|_| password.is(b"right")));
        let (all, ()) = tokio::join!(all, async { drop(held) });
        assert_eq!(all.iter().filter(|is| is.is_none()).count(), 5);
        assert!(all.iter().flatten().all(|is| *is));
    }
}
