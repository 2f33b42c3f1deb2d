//! How the daemon is doing: what `/readyz` and the pages say of it.

use super::{Comfyui, InstanceName, Timestamp};

/// Whether an instance can be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not tried yet.
    Connecting,
    /// The WebSocket is open and the last poll answered.
    Connected,
    /// Not reachable; the text says why, in plain words.
    Away(String),
}

/// What is known of one instance right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Which.
    pub name: InstanceName,
    /// Its address without user name and password.
    pub address: String,
    /// Whether it can be heard.
    pub connection: ConnectionState,
    /// Since when it is as it is.
    pub since: Timestamp,
    /// Runs waiting and running, by the last word of ComfyUI.
    pub queue_remaining: Option<u64>,
    /// What it said of itself.
    pub comfyui: Comfyui,
    /// Runs read in the backfill that is under way; `None` when none is.
    pub backfilled: Option<u64>,
}

/// Whether what arrives can be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StorageHealth {
    /// The last write went through.
    #[default]
    Writable,
    /// The last write was refused; it is tried again until it goes through. The text says why and what to do.
    Refused(String),
}

/// How much is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// The database with its write-ahead log.
    pub records_bytes: u64,
    /// Recorded runs.
    pub generations: u64,
    /// Files in the blobs, equal ones once.
    pub files: u64,
    /// Their bytes.
    pub files_bytes: u64,
}
