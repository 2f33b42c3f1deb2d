//! What somebody who comes in may do.

use std::fmt;
use std::str::FromStr;

/// The characters that a token has at least: shorter ones can be found by trying.
pub const LEAST_TOKEN_CHARS: usize = 24;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// To look at everything and change nothing.
    Read,
    Full,
}

impl Scope {
    pub const ALL: [Self; 2] = [Self::Read, Self::Full];

    /// The word used in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Full => "full",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(())
    }
}
