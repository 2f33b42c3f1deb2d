//! A copy of the database that is kept beside it.

use std::path::PathBuf;
use std::time::SystemTime;

/// A copy that could be put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    pub file: PathBuf,
    /// When it was made.
    pub made_at: Option<SystemTime>,
    /// How many migrations it has.
    pub schema: i64,
}
