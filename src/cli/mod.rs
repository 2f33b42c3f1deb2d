//! The command line: what clap makes of it, handed on as texts. Nothing is checked here but the spelling.

mod action;
mod arguments;
mod command_line;
mod mistake;
mod options;
mod parse;
#[cfg(test)]
mod tests;

pub use action::{Action, Command, Make};
pub use arguments::{
    Backup, Describe, Export, HealthArguments, ListArguments, Narrowing, NewToken, OpenArguments, Reindex, Restore,
    Show, Stop, Verify,
};
pub use command_line::command;
pub use mistake::help;
pub use parse::{Parsed, Unparsed, parse};
