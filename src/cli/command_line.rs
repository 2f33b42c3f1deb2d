//! The command line as clap reads it.

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use super::action::Action;
use super::arguments::{Backup, Describe, Export, Health, List, NewToken, Open, Reindex, Restore, Show, Stop, Verify};
use super::options::Options;
use crate::config::Given;

/// Records everything ComfyUI makes.
#[derive(Parser)]
#[command(name = "comfy-recall", version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(
    after_help = "Every option can also be set in the environment, as RECALL_ and its name (RECALL_DATA_DIR), and in \
    config.toml. Passwords are set only there, as RECALL_PASSWORD and RECALL_TOKEN. \
    What belongs to one ComfyUI takes its NAME= in front if there are several."
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
    List(List),
    /// Show everything about one run
    Show(Show),
    /// Copy the files of runs out of the history, with their workflows, into a folder or a ZIP archive
    Export(Export),
    /// Open the page of a run in the browser
    Open(Open),
    /// Check that comfy-recall runs and answers
    Health(Health),
    /// End the comfy-recall that runs in the background
    Stop(Stop),
    /// Check that everything that is kept is as it was written
    Verify(Verify),
    /// Copy everything into a folder, while comfy-recall runs or not
    Backup(Backup),
    /// Go back to the records as they were before an update
    Restore(Restore),
    /// Print the configuration and where each value comes from
    Config(Options),
    #[command(flatten)]
    Describe(Describe),
    /// Make a token for a script, and print it with what lets it in
    #[command(after_help = "\
Examples:
  comfy-recall token backup-script               good for everything
  comfy-recall token dashboard --scope read      looks at everything and changes nothing")]
    Token(NewToken),
    /// Hash a password, from standard input or as it is typed, for config.toml
    #[command(after_help = "\
Examples:
  comfy-recall password < password.txt   the hash of what the file holds
Without a file it asks, and doesn't show what is typed.")]
    Password,
    /// Read everything that is kept once more, so that searches find it by all that is known today
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
