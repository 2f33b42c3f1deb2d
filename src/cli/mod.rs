//! The command line: what clap makes of it, handed on as texts. Nothing is checked here but the spelling.

mod arguments;
mod mistake;
mod options;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::config::Given;
use options::Options;

pub use arguments::{
    Backup, Describe, Export, Health, List, Narrowing, NewToken, Open, Reindex, Restore, Show, Stop, Verify,
};
pub use mistake::help;

/// Keeps a permanent history of everything ComfyUI makes.
#[derive(Parser)]
#[command(name = "comfy-recall", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(
    after_help = "Every option can also be set in the environment, as RECALL_ and its name (RECALL_DATA_DIR), and in \
    config.toml. Passwords and tokens can only be set there (RECALL_PASSWORD, RECALL_TOKEN). \
    With several ComfyUI servers, put NAME= in front of values that belong to one of them."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Subcommands>,
    #[command(flatten)]
    serve: Serve,
}

/// `serve`, and what `comfy-recall` alone does.
#[derive(Args)]
struct Serve {
    /// Open the page in the browser when it is ready
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Record, and serve the history (this is the default)
    Serve(Serve),
    /// List runs, newest first
    List(List),
    /// Show everything about one run
    Show(Show),
    /// Copy the files of runs, with their workflows, into a folder or a ZIP archive
    Export(Export),
    /// Open the page of a run in the browser
    Open(Open),
    /// Check that comfy-recall is running and answers
    Health(Health),
    /// Stop the comfy-recall that is running in the background
    Stop(Stop),
    /// Check that everything saved is intact
    Verify(Verify),
    /// Back up everything to a folder, whether comfy-recall is running or not
    Backup(Backup),
    /// Restore the database as it was before an update
    Restore(Restore),
    /// Print the configuration and where each value comes from
    Config(Options),
    #[command(flatten)]
    Describe(Describe),
    /// Create a token for a script, and print it with its entry for config.toml
    #[command(after_help = "\
Examples:
  comfy-recall token backup-script               can do everything
  comfy-recall token dashboard --scope read      can see everything and change nothing")]
    Token(NewToken),
    /// Hash a password for config.toml, read from standard input or typed
    #[command(after_help = "\
Examples:
  comfy-recall password < password.txt   the hash of the password in the file

Without a file, it asks for the password and doesn't show what you type.")]
    Password,
    /// Rebuild the search index from every run
    Reindex(Reindex),
}

/// What the user wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Action {
    /// Record and serve.
    Serve {
        /// Whether the page is to be opened in the browser.
        opens: bool,
    },
    /// Something with the history, and then it is over.
    Run(Command),
    /// Tell of the command line itself.
    Describe(Describe),
    /// What needs no configuration, as it makes a part of one.
    Make(Make),
}

/// What is done with the history and then over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Command {
    /// List runs.
    List(List),
    /// Show one.
    Show(Show),
    /// Copy their files.
    Export(Export),
    /// Open its page.
    Open(Open),
    /// See whether it answers.
    Health,
    /// End the daemon.
    Stop,
    /// Check what is kept.
    Verify(Verify),
    /// Back it up.
    Backup(Backup),
    /// Go back to what was kept before an update.
    Restore(Restore),
    /// Print the configuration.
    ShowConfig,
    /// Index every run again.
    Reindex,
}

/// What is made for a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Make {
    /// A token.
    Token(NewToken),
    /// The hash of a password.
    Password,
}

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

impl Action {
    /// The command as it is typed; `None` where it needs none.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            Self::Serve { .. } => None,
            Self::Run(command) => Some(command.name()),
            Self::Describe(Describe::Completions { .. }) => Some("completions"),
            Self::Describe(Describe::Man { .. }) => Some("man"),
            Self::Make(Make::Token(_)) => Some("token"),
            Self::Make(Make::Password) => Some("password"),
        }
    }
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Self::List(_) => "list",
            Self::Show(_) => "show",
            Self::Export(_) => "export",
            Self::Open(_) => "open",
            Self::Health => "health",
            Self::Stop => "stop",
            Self::Verify(_) => "verify",
            Self::Backup(_) => "backup",
            Self::Restore(_) => "restore",
            Self::ShowConfig => "config",
            Self::Reindex => "reindex",
        }
    }
}

impl Serve {
    fn into_action(self) -> (Action, Vec<Given>) {
        (Action::Serve { opens: self.open }, self.options.into_givens())
    }
}

/// A command that works on a data folder: the options that say which are a layer of the configuration.
fn located<T>(mut it: T, take: fn(&mut T) -> Vec<Given>, command: fn(T) -> Command) -> (Action, Vec<Given>) {
    let flags = take(&mut it);
    (Action::Run(command(it)), flags)
}

/// All of it as clap knows it: for completions and manual pages.
pub fn command() -> clap::Command {
    CommandLine::command()
}
