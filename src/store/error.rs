//! What can go wrong in the store, by what failed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::copy::Copy;
use super::folder::FILE;
use crate::index;
use crate::model::GenerationId;
use crate::sqlite::error::{self as sqlite, OfFile};

/// What can go wrong in the store. Clones share the source: one failed commit answers everyone who was in it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Another daemon holds the lock of the data folder.
    #[error(
        "data folder {} is in use by another comfy-recall; end that one with comfy-recall stop --data-dir {}, or choose \
         another",
        folder.display(),
        typed(folder)
    )]
    InUse { folder: PathBuf },
    /// Who was asked to end goes on.
    #[error(
        "data folder {} is still in use after {} seconds, perhaps by a command such as reindex or by an update, which \
         aren't ended this way; wait for their end, or press Ctrl-C where they were started",
        folder.display(),
        waited.as_secs()
    )]
    DoesNotStop {
        folder: PathBuf,
        /// How long it had.
        waited: Duration,
    },
    /// The data folder can't be created or written.
    #[error(
        "data folder {} can't be written; give this user the right to, or choose another --data-dir",
        folder.display()
    )]
    NotWritable {
        folder: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// Something else has the name of the data folder, or of one above it.
    #[error("data folder {} is no folder, or lies below a file; choose another --data-dir", folder.display())]
    NotAFolder { folder: PathBuf },
    /// The file system lacks what SQLite's write-ahead log needs, as many network file systems do.
    #[error("the file system of {} can't hold recall.db; choose a --data-dir on a local disk", folder.display())]
    NoWal { folder: PathBuf },
    /// The database has migrations that this version doesn't know.
    #[error(
        "{} was written by a newer comfy-recall ({writer}, schema {schema}; this one knows {known}); {}",
        file.display(),
        way_back(file, copy.as_deref())
    )]
    Newer {
        file: PathBuf,
        /// The version that wrote it last.
        writer: String,
        /// How many migrations it has.
        schema: i64,
        /// How many we have.
        known: i64,
        /// What was kept of it before an update, and this version can read.
        copy: Option<Box<Copy>>,
    },
    /// No room for what is kept of a database before it is changed.
    #[error(
        "the disk of {} is too full to keep a copy of recall.db before it is changed, which takes {needed}; make room \
         there and start again; nothing was changed",
        folder.display()
    )]
    NoRoom {
        folder: PathBuf,
        /// What should be free.
        needed: String,
    },
    /// What is kept of a database before it is changed couldn't be written.
    #[error("keep a copy of {} before it is changed; nothing was changed", file.display())]
    NotKept { file: PathBuf, source: Arc<io::Error> },
    /// There is nothing to go back to.
    #[error(
        "{} has no copy of recall.db that this comfy-recall can read; one is made there when an update changes it; another \
         file is named behind the command",
        folder.display()
    )]
    NoCopy { folder: PathBuf },
    /// There is no need to go back.
    #[error(
        "{} isn't newer than this comfy-recall, so there is nothing to go back from; to put a copy in its place all the \
         same, name it: {}",
        file.display(),
        restore_command(file, Some(&copy.file))
    )]
    NotNewer {
        file: PathBuf,
        /// What would be put in its place.
        copy: Box<Copy>,
    },
    /// A copy is broken.
    #[error("{} is damaged ({found}); nothing was changed, take another copy", file.display())]
    Damaged { file: PathBuf, found: String },
    /// A copy can't be put in the place of the database.
    #[error("put {} in the place of recall.db; {}", copy.display(), if *is_untouched { "nothing was changed" } else { "run it once more" })]
    NotRestored {
        copy: PathBuf,
        /// Whether all is as it was.
        is_untouched: bool,
        source: Arc<io::Error>,
    },
    /// The database lacks migrations of this version, and may not be changed now.
    #[error(
        "{} was written by an older comfy-recall (schema {schema}; this one has {known}); \
         start comfy-recall once so that it is brought up to date",
        file.display()
    )]
    Older {
        file: PathBuf,
        /// How many migrations it has.
        schema: i64,
        /// How many we have.
        known: i64,
    },
    /// There is no database.
    #[error(
        "nothing has been recorded in {} yet; start comfy-recall, or say with --data-dir where its data folder is",
        folder.display()
    )]
    Nothing {
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A folder for a backup holds a history that was recorded into.
    #[error("{} holds a history that is in use, no backup; choose another folder", folder.display())]
    NoBackup { folder: PathBuf },
    /// The database can't even be looked at.
    #[error("{} can't be read; give this user the right to", file.display())]
    Unreadable {
        file: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// A database of another program.
    #[error("{} is not a database of comfy-recall; move it away or choose another --data-dir", file.display())]
    Foreign { file: PathBuf },
    /// Not a database, or a broken one: beyond doubt.
    #[error("{} is damaged; {}", file.display(), way_out(file))]
    Corrupt { file: PathBuf, source: Arc<rusqlite::Error> },
    /// The end of the database is missing.
    #[error("{} is damaged: only {left} of its {pages} pages are left; {}", file.display(), way_out(file))]
    Cut {
        file: PathBuf,
        /// Pages that there are.
        left: u64,
        /// Pages that there should be.
        pages: u64,
    },
    /// SQLite calls a file damaged, and nobody has looked again: it may be the disk that refused a read.
    #[error("a read failed; try again")]
    Doubtful { source: Arc<rusqlite::Error> },
    /// The index is broken; it is made anew when the next run is indexed.
    #[error("search.db can't be read; it is being rebuilt in the background; try again later")]
    Index { source: Arc<rusqlite::Error> },
    /// There is no index to be read, and this isn't the one who makes it.
    #[error("nothing can be searched, since search.db isn't complete; start comfy-recall, or run comfy-recall reindex")]
    NoIndex,
    /// No room on the disk.
    #[error("the disk of the data folder is full; free some space, nothing else is needed")]
    Full { source: Arc<rusqlite::Error> },
    /// Another process holds the database.
    #[error("{} is locked by another program; close whatever has it open", name(file))]
    Busy { file: PathBuf, source: Arc<rusqlite::Error> },
    /// The system refused to read or write.
    #[error("read or write {}; check the disk and the rights of the data folder", name(file))]
    Io { file: PathBuf, source: Arc<rusqlite::Error> },
    /// A read took longer than it may.
    #[error("reading took too long; try again, or ask for less")]
    TimedOut,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// No such row to change.
    #[error("no generation {0} on this instance")]
    UnknownGeneration(GenerationId),
    /// A kept text can't be read back.
    #[error("a kept document is damaged; restore a backup")]
    Document {
        /// What the decompressor said.
        source: Arc<io::Error>,
    },
    /// A text can't be compressed; memory ran out.
    #[error("compress a document")]
    Compress {
        /// What the compressor said.
        source: Arc<io::Error>,
    },
    /// A fault of ours: a job panicked. Its changes were taken back.
    #[error("a fault in comfy-recall; please report it with the log")]
    Panicked,
    /// A fault of ours: SQLite refused a statement.
    #[error("recall.db answered something unexpected; please report it")]
    Sql { source: Arc<rusqlite::Error> },
    /// A migration failed; the database is as it was.
    #[error("bring {} up to date; it is as it was before", file.display())]
    Migrate { file: PathBuf, source: Arc<rusqlite_migration::Error> },
}

/// What somebody does whose comfy-recall is older than the database.
fn way_back(file: &Path, copy: Option<&Copy>) -> String {
    match copy {
        None => "update comfy-recall or choose another --data-dir".to_owned(),
        Some(copy) => {
            let name = copy.file.file_name().unwrap_or_default().to_string_lossy();
            let command = restore_command(file, None);
            format!("update comfy-recall again, or go back to {name}, kept before the update, with: {command}")
        }
    }
}

/// What somebody does whose database is damaged.
fn way_out(file: &Path) -> String {
    let backup = Path::new("BACKUP/recall.db");
    let command = restore_command(file, Some(backup));
    format!(
        "stop comfy-recall, then restore a backup with {command}, or move it and its -wal and -shm files away to start anew"
    )
}

/// The name of a database, for those who know the folder.
fn name(file: &Path) -> std::borrow::Cow<'_, str> {
    file.file_name().unwrap_or_default().to_string_lossy()
}

/// The command that puts a copy in the place of a database, as it is typed.
fn restore_command(file: &Path, copy: Option<&Path>) -> String {
    let copy = copy.map(|copy| format!(" {}", typed(copy))).unwrap_or_default();
    format!("comfy-recall restore{copy} --data-dir {}", typed(file.parent().unwrap_or(file)))
}

/// A path as a shell takes it.
fn typed(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-:\\+@".contains(c) && (cfg!(windows) || c != '\\');
    match text.chars().all(is_plain) {
        true => text.into_owned(),
        false if cfg!(windows) => format!("\"{text}\""),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

impl Error {
    /// Whether the disk is full: writing goes on by itself once there is room.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Full { .. })
    }

    /// Whether the same call may go through later, with nothing changed but time.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Full { .. }
                | Self::Busy { .. }
                | Self::Io { .. }
                | Self::Doubtful { .. }
                | Self::TimedOut
                | Self::Index { .. }
        )
    }

    /// Whether a database is damaged: no trying again helps.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::Cut { .. })
    }

    /// The same error of a file that nobody needs, so that it counts as damaged without another look.
    pub(super) fn of_copy(self, path: &Path) -> Self {
        match self {
            Self::Doubtful { source } => Self::Corrupt { file: path.to_owned(), source },
            other => other.of_file(path),
        }
    }
}

impl OfFile for Error {
    fn of_file(self, path: &Path) -> Self {
        let file = path.to_owned();
        match self {
            Self::Doubtful { source } => sqlite::Error::Doubtful { source }.of_file(path).into(),
            Self::Io { source, .. } => Self::Io { file, source },
            Self::Busy { source, .. } => Self::Busy { file, source },
            other => other,
        }
    }
}

impl From<sqlite::Error> for Error {
    fn from(error: sqlite::Error) -> Self {
        // What isn't named is the database.
        let named = |file: PathBuf| if file.as_os_str().is_empty() { PathBuf::from(FILE) } else { file };
        match error {
            sqlite::Error::Corrupt { file, source } => Self::Corrupt { file: named(file), source },
            sqlite::Error::Doubtful { source } => Self::Doubtful { source },
            sqlite::Error::Full { source } => Self::Full { source },
            sqlite::Error::Busy { file, source } => Self::Busy { file: named(file), source },
            sqlite::Error::Io { file, source } => Self::Io { file: named(file), source },
            sqlite::Error::TimedOut => Self::TimedOut,
            sqlite::Error::Closed => Self::Closed,
            sqlite::Error::Panicked => Self::Panicked,
            sqlite::Error::Sql { source } => Self::Sql { source },
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        sqlite::Error::from(error).into()
    }
}

impl From<index::Error> for Error {
    fn from(error: index::Error) -> Self {
        match error {
            index::Error::Broken { source } => Self::Index { source },
            index::Error::Absent => Self::NoIndex,
            index::Error::Sqlite(error) => error.into(),
        }
    }
}
