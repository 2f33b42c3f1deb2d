//! Generations as a ZIP archive, written as it is read: nothing waits in memory but a few chunks and the list of names.

use std::fs::File;
use std::io::{self, Read as _, Write};

use chrono::{Datelike as _, NaiveDateTime, Timelike as _};
use tokio::runtime::Handle;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::bundle::{Entry, Source, entries};
use super::{json, strict};
use crate::blobs::Blobs;
use crate::model::{GenerationId, Outline, Timestamp};
use crate::store::Store;

/// How much of a file is read at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// An archive that is being written. Blocks: for a thread of its own, beside the runtime that reads the store.
pub struct Archive<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
    chunk: Vec<u8>,
    store: Store,
    blobs: Blobs,
    runtime: Handle,
    clock: Box<dyn Fn(Timestamp) -> NaiveDateTime + Send>,
    base: String,
}

impl<W: Write> Archive<W> {
    /// An empty one. `clock` says what a wall clock shows, where the archive is read; `base` stands before addresses.
    pub fn new(
        out: W,
        (store, blobs): (Store, Blobs),
        runtime: Handle,
        clock: impl Fn(Timestamp) -> NaiveDateTime + Send + 'static,
        base: &str,
    ) -> Self {
        let (zip, chunk, clock) = (ZipWriter::new_stream(out), vec![0; CHUNK_BYTES], Box::new(clock));
        Self { zip, chunk, store, blobs, runtime, clock, base: base.to_owned() }
    }

    /// Adds all that is kept of a generation, each file below `folder`, which is empty or ends with `/`. Whether there is
    /// such a generation.
    ///
    /// # Errors
    /// Of what is read, and of who takes the archive; it can't be finished then.
    pub fn add(&mut self, id: GenerationId, folder: &str) -> io::Result<bool> {
        let outline = self.runtime.block_on(self.store.outline(id)).map_err(io::Error::other)?;
        let Some(outline) = outline else { return Ok(false) };
        let options = SimpleFileOptions::default().last_modified_time(self.modified(&outline));
        for Entry { name, source } in entries(&outline) {
            self.entry(id, &format!("{folder}{name}"), source, options)?;
        }
        Ok(true)
    }

    /// Writes the list of names, without which it is no archive.
    ///
    /// # Errors
    /// Of who takes the archive.
    pub fn finish(self) -> io::Result<W> {
        Ok(self.zip.finish().map_err(broken)?.into_inner())
    }

    fn entry(&mut self, id: GenerationId, name: &str, source: Source, options: SimpleFileOptions) -> io::Result<()> {
        let text = match source {
            Source::Blob { digest, bytes } => {
                let file = self.runtime.block_on(self.blobs.open_file(&digest)).map_err(io::Error::other)?;
                // One that went meanwhile is left out.
                let Some(file) = file.and_then(|file| file.try_into_std().ok()) else { return Ok(()) };
                // Pictures, videos and sound are compressed already.
                let stored = options.compression_method(CompressionMethod::Stored);
                self.zip.start_file(name, stored.large_file(bytes >= u64::from(u32::MAX))).map_err(broken)?;
                return self.copy(file);
            }
            Source::Text(text) => text.into_bytes(),
            Source::Document(kind) => {
                let json = self.runtime.block_on(self.store.document(id, kind)).map_err(io::Error::other)?;
                let Some(json) = json else { return Ok(()) };
                strict(&json)?.get().as_bytes().to_vec()
            }
            Source::Record => {
                let detail = self.runtime.block_on(self.store.detail(id)).map_err(io::Error::other)?;
                let Some(detail) = detail else { return Ok(()) };
                json::full(&detail, &self.base)?
            }
        };
        self.zip.start_file(name, options.compression_method(CompressionMethod::Deflated)).map_err(broken)?;
        self.zip.write_all(&text)
    }

    fn copy(&mut self, mut file: File) -> io::Result<()> {
        loop {
            match file.read(&mut self.chunk)? {
                0 => return Ok(()),
                length => self.zip.write_all(&self.chunk[..length])?,
            }
        }
    }

    /// The run's end as the archive's clock shows it: in steps of two seconds, from 1980 on.
    fn modified(&self, outline: &Outline) -> zip::DateTime {
        let run = &outline.summary;
        let local = (self.clock)(run.finished_at.unwrap_or(run.created_at));
        let part = |number: u32| u8::try_from(number).unwrap_or_default();
        let year = u16::try_from(local.year()).unwrap_or_default();
        let (date, time) = ((part(local.month()), part(local.day())), (local.hour(), local.minute(), local.second()));
        zip::DateTime::from_date_and_time(year, date.0, date.1, part(time.0), part(time.1), part(time.2))
            .unwrap_or_default()
    }
}

fn broken(error: zip::result::ZipError) -> io::Error {
    match error {
        zip::result::ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}
