//! Those who are told when a run has ended.

use super::generation::Status;
use super::ids::{Digest, GenerationId, InstanceName};
use super::time::Timestamp;

/// Somebody who is told of runs that have ended, as far as the store needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// The SHA-256 of the address.
    pub address: Digest,
    /// Only runs that ended so; all when empty.
    pub statuses: Vec<Status>,
    /// Only runs of these; all when empty.
    pub instances: Vec<InstanceName>,
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Counts up, never reused.
    pub id: i64,
    pub generation: GenerationId,
    pub status: Status,
    /// When that was seen.
    pub ended_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
}
