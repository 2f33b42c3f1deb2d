//! ComfyUI's folders on this machine, watched: files are taken as they are closed, before anything can happen to them.
//!
//! What is taken is held until the run that wrote it is known.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::fetch::{self, FetchedFile, Fetcher};
use super::folders::Roots;
use super::transfers::{self, Transfers};
use super::unclaimed::UnclaimedFiles;
use crate::blobs::Progress;
use crate::foreign::{self, Root};
use crate::model::{FileRef, Folder, Timestamp};

/// Closed files that may wait to be taken. Beyond that the reports of the nodes have to do.
const BACKLOG: usize = 1024;

/// Files that wait until they can be kept.
const REFUSED: usize = 1024;

/// How often a folder that isn't there, and a file that the disk refused, are tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How old a file may be that is found in a folder which was just made.
const JUST_WRITTEN: Duration = Duration::from_secs(60);

/// A file that was closed, by its path, and when.
type Closed = (PathBuf, Timestamp);

/// Watches the output and temp folders until `shutdown`, and holds what is written there. Input files are taken when a
/// run names them. A folder that can't be watched is said so in the log, and the nodes' reports have to do. `begun` hears
/// when the folders are watched.
///
/// ComfyUI deletes its temp folder when it starts and when it stops, and the watch goes with it; so a folder is watched
/// again as soon as it is there. No link is followed: what it leads to lies elsewhere, and may be all of the disk.
pub async fn watch(
    roots: Arc<Roots>,
    fetcher: Arc<Fetcher>,
    unclaimed: UnclaimedFiles,
    begun: oneshot::Sender<()>,
    shutdown: CancellationToken,
) {
    let (closed, closing) = mpsc::channel(BACKLOG);
    let (gone, going) = mpsc::channel(BACKLOG);
    let starting = foreign::aside(move || Watching::start(roots, closed, gone)).await;
    let _ = begun.send(());
    let watching = match starting.map_err(notify::Error::io).and_then(|started| started) {
        Ok(watching) => watching,
        Err(error) => {
            return tracing::warn!(%error, "ComfyUI's folders can't be watched; files are still copied when a run ends");
        }
    };
    let mut retry = interval(RETRY);
    retry.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let taker = Taker { fetcher, unclaimed, waiting: VecDeque::new(), busy: HashSet::new(), refused: BTreeMap::new() };
    let mut hands = Transfers::new();
    tokio::select! {
        () = taker.take(&mut hands, watching, closing, going, retry) => {}
        () = shutdown.cancelled() => {}
    }
}

/// Takes files as they are closed.
struct Taker {
    fetcher: Arc<Fetcher>,
    unclaimed: UnclaimedFiles,
    /// Closed, and not in hand yet.
    waiting: VecDeque<Closed>,
    /// In hand. One that is closed again meanwhile waits until its last version is taken.
    busy: HashSet<PathBuf>,
    /// Those that the disk of ours refused.
    refused: BTreeMap<PathBuf, Timestamp>,
}

/// What came of a file.
type TakenPath = (Closed, Result<Option<(FileRef, FetchedFile)>, fetch::Error>);

impl Taker {
    /// Never returns, unless no thread can be had for the watching.
    async fn take(
        mut self,
        hands: &mut Transfers<'_, TakenPath>,
        mut watching: Watching,
        mut closing: mpsc::Receiver<Closed>,
        mut going: mpsc::Receiver<Folder>,
        mut retry: tokio::time::Interval,
    ) {
        let mut rounds = interval(transfers::ROUND);
        loop {
            self.fill(hands);
            let has_room = self.waiting.len() < BACKLOG;
            tokio::select! {
                Some(closed) = closing.recv(), if has_room => self.wait(closed),
                Some(taken) = hands.next() => self.settle(taken),
                Some(folder) = going.recv() => {
                    watching.unwatched.insert(folder);
                    let Some(resumed) = self.resume(watching).await else { return };
                    watching = resumed;
                }
                _ = retry.tick(), if !(watching.unwatched.is_empty() && self.refused.is_empty()) => {
                    std::mem::take(&mut self.refused).into_iter().for_each(|closed| self.wait(closed));
                    let Some(resumed) = self.resume(watching).await else { return };
                    watching = resumed;
                }
                _ = rounds.tick(), if !hands.are_empty() => hands.review(!self.waiting.is_empty()),
            }
        }
    }

    /// Takes in hand what there is a place for.
    fn fill(&mut self, hands: &mut Transfers<'_, TakenPath>) {
        while hands.have_place()
            && let Some(place) = self.waiting.iter().position(|(path, _)| !self.busy.contains(path))
            && let Some((path, closed_at)) = self.waiting.remove(place)
        {
            self.busy.insert(path.clone());
            let (fetcher, progress) = (Arc::clone(&self.fetcher), Arc::new(Progress::default()));
            hands.take(Arc::clone(&progress), async move {
                let taken = fetcher.fetch_path(path.clone(), &progress).await;
                ((path, closed_at), taken)
            });
        }
    }

    /// Has a closed file wait for its turn; of one that waits already, for its last version.
    fn wait(&mut self, closed: Closed) {
        self.waiting.retain(|(path, _)| *path != closed.0);
        if self.waiting.len() < BACKLOG {
            self.waiting.push_back(closed);
        }
    }

    fn settle(&mut self, ((path, closed_at), taken): TakenPath) {
        self.busy.remove(&path);
        match taken {
            Ok(Some((file, fetched))) => self.unclaimed.put(file, fetched, closed_at),
            Ok(None) => {}
            Err(fetch::Error::Blobs(error)) if error.is_refused() && self.refused.len() < REFUSED => {
                self.refused.insert(path, closed_at);
            }
            Err(error) => tracing::debug!(path = %path.display(), %error, "not taken; its node's report has to do"),
        }
    }

    /// Watches what can be watched again, and has what was written there meanwhile taken.
    async fn resume(&mut self, mut watching: Watching) -> Option<Watching> {
        if watching.unwatched.is_empty() {
            return Some(watching);
        }
        let resumed = foreign::aside(move || {
            let missed = watching.resume();
            (watching, missed)
        });
        let (watching, missed) = resumed.await.inspect_err(|error| tracing::warn!(%error, "watch the folders")).ok()?;
        missed.into_iter().for_each(|closed| self.wait(closed));
        Some(watching)
    }
}

/// The watched folders, and those that can't be watched now. All of it blocks.
struct Watching {
    roots: Arc<Roots>,
    watcher: RecommendedWatcher,
    unwatched: BTreeSet<Folder>,
}

impl Watching {
    /// Watches what can be watched; tells `closed` of files, and `gone` of watched folders that went.
    fn start(roots: Arc<Roots>, closed: mpsc::Sender<Closed>, gone: mpsc::Sender<Folder>) -> notify::Result<Self> {
        let known = Arc::clone(&roots);
        let handler = move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if event.kind.is_remove() {
                let is_gone = |root: &Root| root.real().is_ok_and(|real| event.paths.iter().any(|path| path == real));
                for (folder, _) in known.watched().filter(|(_, root)| is_gone(root)) {
                    let _ = gone.try_send(folder);
                }
            } else if is_complete(&event) {
                for path in event.paths {
                    let _ = closed.try_send((path, Timestamp::now()));
                }
            }
        };
        let config = notify::Config::default().with_follow_symlinks(false);
        let mut watching =
            Self { roots, watcher: RecommendedWatcher::new(handler, config)?, unwatched: BTreeSet::new() };
        watching.begin();
        Ok(watching)
    }

    fn begin(&mut self) {
        let roots = Arc::clone(&self.roots);
        for (folder, root) in roots.watched() {
            let Err(error) = self.watch(root) else { continue };
            self.unwatched.insert(folder);
            let path = root.configured().display();
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
    }

    /// Watches what can be watched again. Gives the files that were written there before it was, with the time of that.
    fn resume(&mut self) -> Vec<Closed> {
        let (roots, mut missed) = (Arc::clone(&self.roots), Vec::new());
        for (folder, root) in roots.watched() {
            if self.unwatched.contains(&folder) && self.watch(root).is_ok() {
                self.unwatched.remove(&folder);
                if let (Ok(real), Some(since)) = (root.real(), SystemTime::now().checked_sub(JUST_WRITTEN)) {
                    find_written(real, since, &mut missed);
                }
            }
        }
        missed
    }

    /// Watches a folder with all that is in it, but for what can't be: a folder that somebody else may not look into, or
    /// more folders than the system watches, are no reason to watch nothing.
    fn watch(&mut self, root: &Root) -> notify::Result<()> {
        root.look().map_err(notify::Error::io)?;
        let real = root.real().map_err(notify::Error::io)?;
        let Err(error) = self.watcher.watch(real, RecursiveMode::Recursive) else { return Ok(()) };
        if error.paths.iter().all(|path| path == real) {
            return Err(error);
        }
        // The folder itself is watched, and what comes into it.
        let (mut folders, mut left_out) = (folders_in(real), Vec::new());
        while let Some(folder) = folders.pop() {
            match self.watcher.watch(&folder, RecursiveMode::Recursive) {
                Err(error) if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) => {
                    left_out.push((folder, error));
                    break;
                }
                Err(error) if error.paths.contains(&folder) && !path_is_missing(&error) => {
                    left_out.push((folder, error))
                }
                Err(_) => folders.extend(folders_in(&folder)),
                Ok(()) => {}
            }
        }
        if let Some((folder, error)) = left_out.first() {
            let (path, others) = (folder.display(), left_out.len() - 1);
            tracing::warn!(%path, others, %error, "a folder in ComfyUI's can't be watched; its files are still copied when a run ends");
        }
        Ok(())
    }
}

/// The folders in a folder, as far as it can be read; none that a link leads to.
fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let is_folder = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(is_folder).map(|entry| entry.path()).collect()
}

fn path_is_missing(error: &notify::Error) -> bool {
    match &error.kind {
        notify::ErrorKind::PathNotFound => true,
        notify::ErrorKind::Io(error) => error.kind() == io::ErrorKind::NotFound,
        _ => false,
    }
}

/// Finds the files below a folder that were written since, with the time of that. What can't be read is ignored.
fn find_written(folder: &Path, since: SystemTime, found: &mut Vec<Closed>) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(entry.path());
            } else if metadata.is_file()
                && let Ok(written) = metadata.modified()
                && written >= since
                && found.len() < BACKLOG
            {
                found.push((entry.path(), written.into()));
            }
        }
    }
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
