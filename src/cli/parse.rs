//! From a command line to what is to be done.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};

use super::action::{Action, Command, Make};
use super::command_line::{CommandLine, Subcommands};
use super::mistake;
use crate::config::Given;

/// A command line that was understood.
pub struct Parsed {
    /// What to do.
    pub action: Action,
    /// The options, as the highest layer of the configuration.
    pub flags: Vec<Given>,
}

/// A command line that asks for text or can't be understood.
#[derive(Debug)]
pub enum Unparsed {
    /// `--help` or `--version`: the text to print.
    Answer(String),
    /// What is wrong and what was probably meant, in one line.
    Mistake(String),
}

/// Takes a command line apart; the first argument is the program's name.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Parsed, Unparsed> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let CommandLine { command, serve } =
        CommandLine::try_parse_from(&arguments).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Unparsed::Answer(error.to_string()),
            _ => Unparsed::Mistake(mistake::told(&error, named(&arguments))),
        })?;
    let (action, flags) = match command {
        None => serve.into_action(),
        Some(Subcommands::Serve(serve)) => serve.into_action(),
        Some(Subcommands::Config(options)) => (Action::Run(Command::ShowConfig), options.into_givens()),
        Some(Subcommands::Reindex(it)) => located(it, |it| it.place.take_givens(), |_| Command::Reindex),
        Some(Subcommands::Token(token)) => (Action::Make(Make::Token(token)), Vec::new()),
        Some(Subcommands::Password) => (Action::Make(Make::Password), Vec::new()),
        Some(Subcommands::Describe(what)) => (Action::Describe(what), Vec::new()),
        Some(Subcommands::List(it)) => located(it, |it| it.place.take_givens(), Command::List),
        Some(Subcommands::Show(it)) => located(it, |it| it.place.take_givens(), Command::Show),
        Some(Subcommands::Export(it)) => located(it, |it| it.place.take_givens(), Command::Export),
        Some(Subcommands::Open(it)) => located(it, |it| it.place.take_givens(), Command::Open),
        Some(Subcommands::Health(it)) => located(it, |it| it.place.take_givens(), |_| Command::Health),
        Some(Subcommands::Stop(it)) => located(it, |it| it.place.take_givens(), |_| Command::Stop),
        Some(Subcommands::Verify(it)) => located(it, |it| it.place.take_givens(), Command::Verify),
        Some(Subcommands::Backup(it)) => located(it, |it| it.place.take_givens(), Command::Backup),
        Some(Subcommands::Restore(it)) => located(it, |it| it.place.take_givens(), Command::Restore),
    };
    Ok(Parsed { action, flags })
}

/// The command that stands first.
fn named(arguments: &[OsString]) -> Option<&str> {
    let first = arguments.get(1)?.to_str()?;
    CommandLine::command().find_subcommand(first).map(|_| first)
}

/// A command that works on a data folder: the options that say which are a layer of the configuration.
fn located<T>(mut it: T, take: fn(&mut T) -> Vec<Given>, command: fn(T) -> Command) -> (Action, Vec<Given>) {
    let flags = take(&mut it);
    (Action::Run(command(it)), flags)
}
