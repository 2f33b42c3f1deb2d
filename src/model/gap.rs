//! Times in which nothing could be recorded.

use serde::Serialize;
use utoipa::ToSchema;

use super::{InstanceName, Timestamp, Trouble};

/// Who was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// ComfyUI wasn't heard.
    ComfyuiAway,
    /// We didn't run.
    RecallStopped,
}

impl GapKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::ComfyuiAway, Self::RecallStopped];

    /// The word used in JSON and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ComfyuiAway => "comfyui_away",
            Self::RecallStopped => "recall_stopped",
        }
    }
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

/// How many gaps of a kind an instance ever had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapTally {
    /// Which instance.
    pub instance: InstanceName,
    /// Who was away.
    pub kind: GapKind,
    /// Whether runs may have come and gone unseen.
    pub may_have_missed: bool,
    /// How many.
    pub gaps: u64,
}
