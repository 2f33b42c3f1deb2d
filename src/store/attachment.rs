//! Attachments as they are named and handed in.

use crate::model::{AttachmentState, Blob, FileRef, GenerationId, MediaKind, Role, Trouble};

/// One attachment of one generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttachmentKey {
    pub generation: GenerationId,
    pub role: Role,
    pub index: i64,
}

/// A file or a text to be added to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttachment {
    pub role: Role,
    /// The node that gave or read it; `None` when no node reported it.
    pub node_id: Option<String>,
    /// The key it was reported under, or the input's name.
    pub key: String,
    /// A guess by its name, until the bytes are here.
    pub kind: MediaKind,
    /// The file or the text.
    pub content: NewContent,
}

impl NewAttachment {
    /// The file, unless it is a text.
    pub fn file(&self) -> Option<&FileRef> {
        self.content.file()
    }
}

/// What an attachment holds when it is first written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewContent {
    /// A file to be fetched: `pending`.
    Wanted(FileRef),
    /// A text that may be the name of a file, which is to be fetched: `pending`. Where there is no such file it is a text.
    Named(FileRef, String),
    /// A file whose bytes are in the blobs already: `stored`.
    Stored(FileRef, Blob),
    /// A file that can never be fetched: `missing`, with the reason.
    Missing(FileRef, Trouble),
    /// A text: `stored`.
    Text(String),
}

impl NewContent {
    /// The file, unless it is a text.
    pub fn file(&self) -> Option<&FileRef> {
        match self {
            Self::Wanted(file) | Self::Named(file, _) | Self::Stored(file, _) | Self::Missing(file, _) => Some(file),
            Self::Text(_) => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Named(_, text) => Some(text),
            Self::Wanted(_) | Self::Stored(..) | Self::Missing(..) => None,
        }
    }

    pub(super) fn blob(&self) -> Option<&Blob> {
        match self {
            Self::Stored(_, blob) => Some(blob),
            Self::Wanted(_) | Self::Named(..) | Self::Missing(..) | Self::Text(_) => None,
        }
    }

    pub(super) fn state(&self) -> AttachmentState {
        match self {
            Self::Wanted(_) | Self::Named(..) => AttachmentState::Pending,
            Self::Stored(..) | Self::Text(_) => AttachmentState::Stored,
            Self::Missing(..) => AttachmentState::Missing,
        }
    }
}
