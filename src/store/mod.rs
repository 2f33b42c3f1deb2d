//! The permanent memory: one SQLite database, one writer, many readers. The only room that names rusqlite.

use std::path::Path;

use crate::model::{
    Blob, Comfyui, Cursor, Detail, Digest, Document, ErrorSummary, FileRef, Filter, GenerationId, InstanceId,
    InstanceName, Limit, MediaKind, Page, PromptId, Role, Status, StatusReason, Summary, Timestamp,
};

/// What a run should look like in the store. Fields that are `None` leave what is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Save {
    /// The row to change; `None` for a run that is new.
    pub id: Option<GenerationId>,
    /// ComfyUI's id.
    pub prompt_id: PromptId,
    /// ComfyUI's queue number: starts again at 0 with ComfyUI, negative at the front, may be a fraction.
    pub number: Option<f64>,
    /// How far it got.
    pub status: Status,
    /// Why it is cancelled or lost. Unlike the others `None` clears it, as it belongs to the status.
    pub status_reason: Option<StatusReason>,
    /// When it was queued. Ignored for a row that exists.
    pub created_at: Timestamp,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Who queued it.
    pub client_id: Option<String>,
    /// The workflow's id.
    pub workflow_id: Option<String>,
    /// The workflow's name.
    pub workflow_name: Option<String>,
    /// The error that ended it.
    pub error: Option<ErrorSummary>,
    /// Kept texts; each replaces an earlier one of its kind.
    pub documents: Vec<Document>,
    /// What it gave and read. Those that the row has already (same role, node, key, content) stay as they are.
    pub attachments: Vec<NewAttachment>,
}

/// A file or a text to be added to a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttachment {
    /// Output or input.
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
        match &self.content {
            NewContent::Wanted(file) | NewContent::Stored(file, _) | NewContent::Missing(file, _) => Some(file),
            NewContent::Text(_) => None,
        }
    }
}

/// What an attachment holds when it is first written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewContent {
    /// A file to be fetched: `pending`.
    Wanted(FileRef),
    /// A file whose bytes are in the blobs already: `stored`.
    Stored(FileRef, Blob),
    /// A file that can never be fetched: `missing`, with the reason.
    Missing(FileRef, String),
    /// A text: `stored`.
    Text(String),
}

/// What reconciling needs to know of a run that is in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Our id.
    pub id: GenerationId,
    /// ComfyUI's id.
    pub prompt_id: PromptId,
    /// ComfyUI's queue number.
    pub number: Option<f64>,
    /// How far it got.
    pub status: Status,
    /// Why it is cancelled or lost.
    pub status_reason: Option<StatusReason>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it started.
    pub started_at: Option<Timestamp>,
}

/// One attachment of one generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttachmentKey {
    /// Whose.
    pub generation: GenerationId,
    /// Output or input.
    pub role: Role,
    /// Its place.
    pub index: i64,
}

/// A file that is still to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedFile {
    /// Which.
    pub key: AttachmentKey,
    /// How ComfyUI names it.
    pub file: FileRef,
    /// How often it was tried.
    pub attempts: u32,
    /// When its run ended.
    pub finished_at: Option<Timestamp>,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The bytes are in the blobs under their final name.
    Stored(Blob),
    /// They are gone for good; why.
    Missing(String),
    /// Try again at that time; why.
    Later(String, Timestamp),
}

/// What can go wrong. Filled in by the store's own work.
#[derive(Debug, thiserror::Error)]
pub enum Error {}
impl Error {
    pub fn is_full(&self) -> bool {
        false
    }
    pub fn is_transient(&self) -> bool {
        false
    }
}

/// The open database; clones share it.
#[derive(Debug, Clone)]
pub struct Store;

#[allow(missing_docs, unused_variables)]
impl Store {
    pub fn open(folder: &Path) -> Result<Self, Error> {
        unimplemented!()
    }
    pub async fn close(self) -> Result<(), Error> {
        unimplemented!()
    }
    pub async fn instance(&self, name: &InstanceName) -> Result<InstanceId, Error> {
        unimplemented!()
    }
    pub async fn save(
        &self,
        instance: InstanceId,
        comfyui: &Comfyui,
        runs: Vec<Save>,
    ) -> Result<Vec<GenerationId>, Error> {
        unimplemented!()
    }
    pub async fn settle(&self, files: Vec<(AttachmentKey, Fetched)>) -> Result<Vec<(GenerationId, Status)>, Error> {
        unimplemented!()
    }
    pub async fn known(&self, instance: InstanceId, prompt_ids: Vec<PromptId>) -> Result<Vec<Known>, Error> {
        unimplemented!()
    }
    pub async fn open_runs(&self, instance: InstanceId) -> Result<Vec<Known>, Error> {
        unimplemented!()
    }
    pub async fn newest_finished(&self, instance: InstanceId) -> Result<Option<Known>, Error> {
        unimplemented!()
    }
    pub async fn retry_files(&self, instance: InstanceId) -> Result<(), Error> {
        unimplemented!()
    }
    pub async fn wanted_files(
        &self,
        instance: InstanceId,
        due: Timestamp,
        limit: u32,
    ) -> Result<Vec<WantedFile>, Error> {
        unimplemented!()
    }
    pub async fn next_wanted_at(&self, instance: InstanceId) -> Result<Option<Timestamp>, Error> {
        unimplemented!()
    }
    pub async fn is_named_later(&self, key: AttachmentKey, file: &FileRef, until: Timestamp) -> Result<bool, Error> {
        unimplemented!()
    }
    pub async fn list(&self, filter: Filter, after: Option<Cursor>, limit: Limit) -> Result<Page<Summary>, Error> {
        unimplemented!()
    }
    pub async fn detail(&self, id: GenerationId) -> Result<Option<Detail>, Error> {
        unimplemented!()
    }
    pub async fn blob(&self, digest: Digest) -> Result<Option<Blob>, Error> {
        unimplemented!()
    }
    pub async fn instances(&self) -> Result<Vec<InstanceName>, Error> {
        unimplemented!()
    }
}
