//! What changed, for whoever watches.

use super::generation::Status;
use super::ids::{GenerationId, InstanceName};

/// Something a page that is open would like to know. Carries ids only: the store has the truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A generation is new, or its row or one of its files changed.
    Generation { id: GenerationId, status: Status },
    /// An instance came or went, or its queue changed.
    Instance { name: InstanceName },
    /// What arrives can't be written any more, or can again.
    Storage,
}
