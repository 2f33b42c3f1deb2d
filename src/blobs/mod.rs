//! Stub of the blobs room, replaced by the real one.

use std::path::{Path, PathBuf};

use crate::model::Digest;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that is there can't be opened.
    #[error("open {digest}")]
    Open {
        /// Which.
        digest: Digest,
        /// Why.
        source: std::io::Error,
    },
}

/// The files.
#[derive(Debug, Clone)]
pub struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    /// In that folder.
    pub fn stub(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// A file to read.
    pub async fn open(&self, digest: &Digest) -> Result<Option<tokio::fs::File>, Error> {
        let name = digest.to_string();
        match tokio::fs::File::open(self.folder.join(&name[..2]).join(&name[2..])).await {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Open { digest: *digest, source }),
        }
    }
}
