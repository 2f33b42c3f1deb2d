//! How often an address may be wrong: a few times at once, then now and then. Bounded memory, whoever asks.
//!
//! What a proxy says of its visitors may be made up: a browser on the proxy's machine is a peer like the proxy itself, and one
//! of several proxies may pass on what it was sent. So a trusted proxy is counted too, more generously, as many speak
//! through it: who is at another address each time comes to the end of what all of them have together.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::web::http::arrival::{Arrival, whole};

/// What an address may try.
#[derive(Debug, Clone, Copy)]
struct Rate {
    at_once: u32,
    /// After so long, once more.
    each: Duration,
}

/// Of one visitor.
const VISITOR: Rate = Rate { at_once: 10, each: Duration::from_secs(20) };

/// Of all visitors of one proxy: one of them alone, at a single address, can't use it up.
const PROXY: Rate = Rate { at_once: 30, each: Duration::from_secs(5) };

/// What is refused of one visitor before nothing is looked at any more: not even a password that was right from there a
/// moment ago, or whoever is refused could find it out by being let in.
const REFUSED: Rate = Rate { at_once: 60, each: Duration::from_secs(5) };

/// Addresses that are remembered.
const MOST: usize = 4096;

/// The addresses that were wrong lately.
#[derive(Debug)]
pub(super) struct Attempts {
    visitors: Ledger,
    proxies: Ledger,
    refused: Ledger,
}

/// Those of one kind.
#[derive(Debug)]
struct Ledger {
    rate: Rate,
    /// The moment at which all that was wrong is forgotten; it moves on by each attempt.
    settled: Mutex<HashMap<IpAddr, Instant>>,
}

#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// The machine that asks.
    pub client: IpAddr,
    /// The trusted proxy that says so.
    pub proxy: Option<IpAddr>,
}

impl From<&Arrival> for Caller {
    fn from(arrival: &Arrival) -> Self {
        Self { client: arrival.client, proxy: arrival.proxy }
    }
}

/// One attempt, which counts unless it is forgiven.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    attempts: &'a Attempts,
    caller: Caller,
}

impl Default for Attempts {
    fn default() -> Self {
        Self { visitors: Ledger::new(VISITOR), proxies: Ledger::new(PROXY), refused: Ledger::new(REFUSED) }
    }
}

impl Attempts {
    /// Counts an attempt.
    ///
    /// # Errors
    /// How many seconds it has to wait for the next one.
    pub(super) fn begin(&self, caller: Caller, now: Instant) -> Result<Attempt<'_>, u64> {
        let counted = self.count(caller, now);
        if counted.is_err() {
            // However many there were: a sum that is full stays full.
            let _ = self.refused.count(caller.client, now);
        }
        counted.map(|()| Attempt { attempts: self, caller })
    }

    /// How many seconds it has to wait until anything is looked at, where so much was refused that nothing is.
    pub(super) fn is_shut(&self, caller: Caller, now: Instant) -> Option<u64> {
        let wait = self.refused.count(caller.client, now).err();
        if wait.is_none() {
            self.refused.forgive(caller.client);
        }
        wait
    }

    fn count(&self, caller: Caller, now: Instant) -> Result<(), u64> {
        self.visitors.count(caller.client, now)?;
        if let Some(proxy) = caller.proxy
            && let Err(wait) = self.proxies.count(proxy, now)
        {
            self.visitors.forgive(caller.client);
            return Err(wait);
        }
        Ok(())
    }
}

impl Attempt<'_> {
    /// It was right.
    pub(super) fn forgive(&self) {
        self.attempts.visitors.forgive(self.caller.client);
        if let Some(proxy) = self.caller.proxy {
            self.attempts.proxies.forgive(proxy);
        }
    }
}

impl Ledger {
    fn new(rate: Rate) -> Self {
        Self { rate, settled: Mutex::default() }
    }

    fn count(&self, address: IpAddr, now: Instant) -> Result<(), u64> {
        let (address, Rate { at_once, each }) = (whole(address), self.rate);
        let mut settled = self.lock();
        let until = settled.get(&address).copied().filter(|until| *until > now).unwrap_or(now) + each;
        let wait = until.saturating_duration_since(now + each * at_once);
        if !wait.is_zero() {
            return Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
        }
        if settled.len() >= MOST && !settled.contains_key(&address) {
            make_room(&mut settled, now);
        }
        settled.insert(address, until);
        Ok(())
    }

    fn forgive(&self, address: IpAddr) {
        if let Some(until) = self.lock().get_mut(&whole(address)) {
            *until = until.checked_sub(self.rate.each).unwrap_or(*until);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn from(client: &str) -> Caller {
        Caller { client: client.parse().unwrap(), proxy: None }
    }

    fn through_a_proxy(client: &str) -> Caller {
        Caller { proxy: Some(IpAddr::from([127, 0, 0, 1])), ..from(client) }
    }

    #[test]
    fn a_few_at_once_then_now_and_then() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        let (here, Rate { at_once, each }) = (from("192.0.2.7"), VISITOR);
        for _ in 0..at_once {
            attempts.begin(here, start).unwrap();
        }
        assert_eq!(attempts.begin(here, start).unwrap_err(), each.as_secs());
        assert_eq!(attempts.begin(here, start + Duration::from_millis(500)).unwrap_err(), each.as_secs());
        assert!(attempts.begin(from("192.0.2.8"), start).is_ok(), "others aren't held up");
        attempts.begin(here, start + each).unwrap();
        assert!(attempts.begin(here, start + each).is_err());
        for _ in 0..at_once {
            attempts.begin(here, start + each * 100).unwrap();
        }
    }

    #[test]
    fn what_was_right_does_not_count() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..100 {
            attempts.begin(from("192.0.2.7"), now).unwrap().forgive();
            attempts.begin(through_a_proxy("192.0.2.8"), now).unwrap().forgive();
        }
    }

    #[test]
    fn whoever_is_at_another_address_each_time_is_held_up_at_the_proxy() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let tried = (0..200).filter(|nth| attempts.begin(through_a_proxy(&format!("10.0.0.{nth}")), now).is_ok());
        assert_eq!(tried.count(), 30);
        assert!(attempts.begin(from("10.0.0.1"), now).is_ok(), "who comes straight isn't held up");
        assert!(attempts.begin(through_a_proxy("10.0.0.1"), now + PROXY.each).is_ok());
    }

    #[test]
    fn one_address_behind_a_proxy_holds_up_nobody_else_there() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let tried = (0..200).filter(|_| attempts.begin(through_a_proxy("192.0.2.7"), now).is_ok());
        assert_eq!(tried.count(), 10);
        assert!(attempts.begin(through_a_proxy("192.0.2.8"), now).is_ok());
    }

    #[test]
    fn whoever_goes_on_though_refused_is_shut_out_for_a_while() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let here = from("192.0.2.7");
        let refused = VISITOR.at_once + REFUSED.at_once;
        for nth in 0..refused {
            assert_eq!(attempts.is_shut(here, now), None, "{nth}");
            let _ = attempts.begin(here, now);
        }
        assert_eq!(attempts.is_shut(here, now), Some(REFUSED.each.as_secs()));
        assert_eq!(attempts.is_shut(from("192.0.2.8"), now), None);
        assert_eq!(attempts.is_shut(here, now + REFUSED.each), None);
    }

    #[test]
    fn a_net_of_ipv6_is_one_address() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for host in 0..VISITOR.at_once {
            attempts.begin(from(&format!("2001:db8:0:1::{host:x}")), now).unwrap();
        }
        assert!(attempts.begin(from("2001:db8:0:1:ffff::1"), now).is_err());
        assert!(attempts.begin(from("2001:db8:0:2::1"), now).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_the_worst_stay_known() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        let worst = from("192.0.2.7");
        for _ in 0..VISITOR.at_once {
            attempts.begin(worst, now).unwrap();
        }
        for net in 0..5_000_u16 {
            attempts.begin(from(&format!("2001:db8:0:{net:x}::1")), now).unwrap();
        }
        assert_eq!(attempts.visitors.lock().len(), MOST);
        assert!(attempts.begin(worst, now).is_err());
    }
}
