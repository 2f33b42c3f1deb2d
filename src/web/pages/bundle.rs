//! `/g/{id}/files.zip`: everything that is kept of one generation, as it is read: nothing waits in memory but a few chunks.

use std::collections::HashSet;
use std::io::{self, Read as _, Write};
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use chrono::{Datelike as _, Timelike as _};
use http::Method;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use crate::blobs::Blobs;
use crate::json::to_strict;
use crate::model::{Attachment, Content, Digest, DocumentKind, FileRef, GenerationId, Outline, Role, download_name};
use crate::search::Zone;
use crate::store::Store;
use crate::web::api::generations::generation_id;
use crate::web::error::Error;
use crate::web::files::content_disposition;
use crate::web::headers::Cache;
use crate::web::site::App;

/// How much of a file is read at a time, and how many of these may wait for the client.
const CHUNK_BYTES: usize = 64 * 1024;
const CHUNKS: usize = 8;

/// A client that takes nothing for so long is gone: its file holds a thread.
const PATIENCE: Duration = Duration::from_secs(60);

/// Archives that are written at the same time; each has a thread. More wait their turn.
static TURNS: Semaphore = Semaphore::const_new(4);

/// One file of an archive.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    name: String,
    source: Source,
}

/// Where its bytes come from.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    Blob { digest: Digest, bytes: u64 },
    Text(String),
    Document(DocumentKind),
}

/// Answers with the archive.
pub async fn zip(
    State(app): State<App>,
    method: Method,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Error> {
    let id = generation_id(id)?;
    let outline = app.store.outline(id).await?.ok_or(Error::NoGeneration)?;
    let disposition = content_disposition("attachment", &format!("comfy-recall-{id}.zip"));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (CONTENT_DISPOSITION, HeaderValue::try_from(disposition)?),
    ];
    let body = if method == Method::HEAD { Body::empty() } else { stream(&app, id, &outline) };
    Ok((headers, axum::Extension(Cache::Live), body).into_response())
}

fn stream(app: &App, id: GenerationId, outline: &Outline) -> Body {
    let (sender, receiver) = mpsc::channel(CHUNKS);
    let job = Job {
        id,
        entries: entries(outline),
        options: SimpleFileOptions::default().last_modified_time(modified(outline, app.zone)),
        store: app.store.clone(),
        blobs: app.blobs.clone(),
    };
    tokio::spawn(async move {
        let Ok(_turn) = TURNS.acquire().await else { return };
        let failed = sender.clone();
        let runtime = Handle::current();
        let written = tokio::task::spawn_blocking(move || {
            let mut pipe = io::BufWriter::with_capacity(CHUNK_BYTES, Pipe { sender, runtime: runtime.clone() });
            job.write(&mut pipe, &runtime).and_then(|()| pipe.flush())
        });
        let outcome = written.await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                tracing::debug!(%id, "a client left its archive")
            }
            Err(error) => {
                tracing::warn!(%id, %error, "an archive ends early");
                // The end of a chunked body would look like the end of the archive.
                let _ = failed.send(Err(error)).await;
            }
            Ok(()) => {}
        }
    });
    Body::from_stream(futures_util::stream::unfold(receiver, async |mut chunks: mpsc::Receiver<io::Result<Bytes>>| {
        chunks.recv().await.map(|chunk| (chunk, chunks))
    }))
}

/// What one archive is made of.
struct Job {
    id: GenerationId,
    entries: Vec<Entry>,
    options: SimpleFileOptions,
    store: Store,
    blobs: Blobs,
}

impl Job {
    fn write(self, out: &mut impl Write, runtime: &Handle) -> io::Result<()> {
        let mut zip = ZipWriter::new_stream(out);
        // Pictures, videos and sound are compressed already.
        let stored = self.options.compression_method(CompressionMethod::Stored);
        let deflated = self.options.compression_method(CompressionMethod::Deflated);
        for Entry { name, source } in self.entries {
            match source {
                Source::Blob { digest, bytes } => {
                    let file = runtime.block_on(self.blobs.open_file(&digest)).map_err(io::Error::other)?;
                    // One that went meanwhile is left out.
                    let Some(file) = file.and_then(|file| file.try_into_std().ok()) else { continue };
                    zip.start_file(name, stored.large_file(bytes >= u64::from(u32::MAX))).map_err(broken)?;
                    copy(file, &mut zip)?;
                }
                Source::Text(text) => {
                    zip.start_file(name, deflated).map_err(broken)?;
                    zip.write_all(text.as_bytes())?;
                }
                Source::Document(kind) => {
                    let json = runtime.block_on(self.store.document(self.id, kind)).map_err(io::Error::other)?;
                    let Some(json) = json else { continue };
                    zip.start_file(name, deflated).map_err(broken)?;
                    zip.write_all(to_strict(&json).as_bytes())?;
                }
            }
        }
        zip.finish().map_err(broken)?;
        Ok(())
    }
}

fn copy(mut file: std::fs::File, zip: &mut ZipWriter<StreamWriter<impl Write>>) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(()),
            length => zip.write_all(&chunk[..length])?,
        }
    }
}

fn broken(error: zip::result::ZipError) -> io::Error {
    match error {
        zip::result::ZipError::Io(error) => error,
        other => io::Error::other(other),
    }
}

/// The writing end towards the client.
struct Pipe {
    sender: mpsc::Sender<io::Result<Bytes>>,
    runtime: Handle,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let chunk = Ok(Bytes::copy_from_slice(bytes));
        match self.runtime.block_on(async { timeout(PATIENCE, self.sender.send(chunk)).await }) {
            Ok(Ok(())) => Ok(bytes.len()),
            _ => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What belongs into the archive, each under a name of its own.
fn entries(outline: &Outline) -> Vec<Entry> {
    let mut names = Names::default();
    let mut entries = Vec::new();
    let mut kept = HashSet::new();
    for attachment in outline.outputs.iter().chain(&outline.inputs) {
        let (name, source) = match &attachment.content {
            Content::File { file, blob: Some(blob) } => {
                let name = format!("{}{}", folder(attachment, file), download_name(&file.filename));
                // The same file may be named by several nodes.
                if !kept.insert((name.clone(), blob.digest)) {
                    continue;
                }
                (name, Source::Blob { digest: blob.digest, bytes: blob.bytes })
            }
            Content::File { blob: None, .. } => continue,
            Content::Text(text) => {
                let node = attachment.node_id.as_deref().unwrap_or_default();
                let name = format!("{}.txt", download_name(&format!("{}-{node}", attachment.key)));
                (name, Source::Text(text.clone()))
            }
        };
        entries.push(Entry { name: names.unique(&name), source });
    }
    let documents = [(DocumentKind::Prompt, "prompt.json"), (DocumentKind::Workflow, "workflow.json")];
    for (kind, name) in documents {
        if outline.document_bytes(kind).is_some() {
            entries.push(Entry { name: names.unique(name), source: Source::Document(kind) });
        }
    }
    entries
}

/// Previews and inputs apart from what the run made.
fn folder(attachment: &Attachment, file: &FileRef) -> &'static str {
    match attachment.role {
        Role::Input => "inputs/",
        Role::Output if file.folder == "temp" => "previews/",
        Role::Output => "",
    }
}

/// Names that were given out, as file systems compare them.
#[derive(Default)]
struct Names(HashSet<String>);

impl Names {
    fn unique(&mut self, name: &str) -> String {
        let (stem, ending) = match name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() && !stem.ends_with('/') => (stem, format!(".{ending}")),
            _ => (name, String::new()),
        };
        let mut wanted = name.to_owned();
        for number in 2.. {
            if self.0.insert(wanted.to_lowercase()) {
                break;
            }
            wanted = format!("{stem} ({number}){ending}");
        }
        wanted
    }
}

/// The run's end as the archive's clock shows it: local, in steps of two seconds, from 1980 on.
fn modified(outline: &Outline, zone: Zone) -> zip::DateTime {
    let run = &outline.summary;
    let local = zone.local(run.finished_at.unwrap_or(run.created_at));
    let part = |number: u32| u8::try_from(number).unwrap_or_default();
    let year = u16::try_from(local.year()).unwrap_or_default();
    let (date, time) = ((part(local.month()), part(local.day())), (local.hour(), local.minute(), local.second()));
    zip::DateTime::from_date_and_time(year, date.0, date.1, part(time.0), part(time.1), part(time.2))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_as_file_systems_do() {
        let mut names = Names::default();
        let given = ["a.png", "A.PNG", "a.png", "a (2).png", "inputs/a.png", ".png", ".png", "prompt.json"]
            .map(|name| names.unique(name));
        assert_eq!(
            given,
            ["a.png", "A (2).PNG", "a (3).png", "a (2) (2).png", "inputs/a.png", ".png", ".png (2)", "prompt.json"]
        );
    }
}
