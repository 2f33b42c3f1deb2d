use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::CommandFactory as _;

use super::command_line::CommandLine;
use super::*;
use crate::config::Spelling;

fn parsed(arguments: &[&str]) -> Result<Parsed, String> {
    let arguments = ["comfy-recall"].iter().chain(arguments).map(OsString::from);
    parse(arguments).map_err(|unparsed| match unparsed {
        Unparsed::Answer(text) | Unparsed::Mistake(text) => text,
    })
}

#[test]
fn the_command_line_is_sound() {
    CommandLine::command().debug_assert();
}

#[test]
fn the_command_line_has_every_option_and_no_other() {
    let command = CommandLine::command();
    let of = |command: &clap::Command| -> BTreeSet<String> {
        command.get_arguments().filter_map(|argument| Some(format!("--{}", argument.get_long()?))).collect()
    };
    let known: BTreeSet<String> = Spelling::ALL.iter().filter_map(|it| it.flag.map(str::to_owned)).collect();
    // One that holds for this start alone, and stands in no configuration.
    let of_serve: BTreeSet<String> = known.iter().cloned().chain(["--open".to_owned()]).collect();
    assert_eq!(of(&command), of_serve);
    let whole: Vec<_> =
        command.get_subcommands().filter(|it| of(it).contains("--no-auth")).map(|it| it.get_name()).collect();
    assert_eq!(whole, ["serve", "config"]);
    for subcommand in command.get_subcommands().filter(|it| whole.contains(&it.get_name())) {
        assert_eq!(of(subcommand), if subcommand.get_name() == "serve" { of_serve.clone() } else { known.clone() });
    }
}

#[test]
fn serving_is_what_it_does_unless_told_otherwise() {
    for (arguments, action) in [
        (&["--listen", "localhost:1"][..], Action::Serve { opens: false }),
        (&["--listen", "localhost:1", "--open"], Action::Serve { opens: true }),
        (&["serve", "--listen", "localhost:1"], Action::Serve { opens: false }),
        (&["serve", "--open", "--listen", "localhost:1"], Action::Serve { opens: true }),
        (&["config", "--listen", "localhost:1"], Action::Run(Command::ShowConfig)),
        (&["reindex", "--data-dir", "/tmp/x"], Action::Run(Command::Reindex)),
        (
            &["list", "--data-dir", "/tmp/x"],
            Action::Run(Command::List(ListArguments { limit: 50, ..ListArguments::default() })),
        ),
    ] {
        let parsed = parsed(arguments).unwrap();
        assert_eq!((parsed.action, parsed.flags.len()), (action, 1));
    }
}

#[test]
fn every_option_arrives() {
    let values: Vec<String> = Spelling::ALL
        .iter()
        .filter_map(|it| it.flag)
        .flat_map(|flag| match flag {
            "--no-auth" | "--no-redact" | "--accept-invalid-certs" => vec![flag.to_owned()],
            _ => vec![flag.to_owned(), "x".to_owned()],
        })
        .collect();
    let arguments: Vec<&str> = values.iter().map(String::as_str).collect();
    let flags = parsed(&arguments).unwrap().flags;
    assert_eq!(flags.len(), Spelling::ALL.iter().filter(|it| it.flag.is_some()).count());
}

#[test]
fn a_wrong_option_gets_one_line_that_names_the_right_one() {
    for (arguments, expected) in [
        (&["--listn", "x"][..], "unexpected argument '--listn' found; a similar argument exists: '--listen'"),
        (&["confg"], "unrecognized subcommand 'confg'; a similar subcommand exists: 'config'"),
        (
            &["--listen", "x", "serve"],
            "the subcommand 'serve' cannot be used with '--listen <HOST:PORT>'; put options after the command, each only once",
        ),
        (&["http://u:hunter2@h"], "an address needs an option before it; use --comfyui URL"),
        (&["--no-auth", "http://u:hunter2@h"], "an address needs an option before it; use --comfyui URL"),
        (&["--listen"], "a value is required for '--listen <HOST:PORT>' but none was supplied"),
        (
            &["--password=hunter2"],
            "unexpected argument '--password' found; a similar argument exists: '--password-file'",
        ),
    ] {
        assert_eq!(parsed(arguments).err().unwrap(), format!("{expected}; see comfy-recall --help"));
    }
}

#[test]
fn a_mistake_with_a_command_says_what_the_command_wants_and_leads_to_its_help() {
    for (arguments, expected) in [
        (&["show", "abc"][..], "abc isn't a run ID"),
        (&["open", "17x"], "17x isn't a run ID"),
        (&["export", "1", "two", "--to", "x"], "two isn't a run ID"),
        (&["list", "--limit", "abc"], "abc isn't a number"),
        (&["show"], "say which run: comfy-recall show 128"),
        (&["export", "--to", "x"], "say which runs: comfy-recall export 128 --to fox.zip"),
        (&["export", "1"], "say where to, with --to: comfy-recall export 128 --to fox.zip"),
        (&["backup"], "say which folder: comfy-recall backup /mnt/backup/comfy-recall"),
        (&["token"], "say its name for the log: comfy-recall token backup-script"),
        (
            &["completions"],
            "say for which shell: comfy-recall completions bash > ~/.local/share/bash-completion/completions/comfy-recall",
        ),
        (&["show", "3", "--json", "--prompt"], "the argument '--json' cannot be used with '--prompt'; use one of them"),
        (
            &["list", "--tz", "UTC", "--tz", "UTC"],
            "the argument '--tz <ZONE>' cannot be used multiple times; put options after the command, each only once",
        ),
        (&["token", "x", "--scope", "write"], "invalid value 'write' for '--scope <SCOPE>'; use read or full"),
        (&["completions", "cmd"], "invalid value 'cmd' for '<SHELL>'; use bash, elvish, fish, powershell or zsh"),
        (&["serve", "http://u:hunter2@h"], "an address needs an option before it; use --comfyui URL"),
        (&["list", "--limt", "1"], "unexpected argument '--limt' found; a similar argument exists: '--limit'"),
    ] {
        assert_eq!(parsed(arguments).err().unwrap(), format!("{expected}; see comfy-recall {} --help", arguments[0]));
    }
}

#[test]
fn every_command_knows_the_name_that_it_is_typed_by() {
    for command in CommandLine::command().get_subcommands() {
        let name = command.get_name();
        let more: &[&str] = match name {
            "show" => &["1"],
            "export" => &["1", "--to", "x"],
            "backup" => &["x"],
            "token" => &["x"],
            "completions" => &["bash"],
            _ => &[],
        };
        let arguments = [&[name], more].concat();
        let known = parsed(&arguments).unwrap().action.name();
        assert_eq!(known, Some(name).filter(|name| *name != "serve"));
    }
}
