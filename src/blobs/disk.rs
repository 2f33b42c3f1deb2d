//! The folder of files.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::{NamedTempFile, TempPath};
use tokio::sync::Semaphore;
use tokio::task;

use super::draft::Draft;
use super::durable::{Durable, make_folder, sync_folder};
use super::error::Error;
use super::hasher::{Hasher, Stored};
use super::progress::Progress;
use super::room::{self, Room};
use crate::model::{Digest, Space};
use crate::share::share;

/// Who may read what is kept: nobody but the daemon's user.
const PRIVATE: u32 = 0o600;

/// Files that arrive and are written at a time, of all servers together: less than half of the threads that may block, so
/// that pages, records and archives have theirs.
pub const TURNS: usize = 8;

/// The folder of files; clones share it.
#[derive(Debug, Clone)]
pub struct Blobs {
    pub(super) folder: Arc<Path>,
    pub(super) room: Arc<Room>,
    pub(super) durable: Arc<Durable>,
    /// Of files that arrive, to write what came.
    pub(super) turns: Arc<Semaphore>,
}

impl Blobs {
    /// Opens or makes the folder, and sweeps what a crash left half-written. The caller holds the lock of the data
    /// folder, so nobody else is writing. Blocks. A disk that is full or fails is no reason to refuse: what is kept can
    /// be read all the same, and [`room`] says that nothing more can be.
    ///
    /// # Errors
    /// It is no folder, or this user may not write there.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let blobs = Self::look(folder);
        match blobs.sweep() {
            Err(source) if room::may_pass(&source) => drop(blobs.refuse(source, 0, None)),
            swept => swept.map_err(|source| Error::Folder { path: folder.to_owned(), source })?,
        }
        Ok(blobs)
    }

    pub(super) fn sweep(&self) -> io::Result<()> {
        let drafts = self.drafts();
        make_folder(&drafts)?;
        for entry in fs::read_dir(&drafts)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
        }
        make_draft(&drafts).map(drop)
    }

    /// The room on the disk of the files, as far as we may use it.
    pub async fn space(&self) -> Result<Space, Error> {
        let path = self.folder.to_path_buf();
        let asking = task::spawn_blocking(move || match fs4::statvfs(&path) {
            Ok(found) => Ok(Space { free: found.available_space(), total: found.total_space() }),
            Err(source) => Err(Error::Read { path, source }),
        });
        asking.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// Opens a file for reading; `None` when there is none with this digest.
    pub async fn open_file(&self, digest: &Digest) -> Result<Option<tokio::fs::File>, Error> {
        let path = self.path(digest);
        match tokio::fs::File::open(&path).await {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Read { path, source }),
        }
    }

    /// Starts a file that arrives in pieces.
    pub fn draft(&self) -> Draft {
        Draft::start(self.clone())
    }

    /// Copies an open file of others, called `name`: shares its blocks where the filesystem can, else byte by byte. All that
    /// is copied and looked at is what was opened, whatever its name leads to meanwhile. Blocks as long as reading takes: for
    /// a thread of its own.
    ///
    /// # Errors
    /// It can't be read, was given up, changed meanwhile, is too large, or can't be kept.
    pub fn copy(&self, source: &File, name: &Path, progress: &Progress) -> Result<Stored, Error> {
        let (draft, hasher) = self.drafted(source, name, Some(progress))?;
        progress.arrived();
        self.keep(draft, hasher)
    }

    /// A copy of an open file under a temporary name. One of others tells of its progress, and leaves the disk some room.
    pub(super) fn drafted(
        &self,
        source: &File,
        name: &Path,
        progress: Option<&Progress>,
    ) -> Result<(NamedTempFile, Hasher), Error> {
        let unreadable = |source| Error::Read { path: name.to_owned(), source };
        let before = source.metadata().map_err(unreadable)?;
        if !before.is_file() {
            return Err(unreadable(io::Error::new(io::ErrorKind::NotFound, "not a regular file")));
        }
        let nobody = Progress::default();
        let (is_of_others, progress) = (progress.is_some(), progress.unwrap_or(&nobody));
        progress.expect(Some(before.len()));
        if self.lacks_room(before.len()) {
            return Err(self.refuse(io::ErrorKind::StorageFull.into(), before.len(), None));
        }
        let mut draft = self.new_file()?;
        let mut hasher = Hasher::default();
        if self.clone_blocks(source, &mut draft) {
            hasher.read_to_end(draft.as_file_mut(), progress).map_err(unreadable)?;
        } else {
            if is_of_others {
                self.check_reserve(before.len(), before.len())?;
            }
            // No more than was there: what grows as fast as it is read would never end.
            hasher
                .copy(&mut source.take(before.len() + 1), draft.as_file_mut(), progress)
                .map_err(unreadable)?
                .map_err(|source| self.refuse(source, before.len(), None))?;
        }
        let after = source.metadata().map_err(unreadable)?;
        if after.len() != hasher.bytes || after.modified().ok() != before.modified().ok() {
            return Err(Error::Changed { path: name.to_owned() });
        }
        Ok((draft, hasher))
    }

    /// Makes `draft` a copy-on-write clone of `source`; `false`, with an empty `draft`, where the filesystem can't.
    pub(super) fn clone_blocks(&self, source: &File, draft: &mut NamedTempFile) -> bool {
        let clone = self.drafts().join(format!("{:016x}", fastrand::u64(..)));
        if share(source, &clone, PRIVATE).is_err() {
            return false;
        }
        let opened = File::options().read(true).write(true).open(&clone);
        let (Ok(file), Ok(path)) = (opened, TempPath::try_from_path(clone)) else { return false };
        *draft = NamedTempFile::from_parts(file, path);
        true
    }

    pub(super) fn new_file(&self) -> Result<NamedTempFile, Error> {
        let drafts = self.drafts();
        let made = make_draft(&drafts).or_else(|error| match error.kind() {
            // A start on a full disk could not make it.
            io::ErrorKind::NotFound => make_folder(&drafts).and_then(|()| make_draft(&drafts)),
            _ => Err(error),
        });
        made.map_err(|source| self.refuse(source, 0, None))
    }

    /// Gives a written file its final name, durably.
    pub(super) fn keep(&self, draft: NamedTempFile, hasher: Hasher) -> Result<Stored, Error> {
        let stored = hasher.finish();
        let fail = |source| self.refuse(source, stored.bytes, Some(stored.digest));
        if !self.is_there(&stored.digest, stored.bytes).map_err(fail)? {
            self.place(draft, &stored.digest).map_err(fail)?;
        }
        Ok(stored)
    }

    /// Writes down a draft under its final name. Known to be durable only when all of it is: whoever finds the name after
    /// one of these calls failed syncs it anew.
    pub(super) fn place(&self, draft: NamedTempFile, digest: &Digest) -> io::Result<()> {
        let path = self.path(digest);
        draft.as_file().sync_all()?;
        let shelf = self.shelf(digest);
        self.durable.make_shelf(&self.folder, &shelf)?;
        draft.persist(&path).map_err(|error| error.error)?;
        sync_folder(&shelf)?;
        self.durable.note(*digest);
        Ok(())
    }

    /// Whether a file is here under its final name, with its whole length: then durably so, whoever wrote it.
    pub(super) fn is_there(&self, digest: &Digest, bytes: u64) -> io::Result<bool> {
        let path = self.path(digest);
        if !fs::metadata(&path).is_ok_and(|kept| kept.len() == bytes) {
            return Ok(false);
        }
        if !self.durable.has(digest) {
            // Windows syncs only what may be written.
            File::options().read(true).write(cfg!(windows)).open(&path)?.sync_all()?;
            let shelf = self.shelf(digest);
            sync_folder(&shelf)?;
            self.durable.make_shelf(&self.folder, &shelf)?;
            self.durable.note(*digest);
        }
        Ok(true)
    }

    /// Where the bytes with that digest lie, if they are here: for a program that must open them by itself.
    pub fn path(&self, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        self.folder.join(&name[..2]).join(&name[2..])
    }

    pub(super) fn drafts(&self) -> PathBuf {
        self.folder.join("drafts")
    }

    /// The folder in which a file lies.
    pub(super) fn shelf(&self, digest: &Digest) -> PathBuf {
        self.folder.join(&digest.to_string()[..2])
    }
}

/// Makes a file for its owner alone, which goes with what it gives. Not in tempfile's own way, whose errors name the path and
/// hide what the system said.
pub(super) fn make_draft(drafts: &Path) -> io::Result<NamedTempFile> {
    let path = drafts.join(format!("{:016x}", fastrand::u64(..)));
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE);
    let file = options.open(&path)?;
    Ok(NamedTempFile::from_parts(file, TempPath::try_from_path(path)?))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use bytes::Bytes;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// `printf abc | sha256sum`
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    async fn read(blobs: &Blobs, digest: &Digest) -> Vec<u8> {
        let mut bytes = Vec::new();
        blobs.open_file(digest).await.unwrap().unwrap().read_to_end(&mut bytes).await.unwrap();
        bytes
    }

    impl Blobs {
        /// Copies the file of this name.
        pub(in crate::blobs) fn copy_now(&self, path: &Path) -> Result<Stored, Error> {
            let opened = File::open(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
            self.copy(&opened, path, &Progress::default())
        }
    }

    fn files_below(folder: &Path) -> usize {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { files_below(&path) } else { 1 }).sum()
    }

    #[tokio::test]
    async fn a_file_that_arrives_in_pieces_and_one_that_is_copied_are_the_same_blob() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
        let mut draft = blobs.draft();
        for piece in ["a", "b", "c"] {
            draft.write(Bytes::from(piece)).await.unwrap();
        }
        let arrived = draft.finish().await.unwrap();
        let source = folder.path().join("we ird & <b>.png");
        fs::write(&source, "abc").unwrap();
        let copied = blobs.copy_now(&source).unwrap();
        assert_eq!(arrived, copied);
        assert_eq!(
            (arrived.digest.to_string().as_str(), arrived.bytes, arrived.head.as_slice()),
            (ABC, 3, &b"abc"[..])
        );
        assert_eq!(read(&blobs, &arrived.digest).await, b"abc");
        assert_eq!(files_below(&folder.path().join("blobs")), 1);
    }

    #[tokio::test]
    async fn a_draft_that_is_given_up_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let mut draft = blobs.draft();
        draft.write(Bytes::from_static(b"half of it")).await.unwrap();
        draft.give_up().await;
        assert_eq!(files_below(folder.path()), 0);
    }

    #[test]
    fn what_a_crash_left_is_swept_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let (mut file, _path) = blobs.new_file().unwrap().keep().unwrap();
        file.write_all(b"half of it").unwrap();
        assert_eq!(files_below(folder.path()), 1);
        Blobs::open(folder.path()).unwrap();
        assert_eq!(files_below(folder.path()), 0);
    }

    #[tokio::test]
    async fn a_blob_that_was_cut_short_behind_our_back_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let source = folder.path().join("abc");
        fs::write(&source, "abc").unwrap();
        let stored = blobs.copy_now(&source).unwrap();
        fs::write(blobs.path(&stored.digest), "a").unwrap();
        blobs.copy_now(&source).unwrap();
        assert_eq!(read(&blobs, &stored.digest).await, b"abc");
    }

    #[tokio::test]
    async fn a_missing_source_a_folder_and_a_missing_blob_are_told_apart_from_failures() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        for path in ["gone.png", &"x".repeat(4000), "drafts", "a\0b"] {
            let error = blobs.copy_now(&folder.path().join(path)).unwrap_err();
            assert!(error.is_source_missing() || path.contains('\0'), "{path}: {error:?}");
        }
        assert!(blobs.open_file(&ABC.parse().unwrap()).await.unwrap().is_none());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named_in_the_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = Blobs::open(&folder.path().join("file/blobs")).unwrap_err();
        assert!(error.to_string().contains("file/blobs"), "{error}");
    }
}
