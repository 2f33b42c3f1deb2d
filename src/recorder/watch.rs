//! ComfyUI's folders on this machine, watched: files are taken as they are closed, before anything can happen to them.
//!
//! What is taken is held until the run that wrote it is known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::fetch::{self, Fetcher};
use super::folders::Folders;
use super::held::Held;
use crate::model::{FileRef, Folder, Timestamp};

/// Closed files that may wait to be taken. Beyond that the reports of the nodes have to do.
const BACKLOG: usize = 1024;

/// Files that wait until they can be kept.
const REFUSED: usize = 1024;

/// How often a folder that isn't there, and a file that the disk refused, are tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How old a file may be that is found in a folder which was just made.
const JUST_WRITTEN: Duration = Duration::from_secs(60);

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
                let _ = closed.try_send((path, Timestamp::now()));
            }
        }
    });
    let mut watching = match watcher {
        Ok(watcher) => Watching::start(watcher, &folders),
        Err(error) => {
            return tracing::warn!(%error, "ComfyUI's folders can't be watched; files are still copied when a run ends");
        }
    };
    let mut refused = BTreeMap::new();
    let mut retry = interval(RETRY);
    retry.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let files: Vec<(PathBuf, Timestamp)> = tokio::select! {
            Some(file) = closing.recv() => vec![file],
            Some(path) = going.recv() => {
                watching.unwatched.insert(path);
                watching.resume()
            }
            _ = retry.tick(), if !(watching.unwatched.is_empty() && refused.is_empty()) => {
                let mut files = watching.resume();
                files.extend(std::mem::take(&mut refused));
                files
            }
            () = shutdown.cancelled() => return,
        };
        for (path, closed_at) in files {
            let Some(file) = file_to_take(&folders, &path) else { continue };
            match fetcher.fetch_local(&file).await {
                Ok(Some(fetched)) => held.put(file, fetched, closed_at),
                Ok(None) => {}
                Err(fetch::Error::Blobs(error)) if error.is_refused() && refused.len() < REFUSED => {
                    refused.insert(path, closed_at);
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

    /// Watches what can be watched again. Gives the files that were written there before it was, with the time of that.
    fn resume(&mut self) -> Vec<(PathBuf, Timestamp)> {
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

/// Finds the files below a folder that were written since, with the time of that.
fn find_written(folder: &Path, since: SystemTime, found: &mut Vec<(PathBuf, Timestamp)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_dir() {
            find_written(&entry.path(), since, found)?;
        } else if metadata.is_file() && metadata.modified()? >= since && found.len() < BACKLOG {
            found.push((entry.path(), metadata.modified()?.into()));
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
