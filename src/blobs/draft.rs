//! A file that arrives in pieces: hashed and written on a thread of its own, so that the runtime never waits for a disk.

use std::io::Write as _;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::{self, JoinHandle};

use super::{Blobs, Error, Hasher, Stored};

/// Pieces that may wait for the disk; with those of hyper, 64 KB or less each.
const PIECES_IN_FLIGHT: usize = 16;

/// A file that is being written. Dropped or given up, it leaves nothing behind.
#[derive(Debug)]
pub struct Draft {
    pieces: mpsc::Sender<Piece>,
    writer: JoinHandle<Result<Option<Stored>, Error>>,
}

enum Piece {
    Bytes(Bytes),
    End,
}

impl Draft {
    pub(super) fn start(blobs: Blobs) -> Self {
        let (pieces, arriving) = mpsc::channel(PIECES_IN_FLIGHT);
        Self { pieces, writer: task::spawn_blocking(move || write(&blobs, arriving)) }
    }

    /// Appends bytes. A disk that refuses them shows in [`Draft::finish`].
    pub async fn write(&mut self, bytes: Bytes) {
        let _ = self.pieces.send(Piece::Bytes(bytes)).await;
    }

    /// Keeps the file: when this returns, it is durable under its final name.
    pub async fn finish(self) -> Result<Stored, Error> {
        let _ = self.pieces.send(Piece::End).await;
        drop(self.pieces);
        let stored = self.writer.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        Ok(stored.expect("a writer that was told the end gives the file or an error"))
    }

    /// Throws the file away and waits until it is gone.
    pub async fn give_up(self) {
        drop(self.pieces);
        let _ = self.writer.await;
    }
}

/// `None` when the sender went away before the end.
fn write(blobs: &Blobs, mut arriving: mpsc::Receiver<Piece>) -> Result<Option<Stored>, Error> {
    let mut file = blobs.new_file()?;
    let mut hasher = Hasher::default();
    while let Some(piece) = arriving.blocking_recv() {
        match piece {
            Piece::Bytes(bytes) => {
                hasher.update(&bytes);
                file.write_all(&bytes).map_err(|source| blobs.refuse(source, hasher.bytes, None))?;
            }
            Piece::End => return blobs.keep(file, hasher).map(Some),
        }
    }
    Ok(None)
}
