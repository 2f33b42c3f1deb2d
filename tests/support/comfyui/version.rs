//! The four servers that were recorded, and what they do differently.

use super::recording::Recording;

/// A ComfyUI that the stand-in can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// December 2024.
    V0_3_10,
    /// January 2026.
    V0_8_0,
    /// June 2026.
    #[default]
    V0_26_0,
    /// August 2026.
    V0_33_0,
}

impl Version {
    pub const ALL: [Self; 4] = [Self::V0_3_10, Self::V0_8_0, Self::V0_26_0, Self::V0_33_0];

    /// The folder of its recordings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V0_3_10 => "0.3.10",
            Self::V0_8_0 => "0.8.0",
            Self::V0_26_0 => "0.26.0",
            Self::V0_33_0 => "0.33.0",
        }
    }

    fn is_old(self) -> bool {
        self == Self::V0_3_10
    }

    /// Whether `/history?max_items=N&offset=K` looks at K.
    pub fn pages_by_offset(self) -> bool {
        !self.is_old()
    }

    pub fn has_jobs(self) -> bool {
        !self.is_old()
    }

    /// Whether `/queue` and `/history` show the two keys of comfy.org in `extra_data`.
    pub fn shows_secrets(self) -> bool {
        self.is_old()
    }

    /// Whether `extra_data` gets a `create_time`.
    pub fn stamps_create_time(self) -> bool {
        !self.is_old()
    }

    /// Whether runs without a client tell everybody of `progress_state` too.
    pub fn sends_progress_state(self) -> bool {
        !self.is_old()
    }

    /// Whether `POST /prompt` refuses a `prompt_id` that isn't a UUID.
    pub fn insists_on_uuid(self) -> bool {
        matches!(self, Self::V0_26_0 | Self::V0_33_0)
    }

    /// What the recorded server said of itself.
    pub fn system_stats(self) -> String {
        Recording::load(self, "txt2img-success").body_of("GET /system_stats").unwrap()
    }
}
