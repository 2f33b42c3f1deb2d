//! Which ComfyUI to record, and how.

use super::folders::SharedFolders;
use super::turns::Turns;
use crate::comfy::Endpoint;
use crate::json::Names;
use crate::metrics::Metrics;
use crate::model::{InstanceName, Timestamp};

/// Which ComfyUI to record, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    pub name: InstanceName,
    pub endpoint: Endpoint,
    /// Its folders, where we share a disk with it.
    pub folders: SharedFolders,
    /// What secrets are replaced before anything is written; `None`: all are kept.
    pub secrets: Option<Names>,
    /// When a daemon was last at work on this store; `None` when none ever was.
    pub last_at_work: Option<Timestamp>,
    /// Whether somebody wants to know how many runs a backfill has to read: that takes some small requests more.
    pub counts_history: bool,
    /// Hears how soon files are safe.
    pub metrics: Metrics,
    /// Turns to describe what ComfyUI told, of all recorders together.
    pub describing: Turns,
}
