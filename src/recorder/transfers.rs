//! Files that are being fetched: a few at a time, so that ComfyUI isn't flooded. A slow one makes room for the next, and one
//! that is too slow to wait for is given up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

use crate::blobs::Progress;

/// Files at a time, but for those that stand aside.
const AT_ONCE: usize = 3;

/// Files at a time with those.
const MOST: usize = 12;

/// After so long a file stands aside.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often they are looked through.
pub const ROUND: Duration = Duration::from_secs(5);

/// The least that must come of a file: so many bytes in so long, a kilobyte a second.
const LEAST_BYTES: u64 = 300 * 1024;
const LEAST_WITHIN: Duration = Duration::from_secs(300);

/// Where all places are taken and others wait, one that won't be here within so long makes room.
const IN_SIGHT: Duration = Duration::from_secs(60 * 60);

/// So long a file may take at all.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The files in hand, and what comes of each.
pub struct Transfers<'f, T> {
    fetching: FuturesUnordered<BoxFuture<'f, (u64, T)>>,
    under_way: HashMap<u64, UnderWay>,
    taken: u64,
}

/// A file that is under way.
struct UnderWay {
    progress: Arc<Progress>,
    since: Instant,
    /// When it was last seen to come fast enough, and how far it was.
    moved: (Instant, u64),
}

impl<'f, T> Transfers<'f, T> {
    /// Nothing is in hand.
    pub fn new() -> Self {
        Self { fetching: FuturesUnordered::new(), under_way: HashMap::new(), taken: 0 }
    }

    pub fn are_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Whether there is a place for one more.
    pub fn have_place(&self) -> bool {
        let is_quick = |one: &&UnderWay| one.since.elapsed() < PATIENCE;
        self.under_way.len() < MOST && self.under_way.values().filter(is_quick).count() < AT_ONCE
    }

    /// Takes a file in hand; what fetches it ends early when `progress` is given up.
    pub fn take(&mut self, progress: Arc<Progress>, fetching: impl Future<Output = T> + Send + 'f) {
        self.taken += 1;
        let (number, now) = (self.taken, Instant::now());
        self.under_way.insert(number, UnderWay { progress, since: now, moved: (now, 0) });
        self.fetching.push(async move { (number, fetching.await) }.boxed());
    }

    /// What came of the next that is done; `None` when nothing is in hand. May be cancelled and called again.
    pub async fn next(&mut self) -> Option<T> {
        let (number, outcome) = self.fetching.next().await?;
        self.under_way.remove(&number);
        Some(outcome)
    }

    /// Gives up what stands aside and won't be here soon: what is in hand is to be finished.
    pub fn wind_up(&mut self, soon: Duration) {
        let now = Instant::now();
        let aside = self.under_way.values().filter(|one| one.since.elapsed() >= PATIENCE && !one.progress.is_here());
        aside.filter(|one| one.ends_in(now) > soon).for_each(|one| one.progress.give_up());
    }

    /// Gives up what isn't worth waiting for; `others_wait`: whether there are files without a place.
    pub fn review(&mut self, others_wait: bool) {
        let now = Instant::now();
        for one in self.under_way.values_mut().filter(|one| !one.progress.is_here()) {
            if one.is_too_slow(now) {
                one.progress.give_up();
            }
        }
        if others_wait && self.under_way.len() >= MOST {
            let aside =
                self.under_way.values().filter(|one| one.since.elapsed() >= PATIENCE && !one.progress.is_here());
            let farthest = aside.max_by_key(|one| one.ends_in(now)).filter(|one| one.ends_in(now) > IN_SIGHT);
            if let Some(farthest) = farthest {
                farthest.progress.give_up();
            }
        }
    }
}

impl UnderWay {
    fn is_too_slow(&mut self, now: Instant) -> bool {
        let (since, before) = self.moved;
        if now.duration_since(self.since) >= LONGEST {
            return true;
        }
        if now.duration_since(since) < LEAST_WITHIN {
            return false;
        }
        self.moved = (now, self.progress.came());
        self.progress.came() - before < LEAST_BYTES
    }

    /// When it will be here if it goes on like this.
    fn ends_in(&self, now: Instant) -> Duration {
        let (came, took) = (self.progress.came(), now.duration_since(self.since));
        match self.progress.left() {
            Some(left) if came > 0 => Duration::try_from_secs_f64(took.as_secs_f64() * left as f64 / came as f64),
            _ => Ok(Duration::MAX),
        }
        .unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    /// Takes a file that never ends by itself; gives its progress.
    fn endless(hands: &mut Transfers<'_, usize>, number: usize) -> Arc<Progress> {
        let progress = Arc::new(Progress::default());
        let waited = Arc::clone(&progress);
        hands.take(Arc::clone(&progress), async move {
            waited.given_up().await;
            number
        });
        progress
    }

    #[tokio::test(start_paused = true)]
    async fn files_that_take_long_stand_aside_for_the_next() {
        let mut hands = Transfers::new();
        let slow: Vec<_> = (0..3).map(|number| endless(&mut hands, number)).collect();
        assert!(!hands.have_place());
        advance(PATIENCE).await;
        assert!(hands.have_place());
        hands.take(Arc::default(), async { 7 });
        assert_eq!(hands.next().await, Some(7));
        hands.review(true);
        assert!(slow.iter().all(|progress| !progress.is_given_up()), "there are places enough");
        slow[1].give_up();
        assert_eq!(hands.next().await, Some(1));
        slow[2].expect(Some(100));
        slow[2].add(90);
        let quick = endless(&mut hands, 3);
        hands.wind_up(Duration::from_secs(10));
        assert_eq!(hands.next().await, Some(0));
        assert!(!slow[2].is_given_up() && !quick.is_given_up(), "they are finished before the end");
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_hardly_comes_is_given_up_and_one_that_comes_slowly_is_not() {
        let mut hands = Transfers::new();
        let (dripping, slow, here) = (endless(&mut hands, 1), endless(&mut hands, 2), endless(&mut hands, 3));
        here.arrived();
        for _ in 0..20 {
            advance(LEAST_WITHIN / 10).await;
            dripping.add(2);
            slow.add(60_000);
            hands.review(false);
        }
        assert!(dripping.is_given_up() && !slow.is_given_up() && !here.is_given_up());
        assert_eq!(hands.next().await, Some(1));
        advance(LONGEST).await;
        hands.review(false);
        assert!(slow.is_given_up(), "however fast it comes, some day it is enough");
    }

    #[tokio::test(start_paused = true)]
    async fn where_all_places_are_taken_the_one_without_an_end_makes_room() {
        let mut hands = Transfers::new();
        let mut files = Vec::new();
        for number in 0..12 {
            files.push(endless(&mut hands, number));
            files[number].expect((number != 5).then_some(100_000));
            advance(PATIENCE).await;
        }
        for file in &files {
            file.add(50_000);
        }
        assert!(!hands.have_place());
        hands.review(false);
        assert!(!files[5].is_given_up(), "nobody waits");
        hands.review(true);
        assert_eq!(hands.next().await, Some(5));
        hands.review(true);
        assert!(hands.have_place() && files.iter().filter(|file| file.is_given_up()).count() == 1);
    }
}
