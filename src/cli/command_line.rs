//! The command line as clap reads it.

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use super::action::Action;
use super::arguments::{
    Backup, Describe, Export, HealthArguments, ListArguments, NewToken, OpenArguments, Reindex, Restore, Show, Stop,
    Verify,
};
use super::options::Options;
use crate::config::Given;

/// Keeps a permanent history of everything ComfyUI makes.
#[derive(Parser)]
#[command(name = "comfy-recall", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(
    after_help = "Every option can also be set in the environment, as RECALL_ and its name (RECALL_DATA_DIR), and in \
    config.toml. Passwords and tokens can only be set there (RECALL_PASSWORD, RECALL_TOKEN). \
    With several ComfyUI servers, put NAME= in front of values that belong to one of them."
)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    pub(super) command: Option<Subcommands>,
    #[command(flatten)]
    pub(super) serve: Serve,
}

/// `serve`, and what `comfy-recall` alone does.
#[derive(Args)]
pub(super) struct Serve {
    /// Open the page in the browser when it is ready
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
pub(super) enum Subcommands {
    /// Record, and serve the history (this is the default)
    Serve(Serve),
    /// List runs, newest first
    List(ListArguments),
    /// Show everything about one run
    Show(Show),
    /// Copy the files of runs, with their workflows, into a folder or a ZIP archive
    Export(Export),
    /// Open the page of a run in the browser
    Open(OpenArguments),
    /// Check that comfy-recall is running and answers
    Health(HealthArguments),
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

impl Serve {
    pub(super) fn into_action(self) -> (Action, Vec<Given>) {
        (Action::Serve { opens: self.open }, self.options.into_givens())
    }
}

/// All of it as clap knows it: for completions and manual pages.
pub fn command() -> clap::Command {
    CommandLine::command()
}
