//! `cache.db`: thumbnails and what was learnt while they were made. Everything in it can be made again, so the file may be
//! deleted at any time, a broken one is made anew, and what can't be kept is passed over.
//!
//! One connection for all, as each of its calls touches a few pages. Every call blocks.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::{Digest, MediaFacts, ThumbSize, Unmade};
use crate::sqlite::codes::{Code, Coded, DigestBytes};
use crate::sqlite::derived::{self, Derived};
use crate::sqlite::{connection, disk};

/// The cache's name in the data folder.
const FILE: &str = "cache.db";

/// unmade: why there is no thumbnail; NULL when there is one. maker: who tried. The bytes stand last, so that a row is read
/// without them in one page.
const DATABASE: Derived = Derived {
    // 'crcc'
    signature: (1_668_440_931, 1),
    // A crash may cost the last thumbnails, never the file: NORMAL in WAL.
    settings: "PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 1000; PRAGMA cache_size = -2048;",
    look: "SELECT count(*) FROM (SELECT maker FROM thumbnails ORDER BY rowid DESC LIMIT 1)",
    schema: "
    CREATE TABLE thumbnails (
        sha256      BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
        maker       INTEGER NOT NULL,
        unmade      INTEGER,
        width       INTEGER,
        height      INTEGER,
        duration_ms INTEGER,
        small       BLOB,
        large       BLOB
    ) STRICT;
",
};
const SMALL: &str = "SELECT maker, unmade, small AS webp FROM thumbnails WHERE sha256 = ?1";
const LARGE: &str = "SELECT maker, unmade, coalesce(large, small) AS webp FROM thumbnails WHERE sha256 = ?1";
const TRIED: &str = "SELECT maker, unmade, NULL AS webp FROM thumbnails WHERE sha256 = ?1";
const FACTS: &str = "SELECT width, height, duration_ms FROM thumbnails WHERE sha256 = ?1";
const KEEP: &str = "
    INSERT OR REPLACE INTO thumbnails (sha256, maker, unmade, width, height, duration_ms, small, large)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

/// The open cache; clones share it.
#[derive(Debug, Clone)]
pub struct Cache(Arc<CacheState>);

#[derive(Debug)]
struct CacheState {
    file: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// `None` while the file can't be used.
    conn: Option<Connection>,
    /// Whether the log knows that nothing is kept.
    is_told: bool,
}

/// What the cache has of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached {
    /// Who made it, or tried to.
    pub maker: i64,
    /// The WebP, empty when it wasn't asked for; or why there is none.
    pub webp: Result<Vec<u8>, Unmade>,
}

/// What is to be kept of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    /// Who made it, or tried to.
    pub maker: i64,
    /// The WebP of both sizes, or why there is none. No large one: the small one has all that there is.
    pub webp: Result<(Vec<u8>, Option<Vec<u8>>), Unmade>,
    pub facts: MediaFacts,
}

impl Code for Unmade {
    const WORDS: &'static [Self] = &Self::ALL;

    fn code(self) -> i64 {
        match self {
            Self::Unsupported => 0,
            Self::Damaged => 1,
            Self::TooLarge => 2,
        }
    }
}

impl Cache {
    /// Opens the cache of a data folder, or makes it; what is there and can't be used is replaced. Without a cache there
    /// is still a working handle, which keeps nothing; the log says so.
    pub fn open(folder: &Path) -> Self {
        let file = folder.join(FILE);
        let mut state = State { conn: None, is_told: false };
        match DATABASE.open(&file) {
            Ok(conn) => state.conn = Some(conn),
            Err(error) => state.fail(&file, &error),
        }
        Self(Arc::new(CacheState { file, state: Mutex::new(state) }))
    }

    /// The thumbnail of a file, or why there is none; `None` when nobody tried.
    pub fn find(&self, digest: &Digest, size: ThumbSize) -> Option<Cached> {
        let query = match size {
            ThumbSize::Small => SMALL,
            ThumbSize::Large => LARGE,
        };
        self.ask(|conn| conn.prepare_cached(query)?.query_row([DigestBytes(*digest)], cached).optional()).flatten()
    }

    /// As [`Cache::find`], without reading the picture.
    pub fn find_tried(&self, digest: &Digest) -> Option<Cached> {
        self.ask(|conn| conn.prepare_cached(TRIED)?.query_row([DigestBytes(*digest)], cached).optional()).flatten()
    }

    /// What is known of files. Those of which nothing is known are left out.
    pub fn facts(&self, digests: &[Digest]) -> HashMap<Digest, MediaFacts> {
        let found = self.ask(|conn| {
            let mut statement = conn.prepare_cached(FACTS)?;
            let mut found = HashMap::new();
            for digest in digests {
                let facts = statement.query_row([DigestBytes(*digest)], facts).optional()?;
                found.extend(facts.map(|facts| (*digest, facts)));
            }
            Ok(found)
        });
        found.unwrap_or_default()
    }

    /// Keeps a thumbnail, or that there is none. Where that fails, the next one who asks has it made again.
    pub fn keep(&self, digest: &Digest, keep: &Keep) {
        let (small, large) = match &keep.webp {
            Ok((small, large)) => (Some(small), large.as_ref()),
            Err(_) => (None, None),
        };
        let unmade = keep.webp.as_ref().err().copied().map(Coded);
        let MediaFacts { width, height, duration_ms } = keep.facts;
        let duration_ms = duration_ms.and_then(|millis| i64::try_from(millis).ok());
        let digest = DigestBytes(*digest);
        self.ask(|conn| {
            conn.prepare_cached(KEEP)?.execute(params![
                digest,
                keep.maker,
                unmade,
                width,
                height,
                duration_ms,
                small,
                large
            ])
        });
    }

    /// Gives back the memory of what was read.
    pub fn rest(&self) {
        if let Some(conn) = &self.0.state.lock().unwrap_or_else(PoisonError::into_inner).conn {
            connection::shrink(conn);
        }
    }

    /// Asks the database; what it answers badly is an answer of nothing. A broken file is replaced for the next one who
    /// asks.
    fn ask<T>(&self, question: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        match question(state.conn.as_ref()?) {
            Ok(answer) => {
                state.is_told = false;
                Some(answer)
            }
            Err(error) => {
                state.fail(&self.0.file, &error);
                if derived::is_broken(&error, &self.0.file) {
                    state.conn = None;
                    state.conn = disk::remove(&self.0.file).ok().and_then(|()| DATABASE.open(&self.0.file).ok());
                }
                None
            }
        }
    }
}

impl State {
    /// Says once, until something works again, that nothing is kept.
    fn fail(&mut self, file: &Path, error: &dyn std::error::Error) {
        if !std::mem::replace(&mut self.is_told, true) {
            let file = file.display();
            tracing::warn!("{file} can't be used, thumbnails are made again each time they are asked for: {error}");
        }
    }
}

fn cached(row: &Row<'_>) -> rusqlite::Result<Cached> {
    let webp = match row.get::<_, Option<Coded<Unmade>>>("unmade")? {
        Some(Coded(unmade)) => Err(unmade),
        None => Ok(row.get::<_, Option<Vec<u8>>>("webp")?.unwrap_or_default()),
    };
    Ok(Cached { maker: row.get("maker")?, webp })
}

fn facts(row: &Row<'_>) -> rusqlite::Result<MediaFacts> {
    let duration: Option<i64> = row.get("duration_ms")?;
    Ok(MediaFacts {
        width: row.get("width")?,
        height: row.get("height")?,
        duration_ms: duration.and_then(|millis| u64::try_from(millis).ok()),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DIGEST: Digest = Digest([7; 32]);

    fn made() -> Keep {
        let facts = MediaFacts { width: Some(640), height: Some(480), duration_ms: None };
        Keep { maker: 2, webp: Ok((b"small".to_vec(), Some(b"large".to_vec()))), facts }
    }

    fn webp(cache: &Cache, size: ThumbSize) -> Option<Vec<u8>> {
        cache.find(&DIGEST, size).map(|cached| cached.webp.unwrap())
    }

    fn assert_keeps(cache: &Cache) {
        cache.keep(&DIGEST, &made());
        assert_eq!(webp(cache, ThumbSize::Small).as_deref(), Some(&b"small"[..]));
        assert_eq!(webp(cache, ThumbSize::Large).as_deref(), Some(&b"large"[..]));
        assert_eq!(cache.find_tried(&DIGEST), Some(Cached { maker: 2, webp: Ok(Vec::new()) }));
        assert_eq!(cache.facts(&[Digest([8; 32]), DIGEST]), HashMap::from([(DIGEST, made().facts)]));
    }

    #[test]
    fn what_is_kept_is_found_after_a_restart_and_a_later_try_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path());
        assert_eq!(cache.find(&DIGEST, ThumbSize::Small), None);
        assert_keeps(&cache);
        drop(cache);
        let cache = Cache::open(folder.path());
        assert_eq!(webp(&cache, ThumbSize::Small).as_deref(), Some(&b"small"[..]));
        for unmade in Unmade::ALL {
            cache.keep(&DIGEST, &Keep { maker: 3, webp: Err(unmade), facts: MediaFacts::default() });
            assert_eq!(cache.find(&DIGEST, ThumbSize::Large), Some(Cached { maker: 3, webp: Err(unmade) }));
        }
        cache.keep(&DIGEST, &Keep { webp: Ok((b"only".to_vec(), None)), ..made() });
        assert_eq!(webp(&cache, ThumbSize::Large).as_deref(), Some(&b"only"[..]));
    }

    #[test]
    fn a_deleted_cache_is_made_anew_also_when_its_log_was_left() {
        let folder = tempfile::tempdir().unwrap();
        assert_keeps(&Cache::open(folder.path()));
        fs::remove_file(folder.path().join(FILE)).unwrap();
        fs::write(folder.path().join("cache.db-wal"), [0x37; 8192]).unwrap();
        let cache = Cache::open(folder.path());
        assert_eq!(cache.find(&DIGEST, ThumbSize::Small), None);
        assert_keeps(&cache);
    }

    #[test]
    fn a_cache_that_is_deleted_while_in_use_goes_on_and_begins_anew_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path());
        assert_keeps(&cache);
        disk::remove(&folder.path().join(FILE)).unwrap();
        assert_keeps(&cache);
        drop(cache);
        assert_keeps(&Cache::open(folder.path()));
    }

    #[test]
    fn what_is_no_cache_of_ours_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let foreign = || {
            let conn = Connection::open(&file).unwrap();
            conn.execute_batch("CREATE TABLE thumbnails (a); PRAGMA application_id = 5").unwrap();
        };
        let newer = || Connection::open(&file).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
        let altered = || {
            drop(Cache::open(folder.path()));
            Connection::open(&file).unwrap().execute_batch("DROP TABLE thumbnails").unwrap();
        };
        let cut = || {
            let cache = Cache::open(folder.path());
            for n in 0..200 {
                cache.keep(&Digest([n; 32]), &made());
            }
            drop(cache);
            File::options().write(true).open(&file).unwrap().set_len(5000).unwrap();
        };
        let noise = || fs::write(&file, [0x55; 9000]).unwrap();
        for spoil in [&foreign as &dyn Fn(), &newer, &altered, &cut, &noise] {
            spoil();
            assert_keeps(&Cache::open(folder.path()));
            disk::remove(&file).unwrap();
        }
    }

    #[test]
    fn a_cache_that_breaks_while_in_use_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path());
        assert_keeps(&cache);
        let other = Connection::open(folder.path().join(FILE)).unwrap();
        other.execute_batch("DROP TABLE thumbnails").unwrap();
        drop(other);
        assert_eq!(cache.find(&DIGEST, ThumbSize::Small), None);
        assert_keeps(&cache);
    }

    #[test]
    fn without_a_place_to_keep_anything_there_is_still_an_answer() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(FILE)).unwrap();
        let cache = Cache::open(folder.path());
        cache.keep(&DIGEST, &made());
        assert_eq!(cache.find(&DIGEST, ThumbSize::Small), None);
        assert!(cache.facts(&[DIGEST]).is_empty());
    }

    use std::fs::File;
}
