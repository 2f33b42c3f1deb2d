//! Whether a database file has all of its pages: a look at its length, its first page, its last and the log beside it,
//! before SQLite opens it. SQLite takes a file that lost its end as it is, and first misses what was there when it is asked
//! for it.
//!
//! Formats: <https://sqlite.org/fileformat2.html>, 1.3 (the database header) and 4.1 (the log).

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::disk::beside;

const MAGIC: &[u8] = b"SQLite format 3\0";
const HEADER_BYTES: usize = 100;
const LOG_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

/// A database up to this size is read from end to end at each start: some milliseconds.
const SMALL: u64 = 8 << 20;

/// How a file looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileShape {
    /// As it should, as far as can be seen.
    Whole,
    /// So that it should be read from end to end: it is small, or ends in nothing.
    Unsure,
    /// The end is missing.
    Cut {
        /// Pages that there are.
        left: u64,
        /// Pages that there should be.
        pages: u64,
    },
}

/// Looks at a file. Nobody in this process may have it open: closing it takes SQLite's locks away (POSIX).
pub fn shape(file: &Path) -> io::Result<FileShape> {
    let mut database = File::open(file)?;
    let length = database.metadata()?.len();
    let mut header = [0; HEADER_BYTES];
    if length < header.len() as u64 {
        return Ok(FileShape::Whole);
    }
    database.read_exact(&mut header)?;
    let Some((page_bytes, pages)) = pages(&header) else { return Ok(FileShape::Whole) };
    let (left, in_log) = (length / page_bytes, logged(&beside(file, "-wal"), page_bytes)?);
    // A checkpoint writes the first page first; broken off, it has the others in the log.
    if (left + 1..=pages).any(|page| !in_log.contains(&page)) {
        return Ok(FileShape::Cut { left, pages });
    }
    let last = left.min(pages);
    let mut page = vec![0; usize::try_from(page_bytes).unwrap_or(0)];
    database.seek(SeekFrom::Start((last.max(1) - 1) * page_bytes))?;
    database.read_exact(&mut page)?;
    // Rightly so only if nobody uses it.
    let ends_in_nothing = page.iter().all(|byte| *byte == 0) && !in_log.contains(&last);
    Ok(if ends_in_nothing || length <= SMALL { FileShape::Unsure } else { FileShape::Whole })
}

/// The size of a page and how many there are; `None` where the header doesn't say, or isn't SQLite's.
fn pages(header: &[u8; HEADER_BYTES]) -> Option<(u64, u64)> {
    let page_bytes = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        bytes => u64::from(bytes),
    };
    // Whoever doesn't know of the count doesn't keep these two the same.
    let is_valid = header[24..28] == header[92..96];
    let is_sqlite = header.starts_with(MAGIC) && page_bytes.is_power_of_two() && page_bytes >= 512;
    (is_sqlite && is_valid).then(|| (page_bytes, u64::from(word(&header[28..32]))))
}

/// The pages that a log has for the database.
fn logged(log: &Path, page_bytes: u64) -> io::Result<HashSet<u64>> {
    let mut pages = HashSet::new();
    let mut log = match File::open(log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(pages),
        log => log?,
    };
    let length = log.metadata()?.len();
    let mut header = [0; 32];
    if length < LOG_HEADER_BYTES {
        return Ok(pages);
    }
    log.read_exact(&mut header)?;
    let (mut place, mut of_commit) = (LOG_HEADER_BYTES, Vec::new());
    while place + FRAME_HEADER_BYTES + page_bytes <= length {
        let mut frame = [0; 24];
        log.seek(SeekFrom::Start(place))?;
        log.read_exact(&mut frame)?;
        // What is left of the log before.
        if frame[8..16] != header[16..24] {
            break;
        }
        of_commit.push(u64::from(word(&frame[..4])));
        let ends_commit = word(&frame[4..8]) > 0;
        if ends_commit {
            pages.extend(of_commit.drain(..));
        }
        place += FRAME_HEADER_BYTES + page_bytes;
    }
    Ok(pages)
}

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use rusqlite::Connection;

    use super::*;

    /// A database of some 10 MB in one file.
    fn database(folder: &Path) -> PathBuf {
        let file = folder.join("recall.db");
        let conn = Connection::open(&file).unwrap();
        conn.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a BLOB)").unwrap();
        fill(&conn, 2_500);
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        file
    }

    fn fill(conn: &Connection, rows: u32) {
        let fill = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
            INSERT INTO t SELECT randomblob(4000) FROM n";
        conn.execute(fill, [rows]).unwrap();
    }

    fn harm(file: &Path, harm: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(file).unwrap();
        harm(&mut bytes);
        fs::write(file, bytes).unwrap();
    }

    #[test]
    fn a_database_that_lost_its_end_is_cut_wherever_that_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = database(folder.path());
        assert_eq!(shape(&file).unwrap(), FileShape::Whole);
        let whole = fs::read(&file).unwrap();
        let pages = whole.len() as u64 / 4096;
        for length in [whole.len() - 1, whole.len() / 2, 5_000, 4_096] {
            fs::write(&file, &whole[..length]).unwrap();
            assert_eq!(shape(&file).unwrap(), FileShape::Cut { left: length as u64 / 4096, pages }, "{length}");
        }
    }

    #[test]
    fn a_database_that_ends_in_nothing_is_to_be_read_from_end_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = database(folder.path());
        harm(&file, |bytes| {
            let half = bytes.len() / 2;
            bytes[half..].fill(0);
        });
        assert_eq!(shape(&file).unwrap(), FileShape::Unsure);
    }

    #[test]
    fn what_a_checkpoint_did_not_come_to_is_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let file = database(folder.path());
        let conn = Connection::open(&file).unwrap();
        conn.execute_batch("PRAGMA wal_autocheckpoint = 0").unwrap();
        let before = fs::metadata(&file).unwrap().len();
        fill(&conn, 50);
        let log = fs::read(folder.path().join("recall.db-wal")).unwrap();
        conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
        let after = fs::read(&file).unwrap();
        // As a kill leaves them when the first page was written and the last ones weren't.
        let killed = tempfile::tempdir().unwrap();
        let half = killed.path().join("recall.db");
        fs::write(&half, &after[..usize::try_from(before).unwrap()]).unwrap();
        fs::write(killed.path().join("recall.db-wal"), &log).unwrap();
        assert_eq!(shape(&half).unwrap(), FileShape::Whole);
        fs::write(killed.path().join("recall.db-wal"), &log[..log.len() / 2]).unwrap();
        assert!(matches!(shape(&half).unwrap(), FileShape::Cut { .. }));
        fs::remove_file(killed.path().join("recall.db-wal")).unwrap();
        assert!(matches!(shape(&half).unwrap(), FileShape::Cut { .. }));
    }

    #[test]
    fn what_is_no_database_is_left_for_sqlite_to_refuse() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recall.db");
        for text in ["", "short", &"not a database, ".repeat(999)] {
            fs::write(&file, text).unwrap();
            assert_eq!(shape(&file).unwrap(), FileShape::Whole);
        }
    }
}
