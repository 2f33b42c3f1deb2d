//! Going back: a copy of the database takes its place, and what was there is kept beside it.
//!
//! The order is such that there is a whole database under its name at every moment, and never one version's log beside
//! another's database, which is what makes moving the files by hand a trap.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use super::copy::Copy;
use super::error::Error;
use super::folder::ASIDE;
use super::{folder, open, schema, upgrade};
use crate::index;
use crate::share::share;
use crate::sqlite::{connection, disk};

/// Under this name until it is whole.
const PART: &str = "recall.db.restoring";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What is in the place of the database now.
    pub copy: Copy,
    /// How many runs it has.
    pub runs: u64,
    /// Where what was there is kept, and how many runs that has, if that can be read; `None` when nothing was there.
    pub aside: Option<(PathBuf, Option<u64>)>,
}

/// Puts a copy of the database in its place: `from`, or else the one that was kept before an update. Blocks.
///
/// # Errors
/// Each says what to do: a daemon uses the folder, there is no copy, there is no need, the copy is damaged, the disk is
/// full.
pub fn restore(folder: &Path, from: Option<&Path>) -> Result<Restored, Error> {
    let file = folder.join(folder::FILE);
    if !folder.is_dir() {
        return Err(Error::Nothing { folder: folder.to_owned() });
    }
    let _lock = open::locked(folder)?;
    let copy = match from {
        Some(from) => upgrade::look_at(from)?,
        None => upgrade::copy_to_restore(&file).ok_or_else(|| Error::NoCopy { folder: folder.to_owned() })?,
    };
    let now = Standing::of(&file);
    if from.is_none() && now.is_usable {
        return Err(Error::NotNewer { file, copy: Box::new(copy) });
    }
    let fail = |is_untouched: bool| {
        let copy = copy.file.clone();
        move |source: io::Error| Error::NotRestored { copy, is_untouched, source: Arc::new(source) }
    };
    let part = upgrade::beside(&file, PART);
    let runs = make_part(&copy, &part).map_err(|error| {
        let _ = disk::remove(&part);
        match error {
            Failed::Io(source) => fail(true)(source),
            Failed::Store(error) => error.of_copy(&copy.file),
        }
    })?;
    let aside = set_aside(&file, &now).map_err(fail(false))?;
    swap(&part, &file, folder).map_err(fail(false))?;
    Ok(Restored { copy, runs, aside: aside.map(|path| (path, now.runs)) })
}

/// What is in the place of the database.
struct Standing {
    /// Whether this version can use it, so that there is nothing to go back from.
    is_usable: bool,
    writer: Option<String>,
    runs: Option<u64>,
}

impl Standing {
    /// Looks, and puts its log back into it, so that it is one file.
    fn of(file: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let Ok(conn) = Connection::open_with_flags(file, flags) else {
            return Self { is_usable: false, writer: None, runs: None };
        };
        let is_usable = schema::schema(&conn, file).is_ok_and(|schema| (1..=schema::SCHEMA).contains(&schema));
        let _ = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        Self { is_usable, writer: schema::writer_of(&conn), runs: schema::runs(&conn).ok() }
    }
}

/// What making the new file met.
enum Failed {
    Io(io::Error),
    Store(Error),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

/// Makes the new database under a temporary name, durably, and checks it. Gives how many runs it has.
fn make_part(copy: &Copy, part: &Path) -> Result<u64, Failed> {
    disk::remove(part)?;
    if File::open(&copy.file).and_then(|file| share(&file, part, 0o600)).is_err() {
        fs::copy(&copy.file, part)?;
    }
    disk::make_private(part)?;
    let conn = connection::sealed_reader(part).map_err(Error::from)?;
    let found: String =
        conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| Failed::Store(error.into()))?;
    if found != "ok" {
        return Err(Failed::Store(Error::Damaged { file: copy.file.clone(), found }));
    }
    let runs = schema::runs(&conn)?;
    drop(conn);
    File::options().write(true).open(part)?.sync_all()?;
    Ok(runs)
}

/// Keeps what is in the place of the database under another name; it stays under its own as well where the filesystem can.
fn set_aside(file: &Path, now: &Standing) -> io::Result<Option<PathBuf>> {
    if !file.exists() {
        return Ok(None);
    }
    let aside = free_name(file, now.writer.as_deref().unwrap_or("unknown"));
    // A log that could not be put back belongs to its database alone.
    for ending in ["-wal", "-shm"] {
        match fs::rename(disk::beside(file, ending), disk::beside(&aside, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    if fs::hard_link(file, &aside).is_err() {
        fs::rename(file, &aside)?;
    }
    disk::sync_folder(file)?;
    Ok(Some(aside))
}

/// A name that nobody has yet, from a version that could be anything.
fn free_name(file: &Path, version: &str) -> PathBuf {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let version: String = version.chars().filter(is_plain).take(40).collect();
    let name = |number: u32| match number {
        1 => format!("{ASIDE}{version}"),
        number => format!("{ASIDE}{version}-{number}"),
    };
    let names = (1..).map(|number| upgrade::beside(file, &name(number)));
    let mut free = names.filter(|path| !path.exists());
    free.next().unwrap_or_else(|| upgrade::beside(file, &name(0)))
}

/// Gives the new database its name. The index is that of the other one, which numbered other runs: it is made again.
fn swap(part: &Path, file: &Path, folder: &Path) -> io::Result<()> {
    disk::remove(&folder.join(index::FILE))?;
    fs::rename(part, file)?;
    disk::sync_folder(file)
}
