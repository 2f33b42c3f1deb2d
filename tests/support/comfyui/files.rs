//! The files that `/view` serves: in memory, generated while they are read, or in real folders that a daemon can share.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, stream};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::support::{fixtures, hex};

/// The size of the pieces in which a file is generated and sent.
const PIECE: u64 = 64 * 1024;

/// Where a file lies: ComfyUI's folder (`output`, `temp`, `input`), the subfolder, the name.
pub type Place = (String, String, String);

/// A file that a run leaves, or that somebody uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    pub folder: String,
    pub subfolder: String,
    pub filename: String,
    pub content: Content,
}

impl File {
    pub fn output(filename: &str, content: impl Into<Content>) -> Self {
        Self::new("output", filename, content)
    }

    pub fn temp(filename: &str, content: impl Into<Content>) -> Self {
        Self::new("temp", filename, content)
    }

    pub fn input(filename: &str, content: impl Into<Content>) -> Self {
        Self::new("input", filename, content)
    }

    fn new(folder: &str, filename: &str, content: impl Into<Content>) -> Self {
        Self {
            folder: folder.to_owned(),
            subfolder: String::new(),
            filename: filename.to_owned(),
            content: content.into(),
        }
    }

    pub fn below(mut self, subfolder: &str) -> Self {
        self.subfolder = subfolder.to_owned();
        self
    }

    pub fn place(&self) -> Place {
        (self.folder.clone(), self.subfolder.clone(), self.filename.clone())
    }

    /// The item by which a node names this file in its output.
    pub fn item(&self) -> String {
        serde_json::json!({"filename": self.filename, "subfolder": self.subfolder, "type": self.folder}).to_string()
    }
}

/// The bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Bytes(Bytes),
    /// So many bytes that begin like an MP4, made while they are read.
    Video {
        bytes: u64,
    },
    OnDisk(PathBuf),
    /// Pieces without end and without a length, with a pause between them.
    Endless {
        piece: usize,
        pause: Duration,
    },
}

impl<T: Into<Bytes>> From<T> for Content {
    fn from(bytes: T) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl Content {
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Video { bytes } => *bytes,
            Self::OnDisk(path) => fs::metadata(path).map_or(0, |file| file.len()),
            Self::Endless { .. } => u64::MAX,
        }
    }

    /// Differs when the file was written again.
    pub fn version(&self) -> String {
        match self {
            Self::Bytes(bytes) => format!("{:x}-{:x}", crc32(bytes), bytes.len()),
            Self::Video { bytes } => format!("{bytes:x}"),
            Self::Endless { piece, .. } => format!("endless-{piece}"),
            Self::OnDisk(path) => format!("{:?}", fs::metadata(path).and_then(|file| file.modified()).ok()),
        }
        .replace('"', "")
    }

    /// The bytes in pieces, none of them large.
    pub fn pieces(&self) -> BoxStream<'static, Bytes> {
        let whole = match self {
            Self::Endless { piece, pause } => return endless(*piece, *pause).boxed(),
            Self::Bytes(bytes) => bytes.clone(),
            Self::OnDisk(path) => fs::read(path).unwrap_or_default().into(),
            Self::Video { bytes } => return stream::iter(video(*bytes)).boxed(),
        };
        let step = usize::try_from(PIECE).unwrap();
        let cut = move |at: usize| whole.slice(at..whole.len().min(at + step));
        let ends = (0..self.len()).step_by(step).map(|at| usize::try_from(at).unwrap());
        stream::iter(ends.map(cut)).boxed()
    }

    /// The name that the daemon should give these bytes.
    pub async fn sha256(&self) -> String {
        let hash = self.pieces().fold(Sha256::new(), async |mut hash, piece| {
            hash.update(&piece);
            hash
        });
        hex(&hash.await.finalize())
    }
}

fn endless(piece: usize, pause: Duration) -> impl Stream<Item = Bytes> + Send + 'static {
    let piece = Bytes::from(vec![7; piece]);
    stream::unfold(false, move |goes_on| {
        let piece = piece.clone();
        async move {
            if goes_on && !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Some((piece, true))
        }
    })
}

fn video(bytes: u64) -> impl Iterator<Item = Bytes> {
    let mut noise = vec![0; usize::try_from(PIECE).unwrap()];
    fastrand::Rng::with_seed(bytes).fill(&mut noise);
    (0..bytes.div_ceil(PIECE)).map(move |nth| {
        let mut piece = noise.clone();
        piece[..8].copy_from_slice(&nth.to_be_bytes());
        if nth == 0 {
            piece[..24].copy_from_slice(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom");
        }
        piece.truncate(usize::try_from(PIECE.min(bytes - nth * PIECE)).unwrap());
        piece.into()
    })
}

/// A real PNG that differs for every `text`: a fixture of ComfyUI's with the text in a chunk of its own.
pub fn picture(text: &str) -> Bytes {
    picture_with(&fs::read(fixtures().join("output/ok_00001_.png")).unwrap(), text)
}

/// The same picture in other bytes: a PNG with the text in a chunk of its own.
pub fn picture_with(png: &[u8], text: &str) -> Bytes {
    let (head, tail) = png.split_at(33); // the signature and IHDR
    let mut chunk = b"tEXtComment\0".to_vec();
    chunk.extend_from_slice(text.as_bytes());
    let length = u32::try_from(chunk.len() - 4).unwrap();
    [head, &length.to_be_bytes(), &chunk, &crc32(&chunk).to_be_bytes(), tail].concat().into()
}

/// A real PNG of about so many bytes.
pub fn picture_of(bytes: usize, seed: u64) -> Bytes {
    let mut random = fastrand::Rng::with_seed(seed);
    picture(&(0..bytes).map(|_| random.alphanumeric()).collect::<String>())
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

/// Every file of one ComfyUI. With real folders, those are the truth: what a test deletes there is gone from `/view`.
#[derive(Debug, Default)]
pub struct Files {
    kept: BTreeMap<Place, Content>,
    /// When uploaded files were written. Whatever else is there is as old as the recordings.
    written: BTreeMap<Place, SystemTime>,
    root: Option<TempDir>,
}

impl Files {
    /// When a file was written, of one that a test uploaded.
    pub fn written_at(&self, place: &Place) -> Option<SystemTime> {
        self.written.get(place).copied()
    }

    pub fn in_real_folders() -> Self {
        let root = TempDir::with_prefix("comfyui-").unwrap();
        for folder in ["output", "temp", "input"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        Self { root: Some(root), ..Self::default() }
    }

    /// The folder that holds `output`, `temp` and `input`.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_ref().map(TempDir::path)
    }

    pub fn put(&mut self, file: File) {
        if file.folder == "input" {
            self.written.insert(file.place(), SystemTime::now());
        }
        let Some(root) = self.root() else {
            self.kept.insert(file.place(), file.content);
            return;
        };
        let folder = root.join(&file.folder).join(&file.subfolder);
        fs::create_dir_all(&folder).unwrap();
        let Content::Bytes(bytes) = &file.content else { panic!("only plain bytes go into real folders") };
        fs::write(folder.join(&file.filename), bytes).unwrap();
    }

    pub fn remove(&mut self, (folder, subfolder, filename): &Place) {
        if let Some(root) = self.root() {
            fs::remove_file(root.join(folder).join(subfolder).join(filename)).unwrap();
        }
        self.kept.remove(&(folder.clone(), subfolder.clone(), filename.clone()));
    }

    /// What ComfyUI does to its temp folder when it starts and when it stops.
    pub fn wipe_temp(&mut self) {
        self.kept.retain(|(folder, ..), _| folder != "temp");
        if let Some(root) = self.root() {
            let temp = root.join("temp");
            fs::remove_dir_all(&temp).unwrap();
            fs::create_dir(&temp).unwrap();
        }
    }

    pub fn find(&self, (folder, subfolder, filename): &Place) -> Option<Content> {
        match self.root() {
            None => self.kept.get(&(folder.clone(), subfolder.clone(), filename.clone())).cloned(),
            Some(root) => {
                let path = root.join(folder).join(subfolder).join(filename);
                path.is_file().then_some(Content::OnDisk(path))
            }
        }
    }

    /// Puts every file that the recorded servers wrote in its place.
    pub fn put_fixtures(&mut self) {
        for folder in ["output", "temp", "input"] {
            self.put_fixtures_below(folder, "", &fixtures().join(folder));
        }
    }

    fn put_fixtures_below(&mut self, folder: &str, subfolder: &str, path: &Path) {
        for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                self.put_fixtures_below(folder, &name, &entry.path());
            } else {
                self.put(File::new(folder, &name, fs::read(entry.path()).unwrap()).below(subfolder));
            }
        }
    }
}
