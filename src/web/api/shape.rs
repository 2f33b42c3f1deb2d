//! What a generation looks like in JSON, in full. The short form is `model::Summary` itself.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::facts::{self, Facts};
use crate::model::{
    Attachment, AttachmentState, BasePath, Comfyui, Content, Cover, Detail, Digest, DocumentKind, GenerationId,
    InstanceName, MediaKind, PromptId, Status, StatusReason, Timestamp, Trouble, file_url,
};
use crate::web::documents::{Course, Nodes, strict};

/// Everything about one generation.
#[derive(Debug, Serialize)]
struct Full<'a> {
    id: GenerationId,
    instance: &'a InstanceName,
    prompt_id: &'a PromptId,
    status: Status,
    status_reason: Option<StatusReason>,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    duration_ms: Option<i64>,
    workflow_id: Option<&'a str>,
    workflow_name: Option<&'a str>,
    client_id: Option<&'a str>,
    model: Option<&'a str>,
    outputs_count: i64,
    previews_count: i64,
    kinds: &'a [MediaKind],
    cover: Option<&'a Cover>,
    error: Option<FullError<'a>>,
    facts: Option<FullFacts>,
    outputs: Vec<FullAttachment<'a>>,
    inputs: Vec<FullAttachment<'a>>,
    prompt: Option<&'a RawValue>,
    workflow: Option<&'a RawValue>,
    extra_data: Option<&'a RawValue>,
    messages: ArrayOr<'a>,
    cached_nodes: ArrayOr<'a>,
    comfyui: &'a Comfyui,
}

/// What its prompt says, and the packs of custom nodes that its workflow names.
#[derive(Debug, Serialize)]
struct FullFacts {
    #[serde(flatten)]
    facts: Facts,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    custom_nodes: Vec<String>,
}

/// The error with its traceback.
#[derive(Debug, Serialize)]
struct FullError<'a> {
    node_id: Option<&'a str>,
    node_type: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    message: Option<&'a str>,
    traceback: ArrayOr<'a>,
}

/// One output or input.
#[derive(Debug, Serialize)]
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

/// The JSON of one generation. Takes as long as its documents are big.
pub fn full(detail: &Detail, base: &BasePath) -> Result<Vec<u8>, serde_json::Error> {
    let document = |kind| detail.document(kind).map(strict).transpose();
    let prompt = document(DocumentKind::Prompt)?;
    let workflow = document(DocumentKind::Workflow)?;
    let extra_data = document(DocumentKind::Extra)?;
    let result = document(DocumentKind::Result)?;
    let nodes = prompt.as_deref().map(Nodes::read).unwrap_or_default();
    let course = result.as_deref().map(Course::read).unwrap_or_default();
    let facts = detail.document(DocumentKind::Prompt).map(|prompt| FullFacts {
        facts: facts::read(prompt),
        custom_nodes: detail.document(DocumentKind::Workflow).map(facts::custom_nodes).unwrap_or_default(),
    });
    let summary = &detail.summary.clone().below(base);
    let error = summary.error.as_ref().map(|error| FullError {
        node_id: error.node_id.as_deref(),
        node_type: error.node_type.as_deref(),
        kind: error.kind.as_deref(),
        message: error.message.as_deref(),
        traceback: course.traceback.into(),
    });
    serde_json::to_vec(&Full {
        id: summary.id,
        instance: &summary.instance,
        prompt_id: &summary.prompt_id,
        status: summary.status,
        status_reason: summary.status_reason,
        created_at: summary.created_at,
        started_at: summary.started_at,
        finished_at: summary.finished_at,
        duration_ms: summary.duration_ms,
        workflow_id: summary.workflow_id.as_deref(),
        workflow_name: summary.workflow_name.as_deref(),
        client_id: summary.client_id.as_deref(),
        model: summary.model.as_deref(),
        outputs_count: summary.outputs_count,
        previews_count: summary.previews_count,
        kinds: &summary.kinds,
        cover: summary.cover.as_ref(),
        error,
        facts,
        outputs: attachments(&detail.outputs, &nodes, base),
        inputs: attachments(&detail.inputs, &nodes, base),
        prompt: prompt.as_deref(),
        workflow: workflow.as_deref(),
        extra_data: extra_data.as_deref(),
        messages: course.messages.into(),
        cached_nodes: course.cached_nodes.into(),
        comfyui: &detail.comfyui,
    })
}

fn attachments<'a>(list: &'a [Attachment], nodes: &Nodes, base: &BasePath) -> Vec<FullAttachment<'a>> {
    let mut seen: HashMap<(Option<&str>, &str), usize> = HashMap::new();
    let mut full = Vec::with_capacity(list.len());
    for attachment in list {
        let count = seen.entry((attachment.node_id.as_deref(), &attachment.key)).or_default();
        full.push(one_attachment(attachment, *count, nodes, base));
        *count += 1;
    }
    full
}

fn one_attachment<'a>(attachment: &'a Attachment, index: usize, nodes: &Nodes, base: &BasePath) -> FullAttachment<'a> {
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
        url: file.zip(blob).map(|(file, blob)| base.join(&file_url(blob.digest, &file.filename))),
        text,
        is_unreported: attachment.is_unreported,
    }
}
