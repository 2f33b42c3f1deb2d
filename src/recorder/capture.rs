//! The files of recorded runs: every one that is `pending` is fetched until it is `stored` or `missing`, also after a
//! restart. The store knows what is to be done; nothing here is lost with the process.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use super::error::Error;
use super::fetch::{self, Fetcher, Sought};
use super::readings::{self, RunTime};
use super::scribe::Scribe;
use super::transfers::{self, Transfers};
use crate::blobs::Progress;
use crate::comfy::Refusal;
use crate::intake;
use crate::metrics::Metrics;
use crate::model::{Cause, FileRef, Folder, Role, Timestamp, Trouble};
use crate::pace::{Backoff, jittered};
use crate::store::{AttachmentKey, Fetched, Phase, Sighting, WantedFile};

/// Files looked up at a time.
const BATCH: u32 = 48;

/// Files that may wait to be written down together.
const FETCHED: usize = 64;

/// How long after a failure a file is tried again.
const RETRY: Backoff = Backoff::new(Duration::from_secs(5), Duration::from_secs(15 * 60));

/// What slow files have at the end of the daemon; half a file is fetched again at the next start.
const LAST_FILES: Duration = Duration::from_secs(8);

/// A file that was too slow or too large comes again as if it had failed so often: after three minutes at first.
const HEAVY: u32 = 5;

/// How often ComfyUI may fail at a file before that is all it will ever do: it fails so at a drive that isn't its own.
const SERVER_FAILURES: u32 = 3;

/// The longest name that a filesystem takes, in bytes.
const LONGEST_NAME: usize = 255;

/// How much later than the end of its run a file may have been written and still be that run's, in milliseconds.
const CLOCK_SLACK: i64 = 2000;

/// What became of a file.
struct Settled {
    key: AttachmentKey,
    outcome: Fetched,
    /// When its run ended.
    finished_at: Option<Timestamp>,
}

impl Settled {
    /// When the run of a file ended that is safe now.
    fn safe_after(&self) -> Option<Timestamp> {
        self.finished_at.filter(|_| matches!(self.outcome, Fetched::Stored(_) | Fetched::Found(..)))
    }
}

/// How long after a run others are looked for that wrote a file of the same name, in milliseconds: a week. Every run of
/// that time is looked at.
const LONGEST_LOOK: i64 = 7 * 24 * 60 * 60 * 1000;

/// Fetches files for one instance.
#[derive(Debug)]
pub struct Capture {
    /// Who writes down what became of them.
    scribe: Scribe,
    /// Hears how soon files are safe.
    metrics: Metrics,
    fetcher: Arc<Fetcher>,
    /// Rung when runs with files were recorded.
    wanted: Arc<Notify>,
    /// Rung when ComfyUI is reachable again: what waits for its next try is tried at once.
    reachable: Arc<Notify>,
    /// Files that are being fetched, or were and are being written down. The store still says that they are wanted.
    unsettled: Mutex<HashSet<AttachmentKey>>,
    /// Since when we are here: how soon older files came says nothing.
    started_at: Timestamp,
}

impl Capture {
    /// Has nothing in hand.
    pub fn new(
        scribe: Scribe,
        metrics: Metrics,
        fetcher: Arc<Fetcher>,
        wanted: Arc<Notify>,
        reachable: Arc<Notify>,
    ) -> Self {
        Self { scribe, metrics, fetcher, wanted, reachable, unsettled: Mutex::default(), started_at: Timestamp::now() }
    }

    /// Works until `shutdown`; the files in hand are finished. While some are written down, others are fetched, so that
    /// a thousand small files don't wait for a thousand commits.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), Error> {
        let (fetched, arriving) = mpsc::channel(FETCHED);
        tokio::try_join!(self.fetch_wanted(fetched, shutdown), self.settle_fetched(arriving))?;
        Ok(())
    }

    async fn fetch_wanted(&self, fetched: mpsc::Sender<Settled>, shutdown: CancellationToken) -> Result<(), Error> {
        let mut waiting = VecDeque::new();
        let mut in_hand = Transfers::new();
        let mut rounds = interval(transfers::ROUND);
        let mut may_have_more = true;
        let mut room = self.fetcher.room();
        while !shutdown.is_cancelled() {
            if waiting.is_empty() && may_have_more {
                waiting.extend(self.scribe.wanted_files(Timestamp::now(), BATCH).await?);
                waiting.retain(|file: &WantedFile| !self.unsettled().contains(&file.key));
                may_have_more = !waiting.is_empty();
            }
            while in_hand.have_place()
                && let Some(file) = waiting.pop_front()
            {
                self.unsettled().insert(file.key);
                let progress = Arc::new(Progress::default());
                in_hand.take(Arc::clone(&progress), self.fetch(file, progress));
            }
            let rest = if may_have_more { RETRY.longest() } else { self.rest().await? };
            tokio::select! {
                Some(outcome) = in_hand.next() => {
                    let _ = fetched.send(outcome?).await;
                }
                () = self.wanted.notified() => may_have_more = true,
                () = self.reachable.notified() => {
                    self.scribe.retry_files().await?;
                    may_have_more = true;
                }
                Ok(()) = room.changed() => {
                    // What was refused need not wait for its turn.
                    let has_room = room.borrow_and_update().is_none();
                    if has_room {
                        self.scribe.retry_files().await?;
                        may_have_more = true;
                    }
                }
                _ = rounds.tick(), if !in_hand.are_empty() => in_hand.review(!waiting.is_empty()),
                () = tokio::time::sleep(rest) => may_have_more = true,
                () = shutdown.cancelled() => {}
            }
        }
        in_hand.wind_up(LAST_FILES);
        while let Some(outcome) = in_hand.next().await {
            let _ = fetched.send(outcome?).await;
        }
        Ok(())
    }

    async fn settle_fetched(&self, mut arriving: mpsc::Receiver<Settled>) -> Result<(), Error> {
        let mut settled = Vec::new();
        while arriving.recv_many(&mut settled, FETCHED).await > 0 {
            let ended: Vec<_> =
                settled.iter().filter_map(Settled::safe_after).filter(|at| *at >= self.started_at).collect();
            let settled: Vec<_> = settled.drain(..).map(|settled| (settled.key, settled.outcome)).collect();
            let keys: Vec<_> = settled.iter().map(|(key, _)| *key).collect();
            self.scribe.settle(settled).await?;
            self.unsettled().retain(|key| !keys.contains(key));
            let now = Timestamp::now().as_millis();
            for at in ended {
                let millis = u64::try_from(now - at.as_millis()).unwrap_or(0);
                self.metrics.captured(self.scribe.name(), Duration::from_millis(millis));
            }
            self.wanted.notify_one();
        }
        Ok(())
    }

    fn unsettled(&self) -> MutexGuard<'_, HashSet<AttachmentKey>> {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long until a file is due.
    async fn rest(&self) -> Result<Duration, Error> {
        let due = self.scribe.next_wanted_at().await?.map(|at| at.as_millis() - Timestamp::now().as_millis());
        // A file in hand is due all the time; it will say by itself when it is done.
        let rest = due.map_or(RETRY.longest(), |millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0)));
        Ok(rest.clamp(Duration::from_secs(1), RETRY.longest()))
    }

    /// What became of a file.
    async fn fetch(&self, wanted: WantedFile, progress: Arc<Progress>) -> Result<Settled, Error> {
        let (role, told) = (wanted.key.role, wanted.told.as_deref());
        let outcome = match self.fetcher.fetch(&wanted.file, role, told, &progress).await {
            Ok(Sought::Found(place, fetched)) if role == Role::Input => {
                self.fetcher.note_version(&place, &fetched);
                let at_start = wanted.started_at.and_then(|start| self.fetcher.version_at(&place, start));
                seen(&wanted, fetched, at_start)
            }
            Ok(Sought::Found(_, fetched)) if self.is_of_a_later_run(&wanted, fetched.modified_at).await? => {
                Fetched::Missing(Cause::Overwritten.into())
            }
            Ok(Sought::Found(place, fetched)) if told.is_some() => Fetched::Found(place, fetched.blob),
            Ok(Sought::Found(_, fetched)) => Fetched::Stored(fetched.blob),
            Ok(Sought::Nowhere(refusal)) => nowhere(&wanted, refusal),
            Err(error) if error.is_of_the_server() && wanted.attempts + 1 >= SERVER_FAILURES => keeps_failing(&wanted),
            Err(error) => {
                tracing::debug!(file = ?wanted.file.filename, %error, "not fetched yet");
                let heavy = if error.is_of_the_file() { HEAVY } else { 0 };
                Fetched::Later(error.trouble(), retry_at(wanted.attempts.saturating_add(heavy), Timestamp::now()))
            }
        };
        Ok(Settled { key: wanted.key, outcome, finished_at: wanted.finished_at })
    }

    /// Whether the bytes are those of a later run that wrote a file of the same name. A file that only looks young,
    /// because it was copied or touched, is still this run's.
    async fn is_of_a_later_run(&self, wanted: &WantedFile, modified_at: Option<Timestamp>) -> Result<bool, Error> {
        let (Some(modified), Some(finished)) = (modified_at, wanted.finished_at) else { return Ok(false) };
        if modified.as_millis() <= finished.as_millis() + CLOCK_SLACK {
            return Ok(false);
        }
        let until = (modified.as_millis() + CLOCK_SLACK).min(finished.as_millis() + LONGEST_LOOK);
        let until = Timestamp::from_millis(until);
        self.scribe.is_named_later(wanted.key, &wanted.file, until).await
    }
}

/// What a file that a run reads held, or what the run read, when it has ended. `at_start`: what the file held when the run
/// started, as the looks of other runs found it.
fn seen(wanted: &WantedFile, fetched: fetch::FetchedFile, at_start: Option<fetch::FetchedFile>) -> Fetched {
    let phase = Phase::from(wanted.status);
    let sighting = Sighting { phase, blob: fetched.blob, written_at: fetched.modified_at };
    tracing::debug!(run = ?wanted.key.generation, file = ?wanted.file.filename, ?sighting, "looked at");
    if phase != Phase::Ended {
        return Fetched::Seen(sighting);
    }
    let mut seen = wanted.seen.clone();
    seen.push(sighting.clone());
    if let Some(version) = at_start {
        let known = Sighting { phase: Phase::Waiting, blob: version.blob, written_at: version.modified_at };
        let is_older = |seen: &Sighting| seen.phase == Phase::Waiting && seen.written_at < known.written_at;
        // Where a look of this run's found it as well, that says more.
        if seen.iter().all(|seen| seen.blob.digest != known.blob.digest) {
            let place = seen.iter().take_while(|seen| is_older(seen)).count();
            seen.insert(place, known);
        }
    }
    readings::read(&seen, span(wanted)).map_or(Fetched::Stored(sighting.blob), Fetched::Read)
}

/// A file that can't be had. What was seen of it before may be what the run read.
fn nowhere(wanted: &WantedFile, refusal: Option<Refusal>) -> Fetched {
    if wanted.status.is_open() && !wanted.seen.is_empty() {
        // It was there while the run waited. When the run has ended it is looked for once more.
        return Fetched::Missing(Cause::Deleted.into());
    }
    if let Some(read) = readings::read(&wanted.seen, span(wanted)) {
        return Fetched::Read(read);
    }
    let is_text = wanted
        .told
        .as_ref()
        .is_some_and(|told| wanted.key.role == Role::Input || !intake::is_surely_a_name(&wanted.reported_as, told));
    if is_text { Fetched::NoFile } else { Fetched::Missing(gone(&wanted.file, refusal)) }
}

/// A file at which ComfyUI fails whenever it is asked.
fn keeps_failing(wanted: &WantedFile) -> Fetched {
    match nowhere(wanted, None) {
        Fetched::Missing(_) if wanted.file.is_absolute() => Fetched::Missing(Cause::OtherDrive.into()),
        Fetched::Missing(_) => Fetched::Missing(Cause::KeepsFailing.into()),
        other => other,
    }
}

fn span(wanted: &WantedFile) -> RunTime {
    RunTime { started_at: wanted.started_at, finished_at: wanted.finished_at }
}

/// Why a file isn't to be had.
fn gone(file: &FileRef, refusal: Option<Refusal>) -> Trouble {
    let is_too_long = |name: &str| name.len() > LONGEST_NAME;
    match refusal {
        Some(Refusal::Name) if file.filename.contains("..") => Trouble::new(Cause::NotHandedOut, "\"..\" in its name"),
        Some(Refusal::Name) => Cause::NotHandedOut.into(),
        Some(Refusal::Outside) => Cause::OutsideFolders.into(),
        None if file.subfolder.split(['/', '\\']).chain([file.filename.as_str()]).any(is_too_long) => {
            Cause::ImpossibleName.into()
        }
        None if file.folder == Folder::Temp.as_str() => Cause::TempDeleted.into(),
        None => Cause::Deleted.into(),
    }
}

fn retry_at(attempts: u32, now: Timestamp) -> Timestamp {
    let wait = jittered(RETRY.after(attempts));
    Timestamp::from_millis(now.as_millis() + i64::try_from(wait.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(role: Role, subfolder: &str, filename: &str) -> WantedFile {
        WantedFile {
            key: AttachmentKey { generation: crate::model::GenerationId(1), role, index: 0 },
            file: FileRef { folder: "output".into(), subfolder: subfolder.into(), filename: filename.into() },
            told: None,
            reported_as: "images".into(),
            attempts: 0,
            status: crate::model::Status::Completed,
            started_at: None,
            finished_at: None,
            seen: Vec::new(),
        }
    }

    #[test]
    fn a_file_that_cannot_be_had_says_why() {
        let cause = |subfolder: &str, filename: &str, refusal| {
            let Fetched::Missing(why) = nowhere(&wanted(Role::Output, subfolder, filename), refusal) else { panic!() };
            why.cause
        };
        assert_eq!(cause("", "a.png", None), Cause::Deleted);
        assert_eq!(cause("", "wait...what.png", Some(Refusal::Name)), Cause::NotHandedOut);
        assert_eq!(cause("/etc", "passwd", Some(Refusal::Outside)), Cause::OutsideFolders);
        assert_eq!(cause("", &"x".repeat(256), None), Cause::ImpossibleName);
        let failing = |subfolder: &str| {
            let Fetched::Missing(why) = keeps_failing(&wanted(Role::Output, subfolder, "a.png")) else { panic!() };
            why.cause
        };
        assert_eq!((failing("E:\\pictures"), failing("sub")), (Cause::OtherDrive, Cause::KeepsFailing));
    }

    #[test]
    fn what_another_run_s_look_found_is_what_was_there_at_the_start() {
        let at = |millis| Some(Timestamp::from_millis(millis));
        let blob = |n: u8| crate::model::Blob {
            digest: crate::model::Digest([n; 32]),
            bytes: 1,
            kind: crate::model::MediaKind::Image,
            mime: "image/png".into(),
        };
        let version = |n, millis| fetch::FetchedFile { blob: blob(n), modified_at: at(millis) };
        let saw = |phase, n, millis| Sighting { phase, blob: blob(n), written_at: at(millis) };
        let run = WantedFile {
            started_at: at(10_000),
            finished_at: at(20_000),
            seen: vec![saw(Phase::Waiting, 1, 1_000), saw(Phase::Running, 3, 10_100)],
            ..wanted(Role::Input, "", "a.png")
        };
        let Fetched::Read(read) = seen(&run, version(3, 10_100), Some(version(2, 5_000))) else { panic!() };
        assert_eq!((read.blob, read.other), (blob(2), Some(blob(3))));
        let run = WantedFile { seen: Vec::new(), ..run };
        let Fetched::Read(read) = seen(&run, version(3, 30_000), Some(version(2, 5_000))) else { panic!() };
        assert_eq!((read.blob, read.doubt), (blob(2), None));
    }

    #[test]
    fn a_text_that_names_no_file_is_a_text_but_where_only_a_file_can_be_meant() {
        let of = |key: &str, told: &str| {
            let told =
                WantedFile { told: Some(told.into()), reported_as: key.into(), ..wanted(Role::Output, "", told) };
            nowhere(&told, None)
        };
        assert_eq!(of("text", "a.png"), Fetched::NoFile);
        assert!(matches!(of("result", "a.glb"), Fetched::Missing(_)));
        let read = WantedFile { told: Some("a.png".into()), ..wanted(Role::Input, "", "a.png") };
        assert_eq!(nowhere(&read, None), Fetched::NoFile);
    }

    #[test]
    fn retries_come_later_and_later_but_never_stop() {
        let now = Timestamp::from_millis(1_764_000_000_000);
        let wait = |attempts| retry_at(attempts, now).as_millis() - now.as_millis();
        assert!((3_750..=6_250).contains(&wait(0)), "{}", wait(0));
        assert!((675_000..=1_125_000).contains(&wait(40)), "{}", wait(40));
    }
}
