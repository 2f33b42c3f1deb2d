//! What is told: how the run ended, what a list tells of it, and its outputs.

use serde_json::value::{RawValue, to_raw_value};

use crate::export::json;
use crate::facts;
use crate::model::{Delivery, Outline};

/// The body of a message. Facts that can't be written are left out; nothing here is worth not being told.
pub(super) fn of(delivery: &Delivery, outline: &Outline, prompt: Option<&str>, base: &str) -> Vec<u8> {
    let facts: Option<Box<RawValue>> = prompt.and_then(|prompt| to_raw_value(&facts::read(prompt)).ok());
    let event = format!("generation.{}", delivery.status);
    json::announcement(&event, delivery.ended_at, outline, facts.as_deref(), prompt, base).unwrap_or_default()
}
