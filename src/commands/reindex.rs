//! `reindex`: every run is read once more for the searches, while no daemon runs.

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use super::error::Error;
use super::numbers::count;
use super::terminal::Terminal;
use crate::config::Effective;
use crate::{app, telemetry};

/// With a bar where somebody watches, else with a line at the end alone.
pub(super) fn reindex(effective: &Effective, terminal: &mut Terminal<'_>) -> Result<(), Error> {
    telemetry::start(effective.config.log).context("start the log")?;
    let style = ProgressStyle::with_template("{bar:40} {human_pos} of {human_len} runs, {per_sec}, {eta} to go");
    let bar = ProgressBar::new(0).with_style(style.context("draw a bar")?);
    let runs = app::reindex(&effective.config.data_dir, |progress| {
        bar.set_length(progress.runs);
        bar.set_position(progress.runs.saturating_sub(progress.waiting));
    })?;
    bar.finish_and_clear();
    writeln!(terminal.out, "indexed {}", count(runs, "run"))?;
    Ok(())
}
