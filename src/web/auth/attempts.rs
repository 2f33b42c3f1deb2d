//! How often an address may be wrong: a few times at once, then now and then. Bounded memory, whoever asks.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Attempts that an address may make at once.
const AT_ONCE: u32 = 10;

/// After so long, it may make one more.
const EACH: Duration = Duration::from_secs(20);

/// Addresses that are remembered.
const MOST: usize = 4096;

/// The addresses that were wrong lately.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<HashMap<IpAddr, Instant>>);

/// One attempt, which counts unless it is forgiven.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    attempts: &'a Attempts,
    address: IpAddr,
}

impl Attempts {
    /// Counts an attempt from that address.
    ///
    /// # Errors
    /// How many seconds it has to wait for the next one.
    pub(super) fn begin(&self, address: IpAddr, now: Instant) -> Result<Attempt<'_>, u64> {
        let address = whole(address);
        let mut settled = self.lock();
        // The moment at which all that was wrong is forgotten; it moves on by each attempt.
        let until = settled.get(&address).copied().filter(|until| *until > now).unwrap_or(now) + EACH;
        let wait = until.saturating_duration_since(now + EACH * AT_ONCE);
        if !wait.is_zero() {
            return Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        }
        if settled.len() >= MOST && !settled.contains_key(&address) {
            make_room(&mut settled, now);
        }
        settled.insert(address, until);
        Ok(Attempt { attempts: self, address })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// It was right.
    pub(super) fn forgive(&self) {
        if let Some(until) = self.attempts.lock().get_mut(&self.address) {
            *until = until.checked_sub(EACH).unwrap_or(*until);
        }
    }
}

/// Forgets who has waited long enough; and if nobody has, who has least to wait for.
fn make_room(settled: &mut HashMap<IpAddr, Instant>, now: Instant) {
    settled.retain(|_, until| *until > now);
    if settled.len() >= MOST
        && let Some(least) = settled.iter().min_by_key(|(_, until)| **until).map(|(address, _)| *address)
    {
        settled.remove(&least);
    }
}

/// Whose address it is: of IPv6, everybody has at least a /64 to himself.
fn whole(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_few_at_once_then_now_and_then() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        let here = address("192.0.2.7");
        for _ in 0..AT_ONCE {
            attempts.begin(here, start).unwrap();
        }
        assert_eq!(attempts.begin(here, start).unwrap_err(), EACH.as_secs());
        assert_eq!(attempts.begin(here, start + Duration::from_millis(500)).unwrap_err(), EACH.as_secs());
        assert!(attempts.begin(address("192.0.2.8"), start).is_ok(), "others aren't held up");
        attempts.begin(here, start + EACH).unwrap();
        assert!(attempts.begin(here, start + EACH).is_err());
        for _ in 0..AT_ONCE {
            attempts.begin(here, start + EACH * 100).unwrap();
        }
    }

    #[test]
    fn what_was_right_does_not_count() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..100 {
            attempts.begin(address("192.0.2.7"), now).unwrap().forgive();
        }
    }

    #[test]
    fn a_net_of_ipv6_is_one_address() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for host in 0..AT_ONCE {
            attempts.begin(address(&format!("2001:db8:0:1::{host:x}")), now).unwrap();
        }
        assert!(attempts.begin(address("2001:db8:0:1:ffff::1"), now).is_err());
        assert!(attempts.begin(address("2001:db8:0:2::1"), now).is_ok());
        assert_eq!(whole(address("::ffff:192.0.2.7")), address("192.0.2.7"));
    }

    #[test]
    fn memory_is_bounded_and_the_worst_stay_known() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let worst = address("192.0.2.7");
        for _ in 0..AT_ONCE {
            attempts.begin(worst, now).unwrap();
        }
        for net in 0..5_000_u16 {
            attempts.begin(address(&format!("2001:db8:0:{net:x}::1")), now).unwrap();
        }
        assert_eq!(attempts.lock().len(), MOST);
        assert!(attempts.begin(worst, now).is_err());
    }
}
