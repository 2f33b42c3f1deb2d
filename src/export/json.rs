//! What a generation looks like in JSON: in a list, and in full. A contract: keys may be added, never renamed.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::documents::{Course, Nodes, strict};
use crate::facts::{self, Facts};
use crate::model::{
    Attachment, AttachmentState, Comfyui, Content, Detail, Digest, DocumentKind, ErrorSummary, GenerationId,
    InstanceName, MediaKind, Outline, PromptId, Status, StatusReason, Summary, Timestamp, Trouble, file_url,
};

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

/// Everything about one generation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Full<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    /// The error that ended it.
    error: Option<FullError<'a>>,
    /// What its prompt says.
    #[schema(value_type = Option<FullFacts>)]
    facts: Option<Cow<'a, RawValue>>,
    /// Files and texts that its nodes gave, in the order in which ComfyUI named them.
    outputs: Vec<FullAttachment<'a>>,
    /// The files that it read.
    inputs: Vec<FullAttachment<'a>>,
    /// The API prompt as it was executed. Bare `NaN` and `Infinity` are null.
    #[schema(value_type = Option<serde_json::Value>)]
    prompt: Option<&'a RawValue>,
    /// The editor's workflow.
    #[schema(value_type = Option<serde_json::Value>)]
    workflow: Option<&'a RawValue>,
    /// ComfyUI's `extra_data`, with null in place of the workflow.
    #[schema(value_type = Option<serde_json::Value>)]
    extra_data: Option<&'a RawValue>,
    /// ComfyUI's `status.messages`: pairs of an event and its details.
    #[schema(value_type = Vec<serde_json::Value>)]
    messages: ArrayOr<'a>,
    /// The nodes whose results were taken from ComfyUI's cache.
    #[schema(value_type = Vec<serde_json::Value>)]
    cached_nodes: ArrayOr<'a>,
    comfyui: &'a Comfyui,
}

/// What its prompt says, and the packs of custom nodes that its workflow names.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is of use: the facts are JSON already")]
struct FullFacts {
    #[serde(flatten)]
    facts: Facts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    custom_nodes: Vec<String>,
}

/// Facts with the packs that a workflow names.
fn with_packs<'a>(facts: &'a RawValue, workflow: Option<&str>) -> Result<Cow<'a, RawValue>, serde_json::Error> {
    let packs = workflow.map(facts::custom_nodes).unwrap_or_default();
    let Some(members) = facts.get().strip_suffix('}').filter(|_| !packs.is_empty()) else {
        return Ok(Cow::Borrowed(facts));
    };
    let packs = serde_json::to_string(&packs)?;
    RawValue::from_string(format!("{members},\"custom_nodes\":{packs}}}")).map(Cow::Owned)
}

/// The error with its traceback.
#[derive(Debug, Serialize, ToSchema)]
struct FullError<'a> {
    node_id: Option<&'a str>,
    node_type: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    message: Option<&'a str>,
    #[schema(value_type = Vec<serde_json::Value>)]
    traceback: ArrayOr<'a>,
}

/// One output or input.
#[derive(Debug, Serialize, ToSchema)]
struct FullAttachment<'a> {
    /// Its place in the list; stable.
    id: i64,
    node_id: Option<&'a str>,
    node_type: Option<String>,
    node_title: Option<String>,
    key: &'a str,
    /// Its place among those of the same node and key.
    index: usize,
    kind: MediaKind,
    #[serde(rename = "type")]
    folder: Option<&'a str>,
    subfolder: Option<&'a str>,
    filename: Option<&'a str>,
    state: AttachmentState,
    reason: Option<String>,
    reason_code: Option<&'static str>,
    /// The digest of the bytes, where we have them.
    #[schema(value_type = Option<String>, min_length = 64, max_length = 64)]
    sha256: Option<Digest>,
    bytes: Option<u64>,
    mime: Option<&'a str>,
    url: Option<String>,
    text: Option<&'a str>,
    is_unreported: bool,
}

/// A JSON array as it came; an empty one where there is none.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum ArrayOr<'a> {
    Raw(&'a RawValue),
    Empty([(); 0]),
}

impl<'a> From<Option<&'a RawValue>> for ArrayOr<'a> {
    fn from(raw: Option<&'a RawValue>) -> Self {
        raw.map_or(Self::Empty([]), Self::Raw)
    }
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

/// The JSON of one generation, a [`Full`]. Takes as long as its documents are big. `base`: what stands before addresses.
///
/// # Errors
/// None that is known: what isn't JSON is written as a text.
pub fn full(detail: &Detail, base: &str) -> Result<Vec<u8>, serde_json::Error> {
    let facts = detail.document(DocumentKind::Prompt).and_then(prompt_facts);
    full_with(detail, facts.as_deref(), base)
}

/// The same with the JSON of what its prompt says, [`prompt_facts`], for who remembers it.
///
/// # Errors
/// None that is known.
pub fn full_with(detail: &Detail, facts: Option<&RawValue>, base: &str) -> Result<Vec<u8>, serde_json::Error> {
    let document = |kind| detail.document(kind).map(strict).transpose();
    let prompt = document(DocumentKind::Prompt)?;
    let workflow = document(DocumentKind::Workflow)?;
    let extra_data = document(DocumentKind::Extra)?;
    let result = document(DocumentKind::Result)?;
    let nodes = prompt.as_deref().map(Nodes::read).unwrap_or_default();
    let course = result.as_deref().map(Course::read).unwrap_or_default();
    let facts = facts.map(|facts| with_packs(facts, detail.document(DocumentKind::Workflow))).transpose()?;
    let error = detail.summary.error.as_ref().map(|error| FullError {
        node_id: error.node_id.as_deref(),
        node_type: error.node_type.as_deref(),
        kind: error.kind.as_deref(),
        message: error.message.as_deref(),
        traceback: course.traceback.into(),
    });
    // Room for all, with what is escaped: growing copies.
    let mut json = Vec::with_capacity(detail.documents_bytes() * 9 / 8 + (8 << 10));
    let full = Full {
        head: Head::of(&detail.summary, base),
        error,
        facts,
        outputs: list(&detail.outputs, &nodes, base),
        inputs: list(&detail.inputs, &nodes, base),
        prompt: prompt.as_deref(),
        workflow: workflow.as_deref(),
        extra_data: extra_data.as_deref(),
        messages: course.messages.into(),
        cached_nodes: course.cached_nodes.into(),
        comfyui: &detail.comfyui,
    };
    serde_json::to_writer(&mut json, &full)?;
    Ok(json)
}

/// The JSON of what a prompt says.
pub fn prompt_facts(prompt: &str) -> Option<Box<RawValue>> {
    // A struct of texts and numbers: it can always be written.
    to_raw_value(&facts::read(prompt)).ok()
}

/// What a generation made and read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attachments<'a> {
    outputs: Vec<FullAttachment<'a>>,
    inputs: Vec<FullAttachment<'a>>,
}

/// The JSON of [`Attachments`]. `prompt`: the prompt document, which says what the nodes are.
///
/// # Errors
/// None that is known.
pub fn attachments(
    outputs: &[Attachment],
    inputs: &[Attachment],
    prompt: Option<&str>,
    base: &str,
) -> Result<Vec<u8>, serde_json::Error> {
    let prompt = prompt.map(strict).transpose()?;
    let nodes = prompt.as_deref().map(Nodes::read).unwrap_or_default();
    serde_json::to_vec(&Attachments { outputs: list(outputs, &nodes, base), inputs: list(inputs, &nodes, base) })
}

/// What is told of a run that has ended.
#[derive(Debug, Serialize, ToSchema)]
struct Announcement<'a> {
    /// `generation.completed`, `generation.failed`, `generation.cancelled` or `generation.lost`.
    #[serde(rename = "type")]
    event: &'a str,
    /// When the run was seen to have ended.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    data: Announced<'a>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Announced<'a> {
    #[serde(flatten)]
    item: Item<'a>,
    outputs: Vec<FullAttachment<'a>>,
}

/// The JSON of a webhook's message: what a list tells of the run, and its outputs.
///
/// # Errors
/// None that is known.
pub fn announcement(
    event: &str,
    timestamp: Timestamp,
    outline: &Outline,
    facts: Option<&RawValue>,
    prompt: Option<&str>,
    base: &str,
) -> Result<Vec<u8>, serde_json::Error> {
    let prompt = prompt.map(strict).transpose()?;
    let nodes = prompt.as_deref().map(Nodes::read).unwrap_or_default();
    let item = Item::new(&outline.summary, facts, base);
    let data = Announced { item, outputs: list(&outline.outputs, &nodes, base) };
    serde_json::to_vec(&Announcement { event, timestamp, data })
}

fn list<'a>(attachments: &'a [Attachment], nodes: &Nodes, base: &str) -> Vec<FullAttachment<'a>> {
    let mut seen: HashMap<(Option<&str>, &str), usize> = HashMap::new();
    let mut full = Vec::with_capacity(attachments.len());
    for attachment in attachments {
        let count = seen.entry((attachment.node_id.as_deref(), &attachment.key)).or_default();
        full.push(one_attachment(attachment, *count, nodes, base));
        *count += 1;
    }
    full
}

fn one_attachment<'a>(attachment: &'a Attachment, index: usize, nodes: &Nodes, base: &str) -> FullAttachment<'a> {
    let node = nodes.get(attachment.node_id.as_deref()).into_owned();
    let (file, blob, text) = match &attachment.content {
        Content::File { file, blob } => (Some(file), blob.as_ref(), None),
        Content::Text(text) => (None, None, Some(text.as_str())),
    };
    FullAttachment {
        id: attachment.index,
        node_id: attachment.node_id.as_deref(),
        node_type: node.kind,
        node_title: node.title,
        key: &attachment.key,
        index,
        kind: attachment.kind,
        folder: file.map(|file| file.folder.as_str()),
        subfolder: file.map(|file| file.subfolder.as_str()),
        filename: file.map(|file| file.filename.as_str()),
        state: attachment.state,
        reason: attachment.reason.as_ref().map(Trouble::to_string),
        reason_code: attachment.reason.as_ref().and_then(Trouble::code),
        sha256: blob.map(|blob| blob.digest),
        bytes: blob.map(|blob| blob.bytes),
        mime: blob.map(|blob| blob.mime.as_str()),
        url: file.zip(blob).map(|(file, blob)| format!("{base}{}", file_url(blob.digest, &file.filename))),
        text,
        is_unreported: attachment.is_unreported,
    }
}
