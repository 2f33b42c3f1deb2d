//! Into a folder: one below it for each run. What is there already and the same is skipped, so the same export goes on
//! where it was broken off; what is there and differs is left alone.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;

use super::part::{arriving, clear_part, make_part};
use super::source::ExportSource;
use crate::blobs;
use crate::commands::error::Error;
use crate::export::{BundleEntry, Bytes, entries};
use crate::model::{Digest, GenerationId, Timestamp};

/// Copied before the bar is told.
const PIECE_BYTES: u64 = 16 << 20;

/// Compared at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// A folder that runs are exported into.
pub(super) struct ExportFolder {
    root: PathBuf,
    overwrites: bool,
    /// Whether this filesystem may share blocks with that of the history: not tried again once it refused.
    may_share: AtomicBool,
}

/// What was done so far.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) runs: u64,
    /// Written now.
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) were_there: u64,
    /// There already, with other bytes.
    pub(super) differing: Vec<PathBuf>,
    /// Whose kept copy is no good.
    pub(super) lost: Vec<String>,
}

impl Done {
    /// What was done, together.
    pub(super) fn add(&mut self, other: Self) {
        let Self { runs, files, bytes, were_there, differing, lost } = other;
        self.runs += runs;
        self.files += files;
        self.bytes += bytes;
        self.were_there += were_there;
        self.differing.extend(differing);
        self.lost.extend(lost);
    }
}

impl ExportFolder {
    pub(super) fn new(root: &Path, overwrites: bool) -> Self {
        Self { root: root.to_owned(), overwrites, may_share: AtomicBool::new(true) }
    }

    /// Adds what belongs to a run, if it is still there.
    pub(super) fn add(&self, source: &ExportSource<'_>, id: GenerationId) -> Result<Done, Error> {
        let mut done = Done::default();
        let Some(detail) = source.runtime.block_on(source.store.detail(id))? else { return Ok(done) };
        let run = &detail.summary;
        let modified = moment(run.finished_at.unwrap_or(run.created_at));
        let folder = self.root.join(id.to_string());
        for BundleEntry { name, source: of } in entries(&detail) {
            let path = name.split('/').fold(folder.clone(), |path, part| path.join(portable(part)));
            let bytes = of.bytes(&detail, source.base).with_context(|| format!("write {}", path.display()))?;
            self.put(source, &path, &bytes, modified, &mut done)
                .with_context(|| format!("write {}", path.display()))?;
        }
        done.runs += 1;
        Ok(done)
    }

    fn put(
        &self,
        source: &ExportSource<'_>,
        path: &Path,
        bytes: &Bytes,
        modified: SystemTime,
        done: &mut Done,
    ) -> io::Result<()> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(there) if is_same(source, path, &there, bytes, modified)? => {
                done.were_there += 1;
                return Ok(());
            }
            Ok(there) if !self.overwrites || !there.is_file() => {
                done.differing.push(path.to_owned());
                return Ok(());
            }
            Ok(_) => {}
        }
        let part = arriving(path);
        if let Some(folder) = path.parent() {
            self.make(folder)?;
        }
        let written = match bytes {
            Bytes::Kept(digest, length) => self.copy(source, digest, *length, &part)?,
            Bytes::Text(text) => {
                let mut file = make_part(&part)?;
                file.write_all(text)?;
                Some(file)
            }
        };
        let Some(written) = written else {
            done.lost.push(path.display().to_string());
            return Ok(());
        };
        // When it was made, as people sort their pictures by; and what tells it is this one, the next time.
        written.set_modified(modified)?;
        fs::rename(&part, path)?;
        done.files += 1;
        done.bytes += length(bytes);
        Ok(())
    }

    /// Makes a folder below the root. Where somebody laid a link in its place, nothing is written to where that leads.
    fn make(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let below = folder.ancestors().take_while(|folder| *folder != self.root);
        for folder in below {
            if fs::symlink_metadata(folder)?.is_symlink() {
                let link = format!("{} is a link, and export doesn't follow links", folder.display());
                return Err(io::Error::new(io::ErrorKind::NotADirectory, link));
            }
        }
        Ok(())
    }

    /// Copies a kept file; `None`, and nothing made, when it isn't there with its whole length.
    fn copy(&self, source: &ExportSource<'_>, digest: &Digest, length: u64, part: &Path) -> io::Result<Option<File>> {
        let kept = source.blobs.path(digest);
        let mut file = match File::open(&kept) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        if file.metadata()?.len() != length {
            return Ok(None);
        }
        clear_part(part)?;
        if self.may_share.load(Ordering::Relaxed) {
            match blobs::share(&file, part, 0o666) {
                Ok(()) => return File::options().write(true).open(part).map(Some),
                Err(_) => self.may_share.store(false, Ordering::Relaxed),
            }
        }
        let mut copy = make_part(part)?;
        // The system copies between files by itself where it can.
        while io::copy(&mut (&mut file).take(PIECE_BYTES), &mut copy)? == PIECE_BYTES {
            source.bar.tick();
        }
        Ok(Some(copy))
    }
}

fn length(bytes: &Bytes) -> u64 {
    match bytes {
        Bytes::Kept(_, length) => *length,
        Bytes::Text(text) => text.len() as u64,
    }
}

/// Whether a file that is there is the one to be written. One that has its length and the time that we gave it is; of
/// others the bytes are compared.
fn is_same(
    source: &ExportSource<'_>,
    path: &Path,
    there: &fs::Metadata,
    bytes: &Bytes,
    modified: SystemTime,
) -> io::Result<bool> {
    if !there.is_file() || there.len() != length(bytes) {
        return Ok(false);
    }
    match bytes {
        Bytes::Text(text) => Ok(fs::read(path)? == *text),
        Bytes::Kept(..) if there.modified().is_ok_and(|at| at == modified) => Ok(true),
        Bytes::Kept(digest, _) => match File::open(source.blobs.path(digest)) {
            Ok(kept) => have_same_bytes(kept, File::open(path)?),
            // What is there may be all that is left of it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        },
    }
}

fn have_same_bytes(mut one: File, mut other: File) -> io::Result<bool> {
    let mut chunks = [vec![0; CHUNK_BYTES], vec![0; CHUNK_BYTES]];
    loop {
        let [left, right] = &mut chunks;
        let length = one.read(left)?;
        if length == 0 {
            return Ok(other.read(right)? == 0);
        }
        match other.read_exact(&mut right[..length]) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        }
        if left[..length] != right[..length] {
            return Ok(false);
        }
    }
}

fn moment(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(at.as_millis().unsigned_abs())
}

/// A name that this machine's file system takes.
fn portable(name: &str) -> String {
    if cfg!(windows) { for_windows(name) } else { name.to_owned() }
}

/// The same without what Windows doesn't have in names, and beside the names that are devices there.
fn for_windows(name: &str) -> String {
    const DEVICES: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "COM", "LPT"];
    let plain: String = name.chars().map(|c| if "<>:\"/\\|?*".contains(c) { '_' } else { c }).collect();
    let stem = plain.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let is_device = DEVICES.contains(&stem.trim_end_matches(|c: char| c.is_ascii_digit()));
    let plain = plain.trim_end_matches([' ', '.']);
    if is_device { format!("_{plain}") } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_windows_keeps_for_itself_become_others() {
        for (name, plain) in [
            ("ComfyUI_00001_.png", "ComfyUI_00001_.png"),
            ("四张 <b>.png", "四张 _b_.png"),
            ("con", "_con"),
            ("NUL.png", "_NUL.png"),
            ("com1.tar.gz", "_com1.tar.gz"),
            ("aux .txt", "_aux .txt"),
            ("console.png", "console.png"),
            ("a:b|c.png. ", "a_b_c.png"),
        ] {
            assert_eq!(for_windows(name), plain);
        }
    }
}
