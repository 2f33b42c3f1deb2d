//! From the command line to the command.

use super::error::Error;
use super::screen::Screen;
use super::{backup, config, export, health, list, open, reindex, restore, show, stop, verify};
use crate::cli::Command;
use crate::config::Effective;

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
