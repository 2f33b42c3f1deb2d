//! What a generation looks like in JSON: in a list, in full, and in a webhook's message. A contract: keys may be added,
//! never renamed.

mod announcement;
mod files;
mod full;

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::facts::Facts;
use crate::model::{
    AttachmentState, Digest, ErrorSummary, GenerationId, InstanceName, MediaKind, PromptId, Status, StatusReason,
    Summary, Timestamp,
};

pub use announcement::announcement;
pub use files::{Attachments, attachments};
pub use full::{Full, full, full_with, prompt_facts};

/// What lists tell of a generation, and its full form too.
#[derive(Debug, Serialize, ToSchema)]
struct Head<'a> {
    /// Our id: counts up from 1, never reused.
    #[schema(value_type = i64, example = 128)]
    id: GenerationId,
    /// The name of the ComfyUI server that it ran on.
    #[schema(value_type = String, example = "default")]
    instance: &'a InstanceName,
    /// ComfyUI's id of the run; not unique.
    #[schema(value_type = String, example = "4b1a1e1c-2f0e-4a55-9a1e-1f6b5a3f2c11")]
    prompt_id: &'a PromptId,
    status: Status,
    /// Why it is cancelled or lost.
    status_reason: Option<StatusReason>,
    /// When it was queued.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T09:59:12.094Z")]
    created_at: Timestamp,
    /// When ComfyUI took it up.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// When it ended, in whatever way.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// From start to end, in milliseconds.
    duration_ms: Option<i64>,
    /// The editor's id of the workflow.
    workflow_id: Option<&'a str>,
    /// The workflow's name, where the client sent one.
    workflow_name: Option<&'a str>,
    /// Who queued it.
    client_id: Option<&'a str>,
    /// The name of the main model.
    model: Option<&'a str>,
    /// Files and texts that its nodes gave.
    outputs_count: i64,
    /// Those of them that are temporary previews.
    previews_count: i64,
    /// What its outputs are, each kind once.
    kinds: &'a [MediaKind],
    /// The output that stands for the run.
    cover: Option<Cover<'a>>,
}

/// The output that stands for a run.
#[derive(Debug, Serialize, ToSchema)]
struct Cover<'a> {
    /// The digest of its bytes.
    #[schema(value_type = String, min_length = 64, max_length = 64)]
    sha256: Digest,
    /// Where this server serves it.
    url: String,
    kind: MediaKind,
    /// How ComfyUI called the file.
    filename: &'a str,
}

/// A generation in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Item<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    /// The beginning of the first text that a node gave, unless the cover shows more than a text.
    excerpt: Option<&'a str>,
    /// Where its files stand when none of their bytes are here: `pending` while any may still come, else `missing`.
    files_state: Option<AttachmentState>,
    /// The error that ended it; its message is cut after 2,000 characters.
    error: Option<&'a ErrorSummary>,
    /// What its prompt says.
    #[schema(value_type = Option<Facts>)]
    facts: Option<&'a RawValue>,
}

impl<'a> Item<'a> {
    /// What a list tells of a run. `facts`: the JSON of what its prompt says, where it has one. `base`: what stands before
    /// addresses.
    pub fn new(run: &'a Summary, facts: Option<&'a RawValue>, base: &str) -> Self {
        Self {
            head: Head::of(run, base),
            excerpt: run.excerpt.as_deref(),
            files_state: run.files_state,
            error: run.error.as_ref(),
            facts,
        }
    }
}

impl<'a> Head<'a> {
    fn of(run: &'a Summary, base: &str) -> Self {
        let cover = run.cover.as_ref().map(|cover| Cover {
            sha256: cover.sha256,
            url: format!("{base}{}", cover.path()),
            kind: cover.kind,
            filename: &cover.filename,
        });
        Self {
            id: run.id,
            instance: &run.instance,
            prompt_id: &run.prompt_id,
            status: run.status,
            status_reason: run.status_reason,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            duration_ms: run.duration_ms,
            workflow_id: run.workflow_id.as_deref(),
            workflow_name: run.workflow_name.as_deref(),
            client_id: run.client_id.as_deref(),
            model: run.model.as_deref(),
            outputs_count: run.outputs_count,
            previews_count: run.previews_count,
            kinds: &run.kinds,
            cover,
        }
    }
}
