//! Files and texts that belong to a generation: its outputs, and the input files that it read.

use std::str::FromStr;

use serde::Serialize;
use utoipa::ToSchema;

use super::file_ref::FileRef;
use super::ids::Digest;
use super::trouble::Trouble;

/// What an attachment is to its generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A node gave it.
    Output,
    /// A node read it.
    Input,
}

/// What the bytes of a blob are, decided by looking at them, never by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// A raster image a browser shows, moving or still.
    Image,
    /// A video.
    Video,
    /// Sound.
    Audio,
    /// A text that a node gave, or a file of plain text.
    Text,
    /// A 3D model.
    Model3d,
    /// Anything else.
    Other,
}

impl MediaKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Image, Self::Video, Self::Audio, Self::Text, Self::Model3d, Self::Other];

    /// The word used in URLs, JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Text => "text",
            Self::Model3d => "model3d",
            Self::Other => "other",
        }
    }
}

impl FromStr for MediaKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// Where a file stands on its way into the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentState {
    /// To be fetched; tried again until it is one of the others.
    Pending,
    /// We have the bytes (or the text).
    Stored,
    /// The bytes are gone for good; the reason says how.
    Missing,
}

impl AttachmentState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Stored, Self::Missing];

    /// The word used in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Stored => "stored",
            Self::Missing => "missing",
        }
    }
}

impl FromStr for AttachmentState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// The bytes of a file, named by what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// How many bytes.
    pub bytes: u64,
    /// What they are.
    pub kind: MediaKind,
    /// Their MIME type, found by looking at them; `application/octet-stream` when unknown.
    pub mime: String,
}

/// What an attachment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A file of ComfyUI's, with its bytes once we have them.
    File {
        /// How ComfyUI names it.
        file: FileRef,
        /// The bytes, when `stored`.
        blob: Option<Blob>,
    },
    /// A text that a node gave.
    Text(String),
}

/// One output of a generation, or one file that it read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its place among the generation's attachments of the same role, from 0; stable.
    pub index: i64,
    /// Output or input.
    pub role: Role,
    /// The node that gave or read it; `None` when a file was found that no node reported.
    pub node_id: Option<String>,
    /// The key under which the node reported it (`images`, `gifs`, `text` …), or the name of the input.
    pub key: String,
    /// What it is, as far as known: by its bytes when stored, by its name before.
    pub kind: MediaKind,
    /// The file or the text.
    pub content: Content,
    /// Where it stands.
    pub state: AttachmentState,
    /// Why it is missing or still pending; of a file that was read and is kept, why these may not be the bytes.
    pub reason: Option<Trouble>,
    /// What the run may have read instead.
    pub other: Option<Blob>,
    /// Found in ComfyUI's folder while the run was in progress, but reported by no node.
    pub is_unreported: bool,
}
