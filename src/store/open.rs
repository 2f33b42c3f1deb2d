//! From a folder to a database that can be trusted: the lock, the checks, the migrations, the settings.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use rusqlite_migration::Migrations;

use super::error::Error;
use super::folder::{FILE, LOCK};
use super::schema::{self, MIGRATIONS, SCHEMA};
use super::upgrade::{self, Upgrade};
use crate::sqlite::error::OfFile as _;
use crate::sqlite::whole::{self, FileShape};
use crate::sqlite::{connection, damage, disk};

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

/// A database that is open for writing, and the lock that keeps others out for as long as it lives.
pub(super) struct OpenedDatabase {
    pub(super) conn: Connection,
    pub(super) file: PathBuf,
    pub(super) lock: File,
}

/// Opens the database of a data folder, and makes both where there are none. `tell` hears of an update, if there is one.
pub(super) fn writer(folder: &Path, tell: &mut dyn FnMut(Upgrade)) -> Result<OpenedDatabase, Error> {
    let not_writable = |source: io::Error| Error::NotWritable { folder: folder.to_owned(), source: Arc::new(source) };
    let lock = locked(folder)?;
    let file = folder.join(FILE);
    // SQLite would create it readable for everybody that the umask allows; its -wal and -shm follow this file's mode.
    disk::private(&file).map_err(not_writable)?;
    let conn = connect(&file, tell).map_err(|error| error.of_file(&file))?;
    Ok(OpenedDatabase { conn, file, lock })
}

/// Makes a folder where there is none, and keeps others out for as long as what it gives lives.
pub(super) fn locked(folder: &Path) -> Result<File, Error> {
    let not_writable = |source: io::Error| Error::NotWritable { folder: folder.to_owned(), source: Arc::new(source) };
    create_folder(folder).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => Error::NotAFolder { folder: folder.to_owned() },
        _ => not_writable(source),
    })?;
    let lock = disk::private(&folder.join(LOCK)).map_err(not_writable)?;
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
        tell(Upgrade::Migrating { kept, runs: schema::runs(&conn)? });
    }
    conn.set_prepared_statement_cache_capacity(connection::STATEMENTS);
    let journal: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if journal != "wal" {
        return Err(Error::NoWal { folder: file.parent().unwrap_or(file).to_owned() });
    }
    conn.execute_batch(WRITER_SETTINGS)?;
    connection::keep_plans(&conn)?;
    Migrations::from_slice(MIGRATIONS).to_latest(&mut conn).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => Error::from(err),
        other => Error::Migrate { file: file.to_owned(), source: Arc::new(other) },
    })?;
    sign(&conn)?;
    spot_check(&conn)?;
    if is_older {
        tell(Upgrade::Done);
    }
    Ok(conn)
}

/// Opens it for writing, and has written nothing when it gives how many migrations it has, or refuses it.
fn checked(file: &Path) -> Result<(Connection, i64), Error> {
    let shape = whole::shape(file).map_err(|source| match source.kind() {
        io::ErrorKind::PermissionDenied => Error::Unreadable { file: file.to_owned(), source: Arc::new(source) },
        _ => damage::not_read().into(),
    })?;
    if let FileShape::Cut { left, pages } = shape {
        return Err(Error::Cut { file: file.to_owned(), left, pages });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags)?;
    // Whoever closes last puts the log back into the database, also into one that isn't ours to touch.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let schema = check(&conn, file)?;
    if shape == FileShape::Unsure {
        check_all(&conn)?;
    }
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok((conn, schema))
}

/// Looks at the database of a data folder, for one who only reads: beside a daemon or without one. Writes nothing, but that
/// SQLite puts its empty -wal and -shm beside the file where they may be written and no daemon did.
pub(super) fn for_reading(folder: &Path) -> Result<PathBuf, Error> {
    let file = folder.join(FILE);
    match fs::metadata(&file) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(Error::Nothing { folder: folder.to_owned() });
        }
        Err(source) => return Err(Error::Unreadable { file, source: Arc::new(source) }),
        Ok(_) => {}
    }
    let conn = connection::reader(&file).map_err(|error| Error::from(error).of_file(&file))?;
    let of_file = |error: rusqlite::Error| Error::from(error).of_file(&file);
    // One moment for all of it: a daemon may be making the tables.
    let schema = conn.unchecked_transaction().map_err(of_file).and_then(|read| check(&read, &file));
    match schema.map_err(|error| error.of_file(&file))? {
        0 => Err(Error::Nothing { folder: folder.to_owned() }),
        SCHEMA => Ok(file),
        schema => Err(Error::Older { file, schema, known: SCHEMA }),
    }
}

/// Refuses what isn't ours before anything is written to it. Gives how many migrations it has; an empty one has none.
fn check(conn: &Connection, file: &Path) -> Result<i64, Error> {
    let schema = schema::schema(conn, file)?;
    if schema > SCHEMA {
        let writer = schema::writer_of(conn).unwrap_or_else(|| "unknown version".to_owned());
        let copy = upgrade::copy_to_restore(file).map(Box::new);
        return Err(Error::Newer { file: file.to_owned(), writer, schema, known: SCHEMA, copy });
    }
    Ok(schema)
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
fn spot_check(conn: &Connection) -> Result<(), Error> {
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
fn check_all(conn: &Connection) -> Result<(), Error> {
    let found: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(damage::damage(&found).into()) }
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
