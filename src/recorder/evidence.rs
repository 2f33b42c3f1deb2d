//! Whether anything can have been made while nobody listened, by what the machine and ComfyUI's output folder show.

use std::fs;
use std::io;
use std::path::Path;

use crate::model::Timestamp;

/// Linux's name of a start of the machine. Elsewhere there is no such file.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// So many entries of a folder are looked at; beyond that nobody knows.
const MOST_ENTRIES: usize = 500_000;

/// How coarsely a file system may tell when a file was written, in milliseconds. A ComfyUI takes longer to begin.
const COARSE: i64 = 2_000;

/// Which start of the machine this is.
pub fn boot() -> Option<String> {
    let id = fs::read_to_string(BOOT_ID).ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}

/// Whether a file may have been written below a folder after `since` and clearly before `until`: also where it can't be read, or is
/// too large to be looked through. Blocks.
pub fn may_be_written(folder: &Path, since: Timestamp, until: Option<Timestamp>) -> bool {
    let mut left = MOST_ENTRIES;
    let until = until.map(|until| Timestamp::bound(until.as_millis() - COARSE));
    look(folder, since, until, &mut left).unwrap_or(true)
}

/// One folder after the other, so that however deep they lie one is open at a time.
fn look(folder: &Path, since: Timestamp, until: Option<Timestamp>, left: &mut usize) -> io::Result<bool> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            *left = left.checked_sub(1).ok_or(io::ErrorKind::QuotaExceeded)?;
            // Of links the file that they lead to was written elsewhere.
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let written: Timestamp = entry.metadata()?.modified()?.into();
                if written > since && until.is_none_or(|until| written < until) {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn a_file_counts_that_was_written_in_that_time_however_deep_it_lies() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (name, seconds) in [("old.png", 1_000), ("a/b/new.png", 2_000)] {
            File::create(folder.path().join(name)).unwrap().set_modified(at(seconds)).unwrap();
        }
        let is_written = |since: u64, until: Option<u64>| {
            may_be_written(folder.path(), at(since).into(), until.map(|until| at(until).into()))
        };
        assert!(is_written(1_500, None) && is_written(500, Some(1_500)) && is_written(1_500, Some(2_500)));
        assert!(!is_written(1_500, Some(2_001)), "the first run may have written it");
        assert!(!is_written(2_000, None) && !is_written(1_000, Some(2_000)));
        assert!(may_be_written(&folder.path().join("gone"), at(0).into(), None), "nobody knows");
    }
}
