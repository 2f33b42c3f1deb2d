//! The folder of a backup: a copy of the database as of one moment, and beside it what it names.
//!
//! The copy has a temporary name until everything that it names is there, so a backup that was broken off is the one
//! before it, or none. A database in use keeps a write-ahead log from its first start on; a copy doesn't, and that tells
//! them apart: nobody's history is overwritten by mistake.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::Error;
use super::inspect::Inspector;
use super::{folder, open};
use crate::sqlite::disk;

/// Under this name until it is whole.
const PART: &str = "recall.db.part";

/// Where a SQLite header says whether the file has a write-ahead log, and what it says then (file format, 1.3.4).
const LOG_BYTE: usize = 18;
const HAS_LOG: u8 = 2;

/// The folder of a backup, kept from others as long as this lives.
#[derive(Debug)]
pub struct Vault {
    folder: PathBuf,
    _lock: File,
}

impl Vault {
    /// Opens or makes the folder.
    ///
    /// # Errors
    /// Somebody uses it, it can't be written, or it holds a history that is no backup.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let lock = open::locked(folder)?;
        let vault = Self { folder: folder.to_owned(), _lock: lock };
        match vault.has_log() {
            Ok(false) => Ok(vault),
            Ok(true) => Err(Error::NoBackup { folder: folder.to_owned() }),
            Err(error) => Err(vault.fail(error)),
        }
    }

    /// Whether it holds a database that somebody used; `false` when there is none.
    fn has_log(&self) -> io::Result<bool> {
        let mut header = [0; 20];
        let mut file = match File::open(self.folder.join(folder::FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            file => file?,
        };
        Ok(file.read(&mut header)? == header.len() && header[LOG_BYTE] == HAS_LOG)
    }

    /// Copies the database as it is at this moment, and gives the copy to look at. It isn't a backup before
    /// [`Vault::keep`]. Blocks for as long as the database is big.
    ///
    /// # Errors
    /// What SQLite says; the disk is full.
    pub fn copy(&self, from: &Inspector) -> Result<Inspector, Error> {
        let part = self.part();
        for ending in ["", "-journal", "-wal", "-shm"] {
            match fs::remove_file(disk::beside(&part, ending)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(self.fail(error)),
                _ => {}
            }
        }
        // SQLite takes an empty file as none, and keeps its mode.
        disk::private(&part).map_err(|error| self.fail(error))?;
        let Some(path) = part.to_str() else {
            return Err(self.fail(io::Error::new(io::ErrorKind::InvalidFilename, "the path isn't Unicode")));
        };
        from.conn().execute_batch("PRAGMA query_only = OFF")?;
        let copied = from.conn().execute("VACUUM INTO ?1", [path]);
        from.conn().execute_batch("PRAGMA query_only = ON")?;
        copied?;
        Inspector::of(&part)
    }

    /// Makes the copy the backup, durably: everything that it names is there. Gives how long it is.
    ///
    /// # Errors
    /// The disk refuses; the backup is the one before then.
    pub fn keep(self) -> Result<u64, Error> {
        let keep = || {
            let copy = File::options().write(true).open(self.part())?;
            copy.sync_all()?;
            fs::rename(self.part(), self.folder.join(folder::FILE))?;
            disk::sync_folder(&self.part())?;
            Ok(copy.metadata()?.len())
        };
        keep().map_err(|error| self.fail(error))
    }

    fn part(&self) -> PathBuf {
        self.folder.join(PART)
    }

    fn fail(&self, source: io::Error) -> Error {
        Error::NotWritable { folder: self.folder.clone(), source: Arc::new(source) }
    }
}
