//! A webhook's message.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Item;
use super::files::{FullAttachment, list};
use crate::export::documents::{Nodes, strict};
use crate::model::{Outline, Timestamp};

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
