//! A file that arrives in pieces. What came is hashed and written in short turns, a few of all files at a time: while a file
//! waits for whoever sends it, it holds no thread, and however many wait, pages and records have theirs.

use std::io::Write as _;
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use tempfile::NamedTempFile;
use tokio::runtime::Handle;
use tokio::task::{self, JoinHandle};

use super::disk::Blobs;
use super::error::Error;
use super::hasher::{Hasher, Stored};

/// What is written in one turn, and may wait for it.
const TURN_BYTES: usize = 256 * 1024;

/// Written between two looks at how much room the disk has left.
const LOOK_BYTES: u64 = 8 << 20;

/// A file that is being written. Dropped or given up, it leaves nothing behind.
#[derive(Debug)]
pub struct Draft {
    blobs: Blobs,
    /// Came, and isn't being written yet.
    waiting: Vec<u8>,
    /// What is on the disk; `None` while a turn is at it, and before the first.
    written: Option<WrittenDraft>,
    turn: Option<JoinHandle<Result<WrittenDraft, Error>>>,
}

/// The part of a file that is on the disk.
#[derive(Debug)]
struct WrittenDraft {
    file: NamedTempFile,
    hasher: Hasher,
    /// How long it was when the room was looked at last.
    looked_at: u64,
}

impl Draft {
    pub(super) fn start(blobs: Blobs) -> Self {
        Self { blobs, waiting: Vec::new(), written: None, turn: None }
    }

    /// Appends bytes; waits while as many as fit into a turn are being written.
    ///
    /// # Errors
    /// The disk refuses them, or the file leaves it no room for anything else. No more of it need come then.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.waiting.extend_from_slice(&bytes);
        if self.waiting.len() < TURN_BYTES {
            return Ok(());
        }
        self.settle().await?;
        let (blobs, bytes, written) = (self.blobs.clone(), mem::take(&mut self.waiting), self.written.take());
        self.turn = Some(self.blobs.in_turn(move || append(&blobs, written, &bytes)).await);
        Ok(())
    }

    /// Keeps the file: when this returns, it is durable under its final name.
    pub async fn finish(mut self) -> Result<Stored, Error> {
        self.settle().await?;
        let (blobs, bytes, written) = (self.blobs.clone(), mem::take(&mut self.waiting), self.written.take());
        let keeping = self.blobs.in_turn(move || {
            let WrittenDraft { file, hasher, .. } = append(&blobs, written, &bytes)?;
            blobs.keep(file, hasher)
        });
        joined(keeping.await).await
    }

    /// Throws the file away and waits until it is gone.
    pub async fn give_up(mut self) {
        let _ = self.settle().await;
        if let Some(written) = self.written.take() {
            let _ = task::spawn_blocking(move || drop(written)).await;
        }
    }

    /// Waits until the last turn is over.
    async fn settle(&mut self) -> Result<(), Error> {
        if let Some(turn) = self.turn.take() {
            self.written = Some(joined(turn).await?);
        }
        Ok(())
    }
}

impl Drop for Draft {
    /// To delete a large file takes a while. What a turn is still at is deleted when that is over.
    fn drop(&mut self) {
        if let (Some(written), Ok(runtime)) = (self.written.take(), Handle::try_current()) {
            drop(runtime.spawn_blocking(move || drop(written)));
        }
    }
}

impl Blobs {
    /// Has work done that takes no longer than our own disk does, when it is its turn.
    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        task::spawn_blocking(move || {
            let _turn = turn;
            work()
        })
    }
}

async fn joined<T>(turn: JoinHandle<T>) -> T {
    turn.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// Writes what came behind what is there.
fn append(blobs: &Blobs, written: Option<WrittenDraft>, bytes: &[u8]) -> Result<WrittenDraft, Error> {
    let mut written = match written {
        Some(written) => written,
        None => WrittenDraft { file: blobs.new_file()?, hasher: Hasher::default(), looked_at: 0 },
    };
    let WrittenDraft { file, hasher, looked_at } = &mut written;
    hasher.update(bytes);
    if hasher.bytes >= *looked_at + LOOK_BYTES {
        *looked_at = hasher.bytes;
        blobs.check_reserve(hasher.bytes, 0)?;
    }
    file.write_all(bytes).map_err(|source| blobs.refuse(source, hasher.bytes, None))?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_comes_out_as_it_came_in_however_it_was_cut() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(folder.path()).unwrap();
        let bytes: Vec<u8> = (0..TURN_BYTES * 3 + 17).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let mut kept = Vec::new();
        for piece in [1000, TURN_BYTES, TURN_BYTES * 2 + 1] {
            let mut draft = blobs.draft();
            for piece in bytes.chunks(piece) {
                draft.write(Bytes::copy_from_slice(piece)).await.unwrap();
            }
            kept.push(draft.finish().await.unwrap());
        }
        assert!(kept.iter().all(|stored| *stored == kept[0] && stored.bytes == bytes.len() as u64));
        assert_eq!(std::fs::read(blobs.path(&kept[0].digest)).unwrap(), bytes);
    }

    #[test]
    fn a_file_that_waits_for_its_sender_holds_no_thread() {
        let folder = tempfile::tempdir().unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).max_blocking_threads(1).build().unwrap();
        runtime.block_on(async {
            let blobs = Blobs::open(folder.path()).unwrap();
            let mut waiting = Vec::new();
            for _ in 0..100 {
                let mut draft = blobs.draft();
                draft.write(Bytes::from(vec![7; TURN_BYTES + 1])).await.unwrap();
                draft.write(Bytes::from_static(b"and now it waits")).await.unwrap();
                waiting.push(draft);
            }
            // The one thread that there is.
            assert_eq!(task::spawn_blocking(|| 1).await.unwrap(), 1);
            for draft in waiting {
                draft.finish().await.unwrap();
            }
        });
    }
}
