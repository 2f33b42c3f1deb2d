//! The files and texts of a generation.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::export::documents::{Nodes, strict};
use crate::model::{Attachment, AttachmentState, Blob, Content, Digest, FileRef, MediaKind, Trouble, file_url};

/// One output or input.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FullAttachment<'a> {
    /// Its place in the list; stable.
    id: i64,
    /// The node that gave or read it; null for a file that no node reported.
    node_id: Option<&'a str>,
    /// The class of that node, as the prompt says.
    node_type: Option<String>,
    /// What its owner called that node.
    node_title: Option<String>,
    /// Under which key the node named it: `images`, `gifs`, `audio`, `text` …
    key: &'a str,
    /// Its place among those of the same node and key.
    index: usize,
    /// What it is, by its bytes where we have them.
    kind: MediaKind,
    /// ComfyUI's folder of the file: `output`, `temp` or `input`. Null for a text.
    #[serde(rename = "type")]
    folder: Option<&'a str>,
    /// Below that folder; empty at its top.
    subfolder: Option<&'a str>,
    /// How ComfyUI called the file.
    filename: Option<&'a str>,
    /// Whether the bytes are here.
    state: AttachmentState,
    /// Why they aren't, in a sentence. Of an input that is kept: why these may not be the bytes that the run read.
    reason: Option<String>,
    /// The same in a word that never changes.
    reason_code: Option<&'static str>,
    /// The digest of the bytes, where we have them.
    #[schema(value_type = Option<String>, min_length = 64, max_length = 64)]
    sha256: Option<Digest>,
    /// How many there are.
    bytes: Option<u64>,
    /// Their media type.
    mime: Option<&'a str>,
    /// Where this server serves them.
    url: Option<String>,
    /// What a node showed, where that was a text.
    text: Option<&'a str>,
    /// It was found in ComfyUI's folder, and no node named it.
    is_unreported: bool,
    /// What the run may have read instead, where the file was written over and it can't be known.
    other_version: Option<OtherVersion<'a>>,
}

/// Bytes that a run may have read instead of those that are told.
#[derive(Debug, Serialize, ToSchema)]
struct OtherVersion<'a> {
    /// Their digest.
    #[schema(value_type = String, min_length = 64, max_length = 64)]
    sha256: Digest,
    /// How many there are.
    bytes: u64,
    /// Their media type.
    mime: &'a str,
    /// Where this server serves them.
    url: String,
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

/// Each with its place among those of the same node and key.
pub(super) fn list<'a>(attachments: &'a [Attachment], nodes: &Nodes, base: &str) -> Vec<FullAttachment<'a>> {
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
    let url = |blob: &Blob, file: &FileRef| format!("{base}{}", file_url(blob.digest, &file.filename));
    let other_version = file.zip(attachment.other.as_ref()).map(|(file, blob)| OtherVersion {
        sha256: blob.digest,
        bytes: blob.bytes,
        mime: &blob.mime,
        url: url(blob, file),
    });
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
        url: file.zip(blob).map(|(file, blob)| url(blob, file)),
        text,
        is_unreported: attachment.is_unreported,
        other_version,
    }
}
