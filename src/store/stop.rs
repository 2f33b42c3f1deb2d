//! Asks the daemon of a data folder to end: by a file, as whoever may write there may do everything else to it too. Windows
//! has no signal for a program without a window.

use std::fs::{self, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::error::Error;
use super::folder::LOCK;
use crate::sqlite::disk;

/// The file that asks.
const REQUEST: &str = "recall.stop";

/// How often the daemon looks for it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often who asked looks whether the folder is free.
const WAIT_FOR: Duration = Duration::from_millis(50);

/// Ends when somebody asks the daemon of this folder to end. Whoever has the folder's lock calls it.
pub async fn asked_to_stop(folder: &Path) {
    let request = folder.join(REQUEST);
    // What lies there was meant for another: who asks goes on asking.
    let _ = fs::remove_file(&request);
    loop {
        sleep(LOOK_EVERY).await;
        if fs::remove_file(&request).is_ok() {
            return;
        }
    }
}

/// Asks the daemon of a data folder to end, and waits until it has; `false` if none is at work.
///
/// # Errors
/// The folder can't be written; something still uses it after `patience`.
pub async fn stop(folder: &Path, patience: Duration) -> Result<bool, Error> {
    let not_writable = |source: io::Error| Error::NotWritable { folder: folder.to_owned(), source: Arc::new(source) };
    let (request, end) = (folder.join(REQUEST), Instant::now() + patience);
    let mut was_at_work = false;
    let outcome = loop {
        match is_in_use(folder) {
            Ok(false) => break Ok(was_at_work),
            Ok(true) if Instant::now() > end => {
                break Err(Error::DoesNotStop { folder: folder.to_owned(), waited: patience });
            }
            // Again and again: one that begins takes away what it finds.
            Ok(true) => was_at_work = true,
            Err(error) => break Err(not_writable(error)),
        }
        if let Err(error) = disk::private(&request) {
            break Err(not_writable(error));
        }
        sleep(WAIT_FOR).await;
    };
    if was_at_work {
        let _ = fs::remove_file(&request);
    }
    outcome
}

/// Whether somebody has the lock of the folder.
///
/// # Errors
/// It can't be looked at.
pub fn is_in_use(folder: &Path) -> io::Result<bool> {
    let lock = match OpenOptions::new().read(true).write(true).open(folder.join(LOCK)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match lock.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
