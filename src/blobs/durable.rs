//! What is known to be on the disk for good: names that were synced in the life of this process. A name that another
//! process left behind may be in the memory of the system alone.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::Digest;

/// Names that are remembered; beyond that they are synced once more, which costs little when there is nothing to write.
const MOST: usize = 65_536;

#[derive(Debug, Default)]
pub(super) struct Durable(Mutex<KnownDigests>);

#[derive(Debug, Default)]
struct KnownDigests {
    files: HashSet<Digest>,
    shelves: HashSet<PathBuf>,
}

impl Durable {
    pub(super) fn has(&self, digest: &Digest) -> bool {
        self.known().files.contains(digest)
    }

    /// Notes that the file, its name and its shelf are synced.
    pub(super) fn note(&self, digest: Digest) {
        let mut known = self.known();
        if known.files.len() >= MOST {
            known.files.clear();
        }
        known.files.insert(digest);
    }

    /// Makes a shelf where there is none. Its name is synced once, also when it was there before us.
    pub(super) fn make_shelf(&self, folder: &Path, shelf: &Path) -> io::Result<()> {
        if self.known().shelves.contains(shelf) && shelf.exists() {
            return Ok(());
        }
        make_folder(shelf)?;
        sync_folder(folder)?;
        // The folder of all may be as new as its first shelf.
        if self.known().shelves.is_empty()
            && let Some(parent) = folder.parent()
        {
            sync_folder(parent)?;
        }
        self.known().shelves.insert(shelf.to_owned());
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, KnownDigests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes a folder, and those around it, for their owner alone; what exists keeps its mode. The names in it tell which files
/// somebody has.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes the names in a folder durable. Windows has no such call and needs none.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::{Adopted, Blobs};
    use super::*;

    #[test]
    fn a_name_that_another_process_left_is_synced_before_it_counts_as_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (place, source) = (folder.path().join("blobs"), folder.path().join("source"));
        fs::write(&source, "a fox").unwrap();
        let before = Blobs::open(&place).unwrap();
        let digest = before.copy_now(&source).unwrap().digest;
        assert!(before.durable.has(&digest), "who wrote it knows");
        let next = Blobs::open(&place).unwrap();
        assert!(!next.durable.has(&digest));
        next.copy_now(&source).unwrap();
        assert!(next.durable.has(&digest));
        let backup = Blobs::open(&place).unwrap();
        assert_eq!(backup.adopt(&before, &digest, 5).unwrap(), Adopted::WasThere);
        assert!(backup.durable.has(&digest));
    }

    #[cfg(unix)]
    #[test]
    fn a_name_whose_sync_failed_does_not_count_as_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (place, source) = (folder.path().join("blobs"), folder.path().join("source"));
        fs::write(&source, "a fox").unwrap();
        let digest = Blobs::open(&place).unwrap().copy_now(&source).unwrap().digest;
        // What can't be opened can't be synced, not even by root.
        let path = Blobs::look(&place).path(&digest);
        let (aside, next) = (folder.path().join("aside"), Blobs::open(&place).unwrap());
        fs::rename(&path, &aside).unwrap();
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(next.is_there(&digest, 0).unwrap_err().raw_os_error().is_some());
        assert!(!next.durable.has(&digest));
        fs::remove_file(&path).unwrap();
        fs::rename(&aside, &path).unwrap();
        assert!(next.is_there(&digest, 5).unwrap() && next.durable.has(&digest));
    }

    #[test]
    fn a_shelf_that_was_taken_away_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let (durable, shelf) = (Durable::default(), folder.path().join("ab"));
        for _ in 0..2 {
            durable.make_shelf(folder.path(), &shelf).unwrap();
            assert!(shelf.is_dir());
            fs::remove_dir(&shelf).unwrap();
        }
    }
}
