//! ComfyUI's folders on this machine, watched: files are taken as they are closed, before anything can happen to them.
//!
//! What is taken is held until the run that wrote it is known: its node may report the file, else it is attributed to
//! the run that was in progress when it was written.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{EventKind, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::fetch::{Fetched, Fetcher};
use super::folders::Folders;
use crate::model::{Blob, FileRef, Folder, Timestamp};

/// Closed files that may wait to be taken. Beyond that the reports of the nodes have to do.
const BACKLOG: usize = 1024;

/// Files that are held until their run is known.
const HELD: usize = 1024;

/// How far apart ComfyUI's clock and the filesystem's may be, in milliseconds.
const CLOCK_SLACK: i64 = 2000;

/// The files that were taken and belong to no run yet; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Held(Arc<Mutex<HashMap<FileRef, Fetched>>>);

impl Held {
    /// The bytes of a file as they were when a run that ended at `finished_at` wrote it; no longer held afterwards.
    pub fn take(&self, file: &FileRef, finished_at: Timestamp) -> Option<Blob> {
        let mut held = self.lock();
        let is_of_run = written_before(held.get(file)?, finished_at);
        is_of_run.then(|| held.remove(file)).flatten().map(|fetched| fetched.blob)
    }

    /// The files written while a run was in progress; no longer held afterwards. Files from before it are let go.
    pub fn take_between(&self, started_at: Timestamp, finished_at: Timestamp) -> Vec<(FileRef, Blob)> {
        let mut held = self.lock();
        let (of_run, later): (HashMap<_, _>, HashMap<_, _>) =
            held.drain().partition(|(_, fetched)| written_before(fetched, finished_at));
        *held = later;
        let first = started_at.as_millis() - CLOCK_SLACK;
        let written_since = |fetched: &Fetched| fetched.modified_at.is_some_and(|at| at.as_millis() >= first);
        let mut files: Vec<_> =
            of_run.into_iter().filter(|(_, fetched)| written_since(fetched)).map(|(file, f)| (file, f.blob)).collect();
        files.sort_by(|(a, _), (b, _)| a.cmp(b));
        files
    }

    fn put(&self, file: FileRef, fetched: Fetched) {
        let mut held = self.lock();
        if held.len() < HELD || held.contains_key(&file) {
            held.insert(file, fetched);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FileRef, Fetched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn written_before(fetched: &Fetched, finished_at: Timestamp) -> bool {
    fetched.modified_at.is_none_or(|at| at.as_millis() <= finished_at.as_millis() + CLOCK_SLACK)
}

/// Watches the output and temp folders until `shutdown`, and holds what is written there. Input files are taken when a
/// run names them. A folder that can't be watched is said so in the log, and the nodes' reports have to do.
pub async fn watch(folders: Folders, fetcher: Arc<Fetcher>, held: Held, shutdown: CancellationToken) {
    let (closed, mut closing) = mpsc::channel(BACKLOG);
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        for path in event.into_iter().filter(is_complete).flat_map(|event| event.paths) {
            let _ = closed.try_send(path);
        }
    });
    let mut watcher = match watcher {
        Ok(watcher) => watcher,
        Err(error) => {
            return tracing::warn!(%error, "ComfyUI's folders can't be watched; files are still copied when a run ends");
        }
    };
    for (_, path) in folders.each().filter(|(folder, _)| *folder != Folder::Input) {
        if let Err(error) = watcher.watch(path, RecursiveMode::Recursive) {
            tracing::warn!(path = %path.display(), %error, "this folder can't be watched; files are still copied when a run ends");
        }
    }
    loop {
        let path = tokio::select! {
            path = closing.recv() => path,
            () = shutdown.cancelled() => None,
        };
        let Some(path) = path else { return };
        if let Some(file) = file_to_take(&folders, &path) {
            match fetcher.fetch_local(&file).await {
                Ok(Some(fetched)) => held.put(file, fetched),
                Ok(None) => {}
                Err(error) => tracing::debug!(path = %path.display(), %error, "not taken; its node's report has to do"),
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

fn file_to_take(folders: &Folders, path: &Path) -> Option<FileRef> {
    let file = folders.name(&PathBuf::from(path))?;
    let is_unfinished =
        file.filename.starts_with('.') || file.filename.ends_with(".tmp") || file.filename.ends_with(".part");
    (!is_unfinished).then_some(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, MediaKind};

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
}
