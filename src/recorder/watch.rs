//! ComfyUI's folders on this machine, watched: files are taken as they are closed, before anything can happen to them.
//!
//! What is taken is held for a moment, until the run that wrote it is known: the one in progress, or one that ended
//! meanwhile. A node that reports it later takes it over.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::fetch::{self, Fetched, Fetcher};
use super::folders::Folders;
use crate::model::{Blob, FileRef, Folder, Timestamp};
use crate::store::Save;

/// Closed files that may wait to be taken. Beyond that the reports of the nodes have to do.
const BACKLOG: usize = 1024;

/// Files that are held until their run is known.
const HELD: usize = 1024;

/// How long it is known that a run reported a file. By then the watcher has come with it.
const REMEMBERED: Duration = Duration::from_secs(60);

/// How long a file is held before it is given to the run in progress. What rang when the last run ended and this one
/// started was dealt with by then, so that a file isn't given to the run before its own.
const RIPENING: Duration = Duration::from_secs(1);

/// How often a folder that isn't there, and a file that the full disk refused, are tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How old a file may be that is found in a folder which was just made.
const JUST_WRITTEN: Duration = Duration::from_secs(60);

/// How far apart ComfyUI's clock and the filesystem's may be, in milliseconds.
const CLOCK_SLACK: i64 = 2000;

/// The files that were taken and belong to no run yet; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Held(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    files: Mutex<HashMap<FileRef, Taken>>,
    /// When the run ended that last reported a file, of runs that ended just now.
    reported: Mutex<HashMap<FileRef, Timestamp>>,
    /// Runs that ended just now, oldest first.
    ended: Mutex<VecDeque<EndedRun>>,
    has_more: Notify,
}

/// A run that ended, and its row as it is, to be added to.
#[derive(Debug)]
pub struct EndedRun {
    /// The row, with nothing to change.
    pub row: Save,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
}

/// A file, and when it was taken.
#[derive(Debug)]
struct Taken {
    fetched: Fetched,
    at: Instant,
}

impl Held {
    /// The bytes of a file as they were when a run that ended at `finished_at` wrote it; no longer held afterwards.
    pub fn take(&self, file: &FileRef, finished_at: Timestamp) -> Option<Blob> {
        let mut held = self.lock();
        let is_of_run = written_before(held.get(file)?, finished_at);
        is_of_run.then(|| held.remove(file)).flatten().map(|taken| taken.fetched.blob)
    }

    /// Remembers that a run which ended at `finished_at` reported this file, so that it isn't taken for the next one's
    /// when the watcher comes with it late.
    pub fn reported(&self, file: &FileRef, finished_at: Timestamp) {
        let recently = Timestamp::now().as_millis() - i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX);
        if finished_at.as_millis() < recently {
            return;
        }
        let mut reported = self.0.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.len() >= HELD {
            reported.retain(|_, at| at.as_millis() >= recently);
        }
        reported.insert(file.clone(), finished_at);
    }

    /// Remembers a run that ended, for files that it wrote last and the watcher takes after it.
    pub fn ended(&self, run: EndedRun) {
        let recently = Timestamp::now().as_millis() - i64::try_from(REMEMBERED.as_millis()).unwrap_or(i64::MAX);
        let mut ended = self.0.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|before| before.finished_at.as_millis() >= recently && before.row.id != run.row.id);
        if run.finished_at.as_millis() >= recently {
            if ended.len() >= HELD {
                ended.pop_front();
            }
            ended.push_back(run);
        }
    }

    /// Files that came too late for the end of the run in which they were written, to the millisecond, and that no run
    /// reported, with that run's row; no longer held afterwards. `is_wanted` says which a run may get.
    pub fn take_late(&self, is_wanted: impl Fn(&Save, &FileRef) -> bool) -> Vec<(Save, Vec<(FileRef, Blob)>)> {
        let mut held = self.lock();
        if held.is_empty() {
            return Vec::new();
        }
        let reported = self.0.reported.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = self.0.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let mut late = Vec::new();
        for EndedRun { row, started_at, finished_at } in ended.iter() {
            let of_run = held.extract_if(|file, taken| {
                let is_within = |at: Timestamp| *started_at <= at && at <= *finished_at;
                let is_reported = |at: Timestamp| reported.get(file).is_some_and(|end| at <= *end);
                taken.fetched.modified_at.is_some_and(|at| is_within(at) && !is_reported(at)) && is_wanted(row, file)
            });
            let files: Vec<_> = of_run.map(|(file, taken)| (file, taken.fetched.blob)).collect();
            if !files.is_empty() {
                late.push((row.clone(), files));
            }
        }
        late
    }

    /// The files written while a run was in progress that no run before it reported; no longer held afterwards. Files
    /// from before it are let go.
    pub fn take_between(&self, started_at: Timestamp, finished_at: Timestamp) -> Vec<(FileRef, Blob)> {
        let mut held = self.lock();
        let (of_run, later): (HashMap<_, _>, HashMap<_, _>) =
            held.drain().partition(|(_, taken)| written_before(taken, finished_at));
        *held = later;
        let first = started_at.as_millis() - CLOCK_SLACK;
        let written_since = |taken: &Taken| taken.fetched.modified_at.is_some_and(|at| at.as_millis() >= first);
        let reported = self.0.reported.lock().unwrap_or_else(PoisonError::into_inner);
        // Written again after that run ended, it is another file.
        let is_of_earlier = |file: &FileRef, taken: &Taken| {
            reported.get(file).zip(taken.fetched.modified_at).is_some_and(|(end, at)| at <= *end)
        };
        let of_run = of_run.into_iter().filter(|(file, taken)| written_since(taken) && !is_of_earlier(file, taken));
        let mut files: Vec<_> = of_run.map(|(file, taken)| (file, taken.fetched.blob)).collect();
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        files
    }

    /// Lets go of files that nobody claimed although they were held long enough.
    pub fn let_go_of_ripe(&self) {
        self.lock().retain(|_, taken| taken.at.elapsed() < RIPENING);
    }

    /// Waits until a file was held so long that its run must be the one in progress.
    pub async fn ripe(&self) {
        loop {
            let oldest = self.lock().values().map(|taken| taken.at).min();
            match oldest {
                Some(at) => return sleep_until(at + RIPENING).await,
                None => self.0.has_more.notified().await,
            }
        }
    }

    fn put(&self, file: FileRef, fetched: Fetched) {
        let mut held = self.lock();
        if held.len() < HELD || held.contains_key(&file) {
            held.insert(file, Taken { fetched, at: Instant::now() });
            self.0.has_more.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FileRef, Taken>> {
        self.0.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn written_before(taken: &Taken, finished_at: Timestamp) -> bool {
    taken.fetched.modified_at.is_none_or(|at| at.as_millis() <= finished_at.as_millis() + CLOCK_SLACK)
}

/// Watches the output and temp folders until `shutdown`, and holds what is written there. Input files are taken when a
/// run names them. A folder that can't be watched is said so in the log, and the nodes' reports have to do.
///
/// ComfyUI deletes its temp folder when it starts and when it stops, and the watch goes with it; so a folder is watched
/// anew as soon as it is there again.
pub async fn watch(folders: Folders, fetcher: Arc<Fetcher>, held: Held, shutdown: CancellationToken) {
    let (closed, mut closing) = mpsc::channel(BACKLOG);
    let (gone, mut going) = mpsc::channel(BACKLOG);
    let roots: Vec<PathBuf> = watched(&folders).map(|(_, path)| path.to_owned()).collect();
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if event.kind.is_remove() {
            for path in event.paths.into_iter().filter(|path| roots.contains(path)) {
                let _ = gone.try_send(path);
            }
        } else if is_complete(&event) {
            for path in event.paths {
                let _ = closed.try_send(path);
            }
        }
    });
    let mut watching = match watcher {
        Ok(watcher) => Watching::start(watcher, &folders),
        Err(error) => {
            return tracing::warn!(%error, "ComfyUI's folders can't be watched; files are still copied when a run ends");
        }
    };
    let mut refused = BTreeSet::new();
    let mut retry = interval(RETRY);
    retry.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let paths = tokio::select! {
            Some(path) = closing.recv() => vec![path],
            Some(path) = going.recv() => {
                watching.unwatched.insert(path);
                watching.resume()
            }
            _ = retry.tick(), if !(watching.unwatched.is_empty() && refused.is_empty()) => {
                let mut paths = watching.resume();
                paths.extend(std::mem::take(&mut refused));
                paths
            }
            () = shutdown.cancelled() => return,
        };
        for path in paths {
            let Some(file) = file_to_take(&folders, &path) else { continue };
            match fetcher.fetch_local(&file).await {
                Ok(Some(fetched)) => held.put(file, fetched),
                Ok(None) => {}
                Err(fetch::Error::Blobs(error)) if error.is_full() && refused.len() < HELD => {
                    refused.insert(path);
                }
                Err(error) => tracing::debug!(path = %path.display(), %error, "not taken; its node's report has to do"),
            }
        }
    }
}

fn watched(folders: &Folders) -> impl Iterator<Item = (Folder, &Path)> {
    folders.each().filter(|(folder, _)| *folder != Folder::Input)
}

/// The watched folders, and those that can't be watched now.
struct Watching {
    watcher: RecommendedWatcher,
    unwatched: BTreeSet<PathBuf>,
}

impl Watching {
    fn start(mut watcher: RecommendedWatcher, folders: &Folders) -> Self {
        let mut unwatched = BTreeSet::new();
        for (folder, path) in watched(folders) {
            let Err(error) = watcher.watch(path, RecursiveMode::Recursive) else { continue };
            unwatched.insert(path.to_owned());
            let path = path.display();
            match (path_is_missing(&error), folder) {
                (true, Folder::Temp) => tracing::debug!(%path, "not there yet; watched as soon as it is"),
                (true, _) => {
                    tracing::warn!(%path, "this folder of ComfyUI isn't there; check the path. It is watched as soon as it is there");
                }
                (false, _) => {
                    tracing::warn!(%path, %error, "this folder can't be watched; files are still copied when a run ends");
                }
            }
        }
        Self { watcher, unwatched }
    }

    /// Watches what can be watched again. Gives the files that were written there before it was.
    fn resume(&mut self) -> Vec<PathBuf> {
        let mut missed = Vec::new();
        let watcher = &mut self.watcher;
        self.unwatched.retain(|path| {
            let is_watched = watcher.watch(path, RecursiveMode::Recursive).is_ok();
            if is_watched && let Some(since) = SystemTime::now().checked_sub(JUST_WRITTEN) {
                // A folder that vanishes again meanwhile is told of again.
                let _ = find_written(path, since, &mut missed);
            }
            !is_watched
        });
        missed
    }
}

fn path_is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

/// Finds the files below a folder that were written since.
fn find_written(folder: &Path, since: SystemTime, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            find_written(&entry.path(), since, found)?;
        } else if metadata.is_file() && metadata.modified()? >= since && found.len() < BACKLOG {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// Whether a file is whole after this event. Where closing isn't told (macOS, Windows), every change counts: a file that
/// is still being written is refused by the copy, and taken at its last change.
fn is_complete(event: &notify::Event) -> bool {
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Any)) => true,
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Any) => !cfg!(target_os = "linux"),
        _ => false,
    }
}

fn file_to_take(folders: &Folders, path: &Path) -> Option<FileRef> {
    let file = folders.name(&PathBuf::from(path))?;
    let is_unfinished =
        file.filename.starts_with('.') || file.filename.ends_with(".tmp") || file.filename.ends_with(".part");
    (!is_unfinished).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, GenerationId, MediaKind, Status};

    fn file(name: &str) -> FileRef {
        FileRef { folder: "output".into(), subfolder: String::new(), filename: name.into() }
    }

    fn written(held: &Held, name: &str, at: i64) {
        let blob = Blob { digest: Digest([0; 32]), bytes: 1, kind: MediaKind::Image, mime: "image/png".into() };
        held.put(file(name), Fetched { blob, modified_at: Some(Timestamp::from_millis(at)) });
    }

    #[test]
    fn a_file_belongs_to_the_run_in_which_it_was_written() {
        let held = Held::default();
        let at = Timestamp::from_millis;
        written(&held, "before.png", 1_000);
        written(&held, "during.png", 50_000);
        written(&held, "overwritten later.png", 90_000);
        assert_eq!(held.take(&file("overwritten later.png"), at(60_000)), None);
        let names = |files: Vec<(FileRef, Blob)>| files.into_iter().map(|(file, _)| file.filename).collect::<Vec<_>>();
        assert_eq!(names(held.take_between(at(40_000), at(60_000))), ["during.png"]);
        assert_eq!(names(held.take_between(at(60_000), at(95_000))), ["overwritten later.png"]);
    }

    #[test]
    fn a_file_that_came_after_the_end_of_its_run_is_that_run_s_and_nobody_else_s() {
        let held = Held::default();
        let now = Timestamp::now().as_millis();
        let at = |offset| Timestamp::from_millis(now + offset);
        for (id, started, finished) in [(1, -400_000, -300_000), (2, -900, -500), (3, -499, -100)] {
            let row = Save { id: Some(GenerationId(id)), ..Save::new("p".into(), Status::Completed, at(started)) };
            held.ended(EndedRun { row, started_at: at(started), finished_at: at(finished) });
        }
        for (name, offset) in
            [("last.png", -500), ("first.png", -900), ("next.png", -499), ("own.png", -600), ("other.png", -700)]
        {
            written(&held, name, now + offset);
        }
        written(&held, "long ago.png", now - 350_000);
        written(&held, "now.png", now);
        held.reported(&file("own.png"), at(-500));
        let late = held.take_late(|_, file| file.filename != "other.png");
        let named = late.into_iter().map(|(row, files)| {
            let mut names: Vec<_> = files.into_iter().map(|(file, _)| file.filename).collect();
            names.sort();
            (row.id.unwrap().0, names)
        });
        let expected = [(2, vec!["first.png".to_owned(), "last.png".to_owned()]), (3, vec!["next.png".to_owned()])];
        assert_eq!(named.collect::<Vec<_>>(), expected);
        assert_eq!(held.lock().len(), 4, "what is nobody's is held on");
        assert!(held.take_late(|_, file| file.filename != "other.png").is_empty());
    }

    #[test]
    fn a_file_that_its_run_reported_before_the_watcher_came_is_not_the_next_run_s_too() {
        let held = Held::default();
        let now = Timestamp::now().as_millis();
        let at = |offset| Timestamp::from_millis(now + offset);
        for name in ["reported.png", "overwritten.png"] {
            held.reported(&file(name), at(-1_000));
        }
        written(&held, "reported.png", now - 1_010);
        written(&held, "overwritten.png", now - 500);
        let files: Vec<_> = held.take_between(at(-900), at(0)).into_iter().map(|(file, _)| file.filename).collect();
        assert_eq!(files, ["overwritten.png"]);
    }
}
