//! What the user wants done.

use super::arguments::{Backup, Describe, Export, ListArguments, NewToken, OpenArguments, Restore, Show, Verify};

/// What the user wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Action {
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
    List(ListArguments),
    Show(Show),
    Export(Export),
    Open(OpenArguments),
    /// See whether it answers.
    Health,
    Stop,
    /// Check what is kept.
    Verify(Verify),
    Backup(Backup),
    /// Go back to what was kept before an update.
    Restore(Restore),
    ShowConfig,
    /// Index every run again.
    Reindex,
}

/// What is made for a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Make {
    Token(NewToken),
    /// The hash of a password.
    Password,
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
