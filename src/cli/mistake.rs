//! From what clap finds wrong with a command line to one line that says what would be right.

use std::error::Error as _;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::command_line::CommandLine;

/// What is wrong, what was probably meant, and where more is told. `command` is the one that was named.
pub(super) fn told(error: &clap::Error, command: Option<&str>) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim);
    let said = lines.filter_map(|line| line.strip_prefix("error: ").or_else(|| line.strip_prefix("tip: ")));
    let mut parts: Vec<String> = said.map(str::to_owned).collect();
    match error.kind() {
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand | ErrorKind::ArgumentConflict
            if text.contains("://") =>
        {
            // Not repeated, as it may hold a password.
            parts = vec!["an address needs an option before it; use --comfyui URL".to_owned()];
        }
        ErrorKind::ArgumentConflict => parts.extend(conflict(&text).map(str::to_owned)),
        ErrorKind::InvalidValue => parts.extend(choices(error)),
        // The value says itself what it isn't.
        ErrorKind::ValueValidation => parts = error.source().map_or(parts, |source| vec![source.to_string()]),
        ErrorKind::MissingRequiredArgument => parts = missing(error, command).map_or(parts, |missing| vec![missing]),
        _ => {}
    }
    parts.push(format!("see {}", help(command)));
    parts.join("; ")
}

/// The command that tells of a command.
pub fn help(command: Option<&str>) -> String {
    let command = command.map(|name| format!("{name} ")).unwrap_or_default();
    format!("comfy-recall {command}--help")
}

/// What to do about options that can't stand together, where that is known.
fn conflict(text: &str) -> Option<&'static str> {
    let is_order = text.contains("the subcommand ") || text.contains("cannot be used multiple times");
    let exclude_each_other = !is_order && text.contains("cannot be used with '--");
    match () {
        () if is_order => Some("put options after the command, each only once"),
        () if exclude_each_other => Some("use one of them"),
        () => None,
    }
}

/// The words that a value may be.
fn choices(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::Strings(words)) = error.get(ContextKind::ValidValue) else { return None };
    let (last, others) = words.split_last()?;
    Some(if others.is_empty() { format!("use {last}") } else { format!("use {} or {last}", others.join(", ")) })
}

/// What is asked for, with an example of the command's own help.
fn missing(error: &clap::Error, command: Option<&str>) -> Option<String> {
    let Some(ContextValue::Strings(names)) = error.get(ContextKind::InvalidArg) else { return None };
    let asked: Vec<String> = names.iter().map(|name| asked(name)).collect();
    let example = command.and_then(example).map(|example| format!(": {example}")).unwrap_or_default();
    Some(format!("say {}{example}", asked.join(" and ")))
}

fn asked(name: &str) -> String {
    let plain = name.trim_start_matches(['<', '-']);
    match plain.split(['>', ' ', '|']).next().unwrap_or(plain) {
        "ID" if name.contains("...") => "which runs".to_owned(),
        "ID" => "which run".to_owned(),
        "to" => "where to, with --to".to_owned(),
        "DIR" => "which folder".to_owned(),
        "NAME" => "its name for the log".to_owned(),
        "SHELL" => "for which shell".to_owned(),
        _ => name.to_owned(),
    }
}

/// The first example of a command's help.
fn example(command: &str) -> Option<String> {
    let all = CommandLine::command();
    let help = all.find_subcommand(command)?.get_after_help()?.to_string();
    let line = help.lines().find_map(|line| line.strip_prefix("  comfy-recall "))?;
    Some(format!("comfy-recall {}", line.split("  ").next().unwrap_or(line)))
}
