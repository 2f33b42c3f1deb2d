//! Times in which nothing could be recorded.

use serde::Serialize;
use utoipa::ToSchema;

use super::ids::InstanceName;
use super::time::Timestamp;
use super::trouble::Trouble;

/// Why runs can have been missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// ComfyUI wasn't heard.
    ComfyuiAway,
    /// We didn't run.
    RecallStopped,
    /// Runs came and went before anybody could look, though ComfyUI was heard: the queue told of them, and nothing else
    /// did. Or while it wasn't heard, and the order of its history tells of them.
    RunsUnseen,
}

impl GapKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::ComfyuiAway, Self::RecallStopped, Self::RunsUnseen];

    /// The word used in JSON and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ComfyuiAway => "comfyui_away",
            Self::RecallStopped => "recall_stopped",
            Self::RunsUnseen => "runs_unseen",
        }
    }
}

/// A time in which an instance wasn't listened to, or not well enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Its number.
    pub id: i64,
    /// Which.
    pub instance: InstanceName,
    /// Why.
    pub kind: GapKind,
    /// When it was last heard.
    pub started_at: Timestamp,
    /// When it was heard again; `None` while it lasts.
    pub ended_at: Option<Timestamp>,
    /// What ComfyUI's line broke of.
    pub reason: Option<Trouble>,
    /// Whether runs may have come and gone unseen.
    pub may_have_missed: bool,
    /// How many did, where that is known: [`GapKind::RunsUnseen`].
    pub runs: Option<u64>,
    /// When somebody said that they know of it.
    pub dismissed_at: Option<Timestamp>,
}

/// How many gaps of a kind an instance ever had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapTally {
    /// Which instance.
    pub instance: InstanceName,
    /// Why runs can have been missed.
    pub kind: GapKind,
    /// Whether runs may have come and gone unseen.
    pub may_have_missed: bool,
    /// How many.
    pub gaps: u64,
}
