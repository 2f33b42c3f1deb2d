//! The command line: what clap makes of it, handed on as texts. Nothing is checked here but the spelling.

mod arguments;
mod options;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::config::Given;
use options::Options;

pub use arguments::{List, Narrowing, NewToken};

/// Records everything ComfyUI makes.
#[derive(Parser)]
#[command(name = "comfy-recall", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(
    after_help = "Every option can also be set in the environment, as RECALL_ and its name (RECALL_DATA_DIR), and in \
    config.toml. Passwords are set only there, as RECALL_PASSWORD and RECALL_TOKEN. \
    What belongs to one ComfyUI takes its NAME= in front if there are several."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Subcommands>,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Record, and serve the history (this is the default)
    Serve(Options),
    /// List runs, newest first
    List(List),
    /// Print the configuration and where each value comes from
    Config(Options),
    /// Make a token for a script, and print it with what lets it in
    Token(NewToken),
    /// Hash a password, from standard input or as it is typed, for config.toml
    Password,
    /// Read everything that is kept once more, so that searches find it by all that is known today
    Reindex(Options),
}

/// What the user wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Action {
    /// Record and serve.
    Serve,
    /// Anything else: it ends by itself.
    Run(Command),
    /// What needs no configuration, as it makes a part of one.
    Make(Make),
}

/// What is done with the history and then over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Command {
    /// List runs.
    List(List),
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
    let CommandLine { command, options } =
        CommandLine::try_parse_from(arguments).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Unparsed::Answer(error.to_string()),
            _ => Unparsed::Mistake(one_line(&error)),
        })?;
    let (action, flags) = match command {
        None => (Action::Serve, options.into_givens()),
        Some(Subcommands::Serve(options)) => (Action::Serve, options.into_givens()),
        Some(Subcommands::Config(options)) => (Action::Run(Command::ShowConfig), options.into_givens()),
        Some(Subcommands::Reindex(options)) => (Action::Run(Command::Reindex), options.into_givens()),
        Some(Subcommands::Token(token)) => (Action::Make(Make::Token(token)), Vec::new()),
        Some(Subcommands::Password) => (Action::Make(Make::Password), Vec::new()),
        Some(Subcommands::List(mut list)) => {
            let flags = list.place.take_givens();
            (Action::Run(Command::List(list)), flags)
        }
    };
    Ok(Parsed { action, flags })
}

/// All of it as clap knows it: for completions and manual pages.
pub fn command() -> clap::Command {
    CommandLine::command()
}

/// The message and the tip, without the usage that clap prints below.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim);
    let said = lines.filter_map(|line| line.strip_prefix("error: ").or_else(|| line.strip_prefix("tip: ")));
    let mut parts: Vec<&str> = said.collect();
    if parts.iter().any(|part| part.contains("://")) {
        // Not repeated, as it may hold a password.
        parts = vec!["an address needs its option in front; use --comfyui URL"];
    } else if error.kind() == ErrorKind::ArgumentConflict {
        parts.push("options stand behind the command, each once");
    }
    parts.push("see comfy-recall --help");
    parts.join("; ")
}
