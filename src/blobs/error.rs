//! What can go wrong with a file.

use std::io;
use std::path::PathBuf;

use super::room;
use crate::model::{Cause, Trouble};

/// What can go wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder can't be used at all.
    #[error("use the folder {path} for files; check that it exists and may be written to")]
    Folder {
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file to be copied can't be read.
    #[error("read {path}")]
    Read {
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody wrote to the file while it was copied.
    #[error("{path} changed while it was copied")]
    Changed { path: PathBuf },
    /// It would leave the disk no room for anything else.
    #[error("a file of {bytes} bytes or more leaves the disk of {path} no room for anything else")]
    TooLarge {
        path: PathBuf,
        /// How long it is at least.
        bytes: u64,
    },
    /// The copy can't be written.
    #[error("write a file into {path}")]
    Write {
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        let (Self::Folder { source, .. } | Self::Write { source, .. }) = self else { return false };
        matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }

    /// Whether the copy is what fails, and not the file that is to be copied: it can be tried again once there is room.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Folder { .. } | Self::Write { .. })
    }

    /// What to tell people.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Folder { path, .. } | Self::Write { path, .. } if self.is_full() => room::fullness(path).into(),
            Self::Folder { source, .. } | Self::Write { source, .. } => Trouble::new(Cause::FilesRefused, source),
            Self::Read { source, .. } => Trouble::new(Cause::Unreadable, source),
            Self::Changed { .. } => Cause::Changing.into(),
            Self::TooLarge { bytes, .. } => Trouble::new(Cause::TooLarge, format_args!("{} MB or more", bytes >> 20)),
        }
    }

    /// Whether the file to be copied isn't there.
    pub fn is_source_missing(&self) -> bool {
        matches!(self, Self::Read { source, .. } if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename))
    }
}
