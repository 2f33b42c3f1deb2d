//! `restore`: the records as they were before an update, while no daemon runs.

use anyhow::Context as _;
use chrono::{DateTime, Local};

use super::numbers::count;
use super::{Error, Screen};
use crate::cli::Restore;
use crate::config::Effective;
use crate::store::{self, Restored};

pub(super) fn restore(restore: &Restore, effective: &Effective, screen: &mut Screen<'_>) -> Result<(), Error> {
    let folder = &effective.config.data_dir;
    let from = restore.copy.as_deref().map(std::path::absolute).transpose().context("find the copy")?;
    let Restored { copy, runs, aside } = store::restore(folder, from.as_deref())?;
    let made = copy.made_at.map(|at| DateTime::<Local>::from(at).format(" of %Y-%m-%d %H:%M").to_string());
    let made = made.unwrap_or_default();
    writeln!(screen.out, "restored {}{made}, with {}", copy.file.display(), count(runs, "run"))?;
    if let Some((path, runs)) = aside {
        let runs = runs.map(|runs| format!(", with {}", count(runs, "run"))).unwrap_or_default();
        writeln!(screen.out, "what was there is kept as {}{runs}", path.display())?;
    }
    writeln!(
        screen.out,
        "files that were recorded since are still in blobs, but no run names them; what ComfyUI's history still holds is \
         recorded again at the next start"
    )?;
    Ok(())
}
