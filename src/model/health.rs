//! How the daemon is doing: what `/readyz` and the pages say of it.

use super::generation::Comfyui;
use super::ids::InstanceName;
use super::time::Timestamp;
use super::trouble::Trouble;

/// Whether an instance can be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionState {
    Connecting,
    /// The WebSocket is open and the last poll answered.
    Connected,
    /// Not reachable, and why.
    Away(Trouble),
}

impl ConnectionState {
    /// The word for it in JSON.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Away(_) => "away",
        }
    }

    /// Why it isn't reachable.
    pub fn trouble(&self) -> Option<&Trouble> {
        match self {
            Self::Away(why) => Some(why),
            Self::Connecting | Self::Connected => None,
        }
    }
}

/// What is known of one instance right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
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
    /// Runs that its history holds, where the backfill that is under way counted them.
    pub to_backfill: Option<u64>,
}

/// Whether what ComfyUI makes can be kept. Records and files are known each by themselves: the one may go on without the
/// other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StorageHealth {
    /// Why records can't be written, which is tried until they can; `None` while they can.
    pub records: Option<Trouble>,
    /// The same for files.
    pub files: Option<Trouble>,
}

impl StorageHealth {
    /// What is wrong, the worst first.
    pub fn troubles(&self) -> impl Iterator<Item = &Trouble> {
        self.records.iter().chain(&self.files)
    }
}

/// How much is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// The database with its write-ahead log.
    pub records_bytes: u64,
    pub generations: u64,
    /// Files in the blobs, equal ones once.
    pub files: u64,
    pub files_bytes: u64,
    /// Files that are still to be fetched.
    pub pending_files: u64,
    /// Files that are gone.
    pub missing_files: u64,
}

/// The room on a disk, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Space {
    /// What we may still write.
    pub free: u64,
    pub total: u64,
}

impl Space {
    /// Less than this is little on any disk: some hours of video.
    const LITTLE: u64 = 2_000_000_000;
    /// More than this is enough on any disk.
    const ENOUGH: u64 = 20_000_000_000;

    /// Whether it is time to make room: less than 2 GB, or less than 20 GB and a twentieth of the disk.
    pub fn is_little(self) -> bool {
        self.free < Self::LITTLE || self.free < Self::ENOUGH.min(self.total / 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_little_depends_on_the_disk() {
        const GB: u64 = 1_000_000_000;
        for (free, total, is_little) in [
            (GB, 8 * GB, true),
            (3 * GB, 8 * GB, false),
            (3 * GB, 100 * GB, true),
            (19 * GB, 4_000 * GB, true),
            (21 * GB, 4_000 * GB, false),
            (0, 0, true),
        ] {
            assert_eq!(Space { free, total }.is_little(), is_little, "{free} of {total}");
        }
    }
}
