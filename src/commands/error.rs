//! Why a command failed.

use std::io;

use crate::store;

/// Why a command didn't do what it was told.
#[derive(Debug)]
pub enum Error {
    /// Whoever read what it wrote has read enough: no fault.
    ReaderLeft,
    /// It can't be told so; what would be right.
    Usage(String),
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// Only what goes wrong with the output; the rest says what it was about.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ReaderLeft,
            _ => Self::Failed(anyhow::Error::new(error).context("write the output")),
        }
    }
}
