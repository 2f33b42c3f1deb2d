//! Why a session with ComfyUI ended, and why a recorder gives up.

use crate::comfy;
use crate::model::InstanceName;
use crate::store;

/// Why a recorder gave up for good. What ComfyUI or the network does never ends it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store can't be read or written, and trying again won't help.
    #[error("record the runs of {instance}")]
    Store {
        instance: InstanceName,
        /// What the store said.
        source: store::Error,
    },
    /// The address can't be used.
    #[error("prepare to record {instance}")]
    Setup { instance: InstanceName, source: comfy::Error },
    /// Stopped while the disk was full; what could not be written is still in ComfyUI's history.
    #[error("stopped while {instance} waited for the disk")]
    Stopped { instance: InstanceName },
}

/// Why a session with ComfyUI ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionEnd {
    /// ComfyUI can't be reached now. Try again.
    #[error(transparent)]
    Away(#[from] comfy::Error),
    /// We can't go on.
    #[error(transparent)]
    Fatal(#[from] Error),
}
