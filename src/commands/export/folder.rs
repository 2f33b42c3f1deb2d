//! Into a folder: one below it for each run. What is there already and the same is passed over, so the same export goes on
//! where it was broken off; what is there and differs is left alone.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;

use super::{Source, arriving};
use crate::commands::Error;
use crate::export::{self, Entry, json, strict};
use crate::model::{Digest, GenerationId, Timestamp};

/// Copied before the bar is told.
const PIECE_BYTES: u64 = 16 << 20;

/// Compared at a time.
const CHUNK_BYTES: usize = 256 << 10;

/// A folder that runs are exported into.
pub(super) struct Folder {
    root: PathBuf,
    overwrites: bool,
    /// Whether this filesystem may share blocks with that of the history: not tried again once it refused.
    may_share: bool,
    pub(super) done: Done,
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

/// The bytes of a file to be written.
enum Bytes {
    Kept(Digest, u64),
    Text(Vec<u8>),
}

impl Folder {
    pub(super) fn new(root: &Path, overwrites: bool) -> Self {
        Self { root: root.to_owned(), overwrites, may_share: true, done: Done::default() }
    }

    /// Adds what belongs to a run, if it is still there.
    pub(super) fn add(&mut self, source: &Source<'_>, id: GenerationId) -> Result<(), Error> {
        let Some(outline) = source.runtime.block_on(source.store.outline(id))? else { return Ok(()) };
        let run = &outline.summary;
        let modified = moment(run.finished_at.unwrap_or(run.created_at));
        let folder = self.root.join(id.to_string());
        for Entry { name, source: of } in export::entries(&outline) {
            let path = name.split('/').fold(folder.clone(), |path, part| path.join(portable(part)));
            let Some(bytes) = read(source, id, of)? else { continue };
            self.put(source, &path, bytes, modified).with_context(|| format!("write {}", path.display()))?;
        }
        self.done.runs += 1;
        Ok(())
    }

    fn put(&mut self, source: &Source<'_>, path: &Path, bytes: Bytes, modified: SystemTime) -> io::Result<()> {
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(there) if is_same(source, path, &there, &bytes, modified)? => {
                self.done.were_there += 1;
                return Ok(());
            }
            Ok(there) if !self.overwrites || !there.is_file() => {
                self.done.differing.push(path.to_owned());
                return Ok(());
            }
            Ok(_) => {}
        }
        let part = arriving(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let length = match bytes {
            Bytes::Kept(digest, length) => match self.copy(source, &digest, &part) {
                Ok(copied) if copied == length => length,
                Ok(_) => return self.lose(path, &part),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return self.lose(path, &part),
                Err(error) => return Err(error),
            },
            Bytes::Text(text) => {
                File::create(&part)?.write_all(&text)?;
                text.len() as u64
            }
        };
        // When it was made, as people sort their pictures by; and what tells it is this one, the next time.
        File::options().write(true).open(&part)?.set_modified(modified)?;
        fs::rename(&part, path)?;
        self.done.files += 1;
        self.done.bytes += length;
        Ok(())
    }

    /// Copies a kept file; gives how much that was. One that isn't there makes nothing.
    fn copy(&mut self, source: &Source<'_>, digest: &Digest, part: &Path) -> io::Result<u64> {
        let kept = source.blobs.path(digest);
        let mut file = File::open(&kept)?;
        match fs::remove_file(part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if self.may_share {
            match reflink_copy::reflink(&kept, part) {
                Ok(()) => return Ok(file.metadata()?.len()),
                Err(_) => self.may_share = false,
            }
        }
        let mut copy = File::create_new(part)?;
        let mut copied = 0;
        loop {
            // The system copies between files by itself where it can.
            let piece = io::copy(&mut (&mut file).take(PIECE_BYTES), &mut copy)?;
            copied += piece;
            source.bar.tick();
            if piece < PIECE_BYTES {
                return Ok(copied);
            }
        }
    }

    fn lose(&mut self, path: &Path, part: &Path) -> io::Result<()> {
        self.done.lost.push(path.display().to_string());
        match fs::remove_file(part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// What an entry holds; `None` when it went meanwhile.
fn read(source: &Source<'_>, id: GenerationId, of: export::Source) -> Result<Option<Bytes>, Error> {
    let Source { store, runtime, .. } = source;
    Ok(match of {
        export::Source::Blob { digest, bytes } => Some(Bytes::Kept(digest, bytes)),
        export::Source::Text(text) => Some(Bytes::Text(text.into_bytes())),
        export::Source::Document(kind) => match runtime.block_on(store.document(id, kind))? {
            Some(text) => {
                let text = strict(&text).with_context(|| format!("write the {} of run {id}", kind.as_str()))?;
                Some(Bytes::Text(text.get().as_bytes().to_vec()))
            }
            None => None,
        },
        export::Source::Record => match runtime.block_on(store.detail(id))? {
            Some(detail) => {
                let json = json::full(&detail, source.base).with_context(|| format!("write run {id} as JSON"))?;
                Some(Bytes::Text(json))
            }
            None => None,
        },
    })
}

/// Whether a file that is there is the one to be written. One that has its length and the time that we gave it is; of
/// others the bytes are compared.
fn is_same(
    source: &Source<'_>,
    path: &Path,
    there: &fs::Metadata,
    bytes: &Bytes,
    modified: SystemTime,
) -> io::Result<bool> {
    let length = match bytes {
        Bytes::Kept(_, length) => *length,
        Bytes::Text(text) => text.len() as u64,
    };
    if !there.is_file() || there.len() != length {
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
