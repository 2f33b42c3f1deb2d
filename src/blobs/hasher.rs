//! Hashes what passes.

use std::fs::File;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::progress::Progress;
use crate::model::Digest;

/// How much of the start of a file is given back to tell what it is.
const HEAD_BYTES: usize = 4096;

/// How much is read at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// A file that was put into the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256 of its bytes.
    pub digest: Digest,
    pub bytes: u64,
    /// Its first bytes, at most 4096.
    pub head: Vec<u8>,
}

/// Hashes what passes, and remembers its start.
#[derive(Debug, Default)]
pub(super) struct Hasher {
    sha: Sha256,
    pub bytes: u64,
    head: Vec<u8>,
}

impl Hasher {
    pub fn update(&mut self, piece: &[u8]) {
        self.sha.update(piece);
        self.bytes += piece.len() as u64;
        let missing = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&piece[..piece.len().min(missing)]);
    }

    pub fn read_to_end(&mut self, source: &mut File, progress: &Progress) -> io::Result<()> {
        self.copy(source, &mut io::sink(), progress)?
    }

    /// The outer error is the source's, the inner one the target's.
    pub fn copy(
        &mut self,
        source: &mut impl Read,
        target: &mut impl io::Write,
        progress: &Progress,
    ) -> io::Result<io::Result<()>> {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            if progress.is_given_up() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let length = source.read(&mut piece)?;
            if length == 0 {
                return Ok(Ok(()));
            }
            self.update(&piece[..length]);
            progress.add(length);
            if let Err(error) = target.write_all(&piece[..length]) {
                return Ok(Err(error));
            }
        }
    }

    pub fn digest(&self) -> Digest {
        Digest(self.sha.clone().finalize().into())
    }

    pub fn finish(self) -> Stored {
        Stored { digest: Digest(self.sha.finalize().into()), bytes: self.bytes, head: self.head }
    }
}
