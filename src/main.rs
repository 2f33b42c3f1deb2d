//! Parses the command line, runs it, and turns what went wrong into one line and an exit code.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage. The only file that prints.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::process::ExitCode;

use comfy_recall::cli::{self, Action, Unparsed};
use comfy_recall::commands::{self, Screen};
use comfy_recall::config::{self, Effective, Given, LogFormat, Surroundings};
use comfy_recall::{app, telemetry};

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

/// Written at once; a list flushes its pages.
const BUFFER_BYTES: usize = 64 << 10;

fn main() -> ExitCode {
    let parsed = match cli::parse(std::env::args_os()) {
        Ok(parsed) => parsed,
        Err(Unparsed::Answer(text)) => return done_or_failed(print(&text)),
        Err(Unparsed::Mistake(line)) => return complain(line, WRONG_USAGE),
    };
    let flags = parsed.flags;
    match parsed.action {
        // Makes a part of a configuration: has to work before there is a good one.
        Action::Make(make) => on_screen(|screen| commands::make(&make, screen)),
        Action::Describe(what) => on_screen(|screen| commands::describe(&what, screen)),
        Action::Serve => configured(flags, serve),
        Action::Run(command) => {
            configured(flags, |effective| on_screen(|screen| commands::run(&command, &effective, screen)))
        }
    }
}

/// Runs what needs the configuration.
fn configured(flags: Vec<Given>, run: impl FnOnce(Effective) -> ExitCode) -> ExitCode {
    match Surroundings::of_process().and_then(|here| config::load(flags, &here)) {
        Ok(effective) => run(effective),
        Err(error) => complain(format!("{:#}", anyhow::Error::new(error)), WRONG_USAGE),
    }
}

/// Runs a command on what this process writes to.
fn on_screen(run: impl FnOnce(&mut Screen<'_>) -> Result<(), commands::Error>) -> ExitCode {
    let (stdout, mut stderr) = (io::stdout(), io::stderr());
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|it| !it.is_empty());
    let is_plain = is_set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|it| it == "dumb");
    let size = terminal_size::terminal_size_of(&stdout);
    let is_terminal = stdout.is_terminal();
    let width = is_terminal.then(|| size.map_or(80, |(width, _)| usize::from(width.0)).max(1));
    let is_watched = stderr.is_terminal();
    let has_display = !cfg!(all(unix, not(target_os = "macos"))) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, stdout.lock());
    let mut screen = Screen {
        out: &mut out,
        notes: &mut stderr,
        width,
        is_colored: is_terminal && !is_plain,
        has_display,
        is_watched,
    };
    match run(&mut screen) {
        Ok(()) | Err(commands::Error::ReaderLeft) => ExitCode::SUCCESS,
        Err(commands::Error::Usage(line)) => complain(format!("{line}; see comfy-recall --help"), WRONG_USAGE),
        Err(commands::Error::Failed(error)) => complain(format!("{error:#}"), FAILED),
    }
}

fn serve(effective: Effective) -> ExitCode {
    let log = effective.config.log;
    if let Err(error) = telemetry::start(log) {
        return done_or_failed(Err(error.into()));
    }
    for warning in &effective.warnings {
        tracing::warn!("{warning}");
    }
    match app::run(effective.config, print) {
        // Whoever reads the log as JSON reads all of it so.
        Err(error) if log.format == LogFormat::Json => {
            tracing::error!(error = format!("{error:#}"), "stopped");
            ExitCode::from(FAILED)
        }
        outcome => done_or_failed(outcome),
    }
}

fn done_or_failed(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(format!("{error:#}"), FAILED),
    }
}

/// Prints to stdout; a reader that went away early has read enough.
fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

#[allow(clippy::print_stderr)]
fn complain(message: impl Display, code: u8) -> ExitCode {
    // One line, whatever an operating system or a library put into it.
    eprintln!("comfy-recall: {}", message.to_string().replace(['\r', '\n'], " "));
    ExitCode::from(code)
}
