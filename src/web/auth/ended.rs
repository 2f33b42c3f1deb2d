//! The sessions that people ended, until they would have been over by themselves: a cookie may have been copied, and every
//! server of the same host name is sent it. In a file of the data folder, so that a restart brings none of them back.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The name of the file: of each session a line with its name in hexadecimal digits, and until when it would have lasted.
const FILE: &str = "session.ended";

/// As many are known by name. Whoever knows the password could end any number of them.
const MOST: usize = 4096;

/// Bytes of a session's name. Nobody need be unable to guess it: the signature is for that.
pub(super) const NAME_BYTES: usize = 12;

/// One that was signed here, and isn't over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedSession {
    pub(super) name: [u8; NAME_BYTES],
    /// In seconds since 1970.
    pub(super) until: i64,
}

/// That a session was ended can't be written down.
#[derive(Debug, thiserror::Error)]
#[error("write down in {} that a session was ended", path.display())]
pub struct Error {
    path: PathBuf,
    source: io::Error,
}

/// Those that were ended.
#[derive(Debug, Default)]
pub(super) struct EndedSessions {
    /// `None` where nobody can sign in, and in tests.
    path: Option<PathBuf>,
    known: Mutex<KnownSessions>,
}

#[derive(Debug, Default)]
struct KnownSessions {
    /// Until when each would have lasted, by its name.
    until: HashMap<String, i64>,
    /// All that would have lasted until then at most are over: there were too many to know each of them by name.
    all_until: i64,
}

impl EndedSessions {
    /// Those of a data folder. A file that can't be read is told of: nobody is kept out for it.
    pub(super) fn open(folder: Option<&Path>, now: i64) -> Self {
        let path = folder.map(|folder| folder.join(FILE));
        let known = path.as_deref().map(|path| match fs::read_to_string(path) {
            Ok(text) => KnownSessions::read(&text, now),
            Err(error) if error.kind() == io::ErrorKind::NotFound => KnownSessions::default(),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "which sessions were ended can't be read; those hold again");
                KnownSessions::default()
            }
        });
        Self { path, known: Mutex::new(known.unwrap_or_default()) }
    }

    pub(super) fn has(&self, session: &SignedSession) -> bool {
        let known = self.known();
        session.until <= known.all_until || known.until.contains_key(&name(session))
    }

    /// Adds one, which holds no more from then on.
    ///
    /// # Errors
    /// When it can't be written down.
    pub(super) fn add(&self, session: &SignedSession, now: i64) -> Result<(), Error> {
        let mut known = self.known();
        known.until.retain(|_, until| *until > now);
        known.until.insert(name(session), session.until);
        known.bound();
        let Some(path) = &self.path else { return Ok(()) };
        // Under the lock: what is written last knows all of them.
        write(path, &known.text()).map_err(|source| Error { path: path.clone(), source })
    }

    fn known(&self) -> MutexGuard<'_, KnownSessions> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownSessions {
    fn read(text: &str, now: i64) -> Self {
        let mut known = Self::default();
        for (name, until) in text.lines().filter_map(|line| line.split_once(' ')) {
            let Ok(until) = until.parse::<i64>() else { continue };
            match name {
                "all" => known.all_until = until,
                _ if until > now => drop(known.until.insert(name.to_owned(), until)),
                _ => {}
            }
        }
        known.bound();
        known
    }

    fn text(&self) -> String {
        let lines = self.until.iter().map(|(name, until)| format!("{name} {until}\n"));
        std::iter::once(format!("all {}\n", self.all_until)).chain(lines).collect()
    }

    /// Where there are too many, the half that would have been over first goes, with all others of their age.
    fn bound(&mut self) {
        if self.until.len() <= MOST {
            return;
        }
        let mut all: Vec<i64> = self.until.values().copied().collect();
        all.sort_unstable();
        self.all_until = self.all_until.max(all[MOST / 2]);
        self.until.retain(|_, until| *until > self.all_until);
    }
}

fn name(session: &SignedSession) -> String {
    use std::fmt::Write as _;
    session.name.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Temporary files are made for their owner alone.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(nth: u16, until: i64) -> SignedSession {
        let mut name = [0; 12];
        name[..2].copy_from_slice(&nth.to_le_bytes());
        SignedSession { name, until }
    }

    #[test]
    fn what_was_ended_is_known_until_it_would_have_been_over() {
        let folder = tempfile::tempdir().unwrap();
        let ended = EndedSessions::open(Some(folder.path()), 0);
        ended.add(&session(1, 100), 10).unwrap();
        ended.add(&session(2, 200), 10).unwrap();
        assert!(ended.has(&session(1, 100)) && ended.has(&session(2, 200)) && !ended.has(&session(3, 300)));
        let later = EndedSessions::open(Some(folder.path()), 150);
        assert_eq!(later.known().until.len(), 1);
        later.add(&session(3, 300), 250).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap().lines().count(), 2);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn however_many_are_ended_the_file_is_bounded_and_none_comes_back() {
        let ended = EndedSessions::open(None, 0);
        for nth in 0..10_000 {
            ended.add(&session(nth, 1_000 + i64::from(nth)), 0).unwrap();
        }
        assert!(ended.known().until.len() <= MOST);
        let known = KnownSessions::read(&ended.known().text(), 0);
        for ended in [ended, EndedSessions { known: Mutex::new(known), path: None }] {
            assert!((0..10_000).all(|nth| ended.has(&session(nth, 1_000 + i64::from(nth)))));
            assert!(!ended.has(&session(1, 99_999)));
        }
    }

    #[test]
    fn a_damaged_file_keeps_nobody_out_and_what_can_be_read_counts() {
        let known = KnownSessions::read("all x\n\u{0}\n0100 \nnonsense\n010000000000000000000000 100\nall 5\n", 0);
        let ended = EndedSessions { known: Mutex::new(known), path: None };
        assert!(ended.has(&session(1, 100)) && ended.has(&session(2, 5)) && !ended.has(&session(2, 100)));
    }

    #[test]
    fn what_cannot_be_written_down_is_told_and_ended_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let ended = EndedSessions::open(Some(&folder.path().join("gone")), 0);
        assert!(ended.add(&session(1, 100), 0).is_err());
        assert!(ended.has(&session(1, 100)));
    }
}
