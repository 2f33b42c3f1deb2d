//! From the command line to the command.

use super::error::Error;
use super::terminal::Terminal;
use super::{backup, config, export, health, list, open, reindex, restore, show, stop, verify};
use crate::cli::Command;
use crate::config::Effective;

/// Runs a command to its end.
///
/// # Errors
/// Each says what to do, but for [`Error::ReaderLeft`].
pub fn run(command: &Command, effective: &Effective, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    match command {
        Command::List(list) => list::list(list, effective, terminal)?,
        Command::Show(show) => show::show(show, effective, terminal)?,
        Command::Export(export) => export::export(export, effective, terminal)?,
        Command::Open(open) => open::open(open, effective, terminal)?,
        Command::Health => health::health(effective, terminal)?,
        Command::Stop => stop::stop(effective, terminal)?,
        Command::Verify(verify) => verify::verify(verify, effective, terminal)?,
        Command::Backup(backup) => backup::backup(backup, effective, terminal)?,
        Command::Restore(restore) => restore::restore(restore, effective, terminal)?,
        Command::ShowConfig => config::config(effective, terminal)?,
        Command::Reindex => reindex::reindex(effective, terminal)?,
    }
    Ok(terminal.out.flush()?)
}
