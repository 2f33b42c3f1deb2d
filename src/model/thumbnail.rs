//! Words about small pictures: how large they are, what is known of what they were made from, why there may be none.

use serde::Serialize;

/// How large a thumbnail is: so many pixels on its shorter side, unless the original is smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThumbSize {
    /// For a card of the grid.
    Small,
    /// The same for screens with two pixels where others have one.
    Large,
}

impl ThumbSize {
    /// Every size, smallest first.
    pub const ALL: [Self; 2] = [Self::Small, Self::Large];

    /// Pixels on the shorter side.
    pub fn pixels(self) -> u32 {
        match self {
            Self::Small => 256,
            Self::Large => 512,
        }
    }
}

/// What the making of a thumbnail told of a file. Nothing is said of what doesn't apply or isn't known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MediaFacts {
    /// Width in pixels, as it is shown.
    pub width: Option<u32>,
    /// Height in pixels, as it is shown.
    pub height: Option<u32>,
    /// How long it plays, in milliseconds.
    pub duration_ms: Option<u64>,
}

/// Why there is no thumbnail of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unmade {
    /// Nothing to be seen in it, or in a format that is not understood here.
    Unsupported,
    /// It is broken, or ends too early.
    Damaged,
    /// It would take more memory or time than it may.
    TooLarge,
}

impl Unmade {
    pub const ALL: [Self; 3] = [Self::Unsupported, Self::Damaged, Self::TooLarge];

    /// The word for logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unsupported => "unsupported",
            Self::Damaged => "damaged",
            Self::TooLarge => "too large",
        }
    }
}
