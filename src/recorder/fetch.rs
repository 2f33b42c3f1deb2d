//! One file of ComfyUI's into the blobs: from the folder on this machine where we share a disk, else over `/view`.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{Semaphore, watch};

use super::folders::Roots;
use crate::blobs::{self, Blobs, Progress, Stored};
use crate::comfy::{self, Client, Refusal, View, ViewBody};
use crate::foreign::{self, Opened};
use crate::intake::names;
use crate::media;
use crate::model::{Blob, Cause, FileRef, Role, Timestamp, Trouble};

/// Files whose bytes are remembered, so that a cached run, which names the files of an earlier one, costs no second copy.
const REMEMBERED: usize = 4096;

/// Versions of one file that are remembered.
const VERSIONS: usize = 16;

/// Threads that may be at the folders on this machine at a time: where their disk hangs, no more than these hang with it.
const AT_THE_FOLDERS: usize = 24;

/// Why a file could not be had this time.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// ComfyUI didn't give it.
    #[error(transparent)]
    Comfy(#[from] comfy::Error),
    /// It could not be read or kept here.
    #[error(transparent)]
    Blobs(#[from] blobs::Error),
    /// It came too slowly, and was given up for now.
    #[error("it came too slowly")]
    TooSlow,
}

impl Error {
    /// Whether ComfyUI itself failed at this file.
    pub fn is_of_the_server(&self) -> bool {
        matches!(self, Self::Comfy(error) if error.failure.is_of_the_server())
    }

    /// What to tell people.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Comfy(error) => error.failure.trouble(),
            Self::Blobs(error) => error.trouble(),
            Self::TooSlow => Cause::TooSlow.into(),
        }
    }

    /// Whether the file is so slow or so large that it will hardly be another one soon.
    pub fn is_of_the_file(&self) -> bool {
        matches!(self, Self::TooSlow | Self::Blobs(blobs::Error::TooLarge { .. }))
    }
}

/// A file that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedFile {
    pub blob: Blob,
    /// When it was last written, as far as its source says.
    pub modified_at: Option<Timestamp>,
}

/// What became of looking for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// It is here, and it was there.
    Found(FileRef, FetchedFile),
    /// It is nowhere; where it should be, ComfyUI hands out nothing.
    Nowhere(Option<Refusal>),
}

/// Fetches files of one ComfyUI.
#[derive(Debug)]
pub struct Fetcher {
    client: Client,
    local: Arc<Local>,
    at_the_folders: Arc<Semaphore>,
    /// What files that runs read held lately, the oldest first: what one run's look found, another may have read.
    versions: Mutex<HashMap<FileRef, Vec<FetchedFile>>>,
    /// Files that left the disk no room, and how long they are at least: not begun again before there is so much.
    too_large: Mutex<HashMap<FileRef, u64>>,
}

/// What is on this machine: the folders, and what was fetched.
#[derive(Debug)]
struct Local {
    roots: Arc<Roots>,
    blobs: Blobs,
    remembered: Mutex<HashMap<FileRef, (FileVersion, FetchedFile)>>,
}

/// Which writing of a file it was.
#[derive(Debug, Clone, PartialEq, Eq)]
enum FileVersion {
    /// Time of the last write and length.
    Local(SystemTime, u64),
    /// What `/view` calls it.
    Etag(String),
}

impl Fetcher {
    /// Nothing is fetched yet.
    pub fn new(client: Client, roots: Arc<Roots>, blobs: Blobs) -> Self {
        Self {
            client,
            local: Arc::new(Local { roots, blobs, remembered: Mutex::default() }),
            at_the_folders: Arc::new(Semaphore::new(AT_THE_FOLDERS)),
            versions: Mutex::default(),
            too_large: Mutex::default(),
        }
    }

    /// Whether what is fetched can be kept, and every change of that.
    pub fn room(&self) -> watch::Receiver<Option<Trouble>> {
        self.local.blobs.room()
    }

    /// Fetches a file, from wherever it may lie; `told` as [`names::places`] has it. Ends early when it is given up.
    pub async fn fetch(
        &self,
        file: &FileRef,
        role: Role,
        told: Option<&str>,
        progress: &Arc<Progress>,
    ) -> Result<Sought, Error> {
        tokio::select! {
            sought = self.seek(file, role, told, progress) => sought,
            () = progress.given_up() => Err(Error::TooSlow),
        }
    }

    async fn seek(
        &self,
        file: &FileRef,
        role: Role,
        told: Option<&str>,
        progress: &Arc<Progress>,
    ) -> Result<Sought, Error> {
        let (mut refusal, mut failure) = (None, None);
        for place in names::places(file, role, told) {
            if let Some(fetched) = self.take_local(&place, progress).await? {
                return Ok(Sought::Found(place, fetched));
            }
            match self.fetch_view(&place, progress).await {
                Ok(Ok(Some(fetched))) => return Ok(Sought::Found(place, fetched)),
                Ok(Ok(None)) => {}
                Ok(Err(refused)) => refusal = refusal.or(Some(refused)),
                // It fails at this name, and may know the file by another.
                Err(Error::Comfy(error)) if error.failure.is_of_the_server() => {
                    failure = failure.or(Some(Error::Comfy(error)));
                }
                Err(error) => return Err(error),
            }
        }
        failure.map_or(Ok(Sought::Nowhere(refusal)), Err)
    }

    /// Remembers what a file that runs read holds now.
    pub fn note_version(&self, file: &FileRef, fetched: &FetchedFile) {
        let mut files = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        if files.len() >= REMEMBERED && !files.contains_key(file) {
            files.clear();
        }
        let versions = files.entry(file.clone()).or_default();
        if !versions.contains(fetched) {
            versions.push(fetched.clone());
        }
        if versions.len() > VERSIONS {
            versions.remove(0);
        }
    }

    /// What a file that runs read held at that time, as far as that was ever seen.
    pub fn version_at(&self, file: &FileRef, at: Timestamp) -> Option<FetchedFile> {
        let files = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let by_then =
            files.get(file)?.iter().filter(|version| version.modified_at.is_some_and(|written| written <= at));
        by_then.max_by_key(|version| version.modified_at).cloned()
    }

    /// Takes a file from the folder on this machine, by its path there: with ComfyUI's name of it, or `None` when it is none
    /// to be taken. Ends early when it is given up.
    pub async fn fetch_path(
        &self,
        path: PathBuf,
        progress: &Arc<Progress>,
    ) -> Result<Option<(FileRef, FetchedFile)>, Error> {
        let taking = self.at_the_folders(
            move |local, progress| match local.roots.name(&path).filter(is_finished) {
                Some(file) => Ok(local.take(&file, progress)?.map(|fetched| (file, fetched))),
                None => Ok(None),
            },
            progress,
        );
        tokio::select! {
            taken = taking => taken,
            () = progress.given_up() => Err(Error::TooSlow),
        }
    }

    /// Takes a file from the folder on this machine; `None` when it isn't there.
    async fn take_local(&self, file: &FileRef, progress: &Arc<Progress>) -> Result<Option<FetchedFile>, Error> {
        if !self.local.roots.have(file) {
            return Ok(None);
        }
        let file = file.clone();
        self.at_the_folders(move |local, progress| local.take(&file, progress), progress).await
    }

    /// Does work at the folders, when there is a thread for it.
    async fn at_the_folders<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Local, &Progress) -> Result<T, Error> + Send + 'static,
        progress: &Arc<Progress>,
    ) -> Result<T, Error> {
        let turn = Arc::clone(&self.at_the_folders).acquire_owned().await;
        let (local, progress) = (Arc::clone(&self.local), Arc::clone(progress));
        let worked = foreign::aside(move || {
            let _turn = turn;
            work(&local, &progress)
        });
        worked.await.unwrap_or_else(|source| Err(unreadable(Path::new("ComfyUI's folders"), source)))
    }

    /// Takes a file over the network; `None` when it isn't there.
    async fn fetch_view(
        &self,
        file: &FileRef,
        progress: &Progress,
    ) -> Result<Result<Option<FetchedFile>, Refusal>, Error> {
        let too_large = self.too_large().get(file).copied();
        if let Some(bytes) = too_large {
            self.local.blobs.has_room_for(bytes).await?;
        }
        let known = self.local.recall_etag(file);
        match self.client.view(file, known.as_ref().map(|(etag, _)| etag.as_str())).await? {
            View::Gone => Ok(Ok(None)),
            View::Refused(refusal) => Ok(Err(refusal)),
            View::Unchanged => Ok(Ok(known.map(|(_, fetched)| fetched))),
            View::Found(mut body) => {
                let stored = self.receive(&mut body, progress).await;
                self.note_too_large(file, stored.as_ref().err());
                let fetched = fetched(stored?, file, body.modified_at);
                Ok(Ok(Some(match body.etag {
                    Some(etag) => self.local.remember(file, FileVersion::Etag(etag), fetched),
                    None => fetched,
                })))
            }
        }
    }

    async fn receive(&self, body: &mut ViewBody, progress: &Progress) -> Result<Stored, Error> {
        progress.expect(body.expected());
        // One that says so at once need not come first.
        self.local.blobs.has_room_for(body.expected().unwrap_or(0)).await?;
        let mut draft = self.local.blobs.draft();
        let outcome = loop {
            match body.next().await {
                Ok(Some(bytes)) => {
                    progress.add(bytes.len());
                    if let Err(error) = draft.write(bytes).await {
                        break Err(error.into());
                    }
                }
                Ok(None) => {
                    progress.arrived();
                    return Ok(draft.finish().await?);
                }
                Err(error) => break Err(error.into()),
            }
        };
        draft.give_up().await;
        outcome
    }

    fn note_too_large(&self, file: &FileRef, error: Option<&Error>) {
        let mut too_large = self.too_large();
        if too_large.len() >= REMEMBERED {
            too_large.clear();
        }
        match error {
            Some(Error::Blobs(blobs::Error::TooLarge { bytes, .. })) => drop(too_large.insert(file.clone(), *bytes)),
            _ => drop(too_large.remove(file)),
        }
    }

    fn too_large(&self) -> MutexGuard<'_, HashMap<FileRef, u64>> {
        self.too_large.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Local {
    /// Takes a file from its folder; `None` when it isn't there. Blocks as long as its disk does.
    fn take(&self, file: &FileRef, progress: &Progress) -> Result<Option<FetchedFile>, Error> {
        let name = Path::new(&file.filename);
        let opened = self.roots.open(file).map_err(|source| unreadable(name, source))?;
        let Some(Opened { file: source, bytes, modified }) = opened else { return Ok(None) };
        let version = FileVersion::Local(modified, bytes);
        if let Some(fetched) = self.recall(file, &version) {
            return Ok(Some(fetched));
        }
        match self.blobs.copy(&source, name, progress) {
            Ok(stored) => {
                let fetched = fetched(stored, file, Some(modified.into()));
                Ok(Some(self.remember(file, version, fetched)))
            }
            Err(error) if error.is_source_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn recall(&self, file: &FileRef, version: &FileVersion) -> Option<FetchedFile> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(file).filter(|(known, _)| known == version).map(|(_, fetched)| fetched.clone())
    }

    fn recall_etag(&self, file: &FileRef) -> Option<(String, FetchedFile)> {
        match self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(file)? {
            (FileVersion::Etag(etag), fetched) => Some((etag.clone(), fetched.clone())),
            (FileVersion::Local(..), _) => None,
        }
    }

    fn remember(&self, file: &FileRef, version: FileVersion, fetched: FetchedFile) -> FetchedFile {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(file.clone(), (version, fetched.clone()));
        fetched
    }
}

/// Whether a file isn't one that a program is still writing under another name.
fn is_finished(file: &FileRef) -> bool {
    !(file.filename.starts_with('.') || file.filename.ends_with(".tmp") || file.filename.ends_with(".part"))
}

fn unreadable(path: &Path, source: io::Error) -> Error {
    blobs::Error::Read { path: path.to_owned(), source }.into()
}

fn fetched(stored: Stored, file: &FileRef, modified_at: Option<Timestamp>) -> FetchedFile {
    let (kind, mime) = media::sniff(&stored.head, &file.filename);
    let blob = Blob { digest: stored.digest, bytes: stored.bytes, kind, mime: mime.to_owned() };
    FetchedFile { blob, modified_at }
}
