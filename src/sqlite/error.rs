//! What can go wrong with a database file, by what that means for whoever uses it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;

use super::damage;

/// What can go wrong with a database file. Clones share the source: one failed commit answers everyone who was in it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The file is damaged, beyond doubt.
    #[error("{} is damaged", file.display())]
    Corrupt { file: PathBuf, source: Arc<rusqlite::Error> },
    /// SQLite calls the file damaged, and nobody has checked: it may be the disk that refused a read.
    #[error("a read failed; try again")]
    Doubtful { source: Arc<rusqlite::Error> },
    /// No room on the disk.
    #[error("the disk is full")]
    Full { source: Arc<rusqlite::Error> },
    /// Another process has locked the file.
    #[error("{} is locked by another program", file.display())]
    Busy { file: PathBuf, source: Arc<rusqlite::Error> },
    /// The system refused to read or write.
    #[error("read or write {}", file.display())]
    Io { file: PathBuf, source: Arc<rusqlite::Error> },
    /// A read took longer than it may.
    #[error("reading took too long; try again, or ask for less")]
    TimedOut,
    /// The connections were closed.
    #[error("the database is closed")]
    Closed,
    /// A fault of ours: a job panicked.
    #[error("a fault in comfy-recall; please report it with the log")]
    Panicked,
    /// A fault of ours: SQLite refused a statement.
    #[error("the database answered something unexpected; please report it")]
    Sql { source: Arc<rusqlite::Error> },
}

/// Of a file that is still to be named, by [`OfFile::of_file`].
impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let (code, file, source) = (error.sqlite_error_code(), PathBuf::new(), Arc::new(error));
        match code {
            Some(ErrorCode::DiskFull) => Self::Full { source },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Doubtful { source },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { file, source },
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::OutOfMemory,
            ) => Self::Io { file, source },
            Some(ErrorCode::OperationInterrupted) => Self::TimedOut,
            _ => Self::Sql { source },
        }
    }
}

/// An error of a room that may still have to learn which file it is about.
pub trait OfFile: From<Error> + Send + 'static {
    /// The same error, naming the file. A file that is called damaged is checked, which may take as long as it is big.
    #[must_use]
    fn of_file(self, file: &Path) -> Self;
}

impl OfFile for Error {
    fn of_file(self, path: &Path) -> Self {
        let file = path.to_owned();
        match self {
            Self::Doubtful { source } if damage::is_damaged(path) => Self::Corrupt { file, source },
            Self::Doubtful { .. } => Self::Io { file, source: Arc::new(damage::not_read()) },
            Self::Io { source, .. } => Self::Io { file, source },
            Self::Busy { source, .. } => Self::Busy { file, source },
            other => other,
        }
    }
}
