//! Runs out of the history, over a socket, into a folder and into an archive, each beside `cat` of the same files: all that
//! an export makes, to the same kind of place. Nothing is synced, by `cat` or by us; all of it is in memory before.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use comfy_recall::blobs::Blobs;
use comfy_recall::model::{
    Blob, Comfyui, Document, DocumentKind, FileRef, MediaKind, PromptId, Role, Status, Timestamp,
};
use comfy_recall::store::{NewAttachment, NewContent, Save, Store};

use crate::support::comfyui::{SEED, Texts, picture_of};
use crate::support::daemon::{Launch, files_below, program};
use crate::table::Row;

/// Runs with a picture of 1 to 2 MB each; one in forty with a video besides.
const RUNS: usize = 160;
const RUNS_OF_A_VIDEO: usize = 40;
const VIDEO_BYTES: usize = 40_000_000;

/// Pictures and videos have more together; the rest are texts, which an archive makes smaller.
const FILE_BYTES: u64 = 390_000_000;

/// Prompt and workflow of a run.
const TEXT_BYTES: usize = 40_000;

/// Times that each is done; the fastest counts, so that a busy machine doesn't.
const ROUNDS: usize = 15;

/// Folders that are made: each stays until the end, as ext4 is slow to make files soon after it deleted as many.
const FOLDERS: usize = 5;

/// Speed asked for, beside that of `cat`: so many times as long it may take.
const ASKED: f64 = 1.0 / 0.8;

pub async fn measure() -> Vec<Row> {
    let launch = Launch::new();
    fill(launch.data_dir()).await;
    let daemon = launch.start().await;
    let address: SocketAddr = daemon.url().strip_prefix("http://").unwrap().parse().unwrap();
    let folder = daemon.data_dir().to_owned();
    let measured = tokio::task::spawn_blocking(move || {
        let files = Files::of(&folder);
        let mut rows = vec![over_a_socket(address, &files)];
        rows.extend(onto_the_disk(&folder, &files));
        rows
    });
    measured.await.unwrap()
}

/// Every file that an export makes, the newest runs first, and how long they are together.
struct Files {
    paths: Vec<PathBuf>,
    bytes: u64,
}

impl Files {
    fn of(data: &Path) -> Self {
        let to = data.join("plain");
        export(data, &to);
        let run = |path: &PathBuf| -> u64 {
            path.strip_prefix(&to).unwrap().iter().next().unwrap().to_str().unwrap().parse().unwrap()
        };
        let mut paths = files_below(&to);
        paths.sort_by_key(|path| std::cmp::Reverse(run(path)));
        let bytes = paths.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
        Self { paths, bytes }
    }

    /// `cat` of all of it.
    fn cat(&self, to: Stdio) {
        assert!(Command::new("cat").args(&self.paths).stdout(to).status().unwrap().success());
    }
}

fn over_a_socket(address: SocketAddr, files: &Files) -> Row {
    let (mut ours, mut plain) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let (stream, other) = pair();
        thread::scope(|scope| {
            scope.spawn(|| files.cat(OwnedFd::from(other).into()));
            assert_eq!(drain(stream).0, files.bytes);
        });
        plain = plain.min(start.elapsed());
        let start = Instant::now();
        let mut stream = TcpStream::connect(address).unwrap();
        let request =
            "GET /api/v1/generations.zip?status=completed HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let (bytes, end) = drain(stream);
        ours = ours.min(start.elapsed());
        assert!(bytes > FILE_BYTES && end.ends_with(b"\r\n0\r\n\r\n"), "{bytes}");
    }
    let what = "GET /api/v1/generations.zip, beside cat into a socket";
    row(what, ours, plain, files)
}

fn onto_the_disk(folder: &Path, files: &Files) -> Vec<Row> {
    let (archive, plain) = (folder.join("to.zip"), folder.join("plain.all"));
    let [mut into_folder, mut into_archive, mut by_cat] = [Duration::MAX; 3];
    for round in 0..ROUNDS {
        by_cat = by_cat.min(timed(|| files.cat(File::create(&plain).unwrap().into())));
        assert_eq!(fs::metadata(&plain).unwrap().len(), files.bytes);
        fs::remove_file(&plain).unwrap();
        if round < FOLDERS {
            into_folder = into_folder.min(timed(|| export(folder, &folder.join(format!("to.{round}")))));
        }
        into_archive = into_archive.min(timed(|| export(folder, &archive)));
        assert!(fs::metadata(&archive).unwrap().len() > FILE_BYTES);
        fs::remove_file(&archive).unwrap();
    }
    vec![
        row("comfy-recall export --to DIR, beside cat into one file", into_folder, by_cat, files),
        row("… --to FILE.zip", into_archive, by_cat, files),
    ]
}

fn row(what: &'static str, ours: Duration, plain: Duration, files: &Files) -> Row {
    let megabytes = |took: Duration| files.bytes as f64 / 1e6 / took.as_secs_f64();
    let beside =
        format!("{:.0} MB/s against {:.0} of {} MB", megabytes(ours), megabytes(plain), files.bytes / 1_000_000);
    Row::new(what, ours.as_secs_f64() / plain.as_secs_f64(), ASKED, "×", beside)
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn export(data: &Path, to: &Path) {
    let mut command = Command::new(program());
    command.env_clear().env("HOME", data).args(["export", "--query", "", "--data-dir"]).arg(data).arg("--to").arg(to);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The two ends of a connection.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (stream, listener.accept().unwrap().0)
}

/// Reads to the end: how much there was, and the last of it.
fn drain(mut stream: TcpStream) -> (u64, Vec<u8>) {
    let (mut buffer, mut end) = (vec![0; 256 << 10], Vec::new());
    let mut bytes = 0;
    loop {
        let got = stream.read(&mut buffer).unwrap();
        if got == 0 {
            return (bytes, end);
        }
        bytes += got as u64;
        end.extend_from_slice(&buffer[got.saturating_sub(64)..got]);
        end.drain(..end.len().saturating_sub(64));
    }
}

/// A data folder with all the runs.
async fn fill(folder: &Path) {
    let (store, blobs) = (Store::open(folder).unwrap(), Blobs::open(&folder.join("blobs")).unwrap());
    let instance = store.instance(&"bench".parse().unwrap()).await.unwrap();
    let texts = Texts::of(TEXT_BYTES);
    for n in 0..RUNS {
        let picture = picture_of(1_000_000 + n * 1_000_000 / RUNS, n as u64);
        let mut made = vec![(MediaKind::Image, "image/png", picture)];
        if n % RUNS_OF_A_VIDEO == 0 {
            made.push((MediaKind::Video, "video/mp4", video(n as u64)));
        }
        let mut outputs = Vec::new();
        for (kind, mime, bytes) in made {
            let blob = keep(&blobs, kind, mime, bytes).await;
            outputs.push(output(n, blob));
        }
        store.save(instance, &Comfyui::default(), vec![run(n, &texts, outputs)]).await.unwrap();
    }
    store.close().await.unwrap();
}

async fn keep(blobs: &Blobs, kind: MediaKind, mime: &str, bytes: Bytes) -> Blob {
    let mut draft = blobs.draft();
    draft.write(bytes).await.unwrap();
    let stored = draft.finish().await.unwrap();
    Blob { digest: stored.digest, bytes: stored.bytes, kind, mime: mime.to_owned() }
}

fn video(seed: u64) -> Bytes {
    let mut bytes = vec![0; VIDEO_BYTES];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    bytes.into()
}

fn output(n: usize, blob: Blob) -> NewAttachment {
    let (kind, ending) = (blob.kind, if blob.kind == MediaKind::Video { "mp4" } else { "png" });
    let filename = format!("ComfyUI_{n:05}_.{ending}");
    let file = FileRef { folder: "output".into(), subfolder: String::new(), filename };
    let content = NewContent::Stored(file, blob);
    NewAttachment { role: Role::Output, node_id: Some("9".into()), key: "images".into(), kind, content }
}

fn run(n: usize, texts: &Texts, attachments: Vec<NewAttachment>) -> Save {
    let at = Timestamp::from_millis(1_700_000_000_000 + n as i64 * 60_000);
    let documents = [(DocumentKind::Prompt, &texts.prompt), (DocumentKind::Workflow, &texts.workflow)];
    Save {
        started_at: Some(at),
        finished_at: Some(at),
        documents: documents.map(|(kind, json)| Document { kind, json: json.replace(SEED, &n.to_string()) }).into(),
        attachments,
        ..Save::new(PromptId(format!("00000000-0000-4000-8000-{n:012x}")), Status::Completed, at)
    }
}
