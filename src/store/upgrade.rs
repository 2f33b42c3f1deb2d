//! The copy that is kept of a database before an update changes it: `recall.db.before-VERSION`, beside it.
//!
//! It has a temporary name until it is whole and durable, so one that was broken off is none. One that is there is a single
//! file without a log, as a backup is, and can be put back by `restore`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::copy::Copy;
use super::error::Error;
use super::folder::{ASIDE, COPY};
use super::schema;
use crate::model::shown_bytes;
use crate::share::share;
use crate::sqlite::{connection, disk};

/// What a file that isn't whole yet ends with.
const PART: &str = ".part";

/// Copies that are kept, the newest: to go back over as many updates. Older ones go when a newer one is whole.
const KEPT: usize = 3;

/// Pages between two words about how far it is: 16 MB.
const PAGES_AT_ONCE: i32 = 4_096;

/// What is left free on a disk besides the copy: a migration writes too, and a full disk is nobody's wish.
const SPARE_BYTES: u64 = 32 << 20;

/// How far an update of the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upgrade {
    /// A copy is being made.
    Copying {
        /// Bytes that are copied.
        done: u64,
        bytes: u64,
    },
    /// The copy is kept; now every run is brought up to date.
    Migrating {
        /// Where the copy is.
        kept: PathBuf,
        /// How many runs there are.
        runs: u64,
    },
    /// All is up to date.
    Done,
}

/// The copies that are kept in a data folder: before updates, and what a restore set aside. By name.
pub fn copies(folder: &Path) -> Vec<PathBuf> {
    let is_copy = |name: &str| [COPY, ASIDE].iter().any(|start| name.starts_with(start));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut copies: Vec<_> = names.filter(|name| is_copy(name) && !name.ends_with(PART)).collect();
    copies.sort_unstable();
    copies.into_iter().map(|name| folder.join(name)).collect()
}

/// Keeps a copy of a database that `conn` has open, and that is to be changed. Nobody else writes to it: the caller has the
/// lock of the folder. Gives the copy's path.
pub(super) fn keep_copy(conn: Connection, file: &Path, tell: &mut dyn FnMut(Upgrade)) -> Result<PathBuf, Error> {
    let kept = beside(file, &format!("{COPY}{}", env!("CARGO_PKG_VERSION")));
    let part = disk::beside(&kept, PART);
    let bytes = fs::metadata(file).map_or(0, |found| found.len());
    tell(Upgrade::Copying { done: 0, bytes });
    let unkept = |source: io::Error| not_kept(file, bytes, source);
    disk::remove(&part).map_err(unkept)?;
    let made = copy(conn, file, &part, bytes, tell).and_then(|()| {
        seal(&part)?;
        File::options().write(true).open(&part)?.sync_all()?;
        fs::rename(&part, &kept)?;
        disk::sync_folder(&kept)
    });
    made.map_err(|source| {
        // What is left of it only takes room, which may be what it lacked.
        let _ = disk::remove(&part);
        unkept(source)
    })?;
    let _ = forget_old(file);
    Ok(kept)
}

/// Copies the database as it is now: shares its blocks where the filesystem can, else page by page.
fn copy(
    conn: Connection,
    file: &Path,
    part: &Path,
    bytes: u64,
    tell: &mut dyn FnMut(Upgrade),
) -> Result<(), io::Error> {
    // All of it into the one file. A reader may be in the way, then SQLite takes the rest from the log.
    let _ = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    let is_whole = fs::metadata(disk::beside(file, "-wal")).map_or(true, |log| log.len() == 0);
    if is_whole {
        // Closed first: whoever opens and closes the file beside SQLite takes its locks away (POSIX).
        drop(conn);
        if File::open(file).and_then(|file| share(&file, part, 0o600)).is_ok() {
            return disk::make_private(part);
        }
        return copy_pages(&connect(file)?, part, bytes, tell);
    }
    copy_pages(&conn, part, bytes, tell)
}

fn connect(file: &Path) -> io::Result<Connection> {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(as_io)
}

fn copy_pages(from: &Connection, part: &Path, bytes: u64, tell: &mut dyn FnMut(Upgrade)) -> io::Result<()> {
    let folder = part.parent().unwrap_or(part);
    // A filesystem that doesn't say how full it is says so when it is.
    if fs4::available_space(folder).is_ok_and(|free| free < bytes.saturating_add(SPARE_BYTES)) {
        return Err(io::ErrorKind::StorageFull.into());
    }
    disk::private(part)?;
    let mut to = connect(part)?;
    let backup = Backup::new(from, &mut to).map_err(as_io)?;
    loop {
        let step = backup.step(PAGES_AT_ONCE).map_err(as_io)?;
        let pages = |count: i32| u64::try_from(count).unwrap_or(0);
        let (left, all) = (pages(backup.progress().remaining), pages(backup.progress().pagecount).max(1));
        tell(Upgrade::Copying { done: (all - left.min(all)) * (bytes / all), bytes });
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            // Nobody else writes, so this is somebody's hand: told, and nothing is changed.
            _ => return Err(io::Error::other("another program writes to it")),
        }
    }
}

/// Makes it a single file that can be read where it lies, without a log beside it.
fn seal(part: &Path) -> io::Result<()> {
    let conn = connect(part)?;
    conn.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).map_err(as_io)?;
    conn.close().map_err(|(_, error)| as_io(error))
}

/// SQLite's errors among those of the system.
pub(super) fn as_io(error: rusqlite::Error) -> io::Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => io::Error::new(io::ErrorKind::StorageFull, error),
        _ => io::Error::other(error),
    }
}

fn not_kept(file: &Path, bytes: u64, source: io::Error) -> Error {
    let folder = file.parent().unwrap_or(file).to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Error::NoRoom { folder, needed: shown_bytes(bytes + SPARE_BYTES) }
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::NotWritable { folder, source: Arc::new(source) }
        }
        _ => Error::NotKept { file: file.to_owned(), source: Arc::new(source) },
    }
}

/// Removes the oldest copies.
fn forget_old(file: &Path) -> io::Result<()> {
    let mut copies: Vec<(SystemTime, PathBuf)> = Vec::new();
    for path in named(file)? {
        copies.push((fs::metadata(&path)?.modified()?, path));
    }
    copies.sort();
    for (_, path) in copies.iter().rev().skip(KEPT) {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// The files beside a database that are named as copies of it are, and whole.
fn named(file: &Path) -> io::Result<Vec<PathBuf>> {
    let is_copy = |name: &str| name.starts_with(COPY) && !name.contains(PART) && !name.ends_with("-journal");
    let entries = fs::read_dir(file.parent().unwrap_or(file))?.filter_map(Result::ok);
    Ok(entries.filter(|entry| entry.file_name().to_str().is_some_and(is_copy)).map(|entry| entry.path()).collect())
}

/// The copy of a database to which this version can go back: of those that it can read, the one that lost least.
pub(super) fn copy_to_restore(file: &Path) -> Option<Copy> {
    let copies = named(file).ok()?.into_iter().filter_map(|path| look_at(&path).ok());
    copies.max_by_key(|copy| (copy.schema, copy.made_at))
}

/// Looks at a file that is to be put back: a database of ours that this version can read.
pub(super) fn look_at(path: &Path) -> Result<Copy, Error> {
    let of_path = |error: Error| error.of_copy(path);
    let conn = connection::sealed_reader(path).map_err(Error::from).map_err(of_path)?;
    let schema = schema::schema(&conn, path).map_err(of_path)?;
    match schema {
        1..=schema::SCHEMA => {}
        _ => return Err(Error::Foreign { file: path.to_owned() }),
    }
    let made_at = fs::metadata(path).and_then(|found| found.modified()).ok();
    Ok(Copy { file: path.to_owned(), made_at, schema })
}

/// Another file in the folder of a database.
pub(super) fn beside(file: &Path, name: &str) -> PathBuf {
    file.with_file_name(name)
}
