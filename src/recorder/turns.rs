//! Turns to describe runs.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task;

/// Describing a run of 30 MB takes a while: not on a thread that serves others, and a few recorders at a time, so that
/// however much they are told, pages have threads left. Clones share the turns.
#[derive(Debug, Clone)]
pub struct Turns(Arc<Semaphore>);

/// Recorders that describe at a time.
pub const DESCRIBING: usize = 6;

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(DESCRIBING)))
    }
}

impl Turns {
    pub(super) async fn take<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let turn = Arc::clone(&self.0).acquire_owned().await;
        let described = task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        described.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }
}
