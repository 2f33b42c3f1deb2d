//! What the command line does with the history, beside a running daemon or without one.
//!
//! What only reads takes no lock and changes nothing. A command writes to the [`Screen`] that it is given, and what went
//! wrong is its error: nothing here prints by itself. Whatever comes from outside is written without what a terminal would
//! obey.

mod backup;
mod config;
mod credentials;
mod describe;
mod export;
mod fields;
mod health;
mod list;
mod narrow;
mod numbers;
mod open;
mod reindex;
mod restore;
mod screen;
mod show;
mod stop;
mod table;
mod verify;
mod work;

use std::io;

use anyhow::Context as _;
use tokio::runtime::{self, Runtime};

use crate::cli::Command;
use crate::config::Effective;
use crate::store::{self, Store};

pub use credentials::make;
pub use describe::describe;
pub use screen::Screen;

/// Why a command didn't do what it was told.
#[derive(Debug)]
pub enum Error {
    /// Whoever read what it wrote has read enough: no fault.
    ReaderLeft,
    /// It can't be told so; what would be right.
    Usage(String),
    /// It went wrong.
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

/// Runs a command to its end.
///
/// # Errors
/// Each says what to do, but for [`Error::ReaderLeft`].
pub fn run(command: &Command, effective: &Effective, screen: &mut Screen<'_>) -> Result<(), Error> {
    match command {
        Command::List(list) => list::list(list, effective, screen)?,
        Command::Show(show) => show::show(show, effective, screen)?,
        Command::Export(export) => export::export(export, effective, screen)?,
        Command::Open(open) => open::open(open, effective, screen)?,
        Command::Health => health::health(effective, screen)?,
        Command::Stop => stop::stop(effective, screen)?,
        Command::Verify(verify) => verify::verify(verify, effective, screen)?,
        Command::Backup(backup) => backup::backup(backup, effective, screen)?,
        Command::Restore(restore) => restore::restore(restore, effective, screen)?,
        Command::ShowConfig => config::config(effective, screen)?,
        Command::Reindex => reindex::reindex(effective, screen)?,
    }
    Ok(screen.out.flush()?)
}

/// Opens the history for reading.
fn read(effective: &Effective) -> Result<Store, Error> {
    Ok(Store::read(&effective.config.data_dir)?)
}

/// What stands before the path of every page.
fn base(effective: &Effective) -> &str {
    effective.config.base_path.as_str()
}

/// The threads of a command: one, and those that SQLite may block.
fn threads() -> Result<Runtime, Error> {
    let threads = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    Ok(threads.context("start the command's threads")?)
}
