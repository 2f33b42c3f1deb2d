//! The times in which one instance isn't recorded: ComfyUI is away, or we didn't run. They are written down when they
//! begin, so that a crash in one doesn't hide it, and closed when all that can be read back was read back.
//!
//! A ComfyUI that comes back as another one may have made runs that nobody saw. Where it was left whole, and nothing tells of
//! anything since, it is taken to have made none: an evening and a morning are no news.

use std::path::Path;

use super::error::Error;
use super::evidence;
use super::restarts::Restarts;
use super::scribe::Scribe;
use crate::foreign;
use crate::model::{Cause, GapKind, GenerationId, Rest, Timestamp, Trouble};

/// A gap shorter than this in which nothing was missed isn't worth telling, in milliseconds.
const SHORT: i64 = 10_000;

/// How long after runs came and went unseen the next ones are told with them, in milliseconds.
const TOGETHER: i64 = 10 * 60 * 1000;

/// The open gaps of one instance.
#[derive(Debug)]
pub struct Gaps {
    scribe: Scribe,
    /// Since when ComfyUI isn't heard, and the cause that was written down.
    away: Option<(Timestamp, Option<Cause>)>,
    /// Whether it was seen to go: not, when it wasn't there any more when we began.
    was_seen_to_go: bool,
    /// From when until when we didn't run, as long as nobody knows what that cost.
    stopped: Option<(Timestamp, Timestamp)>,
    /// Where ComfyUI may have been restarted between two runs. As long as nobody knows, it is written down, too: whatever
    /// is recorded meanwhile, also by a catching up that is broken off, says nothing of the time before.
    restarts: Restarts,
    /// How ComfyUI was left, where it was left whole.
    rest: Option<Rest>,
    /// The last gap in which runs came and went unseen, and until when.
    unseen: Option<(i64, Timestamp)>,
}

impl Gaps {
    /// Takes up the gaps that an earlier daemon left open, and opens the one since it was last at work. An instance
    /// without any run had nothing to miss.
    pub async fn open(scribe: Scribe, last_at_work: Option<Timestamp>) -> Result<Self, Error> {
        let left_open = scribe.open_gaps().await?;
        let since = |kind: GapKind| left_open.iter().filter(|gap| gap.kind == kind).map(|gap| gap.started_at).min();
        let away = since(GapKind::ComfyuiAway).map(|since| (since, None));
        let (now, left_at) = (Timestamp::now(), since(GapKind::RecallStopped));
        let has_runs = scribe.newest_finished().await?.is_some() || !scribe.open_runs().await?.is_empty();
        let from = left_at.or(last_at_work.filter(|at| has_runs && *at < now));
        if let Some(from) = from {
            scribe.open_gap(GapKind::RecallStopped, from, None).await?;
        }
        let restarts = scribe.breaks().await?.into_iter().collect();
        let (stopped, was_seen_to_go) = (from.map(|from| (from, now)), away.is_some());
        let rest = scribe.rest().await?;
        let mut gaps = Self { scribe, away, was_seen_to_go, stopped, restarts, rest, unseen: None };
        if has_runs {
            let newest = gaps.scribe.newest_id().await?;
            gaps.broke(vec![newest]).await?;
        }
        Ok(gaps)
    }

    /// ComfyUI may have been restarted behind these runs. Behind none (0), as where no line was ever opened, nothing was known
    /// that could be gone.
    pub async fn broke(&mut self, mut behind: Vec<GenerationId>) -> Result<(), Error> {
        behind.retain(|id| id.0 > 0);
        let new = self.restarts.add(behind);
        if new.is_empty() { Ok(()) } else { self.scribe.note_breaks(new).await }
    }

    /// Where it may have been.
    pub fn restarts(&self) -> &Restarts {
        &self.restarts
    }

    /// When ComfyUI went away, if a daemon was there.
    pub fn away_since(&self) -> Option<Timestamp> {
        self.away.map(|(since, _)| since).filter(|_| self.was_seen_to_go)
    }

    /// When what is open began.
    pub fn since(&self) -> Option<Timestamp> {
        let (away, stopped) = (self.away.map(|(since, _)| since), self.stopped.map(|(since, _)| since));
        away.into_iter().chain(stopped).min()
    }

    /// ComfyUI was restarted in this time, and nobody heard of it.
    pub async fn was_away(&self, since: Timestamp) -> Result<(), Error> {
        self.scribe.open_gap(GapKind::ComfyuiAway, since, None).await?;
        self.scribe.close_gap(GapKind::ComfyuiAway, Timestamp::now(), true).await
    }

    /// So many runs came and went unseen since then.
    pub async fn unseen(&mut self, since: Timestamp, runs: u64) -> Result<(), Error> {
        let now = Timestamp::now();
        let with = self.unseen.filter(|(_, until)| now.as_millis() - until.as_millis() <= TOGETHER);
        let gap = self.scribe.note_unseen(with.map(|(gap, _)| gap), (since, now), runs).await?;
        self.unseen = Some((gap, now));
        Ok(())
    }

    /// Notes that ComfyUI isn't heard. Tries that fail for the same cause cost no write.
    pub async fn is_away(&mut self, since: Timestamp, why: &Trouble) -> Result<(), Error> {
        let since = match self.away {
            Some((_, Some(cause))) if cause == why.cause => return Ok(()),
            Some((before, _)) => before,
            None => {
                self.was_seen_to_go = self.stopped.is_none();
                since
            }
        };
        self.scribe.open_gap(GapKind::ComfyuiAway, since, Some(why.clone())).await?;
        self.away = Some((since, Some(why.cause)));
        Ok(())
    }

    /// Nothing waits or runs, and all that was made is recorded: so ComfyUI is left, as it went itself (`is_gone`) or as we
    /// go.
    pub async fn rests(&mut self, is_gone: bool, has_history: bool) -> Result<(), Error> {
        let rest = Rest { since: Timestamp::now(), is_gone, has_history, boot: evidence::boot() };
        self.rest = Some(rest.clone());
        self.scribe.note_rest(Some(rest)).await
    }

    /// Whether ComfyUI's history may hold what an earlier daemon recorded.
    pub fn may_have_history(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| rest.has_history)
    }

    /// Whether nothing speaks for runs that were made while we were stopped, though another ComfyUI is there now. It was left
    /// whole; since then, where we share its output folder, nothing was written there that isn't explained by runs that are
    /// recorded; else it had gone before us, or the machine was restarted.
    pub async fn has_nothing_missed(&self, output: Option<&Path>) -> Result<bool, Error> {
        let (Some(rest), true) = (&self.rest, self.stopped.is_some()) else { return Ok(false) };
        let (folder, since, until) =
            (output.map(Path::to_owned), rest.since, self.scribe.first_after(rest.since).await?);
        let looked = foreign::aside(move || {
            let folder = folder.filter(|folder| folder.is_dir())?;
            Some(evidence::may_be_written(&folder, since, until))
        });
        let Some(may_be_written) = looked.await.unwrap_or(Some(true)) else {
            return Ok(rest.is_gone || rest.boot.is_some() && rest.boot != evidence::boot());
        };
        tracing::debug!(%since, ?until, may_be_written, "looked for what was made while nobody listened");
        Ok(!may_be_written)
    }

    /// Forgets what is open: another ComfyUI is heard, and nothing was missed.
    pub async fn is_back_anew(&mut self) -> Result<(), Error> {
        let open = [self.away.map(|_| GapKind::ComfyuiAway), self.stopped.map(|_| GapKind::RecallStopped)];
        for kind in open.into_iter().flatten() {
            self.scribe.drop_gap(kind).await?;
        }
        self.is_heard().await
    }

    /// Closes what is open: ComfyUI is heard, and what it still tells was read.
    pub async fn is_back(&mut self, may_have_missed: bool) -> Result<(), Error> {
        let away = self.away.map(|(since, _)| (GapKind::ComfyuiAway, since, Timestamp::now()));
        let stopped = self.stopped.map(|(from, until)| (GapKind::RecallStopped, from, until));
        for (kind, from, until) in stopped.into_iter().chain(away) {
            if !may_have_missed && until.as_millis() - from.as_millis() < SHORT {
                self.scribe.drop_gap(kind).await?;
            } else {
                self.scribe.close_gap(kind, until, may_have_missed).await?;
            }
        }
        self.is_heard().await
    }

    async fn is_heard(&mut self) -> Result<(), Error> {
        (self.away, self.stopped) = (None, None);
        if self.rest.take().is_some() {
            self.scribe.note_rest(None).await?;
        }
        if self.restarts != Restarts::default() {
            self.restarts = Restarts::default();
            self.scribe.forget_breaks().await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::model::{Comfyui, Gap, InstanceName, PromptId, Status};
    use crate::store::{Save, Store};

    struct Fixture {
        store: Store,
        _folder: tempfile::TempDir,
    }

    impl Fixture {
        /// With one run.
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            let instance = store.instance(&InstanceName::default()).await.unwrap();
            let run = Save {
                started_at: Some(ago(7_200)),
                finished_at: Some(ago(7_190)),
                ..Save::new(PromptId::from("p"), Status::Completed, ago(7_200))
            };
            store.save(instance, &Comfyui::default(), vec![run]).await.unwrap();
            Self { store, _folder: folder }
        }

        async fn scribe(&self, instance: &str) -> Scribe {
            let name = instance.parse().unwrap();
            Scribe::open(self.store.clone(), self.store.live().clone(), name, CancellationToken::new()).await.unwrap()
        }

        async fn open(&self, last_at_work: Option<Timestamp>) -> Gaps {
            Gaps::open(self.scribe("default").await, last_at_work).await.unwrap()
        }

        async fn gaps(&self) -> Vec<(GapKind, Timestamp, bool, bool)> {
            let tell = |gap: Gap| (gap.kind, gap.started_at, gap.ended_at.is_some(), gap.may_have_missed);
            self.store.gaps(9).await.unwrap().into_iter().map(tell).collect()
        }
    }

    fn ago(seconds: i64) -> Timestamp {
        Timestamp::from_millis(Timestamp::now().as_millis() - seconds * 1_000)
    }

    #[tokio::test]
    async fn an_absence_is_told_while_it_lasts_and_afterwards_unless_it_was_short_and_cost_nothing() {
        let f = Fixture::new().await;
        let mut gaps = f.open(None).await;
        assert_eq!(f.gaps().await, []);
        let long = ago(60);
        gaps.is_away(long, &Cause::ConnectionClosed.into()).await.unwrap();
        gaps.is_away(ago(50), &Cause::NobodyAnswers.into()).await.unwrap();
        assert_eq!(f.gaps().await, [(GapKind::ComfyuiAway, long, false, false)]);
        assert_eq!(f.store.gaps(1).await.unwrap()[0].reason, Some(Cause::NobodyAnswers.into()));
        gaps.is_back(false).await.unwrap();
        let first = (GapKind::ComfyuiAway, long, true, false);
        assert_eq!(f.gaps().await, [first]);

        gaps.is_away(ago(5), &Cause::TimedOut.into()).await.unwrap();
        gaps.is_back(false).await.unwrap();
        assert_eq!(f.gaps().await, [first], "it was short");

        let costly = ago(5);
        gaps.is_away(costly, &Cause::TimedOut.into()).await.unwrap();
        gaps.is_back(true).await.unwrap();
        assert_eq!(f.gaps().await, [(GapKind::ComfyuiAway, costly, true, true), first]);
    }

    #[tokio::test]
    async fn the_time_since_a_daemon_was_last_at_work_is_a_gap_that_survives_a_crash() {
        let f = Fixture::new().await;
        let stopped = ago(600);
        drop(f.open(Some(stopped)).await);
        assert_eq!(f.gaps().await, [(GapKind::RecallStopped, stopped, false, false)]);
        // The one that found it crashed before ComfyUI was heard.
        let mut gaps = f.open(Some(ago(300))).await;
        gaps.is_back(false).await.unwrap();
        assert_eq!(f.gaps().await, [(GapKind::RecallStopped, stopped, true, false)]);
        let mut gaps = f.open(Some(ago(2))).await;
        gaps.is_back(false).await.unwrap();
        assert_eq!(f.gaps().await.len(), 1, "a restart of ours is short");
    }

    #[tokio::test]
    async fn an_absence_that_began_before_we_stopped_goes_on() {
        let f = Fixture::new().await;
        let away = ago(900);
        f.open(None).await.is_away(away, &Cause::NobodyAnswers.into()).await.unwrap();
        let mut gaps = f.open(Some(ago(600))).await;
        gaps.is_away(ago(1), &Cause::NobodyAnswers.into()).await.unwrap();
        gaps.is_back(false).await.unwrap();
        let told = f.gaps().await;
        assert_eq!((told[1], told.len()), ((GapKind::ComfyuiAway, away, true, false), 2));
        assert!(told.iter().all(|(_, _, has_ended, _)| *has_ended), "{told:?}");
    }

    #[tokio::test]
    async fn an_instance_without_runs_had_nothing_to_miss() {
        let f = Fixture::new().await;
        let gaps = Gaps::open(f.scribe("new").await, Some(ago(600))).await.unwrap();
        assert_eq!((gaps.stopped, f.gaps().await), (None, vec![]));
    }
}
