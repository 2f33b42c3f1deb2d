//! The command line: what clap makes of it, handed on as texts. Nothing is checked here but the spelling.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use crate::config::{Given, Setting};

/// Records everything ComfyUI makes.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, max_term_width = 100)]
#[command(
    after_help = "Every option can also be set in the environment, as RECALL_ and its name (RECALL_DATA_DIR), and in \
    config.toml. Passwords are set only there, as RECALL_PASSWORD and RECALL_TOKEN. \
    What belongs to one ComfyUI takes its NAME= in front if there are several."
)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Command {
    /// Record, and serve the history (this is the default)
    Serve(Options),
    /// Print the configuration and where each value comes from
    Config(Options),
    /// Read everything that is kept once more, so that searches find it by all that is known today
    Reindex(Options),
}

#[derive(Args)]
struct Options {
    /// A ComfyUI to record [default: http://127.0.0.1:8188]
    #[arg(long, value_name = "[NAME=]URL")]
    comfyui: Vec<String>,
    /// Its folder on this machine, with output, temp and input below
    #[arg(long, value_name = "[NAME=]DIR")]
    comfyui_dir: Vec<String>,
    /// Its output folder, if that lies elsewhere
    #[arg(long, value_name = "[NAME=]DIR")]
    comfyui_output_dir: Vec<String>,
    /// Its temp folder, if that lies elsewhere
    #[arg(long, value_name = "[NAME=]DIR")]
    comfyui_temp_dir: Vec<String>,
    /// Its input folder, if that lies elsewhere
    #[arg(long, value_name = "[NAME=]DIR")]
    comfyui_input_dir: Vec<String>,
    /// A header to send with every request to it
    #[arg(long, value_name = "[NAME=]HEADER: VALUE")]
    comfyui_header: Vec<String>,
    /// Trust any certificate it shows
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    accept_invalid_certs: Vec<String>,
    /// Where to keep everything [default: the platform's data folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// Where to listen [default: 127.0.0.1:8189]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// A further name that visitors may use for this machine
    #[arg(long, value_name = "NAME")]
    allow_host: Vec<String>,
    /// The path below which everything is served, behind a proxy that others share
    #[arg(long, value_name = "/PATH")]
    base_path: Option<String>,
    /// A proxy whose X-Forwarded-For, -Proto and -Host count
    #[arg(long, value_name = "ADDRESS|NET")]
    trusted_proxy: Vec<String>,
    /// A further site whose pages may read here
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
    /// A file that holds the password for visitors
    #[arg(long, value_name = "FILE")]
    password_file: Option<String>,
    /// A file that holds the token for scripts
    #[arg(long, value_name = "FILE")]
    token_file: Option<String>,
    /// Let everybody in, also from other machines
    #[arg(long)]
    no_auth: bool,
    /// Keep the secrets that prompts and workflows hold
    #[arg(long)]
    no_redact: bool,
    /// text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// error, warn, info, debug or trace [default: info]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// The configuration file [default: config.toml in the platform's configuration folder]
    #[arg(long, value_name = "FILE")]
    config: Option<String>,
}

impl Options {
    fn into_givens(self) -> Vec<Given> {
        let with_name = |name: String| if name.is_empty() { "true".to_owned() } else { format!("{name}=true") };
        let switch = |is_on: bool| is_on.then(|| "true".to_owned());
        let lists = [
            (Setting::ComfyuiUrl, self.comfyui),
            (Setting::ComfyuiDir, self.comfyui_dir),
            (Setting::ComfyuiOutputDir, self.comfyui_output_dir),
            (Setting::ComfyuiTempDir, self.comfyui_temp_dir),
            (Setting::ComfyuiInputDir, self.comfyui_input_dir),
            (Setting::ComfyuiHeader, self.comfyui_header),
            (Setting::AcceptInvalidCerts, self.accept_invalid_certs.into_iter().map(with_name).collect()),
            (Setting::AllowHost, self.allow_host),
            (Setting::TrustedProxy, self.trusted_proxy),
            (Setting::CorsOrigin, self.cors_origin),
        ];
        let single = [
            (Setting::DataDir, self.data_dir),
            (Setting::Listen, self.listen),
            (Setting::BasePath, self.base_path),
            (Setting::PasswordFile, self.password_file),
            (Setting::TokenFile, self.token_file),
            (Setting::NoAuth, switch(self.no_auth)),
            (Setting::NoRedact, switch(self.no_redact)),
            (Setting::LogFormat, self.log_format),
            (Setting::LogLevel, self.log_level),
            (Setting::ConfigFile, self.config),
        ];
        let lists = lists.into_iter().flat_map(|(setting, texts)| texts.into_iter().map(move |text| (setting, text)));
        let single = single.into_iter().filter_map(|(setting, text)| Some((setting, text?)));
        lists.chain(single).map(|(setting, text)| Given::by_flag(setting, text)).collect()
    }
}

/// What the user wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Record and serve.
    Serve,
    /// Print the configuration.
    ShowConfig,
    /// Index every run again.
    Reindex,
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
    let (action, options) = match command {
        None => (Action::Serve, options),
        Some(Command::Serve(options)) => (Action::Serve, options),
        Some(Command::Config(options)) => (Action::ShowConfig, options),
        Some(Command::Reindex(options)) => (Action::Reindex, options),
    };
    Ok(Parsed { action, flags: options.into_givens() })
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

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
        assert_eq!(of(&command), known);
        assert!(command.get_subcommands().all(|subcommand| of(subcommand) == known));
    }

    #[test]
    fn serving_is_what_it_does_unless_told_otherwise() {
        for (arguments, action) in [
            (&["--listen", "localhost:1"][..], Action::Serve),
            (&["serve", "--listen", "localhost:1"], Action::Serve),
            (&["config", "--listen", "localhost:1"], Action::ShowConfig),
            (&["reindex", "--data-dir", "/tmp/x"], Action::Reindex),
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
                "the subcommand 'serve' cannot be used with '--listen <HOST:PORT>'; options stand behind the command, each once",
            ),
            (&["http://u:hunter2@h"], "an address needs its option in front; use --comfyui URL"),
            (&["--no-auth", "http://u:hunter2@h"], "an address needs its option in front; use --comfyui URL"),
            (&["serve", "http://u:hunter2@h"], "an address needs its option in front; use --comfyui URL"),
            (&["--listen"], "a value is required for '--listen <HOST:PORT>' but none was supplied"),
            (
                &["--password=hunter2"],
                "unexpected argument '--password' found; a similar argument exists: '--password-file'",
            ),
        ] {
            assert_eq!(parsed(arguments).err().unwrap(), format!("{expected}; see comfy-recall --help"));
        }
    }
}
