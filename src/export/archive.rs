//! Generations as a ZIP archive, written as it is read: nothing waits in memory but a few chunks, the compressed texts of
//! the next runs, and the list of names.

use std::cell::Cell;
use std::error::Error;
use std::fs::File;
use std::io::{self, Cursor, Read as _, Write};
use std::sync::mpsc::sync_channel;
use std::thread;

use chrono::{Datelike as _, NaiveDateTime, Timelike as _};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::bundle::{BundleEntry, Bytes, entries};
use crate::blobs::Blobs;
use crate::model::{Digest, GenerationId, Summary, Timestamp};
use crate::store::History;

/// How much of a file is read at a time: stays in a processor's cache on its way.
const CHUNK_BYTES: usize = 256 * 1024;

/// Runs whose texts may be ready before it is their turn, as a long video gives time for many; and what these texts may
/// weigh together, compressed.
const AHEAD: usize = 32;
const AHEAD_BYTES: usize = 8 << 20;

/// Texts weigh little beside pictures. The usual level makes them an eighth smaller and takes three times as long: as long
/// as to copy the pictures.
const LEVEL: i64 = 1;

/// What archives are made from.
pub struct Archive {
    history: History,
    blobs: Blobs,
    runtime: Handle,
    clock: Box<dyn Fn(Timestamp) -> NaiveDateTime + Send + Sync>,
    base: String,
}

/// A run that was added.
#[derive(Debug)]
pub struct Added {
    pub id: GenerationId,
    /// The files that were left out, as their kept copy is gone or not whole.
    pub lost: Vec<String>,
}

/// A run that is ready to be added.
struct Packed<'a> {
    id: GenerationId,
    folder: String,
    modified: zip::DateTime,
    /// Each with its name, and its length.
    files: Vec<(String, Digest, u64)>,
    /// An archive of the texts.
    texts: ZipArchive<Cursor<Vec<u8>>>,
    /// The room that these take.
    _room: Option<SemaphorePermit<'a>>,
}

/// A run that can't be added.
#[derive(Debug, thiserror::Error)]
#[error("read run {id}")]
struct Unreadable {
    id: GenerationId,
    source: Box<dyn Error + Send + Sync>,
}

impl Archive {
    /// Reads these rooms. `clock` says what a wall clock shows, where the archive is read; `base` stands before addresses.
    pub fn new(
        (history, blobs): (impl Into<History>, Blobs),
        runtime: Handle,
        clock: impl Fn(Timestamp) -> NaiveDateTime + Send + Sync + 'static,
        base: &str,
    ) -> Self {
        Self { history: history.into(), blobs, runtime, clock: Box::new(clock), base: base.to_owned() }
    }

    /// Writes an archive of all that is kept of these runs, each with the folder that its files lie below, which is empty
    /// or ends with `/`. One that there isn't is passed over. `tell` hears of each that is in it. Blocks: for a thread
    /// outside the runtime that reads the store; another one reads the texts ahead.
    ///
    /// # Errors
    /// Of what is read, of `runs`, and of who takes the archive; what was written is none then.
    pub fn write<W: Write>(
        &self,
        out: W,
        runs: impl Iterator<Item = io::Result<(GenerationId, String)>> + Send,
        mut tell: impl FnMut(Added),
    ) -> io::Result<W> {
        let (is_over, room) = (&Cell::new(false), &Semaphore::new(AHEAD_BYTES));
        let zip = ZipWriter::new_stream(Until { out, is_over });
        let mut writing = Writing { over: Over(is_over), zip, chunk: vec![0; CHUNK_BYTES], blobs: &self.blobs };
        thread::scope(|scope| {
            let (sender, ready) = sync_channel(AHEAD);
            let packing = scope.spawn(move || {
                for run in runs {
                    let packed = run.and_then(|(id, folder)| self.pack(id, folder, room));
                    let is_last = packed.is_err();
                    // Nobody takes it when the other end failed.
                    if sender.send(packed).is_err() || is_last {
                        break;
                    }
                }
            });
            for packed in ready {
                if let Some(packed) = packed? {
                    tell(writing.add(packed)?);
                }
            }
            // An archive of a part of the runs must not look whole.
            packing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let Writing { over: _until_here, zip, .. } = writing;
            Ok(zip.finish().map_err(broken)?.into_inner().out)
        })
    }

    /// Reads all of a run but its files, and waits until there is room for it.
    fn pack<'a>(&self, id: GenerationId, folder: String, room: &'a Semaphore) -> io::Result<Option<Packed<'a>>> {
        let unreadable = |source| io::Error::other(Unreadable { id, source });
        let detail = self.runtime.block_on(self.history.detail(id)).map_err(|error| unreadable(error.into()))?;
        let Some(detail) = detail else { return Ok(None) };
        let modified = self.modified(&detail.summary);
        let options = SimpleFileOptions::default().last_modified_time(modified);
        let options = options.compression_method(CompressionMethod::Deflated).compression_level(Some(LEVEL));
        let (mut texts, mut files) = (ZipWriter::new(Cursor::new(Vec::new())), Vec::new());
        for BundleEntry { name, source } in entries(&detail) {
            match source.bytes(&detail, &self.base).map_err(|error| unreadable(error.into()))? {
                Bytes::Kept(digest, bytes) => files.push((name, digest, bytes)),
                Bytes::Text(text) => {
                    texts.start_file(format!("{folder}{name}"), options).map_err(broken)?;
                    texts.write_all(&text)?;
                }
            }
        }
        let texts = texts.finish().map_err(broken)?;
        let weight = u32::try_from(texts.get_ref().len().min(AHEAD_BYTES)).unwrap_or(u32::MAX);
        let texts = ZipArchive::new(texts).map_err(broken)?;
        let room = self.runtime.block_on(room.acquire_many(weight)).ok();
        Ok(Some(Packed { id, folder, modified, files, texts, _room: room }))
    }

    /// The run's end as the archive's clock shows it: in steps of two seconds, from 1980 on.
    fn modified(&self, run: &Summary) -> zip::DateTime {
        let local = (self.clock)(run.finished_at.unwrap_or(run.created_at));
        let part = |number: u32| u8::try_from(number).unwrap_or_default();
        let year = u16::try_from(local.year()).unwrap_or_default();
        let (date, time) = ((part(local.month()), part(local.day())), (local.hour(), local.minute(), local.second()));
        zip::DateTime::from_date_and_time(year, date.0, date.1, part(time.0), part(time.1), part(time.2))
            .unwrap_or_default()
    }
}

/// An archive that is being written.
struct Writing<'a, W: Write> {
    /// Goes before the next one does.
    over: Over<'a>,
    zip: ZipWriter<StreamWriter<Until<'a, W>>>,
    chunk: Vec<u8>,
    blobs: &'a Blobs,
}

impl<W: Write> Writing<'_, W> {
    fn add(&mut self, packed: Packed<'_>) -> io::Result<Added> {
        let Packed { id, folder, modified, files, mut texts, _room } = packed;
        let mut lost = Vec::new();
        // Pictures, videos and sound are compressed already.
        let options = SimpleFileOptions::default().last_modified_time(modified);
        let options = options.compression_method(CompressionMethod::Stored);
        for (name, digest, bytes) in files {
            let Some(file) = self.open(&digest, bytes)? else {
                lost.push(name);
                continue;
            };
            let options = options.large_file(bytes >= u64::from(u32::MAX));
            self.zip.start_file(format!("{folder}{name}"), options).map_err(broken)?;
            self.copy(file)?;
        }
        for index in 0..texts.len() {
            self.zip.raw_copy_file(texts.by_index_raw(index).map_err(broken)?).map_err(broken)?;
        }
        Ok(Added { id, lost })
    }

    /// Opens a kept file; `None` where it isn't there with its whole length.
    fn open(&self, digest: &Digest, bytes: u64) -> io::Result<Option<File>> {
        match File::open(self.blobs.path(digest)) {
            Ok(file) => Ok(Some(file).filter(|file| file.metadata().is_ok_and(|kept| kept.len() == bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn copy(&mut self, mut file: File) -> io::Result<()> {
        loop {
            match file.read(&mut self.chunk)? {
                0 => return Ok(()),
                length => self.zip.write_all(&self.chunk[..length])?,
            }
        }
    }
}

/// Takes what is written until it is over. An archive that is given up gets a list of names nevertheless, as its writer is
/// dropped, and would look whole.
struct Until<'a, W> {
    out: W,
    is_over: &'a Cell<bool>,
}

/// Makes it over when it goes.
struct Over<'a>(&'a Cell<bool>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

impl<W: Write> Write for Until<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_over.get() {
            return Ok(bytes.len());
        }
        self.out.write(bytes).inspect_err(|error| {
            // After that one they try again.
            self.is_over.set(error.kind() != io::ErrorKind::Interrupted);
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_over.get() { Ok(()) } else { self.out.flush() }
    }
}

fn broken(error: zip::result::ZipError) -> io::Error {
    match error {
        zip::result::ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use tempfile::TempDir;
    use tokio::runtime::Runtime;

    use super::*;
    use crate::model::{Comfyui, MediaKind, PromptId, Role, Status};
    use crate::store::{NewAttachment, NewContent, Save, Store};

    /// Runs, each with a text of so many letters that can hardly be made shorter, and what writes them.
    fn with_texts(runs: usize, letters: usize) -> ((TempDir, Store), Runtime, Archive, Vec<GenerationId>) {
        let (folder, runtime) = (tempfile::tempdir().unwrap(), Runtime::new().unwrap());
        let store = Store::open(folder.path()).unwrap();
        let text = |n| {
            let mut random = fastrand::Rng::with_seed(n);
            (0..letters).map(|_| random.alphanumeric()).collect::<String>()
        };
        let run = |n: usize| {
            let content = NewContent::Text(text(n as u64));
            let (role, node_id, key) = (Role::Output, Some("9".into()), "text".into());
            let attachments = vec![NewAttachment { role, node_id, key, kind: MediaKind::Text, content }];
            Save { attachments, ..Save::new(PromptId(n.to_string()), Status::Completed, Timestamp::from_millis(0)) }
        };
        let ids = runtime.block_on(async {
            let instance = store.instance(&"default".parse().unwrap()).await.unwrap();
            store.save(instance, &Comfyui::default(), (0..runs).map(run).collect::<Vec<_>>()).await.unwrap()
        });
        let rooms = (store.clone(), Blobs::look(&folder.path().join("blobs")));
        let archive = Archive::new(rooms, runtime.handle().clone(), |_| NaiveDateTime::default(), "");
        ((folder, store), runtime, archive, ids)
    }

    fn each(ids: &[GenerationId]) -> impl Iterator<Item = io::Result<(GenerationId, String)>> + Send {
        ids.iter().map(|id| Ok((*id, format!("{id}/"))))
    }

    #[test]
    fn more_texts_than_may_wait_come_all_in_their_order() {
        for (runs, letters) in [(3 * AHEAD, 10), (3, AHEAD_BYTES * 3 / 2)] {
            let (_folder, _runtime, archive, ids) = with_texts(runs, letters);
            let mut told = Vec::new();
            let bytes = archive.write(Vec::new(), each(&ids), |added| told.push(added.id)).unwrap();
            assert_eq!(told, ids);
            let mut zip = ZipArchive::new(Cursor::new(bytes)).unwrap();
            let names: Vec<_> = zip.file_names().map(str::to_owned).collect();
            let expected = ids.iter().flat_map(|id| [format!("{id}/text-9.txt"), format!("{id}/generation.json")]);
            assert_eq!(names, expected.collect::<Vec<_>>());
            for index in 0..zip.len() {
                let mut text = String::new();
                // Its checksum is looked at too.
                zip.by_index(index).unwrap().read_to_string(&mut text).unwrap();
                assert!(text.len() >= letters);
            }
        }
    }

    #[test]
    fn whoever_takes_no_more_ends_it() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (_folder, _runtime, archive, ids) = with_texts(3 * AHEAD, 10);
        let error = archive.write(Full, each(&ids), drop).map(drop).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn an_archive_of_a_part_of_the_runs_never_passes_for_whole() {
        let ((_folder, store), runtime, archive, ids) = with_texts(3, 10);
        let is_whole = |bytes: Vec<u8>| ZipArchive::new(Cursor::new(bytes)).is_ok();
        let mut bytes = Vec::new();
        let error = archive.write(&mut bytes, each(&ids).chain([Err(io::Error::other("no more"))]), drop).unwrap_err();
        assert_eq!((error.to_string().as_str(), bytes.is_empty(), is_whole(bytes)), ("no more", false, false));
        let mut bytes = Vec::new();
        let breaks = each(&ids).chain(std::iter::once_with(|| unreachable!("breaks")));
        assert!(catch_unwind(AssertUnwindSafe(|| archive.write(&mut bytes, breaks, drop).map(drop))).is_err());
        assert!(!bytes.is_empty() && !is_whole(bytes));
        runtime.block_on(store.close()).unwrap();
        let error = archive.write(Vec::new(), each(&ids), drop).unwrap_err();
        assert_eq!(error.to_string(), format!("read run {}", ids[0]));
    }
}
