//! The password: compared by Argon2, which costs tens of milliseconds and megabytes on purpose. So it happens beside the
//! requests, a few at a time, and not for every request of a program that shows the password each time.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier as _};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::key::{SessionKey, is_same};
use crate::web::http::arrival::whole;

/// Passwords that are compared at the same time: 19 MiB each.
const TURNS: usize = 2;

/// Those that may wait for their turn.
const WAITING: usize = 16;

/// When to come back if too many wait.
pub(super) const BUSY_SECONDS: u64 = 2;

/// How long a password that was right needs no other look.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// Addresses from which it was right that are remembered.
const ADDRESSES: usize = 16;

/// Longer ones are no password.
const MOST_BYTES: usize = 1024;

/// The password's hash, and what was right lately.
pub(super) struct CheckedPassword {
    hash: Arc<str>,
    key: SessionKey,
    turns: Arc<Semaphore>,
    places: Semaphore,
    /// Keyed hashes of the password and who showed it, and until when each is good.
    known: Mutex<VecDeque<([u8; 32], Instant)>>,
}

impl CheckedPassword {
    pub(super) fn new(hash: String, key: &SessionKey) -> Self {
        let (turns, places) = (Arc::new(Semaphore::new(TURNS)), Semaphore::new(TURNS + WAITING));
        Self { hash: hash.into(), key: key.clone(), turns, places, known: Mutex::default() }
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

    /// Whether it was right a while ago, from there.
    pub(super) fn remembers(&self, given: &[u8], client: IpAddr) -> bool {
        let mark = self.mark(given, client);
        let is_good = |(known, until): &([u8; 32], Instant)| *until > Instant::now() && is_same(known, &mark);
        self.known().iter().any(is_good)
    }

    pub(super) fn remember(&self, given: &[u8], client: IpAddr) {
        let mut known = self.known();
        known.push_back((self.mark(given, client), Instant::now() + REMEMBERED));
        if known.len() > ADDRESSES {
            known.pop_front();
        }
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<([u8; 32], Instant)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self, given: &[u8], client: IpAddr) -> [u8; 32] {
        self.key.sign("password", &[given, whole(client).to_string().as_bytes()])
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
        let password = CheckedPassword::new(argon2("right"), &SessionKey::of_tests());
        assert_eq!((password.is(b"right").await, password.is(b"wrong").await), (Some(true), Some(false)));
        assert_eq!(password.is(&vec![b'a'; MOST_BYTES + 1]).await, Some(false));
        let [here, there] = [[192, 0, 2, 7], [192, 0, 2, 8]].map(IpAddr::from);
        assert!(!password.remembers(b"right", here));
        password.remember(b"right", here);
        assert!(password.remembers(b"right", here) && !password.remembers(b"wrong", here));
        assert!(!password.remembers(b"right", there), "who shows it elsewhere may be guessing");
        tokio::time::pause();
        tokio::time::advance(REMEMBERED).await;
        assert!(!password.remembers(b"right", here));
        for nth in 0..100 {
            password.remember(b"right", IpAddr::from([192, 0, 3, nth]));
        }
        assert_eq!(password.known().len(), ADDRESSES);
    }

    #[tokio::test]
    async fn no_more_wait_than_there_are_places() {
        let password = CheckedPassword::new(argon2("right"), &SessionKey::of_tests());
        // Nobody is done before all have asked.
        let held = password.turns.clone().acquire_many_owned(u32::try_from(TURNS).unwrap()).await.unwrap();
        let all = futures_util::future::join_all((0..WAITING + TURNS + 5).map(|_| password.is(b"right")));
        let (all, ()) = tokio::join!(all, async { drop(held) });
        assert_eq!(all.iter().filter(|is| is.is_none()).count(), 5);
        assert!(all.iter().flatten().all(|is| *is));
    }
}
