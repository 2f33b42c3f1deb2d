//! Everything about one generation.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use super::Head;
use super::files::{FullAttachment, list};
use crate::export::documents::{Course, Nodes, strict};
use crate::facts::{self, Facts};
use crate::model::{Comfyui, Detail, DocumentKind};

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
    /// The node that failed.
    node_id: Option<&'a str>,
    /// The class of that node.
    node_type: Option<&'a str>,
    /// The class of the exception.
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    /// What the exception says.
    message: Option<&'a str>,
    /// Python's traceback, a line each.
    #[schema(value_type = Vec<serde_json::Value>)]
    traceback: ArrayOr<'a>,
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
