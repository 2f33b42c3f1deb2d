//! One recorded run, as it is read back.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use utoipa::ToSchema;

use super::attachment::{Attachment, AttachmentState, MediaKind};
use super::file_url::file_url;
use super::ids::{Digest, GenerationId, InstanceName, PromptId};
use super::time::Timestamp;

/// How far a generation got. The words are those of ComfyUI's jobs API, and `lost`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits in ComfyUI's queue.
    Pending,
    /// ComfyUI works on it.
    InProgress,
    /// Ran to its end.
    Completed,
    /// A node raised an error.
    Failed,
    /// Interrupted, or taken out of the queue.
    Cancelled,
    /// ComfyUI went away with it, or its result was deleted before it could be read.
    Lost,
}

impl Status {
    /// Every status, in the order of a run's life.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::InProgress, Self::Completed, Self::Failed, Self::Cancelled, Self::Lost];

    /// The word used in URLs, JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }

    /// Whether ComfyUI still owes a result.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::InProgress)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// Why a generation is `cancelled` or `lost`, where more is known than the status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusReason {
    /// Someone pressed stop while it ran.
    Interrupted,
    /// Taken out of the queue before it ran.
    Dequeued,
    /// ComfyUI ended while the run waited or ran.
    ComfyuiRestarted,
    /// It ended, but its entry was deleted from ComfyUI's history before it could be read.
    HistoryDeleted,
}

impl StatusReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Interrupted, Self::Dequeued, Self::ComfyuiRestarted, Self::HistoryDeleted];

    /// The word used in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::Dequeued => "dequeued",
            Self::ComfyuiRestarted => "comfyui_restarted",
            Self::HistoryDeleted => "history_deleted",
        }
    }
}

impl FromStr for StatusReason {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(())
    }
}

/// What the list shows of a generation.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Our id.
    pub id: GenerationId,
    /// The ComfyUI server it ran on.
    pub instance: InstanceName,
    /// ComfyUI's id.
    pub prompt_id: PromptId,
    /// How far it got.
    pub status: Status,
    /// Why it is cancelled or lost.
    pub status_reason: Option<StatusReason>,
    /// When it was queued: ComfyUI's `create_time`, else its start, else when we first saw it.
    pub created_at: Timestamp,
    /// `execution_start`.
    pub started_at: Option<Timestamp>,
    /// `execution_success`, `execution_error` or `execution_interrupted`; when we noticed, where ComfyUI doesn't say.
    pub finished_at: Option<Timestamp>,
    /// From start to end.
    pub duration_ms: Option<i64>,
    /// `extra_pnginfo.workflow.id`.
    pub workflow_id: Option<String>,
    /// The workflow's name, where the client sent one.
    pub workflow_name: Option<String>,
    /// Who queued it.
    pub client_id: Option<String>,
    /// The name of the main model, where the graph says it plainly.
    pub model: Option<String>,
    /// Files and texts that its nodes gave.
    pub outputs_count: i64,
    /// Those of them that are temporary previews.
    pub previews_count: i64,
    /// What its outputs are, each kind once: by their bytes, by their names where the bytes aren't here.
    pub kinds: Vec<MediaKind>,
    /// The output that stands for the run, of those whose bytes are here: the first picture, else video, audio, 3D model
    /// that it saved; else its first preview, text file, other file.
    pub cover: Option<Cover>,
    /// The beginning of the first text that a node gave, at most 300 characters, unless the cover shows more than a text.
    pub excerpt: Option<String>,
    /// Where its files stand when none of their bytes are here: `pending` while any may still come, else `missing`.
    pub files_state: Option<AttachmentState>,
    /// The error that ended it.
    pub error: Option<ErrorSummary>,
}

/// The output that stands for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cover {
    /// The bytes.
    pub sha256: Digest,
    /// What they are.
    pub kind: MediaKind,
    /// How ComfyUI called the file.
    pub filename: String,
}

impl Cover {
    /// Where we serve its bytes.
    pub fn path(&self) -> String {
        file_url(self.sha256, &self.filename)
    }
}

/// The error that ended a run, without its traceback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorSummary {
    /// The node that raised it.
    pub node_id: Option<String>,
    /// That node's class.
    pub node_type: Option<String>,
    /// The exception's class.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The exception's text; at most 2,000 characters in a list.
    pub message: Option<String>,
}

/// A kept JSON text of a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// The API prompt as executed.
    Prompt,
    /// The editor's workflow, `extra_pnginfo.workflow`.
    Workflow,
    /// `extra_data` with `null` in place of the workflow.
    Extra,
    /// `{"outputs":…,"status":…,"meta":…}` of the history entry.
    Result,
}

impl DocumentKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Prompt, Self::Workflow, Self::Extra, Self::Result];

    /// The word used in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Workflow => "workflow",
            Self::Extra => "extra",
            Self::Result => "result",
        }
    }
}

impl FromStr for DocumentKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// A kept JSON text: as ComfyUI wrote it, secrets replaced. May hold Python's bare `NaN` and `Infinity`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Which part of the run it is.
    pub kind: DocumentKind,
    /// The text.
    pub json: String,
}

/// The ComfyUI that a run was recorded from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub struct Comfyui {
    /// `system.comfyui_version`; absent when it did not say, or said `unknown`.
    pub version: Option<String>,
    /// The names of its devices.
    pub devices: Vec<String>,
}

/// Everything that is kept of one generation.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// What the list shows.
    pub summary: Summary,
    /// What its nodes gave, in the order in which ComfyUI named it.
    pub outputs: Vec<Attachment>,
    /// The files it read.
    pub inputs: Vec<Attachment>,
    /// The kept texts, at most one of a kind.
    pub documents: Vec<Document>,
    /// Where it ran.
    pub comfyui: Comfyui,
}

/// The same, with only the lengths of the kept texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// What the list shows.
    pub summary: Summary,
    /// What its nodes gave, in the order in which ComfyUI named it.
    pub outputs: Vec<Attachment>,
    /// The files it read.
    pub inputs: Vec<Attachment>,
    /// The kept texts, in bytes.
    pub documents: Vec<(DocumentKind, u64)>,
    /// Where it ran.
    pub comfyui: Comfyui,
}

impl Outline {
    /// How long the text of one kind is; `None` when there is none.
    pub fn document_bytes(&self, kind: DocumentKind) -> Option<u64> {
        self.documents.iter().find(|(of, _)| *of == kind).map(|(_, bytes)| *bytes)
    }
}

impl Detail {
    /// The text of one kind.
    pub fn document(&self, kind: DocumentKind) -> Option<&str> {
        self.documents.iter().find(|document| document.kind == kind).map(|document| document.json.as_str())
    }

    /// How long the kept texts are together.
    pub fn documents_bytes(&self) -> usize {
        self.documents.iter().map(|document| document.json.len()).sum()
    }
}
