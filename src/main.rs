//! Parses the command line, runs it, and turns what went wrong into one line and an exit code.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage. The only file that prints.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use comfy_recall::cli::{self, Action, Unparsed};
use comfy_recall::config::{self, Effective, Surroundings};
use comfy_recall::{app, telemetry};
use indicatif::{ProgressBar, ProgressStyle};

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let parsed = match cli::parse(std::env::args_os()) {
        Ok(parsed) => parsed,
        Err(Unparsed::Answer(text)) => return done_or_failed(print(&text)),
        Err(Unparsed::Mistake(line)) => return complain(line, WRONG_USAGE),
    };
    let effective = match Surroundings::of_process().and_then(|here| config::load(parsed.flags, &here)) {
        Ok(effective) => effective,
        Err(error) => return complain(format!("{:#}", anyhow::Error::new(error)), WRONG_USAGE),
    };
    done_or_failed(match parsed.action {
        Action::ShowConfig => print(&effective.to_string()),
        Action::Serve => serve(effective),
        Action::Reindex => reindex(&effective),
    })
}

/// With a bar where somebody watches, else with a line at the end alone.
fn reindex(effective: &Effective) -> anyhow::Result<()> {
    telemetry::start(effective.config.log)?;
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} runs, {per_sec}, {eta} to go")?;
    let bar = ProgressBar::new(0).with_style(style);
    let runs = app::reindex(&effective.config.data_dir, |progress| {
        bar.set_length(progress.runs);
        bar.set_position(progress.runs.saturating_sub(progress.waiting));
    })?;
    bar.finish_and_clear();
    print(&format!("indexed {runs} runs\n"))
}

fn serve(effective: Effective) -> anyhow::Result<()> {
    telemetry::start(effective.config.log)?;
    for warning in &effective.warnings {
        tracing::warn!("{warning}");
    }
    app::run(effective.config, print)
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
