//! Whether files can be kept, which is another question than whether records can be written: a database that is written
//! over in place goes on when there is no room, no inode or no right left for a new file.
//!
//! Every file that is refused says so here, whoever wanted to keep it. Only a look that does what the refused file needed
//! finds that it is over: a small file that fits says nothing of a large one that doesn't.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task;

use super::disk::{Blobs, make_draft};
use super::durable::make_folder;
use super::error::Error;
use crate::model::{Cause, Digest, Trouble};

/// After so long without a refusal nobody waits any more for the room that the last ones lacked. Longer than the longest
/// wait between two tries of a file.
const FORGOTTEN: Duration = Duration::from_secs(20 * 60);

/// Free bytes that a file wants besides its own, for folders and records.
const SPARE_BYTES: u64 = 128 << 10;

/// What a file may take that leaves no room: pictures are kept until the disk is full indeed.
const SMALL: u64 = 16 << 20;

/// The room that larger files leave for records and for other files: a share of the disk, and at most.
const RESERVED_SHARE: u64 = 20;
const MOST_RESERVED: u64 = 1 << 30;

/// At most so much is written to see whether it can be.
const MOST_TRIED: u64 = 1 << 20;

/// What is known of the room.
#[derive(Debug)]
pub struct Room {
    told: watch::Sender<Option<Trouble>>,
    lacking: Mutex<Lacking>,
}

/// What the refused files needed.
#[derive(Debug, Clone, Default)]
struct Lacking {
    /// The length of the largest.
    bytes: u64,
    /// The one that had no place.
    digest: Option<Digest>,
    refused_at: Option<Instant>,
}

impl Default for Room {
    fn default() -> Self {
        Self { told: watch::Sender::new(None), lacking: Mutex::default() }
    }
}

impl Blobs {
    /// Whether files can be kept: `None`, or why not. Tells of every change.
    pub fn room(&self) -> watch::Receiver<Option<Trouble>> {
        self.room.told.subscribe()
    }

    /// Looks whether files can be kept again that could not; true when nothing was refused.
    pub async fn look_for_room(&self) -> bool {
        let blobs = self.clone();
        task::spawn_blocking(move || blobs.look_for_room_now())
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    fn look_for_room_now(&self) -> bool {
        let mut lacking = self.lacking().clone();
        let refused_at = lacking.refused_at;
        if refused_at.is_none() {
            return true;
        }
        if lacking.refused_at.is_some_and(|at| at.elapsed() > FORGOTTEN) {
            lacking = Lacking::default();
        }
        if self.try_to_keep(&lacking).is_err() {
            return false;
        }
        let mut lacking = self.lacking();
        // Another file may have been refused meanwhile.
        let has_room = lacking.refused_at == refused_at;
        if has_room {
            *lacking = Lacking::default();
            self.room.told.send_if_modified(|told| told.take().is_some());
        }
        has_room
    }

    /// Does what keeping a file takes, but for giving it a name.
    fn try_to_keep(&self, lacking: &Lacking) -> io::Result<()> {
        if fs4::available_space(&self.folder)? < lacking.bytes.saturating_add(SPARE_BYTES) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if let Some(digest) = &lacking.digest {
            let shelf = self.shelf(digest);
            make_folder(&shelf)?;
            may_write(&shelf)?;
        }
        may_write(&self.folder)?;
        let drafts = self.drafts();
        make_folder(&drafts)?;
        let mut draft = make_draft(&drafts)?;
        let bytes = usize::try_from(lacking.bytes.clamp(1, MOST_TRIED)).unwrap_or(1);
        draft.write_all(&vec![0x5a; bytes])?;
        draft.as_file().sync_all()
    }

    /// Whether it is known already that so many bytes don't fit, so that nobody copies half of them first.
    pub(super) fn lacks_room(&self, bytes: u64) -> bool {
        self.room.told.borrow().is_some() && fs4::available_space(&self.folder).is_ok_and(|free| free < bytes)
    }

    /// Whether a file of others that has `bytes` at least, of which so many are still to be written, leaves the disk some
    /// room. One that doesn't is no sign that the disk is full: others fit.
    pub(super) fn check_reserve(&self, bytes: u64, to_come: u64) -> Result<(), Error> {
        let is_at_home = bytes <= SMALL || self.leaves_room(to_come);
        if is_at_home { Ok(()) } else { Err(Error::TooLarge { path: self.folder.to_path_buf(), bytes }) }
    }

    /// Whether so many bytes more leave the disk some room. One that doesn't say how full it is has some.
    fn leaves_room(&self, bytes: u64) -> bool {
        fs4::statvfs(&self.folder).map_or(true, |found| {
            let reserved = (found.total_space() / RESERVED_SHARE).min(MOST_RESERVED);
            found.available_space() >= bytes.saturating_add(reserved)
        })
    }

    /// Whether there is room for a large file that will have so many bytes.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub async fn has_room_for(&self, bytes: u64) -> Result<(), Error> {
        if bytes <= SMALL {
            return Ok(());
        }
        let blobs = self.clone();
        task::spawn_blocking(move || blobs.check_reserve(bytes, bytes))
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    /// Notes that a file could not be kept; it has `bytes` at least. `digest` where its name is what it lacks.
    pub(super) fn refuse(&self, source: io::Error, bytes: u64, digest: Option<Digest>) -> Error {
        let error = Error::Write { path: self.folder.to_path_buf(), source };
        let mut lacking = self.lacking();
        lacking.bytes = lacking.bytes.max(bytes);
        lacking.digest = digest.or(lacking.digest);
        lacking.refused_at = Some(Instant::now());
        let trouble = error.trouble();
        self.room.told.send_if_modified(|told| {
            let is_news = told.as_ref().is_none_or(|told| told.cause != trouble.cause);
            if is_news {
                *told = Some(trouble);
            }
            is_news
        });
        error
    }

    fn lacking(&self) -> std::sync::MutexGuard<'_, Lacking> {
        self.room.lacking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a disk that says this may think better of it: then what is kept there is worth reading meanwhile.
pub(super) fn may_pass(error: &io::Error) -> bool {
    const EIO: i32 = 5;
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::ReadOnlyFilesystem
    ) || cfg!(unix) && error.raw_os_error() == Some(EIO)
}

/// What a disk that takes no more has run out of.
pub(super) fn fullness(folder: &Path) -> Cause {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    if rustix::fs::statvfs(folder).is_ok_and(|found| found.f_files > 0 && found.f_favail == 0) {
        return Cause::NoInodes;
    }
    let _ = folder;
    Cause::DiskFull
}

/// Whether names can be made in a folder.
fn may_write(folder: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK)?;
    let _ = folder;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn cause(blobs: &Blobs) -> Option<Cause> {
        blobs.room().borrow().as_ref().map(|trouble| trouble.cause)
    }

    async fn keep(blobs: &Blobs, folder: &Path, text: &str) -> Result<super::super::Stored, Error> {
        let source = folder.join("source");
        fs::write(&source, text).unwrap();
        blobs.copy_now(&source)
    }

    #[tokio::test]
    async fn every_refused_file_says_why_until_a_look_finds_that_it_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
        assert!(blobs.look_for_room().await);
        fs::remove_dir(blobs.drafts()).unwrap();
        fs::write(blobs.drafts(), "in the way").unwrap();
        assert!(keep(&blobs, folder.path(), "a fox").await.unwrap_err().is_refused());
        assert_eq!(cause(&blobs), Some(Cause::FilesRefused));
        let told = blobs.room().borrow().as_ref().unwrap().detail.clone();
        assert!(told.contains("os error") && !told.contains("blobs"), "no path is told to who looks at a page: {told}");
        assert!(!blobs.look_for_room().await);
        fs::remove_file(blobs.drafts()).unwrap();
        assert!(blobs.look_for_room().await);
        assert_eq!(cause(&blobs), None);
        keep(&blobs, folder.path(), "a fox").await.unwrap();
        assert_eq!(fs::read_dir(blobs.drafts()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_file_whose_shelf_cannot_be_made_is_refused_until_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
        let digest = keep(&blobs, folder.path(), "a fox").await.unwrap().digest;
        let shelf = blobs.shelf(&digest);
        fs::remove_dir_all(&shelf).unwrap();
        fs::write(&shelf, "in the way").unwrap();
        keep(&blobs, folder.path(), "a fox").await.unwrap_err();
        assert!(!blobs.look_for_room().await, "a draft alone can be written");
        fs::remove_file(&shelf).unwrap();
        assert!(blobs.look_for_room().await);
    }

    #[tokio::test]
    async fn a_small_file_that_fits_says_nothing_of_a_large_one_that_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
        let error = blobs.refuse(io::ErrorKind::StorageFull.into(), 1 << 60, None);
        assert!(error.is_full() && error.is_refused());
        keep(&blobs, folder.path(), "a fox").await.unwrap();
        assert!(!blobs.look_for_room().await);
        assert_eq!(cause(&blobs), Some(Cause::DiskFull));
        assert!(blobs.lacks_room(1 << 60) && !blobs.lacks_room(1));
    }

    #[tokio::test]
    async fn a_large_file_leaves_room_and_a_small_one_need_not() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let found = fs4::statvfs(folder.path()).unwrap();
        let error = blobs.has_room_for(found.available_space()).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }) && !error.is_full() && !error.is_refused());
        assert_eq!(error.trouble().cause, Cause::TooLarge);
        assert_eq!(cause(&blobs), None, "others fit");
        blobs.has_room_for(1).await.unwrap();
    }

    #[test]
    fn a_folder_that_takes_no_file_now_can_be_read_all_the_same() {
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::ReadOnlyFilesystem] {
            assert!(may_pass(&kind.into()), "{kind}");
        }
        assert!(may_pass(&io::Error::from_raw_os_error(5)) || !cfg!(unix));
        assert!(!may_pass(&io::ErrorKind::PermissionDenied.into()));
    }
}
