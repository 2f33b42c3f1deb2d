//! Looking at files that are kept: whether they are what they were, and which there are. Nothing here changes one, but
//! [`Blobs::set_aside`], which only moves it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::Semaphore;

use super::disk::{Blobs, TURNS};
use super::durable::{make_folder, sync_folder};
use super::error::Error;
use super::hasher::Hasher;
use super::progress::Progress;
use crate::model::Digest;

/// How a kept file is.
#[derive(Debug)]
pub enum Condition {
    /// As it was written.
    Sound,
    Missing,
    /// Of another length, in bytes.
    Cut(u64),
    /// Of the same length with other bytes.
    Changed,
    /// The system refuses to read it.
    Unreadable(io::Error),
}

/// What lies in the folder of files.
#[derive(Debug)]
pub enum FolderContents {
    /// A file under its final name.
    File {
        /// The digest that its name says.
        digest: Digest,
        /// How long it is.
        bytes: u64,
        /// When it was written.
        modified: SystemTime,
    },
    /// A file that is being written, or that a crash left half-written.
    Draft(PathBuf),
    Foreign(PathBuf),
}

impl Blobs {
    /// The folder as it is, for one who only reads: nothing is made or swept, and it need not be there.
    pub fn look(folder: &Path) -> Self {
        Self {
            folder: folder.into(),
            room: Arc::default(),
            durable: Arc::default(),
            turns: Arc::new(Semaphore::new(TURNS)),
        }
    }

    /// Reads a file from end to end. Blocks.
    pub fn check(&self, digest: &Digest, bytes: u64) -> Condition {
        match self.digest_of(digest) {
            Ok((_, found)) if found != bytes => Condition::Cut(found),
            Ok((found, _)) if found != *digest => Condition::Changed,
            Ok(_) => Condition::Sound,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Condition::Missing,
            Err(error) => Condition::Unreadable(error),
        }
    }

    fn digest_of(&self, digest: &Digest) -> io::Result<(Digest, u64)> {
        let mut hasher = Hasher::default();
        hasher.read_to_end(&mut File::open(self.path(digest))?, &Progress::default())?;
        let stored = hasher.finish();
        Ok((stored.digest, stored.bytes))
    }

    /// Visits everything in the folder, in no order; what disappears meanwhile is ignored. Blocks.
    ///
    /// # Errors
    /// A folder can't be read.
    pub fn each(&self, mut visit: impl FnMut(FolderContents)) -> Result<(), Error> {
        for shelf in entries(&self.folder)? {
            if !shelf.is_dir() {
                visit(FolderContents::Foreign(shelf));
                continue;
            }
            let is_drafts = shelf == self.drafts();
            for path in entries(&shelf)? {
                match fs::symlink_metadata(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Ok(_) if is_drafts => visit(FolderContents::Draft(path)),
                    Ok(found) if found.is_file() => match digest_named(&shelf, &path) {
                        Some(digest) => {
                            let modified = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                            visit(FolderContents::File { digest, bytes: found.len(), modified });
                        }
                        None => visit(FolderContents::Foreign(path)),
                    },
                    _ => visit(FolderContents::Foreign(path)),
                }
            }
        }
        Ok(())
    }

    /// Whether there is any file under its final name; false where the folder can't be read. Blocks.
    pub fn has_any(&self) -> bool {
        let shelves = entries(&self.folder).unwrap_or_default().into_iter().filter(|shelf| shelf.is_dir());
        let has_any =
            |shelf: &PathBuf| entries(shelf).unwrap_or_default().iter().any(|path| digest_named(shelf, path).is_some());
        shelves.into_iter().any(|shelf| has_any(&shelf))
    }

    /// Moves a file out of the way, into a folder of the same disk that is made for it. Gives where it is now; `None` when
    /// there is no such file. The caller holds the lock of the data folder. Blocks.
    ///
    /// # Errors
    /// The folder can't be made, or the file can't be moved; it is where it was then.
    pub fn set_aside(&self, digest: &Digest, into: &Path) -> Result<Option<PathBuf>, Error> {
        let path = self.path(digest);
        let fail = |source| Error::Write { path: into.to_owned(), source };
        if !path.exists() {
            return Ok(None);
        }
        make_folder(into).map_err(fail)?;
        let names = (1..).map(|number| if number == 1 { digest.to_string() } else { format!("{digest}.{number}") });
        let mut free = names.map(|name| into.join(name)).filter(|place| !place.exists());
        let place = free.next().expect("there are more numbers than files");
        fs::rename(&path, &place).map_err(fail)?;
        sync_folder(into).map_err(fail)?;
        Ok(Some(place))
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let read = || fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(Error::Read { path: folder.to_owned(), source }),
        Ok(entries) => Ok(entries),
    }
}

fn digest_named(shelf: &Path, path: &Path) -> Option<Digest> {
    let [shelf, name] = [shelf, path].map(|path| path.file_name().and_then(|name| name.to_str()));
    let (shelf, name) = (shelf?, name?);
    (shelf.len() == 2).then(|| format!("{shelf}{name}").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(blobs: &Blobs, folder: &Path, text: &str) -> Digest {
        let source = folder.join("source");
        fs::write(&source, text).unwrap();
        blobs.copy_now(&source).unwrap().digest
    }

    #[test]
    fn a_file_is_told_by_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
        let digest = kept(&blobs, folder.path(), "a fox");
        assert!(matches!(blobs.check(&digest, 5), Condition::Sound));
        fs::write(blobs.path(&digest), "a fog").unwrap();
        assert!(matches!(blobs.check(&digest, 5), Condition::Changed));
        fs::write(blobs.path(&digest), "a f").unwrap();
        assert!(matches!(blobs.check(&digest, 5), Condition::Cut(3)));
        fs::remove_file(blobs.path(&digest)).unwrap();
        assert!(matches!(blobs.check(&digest, 5), Condition::Missing));
        fs::create_dir(blobs.path(&digest)).unwrap();
        assert!(matches!(blobs.check(&digest, 5), Condition::Unreadable(_)));
    }

    #[test]
    fn everything_in_the_folder_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("blobs");
        let blobs = Blobs::open(&place).unwrap();
        let digest = kept(&blobs, folder.path(), "a fox");
        let shelf = blobs.path(&digest).parent().unwrap().to_owned();
        for foreign in [place.join("note.txt"), shelf.join("note.txt"), shelf.join("0".repeat(61))] {
            fs::write(foreign, "").unwrap();
        }
        fs::write(place.join("drafts/half"), "half").unwrap();
        let (mut files, mut drafts, mut foreign) = (Vec::new(), 0, 0);
        Blobs::look(&place)
            .each(|found| match found {
                FolderContents::File { digest, bytes, .. } => files.push((digest, bytes)),
                FolderContents::Draft(_) => drafts += 1,
                FolderContents::Foreign(_) => foreign += 1,
            })
            .unwrap();
        assert_eq!((files, drafts, foreign), (vec![(digest, 5)], 1, 3));
        assert!(blobs.has_any());
        fs::remove_file(blobs.path(&digest)).unwrap();
        assert!(!blobs.has_any(), "what isn't ours doesn't count");
        Blobs::look(&folder.path().join("gone")).each(|found| panic!("{found:?}")).unwrap();
    }

    #[test]
    fn what_is_set_aside_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
        let aside = folder.path().join("broken");
        for number in 1..4 {
            let digest = kept(&blobs, folder.path(), "a fox");
            let place = blobs.set_aside(&digest, &aside).unwrap().unwrap();
            assert_eq!(fs::read_dir(&aside).unwrap().count(), number);
            assert_eq!(fs::read(place).unwrap(), b"a fox");
            assert!(blobs.set_aside(&digest, &aside).unwrap().is_none());
        }
    }
}
