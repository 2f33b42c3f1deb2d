//! Where the work of the processor is done: how much at a time, with how much memory, and after whom.

use std::sync::{Arc, LazyLock};
use std::thread;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task;

use super::{Error, Urgency};
use crate::model::Unmade;

/// Memory for decoded pixels, of all workers together. Enough for one WebP of 4096×4096, which is decoded whole.
const BUDGET_KIB: u32 = 192 * 1024;

/// Thumbnails at a time, however many processors there are: each costs memory.
const MOST_WORKERS: usize = 4;

/// How much less the background is worth than everything else, as `nice` counts.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// The limits that all who make thumbnails share.
#[derive(Debug)]
pub(super) struct ThumbLimits {
    budget: Arc<Semaphore>,
    asked: Arc<Semaphore>,
    programs: Arc<Semaphore>,
}

impl Default for ThumbLimits {
    fn default() -> Self {
        Self {
            budget: Arc::new(Semaphore::new(BUDGET_KIB as usize)),
            asked: Arc::new(Semaphore::new(workers())),
            programs: Arc::new(Semaphore::new(1)),
        }
    }
}

/// As many as there are processors.
pub(super) fn workers() -> usize {
    // Asking the system takes it some reading of files.
    static WORKERS: LazyLock<usize> =
        LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS));
    *WORKERS
}

/// How many the background may keep busy. Where its threads can't step back behind the others, only one.
pub(super) fn background_workers() -> usize {
    if cfg!(target_os = "linux") { workers() } else { 1 }
}

impl ThumbLimits {
    /// Waits until so much memory is free; more than there is can't be had.
    pub(super) async fn memory(&self, bytes: u64) -> Result<Result<OwnedSemaphorePermit, Unmade>, Error> {
        let wanted = u32::try_from(bytes.div_ceil(1024)).ok().filter(|kib| *kib <= BUDGET_KIB);
        let Some(wanted) = wanted else { return Ok(Err(Unmade::TooLarge)) };
        Ok(Ok(Arc::clone(&self.budget).acquire_many_owned(wanted).await.map_err(|_| Error::GivenUp)?))
    }

    /// Waits until no other program runs.
    pub(super) async fn program(&self) -> Result<OwnedSemaphorePermit, Error> {
        Arc::clone(&self.programs).acquire_owned().await.map_err(|_| Error::GivenUp)
    }

    /// Does work that keeps a processor busy. A decoder that breaks takes only its own thread with it.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        urgency: Urgency,
        job: impl FnOnce() -> Result<T, Unmade> + Send + 'static,
    ) -> Result<Result<T, Unmade>, Error> {
        if urgency == Urgency::Background {
            return aside(job).await;
        }
        let permit = Arc::clone(&self.asked).acquire_owned().await.map_err(|_| Error::GivenUp)?;
        let done = task::spawn_blocking(move || {
            let _permit = permit;
            job()
        });
        match done.await {
            Ok(made) => Ok(made),
            Err(error) if error.is_panic() => Ok(Err(Unmade::Damaged)),
            Err(_) => Err(Error::GivenUp),
        }
    }
}

/// On a thread that steps back behind all others of this machine: what was lowered can't be raised again, so each job has
/// its own.
async fn aside<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, Unmade> + Send + 'static,
) -> Result<Result<T, Unmade>, Error> {
    let (reply, answer) = oneshot::channel();
    let thread = thread::Builder::new().name("thumbnail".to_owned());
    let spawned = thread.spawn(move || {
        step_back();
        let _ = reply.send(job());
    });
    spawned.map_err(|_| Error::GivenUp)?;
    // No answer: the decoder broke.
    Ok(answer.await.unwrap_or(Err(Unmade::Damaged)))
}

fn step_back() {
    // On Linux this is of the calling thread alone. Without the right to, the work is only less polite.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

/// Lets a program of ours step back too.
pub(super) fn let_step_back(process: Option<u32>) {
    #[cfg(target_os = "linux")]
    if let Some(process) = process.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::setpriority_process(Some(process), NICENESS);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = process;
}
