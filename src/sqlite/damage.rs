//! A second look at a database that SQLite calls damaged. A read that the disk refuses ends in the same word (SQLite makes
//! `SQLITE_CORRUPT` of an `EIO`), and only a look at the whole tells one from the other.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

/// Looks that have to find the same before a database is called damaged.
const LOOKS: usize = 2;

/// Looks until two in a row find the same.
const MOST_LOOKS: usize = 4;

/// Findings that are compared.
const FINDINGS: u32 = 20;

/// How SQLite begins what it finds when a page can't be had: the first with an error code behind it.
const NOT_READ: &str = "unable to get the page. error code=";
const NOT_READ_EITHER: [&str; 2] = ["failed to get page ", "Failed to read ptrmap "];

/// How it begins what it says of tables that can't be as they are described.
const BAD_TABLES: &str = "malformed database schema";

/// `SQLITE_IOERR`, of which the disk's refusals are kinds: the low byte of their codes.
const IO_ERROR: u32 = 10;

/// Whether a database is damaged, beyond doubt: it can be read from end to end, and what is read is wrong each time. Blocks
/// for as long as the database is big.
pub fn is_damaged(file: &Path) -> bool {
    let (mut before, mut alike) = (Vec::new(), 0);
    for _ in 0..MOST_LOOKS {
        match look(file) {
            // The disk doesn't let us see.
            None => return false,
            Some(found) if found.is_empty() => return false,
            Some(found) => {
                alike = if found == before { alike + 1 } else { 1 };
                before = found;
            }
        }
        if alike == LOOKS {
            return true;
        }
    }
    false
}

/// What SQLite says of a read that the disk refused, where it says so.
pub fn not_read() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_READ), None)
}

/// What was found, in the word that is in doubt.
pub fn damage(found: &str) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(found.to_owned()))
}

/// What is wrong with it; `None` where it can't be read.
fn look(file: &Path) -> Option<Vec<String>> {
    let found = findings(&open(file)?).or_else(|| refusal(&open(file)?))?;
    (!found.iter().any(|finding| is_of_the_disk(finding))).then_some(found)
}

fn open(file: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags).ok()?;
    conn.busy_timeout(Duration::from_secs(5)).ok()?;
    Some(conn)
}

/// What SQLite finds in the pages. It may give up half-way, over what it has just told.
fn findings(conn: &Connection) -> Option<Vec<String>> {
    // Else a file that was cut off is refused with the very word that is in doubt.
    conn.execute_batch("PRAGMA writable_schema = ON").ok()?;
    let mut statement = conn.prepare(&format!("PRAGMA quick_check({FINDINGS})")).ok()?;
    let mut rows = statement.query([]).ok()?;
    let mut found = Vec::new();
    loop {
        match rows.next() {
            Ok(Some(row)) => found.push(row.get::<_, String>(0).ok()?),
            Ok(None) => break,
            Err(_) if found.is_empty() => return None,
            Err(_) => break,
        }
    }
    Some(found.into_iter().filter(|finding| finding != "ok").collect())
}

/// What SQLite says of a file that it doesn't even begin to read, where that can't be the disk's fault: it isn't a
/// database, or its tables are described wrongly.
fn refusal(conn: &Connection) -> Option<Vec<String>> {
    let error = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).err()?;
    let said = error.to_string();
    let is_certain = error.sqlite_error_code() == Some(ErrorCode::NotADatabase) || said.contains(BAD_TABLES);
    is_certain.then(|| vec![said])
}

/// Whether a page was not read, rather than read and found wrong. What else stands there may follow from that.
fn is_of_the_disk(finding: &str) -> bool {
    let is_io = |rest: &str| {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        digits.parse::<u32>().is_ok_and(|code| code & 0xff == IO_ERROR)
    };
    finding.split(NOT_READ).skip(1).any(is_io) || NOT_READ_EITHER.iter().any(|words| finding.contains(words))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Seek as _, SeekFrom, Write as _};

    use super::*;

    fn database(folder: &Path) -> std::path::PathBuf {
        let file = folder.join("recall.db");
        let conn = Connection::open(&file).unwrap();
        conn.execute_batch(
            "PRAGMA journal_mode = WAL; CREATE TABLE t (a TEXT);
             WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO t SELECT hex(randomblob(90)) FROM n;
             PRAGMA wal_checkpoint(TRUNCATE)",
        )
        .unwrap();
        file
    }

    #[test]
    fn a_sound_database_is_not_damaged_whatever_a_read_of_it_said() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_damaged(&database(folder.path())));
    }

    #[test]
    fn a_database_that_was_cut_overwritten_or_is_none_is_damaged() {
        let cut = |file: &Path| fs::File::options().write(true).open(file).unwrap().set_len(40_960).unwrap();
        let overwritten = |file: &Path| {
            let mut file = fs::File::options().write(true).open(file).unwrap();
            file.seek(SeekFrom::Start(4096 * 9)).unwrap();
            file.write_all(&[0x5a; 4096 * 3]).unwrap();
        };
        let none = |file: &Path| fs::write(file, "not a database, ".repeat(999)).unwrap();
        for harm in [&cut as &dyn Fn(&Path), &overwritten, &none] {
            let folder = tempfile::tempdir().unwrap();
            let file = database(folder.path());
            harm(&file);
            assert!(is_damaged(&file));
        }
    }

    #[test]
    fn a_database_that_cannot_be_read_is_not_called_damaged() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_damaged(folder.path()), "a folder");
        assert!(!is_damaged(&folder.path().join("gone")));
    }

    #[test]
    fn a_page_that_the_disk_refused_is_told_from_one_that_is_wrong() {
        for (finding, is_io) in [
            (
                "*** in database main ***\nTree 5 page 7: unable to get the page. error code=8458\nPage 9: never used",
                true,
            ),
            ("On tree page 2 cell 0: unable to get the page. error code=266", true),
            ("On tree page 2 cell 0: unable to get the page. error code=11", false),
            ("Freelist: failed to get page 12", true),
            ("Tree 5 page 7: btreeInitPage() returns error code 11", false),
            ("On tree page 2 cell 0: invalid page number 299", false),
        ] {
            assert_eq!(is_of_the_disk(finding), is_io, "{finding}");
        }
    }
}
