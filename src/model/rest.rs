//! What is known of a ComfyUI while nobody listens to it.

use super::time::Timestamp;

/// A ComfyUI that was left whole: nothing waited or ran, and all that it had made was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// When it was last heard.
    pub since: Timestamp,
    /// Whether it went before we did.
    pub is_gone: bool,
    /// Whether its history held anything that is recorded: one that holds nothing can lose nothing.
    pub has_history: bool,
    /// Which start of the machine it was, where the system tells them apart.
    pub boot: Option<String>,
}
