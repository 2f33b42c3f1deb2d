//! A run as ComfyUI's own lists tell it.

use super::attachment::MediaKind;
use super::file_ref::FileRef;
use super::generation::{Document, DocumentKind, Status, StatusReason};
use super::ids::{GenerationId, PromptId};
use super::time::Timestamp;

/// What stands in an item of ComfyUI's queue, history and jobs.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    pub id: GenerationId,
    pub prompt_id: PromptId,
    pub number: Option<f64>,
    /// How far it got.
    pub status: Status,
    /// Why it is cancelled or lost.
    pub status_reason: Option<StatusReason>,
    /// When it was queued.
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub workflow_id: Option<String>,
    /// The nodes that ComfyUI was to run for, a JSON array; `None` where that wasn't kept.
    pub outputs_to_execute: Option<String>,
    /// Those of its kept texts that were asked for.
    pub documents: Vec<Document>,
    /// The files that are kept of a run whose end ComfyUI didn't tell: those that were found in its folders.
    pub found: Vec<(FileRef, MediaKind)>,
}

impl Told {
    /// The text of one kind.
    pub fn document(&self, kind: DocumentKind) -> Option<&str> {
        self.documents.iter().find(|document| document.kind == kind).map(|document| document.json.as_str())
    }

    /// How long its texts are together.
    pub fn bytes(&self) -> usize {
        self.documents.iter().map(|document| document.json.len()).sum()
    }
}

/// A place in the list of a filter, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nth {
    /// So many runs behind the newest; the list goes on to older ones.
    Newest(u64),
    /// So many runs behind the oldest; the list goes on to newer ones.
    Oldest(u64),
}

/// Some runs of the list of a filter, one behind the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Ours and ComfyUI's ids, in the order of the list.
    pub runs: Vec<(GenerationId, PromptId)>,
    /// How many runs the whole list has.
    pub total: u64,
}
