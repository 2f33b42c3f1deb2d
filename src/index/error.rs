//! What can go wrong in the index.

use std::path::Path;
use std::sync::Arc;

use super::database::FILE;
use crate::sqlite::error::{self as sqlite, OfFile};

/// What can go wrong in the index.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// It is broken; it is rebuilt when the next run is indexed.
    #[error("search.db can't be read")]
    Broken { source: Arc<rusqlite::Error> },
    /// There is none to be read, and this isn't the one who builds it.
    #[error("search.db isn't complete")]
    Absent,
    /// What SQLite or the disk said.
    #[error(transparent)]
    Sqlite(#[from] sqlite::Error),
}

impl Error {
    /// The same error: whatever is wrong with the file itself is [`Error::Broken`].
    pub(super) fn settled(self) -> Self {
        match self {
            Self::Sqlite(sqlite::Error::Corrupt { source, .. } | sqlite::Error::Sql { source }) => {
                Self::Broken { source }
            }
            other => other,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error.into())
    }
}

impl OfFile for Error {
    fn of_file(self, file: &Path) -> Self {
        match self {
            Self::Sqlite(error) => Self::Sqlite(error.of_file(file)),
            other => other,
        }
    }
}

/// What the index holds isn't what we write.
pub(super) fn broken() -> Error {
    let source = rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
        Some("a row that can't be read".to_owned()),
    );
    Error::Sqlite(sqlite::Error::Corrupt { file: FILE.into(), source: Arc::new(source) })
}
