//! Files that the watcher took, kept until it is known which run wrote them.
//!
//! ComfyUI runs one prompt at a time, so a file belongs to the run during which it was written, to the millisecond. If the
//! clocks differ and it was written during none, it belongs to the run in progress or to the nearest one, but only if the
//! ends and starts of that time are surely known. A node that reports the file later claims it.
//!
//! That holds only if ComfyUI wasn't restarted between the file and the run, and no unseen run came and went that could
//! have written it too.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::fetch::FetchedFile;
use crate::model::{Blob, FileRef, GenerationId, Timestamp};
use crate::store::Save;

/// Files that are held, and runs that are remembered.
const HELD: usize = 1024;

/// How long it is known that a run ended, and which files it reported. By then the watcher has come with all of them.
const REMEMBERED: Duration = Duration::from_secs(60);

/// How long a file is held before anything but a run that it was written in gets it. What rang when the last run ended
/// and this one started was dealt with by then.
const CLAIM_AFTER: Duration = Duration::from_secs(1);

/// Times that are remembered in which ComfyUI can have been restarted, or runs came and went unseen.
const DOUBTS: usize = 64;

/// How long before it is noticed ComfyUI can have been restarted, in milliseconds.
const NOTICED_AFTER: std::ops::RangeInclusive<i64> = 250..=5_000;

/// How far apart ComfyUI's clock and the filesystem's may be, in milliseconds.
const CLOCK_SLACK: u64 = 2000;

/// The files that were taken and belong to no run yet; clones share them.
#[derive(Debug, Clone, Default)]
pub struct UnclaimedFiles(Arc<UnclaimedPool>);

#[derive(Debug, Default)]
struct UnclaimedPool {
    state: Mutex<PoolState>,
    has_more: Notify,
}

#[derive(Debug, Default)]
struct PoolState {
    files: HashMap<FileRef, TakenFile>,
    /// When the run ended that last reported a file, of runs that ended just now.
    reported: HashMap<FileRef, Timestamp>,
    /// Runs whose end was recorded just now, oldest first, and when it was.
    ended: VecDeque<(Instant, RunSpan)>,
    /// When ComfyUI can have been restarted, and when runs came and went unseen.
    doubts: VecDeque<(Timestamp, Timestamp)>,
}

/// A file, when it was closed as the watcher heard it, and when it was taken.
#[derive(Debug)]
struct TakenFile {
    fetched: FetchedFile,
    closed_at: Timestamp,
    at: Instant,
}

/// When a run was in progress.
#[derive(Debug, Clone)]
pub struct RunSpan {
    /// Its row, with nothing to change.
    pub row: Save,
    pub started_at: Timestamp,
    /// Its end; now, while it is in progress.
    pub finished_at: Timestamp,
}

/// The files that a run wrote, by name.
#[derive(Debug)]
pub struct WrittenFiles {
    /// Its row, with nothing to change.
    pub row: Save,
    pub files: Vec<(FileRef, Blob)>,
}

impl UnclaimedFiles {
    /// The bytes of a file as they were when a run that ended at `finished_at` wrote and reported it; no longer held
    /// afterwards.
    pub fn take(&self, file: &FileRef, finished_at: Timestamp) -> Option<Blob> {
        let files = &mut self.lock().files;
        let is_of_run = match files.get(file)?.fetched.modified_at {
            Some(at) => at.as_millis() <= finished_at.as_millis().saturating_add_unsigned(CLOCK_SLACK),
            None => true,
        };
        is_of_run.then(|| files.remove(file)).flatten().map(|taken| taken.fetched.blob)
    }

    /// Remembers that a run which ended at `finished_at` reported this file, so that it is that run's and not the next
    /// one's when the watcher comes with it late.
    pub fn reported(&self, file: &FileRef, finished_at: Timestamp, now: Timestamp) {
        if !is_recent(finished_at, now) {
            return;
        }
        let reported = &mut self.lock().reported;
        // Looked through only when it would have to grow, or a backfill would do so for each of its files.
        if reported.len() == reported.capacity() {
            reported.retain(|_, at| is_recent(*at, now));
        }
        reported.insert(file.clone(), finished_at);
    }

    /// Remembers a run whose end was recorded under this id, for files that the watcher takes after that.
    pub fn ended(&self, mut run: RunSpan, id: GenerationId, now: Timestamp) {
        let PoolState { files, ended, .. } = &mut *self.lock();
        // Of what ended long ago nothing comes any more, as in a backfill; but what was held meanwhile can be its.
        if files.is_empty() && !is_recent(run.finished_at, now) {
            return;
        }
        while ended.front().is_some_and(|(at, _)| at.elapsed() >= REMEMBERED) {
            ended.pop_front();
        }
        if run.row.id.replace(id).is_some() {
            ended.retain(|(_, before)| before.row.id != run.row.id);
        }
        if ended.len() >= HELD {
            ended.pop_front();
        }
        ended.push_back((Instant::now(), run));
    }

    /// Files that a run wrote, by name; no longer held afterwards. `may_have` says which it may get that no node reported.
    pub fn take_written(&self, run: &RunSpan, may_have: impl Fn(&Save, &FileRef) -> bool) -> Vec<(FileRef, Blob)> {
        let PoolState { files, reported, .. } = &mut *self.lock();
        let of_run =
            files.extract_if(|file, taken| match (taken.fetched.modified_at, reporter(reported, file, taken)) {
                (_, Some(end)) => end == run.finished_at,
                (Some(at), None) => run.distance(at) == 0 && run.may_have_closed(taken) && may_have(&run.row, file),
                (None, None) => false,
            });
        let mut files: Vec<_> = of_run.map(|(file, taken)| (file, taken.fetched.blob)).collect();
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        files
    }

    /// The same for all runs that ended just now.
    pub fn take_late(&self, may_have: impl Fn(&Save, &FileRef) -> bool) -> Vec<WrittenFiles> {
        if self.lock().files.is_empty() {
            return Vec::new();
        }
        let ended: Vec<_> = self.lock().ended.iter().map(|(_, run)| run.clone()).collect();
        let written =
            ended.into_iter().map(|run| WrittenFiles { files: self.take_written(&run, &may_have), row: run.row });
        written.filter(|written| !written.files.is_empty()).collect()
    }

    /// ComfyUI isn't heard any more: it can have been restarted since it last was.
    pub fn restarted(&self, heard_at: Timestamp, now: Timestamp) {
        let ago = now.as_millis() - heard_at.as_millis();
        let ago = ago.clamp(*NOTICED_AFTER.start(), *NOTICED_AFTER.end());
        self.doubt(Timestamp::from_millis(now.as_millis() - ago), now);
    }

    /// In this time something can lie between a file and the run that it is next to.
    pub fn doubt(&self, from: Timestamp, until: Timestamp) {
        let doubts = &mut self.lock().doubts;
        if let Some(last) = doubts.back_mut().filter(|(_, last)| from <= *last) {
            last.1 = last.1.max(until);
            return;
        }
        if doubts.len() >= DOUBTS {
            doubts.pop_front();
        }
        doubts.push_back((from, until));
    }

    /// What was held so long that its run must be known: one that ended, or the one in progress. No longer held afterwards,
    /// whether it is a run's or nobody's.
    pub fn take_due(&self, running: Option<&RunSpan>, may_have: impl Fn(&Save, &FileRef) -> bool) -> Vec<WrittenFiles> {
        let PoolState { files, reported, ended, doubts } = &mut *self.lock();
        let ended = || ended.iter().map(|(_, run)| run);
        let mut written: HashMap<Option<GenerationId>, WrittenFiles> = HashMap::new();
        for (file, taken) in files.extract_if(|_, taken| taken.at.elapsed() >= CLAIM_AFTER) {
            let run = match (taken.fetched.modified_at, reporter(reported, &file, &taken)) {
                (_, Some(end)) => ended().find(|run| run.finished_at == end),
                (Some(at), None) => {
                    let is_near = |run: &&RunSpan| run.distance(at) <= CLOCK_SLACK && !run.is_cut_off(at, doubts);
                    let within = ended().find(|run| run.distance(at) == 0).or_else(|| running.filter(is_near));
                    let run = within.or_else(|| ended().min_by_key(|run| run.distance(at)).filter(is_near));
                    run.filter(|run| run.may_have_closed(&taken) && may_have(&run.row, &file))
                }
                (None, None) => None,
            };
            if let Some(run) = run {
                let new = || WrittenFiles { row: run.row.clone(), files: Vec::new() };
                written.entry(run.row.id).or_insert_with(new).files.push((file, taken.fetched.blob));
            }
        }
        written.into_values().collect()
    }

    /// Waits until a file was held so long that its run must be known.
    pub async fn due(&self) {
        loop {
            let oldest = self.lock().files.values().map(|taken| taken.at).min();
            match oldest {
                Some(at) => return sleep_until(at + CLAIM_AFTER).await,
                None => self.0.has_more.notified().await,
            }
        }
    }

    /// Holds a file that was taken just now, in place of what its name held before; the watcher heard at `closed_at` that
    /// it was closed.
    pub fn put(&self, file: FileRef, fetched: FetchedFile, closed_at: Timestamp) {
        let files = &mut self.lock().files;
        if files.len() < HELD || files.contains_key(&file) {
            files.insert(file, TakenFile { fetched, closed_at, at: Instant::now() });
            self.0.has_more.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, PoolState> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunSpan {
    /// How long before or after the run that was, in milliseconds; 0 for within it.
    fn distance(&self, at: Timestamp) -> u64 {
        let (at, started, finished) = (at.as_millis(), self.started_at.as_millis(), self.finished_at.as_millis());
        if at < started { at.abs_diff(started) } else { at.saturating_sub(finished).max(0).unsigned_abs() }
    }

    /// Whether something that happened in one of these times can lie between the run and that moment.
    fn is_cut_off(&self, at: Timestamp, doubts: &VecDeque<(Timestamp, Timestamp)>) -> bool {
        doubts.iter().any(|(from, until)| {
            let is_behind = at < self.started_at && at <= *until && self.started_at >= *from;
            let is_before = at > self.finished_at && at >= *from && self.finished_at <= *until;
            is_behind || is_before
        })
    }

    /// Whether the run can have closed a file. What is closed later was moved or copied by somebody else, and still says
    /// that it was written during the run.
    fn may_have_closed(&self, taken: &TakenFile) -> bool {
        taken.closed_at.as_millis() <= self.finished_at.as_millis().saturating_add_unsigned(CLOCK_SLACK)
    }
}

fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.as_millis().saturating_sub(at.as_millis()) <= i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX)
}

/// When the run ended that reported a file. Written again after that, it is another file.
fn reporter(reported: &HashMap<FileRef, Timestamp>, file: &FileRef, taken: &TakenFile) -> Option<Timestamp> {
    reported.get(file).copied().filter(|end| taken.fetched.modified_at.is_some_and(|at| at <= *end))
}

#[cfg(test)]
mod tests;
