//! Times in which nothing could be recorded.

use super::{InstanceName, Timestamp, Trouble};

/// Who was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapKind {
    /// ComfyUI wasn't heard.
    ComfyuiAway,
    /// We didn't run.
    RecallStopped,
}

impl GapKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::ComfyuiAway, Self::RecallStopped];
}

/// A time in which an instance wasn't listened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Which.
    pub instance: InstanceName,
    /// Who was away.
    pub kind: GapKind,
    /// When it was last heard.
    pub started_at: Timestamp,
    /// When it was heard again; `None` while it lasts.
    pub ended_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<Trouble>,
    /// Whether runs may have come and gone unseen.
    pub may_have_missed: bool,
}
