//! What most commands need: the history, where its pages are, and threads to read it with.

use anyhow::Context as _;
use tokio::runtime::{self, Runtime};

use super::error::Error;
use crate::config::Effective;
use crate::store::History;

/// Opens the history for reading.
pub(super) fn read(effective: &Effective) -> Result<History, Error> {
    Ok(History::open(&effective.config.data_dir)?)
}

/// What stands before the path of every page.
pub(super) fn base(effective: &Effective) -> &str {
    effective.config.base_path.as_str()
}

/// The threads of a command: one, and those that SQLite may block.
pub(super) fn threads() -> Result<Runtime, Error> {
    let threads = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    Ok(threads.context("start the command's threads")?)
}
