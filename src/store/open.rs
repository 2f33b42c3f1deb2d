//! From a folder to a database that can be trusted: the lock, the checks, the migrations, the settings.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use rusqlite_migration::{M, Migrations};

use super::upgrade::{self, Upgrade};
use super::whole::{self, Shape};
use super::{Error, doubt};
use crate::model::percent_encode;

/// The database's name in the data folder.
pub(super) const FILE: &str = "recall.db";

/// The file whose lock says that a daemon uses the folder.
pub const LOCK: &str = "recall.lock";

/// `application_id` of our databases, as migration 0001 sets it.
const APPLICATION_ID: i64 = 1_668_440_940;

/// Every migration, in order. A released one is never edited.
const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("migrations/0001-generations.sql")),
    M::up(include_str!("migrations/0002-browsing.sql")),
    M::up(include_str!("migrations/0003-finding.sql")),
    M::up(include_str!("migrations/0004-asking.sql")),
    M::up(include_str!("migrations/0005-webhooks.sql")),
    M::up(include_str!("migrations/0006-restarts.sql")),
    M::up(include_str!("migrations/0007-identity.sql")),
    M::up(include_str!("migrations/0008-inputs.sql")),
    M::up(include_str!("migrations/0009-many-servers.sql")),
    M::up(include_str!("migrations/0010-dismissed-gaps.sql")),
];

/// How many [`MIGRATIONS`] there are: `user_version` of a database that is up to date.
pub(super) const SCHEMA: i64 = MIGRATIONS.len() as i64;

/// Settings of the writer. FULL: a commit is on the disk when it returns. The WAL is put back after 4 MB and cut to 8 MB.
const WRITER_SETTINGS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA busy_timeout = 5000;
    PRAGMA wal_autocheckpoint = 1000;
    PRAGMA journal_size_limit = 8388608;
    PRAGMA cache_size = -8192;
    PRAGMA temp_store = MEMORY;
";

/// Settings of a reader: no more memory than the page cache says, for it is held while idle.
const READER_SETTINGS: &str = "
    PRAGMA query_only = ON;
    PRAGMA busy_timeout = 5000;
    PRAGMA cache_size = -2048;
    PRAGMA temp_store = MEMORY;
";

const RUNS: &str = "SELECT count(*) FROM generations";

/// Statements that a connection keeps prepared.
pub(super) const STATEMENTS: usize = 128;

/// A database that is open for writing, and the lock that keeps others out for as long as it lives.
pub(super) struct Opened {
    pub(super) conn: Connection,
    pub(super) file: PathBuf,
    pub(super) lock: File,
}

/// Opens the database of a data folder, and makes both where there are none. `tell` hears of an update, if there is one.
pub(super) fn writer(folder: &Path, tell: &mut dyn FnMut(Upgrade)) -> Result<Opened, Error> {
    let not_writable = |source: io::Error| Error::NotWritable { folder: folder.to_owned(), source: Arc::new(source) };
    let lock = locked(folder)?;
    let file = folder.join(FILE);
    // SQLite would create it readable for everybody that the umask allows; its -wal and -shm follow this file's mode.
    private(&file).map_err(not_writable)?;
    let conn = connect(&file, tell).map_err(|error| error.of_file(&file))?;
    Ok(Opened { conn, file, lock })
}

/// Makes a folder where there is none, and keeps others out for as long as what it gives lives.
pub(super) fn locked(folder: &Path) -> Result<File, Error> {
    let not_writable = |source: io::Error| Error::NotWritable { folder: folder.to_owned(), source: Arc::new(source) };
    create_folder(folder).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => Error::NotAFolder { folder: folder.to_owned() },
        _ => not_writable(source),
    })?;
    let lock = private(&folder.join(LOCK)).map_err(not_writable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(not_writable(source)),
    }
}

fn connect(file: &Path, tell: &mut dyn FnMut(Upgrade)) -> Result<Connection, Error> {
    let (mut conn, schema) = checked(file)?;
    let is_older = 0 < schema && schema < SCHEMA;
    if is_older {
        let kept = upgrade::keep_copy(conn, file, tell)?;
        (conn, _) = checked(file)?;
        tell(Upgrade::Migrating { kept, runs: runs(&conn)? });
    }
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    let journal: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if journal != "wal" {
        return Err(Error::NoWal { folder: file.parent().unwrap_or(file).to_owned() });
    }
    conn.execute_batch(WRITER_SETTINGS)?;
    keep_plans(&conn)?;
    Migrations::from_slice(MIGRATIONS).to_latest(&mut conn).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => Error::from(err),
        other => Error::Migrate { file: file.to_owned(), source: Arc::new(other) },
    })?;
    sign(&conn)?;
    look(&conn)?;
    if is_older {
        tell(Upgrade::Done);
    }
    Ok(conn)
}

/// Opens it for writing, and has written nothing when it gives how many migrations it has, or refuses it.
fn checked(file: &Path) -> Result<(Connection, i64), Error> {
    let shape = whole::shape(file).map_err(|source| match source.kind() {
        io::ErrorKind::PermissionDenied => Error::Unreadable { file: file.to_owned(), source: Arc::new(source) },
        _ => doubt::not_read().into(),
    })?;
    if let Shape::Cut { left, pages } = shape {
        return Err(Error::Cut { file: file.to_owned(), left, pages });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags)?;
    // Whoever closes last puts the log back into the database, also into one that isn't ours to touch.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let schema = check(&conn, file)?;
    if shape == Shape::Unsure {
        look_at_all(&conn)?;
    }
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok((conn, schema))
}

/// Looks at the database of a data folder, for one who only reads: beside a daemon or without one. Writes nothing, but that
/// SQLite puts its empty -wal and -shm beside the file where they may be written and no daemon did.
pub(super) fn look_at(folder: &Path) -> Result<PathBuf, Error> {
    let file = folder.join(FILE);
    match fs::metadata(&file) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(Error::Nothing { folder: folder.to_owned() });
        }
        Err(source) => return Err(Error::Unreadable { file, source: Arc::new(source) }),
        Ok(_) => {}
    }
    let conn = reader(&file).map_err(|error| error.of_file(&file))?;
    let of_file = |error: rusqlite::Error| Error::from(error).of_file(&file);
    // One moment for all of it: a daemon may be making the tables.
    let schema = conn.unchecked_transaction().map_err(of_file).and_then(|read| check(&read, &file));
    match schema.map_err(|error| error.of_file(&file))? {
        0 => Err(Error::Nothing { folder: folder.to_owned() }),
        SCHEMA => Ok(file),
        schema => Err(Error::Older { file, schema, known: SCHEMA }),
    }
}

/// Opens a connection that can only read.
pub(super) fn reader(file: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags)?;
    let conn = if is_sealed(&conn, file) {
        Connection::open_with_flags(sealed(file), flags | OpenFlags::SQLITE_OPEN_URI)?
    } else {
        conn
    };
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.execute_batch(READER_SETTINGS)?;
    keep_plans(&conn)?;
    Ok(conn)
}

/// Plans depend on the query alone. Else SQLite makes a plan anew for each value that is compared with what a partial
/// index asks for, as `status` is: preparing takes longer than most of our queries do.
fn keep_plans(conn: &Connection) -> Result<(), Error> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Whether nobody can write there, us included, as on a snapshot: then SQLite can't put its shared memory beside the file,
/// and without a log there is nobody to share with.
fn is_sealed(conn: &Connection, file: &Path) -> bool {
    let looked = conn.query_row("PRAGMA schema_version", [], |_| Ok(()));
    let is_refused = looked.is_err_and(|error| {
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)
        )
    });
    let has_log = fs::metadata(beside(file, "-wal")).is_ok_and(|log| log.len() > 0);
    is_refused && file.exists() && !has_log
}

/// Opens a file that nobody changes, and puts nothing beside it.
pub(super) fn sealed_reader(file: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(sealed(file), flags)?)
}

/// The file as one that never changes, in SQLite's spelling.
fn sealed(file: &Path) -> String {
    format!("file:{}?immutable=1", percent_encode(&file.to_string_lossy()))
}

/// A file of SQLite's beside a database.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Puts the WAL back into the database; the work itself is durable before. The log stays, empty, and the shared memory too: a
/// start on a disk that has no room or inode left couldn't make them. No `PRAGMA optimize`: our tests know the plan of
/// every query without statistics, and statistics could only change it.
pub(super) fn finish(conn: Connection) -> Result<(), Error> {
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    conn.close().map_err(|(_, error)| error.into())
}

/// Gives back the memory of the pages that a connection holds; they are read again when they are wanted.
pub(super) fn shrink(conn: &Connection) {
    // A connection that can't is no worse for it.
    let _ = conn.execute_batch("PRAGMA shrink_memory");
}

/// How many runs there are, in a database of any schema.
pub(super) fn runs(conn: &Connection) -> Result<u64, Error> {
    Ok(conn.query_row(RUNS, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
}

/// Refuses what isn't ours before anything is written to it. Gives how many migrations it has; an empty one has none.
fn check(conn: &Connection, file: &Path) -> Result<i64, Error> {
    let schema = schema(conn, file)?;
    if schema > SCHEMA {
        let writer = writer_of(conn).unwrap_or_else(|| "unknown version".to_owned());
        let copy = upgrade::copy_to_restore(file).map(Box::new);
        return Err(Error::Newer { file: file.to_owned(), writer, schema, known: SCHEMA, copy });
    }
    Ok(schema)
}

/// How many migrations a database of ours has, of this version or a newer one; an empty one has none.
pub(super) fn schema(conn: &Connection, file: &Path) -> Result<i64, Error> {
    let number = |pragma: &str| conn.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let application = number("PRAGMA application_id")?;
    let schema = number("PRAGMA user_version")?;
    let is_empty = number("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)")? == 1;
    if is_empty && application == 0 && schema == 0 {
        return Ok(0);
    }
    if application != APPLICATION_ID {
        return Err(Error::Foreign { file: file.to_owned() });
    }
    Ok(schema)
}

/// The version that wrote there last, as it noted itself.
pub(super) fn writer_of(conn: &Connection) -> Option<String> {
    conn.query_row("SELECT value FROM meta WHERE key = 'written_by'", [], |row| row.get(0)).ok()
}

/// Notes which version writes here, for the message of an older one that is started on it later.
fn sign(conn: &Connection) -> Result<(), Error> {
    let version = env!("CARGO_PKG_VERSION");
    let signed: Option<String> =
        conn.query_row("SELECT value FROM meta WHERE key = 'written_by'", [], |row| row.get(0)).optional()?;
    if signed.as_deref() != Some(version) {
        conn.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('written_by', ?1)", [version])?;
    }
    Ok(())
}

/// A quick look at the newest rows of the big tables: finds a file that was cut or overwritten, at the cost of a few pages.
fn look(conn: &Connection) -> Result<(), Error> {
    for query in [
        "SELECT count(*) FROM (SELECT prompt_id FROM generations ORDER BY id DESC LIMIT 1)",
        "SELECT count(*) FROM (SELECT id FROM generations ORDER BY created_at DESC LIMIT 1)",
        "SELECT count(*) FROM (SELECT key FROM attachments ORDER BY generation_id DESC LIMIT 1)",
        "SELECT count(*) FROM (SELECT data FROM documents ORDER BY generation_id DESC LIMIT 1)",
        "SELECT count(*) FROM (SELECT sha256 FROM blobs ORDER BY id DESC LIMIT 1)",
    ] {
        conn.query_row(query, [], |_| Ok(()))?;
    }
    Ok(())
}

/// A look at every page.
fn look_at_all(conn: &Connection) -> Result<(), Error> {
    let found: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(doubt::damage(&found).into()) }
}

/// Creates the folder for its owner alone; one that exists keeps its mode.
fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    fs::read_dir(folder).map(drop)
}

/// Opens a file for writing; creates it for its owner alone.
pub(super) fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Keeps a file for its owner alone, whoever made it.
pub(super) fn make_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Makes the names in the folder of a file durable. Windows has no such call and needs none.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
