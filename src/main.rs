//! Parses the command line, runs it, and turns what went wrong into one line and an exit code.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage. The only file that prints.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::process::ExitCode;
use std::sync::Arc;

use comfy_recall::cli::{self, Action, Unparsed};
use comfy_recall::commands::{self, Terminal};
use comfy_recall::config::{self, Effective, Environment, Given, LogFormat, LogLevel};
use comfy_recall::{app, telemetry};

/// Gives memory back to the system when it has been free for a moment. The usual one of Linux keeps for each of many threads
/// what that once needed. Without huge pages: one byte that is in use would hold two megabytes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    let (flags, name) = (parsed.flags, parsed.action.name());
    match parsed.action {
        // Makes a part of a configuration: has to work before there is a good one.
        Action::Make(make) => on_screen(name, |terminal| commands::make(&make, terminal)),
        Action::Describe(what) => on_screen(name, |terminal| commands::describe(&what, terminal)),
        Action::Serve { opens } => configured(flags, |effective| serve(effective, opens)),
        Action::Run(command) => {
            configured(flags, |effective| on_screen(name, |terminal| commands::run(&command, &effective, terminal)))
        }
    }
}

/// Runs what needs the configuration.
fn configured(flags: Vec<Given>, run: impl FnOnce(Effective) -> ExitCode) -> ExitCode {
    match Environment::from_process().and_then(|here| config::load(flags, &here)) {
        Ok(effective) => run(effective),
        Err(error) => complain(format!("{:#}", anyhow::Error::new(error)), WRONG_USAGE),
    }
}

/// Runs the command of this name on what this process writes to.
fn on_screen(name: Option<&str>, run: impl FnOnce(&mut Terminal<'_>) -> Result<(), commands::Error>) -> ExitCode {
    let (stdout, mut stderr) = (io::stdout(), io::stderr());
    let is_plain = is_set("NO_COLOR") || std::env::var_os("TERM").is_some_and(|it| it == "dumb");
    let size = terminal_size::terminal_size_of(&stdout);
    let is_terminal = stdout.is_terminal();
    // Asked for, an old console of Windows learns to obey them, or says that it can't.
    let has_colors = !cfg!(windows) || console::Term::stdout().features().colors_supported();
    let width = is_terminal.then(|| size.map_or(80, |(width, _)| usize::from(width.0)).max(1));
    let is_watched = stderr.is_terminal();
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, stdout.lock());
    let mut terminal = Terminal {
        out: &mut out,
        notes: &mut stderr,
        width,
        is_colored: is_terminal && !is_plain && has_colors,
        has_display: has_display(),
        is_watched,
    };
    match run(&mut terminal) {
        Ok(()) | Err(commands::Error::ReaderLeft) => ExitCode::SUCCESS,
        Err(commands::Error::Usage(line)) => complain(format!("{line}; see {}", cli::help(name)), WRONG_USAGE),
        Err(commands::Error::Failed(error)) => complain(format!("{error:#}"), FAILED),
    }
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|it| !it.is_empty())
}

/// Whether a browser could be shown: always on a Mac or Windows.
fn has_display() -> bool {
    !cfg!(all(unix, not(target_os = "macos"))) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

fn serve(effective: Effective, opens: bool) -> ExitCode {
    let log = effective.config.log;
    if let Err(error) = telemetry::start(log) {
        return done_or_failed(Err(error.into()));
    }
    for warning in &effective.warnings {
        tracing::warn!("{warning}");
    }
    // Who reads the log as JSON, or wants to hear of warnings alone, is told nothing beside it.
    let is_heard = log.format == LogFormat::Text && log.level >= LogLevel::Info;
    let say: app::Say = Arc::new(tell);
    let voice = app::Voice { say: is_heard.then_some(say), is_watched: io::stderr().is_terminal() };
    let front = app::Front { announce: Box::new(print), voice, opens, has_display: has_display() };
    match app::run(effective.config, front) {
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

/// Says something to people; one who went away has heard enough.
fn tell(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

#[allow(clippy::print_stderr)]
fn complain(message: impl Display, code: u8) -> ExitCode {
    // One line, whatever an operating system or a library put into it.
    eprintln!("comfy-recall: {}", message.to_string().replace(['\r', '\n'], " "));
    ExitCode::from(code)
}
