//! One file of ComfyUI's into the blobs: from the folder on this machine where we share a disk, else over `/view`.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

use super::folders::Folders;
use super::names;
use crate::blobs::{self, Blobs, Stored};
use crate::comfy::{self, Client, Refusal, View, ViewBody};
use crate::media;
use crate::model::{Blob, FileRef, Role, Timestamp, Trouble};

/// Files whose bytes are remembered, so that a cached run, which names the files of an earlier one, costs no second copy.
const REMEMBERED: usize = 4096;

/// Versions of one file that are remembered.
const VERSIONS: usize = 16;

/// Why a file could not be had this time.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// ComfyUI didn't give it.
    #[error(transparent)]
    Comfy(#[from] comfy::Error),
    /// It could not be read or kept here.
    #[error(transparent)]
    Blobs(#[from] blobs::Error),
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
        }
    }
}

/// A file that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its bytes.
    pub blob: Blob,
    /// When it was last written, as far as its source says.
    pub modified_at: Option<Timestamp>,
}

/// What became of looking for a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// It is here, and it was there.
    Found(FileRef, Fetched),
    /// It is nowhere; where it should be, ComfyUI hands out nothing.
    Nowhere(Option<Refusal>),
}

/// Fetches files of one ComfyUI.
#[derive(Debug)]
pub struct Fetcher {
    client: Client,
    folders: Folders,
    blobs: Blobs,
    remembered: Mutex<HashMap<FileRef, (Version, Fetched)>>,
    /// What files that runs read held lately, the oldest first: what one run's look found, another may have read.
    versions: Mutex<HashMap<FileRef, Vec<Fetched>>>,
}

/// Which writing of a file it was.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Version {
    /// Time of the last write and length.
    Local(SystemTime, u64),
    /// What `/view` calls it.
    Etag(String),
}

impl Fetcher {
    /// Nothing is fetched yet.
    pub fn new(client: Client, folders: Folders, blobs: Blobs) -> Self {
        Self { client, folders, blobs, remembered: Mutex::default(), versions: Mutex::default() }
    }

    /// Whether what is fetched can be kept, and every change of that.
    pub fn room(&self) -> watch::Receiver<Option<Trouble>> {
        self.blobs.room()
    }

    /// Fetches a file, from wherever it may lie; `told` as [`names::places`] has it.
    pub async fn fetch(&self, file: &FileRef, role: Role, told: Option<&str>) -> Result<Sought, Error> {
        let (mut refusal, mut failure) = (None, None);
        for place in names::places(file, role, told) {
            if let Some(fetched) = self.fetch_local(&place).await? {
                return Ok(Sought::Found(place, fetched));
            }
            match self.fetch_view(&place).await {
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
    pub fn note_version(&self, file: &FileRef, fetched: &Fetched) {
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
    pub fn version_at(&self, file: &FileRef, at: Timestamp) -> Option<Fetched> {
        let files = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        let by_then =
            files.get(file)?.iter().filter(|version| version.modified_at.is_some_and(|written| written <= at));
        by_then.max_by_key(|version| version.modified_at).cloned()
    }

    /// Takes a file from the folder on this machine; `None` when it isn't there.
    pub async fn fetch_local(&self, file: &FileRef) -> Result<Option<Fetched>, Error> {
        let Some(path) = self.folders.locate(file) else { return Ok(None) };
        let Ok(version) = version(&path) else { return Ok(None) };
        if let Some(fetched) = self.recall(file, &version) {
            return Ok(Some(fetched));
        }
        match self.blobs.copy(path).await {
            Ok(stored) => {
                let Version::Local(modified, _) = &version else { return Ok(None) };
                let fetched = fetched(stored, file, Some((*modified).into()));
                Ok(Some(self.remember(file, version, fetched)))
            }
            Err(error) if error.is_source_missing() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a file over the network; `None` when it isn't there.
    async fn fetch_view(&self, file: &FileRef) -> Result<Result<Option<Fetched>, Refusal>, Error> {
        let known = self.recall_etag(file);
        match self.client.view(file, known.as_ref().map(|(etag, _)| etag.as_str())).await? {
            View::Gone => Ok(Ok(None)),
            View::Refused(refusal) => Ok(Err(refusal)),
            View::Unchanged => Ok(Ok(known.map(|(_, fetched)| fetched))),
            View::Found(mut body) => {
                let stored = self.receive(&mut body).await?;
                let fetched = fetched(stored, file, body.modified_at);
                Ok(Ok(Some(match body.etag {
                    Some(etag) => self.remember(file, Version::Etag(etag), fetched),
                    None => fetched,
                })))
            }
        }
    }

    async fn receive(&self, body: &mut ViewBody) -> Result<Stored, Error> {
        let mut draft = self.blobs.draft();
        loop {
            match body.next().await {
                Ok(Some(bytes)) => draft.write(bytes).await,
                Ok(None) => return Ok(draft.finish().await?),
                Err(error) => {
                    draft.give_up().await;
                    return Err(error.into());
                }
            }
        }
    }

    fn recall(&self, file: &FileRef, version: &Version) -> Option<Fetched> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(file).filter(|(known, _)| known == version).map(|(_, fetched)| fetched.clone())
    }

    fn recall_etag(&self, file: &FileRef) -> Option<(String, Fetched)> {
        match self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(file)? {
            (Version::Etag(etag), fetched) => Some((etag.clone(), fetched.clone())),
            (Version::Local(..), _) => None,
        }
    }

    fn remember(&self, file: &FileRef, version: Version, fetched: Fetched) -> Fetched {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(file.clone(), (version, fetched.clone()));
        fetched
    }
}

fn fetched(stored: Stored, file: &FileRef, modified_at: Option<Timestamp>) -> Fetched {
    let (kind, mime) = media::sniff(&stored.head, &file.filename);
    let blob = Blob { digest: stored.digest, bytes: stored.bytes, kind, mime: mime.to_owned() };
    Fetched { blob, modified_at }
}

fn version(path: &Path) -> io::Result<Version> {
    let metadata = path.metadata()?;
    Ok(Version::Local(metadata.modified()?, metadata.len()))
}
